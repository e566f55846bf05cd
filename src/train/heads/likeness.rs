//! How like a text is to those of the cascades, and not to what people and brands post today.

use std::path::Path;

use anyhow::Result;
use serde::Deserialize;

use crate::diffusion::Likeness;
use crate::train::data::encoders;
use crate::train::data::folders::Sources;
use crate::train::data::sets::{Split, rows};
use crate::train::data::texts::Embeddings;
use crate::train::fit::linear::logistic;

/// The file that the bundle takes into its manifest.
pub const FILE: &str = "likeness.json";

/// Texts of cascades ...
const CASCADES: [&str; 2] = ["zh_weibo_cascades", "en_twitter_cascades"];
/// ... and of posts of today.
const TODAY: [&str; 3] = ["own_posts", "zh_xhs_engagement", "en_ig_engagement"];
/// Most texts that are taken of a set.
const MOST: usize = 1_000;
/// Most characters of a text that are read: cascades are of short posts.
const CHARS: usize = 300;
/// Cost of a squared weight, beside rows that weigh 1 together in each class.
const RIDGE: f64 = 1e-4;

#[derive(Deserialize)]
struct Row {
    text: Option<String>,
    lang: Option<String>,
}

/// A text of either kind, the kind, and whether it is Chinese.
type Kind = (String, bool, bool);

fn texts(data: &Path, split: Split) -> Result<Vec<Kind>> {
    let mut texts = Vec::new();
    for (sets, cascade) in [(&CASCADES[..], true), (&TODAY[..], false)] {
        for set in sets {
            let rows: Vec<Row> = rows(data, set, split)?;
            let step = rows.len().div_ceil(MOST).max(1);
            texts.extend(rows.into_iter().step_by(step).filter_map(|row| {
                let text: String = row.text?.chars().take(CHARS).collect();
                let chinese = match row.lang {
                    Some(lang) => lang == "zh",
                    None => set.starts_with("zh"),
                };
                (!text.trim().is_empty()).then_some((text, cascade, chinese))
            }));
        }
    }
    Ok(texts)
}

/// Fits the likeness on training texts, prints what it gives validation texts of both kinds, and
/// writes `likeness.json`. Both kinds weigh the same in each language.
///
/// # Errors
/// When a set or the encoder can't be read.
pub fn fit(sources: &Sources, encoder: &Path) -> Result<()> {
    let student = encoders::student(encoder)?;
    let embeddings = Embeddings::new(&student, &sources.folders.runs)?;
    let read = |split| -> Result<(Vec<Kind>, Vec<Vec<f64>>)> {
        let texts = texts(sources.data(), split)?;
        let letters: Vec<String> = texts.iter().map(|(text, ..)| text.clone()).collect();
        let vectors = embeddings.of(&format!("likeness.{}", split.name()), &letters)?;
        let rows = vectors.iter().map(|vector| {
            let ones = std::iter::once(1.0);
            ones.chain(vector.iter().map(|&x| f64::from(x))).collect()
        });
        let rows = rows.collect();
        Ok((texts, rows))
    };
    let (kinds, rows) = read(Split::Train)?;
    let positive: Vec<bool> = kinds.iter().map(|(_, cascade, _)| *cascade).collect();
    let same = |a: &Kind, b: &Kind| (a.1, a.2) == (b.1, b.2);
    let weights: Vec<f64> = kinds
        .iter()
        .map(|kind| 0.25 / kinds.iter().filter(|other| same(kind, other)).count() as f64)
        .collect();
    let found = logistic(&rows, &positive, &weights, RIDGE);
    let rounded = |x: f64| (x * 1e3).round() as f32 / 1e3;
    let likeness = Likeness {
        bias: rounded(found[0]),
        weights: found[1..].iter().map(|&w| rounded(w)).collect(),
    };
    let (kinds, rows) = read(Split::Valid)?;
    for cascade in [true, false] {
        for chinese in [true, false] {
            let mut like: Vec<f32> = kinds
                .iter()
                .zip(&rows)
                .filter(|((_, c, z), _)| (*c, *z) == (cascade, chinese))
                .map(|(_, row)| {
                    let vector: Vec<f32> = row[1..].iter().map(|&x| x as f32).collect();
                    likeness.of(&vector)
                })
                .collect();
            like.sort_by(f32::total_cmp);
            let at = |share: f32| like[(share * (like.len() - 1) as f32) as usize];
            println!(
                "{} {}: {} texts, likeness 5 % {:.3}, 50 % {:.3}, 95 % {:.3}",
                if cascade { "cascades" } else { "today" },
                if chinese { "zh" } else { "en" },
                like.len(),
                at(0.05),
                at(0.5),
                at(0.95)
            );
        }
    }
    let json = serde_json::to_string(&likeness)?;
    std::fs::write(sources.to_make(FILE)?, json + "\n")?;
    Ok(())
}
