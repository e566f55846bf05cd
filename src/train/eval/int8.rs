//! The cost of 8 bits: how near the int8 encoder's vectors stay to the float one's, and how much worse
//! the heads tell classes from them.

use std::path::Path;

use crate::encoder::Precision;
use crate::encoder::embedder::Embedder;
use anyhow::Result;

use crate::train::data::encoders::BundleEncoder;
use crate::train::data::sets::Split;
use crate::train::data::texts::{Embeddings, sample};
use crate::train::fit::labelled::Predictions;
use crate::train::heads::HEADS;
use crate::train::heads::trained::Held;
use crate::train::metrics::{
    MetricRow, accuracy, bootstrap, bootstrap_pair, macro_f1, macro_recall,
};

const TASK: &str = "int8 against f32";
/// Validation texts of each set whose two vectors are compared.
const COMPARED: usize = 100;
const COMPARED_SETS: [&str; 5] = [
    "zh_weibo_sentiment",
    "zh_review_sentiment",
    "zh_topic_short",
    "en_tweet_sentiment",
    "en_brand_sentiment",
];

/// Mean and least cosine of the 8-bit vectors to the float ones; and, per set of each head that has
/// classes, the figure on the 8-bit vectors less that on the float ones, over the same texts.
pub fn evaluate(held: &Held) -> Result<Vec<MetricRow>> {
    let (float, int8) = ((held.open)(Precision::F32)?, (held.open)(Precision::Int8)?);
    let embedders = [&float, &int8].map(|scorer| scorer.reader().embedder());
    let mut rows = cosines(held.sources.data(), embedders)?;
    let [float, int8] = [&float, &int8].map(BundleEncoder::new);
    let runs = &held.sources.folders.runs;
    let (float, int8) = (
        Embeddings::new(&float, runs)?,
        Embeddings::new(&int8, runs)?,
    );
    for predict in HEADS.iter().filter_map(|head| head.predictions) {
        let pairs = predict(held, &float)?
            .into_iter()
            .zip(predict(held, &int8)?);
        rows.extend(pairs.flat_map(|(float, int8)| lost(&float, &int8)));
    }
    Ok(rows)
}

/// Mean and least cosine of the 8-bit vectors to the float ones.
fn cosines(data: &Path, [float, int8]: [&Embedder; 2]) -> Result<Vec<MetricRow>> {
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
    let n = cosines.len();
    let row = |metric: &str, estimate| {
        MetricRow::new(TASK, "validation texts", "model", metric, n, estimate)
    };
    let mean = bootstrap(n, |rows| {
        rows.iter().map(|&i| cosines[i]).sum::<f64>() / rows.len() as f64
    });
    let least = bootstrap(n, |rows| {
        rows.iter().map(|&i| cosines[i]).fold(1.0, f64::min)
    });
    Ok(vec![row("mean_cosine", mean), row("least_cosine", least)])
}

fn lost(float: &Predictions, int8: &Predictions) -> [MetricRow; 3] {
    let both: Vec<(usize, usize)> = float
        .found
        .iter()
        .copied()
        .zip(int8.found.iter().copied())
        .collect();
    let row = |metric: &str, figure: &dyn Fn(&[usize], &[usize]) -> f64| {
        let difference = bootstrap_pair(&float.truth, &both, |truth, both| {
            let (float, int8): (Vec<_>, Vec<_>) = both.iter().copied().unzip();
            figure(truth, &int8) - figure(truth, &float)
        });
        MetricRow::new(
            TASK,
            &float.set,
            "int8 - f32",
            metric,
            both.len(),
            difference,
        )
    };
    let classes = float.classes;
    [
        row("accuracy", &accuracy),
        row("macro_f1", &|t, p| macro_f1(t, p, classes)),
        row("macro_recall", &|t, p| macro_recall(t, p, classes)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_is_int8s_figure_less_the_float_ones() {
        let predictions = |found: &[usize]| Predictions {
            set: "set".into(),
            classes: 2,
            truth: vec![0, 1, 0, 1],
            found: found.to_vec(),
        };
        let [accuracy, f1, recall] = lost(&predictions(&[0, 1, 0, 0]), &predictions(&[0, 1, 1, 0]));
        assert_eq!(accuracy.estimate.value, -0.25);
        // F1 of the classes: 0.8 and 2/3, then 0.5 and 0.5.
        assert!((f1.estimate.value - (0.5 - (0.8 + 2.0 / 3.0) / 2.0)).abs() < 1e-12);
        assert_eq!(recall.estimate.value, -0.25);
        assert!(accuracy.estimate.low < accuracy.estimate.high);
    }
}
