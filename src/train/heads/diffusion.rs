//! Diffusion: boosted trees and the graph attention network on cascades, and the intervals of their
//! joint forecast.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
use candle_core::{Device, Tensor};

use crate::diffusion::{DiffusionNet, FORESTS, PLATFORMS, Widening, platform_row};
use crate::heads::reader::Reader;
use crate::layers::tensors::Tensors;

use crate::train::data::cascades::{Cascade, Labels, cascades, counted_posts};
use crate::train::data::sets::Split;
use crate::train::fit::forecasts::forecast_rows;
use crate::train::fit::forests::{boosted, widening};
use crate::train::fit::network::{self, NetworkPlan};
use crate::train::fit::optimise::file_of;

/// The cascades that a network learns from, and those that it is stopped and calibrated on.
pub struct CascadeSplits {
    /// The training split.
    pub train: Vec<Cascade>,
    /// The validation split.
    pub valid: Vec<Cascade>,
}

impl CascadeSplits {
    /// Reads both splits, posts as `reader` reads them and events by `labels`.
    pub fn read(data: &Path, labels: &Labels, reader: &Reader) -> Result<Self> {
        let read = |split| posts(data, split, labels, Some(reader));
        Ok(CascadeSplits {
            train: read(Split::Train)?,
            valid: read(Split::Valid)?,
        })
    }
}

/// How networks are fitted, and where the files go.
pub struct NetworkRun<'a> {
    /// How each is fitted.
    pub plan: &'a NetworkPlan,
    /// Where the network goes; a checkpoint stands beside it while it is trained.
    pub out: &'a Path,
    /// Go on from what an interrupted run left, instead of removing it.
    pub resume: bool,
}

impl NetworkRun<'_> {
    /// The network of `posts`, which is saved at `out`.
    pub fn fit(&self, posts: &CascadeSplits) -> Result<DiffusionNet> {
        let train: Vec<&Cascade> = posts.train.iter().collect();
        let valid: Vec<&Cascade> = posts.valid.iter().collect();
        self.network(self.out, "all", &train, &valid)
    }

    /// Writes forecasts as NDJSON to `path`: of validation cascades by `net`, and of training
    /// cascades by `folds` further networks, each blind to the authors that it forecasts; those are
    /// saved beside `out`.
    pub fn write_forecasts(
        &self,
        net: &DiffusionNet,
        posts: &CascadeSplits,
        folds: u64,
        path: &Path,
    ) -> Result<()> {
        let train: Vec<&Cascade> = posts.train.iter().collect();
        let valid: Vec<&Cascade> = posts.valid.iter().collect();
        let mut file = BufWriter::new(File::create(path)?);
        let mut write = |net: &DiffusionNet, posts: &[&Cascade], split| -> Result<()> {
            for row in forecast_rows(net, posts, split) {
                serde_json::to_writer(&mut file, &row)?;
                file.write_all(b"\n")?;
            }
            Ok(file.flush()?)
        };
        write(net, &valid, Split::Valid)?;
        for fold in 0..folds {
            let (outside, inside): (Vec<&Cascade>, Vec<&Cascade>) =
                train.iter().partition(|c| c.author_key % folds == fold);
            let path = self.out.with_extension(format!("fold{fold}.safetensors"));
            let name = format!("fold {} of {folds}", fold + 1);
            let net = self.network(&path, &name, &inside, &valid)?;
            write(&net, &outside, Split::Train)?;
        }
        Ok(())
    }

    /// The network at `path`: trained and saved there, or read if a resumed run had finished it.
    fn network(
        &self,
        path: &Path,
        name: &str,
        train: &[&Cascade],
        valid: &[&Cascade],
    ) -> Result<DiffusionNet> {
        let checkpoint = path.with_extension("checkpoint");
        if !self.resume {
            for old in [path, &checkpoint] {
                if old.exists() {
                    std::fs::remove_file(old)?;
                }
            }
        }
        if !path.exists() {
            let mut tensors = network::fit(self.plan, name, train, valid, &checkpoint)?;
            let trees = boosted(train, self.plan.seed)?;
            for (name, forest) in FORESTS.iter().zip(&trees.0) {
                let (nodes, roots) = forest.to_columns();
                let count = nodes.len();
                let nodes = Tensor::from_vec(nodes.concat(), (count, 3), &Device::Cpu)?;
                tensors.insert(format!("trees.{name}"), nodes);
                let roots = Tensor::new(roots, &Device::Cpu)?;
                tensors.insert(format!("trees.{name}.roots"), roots);
            }
            let table = |t: &Widening| Tensor::new(t, &Device::Cpu);
            let followers = Tensor::new(&followers(train), &Device::Cpu)?;
            tensors.insert("stats.followers".into(), followers);
            tensors.insert("stats.widening".into(), table(&Widening::default())?);
            let bytes = file_of(&tensors)?;
            let net = DiffusionNet::load(&Tensors::open(&bytes)?)?;
            let rows = forecast_rows(&net, valid, Split::Valid);
            tensors.insert("stats.widening".into(), table(&widening(&rows))?);
            candle_core::safetensors::save(&tensors, path)?;
            if checkpoint.exists() {
                std::fs::remove_file(checkpoint)?;
            }
        }
        load(path)
    }
}

/// All cascades of a split, and the posts on x of which only the count is known.
pub fn posts(
    data: &Path,
    split: Split,
    labels: &Labels,
    reader: Option<&Reader>,
) -> Result<Vec<Cascade>> {
    let mut all = cascades(data, split, labels, reader)?;
    all.extend(counted_posts(data, split, labels, reader)?);
    Ok(all)
}

/// Reads a trained network.
pub fn load(path: &Path) -> Result<DiffusionNet> {
    let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    Ok(DiffusionNet::load(&Tensors::open(&bytes)?)?)
}

/// Least and most ln(1 + followers) of authors, per platform.
fn followers(train: &[&Cascade]) -> [[f32; 2]; PLATFORMS.len()] {
    let mut followers = [[f32::MAX, f32::MIN]; PLATFORMS.len()];
    for cascade in train {
        let author = cascade.graph.author.as_ref();
        if let (Some(row), Some(count)) = (
            platform_row(cascade.platform),
            author.and_then(|a| a.followers),
        ) {
            let x = (count as f32).ln_1p();
            followers[row] = [followers[row][0].min(x), followers[row][1].max(x)];
        }
    }
    followers
}
