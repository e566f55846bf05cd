//! Data sets as training reads them: texts, posts and what they are about, cascades, encoders and
//! their vectors.

pub mod cascades;
pub mod cases;
pub mod catalogue;
pub mod cues;
pub mod encoders;
pub mod engagement;
pub mod folders;
pub mod pairs;
pub mod sets;
pub mod texts;
pub mod today;
