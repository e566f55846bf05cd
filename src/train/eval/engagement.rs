//! How well counts are forecast for authors that nothing was learnt from, and what helps a post
//! travel.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::diffusion::reach::{Count, Known, Reach, Told};
use crate::heads::likes::LEARNT;
use crate::post::Author;
use crate::train::data::engagement::{EngagedPost, EngagementSet, SETS, posts};
use crate::train::data::sets::Split;
use crate::train::heads::likes::{self, KNOWN, RANKED};
use crate::train::heads::reach::effects;
use crate::train::heads::trained::Held;
use crate::train::metrics::{Estimate, MetricRow, auc, bootstrap, quantile};

/// Per platform and count: the factor by which half of the forecasts miss at most, with the
/// author's recent posts and without, beside the same without words, and followers or recent posts
/// alone; how often the range holds the count; the mean AUC with which an author's better posts are
/// told from the others; and what each number of the form does, by source.
pub fn evaluate(held: &Held) -> Result<Vec<MetricRow>> {
    let mut out = Vec::new();
    for set in &SETS {
        let held_out = held_out(held, set)?;
        for count in Count::ALL {
            if held_out.iter().any(|(p, _)| count.of(&p.counts).is_some()) {
                forecasts(&mut out, set, count, &held_out);
            }
        }
        let train = posts(held.sources.data(), set, Split::Train)?;
        let mut sources: BTreeMap<String, Vec<EngagedPost>> = BTreeMap::new();
        for post in train {
            sources.entry(post.source.clone()).or_default().push(post);
        }
        for (source, posts) in sources {
            for effect in effects(Count::Likes, &posts) {
                out.push(MetricRow::new(
                    "engagement.form",
                    format!("{} {source}", set.platform.name()),
                    effect.number.name(),
                    "rise of ln likes",
                    posts.len(),
                    Estimate {
                        value: effect.rise,
                        low: effect.low,
                        high: effect.high,
                    },
                ));
            }
        }
    }
    Ok(out)
}

/// ln(1 + count) as it came and as it was forecast.
type Pair = (f64, f64);

/// A post, and what its words say of likes.
type ToldPost = (EngagedPost, Option<Told>);

fn held_out(held: &Held, set: &EngagementSet) -> Result<Vec<ToldPost>> {
    let learnt = LEARNT.iter().any(|(platform, _)| *platform == set.platform);
    let Some(lines) = held.scorer.reader().likes().filter(|_| learnt) else {
        let posts = posts(held.sources.data(), set, held.split)?;
        return Ok(posts.into_iter().map(|post| (post, None)).collect());
    };
    let of = (held.split, usize::MAX);
    let read = likes::read(held.sources, set.platform, of, held.embeddings)?;
    let told = read.into_iter().map(|read| {
        let told = read.told(lines, set.platform);
        (read.post, told)
    });
    Ok(told.collect())
}

fn forecasts(out: &mut Vec<MetricRow>, set: &EngagementSet, count: Count, posts: &[ToldPost]) {
    let slice = format!("{} {}", set.platform.name(), count.name());
    let mut row = |method: &str, metric: &str, n: usize, estimate: Estimate| {
        let task = "engagement.counts";
        out.push(MetricRow::new(task, &slice, method, metric, n, estimate));
    };
    let expect = |(post, told): &ToldPost, author: &Author, form: bool, words: bool| {
        let known = Known {
            told: told.filter(|_| words),
            ..Known::of(set.platform, Some(author), form.then_some(&post.form))
        };
        Reach::learnt().expect(count, &known)
    };
    let stranger = |(post, _): &ToldPost| Author {
        recent: Vec::new(),
        ..post.author.clone()
    };
    let truth = |(post, _): &ToldPost| Some((count.of(&post.counts)? as f64).ln_1p());
    type Forecast<'a> = Box<dyn Fn(&ToldPost) -> Option<f64> + 'a>;
    let with_recent = |p: &ToldPost, words: bool| {
        (p.0.author.recent.len() >= KNOWN).then_some(())?;
        Some(f64::from(expect(p, &p.0.author, true, words)?.log))
    };
    let without_recent = |p: &ToldPost, form: bool, words: bool| {
        p.0.author.followers?;
        Some(f64::from(expect(p, &stranger(p), form, words)?.log))
    };
    let mut methods: Vec<(&str, Forecast)> = vec![
        ("with recent posts", Box::new(|p| with_recent(p, true))),
        (
            "without recent posts",
            Box::new(|p| without_recent(p, true, true)),
        ),
        (
            "recent posts alone",
            Box::new(|(p, _)| {
                let recent = p.author.recent.iter().filter_map(|r| count.of(r));
                let mut logs: Vec<f64> = recent.map(|n| (n as f64).ln_1p()).collect();
                logs.sort_by(f64::total_cmp);
                (logs.len() >= KNOWN).then(|| quantile(&logs, 0.5))
            }),
        ),
        (
            "followers alone",
            Box::new(|p| without_recent(p, false, false)),
        ),
    ];
    if count == Count::Likes && posts.iter().any(|(_, told)| told.is_some()) {
        methods.push((
            "with recent posts, without words",
            Box::new(|p| with_recent(p, false)),
        ));
        methods.push((
            "without recent posts or words",
            Box::new(|p| without_recent(p, true, false)),
        ));
    }
    for (method, of) in &methods {
        let pairs = posts.iter().filter_map(|p| Some((truth(p)?, of(p)?)));
        let pairs: Vec<Pair> = pairs.collect();
        if pairs.len() < 50 {
            continue;
        }
        let miss = |at: &[usize]| {
            let mut off: Vec<f64> = at
                .iter()
                .map(|&i| (pairs[i].0 - pairs[i].1).abs())
                .collect();
            off.sort_by(f64::total_cmp);
            quantile(&off, 0.5).exp()
        };
        row(method, "miss", pairs.len(), bootstrap(pairs.len(), miss));
    }
    let inside = |post: &ToldPost, author: &Author| {
        let expected = expect(post, author, true, true)?;
        let [_, low, high, _] = expected.errors;
        let off = truth(post)? as f32 - expected.log;
        Some(f64::from(u8::from((low..=high).contains(&off))))
    };
    for (method, held) in [
        (
            "with recent posts",
            posts
                .iter()
                .filter(|(p, _)| p.author.recent.len() >= KNOWN)
                .filter_map(|p| inside(p, &p.0.author))
                .collect::<Vec<f64>>(),
        ),
        (
            "without recent posts",
            posts
                .iter()
                .filter(|(p, _)| p.author.followers.is_some())
                .filter_map(|p| inside(p, &stranger(p)))
                .collect(),
        ),
    ] {
        if held.len() >= 50 {
            let share = |at: &[usize]| at.iter().map(|&i| held[i]).sum::<f64>() / at.len() as f64;
            row(
                method,
                "held of 80 %",
                held.len(),
                bootstrap(held.len(), share),
            );
        }
    }
    let mut authors: BTreeMap<&str, Vec<&ToldPost>> = BTreeMap::new();
    for post in posts {
        authors.entry(&post.0.author_key).or_default().push(post);
    }
    // Without recent posts, all of an author are forecast as if written at one moment.
    for (method, of) in methods
        .iter()
        .filter(|(method, _)| *method != "followers alone")
    {
        let ranked: Vec<f64> = authors
            .values()
            .filter_map(|posts| {
                let pairs = posts.iter().filter_map(|p| Some((truth(p)?, of(p)?)));
                let pairs: Vec<Pair> = pairs.collect();
                (pairs.len() >= RANKED).then_some(())?;
                let mut all: Vec<f64> = pairs.iter().map(|p| p.0).collect();
                all.sort_by(f64::total_cmp);
                let usual = quantile(&all, 0.5);
                let better: Vec<bool> = pairs.iter().map(|p| p.0 > usual).collect();
                let forecast: Vec<f32> = pairs.iter().map(|p| p.1 as f32).collect();
                Some(auc(&better, &forecast)).filter(|auc| !auc.is_nan())
            })
            .collect();
        if ranked.len() >= 10 {
            let mean = |at: &[usize]| at.iter().map(|&i| ranked[i]).sum::<f64>() / at.len() as f64;
            let n = ranked.len();
            row(method, "auc within authors", n, bootstrap(n, mean));
        }
    }
}
