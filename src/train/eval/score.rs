//! How well the score forecasts what posts turned out to be worth, beside the mean, "so far" (the
//! formula on valence and size as they stand, calibrated on training cascades), and what can be
//! fitted to the same forecasts.

use std::collections::HashMap;
use std::path::Path;

use crate::definition::features::{
    AUDIENCE, DiffusionForecast, FeatureVector, OWN, SIZE, VOICES, assemble,
};
use crate::definition::predict::{HeadOutput, predict};
use crate::definition::value::{Weights, diffusion_of, formula, valence_among};
use crate::diffusion::OBSERVATION_TIMES;
use crate::heads::reader::Reader;
use crate::post::Platform;
use crate::scorer::Scorer;
use anyhow::Result;
use rayon::prelude::*;

use crate::train::data::cascades::{ForecastRow, Labels, Targets, cascades};
use crate::train::data::texts::TextRow;
use crate::train::eval::diffusion::forecast_row;
use crate::train::eval::rivals::rivals;
use crate::train::metrics::{MetricRow, bootstrap, bootstrap_pair, mae, r2, spearman};
use crate::train::{Split, read_lines, rows};

/// What was forecast of one cascade at one time, and what came of it; relevance is 1.
pub struct Case {
    pub id: String,
    pub platform: Platform,
    pub time: u32,
    pub x: FeatureVector,
    /// s, D, BSMV in the end; NaN is unknown.
    pub truth: [f32; 3],
    /// The same as they stood.
    pub so_far: [f32; 3],
}

impl Case {
    /// Reads a forecast; `s` and `topics` are the scorer's.
    fn of(row: &ForecastRow, read: &Read) -> Self {
        let forecast = DiffusionForecast {
            d: row.d,
            speed: row.speed,
            depth: row.depth,
            leader_share: row.leader_share,
            audience: row.audience,
            voices: row.voices,
        };
        let Targets { d, s, .. } = row.target;
        let s_now = valence_among(
            read.s,
            row.audience_so_far.unwrap_or(0.0),
            row.audience_so_far
                .map_or(0.0, |_| row.voices_so_far as f32),
        );
        Case {
            id: row.id.clone(),
            platform: row.platform,
            time: row.observed_until,
            x: assemble(read.s, &read.topics, 1.0, &forecast),
            truth: triple(s.unwrap_or(f32::NAN), d),
            so_far: triple(s_now, diffusion_of(row.size_so_far as f32)),
        }
    }
}

/// s, D and the score at relevance 1; NaN where s is.
fn triple(s: f32, d: f32) -> [f32; 3] {
    let bsmv = if s.is_nan() {
        s
    } else {
        formula(s, 1.0, d, &Weights::BALANCED)
    };
    [s, d, bsmv]
}

/// What the scorer reads in a post.
struct Read {
    s: f32,
    topics: [f32; crate::definition::features::TOPICS],
}

const QUANTITIES: [&str; 3] = ["s", "d", "bsmv"];
const BSMV: usize = 2;

/// What a method says of a case: s, D, BSMV.
pub type Method<'a> = (String, Box<dyn Fn(&Case) -> [f32; 3] + 'a>);

/// Metrics of s, D and BSMV per platform and observation time. `forecasts` are those of training
/// cascades by networks that hadn't seen them, for what is fitted.
pub fn evaluate(
    scorer: &Scorer,
    data: &Path,
    split: Split,
    labels: &Labels,
    forecasts: &Path,
) -> Result<Vec<MetricRow>> {
    let past: Vec<ForecastRow> = read_lines(forecasts)?;
    let past = past.iter().filter(|row| row.split == "train");
    let train = cases(scorer.reader(), data, Split::Train, past)?;
    let now = live(scorer, data, split, labels)?;
    let held = cases(scorer.reader(), data, split, now.iter())?;
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
                method("model", |c| said(&c.x)),
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

fn method<'a>(name: &str, of: impl Fn(&Case) -> [f32; 3] + 'a) -> Method<'a> {
    (name.to_owned(), Box::new(of))
}

/// The head's s, D and score.
fn said(x: &FeatureVector) -> [f32; 3] {
    let HeadOutput { s, d, bsmv, .. } = predict(x);
    [s, d, bsmv]
}

/// The score with less to go by.
fn without<'a>(drafts: &'a HashMap<&str, &Case>) -> Vec<Method<'a>> {
    let exchanged = |c: &Case, features: &[usize], of: &dyn Fn(usize) -> f32| {
        let mut x = c.x;
        features.iter().for_each(|&i| x[i] = of(i));
        said(&x)
    };
    vec![
        method("without graph", move |c| {
            let draft = drafts.get(c.id.as_str());
            draft.map_or([f32::NAN; 3], |draft| said(&draft.x))
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
fn simple<'a>(
    name: &str,
    known: &[&Case],
    of: impl Fn(&Case) -> [f32; 3] + Copy + 'a,
) -> Method<'a> {
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
    let said: Vec<Vec<f32>> = methods
        .iter()
        .map(|(_, of)| cases.iter().map(|c| of(c)[q]).collect())
        .collect();
    let row = |method: String, metric: &str, estimate| MetricRow {
        task: format!("bsmv.{quantity}"),
        slice: slice.to_owned(),
        method,
        metric: metric.to_owned(),
        n: truth.len(),
        estimate,
    };
    type Metric = fn(&[f32], &[f32]) -> f64;
    let metrics: [(&str, Metric); 3] = [("r2", r2), ("mae", mae), ("spearman", spearman)];
    let mut out = Vec::new();
    for ((name, _), said_by) in methods.iter().zip(&said) {
        for (metric, of) in metrics {
            out.push(row(
                name.clone(),
                metric,
                bootstrap_pair(&truth, said_by, of),
            ));
        }
    }
    if q == BSMV {
        for ((name, _), other) in methods.iter().zip(&said).skip(1) {
            for (metric, of) in &metrics[..2] {
                let ahead = bootstrap(truth.len(), |at| {
                    let pick = |column: &[f32]| at.iter().map(|&i| column[i]).collect::<Vec<_>>();
                    let truth = pick(&truth);
                    of(&truth, &pick(&said[0])) - of(&truth, &pick(other))
                });
                out.push(row(format!("model - {name}"), metric, ahead));
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

/// Forecasts as cases, with what the scorer reads in their posts.
pub fn cases<'a>(
    reader: &Reader,
    data: &Path,
    split: Split,
    forecasts: impl Iterator<Item = &'a ForecastRow>,
) -> Result<Vec<Case>> {
    let read: HashMap<String, Read> = posts(data, split)?
        .par_iter()
        .map(|post| {
            let text = reader.read(&post.text, None)?;
            let read = Read {
                s: text.valence(),
                topics: text.topics,
            };
            Ok((post.id.clone(), read))
        })
        .collect::<Result<_>>()?;
    Ok(forecasts
        .filter_map(|row| Some(Case::of(row, read.get(&row.id)?)))
        .collect())
}

/// The posts of all cascades of a split.
pub fn posts(data: &Path, split: Split) -> Result<Vec<TextRow>> {
    let mut posts: Vec<TextRow> = rows(data, "zh_weibo_cascades", split)?;
    posts.extend(rows::<TextRow>(data, "en_twitter_cascades", split)?);
    Ok(posts)
}

/// Every cascade of a split at every time, forecast as the scorer does.
fn live(scorer: &Scorer, data: &Path, split: Split, labels: &Labels) -> Result<Vec<ForecastRow>> {
    let cascades = cascades(data, split, labels, Some(scorer.reader()))?;
    let nested: Vec<Vec<ForecastRow>> = cascades
        .par_iter()
        .map(|cascade| {
            let forecast = |&until: &u32| {
                let graph = cascade.seen(until);
                forecast_row(scorer.diffusion(), cascade, &cascade.input(&graph), split)
            };
            cascade.times().iter().map(forecast).collect()
        })
        .collect();
    Ok(nested.into_iter().flatten().collect())
}
