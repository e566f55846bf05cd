//! Wants: what a comment's writer wants, from the weak labels that `models/training/intent.py` writes.

use std::path::Path;

use anyhow::Result;
use serde::Deserialize;

use crate::heads::wants;
use crate::train::data::sets::{Split, read_lines};
use crate::train::data::texts::Embeddings;
use crate::train::fit::labelled::{Labelled, Predictions, beside_baselines, predict};
use crate::train::heads::trained::{HeadFile, Held, NO_HEAD, SEED, TrainedHead, Training};
use crate::train::metrics::MetricRow;

/// How the head is fitted and measured.
pub const HEAD: TrainedHead = TrainedHead {
    name: wants::HEAD.code,
    about: "What the writer of a comment or post wants",
    files: &[HeadFile {
        prefix: "wants.",
        name: "wants.safetensors",
    }],
    settings: &[SEED],
    train,
    evaluate,
    predictions: Some(predictions),
};

/// Name of the file that keeps the embeddings, and of the file of labels.
const KEPT: &str = "wants";

/// One text of the file of labels.
#[derive(Deserialize)]
struct Row {
    split: String,
    /// Cleaned.
    text: String,
    wants: String,
}

/// The texts of a split with what they want, from `wants.ndjson` of `runs`.
fn texts(runs: &Path, split: Split) -> Result<(Vec<String>, Vec<usize>)> {
    let class = |name: &str| wants::HEAD.classes.iter().position(|class| *class == name);
    let rows: Vec<Row> = read_lines(&runs.join(format!("{KEPT}.ndjson")))?;
    let rows = rows.into_iter().filter(|row| row.split == split.name());
    Ok(rows
        .filter_map(|row| Some((row.text, class(&row.wants)?)))
        .unzip())
}

fn read(runs: &Path, split: Split, embeddings: &Embeddings) -> Result<Labelled> {
    Labelled::of(KEPT, texts(runs, split)?, embeddings)
}

fn train(training: &Training) -> Result<()> {
    let runs = &training.sources.folders.runs;
    let student = training.student()?;
    let embeddings = Embeddings::new(&student, runs)?;
    let (train, valid) = (
        read(runs, Split::Train, &embeddings)?,
        read(runs, Split::Valid, &embeddings)?,
    );
    let classes = wants::HEAD.classes.len();
    training.fit_classes(&HEAD, (&train, &valid), classes)
}

fn predictions(held: &Held, embeddings: &Embeddings) -> Result<Vec<Predictions>> {
    let Some(head) = held.scorer.reader().categories().get(HEAD.name) else {
        return Ok(Vec::new());
    };
    let runs = &held.sources.folders.runs;
    let held = read(runs, held.split, embeddings)?;
    let (found, _) = predict(head, &held)?;
    Ok(vec![Predictions {
        set: KEPT.into(),
        classes: wants::HEAD.classes.len(),
        truth: held.classes,
        found,
    }])
}

/// Accuracy and macro-F1 beside the most frequent class and character n-grams, by labels that are
/// themselves weak.
fn evaluate(held: &Held) -> Result<Vec<MetricRow>> {
    let Some(head) = held.scorer.reader().categories().get(HEAD.name) else {
        return Ok(held.left_out(HEAD.name, NO_HEAD));
    };
    let runs = &held.sources.folders.runs;
    let (learnt, classes) = texts(runs, Split::Train)?;
    let examples: Vec<(&str, usize)> = learnt.iter().map(String::as_str).zip(classes).collect();
    let of = read(runs, held.split, held.embeddings)?;
    let (found, _) = predict(head, &of)?;
    let named = (HEAD.name, "weak labels");
    let classes = wants::HEAD.classes.len();
    Ok(beside_baselines(named, &examples, classes, &of, &found))
}
