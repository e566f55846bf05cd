//! Fitting: optimisers, networks, boosted trees, n-grams as a baseline.

pub mod adamw;
pub mod boosting;
pub mod gat;
pub mod labelled;
pub mod network;
pub mod ngrams;
pub mod optimise;
