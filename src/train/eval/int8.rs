//! What 8 bits cost: how near the int8 encoder's vectors stay to the float one's, and how much worse
//! the heads tell classes from them.

use std::path::Path;

use crate::encoder::embedder::Embedder;
use crate::heads::reader::Reader;
use anyhow::Result;

use crate::train::Split;
use crate::train::data::texts::{Embeddings, sample};
use crate::train::fit::labelled::Told;
use crate::train::heads::{emotion, sentiment};
use crate::train::metrics::{
    MetricRow, accuracy, bootstrap, bootstrap_pair, macro_f1, macro_recall,
};
use crate::train::topics::{Topics, projector};

/// Validation texts of each set whose two vectors are compared.
const COMPARED: usize = 100;
const COMPARED_SETS: [&str; 5] = [
    "zh_weibo_sentiment",
    "zh_review_sentiment",
    "zh_topic_short",
    "en_tweet_sentiment",
    "en_brand_sentiment",
];

/// Mean and least cosine of the 8-bit vectors to the float ones.
pub fn cosines(data: &Path, [float, int8]: [&Embedder; 2]) -> Result<Vec<MetricRow>> {
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

/// Per set of sentiment, emotion and, where the teacher's vectors are given, topics: the figure on
/// the 8-bit vectors less that on the float ones, over the same texts.
pub fn differences(
    reader: &Reader,
    data: &Path,
    split: Split,
    [float, int8]: [&Embeddings; 2],
    teacher: Option<(&Topics, &Embeddings)>,
) -> Result<Vec<MetricRow>> {
    let told = |embeddings: &Embeddings| -> Result<Vec<Told>> {
        let mut told = sentiment::told(reader.sentiment(), data, split, embeddings)?;
        told.extend(emotion::told(reader.emotions(), data, split, embeddings)?);
        if let Some((topics, teacher)) = teacher {
            let head = reader.topics();
            told.push(projector::told(
                head, topics, data, split, teacher, embeddings,
            )?);
        }
        Ok(told)
    };
    let pairs = told(float)?.into_iter().zip(told(int8)?);
    Ok(pairs
        .flat_map(|(float, int8)| lost(&float, &int8))
        .collect())
}

fn lost(float: &Told, int8: &Told) -> [MetricRow; 3] {
    let both: Vec<(usize, usize)> = float
        .found
        .iter()
        .copied()
        .zip(int8.found.iter().copied())
        .collect();
    let row = |metric: &str, figure: &dyn Fn(&[usize], &[usize]) -> f64| MetricRow {
        task: "int8 against f32".into(),
        slice: float.set.clone(),
        method: "int8 - f32".into(),
        metric: metric.into(),
        n: both.len(),
        estimate: bootstrap_pair(&float.truth, &both, |truth, both| {
            let (float, int8): (Vec<_>, Vec<_>) = both.iter().copied().unzip();
            figure(truth, &int8) - figure(truth, &float)
        }),
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
        let told = |found: &[usize]| Told {
            set: "set".into(),
            classes: 2,
            truth: vec![0, 1, 0, 1],
            found: found.to_vec(),
        };
        let [accuracy, f1, recall] = lost(&told(&[0, 1, 0, 0]), &told(&[0, 1, 1, 0]));
        assert_eq!(accuracy.estimate.value, -0.25);
        // F1 of the classes: 0.8 and 2/3, then 0.5 and 0.5.
        assert!((f1.estimate.value - (0.5 - (0.8 + 2.0 / 3.0) / 2.0)).abs() < 1e-12);
        assert_eq!(recall.estimate.value, -0.25);
        assert!(accuracy.estimate.low < accuracy.estimate.high);
    }
}
