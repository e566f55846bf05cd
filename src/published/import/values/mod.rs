//! Cells of files read as values: counts, times, kinds, ids, chains of reposts.

pub mod chain;
pub mod ids;
pub mod numbers;
pub mod times;
pub mod words;
