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

pub mod definition;
pub mod diffusion;
pub mod encoder;
mod error;
pub mod heads;
pub mod kernels;
pub mod layers;
pub mod post;
pub mod published;
pub mod scorer;
#[cfg(feature = "server")]
pub mod server;
pub mod text;
#[cfg(feature = "train")]
pub mod train;
#[cfg(target_arch = "wasm32")]
mod wasm;

pub use error::{Error, ErrorReport, Result};
