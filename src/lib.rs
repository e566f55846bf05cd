//! Brand Social Media Value: what a post is worth to a brand, 0 to 100; 50 is no effect.
//!
//! ```text
//! post ─ text ─ encoder ─┬─ sentiment ──────────────┐
//!                        ├─ topics x relevance ─────┼─ features ─ head ─ score ─ explain
//! graph ─ diffusion ─────┴─ forecast ───────────────┘
//! ```
//!
//! The core is pure: bytes and structs in, numbers out. [`scorer::Scorer`] runs the whole path;
//! the command line, the server and the WebAssembly module are shells round it.

pub mod advert;
pub mod api;
pub mod brand;
pub mod bundle;
pub mod classifier;
pub mod dense;
pub mod diffusion;
pub mod embedder;
pub mod emotion;
pub mod encoder;
pub mod error;
pub mod explain;
pub mod features;
pub mod forecast;
pub mod gaming;
pub mod head;
#[cfg(feature = "server")]
pub mod import;
pub mod kernels;
pub mod memory;
pub mod novelty;
pub mod post;
pub mod reader;
pub mod record;
pub mod relevance;
pub mod score;
pub mod scorer;
pub mod sentiment;
pub mod tensors;
pub mod text;
pub mod topics;
pub mod unseen;
pub mod value;
#[cfg(target_arch = "wasm32")]
mod wasm;

pub use error::{Error, Result};
