//! The answer: a score, what it is made of, and what it could not see.

use serde::Serialize;

use crate::definition::features::TOPICS;
use crate::definition::value::{Parts, Weights};
use crate::encoder::Precision;
use crate::heads::advert;
use crate::heads::emotion::Emotion;
use crate::heads::indicator::Indicator;

/// The worth of one post to one brand, and everything that it was made of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    /// 0 to 100; 50 is no effect.
    pub bsmv: f32,
    /// Where the realised value lies in nine of ten cases.
    pub interval: Interval,
    /// Signed points at the weights in force; they add up to `bsmv` - 50.
    pub parts: Parts,
    /// Forecasts the score is made of.
    pub predicted: Predicted,
    /// True if the diffusion was forecast; where it is not modelled, the score stands at none and
    /// the interval reaches up to everybody.
    pub diffusion_modelled: bool,
    /// Valence of the text, and of what it says of the brand where it names it.
    pub sentiment: Sentiment,
    /// The emotion that the text shows; `None` where the bundle has no such head.
    pub emotion: Option<Emotion>,
    /// The value of the indicator `advert`, which stood alone before there were others.
    pub advert: Option<f32>,
    /// The answers of the heads beside the score, which it doesn't move with.
    pub indicators: Vec<Indicator>,
    /// The ten topics, with the weight of each.
    pub topics: Vec<TopicWeight>,
    /// Events the graph held, 0 for a draft.
    pub events: u64,
    /// Seconds after the post up to which the graph was seen.
    pub observed_until: u32,
    /// Notes on all that this score does not take into account, most important first.
    pub unseen: Vec<Note>,
    /// Patterns that may be there to move the score or the reach.
    pub flags: Vec<Note>,
    /// The weights in force.
    pub weights: Weights,
    /// `name@version` of the bundle.
    pub bundle: String,
    /// Precision of the encoder.
    pub precision: Precision,
}

/// The reasons for a score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The score that is explained.
    pub bsmv: f32,
    /// Score of an average post of the background.
    pub base: f32,
    /// What each feature added to or took from `base`; adds up to the score at default weights
    /// less `base`.
    pub contributions: Vec<Contribution>,
    /// The largest few of them in one plain sentence, in Chinese for Chinese posts and in English
    /// for others.
    pub sentence: String,
    /// What the score is sensitive to, in the same language.
    pub hints: Vec<Note>,
    /// Each event's share of the diffusion: its direct children over all events. Entry `i` is
    /// event `i + 1` of the graph; empty for a draft.
    pub events: Vec<f32>,
}

/// A range with its nominal coverage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The least, 0 to 100.
    pub low: f32,
    /// The most, 0 to 100.
    pub high: f32,
    /// 0.9: nine of ten realised values lie inside.
    pub coverage: f32,
}

/// The three quantities of the definition, as forecast.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Predicted {
    /// Realised valence of the post and its audience, [-1, 1].
    pub s: f32,
    /// Relevance to the brand, [0, 1]; 1 without a brand.
    pub t: f32,
    /// Diffusion, [0, 1].
    pub d: f32,
    /// The number of events that `d` stands for.
    pub events: f32,
}

/// One feature's share of the score, in points.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Contribution {
    /// `sentiment`, `topic:<label>` or a diffusion feature's name.
    pub feature: String,
    /// `sentiment`, `topics` or `diffusion`.
    pub group: &'static str,
    /// Points added to the base.
    pub points: f32,
}

/// Valence of the post's own text; where it names the brand, half of it towards the brand.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sentiment {
    /// P(positive) - P(negative), [-1, 1].
    pub s: f32,
    /// P(negative).
    pub negative: f32,
    /// P(neutral).
    pub neutral: f32,
    /// P(positive).
    pub positive: f32,
}

/// The share of a text that belongs to one of the [`TOPICS`] topics; the weights sum to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TopicWeight {
    /// Its name, in the language of explanations.
    pub label: String,
    /// [0, 1].
    pub weight: f32,
}

/// Something to know about a score: a stable code and one sentence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Note {
    pub code: &'static str,
    pub message: String,
}

/// The value of the indicator `advert` among others.
pub(crate) fn advert(indicators: &[Indicator]) -> Option<f32> {
    let mut indicators = indicators.iter();
    indicators.find(|i| i.code == advert::HEAD.code)?.value
}

const _: () = assert!(TOPICS == 10, "the API documents ten topics");
