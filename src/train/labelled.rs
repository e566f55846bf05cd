//! Texts with one class each: read with their vectors, fitted by a hidden layer, told beside the
//! most frequent class and character n-grams.

use std::path::Path;

use anyhow::Result;
use bsmv::classifier::HIDDEN;
use bsmv::features::EMBEDDING;
use candle_core::{Device, Tensor};
use candle_nn::VarMap;

use super::Split;
use super::metrics::{MetricRow, accuracy, bootstrap_pair, macro_f1};
use super::ngrams::NgramModel;
use super::optimise::{Mlp, Plan, fit, matrix, scale_layer, start, temperature};
use super::texts::{Embeddings, TextRow, sample};

/// A set's texts of one split with their classes and vectors.
pub struct Labelled {
    pub texts: Vec<String>,
    pub classes: Vec<usize>,
    /// (texts, width of a vector).
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
        Ok(Labelled {
            classes: rows.iter().filter_map(&class).collect(),
            x: matrix(&embeddings.of(set, &texts)?)?,
            texts,
        })
    }

    fn targets(&self) -> Result<Tensor> {
        let classes: Vec<u32> = self.classes.iter().map(|&c| c as u32).collect();
        Ok(Tensor::new(classes, &Device::Cpu)?)
    }
}

/// Fits a head with one hidden layer (`hidden`, `out`), stops on validation, calibrates it there,
/// and returns its variables and the temperature that is in them.
pub fn fit_head(
    train: &Labelled,
    valid: &Labelled,
    classes: usize,
    seed: u64,
) -> Result<(VarMap, f64)> {
    let layers = [("hidden", EMBEDDING, HIDDEN), ("out", HIDDEN, classes)];
    let vars = start(&layers, seed)?;
    let head = Mlp::new(&vars, &layers, Tensor::relu)?;
    let plan = Plan {
        epochs: 60,
        batch: 256,
        rate: 2e-3,
        decay: 1e-2,
        patience: 6,
        seed,
    };
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
    fit(&vars, train.classes.len(), &plan, loss, || valid_loss(1.0))?;
    let t = temperature(valid_loss)?;
    scale_layer(&vars, "out", 1.0 / t)?;
    Ok((vars, t))
}

/// Accuracy and macro-F1 of what a model `found` for `held`, beside the most frequent class and
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
            rows.push(MetricRow {
                task: task.into(),
                slice: set.into(),
                method: method.into(),
                metric: metric.into(),
                n: held.classes.len(),
                estimate,
            });
        }
    }
    rows
}
