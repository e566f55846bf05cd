//! The baseline of text classification: hashed character n-grams and logistic regression.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Number of buckets, a power of two.
const BUCKETS: usize = 1 << 18;
/// Longest n-gram in characters.
const LONGEST: usize = 4;
const EPOCHS: usize = 5;
const RATE: f32 = 0.5;

/// One weight per class and bucket, fitted by stochastic gradient descent.
pub struct NgramModel {
    classes: usize,
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl NgramModel {
    /// Fits on texts with their classes below `classes`.
    pub fn fit(examples: &[(&str, usize)], classes: usize, seed: u64) -> Self {
        let mut model = NgramModel {
            classes,
            weights: vec![0.0; classes * BUCKETS],
            bias: vec![0.0; classes],
        };
        let grams: Vec<Vec<u32>> = examples.iter().map(|(text, _)| buckets(text)).collect();
        let mut order: Vec<usize> = (0..examples.len()).collect();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        for epoch in 0..EPOCHS {
            order.shuffle(&mut rng);
            let rate = RATE / (1.0 + epoch as f32);
            for &i in &order {
                model.step(&grams[i], examples[i].1, rate);
            }
        }
        model
    }

    fn step(&mut self, grams: &[u32], class: usize, rate: f32) {
        let p = self.probabilities(grams);
        let scale = value(grams);
        for (c, p) in p.into_iter().enumerate() {
            let gradient = p - if c == class { 1.0 } else { 0.0 };
            self.bias[c] -= 0.1 * rate * gradient;
            for &g in grams {
                self.weights[g as usize * self.classes + c] -= rate * gradient * scale;
            }
        }
    }

    /// Probability of a class.
    pub fn probability(&self, text: &str, class: usize) -> f32 {
        self.probabilities(&buckets(text))[class]
    }

    fn probabilities(&self, grams: &[u32]) -> Vec<f32> {
        let mut logits = self.bias.clone();
        let scale = value(grams);
        for &g in grams {
            let at = g as usize * self.classes;
            for (logit, w) in logits.iter_mut().zip(&self.weights[at..]) {
                *logit += w * scale;
            }
        }
        let most = logits.iter().copied().fold(f32::MIN, f32::max);
        logits.iter_mut().for_each(|x| *x = (*x - most).exp());
        let sum: f32 = logits.iter().sum();
        logits.into_iter().map(|x| x / sum).collect()
    }

    /// The likeliest class.
    pub fn predict(&self, text: &str) -> usize {
        let p = self.probabilities(&buckets(text));
        (0..self.classes)
            .max_by(|&a, &b| p[a].total_cmp(&p[b]))
            .unwrap_or(0)
    }
}

/// The value of each n-gram, so that a text's length is 1.
fn value(grams: &[u32]) -> f32 {
    (grams.len().max(1) as f32).sqrt().recip()
}

/// Buckets of a text's n-grams, each once, by FNV-1a.
fn buckets(text: &str) -> Vec<u32> {
    let chars: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    let mut found = Vec::with_capacity(LONGEST * chars.len());
    for start in 0..chars.len() {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        for c in &chars[start..chars.len().min(start + LONGEST)] {
            hash = (hash ^ u64::from(*c as u32)).wrapping_mul(0x0100_0000_01b3);
            found.push((hash >> 40) as u32 & (BUCKETS as u32 - 1));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learns_what_words_tell_and_repeats_itself() {
        let texts = ["很好吃", "太好了", "good", "真难吃", "太差了", "bad"];
        let examples: Vec<(&str, usize)> =
            texts.iter().enumerate().map(|(i, t)| (*t, i / 3)).collect();
        let model = NgramModel::fit(&examples, 2, 1);
        for (text, class) in examples {
            assert_eq!(model.predict(text), class, "{text}");
        }
        assert_eq!(model.predict("好好"), 0);
    }
}
