//! The head that reads classes off a text's embedding, and the lists of such heads that a bundle may
//! lack.

use crate::Result;
use crate::definition::features::EMBEDDING;
use crate::layers::dense::{Dense, relu, softmax};
use crate::layers::tensors::Tensors;

/// Width of the hidden layer.
pub const HIDDEN: usize = 64;

/// 384 -> 64 (ReLU) -> classes. The temperature that calibrates the probabilities is folded into
/// the last layer.
#[derive(Debug, Clone)]
pub struct Classifier {
    hidden: Dense,
    out: Dense,
}

impl Classifier {
    /// Reads `hidden.{weight,bias}` and `out.{weight,bias}`.
    pub fn load(file: &Tensors, classes: usize) -> Result<Self> {
        Ok(Classifier {
            hidden: Dense::load(&file.under("hidden"), EMBEDDING, HIDDEN)?,
            out: Dense::load(&file.under("out"), HIDDEN, classes)?,
        })
    }

    /// Logits of the classes for one L2-normalised embedding of 384 numbers. Another length is
    /// an error.
    pub fn logits(&self, embedding: &[f32]) -> Result<Vec<f32>> {
        let mut hidden = self.hidden.forward(embedding)?;
        relu(&mut hidden);
        self.out.forward(&hidden)
    }

    /// Their probabilities.
    pub fn probabilities(&self, embedding: &[f32]) -> Result<Vec<f32>> {
        let mut p = self.logits(embedding)?;
        softmax(&mut p);
        Ok(p)
    }
}

/// What the lists of heads beside the score know of each.
pub trait Listed {
    /// The head's name, below which the bundle has its tensors.
    fn code(&self) -> &'static str;
    /// Number of its classes.
    fn classes(&self) -> usize;
}

/// The heads of one list, each with its classifier where the bundle has it.
#[derive(Debug)]
pub struct Classifiers<H: 'static>(Vec<(&'static H, Option<Classifier>)>);

impl<H: Listed> Classifiers<H> {
    /// Reads each of `heads` under its code, as [`Classifier::load`] does; one that isn't there
    /// answers nothing.
    ///
    /// # Errors
    /// [`crate::Error::Bundle`] when a head is there, but not whole.
    pub fn load(file: &Tensors, heads: &'static [H]) -> Result<Self> {
        let load = |head: &'static H| {
            let file = file.under(head.code());
            let classifier = file
                .any()
                .then(|| Classifier::load(&file, head.classes()))
                .transpose()?;
            Ok((head, classifier))
        };
        Ok(Classifiers(heads.iter().map(load).collect::<Result<_>>()?))
    }

    /// Each head's answer, in the order in which they were loaded, by what `answer` makes of the
    /// head and of its classes' probabilities. `embedding` as for [`Classifier::logits`].
    pub(super) fn answers<A>(
        &self,
        embedding: &[f32],
        answer: impl Fn(&'static H, Option<Vec<f32>>) -> A,
    ) -> Result<Vec<A>> {
        let read = |(head, classifier): &(&'static H, Option<Classifier>)| {
            let classes = classifier.as_ref().map(|c| c.probabilities(embedding));
            Ok(answer(head, classes.transpose()?))
        };
        self.0.iter().map(read).collect()
    }

    /// The classifier of the head of that name, if the bundle has it.
    pub fn get(&self, code: &str) -> Option<&Classifier> {
        let mut heads = self.0.iter();
        heads.find(|(head, _)| head.code() == code)?.1.as_ref()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::layers::tensors::tests::file;

    /// The tensors of a head under `name` that gives its second class `logit` more than others.
    pub fn leaning(name: &str, classes: usize, logit: f32) -> Vec<u8> {
        let mut bias = vec![0.0; classes];
        bias[1] = logit;
        let zeros = |part: &str, shape: Vec<usize>| {
            let values = vec![0.0; shape.iter().product()];
            (format!("{name}.{part}"), shape, values)
        };
        file(&[
            zeros("hidden.weight", vec![HIDDEN, EMBEDDING]),
            zeros("hidden.bias", vec![HIDDEN]),
            zeros("out.weight", vec![classes, HIDDEN]),
            (format!("{name}.out.bias"), vec![classes], bias),
        ])
    }

    /// A head whose hidden units 0 and 1 copy two embedding entries to classes 2 and 0 of three.
    fn head() -> Classifier {
        let mut hidden = vec![0f32; HIDDEN * EMBEDDING];
        hidden[0] = 10.0;
        hidden[EMBEDDING + 1] = 10.0;
        let mut out = vec![0f32; 3 * HIDDEN];
        out[2 * HIDDEN] = 1.0;
        out[1] = 1.0;
        let bytes = file(&[
            ("hidden.weight".into(), vec![HIDDEN, EMBEDDING], hidden),
            ("hidden.bias".into(), vec![HIDDEN], vec![0.0; HIDDEN]),
            ("out.weight".into(), vec![3, HIDDEN], out),
            ("out.bias".into(), vec![3], vec![0.0; 3]),
        ]);
        Classifier::load(&Tensors::open(&bytes).unwrap(), 3).unwrap()
    }

    #[test]
    fn probabilities_sum_to_one_and_follow_the_classes() {
        let mut x = [0.0; EMBEDDING];
        x[0] = 1.0;
        let p = head().probabilities(&x).unwrap();
        assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!(p[2] > 0.9);
        x[0] = 0.0;
        x[1] = 1.0;
        assert!(head().probabilities(&x).unwrap()[0] > 0.9);
    }

    #[test]
    fn an_embedding_of_another_width_is_an_error() {
        let problem = head().probabilities(&[0.0; 10]).unwrap_err();
        assert_eq!(problem.code(), "compute");
    }
}
