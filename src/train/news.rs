//! What the encoder knows of the subjects of headlines (TNEWS of CLUE, fifteen classes). It was
//! tuned on them; the scorer has no use for a head of them, so one is fitted where it is measured.

use std::path::Path;

use anyhow::{Context, Result};
use bsmv::classifier::HIDDEN;
use bsmv::features::EMBEDDING;
use candle_core::{Device, Tensor};

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
/// Headlines of rare subjects are repeated until there are as many, or the head never names them
/// (stocks are one in two hundred). Chosen on validation.
const LEAST: usize = 1_000;

fn class(row: &TextRow) -> Option<usize> {
    let subject = row.topic.as_ref().filter(|_| row.src == "tnews_clue")?;
    SUBJECTS.iter().position(|s| s == subject)
}

/// Training texts with those of rare classes repeated.
fn repeated(train: Labelled) -> Result<Labelled> {
    let mut rows: Vec<usize> = (0..train.classes.len()).collect();
    for class in 0..SUBJECTS.len() {
        let of_class = rows.iter().copied().filter(|&i| train.classes[i] == class);
        let of_class: Vec<usize> = of_class.collect();
        let missing = LEAST.saturating_sub(of_class.len());
        rows.extend(of_class.iter().cycle().take(missing));
    }
    let index: Vec<u32> = rows.iter().map(|&i| i as u32).collect();
    Ok(Labelled {
        texts: rows.iter().map(|&i| train.texts[i].clone()).collect(),
        classes: rows.iter().map(|&i| train.classes[i]).collect(),
        x: train
            .x
            .index_select(&Tensor::new(index, &Device::Cpu)?, 0)?,
    })
}

/// Accuracy and macro-F1 beside character n-grams and the most frequent class.
pub fn evaluate(data: &Path, split: Split, embeddings: &Embeddings) -> Result<Vec<MetricRow>> {
    let read = |split| Labelled::read(data, SET, split, usize::MAX, class, embeddings);
    let (train, valid, held) = (read(Split::Train)?, read(Split::Valid)?, read(split)?);
    let train = repeated(train)?;
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
    let texts = train.texts.iter().map(String::as_str);
    let examples: Vec<(&str, usize)> = texts.zip(train.classes).collect();
    let rows = beside_baselines(("news", SET), &examples, SUBJECTS.len(), &held, &found);
    Ok(rows)
}
