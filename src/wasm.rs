//! The scorer for JavaScript: bytes and JSON in, plain objects out. `www/bsmv/` wraps it.

use js_sys::{Object, Reflect, Uint8Array};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;

use crate::api::{ErrorReport, ScoreRequest};
use crate::bundle::{Bundle, Manifest};
use crate::score::Precision;
use crate::scorer::Scorer;
use crate::{Error, Result};

/// Runs once, when the module is instantiated: a panic prints its place to the console.
#[wasm_bindgen(start)]
fn start() {
    console_error_panic_hook::set_once();
}

/// A loaded bundle, scoring in int8.
///
/// Every method throws an `Error` with `code` and, where one is to blame, `field`. After a
/// `WebAssembly.RuntimeError` the whole module must be reset: its memory can't be trusted.
#[wasm_bindgen]
pub struct WasmScorer(Scorer);

#[wasm_bindgen]
impl WasmScorer {
    /// `manifest` is the text of `manifest.json`; `files` maps the name of each file that it
    /// lists for int8 to a `Uint8Array`. The arrays aren't kept.
    /// Their SHA-256 sums are the caller's to check, who has faster means.
    #[wasm_bindgen(constructor)]
    pub fn new(manifest: &[u8], files: &Object) -> Result<WasmScorer, JsValue> {
        let read = |name: &str| {
            Reflect::get(files, &name.into())
                .ok()
                .and_then(|bytes| bytes.dyn_into::<Uint8Array>().ok())
                .map(|bytes| bytes.to_vec())
                .ok_or_else(|| Error::Bundle(format!("{name} was not given")))
        };
        Manifest::from_json(manifest)
            .and_then(|manifest| Bundle::read(manifest, Precision::Int8, read))
            .and_then(|bundle| Scorer::new(bundle, Precision::Int8))
            .map(WasmScorer)
            .map_err(|e| thrown(&e))
    }

    /// Scores a request: the JSON of `ScoreRequest` in, an object of the form of `Score` out.
    ///
    /// JSON and not an object, because serde-wasm-bindgen looks up only the fields it knows: a
    /// misspelt one would pass unseen. And so each mistake reads the same here, on the command
    /// line and over HTTP.
    pub fn score(&self, request: &str) -> Result<JsValue, JsValue> {
        let score = ScoreRequest::from_json(request)
            .and_then(|request| self.0.score(&request))
            .map_err(|e| thrown(&e))?;
        Ok(score.serialize(&Serializer::json_compatible())?)
    }

    /// The sentence vector of a text, as a `Float32Array`: the same bits in every build.
    pub fn embed(&self, text: &str) -> Result<Vec<f32>, JsValue> {
        self.0.embed(text).map_err(|e| thrown(&e))
    }
}

/// An error as JavaScript's `Error`, with the fields of [`ErrorReport`].
fn thrown(error: &Error) -> JsValue {
    let report = ErrorReport::from(error);
    let thrown = js_sys::Error::new(&report.message);
    let set = |key: &str, value: JsValue| {
        // Fails only on frozen objects; this one was made a line above.
        Reflect::set(&thrown, &key.into(), &value).ok();
    };
    set("code", report.code.into());
    if let Some(field) = report.field {
        set("field", field.into());
    }
    thrown.into()
}
