//! Likes: what words say of them, as a line on the vectors of an author's posts beside the median of
//! its likes.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result};
use candle_core::{Device, Tensor};

use crate::diffusion::reach::{Count, Known, Reach, Told};
use crate::heads::likes::{LEARNT, Likes, LikesLine};
use crate::post::{Author, Platform};
use crate::text::{Language, clean, detect};

use crate::train::data::engagement::{EngagedPost, SETS, posts};
use crate::train::data::folders::Sources;
use crate::train::data::sets::Split;
use crate::train::data::texts::Embeddings;
use crate::train::fit::linear::least_squares;
use crate::train::heads::trained::{HeadFile, Held, NO_HEAD, TrainedHead, Training};
use crate::train::metrics::{Estimate, MetricRow, auc, bootstrap, quantile};

/// Fewest posts of an author that are set against its median.
pub const RANKED: usize = 5;
/// Fewest recent posts with which an author counts as known.
pub const KNOWN: usize = 3;
/// Likes that are further from the median than this (of ln) count as so far: a post that went round
/// the world says nothing of words.
const CUT: f64 = 3.0;
/// Costs of a squared weight that are tried, in shares of the mean weight of a post.
const RIDGES: [f64; 4] = [3.0, 10.0, 30.0, 100.0];
/// The cost where a line is only set against posts of another source.
const PLAIN_RIDGE: f64 = 30.0;
/// Most training posts of a source that such a line is fitted to.
const PLAIN_MOST: usize = 4_000;
/// Shares of a line's rise that are tried, the largest first.
const SHARES: [f64; 4] = [1.0, 0.75, 0.5, 0.25];
/// A share is taken if forecasts by recent posts err no more with it than without, but for so much.
const NO_WORSE: f64 = 1.005;
/// Share of training posts whose rise is told in full; those beyond are cut to it.
const WHOLE: f64 = 0.95;

/// How the lines are fitted and measured.
pub const HEAD: TrainedHead = TrainedHead {
    name: "likes",
    about: "What words say of the likes of a post, beside others of its author",
    files: &[HeadFile {
        prefix: "likes.",
        name: "likes.safetensors",
    }],
    settings: &[],
    train,
    evaluate,
    predictions: None,
};

/// A post of which all was read.
pub struct ReadPost {
    /// The post.
    pub post: EngagedPost,
    /// Its text as it is read.
    pub text: String,
    /// The language of that.
    pub language: Option<Language>,
    /// Its vector.
    pub vector: Vec<f32>,
}

impl ReadPost {
    fn row(&self) -> Vec<f64> {
        self.vector.iter().map(|&x| f64::from(x)).collect()
    }

    /// ln(1 + likes).
    fn log(&self) -> Option<f64> {
        Some((self.post.counts.likes? as f64).ln_1p())
    }

    /// What `likes` tell of it on `platform`.
    pub fn told(&self, likes: &Likes, platform: Platform) -> Option<Told> {
        likes.told(platform, self.language, &self.vector, &self.text)
    }
}

/// At most `most` posts of each source, in even steps.
fn thinned(posts: Vec<EngagedPost>, most: usize) -> Vec<EngagedPost> {
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for post in &posts {
        counts.entry(post.source.clone()).or_default().0 += 1;
    }
    let kept = posts.into_iter().filter(|post| {
        let (all, seen) = counts.entry(post.source.clone()).or_default();
        *seen += 1;
        (*seen - 1) % all.div_ceil(most) == 0
    });
    kept.collect()
}

/// The posts of a platform's set, at most `most` of each source, with the vectors of their texts.
///
/// # Errors
/// When the platform has no set, or it can't be read.
pub fn read(
    sources: &Sources,
    platform: Platform,
    (split, most): (Split, usize),
    embeddings: &Embeddings,
) -> Result<Vec<ReadPost>> {
    let set = SETS.iter().find(|set| set.platform == platform);
    let set = set.with_context(|| format!("no set has posts of {}", platform.name()))?;
    let posts = thinned(posts(sources.data(), set, split)?, most);
    let texts: Vec<String> = posts.iter().map(|post| clean(&post.text)).collect();
    let vectors = embeddings.of(&format!("{}.{}", set.name, split.name()), &texts)?;
    let read = posts.into_iter().zip(texts).zip(vectors);
    Ok(read
        .map(|((post, text), vector)| ReadPost {
            language: detect(&text).language,
            post,
            text,
            vector,
        })
        .collect())
}

/// The posts of each author that has likes of `RANKED` or more.
fn ranked<'a>(posts: impl IntoIterator<Item = &'a ReadPost>) -> Vec<Vec<&'a ReadPost>> {
    let mut authors: BTreeMap<&str, Vec<&ReadPost>> = BTreeMap::new();
    for post in posts.into_iter().filter(|post| post.log().is_some()) {
        authors.entry(&post.post.author_key).or_default().push(post);
    }
    authors
        .into_values()
        .filter(|a| a.len() >= RANKED)
        .collect()
}

fn middle(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = numbers.collect();
    all.sort_by(f64::total_cmp);
    quantile(&all, 0.5)
}

fn mean(rows: &[Vec<f64>]) -> Vec<f64> {
    let mut sums = vec![0.0; rows.first().map_or(0, Vec::len)];
    for row in rows {
        sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
    }
    sums.iter().map(|sum| sum / rows.len() as f64).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, w)| x * w).sum()
}

fn variance(numbers: &[f64]) -> f64 {
    let centre = numbers.iter().sum::<f64>() / numbers.len() as f64;
    numbers.iter().map(|x| (x - centre).powi(2)).sum::<f64>() / numbers.len() as f64
}

/// Vectors and likes of posts that are compared with each other, both less what is usual of those.
struct Group {
    rows: Vec<Vec<f64>>,
    above: Vec<f64>,
    usual: Vec<f64>,
}

impl Group {
    fn new(rows: Vec<Vec<f64>>, logs: &[f64]) -> Self {
        let usual = mean(&rows);
        let centred = rows
            .iter()
            .map(|row| row.iter().zip(&usual).map(|(x, m)| x - m).collect());
        let median = middle(logs.iter().copied());
        Group {
            rows: centred.collect(),
            above: logs.iter().map(|y| (y - median).clamp(-CUT, CUT)).collect(),
            usual,
        }
    }

    /// One of each author, who is compared with nobody else.
    fn of_authors(authors: &[Vec<&ReadPost>]) -> Vec<Group> {
        let group = |posts: &Vec<&ReadPost>| {
            let logs: Vec<f64> = posts.iter().filter_map(|post| post.log()).collect();
            Group::new(posts.iter().map(|post| post.row()).collect(), &logs)
        };
        authors.iter().map(group).collect()
    }
}

/// A line on centred vectors: an author who posts much weighs more, but less than in proportion.
fn fit(groups: &[Group], ridge: f64) -> Vec<f64> {
    let (mut rows, mut y, mut weights) = (Vec::new(), Vec::new(), 0.0);
    for group in groups {
        let weight = (group.rows.len() as f64).powf(-0.5);
        let root = weight.sqrt();
        for (row, above) in group.rows.iter().zip(&group.above) {
            rows.push(row.iter().map(|x| root * x).collect::<Vec<f64>>());
            y.push(root * above);
            weights += weight;
        }
    }
    least_squares(&rows, &y, ridge * weights / rows.len() as f64)
}

/// The line as it is kept, at `share` of its rise.
fn line(groups: &[Group], weights: &[f64], share: f64) -> LikesLine {
    let usual: Vec<Vec<f64>> = groups.iter().map(|group| group.usual.clone()).collect();
    let centre = dot(&mean(&usual), weights);
    let of_authors: Vec<f64> = usual.iter().map(|usual| dot(usual, weights)).collect();
    let mut rises = Vec::new();
    let (mut within, mut noise) = (0.0, 0.0);
    for (group, own) in groups.iter().zip(&of_authors) {
        let inside: Vec<f64> = group.rows.iter().map(|row| dot(row, weights)).collect();
        rises.extend(inside.iter().map(|rise| (rise + own - centre).abs()));
        within += variance(&inside) / groups.len() as f64;
        noise += variance(&inside) / inside.len() as f64 / groups.len() as f64;
    }
    rises.sort_by(f64::total_cmp);
    let between = (variance(&of_authors) - noise).max(0.0);
    LikesLine {
        weights: weights.iter().map(|w| (share * w) as f32).collect(),
        bias: (-share * centre) as f32,
        most: (share * quantile(&rises, WHOLE)) as f32,
        usual: (between / (between + within)) as f32,
    }
}

/// AUC with which `rise` tells an author's better posts from its others, for each author.
fn within(authors: &[Vec<&ReadPost>], rise: impl Fn(&ReadPost) -> f32) -> Vec<f64> {
    let of = |posts: &Vec<&ReadPost>| {
        let logs: Vec<f64> = posts.iter().filter_map(|post| post.log()).collect();
        let median = middle(logs.iter().copied());
        let better: Vec<bool> = logs.iter().map(|&y| y > median).collect();
        let rises: Vec<f32> = posts.iter().map(|post| rise(post)).collect();
        Some(auc(&better, &rises)).filter(|auc| !auc.is_nan())
    };
    authors.iter().filter_map(of).collect()
}

/// Mean error of ln(1 + likes) of posts whose author's last ones are known.
fn error(posts: &[ReadPost], platform: Platform, told: impl Fn(&ReadPost) -> Option<Told>) -> f64 {
    let errors = posts.iter().filter_map(|read| {
        let author = &read.post.author;
        (author.recent.len() >= KNOWN).then_some(())?;
        let known = Known {
            told: told(read),
            ..Known::of(platform, Some(author), Some(&read.post.form))
        };
        let expected = Reach::learnt().expect(Count::Likes, &known)?;
        Some((read.log()? - f64::from(expected.log)).abs())
    });
    let errors: Vec<f64> = errors.collect();
    errors.iter().sum::<f64>() / errors.len() as f64
}

/// Fits the line of each platform on training authors; its ridge and the share of its rise that is
/// told are chosen on validation authors.
fn train(training: &Training) -> Result<()> {
    let student = training.student()?;
    let embeddings = Embeddings::new(&student, &training.sources.folders.runs)?;
    let mut lines = Vec::new();
    for (platform, language) in LEARNT {
        let read = |split| {
            read(
                &training.sources,
                platform,
                (split, usize::MAX),
                &embeddings,
            )
        };
        let (train, valid) = (read(Split::Train)?, read(Split::Valid)?);
        let groups = Group::of_authors(&ranked(&train));
        let authors = ranked(&valid);
        let mut best: Option<(f64, f64, Vec<f64>)> = None;
        for ridge in RIDGES {
            let weights = fit(&groups, ridge);
            let whole = line(&groups, &weights, 1.0);
            let aucs = within(&authors, |post| whole.told(&post.vector, &post.text).rise);
            let mean = aucs.iter().sum::<f64>() / aucs.len() as f64;
            println!(
                "{}, ridge {ridge}: auc within authors {mean:.3}",
                platform.name()
            );
            if best.as_ref().is_none_or(|(most, ..)| mean > *most) {
                best = Some((mean, ridge, weights));
            }
        }
        let (_, ridge, weights) = best.context("no ridge")?;
        let without = error(&valid, platform, |_| None);
        let tried = SHARES.into_iter().map(|share| {
            let line = line(&groups, &weights, share);
            let with = error(&valid, platform, |post| {
                let known = post.language.is_none_or(|of| of == language);
                known.then(|| line.told(&post.vector, &post.text))
            });
            println!(
                "{}, share {share}: error by recent posts {with:.4}, without the line {without:.4}",
                platform.name()
            );
            (line, share, with)
        });
        let (line, share, _) = tried
            .into_iter()
            .find(|(.., with)| *with <= NO_WORSE * without)
            .with_context(|| format!("words tell nothing on {}", platform.name()))?;
        println!(
            "{}: {} authors, ridge {ridge}, share {share}, most {:.3}, usual {:.3}",
            platform.name(),
            groups.len(),
            line.most,
            line.usual
        );
        lines.push(line);
    }
    save(&lines, training)
}

fn save(lines: &[LikesLine], training: &Training) -> Result<()> {
    let device = &Device::Cpu;
    let weight: Vec<&[f32]> = lines.iter().map(|line| &line.weights[..]).collect();
    let width = weight.first().map_or(0, |row| row.len());
    let column = |of: fn(&LikesLine) -> f32| {
        let numbers: Vec<f32> = lines.iter().map(of).collect();
        Tensor::new(numbers, device)
    };
    let tensors = HashMap::from([
        (
            "weight".to_owned(),
            Tensor::from_vec(weight.concat(), (lines.len(), width), device)?,
        ),
        ("bias".to_owned(), column(|line| line.bias)?),
        ("most".to_owned(), column(|line| line.most)?),
        ("usual".to_owned(), column(|line| line.usual)?),
    ]);
    let path = training.sources.to_make(HEAD.files[0].name)?;
    candle_core::safetensors::save(&tensors, path)?;
    Ok(())
}

/// How well words tell an author's better posts from its others, alone and beside the form; and what
/// a line that was learnt on one source tells of each other.
fn evaluate(held: &Held) -> Result<Vec<MetricRow>> {
    let Some(likes) = held.scorer.reader().likes() else {
        return Ok(held.left_out(HEAD.name, NO_HEAD));
    };
    let mut out = Vec::new();
    let mut sources = Vec::new();
    for (platform, _) in LEARNT {
        let read = |split, most| read(held.sources, platform, (split, most), held.embeddings);
        let train = read(Split::Train, PLAIN_MOST)?;
        let posts = read(held.split, usize::MAX)?;
        let words = |post: &ReadPost| post.told(likes, platform).map_or(0.0, |told| told.rise);
        let form = |post: &ReadPost| {
            let author = Author::default();
            let known = Known::of(platform, Some(&author), Some(&post.post.form));
            let expected = Reach::learnt().expect(Count::Likes, &known);
            expected.map_or(0.0, |expected| expected.log)
        };
        let authors = ranked(&posts);
        for (method, aucs) in [
            ("model", within(&authors, words)),
            ("form alone", within(&authors, form)),
            ("model and form", within(&authors, |p| words(p) + form(p))),
        ] {
            let row = MetricRow::new(
                "likes",
                platform.name(),
                method,
                "auc within authors",
                aucs.len(),
                mean_of(&aucs),
            );
            out.push(row);
        }
        sources.extend(by_source(platform, train, posts));
    }
    for learnt in &sources {
        let weights = fit(&learnt.groups(), PLAIN_RIDGE);
        for judged in &sources {
            let (metric, n, estimate) = judged.judge(&weights);
            let slice = format!("learnt on {}, of {}", learnt.name, judged.name);
            out.push(MetricRow::new(
                "likes, across",
                slice,
                "model",
                metric,
                n,
                estimate,
            ));
        }
    }
    Ok(out)
}

fn mean_of(numbers: &[f64]) -> Estimate {
    bootstrap(numbers.len(), |at| {
        at.iter().map(|&i| numbers[i]).sum::<f64>() / at.len() as f64
    })
}

/// The posts of one source.
struct Source {
    name: String,
    platform: Platform,
    train: Vec<ReadPost>,
    held: Vec<ReadPost>,
}

fn by_source(platform: Platform, train: Vec<ReadPost>, held: Vec<ReadPost>) -> Vec<Source> {
    let mut sources: BTreeMap<String, Source> = BTreeMap::new();
    let posts = train.into_iter().map(|post| (true, post));
    for (fitted, post) in posts.chain(held.into_iter().map(|post| (false, post))) {
        let name = post.post.source.clone();
        let source = sources.entry(name.clone()).or_insert_with(|| Source {
            name,
            platform,
            train: Vec::new(),
            held: Vec::new(),
        });
        if fitted {
            &mut source.train
        } else {
            &mut source.held
        }
        .push(post);
    }
    sources.into_values().collect()
}

impl Source {
    /// Whether most of its posts are by authors that have several.
    fn has_authors(&self) -> bool {
        let several: usize = ranked(&self.train).iter().map(Vec::len).sum();
        2 * several > self.train.len()
    }

    /// ln(1 + likes) above what followers lead to expect, of the posts where those are known.
    fn beside_followers<'a>(&self, posts: &'a [ReadPost]) -> Vec<(&'a ReadPost, f64)> {
        let above = |post: &ReadPost| {
            let author = Author {
                followers: Some(post.post.author.followers?),
                ..Author::default()
            };
            let known = Known::of(self.platform, Some(&author), None);
            let expected = Reach::learnt().expect(Count::Likes, &known)?;
            Some(post.log()? - f64::from(expected.log))
        };
        posts
            .iter()
            .filter_map(|post| Some((post, above(post)?)))
            .collect()
    }

    /// What a line is fitted to: posts beside others of their author, or all together beside their
    /// authors' followers.
    fn groups(&self) -> Vec<Group> {
        if self.has_authors() {
            return Group::of_authors(&ranked(&self.train));
        }
        let (posts, above): (Vec<&ReadPost>, Vec<f64>) =
            self.beside_followers(&self.train).into_iter().unzip();
        vec![Group::new(
            posts.iter().map(|post| post.row()).collect(),
            &above,
        )]
    }

    /// How well a line tells its better held-out posts from the others, likewise.
    fn judge(&self, weights: &[f64]) -> (&'static str, usize, Estimate) {
        if self.has_authors() {
            let aucs = within(&ranked(&self.held), |post| dot(&post.row(), weights) as f32);
            return ("auc within authors", aucs.len(), mean_of(&aucs));
        }
        let posts = self.beside_followers(&self.held);
        let median = middle(posts.iter().map(|(_, above)| *above));
        let better: Vec<bool> = posts.iter().map(|(_, above)| *above > median).collect();
        let rises: Vec<f32> = posts
            .iter()
            .map(|(post, _)| dot(&post.row(), weights) as f32)
            .collect();
        let estimate = bootstrap(posts.len(), |at| {
            let better: Vec<bool> = at.iter().map(|&i| better[i]).collect();
            let rises: Vec<f32> = at.iter().map(|&i| rises[i]).collect();
            auc(&better, &rises)
        });
        ("auc beside followers", posts.len(), estimate)
    }
}
