//! The models in use at one moment, and which of them reads a post.

use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::scorer::Scorer;

/// A model in use.
#[derive(Clone)]
pub struct Model {
    /// What those who run the server call it.
    pub name: String,
    /// The directory of its bundle.
    pub folder: PathBuf,
    /// SHA-256 of the bundle's manifest, which has the sums of its other files.
    pub manifest: [u8; 32],
    /// It.
    pub scorer: Arc<Scorer>,
    /// Posts that it reads of each hundred. The first model of a [`Lineup`] has what others leave.
    pub share: u8,
    /// Reads what others read too, when a core is free. Nobody is answered with that, but the
    /// differences are counted.
    pub is_shadow: bool,
}

/// Models that are in use together; never none. The first reads all that no other has a share of.
pub struct Lineup(Vec<Model>);

/// Models that can't be in use together.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LineupError {
    /// There is none.
    #[error("there is no model")]
    None,
    /// Two have one name.
    #[error("two models have the name `{0}`")]
    Twice(String),
    /// The shares are more than there is.
    #[error("the shares of the models are {0} of 100")]
    TooMuch(u32),
    /// The first has what others leave, and is nobody's shadow.
    #[error("`{0}` is the first model: it has what others leave, and can't be a shadow")]
    First(String),
    /// A shadow has no share.
    #[error("`{0}` is a shadow, and can't have a share")]
    ShadowWithShare(String),
}

impl Lineup {
    /// Puts models together; the share of the first is what the others leave.
    ///
    /// # Errors
    /// [`LineupError`].
    pub fn new(mut models: Vec<Model>) -> Result<Self, LineupError> {
        for (i, model) in models.iter().enumerate() {
            if models[..i].iter().any(|other| other.name == model.name) {
                return Err(LineupError::Twice(model.name.clone()));
            }
            if model.is_shadow && model.share > 0 {
                return Err(LineupError::ShadowWithShare(model.name.clone()));
            }
        }
        let (first, others) = models.split_first_mut().ok_or(LineupError::None)?;
        if first.is_shadow || first.share > 0 {
            return Err(LineupError::First(first.name.clone()));
        }
        let taken: u32 = others.iter().map(|model| u32::from(model.share)).sum();
        let left = 100_u32.checked_sub(taken);
        let left = left.ok_or(LineupError::TooMuch(taken))?;
        first.share = u8::try_from(left).unwrap_or(100);
        Ok(Lineup(models))
    }

    /// The models, in the order in which they were named.
    pub fn models(&self) -> &[Model] {
        &self.0
    }

    /// The model that reads what has no share of its own: files, say.
    pub fn first(&self) -> &Model {
        &self.0[0]
    }

    /// The model that reads the post which is known by this: its id, or else its text. A post keeps its
    /// model as long as the shares stay, and longer where they only grow.
    pub fn of_post(&self, known_by: &str) -> &Model {
        let digest = Sha256::digest(known_by);
        let (first_bytes, _) = digest.split_at(8);
        let number = first_bytes
            .iter()
            .fold(0, |n: u64, &byte| n << 8 | u64::from(byte));
        let mut place = number % 100;
        for model in &self.0[1..] {
            match place.checked_sub(model.share.into()) {
                Some(beyond) => place = beyond,
                None => return model,
            }
        }
        self.first()
    }
}
