//! How like a text is to those of the cascades, and not to what people and brands post today.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::diffusion::Likeness;
use crate::post::Platform;
use crate::train::data::encoders;
use crate::train::data::folders::Sources;
use crate::train::data::sets::{Split, read_lines, rows};
use crate::train::data::texts::Embeddings;
use crate::train::fit::linear::logistic;
use crate::train::metrics::quantile;

/// The file that the bundle takes into its manifest.
pub const FILE: &str = "likenesses.json";

/// A platform of which there are cascades.
struct Source {
    platform: Platform,
    language: &'static str,
    /// Their texts ...
    cascades: &'static str,
    /// ... and posts of today in the same language.
    today: [&'static str; 2],
}

const SOURCES: [Source; 2] = [
    Source {
        platform: Platform::Weibo,
        language: "zh",
        cascades: "zh_weibo_cascades",
        today: ["own_posts", "zh_xhs_engagement"],
    },
    Source {
        platform: Platform::X,
        language: "en",
        cascades: "en_twitter_cascades",
        today: ["own_posts", "en_ig_engagement"],
    },
];

/// Most texts that are taken of a set.
const MOST: usize = 4_000;
/// Most characters of a text that are read: cascades are of short posts.
const CHARS: usize = 300;
/// Cost of a squared weight, beside rows that weigh 1 together.
const RIDGE: f64 = 2e-5;
/// This share of the validation cascades ...
const KEPT: f64 = 0.95;
/// ... has at least this likeness: what a draft loses for being taken for a post of today is
/// larger than what one of today loses for being taken for news.
const LEAST: f64 = 0.9;
/// What the odds are multiplied by. It and [`LEAST`] are as large as they can be while no fixture
/// that praises falls, and none that complains rises, where more people pass it on. On validation
/// cascades they cost the score of a draft 0.036 of its R2, which is 0.503 where every post counts
/// as a cascade.
const STEEP: f64 = 2.25;

#[derive(Deserialize)]
struct Row {
    text: Option<String>,
    lang: Option<String>,
}

/// The texts of a set in one language.
fn set_texts(data: &Path, set: &str, language: &str, split: Split) -> Result<Vec<String>> {
    let rows: Vec<Row> = rows(data, set, split)?;
    let step = rows.len().div_ceil(MOST).max(1);
    let of_language = rows
        .into_iter()
        .filter(|row| row.lang.as_deref().is_none_or(|lang| lang == language));
    Ok(of_language
        .step_by(step)
        .filter_map(|row| Some(row.text?.chars().take(CHARS).collect::<String>()))
        .filter(|text| !text.trim().is_empty())
        .collect())
}

/// The texts of today that were written for training, in one language: the first two letters of a
/// file's name say which.
fn written(folder: &Path, language: &str) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("reading folder {}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "ndjson"))
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with(language))
        })
        .collect();
    files.sort();
    let mut texts = Vec::new();
    for file in files {
        let rows: Vec<Row> = read_lines(&file)?;
        texts.extend(rows.into_iter().filter_map(|row| row.text));
    }
    Ok(texts)
}

/// Log-odds of a row that begins with 1.
fn odds(row: &[f64], found: &[f64]) -> f64 {
    row.iter().zip(found).map(|(x, w)| x * w).sum()
}

/// Fits the likeness to the cascades of each platform on training texts, prints what it gives
/// validation texts of both kinds, and writes `likenesses.json`. Both kinds weigh the same; then
/// the odds are moved so that `KEPT` of the validation cascades have `LEAST`. `texts` is the
/// folder of the texts that were written for training.
///
/// # Errors
/// When a set, the texts or the encoder can't be read.
pub fn fit(sources: &Sources, encoder: &Path, texts: &Path) -> Result<()> {
    let student = encoders::student(encoder)?;
    let embeddings = Embeddings::new(&student, &sources.folders.runs)?;
    let mut likenesses = BTreeMap::new();
    for source in &SOURCES {
        let vectors = |name: &str, texts: &[String]| -> Result<Vec<Vec<f64>>> {
            let name = format!("likeness.{name}.{}", source.language);
            let vectors = embeddings.of(&name, texts)?;
            let rows = vectors.iter().map(|vector| {
                let ones = std::iter::once(1.0);
                ones.chain(vector.iter().map(|&x| f64::from(x))).collect()
            });
            Ok(rows.collect())
        };
        let read = |set: &str, split: Split| {
            let texts = set_texts(sources.data(), set, source.language, split)?;
            vectors(&format!("{set}.{}", split.name()), &texts)
        };
        let mut rows = read(source.cascades, Split::Train)?;
        let cascades = rows.len();
        for set in source.today {
            rows.extend(read(set, Split::Train)?);
        }
        rows.extend(vectors("written", &written(texts, source.language)?)?);
        let positive: Vec<bool> = (0..rows.len()).map(|i| i < cascades).collect();
        let share = |n: usize| 0.5 / n as f64;
        let weights: Vec<f64> = positive
            .iter()
            .map(|&cascade| {
                share(if cascade {
                    cascades
                } else {
                    rows.len() - cascades
                })
            })
            .collect();
        let mut found = logistic(&rows, &positive, &weights, RIDGE);
        found.iter_mut().for_each(|w| *w *= STEEP);

        let of_set = |set: &str, found: &[f64]| -> Result<Vec<f64>> {
            let rows = read(set, Split::Valid)?;
            let mut all: Vec<f64> = rows.iter().map(|row| odds(row, found)).collect();
            all.sort_by(f64::total_cmp);
            Ok(all)
        };
        let lowest = quantile(&of_set(source.cascades, &found)?, 1.0 - KEPT);
        found[0] += (LEAST / (1.0 - LEAST)).ln() - lowest;
        for set in std::iter::once(source.cascades).chain(source.today) {
            let all = of_set(set, &found)?;
            let at = |share: f64| 1.0 / (1.0 + (-quantile(&all, share)).exp());
            println!(
                "{}, {set} {}: {} texts, likeness 5 % {:.3}, 50 % {:.3}, 90 % {:.3}, 95 % {:.3}",
                source.platform.name(),
                source.language,
                all.len(),
                at(0.05),
                at(0.5),
                at(0.9),
                at(0.95)
            );
        }
        let rounded = |x: f64| (x * 1e3).round() as f32 / 1e3;
        let likeness = Likeness {
            bias: rounded(found[0]),
            weights: found[1..].iter().map(|&w| rounded(w)).collect(),
        };
        likenesses.insert(source.platform.name(), likeness);
    }
    let json = serde_json::to_string(&likenesses)?;
    std::fs::write(sources.to_make(FILE)?, json + "\n")?;
    Ok(())
}
