//! Kind: what sort of post a text is, from our own posts.

use std::path::Path;

use anyhow::Result;

use crate::heads::kind;
use crate::train::data::sets::Split;
use crate::train::data::texts::Embeddings;
use crate::train::data::today::{OWN, REAL, posts};
use crate::train::fit::labelled::{Labelled, Predictions, beside_baselines, predict};
use crate::train::heads::trained::{HeadFile, Held, NO_HEAD, SEED, TrainedHead, Training};
use crate::train::metrics::MetricRow;

/// How the head is fitted and measured.
pub const HEAD: TrainedHead = TrainedHead {
    name: kind::HEAD.code,
    about: "What sort of post a text is",
    files: &[HeadFile {
        prefix: "kind.",
        name: "kind.safetensors",
    }],
    settings: &[SEED],
    train,
    evaluate,
    predictions: Some(predictions),
};

/// The texts of a split with their kinds; `mixed` is none.
fn texts(data: &Path, set: &str, split: Split) -> Result<(Vec<String>, Vec<usize>)> {
    let class = |kind: &str| kind::HEAD.classes.iter().position(|class| *class == kind);
    let posts = posts(data, set, split)?.into_iter();
    Ok(posts
        .filter_map(|post| Some((post.text, class(&post.kind)?)))
        .unzip())
}

fn read(data: &Path, set: &str, split: Split, embeddings: &Embeddings) -> Result<Labelled> {
    Labelled::of(set, texts(data, set, split)?, embeddings)
}

fn train(training: &Training) -> Result<()> {
    let data = training.sources.data();
    let student = training.student()?;
    let embeddings = Embeddings::new(&student, &training.sources.folders.runs)?;
    let read = |split| read(data, OWN, split, &embeddings);
    let (train, valid) = (read(Split::Train)?, read(Split::Valid)?);
    let classes = kind::HEAD.classes.len();
    training.fit_classes(&HEAD, (&train, &valid), classes)
}

/// The sets of a split; real posts are for testing only.
fn sets(split: Split) -> &'static [&'static str] {
    match split {
        Split::Test => &[OWN, REAL],
        Split::Train | Split::Valid => &[OWN],
    }
}

fn predictions(held: &Held, embeddings: &Embeddings) -> Result<Vec<Predictions>> {
    let Some(head) = held.scorer.reader().categories().get(HEAD.name) else {
        return Ok(Vec::new());
    };
    let of = |set: &&str| {
        let held = read(held.sources.data(), set, held.split, embeddings)?;
        let (found, _) = predict(head, &held)?;
        Ok(Predictions {
            set: format!("{set}, kinds"),
            classes: kind::HEAD.classes.len(),
            truth: held.classes,
            found,
        })
    };
    sets(held.split).iter().map(of).collect()
}

/// Accuracy and macro-F1 beside the most frequent kind and character n-grams.
fn evaluate(held: &Held) -> Result<Vec<MetricRow>> {
    let Some(head) = held.scorer.reader().categories().get(HEAD.name) else {
        return Ok(held.left_out(HEAD.name, NO_HEAD));
    };
    let data = held.sources.data();
    let (learnt, classes) = texts(data, OWN, Split::Train)?;
    let examples: Vec<(&str, usize)> = learnt.iter().map(String::as_str).zip(classes).collect();
    let mut rows = Vec::new();
    for set in sets(held.split) {
        let of = read(data, set, held.split, held.embeddings)?;
        let (found, _) = predict(head, &of)?;
        let named = (HEAD.name, *set);
        let classes = kind::HEAD.classes.len();
        rows.extend(beside_baselines(named, &examples, classes, &of, &found));
    }
    Ok(rows)
}
