//! Heads that answer beside the score: each places a text between two ends, and none moves the
//! score.

use serde::Serialize;

use crate::Result;
use crate::heads::classifier::{Classifier, Classifiers, Listed};

/// One head beside the score, as plain data.
#[derive(Debug)]
pub struct IndicatorHead {
    /// The head's name: in answers, in the bundle (`<code>.hidden.weight`, ...), and as
    /// `bsmv train <code>`.
    pub code: &'static str,
    /// The ends of its scale in English: a text at 0, and one at 1.
    pub ends: [&'static str; 2],
    /// Number of its classes.
    pub classes: usize,
    /// The place on the scale, [0, 1], by the classes' calibrated probabilities.
    pub value: fn(&[f32]) -> f32,
}

impl IndicatorHead {
    /// The place of a text on the scale of the head that `classifier` holds. `embedding` as for
    /// [`Classifier::logits`].
    pub fn read(&self, classifier: &Classifier, embedding: &[f32]) -> Result<f32> {
        Ok((self.value)(&classifier.probabilities(embedding)?))
    }
}

/// The answer of one head beside the score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Indicator {
    /// The head's name. `advert`: a scene of real use, 0, or hard advertisement, 1; about 0.5 for
    /// texts that are neither, such as news.
    pub code: &'static str,
    /// The text's place between the head's two ends; null where the bundle has no such head.
    #[cfg_attr(test, schemars(range(min = 0, max = 1)))]
    pub value: Option<f32>,
}

impl Indicator {
    /// The value of `head` among answers.
    pub fn value_of(head: &IndicatorHead, among: &[Indicator]) -> Option<f32> {
        let mut among = among.iter();
        among.find(|indicator| indicator.code == head.code)?.value
    }
}

impl Listed for IndicatorHead {
    fn code(&self) -> &'static str {
        self.code
    }

    fn classes(&self) -> usize {
        self.classes
    }
}

/// Heads beside the score, those of them that a bundle has.
pub type Indicators = Classifiers<IndicatorHead>;

impl Indicators {
    /// Each head's answer, in the order in which they were loaded. `embedding` as for
    /// [`Classifier::logits`].
    pub fn read(&self, embedding: &[f32]) -> Result<Vec<Indicator>> {
        self.answers(embedding, |head, probabilities| Indicator {
            code: head.code,
            value: probabilities.map(|p| (head.value)(&p)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::features::EMBEDDING;
    use crate::heads::classifier::tests::leaning;
    use crate::heads::{INDICATORS, advert};
    use crate::layers::tensors::Tensors;

    fn load(bytes: &[u8]) -> Result<Indicators> {
        Indicators::load(&Tensors::open(&bytes)?, INDICATORS)
    }

    #[test]
    fn every_head_answers_and_one_that_is_missing_answers_nothing() {
        let x = [0.0; EMBEDDING];
        let found = load(&leaning(advert::HEAD.code, 2, 20.0))
            .unwrap()
            .read(&x)
            .unwrap();
        assert_eq!(found.len(), INDICATORS.len());
        let advert = found.iter().find(|i| i.code == "advert").unwrap();
        assert!(advert.value.unwrap() > 0.99);
        let none = load(&leaning("another", 2, 20.0))
            .unwrap()
            .read(&x)
            .unwrap();
        assert_eq!(none.len(), INDICATORS.len());
        assert!(none.iter().all(|indicator| indicator.value.is_none()));
    }

    #[test]
    fn a_head_that_is_not_whole_is_an_error() {
        assert_eq!(
            load(&leaning("advert", 3, 20.0)).unwrap_err().code(),
            "bundle"
        );
    }

    #[test]
    fn codes_differ() {
        for (i, head) in INDICATORS.iter().enumerate() {
            assert!(INDICATORS[..i].iter().all(|other| other.code != head.code));
        }
    }
}
