//! The definition of Brand Social Media Value: a closed formula of three quantities.
//!
//! Being seen helps a brand when the words are good and hurts it when they are bad; a post
//! about something else does neither. With valence s in [-1, 1], relevance T in [0, 1] and
//! diffusion D in [0, 1]:
//!
//! ```text
//! v    = s + 0.2 (1 - |s|)
//! D    = min(1, ln(1 + N) / ln(1 + 10 000))
//! BSMV = 50 + 50 T (w_s s + w_t v + w_d v D)
//! ```

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The score of a post that does nothing for the brand.
pub const NO_EFFECT: f32 = 50.0;
/// Number of events at which D reaches 1.
const FULL_DIFFUSION: f32 = 10_000.0;
/// What a neutral mention is worth beside pure praise.
const AWARENESS: f32 = 0.2;
/// Weight of the post's own words against each word of the audience.
pub const POST_VOICES: f32 = 10.0;

/// How much each part of the score counts; the three sum to 1 within 0.001. Presets: balanced
/// 0.2, 0.3, 0.5; awareness 0.1, 0.1, 0.8; sales 0.2, 0.5, 0.3.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// Weight of what is said.
    #[cfg_attr(test, schemars(range(min = 0, max = 1)))]
    pub sentiment: f32,
    /// Weight of being a mention of the brand at all.
    #[cfg_attr(test, schemars(range(min = 0, max = 1)))]
    pub topic: f32,
    /// Weight of how far the mention travels.
    #[cfg_attr(test, schemars(range(min = 0, max = 1)))]
    pub diffusion: f32,
}

impl Weights {
    /// The default: all three count, diffusion most.
    pub const BALANCED: Weights = Weights::new(0.2, 0.3, 0.5);
    /// For a brand that wants to be seen.
    pub const AWARENESS: Weights = Weights::new(0.1, 0.1, 0.8);
    /// For a brand that wants the right people to hear the right thing.
    pub const SALES: Weights = Weights::new(0.2, 0.5, 0.3);

    const fn new(sentiment: f32, topic: f32, diffusion: f32) -> Self {
        Weights {
            sentiment,
            topic,
            diffusion,
        }
    }

    /// Reads the name of a preset, or three numbers such as `0.2,0.3,0.5`. Whether they are fit is
    /// for [`Weights::validate`].
    ///
    /// # Errors
    /// [`Error::Invalid`] for other words.
    pub fn from_words(text: &str) -> Result<Self> {
        match text {
            "balanced" => return Ok(Weights::BALANCED),
            "awareness" => return Ok(Weights::AWARENESS),
            "sales" => return Ok(Weights::SALES),
            _ => {}
        }
        let numbers: Result<Vec<f32>, _> = text.split(',').map(|n| n.trim().parse()).collect();
        match numbers.as_deref() {
            Ok(&[sentiment, topic, diffusion]) => Ok(Weights::new(sentiment, topic, diffusion)),
            _ => Err(Error::invalid(
                "weights",
                format!(
                    "is \"{text}\": use balanced, awareness, sales or numbers such as 0.2,0.3,0.5"
                ),
            )),
        }
    }

    /// Each weight is in [0, 1] and they sum to 1 (within 0.001).
    pub fn validate(&self) -> Result<()> {
        for (field, w) in [
            ("sentiment", self.sentiment),
            ("topic", self.topic),
            ("diffusion", self.diffusion),
        ] {
            // Negated so that NaN fails too.
            if !(0.0..=1.0).contains(&w) {
                return Err(Error::invalid(field, format!("{w} is not between 0 and 1")));
            }
        }
        let sum = self.sentiment + self.topic + self.diffusion;
        if (sum - 1.0).abs() > 1e-3 {
            return Err(Error::invalid(
                "sum",
                format!("{sum}: the three weights must sum to 1"),
            ));
        }
        Ok(())
    }
}

impl Default for Weights {
    fn default() -> Self {
        Weights::BALANCED
    }
}

/// Signed points at the weights in force; the three add up to the score less 50.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Parts {
    /// Points for what is said.
    pub sentiment: f32,
    /// Points for being a mention of the brand.
    pub topic: f32,
    /// Points for how far the mention travels.
    pub diffusion: f32,
}

impl Parts {
    /// The score they make, 0 to 100.
    pub fn score(&self) -> f32 {
        clamp(NO_EFFECT + self.sentiment + self.topic + self.diffusion)
    }
}

/// v in [-1, 1]: valence with a little credit for a neutral mention.
pub fn mention_value(s: f32) -> f32 {
    s + AWARENESS * (1.0 - s.abs())
}

/// D in [0, 1] of a post with `events` reposts, quotes, replies and comments.
pub fn diffusion_of(events: f32) -> f32 {
    (events.ln_1p() / FULL_DIFFUSION.ln_1p()).min(1.0)
}

/// The number of events at which D is `d`: the inverse of [`diffusion_of`] below 1.
pub fn events_of(d: f32) -> f32 {
    (d * FULL_DIFFUSION.ln_1p()).exp_m1()
}

/// Realised valence: the post's own words count as ten voices among its audience's.
pub fn realised_valence(post: f32, audience: impl IntoIterator<Item = f32>) -> f32 {
    let (mut sum, mut voices) = (0.0, 0.0);
    for s in audience {
        sum += s;
        voices += 1.0;
    }
    let mean = if voices > 0.0 { sum / voices } else { 0.0 };
    valence_among(post, mean, voices)
}

/// [`realised_valence`] of an audience of so many `voices`, `audience` on average.
pub fn valence_among(post: f32, audience: f32, voices: f32) -> f32 {
    (POST_VOICES * post + voices * audience) / (POST_VOICES + voices)
}

/// Parts of the closed formula at weights `w`.
pub fn parts(s: f32, t: f32, d: f32, w: &Weights) -> Parts {
    let v = mention_value(s);
    Parts {
        sentiment: 50.0 * t * w.sentiment * s,
        topic: 50.0 * t * w.topic * v,
        diffusion: 50.0 * t * w.diffusion * v * d,
    }
}

/// The closed formula, 0 to 100.
pub fn formula(s: f32, t: f32, d: f32, w: &Weights) -> f32 {
    parts(s, t, d, w).score()
}

/// Keeps a score within 0 and 100.
pub fn clamp(score: f32) -> f32 {
    score.clamp(0.0, 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds_at_its_corners() {
        let w = Weights::BALANCED;
        assert_eq!(formula(1.0, 1.0, 1.0, &w), 100.0);
        assert_eq!(formula(-1.0, 1.0, 1.0, &w), 0.0);
        assert_eq!(formula(0.7, 0.0, 1.0, &w), 50.0);
        assert_eq!(formula(1.0, 1.0, 0.0, &w), 75.0);
    }

    #[test]
    fn diffusion_follows_the_stated_sizes() {
        for (n, d) in [
            (0.0, 0.0),
            (20.0, 0.33),
            (100.0, 0.50),
            (1000.0, 0.75),
            (1e6, 1.0),
        ] {
            assert!((diffusion_of(n) - d).abs() < 0.005, "{n} events");
        }
        assert!((events_of(diffusion_of(345.0)) - 345.0).abs() < 0.1);
    }

    #[test]
    fn an_audience_outvotes_the_post_only_in_numbers() {
        assert_eq!(realised_valence(0.5, []), 0.5);
        assert_eq!(realised_valence(1.0, vec![-1.0; 10]), 0.0);
    }
}
