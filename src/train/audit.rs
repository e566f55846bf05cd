//! Whether valence moves when only who is spoken of changes.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use bsmv::reader::Reader;
use serde::Deserialize;

use super::metrics::{MetricRow, bootstrap};

#[derive(Deserialize)]
struct Audit {
    swaps: Vec<Swap>,
}

/// Words that take each other's place (`{x}`) in sentences.
#[derive(Deserialize)]
struct Swap {
    kind: String,
    language: String,
    words: Vec<String>,
    sentences: Vec<String>,
}

/// Mean |change of s| over all pairs of words in all sentences: overall, and by kind and
/// language.
pub fn evaluate(reader: &Reader, audit: &Path) -> Result<Vec<MetricRow>> {
    let bytes = std::fs::read(audit).with_context(|| format!("reading {}", audit.display()))?;
    let audit: Audit = serde_json::from_slice(&bytes)?;
    let mut changes: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for swap in &audit.swaps {
        for sentence in &swap.sentences {
            let valences = swap
                .words
                .iter()
                .map(|word| Ok(reader.read(&sentence.replace("{x}", word), None)?.valence()))
                .collect::<Result<Vec<f32>>>()?;
            for (i, a) in valences.iter().enumerate() {
                for b in &valences[i + 1..] {
                    let change = f64::from((a - b).abs());
                    let slice = format!("{}, {}", swap.kind, swap.language);
                    changes.entry(slice).or_default().push(change);
                }
            }
        }
    }
    let all = changes.values().flatten().copied().collect();
    changes.insert("all".into(), all);
    let row = |(slice, changes): (String, Vec<f64>)| MetricRow {
        task: "audit".into(),
        slice,
        method: "model".into(),
        metric: "mean |ds|".into(),
        n: changes.len(),
        estimate: bootstrap(changes.len(), |rows| {
            rows.iter().map(|&i| changes[i]).sum::<f64>() / rows.len() as f64
        }),
    };
    Ok(changes.into_iter().map(row).collect())
}
