//! Each feature's share of the score: Shapley values over the three groups, Owen values within them
//! (Owen 1977), exact, against a background of ordinary posts.
//!
//! A feature's value is its mean marginal effect over all orders in which first groups, then the
//! features inside the entering group, take the post's values instead of a background post's. All
//! values add up to the post's score less the background's mean score.

mod cut;
pub mod phrases;
pub mod plain;
mod protected;

use std::ops::Range;

use crate::definition::features::{FEATURES, FeatureVector, Group, TOPICS};
use crate::definition::predict::ScoreState;
use crate::definition::value::Weights;

/// A scoring function whose first step is a sum over features, so that exchanging one feature
/// costs little.
pub trait Additive {
    /// The sum, and what else the rest of the function needs.
    type State: Clone;
    /// The sum for `x`.
    fn state(&self, x: &FeatureVector) -> Self::State;
    /// Changes one feature by `change`.
    fn add(&self, state: &mut Self::State, feature: usize, change: f64);
    /// The score.
    fn value(&self, state: &Self::State) -> f32;
}

/// The score itself, as the head makes it of features.
pub struct Definition;

impl Additive for Definition {
    type State = ScoreState;

    fn state(&self, x: &FeatureVector) -> ScoreState {
        ScoreState::of(x)
    }

    fn add(&self, state: &mut ScoreState, feature: usize, change: f64) {
        state.add(feature, change);
    }

    fn value(&self, state: &ScoreState) -> f32 {
        state.quantities().score(&Weights::BALANCED)
    }
}

/// A score split into what each feature added to the background's mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribution {
    /// Mean score of the background.
    pub base: f32,
    /// Points per feature; base plus their sum is the score.
    pub points: FeatureVector,
}

/// Splits the score that `model` gives `x`.
///
/// Shapley values are linear in the game, so the games against all of the background, and in all
/// orders of the groups, are summed up before they are shared out.
pub fn attribute<M: Additive>(
    model: &M,
    x: &FeatureVector,
    background: &[FeatureVector],
) -> Attribution {
    let n = background.len() as f64;
    let bases = background
        .iter()
        .map(|ordinary| f64::from(model.value(&model.state(ordinary))));
    let base = bases.sum::<f64>() / n;
    let mut points = [0f32; FEATURES];
    for group in Group::ALL {
        let others: Vec<Group> = Group::ALL.into_iter().filter(|g| *g != group).collect();
        let mut game = Game::new(group);
        for ordinary in background {
            for entered in 0..4usize {
                let mut start = *ordinary;
                for (bit, other) in others.iter().enumerate() {
                    if entered >> bit & 1 == 1 {
                        start[other.range()].copy_from_slice(&x[other.range()]);
                    }
                }
                // Of the six orders of three groups, this group enters after none, one certain
                // one, or both others in 2, 1, 1 and 2 of them.
                let weight = [2.0, 1.0, 1.0, 2.0][entered] / 6.0;
                game.add(model, x, ordinary, &start, weight / n);
            }
        }
        for (point, share) in points[group.range()].iter_mut().zip(game.shares()) {
            *point = share as f32;
        }
    }
    Attribution {
        base: base as f32,
        points,
    }
}

/// The worth of each subset of a group's features, subsets as bits.
struct Game {
    members: Range<usize>,
    values: [f64; 1 << TOPICS],
}

impl Game {
    fn new(group: Group) -> Self {
        Game {
            members: group.range(),
            values: [0.0; 1 << TOPICS],
        }
    }

    /// Adds, times `weight`, the game in which features of `x` take the place of `ordinary` ones,
    /// those of the other groups fixed at `start`.
    fn add<M: Additive>(
        &mut self,
        model: &M,
        x: &FeatureVector,
        ordinary: &FeatureVector,
        start: &FeatureVector,
        weight: f64,
    ) {
        let mut state = model.state(start);
        self.values[0] += weight * f64::from(model.value(&state));
        // Gray code: neighbouring subsets differ in one feature.
        let mut subset = 0usize;
        for step in 1..1usize << self.members.len() {
            let member = step.trailing_zeros() as usize;
            let feature = self.members.start + member;
            subset ^= 1 << member;
            let change = f64::from(x[feature]) - f64::from(ordinary[feature]);
            let sign = if subset >> member & 1 == 1 { 1.0 } else { -1.0 };
            model.add(&mut state, feature, sign * change);
            self.values[subset] += weight * f64::from(model.value(&state));
        }
    }

    /// The Shapley value of each member.
    fn shares(&self) -> Vec<f64> {
        let n = self.members.len();
        // Weight of a subset of k members: k! (n - k - 1)! / n!.
        let mut weight = vec![1.0 / n as f64];
        for k in 1..n {
            weight.push(weight[k - 1] * k as f64 / (n - k) as f64);
        }
        let share = |member: usize| {
            let without = (0..1usize << n).filter(|subset| subset >> member & 1 == 0);
            let gain = |s: usize| self.values[s | 1 << member] - self.values[s];
            without
                .map(|s| weight[s.count_ones() as usize] * gain(s))
                .sum()
        };
        (0..n).map(share).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A score with interactions across and within groups.
    struct Bumpy;

    impl Additive for Bumpy {
        type State = FeatureVector;
        fn state(&self, x: &FeatureVector) -> Self::State {
            *x
        }
        fn add(&self, state: &mut Self::State, feature: usize, change: f64) {
            state[feature] += change as f32;
        }
        fn value(&self, x: &Self::State) -> f32 {
            let t: f32 = x[1..11].iter().sum();
            (50.0 + 30.0 * x[0] * t + 9.0 * x[3] * x[4] - 4.0 * x[11] * x[12] * x[1]).max(20.0)
        }
    }

    fn example(seed: u32) -> FeatureVector {
        std::array::from_fn(|i| ((seed * 31 + i as u32 * 17) % 23) as f32 / 11.0 - 1.0)
    }

    #[test]
    fn points_add_up_to_the_score_less_base() {
        let background: Vec<_> = (10..15).map(example).collect();
        for seed in 0..5 {
            let x = example(seed);
            let a = attribute(&Bumpy, &x, &background);
            let sum: f32 = a.points.iter().sum();
            assert!((a.base + sum - Bumpy.value(&x)).abs() < 1e-3);
        }
    }

    #[test]
    fn group_sums_are_shapley_values_over_all_orders() {
        let (x, ordinary) = (example(3), example(7));
        let a = attribute(&Bumpy, &x, &[ordinary]);
        let mut expected = [0f32; 3];
        for order in [
            [0, 1, 2],
            [0, 2, 1],
            [1, 0, 2],
            [1, 2, 0],
            [2, 0, 1],
            [2, 1, 0],
        ] {
            let mut mixed = ordinary;
            for g in order {
                let before = Bumpy.value(&mixed);
                let range = Group::ALL[g].range();
                mixed[range.clone()].copy_from_slice(&x[range]);
                expected[g] += (Bumpy.value(&mixed) - before) / 6.0;
            }
        }
        for (group, expected) in Group::ALL.into_iter().zip(expected) {
            let got: f32 = a.points[group.range()].iter().sum();
            assert!(
                (got - expected).abs() < 1e-3,
                "{group:?}: {got} for {expected}"
            );
        }
    }

    #[test]
    fn a_feature_that_changes_nothing_gets_nothing() {
        let a = attribute(&Bumpy, &example(1), &[example(2)]);
        for unused in [13, 14, 15] {
            assert_eq!(a.points[unused], 0.0);
        }
    }
}
