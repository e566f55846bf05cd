//! Opening a bundle that lies in a directory.

use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};
use bsmv::Error;
use bsmv::encoder::embedder::Embedder;
use bsmv::encoder::{Device, Precision};
use bsmv::scorer::Scorer;
use bsmv::scorer::bundle::{Bundle, Manifest};

use super::device::On;

/// Where the model is and how it computes; the same options for every verb that scores.
#[derive(clap::Args)]
pub struct Model {
    /// Directory of the model bundle
    #[arg(long, value_name = "DIR", default_value_os_t = installed("models/bsmv-base", "models/bsmv-base"))]
    pub bundle: PathBuf,
    /// How the text encoder computes
    #[arg(long, value_enum, default_value_t = Arithmetic::F32)]
    pub precision: Arithmetic,
    /// Where f32 is computed; int8 always on the CPU
    #[arg(long, value_enum, default_value_t = On::Cpu)]
    pub device: On,
}

/// Where a file is that is installed with the program: below the working directory, as in a checkout,
/// or else in `../share/bsmv` beside the program, if it is there.
pub fn installed(in_checkout: &str, in_share: &str) -> PathBuf {
    let beside = || {
        let program = std::env::current_exe().ok()?.canonicalize().ok()?;
        let share = program
            .parent()?
            .parent()?
            .join("share/bsmv")
            .join(in_share);
        share.exists().then_some(share)
    };
    let here = PathBuf::from(in_checkout);
    match here.exists() {
        true => here,
        false => beside().unwrap_or(here),
    }
}

/// [`Precision`] as an option.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum Arithmetic {
    F32,
    Int8,
}

impl From<Arithmetic> for Precision {
    fn from(arithmetic: Arithmetic) -> Self {
        match arithmetic {
            Arithmetic::F32 => Precision::F32,
            Arithmetic::Int8 => Precision::Int8,
        }
    }
}

impl Model {
    /// The same way of computing, with another bundle.
    #[cfg(feature = "server")]
    pub fn at(&self, folder: &Path) -> Self {
        Model {
            bundle: folder.to_owned(),
            precision: self.precision,
            device: self.device,
        }
    }

    /// Reads the bundle and makes a scorer of it.
    pub fn open(&self) -> Result<Scorer> {
        self.open_at(self.precision.into())
    }

    /// The same with another precision than the options say.
    pub fn open_at(&self, precision: Precision) -> Result<Scorer> {
        let device = self.device.open(precision)?;
        Ok(Scorer::on_device(
            self.read(precision)?,
            precision,
            &device,
        )?)
    }

    /// The bundle's encoder alone.
    pub fn embedder(&self, precision: Precision, device: &Device) -> Result<Embedder> {
        Ok(Scorer::embedder(
            &mut self.read(precision)?,
            precision,
            device,
        )?)
    }

    fn read(&self, precision: Precision) -> Result<Bundle> {
        let directory = self.bundle.as_path();
        let manifest = directory.join("manifest.json");
        let manifest = std::fs::read(&manifest).with_context(|| {
            let place = directory.display();
            format!("no model bundle at {place} (name one with --bundle DIR): manifest.json")
        })?;
        let manifest = Manifest::from_json(&manifest)?;
        let sums = manifest.clone();
        Bundle::read(manifest, precision, |name| {
            let bytes = file_of(directory, name)?;
            sums.verify(name, &bytes)?;
            Ok(bytes)
        })
        .with_context(|| directory.display().to_string())
    }
}

/// A file that the manifest names; it never leads out of the bundle's directory.
fn file_of(directory: &Path, name: &str) -> bsmv::Result<Vec<u8>> {
    let inside = Path::new(name)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if !inside {
        let problem = format!("the manifest names `{name}`, which is outside the bundle");
        return Err(Error::Bundle(problem));
    }
    std::fs::read(directory.join(name)).map_err(|e| Error::Bundle(format!("{name}: {e}")))
}
