//! The score's intervals, and the ordinary posts that it is explained against. The score itself is
//! the definition and has nothing to fit.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use crate::definition::features::{FeatureVector, Group};
use crate::definition::predict::predict;
use crate::definition::value::Weights;
use crate::post::brand::BrandProfile;
use crate::scorer::bundle::Residuals;
use anyhow::{Context, Result, ensure};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::train::data::cascades::ForecastRow;
use crate::train::data::cases::{BSMV, Case, cases, posts};
use crate::train::data::folders::Sources;
use crate::train::data::sets::{Split, read_lines};
use crate::train::fit::optimise::matrix;
use crate::train::heads::reader::trained_so_far;
use crate::train::metrics::quantile;

/// Feature vectors kept as the background of explanations.
const BACKGROUND: usize = 100;
/// The file of that background.
pub const FILE: &str = "head.safetensors";
/// The file of the intervals.
pub const RESIDUALS: &str = "residuals.json";

/// Finds the score's intervals from validation cascades, and ordinary posts among those of
/// training, from `forecasts` of `bsmv train diffusion --folds`; writes `residuals.json` and
/// `head.safetensors` to the folder of what training makes, and prints the intervals.
pub fn fit(sources: &Sources, encoder: &Path, forecasts: &Path, seed: u64) -> Result<()> {
    let forecasts: Vec<ForecastRow> = read_lines(forecasts)?;
    let of = |split: Split| {
        forecasts
            .iter()
            .filter(move |row| row.split == split.name())
    };
    let brands = &sources.brands.brands;
    let json = std::fs::read(brands).with_context(|| format!("reading {}", brands.display()))?;
    let brands: Vec<BrandProfile> = serde_json::from_slice(&json)?;
    let reader = trained_so_far(encoder, sources)?;
    let data = sources.data();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);

    let train: Vec<&ForecastRow> = of(Split::Train).collect();
    let some: Vec<&ForecastRow> = train
        .choose_multiple(&mut rng, BACKGROUND)
        .copied()
        .collect();
    ensure!(
        some.len() == BACKGROUND,
        "too few forecasts of training cascades"
    );
    let texts: HashMap<String, String> = posts(data, Split::Train)?
        .into_iter()
        .map(|post| (post.id, post.text))
        .collect();
    let ordinary = cases(&reader, data, Split::Train, some.into_iter())?;
    let rows: Vec<Vec<f32>> = ordinary
        .iter()
        .map(|case| {
            let brand = brands.choose(&mut rng).context("no brands")?;
            let text = reader.read(&texts[&case.id], Some(brand))?;
            // Posts that people score are mostly about their brand; some are not.
            let t = if rng.random_bool(0.5) {
                1.0
            } else {
                reader.relevance(&text, brand)?
            };
            Ok(at_relevance(&case.x, t).to_vec())
        })
        .collect::<Result<_>>()?;
    let path = sources.to_make(FILE)?;
    let tensors = HashMap::from([("background".to_owned(), matrix(&rows)?)]);
    candle_core::safetensors::save(&tensors, &path)?;

    let valid = cases(&reader, data, Split::Valid, of(Split::Valid))?;
    let residuals = residuals(&valid);
    for r in &residuals {
        println!(
            "{:>6} s: realised - score from {:+.1} to {:+.1}",
            r.observed_until, r.low, r.high
        );
    }
    let json = serde_json::to_string_pretty(&residuals)?;
    std::fs::write(sources.to_make(RESIDUALS)?, json + "\n")?;
    Ok(())
}

/// Features of a post of relevance 1 at relevance `t`.
fn at_relevance(x: &FeatureVector, t: f32) -> FeatureVector {
    let mut x = *x;
    x[Group::Topics.range()].iter_mut().for_each(|w| *w *= t);
    x
}

/// Per observation time, 5 % and 95 % quantiles of realised less predicted, in points at T = 1.
fn residuals(valid: &[Case]) -> Vec<Residuals> {
    let mut by_time: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for case in valid.iter().filter(|c| !c.truth[BSMV].is_nan()) {
        let off = case.truth[BSMV] - predict(&case.x).score(&Weights::BALANCED);
        by_time.entry(case.time).or_default().push(f64::from(off));
    }
    by_time
        .into_iter()
        .map(|(observed_until, mut off)| {
            off.sort_by(f64::total_cmp);
            Residuals {
                observed_until,
                low: quantile(&off, 0.05) as f32,
                high: quantile(&off, 0.95) as f32,
            }
        })
        .collect()
}
