//! A bundle: everything a scorer learnt, as named files under one manifest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::diffusion::Likeness;
use crate::encoder;
use crate::encoder::Precision;
use crate::heads::topics::TopicLabel;
use crate::layers::tensors::FileBytes;
use crate::{Error, Result};

/// Version of the bundle layout this build reads.
pub const SCHEMA: u32 = 3;

/// Files of a bundle that every precision needs.
pub const TOKENIZER: &str = "tokenizer.json";
/// Every head that reads text, each under its name, and the ordinary posts of explanations.
pub const HEADS: &str = "heads.safetensors";
/// The graph network.
pub const DIFFUSION: &str = "diffusion.safetensors";

/// The weights file of the encoder.
pub fn encoder_file(precision: Precision) -> &'static str {
    match precision {
        Precision::F32 => "encoder.safetensors",
        Precision::Int8 => "encoder_int8.safetensors",
    }
}

/// `manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the bundle's layout, [`SCHEMA`].
    pub schema: u32,
    /// The bundle's name, as in `bsmv-base`.
    pub name: String,
    /// The bundle's version, as in `0.4.1`; scores are comparable only between equal ones.
    pub version: String,
    /// How text becomes a vector.
    pub encoder: EncoderFacts,
    /// Labels of the projector's topics, in order.
    pub topics: Vec<TopicLabel>,
    /// How far realised values fell from the score on validation posts of relevance 1.
    pub residuals: Vec<Residuals>,
    /// How like a text is to those of the cascades that the graph network was learnt from, by the
    /// name of their platform. Without it all posts of the platform are taken to be.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub likenesses: BTreeMap<String, Likeness>,
    /// Names of the files that each precision needs.
    pub precisions: BTreeMap<String, Vec<String>>,
    /// Size and hash of every file by its name.
    pub files: BTreeMap<String, FileFacts>,
    /// Held-out metrics of these files, for readers; the scorer doesn't use them.
    #[serde(default)]
    pub metrics: serde_json::Value,
}

/// How text becomes a vector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EncoderFacts {
    /// Shape of the encoder.
    pub config: encoder::Config,
    /// Put before every text.
    pub prefix: String,
    /// `mean` over all pieces.
    pub pooling: String,
    /// `l2`: vectors have unit length.
    pub normalisation: String,
    /// Pieces read, the two special ones included; what is past them is cut, and the score says so.
    pub max_pieces: usize,
}

/// 5 % and 95 % quantiles of (realised value - score), in points, from this observation time on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Residuals {
    /// Seconds after the post.
    pub observed_until: u32,
    /// The 5 % quantile.
    pub low: f32,
    /// The 95 % quantile.
    pub high: f32,
}

/// Size and hash of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    /// SHA-256 of its bytes, 64 hex digits.
    pub sha256: String,
    /// Number of its bytes.
    pub bytes: u64,
}

impl FileFacts {
    /// Facts of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        FileFacts {
            sha256: Sha256::digest(bytes)
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect(),
            bytes: bytes.len() as u64,
        }
    }
}

impl Manifest {
    /// Reads a manifest and refuses one of another schema.
    pub fn from_json(json: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Version {
            schema: u32,
        }
        let read_error = |e| Error::Bundle(format!("manifest.json: {e}"));
        let Version { schema } = serde_json::from_slice(json).map_err(read_error)?;
        if schema != SCHEMA {
            return Err(Error::BundleSchema {
                found: schema,
                expected: SCHEMA,
            });
        }
        serde_json::from_slice(json).map_err(read_error)
    }

    /// Files that `precision` needs.
    pub fn files_for(&self, precision: Precision) -> Result<&[String]> {
        let key = match precision {
            Precision::F32 => "f32",
            Precision::Int8 => "int8",
        };
        self.precisions
            .get(key)
            .map(Vec::as_slice)
            .ok_or_else(|| Error::Bundle(format!("{} has no {key} files", self.name)))
    }

    /// Checks a file's bytes against its SHA-256.
    pub fn verify(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let facts = self
            .files
            .get(name)
            .ok_or_else(|| Error::Bundle(format!("{name} is not in the manifest")))?;
        if *facts != FileFacts::of(bytes) {
            let problem = format!("{name} differs from the manifest's SHA-256: fetch it again");
            return Err(Error::Bundle(problem));
        }
        Ok(())
    }
}

/// A manifest and the files read for one precision.
pub struct Bundle {
    /// What the bundle says of itself.
    pub manifest: Manifest,
    files: BTreeMap<String, Box<dyn FileBytes>>,
}

impl Bundle {
    /// Reads what `precision` needs through `read`. The shell verifies hashes where it reads
    /// ([`Manifest::verify`]).
    pub fn read<F: FileBytes + 'static>(
        manifest: Manifest,
        precision: Precision,
        mut read: impl FnMut(&str) -> Result<F>,
    ) -> Result<Self> {
        let mut files: BTreeMap<String, Box<dyn FileBytes>> = BTreeMap::new();
        for name in manifest.files_for(precision)? {
            files.insert(name.clone(), Box::new(read(name)?));
        }
        Ok(Bundle { manifest, files })
    }

    /// Files by their names, those not yet taken.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &dyn FileBytes)> {
        self.files
            .iter()
            .map(|(name, file)| (name.as_str(), &**file))
    }

    /// Takes a file out; the scorer holds no second copy.
    pub fn take(&mut self, name: &str) -> Result<Box<dyn FileBytes>> {
        self.files
            .remove(name)
            .ok_or_else(|| Error::Bundle(format!("{name} is missing")))
    }
}
