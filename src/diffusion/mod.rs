//! How a post travels: the graph of who passed it on, and what a graph network reads from it.

mod graph;

pub use graph::{DiffusionGraph, DiffusionPage, EventKind, MAX_EVENTS};
