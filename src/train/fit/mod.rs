//! Fitting: optimisers, networks, boosted trees, the forecasts of both, n-grams as a baseline.

pub mod adamw;
pub mod boosting;
pub mod forecasts;
pub mod forests;
pub mod gat;
pub mod labelled;
pub mod linear;
pub mod network;
pub mod ngrams;
pub mod optimise;
pub mod samples;
