//! The encoders that training reads text with.

use std::path::Path;

use crate::encoder::Precision;
use crate::encoder::embedder::Embedder;
use crate::encoder::{Config, WordBits};
use crate::scorer::Scorer;
use crate::scorer::bundle::encoder_file;
use anyhow::{Context, Result};
use rayon::prelude::*;

use crate::train::data::texts::{TextEncoder, first_bytes};

/// Pieces read of a training text.
const MAX_PIECES: usize = 128;
/// Stands before every text that the untuned teacher reads (its model card says so).
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

    /// The same, to keep.
    pub fn into_embedder(self) -> Embedder {
        self.embedder
    }
}

impl TextEncoder for Folder {
    fn id(&self) -> &str {
        &self.id
    }

    fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        embed(&self.embedder, texts)
    }
}

/// The encoder of a finished bundle.
pub struct BundleEncoder<'a> {
    scorer: &'a Scorer,
    id: String,
}

impl<'a> BundleEncoder<'a> {
    /// The encoder of `scorer`, known by the name and SHA-256 of its weights: a [`Folder`] has the
    /// same float weights, and its vectors are those of 8 bits.
    pub fn new(scorer: &'a Scorer) -> Self {
        let manifest = scorer.manifest();
        let weights = encoder_file(scorer.reader().embedder().precision());
        let sum = manifest
            .files
            .get(weights)
            .map_or("", |f| f.sha256.as_str());
        let id = format!("{weights} {sum}");
        BundleEncoder { scorer, id }
    }
}

impl TextEncoder for BundleEncoder<'_> {
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
    let id = format!("{:016x}", first_bytes(&weights));
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
