//! `bsmv train head`: the multi-task head, on forecasts that the graph network made of cascades
//! it had not been trained on.
//!
//! Cascades carry no brand. Each is paired with the profile nearest to it by the untuned teacher,
//! three random ones, no brand (T = 1) and two relevances drawn evenly from [0, 1]: T is an input
//! of the head, so any value is as true as another, and a few real brands would leave most of its
//! range unseen.
//!
//! Beside each example stand three with a silent audience: the same cascade, passed on without a
//! word, whose realised valence is by definition the post's own. Pace and shape of these are drawn
//! evenly, and in two of them D as well, as feature and target alike, so that the head learns the
//! definition over the whole of its range and not only where news posts of ten years ago happen to
//! lie.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use bsmv::brand::BrandProfile;
use bsmv::bundle::Residuals;
use bsmv::features::{self, DiffusionForecast, FEATURES, FeatureVector, TOPICS};
use bsmv::head::{HIDDEN, Head, OUTPUTS};
use bsmv::reader::Reader;
use bsmv::tensors::Tensors;
use bsmv::value::{Weights, formula};
use candle_core::{Device, Tensor};
use candle_nn::{Module, VarBuilder, linear};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::cascades::ForecastRow;
use super::metrics::quantile;
use super::optimise::{Plan, fit, matrix, start};
use super::texts::{Embedder as _, TextRow};
use super::{Split, encoders, rows};

/// Random brands that each cascade is paired with.
const STRANGERS: usize = 3;
/// Relevances drawn evenly from [0, 1] for each cascade.
const DRAWN: usize = 2;
/// Feature vectors kept as the background of explanations.
const BACKGROUND: usize = 100;
/// Share of the loss of BSMV, s, T and D.
const LOSS: [f32; OUTPUTS] = [0.6, 0.1, 0.1, 0.1];

/// Trains the BSMV head.
#[derive(Debug, clap::Args)]
pub struct HeadArgs {
    /// Folder of the data sets.
    #[arg(long)]
    data: PathBuf,
    /// Folder of the encoder in Hugging Face's layout.
    #[arg(long)]
    encoder: PathBuf,
    /// Folder of the untuned teacher, by which the nearest brand is found.
    #[arg(long)]
    teacher: PathBuf,
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

/// One example.
struct Example {
    x: FeatureVector,
    /// BSMV/100, s, T, D.
    y: [f32; OUTPUTS],
    observed_until: u32,
    /// As it was, not with a silent audience.
    real: bool,
}

/// What is said of a cascade's post, before a brand is known.
struct Root {
    s: f32,
    topics: [f32; TOPICS],
    /// Relevances to pair it with.
    relevances: Vec<f32>,
}

/// Runs the verb.
pub fn run(args: &HeadArgs) -> Result<()> {
    let forecasts: Vec<ForecastRow> = read_lines(&args.forecasts)?;
    let brands: Vec<BrandProfile> = serde_json::from_slice(
        &std::fs::read(&args.brands)
            .with_context(|| format!("reading {}", args.brands.display()))?,
    )?;
    let reader = encoders::reader(&args.encoder, &args.runs, &args.topics)?;
    let mut rng = ChaCha8Rng::seed_from_u64(args.seed);
    let mut examples = HashMap::new();
    for split in [Split::Train, Split::Valid] {
        let roots = roots(args, split, &reader, &brands, &mut rng)?;
        let of_split: Vec<Example> = forecasts
            .iter()
            .filter_map(|row| Some((row, roots.get(&row.id)?)))
            .flat_map(|(row, root)| pair(row, root, &mut rng))
            .collect();
        ensure!(!of_split.is_empty(), "no forecasts of {split:?} cascades");
        examples.insert(split.name(), of_split);
    }
    let (train, valid) = (&examples["train"], &examples["valid"]);
    let tensors = train_head(train, valid, args.seed, &mut rng)?;
    let path = args.runs.join("head.safetensors");
    candle_core::safetensors::save(&tensors, &path)?;

    let head = Head::load(&Tensors::open(&std::fs::read(&path)?)?)?;
    let residuals = residuals(&head, valid);
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

/// Text features of every root of a split, with the relevances it is paired with.
fn roots(
    args: &HeadArgs,
    split: Split,
    reader: &Reader,
    brands: &[BrandProfile],
    rng: &mut ChaCha8Rng,
) -> Result<HashMap<String, Root>> {
    let mut posts: Vec<TextRow> = rows(&args.data, "zh_weibo_cascades", split)?;
    posts.extend(rows::<TextRow>(&args.data, "en_twitter_cascades", split)?);
    let teacher = encoders::teacher(&args.teacher)?;
    let texts: Vec<String> = posts.iter().map(|post| post.text.clone()).collect();
    let vectors = teacher.embed(&texts)?;
    let sentences: Vec<String> = brands
        .iter()
        .map(|b| format!("{} {}", b.name, b.positioning))
        .collect();
    let brand_vectors = teacher.embed(&sentences)?;
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let mut roots = HashMap::new();
    for (post, vector) in posts.into_iter().zip(&vectors) {
        let nearest = (0..brands.len())
            .max_by(|&a, &b| {
                dot(vector, &brand_vectors[a]).total_cmp(&dot(vector, &brand_vectors[b]))
            })
            .context("no brands")?;
        let features = reader.read(&post.text, None)?;
        let mut relevances = vec![1.0, reader.relevance(&features, &brands[nearest])?];
        for brand in brands.choose_multiple(rng, STRANGERS) {
            relevances.push(reader.relevance(&features, brand)?);
        }
        relevances.extend((0..DRAWN).map(|_| rng.random_range(0.0..1.0)));
        let root = Root {
            s: features.valence(),
            topics: features.topics,
            relevances,
        };
        roots.insert(post.id, root);
    }
    Ok(roots)
}

/// The examples of one forecast: for each relevance as it was, and with a silent audience.
fn pair(row: &ForecastRow, root: &Root, rng: &mut ChaCha8Rng) -> Vec<Example> {
    let value = |s: f32, t: f32, d: f32| formula(s, t, d, &Weights::BALANCED) / 100.0;
    let forecast = DiffusionForecast {
        d: row.d,
        speed: row.speed,
        depth: row.depth,
        leader_share: row.leader_share,
        audience: row.audience,
    };
    // What the labeller says of the post; the student's word is a feature.
    let own = row.s_post.unwrap_or(root.s);
    let d = row.target.d;
    let mut examples = Vec::new();
    for &t in &root.relevances {
        let mut add = |forecast: DiffusionForecast, s: f32, d: f32, real: bool| {
            examples.push(Example {
                x: features::assemble(root.s, &root.topics, t, &forecast),
                y: [value(s, t, d), s, t, d],
                observed_until: row.observed_until,
                real,
            });
        };
        if let Some(s) = row.target.s {
            add(forecast, s, d, true);
        }
        for drawn in [
            None,
            Some(rng.random_range(0.0..1.0)),
            Some(rng.random_range(0.0..1.0)),
        ] {
            // Any pace and shape: of a silent audience they say nothing.
            let silent = DiffusionForecast {
                d: drawn.unwrap_or(row.d),
                speed: rng.random_range(0.0..14.0),
                depth: rng.random_range(0.0..12.0),
                leader_share: rng.random_range(0.0..1.0),
                audience: root.s,
            };
            add(silent, own, drawn.unwrap_or(d), false);
        }
    }
    examples
}

/// Fits the head; returns its tensors as [`Head::load`] reads them.
fn train_head(
    train: &[Example],
    valid: &[Example],
    seed: u64,
    rng: &mut ChaCha8Rng,
) -> Result<HashMap<String, Tensor>> {
    let (mean, deviation) = standard(train);
    let tensors = |examples: &[Example]| -> Result<(Tensor, Tensor)> {
        let x: Vec<Vec<f32>> = examples
            .iter()
            .map(|e| {
                (0..FEATURES)
                    .map(|i| (e.x[i] - mean[i]) / deviation[i])
                    .collect()
            })
            .collect();
        let y: Vec<Vec<f32>> = examples.iter().map(|e| e.y.to_vec()).collect();
        Ok((matrix(&x)?, matrix(&y)?))
    };
    let vars = start(
        &[
            ("head.0", FEATURES, HIDDEN),
            ("head.1", HIDDEN, HIDDEN),
            ("head.2", HIDDEN, OUTPUTS),
        ],
        seed,
    )?;
    let vb = VarBuilder::from_varmap(&vars, candle_core::DType::F32, &Device::Cpu);
    let first = linear(FEATURES, HIDDEN, vb.pp("head.0"))?;
    let second = linear(HIDDEN, HIDDEN, vb.pp("head.1"))?;
    let last = linear(HIDDEN, OUTPUTS, vb.pp("head.2"))?;
    let weight = Tensor::new(&LOSS, &Device::Cpu)?;
    let loss = |x: &Tensor, y: &Tensor| {
        let hidden = second.forward(&first.forward(x)?.relu()?)?.relu()?;
        ((last.forward(&hidden)? - y)?.sqr()?.broadcast_mul(&weight))?
            .sum(1)?
            .mean_all()
    };
    let (x, y) = tensors(train)?;
    let held_out = tensors(valid)?;
    let plan = Plan {
        epochs: 60,
        batch: 1024,
        rate: 1e-3,
        decay: 1e-3,
        patience: 10,
        seed,
    };
    let best = fit(
        &vars,
        train.len(),
        &plan,
        |rows| {
            let pick = |t: &Tensor| t.index_select(rows, 0);
            loss(&pick(&x)?, &pick(&y)?)
        },
        || {
            Ok(f64::from(
                loss(&held_out.0, &held_out.1)?.to_scalar::<f32>()?,
            ))
        },
    )?;
    println!("{} examples, validation loss {best:.5}", train.len());

    let mut out: HashMap<String, Tensor> = vars
        .data()
        .lock()
        .ok()
        .context("variables are locked")?
        .iter()
        .map(|(name, var)| (name.clone(), var.as_tensor().clone()))
        .collect();
    let ordinary: Vec<&Example> = train.iter().filter(|e| e.real).collect();
    let background: Vec<Vec<f32>> = ordinary
        .choose_multiple(rng, BACKGROUND)
        .map(|e| e.x.to_vec())
        .collect();
    out.insert("head.mean".into(), Tensor::new(&mean[..], &Device::Cpu)?);
    out.insert(
        "head.deviation".into(),
        Tensor::new(&deviation[..], &Device::Cpu)?,
    );
    out.insert("head.background".into(), matrix(&background)?);
    Ok(out)
}

/// Mean and standard deviation of each feature; 1 for a constant one.
fn standard(examples: &[Example]) -> (FeatureVector, FeatureVector) {
    let n = examples.len() as f32;
    let mean: FeatureVector =
        std::array::from_fn(|i| examples.iter().map(|e| e.x[i]).sum::<f32>() / n);
    let deviation = std::array::from_fn(|i| {
        let variance = examples
            .iter()
            .map(|e| (e.x[i] - mean[i]).powi(2))
            .sum::<f32>()
            / n;
        if variance > 1e-8 {
            variance.sqrt()
        } else {
            1.0
        }
    });
    (mean, deviation)
}

/// Per observation time, 5 % and 95 % quantiles of realised less predicted, in points at T = 1.
fn residuals(head: &Head, valid: &[Example]) -> Vec<Residuals> {
    let mut by_time: std::collections::BTreeMap<u32, Vec<f64>> = Default::default();
    for e in valid.iter().filter(|e| e.real && e.y[2] == 1.0) {
        let off = 100.0 * e.y[0] - head.predict(&e.x).bsmv;
        by_time
            .entry(e.observed_until)
            .or_default()
            .push(f64::from(off));
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

fn read_lines<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    text.lines()
        .map(|line| Ok(serde_json::from_str(line)?))
        .collect()
}
