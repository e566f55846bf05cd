//! Held-out metrics with bootstrap intervals.
//!
//! Each metric takes columns of equal length and is NaN where it is undefined (no rows, no
//! variance, one class only).

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

/// Resamples behind an interval.
const ROUNDS: usize = 1_000;
/// Every interval is drawn with this seed, so that a table is the same each time.
const SEED: u64 = 20_140_601;

/// A metric with the 2.5 % and 97.5 % points of its bootstrap distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The metric over all rows.
    pub value: f64,
    /// The interval's lower end.
    pub low: f64,
    /// The interval's upper end.
    pub high: f64,
}

/// One figure of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricRow {
    /// The predicted quantity, as in `diffusion.d`.
    pub task: String,
    /// The rows, as in `weibo 3600 s`.
    pub slice: String,
    /// `model`, or the baseline's name.
    pub method: String,
    /// `r2`, `mae`, `spearman`, `auc`, `accuracy`, `macro_f1`, …
    pub metric: String,
    /// Number of rows behind the figure.
    pub n: usize,
    /// The figure and its interval.
    #[serde(flatten)]
    pub estimate: Estimate,
}

impl MetricRow {
    /// A figure: `estimate` over `n` rows, and what it is a figure of, as in the fields.
    pub fn new(
        task: impl Into<String>,
        slice: impl Into<String>,
        method: impl Into<String>,
        metric: impl Into<String>,
        n: usize,
        estimate: Estimate,
    ) -> Self {
        MetricRow {
            task: task.into(),
            slice: slice.into(),
            method: method.into(),
            metric: metric.into(),
            n,
            estimate,
        }
    }

    /// One line of a table.
    pub fn line(&self) -> String {
        let Estimate { value, low, high } = self.estimate;
        format!(
            "{:<24} {:<32} {:<18} {:<9} {:>7} {:>8.3} [{:.3}, {:.3}]",
            self.task, self.slice, self.method, self.metric, self.n, value, low, high
        )
    }
}

/// Share of the variance of `truth` that `predicted` explains: 1 is perfect, 0 is the mean.
pub fn r2(truth: &[f32], predicted: &[f32]) -> f64 {
    let mean = mean(truth);
    let (mut residual, mut total) = (0.0, 0.0);
    for (&t, &p) in truth.iter().zip(predicted) {
        residual += (f64::from(t) - f64::from(p)).powi(2);
        total += (f64::from(t) - mean).powi(2);
    }
    if total > 0.0 {
        1.0 - residual / total
    } else {
        f64::NAN
    }
}

/// Mean absolute error.
pub fn mae(truth: &[f32], predicted: &[f32]) -> f64 {
    let sum: f64 = truth
        .iter()
        .zip(predicted)
        .map(|(&t, &p)| (f64::from(t) - f64::from(p)).abs())
        .sum();
    sum / truth.len() as f64
}

/// Rank correlation; ties share their mean rank.
pub fn spearman(truth: &[f32], predicted: &[f32]) -> f64 {
    let (a, b) = (ranks(truth), ranks(predicted));
    // Mean rank, with or without ties.
    let centre = (a.len() as f64 + 1.0) / 2.0;
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(&b) {
        let (x, y) = (x - centre, y - centre);
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    if aa > 0.0 && bb > 0.0 {
        ab / (aa * bb).sqrt()
    } else {
        f64::NAN
    }
}

/// Probability that a positive row scores above a negative one; ties count half.
pub fn auc(positive: &[bool], score: &[f32]) -> f64 {
    let ranks = ranks(score);
    let p = positive.iter().filter(|&&y| y).count();
    let n = positive.len() - p;
    if p == 0 || n == 0 {
        return f64::NAN;
    }
    let sum: f64 = positive
        .iter()
        .zip(&ranks)
        .filter(|(y, _)| **y)
        .map(|(_, r)| r)
        .sum();
    (sum - (p * (p + 1)) as f64 / 2.0) / (p as f64 * n as f64)
}

/// Share of rows whose class is right.
pub fn accuracy<T: PartialEq>(truth: &[T], predicted: &[T]) -> f64 {
    let right = truth.iter().zip(predicted).filter(|(t, p)| t == p).count();
    right as f64 / truth.len() as f64
}

/// F1 of the rows that are true; 0 where none is found.
pub fn f1_of(truth: &[bool], predicted: &[bool]) -> f64 {
    let both = truth.iter().zip(predicted).filter(|(t, p)| **t && **p);
    let hit = both.count() as f64;
    let count = |list: &[bool]| list.iter().filter(|x| **x).count() as f64;
    2.0 * hit / (count(truth) + count(predicted)).max(1.0)
}

/// Mean F1 over the classes below `classes` that occur in `truth` or `predicted`.
pub fn macro_f1(truth: &[usize], predicted: &[usize], classes: usize) -> f64 {
    let (mut hit, mut predictions, mut real) =
        (vec![0; classes], vec![0; classes], vec![0; classes]);
    for (&t, &p) in truth.iter().zip(predicted) {
        real[t] += 1;
        predictions[p] += 1;
        if t == p {
            hit[t] += 1;
        }
    }
    let (mut sum, mut present) = (0.0, 0);
    for c in 0..classes {
        if real[c] + predictions[c] > 0 {
            sum += 2.0 * f64::from(hit[c]) / f64::from(real[c] + predictions[c]);
            present += 1;
        }
    }
    sum / f64::from(present)
}

/// Mean over the classes that occur of the share of each that was found.
pub fn macro_recall(truth: &[usize], predicted: &[usize], classes: usize) -> f64 {
    let (mut hit, mut real) = (vec![0.0; classes], vec![0.0; classes]);
    for (&t, &p) in truth.iter().zip(predicted) {
        real[t] += 1.0;
        hit[t] += f64::from(u8::from(t == p));
    }
    let recalls = hit.iter().zip(&real).filter(|(_, real)| **real > 0.0);
    let recalls: Vec<f64> = recalls.map(|(hit, real)| hit / real).collect();
    recalls.iter().sum::<f64>() / recalls.len() as f64
}

/// Expected calibration error: mean distance between probability and share of positives, over
/// ten bins of equal width.
pub fn calibration_error(positive: &[bool], p: &[f32]) -> f64 {
    let mut bins = [(0.0, 0.0); 10];
    for (&positive, &p) in positive.iter().zip(p) {
        let bin = &mut bins[((p * 10.0) as usize).min(9)];
        bin.0 += f64::from(p);
        bin.1 += f64::from(u8::from(positive));
    }
    bins.iter().map(|(p, y)| (p - y).abs()).sum::<f64>() / positive.len() as f64
}

/// `metric` of the rows `0..n` with its 95 % percentile interval over resampled rows. The
/// metric is given row numbers, so one resample can serve several columns; resamples on which
/// it is undefined are left out.
pub fn bootstrap(n: usize, metric: impl Fn(&[usize]) -> f64) -> Estimate {
    let mut rows: Vec<usize> = (0..n).collect();
    let value = metric(&rows);
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut draws = Vec::with_capacity(ROUNDS);
    for _ in 0..if n == 0 { 0 } else { ROUNDS } {
        rows.fill_with(|| rng.random_range(0..n));
        let draw = metric(&rows);
        if !draw.is_nan() {
            draws.push(draw);
        }
    }
    draws.sort_by(f64::total_cmp);
    Estimate {
        value,
        low: quantile(&draws, 0.025),
        high: quantile(&draws, 0.975),
    }
}

/// [`bootstrap`] of a metric of two columns.
pub fn bootstrap_pair<A: Copy, B: Copy>(
    truth: &[A],
    predicted: &[B],
    metric: impl Fn(&[A], &[B]) -> f64,
) -> Estimate {
    bootstrap(truth.len(), |rows| {
        let t: Vec<A> = rows.iter().map(|&i| truth[i]).collect();
        let p: Vec<B> = rows.iter().map(|&i| predicted[i]).collect();
        metric(&t, &p)
    })
}

/// A share with its exact two-sided binomial interval of `confidence` (Clopper & Pearson 1934).
pub fn binomial(hits: usize, n: usize, confidence: f64) -> Estimate {
    let tail = (1.0 - confidence) / 2.0;
    // P(at most k of n) at chance p, summed in logarithms.
    let at_most = |k: usize, p: f64| -> f64 {
        let mut term = n as f64 * (1.0 - p).ln();
        let mut sum = term.exp();
        for i in 1..=k {
            term += ((n - i + 1) as f64 / i as f64).ln() + p.ln() - (1.0 - p).ln();
            sum += term.exp();
        }
        sum
    };
    // Where a falling function of p crosses `tail`.
    let crossing = |falling: &dyn Fn(f64) -> f64, target: f64| {
        let (mut low, mut high) = (0.0f64, 1.0f64);
        for _ in 0..60 {
            let p = f64::midpoint(low, high);
            if falling(p) > target {
                low = p;
            } else {
                high = p;
            }
        }
        low
    };
    Estimate {
        value: hits as f64 / n as f64,
        low: if hits == 0 {
            0.0
        } else {
            crossing(&|p| at_most(hits - 1, p), 1.0 - tail)
        },
        high: if hits == n {
            1.0
        } else {
            crossing(&|p| at_most(hits, p), tail)
        },
    }
}

/// Quantile `q` of sorted values, interpolated; NaN when there are none.
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    if sorted.is_empty() {
        return f64::NAN;
    }
    let at = q * (sorted.len() - 1) as f64;
    let (below, above) = (at.floor() as usize, at.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * (at - at.floor())
}

fn mean(values: &[f32]) -> f64 {
    values.iter().map(|&v| f64::from(v)).sum::<f64>() / values.len() as f64
}

/// Ranks from 1; equal values share the mean of theirs.
fn ranks(values: &[f32]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    while from < order.len() {
        let value = values[order[from]];
        let ties = order[from..]
            .partition_point(|&i| values[i] <= value)
            .max(1);
        let shared = from as f64 + (ties as f64 + 1.0) / 2.0;
        for &i in &order[from..from + ties] {
            ranks[i] = shared;
        }
        from += ties;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    }

    #[test]
    fn r2_and_mae_of_known_columns() {
        let truth = [1.0, 2.0, 3.0, 4.0];
        near(r2(&truth, &truth), 1.0);
        near(r2(&truth, &[2.5; 4]), 0.0);
        near(r2(&truth, &[1.0, 2.0, 3.0, 6.0]), 1.0 - 4.0 / 5.0);
        near(mae(&truth, &[2.0, 2.0, 2.0, 2.0]), 1.0);
        assert!(r2(&[1.0, 1.0], &[1.0, 2.0]).is_nan());
    }

    #[test]
    fn spearman_sees_order_only_and_shares_ties() {
        near(spearman(&[1.0, 2.0, 3.0], &[0.1, 10.0, 1e6]), 1.0);
        near(spearman(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]), -1.0);
        // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: 4.5 / sqrt(4.5 * 5).
        let tied = spearman(&[1.0, 2.0, 2.0, 3.0], &[1.0, 2.0, 3.0, 4.0]);
        near(tied, 4.5 / (4.5f64 * 5.0).sqrt());
        assert!(spearman(&[1.0, 2.0], &[5.0, 5.0]).is_nan());
    }

    #[test]
    fn auc_counts_pairs() {
        // Pairs: (0.8 > 0.3), (0.8 > 0.5), (0.5 > 0.3), (0.5 = 0.5): 3.5 of 4.
        near(
            auc(&[true, true, false, false], &[0.8, 0.5, 0.3, 0.5]),
            3.5 / 4.0,
        );
        assert!(auc(&[true, true], &[0.1, 0.2]).is_nan());
    }

    #[test]
    fn classes_are_weighed_alike() {
        let (truth, predicted) = ([0, 0, 0, 1], [0, 0, 0, 0]);
        near(accuracy(&truth, &predicted), 0.75);
        // F1 of class 0 is 6/7, of class 1 it is 0; class 2 never occurs.
        near(macro_f1(&truth, &predicted, 3), 3.0 / 7.0);
    }

    #[test]
    fn an_interval_holds_its_value_and_narrows_with_rows() {
        let column = |n: usize| -> Vec<f32> { (0..n).map(|i| (i % 7) as f32).collect() };
        let of = |n: usize| {
            let c = column(n);
            bootstrap_pair(&c, &vec![3.0; n], mae)
        };
        let (few, many) = (of(70), of(7_000));
        near(few.value, 12.0 / 7.0);
        assert!(few.low < few.value && few.value < few.high);
        assert!(many.high - many.low < (few.high - few.low) / 5.0);
        assert_eq!(few, of(70));
    }

    #[test]
    fn binomial_intervals_are_exact() {
        // The textbook's 95 % interval of 8 in 10: 0.4439 to 0.9748; of 0 in 10: up to 0.3085.
        let few = binomial(8, 10, 0.95);
        assert!((few.low - 0.4439).abs() < 1e-4 && (few.high - 0.9748).abs() < 1e-4);
        let none = binomial(0, 10, 0.95);
        assert!(none.low == 0.0 && (none.high - 0.3085).abs() < 1e-4);
        assert_eq!(binomial(5, 5, 0.95).high, 1.0);
    }

    #[test]
    fn quantiles_interpolate() {
        near(quantile(&[0.0, 10.0], 0.25), 2.5);
        assert!(quantile(&[], 0.5).is_nan());
    }
}
