//! The BSMV head: the definition, applied to what is forecast.
//!
//! s is the post's own valence, as ten voices, among those of its audience; T is what the topics
//! add up to; D is the graph network's. `bsmv eval bsmv` measures it beside a network of
//! 16-32-32-4 numbers, linear regression and boosted trees fitted to the same forecasts. Unlike
//! those it can't let a complaint rise with its reposts.

use crate::definition::features::{AUDIENCE, FeatureVector, Group, OWN, SIZE, VOICES};
use crate::definition::value::{Parts, Weights, parts, valence_among};

/// The three quantities of the definition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantities {
    /// Valence of the post and its audience, [-1, 1].
    pub s: f32,
    /// Relevance to the brand, [0, 1].
    pub t: f32,
    /// Diffusion, [0, 1].
    pub d: f32,
}

impl Quantities {
    /// The parts of the score that they make.
    pub fn parts(&self, weights: &Weights) -> Parts {
        parts(self.s, self.t, self.d, weights)
    }

    /// The score that they make, 0 to 100.
    pub fn score(&self, weights: &Weights) -> f32 {
        self.parts(weights).score()
    }
}

/// The sums over a post's features that its quantities are made of; one feature is exchanged by
/// adding its change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoreState {
    /// Valence of the post's own words, [-1, 1].
    pub own: f64,
    /// Mean valence of its audience's words, [-1, 1].
    pub audience: f64,
    /// Number of its audience's voices.
    pub voices: f64,
    /// Relevance, [0, 1].
    pub t: f64,
    /// Diffusion, [0, 1].
    pub d: f64,
}

impl ScoreState {
    /// The sums over one post's features.
    pub fn of(x: &FeatureVector) -> Self {
        let at = |i: usize| f64::from(x[i]);
        ScoreState {
            own: at(OWN),
            audience: at(AUDIENCE),
            voices: at(VOICES),
            t: Group::Topics.range().map(at).sum(),
            d: at(SIZE),
        }
    }

    /// Changes one feature. Speed, depth and leaders are shown, and move nothing.
    pub fn add(&mut self, feature: usize, change: f64) {
        match feature {
            OWN => self.own += change,
            AUDIENCE => self.audience += change,
            VOICES => self.voices += change,
            SIZE => self.d += change,
            topic if Group::Topics.range().contains(&topic) => self.t += change,
            _ => {}
        }
    }

    /// The quantities they make, each within its range.
    pub fn quantities(&self) -> Quantities {
        let voices = self.voices.max(0.0) as f32;
        Quantities {
            s: valence_among(self.own as f32, self.audience as f32, voices).clamp(-1.0, 1.0),
            t: (self.t as f32).clamp(0.0, 1.0),
            d: (self.d as f32).clamp(0.0, 1.0),
        }
    }
}

/// The quantities that the head predicts of a post with these features.
pub fn predict(x: &FeatureVector) -> Quantities {
    ScoreState::of(x).quantities()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::features::{DiffusionFeatures, TOPICS, assemble};
    use crate::definition::value::formula;

    fn post(s: f32, t: f32, diffusion: DiffusionFeatures) -> Quantities {
        predict(&assemble(s, &[1.0 / TOPICS as f32; TOPICS], t, &diffusion))
    }

    #[test]
    fn silent_audiences_leave_the_post_its_valence() {
        let diffusion = DiffusionFeatures {
            d: 0.5,
            audience: -1.0,
            ..DiffusionFeatures::default()
        };
        let found = post(0.8, 0.9, diffusion);
        assert!((found.s - 0.8).abs() < 1e-6 && (found.t - 0.9).abs() < 1e-6);
        assert_eq!(found.d, 0.5);
        let weights = Weights::SALES;
        let score = formula(found.s, found.t, 0.5, &weights);
        assert_eq!(found.score(&weights), score);
    }

    #[test]
    fn ten_voices_weigh_as_much_as_the_post() {
        let diffusion = DiffusionFeatures {
            audience: -0.6,
            voices: 10.0,
            ..DiffusionFeatures::default()
        };
        assert!((post(0.8, 1.0, diffusion).s - 0.1).abs() < 1e-6);
    }
}
