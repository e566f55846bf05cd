//! Valence of a text: three classes on top of its embedding.

use candle_core::{Device, Tensor};
use candle_nn::{Linear, Module, VarBuilder, linear, ops};

use crate::Result;
use crate::features::EMBEDDING;

/// Classes in the order of the head's outputs: negative, neutral, positive.
pub const CLASSES: usize = 3;
/// Width of the hidden layer.
pub const HIDDEN: usize = 64;

/// 384 -> 64 (ReLU) -> 3. The temperature that calibrates the probabilities is folded into
/// the last layer.
#[derive(Debug, Clone)]
pub struct SentimentHead {
    hidden: Linear,
    out: Linear,
}

impl SentimentHead {
    /// Reads `hidden.{weight,bias}` and `out.{weight,bias}`.
    pub fn load(vb: VarBuilder) -> Result<Self> {
        Ok(SentimentHead {
            hidden: linear(EMBEDDING, HIDDEN, vb.pp("hidden"))?,
            out: linear(HIDDEN, CLASSES, vb.pp("out"))?,
        })
    }

    /// Logits (n, 3) of embeddings (n, 384).
    pub fn logits(&self, embeddings: &Tensor) -> candle_core::Result<Tensor> {
        self.out.forward(&self.hidden.forward(embeddings)?.relu()?)
    }

    /// P(negative), P(neutral), P(positive) of one L2-normalised embedding of 384 numbers.
    /// Another length is an error.
    pub fn probabilities(&self, embedding: &[f32]) -> Result<[f32; CLASSES]> {
        let x = Tensor::from_slice(embedding, (1, EMBEDDING), &Device::Cpu)?;
        let p = ops::softmax(&self.logits(&x)?, 1)?.flatten_all()?;
        let mut out = [0.0; CLASSES];
        out.copy_from_slice(&p.to_vec1::<f32>()?);
        Ok(out)
    }
}

/// Valence s in [-1, 1]: P(positive) - P(negative).
pub fn valence(probabilities: &[f32; CLASSES]) -> f32 {
    probabilities[2] - probabilities[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    /// A head whose hidden units 0 and 1 copy two embedding entries to positive and negative.
    fn head() -> SentimentHead {
        let mut hidden = vec![0f32; HIDDEN * EMBEDDING];
        hidden[0] = 10.0;
        hidden[EMBEDDING + 1] = 10.0;
        let mut out = vec![0f32; CLASSES * HIDDEN];
        out[2 * HIDDEN] = 1.0;
        out[1] = 1.0;
        let cpu = &Device::Cpu;
        let tensor = |v: Vec<f32>, shape: &[usize]| Tensor::from_vec(v, shape, cpu).unwrap();
        let weights = HashMap::from([
            (
                "hidden.weight".to_string(),
                tensor(hidden, &[HIDDEN, EMBEDDING]),
            ),
            (
                "hidden.bias".to_string(),
                tensor(vec![0.0; HIDDEN], &[HIDDEN]),
            ),
            ("out.weight".to_string(), tensor(out, &[CLASSES, HIDDEN])),
            (
                "out.bias".to_string(),
                tensor(vec![0.0; CLASSES], &[CLASSES]),
            ),
        ]);
        let vb = VarBuilder::from_tensors(weights, candle_core::DType::F32, cpu);
        SentimentHead::load(vb).unwrap()
    }

    #[test]
    fn probabilities_sum_to_one_and_follow_the_classes() {
        let mut x = [0.0; EMBEDDING];
        x[0] = 1.0;
        let p = head().probabilities(&x).unwrap();
        assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!(valence(&p) > 0.9);
        x[0] = 0.0;
        x[1] = 1.0;
        assert!(valence(&head().probabilities(&x).unwrap()) < -0.9);
    }

    #[test]
    fn an_embedding_of_another_width_is_an_error() {
        assert_eq!(
            head().probabilities(&[0.0; 10]).unwrap_err().code(),
            "compute"
        );
    }
}
