//! `bsmv label`: valence of any texts from the frozen labeller, so that targets don't move with
//! the models that learn from them.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::encoder::Precision;
use crate::encoder::embedder::Embedder;
use crate::encoder::{Config, Device};
use crate::heads::sentiment::{CLASSES, valence};
use crate::layers::dense::{Dense, softmax};
use crate::layers::tensors::Tensors;
use anyhow::{Context, Result};
use indicatif::ProgressBar;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::train::data::cascades::text_hash;
use crate::train::data::sets::{Split, rows};

/// Texts longer than this many pieces are cut: posts and what people add to them are short.
const MAX_PIECES: usize = 128;
/// Texts labelled between two writes.
const CHUNK: usize = 2048;
/// Texts that go through the encoder together.
const TOGETHER: usize = 128;

/// Labels texts with the frozen sentiment labeller. Reads NDJSON {"text": …} on stdin, or every
/// text of the cascade sets with --data; writes {"h": key, "s": valence}, once for each distinct
/// text.
#[derive(Debug, clap::Args)]
pub struct LabelArgs {
    /// Folder of the labeller.
    #[arg(long, default_value = "models/labeller")]
    labeller: PathBuf,
    /// Folder of the data sets: label all posts and events of the cascades in it.
    #[arg(long)]
    data: Option<PathBuf>,
    /// File to append to; texts labelled there already are left out. Default: stdout.
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Row {
    text: String,
    #[serde(default)]
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    text: Option<String>,
}

/// One label.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Label {
    /// [`key`] of the text.
    pub h: String,
    /// P(positive) - P(negative).
    pub s: f32,
}

/// Key of a text: the first 8 bytes of its SHA-256, in hex.
pub fn key(text: &str) -> String {
    format!("{:016x}", text_hash(text))
}

/// Labels what standard input or the data sets hold, chunk by chunk.
pub fn run(args: &LabelArgs) -> Result<()> {
    let labeller = Labeller::open(&args.labeller)?;
    let mut seen = HashSet::new();
    if let Some(path) = args.out.as_ref().filter(|path| path.exists()) {
        for line in BufReader::new(std::fs::File::open(path)?).lines() {
            // The last line may have been cut off by an interruption.
            if let Ok(label) = serde_json::from_str::<Label>(&line?) {
                seen.insert(label.h);
            }
        }
    }
    let mut out: Box<dyn Write> = match &args.out {
        Some(path) => {
            let mut file = OpenOptions::new().create(true).append(true).open(path)?;
            // An interruption may have left half a line.
            if std::fs::read(path)?.last().is_some_and(|&b| b != b'\n') {
                file.write_all(b"\n")?;
            }
            Box::new(BufWriter::new(file))
        }
        None => Box::new(std::io::stdout().lock()),
    };
    let mut texts = match &args.data {
        Some(data) => cascade_texts(data)?,
        None => stdin_texts()?,
    };
    texts.retain(|text| seen.insert(key(text)));
    let progress = ProgressBar::new(texts.len() as u64);
    for chunk in texts.chunks(CHUNK) {
        let labels: Vec<Vec<Label>> = chunk
            .par_chunks(TOGETHER)
            .map(|texts| labeller.label(texts))
            .collect::<Result<_>>()?;
        for label in labels.into_iter().flatten() {
            serde_json::to_writer(&mut out, &label)?;
            out.write_all(b"\n")?;
        }
        out.flush()?;
        progress.inc(chunk.len() as u64);
    }
    progress.finish();
    Ok(())
}

fn stdin_texts() -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for (i, line) in std::io::stdin().lock().lines().enumerate() {
        let row: Row = serde_json::from_str(&line?).with_context(|| format!("line {}", i + 1))?;
        texts.push(row.text);
    }
    Ok(texts)
}

/// Posts first, then events: those of the test and validation cascades, then those of training,
/// in the order of their keys, so that whatever is done of them is a fair sample.
fn cascade_texts(data: &Path) -> Result<Vec<String>> {
    let (mut posts, mut events) = (Vec::new(), Vec::new());
    for split in [Split::Test, Split::Valid, Split::Train] {
        let mut of_split = Vec::new();
        for set in [
            "zh_weibo_cascades",
            "en_twitter_cascades",
            "en_post_engagement",
        ] {
            for row in rows::<Row>(data, set, split)? {
                posts.push(row.text);
                of_split.extend(row.events.into_iter().filter_map(|event| event.text));
            }
        }
        if split == Split::Train {
            of_split.sort_by_cached_key(|text| key(text));
        }
        events.append(&mut of_split);
    }
    posts.append(&mut events);
    Ok(posts)
}

/// The labeller: an 8-bit encoder and a linear head on its unit vectors.
struct Labeller {
    embedder: Embedder,
    head: Dense,
}

impl Labeller {
    /// Reads config.json, tokenizer.json, encoder_int8.safetensors and head.safetensors.
    fn open(folder: &Path) -> Result<Self> {
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read(&path).with_context(|| format!("reading {}", path.display()))
        };
        let config = Config::from_json(&read("config.json")?)?;
        let width = config.hidden_size;
        let embedder = Embedder::new(
            config,
            &read("tokenizer.json")?,
            Box::new(read("encoder_int8.safetensors")?),
            Precision::Int8,
            "",
            MAX_PIECES,
            &Device::Cpu,
        )?;
        let head = read("head.safetensors")?;
        let head = Tensors::open(&head)?.under("sentiment");
        Ok(Labeller {
            embedder,
            head: Dense::load(&head, width, CLASSES)?,
        })
    }

    fn label(&self, texts: &[String]) -> Result<Vec<Label>> {
        let vectors = self.embedder.embed_all(texts, TOGETHER)?;
        Ok(texts
            .iter()
            .zip(&vectors)
            .map(|(text, vector)| Label {
                h: key(text),
                // Four decimals keep the file small; the labeller is no finer.
                s: (self.valence(vector) * 1e4).round() / 1e4,
            })
            .collect())
    }

    fn valence(&self, vector: &[f32]) -> f32 {
        let mut p = [0f32; CLASSES];
        self.head.apply(vector, &mut p);
        softmax(&mut p);
        valence(&p)
    }
}
