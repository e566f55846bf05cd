//! Reading files for JavaScript: bytes in, plain objects out. A module of its own, which a page loads
//! when it is given a file; `www/bsmv/importer.js` wraps it.

use js_sys::Reflect;
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use time::UtcOffset;
use wasm_bindgen::prelude::*;

use crate::published::import::{Drafts, Settings, Source, SourceError, Trouble};
use crate::scorer::request::ScoreRequest;

/// Runs once, when the module is instantiated: a panic prints its place to the console.
#[wasm_bindgen(start)]
fn start() {
    console_error_panic_hook::set_once();
}

/// The rows of a file as requests.
#[derive(Serialize)]
struct Read {
    /// The program that wrote it, as far as that is known.
    tool: &'static str,
    rows: Vec<Draft>,
    /// Parts of the file that weren't read, by name.
    left_out: Vec<String>,
}

/// A row: its request, or what is wrong with it.
#[derive(Serialize)]
struct Draft {
    line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<ScoreRequest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<Trouble>,
}

/// A creator's own posts in a file: an object of the form of `Past`.
///
/// `offset`: minutes that the reader's clock is ahead of UTC, for times whose file says no other.
#[wasm_bindgen]
pub fn past(bytes: Vec<u8>, offset: Option<i32>) -> Result<JsValue, JsValue> {
    let read = || {
        let source = Source::of_bytes(bytes)?;
        crate::published::import::past(&source, offset_of(offset))
    };
    object(&read().map_err(|e| thrown(&e))?)
}

/// The rows of a file as requests, each a draft to score.
#[wasm_bindgen]
pub fn drafts(bytes: Vec<u8>, offset: Option<i32>) -> Result<JsValue, JsValue> {
    let read = || {
        let settings = Settings {
            offset: offset_of(offset),
            ..Settings::default()
        };
        let drafts = Drafts::of(Source::of_bytes(bytes)?, settings)?;
        let layout = drafts.layout();
        let mut rows = Vec::new();
        drafts.each_request(|(place, line), request| {
            let (request, trouble) = match request {
                Ok(request) => (Some(request), None),
                Err(error) => (None, Some(Trouble::of(&error, &place, layout))),
            };
            rows.push(Draft {
                line,
                request,
                trouble,
            });
            Ok::<_, SourceError>(())
        })?;
        Ok(Read {
            tool: layout.tool,
            rows,
            left_out: drafts.left_out,
        })
    };
    object(&read().map_err(|e: SourceError| thrown(&e))?)
}

fn offset_of(minutes: Option<i32>) -> Option<UtcOffset> {
    UtcOffset::from_whole_seconds(minutes?.saturating_mul(60)).ok()
}

fn object(value: &impl Serialize) -> Result<JsValue, JsValue> {
    Ok(value.serialize(&Serializer::json_compatible())?)
}

/// An error as JavaScript's `Error`, with its code.
fn thrown(error: &SourceError) -> JsValue {
    let thrown = js_sys::Error::new(&error.to_string());
    // Fails only on frozen objects; this one was made a line above.
    Reflect::set(&thrown, &"code".into(), &error.code().into()).ok();
    thrown.into()
}
