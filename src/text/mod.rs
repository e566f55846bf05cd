//! Text as the encoder sees it: cleaned, then cut into pieces.

mod clean;
mod tokenizer;

use serde::{Deserialize, Serialize};

pub use clean::{Cleaned, clean, clean_report};
pub use tokenizer::{Encoded, Tokenizer};

/// Language of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    Zh,
    En,
    Other,
}

/// What can go wrong with a tokenizer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    #[error("tokenizer: {0}")]
    Tokenizer(String),
}

impl From<TextError> for crate::Error {
    fn from(error: TextError) -> Self {
        crate::Error::Bundle(error.to_string())
    }
}
