//! Fitting of the graph attention network.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use crate::diffusion::{MEMBERS, READOUT};
use anyhow::{Context, Result, ensure};
use candle_core::{DType, Device, Tensor, Var};
use candle_nn::{VarBuilder, VarMap};
use indicatif::{ProgressBar, ProgressStyle};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::train::data::cascades::Cascade;
use crate::train::fit::adamw::AdamW;
use crate::train::fit::gat::{Gat, Outputs};
use crate::train::fit::samples::{Hidden, Sample, batch, batches, columns, observations};

/// How the network is fitted.
#[derive(Debug, Clone, clap::Args)]
pub struct NetworkPlan {
    /// Seed of all that is random
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Most passes over the cascades
    #[arg(long, default_value_t = 12)]
    pub epochs: usize,
    /// Epochs without a better validation loss after which training stops
    #[arg(long, default_value_t = 6)]
    pub patience: usize,
    /// Highest learning rate
    #[arg(long, default_value_t = 3e-3)]
    pub rate: f64,
    /// Decay of the weights
    #[arg(long, default_value_t = 0.02)]
    pub decay: f64,
    /// Nodes in a batch
    #[arg(long, default_value_t = 8_000)]
    pub nodes: usize,
}

/// The shape of each loss and its share. Scales are the targets' usual spread.
const SPREAD: [f64; 5] = [0.8, 2.0, 1.5, 0.2, 0.25];
const SHARE: [f64; 5] = [1.0, 0.15, 0.15, 0.15, 0.3];
const PINBALL: f64 = 0.5;
/// Posts with a count only are many, of another make, and drafts all.
pub const COUNTED: f32 = 0.5;

/// A target of a sample and its weight.
type Target = fn(&Sample) -> Option<(f32, f32)>;

/// Mean valence of the voices to come, weighed by their share of all: so much of the audience's
/// valence is still open.
fn to_come(sample: &Sample) -> Option<(f32, f32)> {
    let graph = &sample.cascade.graph;
    let seen = sample.nodes - 1;
    let labelled = |from: usize| {
        let known = graph.s[from..].iter().zip(&graph.kind[from..]);
        let voices = known.filter_map(|(s, kind)| s.filter(|_| kind.has_words()));
        voices.fold((0.0f32, 0.0f32), |(sum, n), s| (sum + s, n + 1.0))
    };
    let (sum, later) = labelled(seen);
    (later > 0.0).then(|| (sum / later, later / labelled(0).1))
}

/// Mean loss of a batch. D: squared error and pinball losses on ln(1 + N); the others: squared
/// near 0, straight further out (pseudo-Huber), where the target is known.
fn loss(out: &Outputs, samples: &[Sample]) -> Result<Tensor> {
    let device = Device::Cpu;
    let column = |of: Target| -> Result<(Tensor, Tensor)> {
        let counted = |s: &Sample| if s.cascade.count_only { COUNTED } else { 1.0 };
        let (values, weights): (Vec<f32>, Vec<f32>) = samples
            .iter()
            .map(|s| of(s).map_or((0.0, 0.0), |(y, weight)| (y, weight * counted(s))))
            .unzip();
        Ok((
            Tensor::new(values, &device)?,
            Tensor::new(weights, &device)?,
        ))
    };
    // D stops counting at 10,000 events, so the loss does.
    let (y, w) = column(|s| Some(((s.cascade.targets.n.min(10_000) as f32).ln_1p(), 1.0)))?;
    let scaled = |p: &Tensor| -> Result<Tensor> { Ok(((&y - p)? * (1.0 / SPREAD[0]))?) };
    let mut total = (scaled(&out.log_events)?.sqr()? * SHARE[0])?;
    for (q, p) in [(0.05, &out.low), (0.95, &out.high)] {
        let error = scaled(p)?;
        // max(q e, (q - 1) e)
        let pinball = ((error.relu()? * q)? + (error.neg()?.relu()? * (1.0 - q))?)?;
        total = (total + (pinball * PINBALL)?)?;
    }
    let mut total = (total * w)?.sum_all()?;
    let rest: [(&Tensor, Target); 4] = [
        (&out.speed, |s| s.cascade.targets.speed.map(|y| (y, 1.0))),
        (&out.depth, |s| s.cascade.targets.depth.map(|y| (y, 1.0))),
        (&out.leader_share, |s| {
            s.cascade.targets.leader_share.map(|y| (y, 1.0))
        }),
        (&out.to_come, to_come),
    ];
    for (i, (predicted, target)) in rest.into_iter().enumerate() {
        let (y, w) = column(target)?;
        let error = ((y - predicted)? * (1.0 / SPREAD[i + 1]))?;
        let huber = (((error.sqr()? + 1.0)?.sqrt()? - 1.0)? * (2.0 * SHARE[i + 1]))?;
        total = (total + (huber * w)?.sum_all()?)?;
    }
    Ok((total * (1.0 / samples.len() as f64))?)
}

/// How much of the running mean of the weights a step keeps.
const MEAN_OVER: f64 = 0.995;

/// Fits a network to `train`, going on from `checkpoint` where there is one; returns its tensors
/// as `DiffusionNet::load` reads them.
pub fn fit(
    plan: &NetworkPlan,
    name: &str,
    train: &[&Cascade],
    valid: &[&Cascade],
    checkpoint: &Path,
) -> Result<HashMap<String, Tensor>> {
    Trainer::new(plan, name, train, valid)?.fit(checkpoint)
}

struct Trainer<'a> {
    plan: &'a NetworkPlan,
    name: &'a str,
    train: &'a [&'a Cascade],
    valid: &'a [&'a Cascade],
    variables: BTreeMap<String, Var>,
    /// Running mean of the variables.
    mean: HashMap<String, Tensor>,
    net: Gat,
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
        plan: &'a NetworkPlan,
        name: &'a str,
        train: &'a [&'a Cascade],
        valid: &'a [&'a Cascade],
    ) -> Result<Self> {
        let map = VarMap::new();
        let net = Gat::load(VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu))?;
        let data = map.data().lock().map_err(|_| anyhow::anyhow!("poisoned"))?;
        let variables: BTreeMap<String, Var> =
            data.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        initialise(&variables, plan.seed)?;
        let mut trainer = Trainer {
            plan,
            name,
            train,
            valid,
            variables,
            mean: HashMap::new(),
            net,
        };
        trainer.describe()?;
        trainer.mean = trainer.weights()?;
        Ok(trainer)
    }

    /// Sets the spread of the global columns over the training set.
    fn describe(&self) -> Result<()> {
        let samples: Vec<Sample> = observations(self.train);
        let (mut n, mut sum, mut squares) = (0.0f64, Vec::new(), Vec::new());
        for part in batches(&samples, 50_000) {
            for row in columns(part, &vec![Hidden::default(); part.len()]) {
                sum.resize(row.globals.len(), 0.0);
                squares.resize(row.globals.len(), 0.0);
                n += 1.0;
                for (i, x) in row.globals.into_iter().enumerate() {
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
        let width = mean.len();
        self.set(
            "stats.mean",
            Tensor::from_vec(mean, (1, width), &Device::Cpu)?,
        )?;
        self.set(
            "stats.scale",
            Tensor::from_vec(scale, (1, width), &Device::Cpu)?,
        )
    }

    fn set(&self, name: &str, value: Tensor) -> Result<()> {
        let var = self.variables.get(name);
        Ok(var.with_context(|| format!("no {name}"))?.set(&value)?)
    }

    /// Trains to the best validation loss; returns the weights that had it.
    fn fit(&mut self, checkpoint: &Path) -> Result<HashMap<String, Tensor>> {
        let trainable = |(name, _): &(&String, &Var)| !name.starts_with("stats.");
        let parameters: BTreeMap<String, Var> = self
            .variables
            .iter()
            .filter(trainable)
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        let mut optimizer = AdamW::new(parameters, self.plan.decay)?;
        let mut best = self.weights()?;
        let mut progress = Progress {
            epochs: 0,
            best_loss: f32::INFINITY,
            best_epoch: 0,
        };
        if checkpoint.exists() {
            (progress, best) = self.restore(checkpoint, &mut optimizer)?;
        }
        while progress.epochs < self.plan.epochs
            && progress.epochs - progress.best_epoch < self.plan.patience
        {
            let trained = self.epoch(progress.epochs, &mut optimizer)?;
            // The running mean is what is validated and kept.
            let now = self.weights()?;
            self.set_all(&self.mean)?;
            let loss = self.validate()?;
            self.set_all(&now)?;
            progress.epochs += 1;
            if loss < progress.best_loss {
                (progress.best_loss, progress.best_epoch) = (loss, progress.epochs);
                best = self.mean.clone();
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
        Ok(best)
    }

    fn set_all(&self, weights: &HashMap<String, Tensor>) -> Result<()> {
        for (name, value) in weights {
            self.set(name, value.clone())?;
        }
        Ok(())
    }

    /// Draws the running mean of the weights after `steps` steps towards where they are.
    fn follow(&mut self, steps: i32) -> Result<()> {
        // In the beginning it follows fast, or it would remember the start.
        let kept = MEAN_OVER.min((1.0 + f64::from(steps)) / (10.0 + f64::from(steps)));
        for (name, mean) in &mut self.mean {
            let now = self.variables[name].as_tensor();
            *mean = ((&*mean * kept)? + (now * (1.0 - kept))?)?.detach();
        }
        Ok(())
    }

    /// One pass: each cascade as a draft (every other time) and at two of the later times, which
    /// are shifted at random half of the time, so that times between them are met too.
    fn epoch(&mut self, epoch: usize, optimizer: &mut AdamW) -> Result<f32> {
        // A generator of the epoch's own, so that a resumed run draws the same.
        let mut rng = ChaCha8Rng::seed_from_u64(self.plan.seed);
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
        let parts = batches(&samples, self.plan.nodes);
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
            let mut sum_of = None;
            for member in 0..MEMBERS {
                let read_out = (&read_out * dropout(part.len(), &mut rng)?)?;
                let of_member = loss(&self.net.outputs_of(member, &read_out, &rows)?, part)?;
                sum_of = Some(match sum_of {
                    None => of_member,
                    Some(sum) => (sum + of_member)?,
                });
            }
            let loss = sum_of.context("no members")?;
            let loss = (loss * (1.0 / MEMBERS as f64))?;
            let value = loss.to_scalar::<f32>()?;
            ensure!(value.is_finite(), "the loss is {value}: lower --rate");
            let done = (epoch as f64 + i as f64 / parts.len() as f64) / self.plan.epochs as f64;
            optimizer.step(&loss.backward()?, self.plan.rate * schedule(done))?;
            self.follow(optimizer.steps())?;
            sum += value * part.len() as f32;
            seen += part.len();
            bar.set_message(format!("{:.4}", sum / seen as f32));
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(sum / seen as f32)
    }

    fn validate(&self) -> Result<f32> {
        let samples = observations(self.valid);
        let mut sum = 0.0;
        for part in batches(&samples, 20_000) {
            let rows = batch(part, &vec![Hidden::default(); part.len()])?;
            let out = self.net.outputs(&self.net.read_out(&rows)?, &rows)?;
            sum += loss(&out, part)?.to_scalar::<f32>()? * part.len() as f32;
        }
        Ok(sum / samples.len() as f32)
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
        let now = self.weights()?;
        for (prefix, tensors) in [("now", &now), ("mean", &self.mean), ("best", best)] {
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
        &mut self,
        path: &Path,
        optimizer: &mut AdamW,
    ) -> Result<(Progress, HashMap<String, Tensor>)> {
        let all = candle_core::safetensors::load(path, &Device::Cpu)?;
        optimizer.restore(&all)?;
        let (mut mean, mut best) = (HashMap::new(), HashMap::new());
        for name in self.variables.keys() {
            let find = |prefix: &str| {
                let tensor = all.get(&format!("{prefix}.{name}")).cloned();
                tensor.with_context(|| format!("{} lacks {prefix}.{name}", path.display()))
            };
            self.set(name, find("now")?)?;
            mean.insert(name.clone(), find("mean")?);
            best.insert(name.clone(), find("best")?);
        }
        self.mean = mean;
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

/// Weights uniform with variance 1 / inputs, by name in order; biases and what leads to the
/// outputs 0, so that training starts at "so far".
fn initialise(variables: &BTreeMap<String, Var>, seed: u64) -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for (name, var) in variables {
        let shape = var.shape().clone();
        let zero = shape.rank() < 2
            || ["stats.", ".out.", ".skip."]
                .iter()
                .any(|p| name.contains(p));
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
    const KEPT: f64 = 0.8;
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
