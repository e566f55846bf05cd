//! Clusters of unit vectors: spherical k-means, and Ward merging of its centroids.

use indicatif::ProgressBar;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Centroids of length 1 and the cluster of each vector.
pub struct Clusters {
    pub centroids: Vec<Vec<f32>>,
    pub of: Vec<usize>,
}

/// k-means on the sphere with the k-means++ start, until nothing moves or `rounds` are over.
pub fn kmeans(x: &[Vec<f32>], k: usize, rounds: usize, seed: u64, bar: &ProgressBar) -> Clusters {
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
    Clusters { centroids, of }
}

/// Merges clusters of the given sizes, always the two whose union adds least to the squared
/// distances (Ward 1963), until `groups` are left; the group of each cluster.
pub fn merge(centroids: &[Vec<f32>], sizes: &[usize], groups: usize) -> Vec<usize> {
    let mut nodes: Vec<(Vec<f32>, f32, Vec<usize>)> = centroids
        .iter()
        .zip(sizes)
        .enumerate()
        .map(|(i, (c, &n))| (c.clone(), n as f32, vec![i]))
        .collect();
    while nodes.len() > groups {
        let mut best = (f32::INFINITY, 0, 1);
        for i in 0..nodes.len() {
            for j in i + 1..nodes.len() {
                let ((a, n, _), (b, m, _)) = (&nodes[i], &nodes[j]);
                let apart: f32 = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum();
                let cost = n * m / (n + m) * apart;
                if cost < best.0 {
                    best = (cost, i, j);
                }
            }
        }
        let (b, m, members) = nodes.remove(best.2);
        let (a, n, all) = &mut nodes[best.1];
        let total = *n + m;
        for (a, b) in a.iter_mut().zip(&b) {
            *a = (*a * *n + b * m) / total;
        }
        *n = total;
        all.extend(members);
    }
    let mut group = vec![0; centroids.len()];
    for (g, (_, _, members)) in nodes.iter().enumerate() {
        members.iter().for_each(|&i| group[i] = g);
    }
    group
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

pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
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
        let found = kmeans(&x, 3, 20, 7, &ProgressBar::hidden()).of;
        for bunch in found.chunks(10) {
            assert!(bunch.iter().all(|c| *c == bunch[0]));
        }
        assert_ne!(found[0], found[10]);
        assert_ne!(found[10], found[20]);
        assert_eq!(found, kmeans(&x, 3, 20, 7, &ProgressBar::hidden()).of);
    }

    #[test]
    fn near_centroids_merge_first() {
        let centroids = [[1.0, 0.0], [0.99, 0.1], [0.0, 1.0]].map(|c| c.to_vec());
        let group = merge(&centroids, &[10, 10, 10], 2);
        assert_eq!(group[0], group[1]);
        assert_ne!(group[0], group[2]);
    }
}
