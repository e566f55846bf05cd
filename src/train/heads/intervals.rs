//! `bsmv train head`: what the head needs of training and validation cascades. The score itself is
//! the definition and has nothing to fit; its interval and the ordinary posts it is explained
//! against come from here.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use crate::definition::features::{FeatureVector, Group};
use crate::definition::predict::predict;
use crate::post::brand::BrandProfile;
use crate::scorer::bundle::Residuals;
use anyhow::{Context, Result, ensure};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::train::data::cascades::ForecastRow;
use crate::train::eval::score::{Case, cases, posts};
use crate::train::fit::optimise::matrix;
use crate::train::metrics::quantile;
use crate::train::{Split, encoders, read_lines};

/// Feature vectors kept as the background of explanations.
const BACKGROUND: usize = 100;

/// Finds the score's intervals, and the ordinary posts that scores are explained against.
#[derive(Debug, clap::Args)]
pub struct HeadArgs {
    /// Folder of the data sets.
    #[arg(long)]
    data: PathBuf,
    /// Folder of the encoder in Hugging Face's layout.
    #[arg(long)]
    encoder: PathBuf,
    /// Forecasts of `bsmv train diffusion --folds`.
    #[arg(long, default_value = "runs/forecasts.ndjson")]
    forecasts: PathBuf,
    #[arg(long, default_value = "models/brands.json")]
    brands: PathBuf,
    /// The topics' names.
    #[arg(long, default_value = "models/topics.json")]
    topics: PathBuf,
    /// Folder of the other heads; head.safetensors and residuals.json are written there.
    #[arg(long, default_value = "runs")]
    runs: PathBuf,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs the verb.
pub fn run(args: &HeadArgs) -> Result<()> {
    let forecasts: Vec<ForecastRow> = read_lines(&args.forecasts)?;
    let of = |split: Split| {
        forecasts
            .iter()
            .filter(move |row| row.split == split.name())
    };
    let brands: Vec<BrandProfile> = serde_json::from_slice(
        &std::fs::read(&args.brands)
            .with_context(|| format!("reading {}", args.brands.display()))?,
    )?;
    let reader = encoders::reader(&args.encoder, &args.runs, &args.topics)?;
    let mut rng = ChaCha8Rng::seed_from_u64(args.seed);

    let train: Vec<&ForecastRow> = of(Split::Train).collect();
    let some: Vec<&ForecastRow> = train
        .choose_multiple(&mut rng, BACKGROUND)
        .copied()
        .collect();
    ensure!(
        some.len() == BACKGROUND,
        "too few forecasts of training cascades"
    );
    let texts: HashMap<String, String> = posts(&args.data, Split::Train)?
        .into_iter()
        .map(|post| (post.id, post.text))
        .collect();
    let ordinary = cases(&reader, &args.data, Split::Train, some.into_iter())?;
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
            Ok(about(&case.x, t).to_vec())
        })
        .collect::<Result<_>>()?;
    let path = args.runs.join("head.safetensors");
    let tensors = HashMap::from([("background".to_owned(), matrix(&rows)?)]);
    candle_core::safetensors::save(&tensors, &path)?;

    let valid = cases(&reader, &args.data, Split::Valid, of(Split::Valid))?;
    let residuals = residuals(&valid);
    for r in &residuals {
        println!(
            "{:>6} s: realised - score from {:+.1} to {:+.1}",
            r.observed_until, r.low, r.high
        );
    }
    let json = serde_json::to_string_pretty(&residuals)?;
    std::fs::write(args.runs.join("residuals.json"), json + "\n")?;
    Ok(())
}

/// Features of a post of relevance 1 at relevance `t`.
fn about(x: &FeatureVector, t: f32) -> FeatureVector {
    let mut x = *x;
    x[Group::Topics.range()].iter_mut().for_each(|w| *w *= t);
    x
}

/// Per observation time, 5 % and 95 % quantiles of realised less predicted, in points at T = 1.
fn residuals(valid: &[Case]) -> Vec<Residuals> {
    let mut by_time: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for case in valid.iter().filter(|c| !c.truth[2].is_nan()) {
        let off = case.truth[2] - predict(&case.x).bsmv;
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
