//! Text as the encoder sees it: cleaned, then cut into pieces.

use serde::{Deserialize, Serialize};

/// Language of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    Zh,
    En,
    Other,
}
