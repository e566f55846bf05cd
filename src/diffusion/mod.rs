//! How a post travels: the graph of who passed it on, exact measures of it, and what a graph
//! attention network forecasts from it.

mod columns;
mod gat;
mod graph;
pub mod structure;
mod support;

pub use columns::{Batch, DiffusionInput};
pub use gat::{DiffusionNet, Forecast, OBSERVATION_TIMES, Outputs, READOUT};
pub use graph::{DiffusionGraph, DiffusionPage, EventKind, MAX_EVENTS};
pub use support::{FollowerRange, OutsideSupport, PLATFORMS, outside, platform_row};
