//! Topics: the projector finds the ten topics in the student's embeddings as the teacher's
//! embeddings place them.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use candle_core::{D, Tensor};
use candle_nn::ops;

use crate::definition::features::{EMBEDDING, TOPICS};
use crate::heads::topics::TopicProjector;
use crate::layers::tensors::Tensors;

use crate::train::data::encoders;
use crate::train::data::sets::Split;
use crate::train::data::texts::Embeddings;
use crate::train::fit::labelled::Predictions;
use crate::train::fit::optimise::{HeadPlan, Mlp, file_of_vars, fit, matrix, start};
use crate::train::heads::trained::{HeadFile, Held, NO_TEACHER, SEED, TrainedHead, Training};
use crate::train::metrics::{MetricRow, accuracy, bootstrap_pair, macro_f1};
use crate::train::topics::{Topics, read_sample};

/// How the projector is fitted and measured.
pub const HEAD: TrainedHead = TrainedHead {
    name: "topics",
    about: "The projector to the ten topics",
    files: &[HeadFile {
        prefix: "topics.",
        name: "topics.safetensors",
    }],
    settings: &[SEED],
    train,
    evaluate,
    predictions: Some(predictions),
};

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

/// Fits by cross-entropy to the soft assignment.
fn train(training: &Training) -> Result<()> {
    let sources = &training.sources;
    let teacher = sources.teacher.as_deref();
    let teacher =
        teacher.context("topics are learnt from the teacher: --teacher names its folder")?;
    let (teacher, student) = (encoders::teacher(teacher)?, training.student()?);
    let topics = Topics::read(&sources.topics)?;
    ensure!(
        topics.file().topics.len() == TOPICS,
        "{} has {} topics, but the projector has {TOPICS}: `bsmv topics merge --to {TOPICS}`",
        sources.topics.display(),
        topics.file().topics.len()
    );
    let runs = &sources.folders.runs;
    let (teacher, student) = (
        Embeddings::new(&teacher, runs)?,
        Embeddings::new(&student, runs)?,
    );
    let data = sources.data();
    let (x, y) = pairs(data, Split::Train, &topics, &teacher, &student)?;
    let (valid_x, valid_y) = pairs(data, Split::Valid, &topics, &teacher, &student)?;

    let layers = [("linear", EMBEDDING, TOPICS)];
    let vars = start(&layers, training.seed())?;
    let projector = Mlp::new(&vars, &layers, Tensor::relu)?;
    let plan = HeadPlan {
        epochs: 80,
        batch: 256,
        rate: 1e-2,
        decay: 1e-3,
        patience: 5,
        seed: training.seed(),
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
    vars.save(sources.to_make(HEAD.files[0].name)?)?;
    println!("{} texts, validation cross-entropy {best:.4}", x.dim(0)?);
    let bytes = file_of_vars(&vars)?;
    let deployed = TopicProjector::load(&Tensors::open(&bytes)?, topics.labels())?;
    for row in agreement(&first(&deployed, &valid_x, &valid_y)?) {
        println!("{} {} {:.4}", row.method, row.metric, row.estimate.value);
    }
    Ok(())
}

/// The projector's first topic and the teacher's, on a tenth of the sample's size of the split.
fn predictions(held: &Held, student: &Embeddings) -> Result<Vec<Predictions>> {
    let Some(teacher) = held.teacher else {
        return Ok(Vec::new());
    };
    let topics = Topics::read(&held.sources.topics)?;
    let (x, y) = pairs(held.sources.data(), held.split, &topics, teacher, student)?;
    Ok(vec![first(held.scorer.reader().topics(), &x, &y)?])
}

fn evaluate(held: &Held) -> Result<Vec<MetricRow>> {
    if held.teacher.is_none() {
        return Ok(held.left_out(HEAD.name, NO_TEACHER));
    }
    let predictions = predictions(held, held.embeddings)?;
    Ok(predictions.iter().flat_map(agreement).collect())
}

fn first(projector: &TopicProjector, x: &Tensor, y: &Tensor) -> Result<Predictions> {
    let first = |weights: &[f32]| {
        let best = (0..TOPICS).max_by(|&a, &b| weights[a].total_cmp(&weights[b]));
        best.unwrap_or(0)
    };
    let of = |x: &Vec<f32>| Ok(first(&projector.weights(x)?));
    Ok(Predictions {
        set: "topics".into(),
        classes: TOPICS,
        truth: y.to_vec2::<f32>()?.iter().map(|y| first(y)).collect(),
        found: x.to_vec2()?.iter().map(of).collect::<Result<_>>()?,
    })
}

/// How often those two are the same, beside the most frequent topic.
fn agreement(predictions: &Predictions) -> Vec<MetricRow> {
    let (truth, found) = (&predictions.truth, &predictions.found);
    let mut counts = [0; TOPICS];
    truth.iter().for_each(|&t| counts[t] += 1);
    let most = (0..TOPICS).max_by_key(|&t| counts[t]).unwrap_or(0);
    let majority = vec![most; truth.len()];
    let row = |method: &str, metric: &str, estimate| {
        MetricRow::new("topics", "sample", method, metric, truth.len(), estimate)
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
