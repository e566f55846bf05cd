//! `bsmv train diffusion`: fits boosted trees and the graph attention network to cascades, and the
//! intervals of their joint forecast.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::diffusion::{
    DiffusionNet, FORESTS, Forest, OBSERVATION_TIMES, PLATFORMS, SO_FAR, Trees, Widening,
    platform_row,
};
use crate::heads::reader::Reader;
use crate::layers::tensors::Tensors;
use anyhow::{Context, Result};
use candle_core::{Device, Tensor};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::train::data::cascades::{
    Cascade, ForecastRow, Labels, Targets, cascades, counted_posts,
};
use crate::train::eval::diffusion::{evaluate, forecast_rows};
use crate::train::fit::boosting::{self, Plan};
use crate::train::fit::network::{self, COUNTED, Hidden, Sample, batches, columns, shown};
use crate::train::fit::optimise::file_of;
use crate::train::{Split, encoders};

/// Fits the graph network that forecasts how far, how fast and how deep a post travels.
#[derive(Debug, Clone, clap::Args)]
pub struct DiffusionArgs {
    /// Folder of the data sets.
    #[arg(long)]
    pub data: PathBuf,
    /// Valences of texts by hash; without them valences are unknown.
    #[arg(long)]
    pub labels: Option<PathBuf>,
    /// Folder of the encoder in Hugging Face's layout: posts are read as the scorer will.
    #[arg(long)]
    pub encoder: PathBuf,
    /// The topics' names.
    #[arg(long, default_value = "models/topics.json")]
    pub topics: PathBuf,
    /// Folder of the heads that read text.
    #[arg(long, default_value = "runs")]
    pub runs: PathBuf,
    /// Where the weights go; a checkpoint and the folds' networks stand beside it.
    #[arg(long)]
    pub out: PathBuf,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    #[arg(long, default_value_t = 12)]
    pub epochs: usize,
    /// Epochs without a better validation loss after which training stops.
    #[arg(long, default_value_t = 6)]
    pub patience: usize,
    #[arg(long, default_value_t = 3e-3)]
    pub rate: f64,
    /// Decay of the weights.
    #[arg(long, default_value_t = 0.02)]
    pub decay: f64,
    /// Nodes in a batch.
    #[arg(long, default_value_t = 8_000)]
    pub nodes: usize,
    /// Trains this many further networks, each blind to a part of the authors, and writes
    /// forecasts of the posts they haven't seen.
    #[arg(long, default_value_t = 0, requires = "forecasts")]
    pub folds: u64,
    /// Where forecasts of training (out of fold) and validation cascades go, as NDJSON.
    #[arg(long)]
    pub forecasts: Option<PathBuf>,
    /// Goes on from what an interrupted run left.
    #[arg(long)]
    pub resume: bool,
}

/// Trains, writes weights and forecasts, prints validation metrics.
pub fn run(args: DiffusionArgs) -> Result<()> {
    let labels = args
        .labels
        .as_deref()
        .map_or(Ok(Labels::default()), Labels::load)?;
    let reader = encoders::reader(&args.encoder, &args.runs, &args.topics)?;
    let read = |split| posts(&args.data, split, &labels, Some(&reader));
    let (train, valid) = (read(Split::Train)?, read(Split::Valid)?);
    eprintln!(
        "{} labelled texts; {} posts to train on, {} to validate",
        labels.len(),
        train.len(),
        valid.len()
    );
    let all: Vec<&Cascade> = train.iter().collect();
    let held: Vec<&Cascade> = valid.iter().collect();
    let net = trained(&args, &args.out, "all", &all, &held)?;
    for row in evaluate(&net, &train, &valid, Split::Valid)? {
        println!("{}", serde_json::to_string(&row)?);
    }
    let Some(path) = &args.forecasts else {
        return Ok(());
    };
    let mut file = BufWriter::new(File::create(path)?);
    let mut write = |net: &DiffusionNet, posts: &[&Cascade], split| -> Result<()> {
        for row in forecast_rows(net, posts, split) {
            serde_json::to_writer(&mut file, &row)?;
            file.write_all(b"\n")?;
        }
        Ok(file.flush()?)
    };
    write(&net, &held, Split::Valid)?;
    for fold in 0..args.folds {
        let (out, inside): (Vec<&Cascade>, Vec<&Cascade>) =
            all.iter().partition(|c| c.author_key % args.folds == fold);
        let path = args.out.with_extension(format!("fold{fold}.safetensors"));
        let name = format!("fold {} of {}", fold + 1, args.folds);
        let net = trained(&args, &path, &name, &inside, &held)?;
        write(&net, &out, Split::Train)?;
    }
    Ok(())
}

/// All cascades of a split, and the posts on x of which only the count is known.
pub fn posts(
    data: &Path,
    split: Split,
    labels: &Labels,
    reader: Option<&Reader>,
) -> Result<Vec<Cascade>> {
    let mut all = cascades(data, split, labels, reader)?;
    all.extend(counted_posts(data, split, labels, reader)?);
    Ok(all)
}

/// Reads a trained network.
pub fn load(path: &Path) -> Result<DiffusionNet> {
    let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    Ok(DiffusionNet::load(&Tensors::open(&bytes)?)?)
}

/// The network at `path`: trained and saved there, or read if a resumed run had finished it.
fn trained(
    args: &DiffusionArgs,
    path: &Path,
    name: &str,
    train: &[&Cascade],
    valid: &[&Cascade],
) -> Result<DiffusionNet> {
    let checkpoint = path.with_extension("checkpoint");
    if !args.resume {
        for old in [path, &checkpoint] {
            if old.exists() {
                std::fs::remove_file(old)?;
            }
        }
    }
    if !path.exists() {
        let mut tensors = network::fit(args, name, train, valid, &checkpoint)?;
        let trees = boosted(train, args.seed)?;
        for (name, forest) in FORESTS.iter().zip(&trees.0) {
            let (nodes, roots) = forest.to_columns();
            let count = nodes.len();
            let nodes = Tensor::from_vec(nodes.concat(), (count, 3), &Device::Cpu)?;
            tensors.insert(format!("trees.{name}"), nodes);
            let roots = Tensor::new(roots, &Device::Cpu)?;
            tensors.insert(format!("trees.{name}.roots"), roots);
        }
        let table = |t: &Widening| Tensor::new(t, &Device::Cpu);
        let followers = Tensor::new(&followers(train), &Device::Cpu)?;
        tensors.insert("stats.followers".into(), followers);
        tensors.insert("stats.widening".into(), table(&Widening::default())?);
        let bytes = file_of(&tensors)?;
        let net = DiffusionNet::load(&Tensors::open(&bytes)?)?;
        let rows = forecast_rows(&net, valid, Split::Valid);
        tensors.insert("stats.widening".into(), table(&widening(&rows))?);
        candle_core::safetensors::save(&tensors, path)?;
        if checkpoint.exists() {
            std::fs::remove_file(checkpoint)?;
        }
    }
    load(path)
}

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
    let mut samples = shown(train);
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
            boosting::fit(&rows, &y, &w, &Plan::DEFAULT, seed)
        })
        .collect();
    let forests = forests.try_into();
    Ok(Trees(forests.ok().context("one forest per measure")?))
}

/// Least and most ln(1 + followers) of authors, per platform.
fn followers(train: &[&Cascade]) -> [[f32; 2]; PLATFORMS.len()] {
    let mut followers = [[f32::MAX, f32::MIN]; PLATFORMS.len()];
    for cascade in train {
        let author = cascade.graph.author.as_ref();
        if let (Some(row), Some(count)) = (
            platform_row(cascade.platform),
            author.and_then(|a| a.followers),
        ) {
            let x = (count as f32).ln_1p();
            followers[row] = [followers[row][0].min(x), followers[row][1].max(x)];
        }
    }
    followers
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
