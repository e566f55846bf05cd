//! How like a post is to the cascades that the graph network was learnt from.

use serde::{Deserialize, Serialize};

/// The log-odds that a text is of the kind that the cascades of a platform were collected of (news
/// and rumours), and not of the kind that people and brands post today: linear in the text's vector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Likeness {
    /// Log-odds of the zero vector.
    pub bias: f32,
    /// One for each number of the encoder's vectors.
    pub weights: Vec<f32>,
}

impl Likeness {
    /// The probability for a text with this vector, [0, 1].
    pub fn of(&self, vector: &[f32]) -> f32 {
        let along = vector.iter().zip(&self.weights).map(|(x, w)| x * w);
        let odds = self.bias + along.sum::<f32>();
        1.0 / (1.0 + (-odds).exp())
    }
}
