//! Gaming: is a pattern named that is put into a post to move its score, and are plain posts left
//! alone?

use std::path::Path;

use crate::post::Post;
use crate::post::brand::BrandProfile;
use crate::scorer::gaming;
use crate::scorer::request::ScoreRequest;
use crate::scorer::words::Locale;
use crate::text::{Language, clean_report};
use anyhow::{Context, Result};
use rayon::prelude::*;
use serde::Deserialize;

use crate::train::data::sets::rows;
use crate::train::data::texts::TextRow;
use crate::train::heads::trained::Held;
use crate::train::metrics::{MetricRow, bootstrap};

/// Sets of posts people wrote; reviews and headlines aren't posts.
const POSTS: [&str; 7] = [
    "zh_weibo_sentiment",
    "zh_weibo_emotion",
    "zh_weibo_hashtag",
    "zh_weibo_stance",
    "en_tweet_sentiment",
    "en_brand_sentiment",
    "en_emotion",
];
/// Points a pattern may move a score by and still not need a name.
const HARMLESS: f32 = 2.0;

#[derive(Deserialize)]
struct Fixture {
    post: Post,
    brand: Option<String>,
}

/// A pattern as it is appended, in Chinese and in English; `{}` stands for the brand.
const PATTERNS: [(&str, &str, &str); 5] = [
    (
        "giveaway",
        " 关注并转发本条微博，抽取三位送出新品一份！",
        " Follow us and retweet to win one of three gift boxes!",
    ),
    (
        "praise_stuffing",
        " 太棒了！完美！强烈推荐！必买！无敌！超赞！",
        " Amazing! Perfect! Best ever! Love it! Awesome! Highly recommend!",
    ),
    (
        "brand_repeated",
        " {}！{}！{}！{}！{}！",
        " {}! {}! {}! {}! {}!",
    ),
    (
        "emoji_flood",
        " 😍😍😍😍😍🔥🔥🔥🔥🔥",
        " 😍😍😍😍😍🔥🔥🔥🔥🔥",
    ),
    (
        "hidden_characters",
        " 真\u{200b}的\u{200b}很\u{200b}好",
        " re\u{200b}al\u{200b}ly\u{200b} good",
    ),
];

/// Share of the fixtures on which each pattern is named or moves the score by at most
/// `HARMLESS`; share of fixtures and of a split's posts that are flagged as they are.
pub fn evaluate(held: &Held) -> Result<Vec<MetricRow>> {
    let (scorer, data, split) = (held.scorer, held.sources.data(), held.split);
    let fixtures: Vec<Fixture> = read(&held.fixtures.join("posts.json"))?;
    let brands: Vec<BrandProfile> = read(&held.sources.brands.brands)?;
    let requests: Vec<ScoreRequest> = fixtures
        .into_iter()
        .map(|fixture| ScoreRequest {
            brand: brands.iter().find(|b| b.id == fixture.brand).cloned(),
            post: fixture.post,
            ..ScoreRequest::default()
        })
        .collect();
    let plain: Vec<_> = requests
        .par_iter()
        .map(|request| scorer.score(&request.clone().check()?))
        .collect::<Result<_, _>>()?;
    let mut out = vec![row(
        "fixtures",
        "flagged",
        plain.iter().map(|score| !score.flags.is_empty()).collect(),
    )];
    for (code, zh, en) in PATTERNS {
        let answered: Vec<bool> = requests
            .par_iter()
            .zip(&plain)
            // Without a brand there is no name to repeat.
            .filter(|(request, _)| request.brand.is_some())
            .map(|(request, before)| {
                let mut gamed = request.clone();
                let in_zh = request.post.language == Some(Language::Zh);
                let name = request.brand.as_ref().map_or("", |b| b.name.as_str());
                let pattern = if in_zh { zh } else { en };
                gamed.post.text += &pattern.replace("{}", name);
                let after = scorer.score(&gamed.check()?)?;
                let named = after.flags.iter().any(|flag| flag.code == code);
                Ok(named || (after.bsmv - before.bsmv).abs() <= HARMLESS)
            })
            .collect::<Result<_>>()?;
        out.push(row(
            &format!("fixtures, {code}"),
            "named or harmless",
            answered,
        ));
    }
    let mut all = Vec::new();
    let words = Locale::En.words();
    for set in POSTS {
        let flagged: Vec<bool> = rows::<TextRow>(data, set, split)?
            .par_iter()
            .map(|row| !gaming::list(words, &row.text, &clean_report(&row.text), None).is_empty())
            .collect();
        out.push(row(set, "flagged", flagged.clone()));
        all.extend(flagged);
    }
    out.push(row("posts", "flagged", all));
    Ok(out)
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let json = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_slice(&json).with_context(|| format!("reading {}", path.display()))
}

/// The share of cases in which something holds.
fn row(slice: &str, metric: &str, holds: Vec<bool>) -> MetricRow {
    let share = bootstrap(holds.len(), |rows| {
        rows.iter().filter(|&&i| holds[i]).count() as f64 / rows.len() as f64
    });
    MetricRow::new("gaming", slice, "model", metric, holds.len(), share)
}
