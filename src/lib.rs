//! Brand Social Media Value: what a post is worth to a brand, 0 to 100; 50 is no effect.
//!
//! ```text
//! post ─ text ─ encoder ─┬─ sentiment ──────────────┐
//!                        ├─ topics x relevance ─────┼─ features ─ definition ─ score ─ explain
//! graph ─ diffusion ─────┴─ forecast ───────────────┘
//! ```
//!
//! The core is pure: bytes and structs in, numbers out. [`Scorer`] runs the whole path; the command
//! line, the server and the WebAssembly module are shells round it. `ARCHITECTURE.md` says what is
//! in which module.
//!
//! ```
//! use bsmv::{Bundle, Error, Manifest, Precision, ScoreRequest, Scorer};
//!
//! # fn main() -> bsmv::Result<()> {
//! // The core reads no files itself: whoever embeds it says where they are.
//! let read = |name: &str| {
//!     let path = format!("{}/models/bsmv-base/{name}", env!("CARGO_MANIFEST_DIR"));
//!     std::fs::read(path).map_err(|e| Error::Bundle(format!("{name}: {e}")))
//! };
//! let manifest = Manifest::from_json(&read("manifest.json")?)?;
//! let scorer = Scorer::new(Bundle::read(manifest, Precision::Int8, read)?, Precision::Int8)?;
//!
//! let draft = r#"{"post": {"text": "I love this coffee!", "platform": "x"}}"#;
//! let score = scorer.score(&ScoreRequest::from_json(draft)?.check()?)?;
//! assert!(score.bsmv > 50.0 && score.parts.sentiment > 0.0);
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "server")]
pub mod bulk;
pub mod checks;
pub mod definition;
pub mod diffusion;
pub mod encoder;
mod error;
pub mod heads;
pub mod kernels;
pub mod layers;
pub mod listening;
pub mod post;
pub mod published;
pub mod scorer;
#[cfg(feature = "server")]
pub mod server;
pub mod text;
#[cfg(feature = "train")]
pub mod train;
#[cfg(all(target_arch = "wasm32", not(feature = "import")))]
mod wasm;
#[cfg(all(target_arch = "wasm32", feature = "import"))]
mod wasm_importer;

pub use definition::value::Weights;
pub use encoder::Precision;
pub use error::{Error, ErrorReport, Result};
pub use post::brand::BrandProfile;
pub use post::{Author, Platform, Post};
pub use scorer::Scorer;
pub use scorer::answer::{Explanation, Score};
pub use scorer::bundle::{Bundle, Manifest};
pub use scorer::request::{CheckedRequest, ScoreRequest};
