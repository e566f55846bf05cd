//! Heads, which read a text's vector: one file each, and the reader that holds them with the encoder.

pub mod advert;
pub mod classifier;
pub mod emotion;
pub mod indicator;
pub mod novelty;
pub mod reader;
pub mod relevance;
pub mod sentiment;
pub mod topics;

use indicator::IndicatorHead;

/// Every head that answers beside the score, in the order of its answers.
pub const INDICATORS: &[IndicatorHead] = &[advert::HEAD];
