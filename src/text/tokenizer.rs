//! Pieces of a text, as the encoder numbers them.

use super::TextError;

/// A Hugging Face `tokenizer.json`.
pub struct Tokenizer(tokenizers::Tokenizer);

/// A text as pieces, special ones included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    pub ids: Vec<u32>,
    /// Pieces left out at the end because there were too many.
    pub cut: usize,
}

impl Tokenizer {
    /// Reads a `tokenizer.json`.
    pub fn from_bytes(json: &[u8]) -> Result<Self, TextError> {
        let mut tokenizer = tokenizers::Tokenizer::from_bytes(json)
            .map_err(|e| TextError::Tokenizer(e.to_string()))?;
        // Files may ask for padding or for a cut of their own; both are decided here.
        tokenizer.with_padding(None);
        tokenizer
            .with_truncation(None)
            .map_err(|e| TextError::Tokenizer(e.to_string()))?;
        Ok(Tokenizer(tokenizer))
    }

    /// Number of pieces known.
    pub fn vocabulary_size(&self) -> usize {
        self.0.get_vocab_size(true)
    }

    /// Cuts `text` into at most `most` pieces, special ones counted and kept.
    pub fn encode(&self, text: &str, most: usize) -> Result<Encoded, TextError> {
        let encoding = self
            .0
            .encode(text, true)
            .map_err(|e| TextError::Tokenizer(e.to_string()))?;
        let mut ids = encoding.get_ids().to_vec();
        let cut = ids.len().saturating_sub(most);
        if cut > 0 {
            // The closing special piece stays.
            let last = ids[ids.len() - 1];
            ids.truncate(most);
            if let Some(end) = ids.last_mut() {
                *end = last;
            }
        }
        Ok(Encoded { ids, cut })
    }
}
