//! Figures of more than one head: probes, the audit, precision, the score beside its rivals.

pub mod audit;
pub mod diffusion;
pub mod gaming;
pub mod int8;
pub mod news;
pub mod probe;
pub mod rivals;
pub mod same_author;
pub mod score;
