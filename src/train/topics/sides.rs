//! The texts of one language: a topic's terms are chosen from them, and its coherence is measured
//! on them.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

use anyhow::Result;

use crate::text::Language;

use super::SAMPLE;
use super::coherence::{TOP, WindowCounts, company};
use super::lda::lda;
use super::terms::{Vocabulary, top_terms};
use crate::train::data::sets::Split;
use crate::train::data::texts::{TextRow, language, normalised_target, sample};
use crate::train::metrics::{Estimate, bootstrap};

/// A term is a word of this many training texts, or held-out texts would hardly know it, ...
pub const KNOWN: usize = 30;
/// ... and of this many of its topic's.
const LEAST_TEXTS: usize = 4;
/// Terms that the most coherent are chosen from.
pub const CANDIDATES: usize = 30;
/// Terms must keep company in each of so many parts of the training texts: there are about
/// sixteen times as many of them as of held-out ones.
pub const PARTS: usize = 16;
/// Sweeps of LDA.
const SWEEPS: usize = 150;

/// The texts of one language, as word numbers.
pub struct Side {
    /// The language.
    pub language: Language,
    /// Numbers of the sample's texts in this language.
    pub rows: Vec<usize>,
    /// Terms of each of those.
    pub sample: Vec<Vec<u32>>,
    /// All training texts.
    pub training: Vec<Text>,
    /// Texts that coherence is measured on.
    pub reference: Vec<Vec<u32>>,
}

/// A text's words, and what else is known of it.
pub struct Text {
    /// The words by number.
    pub words: Vec<u32>,
    /// Its set and the subject that people gave it, if they did.
    pub subject: Option<(&'static str, String)>,
    /// True for texts of the half of its set that has nothing of the sample.
    pub apart: bool,
}

/// Some texts' words.
pub type Corpus<'a> = Vec<&'a [u32]>;

impl Side {
    /// The terms of each group of the sample's texts, [`TOP`] of them where there are so many.
    pub fn terms(&self, of: &[Option<usize>], groups: usize) -> Vec<Vec<u32>> {
        self.choose(self.candidates(of, groups))
    }

    /// The candidates for the terms of each group of the sample's texts.
    pub fn candidates(&self, of: &[Option<usize>], groups: usize) -> Vec<Vec<u32>> {
        top_terms(self.grouped(of), groups, LEAST_TEXTS, CANDIDATES)
    }

    /// `most` words for the name of a group that has no terms: those of two of its texts.
    pub fn hints(&self, of: &[Option<usize>], groups: usize, most: usize) -> Vec<Vec<u32>> {
        top_terms(self.grouped(of), groups, 2, most)
    }

    fn grouped<'a>(
        &'a self,
        of: &'a [Option<usize>],
    ) -> impl Iterator<Item = (Option<usize>, &'a [u32])> {
        let texts = self.rows.iter().zip(&self.sample);
        texts.map(|(&row, words)| (of[row], &words[..]))
    }

    /// The terms of each topic of LDA.
    pub fn lda(&self, topics: usize, seed: u64) -> Vec<Vec<u32>> {
        let words: Vec<u32> = distinct(&self.sample).into_iter().collect();
        let places: HashMap<u32, u32> = words.iter().copied().zip(0..).collect();
        let place = |text: &Vec<u32>| text.iter().map(|w| places[w]).collect();
        let texts: Vec<Vec<u32>> = self.sample.iter().map(place).collect();
        let counts = lda(&texts, words.len(), topics, SWEEPS, seed);
        let top = |counts: &Vec<u32>| {
            let mut order: Vec<usize> = (0..counts.len()).filter(|&w| counts[w] > 0).collect();
            order.sort_by_key(|&w| (Reverse(counts[w]), w));
            order.iter().take(CANDIDATES).map(|&w| words[w]).collect()
        };
        self.choose(counts.iter().map(top).collect())
    }

    /// Terms that keep each other's company in training texts.
    pub fn choose(&self, candidates: Vec<Vec<u32>>) -> Vec<Vec<u32>> {
        choose(&self.training(|_| true), PARTS, &candidates)
    }

    /// Training texts of some kind.
    pub fn training(&self, which: impl Fn(&Text) -> bool) -> Corpus<'_> {
        let texts = self.training.iter().filter(|t| which(t));
        texts.map(|t| &t.words[..]).collect()
    }

    /// The texts that coherence is measured on.
    pub fn reference(&self) -> Corpus<'_> {
        self.reference.iter().map(|t| &t[..]).collect()
    }

    /// Coherence of topics by the reference texts.
    pub fn coherence(&self, what: &str, terms: &[Vec<u32>]) -> Coherence {
        Coherence::new(what, &self.reference(), 1, terms)
    }
}

/// For each topic [`TOP`] of its candidates, which keep each other's company in each of `parts`
/// equal parts of a corpus.
pub fn choose(corpus: &Corpus, parts: usize, candidates: &[Vec<u32>]) -> Vec<Vec<u32>> {
    let windows = windows(corpus, parts, candidates);
    let terms = candidates.iter().map(|c| company(&windows, c, TOP));
    terms.collect()
}

/// The words of some topics, counted in each of `parts` equal parts of a corpus.
fn windows(corpus: &Corpus, parts: usize, topics: &[Vec<u32>]) -> Vec<WindowCounts> {
    let words = distinct(topics);
    let part = |p| corpus.iter().copied().skip(p).step_by(parts);
    (0..parts)
        .map(|p| WindowCounts::count(part(p), &words))
        .collect()
}

/// How coherent topics are by some texts.
pub struct Coherence {
    /// Name of the method or the part of the texts.
    pub what: String,
    /// Texts of a part, which coherence is measured on.
    pub texts: usize,
    /// Topics with enough terms in the language.
    pub rated: usize,
    /// Share of different words among their terms.
    pub diversity: f64,
    /// Mean C_v; its interval is over topics.
    pub c_v: Estimate,
}

impl Coherence {
    /// Coherence of topics with [`TOP`] terms: the mean over `parts` equal parts of a corpus.
    pub fn new(what: &str, corpus: &Corpus, parts: usize, terms: &[Vec<u32>]) -> Self {
        let rated: Vec<Vec<u32>> = terms.iter().filter(|t| t.len() == TOP).cloned().collect();
        let windows = windows(corpus, parts, &rated);
        let c_v = |topic| windows.iter().map(|w| w.c_v(topic)).sum::<f64>() / parts as f64;
        let c_v: Vec<f64> = rated.iter().map(|topic| c_v(topic)).collect();
        let mean = |rows: &[usize]| rows.iter().map(|&i| c_v[i]).sum::<f64>() / rows.len() as f64;
        Coherence {
            what: what.to_owned(),
            texts: corpus.len() / parts,
            rated: rated.len(),
            diversity: distinct(&rated).len() as f64 / (TOP * rated.len()) as f64,
            c_v: bootstrap(rated.len(), mean),
        }
    }
}

fn distinct(texts: &[Vec<u32>]) -> BTreeSet<u32> {
    texts.iter().flatten().copied().collect()
}

/// The subject that people gave a row, if they did.
fn subject(row: &TextRow) -> Option<String> {
    let named = row.topic.as_ref().or(row.category.as_ref());
    let named = named.or(row.target.as_ref()).or(row.hashtags.first());
    let about = named.filter(|_| row.relevant != Some(0));
    about.map(|name| normalised_target(name))
}

/// All texts of a split, Chinese and English apart.
fn corpus(data: &Path, split: Split, words: &mut Vocabulary) -> Result<[Vec<Text>; 2]> {
    let mut texts = [Vec::new(), Vec::new()];
    for (set, sampled) in SAMPLE {
        let language = language(set);
        let rows = sample(data, set, split, usize::MAX, |_| true)?;
        let half = sampled.max(rows.len() / 2);
        let texts = &mut texts[usize::from(language != Language::Zh)];
        texts.extend(rows.into_iter().enumerate().map(|(i, row)| Text {
            words: words.of(&row.text, language),
            subject: subject(&row).map(|name| (set, name)),
            apart: i >= half,
        }));
    }
    Ok(texts)
}

/// The two languages' texts, those of `sample` beside all of `data`; words that few training
/// texts have are no terms.
pub fn sides(
    data: &Path,
    split: Split,
    sample: &[(Language, Vec<u32>)],
    words: &mut Vocabulary,
) -> Result<[Side; 2]> {
    let [training_zh, training_en] = corpus(data, Split::Train, words)?;
    let [reference_zh, reference_en] = corpus(data, split, words)?;
    let mut known = vec![0; words.count()];
    for text in training_zh.iter().chain(&training_en) {
        for &word in text.words.iter().collect::<HashSet<_>>() {
            known[word as usize] += 1;
        }
    }
    let side = |wanted: Language, training, reference: Vec<Text>| {
        let mine = sample.iter().enumerate().filter(|(_, (l, _))| *l == wanted);
        let (rows, sample) = mine
            .map(|(row, (_, text))| {
                let terms = text.iter().filter(|w| known[**w as usize] >= KNOWN);
                (row, terms.copied().collect())
            })
            .unzip();
        Side {
            language: wanted,
            rows,
            sample,
            training,
            reference: reference.into_iter().map(|t| t.words).collect(),
        }
    };
    Ok([
        side(Language::Zh, training_zh, reference_zh),
        side(Language::En, training_en, reference_en),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts of two subjects of twelve words each, numbered 0 to 11 and 12 to 23.
    fn two_subjects() -> Side {
        let text = |i: usize| -> Vec<u32> {
            let from = if i.is_multiple_of(2) { 0 } else { 12 };
            (0..12)
                .filter(|w| !(w + i / 2).is_multiple_of(4))
                .map(|w| (from + w) as u32)
                .collect()
        };
        let texts: Vec<Vec<u32>> = (0..80).map(text).collect();
        let training = texts.iter().map(|words| Text {
            words: words.clone(),
            subject: None,
            apart: false,
        });
        Side {
            language: Language::En,
            rows: (0..80).collect(),
            sample: texts.clone(),
            training: training.collect(),
            reference: texts,
        }
    }

    #[test]
    fn groups_by_subject_cohere_and_mixed_ones_do_not() {
        let side = two_subjects();
        let of: Vec<Option<usize>> = (0..80).map(|i| Some(i % 2)).collect();
        let by_subject = side.coherence("density", &side.terms(&of, 2));
        assert_eq!((by_subject.rated, by_subject.diversity), (2, 1.0));
        let lda = side.coherence("lda", &side.lda(2, 1));
        assert!((by_subject.c_v.value - lda.c_v.value).abs() < 0.05);
        let mixed: Vec<Vec<u32>> = (0..2)
            .map(|t| (0..TOP as u32).map(|w| w * 2 + t).collect())
            .collect();
        let mixed = side.coherence("mixed", &mixed);
        assert!(mixed.c_v.value < by_subject.c_v.value - 0.2);
    }

    #[test]
    fn topics_short_of_terms_are_not_rated() {
        let side = two_subjects();
        let found = side.coherence("density", &[(0..10).collect(), vec![12, 13]]);
        assert_eq!((found.rated, found.texts), (1, 80));
        assert_eq!(side.coherence("density", &[]).rated, 0);
    }

    #[test]
    fn a_row_is_about_what_people_said() {
        let row = |topic: Option<&str>, target: Option<&str>, relevant| TextRow {
            topic: topic.map(str::to_owned),
            target: target.map(str::to_owned),
            relevant,
            hashtags: vec!["Tea Time".into()],
            ..TextRow::default()
        };
        let about = |row| subject(&row);
        assert_eq!(about(row(Some("car"), Some("BMW"), None)).unwrap(), "car");
        assert_eq!(about(row(None, Some("BMW"), Some(1))).unwrap(), "bmw");
        assert_eq!(about(row(None, None, None)).unwrap(), "teatime");
        assert_eq!(about(row(None, Some("BMW"), Some(0))), None);
        assert_eq!(about(TextRow::default()), None);
    }
}
