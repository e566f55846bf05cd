//! The head that reads classes off a text's embedding: sentiment, emotions.

use candle_core::{Device, Tensor};
use candle_nn::{Linear, Module, VarBuilder, linear, ops};

use crate::Result;
use crate::features::EMBEDDING;

/// Width of the hidden layer.
pub const HIDDEN: usize = 64;

/// 384 -> 64 (ReLU) -> classes. The temperature that calibrates the probabilities is folded into
/// the last layer.
#[derive(Debug, Clone)]
pub struct Classifier {
    hidden: Linear,
    out: Linear,
}

impl Classifier {
    /// Reads `hidden.{weight,bias}` and `out.{weight,bias}`.
    pub fn load(vb: VarBuilder, classes: usize) -> Result<Self> {
        Ok(Classifier {
            hidden: linear(EMBEDDING, HIDDEN, vb.pp("hidden"))?,
            out: linear(HIDDEN, classes, vb.pp("out"))?,
        })
    }

    /// Logits (n, classes) of embeddings (n, 384).
    pub fn logits(&self, embeddings: &Tensor) -> candle_core::Result<Tensor> {
        self.out.forward(&self.hidden.forward(embeddings)?.relu()?)
    }

    /// Probabilities of the classes for one L2-normalised embedding of 384 numbers. Another
    /// length is an error.
    pub fn probabilities(&self, embedding: &[f32]) -> Result<Vec<f32>> {
        let x = Tensor::from_slice(embedding, (1, EMBEDDING), &Device::Cpu)?;
        let p = ops::softmax(&self.logits(&x)?, 1)?.flatten_all()?;
        Ok(p.to_vec1()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    /// A head whose hidden units 0 and 1 copy two embedding entries to classes 2 and 0 of three.
    fn head() -> Classifier {
        let mut hidden = vec![0f32; HIDDEN * EMBEDDING];
        hidden[0] = 10.0;
        hidden[EMBEDDING + 1] = 10.0;
        let mut out = vec![0f32; 3 * HIDDEN];
        out[2 * HIDDEN] = 1.0;
        out[1] = 1.0;
        let cpu = &Device::Cpu;
        let tensor = |v: Vec<f32>, shape: &[usize]| Tensor::from_vec(v, shape, cpu).unwrap();
        let weights = [
            ("hidden.weight", tensor(hidden, &[HIDDEN, EMBEDDING])),
            ("hidden.bias", tensor(vec![0.0; HIDDEN], &[HIDDEN])),
            ("out.weight", tensor(out, &[3, HIDDEN])),
            ("out.bias", tensor(vec![0.0; 3], &[3])),
        ];
        let weights: HashMap<_, _> = weights
            .into_iter()
            .map(|(name, tensor)| (name.to_owned(), tensor))
            .collect();
        let vb = VarBuilder::from_tensors(weights, candle_core::DType::F32, cpu);
        Classifier::load(vb, 3).unwrap()
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
