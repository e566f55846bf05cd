//! Clusters of vectors: by density, by spherical k-means, and the hierarchy of either.

use anyhow::{Context, Result};
use hdbscan::{Hdbscan, HdbscanHyperParams};
use indicatif::ProgressBar;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Vectors that must lie close by for a place to count as dense.
const CORE: usize = 5;

/// The cluster of each unit vector by k-means on the sphere with the k-means++ start, until
/// nothing moves or `rounds` are over.
pub fn kmeans(x: &[Vec<f32>], k: usize, rounds: usize, seed: u64, bar: &ProgressBar) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut centroids = vec![x[rng.random_range(0..x.len())].clone()];
    let mut distance = vec![f32::INFINITY; x.len()];
    while centroids.len() < k {
        let last = &centroids[centroids.len() - 1];
        for (d, v) in distance.iter_mut().zip(x) {
            *d = d.min(1.0 - dot(v, last)).max(0.0);
        }
        let mut point = rng.random_range(0.0..distance.iter().sum::<f32>());
        let next = distance.iter().position(|d| {
            point -= d;
            point < 0.0
        });
        centroids.push(x[next.unwrap_or(x.len() - 1)].clone());
    }
    let mut of = vec![0; x.len()];
    for _ in 0..rounds {
        let found: Vec<usize> = x.par_iter().map(|v| nearest(v, &centroids)).collect();
        bar.inc(1);
        if found == of {
            break;
        }
        of = found;
        for (c, centroid) in centroids.iter_mut().enumerate() {
            let mut sum = vec![0.0; centroid.len()];
            for (v, _) in x.iter().zip(&of).filter(|(_, of)| **of == c) {
                sum.iter_mut().zip(v).for_each(|(s, v)| *s += v);
            }
            // A cluster that lost everything stays where it was.
            if normalise(&mut sum) {
                *centroid = sum;
            }
        }
    }
    of
}

/// Clusters where vectors lie close together (HDBSCAN, Campello, Moulavi & Sander 2013), at
/// least `least` in each, the largest first; no cluster for vectors that lie apart.
pub fn dense(x: &[Vec<f32>], least: usize) -> Result<Vec<Option<usize>>> {
    let how = HdbscanHyperParams::builder()
        .min_cluster_size(least)
        .min_samples(CORE.min(least))
        .build();
    let found = Hdbscan::new(x, how)
        .cluster()
        .context("clustering by density")?;
    let of: Vec<Option<usize>> = found.iter().map(|&c| usize::try_from(c).ok()).collect();
    let mut sizes = vec![0; of.iter().flatten().max().map_or(0, |m| m + 1)];
    of.iter().flatten().for_each(|&c| sizes[c] += 1);
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|&c| (std::cmp::Reverse(sizes[c]), c));
    let mut rank = vec![0; order.len()];
    order.iter().enumerate().for_each(|(r, &c)| rank[c] = r);
    Ok(of.into_iter().map(|c| c.map(|c| rank[c])).collect())
}

/// Joins clusters of the given sizes two by two, always those whose union adds least to the
/// squared distances (Ward 1963), until one is left: the two nodes and that cost. Nodes are the
/// clusters, then the joins in order.
pub fn ward(centroids: &[Vec<f32>], sizes: &[usize]) -> Vec<(usize, usize, f32)> {
    let mut open: Vec<(usize, Vec<f32>, f32)> = centroids
        .iter()
        .zip(sizes)
        .enumerate()
        .map(|(i, (c, &n))| (i, c.clone(), n as f32))
        .collect();
    let cost = |a: &(usize, Vec<f32>, f32), b: &(usize, Vec<f32>, f32)| {
        let apart: f32 = a.1.iter().zip(&b.1).map(|(a, b)| (a - b).powi(2)).sum();
        a.2 * b.2 / (a.2 + b.2) * apart
    };
    // The costs of each open node with those after it.
    let mut costs: Vec<Vec<f32>> = (0..open.len())
        .map(|i| open[i + 1..].iter().map(|b| cost(&open[i], b)).collect())
        .collect();
    let mut joins = Vec::new();
    while open.len() > 1 {
        let mut best = (f32::INFINITY, 0, 1);
        for (i, row) in costs.iter().enumerate() {
            for (j, &cost) in row.iter().enumerate() {
                if cost < best.0 {
                    best = (cost, i, i + 1 + j);
                }
            }
        }
        let (least, i, j) = best;
        let (b, other, m) = open.remove(j);
        let (a, mut centre, n) = open.remove(i);
        for (k, row) in costs.iter_mut().enumerate().take(j) {
            row.remove(j - k - 1);
            if k < i {
                row.remove(i - k - 1);
            }
        }
        costs.remove(j);
        costs.remove(i);
        for (a, b) in centre.iter_mut().zip(&other) {
            *a = (*a * n + b * m) / (n + m);
        }
        let node = (centroids.len() + joins.len(), centre, n + m);
        for (row, other) in costs.iter_mut().zip(&open) {
            row.push(cost(other, &node));
        }
        open.push(node);
        costs.push(Vec::new());
        joins.push((a, b, least));
    }
    joins
}

/// Index of the centroid with the highest cosine.
fn nearest(v: &[f32], centroids: &[Vec<f32>]) -> usize {
    let cosines: Vec<f32> = centroids.iter().map(|c| dot(v, c)).collect();
    (0..cosines.len())
        .max_by(|&a, &b| cosines[a].total_cmp(&cosines[b]))
        .unwrap_or(0)
}

/// Scales to length 1; false where there is nothing to scale.
pub fn normalise(v: &mut [f32]) -> bool {
    let length = dot(v, v).sqrt();
    if length <= 0.0 {
        return false;
    }
    v.iter_mut().for_each(|x| *x /= length);
    true
}

/// In lanes, which the compiler turns into vector instructions.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
    let mut lanes = [0.0; 16];
    for (a, b) in a.iter().zip(b) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thirty vectors near three axes, ten each.
    fn three_bunches() -> Vec<Vec<f32>> {
        (0..30)
            .map(|i| {
                let mut v = vec![0.02 * i as f32 / 30.0; 4];
                v[i / 10] = 1.0;
                normalise(&mut v);
                v
            })
            .collect()
    }

    #[test]
    fn bunches_are_found_and_repeat() {
        let x = three_bunches();
        let found = kmeans(&x, 3, 20, 7, &ProgressBar::hidden());
        for bunch in found.chunks(10) {
            assert!(bunch.iter().all(|c| *c == bunch[0]));
        }
        assert_ne!(found[0], found[10]);
        assert_ne!(found[10], found[20]);
        assert_eq!(found, kmeans(&x, 3, 20, 7, &ProgressBar::hidden()));
    }

    #[test]
    fn density_separates_blobs_and_leaves_noise_apart() {
        // Blobs of 30 and 20 on the plane, and five vectors far from all.
        let blob = |at: f32, n: usize| {
            (0..n).map(move |i| vec![at + (i % 6) as f32 * 0.1, (i / 6) as f32 * 0.1])
        };
        let far = [
            [50.0, 50.0],
            [-50.0, 9.0],
            [30.0, -70.0],
            [90.0, 1.0],
            [-9.0, 80.0],
        ];
        let mut x: Vec<Vec<f32>> = blob(10.0, 20).chain(blob(0.0, 30)).collect();
        x.extend(far.map(|v| v.to_vec()));
        let of = dense(&x, 10).unwrap();
        assert!(of[..20].iter().all(|c| *c == Some(1)), "{of:?}");
        assert!(of[20..50].iter().all(|c| *c == Some(0)), "{of:?}");
        assert!(of[50..].iter().all(Option::is_none), "{of:?}");
        assert!(dense(&[], 10).is_err());
    }

    #[test]
    fn near_centroids_join_first_and_all_in_the_end() {
        let centroids = [[1.0, 0.0], [0.0, 1.0], [0.99, 0.1], [0.1, 0.9]].map(|c| c.to_vec());
        let joins = ward(&centroids, &[10, 10, 10, 10]);
        let nodes: Vec<(usize, usize)> = joins.iter().map(|j| (j.0, j.1)).collect();
        assert_eq!(nodes, [(0, 2), (1, 3), (4, 5)]);
        // 10 x 10 / 20 times the squared distance.
        assert!((joins[0].2 - 5.0 * 0.0101).abs() < 1e-5);
        assert!(joins.windows(2).all(|j| j[0].2 <= j[1].2));
    }

    #[test]
    fn dots_of_any_length() {
        for n in [0, 3, 16, 37] {
            let v: Vec<f32> = (0..n).map(|i| i as f32).collect();
            assert_eq!(dot(&v, &v), v.iter().map(|x| x * x).sum::<f32>());
        }
    }
}
