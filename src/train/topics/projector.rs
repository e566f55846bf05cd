//! `bsmv train topics`: teaches the projector to tell the ten topics from the student's
//! embeddings as the teacher's tell them.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use candle_core::{D, Tensor};
use candle_nn::ops;

use crate::definition::features::{EMBEDDING, TOPICS};
use crate::heads::topics::TopicProjector;
use crate::layers::tensors::Tensors;

use super::{Topics, read_sample};
use crate::train::Split;
use crate::train::data::texts::{Embedder, Embeddings};
use crate::train::fit::labelled::Told;
use crate::train::fit::optimise::{Mlp, Plan, file_of_vars, fit, matrix, start};
use crate::train::metrics::{MetricRow, accuracy, bootstrap_pair, macro_f1};

/// Fits the projector.
#[derive(Debug, Clone, clap::Args)]
pub struct TopicsArgs {
    /// Folder of the data sets.
    #[arg(long)]
    pub data: PathBuf,
    /// Folder of the teacher.
    #[arg(long)]
    pub teacher: PathBuf,
    /// Folder of the encoder whose embeddings the projector reads.
    #[arg(long)]
    pub encoder: PathBuf,
    /// The ten topics, `.json`, and their centroids beside it, `.safetensors`.
    #[arg(long, default_value = "models/topics.json")]
    pub topics: PathBuf,
    /// Folder for embeddings computed on the way.
    #[arg(long, default_value = "runs")]
    pub runs: PathBuf,
    /// The projector's file.
    #[arg(long, default_value = "runs/topics.safetensors")]
    pub out: PathBuf,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// The student's embeddings and the teacher's soft assignment of a split's sample.
fn pairs(
    data: &Path,
    split: Split,
    topics: &Topics,
    teacher: &Embeddings,
    student: &Embeddings,
) -> Result<(Tensor, Tensor)> {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for set in read_sample(data, split)? {
        x.extend(student.of(set.set, &set.texts)?);
        let vectors = teacher.of(set.set, &set.texts)?;
        y.extend(vectors.iter().map(|v| topics.weights(v, set.language)));
    }
    Ok((matrix(&x)?, matrix(&y)?))
}

/// Fits the projector by cross-entropy to the soft assignment.
pub fn run(args: &TopicsArgs, teacher: &dyn Embedder, student: &dyn Embedder) -> Result<()> {
    let topics = Topics::read(&args.topics)?;
    ensure!(
        topics.file().topics.len() == TOPICS,
        "{} has {} topics, but the projector has {TOPICS}: `bsmv topics merge --to {TOPICS}`",
        args.topics.display(),
        topics.file().topics.len()
    );
    let (teacher, student) = (
        Embeddings::new(teacher, &args.runs)?,
        Embeddings::new(student, &args.runs)?,
    );
    let (x, y) = pairs(&args.data, Split::Train, &topics, &teacher, &student)?;
    let (valid_x, valid_y) = pairs(&args.data, Split::Valid, &topics, &teacher, &student)?;

    let layers = [("linear", EMBEDDING, TOPICS)];
    let vars = start(&layers, args.seed)?;
    let projector = Mlp::new(&vars, &layers, Tensor::relu)?;
    let plan = Plan {
        epochs: 80,
        batch: 256,
        rate: 1e-2,
        decay: 1e-3,
        patience: 5,
        seed: args.seed,
    };
    let cross_entropy = |x: &Tensor, y: &Tensor| -> candle_core::Result<Tensor> {
        let log_p = ops::log_softmax(&projector.logits(x)?, D::Minus1)?;
        (log_p * y)?.sum(1)?.mean(0)?.neg()
    };
    let loss = |rows: &Tensor| cross_entropy(&x.index_select(rows, 0)?, &y.index_select(rows, 0)?);
    let validate = || {
        Ok(f64::from(
            cross_entropy(&valid_x, &valid_y)?.to_scalar::<f32>()?,
        ))
    };
    let best = fit(&vars, x.dim(0)?, &plan, loss, validate)?;
    if let Some(folder) = args.out.parent() {
        std::fs::create_dir_all(folder)?;
    }
    vars.save(&args.out)?;
    println!("{} texts, validation cross-entropy {best:.4}", x.dim(0)?);
    let bytes = file_of_vars(&vars)?;
    let deployed = TopicProjector::load(&Tensors::open(&bytes)?, topics.labels())?;
    for row in agreement(&first(&deployed, &valid_x, &valid_y)?) {
        println!("{} {} {:.4}", row.method, row.metric, row.estimate.value);
    }
    Ok(())
}

/// The projector's first topic and the teacher's, on a tenth of the sample's size of `split`.
pub fn told(
    projector: &TopicProjector,
    topics: &Topics,
    data: &Path,
    split: Split,
    teacher: &Embeddings,
    student: &Embeddings,
) -> Result<Told> {
    let (x, y) = pairs(data, split, topics, teacher, student)?;
    first(projector, &x, &y)
}

fn first(projector: &TopicProjector, x: &Tensor, y: &Tensor) -> Result<Told> {
    let first = |weights: &[f32]| {
        let best = (0..TOPICS).max_by(|&a, &b| weights[a].total_cmp(&weights[b]));
        best.unwrap_or(0)
    };
    let of = |x: &Vec<f32>| Ok(first(&projector.weights(x)?));
    Ok(Told {
        set: "topics".into(),
        classes: TOPICS,
        truth: y.to_vec2::<f32>()?.iter().map(|y| first(y)).collect(),
        found: x.to_vec2()?.iter().map(of).collect::<Result<_>>()?,
    })
}

/// How often those two are the same, beside the most frequent topic.
pub fn agreement(told: &Told) -> Vec<MetricRow> {
    let (truth, found) = (&told.truth, &told.found);
    let mut counts = [0; TOPICS];
    truth.iter().for_each(|&t| counts[t] += 1);
    let most = (0..TOPICS).max_by_key(|&t| counts[t]).unwrap_or(0);
    let majority = vec![most; truth.len()];
    let row = |method: &str, metric: &str, estimate| MetricRow {
        task: "topics".into(),
        slice: "sample".into(),
        method: method.into(),
        metric: metric.into(),
        n: truth.len(),
        estimate,
    };
    let f1 = |t: &[usize], p: &[usize]| macro_f1(t, p, TOPICS);
    vec![
        row("model", "agreement", bootstrap_pair(truth, found, accuracy)),
        row("model", "macro_f1", bootstrap_pair(truth, found, f1)),
        row(
            "majority",
            "agreement",
            bootstrap_pair(truth, &majority, accuracy),
        ),
        row("majority", "macro_f1", bootstrap_pair(truth, &majority, f1)),
    ]
}
