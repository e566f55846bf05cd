//! The 8-bit encoder of any BERT, for the benchmarks in `www/bench`. The module holds the whole
//! scorer too, so that both are the same machine code.

use bsmv::encoder::{Config, Int8Encoder};
use wasm_bindgen::prelude::*;

/// A loaded encoder.
#[wasm_bindgen]
pub struct Encoder(Int8Encoder);

#[wasm_bindgen]
impl Encoder {
    /// `config` is Hugging Face's `config.json`, `weights` what `bsmv quantize` makes of the floats.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &[u8], weights: Vec<u8>) -> Result<Encoder, JsError> {
        let config = Config::from_json(config)?;
        Ok(Encoder(Int8Encoder::load(config, &weights)?))
    }

    /// The unit vector of one sequence of pieces.
    pub fn embed(&self, ids: Vec<u32>) -> Result<Vec<f32>, JsError> {
        Ok(self.0.embed(&[ids])?.swap_remove(0))
    }
}
