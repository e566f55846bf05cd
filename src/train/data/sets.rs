//! Files of the data sets: JSON Lines, gzip, `<set>.<split>[.partNofM].jsonl.gz`.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use flate2::read::MultiGzDecoder;
use serde::de::DeserializeOwned;

/// A part of a data set. Nothing is fitted or chosen on `Test`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Split {
    /// Rows to fit on.
    Train,
    /// Rows to choose and calibrate on.
    Valid,
    /// Rows kept back for the figures of a release.
    Test,
}

impl Split {
    /// The split's name in files.
    pub fn name(self) -> &'static str {
        match self {
            Split::Train => "train",
            Split::Valid => "valid",
            Split::Test => "test",
        }
    }
}

/// The values of an NDJSON file.
pub fn read_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    text.lines()
        .map(|line| Ok(serde_json::from_str(line)?))
        .collect()
}

/// All rows of one split of one set, parts in order.
pub fn rows<T: DeserializeOwned>(data: &Path, set: &str, split: Split) -> Result<Vec<T>> {
    let prefix = format!("{set}.{}.", split.name());
    let mut files: Vec<PathBuf> = std::fs::read_dir(data)
        .with_context(|| format!("reading data folder {}", data.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
            name.starts_with(&prefix) && name.ends_with(".jsonl.gz")
        })
        .collect();
    files.sort();
    if files.is_empty() {
        bail!("no {prefix}*jsonl.gz in {}", data.display());
    }
    let mut rows = Vec::new();
    for path in files {
        let reader = BufReader::new(MultiGzDecoder::new(File::open(&path)?));
        for (i, line) in reader.lines().enumerate() {
            let row = serde_json::from_str(&line?)
                .with_context(|| format!("{}, line {}", path.display(), i + 1))?;
            rows.push(row);
        }
    }
    Ok(rows)
}
