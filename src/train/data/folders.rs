//! Where training and evaluation read and write; the same options for every verb.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The data sets, and what training makes of them.
#[derive(Debug, Clone, clap::Args)]
pub struct Folders {
    /// Folder of the data sets
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Folder of what training makes: embeddings, heads, forecasts
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub runs: PathBuf,
}

/// Where descriptions of brands are.
#[derive(Debug, Clone, clap::Args)]
pub struct BrandFiles {
    /// Brand profiles
    #[arg(long, value_name = "FILE", default_value = "models/brands.json")]
    pub brands: PathBuf,
    /// Descriptions of targets and subjects of the data sets
    #[arg(
        long,
        value_name = "FILE",
        default_value = "models/training/subjects.json"
    )]
    pub subjects: PathBuf,
}

/// All that heads are trained and measured with, beside the encoder.
#[derive(Debug, Clone, clap::Args)]
pub struct Sources {
    /// The data sets, and what training makes of them.
    #[command(flatten)]
    pub folders: Folders,
    /// Folder of the untuned teacher; for topics and the encoder
    #[arg(long, value_name = "DIR")]
    pub teacher: Option<PathBuf>,
    /// The ten topics, and their centroids beside them, .safetensors
    #[arg(long, value_name = "FILE", default_value = "models/topics.json")]
    pub topics: PathBuf,
    /// Descriptions of brands; for relevance.
    #[command(flatten)]
    pub brands: BrandFiles,
}

impl Sources {
    /// Folder of the data sets.
    pub fn data(&self) -> &Path {
        &self.folders.data
    }

    /// The path of a file that training makes.
    pub fn made(&self, file: &str) -> PathBuf {
        self.folders.runs.join(file)
    }

    /// The same to write to: its folder is made if it isn't there.
    ///
    /// # Errors
    /// When the folder can't be made.
    pub fn to_make(&self, file: &str) -> Result<PathBuf> {
        let folder = &self.folders.runs;
        std::fs::create_dir_all(folder)
            .with_context(|| format!("creating {}", folder.display()))?;
        Ok(self.made(file))
    }
}
