//! Where the realised value lies in nine of ten cases.
//!
//! Posts like the cascades have an interval of the errors on validation cascades seen as long.
//! For others there are no errors to measure: their interval goes from the worst to the best of
//! reach and mood that nine of ten such posts have, and the error of reading that cascades keep
//! when all of them is seen. Between both it goes over without a step.

use super::COVERAGE;
use super::answer::Interval;
use super::bundle::Residuals;
use crate::definition::predict::Quantities;
use crate::definition::value::{self, Weights, valence_among};
use crate::diffusion::DiffusionForecast;

/// How far the mood of voices that nobody has heard may lie from what is expected of them, either
/// way, in nine of ten cases.
const MOOD: f32 = 0.8;
/// Half-width where a bundle states no residuals: the whole scale.
const NOTHING_KNOWN: f32 = 100.0;

/// What an interval is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Band {
    /// How far the errors are those of cascades, [0, 1].
    support: f32,
    /// Range of D.
    d: (f32, f32),
    /// Range of s.
    s: (f32, f32),
    observed_until: u32,
    /// True if the words may be meant the other way: the interval holds both readings then.
    ironic: bool,
}

impl Band {
    /// The band of a forecast: `own` is the valence of the post's words.
    pub fn of(own: f32, forecast: &DiffusionForecast, observed_until: u32, ironic: bool) -> Self {
        let features = &forecast.features;
        let heard = features.voices;
        let s = valence_among(own, features.audience, heard);
        // Voices to come are among the audience already; those of unknown words are not.
        let unheard = forecast.unheard;
        let share = unheard / (value::POST_VOICES + heard.max(unheard));
        let away = MOOD * share;
        Band {
            support: forecast.support,
            d: forecast.d_interval,
            s: ((s - away).max(-1.0), (s + away).min(1.0)),
            observed_until,
            ironic,
        }
    }

    /// The interval of a score at `weights`.
    pub fn interval(
        &self,
        quantities: &Quantities,
        weights: &Weights,
        residuals: &[Residuals],
    ) -> Interval {
        // Residuals are of the default weights; the part that gains most weight bounds the growth.
        let w0 = Weights::BALANCED;
        let growth = (weights.sentiment / w0.sentiment)
            .max(weights.topic / w0.topic)
            .max(weights.diffusion / w0.diffusion);
        let spread = quantities.t * growth;
        let residual = |r: Option<&Residuals>| {
            let (low, high) = r.map_or((-NOTHING_KNOWN, NOTHING_KNOWN), |r| (r.low, r.high));
            (spread * low, spread * high)
        };
        let mut by_time = residuals.iter().rev();
        let seen = by_time.find(|r| r.observed_until <= self.observed_until);
        let (below, above) = residual(seen.or(residuals.first()));
        let (reading_below, reading_above) = residual(residuals.last());
        let bsmv = quantities.score(weights);
        let ends = [self.d.0, quantities.d, self.d.1].map(|d| {
            [self.s.0, quantities.s, self.s.1].map(|s| {
                Quantities {
                    s,
                    d,
                    ..*quantities
                }
                .score(weights)
            })
        });
        let ends = ends.as_flattened();
        let least = ends.iter().copied().fold(bsmv, f32::min) + reading_below;
        let most = ends.iter().copied().fold(bsmv, f32::max) + reading_above;
        let joined = |cascades: f32, other: f32| other + self.support * (cascades - other);
        let (mut low, mut high) = (joined(bsmv + below, least), joined(bsmv + above, most));
        if self.ironic {
            let other_way = Quantities {
                s: -quantities.s,
                ..*quantities
            };
            let other_way = other_way.score(weights);
            (low, high) = (low.min(other_way + below), high.max(other_way + above));
        }
        Interval {
            low: value::clamp(low),
            high: value::clamp(high),
            coverage: COVERAGE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESIDUALS: [Residuals; 2] = [
        Residuals {
            observed_until: 0,
            low: -14.0,
            high: 15.0,
        },
        Residuals {
            observed_until: 86_400,
            low: -2.0,
            high: 3.0,
        },
    ];

    fn interval(support: f32, observed_until: u32) -> Interval {
        let band = Band {
            support,
            d: (0.1, 0.5),
            s: (0.5, 0.7),
            observed_until,
            ironic: false,
        };
        let quantities = Quantities {
            s: 0.6,
            t: 1.0,
            d: 0.3,
        };
        band.interval(&quantities, &Weights::BALANCED, &RESIDUALS)
    }

    #[test]
    fn an_interval_goes_over_from_cascades_to_other_posts_without_a_step() {
        let mut last = interval(0.0, 0);
        for step in 1..=100 {
            let next = interval(step as f32 / 100.0, 0);
            assert!((next.low - last.low).abs() < 0.3 && (next.high - last.high).abs() < 0.3);
            last = next;
        }
    }

    #[test]
    fn it_narrows_as_more_is_seen() {
        let width = |i: Interval| i.high - i.low;
        assert!(width(interval(1.0, 86_400)) < width(interval(1.0, 0)));
    }
}
