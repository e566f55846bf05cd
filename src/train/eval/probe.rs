//! How much of the teacher the encoder kept: linear probes on sets that neither was tuned on.

use std::path::Path;

use crate::definition::features::EMBEDDING;
use anyhow::Result;
use candle_core::{DType, Device, Tensor};
use candle_nn::{Linear, Module, VarBuilder, VarMap, linear};

use crate::train::data::sets::Split;
use crate::train::data::texts::{Embeddings, TextRow};
use crate::train::fit::labelled::Labelled;
use crate::train::fit::optimise::{HeadPlan, fit, start};
use crate::train::heads::trained::{Held, NO_TEACHER};
use crate::train::metrics::{MetricRow, accuracy, bootstrap_pair, macro_f1};

/// Sets kept out of all training, and the names of their classes.
const SETS: [(&str, &[&str]); 2] = [
    ("zh_weibo_stance", &["against", "none", "favor"]),
    ("en_emotion", &["anger", "joy", "optimism", "sadness"]),
];
/// Parts that texts are cut into where all of them are predicted by probes of the others.
const FOLDS: usize = 10;

/// The class of a row of a probe's set; of en_emotion, TweetEval's part.
fn class(row: &TextRow, names: &[&str]) -> Option<usize> {
    let label = match (&row.stance, &row.emotions[..]) {
        (Some(stance), _) => stance,
        (None, [label]) if row.src == "tweeteval_emotion" => label,
        _ => return None,
    };
    names.iter().position(|name| *name == label)
}

/// Fits a linear layer on `train`, stops on `valid`, and predicts the classes of `held`.
fn predict(
    train: &Labelled,
    valid: &Labelled,
    held: &Labelled,
    classes: usize,
) -> Result<Vec<usize>> {
    // Encoders differ in how far their vectors spread; a probe shouldn't.
    let mean = train.x.mean_keepdim(0)?;
    let spread = train
        .x
        .broadcast_sub(&mean)?
        .sqr()?
        .mean_keepdim(0)?
        .sqrt()?;
    let scaled = |x: &Tensor| x.broadcast_sub(&mean)?.broadcast_div(&(&spread + 1e-6)?);
    let (x, y) = (scaled(&train.x)?, train.targets()?);
    let (valid_x, valid_y) = (scaled(&valid.x)?, valid.targets()?);
    let vars: VarMap = start(&[("out", EMBEDDING, classes)], 1)?;
    let vb = VarBuilder::from_varmap(&vars, DType::F32, &Device::Cpu);
    let layer: Linear = linear(EMBEDDING, classes, vb.pp("out"))?;
    let plan = HeadPlan {
        epochs: 80,
        batch: 128,
        rate: 1e-3,
        decay: 0.1,
        patience: 8,
        seed: 1,
    };
    let loss = |rows: &Tensor| {
        let logits = layer.forward(&x.index_select(rows, 0)?)?;
        candle_nn::loss::cross_entropy(&logits, &y.index_select(rows, 0)?)
    };
    fit(&vars, train.classes.len(), &plan, loss, || {
        let loss = candle_nn::loss::cross_entropy(&layer.forward(&valid_x)?, &valid_y)?;
        Ok(f64::from(loss.to_scalar::<f32>()?))
    })?;
    let best = layer.forward(&scaled(&held.x)?)?.argmax(1)?;
    let best = best.to_vec1::<u32>()?;
    Ok(best.into_iter().map(|c| c as usize).collect())
}

/// Classes of a probe's texts, true and found: of `split`, or of all texts of training and
/// validation, each fold of them by a probe of the others.
fn probe(
    data: &Path,
    (set, names): (&str, &[&str]),
    split: Option<Split>,
    embeddings: &Embeddings,
) -> Result<(Vec<usize>, Vec<usize>)> {
    let read = |split| {
        let class = |row: &TextRow| class(row, names);
        Labelled::read(data, set, split, usize::MAX, class, embeddings)
    };
    let (mut all, valid) = (read(Split::Train)?, read(Split::Valid)?);
    if let Some(split) = split {
        let held = read(split)?;
        let found = predict(&all, &valid, &held, names.len())?;
        return Ok((held.classes, found));
    }
    all.extend(valid)?;
    let fold = |wanted: &dyn Fn(usize) -> bool| {
        let rows: Vec<usize> = (0..all.classes.len())
            .filter(|i| wanted(i % FOLDS))
            .collect();
        all.take(&rows)
    };
    let (mut truth, mut found) = (Vec::new(), Vec::new());
    for held in 0..FOLDS {
        let stop = (held + 1) % FOLDS;
        let rest = fold(&|f| f != held && f != stop)?;
        let held = fold(&|f| f == held)?;
        found.extend(predict(&rest, &fold(&|f| f == stop)?, &held, names.len())?);
        truth.extend(held.classes);
    }
    Ok((truth, found))
}

/// Accuracy and macro-F1 of linear probes on the encoder's vectors and on the untuned teacher's,
/// and the one over the other. A test split is a few hundred texts, so the same is measured on all
/// texts of training and validation, by folds.
pub fn evaluate(held: &Held) -> Result<Vec<MetricRow>> {
    let Some(teacher) = held.teacher else {
        return Ok(held.left_out("encoder", NO_TEACHER));
    };
    let (data, split, encoder) = (held.sources.data(), held.split, held.embeddings);
    let mut rows = Vec::new();
    for set in SETS {
        for (slice, split) in [
            (set.0.to_owned(), Some(split)),
            (format!("{}, folds of training", set.0), None),
        ] {
            let (truth, model) = probe(data, set, split, encoder)?;
            let (_, untuned) = probe(data, set, split, teacher)?;
            let (task, n) = ("linear probe", truth.len());
            let mut row = |method: &str, metric: &str, estimate| {
                rows.push(MetricRow::new(task, &slice, method, metric, n, estimate));
            };
            let f1 = |t: &[usize], p: &[usize]| macro_f1(t, p, set.1.len());
            for (metric, value) in [
                ("accuracy", &accuracy as &dyn Fn(&[usize], &[usize]) -> f64),
                ("macro_f1", &f1),
            ] {
                row("model", metric, bootstrap_pair(&truth, &model, value));
                row(
                    "teacher, untuned",
                    metric,
                    bootstrap_pair(&truth, &untuned, value),
                );
                let both: Vec<_> = model.iter().copied().zip(untuned.iter().copied()).collect();
                let ratio = bootstrap_pair(&truth, &both, |truth, both| {
                    let (model, untuned): (Vec<_>, Vec<_>) = both.iter().copied().unzip();
                    value(truth, &model) / value(truth, &untuned)
                });
                row("model / teacher, untuned", metric, ratio);
            }
        }
    }
    Ok(rows)
}
