//! The 8-bit encoder of any BERT, for the benchmarks in `www/bench`. The module holds the whole
//! scorer too, so that both are the same machine code.

use bsmv::encoder::{Config, Int8Encoder};
use bsmv::text::{Tokenizer, clean_report};
use wasm_bindgen::prelude::*;

/// A loaded encoder and its tokenizer.
#[wasm_bindgen]
pub struct Encoder {
    tokenizer: Tokenizer,
    encoder: Int8Encoder,
}

#[wasm_bindgen]
impl Encoder {
    /// `config` and `tokenizer` are files of a Hugging Face folder; `weights` is what
    /// `bsmv quantize` makes of its floats.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &[u8], tokenizer: &[u8], weights: &[u8]) -> Result<Encoder, JsError> {
        Ok(Encoder {
            tokenizer: Tokenizer::from_bytes(tokenizer)?,
            encoder: Int8Encoder::load(Config::from_json(config)?, weights)?,
        })
    }

    /// Numbers of the pieces of a text, cleaned as every text is.
    pub fn ids(&self, text: &str) -> Result<Vec<u32>, JsError> {
        let limit = self.encoder.config().max_position_embeddings;
        let cleaned = clean_report(text).text;
        Ok(self.tokenizer.encode(&cleaned, limit)?.ids)
    }

    /// The unit vector of one sequence of pieces.
    pub fn embed(&self, ids: Vec<u32>) -> Result<Vec<f32>, JsError> {
        Ok(self.encoder.embed(&[ids])?.swap_remove(0))
    }
}
