//! Topics of a text: ten broad ones that both languages share.

use serde::{Deserialize, Serialize};

use crate::definition::features::{EMBEDDING, TOPICS};
use crate::layers::dense::{Dense, softmax};
use crate::layers::tensors::Tensors;
use crate::{Error, Result};

/// A topic's name in both languages, from the bundle's manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicLabel {
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// A linear layer 384 -> 10 and a softmax: weight of each topic.
#[derive(Debug, Clone)]
pub struct TopicProjector {
    linear: Dense,
    labels: Vec<TopicLabel>,
}

impl TopicProjector {
    /// Reads `linear.{weight,bias}`; `labels` name the ten outputs in order.
    pub fn load(file: &Tensors, labels: Vec<TopicLabel>) -> Result<Self> {
        if labels.len() != TOPICS {
            return Err(Error::Bundle(format!(
                "has {} topic labels, expected {TOPICS}",
                labels.len()
            )));
        }
        let linear = Dense::load(&file.under("linear"), EMBEDDING, TOPICS)?;
        Ok(TopicProjector { linear, labels })
    }

    /// Names of the topics, in the order of the weights.
    pub fn labels(&self) -> &[TopicLabel] {
        &self.labels
    }

    /// Weights of the topics, summing to 1, of one L2-normalised embedding of 384 numbers.
    /// Another length is an error.
    pub fn weights(&self, embedding: &[f32]) -> Result<[f32; TOPICS]> {
        let mut weights = [0.0; TOPICS];
        weights.copy_from_slice(&self.linear.forward(embedding)?);
        softmax(&mut weights);
        Ok(weights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::tensors::tests::file;

    /// Topic i reads number i of the embedding.
    fn weights() -> Vec<u8> {
        let mut weight = vec![0.0; TOPICS * EMBEDDING];
        for topic in 0..TOPICS {
            weight[topic * EMBEDDING + topic] = 8.0;
        }
        file(&[
            ("linear.weight".into(), vec![TOPICS, EMBEDDING], weight),
            ("linear.bias".into(), vec![TOPICS], vec![0.0; TOPICS]),
        ])
    }

    fn load(names: usize) -> Result<TopicProjector> {
        let bytes = weights();
        TopicProjector::load(&Tensors::open(&bytes)?, labels(names))
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
        let projector = load(TOPICS).unwrap();
        let mut x = [0.0; EMBEDDING];
        x[3] = 1.0;
        let p = projector.weights(&x).unwrap();
        assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!(p[3] > 0.9);
        assert_eq!(projector.labels()[3].zh, "话题3");
    }

    #[test]
    fn labels_must_be_ten() {
        let found = load(9).unwrap_err();
        assert_eq!(found.code(), "bundle");
    }
}
