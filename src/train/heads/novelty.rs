//! Novelty: how often each piece comes in the training texts, and from where on a text is unlike
//! them.

use std::collections::HashMap;
use std::path::Path;

use crate::encoder::embedder::Embedder;
use crate::heads::novelty::{LANGUAGES, MEASURES, Novelty, characters, row_of};
use crate::text::detect;
use anyhow::{Context, Result};
use candle_core::{DType, Device, Tensor};
use serde::Deserialize;

use crate::train::data::sets::Split;
use crate::train::data::texts::sample;
use crate::train::heads::trained::{HeadFile, Held, NO_HEAD, TrainedHead, Training};
use crate::train::metrics::{MetricRow, binomial, quantile};

/// Sets whose texts are posts or reviews of one, and the most texts read of each.
const SETS: [&str; 11] = [
    "en_brand_sentiment",
    "en_tweet_sentiment",
    "en_emotion",
    "en_post_engagement",
    "zh_topic_short",
    "zh_review_sentiment",
    "zh_weibo_sentiment",
    "zh_weibo_emotion",
    "zh_weibo_hashtag",
    "zh_brand_aspect",
    "zh_weibo_stance",
];
const PER_SET: usize = 8_000;
/// Share of validation texts that are beyond each measure's limit.
const BEYOND: f64 = 0.004;
/// Frequencies are kept in steps of so many nats: finer ones tell nothing and cost bytes.
const STEP: f64 = 0.25;

/// How the measure is fitted and measured.
pub const HEAD: TrainedHead = TrainedHead {
    name: "novelty",
    about: "The measure of how unlike the texts of training a text is",
    files: &[HeadFile {
        prefix: "novelty.",
        name: "novelty.safetensors",
    }],
    settings: &[],
    train,
    evaluate,
    predictions: None,
};

/// A text's pieces, characters and row in tables.
struct Cut {
    pieces: Vec<u32>,
    characters: usize,
    row: usize,
}

fn cut(embedder: &Embedder, text: &str) -> Result<Cut> {
    let (text, pieces) = embedder.pieces(text)?;
    Ok(Cut {
        pieces,
        characters: characters(&text),
        row: row_of(detect(&text).language),
    })
}

fn texts(data: &Path, embedder: &Embedder, split: Split) -> Result<Vec<Cut>> {
    let mut found = Vec::new();
    for set in SETS {
        for row in sample(data, set, split, PER_SET, |_| true)? {
            found.push(cut(embedder, &row.text)?);
        }
    }
    Ok(found)
}

fn train(training: &Training) -> Result<()> {
    let (data, student) = (training.sources.data(), training.student()?);
    let embedder = student.embedder();
    let train = texts(data, embedder, Split::Train)?;
    let not_text = embedder.pieces("")?.1;
    let mut counts = vec![0.5f64; embedder.vocabulary_size()];
    for id in train.iter().flat_map(|cut| &cut.pieces) {
        counts[*id as usize] += 1.0;
    }
    for id in not_text {
        counts[id as usize] = 0.0;
    }
    let all: f64 = counts.iter().sum();
    let surprise = counts.iter().map(|&count| match count {
        0.0 => 0.0,
        count => ((-(count / all).ln() / STEP).round() * STEP) as f32,
    });
    let surprise: Vec<f32> = surprise.collect();

    // The usual first, since short texts borrow of it; then the limits.
    let plain = Novelty::new(
        surprise.clone(),
        Default::default(),
        [[1.0; MEASURES]; LANGUAGES],
    )?;
    let mut usual = [[0f32; MEASURES]; LANGUAGES];
    for (row, means) in usual.iter_mut().enumerate() {
        let of_row: Vec<&Cut> = train.iter().filter(|cut| cut.row == row).collect();
        let found = of_row
            .iter()
            .map(|c| plain.measures(&c.pieces, c.characters, row));
        let sum = found.fold([0f32; MEASURES], |sum, x| [sum[0] + x[0], sum[1] + x[1]]);
        *means = sum.map(|sum| sum / of_row.len().max(1) as f32);
    }
    let known = Novelty::new(surprise.clone(), usual, [[1.0; MEASURES]; LANGUAGES])?;
    let valid = texts(data, embedder, Split::Valid)?;
    let mut limit = [[0f32; MEASURES]; LANGUAGES];
    for (row, limits) in limit.iter_mut().enumerate() {
        for (measure, limit) in limits.iter_mut().enumerate() {
            let of_row = valid.iter().filter(|cut| cut.row == row);
            let mut found: Vec<f64> = of_row
                .map(|c| f64::from(known.measures(&c.pieces, c.characters, row)[measure]))
                .collect();
            found.sort_by(f64::total_cmp);
            *limit = quantile(&found, 1.0 - BEYOND) as f32;
        }
    }
    println!("usual {usual:.2?}, limit {limit:.2?} (rows: zh, others; per character, per piece)");
    let device = &Device::Cpu;
    let tensors = HashMap::from([
        (
            "surprise".to_owned(),
            Tensor::new(surprise, device)?.to_dtype(DType::F16)?,
        ),
        ("usual".to_owned(), Tensor::new(&usual, device)?),
        ("limit".to_owned(), Tensor::new(&limit, device)?),
    ]);
    let path = training.sources.to_make(HEAD.files[0].name)?;
    candle_core::safetensors::save(&tensors, path)?;
    Ok(())
}

/// Texts that are no posts of the languages known, by kind.
#[derive(Deserialize)]
struct Odd {
    kind: String,
    texts: Vec<String>,
}

/// How many texts of the split are called unlike training, and how many of those in `odd.json` of
/// the fixtures are: a list of kinds with texts.
fn evaluate(held: &Held) -> Result<Vec<MetricRow>> {
    let reader = held.scorer.reader();
    let Some(novelty) = reader.novelty() else {
        return Ok(held.left_out(HEAD.name, NO_HEAD));
    };
    let odd = held.fixtures.join("odd.json");
    let embedder = reader.embedder();
    let far = |text: &str| -> Result<bool> {
        let (text, pieces) = embedder.pieces(text)?;
        let language = detect(&text).language;
        Ok(novelty.distance(&pieces, characters(&text), language) > 1.0)
    };
    let mut out = Vec::new();
    let mut row = |slice: &str, texts: &[String]| -> Result<()> {
        let mut hits = 0;
        for text in texts {
            hits += usize::from(far(text)?);
        }
        out.push(MetricRow::new(
            "novelty",
            slice,
            "model",
            "unlike",
            texts.len(),
            binomial(hits, texts.len(), 0.95),
        ));
        Ok(())
    };
    let mut all = Vec::new();
    for set in SETS {
        let of_set = sample(held.sources.data(), set, held.split, PER_SET, |_| true)?;
        let texts: Vec<String> = of_set.into_iter().map(|row| row.text).collect();
        row(set, &texts)?;
        all.extend(texts);
    }
    row("all sets", &all)?;
    let json = std::fs::read(&odd).with_context(|| format!("reading {}", odd.display()))?;
    let kinds: Vec<Odd> = serde_json::from_slice(&json)?;
    for Odd { kind, texts } in &kinds {
        row(kind, texts)?;
    }
    let every: Vec<String> = kinds.into_iter().flat_map(|kind| kind.texts).collect();
    row("all that is odd", &every)?;
    Ok(out)
}
