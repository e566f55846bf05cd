//! Coherence C_v (Röder, Both & Hinneburg 2015): how much a topic's words keep each other's
//! company in texts of a reference corpus. 1 is words that always occur together.

use std::collections::{BTreeSet, HashMap};

/// Words in a window; a shorter text is one window.
const WINDOW: usize = 110;
/// Words of a topic that are compared.
pub const TOP: usize = 10;
/// Added to probabilities before a logarithm, as in the paper.
const EPSILON: f64 = 1e-12;

/// In how many windows of a corpus each word, and each pair of words, occurs.
#[derive(Debug, Default)]
pub struct WindowCounts {
    all: f64,
    words: HashMap<u32, f64>,
    /// The smaller number first.
    pairs: HashMap<(u32, u32), f64>,
}

impl WindowCounts {
    /// Slides over `texts`, sequences of word numbers, counting the words in `wanted`.
    pub fn count<'a>(texts: impl IntoIterator<Item = &'a [u32]>, wanted: &BTreeSet<u32>) -> Self {
        let mut counted = WindowCounts::default();
        for text in texts.into_iter().filter(|t| !t.is_empty()) {
            for window in text.windows(text.len().min(WINDOW)) {
                let mut seen: Vec<u32> = window
                    .iter()
                    .copied()
                    .filter(|w| wanted.contains(w))
                    .collect();
                seen.sort_unstable();
                seen.dedup();
                counted.all += 1.0;
                for (i, &a) in seen.iter().enumerate() {
                    *counted.words.entry(a).or_default() += 1.0;
                    for &b in &seen[i + 1..] {
                        *counted.pairs.entry((a, b)).or_default() += 1.0;
                    }
                }
            }
        }
        counted
    }

    /// Normalised pointwise mutual information in [-1, 1]; 0 where a word never occurs.
    fn npmi(&self, a: u32, b: u32) -> f64 {
        let p = |n: Option<&f64>| n.copied().unwrap_or(0.0) / self.all;
        let (p_a, p_b) = (p(self.words.get(&a)), p(self.words.get(&b)));
        if p_a == 0.0 || p_b == 0.0 {
            return 0.0;
        }
        let both = if a == b {
            p_a
        } else {
            p(self.pairs.get(&(a.min(b), a.max(b))))
        };
        let both = both + EPSILON;
        // A word of every window tells nothing.
        if both >= 1.0 {
            return 0.0;
        }
        (both / (p_a * p_b)).ln() / -both.ln()
    }

    /// C_v of a topic: mean cosine between each word's vector of NPMI to all the words and the
    /// sum of those vectors. A word that the corpus lacks counts as 0; so does a topic of none.
    pub fn c_v(&self, topic: &[u32]) -> f64 {
        let vectors: Vec<Vec<f64>> = topic
            .iter()
            .map(|&a| topic.iter().map(|&b| self.npmi(a, b)).collect())
            .collect();
        let whole: Vec<f64> = (0..topic.len())
            .map(|i| vectors.iter().map(|v| v[i]).sum())
            .collect();
        let cosines = vectors.iter().map(|v| cosine(v, &whole));
        cosines.sum::<f64>() / (topic.len() as f64).max(1.0)
    }
}

/// The `most` of a topic's candidates that keep each other's company best, by the mean over parts
/// of a corpus: the one with the least NPMI to the rest is dropped until so few are left. In the
/// order they came.
pub fn company(parts: &[WindowCounts], candidates: &[u32], most: usize) -> Vec<u32> {
    let mean = |a: u32, b: u32| parts.iter().map(|part| part.npmi(a, b)).sum::<f64>();
    let npmi: Vec<Vec<f64>> = candidates
        .iter()
        .map(|&a| candidates.iter().map(|&b| mean(a, b)).collect())
        .collect();
    let mut kept: Vec<usize> = (0..candidates.len()).collect();
    while kept.len() > most {
        let company = |i: usize| kept.iter().map(|&j| npmi[i][j]).sum::<f64>();
        // Of equals the last, the least telling.
        let sums: Vec<f64> = kept.iter().map(|&i| company(i) - npmi[i][i]).collect();
        let worst = (0..sums.len()).min_by(|&a, &b| sums[a].total_cmp(&sums[b]).then(b.cmp(&a)));
        kept.remove(worst.unwrap_or(0));
    }
    kept.into_iter().map(|i| candidates[i]).collect()
}

fn cosine(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 {
        dot(a, b) / lengths
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn c_v(texts: &[&[u32]], topic: &[u32]) -> f64 {
        let wanted = topic.iter().copied().collect();
        WindowCounts::count(texts.iter().copied(), &wanted).c_v(topic)
    }

    #[test]
    fn agrees_with_figures_worked_out_by_hand() {
        // Always together.
        assert!((c_v(&[&[1, 2], &[2, 1], &[3]], &[1, 2]) - 1.0).abs() < 1e-9);
        // P(1) = P(2) = 1/2, P(1, 2) = 1/4: independent, so vectors (1, 0) and (0, 1).
        let independent = c_v(&[&[1, 2], &[1], &[2], &[3]], &[1, 2]);
        assert!((independent - 0.5f64.sqrt()).abs() < 1e-9);
        // P(1) = 3/4, P(2) = P(1, 2) = 1/2: NPMI = ln(4/3) / ln 2 = 0.41504, so vectors
        // (1, 0.41504) and (0.41504, 1), and 1.41504 / (1.08272 x 1.41421) for both.
        let often = c_v(&[&[1, 2], &[1, 2, 1], &[1], &[3]], &[1, 2]);
        assert!((often - 0.92415).abs() < 1e-5, "{often}");
    }

    #[test]
    fn a_word_unknown_to_the_corpus_counts_as_nothing() {
        assert!((c_v(&[&[1, 2], &[3]], &[1, 2, 9]) - 2.0 / 3.0).abs() < 1e-9);
        assert_eq!(c_v(&[&[3]], &[]), 0.0);
    }

    #[test]
    fn the_one_that_is_never_met_with_the_others_goes_first() {
        let texts: [&[u32]; 4] = [&[1, 2, 3], &[1, 2, 3], &[4], &[1, 2, 5]];
        let wanted = (1..6).collect();
        let windows = [WindowCounts::count(texts, &wanted)];
        assert_eq!(company(&windows, &[4, 3, 2, 5, 1], 4), [3, 2, 5, 1]);
        assert_eq!(company(&windows, &[4, 3, 2, 5, 1], 2), [2, 1]);
        assert_eq!(company(&windows, &[1], 3), [1]);
    }

    #[test]
    fn company_in_every_part_counts_for_more_than_in_one() {
        // 3 is always with 1 and 2, but only in the first part; 4 is in both, mostly.
        let first: [&[u32]; 4] = [&[1, 2, 3, 4], &[1, 2, 3], &[5], &[6]];
        let second: [&[u32]; 4] = [&[1, 2, 4], &[1, 2, 4], &[3], &[6]];
        let wanted = (1..7).collect();
        let parts = [first, second].map(|texts| WindowCounts::count(texts, &wanted));
        assert_eq!(company(&parts[..1], &[1, 2, 3, 4], 3), [1, 2, 3]);
        assert_eq!(company(&parts, &[1, 2, 3, 4], 3), [1, 2, 4]);
    }

    #[test]
    fn only_words_within_a_window_meet() {
        let mut far = vec![3; 300];
        (far[0], far[299]) = (1, 2);
        let near = [1, 2, 3];
        let wanted = BTreeSet::from([1, 2]);
        let windows = WindowCounts::count([&far[..], &near[..]], &wanted);
        assert_eq!(windows.all, 192.0);
        assert_eq!(windows.pairs[&(1, 2)], 1.0);
    }
}
