//! `bsmv bundle`: puts trained parts together as the files that a scorer reads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::diffusion::Likeness;
use crate::encoder::Precision;
use crate::encoder::{Config, WordBits, quantize};
use crate::scorer::bundle::{DIFFUSION, HEADS, TOKENIZER, encoder_file};
use crate::scorer::bundle::{EncoderFacts, FileFacts, Manifest, Residuals, SCHEMA};
use anyhow::{Context, Result, ensure};
use half::f16;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

use crate::train::heads::{self, intervals};
use crate::train::topics::Topics;

/// Puts trained parts together as a bundle: float and 8-bit encoder, heads, graph network,
/// manifest with SHA-256 sums.
#[derive(Debug, clap::Args)]
pub struct BundleArgs {
    /// Folder of the trained encoder in Hugging Face's layout.
    #[arg(long)]
    encoder: PathBuf,
    /// Folder with what `bsmv train` wrote: the file of each head, head.safetensors,
    /// diffusion.safetensors, residuals.json and likenesses.json.
    #[arg(long, default_value = "runs")]
    heads: PathBuf,
    /// The ten topics, whose names the manifest holds.
    #[arg(long, default_value = "models/topics.json")]
    topics: PathBuf,
    /// The figures of these files, as `bsmv eval --json` prints them.
    #[arg(long)]
    metrics: Option<PathBuf>,
    #[arg(long, default_value = "bsmv-base")]
    name: String,
    #[arg(long, default_value = env!("CARGO_PKG_VERSION"))]
    release: String,
    /// Most pieces of a text that are read.
    #[arg(long, default_value_t = 256)]
    max_pieces: usize,
    #[arg(long, default_value = "models/bsmv-base")]
    out: PathBuf,
}

/// Writes the bundle to `args.out` and prints the sizes of its files.
pub fn run(args: &BundleArgs) -> Result<()> {
    let config = Config::from_json(&read(&args.encoder.join("config.json"))?)?;
    let floats = read(&args.encoder.join("model.safetensors"))?;
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let names = |precision| encoder_file(precision).to_owned();
    files.insert(
        names(Precision::Int8),
        quantize(&config, &floats, WordBits::Four)?,
    );
    files.insert(names(Precision::F32), floats);
    files.insert(
        TOKENIZER.into(),
        read(&args.encoder.join("tokenizer.json"))?,
    );
    files.insert(HEADS.into(), head_tensors(&args.heads)?);
    files.insert(DIFFUSION.into(), read(&args.heads.join(DIFFUSION))?);

    let topics = Topics::read(&args.topics)?.labels();
    let residuals: Vec<Residuals> =
        serde_json::from_slice(&read(&args.heads.join(intervals::RESIDUALS))?)?;
    let likenesses: BTreeMap<String, Likeness> =
        serde_json::from_slice(&read(&args.heads.join(heads::likeness::FILE))?)?;
    let needs = |precision| {
        vec![
            names(precision),
            TOKENIZER.into(),
            HEADS.into(),
            DIFFUSION.into(),
        ]
    };
    let manifest = Manifest {
        schema: SCHEMA,
        name: args.name.clone(),
        version: args.release.clone(),
        encoder: EncoderFacts {
            config,
            prefix: String::new(),
            pooling: "mean".into(),
            normalisation: "l2".into(),
            max_pieces: args.max_pieces,
        },
        topics,
        residuals,
        likenesses,
        precisions: BTreeMap::from([
            ("f32".to_owned(), needs(Precision::F32)),
            ("int8".to_owned(), needs(Precision::Int8)),
        ]),
        files: files
            .iter()
            .map(|(name, bytes)| (name.clone(), FileFacts::of(bytes)))
            .collect(),
        metrics: match &args.metrics {
            Some(path) => serde_json::from_slice(&read(path)?)?,
            None => serde_json::Value::Null,
        },
    };
    std::fs::create_dir_all(&args.out)?;
    for (name, bytes) in &files {
        std::fs::write(args.out.join(name), bytes)?;
        println!("{name}: {:.2} MB", bytes.len() as f64 / 1e6);
    }
    let json = serde_json::to_string_pretty(&manifest)?;
    std::fs::write(args.out.join("manifest.json"), json + "\n")?;
    Ok(())
}

/// All heads in one file, each under its name.
fn head_tensors(folder: &Path) -> Result<Vec<u8>> {
    let files = heads::HEADS.iter().flat_map(|head| head.files);
    let parts = files.map(|file| (file.prefix, file.name));
    // The ordinary posts of explanations have no prefix.
    let bytes = parts
        .chain([("", intervals::FILE)])
        .map(|(prefix, file)| Ok((prefix, read(&folder.join(file))?)))
        .collect::<Result<Vec<_>>>()?;
    let mut tensors = BTreeMap::new();
    for (prefix, bytes) in &bytes {
        for (name, view) in SafeTensors::deserialize(bytes)?.tensors() {
            // What reads a vector is as exact as half its numbers, and half the download.
            let tensor = match (prefix.is_empty(), view.shape().len()) {
                (false, 2) => halved(&view)?,
                _ => (view.dtype(), view.shape().to_vec(), view.data().to_vec()),
            };
            tensors.insert(format!("{prefix}{name}"), tensor);
        }
    }
    let mut views = BTreeMap::new();
    for (name, (dtype, shape, data)) in &tensors {
        views.insert(name, TensorView::new(*dtype, shape.clone(), data)?);
    }
    Ok(safetensors::serialize(views, None)?)
}

/// An f32 tensor as f16.
fn halved(view: &TensorView) -> Result<(Dtype, Vec<usize>, Vec<u8>)> {
    ensure!(view.dtype() == Dtype::F32, "{:?}, not f32", view.dtype());
    let numbers = view.data().chunks_exact(4);
    let numbers = numbers.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    let data = numbers.flat_map(|x| f16::from_f32(x).to_le_bytes());
    Ok((Dtype::F16, view.shape().to_vec(), data.collect()))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("reading {}", path.display()))
}

/// Writes the 8-bit form of an encoder.
#[derive(Debug, clap::Args)]
pub struct QuantizeArgs {
    /// Folder of an encoder in Hugging Face's layout: config.json, model.safetensors.
    #[arg(long)]
    encoder: PathBuf,
    /// Bits of a number of the word embeddings: 4 for encoders tuned to it, else 8.
    #[arg(long, default_value_t = 8)]
    word_bits: u8,
    #[arg(long)]
    out: PathBuf,
}

/// Writes the 8-bit form to `args.out`.
pub fn quantize_encoder(args: &QuantizeArgs) -> Result<()> {
    let config = Config::from_json(&read(&args.encoder.join("config.json"))?)?;
    let weights = read(&args.encoder.join("model.safetensors"))?;
    let words = match args.word_bits {
        4 => WordBits::Four,
        8 => WordBits::Eight,
        other => anyhow::bail!("--word-bits {other}: 4 or 8"),
    };
    std::fs::write(&args.out, quantize(&config, &weights, words)?)
        .with_context(|| format!("writing {}", args.out.display()))
}
