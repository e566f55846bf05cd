//! How a post travels: the graph of who passed it on, exact measures of it, and what a graph
//! attention network forecasts from it.

mod columns;
mod gat;
mod graph;
mod log;
pub mod structure;
mod support;

pub use columns::{Batch, DiffusionInput};
pub use gat::{DiffusionNet, Forecast, OBSERVATION_TIMES, Outputs, READOUT};
pub use graph::{DiffusionGraph, DiffusionPage, EventKind, MAX_EVENTS, PAGE_SCHEMA};
pub use log::{Arrival, EventLog, LoggedGraph};
pub use support::{FollowerRange, OutsideSupport, PLATFORMS, outside, platform_row};
