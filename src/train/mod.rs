//! Training and evaluation on data sets.
//!
//! Rooms in the order in which they may use each other: [`metrics`], [`data`], [`fit`], [`topics`],
//! [`heads`], [`eval`]; then the verbs [`label`] and [`bundle`].

pub mod bundle;
pub mod data;
pub mod eval;
pub mod fit;
pub mod heads;
pub mod label;
pub mod metrics;
pub mod topics;
