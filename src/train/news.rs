//! What the encoder knows of the subjects of headlines (TNEWS of CLUE, fifteen classes). It was
//! tuned on them; the scorer has no use for a head of them, so one is fitted where it is measured.

use std::path::Path;

use anyhow::{Context, Result};
use bsmv::classifier::HIDDEN;
use bsmv::features::EMBEDDING;
use candle_core::Tensor;

use super::Split;
use super::labelled::{Labelled, beside_baselines, fit_head};
use super::metrics::MetricRow;
use super::optimise::Mlp;
use super::texts::{Embeddings, TextRow};

const SET: &str = "zh_topic_short";
const SUBJECTS: [&str; 15] = [
    "agriculture",
    "car",
    "culture",
    "edu",
    "entertainment",
    "finance",
    "game",
    "house",
    "military",
    "sports",
    "stock",
    "story",
    "tech",
    "travel",
    "world",
];
const SEED: u64 = 1;

fn class(row: &TextRow) -> Option<usize> {
    let subject = row.topic.as_ref().filter(|_| row.src == "tnews_clue")?;
    SUBJECTS.iter().position(|s| s == subject)
}

/// Accuracy and macro-F1 beside character n-grams and the most frequent class.
pub fn evaluate(data: &Path, split: Split, embeddings: &Embeddings) -> Result<Vec<MetricRow>> {
    let read = |split| Labelled::read(data, SET, split, usize::MAX, class, embeddings);
    let (train, valid, held) = (read(Split::Train)?, read(Split::Valid)?, read(split)?);
    let (vars, _) = fit_head(&train, &valid, SUBJECTS.len(), SEED)?;
    let layers = [
        ("hidden", EMBEDDING, HIDDEN),
        ("out", HIDDEN, SUBJECTS.len()),
    ];
    let logits = Mlp::new(&vars, &layers, Tensor::relu)?.logits(&held.x)?;
    let found = logits
        .argmax(1)?
        .to_vec1::<u32>()
        .context("the head's answers")?;
    let found: Vec<usize> = found.into_iter().map(|c| c as usize).collect();
    beside_baselines(("news", SET), data, class, SUBJECTS.len(), &held, &found)
}
