//! The shape of a head's training: its name, files and settings, and what it is given to be fitted
//! and measured.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::encoder::Precision;
use crate::layers::tensors::Tensors;
use crate::scorer::Scorer;
use crate::train::data::encoders::{self, Folder};
use crate::train::data::folders::Sources;
use crate::train::data::sets::Split;
use crate::train::data::texts::Embeddings;
use crate::train::fit::labelled::{Labelled, Predictions, fit_head, predict};
use crate::train::fit::optimise::LinearHead;
use crate::train::metrics::{MetricRow, accuracy, macro_f1};

/// How a head is fitted and measured.
pub struct TrainedHead {
    /// The head's name, as in `bsmv train <name>` and `bsmv eval <name>`.
    pub name: &'static str,
    /// One line for help texts.
    pub about: &'static str,
    /// The files that training writes, and the prefix of each one's tensors in a bundle.
    pub files: &'static [HeadFile],
    /// Numbers that training can be given.
    pub settings: &'static [Setting],
    /// Fits the head, calibrates it on validation, writes its files and prints validation figures.
    pub train: fn(&Training) -> Result<()>,
    /// Held-out figures of the head beside its baselines.
    pub evaluate: fn(&Held) -> Result<Vec<MetricRow>>,
    /// The classes of held-out texts by the head on these embeddings, for heads that have classes.
    pub predictions: Option<Predict>,
}

/// Predicts the classes of held-out texts, set by set, from the encoder's vectors of them.
pub type Predict = fn(&Held, &Embeddings) -> Result<Vec<Predictions>>;

/// A file of a head.
#[derive(Debug, Clone, Copy)]
pub struct HeadFile {
    /// Stands before the names of its tensors in a bundle, its last dot included.
    pub prefix: &'static str,
    /// Its name in the folder of what training makes.
    pub name: &'static str,
}

/// A number that a head's training can be given, as `--<name>`.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its name, without dashes in front.
    pub name: &'static str,
    /// One line for help texts.
    pub about: &'static str,
    /// Its value where none is given.
    pub default: usize,
}

/// Seed of all that is random in a head's training.
pub const SEED: Setting = Setting {
    name: "seed",
    about: "Seed of all that is random",
    default: 1,
};

/// A run of `bsmv train <name>`.
pub struct Training {
    /// The data sets and what else heads are trained with.
    pub sources: Sources,
    /// Folder of the encoder that the head reads vectors of, in Hugging Face's layout.
    pub encoder: PathBuf,
    /// Values of the head's settings by name.
    pub settings: BTreeMap<&'static str, usize>,
}

impl Training {
    /// The value of a setting.
    pub fn value(&self, setting: &Setting) -> usize {
        let given = self.settings.get(setting.name);
        given.copied().unwrap_or(setting.default)
    }

    /// The value of [`SEED`].
    pub fn seed(&self) -> u64 {
        self.value(&SEED) as u64
    }

    /// The linear head of a task that the encoder was tuned with, if its folder has one: it
    /// was fitted to texts as they were when the encoder had not yet learnt them by heart.
    pub fn linear(&self, task: &str) -> Result<Option<LinearHead>> {
        let path = self.encoder.join("heads.safetensors");
        if !path.exists() {
            return Ok(None);
        }
        let bytes = std::fs::read(&path)?;
        let file = Tensors::open(&bytes)?;
        let file = file.under(task);
        if !file.any() {
            return Ok(None);
        }
        Ok(Some(LinearHead {
            weight: file.floats_of_any_shape("weight")?,
            bias: file.floats_of_any_shape("bias")?,
        }))
    }

    /// Fits a head of `classes` classes whose task is called as the head is, writes its one file, and
    /// prints its figures on the texts that it was calibrated on.
    pub fn fit_classes(
        &self,
        head: &TrainedHead,
        (train, valid): (&Labelled, &Labelled),
        classes: usize,
    ) -> Result<()> {
        let linear = self.linear(head.name)?;
        let (vars, deployed, t) = fit_head(train, valid, classes, self.seed(), linear.as_ref())?;
        let out = self.sources.to_make(head.files[0].name)?;
        vars.save(&out)
            .with_context(|| format!("writing {}", out.display()))?;
        let (found, _) = predict(&deployed, valid)?;
        println!(
            "{} texts, temperature {t:.3}, accuracy {:.4} macro-F1 {:.4}",
            train.classes.len(),
            accuracy(&valid.classes, &found),
            macro_f1(&valid.classes, &found, classes),
        );
        Ok(())
    }

    /// The encoder, as the bundle will hold it.
    pub fn student(&self) -> Result<Folder> {
        encoders::student(&self.encoder)
    }
}

/// A run of `bsmv eval`: a bundle, and what it is measured on.
pub struct Held<'a> {
    /// The bundle's scorer.
    pub scorer: &'a Scorer,
    /// Opens the same bundle at some precision.
    pub open: &'a dyn Fn(Precision) -> Result<Scorer>,
    /// The data sets and what else heads are measured with.
    pub sources: &'a Sources,
    /// The split that figures are of.
    pub split: Split,
    /// Vectors of the bundle's encoder.
    pub embeddings: &'a Embeddings<'a>,
    /// Vectors of the untuned teacher, if it was named.
    pub teacher: Option<&'a Embeddings<'a>>,
    /// Folder of posts labelled by hand.
    pub fixtures: &'a Path,
    /// Sentences and the words that are exchanged in them.
    pub audit: &'a Path,
    /// Valences of the cascades' texts, from `bsmv label`.
    pub labels: &'a Path,
    /// Forecasts of `bsmv train diffusion --folds`.
    pub forecasts: &'a Path,
}

impl Held<'_> {
    /// The rows of what can't be measured: none, and a line on standard error that says why.
    pub fn left_out(&self, name: &str, why: &str) -> Vec<MetricRow> {
        eprintln!("{name} is left out: {why}");
        Vec::new()
    }
}

/// Why a head is left out of figures.
pub const NO_HEAD: &str = "the bundle has no such head";
/// Why figures that need the teacher are left out.
pub const NO_TEACHER: &str = "it is measured beside the teacher, whose folder --teacher names";
