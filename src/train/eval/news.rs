//! News: what the encoder knows of the subjects of headlines (TNEWS of CLUE, fifteen classes). It was
//! tuned on them; the scorer has no use for a head of them, so one is fitted where it is measured.

use anyhow::Result;

use crate::train::data::sets::Split;
use crate::train::data::texts::TextRow;
use crate::train::fit::labelled::{Labelled, beside_baselines, fit_head, predict};
use crate::train::heads::trained::Held;
use crate::train::metrics::MetricRow;

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
fn repeated(train: &Labelled) -> Result<Labelled> {
    let mut rows: Vec<usize> = (0..train.classes.len()).collect();
    for class in 0..SUBJECTS.len() {
        let of_class = rows.iter().copied().filter(|&i| train.classes[i] == class);
        let of_class: Vec<usize> = of_class.collect();
        let missing = LEAST.saturating_sub(of_class.len());
        rows.extend(of_class.iter().cycle().take(missing));
    }
    train.take(&rows)
}

/// Accuracy and macro-F1 beside character n-grams and the most frequent class.
pub fn evaluate(held: &Held) -> Result<Vec<MetricRow>> {
    let (data, split, embeddings) = (held.sources.data(), held.split, held.embeddings);
    let read = |split| Labelled::read(data, SET, split, usize::MAX, class, embeddings);
    let (train, valid, held) = (read(Split::Train)?, read(Split::Valid)?, read(split)?);
    let train = repeated(&train)?;
    let (_, head, _) = fit_head(&train, &valid, SUBJECTS.len(), SEED, None)?;
    let (found, _) = predict(&head, &held)?;
    let texts = train.texts.iter().map(String::as_str);
    let examples: Vec<(&str, usize)> = texts.zip(train.classes).collect();
    let named = ("news", SET);
    Ok(beside_baselines(
        named,
        &examples,
        SUBJECTS.len(),
        &held,
        &found,
    ))
}
