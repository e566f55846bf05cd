//! `bsmv train reach`: the numbers of `src/diffusion/reach.json`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::diffusion::form::Number;
use crate::diffusion::reach::{Count, FollowerLine, FormEffect, Habits, Known, Line, Reach};
use crate::diffusion::{OBSERVATION_TIMES, PLATFORMS};
use crate::post::{Platform, RecentPost};
use crate::train::data::cascades::{Cascade, Labels};
use crate::train::data::engagement::{EngagedPost, SETS, posts};
use crate::train::data::sets::Split;
use crate::train::fit::linear::least_squares;
use crate::train::heads::diffusion::posts as cascades;
use crate::train::metrics::quantile;

/// Followers of an account of which nothing is known.
const TYPICAL: u64 = 1_000;
/// Seconds by which all events have come.
const END: f32 = 2_592_000.0;
/// Fewest posts of an author by which its spread is told.
const SPREAD_OF: usize = 5;
/// Errors past this are cut where effects of form are fitted: a post that went round the world
/// says nothing of hashtags.
const CUT: f64 = 3.0;
/// Rounds of the bootstrap over authors.
const ROUNDS: usize = 200;
/// Quantiles of errors that are kept.
const QUANTILES: [f64; 4] = [0.05, 0.1, 0.9, 0.95];

/// Options of `bsmv train reach`.
#[derive(Debug, clap::Args)]
pub struct ReachArgs {
    /// Folder of the data sets
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Where the numbers go
    #[arg(long, value_name = "FILE", default_value = "src/diffusion/reach.json")]
    out: PathBuf,
}

/// Fits the numbers on training posts, their errors on those and on validation posts, and writes
/// them.
///
/// # Errors
/// When a set can't be read, or the file not written.
pub fn run(args: &ReachArgs) -> Result<()> {
    let mut platforms = BTreeMap::new();
    for set in &SETS {
        let train = posts(&args.data, set, Split::Train)?;
        let valid = posts(&args.data, set, Split::Valid)?;
        let habits = habits(&train, &valid, set.unselected);
        platforms.insert(set.platform.name().to_owned(), habits);
    }
    spread_to_others(&mut platforms)?;
    let followed = cascades(&args.data, Split::Train, &Labels::default(), None)?;
    let reach = Reach {
        made_by: "bsmv train reach --data DIR, on the training posts of zh_xhs_engagement, \
                  en_ig_engagement, zh_douyin_engagement, zh_bilibili_hot, \
                  en_tiktok_brand_engagement and of the cascades; errors on their validation posts too"
            .into(),
        typical_followers: TYPICAL,
        arrived: arrived(&followed),
        platforms,
        cascades: follower_lines(&followed),
    };
    let json = serde_json::to_string_pretty(&reach)?;
    std::fs::write(&args.out, json + "\n")
        .with_context(|| format!("writing {}", args.out.display()))
}

/// The mean share of a Weibo cascade's events that have come by each observation time and a week.
fn arrived(cascades: &[Cascade]) -> Vec<(f32, f32)> {
    let times = OBSERVATION_TIMES.iter().skip(1).copied().chain([604_800]);
    let weibo = cascades.iter().filter(|c| c.platform == Platform::Weibo);
    let whole: Vec<&Cascade> = weibo.filter(|c| !c.graph.is_empty()).collect();
    let share = |until: u32| {
        let by_then = whole.iter().map(|c| {
            let come = c.graph.t.partition_point(|&t| t <= until);
            come as f64 / c.graph.len() as f64
        });
        rounded(by_then.sum::<f64>() / whole.len() as f64)
    };
    let mut found: Vec<(f32, f32)> = times.map(|t| (t as f32, share(t))).collect();
    found.push((END, 1.0));
    found
}

/// Size by followers on each platform of cascades.
fn follower_lines(cascades: &[Cascade]) -> BTreeMap<String, FollowerLine> {
    let mut lines = BTreeMap::new();
    for platform in PLATFORMS {
        let known = cascades.iter().filter(|c| c.platform == platform);
        let mut points: Vec<(f64, f64)> = known
            .filter_map(|c| {
                let followers = c.graph.author.as_ref()?.followers?;
                Some(((followers as f64).ln_1p(), (c.targets.n as f64).ln_1p()))
            })
            .collect();
        let (_, slope) = line(&points);
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let median = points.get(points.len() / 2).map_or(0.0, |p| p.0.exp_m1());
        lines.insert(
            platform.name().to_owned(),
            FollowerLine {
                typical: median.round() as u64,
                slope: rounded(slope.max(0.0)),
            },
        );
    }
    lines
}

/// Platforms whose posts were not seen, or were chosen for their success, have the events of
/// Xiaohongshu, the only ones that were taken as they came from accounts of every size.
fn spread_to_others(platforms: &mut BTreeMap<String, Habits>) -> Result<()> {
    let model = platforms
        .get(Platform::Xiaohongshu.name())
        .context("no posts of Xiaohongshu")?
        .clone();
    let mut bare: BTreeMap<Count, Line> = model.counts.clone();
    for (count, line) in &mut bare {
        line.form.clear();
        if *count != Count::Events {
            line.level = None;
        }
    }
    let events = bare[&Count::Events].clone();
    for habits in platforms.values_mut() {
        if let Some(line) = habits.counts.get_mut(&Count::Events)
            && line.level.is_none()
        {
            (line.level, line.slope) = (events.level, events.slope);
        }
    }
    let only_events = |speak: f32| Habits {
        speak,
        counts: BTreeMap::from([(Count::Events, events.clone())]),
    };
    // Shares of quotes among events of Weibo's cascades, of replies among those on X.
    platforms.insert(Platform::Weibo.name().into(), only_events(0.6));
    platforms.insert(Platform::X.name().into(), only_events(0.3));
    let other = Habits {
        speak: model.speak,
        counts: bare,
    };
    platforms.insert(Platform::Other.name().into(), other);
    Ok(())
}

fn habits(train: &[EngagedPost], valid: &[EngagedPost], unselected: bool) -> Habits {
    let both = |post: &EngagedPost| Some((post.counts.comments?, post.counts.shares?));
    let spoken = train.iter().filter_map(both);
    let (mut comments, mut events) = (0.0, 0.0);
    for (c, s) in spoken {
        // Each post counts alike, however large.
        let all = (c + s) as f64;
        if all > 0.0 {
            comments += c as f64 / all;
            events += 1.0;
        }
    }
    let counts = Count::ALL.into_iter().filter_map(|count| {
        let line = fit(count, train, valid, unselected)?;
        Some((count, line))
    });
    Habits {
        // Where shares aren't counted, as many are taken to speak as on other platforms.
        speak: if events > 0.0 {
            rounded(comments / events)
        } else {
            0.6
        },
        counts: counts.collect(),
    }
}

/// ln(1 + count) of a post.
fn log_of(count: Count, post: &RecentPost) -> Option<f64> {
    count.of(post).map(|n| (n as f64).ln_1p())
}

fn log_followers(post: &EngagedPost) -> Option<f64> {
    let followers = post.author.followers?;
    Some((followers as f64).ln_1p() - (TYPICAL as f64).ln_1p())
}

fn fit(
    count: Count,
    train: &[EngagedPost],
    valid: &[EngagedPost],
    unselected: bool,
) -> Option<Line> {
    let known: Vec<(&EngagedPost, f64, f64)> = train
        .iter()
        .filter_map(|post| Some((post, log_followers(post)?, log_of(count, &post.counts)?)))
        .collect();
    if known.len() < 100 {
        return None;
    }
    // One slope for all sources, each with a level of its own.
    let mut sources: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
    for (post, x, y) in &known {
        sources.entry(&post.source).or_default().push((*x, *y));
    }
    let centred = sources.values().flat_map(|points| {
        let n = points.len() as f64;
        let mx = points.iter().map(|p| p.0).sum::<f64>() / n;
        let my = points.iter().map(|p| p.1).sum::<f64>() / n;
        points.iter().map(move |(x, y)| (x - mx, y - my))
    });
    let (along, across) = centred.fold((0.0, 0.0), |(a, b), (x, y)| (a + x * y, b + x * x));
    let slope = (along / across).max(0.0);
    let levels = sources.values().map(|points| {
        let mut above: Vec<f64> = points.iter().map(|(x, y)| y - slope * x).collect();
        above.sort_by(f64::total_cmp);
        quantile(&above, 0.5)
    });
    let level = levels.sum::<f64>() / sources.len() as f64;
    let mut line = Line {
        level: Some(rounded(level)),
        slope: rounded(slope),
        half: rounded(half(&known, level, slope)),
        alone: [0.0; 4],
        recent: [0.0; 4],
        form: form_effects(count, train),
    };
    let errors = |recent: bool| {
        let mut authors: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        // The line has three numbers: on posts that it was fitted to it errs as on others.
        for post in train.iter().chain(valid) {
            let known = match recent {
                true => post.author.recent.len() >= 3,
                false => post.author.followers.is_some(),
            };
            if let (true, Some(y)) = (known, log_of(count, &post.counts)) {
                let error = y - f64::from(expected(&line, count, post, recent));
                authors.entry(&post.author_key).or_default().push(error);
            }
        }
        quantiles_over_authors(authors.into_values())
    };
    (line.alone, line.recent) = (errors(false), errors(true));
    if !unselected {
        line.level = None;
    }
    Some(line)
}

/// [`QUANTILES`] of errors of which each author's weigh the same together: an author who posts
/// much says little of others.
fn quantiles_over_authors(authors: impl Iterator<Item = Vec<f64>>) -> [f32; 4] {
    let mut errors: Vec<(f64, f64)> = authors
        .flat_map(|errors| {
            let weight = 1.0 / errors.len() as f64;
            errors.into_iter().map(move |error| (error, weight))
        })
        .collect();
    errors.sort_by(|a, b| a.0.total_cmp(&b.0));
    let all: f64 = errors.iter().map(|(_, weight)| weight).sum();
    QUANTILES.map(|q| {
        let mut below = 0.0;
        let found = errors.iter().find(|(_, weight)| {
            below += weight;
            below >= q * all
        });
        rounded(found.map_or(f64::NAN, |(error, _)| *error))
    })
}

/// What a line expects of a post, as [`Reach::expect`] does.
fn expected(line: &Line, count: Count, post: &EngagedPost, recent: bool) -> f32 {
    let mut author = post.author.clone();
    if !recent {
        author.recent.clear();
    }
    let known = Known::of(Platform::Other, Some(&author), Some(&post.form));
    let habits = Habits {
        speak: 0.0,
        counts: BTreeMap::from([(count, line.clone())]),
    };
    let one = Reach {
        made_by: String::new(),
        typical_followers: TYPICAL,
        arrived: Vec::new(),
        platforms: BTreeMap::from([(Platform::Other.name().to_owned(), habits)]),
        cascades: BTreeMap::new(),
    };
    one.expect(count, &known).map_or(0.0, |e| e.log)
}

/// Posts of an author at which their median says as much as its followers: the spread of an
/// author's posts over that of authors.
fn half(known: &[(&EngagedPost, f64, f64)], level: f64, slope: f64) -> f64 {
    let mut authors: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (post, x, y) in known {
        let off = y - level - slope * x;
        authors.entry(&post.author_key).or_default().push(off);
    }
    let authors: Vec<&Vec<f64>> = authors.values().filter(|a| a.len() >= SPREAD_OF).collect();
    let mean = |a: &[f64]| a.iter().sum::<f64>() / a.len() as f64;
    let within: Vec<f64> = authors
        .iter()
        .map(|a| {
            let m = mean(a);
            a.iter().map(|x| (x - m).powi(2)).sum::<f64>() / (a.len() - 1) as f64
        })
        .collect();
    let means: Vec<f64> = authors.iter().map(|a| mean(a)).collect();
    let centre = mean(&means);
    let between = means.iter().map(|m| (m - centre).powi(2)).sum::<f64>() / means.len() as f64;
    let noise: Vec<f64> = authors
        .iter()
        .zip(&within)
        .map(|(a, w)| w / a.len() as f64)
        .collect();
    mean(&within) / (between - mean(&noise)).max(0.05)
}

/// One number of the form, its effect, and the 95 % interval of that over authors.
pub struct Effect {
    /// Which.
    pub number: Number,
    /// Its mean over posts.
    pub mean: f64,
    /// Rise of ln(1 + count) for each unit, all other numbers being the same.
    pub rise: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// What each number of a text's form does to a count, beside what is usual of the author.
pub fn effects(count: Count, posts: &[EngagedPost]) -> Vec<Effect> {
    let mut authors: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let (mut rows, mut y) = (Vec::new(), Vec::new());
    for post in posts {
        let mut others: Vec<f64> = post
            .others
            .iter()
            .filter_map(|o| log_of(count, o))
            .collect();
        let (false, Some(own)) = (others.is_empty(), log_of(count, &post.counts)) else {
            continue;
        };
        others.sort_by(f64::total_cmp);
        authors.entry(&post.author_key).or_default().push(y.len());
        y.push((own - quantile(&others, 0.5)).clamp(-CUT, CUT));
        let numbers = post.form.numbers().iter().map(|&x| f64::from(x));
        rows.push(std::iter::once(1.0).chain(numbers).collect::<Vec<f64>>());
    }
    if authors.len() < 30 {
        return Vec::new();
    }
    let n = rows.len() as f64;
    let means: Vec<f64> = (0..rows[0].len())
        .map(|j| rows.iter().map(|row| row[j]).sum::<f64>() / n)
        .collect();
    for row in &mut rows {
        for (x, mean) in row.iter_mut().zip(&means).skip(1) {
            *x -= mean;
        }
    }
    let all = least_squares(&rows, &y, 1e-3);
    let groups: Vec<&Vec<usize>> = authors.values().collect();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let drawn: Vec<Vec<f64>> = (0..ROUNDS)
        .map(|_| {
            let picked = (0..groups.len()).flat_map(|_| groups[rng.random_range(0..groups.len())]);
            let picked: Vec<usize> = picked.copied().collect();
            let rows: Vec<Vec<f64>> = picked.iter().map(|&i| rows[i].clone()).collect();
            let y: Vec<f64> = picked.iter().map(|&i| y[i]).collect();
            least_squares(&rows, &y, 1e-3)
        })
        .collect();
    let effect = |(i, &number): (usize, &Number)| {
        let mut rises: Vec<f64> = drawn.iter().map(|found| found[i + 1]).collect();
        rises.sort_by(f64::total_cmp);
        Effect {
            number,
            mean: means[i + 1],
            rise: all[i + 1],
            low: quantile(&rises, 0.025),
            high: quantile(&rises, 0.975),
        }
    };
    Number::ALL.iter().enumerate().map(effect).collect()
}

/// The effects whose interval leaves their sign certain.
fn form_effects(count: Count, train: &[EngagedPost]) -> Vec<FormEffect> {
    let certain = effects(count, train).into_iter();
    certain
        .filter(|e| e.low * e.high > 0.0)
        .map(|e| FormEffect {
            number: e.number,
            mean: rounded(e.mean),
            rise: rounded(e.rise),
        })
        .collect()
}

/// Level and slope of a line through points.
fn line(points: &[(f64, f64)]) -> (f64, f64) {
    let rows: Vec<Vec<f64>> = points.iter().map(|(x, _)| vec![1.0, *x]).collect();
    let y: Vec<f64> = points.iter().map(|(_, y)| *y).collect();
    let found = least_squares(&rows, &y, 1e-6);
    (found[0], found[1])
}

fn rounded(x: f64) -> f32 {
    ((x * 1e4).round() / 1e4) as f32
}
