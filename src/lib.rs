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

pub mod brand;
pub mod diffusion;
pub mod error;
pub mod features;
pub mod post;
pub mod relevance;
pub mod score;
pub mod sentiment;
pub mod text;
pub mod topics;
pub mod value;

pub use error::{Error, Result};
