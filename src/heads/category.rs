//! Heads that answer beside the score with one of several classes.

use serde::Serialize;

use crate::Result;
use crate::heads::classifier::{Classifiers, Listed};

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

impl Listed for CategoryHead {
    fn code(&self) -> &'static str {
        self.code
    }

    fn classes(&self) -> usize {
        self.classes.len()
    }
}

/// The heads of this sort that a bundle has.
pub type Categories = Classifiers<CategoryHead>;

impl Categories {
    /// Each head's answer, in the order in which they were loaded. `embedding` as for
    /// [`Classifier::logits`](crate::heads::classifier::Classifier::logits).
    pub fn read(&self, embedding: &[f32]) -> Result<Vec<Category>> {
        self.answers(embedding, |head, probabilities| {
            let classes = head.classes.iter().zip(probabilities.unwrap_or_default());
            let best = classes.max_by(|a, b| a.1.total_cmp(&b.1));
            Category {
                code: head.code,
                label: best.filter(|(_, p)| *p >= SURE).map(|(label, _)| *label),
                probability: best.map(|(_, p)| p),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::features::EMBEDDING;
    use crate::heads::classifier::tests::leaning;
    use crate::heads::{CATEGORIES, INDICATORS};
    use crate::layers::tensors::Tensors;

    fn read(bytes: &[u8]) -> Vec<Category> {
        let heads = Categories::load(&Tensors::open(&bytes).unwrap(), CATEGORIES).unwrap();
        heads.read(&[0.0; EMBEDDING]).unwrap()
    }

    #[test]
    fn an_unlikely_best_class_is_no_label_and_a_missing_head_answers_nothing() {
        let first = &CATEGORIES[0];
        let sure = read(&leaning(first.code, first.classes.len(), 20.0));
        assert_eq!(sure.len(), CATEGORIES.len());
        assert_eq!(sure[0].label, Some(first.classes[1]));
        assert!(sure[0].probability.unwrap() > 0.99);
        assert!(
            sure[1..]
                .iter()
                .all(|c| c.label.is_none() && c.probability.is_none())
        );
        let unsure = read(&leaning(first.code, first.classes.len(), 0.1));
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
