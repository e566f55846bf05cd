//! How well the score forecasts what posts turned out to be worth, beside the mean and "so far":
//! the formula on valence and size as they stand, calibrated on training cascades.

use std::path::Path;

use anyhow::{Context, Result};
use bsmv::features;
use bsmv::post::Platform;
use bsmv::scorer::Scorer;
use bsmv::value::{Weights, diffusion_of, formula, realised_valence};
use rayon::prelude::*;

use super::cascades::{Cascade, Labels, Topics, cascades};
use super::metrics::{MetricRow, bootstrap_pair, mae, r2, spearman};
use super::texts::TextRow;
use super::{Split, rows};
use bsmv::diffusion::OBSERVATION_TIMES;
use bsmv::diffusion::structure::voices_of;

/// Relevances at which the head's T and BSMV are checked beside 1: T is an input.
const RELEVANCES: [f32; 3] = [0.0, 0.3, 0.7];

/// What was predicted of one cascade at one time, and what came of it.
struct Case {
    platform: Platform,
    time: u32,
    /// s, D, BSMV at T = 1; NaN is unknown.
    truth: [f32; 3],
    head: [f32; 3],
    /// The same with the head's own output for BSMV; only that is known.
    direct: [f32; 3],
    so_far: [f32; 3],
    /// T given and T said by the head.
    relevance: Vec<(f32, f32)>,
}

const QUANTITIES: [&str; 3] = ["s", "d", "bsmv"];

/// Metrics of s, T, D and BSMV (at T = 1) per platform and observation time.
pub fn evaluate(
    scorer: &Scorer,
    data: &Path,
    split: Split,
    labels: &Labels,
) -> Result<Vec<MetricRow>> {
    let train = cases(scorer, data, Split::Train, labels, false)?;
    let held_out = cases(scorer, data, split, labels, true)?;
    let mut out = Vec::new();
    for (platform, name) in [(Platform::Weibo, "weibo"), (Platform::X, "x")] {
        for time in OBSERVATION_TIMES {
            let here: Vec<&Case> = held_out
                .iter()
                .filter(|c| c.platform == platform && c.time == time)
                .collect();
            let known: Vec<&Case> = train
                .iter()
                .filter(|c| c.platform == platform && c.time == time)
                .collect();
            for (q, quantity) in QUANTITIES.into_iter().enumerate() {
                let slice = format!("{name} {time} s");
                let column = |cases: &[&Case], of: fn(&Case) -> &[f32; 3]| -> Vec<f32> {
                    let known = cases.iter().filter(|c| !c.truth[q].is_nan());
                    known.map(|c| of(c)[q]).collect()
                };
                let truth = column(&here, |c| &c.truth);
                if truth.len() < 20 {
                    continue;
                }
                let line = calibrate(
                    &column(&known, |c| &c.so_far),
                    &column(&known, |c| &c.truth),
                );
                let so_far: Vec<f32> = column(&here, |c| &c.so_far)
                    .iter()
                    .map(|x| line.0 + line.1 * x)
                    .collect();
                let past = column(&known, |c| &c.truth);
                let mean = past.iter().sum::<f32>() / past.len() as f32;
                let methods = [
                    ("model", column(&here, |c| &c.head)),
                    ("head's own output", column(&here, |c| &c.direct)),
                    ("so far", so_far),
                    ("mean", vec![mean; truth.len()]),
                ];
                for (method, predicted) in methods {
                    if predicted.iter().any(|p| p.is_nan()) {
                        continue;
                    }
                    out.extend(figures(quantity, &slice, method, &truth, &predicted));
                }
            }
        }
    }
    let (given, said): (Vec<f32>, Vec<f32>) = held_out
        .iter()
        .flat_map(|c| c.relevance.iter().copied())
        .unzip();
    out.extend(figures("t", "all", "model", &given, &said));
    Ok(out)
}

fn figures(
    quantity: &str,
    slice: &str,
    method: &str,
    truth: &[f32],
    predicted: &[f32],
) -> Vec<MetricRow> {
    type Metric = fn(&[f32], &[f32]) -> f64;
    let metrics: [(&str, Metric); 3] = [("r2", r2), ("mae", mae), ("spearman", spearman)];
    metrics
        .into_iter()
        .map(|(name, metric)| MetricRow {
            task: format!("bsmv.{quantity}"),
            slice: slice.to_owned(),
            method: method.to_owned(),
            metric: name.to_owned(),
            n: truth.len(),
            estimate: bootstrap_pair(truth, predicted, metric),
        })
        // A constant has no ranks.
        .filter(|row| !row.estimate.value.is_nan())
        .collect()
}

/// Least squares of y on x: intercept and slope.
fn calibrate(x: &[f32], y: &[f32]) -> (f32, f32) {
    let n = x.len() as f32;
    let (mx, my) = (x.iter().sum::<f32>() / n, y.iter().sum::<f32>() / n);
    let cov: f32 = x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum();
    let var: f32 = x.iter().map(|x| (x - mx).powi(2)).sum();
    // At draft every size so far is the same.
    let slope = if var > 1e-9 { cov / var } else { 0.0 };
    (my - slope * mx, slope)
}

/// Truth and "so far" of a cascade at one time. `s` is the scorer's valence of the post, as far as
/// anybody knows before its audience speaks.
fn so_far(cascade: &Cascade, time: u32, s: f32) -> ([f32; 3], [f32; 3]) {
    let graph = cascade.seen(time);
    // NaN where the words of the audience are unknown.
    let value = |s: f32, d: f32| {
        if s.is_nan() {
            s
        } else {
            formula(s, 1.0, d, &Weights::BALANCED)
        }
    };
    let d = cascade.targets.d;
    let truth = cascade.targets.s.unwrap_or(f32::NAN);
    let s_now = realised_valence(s, voices_of(&graph));
    let d_now = diffusion_of(graph.len() as f32);
    (
        [truth, d, value(truth, d)],
        [s_now, d_now, value(s_now, d_now)],
    )
}

/// Every cascade of a split at every time: truth, "so far" and, where `head` asks for it, the whole
/// path's outputs.
fn cases(
    scorer: &Scorer,
    data: &Path,
    split: Split,
    labels: &Labels,
    head: bool,
) -> Result<Vec<Case>> {
    let mut texts: Vec<TextRow> = rows(data, "zh_weibo_cascades", split)?;
    texts.extend(rows::<TextRow>(data, "en_twitter_cascades", split)?);
    let cascades = cascades(data, split, labels, &Topics::default())?;
    let nested: Vec<Vec<Case>> = cascades
        .par_iter()
        .map(|cascade| {
            let text = texts
                .iter()
                .find(|t| t.id == cascade.id)
                .with_context(|| format!("no text of {}", cascade.id))?;
            let read = scorer.reader().read(&text.text, None)?;
            let mut cases = Vec::new();
            for &time in cascade.times() {
                let (truth, so_far) = so_far(cascade, time, read.valence());
                let mut case = Case {
                    platform: cascade.platform,
                    time,
                    truth,
                    head: [f32::NAN; 3],
                    direct: [f32::NAN; 3],
                    so_far,
                    relevance: Vec::new(),
                };
                if head {
                    let graph = cascade.seen(time);
                    let mut input = cascade.input(&graph);
                    input.s = Some(read.valence());
                    input.topics = Some(read.topics);
                    let forecast = scorer.diffusion().forecast(&input).features;
                    let predict = |t: f32| {
                        let x = features::assemble(read.valence(), &read.topics, t, &forecast);
                        scorer.predict(&x)
                    };
                    let at_one = predict(1.0);
                    let x = features::assemble(read.valence(), &read.topics, 1.0, &forecast);
                    case.direct[2] = scorer.head().direct(&x);
                    case.head = [at_one.s, at_one.d, at_one.bsmv];
                    case.relevance = RELEVANCES.iter().map(|&t| (t, predict(t).t)).collect();
                }
                cases.push(case);
            }
            Ok(cases)
        })
        .collect::<Result<_>>()?;
    Ok(nested.into_iter().flatten().collect())
}
