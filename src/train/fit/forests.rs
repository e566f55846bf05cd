//! Boosted trees on cascades, and how far the interval of D must be widened.

use anyhow::{Context, Result};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::diffusion::{FORESTS, Forest, OBSERVATION_TIMES, PLATFORMS, SO_FAR, Trees, Widening};
use crate::train::data::cascades::{Cascade, ForecastRow, Targets};
use crate::train::fit::boosting::{self, TreesPlan};
use crate::train::fit::network::COUNTED;
use crate::train::fit::samples::{Hidden, Sample, batches, columns, observations};

/// How far each measure rises above what it is, with the cascade's weight; `None` where unknown.
type Rise = fn(&Targets) -> Option<f32>;
const RISES: [Rise; FORESTS.len()] = [
    // D stops counting at 10,000 events, so this does.
    |t| Some((t.n.min(10_000) as f32).ln_1p()),
    |t| t.speed,
    |t| t.depth,
    |t| t.leader_share,
];

/// Trees on the global columns of `train` at every observation time and at two random ones, of
/// which part is hidden, as it is from the network.
pub fn boosted(train: &[&Cascade], seed: u64) -> Result<Trees> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut samples = observations(train);
    let mut hidden = vec![Hidden::default(); samples.len()];
    for &cascade in train {
        for _ in 1..cascade.times().len().min(3) {
            let until = rng.random_range(300f32.ln()..86_400f32.ln()).exp();
            samples.push(Sample::new(cascade, until as u32));
            hidden.push(Hidden::draw(&mut rng));
        }
    }
    let (mut x, mut now): (Vec<Vec<f32>>, Vec<[f32; SO_FAR]>) = (Vec::new(), Vec::new());
    for part in batches(&samples, 50_000) {
        for columns in columns(part, &hidden[x.len()..x.len() + part.len()]) {
            x.push(columns.globals);
            now.push(columns.so_far);
        }
    }
    let forests: Vec<Forest> = RISES
        .par_iter()
        .enumerate()
        .map(|(i, target)| {
            let (mut rows, mut y, mut w): (Vec<&[f32]>, Vec<f32>, Vec<f32>) = Default::default();
            for (sample, (x, now)) in samples.iter().zip(x.iter().zip(&now)) {
                if let Some(end) = target(&sample.cascade.targets) {
                    rows.push(x);
                    y.push(end - now[i]);
                    w.push(if sample.cascade.count_only {
                        COUNTED
                    } else {
                        1.0
                    });
                }
            }
            boosting::fit(&rows, &y, &w, &TreesPlan::DEFAULT, seed)
        })
        .collect();
    let forests = forests.try_into();
    Ok(Trees(forests.ok().context("one forest per measure")?))
}

/// Half a thousandth of D either way is rounding (counts are whole), not a miss.
pub const ROUNDING: f32 = 5e-4;

/// How far both ends of the interval of D must move for nine of ten of `rows`, forecast without
/// widening, to lie inside (conformalised quantile regression, Romano et al. 2019). Negative
/// where the network is too careful.
pub fn widening(rows: &[ForecastRow]) -> Widening {
    let mut table = Widening::default();
    for (of_platform, platform) in table.iter_mut().zip(PLATFORMS) {
        for (wider, until) in of_platform.iter_mut().zip(OBSERVATION_TIMES) {
            let mut misses: Vec<f32> = rows
                .iter()
                .filter(|r| r.platform == platform && r.observed_until == until)
                .map(|r| (r.d_low - r.target.d).max(r.target.d - r.d_high) - ROUNDING)
                .collect();
            misses.sort_by(f32::total_cmp);
            let rank = (0.9 * (misses.len() + 1) as f32).ceil() as usize;
            if let Some(&miss) = misses.get(rank.saturating_sub(1)) {
                *wider = miss;
            }
        }
    }
    table
}
