//! The scorer for JavaScript: bytes and JSON in, plain objects out. `www/bsmv/` wraps it.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use js_sys::{JsString, Object, Reflect, Uint8Array};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;
use web_sys::Performance;

use crate::ErrorReport;
use crate::checks::{CheckRequest, check};
use crate::definition::value::Weights;
use crate::encoder::Precision;
use crate::layers::tensors::FileBytes;
use crate::post::brand::BrandProfile;
use crate::post::json::parse;
use crate::scorer::answer::{Answer, Score};
use crate::scorer::bundle::{Bundle, Manifest};
use crate::scorer::constants;
use crate::scorer::explain::phrases::Phrases;
use crate::scorer::memory::MemoryBudget;
use crate::scorer::request::{CheckedRequest, ScoreRequest};
use crate::scorer::words::Locale;
use crate::scorer::{Evaluation, Scorer};
use crate::{Error, Result};

/// Runs once, when the module is instantiated: a panic prints its place to the console.
#[wasm_bindgen(start)]
fn start() {
    console_error_panic_hook::set_once();
}

/// A file in JavaScript's memory: what is read of it is copied, the rest stays where it is.
struct JsFile(Uint8Array);

impl FileBytes for JsFile {
    fn size(&self) -> usize {
        self.0.length() as usize
    }

    fn read(&self, range: Range<usize>) -> Cow<'_, [u8]> {
        let part = self.0.subarray(range.start as u32, range.end as u32);
        part.to_vec().into()
    }
}

/// An object of the form of [`Constants`](crate::scorer::constants::Constants), which the build
/// writes to `pkg/constants.js`.
#[wasm_bindgen]
pub fn constants() -> Result<JsValue, JsValue> {
    object(&constants::constants())
}

/// What rules find in a draft: the JSON of `CheckRequest` in, an object of the form of `Checks` out.
/// Needs no bundle.
#[wasm_bindgen]
pub fn checks(request: &JsString) -> Result<JsValue, JsValue> {
    let request = CheckRequest::from_json(String::from(request)).map_err(|e| thrown(&e))?;
    object(&check(&request))
}

/// A loaded bundle, scoring in int8.
///
/// Every method throws an `Error` with `code` and, where one is to blame, `field`. After a
/// `WebAssembly.RuntimeError` the whole module must be reset: its memory can't be trusted.
#[wasm_bindgen]
pub struct WasmScorer {
    scorer: Rc<Scorer>,
    /// What `score` answered last, for `reweigh`.
    last: RefCell<Option<Answer<Score>>>,
}

#[wasm_bindgen]
impl WasmScorer {
    /// `manifest` is the text of `manifest.json`; `files` maps the name of each file that it
    /// lists for int8 to a `Uint8Array`. The arrays aren't kept.
    /// Their SHA-256 sums are the caller's to check, who has faster means.
    /// `memory_budget`: bytes that the module's memory may grow to, if there is a limit.
    #[wasm_bindgen(constructor)]
    pub fn new(
        manifest: &[u8],
        files: &Object,
        memory_budget: Option<f64>,
    ) -> Result<WasmScorer, JsValue> {
        let budget = memory_budget.map_or(MemoryBudget::UNLIMITED, |bytes| {
            MemoryBudget::of(bytes as u64)
        });
        let read = |name: &str| {
            Reflect::get(files, &name.into())
                .ok()
                .and_then(|bytes| bytes.dyn_into::<Uint8Array>().ok())
                .map(JsFile)
                .ok_or_else(|| Error::Bundle(format!("{name} was not given")))
        };
        let load = || {
            let manifest = Manifest::from_json(manifest)?;
            let bundle = Bundle::read(manifest, Precision::Int8, read)?;
            Scorer::within(bundle, Precision::Int8, budget)
        };
        timed("bsmv load", load)
            .map(|scorer| WasmScorer {
                scorer: Rc::new(scorer),
                last: RefCell::default(),
            })
            .map_err(|e| thrown(&e))
    }

    /// Scores a request: the JSON of `ScoreRequest` in, an object of the form of `Score` or
    /// `Refusal` out.
    ///
    /// JSON and not an object, because serde-wasm-bindgen looks up only the fields it knows: a
    /// misspelt one would pass unseen. And so each mistake reads the same here, on the command
    /// line and over HTTP.
    pub fn score(&self, request: &JsString) -> Result<JsValue, JsValue> {
        let answer = self
            .read(request)
            .and_then(|request| {
                let score = self.evaluate(&request).map(|evaluation| evaluation.score);
                self.scorer.answer(&request, score)
            })
            .map_err(|e| thrown(&e))?;
        let given = object(&answer);
        *self.last.borrow_mut() = Some(answer);
        given
    }

    /// The last answer of `score` at other weights (JSON of `Weights`; the default without), or
    /// `undefined` if there is none. Nothing is computed anew but the weighing; a refusal stays one.
    pub fn reweigh(&self, weights: Option<String>) -> Result<JsValue, JsValue> {
        let weights: Weights = match weights {
            Some(weights) => parse(weights, "weights").map_err(|e| thrown(&e))?,
            None => Weights::default(),
        };
        let valid = weights.validate().map_err(|e| e.within("weights"));
        valid.map_err(|e| thrown(&e))?;
        match &mut *self.last.borrow_mut() {
            Some(last) => {
                if let Answer::Given(score) = last {
                    *score = self.scorer.reweigh(score, &weights);
                }
                object(last)
            }
            None => Ok(JsValue::UNDEFINED),
        }
    }

    /// Explains the score of a request: an object of the form of `Explanation` or `Refusal`.
    pub fn explain(&self, request: &JsString) -> Result<JsValue, JsValue> {
        let explanation = self
            .read(request)
            .and_then(|request| {
                let evaluation = self.evaluate(&request);
                let explain = |evaluation| self.scorer.explanation(&request, &evaluation);
                self.scorer.answer(&request, evaluation.map(explain))
            })
            .map_err(|e| thrown(&e))?;
        object(&explanation)
    }

    /// Begins to find each phrase's share of a request's s and T.
    pub fn words(&self, request: &JsString) -> Result<WasmWords, JsValue> {
        let request = self.read(request).map_err(|e| thrown(&e))?;
        let (words, locale) = self.scorer.words(&request).map_err(|e| thrown(&e))?;
        Ok(WasmWords {
            scorer: Rc::clone(&self.scorer),
            brand: request.brand().cloned(),
            words,
            locale,
        })
    }

    /// The sentence vector of a text, as a `Float32Array`: the same bits in every build.
    pub fn embed(&self, text: &JsString) -> Result<Vec<f32>, JsValue> {
        self.scorer
            .admit(text.length() as usize)
            .and_then(|()| self.scorer.embed(&String::from(text)))
            .map_err(|e| thrown(&e))
    }
}

impl WasmScorer {
    /// Copies, reads and checks a request, if the budget has room for it.
    fn read(&self, request: &JsString) -> Result<CheckedRequest> {
        self.scorer.admit(request.length() as usize)?;
        ScoreRequest::from_json(String::from(request))?.check()
    }

    fn evaluate(&self, request: &CheckedRequest) -> Result<Evaluation> {
        let reading = timed("bsmv read", || self.scorer.read(request))?;
        let evaluate = || self.scorer.evaluate(request, &reading);
        Ok(timed("bsmv forecast", evaluate))
    }
}

/// The phrases of a post, read a few at a time. Keeps its scorer's memory until it is freed.
#[wasm_bindgen]
pub struct WasmWords {
    scorer: Rc<Scorer>,
    brand: Option<BrandProfile>,
    words: Phrases,
    locale: Locale,
}

#[wasm_bindgen]
impl WasmWords {
    /// Clauses of the post.
    #[wasm_bindgen(getter)]
    pub fn total(&self) -> usize {
        self.words.len()
    }

    /// Characters past the limit, which aren't looked at.
    #[wasm_bindgen(getter)]
    pub fn skipped(&self) -> usize {
        self.words.skipped
    }

    /// The phrase that the tone hangs on most, or that all agree: an object of the form of `Note`, or
    /// `undefined`.
    pub fn hint(&self) -> Result<JsValue, JsValue> {
        let hint = self.words.hint(self.locale.words());
        hint.map_or(Ok(JsValue::UNDEFINED), |hint| object(&hint))
    }

    /// The next few phrases as objects of the form of `WordShare`, or none where there is more to
    /// read before them; `undefined` after the last.
    pub fn step(&mut self) -> Result<JsValue, JsValue> {
        let read = |texts: &[String]| {
            self.scorer
                .valence_and_relevance(texts, self.brand.as_ref())
        };
        let shares = self.words.step(read).map_err(|e| thrown(&e))?;
        shares.map_or(Ok(JsValue::UNDEFINED), |shares| object(&shares))
    }
}

/// Does `work` between a mark and a measure, both called `name`, on the timeline that profilers
/// show (User Timing). Only the last of each name is kept, or a long session would fill memory.
fn timed<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let timeline = begin(name);
    let done = work();
    if let Some(timeline) = timeline {
        end(&timeline, name);
    }
    done
}

// Both stand once in the module, not once for each piece of work.
#[inline(never)]
fn begin(name: &str) -> Option<Performance> {
    let timeline = timeline()?;
    timeline.clear_marks_with_mark_name(name);
    timeline.clear_measures_with_measure_name(name);
    // What fails here is only not shown.
    timeline.mark(name).ok();
    Some(timeline)
}

#[inline(never)]
fn end(timeline: &Performance, name: &str) {
    timeline.measure_with_start_mark(name, name).ok();
}

/// The timeline of the page, worker or runtime; `None` where there is none of that kind.
fn timeline() -> Option<Performance> {
    let performance = Reflect::get(&js_sys::global(), &"performance".into()).ok()?;
    let has = |method: &str| {
        Reflect::get(&performance, &method.into()).is_ok_and(|method| method.is_function())
    };
    let methods = ["mark", "measure", "clearMarks", "clearMeasures"];
    methods
        .into_iter()
        .all(has)
        .then(|| performance.unchecked_into())
}

fn object(value: &impl Serialize) -> Result<JsValue, JsValue> {
    Ok(value.serialize(&Serializer::json_compatible())?)
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
