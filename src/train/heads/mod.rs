//! One file per head of the bundle: how it is fitted, and its figures beside its baselines.

pub mod advert;
pub mod diffusion;
pub mod emotion;
pub mod intervals;
pub mod novelty;
pub mod relevance;
pub mod sentiment;
