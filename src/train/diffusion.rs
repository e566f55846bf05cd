//! `bsmv train diffusion`: fits the graph attention network to cascades.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use bsmv::diffusion::{
    Batch, DiffusionGraph, DiffusionNet, OBSERVATION_TIMES, Outputs, PLATFORMS, READOUT,
    platform_row,
};
use candle_core::{DType, Device, Tensor, Var};
use candle_nn::{VarBuilder, VarMap};
use indicatif::{ProgressBar, ProgressStyle};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Split;
use super::adamw::AdamW;
use super::cascades::{Cascade, Labels, Topics, cascades, counted_posts};
use super::diffusion_eval::{evaluate, forecast_rows};

/// Fits the graph network that forecasts how far, how fast and how deep a post travels.
#[derive(Debug, Clone, clap::Args)]
pub struct DiffusionArgs {
    /// Folder of the data sets.
    #[arg(long)]
    pub data: PathBuf,
    /// Valences of texts by hash; without them valences are unknown.
    #[arg(long)]
    pub labels: Option<PathBuf>,
    /// Topic weights of texts by hash.
    #[arg(long)]
    pub topics: Option<PathBuf>,
    /// Where the weights go; a checkpoint and the folds' networks stand beside it.
    #[arg(long)]
    pub out: PathBuf,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    #[arg(long, default_value_t = 24)]
    pub epochs: usize,
    /// Epochs without a better validation loss after which training stops.
    #[arg(long, default_value_t = 6)]
    pub patience: usize,
    #[arg(long, default_value_t = 3e-3)]
    pub rate: f64,
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
    let topics = args
        .topics
        .as_deref()
        .map_or(Ok(Topics::default()), Topics::load)?;
    let read = |split| -> Result<Vec<Cascade>> {
        let mut all = cascades(&args.data, split, &labels, &topics)?;
        all.extend(counted_posts(&args.data, split, &labels, &topics)?);
        Ok(all)
    };
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
        for row in forecast_rows(net, posts, split)? {
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

/// Reads a trained network.
pub fn load(path: &Path) -> Result<DiffusionNet> {
    let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    let vb = VarBuilder::from_buffered_safetensors(bytes, DType::F32, &Device::Cpu)?;
    Ok(DiffusionNet::load(vb)?)
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
        Trainer::new(args, name, train, valid)?.fit(path, &checkpoint)?;
    }
    load(path)
}

/// A cascade at a time, to be shown to the network.
#[derive(Clone, Copy)]
struct Sample<'a> {
    cascade: &'a Cascade,
    until: u32,
    nodes: usize,
}

impl<'a> Sample<'a> {
    fn new(cascade: &'a Cascade, until: u32) -> Self {
        let events = if until == 0 {
            0
        } else {
            cascade.graph.t.partition_point(|&t| t <= until)
        };
        Sample {
            cascade,
            until,
            nodes: events + 1,
        }
    }
}

/// Cuts samples into runs of about `nodes` nodes.
fn batches<'s, 'a>(samples: &'s [Sample<'a>], nodes: usize) -> Vec<&'s [Sample<'a>]> {
    let (mut all, mut from, mut sum) = (Vec::new(), 0, 0);
    for (i, sample) in samples.iter().enumerate() {
        sum += sample.nodes;
        if sum >= nodes || i + 1 == samples.len() {
            all.push(&samples[from..=i]);
            (from, sum) = (i + 1, 0);
        }
    }
    all
}

/// What to hide from the network, so that it has met posts of which little is known.
#[derive(Clone, Copy, Default)]
struct Hidden {
    author: bool,
    words: bool,
    post: bool,
}

impl Hidden {
    fn draw(rng: &mut ChaCha8Rng) -> Self {
        Hidden {
            author: rng.random_bool(0.1),
            words: rng.random_bool(0.1),
            post: rng.random_bool(0.05),
        }
    }
}

fn batch(samples: &[Sample], hidden: &[Hidden]) -> Result<Batch> {
    let graphs: Vec<DiffusionGraph> = samples
        .iter()
        .zip(hidden)
        .map(|(sample, hidden)| {
            let mut graph = sample.cascade.seen(sample.until);
            if hidden.author {
                graph.author = None;
            }
            if hidden.words {
                graph.s.fill(None);
            }
            graph
        })
        .collect();
    let inputs: Vec<_> = samples
        .iter()
        .zip(hidden)
        .zip(&graphs)
        .map(|((sample, hidden), graph)| {
            let mut input = sample.cascade.input(graph);
            if hidden.post {
                input.created_at = None;
                input.s = None;
                input.topics = None;
            }
            input
        })
        .collect();
    Ok(Batch::new(&inputs, &Device::Cpu)?)
}

/// The shape of each loss and its share. Scales are the targets' usual spread.
const SPREAD: [f64; 5] = [0.8, 2.0, 1.5, 0.2, 0.25];
const SHARE: [f64; 5] = [1.0, 0.15, 0.15, 0.15, 0.15];
const PINBALL: f64 = 0.5;
/// Posts with a count only are many, of another make, and drafts all.
const COUNTED: f32 = 0.5;

/// Mean loss of a batch. D: squared error and pinball losses on ln(1 + N); the others: squared
/// near 0, straight further out (pseudo-Huber), where the target is known.
fn loss(out: &Outputs, samples: &[Sample]) -> Result<Tensor> {
    let device = Device::Cpu;
    let column = |of: &dyn Fn(&Cascade) -> Option<f32>| -> Result<(Tensor, Tensor)> {
        let values: Vec<f32> = samples
            .iter()
            .map(|s| of(s.cascade).unwrap_or(0.0))
            .collect();
        let weights: Vec<f32> = samples
            .iter()
            .map(|s| match of(s.cascade) {
                None => 0.0,
                Some(_) if s.cascade.count_only => COUNTED,
                Some(_) => 1.0,
            })
            .collect();
        Ok((
            Tensor::new(values, &device)?,
            Tensor::new(weights, &device)?,
        ))
    };
    // D stops counting at 10,000 events, so the loss does.
    let (y, w) = column(&|c| Some((c.targets.n.min(10_000) as f32).ln_1p()))?;
    let scaled = |p: &Tensor| -> Result<Tensor> { Ok(((&y - p)? * (1.0 / SPREAD[0]))?) };
    let mut total = (scaled(&out.log_events)?.sqr()? * SHARE[0])?;
    for (q, p) in [(0.05, &out.low), (0.95, &out.high)] {
        let error = scaled(p)?;
        // max(q e, (q - 1) e)
        let pinball = ((error.relu()? * q)? + (error.neg()?.relu()? * (1.0 - q))?)?;
        total = (total + (pinball * PINBALL)?)?;
    }
    let mut total = (total * w)?.sum_all()?;
    type Target = fn(&Cascade) -> Option<f32>;
    let rest: [(&Tensor, Target); 4] = [
        (&out.speed, |c| c.targets.speed),
        (&out.depth, |c| c.targets.depth),
        (&out.leader_share, |c| c.targets.leader_share),
        (&out.audience, |c| c.targets.audience),
    ];
    for (i, (predicted, target)) in rest.into_iter().enumerate() {
        let (y, w) = column(&target)?;
        let error = ((y - predicted)? * (1.0 / SPREAD[i + 1]))?;
        let huber = (((error.sqr()? + 1.0)?.sqrt()? - 1.0)? * (2.0 * SHARE[i + 1]))?;
        total = (total + (huber * w)?.sum_all()?)?;
    }
    Ok((total * (1.0 / samples.len() as f64))?)
}

struct Trainer<'a> {
    args: &'a DiffusionArgs,
    name: &'a str,
    train: &'a [&'a Cascade],
    valid: &'a [&'a Cascade],
    variables: BTreeMap<String, Var>,
    net: DiffusionNet,
}

/// Where training stands after an epoch.
#[derive(Clone, Copy)]
struct Progress {
    epochs: usize,
    best_loss: f32,
    best_epoch: usize,
}

impl<'a> Trainer<'a> {
    fn new(
        args: &'a DiffusionArgs,
        name: &'a str,
        train: &'a [&'a Cascade],
        valid: &'a [&'a Cascade],
    ) -> Result<Self> {
        let map = VarMap::new();
        let net = DiffusionNet::load(VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu))?;
        let data = map.data().lock().map_err(|_| anyhow::anyhow!("poisoned"))?;
        let variables: BTreeMap<String, Var> =
            data.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        initialise(&variables, args.seed)?;
        let trainer = Trainer {
            args,
            name,
            train,
            valid,
            variables,
            net,
        };
        trainer.describe()?;
        Ok(trainer)
    }

    /// Sets the tables of the training set: spread of the global columns, followers seen.
    fn describe(&self) -> Result<()> {
        let samples: Vec<Sample> = shown(self.train);
        let (mut n, mut sum, mut squares) = (0.0f64, Vec::new(), Vec::new());
        for part in batches(&samples, 50_000) {
            let rows = batch(part, &vec![Hidden::default(); part.len()])?;
            for row in rows.globals().to_vec2::<f32>()? {
                sum.resize(row.len(), 0.0);
                squares.resize(row.len(), 0.0);
                n += 1.0;
                for (i, x) in row.into_iter().enumerate() {
                    sum[i] += f64::from(x);
                    squares[i] += f64::from(x).powi(2);
                }
            }
        }
        let mean: Vec<f32> = sum.iter().map(|s| (s / n) as f32).collect();
        let scale: Vec<f32> = sum
            .iter()
            .zip(&squares)
            .map(|(s, q)| {
                let variance = q / n - (s / n).powi(2);
                if variance > 1e-8 {
                    variance.sqrt().recip() as f32
                } else {
                    0.0
                }
            })
            .collect();
        let mut followers = [[f32::MAX, f32::MIN]; PLATFORMS.len()];
        for cascade in self.train {
            let author = cascade.graph.author.as_ref();
            if let (Some(row), Some(count)) = (
                platform_row(cascade.platform),
                author.and_then(|a| a.followers),
            ) {
                let x = (count as f32).ln_1p();
                followers[row] = [followers[row][0].min(x), followers[row][1].max(x)];
            }
        }
        let width = mean.len();
        self.set(
            "stats.mean",
            Tensor::from_vec(mean, (1, width), &Device::Cpu)?,
        )?;
        self.set(
            "stats.scale",
            Tensor::from_vec(scale, (1, width), &Device::Cpu)?,
        )?;
        self.set("stats.followers", Tensor::new(&followers, &Device::Cpu)?)
    }

    fn set(&self, name: &str, value: Tensor) -> Result<()> {
        let var = self.variables.get(name);
        Ok(var.with_context(|| format!("no {name}"))?.set(&value)?)
    }

    /// Trains to the best validation loss, fits the intervals and saves.
    fn fit(&self, path: &Path, checkpoint: &Path) -> Result<()> {
        let trainable = |(name, _): &(&String, &Var)| !name.starts_with("stats.");
        let parameters: BTreeMap<String, Var> = self
            .variables
            .iter()
            .filter(trainable)
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        let mut optimizer = AdamW::new(parameters, 0.02)?;
        let mut best = self.weights()?;
        let mut progress = Progress {
            epochs: 0,
            best_loss: f32::INFINITY,
            best_epoch: 0,
        };
        if checkpoint.exists() {
            (progress, best) = self.restore(checkpoint, &mut optimizer)?;
        }
        while progress.epochs < self.args.epochs
            && progress.epochs - progress.best_epoch < self.args.patience
        {
            let trained = self.epoch(progress.epochs, &mut optimizer)?;
            let loss = self.validate()?;
            progress.epochs += 1;
            if loss < progress.best_loss {
                (progress.best_loss, progress.best_epoch) = (loss, progress.epochs);
                best = self.weights()?;
            }
            eprintln!(
                "{} epoch {}: loss {trained:.4}, validation {loss:.4}{}",
                self.name,
                progress.epochs,
                if progress.best_epoch == progress.epochs {
                    " *"
                } else {
                    ""
                }
            );
            self.save(checkpoint, &optimizer, &best, progress)?;
        }
        for (name, value) in &best {
            self.set(name, value.clone())?;
        }
        self.set("stats.widening", self.widening()?)?;
        candle_core::safetensors::save(&self.weights()?, path)?;
        if checkpoint.exists() {
            std::fs::remove_file(checkpoint)?;
        }
        Ok(())
    }

    /// One pass: each cascade as a draft (every other time) and at two of the later times, which
    /// are shifted at random half of the time, so that times between them are met too.
    fn epoch(&self, epoch: usize, optimizer: &mut AdamW) -> Result<f32> {
        // A generator of the epoch's own, so that a resumed run draws the same.
        let mut rng = ChaCha8Rng::seed_from_u64(self.args.seed);
        rng.set_stream(epoch as u64 + 1);
        let mut samples = Vec::new();
        for cascade in self.train {
            if rng.random_bool(0.5) {
                samples.push(Sample::new(cascade, 0));
            }
            let mut times = cascade.times()[1..].to_vec();
            times.shuffle(&mut rng);
            for &t in times.iter().take(2) {
                let shift: f32 = if rng.random_bool(0.5) {
                    rng.random_range(-0.4..0.4)
                } else {
                    0.0
                };
                samples.push(Sample::new(cascade, (t as f32 * shift.exp()) as u32));
            }
        }
        samples.shuffle(&mut rng);
        let parts = batches(&samples, self.args.nodes);
        let bar = ProgressBar::new(parts.len() as u64);
        bar.set_style(ProgressStyle::with_template(
            "{prefix} {bar:30} {pos}/{len} {eta} {msg}",
        )?);
        bar.set_prefix(format!("{} epoch {}", self.name, epoch + 1));
        let (mut sum, mut seen) = (0.0, 0);
        for (i, part) in parts.iter().enumerate() {
            let hidden: Vec<Hidden> = part.iter().map(|_| Hidden::draw(&mut rng)).collect();
            let rows = batch(part, &hidden)?;
            let read_out = self.net.read_out(&rows)?;
            let read_out = (read_out * dropout(part.len(), &mut rng)?)?;
            let loss = loss(&self.net.outputs(&read_out, &rows)?, part)?;
            let value = loss.to_scalar::<f32>()?;
            ensure!(value.is_finite(), "the loss is {value}: lower --rate");
            let done = (epoch as f64 + i as f64 / parts.len() as f64) / self.args.epochs as f64;
            optimizer.step(&loss.backward()?, self.args.rate * schedule(done))?;
            sum += value * part.len() as f32;
            seen += part.len();
            bar.set_message(format!("{:.4}", sum / seen as f32));
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(sum / seen as f32)
    }

    fn validate(&self) -> Result<f32> {
        let samples = shown(self.valid);
        let mut sum = 0.0;
        for part in batches(&samples, 20_000) {
            let rows = batch(part, &vec![Hidden::default(); part.len()])?;
            let out = self.net.outputs(&self.net.read_out(&rows)?, &rows)?;
            sum += loss(&out, part)?.to_scalar::<f32>()? * part.len() as f32;
        }
        Ok(sum / samples.len() as f32)
    }

    /// (platforms, times): how far both ends of the interval of D must move for nine of ten
    /// validation cascades to lie inside (conformalised quantile regression, Romano et al.
    /// 2019). Negative where the network is too careful.
    fn widening(&self) -> Result<Tensor> {
        let rows = forecast_rows(&self.net, self.valid, Split::Valid)?;
        let mut table = vec![0.0f32; PLATFORMS.len() * OBSERVATION_TIMES.len()];
        for (p, platform) in PLATFORMS.into_iter().enumerate() {
            for (t, until) in OBSERVATION_TIMES.into_iter().enumerate() {
                let mut misses: Vec<f32> = rows
                    .iter()
                    .filter(|r| r.platform == platform && r.observed_until == until)
                    .map(|r| (r.d_low - r.target.d).max(r.target.d - r.d_high))
                    .collect();
                misses.sort_by(f32::total_cmp);
                let rank = (0.9 * (misses.len() + 1) as f32).ceil() as usize;
                if let Some(&miss) = misses.get(rank.saturating_sub(1)) {
                    table[p * OBSERVATION_TIMES.len() + t] = miss;
                }
            }
        }
        let shape = (PLATFORMS.len(), OBSERVATION_TIMES.len());
        Ok(Tensor::from_vec(table, shape, &Device::Cpu)?)
    }

    /// A copy of all tensors.
    fn weights(&self) -> Result<HashMap<String, Tensor>> {
        let copy = |(k, v): (&String, &Var)| Ok((k.clone(), v.as_tensor().detach().copy()?));
        self.variables.iter().map(copy).collect()
    }

    fn save(
        &self,
        path: &Path,
        optimizer: &AdamW,
        best: &HashMap<String, Tensor>,
        progress: Progress,
    ) -> Result<()> {
        let mut all = optimizer.state()?;
        for (prefix, tensors) in [("now", &self.weights()?), ("best", best)] {
            all.extend(
                tensors
                    .iter()
                    .map(|(k, v)| (format!("{prefix}.{k}"), v.clone())),
            );
        }
        let numbers = [
            progress.epochs as f32,
            progress.best_loss,
            progress.best_epoch as f32,
        ];
        all.insert("progress".into(), Tensor::new(&numbers, &Device::Cpu)?);
        // Never half a checkpoint under its name.
        let part = path.with_extension("part");
        candle_core::safetensors::save(&all, &part)?;
        Ok(std::fs::rename(part, path)?)
    }

    fn restore(
        &self,
        path: &Path,
        optimizer: &mut AdamW,
    ) -> Result<(Progress, HashMap<String, Tensor>)> {
        let all = candle_core::safetensors::load(path, &Device::Cpu)?;
        optimizer.restore(&all)?;
        let mut best = HashMap::new();
        for name in self.variables.keys() {
            let find = |prefix: &str| {
                let tensor = all.get(&format!("{prefix}.{name}")).cloned();
                tensor.with_context(|| format!("{} lacks {prefix}.{name}", path.display()))
            };
            self.set(name, find("now")?)?;
            best.insert(name.clone(), find("best")?);
        }
        let numbers = all
            .get("progress")
            .context("no progress")?
            .to_vec1::<f32>()?;
        let progress = Progress {
            epochs: numbers[0] as usize,
            best_loss: numbers[1],
            best_epoch: numbers[2] as usize,
        };
        Ok((progress, best))
    }
}

/// Every cascade at each time it can be shown.
fn shown<'a>(cascades: &[&'a Cascade]) -> Vec<Sample<'a>> {
    cascades
        .iter()
        .flat_map(|&c| c.times().iter().map(move |&t| Sample::new(c, t)))
        .collect()
}

/// Weights uniform with variance 1 / inputs, by name in order; biases and what leads to the
/// outputs 0, so that training starts at "so far".
fn initialise(variables: &BTreeMap<String, Var>, seed: u64) -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for (name, var) in variables {
        let shape = var.shape().clone();
        let zero = shape.rank() < 2
            || ["stats.", "out.", "skip."]
                .iter()
                .any(|p| name.starts_with(p));
        let bound = (3.0 / shape.dims().last().copied().unwrap_or(1) as f32).sqrt();
        let draw = |_| {
            if zero {
                0.0
            } else {
                rng.random_range(-bound..bound)
            }
        };
        let values: Vec<f32> = (0..shape.elem_count()).map(draw).collect();
        var.set(&Tensor::from_vec(values, shape, &Device::Cpu)?)?;
    }
    Ok(())
}

/// (graphs, READOUT): which columns stay, at the inverse of their chance to.
fn dropout(graphs: usize, rng: &mut ChaCha8Rng) -> Result<Tensor> {
    const KEPT: f64 = 0.9;
    let draw = |_| {
        if rng.random_bool(KEPT) {
            1.0 / KEPT as f32
        } else {
            0.0
        }
    };
    let mask: Vec<f32> = (0..graphs * READOUT).map(draw).collect();
    Ok(Tensor::from_vec(mask, (graphs, READOUT), &Device::Cpu)?)
}

/// Learning rate over `done` in [0, 1]: a short rise, then half a cosine down.
fn schedule(done: f64) -> f64 {
    let rise = (done / 0.03).min(1.0);
    let fall = 0.5 * (1.0 + (std::f64::consts::PI * done).cos());
    rise * fall.max(0.01)
}
