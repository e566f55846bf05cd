//! The definition of the score: its features, its formula, and the formula applied to forecasts.

pub mod features;
pub mod predict;
pub mod value;
