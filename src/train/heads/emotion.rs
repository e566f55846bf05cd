//! `bsmv train emotion`: one head per language on embeddings, and their evaluation.

use std::path::{Path, PathBuf};

use crate::heads::emotion::{EN, EmotionHeads, NONE, ZH};
use anyhow::{Context, Result};

use crate::train::Split;
use crate::train::data::texts::{Embedder, Embeddings, TextRow, language, sample};
use crate::train::fit::labelled::{Labelled, Told, beside_baselines, fit_head, predict};
use crate::train::metrics::{
    MetricRow, accuracy, bootstrap, bootstrap_pair, calibration_error, macro_f1,
};

/// A set, the names of its classes and its head's file.
const SETS: [(&str, &[&str], &str); 2] = [
    ("zh_weibo_emotion", &ZH, "emotion_zh.safetensors"),
    ("en_emotion", &EN, "emotion_en.safetensors"),
];

/// Fits the emotion heads.
#[derive(Debug, Clone, clap::Args)]
pub struct EmotionArgs {
    /// Folder of the data sets.
    #[arg(long)]
    pub data: PathBuf,
    /// Folder of the encoder.
    #[arg(long)]
    pub encoder: PathBuf,
    /// Folder for embeddings computed on the way, and for the heads' files.
    #[arg(long, default_value = "runs")]
    pub runs: PathBuf,
    /// Most training texts of each set.
    #[arg(long, default_value_t = 60_000)]
    pub per_set: usize,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// The class of a row with one emotion. TweetEval's rows stay out of training: they are what a
/// linear probe is measured on.
fn class(row: &TextRow, names: &[&str]) -> Option<usize> {
    let label = match (&row.emotion, &row.emotions[..]) {
        (Some(label), _) => label,
        (None, [label]) if row.src == "goemotions" => label,
        _ => return None,
    };
    let label = if label == "neutral" { NONE } else { label };
    names.iter().position(|name| *name == label)
}

/// Fits, calibrates on validation, writes the heads and prints validation figures.
pub fn run(args: &EmotionArgs, embedder: &dyn Embedder) -> Result<()> {
    let embeddings = Embeddings::new(embedder, &args.runs)?;
    for (set, names, file) in SETS {
        let class = |row: &TextRow| class(row, names);
        let read = |split, limit| Labelled::read(&args.data, set, split, limit, class, &embeddings);
        let train = read(Split::Train, args.per_set)?;
        let valid = read(Split::Valid, usize::MAX)?;
        let (vars, deployed, t) = fit_head(&train, &valid, names.len(), args.seed)?;
        let out = args.runs.join(file);
        vars.save(&out)
            .with_context(|| format!("writing {}", out.display()))?;
        let (found, sure) = predict(&deployed, &valid)?;
        let right = right(&valid.classes, &found);
        println!(
            "{set}: {} texts, temperature {t:.3}, accuracy {:.4} macro-F1 {:.4} ECE {:.4}",
            train.classes.len(),
            accuracy(&valid.classes, &found),
            macro_f1(&valid.classes, &found, names.len()),
            calibration_error(&right, &sure),
        );
    }
    Ok(())
}

fn right(truth: &[usize], predicted: &[usize]) -> Vec<bool> {
    truth.iter().zip(predicted).map(|(t, p)| t == p).collect()
}

/// The likeliest emotion of each text of a split.
pub fn told(
    heads: &EmotionHeads,
    data: &Path,
    split: Split,
    embeddings: &Embeddings,
) -> Result<Vec<Told>> {
    let of = |(set, names, _): (&str, &[&str], _)| {
        let class = |row: &TextRow| class(row, names);
        let held = Labelled::read(data, set, split, usize::MAX, class, embeddings)?;
        let (found, _) = predict(heads.of(language(set)).0, &held)?;
        Ok(Told {
            set: format!("{set}, emotions"),
            classes: names.len(),
            truth: held.classes,
            found,
        })
    };
    SETS.into_iter().map(of).collect()
}

/// Accuracy, macro-F1 and calibration per set, beside the most frequent class and a character
/// n-gram model, both fitted on the training split; and, of the answers that are sure, how many
/// there are and how many are right.
pub fn evaluate(
    heads: &EmotionHeads,
    data: &Path,
    split: Split,
    embeddings: &Embeddings,
) -> Result<Vec<MetricRow>> {
    let mut rows = Vec::new();
    for (set, names, _) in SETS {
        let (head, _) = heads.of(language(set));
        let class = |row: &TextRow| class(row, names);
        let held = Labelled::read(data, set, split, usize::MAX, class, embeddings)?;
        let (found, sure) = predict(head, &held)?;
        let train = sample(data, set, Split::Train, usize::MAX, |r| class(r).is_some())?;
        let examples: Vec<(&str, usize)> = train
            .iter()
            .filter_map(|r| Some((r.text.as_str(), class(r)?)))
            .collect();
        let named = ("emotion", set);
        rows.extend(beside_baselines(
            named,
            &examples,
            names.len(),
            &held,
            &found,
        ));
        let row = |method: &str, metric: &str, estimate| MetricRow {
            task: "emotion".into(),
            slice: set.into(),
            method: method.into(),
            metric: metric.into(),
            n: held.classes.len(),
            estimate,
        };
        let right = right(&held.classes, &found);
        let calibration = bootstrap_pair(&right, &sure, calibration_error);
        rows.push(row("model", "calibration_error", calibration));
        let answered: Vec<bool> = (0..right.len())
            .filter(|&i| sure[i] >= crate::heads::emotion::SURE)
            .map(|i| right[i])
            .collect();
        let share = |list: &[bool]| {
            bootstrap(list.len(), |rows| {
                rows.iter().filter(|&&i| list[i]).count() as f64 / rows.len().max(1) as f64
            })
        };
        let sure: Vec<bool> = sure
            .iter()
            .map(|&p| p >= crate::heads::emotion::SURE)
            .collect();
        rows.push(row("model", "share_sure", share(&sure)));
        rows.push(row("model", "right_where_sure", share(&answered)));
    }
    Ok(rows)
}
