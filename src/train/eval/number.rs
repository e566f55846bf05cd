//! What scores of people's own drafts look like: how far praise and complaints stand apart, and how
//! often the interval of the score holds what came.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Deserialize;

use crate::definition::value::{Weights, formula};
use crate::post::brand::BrandProfile;
use crate::post::{Platform, Post};
use crate::scorer::request::ScoreRequest;
use crate::train::data::cascades::{Labels, cascades};
use crate::train::data::cases::posts;
use crate::train::data::sets::rows;
use crate::train::heads::trained::Held;
use crate::train::metrics::{MetricRow, bootstrap};

/// A post written for this project.
#[derive(Deserialize)]
struct OwnPost {
    text: String,
    title: Option<String>,
    platform: String,
    label: String,
    toward: BTreeMap<String, String>,
    ironic: bool,
}

/// Characters from which a text is long.
const LONG: usize = 100;

/// On own posts of one named brand and without irony: the mean score of each label and the
/// deviation of all, by platform. On cascades: how often the interval holds the realised score, by
/// time and length.
pub fn evaluate(held: &Held) -> Result<Vec<MetricRow>> {
    let mut out = Vec::new();
    let mut scores: BTreeMap<(&str, String), Vec<f64>> = BTreeMap::new();
    for post in rows::<OwnPost>(held.sources.data(), "own_posts", held.split)? {
        let clear = post.toward.len() == 1 && !post.ironic;
        let Some(name) = post.toward.keys().next().filter(|_| clear) else {
            continue;
        };
        let known = Platform::ALL
            .into_iter()
            .find(|p| p.name() == post.platform);
        let platform = known.unwrap_or(Platform::Other);
        let request = ScoreRequest {
            brand: Some(BrandProfile {
                name: name.clone(),
                ..BrandProfile::default()
            }),
            post: Post {
                text: post.text,
                title: post.title,
                platform,
                ..Post::default()
            },
            ..ScoreRequest::default()
        };
        // What can't be read has no score.
        let Ok(score) = held.scorer.score(&request.check()?) else {
            continue;
        };
        let score = f64::from(score.bsmv);
        for label in [post.label, "all".into()] {
            scores
                .entry((platform.name(), label))
                .or_default()
                .push(score);
        }
    }
    for ((platform, label), scores) in scores {
        let mean = |at: &[usize]| at.iter().map(|&i| scores[i]).sum::<f64>() / at.len() as f64;
        let deviation = |at: &[usize]| {
            let centre = mean(at);
            let squares = at.iter().map(|&i| (scores[i] - centre).powi(2));
            (squares.sum::<f64>() / at.len() as f64).sqrt()
        };
        let mut row = |metric: &str, estimate| {
            let slice = format!("{platform} {label}");
            let n = scores.len();
            out.push(MetricRow::new(
                "number.own",
                slice,
                "model",
                metric,
                n,
                estimate,
            ));
        };
        row("mean", bootstrap(scores.len(), mean));
        row("deviation", bootstrap(scores.len(), deviation));
    }
    out.extend(coverage(held)?);
    Ok(out)
}

/// How often the interval holds the score that came, of Weibo's cascades.
fn coverage(held: &Held) -> Result<Vec<MetricRow>> {
    let data = held.sources.data();
    let labels = Labels::load(held.labels)?;
    let texts: BTreeMap<String, String> = posts(data, held.split)?
        .into_iter()
        .map(|post| (post.id, post.text))
        .collect();
    let mut inside: BTreeMap<(u32, &str), Vec<(f64, f64)>> = BTreeMap::new();
    for cascade in cascades(data, held.split, &labels, None)? {
        let (Some(s), Some(text)) = (cascade.targets.s, texts.get(&cascade.id)) else {
            continue;
        };
        let weights = Weights::BALANCED;
        let came = formula(s, 1.0, cascade.targets.d, &weights);
        let request = ScoreRequest {
            post: Post {
                text: text.clone(),
                platform: cascade.platform,
                language: Some(cascade.language),
                created_at: cascade.created_at,
                images: cascade.images,
                author: cascade.graph.author.clone(),
                ..Post::default()
            },
            ..ScoreRequest::default()
        };
        let mut request = request.check()?;
        let Ok(reading) = held.scorer.read(&request) else {
            continue;
        };
        let length = match text.chars().count() >= LONG {
            true => "long",
            false => "short",
        };
        for &until in cascade.times() {
            request = request.with_graph(cascade.seen(until));
            let interval = held.scorer.evaluate(&request, &reading).score.interval;
            let holds = (interval.low..=interval.high).contains(&came);
            let row = (
                f64::from(u8::from(holds)),
                f64::from(interval.high - interval.low),
            );
            for slice in [length, "all"] {
                inside.entry((until, slice)).or_default().push(row);
            }
        }
    }
    let mut out = Vec::new();
    for ((until, slice), rows) in inside {
        let slice = format!("weibo zh {until} s {slice}");
        let mean = |of: fn(&(f64, f64)) -> f64| {
            bootstrap(rows.len(), |at| {
                at.iter().map(|&i| of(&rows[i])).sum::<f64>() / at.len() as f64
            })
        };
        let mut row = |metric: &str, estimate| {
            let task = "number.interval";
            out.push(MetricRow::new(
                task,
                &slice,
                "model",
                metric,
                rows.len(),
                estimate,
            ));
        };
        row("held of 90 %", mean(|r| r.0));
        row("width", mean(|r| r.1));
    }
    Ok(out)
}
