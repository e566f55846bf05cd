//! Heads, which read a text's vector: one file each, and the reader that holds them with the encoder.

pub mod advert;
pub mod category;
pub mod classifier;
pub mod emotion;
pub mod indicator;
pub mod irony;
pub mod kind;
pub mod likes;
pub mod novelty;
pub mod reader;
pub mod relevance;
pub mod sentiment;
pub mod topics;
pub mod wants;

use category::CategoryHead;
use indicator::IndicatorHead;

/// Every head that answers beside the score, in the order of its answers.
pub const INDICATORS: &[IndicatorHead] = &[advert::HEAD, irony::HEAD];

/// Every head that answers beside the score with a class, in the order of its answers.
pub const CATEGORIES: &[CategoryHead] = &[kind::HEAD, wants::HEAD];
