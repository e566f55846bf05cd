//! How well the score forecasts what posts turned out to be worth, beside the mean, "so far" (the
//! formula on valence and size as they stand, calibrated on training cascades), and what can be
//! fitted to the same forecasts.

use std::collections::HashMap;

use anyhow::Result;

use crate::definition::features::{AUDIENCE, FeatureVector, OWN, SIZE, VOICES};
use crate::definition::predict::predict;
use crate::definition::value::Weights;
use crate::diffusion::OBSERVATION_TIMES;
use crate::post::Platform;

use crate::train::data::cascades::{Cascade, ForecastRow, Labels, cascades};
use crate::train::data::cases::{BSMV, Case, Triple, cases};
use crate::train::data::sets::{Split, read_lines};
use crate::train::eval::rivals::rivals;
use crate::train::fit::forecasts::forecast_rows;
use crate::train::heads::trained::Held;
use crate::train::metrics::{MetricRow, bootstrap, bootstrap_pair, mae, r2, spearman};

const QUANTITIES: [&str; 3] = ["s", "d", "bsmv"];

/// A method's name, and its s, D and BSMV of a case.
type Method<'a> = (String, Box<dyn Fn(&Case) -> Triple + 'a>);

/// Metrics of s, D and BSMV per platform and observation time. Methods that are fitted learn from
/// forecasts of training cascades by networks that hadn't seen them.
pub fn evaluate(held: &Held) -> Result<Vec<MetricRow>> {
    let past: Vec<ForecastRow> = read_lines(held.forecasts)?;
    let past = past.iter().filter(|row| row.split == "train");
    let (reader, data) = (held.scorer.reader(), held.sources.data());
    let train = cases(reader, data, Split::Train, past)?;
    let held = cases(reader, data, held.split, forecasts(held)?.iter())?;
    let drafts: HashMap<&str, &Case> = held
        .iter()
        .filter(|c| c.time == 0)
        .map(|c| (c.id.as_str(), c))
        .collect();
    let mut out = Vec::new();
    for (platform, name) in [(Platform::Weibo, "weibo"), (Platform::X, "x")] {
        let train = of_platform(&train, platform);
        let held = of_platform(&held, platform);
        let fitted = if platform == Platform::Weibo {
            rivals(&train)?
        } else {
            Vec::new()
        };
        for time in OBSERVATION_TIMES {
            let known = at_time(&train, time);
            let here = at_time(&held, time);
            let mut methods = vec![
                method("model", |c| predict_triple(&c.x)),
                simple("so far", &known, |c| c.so_far),
                simple("mean", &known, |_| [0.0; 3]),
            ];
            methods.extend(without(&drafts));
            for (name, of) in &fitted {
                methods.push(method(name, move |c| of(c)));
            }
            let slice = format!("{name} {time} s");
            for (q, quantity) in QUANTITIES.iter().enumerate() {
                out.extend(compare(quantity, &slice, q, &here, &methods));
            }
        }
    }
    Ok(out)
}

fn of_platform(cases: &[Case], platform: Platform) -> Vec<&Case> {
    cases.iter().filter(|c| c.platform == platform).collect()
}

fn at_time<'a>(cases: &[&'a Case], time: u32) -> Vec<&'a Case> {
    cases.iter().copied().filter(|c| c.time == time).collect()
}

fn method<'a>(name: &str, of: impl Fn(&Case) -> Triple + 'a) -> Method<'a> {
    (name.to_owned(), Box::new(of))
}

/// The head's s, D and score.
fn predict_triple(x: &FeatureVector) -> Triple {
    let found = predict(x);
    [found.s, found.d, found.score(&Weights::BALANCED)]
}

/// The score with less to go by.
fn without<'a>(drafts: &'a HashMap<&str, &Case>) -> Vec<Method<'a>> {
    let exchanged = |c: &Case, features: &[usize], of: &dyn Fn(usize) -> f32| {
        let mut x = c.x;
        features.iter().for_each(|&i| x[i] = of(i));
        predict_triple(&x)
    };
    vec![
        method("without graph", move |c| {
            let draft = drafts.get(c.id.as_str());
            draft.map_or([f32::NAN; 3], |draft| predict_triple(&draft.x))
        }),
        method("without text", move |c| exchanged(c, &[OWN], &|_| 0.0)),
        method("without audience", move |c| {
            exchanged(c, &[AUDIENCE, VOICES], &|_| 0.0)
        }),
        method("without reach", move |c| {
            exchanged(c, &[SIZE], &|_| c.so_far[1])
        }),
    ]
}

/// A quantity on a line fitted to `known`; the mean where `of` doesn't vary.
fn simple<'a>(name: &str, known: &[&Case], of: impl Fn(&Case) -> Triple + Copy + 'a) -> Method<'a> {
    let lines: [(f32, f32); 3] = std::array::from_fn(|q| {
        let known = known.iter().filter(|c| !c.truth[q].is_nan());
        let (x, y): (Vec<f32>, Vec<f32>) = known.map(|c| (of(c)[q], c.truth[q])).unzip();
        calibrate(&x, &y)
    });
    method(name, move |c| {
        std::array::from_fn(|q| lines[q].0 + lines[q].1 * of(c)[q])
    })
}

/// Metrics of every method, and how far the first is ahead of each other one in the score.
fn compare(
    quantity: &str,
    slice: &str,
    q: usize,
    cases: &[&Case],
    methods: &[Method],
) -> Vec<MetricRow> {
    let cases: Vec<&&Case> = cases.iter().filter(|c| !c.truth[q].is_nan()).collect();
    let truth: Vec<f32> = cases.iter().map(|c| c.truth[q]).collect();
    if truth.len() < 20 {
        return Vec::new();
    }
    let columns: Vec<Vec<f32>> = methods
        .iter()
        .map(|(_, of)| cases.iter().map(|c| of(c)[q]).collect())
        .collect();
    let task = format!("bsmv.{quantity}");
    let row = |method: &str, metric: &str, estimate| {
        MetricRow::new(&task, slice, method, metric, truth.len(), estimate)
    };
    type Metric = fn(&[f32], &[f32]) -> f64;
    let metrics: [(&str, Metric); 3] = [("r2", r2), ("mae", mae), ("spearman", spearman)];
    let mut out = Vec::new();
    for ((name, _), column) in methods.iter().zip(&columns) {
        for (metric, of) in metrics {
            out.push(row(name, metric, bootstrap_pair(&truth, column, of)));
        }
    }
    if q == BSMV {
        for ((name, _), other) in methods.iter().zip(&columns).skip(1) {
            for (metric, of) in &metrics[..2] {
                let ahead = bootstrap(truth.len(), |at| {
                    let pick = |column: &[f32]| at.iter().map(|&i| column[i]).collect::<Vec<_>>();
                    let truth = pick(&truth);
                    of(&truth, &pick(&columns[0])) - of(&truth, &pick(other))
                });
                out.push(row(&format!("model - {name}"), metric, ahead));
            }
        }
    }
    // A constant has no ranks, and some methods know nothing of some quantities.
    out.retain(|row| !row.estimate.value.is_nan());
    out
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

/// Every cascade of the split at every time, forecast as the scorer does.
fn forecasts(held: &Held) -> Result<Vec<ForecastRow>> {
    let labels = Labels::load(held.labels)?;
    let (data, reader) = (held.sources.data(), held.scorer.reader());
    let cascades = cascades(data, held.split, &labels, Some(reader))?;
    let cascades: Vec<&Cascade> = cascades.iter().collect();
    Ok(forecast_rows(
        held.scorer.diffusion(),
        &cascades,
        held.split,
    ))
}
