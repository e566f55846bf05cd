//! Heads that answer beside the score: each places a text between two ends, and none moves the
//! score.

use serde::Serialize;

use crate::Result;
use crate::heads::classifier::Classifier;
use crate::layers::tensors::Tensors;

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

/// Heads beside the score, those of them that a bundle has.
#[derive(Debug, Clone)]
pub struct Indicators(Vec<(&'static IndicatorHead, Option<Classifier>)>);

impl Indicators {
    /// Reads each of `heads` under its code, as [`Classifier::load`] does; one that isn't there
    /// answers nothing.
    ///
    /// # Errors
    /// [`crate::Error::Bundle`] when a head is there, but not whole.
    pub fn load(file: &Tensors, heads: &'static [IndicatorHead]) -> Result<Self> {
        let load = |head: &'static IndicatorHead| {
            let file = file.under(head.code);
            let classifier = file
                .any()
                .then(|| Classifier::load(&file, head.classes))
                .transpose()?;
            Ok((head, classifier))
        };
        Ok(Indicators(heads.iter().map(load).collect::<Result<_>>()?))
    }

    /// Each head's answer, in the order in which they were loaded. `embedding` as for
    /// [`Classifier::logits`].
    pub fn read(&self, embedding: &[f32]) -> Result<Vec<Indicator>> {
        let read = |(head, classifier): &(&'static IndicatorHead, Option<Classifier>)| {
            let value = classifier.as_ref().map(|c| head.read(c, embedding));
            Ok(Indicator {
                code: head.code,
                value: value.transpose()?,
            })
        };
        self.0.iter().map(read).collect()
    }

    /// The head of that name, if the bundle has it.
    pub fn get(&self, code: &str) -> Option<&Classifier> {
        let mut heads = self.0.iter();
        heads.find(|(head, _)| head.code == code)?.1.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::features::EMBEDDING;
    use crate::heads::classifier::HIDDEN;
    use crate::heads::{INDICATORS, advert};
    use crate::layers::tensors::tests::file;

    /// The tensors of a head of two classes, which is sure of the second, under `name`.
    fn head(name: &str, classes: usize) -> Vec<u8> {
        let mut bias = vec![0.0; classes];
        bias[1] = 20.0;
        file(&[
            (
                format!("{name}.hidden.weight"),
                vec![HIDDEN, EMBEDDING],
                vec![0.0; HIDDEN * EMBEDDING],
            ),
            (
                format!("{name}.hidden.bias"),
                vec![HIDDEN],
                vec![0.0; HIDDEN],
            ),
            (
                format!("{name}.out.weight"),
                vec![classes, HIDDEN],
                vec![0.0; classes * HIDDEN],
            ),
            (format!("{name}.out.bias"), vec![classes], bias),
        ])
    }

    fn load(bytes: &[u8]) -> Result<Indicators> {
        Indicators::load(&Tensors::open(&bytes)?, INDICATORS)
    }

    #[test]
    fn every_head_answers_and_one_that_is_missing_answers_nothing() {
        let x = [0.0; EMBEDDING];
        let found = load(&head(advert::HEAD.code, 2)).unwrap().read(&x).unwrap();
        assert_eq!(found.len(), INDICATORS.len());
        let advert = found.iter().find(|i| i.code == "advert").unwrap();
        assert!(advert.value.unwrap() > 0.99);
        let none = load(&head("another", 2)).unwrap().read(&x).unwrap();
        assert_eq!(none.len(), INDICATORS.len());
        assert!(none.iter().all(|indicator| indicator.value.is_none()));
    }

    #[test]
    fn a_head_that_is_not_whole_is_an_error() {
        assert_eq!(load(&head("advert", 3)).unwrap_err().code(), "bundle");
    }

    #[test]
    fn codes_differ() {
        for (i, head) in INDICATORS.iter().enumerate() {
            assert!(INDICATORS[..i].iter().all(|other| other.code != head.code));
        }
    }
}
