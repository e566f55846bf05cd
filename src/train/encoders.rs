//! The encoders that training reads text with.

use std::collections::HashMap;
use std::path::Path;

use crate::encoder::Precision;
use crate::encoder::embedder::Embedder;
use crate::encoder::{Config, WordBits};
use crate::heads::reader::Reader;
use crate::layers::tensors::Tensors;
use crate::scorer::Scorer;
use crate::scorer::bundle::encoder_file;
use anyhow::{Context, Result};
use candle_core::{Device, Tensor};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::data::texts;
use super::fit::optimise::file_of;
use super::topics::Topics;

/// Pieces read of a training text.
const MAX_PIECES: usize = 128;
/// What the untuned teacher wants before a text (its model card says so).
const TEACHER_PREFIX: &str = "query: ";
/// Texts handed to one thread at a time.
const CHUNK: usize = 64;

/// An encoder in Hugging Face's layout, run at int8: on these texts its vectors keep a mean cosine
/// of 0.9997 to f32 and come several times sooner.
pub struct Folder {
    embedder: Embedder,
    id: String,
}

impl Folder {
    /// The encoder with its tokenizer.
    pub fn embedder(&self) -> &Embedder {
        &self.embedder
    }
}

impl texts::Embedder for Folder {
    fn id(&self) -> &str {
        &self.id
    }

    fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        embed(&self.embedder, texts)
    }
}

/// The encoder of a finished bundle.
pub struct OfScorer<'a> {
    scorer: &'a Scorer,
    id: String,
}

impl<'a> OfScorer<'a> {
    pub fn new(scorer: &'a Scorer) -> Self {
        let manifest = scorer.manifest();
        let weights = encoder_file(scorer.reader().embedder().precision());
        let id = manifest
            .files
            .get(weights)
            .map_or("", |f| f.sha256.as_str());
        OfScorer {
            scorer,
            id: id.chars().take(16).collect(),
        }
    }
}

impl texts::Embedder for OfScorer<'_> {
    fn id(&self) -> &str {
        &self.id
    }

    fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        embed(self.scorer.reader().embedder(), texts)
    }
}

fn embed(embedder: &Embedder, texts: &[String]) -> Result<Vec<Vec<f32>>> {
    let chunks: Vec<Vec<Vec<f32>>> = texts
        .par_chunks(CHUNK)
        .map(|chunk| Ok(embedder.embed_all(chunk, CHUNK)?))
        .collect::<Result<_>>()?;
    Ok(chunks.into_iter().flatten().collect())
}

/// The student, as the bundle will hold it.
pub fn student(folder: &Path) -> Result<Folder> {
    open(folder, "", WordBits::Four)
}

/// The untuned teacher.
pub fn teacher(folder: &Path) -> Result<Folder> {
    open(folder, TEACHER_PREFIX, WordBits::Eight)
}

/// Any BERT in Hugging Face's layout; at int8 with 8-bit word embeddings, as it wasn't tuned to
/// fewer.
pub fn any_bert(folder: &Path, precision: Precision) -> Result<Embedder> {
    Ok(read(folder, precision, "", WordBits::Eight, usize::MAX)?.embedder)
}

fn open(folder: &Path, prefix: &str, words: WordBits) -> Result<Folder> {
    read(folder, Precision::Int8, prefix, words, MAX_PIECES)
}

fn read(
    folder: &Path,
    precision: Precision,
    prefix: &str,
    words: WordBits,
    max_pieces: usize,
) -> Result<Folder> {
    let read = |name: &str| {
        let path = folder.join(name);
        std::fs::read(&path).with_context(|| format!("reading {}", path.display()))
    };
    let weights = read("model.safetensors")?;
    let digest = Sha256::digest(&weights);
    let id = digest[..8].iter().map(|b| format!("{b:02x}")).collect();
    let embedder = Embedder::from_float(
        Config::from_json(&read("config.json")?)?,
        &read("tokenizer.json")?,
        weights,
        precision,
        words,
        prefix,
        max_pieces,
    )?;
    Ok(Folder { embedder, id })
}

/// The student with the heads trained so far, before there is a bundle.
pub fn reader(student: &Path, runs: &Path, topics: &Path) -> Result<Reader> {
    let mut tensors: HashMap<String, Tensor> = HashMap::new();
    for (prefix, file) in super::bundle::HEAD_FILES {
        let path = runs.join(file);
        let loaded = candle_core::safetensors::load(&path, &Device::Cpu)
            .with_context(|| format!("reading {}", path.display()))?;
        tensors.extend(
            loaded
                .into_iter()
                .map(|(name, tensor)| (format!("{prefix}{name}"), tensor)),
        );
    }
    let heads = file_of(&tensors)?;
    let labels = Topics::read(topics)?.labels();
    Ok(Reader::new(
        self::student(student)?.embedder,
        &Tensors::open(&heads)?,
        labels,
    )?)
}
