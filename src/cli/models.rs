//! The models of `bsmv serve`: which bundles it reads, and what share of the posts each has.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use bsmv::encoder::Precision;
use bsmv::scorer::Scorer;
use bsmv::server::{Lineup, Model};
use sha2::{Digest, Sha256};

use super::bundle_dir;

/// The models of a server. Where none is named it has the one of --bundle.
#[derive(clap::Args)]
pub struct Models {
    /// A model by a name of its own; may be given several times. The first reads all that no other has
    /// a share of, and files; the page gets its bundle. In place of --bundle
    #[arg(long = "model", value_name = "NAME=DIR", value_parser = read_model, conflicts_with = "bundle")]
    models: Vec<(String, PathBuf)>,
    /// Posts of each hundred that a model reads; a post keeps its model. May be given several times
    #[arg(long = "share", value_name = "NAME=PERCENT", value_parser = read_share)]
    shares: Vec<(String, u8)>,
    /// A model that reads what others read too, when a core is free: only the differences are
    /// counted. May be given several times
    #[arg(long = "shadow", value_name = "NAME")]
    shadows: Vec<String>,
}

fn read_model(text: &str) -> Result<(String, PathBuf), String> {
    let model = text.split_once('=');
    let model = model.filter(|(name, folder)| !name.is_empty() && !folder.is_empty());
    let (name, folder) = model.ok_or("use NAME=DIR")?;
    Ok((name.to_owned(), folder.into()))
}

fn read_share(text: &str) -> Result<(String, u8), String> {
    let share = text.split_once('=');
    let share = share.and_then(|(name, percent)| Some((name, percent.parse().ok()?)));
    let (name, percent) = share
        .filter(|&(_, percent)| percent <= 100)
        .ok_or("use NAME=PERCENT, a whole number up to 100")?;
    Ok((name.to_owned(), percent))
}

impl Models {
    /// The folder of the first model, which the page gets too.
    pub fn first_folder<'a>(&'a self, one: &'a bundle_dir::Model) -> &'a Path {
        let first = self.models.first();
        first.map_or(&one.bundle, |(_, folder)| folder)
    }

    /// Reads the models. Of those that are in use already the scorers are used again. `one` is the
    /// model where none is named, and says how all compute.
    pub fn load(&self, one: &bundle_dir::Model, in_use: Option<&Lineup>) -> Result<Lineup> {
        let folders = match self.models.as_slice() {
            [] => vec![(name_of(&one.bundle), one.bundle.clone())],
            named => named.to_vec(),
        };
        for name in self
            .shares
            .iter()
            .map(|(name, _)| name)
            .chain(&self.shadows)
        {
            if !folders.iter().any(|(known, _)| known == name) {
                bail!("there is no model `{name}`: name it with --model {name}=DIR");
            }
        }
        let share = |name: &str| {
            let share = self.shares.iter().find(|(known, _)| known == name);
            share.map_or(0, |&(_, share)| share)
        };
        let mut models = Vec::with_capacity(folders.len());
        for (name, folder) in folders {
            let (manifest, scorer) = read(&folder, one, in_use)?;
            models.push(Model {
                share: share(&name),
                is_shadow: self.shadows.contains(&name),
                name,
                folder,
                manifest,
                scorer,
            });
        }
        Ok(Lineup::new(models)?)
    }
}

fn name_of(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or(folder.as_os_str());
    name.to_string_lossy().into_owned()
}

/// The digest of a bundle's manifest, and its scorer: one that is in use, if that is of the same.
fn read(
    folder: &Path,
    how: &bundle_dir::Model,
    in_use: Option<&Lineup>,
) -> Result<([u8; 32], Arc<Scorer>)> {
    let model = how.at(folder);
    let bytes = std::fs::read(folder.join("manifest.json"))
        .with_context(|| format!("no model bundle at {}: manifest.json", folder.display()))?;
    let manifest: [u8; 32] = Sha256::digest(&bytes).into();
    let precision = Precision::from(how.precision);
    let same = |known: &&Model| {
        known.manifest == manifest && known.scorer.reader().embedder().precision() == precision
    };
    let known = in_use.and_then(|in_use| in_use.models().iter().find(same));
    let scorer = match known {
        Some(known) => Arc::clone(&known.scorer),
        None => Arc::new(model.open()?),
    };
    Ok((manifest, scorer))
}
