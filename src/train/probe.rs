//! How much of the teacher the encoder kept: linear probes on sets that neither was tuned on, and
//! how near the 8-bit vectors stay to the float ones.

use std::path::Path;

use anyhow::Result;
use bsmv::embedder::Embedder as Encoder;
use bsmv::features::EMBEDDING;
use candle_core::{DType, Device, Tensor};
use candle_nn::{Linear, Module, VarBuilder, VarMap, linear};

use super::Split;
use super::metrics::{MetricRow, accuracy, bootstrap, bootstrap_pair, macro_f1};
use super::optimise::{Plan, fit, matrix, start};
use super::texts::{Embeddings, TextRow, sample};

/// Sets kept out of all training, and the names of their classes.
const SETS: [(&str, &[&str]); 2] = [
    ("zh_weibo_stance", &["against", "none", "favor"]),
    ("en_emotion", &["anger", "joy", "optimism", "sadness"]),
];
/// Validation texts of each set whose two vectors are compared.
const COMPARED: usize = 100;
const COMPARED_SETS: [&str; 5] = [
    "zh_weibo_sentiment",
    "zh_review_sentiment",
    "zh_topic_short",
    "en_tweet_sentiment",
    "en_brand_sentiment",
];

/// The class of a row of a probe's set; of en_emotion, TweetEval's part.
fn class(row: &TextRow, names: &[&str]) -> Option<usize> {
    let label = match (&row.stance, &row.emotions[..]) {
        (Some(stance), _) => stance,
        (None, [label]) if row.src == "tweeteval_emotion" => label,
        _ => return None,
    };
    names.iter().position(|name| *name == label)
}

/// Vectors and classes of a split.
fn read(
    data: &Path,
    (set, names): (&str, &[&str]),
    split: Split,
    embeddings: &Embeddings,
) -> Result<(Tensor, Vec<usize>)> {
    let rows = sample(data, set, split, usize::MAX, |r| class(r, names).is_some())?;
    let texts: Vec<String> = rows.iter().map(|r| r.text.clone()).collect();
    let classes = rows.iter().filter_map(|r| class(r, names)).collect();
    Ok((matrix(&embeddings.of(set, &texts)?)?, classes))
}

/// Fits a linear layer on the training split, stops on validation, and predicts `split`.
fn probe(
    data: &Path,
    set: (&str, &[&str]),
    split: Split,
    embeddings: &Embeddings,
) -> Result<(Vec<usize>, Vec<usize>)> {
    let (x, classes) = read(data, set, Split::Train, embeddings)?;
    let (valid_x, valid) = read(data, set, Split::Valid, embeddings)?;
    let (held_x, held) = read(data, set, split, embeddings)?;
    // Encoders differ in how far their vectors spread; a probe shouldn't.
    let mean = x.mean_keepdim(0)?;
    let spread = x.broadcast_sub(&mean)?.sqr()?.mean_keepdim(0)?.sqrt()?;
    let scaled = |x: &Tensor| x.broadcast_sub(&mean)?.broadcast_div(&(&spread + 1e-6)?);
    let (x, valid_x, held_x) = (scaled(&x)?, scaled(&valid_x)?, scaled(&held_x)?);
    let target = |classes: &[usize]| -> Result<Tensor> {
        let classes: Vec<u32> = classes.iter().map(|&c| c as u32).collect();
        Ok(Tensor::new(classes, &Device::Cpu)?)
    };
    let (y, valid_y) = (target(&classes)?, target(&valid)?);
    let vars: VarMap = start(&[("out", EMBEDDING, set.1.len())], 1)?;
    let vb = VarBuilder::from_varmap(&vars, DType::F32, &Device::Cpu);
    let layer: Linear = linear(EMBEDDING, set.1.len(), vb.pp("out"))?;
    let plan = Plan {
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
    fit(&vars, classes.len(), &plan, loss, || {
        let loss = candle_nn::loss::cross_entropy(&layer.forward(&valid_x)?, &valid_y)?;
        Ok(f64::from(loss.to_scalar::<f32>()?))
    })?;
    let best = layer.forward(&held_x)?.argmax(1)?.to_vec1::<u32>()?;
    Ok((held, best.into_iter().map(|c| c as usize).collect()))
}

/// Accuracy and macro-F1 of linear probes on the encoder's vectors and on the untuned teacher's.
pub fn probes(
    data: &Path,
    split: Split,
    encoder: &Embeddings,
    teacher: &Embeddings,
) -> Result<Vec<MetricRow>> {
    let mut rows = Vec::new();
    for set in SETS {
        for (method, embeddings) in [("model", encoder), ("teacher, untuned", teacher)] {
            let (truth, found) = probe(data, set, split, embeddings)?;
            let row = |metric: &str, estimate| MetricRow {
                task: "linear probe".into(),
                slice: set.0.into(),
                method: method.into(),
                metric: metric.into(),
                n: truth.len(),
                estimate,
            };
            let f1 = |t: &[usize], p: &[usize]| macro_f1(t, p, set.1.len());
            rows.push(row("accuracy", bootstrap_pair(&truth, &found, accuracy)));
            rows.push(row("macro_f1", bootstrap_pair(&truth, &found, f1)));
        }
    }
    Ok(rows)
}

/// Mean and least cosine of the 8-bit vectors to the float ones.
pub fn cosines(data: &Path, float: &Encoder, int8: &Encoder) -> Result<Vec<MetricRow>> {
    let mut texts = Vec::new();
    for set in COMPARED_SETS {
        let rows = sample(data, set, Split::Valid, COMPARED, |_| true)?;
        texts.extend(rows.into_iter().map(|r| r.text));
    }
    let (a, b) = (float.embed_all(&texts, 32)?, int8.embed_all(&texts, 32)?);
    let cosine = |(a, b): (&Vec<f32>, &Vec<f32>)| -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum()
    };
    let cosines: Vec<f64> = a.iter().zip(&b).map(cosine).collect();
    let row = |metric: &str, estimate| MetricRow {
        task: "int8 against f32".into(),
        slice: "validation texts".into(),
        method: "model".into(),
        metric: metric.into(),
        n: cosines.len(),
        estimate,
    };
    let mean = bootstrap(cosines.len(), |rows| {
        rows.iter().map(|&i| cosines[i]).sum::<f64>() / rows.len() as f64
    });
    let least = bootstrap(cosines.len(), |rows| {
        rows.iter().map(|&i| cosines[i]).fold(1.0, f64::min)
    });
    Ok(vec![row("mean_cosine", mean), row("least_cosine", least)])
}
