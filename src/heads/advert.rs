//! Whether a text reads like a scene of real use or like an advertisement. It stands beside the
//! score and never moves it: what an advertisement is worth is for its own reach and words to say.

use crate::Result;
use crate::heads::classifier::Classifier;
use crate::layers::tensors::Tensors;

/// The head's two classes: scene of real use, hard advertisement.
pub const ENDS: usize = 2;

/// The head that places a text between the two.
#[derive(Debug, Clone)]
pub struct AdvertHead(Classifier);

impl AdvertHead {
    /// Reads a head of [`ENDS`] classes as [`Classifier::load`] does.
    pub fn load(file: &Tensors) -> Result<Self> {
        Ok(AdvertHead(Classifier::load(file, ENDS)?))
    }

    /// 0 a scene of real use, 1 hard advertisement; about 0.5 for what is neither, such as news.
    /// `embedding` as for [`Classifier::logits`].
    pub fn read(&self, embedding: &[f32]) -> Result<f32> {
        Ok(self.0.probabilities(embedding)?[1])
    }
}
