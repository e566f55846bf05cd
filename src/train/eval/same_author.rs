//! Which of two posts by the same author travels further? Followers can't tell; timing and words,
//! and soon the first reposts, can.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use crate::diffusion::DiffusionNet;
use crate::post::Platform;
use anyhow::Result;

use crate::train::data::cascades::Cascade;
use crate::train::data::sets::{Split, rows};
use crate::train::data::texts::TextRow;
use crate::train::fit::forecasts::forecast_rows;
use crate::train::fit::ngrams::NgramModel;
use crate::train::metrics::{MetricRow, bootstrap};

/// A method's name, and its value of a post by name: the higher, the further.
type Method<'a> = (&'a str, &'a dyn Fn(&str) -> f32);

/// Observation times compared: a draft and an hour.
const TIMES: [(u32, &str); 2] = [(0, "draft"), (3_600, "1 h")];
const SEED: u64 = 1;

/// Accuracy over pairs of posts by one author with different counts, ties of the forecast half
/// right, authors weighed alike; 95 % bootstrap intervals over authors. Beside the model: chance
/// (0.5); character n-grams of the text alone, which know no followers, fitted on `train` to tell
/// posts above their platform's median; at 1 h also the size so far.
pub fn evaluate(
    net: &DiffusionNet,
    data: &Path,
    train: &[Cascade],
    held: &[Cascade],
    split: Split,
) -> Result<Vec<MetricRow>> {
    let held: Vec<&Cascade> = held.iter().filter(|c| !c.count_only).collect();
    let forecasts = forecast_rows(net, &held, split);
    let mut figures = Vec::new();
    for (platform, set, name) in [
        (Platform::Weibo, "zh_weibo_cascades", "weibo"),
        (Platform::X, "en_twitter_cascades", "x"),
    ] {
        let words = word_probabilities(data, set, platform, train, split)?;
        let pairs = pairs(&held, platform);
        if pairs.is_empty() {
            continue;
        }
        for (until, when) in TIMES {
            let (mut ours, mut size) = (HashMap::new(), HashMap::new());
            for row in forecasts.iter().filter(|r| r.observed_until == until) {
                ours.insert(row.id.as_str(), row.features.d);
                size.insert(row.id.as_str(), row.size_so_far as f32);
            }
            let mut methods: Vec<Method> = Vec::new();
            let (model, sizes) = (|id: &str| ours[id], |id: &str| size[id]);
            let by_words = |id: &str| words[id];
            let chance = |_: &str| 0.0;
            methods.push(("model", &model));
            methods.push(("n-grams", &by_words));
            methods.push(("chance", &chance));
            if until > 0 {
                methods.push(("size so far", &sizes));
            }
            let n = pairs.iter().map(Vec::len).sum();
            let slice = format!("{name} {when}, {} authors", pairs.len());
            let task = "diffusion.same_author";
            let mut row = |method: &str, estimate| {
                figures.push(MetricRow::new(
                    task, &slice, method, "accuracy", n, estimate,
                ));
            };
            let shares: Vec<Vec<f64>> = methods
                .iter()
                .map(|(_, of)| pairs.iter().map(|pairs| share_correct(pairs, of)).collect())
                .collect();
            let mean =
                |of: &[f64], at: &[usize]| at.iter().map(|&i| of[i]).sum::<f64>() / at.len() as f64;
            for ((method, _), shares) in methods.iter().zip(&shares) {
                let estimate = bootstrap(pairs.len(), |at| mean(shares, at));
                row(method, estimate);
            }
            let ahead = bootstrap(pairs.len(), |at| {
                mean(&shares[0], at) - mean(&shares[1], at)
            });
            row("model - n-grams", ahead);
        }
    }
    Ok(figures)
}

/// The one that travelled further, and the other.
type Pair<'a> = (&'a str, &'a str);

/// All pairs of posts with different counts, by author.
fn pairs<'a>(held: &[&'a Cascade], platform: Platform) -> Vec<Vec<Pair<'a>>> {
    let mut by_author: BTreeMap<u64, Vec<&Cascade>> = BTreeMap::new();
    for &cascade in held.iter().filter(|c| c.platform == platform) {
        by_author
            .entry(cascade.author_key)
            .or_default()
            .push(cascade);
    }
    let of_author = |posts: &Vec<&'a Cascade>| {
        let mut pairs = Vec::new();
        for (i, a) in posts.iter().enumerate() {
            for b in &posts[..i] {
                match a.targets.n.cmp(&b.targets.n) {
                    std::cmp::Ordering::Greater => pairs.push((a.id.as_str(), b.id.as_str())),
                    std::cmp::Ordering::Less => pairs.push((b.id.as_str(), a.id.as_str())),
                    std::cmp::Ordering::Equal => {}
                }
            }
        }
        pairs
    };
    by_author
        .values()
        .map(of_author)
        .filter(|pairs| !pairs.is_empty())
        .collect()
}

/// Share of pairs whose further post has the higher value.
fn share_correct(pairs: &[Pair], of: &dyn Fn(&str) -> f32) -> f64 {
    let one = |(further, other): &Pair| match of(further).partial_cmp(&of(other)) {
        Some(std::cmp::Ordering::Greater) => 1.0,
        Some(std::cmp::Ordering::Equal) => 0.5,
        _ => 0.0,
    };
    pairs.iter().map(one).sum::<f64>() / pairs.len() as f64
}

/// Probability, by its words alone, that a held-out post travels further than most.
fn word_probabilities(
    data: &Path,
    set: &str,
    platform: Platform,
    train: &[Cascade],
    split: Split,
) -> Result<HashMap<String, f32>> {
    let counts: HashMap<&str, u64> = train
        .iter()
        .filter(|c| c.platform == platform && !c.count_only)
        .map(|c| (c.id.as_str(), c.targets.n))
        .collect();
    let mut sorted: Vec<u64> = counts.values().copied().collect();
    sorted.sort_unstable();
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
    let past: Vec<TextRow> = rows(data, set, Split::Train)?;
    let examples: Vec<(&str, usize)> = past
        .iter()
        .filter_map(|row| {
            let n = *counts.get(row.id.as_str())?;
            Some((row.text.as_str(), usize::from(n > median)))
        })
        .collect();
    let model = NgramModel::fit(&examples, 2, SEED);
    let held: Vec<TextRow> = rows(data, set, split)?;
    Ok(held
        .into_iter()
        .map(|row| (row.id, model.probability(&row.text, 1)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_counted_and_ties_are_half_right() {
        let known = HashMap::from([("a", 3.0), ("b", 1.0), ("c", 1.0)]);
        let of = |id: &str| known[id];
        assert_eq!(
            share_correct(&[("a", "b"), ("b", "c"), ("c", "a"), ("a", "c")], &of),
            2.5 / 4.0
        );
    }
}
