//! How good forecasts of cascades are beside simpler ones.

use std::collections::HashMap;

use crate::definition::value::diffusion_of;
use crate::diffusion::structure::{audience_valence, leader_share, speed, structural_virality};
use crate::diffusion::{DiffusionGraph, DiffusionNet, OBSERVATION_TIMES, Widening};
use crate::post::Platform;
use anyhow::Result;

use crate::train::data::cascades::{Cascade, ForecastRow, Labels, Targets};
use crate::train::data::sets::Split;
use crate::train::eval::same_author;
use crate::train::fit::forecasts::forecast_rows;
use crate::train::fit::forests::{ROUNDING, boosted, widening};
use crate::train::heads::diffusion::posts;
use crate::train::heads::trained::Held;
use crate::train::metrics::{self, MetricRow};

/// One forecast quantity: its name, its forecast, what came, and how it stands in a graph.
type Quantity = (
    &'static str,
    fn(&ForecastRow) -> f32,
    fn(&Targets) -> Option<f32>,
    fn(&DiffusionGraph) -> f32,
);

const QUANTITIES: [Quantity; 5] = [
    (
        "d",
        |r| r.features.d,
        |t| Some(t.d),
        |g| diffusion_of(g.len() as f32),
    ),
    (
        "speed",
        |r| r.features.speed,
        |t| t.speed,
        |g| speed(&g.t).unwrap_or(0.0),
    ),
    (
        "depth",
        |r| r.features.depth,
        |t| t.depth,
        |g| structural_virality(&g.parent),
    ),
    (
        "leader_share",
        |r| r.features.leader_share,
        |t| t.leader_share,
        |g| leader_share(&g.parent),
    ),
    (
        "audience",
        |r| r.features.audience,
        |t| t.audience,
        |g| audience_valence(g).unwrap_or(0.0),
    ),
];

type Metric = fn(&[f32], &[f32]) -> f64;
const METRICS: [(&str, Metric); 3] = [
    ("r2", metrics::r2),
    ("mae", metrics::mae),
    ("spearman", metrics::spearman),
];

/// Mean squared error of ln(1 + N), N counted up to 10,000, from columns of D.
fn msle(truth: &[f32], predicted: &[f32]) -> f64 {
    let scale = 10_001f64.ln();
    let square = |(t, p): (&f32, &f32)| (scale * (f64::from(*t) - f64::from(*p))).powi(2);
    truth.iter().zip(predicted).map(square).sum::<f64>() / truth.len() as f64
}

/// Seed of the trees fitted here.
const SEED: u64 = 1;
/// The forecast, and the same by its parts alone.
const MODEL: &str = "model";
const NETWORK: &str = "graph network";
const TREES: &str = "boosted trees";

/// [`evaluate`] of a bundle's network, and which of two posts by one author it finds to go further.
pub fn evaluate_bundle(held: &Held) -> Result<Vec<MetricRow>> {
    let labels = Labels::load(held.labels)?;
    let (data, net) = (held.sources.data(), held.scorer.diffusion());
    let read = |split| posts(data, split, &labels, Some(held.scorer.reader()));
    let (train, measured) = (read(Split::Train)?, read(held.split)?);
    let mut rows = evaluate(net, &train, &measured, held.split)?;
    let pairs = same_author::evaluate(net, data, &train, &measured, held.split)?;
    rows.extend(pairs);
    Ok(rows)
}

/// R2, MAE, rank correlation and, for D, MSLE of each diffusion feature by platform and
/// observation time, with 95 % bootstrap intervals over cascades, beside
/// - the graph network without its trees;
/// - boosted trees, fitted here on `train`;
/// - "size so far": a line of ln(1 + size so far), fitted on `train` (at time 0: the mean);
/// - "log-linear": the value as it stands and a constant, for D in ln(1 + N) (Szabo & Huberman
///   2010); fitted on `train`.
///
/// The best of the last three is also subtracted, resample by resample. For D, how often the
/// interval holds it, with the exact binomial 99.8 % interval, and how wide it is, beside the
/// 5 % and 95 % quantiles of `train`. Posts with a count only stand apart ("x counts") and,
/// for the interval, also together with the cascades ("x both").
pub fn evaluate(
    net: &DiffusionNet,
    train: &[Cascade],
    held: &[Cascade],
    split: Split,
) -> Result<Vec<MetricRow>> {
    let held: Vec<&Cascade> = held.iter().collect();
    let known: Vec<&Cascade> = train.iter().collect();
    let trees = boosted(&known, SEED)?;
    let forecast = |net: DiffusionNet| forecast_rows(&net, &held, split);
    let methods = [
        (MODEL, forecast(net.clone())),
        (NETWORK, forecast(net.clone().leaning(0.0))),
        (TREES, forecast(net.clone().grown(trees).leaning(1.0))),
    ];
    let intervals = interval_rows(net, &held, split);
    let by_id: HashMap<&str, &Cascade> = held.iter().map(|&c| (c.id.as_str(), c)).collect();
    let mut figures = Vec::new();
    for (name, platform, counts) in [
        ("weibo", Platform::Weibo, Some(false)),
        ("x", Platform::X, Some(false)),
        ("x counts", Platform::X, Some(true)),
        ("x both", Platform::X, None),
    ] {
        let known: Vec<&Cascade> = train
            .iter()
            .filter(|c| c.platform == platform && counts.is_none_or(|only| c.count_only == only))
            .collect();
        for until in OBSERVATION_TIMES {
            let here = |row: &&ForecastRow| {
                let counted = by_id[row.id.as_str()].count_only;
                row.platform == platform
                    && row.observed_until == until
                    && counts.is_none_or(|only| counted == only)
            };
            let slice = format!("{name} {until} s");
            let of_time = Times::new(&known, until);
            if counts.is_some() {
                let here = methods
                    .each_ref()
                    .map(|(method, rows)| (*method, rows.iter().filter(here).collect()));
                for quantity in QUANTITIES {
                    figures.extend(compare(quantity, &here, &of_time, &by_id, &slice));
                }
            }
            if counts == Some(false) || until == 0 {
                let here: Vec<&ForecastRow> = intervals.iter().filter(here).collect();
                figures.extend(coverage(&here, &known, &slice));
            }
        }
    }
    Ok(figures)
}

/// Training cascades as they stood at one time.
struct Times<'a> {
    cascades: &'a [&'a Cascade],
    graphs: Vec<DiffusionGraph>,
}

impl<'a> Times<'a> {
    fn new(cascades: &'a [&'a Cascade], until: u32) -> Self {
        let graphs = cascades.iter().map(|c| c.seen(until)).collect();
        Times { cascades, graphs }
    }
}

fn compare(
    (name, forecast, target, as_it_stands): Quantity,
    methods: &[(&'static str, Vec<&ForecastRow>); 3],
    train: &Times,
    held: &HashMap<&str, &Cascade>,
    slice: &str,
) -> Vec<MetricRow> {
    let known = |r: &&&ForecastRow| target(&r.target).is_some();
    let rows: Vec<&&ForecastRow> = methods[0].1.iter().filter(known).collect();
    let truth: Vec<f32> = rows.iter().filter_map(|r| target(&r.target)).collect();
    let (mut size, mut stands, mut end) = (Vec::new(), Vec::new(), Vec::new());
    for (cascade, graph) in train.cascades.iter().zip(&train.graphs) {
        if let Some(value) = target(&cascade.targets) {
            size.push((graph.len() as f32).ln_1p());
            stands.push(as_it_stands(graph));
            end.push(value);
        }
    }
    if truth.len() < 2 || end.is_empty() {
        return Vec::new();
    }
    let (slope, level) = line(&size, &end);
    let mean = |v: &[f32]| v.iter().sum::<f32>() / v.len() as f32;
    let step = mean(&end) - mean(&stands);
    let mut columns: Vec<(&str, Vec<f32>)> = methods
        .iter()
        .map(|(method, rows)| {
            (
                *method,
                rows.iter().filter(known).map(|r| forecast(r)).collect(),
            )
        })
        .collect();
    let line_of = |r: &&&ForecastRow| level + slope * (r.size_so_far as f32).ln_1p();
    columns.push(("size so far", rows.iter().map(line_of).collect()));
    columns.push((
        "log-linear",
        rows.iter()
            .map(|r| as_it_stands(&held[r.id.as_str()].seen(r.observed_until)) + step)
            .collect(),
    ));

    let mut kinds: Vec<(&str, Metric)> = METRICS.to_vec();
    if name == "d" {
        kinds.push(("msle", msle));
    }
    let mut figures = Vec::new();
    let task = format!("diffusion.{name}");
    let mut row = |method: &str, metric: &str, estimate| {
        figures.push(MetricRow::new(
            &task,
            slice,
            method,
            metric,
            truth.len(),
            estimate,
        ));
    };
    for (metric, of) in kinds {
        for (method, predicted) in &columns {
            let estimate = metrics::bootstrap_pair(&truth, predicted, of);
            row(method, metric, estimate);
        }
        let less_is_more = matches!(metric, "mae" | "msle");
        let worth = |column: &[f32]| {
            let value = of(&truth, column);
            if less_is_more { -value } else { value }
        };
        // Graph network and model are ours; the others are what they must beat.
        let best = columns[2..]
            .iter()
            .filter(|(_, column)| !worth(column).is_nan())
            .max_by(|a, b| worth(&a.1).total_cmp(&worth(&b.1)));
        if let Some((best, column)) = best {
            let model = &columns[0].1;
            let pick = |of: &[f32], at: &[usize]| at.iter().map(|&i| of[i]).collect::<Vec<f32>>();
            let estimate = metrics::bootstrap(truth.len(), |at| {
                let truth = pick(&truth, at);
                of(&truth, &pick(model, at)) - of(&truth, &pick(column, at))
            });
            row(&format!("{MODEL} - {best}"), metric, estimate);
        }
    }
    figures
}

/// Forecasts whose intervals were fitted on none of the rows they are measured on. The shipped ones
/// were fitted on the validation split, so there each half gets what the other half gives.
fn interval_rows(net: &DiffusionNet, held: &[&Cascade], split: Split) -> Vec<ForecastRow> {
    if split != Split::Valid {
        return forecast_rows(net, held, split);
    }
    let halves: (Vec<&Cascade>, Vec<&Cascade>) =
        held.iter().partition(|c| c.text_hash.is_multiple_of(2));
    let bare = net.clone().widened(Widening::default());
    let mut rows = Vec::new();
    for (fitted, measured) in [(&halves.0, &halves.1), (&halves.1, &halves.0)] {
        let wider = widening(&forecast_rows(&bare, fitted, split));
        rows.extend(forecast_rows(&net.clone().widened(wider), measured, split));
    }
    rows
}

/// How often the interval of D holds it and its mean width, beside quantiles of training.
fn coverage(rows: &[&ForecastRow], train: &[&Cascade], slice: &str) -> Vec<MetricRow> {
    if rows.is_empty() {
        return Vec::new();
    }
    let mut past: Vec<f64> = train.iter().map(|c| f64::from(c.targets.d)).collect();
    past.sort_by(f64::total_cmp);
    let [low, high] = [0.05, 0.95].map(|q| metrics::quantile(&past, q) as f32);
    let plain = vec![(low, high); rows.len()];
    let ours: Vec<(f32, f32)> = rows.iter().map(|r| (r.d_low, r.d_high)).collect();
    let mut figures = Vec::new();
    for (method, ends) in [(MODEL, ours), ("training quantiles", plain)] {
        let inside = rows.iter().zip(&ends).filter(|(r, (low, high))| {
            low - ROUNDING <= r.target.d && r.target.d <= high + ROUNDING
        });
        let held = inside.count();
        let width: Vec<f32> = ends.iter().map(|(low, high)| high - low).collect();
        let mean =
            |at: &[usize]| at.iter().map(|&i| f64::from(width[i])).sum::<f64>() / at.len() as f64;
        for (metric, estimate) in [
            ("coverage", metrics::binomial(held, rows.len(), 0.998)),
            ("width", metrics::bootstrap(rows.len(), mean)),
        ] {
            figures.push(MetricRow::new(
                "diffusion.d",
                slice,
                method,
                metric,
                rows.len(),
                estimate,
            ));
        }
    }
    figures
}

/// Slope and level of the least-squares line; slope 0 where `x` does not vary.
fn line(x: &[f32], y: &[f32]) -> (f32, f32) {
    let n = x.len() as f64;
    let mean = |v: &[f32]| v.iter().map(|&a| f64::from(a)).sum::<f64>() / n;
    let (mx, my) = (mean(x), mean(y));
    let (mut xy, mut xx) = (0.0, 0.0);
    for (&a, &b) in x.iter().zip(y) {
        xy += (f64::from(a) - mx) * (f64::from(b) - my);
        xx += (f64::from(a) - mx).powi(2);
    }
    let slope = if xx > 1e-9 { xy / xx } else { 0.0 };
    (slope as f32, (my - slope * mx) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_and_a_constant_has_no_slope() {
        let (slope, level) = line(&[0.0, 1.0, 2.0], &[1.0, 3.0, 5.0]);
        assert!((slope - 2.0).abs() < 1e-6 && (level - 1.0).abs() < 1e-6);
        assert_eq!(line(&[0.0; 3], &[1.0, 2.0, 6.0]), (0.0, 3.0));
    }
}
