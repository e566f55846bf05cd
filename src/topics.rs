//! What a text is about: ten broad topics that both languages share.

use candle_core::{Device, Tensor};
use candle_nn::{Linear, Module, VarBuilder, linear, ops};
use serde::{Deserialize, Serialize};

use crate::features::{EMBEDDING, TOPICS};
use crate::text::Language;
use crate::{Error, Result};

/// A topic's name in both languages, from the bundle's manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicLabel {
    pub zh: String,
    pub en: String,
}

impl TopicLabel {
    /// The name for readers of `language`; English for all but Chinese.
    pub fn name(&self, language: Language) -> &str {
        match language {
            Language::Zh => &self.zh,
            _ => &self.en,
        }
    }
}

/// A linear layer 384 -> 10 and a softmax: weight of each topic.
#[derive(Debug, Clone)]
pub struct TopicProjector {
    linear: Linear,
    labels: Vec<TopicLabel>,
}

impl TopicProjector {
    /// Reads `linear.{weight,bias}`; `labels` name the ten outputs in order.
    pub fn load(vb: VarBuilder, labels: Vec<TopicLabel>) -> Result<Self> {
        if labels.len() != TOPICS {
            return Err(Error::Bundle(format!(
                "has {} topic labels, expected {TOPICS}",
                labels.len()
            )));
        }
        let linear = linear(EMBEDDING, TOPICS, vb.pp("linear"))?;
        Ok(TopicProjector { linear, labels })
    }

    /// Names of the topics, in the order of the weights.
    pub fn labels(&self) -> &[TopicLabel] {
        &self.labels
    }

    /// Logits (n, 10) of embeddings (n, 384).
    pub fn logits(&self, embeddings: &Tensor) -> candle_core::Result<Tensor> {
        self.linear.forward(embeddings)
    }

    /// Weights of the topics, summing to 1, of one L2-normalised embedding of 384 numbers.
    /// Another length is an error.
    pub fn weights(&self, embedding: &[f32]) -> Result<[f32; TOPICS]> {
        let x = Tensor::from_slice(embedding, (1, EMBEDDING), &Device::Cpu)?;
        let p = ops::softmax(&self.logits(&x)?, 1)?.flatten_all()?;
        let mut out = [0.0; TOPICS];
        out.copy_from_slice(&p.to_vec1::<f32>()?);
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn weights() -> VarBuilder<'static> {
        let cpu = &Device::Cpu;
        let w: Vec<f32> = (0..TOPICS * EMBEDDING)
            .map(|i| {
                if i % EMBEDDING == i / EMBEDDING {
                    8.0
                } else {
                    0.0
                }
            })
            .collect();
        let tensors = HashMap::from([
            (
                "linear.weight".to_string(),
                Tensor::from_vec(w, (TOPICS, EMBEDDING), cpu).unwrap(),
            ),
            (
                "linear.bias".to_string(),
                Tensor::zeros(TOPICS, candle_core::DType::F32, cpu).unwrap(),
            ),
        ]);
        VarBuilder::from_tensors(tensors, candle_core::DType::F32, cpu)
    }

    fn labels(n: usize) -> Vec<TopicLabel> {
        let label = |i| TopicLabel {
            zh: format!("话题{i}"),
            en: format!("topic {i}"),
        };
        (0..n).map(label).collect()
    }

    #[test]
    fn weights_sum_to_one_and_the_right_topic_leads() {
        let projector = TopicProjector::load(weights(), labels(TOPICS)).unwrap();
        let mut x = [0.0; EMBEDDING];
        x[3] = 1.0;
        let p = projector.weights(&x).unwrap();
        assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!(p[3] > 0.9);
        assert_eq!(projector.labels()[3].name(Language::Zh), "话题3");
    }

    #[test]
    fn labels_must_be_ten() {
        let found = TopicProjector::load(weights(), labels(9)).unwrap_err();
        assert_eq!(found.code(), "bundle");
    }
}
