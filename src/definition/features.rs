//! The numbers the head reads, and their three groups.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Width of a text's embedding.
pub const EMBEDDING: usize = 384;
/// Number of topics of the projector.
pub const TOPICS: usize = 10;
/// Number of features.
pub const FEATURES: usize = 17;
/// Where the valence of the post's own text stands.
pub const OWN: usize = 0;
/// Where D stands.
pub const SIZE: usize = 1 + TOPICS;
/// Where the valence of the audience stands.
pub const AUDIENCE: usize = SIZE + 4;
/// Where the number of the audience's voices stands.
pub const VOICES: usize = SIZE + 5;

/// A post's features, in the order of [`Group`]: sentiment (1), topics (10), diffusion (6).
///
/// - 0: s, valence of the text, [-1, 1];
/// - 1..11: weight of each topic times relevance; they sum to T;
/// - 11: D, forecast; 12: ln(1 + seconds to the middle event); 13: structural virality;
///   14: share of the three leading spreaders, [0, 1]; 15: audience valence, [-1, 1]; 16: voices
///   of the audience, its events with words.
pub type FeatureVector = [f32; FEATURES];

/// A group of features, explained together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Valence of the post's own text.
    Sentiment,
    /// The topics, weighed by relevance.
    Topics,
    /// The way the post travels, and what its audience says.
    Diffusion,
}

impl Group {
    /// All groups, in feature order.
    pub const ALL: [Group; 3] = [Group::Sentiment, Group::Topics, Group::Diffusion];

    /// Its name in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Group::Sentiment => "sentiment",
            Group::Topics => "topics",
            Group::Diffusion => "diffusion",
        }
    }

    /// The places of the group's features.
    pub fn range(self) -> Range<usize> {
        match self {
            Group::Sentiment => 0..1,
            Group::Topics => 1..1 + TOPICS,
            Group::Diffusion => 1 + TOPICS..FEATURES,
        }
    }
}

/// A feature as explanations name it; the ten topics count as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// Valence of the text.
    Sentiment,
    /// Fit to the brand.
    Topics,
    /// D, how many pass the post on.
    Size,
    /// Seconds to the middle event.
    Speed,
    /// Structural virality.
    Depth,
    /// Share of the three leading spreaders.
    LeaderShare,
    /// Valence of the audience's words.
    Audience,
    /// Events that have words.
    Voices,
}

impl Feature {
    /// All of them, in feature order.
    pub const ALL: [Feature; 8] = [
        Feature::Sentiment,
        Feature::Topics,
        Feature::Size,
        Feature::Speed,
        Feature::Depth,
        Feature::LeaderShare,
        Feature::Audience,
        Feature::Voices,
    ];

    /// The name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Feature::Sentiment => "sentiment",
            Feature::Topics => "topics",
            Feature::Size => "size",
            Feature::Speed => "speed",
            Feature::Depth => "depth",
            Feature::LeaderShare => "leader_share",
            Feature::Audience => "audience",
            Feature::Voices => "voices",
        }
    }

    /// The group it belongs to.
    pub fn group(self) -> Group {
        match self {
            Feature::Sentiment => Group::Sentiment,
            Feature::Topics => Group::Topics,
            Feature::Size
            | Feature::Speed
            | Feature::Depth
            | Feature::LeaderShare
            | Feature::Audience
            | Feature::Voices => Group::Diffusion,
        }
    }

    /// Where it stands among the features: one place, or the topics' ten.
    pub fn range(self) -> Range<usize> {
        match self {
            Feature::Sentiment => Group::Sentiment.range(),
            Feature::Topics => Group::Topics.range(),
            Feature::Size => SIZE..SIZE + 1,
            Feature::Speed => SIZE + 1..SIZE + 2,
            Feature::Depth => SIZE + 2..SIZE + 3,
            Feature::LeaderShare => SIZE + 3..AUDIENCE,
            Feature::Audience => AUDIENCE..VOICES,
            Feature::Voices => VOICES..FEATURES,
        }
    }
}

/// Forecasts of a cascade's final values: the diffusion features.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct DiffusionFeatures {
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
    /// Number of events that will have words of their own.
    pub voices: f32,
}

/// Puts the three groups together. `topics` are weights that sum to 1; `relevance` is T.
pub fn assemble(
    s: f32,
    topics: &[f32; TOPICS],
    relevance: f32,
    diffusion: &DiffusionFeatures,
) -> FeatureVector {
    let mut x = [0.0; FEATURES];
    x[OWN] = s;
    for (slot, w) in x[Group::Topics.range()].iter_mut().zip(topics) {
        *slot = w * relevance;
    }
    x[Group::Diffusion.range()].copy_from_slice(&[
        diffusion.d,
        diffusion.speed,
        diffusion.depth,
        diffusion.leader_share,
        diffusion.audience,
        diffusion.voices,
    ]);
    x
}
