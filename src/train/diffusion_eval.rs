//! Forecasts of cascades, and how good they are beside what their size so far tells.

use anyhow::Result;
use bsmv::diffusion::structure::voices_of;
use bsmv::diffusion::{DiffusionNet, OBSERVATION_TIMES};
use bsmv::post::Platform;
use bsmv::value::realised_valence;

use super::Split;
use super::cascades::{Cascade, ForecastRow, Targets};
use super::metrics::{self, MetricRow};

/// Nodes forecast in one pass.
const NODES: usize = 20_000;

/// Forecasts of every cascade at each time it can be shown.
pub fn forecast_rows(
    net: &DiffusionNet,
    cascades: &[&Cascade],
    split: Split,
) -> Result<Vec<ForecastRow>> {
    let shown: Vec<(&Cascade, u32)> = cascades
        .iter()
        .flat_map(|&c| c.times().iter().map(move |&t| (c, t)))
        .collect();
    let mut rows = Vec::with_capacity(shown.len());
    let mut rest = shown.as_slice();
    while !rest.is_empty() {
        let (mut graphs, mut nodes) = (Vec::new(), 0);
        for (cascade, until) in rest {
            let graph = cascade.seen(*until);
            nodes += graph.len() + 1;
            graphs.push(graph);
            if nodes >= NODES {
                break;
            }
        }
        let (now, later) = rest.split_at(graphs.len());
        rest = later;
        let inputs: Vec<_> = now
            .iter()
            .zip(&graphs)
            .map(|((c, _), g)| c.input(g))
            .collect();
        let forecasts = net.forecast_all(&inputs)?;
        for (((c, until), graph), forecast) in now.iter().zip(&graphs).zip(forecasts) {
            let f = forecast.features;
            rows.push(ForecastRow {
                id: c.id.clone(),
                split: split.name().to_string(),
                platform: c.platform,
                language: c.language,
                h: format!("{:016x}", c.text_hash),
                observed_until: *until,
                d: f.d,
                speed: f.speed,
                depth: f.depth,
                leader_share: f.leader_share,
                audience: f.audience,
                d_low: forecast.d_interval.0,
                d_high: forecast.d_interval.1,
                s_post: c.s,
                s_so_far: c.s.map(|s| realised_valence(s, voices_of(graph))),
                size_so_far: graph.len() as u64,
                target: c.targets,
            });
        }
    }
    Ok(rows)
}

/// One forecast quantity: its name, its forecast and what came.
type Quantity = (
    &'static str,
    fn(&ForecastRow) -> f32,
    fn(&Targets) -> Option<f32>,
);

const QUANTITIES: [Quantity; 5] = [
    ("d", |row| row.d, |t| Some(t.d)),
    ("speed", |row| row.speed, |t| t.speed),
    ("depth", |row| row.depth, |t| t.depth),
    ("leader_share", |row| row.leader_share, |t| t.leader_share),
    ("audience", |row| row.audience, |t| t.audience),
];

type Metric = fn(&[f32], &[f32]) -> f64;
const METRICS: [(&str, Metric); 3] = [
    ("r2", metrics::r2),
    ("mae", metrics::mae),
    ("spearman", metrics::spearman),
];

/// R2, MAE and rank correlation of each diffusion feature by platform and observation time,
/// beside the same quantity as a straight line of ln(1 + size so far) fitted on `train` (at
/// time 0: its mean); for D also how often the interval holds it and how wide it is. 95 %
/// bootstrap intervals over cascades. Posts with a count only stand apart.
pub fn evaluate(
    net: &DiffusionNet,
    train: &[Cascade],
    held: &[Cascade],
    split: Split,
) -> Result<Vec<MetricRow>> {
    let held: Vec<&Cascade> = held.iter().collect();
    let rows = forecast_rows(net, &held, split)?;
    let counted: std::collections::HashSet<&str> = held
        .iter()
        .filter(|c| c.count_only)
        .map(|c| c.id.as_str())
        .collect();
    let mut figures = Vec::new();
    for (name, platform, count_only) in [
        ("weibo", Platform::Weibo, false),
        ("x", Platform::X, false),
        ("x counts", Platform::X, true),
    ] {
        for until in OBSERVATION_TIMES {
            let here: Vec<&ForecastRow> = rows
                .iter()
                .filter(|r| r.platform == platform && r.observed_until == until)
                .filter(|r| counted.contains(r.id.as_str()) == count_only)
                .collect();
            let known: Vec<&Cascade> = train
                .iter()
                .filter(|c| c.platform == platform && c.count_only == count_only)
                .collect();
            let slice = format!("{name} {until} s");
            for quantity in QUANTITIES {
                figures.extend(compare(quantity, &here, &known, until, &slice));
            }
            figures.extend(interval(&here, &slice));
        }
    }
    Ok(figures)
}

fn compare(
    (name, forecast, target): Quantity,
    rows: &[&ForecastRow],
    train: &[&Cascade],
    until: u32,
    slice: &str,
) -> Vec<MetricRow> {
    let (mut truth, mut model, mut size) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        if let Some(y) = target(&row.target) {
            truth.push(y);
            model.push(forecast(row));
            size.push((row.size_so_far as f32).ln_1p());
        }
    }
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for cascade in train {
        if let Some(value) = target(&cascade.targets) {
            x.push((cascade.seen(until).len() as f32).ln_1p());
            y.push(value);
        }
    }
    if truth.len() < 2 || x.is_empty() {
        return Vec::new();
    }
    let (slope, level) = line(&x, &y);
    let size: Vec<f32> = size.iter().map(|s| level + slope * s).collect();
    let mut figures = Vec::new();
    for (method, predicted) in [("model", &model), ("size so far", &size)] {
        for (metric, of) in METRICS {
            figures.push(MetricRow {
                task: format!("diffusion.{name}"),
                slice: slice.to_string(),
                method: method.to_string(),
                metric: metric.to_string(),
                n: truth.len(),
                estimate: metrics::bootstrap_pair(&truth, predicted, of),
            });
        }
    }
    figures
}

/// How often the interval of D holds it, and its mean width.
fn interval(rows: &[&ForecastRow], slice: &str) -> Vec<MetricRow> {
    if rows.is_empty() {
        return Vec::new();
    }
    // A thousandth of D either way is rounding, not a miss.
    let inside: Vec<f32> = rows
        .iter()
        .map(|r| {
            let held = r.d_low - 1e-3 <= r.target.d && r.target.d <= r.d_high + 1e-3;
            f32::from(u8::from(held))
        })
        .collect();
    let width: Vec<f32> = rows.iter().map(|r| r.d_high - r.d_low).collect();
    [("coverage", inside), ("width", width)]
        .into_iter()
        .map(|(metric, column)| MetricRow {
            task: "diffusion.d".to_string(),
            slice: slice.to_string(),
            method: "model".to_string(),
            metric: metric.to_string(),
            n: rows.len(),
            estimate: metrics::bootstrap(column.len(), |at| {
                at.iter().map(|&i| f64::from(column[i])).sum::<f64>() / at.len() as f64
            }),
        })
        .collect()
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
