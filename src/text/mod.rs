//! Text as the encoder sees it: cleaned, then cut into pieces.

pub mod clauses;
pub mod clean;
pub mod language;
mod legible;
mod names;
mod script;
pub mod symbols;
pub mod tokenizer;
mod unigram;

pub use clean::{Cleaned, clean, clean_report};
pub use language::{Detected, Language, detect};
pub use legible::{Unreadable, unreadable};
pub use names::{Name, Searchable, accounts_as_names};
pub use script::simplified;
pub use tokenizer::{Encoded, MAX_CHARS, Tokenizer, Windows};

/// A text that can't be cut into pieces, or a tokenizer that can't cut.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// The bytes aren't a tokenizer file that this crate can use.
    #[error("the tokenizer file can't be used: {0}")]
    TokenizerFile(String),
    /// The tokenizer has no way to write this text, not even as unknown.
    #[error("the text can't be cut into pieces: {0}")]
    Encode(String),
    /// The text is longer than what is cut into pieces.
    #[error("the text has {chars} characters; at most {max} are accepted")]
    TooLong {
        /// Characters of the text.
        chars: usize,
        /// The limit, [`MAX_CHARS`].
        max: usize,
    },
    /// The limit on pieces leaves no room for the special ones.
    #[error("a limit of {max_pieces} pieces has no room for the {special} special ones")]
    NoRoom {
        /// The limit that was asked for.
        max_pieces: usize,
        /// Special pieces that the tokenizer adds to every text.
        special: usize,
    },
}
