//! Heads that answer beside the score with one of several classes.

use serde::Serialize;

use crate::Result;
use crate::heads::classifier::Classifier;
use crate::layers::tensors::Tensors;

/// One such head, as plain data.
#[derive(Debug)]
pub struct CategoryHead {
    /// The head's name: in answers, in the bundle (`<code>.hidden.weight`, ...), and as
    /// `bsmv train <code>`.
    pub code: &'static str,
    /// Names of its classes, in the order of its outputs.
    pub classes: &'static [&'static str],
}

/// An answer below this is more likely wrong than right.
pub const SURE: f32 = 0.5;

/// The answer of one such head.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Category {
    /// The head's name. `kind`: what sort of post it is. `wants`: what its writer wants.
    pub code: &'static str,
    /// The likeliest class; null where even that is more likely wrong than right, or where the
    /// bundle has no such head.
    pub label: Option<&'static str>,
    /// The likeliest class's calibrated probability; null where the bundle has no such head.
    #[cfg_attr(test, schemars(range(min = 0, max = 1)))]
    pub probability: Option<f32>,
}

/// The heads of this sort that a bundle has.
#[derive(Debug, Clone)]
pub struct Categories(Vec<(&'static CategoryHead, Option<Classifier>)>);

impl Categories {
    /// Reads each of `heads` under its code, as [`Classifier::load`] does; one that isn't there
    /// answers nothing.
    ///
    /// # Errors
    /// [`crate::Error::Bundle`] when a head is there, but not whole.
    pub fn load(file: &Tensors, heads: &'static [CategoryHead]) -> Result<Self> {
        let load = |head: &'static CategoryHead| {
            let file = file.under(head.code);
            let classifier = file
                .any()
                .then(|| Classifier::load(&file, head.classes.len()))
                .transpose()?;
            Ok((head, classifier))
        };
        Ok(Categories(heads.iter().map(load).collect::<Result<_>>()?))
    }

    /// Each head's answer, in the order in which they were loaded. `embedding` as for
    /// [`Classifier::logits`].
    pub fn read(&self, embedding: &[f32]) -> Result<Vec<Category>> {
        let read = |(head, classifier): &(&'static CategoryHead, Option<Classifier>)| {
            let Some(classifier) = classifier else {
                return Ok(Category {
                    code: head.code,
                    label: None,
                    probability: None,
                });
            };
            let probabilities = classifier.probabilities(embedding)?;
            let classes = head.classes.iter().zip(probabilities);
            let best = classes.max_by(|a, b| a.1.total_cmp(&b.1));
            Ok(Category {
                code: head.code,
                label: best.filter(|(_, p)| *p >= SURE).map(|(label, _)| *label),
                probability: best.map(|(_, p)| p),
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
    use crate::heads::{CATEGORIES, INDICATORS};
    use crate::layers::tensors::tests::file;

    /// The tensors of a head under `name` that gives its second class `logit` more than others.
    fn head(name: &str, classes: usize, logit: f32) -> Vec<u8> {
        let mut bias = vec![0.0; classes];
        bias[1] = logit;
        let tensor = |part: &str| format!("{name}.{part}");
        file(&[
            (
                tensor("hidden.weight"),
                vec![HIDDEN, EMBEDDING],
                vec![0.0; HIDDEN * EMBEDDING],
            ),
            (tensor("hidden.bias"), vec![HIDDEN], vec![0.0; HIDDEN]),
            (
                tensor("out.weight"),
                vec![classes, HIDDEN],
                vec![0.0; classes * HIDDEN],
            ),
            (tensor("out.bias"), vec![classes], bias),
        ])
    }

    fn read(bytes: &[u8]) -> Vec<Category> {
        let heads = Categories::load(&Tensors::open(&bytes).unwrap(), CATEGORIES).unwrap();
        heads.read(&[0.0; EMBEDDING]).unwrap()
    }

    #[test]
    fn an_unlikely_best_class_is_no_label_and_a_missing_head_answers_nothing() {
        let first = &CATEGORIES[0];
        let sure = read(&head(first.code, first.classes.len(), 20.0));
        assert_eq!(sure.len(), CATEGORIES.len());
        assert_eq!(sure[0].label, Some(first.classes[1]));
        assert!(sure[0].probability.unwrap() > 0.99);
        assert!(
            sure[1..]
                .iter()
                .all(|c| c.label.is_none() && c.probability.is_none())
        );
        let unsure = read(&head(first.code, first.classes.len(), 0.1));
        assert_eq!(unsure[0].label, None);
        assert!(unsure[0].probability.unwrap() < SURE);
    }

    #[test]
    fn codes_differ() {
        let codes = CATEGORIES.iter().map(|head| head.code);
        let mut codes: Vec<_> = codes
            .chain(INDICATORS.iter().map(|head| head.code))
            .collect();
        let all = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all);
    }
}
