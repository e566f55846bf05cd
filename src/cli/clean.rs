//! `bsmv clean`: texts as the encoder sees them, for training outside this program.

use std::io::{BufRead, BufWriter, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use bsmv::text::clean;
use serde_json::Value;

/// Cleans the "text" of every JSON line on standard input.
pub fn run() -> Result<ExitCode> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for (i, line) in std::io::stdin().lock().lines().enumerate() {
        let place = || format!("line {}", i + 1);
        let mut row: Value = serde_json::from_str(&line?).with_context(place)?;
        let text = row["text"]
            .as_str()
            .context("no \"text\"")
            .with_context(place)?;
        row["text"] = clean(text).into();
        serde_json::to_writer(&mut out, &row)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
