//! The BSMV head: the definition, applied to what is forecast.
//!
//! s is the post's own valence, as ten voices, among those of its audience; T is what the topics
//! add up to; D is the graph network's. `bsmv eval bsmv` measures it beside a network of
//! 16-32-32-4 numbers, linear regression and boosted trees fitted to the same forecasts. Unlike
//! those it can't let a complaint rise with its reposts.

use crate::definition::features::{AUDIENCE, FeatureVector, Group, OWN, SIZE, VOICES};
use crate::definition::value::{Weights, formula, valence_among};

/// What the head says of one post.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeadOutput {
    /// 0 to 100, at default weights.
    pub bsmv: f32,
    /// [-1, 1].
    pub s: f32,
    /// [0, 1].
    pub t: f32,
    /// [0, 1].
    pub d: f32,
}

/// What a sum over features holds of them: enough for the score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sums {
    /// Valence of the post, mean valence and number of its audience's voices.
    pub own: f64,
    pub audience: f64,
    pub voices: f64,
    pub t: f64,
    pub d: f64,
}

impl Sums {
    /// Of one post's features.
    pub fn of(x: &FeatureVector) -> Self {
        let at = |i: usize| f64::from(x[i]);
        Sums {
            own: at(OWN),
            audience: at(AUDIENCE),
            voices: at(VOICES),
            t: Group::Topics.range().map(at).sum(),
            d: at(SIZE),
        }
    }

    /// Changes one feature. Speed, depth and leaders are told, and move nothing.
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

    /// Valence, relevance, diffusion and the score they make.
    pub fn output(&self) -> HeadOutput {
        let voices = self.voices.max(0.0) as f32;
        let s = valence_among(self.own as f32, self.audience as f32, voices).clamp(-1.0, 1.0);
        let t = (self.t as f32).clamp(0.0, 1.0);
        let d = (self.d as f32).clamp(0.0, 1.0);
        let bsmv = formula(s, t, d, &Weights::BALANCED);
        HeadOutput { bsmv, s, t, d }
    }
}

/// What the head says of a post with these features.
pub fn predict(x: &FeatureVector) -> HeadOutput {
    Sums::of(x).output()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::features::{DiffusionForecast, TOPICS, assemble};

    fn post(s: f32, t: f32, forecast: DiffusionForecast) -> HeadOutput {
        predict(&assemble(s, &[1.0 / TOPICS as f32; TOPICS], t, &forecast))
    }

    #[test]
    fn silent_audiences_leave_the_post_its_valence() {
        let forecast = DiffusionForecast {
            d: 0.5,
            audience: -1.0,
            ..DiffusionForecast::default()
        };
        let said = post(0.8, 0.9, forecast);
        assert!((said.s - 0.8).abs() < 1e-6 && (said.t - 0.9).abs() < 1e-6);
        assert_eq!(said.d, 0.5);
        assert_eq!(said.bsmv, formula(said.s, said.t, 0.5, &Weights::BALANCED));
    }

    #[test]
    fn ten_voices_weigh_as_much_as_the_post() {
        let forecast = DiffusionForecast {
            audience: -0.6,
            voices: 10.0,
            ..DiffusionForecast::default()
        };
        assert!((post(0.8, 1.0, forecast).s - 0.1).abs() < 1e-6);
    }
}
