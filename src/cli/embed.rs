//! `bsmv embed`: the vectors of texts, by a bundle's encoder or any BERT.

use std::io::{BufRead, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::json;

use super::bundle_dir::Model;
use bsmv::train::data::encoders;

/// Texts embedded between two writes.
const BATCH: usize = 64;

/// Read NDJSON {"text": …} on standard input; write {"embedding": […]}, of unit length, for each.
#[derive(clap::Args)]
pub struct Args {
    /// Folder of any BERT in Hugging Face's layout (config.json, tokenizer.json,
    /// model.safetensors) with mean pooling, instead of the bundle's; at int8 it is quantized here
    #[arg(long, value_name = "DIR", conflicts_with = "device")]
    encoder: Option<PathBuf>,
    #[command(flatten)]
    model: Model,
}

#[derive(Deserialize)]
struct Row {
    text: String,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let precision = args.model.precision.into();
    let embedder = match &args.encoder {
        Some(folder) => encoders::any_bert(folder, precision)?,
        None => {
            let device = args.model.device.open(precision)?;
            args.model.embedder(precision, &device)?
        }
    };
    let mut texts = Vec::new();
    for (i, line) in std::io::stdin().lock().lines().enumerate() {
        let row: Row = serde_json::from_str(&line?).with_context(|| format!("line {}", i + 1))?;
        texts.push(row.text);
    }
    let mut out = BufWriter::new(std::io::stdout().lock());
    for chunk in texts.chunks(BATCH) {
        for vector in embedder.embed_all(chunk, BATCH)? {
            serde_json::to_writer(&mut out, &json!({ "embedding": vector }))?;
            out.write_all(b"\n")?;
        }
        out.flush()?;
    }
    Ok(ExitCode::SUCCESS)
}
