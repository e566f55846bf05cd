//! Which feature moved the score by how much: Shapley values over the three groups, Owen values
//! within them (Owen 1977), exact, against a background of ordinary posts.
//!
//! A feature's value is its mean marginal effect over all orders in which first groups, then the
//! features inside the entering group, take the post's values instead of a background post's. All
//! values add up to the post's score less the background's mean score.

mod kept;
pub mod plain;
pub mod words;

use crate::features::{FEATURES, FeatureVector, Group, TOPICS};
use crate::value::{Weights, formula};

/// A scoring function whose first step is a sum over features, so that exchanging one feature
/// costs little.
pub trait Additive {
    type State: Clone;
    /// The sum for `x`.
    fn state(&self, x: &FeatureVector) -> Self::State;
    /// Changes one feature by `change`.
    fn add(&self, state: &mut Self::State, feature: usize, change: f32);
    /// The score.
    fn value(&self, state: &Self::State) -> f32;
}

/// The closed formula at D = 0, for posts whose diffusion isn't modelled.
pub struct FormulaWithoutDiffusion;

impl Additive for FormulaWithoutDiffusion {
    type State = FeatureVector;

    fn state(&self, x: &FeatureVector) -> Self::State {
        *x
    }

    fn add(&self, state: &mut Self::State, feature: usize, change: f32) {
        state[feature] += change;
    }

    fn value(&self, x: &Self::State) -> f32 {
        let t: f32 = x[Group::Topics.range()].iter().sum();
        formula(x[0], t, 0.0, &Weights::BALANCED)
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
pub fn attribute<M: Additive>(
    model: &M,
    x: &FeatureVector,
    background: &[FeatureVector],
) -> Attribution {
    let mut points = [0f64; FEATURES];
    let mut base = 0f64;
    for ordinary in background {
        base += f64::from(model.value(&model.state(ordinary)));
        for group in Group::ALL {
            let others: Vec<Group> = Group::ALL.into_iter().filter(|g| *g != group).collect();
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
                within(model, x, ordinary, &start, group, weight, &mut points);
            }
        }
    }
    let n = background.len() as f64;
    Attribution {
        base: (base / n) as f32,
        points: points.map(|p| (p / n) as f32),
    }
}

/// Adds the Shapley values of the game among the features of `group`, the others fixed at
/// `start`, times `weight`.
fn within<M: Additive>(
    model: &M,
    x: &FeatureVector,
    ordinary: &FeatureVector,
    start: &FeatureVector,
    group: Group,
    weight: f64,
    points: &mut [f64; FEATURES],
) {
    let members = group.range();
    let n = members.len();
    let mut values = [0f32; 1 << TOPICS];
    let mut state = model.state(start);
    values[0] = model.value(&state);
    // Gray code: neighbouring subsets differ in one feature.
    let mut subset = 0usize;
    for step in 1..1usize << n {
        let member = step.trailing_zeros() as usize;
        let feature = members.start + member;
        subset ^= 1 << member;
        let change = x[feature] - ordinary[feature];
        let sign = if subset >> member & 1 == 1 { 1.0 } else { -1.0 };
        model.add(&mut state, feature, sign * change);
        values[subset] = model.value(&state);
    }
    // Weight of a subset of k members: k! (n - k - 1)! / n!.
    let mut share = [0f64; TOPICS];
    share[0] = 1.0 / n as f64;
    for k in 1..n {
        share[k] = share[k - 1] * k as f64 / (n - k) as f64;
    }
    for subset in 0..1usize << n {
        let size = subset.count_ones() as usize;
        for member in (0..n).filter(|m| subset >> m & 1 == 0) {
            let gain = f64::from(values[subset | 1 << member]) - f64::from(values[subset]);
            points[members.start + member] += weight * share[size] * gain;
        }
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
        fn add(&self, state: &mut Self::State, feature: usize, change: f32) {
            state[feature] += change;
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
