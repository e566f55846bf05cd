//! Forecasts of cascades by a network that was fitted.

use rayon::prelude::*;

use crate::diffusion::structure::audience_valence;
use crate::diffusion::{DiffusionInput, DiffusionNet};
use crate::train::data::cascades::{Cascade, ForecastRow};
use crate::train::data::sets::Split;

/// Forecasts of every cascade at each time it can be shown.
pub fn forecast_rows(net: &DiffusionNet, cascades: &[&Cascade], split: Split) -> Vec<ForecastRow> {
    let shown: Vec<(&Cascade, u32)> = cascades
        .iter()
        .flat_map(|&c| c.times().iter().map(move |&t| (c, t)))
        .collect();
    let row = |&(c, until): &(&Cascade, u32)| {
        let graph = c.seen(until);
        forecast_row(net, c, &c.input(&graph), split)
    };
    shown.par_iter().map(row).collect()
}

/// The forecast of a cascade from what `input` shows of it.
fn forecast_row(
    net: &DiffusionNet,
    cascade: &Cascade,
    input: &DiffusionInput,
    split: Split,
) -> ForecastRow {
    let graph = input.graph;
    let forecast = net.forecast(input);
    ForecastRow {
        id: cascade.id.clone(),
        split: split.name().to_string(),
        platform: cascade.platform,
        language: cascade.language,
        h: format!("{:016x}", cascade.text_hash),
        observed_until: graph.observed_until,
        features: forecast.features,
        d_low: forecast.d_interval.0,
        d_high: forecast.d_interval.1,
        s_post: cascade.s,
        size_so_far: graph.len() as u64,
        voices_so_far: graph.kind.iter().filter(|kind| kind.has_words()).count() as u64,
        audience_so_far: audience_valence(graph),
        target: cascade.targets,
    }
}
