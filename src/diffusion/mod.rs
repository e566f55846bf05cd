//! How a post travels: the graph of who passed it on, exact measures of it, and what a graph
//! attention network and boosted trees forecast from it.

mod columns;
pub mod form;
mod gat;
mod graph;
mod likeness;
mod log;
mod net;
pub mod reach;
pub mod structure;
mod support;
mod trees;

pub use columns::{Columns, DiffusionInput, EDGE, GLOBAL, NODE, SO_FAR};
pub use gat::{EXTREME, HEADS, HIDDEN, LOGIT, MEMBERS, Outputs, RAW, READOUT, WIDTH};
pub use graph::{DiffusionGraph, DiffusionPage, EventKind, MAX_EVENTS, PAGE_SCHEMA};
pub use likeness::Likeness;
pub use log::{Arrival, EventLog, LoggedGraph};
pub use net::{DiffusionForecast, DiffusionNet, OBSERVATION_TIMES, Widening};
pub use support::{FollowerRange, OutsideSupport, PLATFORMS, outside, platform_row};
pub use trees::{FORESTS, Forest, Node, Trees};
