//! `bsmv train emotion`: one head per language on embeddings, and their evaluation.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use bsmv::classifier::{Classifier, HIDDEN};
use bsmv::emotion::{EN, EmotionHeads, NONE, ZH};
use bsmv::features::EMBEDDING;
use bsmv::tensors::Tensors;
use candle_core::{Device, Tensor};

use super::Split;
use super::metrics::{MetricRow, accuracy, bootstrap, bootstrap_pair, calibration_error, macro_f1};
use super::ngrams::NgramModel;
use super::optimise::{Mlp, Plan, file_of_vars, fit, matrix, scale_layer, start, temperature};
use super::texts::{Embedder, Embeddings, TextRow, language, sample};

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
    #[arg(long, default_value_t = 16_000)]
    pub per_set: usize,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Texts of one set with their classes and vectors.
struct Labelled {
    texts: Vec<String>,
    classes: Vec<usize>,
    x: Tensor,
}

impl Labelled {
    fn read(
        data: &Path,
        (set, names): (&str, &[&str]),
        split: Split,
        limit: usize,
        embeddings: &Embeddings,
    ) -> Result<Self> {
        let rows = sample(data, set, split, limit, |row| class(row, names).is_some())?;
        let texts: Vec<String> = rows.iter().map(|r| r.text.clone()).collect();
        Ok(Labelled {
            classes: rows.iter().filter_map(|r| class(r, names)).collect(),
            x: matrix(&embeddings.of(set, &texts)?)?,
            texts,
        })
    }

    fn targets(&self) -> Result<Tensor> {
        let classes: Vec<u32> = self.classes.iter().map(|&c| c as u32).collect();
        Ok(Tensor::new(classes, &Device::Cpu)?)
    }
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
        let read =
            |split, limit| Labelled::read(&args.data, (set, names), split, limit, &embeddings);
        let train = read(Split::Train, args.per_set)?;
        let valid = read(Split::Valid, usize::MAX)?;
        let layers = [("hidden", EMBEDDING, HIDDEN), ("out", HIDDEN, names.len())];
        let vars = start(&layers, args.seed)?;
        let head = Mlp::new(&vars, &layers, Tensor::relu)?;
        let plan = Plan {
            epochs: 60,
            batch: 256,
            rate: 2e-3,
            decay: 1e-2,
            patience: 6,
            seed: args.seed,
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
        let out = args.runs.join(file);
        vars.save(&out)
            .with_context(|| format!("writing {}", out.display()))?;
        let deployed = Classifier::load(&Tensors::open(&file_of_vars(&vars)?)?, names.len())?;
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

/// The likeliest class of each text, and its probability.
fn predict(head: &Classifier, texts: &Labelled) -> Result<(Vec<usize>, Vec<f32>)> {
    let best = |x: &Vec<f32>| -> Result<(usize, f32)> {
        let p = head.probabilities(x)?.into_iter().enumerate();
        p.max_by(|a, b| a.1.total_cmp(&b.1)).context("no classes")
    };
    texts.x.to_vec2()?.iter().map(best).collect()
}

fn right(truth: &[usize], predicted: &[usize]) -> Vec<bool> {
    truth.iter().zip(predicted).map(|(t, p)| t == p).collect()
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
        let held = Labelled::read(data, (set, names), split, usize::MAX, embeddings)?;
        let known = |row: &TextRow| class(row, names).is_some();
        let train = sample(data, set, Split::Train, usize::MAX, known)?;
        let examples: Vec<(&str, usize)> = train
            .iter()
            .filter_map(|r| Some((r.text.as_str(), class(r, names)?)))
            .collect();
        let ngrams = NgramModel::fit(&examples, names.len(), 1);
        let mut counts = vec![0; names.len()];
        examples.iter().for_each(|(_, c)| counts[*c] += 1);
        let majority = (0..names.len()).max_by_key(|&c| counts[c]).unwrap_or(0);
        let (found, sure) = predict(head, &held)?;
        let row = |method: &str, metric: &str, estimate| MetricRow {
            task: "emotion".into(),
            slice: set.into(),
            method: method.into(),
            metric: metric.into(),
            n: held.classes.len(),
            estimate,
        };
        let f1 = |t: &[usize], p: &[usize]| macro_f1(t, p, names.len());
        for (method, predicted) in [
            ("model", found.clone()),
            (
                "character n-grams",
                held.texts.iter().map(|t| ngrams.predict(t)).collect(),
            ),
            ("majority", vec![majority; held.classes.len()]),
        ] {
            let truth = &held.classes;
            rows.push(row(
                method,
                "accuracy",
                bootstrap_pair(truth, &predicted, accuracy),
            ));
            rows.push(row(
                method,
                "macro_f1",
                bootstrap_pair(truth, &predicted, f1),
            ));
        }
        let right = right(&held.classes, &found);
        let calibration = bootstrap_pair(&right, &sure, calibration_error);
        rows.push(row("model", "calibration_error", calibration));
        let answered: Vec<bool> = (0..right.len())
            .filter(|&i| sure[i] >= bsmv::emotion::SURE)
            .map(|i| right[i])
            .collect();
        let share = |list: &[bool]| {
            bootstrap(list.len(), |rows| {
                rows.iter().filter(|&&i| list[i]).count() as f64 / rows.len().max(1) as f64
            })
        };
        let sure: Vec<bool> = sure.iter().map(|&p| p >= bsmv::emotion::SURE).collect();
        rows.push(row("model", "share_sure", share(&sure)));
        rows.push(row("model", "right_where_sure", share(&answered)));
    }
    Ok(rows)
}
