//! The audit: valence should not move when only who is spoken of changes, should have the sign of a
//! mood that takes more than words to tell, and should tell one brand from another in a sentence.

use std::collections::BTreeMap;

use crate::heads::reader::Reader;
use crate::post::brand::BrandProfile;
use anyhow::{Context, Result};
use serde::Deserialize;

use crate::train::heads::trained::Held;
use crate::train::metrics::{MetricRow, bootstrap};

#[derive(Deserialize)]
struct Audit {
    /// Sentences about persons, by language.
    persons: BTreeMap<String, Vec<String>>,
    swaps: Vec<Swap>,
    moods: Vec<Mood>,
    rivals: Vec<Rivals>,
}

/// Words that take each other's place (`{x}`) in sentences.
#[derive(Deserialize)]
struct Swap {
    kind: String,
    language: String,
    words: Vec<String>,
    /// Those about persons, where there are none.
    #[serde(default)]
    sentences: Vec<String>,
}

/// Texts that people would call pleased or displeased.
#[derive(Deserialize)]
struct Mood {
    kind: String,
    language: String,
    positive: Vec<String>,
    negative: Vec<String>,
}

/// Sentences that are pleased with `{a}` and displeased with `{b}`, and pairs of brands for them,
/// either of which may be the one or the other.
#[derive(Deserialize)]
struct Rivals {
    language: String,
    brands: Vec<[String; 2]>,
    sentences: Vec<String>,
}

/// Values by kind, language or both.
type Slices = BTreeMap<String, Vec<f64>>;

/// Mean |change of s| over all pairs of words in all sentences, overall and by kind and language;
/// for how many texts whose mood takes understanding s has the right sign; and for how many brands
/// it has, where a sentence praises one and blames another, and how often it is higher for the one
/// that is praised.
pub fn evaluate(held: &Held) -> Result<Vec<MetricRow>> {
    let (reader, audit) = (held.scorer.reader(), held.audit);
    let bytes = std::fs::read(audit).with_context(|| format!("reading {}", audit.display()))?;
    let audit: Audit = serde_json::from_slice(&bytes)?;
    let mut rows = means("audit", "mean |ds|", changes(reader, &audit)?);
    rows.extend(means("audit, moods", "right sign", signs(reader, &audit)?));
    let [signs, orders] = rivals(reader, &audit)?;
    rows.extend(means("audit, rivals", "right sign", signs));
    rows.extend(means("audit, rivals", "told apart", orders));
    Ok(rows)
}

/// |change of s| of each pair of words in each sentence, by kind and language.
fn changes(reader: &Reader, audit: &Audit) -> Result<Slices> {
    let mut found = Slices::new();
    for swap in &audit.swaps {
        let sentences = match &swap.sentences[..] {
            [] => audit
                .persons
                .get(&swap.language)
                .with_context(|| format!("no sentences about persons in {}", swap.language))?,
            own => own,
        };
        for sentence in sentences {
            let valences = swap
                .words
                .iter()
                .map(|word| Ok(reader.read(&sentence.replace("{x}", word), None)?.valence()))
                .collect::<Result<Vec<f32>>>()?;
            for (i, a) in valences.iter().enumerate() {
                for b in &valences[i + 1..] {
                    let slice = format!("{}, {}", swap.kind, swap.language);
                    found
                        .entry(slice)
                        .or_default()
                        .push(f64::from((a - b).abs()));
                }
            }
        }
    }
    Ok(found)
}

/// 1 where s has the sign of a text's mood and 0 where not, by kind and language.
fn signs(reader: &Reader, audit: &Audit) -> Result<Slices> {
    let mut found = Slices::new();
    for mood in &audit.moods {
        for (texts, sign) in [(&mood.positive, 1.0), (&mood.negative, -1.0)] {
            for text in texts {
                let has_sign = reader.read(text, None)?.valence() * sign > 0.0;
                let slice = format!("{}, {}", mood.kind, mood.language);
                found.entry(slice).or_default().push(one_if(has_sign));
            }
        }
    }
    Ok(found)
}

fn one_if(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

/// By language, 1 where s towards a brand has the sign of what a sentence says of it, and 1 where it
/// is higher towards the brand that is praised; else 0.
fn rivals(reader: &Reader, audit: &Audit) -> Result<[Slices; 2]> {
    let (mut signs, mut orders) = (Slices::new(), Slices::new());
    for set in &audit.rivals {
        let signs = signs.entry(set.language.clone()).or_default();
        let orders = orders.entry(set.language.clone()).or_default();
        let both = set.brands.iter().flat_map(|[a, b]| [[a, b], [b, a]]);
        for [praised, blamed] in both {
            for sentence in &set.sentences {
                let text = sentence.replace("{a}", praised).replace("{b}", blamed);
                let towards = |name: &String| -> Result<f32> {
                    let brand = BrandProfile {
                        name: name.clone(),
                        ..BrandProfile::default()
                    };
                    Ok(reader.read(&text, Some(&brand))?.valence())
                };
                let (up, down) = (towards(praised)?, towards(blamed)?);
                signs.extend([up > 0.0, down < 0.0].map(one_if));
                orders.push(one_if(up > down));
            }
        }
    }
    Ok([signs, orders])
}

/// The mean of each slice and of all of them together.
fn means(task: &str, metric: &str, mut slices: Slices) -> Vec<MetricRow> {
    slices.insert("all".into(), slices.values().flatten().copied().collect());
    let row = |(slice, values): (String, Vec<f64>)| {
        let mean = bootstrap(values.len(), |rows| {
            rows.iter().map(|&i| values[i]).sum::<f64>() / rows.len() as f64
        });
        MetricRow::new(task, slice, "model", metric, values.len(), mean)
    };
    slices.into_iter().map(row).collect()
}
