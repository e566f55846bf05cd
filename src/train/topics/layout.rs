//! Few numbers for many, so that density means something: principal components, and a layout
//! that keeps neighbours together (UMAP, McInnes, Healy & Melville 2018).
//!
//! The layout is ours because the crates that have it draw unseeded random numbers.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::clusters::{dot, normalise};

/// Neighbours that a vector is tied to.
const NEIGHBOURS: usize = 15;
/// The curve 1 / (1 + A d^2B) that fits a least distance of 0 and a spread of 1.
const A: f32 = 1.932;
const B: f32 = 0.791;
/// Vectors that each attraction is balanced with.
const REPULSIONS: usize = 5;
/// No step moves a coordinate further.
const STEP: f32 = 4.0;
/// Width of the first layout.
const WIDTH: f32 = 10.0;

/// The vectors on their `count` first principal components. Means should be out already.
pub fn principal(x: &[Vec<f32>], count: usize, seed: u64) -> Vec<Vec<f32>> {
    let width = x.first().map_or(0, Vec::len);
    let parts = x.par_chunks(1024).map(|rows| {
        let mut sum = vec![vec![0.0f32; width]; width];
        for row in rows {
            for (sums, a) in sum.iter_mut().zip(row) {
                sums.iter_mut().zip(row).for_each(|(s, b)| *s += a * b);
            }
        }
        sum
    });
    // Added in order, whatever the threads.
    let parts: Vec<Vec<Vec<f32>>> = parts.collect();
    let mut covariance = vec![vec![0.0; width]; width];
    for part in &parts {
        let both = covariance.iter_mut().flatten().zip(part.iter().flatten());
        both.for_each(|(sum, part)| *sum += part);
    }
    // Subspace iteration: the axes turn towards the directions of most variance.
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut axes: Vec<Vec<f32>> = (0..count)
        .map(|_| (0..width).map(|_| rng.random_range(-1.0..1.0)).collect())
        .collect();
    for _ in 0..60 {
        let turned: Vec<Vec<f32>> = axes
            .par_iter()
            .map(|axis| covariance.iter().map(|row| dot(row, axis)).collect())
            .collect();
        axes.clear();
        for mut axis in turned {
            for other in &axes {
                let along = dot(&axis, other);
                axis.iter_mut()
                    .zip(other)
                    .for_each(|(a, o)| *a -= along * o);
            }
            normalise(&mut axis);
            axes.push(axis);
        }
    }
    x.par_iter()
        .map(|v| axes.iter().map(|axis| dot(v, axis)).collect())
        .collect()
}

/// The nearest others of each vector with their Euclidean distances, nearest first.
fn neighbours(x: &[Vec<f32>]) -> Vec<Vec<(usize, f32)>> {
    let squares: Vec<f32> = x.iter().map(|v| dot(v, v)).collect();
    let of = |i: usize| {
        let mut near: Vec<(usize, f32)> = (0..x.len())
            .filter(|&j| j != i)
            .map(|j| (j, squares[i] + squares[j] - 2.0 * dot(&x[i], &x[j])))
            .collect();
        let count = NEIGHBOURS.min(near.len());
        if count < near.len() {
            near.select_nth_unstable_by(count, |a, b| a.1.total_cmp(&b.1));
        }
        near.truncate(count);
        near.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        near.iter_mut().for_each(|n| n.1 = n.1.max(0.0).sqrt());
        near
    };
    (0..x.len()).into_par_iter().map(of).collect()
}

/// How strongly each vector is tied to its neighbours: 1 for the nearest, falling off so that
/// the ties of a vector add up to log2 of their number; then the fuzzy union of both directions.
fn ties(near: &[Vec<(usize, f32)>]) -> Vec<(usize, usize, f32)> {
    let mut ties = std::collections::BTreeMap::new();
    for (i, near) in near.iter().enumerate() {
        let Some(nearest) = near.iter().map(|n| n.1).find(|d| *d > 0.0) else {
            near.iter().for_each(|n| {
                ties.insert((i, n.0), 1.0);
            });
            continue;
        };
        let strength = |d: f32, scale: f32| (-(d - nearest).max(0.0) / scale).exp();
        let wanted = (near.len() as f32).log2();
        let (mut low, mut high) = (0.0f32, f32::INFINITY);
        let mut scale = 1.0;
        for _ in 0..64 {
            let sum: f32 = near.iter().map(|n| strength(n.1, scale)).sum();
            if sum > wanted {
                high = scale;
            } else {
                low = scale;
            }
            scale = if high.is_finite() {
                (low + high) / 2.0
            } else {
                scale * 2.0
            };
        }
        for &(j, d) in near {
            ties.insert((i, j), strength(d, scale.max(1e-3 * nearest)));
        }
    }
    let union = ties.iter().filter_map(|(&(i, j), &there)| {
        let back = ties.get(&(j, i)).copied();
        if back.is_some() && i > j {
            return None;
        }
        let back = back.unwrap_or(0.0);
        Some((i, j, there + back - there * back))
    });
    union.collect()
}

/// Lays the vectors out in `width` dimensions so that neighbours stay neighbours, in `rounds`
/// rounds of gradient descent from the principal components.
pub fn layout(x: &[Vec<f32>], width: usize, rounds: usize, seed: u64) -> Vec<Vec<f32>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut y = principal(x, width, seed);
    let far = y
        .iter()
        .flatten()
        .fold(f32::MIN_POSITIVE, |m, v| m.max(v.abs()));
    for v in y.iter_mut().flatten() {
        *v = *v * WIDTH / far + rng.random_range(-1e-3..1e-3);
    }
    let ties = ties(&neighbours(x));
    let strongest = ties.iter().fold(0.0f32, |m, t| m.max(t.2));
    let mut due = vec![0.0f32; ties.len()];
    for round in 0..rounds {
        let rate = 1.0 - round as f32 / rounds as f32;
        for (&(i, j, tie), due) in ties.iter().zip(&mut due) {
            // A tie acts in as many rounds as it is strong.
            *due += tie / strongest;
            if *due < 1.0 {
                continue;
            }
            *due -= 1.0;
            let d2 = apart(&y[i], &y[j]);
            if d2 > 0.0 {
                let pull = -2.0 * A * B * d2.powf(B - 1.0) / (1.0 + A * d2.powf(B));
                if let Ok([a, b]) = y.get_disjoint_mut([i, j]) {
                    for (a, b) in a.iter_mut().zip(b) {
                        let step = rate * (pull * (*a - *b)).clamp(-STEP, STEP);
                        *a += step;
                        *b -= step;
                    }
                }
            }
            for _ in 0..REPULSIONS {
                let other = rng.random_range(0..y.len());
                // Both ends of a tie are pushed in turn.
                let end = if rng.random::<bool>() { i } else { j };
                // A vector isn't pushed from itself.
                let Ok([a, b]) = y.get_disjoint_mut([end, other]) else {
                    continue;
                };
                let d2 = apart(a, b);
                let push = 2.0 * B / ((0.001 + d2) * (1.0 + A * d2.powf(B)));
                for (a, b) in a.iter_mut().zip(b) {
                    *a += rate * (push * (*a - *b)).clamp(-STEP, STEP);
                }
            }
        }
    }
    y
}

fn apart(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two bunches along axes of a space of 20, and how far each vector is off.
    fn bunches() -> Vec<Vec<f32>> {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut vector = |i: usize| -> Vec<f32> {
            let mut v: Vec<f32> = (0..20).map(|_| rng.random_range(-0.1..0.1)).collect();
            v[i] += if i == 0 { 3.0 } else { 1.0 };
            v
        };
        (0..80).map(|i| vector(i % 2)).collect()
    }

    #[test]
    fn components_come_by_variance_and_keep_what_is_there() {
        let x = bunches();
        let y = principal(&x, 3, 1);
        let power = |k: usize| y.iter().map(|v| v[k] * v[k]).sum::<f32>();
        assert!(power(0) > power(1) && power(1) > power(2));
        // The two axes hold nearly everything.
        let all: f32 = x.iter().map(|v| dot(v, v)).sum();
        assert!((power(0) + power(1)) / all > 0.95);
        let whole: f32 = principal(&x, 20, 1).iter().map(|v| dot(v, v)).sum();
        assert!((whole / all - 1.0).abs() < 1e-3);
    }

    #[test]
    fn neighbours_stay_together_and_strangers_apart() {
        let y = layout(&bunches(), 2, 100, 1);
        assert!(y.iter().flatten().all(|v| v.is_finite()));
        let centre = |i: usize| -> Vec<f32> {
            let of = y.iter().skip(i).step_by(2);
            (0..2)
                .map(|k| of.clone().map(|v| v[k]).sum::<f32>() / 40.0)
                .collect()
        };
        let (a, b) = (centre(0), centre(1));
        for (i, v) in y.iter().enumerate() {
            let (own, other) = if i % 2 == 0 { (&a, &b) } else { (&b, &a) };
            assert!(apart(v, own) < apart(v, other), "{i}");
        }
        assert_eq!(y, layout(&bunches(), 2, 100, 1));
    }

    #[test]
    fn ties_fall_off_and_vectors_on_one_spot_hold_fast() {
        let line: Vec<Vec<f32>> = (0..40).map(|i| vec![(i * i) as f32]).collect();
        let ties = ties(&neighbours(&line));
        assert!(
            ties.iter()
                .all(|t| t.0 != t.1 && t.2 > 0.0 - f32::EPSILON && t.2 <= 1.0)
        );
        let tie = |i, j| {
            ties.iter()
                .find(|t| (t.0, t.1) == (i, j))
                .map_or(0.0, |t| t.2)
        };
        assert_eq!(tie(0, 1), 1.0);
        assert!(tie(0, 5) < tie(0, 2));
        let same = vec![vec![1.0; 4]; 20];
        assert!(super::ties(&neighbours(&same)).iter().all(|t| t.2 == 1.0));
    }
}
