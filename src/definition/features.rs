//! The numbers the head reads, and their three groups.

use std::ops::Range;

/// Width of a text's embedding.
pub const EMBEDDING: usize = 384;
/// Number of topics of the projector.
pub const TOPICS: usize = 10;
/// Number of features.
pub const FEATURES: usize = 17;
/// Where the features stand that the score is made of, beside the topics.
pub const OWN: usize = 0;
pub const SIZE: usize = 1 + TOPICS;
pub const AUDIENCE: usize = SIZE + 4;
pub const VOICES: usize = SIZE + 5;

/// A post's features, in the order of [`Group`]: sentiment (1), topics (10), diffusion (6).
///
/// - 0: s, valence of the text, [-1, 1];
/// - 1..11: weight of each topic times relevance; they sum to T;
/// - 11: D, forecast; 12: ln(1 + seconds to the middle event); 13: structural virality;
///   14: share of the three leading spreaders, [0, 1]; 15: audience valence, [-1, 1]; 16: voices
///   of the audience, its events with words.
pub type FeatureVector = [f32; FEATURES];

/// What a feature tells about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Sentiment,
    Topics,
    Diffusion,
}

impl Group {
    /// All groups, in feature order.
    pub const ALL: [Group; 3] = [Group::Sentiment, Group::Topics, Group::Diffusion];

    /// As answers call it.
    pub fn name(self) -> &'static str {
        match self {
            Group::Sentiment => "sentiment",
            Group::Topics => "topics",
            Group::Diffusion => "diffusion",
        }
    }

    /// Where the group's features stand.
    pub fn range(self) -> Range<usize> {
        match self {
            Group::Sentiment => 0..1,
            Group::Topics => 1..1 + TOPICS,
            Group::Diffusion => 1 + TOPICS..FEATURES,
        }
    }
}

/// The diffusion features, forecasts of the cascade's final values.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct DiffusionForecast {
    /// D, [0, 1].
    pub d: f32,
    /// ln(1 + seconds to event number N/2 rounded up).
    pub speed: f32,
    /// Structural virality: mean distance between pairs of nodes (Goel et al. 2016).
    pub depth: f32,
    /// Share of all events below the three non-author nodes with most direct children, [0, 1].
    pub leader_share: f32,
    /// Realised valence of the audience's words, [-1, 1].
    pub audience: f32,
    /// How many will have words of their own.
    pub voices: f32,
}

/// Puts the three groups together. `topics` are weights that sum to 1; `relevance` is T.
pub fn assemble(
    s: f32,
    topics: &[f32; TOPICS],
    relevance: f32,
    forecast: &DiffusionForecast,
) -> FeatureVector {
    let mut x = [0.0; FEATURES];
    x[0] = s;
    for (slot, w) in x[Group::Topics.range()].iter_mut().zip(topics) {
        *slot = w * relevance;
    }
    x[Group::Diffusion.range()].copy_from_slice(&[
        forecast.d,
        forecast.speed,
        forecast.depth,
        forecast.leader_share,
        forecast.audience,
        forecast.voices,
    ]);
    x
}
