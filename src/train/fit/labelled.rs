//! Texts with one class each: read with their vectors, fitted by a hidden layer, measured beside the
//! most frequent class and character n-grams.

use std::path::Path;

use crate::definition::features::EMBEDDING;
use crate::heads::classifier::{Classifier, HIDDEN};
use crate::layers::tensors::Tensors;
use anyhow::{Context, Result};
use candle_core::{Device, Tensor};
use candle_nn::VarMap;

use crate::train::data::sets::Split;
use crate::train::data::texts::{Embeddings, TextRow, sample};
use crate::train::fit::ngrams::NgramModel;
use crate::train::fit::optimise::{
    HeadPlan, LinearHead, Mlp, begin_at, file_of_vars, fit, matrix, scale_layer, start, temperature,
};
use crate::train::metrics::{MetricRow, accuracy, bootstrap_pair, macro_f1};

/// A set's texts of one split with their classes and vectors.
pub struct Labelled {
    /// The texts, cleaned.
    pub texts: Vec<String>,
    /// The class of each.
    pub classes: Vec<usize>,
    /// Their vectors (texts, width of a vector).
    pub x: Tensor,
}

impl Labelled {
    /// At most `limit` texts that `class` knows the class of.
    pub fn read(
        data: &Path,
        set: &str,
        split: Split,
        limit: usize,
        class: impl Fn(&TextRow) -> Option<usize>,
        embeddings: &Embeddings,
    ) -> Result<Self> {
        let rows = sample(data, set, split, limit, |row| class(row).is_some())?;
        let texts: Vec<String> = rows.iter().map(|r| r.text.clone()).collect();
        let classes = rows.iter().filter_map(&class).collect();
        Labelled::of(set, (texts, classes), embeddings)
    }

    /// Texts and their classes, with vectors that are kept in `set`'s file.
    pub fn of(
        set: &str,
        (texts, classes): (Vec<String>, Vec<usize>),
        embeddings: &Embeddings,
    ) -> Result<Self> {
        Ok(Labelled {
            classes,
            x: matrix(&embeddings.of(set, &texts)?)?,
            texts,
        })
    }

    /// Some of the texts, in the order of `rows`, which may repeat.
    pub fn take(&self, rows: &[usize]) -> Result<Self> {
        let index: Vec<u32> = rows.iter().map(|&i| i as u32).collect();
        Ok(Labelled {
            texts: rows.iter().map(|&i| self.texts[i].clone()).collect(),
            classes: rows.iter().map(|&i| self.classes[i]).collect(),
            x: self.x.index_select(&Tensor::new(index, &Device::Cpu)?, 0)?,
        })
    }

    /// Puts other texts of the set after these.
    pub fn extend(&mut self, others: Labelled) -> Result<()> {
        self.x = Tensor::cat(&[&self.x, &others.x], 0)?;
        self.texts.extend(others.texts);
        self.classes.extend(others.classes);
        Ok(())
    }

    /// The classes, for a loss.
    pub fn targets(&self) -> Result<Tensor> {
        let classes: Vec<u32> = self.classes.iter().map(|&c| c as u32).collect();
        Ok(Tensor::new(classes, &Device::Cpu)?)
    }
}

/// A head's classes of a set's texts, beside the true ones.
pub struct Predictions {
    /// The set's name in figures.
    pub set: String,
    /// Number of classes.
    pub classes: usize,
    /// True classes.
    pub truth: Vec<usize>,
    /// Classes that the head finds.
    pub found: Vec<usize>,
}

/// How heads of sentiment, emotion and subject are fitted.
pub const fn plan(seed: u64) -> HeadPlan {
    HeadPlan {
        epochs: 60,
        batch: 256,
        rate: 2e-3,
        decay: 1e-2,
        patience: 6,
        seed,
    }
}

/// True for each text whose class was found.
pub fn is_correct(truth: &[usize], predicted: &[usize]) -> Vec<bool> {
    truth.iter().zip(predicted).map(|(t, p)| t == p).collect()
}

/// The likeliest class of each text, and its probability.
pub fn predict(head: &Classifier, texts: &Labelled) -> Result<(Vec<usize>, Vec<f32>)> {
    let best = |x: &Vec<f32>| -> Result<(usize, f32)> {
        let p = head.probabilities(x)?.into_iter().enumerate();
        p.max_by(|a, b| a.1.total_cmp(&b.1)).context("no classes")
    };
    texts.x.to_vec2()?.iter().map(best).collect()
}

/// Fits a head with one hidden layer (`hidden`, `out`), from the linear head that the encoder was tuned
/// with if there is one, stops on validation, calibrates it there,
/// and returns its variables, what is deployed of them, and the temperature that is in them.
pub fn fit_head(
    train: &Labelled,
    valid: &Labelled,
    classes: usize,
    seed: u64,
    linear: Option<&LinearHead>,
) -> Result<(VarMap, Classifier, f64)> {
    let layers = [("hidden", EMBEDDING, HIDDEN), ("out", HIDDEN, classes)];
    let vars = start(&layers, seed)?;
    if let Some(linear) = linear {
        begin_at(&vars, linear)?;
    }
    let head = Mlp::new(&vars, &layers, Tensor::relu)?;
    let (y, valid_y) = (train.targets()?, valid.targets()?);
    let loss = |rows: &Tensor| {
        let logits = head.logits(&train.x.index_select(rows, 0)?)?;
        candle_nn::loss::cross_entropy(&logits, &y.index_select(rows, 0)?)
    };
    let valid_loss = |factor: f64| -> Result<f64> {
        let logits = (head.logits(&valid.x)? * factor)?;
        let loss = candle_nn::loss::cross_entropy(&logits, &valid_y)?;
        Ok(f64::from(loss.to_scalar::<f32>()?))
    };
    fit(&vars, train.classes.len(), &plan(seed), loss, || {
        valid_loss(1.0)
    })?;
    let t = temperature(valid_loss)?;
    scale_layer(&vars, "out", 1.0 / t)?;
    let deployed = Classifier::load(&Tensors::open(&file_of_vars(&vars)?)?, classes)?;
    Ok((vars, deployed, t))
}

/// Accuracy and macro-F1 of the classes that a model `found` for `held`, beside the most frequent class and
/// a character n-gram model, both fitted on `examples`.
pub fn beside_baselines(
    (task, set): (&str, &str),
    examples: &[(&str, usize)],
    classes: usize,
    held: &Labelled,
    found: &[usize],
) -> Vec<MetricRow> {
    let ngrams = NgramModel::fit(examples, classes, 1);
    let mut counts = vec![0; classes];
    examples.iter().for_each(|(_, c)| counts[*c] += 1);
    let majority = (0..classes).max_by_key(|&c| counts[c]).unwrap_or(0);
    let f1 = |t: &[usize], p: &[usize]| macro_f1(t, p, classes);
    let mut rows = Vec::new();
    for (method, predicted) in [
        ("model", found.to_vec()),
        (
            "character n-grams",
            held.texts.iter().map(|t| ngrams.predict(t)).collect(),
        ),
        ("majority", vec![majority; held.classes.len()]),
    ] {
        for (metric, estimate) in [
            (
                "accuracy",
                bootstrap_pair(&held.classes, &predicted, accuracy),
            ),
            ("macro_f1", bootstrap_pair(&held.classes, &predicted, f1)),
        ] {
            rows.push(MetricRow::new(
                task,
                set,
                method,
                metric,
                held.classes.len(),
                estimate,
            ));
        }
    }
    rows
}
