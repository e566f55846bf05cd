//! The data sets as training reads them: texts, cascades, brands, pairs, cues.

pub mod cascades;
pub mod catalogue;
pub mod cues;
pub mod pairs;
pub mod texts;
