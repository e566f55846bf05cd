//! How people write today: moods by area, sides, order of two names, preference, and real posts.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::heads::sentiment::{CLASSES, valence};
use crate::post::brand::BrandProfile;
use crate::train::data::sets::Split;
use crate::train::data::today::{
    self, COMPARISONS, Example, OWN, REAL, moods, posts, preferences, several_targets, sides,
    tweets_of_targets,
};
use crate::train::fit::ngrams::NgramModel;
use crate::train::heads::trained::Held;
use crate::train::metrics::{MetricRow, accuracy, auc, bootstrap, bootstrap_pair};

/// Fewer rows than this make no figure.
const LEAST: usize = 15;

/// P(negative), P(neutral), P(positive) of each example, as the scorer reads it.
fn read(held: &Held, set: &str, examples: &[Example]) -> Result<Vec<Vec<f32>>> {
    let reader = held.scorer.reader();
    let own: Vec<String> = examples.iter().map(|e| e.text.clone()).collect();
    let views: Vec<String> = examples.iter().filter_map(|e| e.view.clone()).collect();
    let own = held.embeddings.of(set, &own)?;
    let mut views = held.embeddings.of(set, &views)?.into_iter();
    let all = examples.iter().zip(&own).map(|(example, own)| {
        let view = example.view.as_ref().and_then(|_| views.next());
        Ok(reader.mood(own, view.as_deref())?)
    });
    all.collect()
}

/// Label of three and sign of those that take a side, by area and over all.
fn labels(set: &str, method: &str, examples: &[Example], found: &[Vec<f32>]) -> Vec<MetricRow> {
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::from([("all", Vec::new())]);
    for (i, example) in examples.iter().enumerate() {
        let language = example.slice.rsplit(", ").next().unwrap_or_default();
        let mut slices = vec!["all", &example.slice, language];
        slices.dedup();
        for slice in slices.into_iter().filter(|slice| !slice.is_empty()) {
            groups.entry(slice).or_default().push(i);
        }
    }
    let mut rows = Vec::new();
    for (slice, of) in groups.into_iter().filter(|(_, of)| of.len() >= LEAST) {
        let truth: Vec<usize> = of.iter().map(|&i| examples[i].class).collect();
        let best = |p: &[f32]| {
            (0..CLASSES)
                .max_by(|&a, &b| p[a].total_cmp(&p[b]))
                .unwrap_or(0)
        };
        let likeliest: Vec<usize> = of.iter().map(|&i| best(&found[i])).collect();
        let sided = of.iter().filter(|&&i| examples[i].class != 1);
        let (good, says): (Vec<bool>, Vec<bool>) = sided
            .map(|&i| (examples[i].class == 2, valence(&found[i]) > 0.0))
            .unzip();
        let slice = format!("{set}: {slice}");
        let row = |metric: &str, n, estimate| {
            MetricRow::new("today", &slice, method, metric, n, estimate)
        };
        rows.push(row(
            "label",
            truth.len(),
            bootstrap_pair(&truth, &likeliest, accuracy),
        ));
        if good.len() >= LEAST {
            let sign = bootstrap_pair(&good, &says, accuracy);
            rows.push(row("sign", good.len(), sign));
        }
    }
    rows
}

/// The share of pairs of names in one text, labelled differently, of which the one that fares better
/// has the higher valence; and the same of pairs with both poles.
fn order(set: &str, method: &str, examples: &[Example], found: &[Vec<f32>]) -> Vec<MetricRow> {
    let mut texts: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, example) in examples.iter().enumerate() {
        texts.entry(&example.row).or_default().push(i);
    }
    let (mut all, mut poles) = (Vec::new(), Vec::new());
    for of in texts.values() {
        for &better in of {
            for &worse in of {
                let apart = examples[better].class.saturating_sub(examples[worse].class);
                if apart > 0 {
                    let right = valence(&found[better]) > valence(&found[worse]);
                    all.push(right);
                    if apart == 2 {
                        poles.push(right);
                    }
                }
            }
        }
    }
    let of = |slice: &str, right: Vec<bool>| {
        (right.len() >= LEAST).then(|| {
            let slice = format!("{set}: {slice}");
            MetricRow::new(
                "today",
                slice,
                method,
                "right_order",
                right.len(),
                share(&right),
            )
        })
    };
    [of("two names", all), of("praised and blamed", poles)]
        .into_iter()
        .flatten()
        .collect()
}

fn share(right: &[bool]) -> crate::train::metrics::Estimate {
    bootstrap(right.len(), |rows| {
        rows.iter().filter(|&&i| right[i]).count() as f64 / rows.len().max(1) as f64
    })
}

/// Probabilities of each example by character n-grams of the whole text.
fn by_ngrams(learnt: &[Example], examples: &[Example]) -> Vec<Vec<f32>> {
    let texts: Vec<(&str, usize)> = learnt.iter().map(|e| (e.text.as_str(), e.class)).collect();
    let model = NgramModel::fit(&texts, CLASSES, 1);
    let of = |text: &str| -> Vec<f32> {
        let classes = 0..CLASSES;
        classes
            .map(|class| model.probability(text, class))
            .collect()
    };
    examples.iter().map(|e| of(&e.text)).collect()
}

/// Our own posts as wholes and by side, restaurant reviews and tweets by target, comparisons, whether
/// a post is about a brand; on the test split also real posts.
pub fn evaluate(held: &Held) -> Result<Vec<MetricRow>> {
    let (data, split) = (held.sources.data(), held.split);
    let mut rows = Vec::new();
    let learnt = moods(data, OWN, Split::Train)?;
    let mut wholes = vec![OWN];
    if split == Split::Test {
        wholes.push(REAL);
    }
    for set in wholes {
        let examples = moods(data, set, split)?;
        rows.extend(labels(
            set,
            "model",
            &examples,
            &read(held, set, &examples)?,
        ));
        let ngrams = by_ngrams(&learnt, &examples);
        rows.extend(labels(set, "character n-grams", &examples, &ngrams));
    }
    for (set, learnt, examples) in [
        (OWN, sides(data, Split::Train)?, sides(data, split)?),
        (
            "en_multi_target",
            several_targets(data, Split::Train)?,
            several_targets(data, split)?,
        ),
        (
            "en_target_twitter",
            tweets_of_targets(data, Split::Train)?,
            tweets_of_targets(data, split)?,
        ),
    ] {
        let found = read(held, set, &examples)?;
        let named = format!("{set}, towards");
        rows.extend(labels(&named, "model", &examples, &found));
        rows.extend(order(&named, "model", &examples, &found));
        let ngrams = by_ngrams(&learnt, &examples);
        rows.extend(labels(&named, "character n-grams", &examples, &ngrams));
    }
    for set in COMPARISONS {
        let pairs = preferences(data, set, split)?;
        let side = |view: fn(&today::Preference) -> &String| -> Result<Vec<f32>> {
            let examples: Vec<Example> = pairs
                .iter()
                .map(|pair| Example {
                    text: pair.text.clone(),
                    view: Some(view(pair).clone()),
                    class: 1,
                    slice: String::new(),
                    row: String::new(),
                })
                .collect();
            let found = read(held, set, &examples)?;
            Ok(found.iter().map(|p| valence(p)).collect())
        };
        let (better, worse) = (side(|p| &p.better)?, side(|p| &p.worse)?);
        let right: Vec<bool> = better.iter().zip(&worse).map(|(b, w)| b > w).collect();
        rows.push(MetricRow::new(
            "today",
            set,
            "model",
            "preference",
            right.len(),
            share(&right),
        ));
    }
    rows.extend(about(held)?);
    Ok(rows)
}

/// AUC of relevance, posts about the brand against those of each kind that aren't, by a profile
/// that has a name alone.
fn about(held: &Held) -> Result<Vec<MetricRow>> {
    let reader = held.scorer.reader();
    let mut found: Vec<(bool, String, f32)> = Vec::new();
    for post in posts(held.sources.data(), OWN, held.split)? {
        let (Some(brand), Some(about)) = (post.brand, post.about) else {
            continue;
        };
        let profile = BrandProfile {
            name: brand,
            ..BrandProfile::default()
        };
        let text = reader.read(&post.text, Some(&profile))?;
        let r = reader.relevance(&text, &profile)?;
        found.push((about, post.why.unwrap_or_default(), r));
    }
    let kinds: std::collections::BTreeSet<&str> = found
        .iter()
        .filter(|f| !f.0)
        .map(|f| f.1.as_str())
        .collect();
    let mut rows = Vec::new();
    for kind in kinds.into_iter().map(Some).chain([None]) {
        let of = found
            .iter()
            .filter(|f| f.0 || kind.is_none_or(|kind| f.1 == kind));
        let (about, r): (Vec<bool>, Vec<f32>) = of.map(|f| (f.0, f.2)).unzip();
        if about.iter().filter(|about| !**about).count() >= LEAST / 3 {
            let slice = format!("about: against {}", kind.unwrap_or("all"));
            let estimate = bootstrap_pair(&about, &r, auc);
            rows.push(MetricRow::new(
                "today",
                slice,
                "model",
                "auc",
                about.len(),
                estimate,
            ));
        }
    }
    Ok(rows)
}
