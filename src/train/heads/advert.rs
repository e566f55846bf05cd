//! Advertisement: how much a text reads like one, from our own posts and from the weak labels of
//! [`crate::train::data::cues`]; measured on posts labelled by hand.

use std::collections::HashSet;
use std::path::Path;

use crate::definition::features::EMBEDDING;
use crate::heads::advert;
use crate::heads::classifier::{Classifier, HIDDEN};
use crate::layers::tensors::Tensors;
use crate::text::{Language, clean};
use anyhow::{Context, Result};
use candle_core::{Device, Tensor};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;

use crate::train::data::cues::{Cues, GRADES};
use crate::train::data::sets::Split;
use crate::train::data::texts::{Embeddings, language, sample};
use crate::train::data::today::{self, OWN, TodaysPost};
use crate::train::fit::ngrams::NgramModel;
use crate::train::fit::optimise::{
    HeadPlan, Mlp, begin_at, file_of_vars, fit, matrix, scale_layer, start, temperature,
};
use crate::train::heads::trained::{HeadFile, Held, NO_HEAD, Setting, TrainedHead, Training};
use crate::train::metrics::{MetricRow, auc, bootstrap_pair, spearman};

/// Sets, and true for those that buyers wrote.
const SETS: [(&str, bool); 9] = [
    ("zh_weibo_sentiment", false),
    ("zh_weibo_emotion", false),
    ("zh_weibo_hashtag", false),
    ("zh_weibo_cascades", false),
    ("zh_review_sentiment", true),
    ("en_tweet_sentiment", false),
    ("en_brand_sentiment", false),
    ("en_twitter_cascades", false),
    ("en_emotion", true),
];
/// Most training texts of a set and grade; a fifth of it to be validated on.
const MOST: [usize; GRADES.len()] = [500, 250, 400, 500, usize::MAX];
/// Name of the file that keeps the embeddings.
const KEPT: &str = "advert";
/// Share of the cues that training texts lose: some stay, because posts that are scored have them.
const DROPPED: f64 = 0.5;
const SEED: u64 = 1;
const LANGUAGES: [Language; 2] = [Language::Zh, Language::En];

/// Texts to print, for a reader of what the cues catch.
const SHOW: Setting = Setting {
    name: "show",
    about: "Print so many texts of each set, language and grade, and fit nothing",
    default: 0,
};

/// How the head is fitted and measured.
pub const HEAD: TrainedHead = TrainedHead {
    name: advert::HEAD.code,
    about: "How much a text reads like an advertisement",
    files: &[HeadFile {
        prefix: "advert.",
        name: "advert.safetensors",
    }],
    settings: &[SHOW],
    train,
    evaluate,
    predictions: None,
};

/// A text that was graded, as much of it as is left.
struct Row {
    set: &'static str,
    language: Language,
    grade: usize,
    text: String,
}

/// Graded texts of a split, which lost `dropped` of their cues.
fn read(data: &Path, split: Split, dropped: f64) -> Result<Vec<Row>> {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let (mut found, mut known) = (Vec::new(), HashSet::new());
    for (set, bought) in SETS {
        let language = language(set);
        let cues = Cues::of(language)?;
        let mut counts = [0; GRADES.len()];
        for row in sample(data, set, split, usize::MAX, |_| true)? {
            let Some(grade) = cues.find(&row.text).grade(bought) else {
                continue;
            };
            let most = match split {
                Split::Train => MOST[grade],
                _ => MOST[grade] / 5,
            };
            if counts[grade] == most || !known.insert(row.text.clone()) {
                continue;
            }
            counts[grade] += 1;
            let text = clean(&cues.without(&row.text, dropped, &mut rng));
            if !text.is_empty() {
                found.push(Row {
                    set,
                    language,
                    grade,
                    text,
                });
            }
        }
    }
    Ok(found)
}

/// Our own posts of a split, graded by those who wrote them; they keep their cues.
fn own(data: &Path, split: Split) -> Result<Vec<Row>> {
    let posts = today::posts(data, OWN, split)?.into_iter();
    let of = |post: TodaysPost| {
        let share = post.advert?;
        let distance = |grade: usize| (GRADES[grade] - share).abs();
        Some(Row {
            set: OWN,
            language: post.lang,
            grade: (0..GRADES.len()).min_by(|&a, &b| distance(a).total_cmp(&distance(b)))?,
            text: post.text,
        })
    };
    Ok(posts.filter_map(of).collect())
}

/// How many rows there are of each row's language and grade.
fn class_counts(rows: &[Row]) -> Vec<usize> {
    let mut counts = [[0; GRADES.len()]; LANGUAGES.len()];
    let language = |row: &Row| usize::from(row.language != LANGUAGES[0]);
    for row in rows {
        counts[language(row)][row.grade] += 1;
    }
    let of = |row: &Row| counts[language(row)][row.grade];
    rows.iter().map(of).collect()
}

/// Row numbers, those of rare languages and grades repeated until all count about the same.
fn balanced(rows: &[Row]) -> Vec<usize> {
    let counts = class_counts(rows);
    let most = counts.iter().copied().max().unwrap_or(0);
    let times = |i: usize| (most + counts[i] / 2) / counts[i];
    let all = (0..rows.len()).flat_map(|i| std::iter::repeat_n(i, times(i)));
    all.collect()
}

fn vectors(rows: &[Row], embeddings: &Embeddings) -> Result<Vec<Vec<f32>>> {
    let texts: Vec<String> = rows.iter().map(|row| row.text.clone()).collect();
    embeddings.of(KEPT, &texts)
}

/// The shares of both ends of rows (n, 2).
fn targets(rows: &[Row]) -> Result<Tensor> {
    let ends = |row: &Row| vec![1.0 - GRADES[row.grade], GRADES[row.grade]];
    matrix(&rows.iter().map(ends).collect::<Vec<_>>())
}

/// Cross entropy of each row (n).
fn losses(logits: &Tensor, targets: &Tensor) -> candle_core::Result<Tensor> {
    let log = candle_nn::ops::log_softmax(logits, 1)?;
    (log * targets)?.sum(1)?.neg()
}

/// Calibrates on validation texts without any cue.
fn train(training: &Training) -> Result<()> {
    let data = training.sources.data();
    let shown = training.value(&SHOW);
    if shown > 0 {
        return show(data, shown);
    }
    let student = training.student()?;
    let embeddings = Embeddings::new(&student, &training.sources.folders.runs)?;
    let mut train = read(data, Split::Train, DROPPED)?;
    train.extend(own(data, Split::Train)?);
    let mut valid = read(data, Split::Valid, 1.0)?;
    valid.extend(own(data, Split::Valid)?);
    let (x, y) = (matrix(&vectors(&train, &embeddings)?)?, targets(&train)?);
    let held = vectors(&valid, &embeddings)?;
    let (held_x, held_y) = (matrix(&held)?, targets(&valid)?);
    let weights: Vec<f32> = class_counts(&valid)
        .iter()
        .map(|&n| 1.0 / n as f32)
        .collect();
    let sum: f32 = weights.iter().sum();
    let weights = (Tensor::new(weights, &Device::Cpu)? / f64::from(sum))?;
    let order: Vec<u32> = balanced(&train).into_iter().map(|i| i as u32).collect();
    let order = Tensor::new(order, &Device::Cpu)?;

    let layers = [
        ("hidden", EMBEDDING, HIDDEN),
        ("out", HIDDEN, advert::HEAD.classes),
    ];
    let vars = start(&layers, SEED)?;
    if let Some(linear) = training.linear(HEAD.name)? {
        begin_at(&vars, &linear)?;
    }
    let head = Mlp::new(&vars, &layers, Tensor::relu)?;
    let plan = HeadPlan {
        epochs: 40,
        batch: 256,
        rate: 2e-3,
        decay: 1e-2,
        patience: 6,
        seed: SEED,
    };
    let loss = |rows: &Tensor| {
        let rows = order.index_select(rows, 0)?;
        let logits = head.logits(&x.index_select(&rows, 0)?)?;
        losses(&logits, &y.index_select(&rows, 0)?)?.mean_all()
    };
    let valid_loss = |factor: f64| -> Result<f64> {
        let losses = losses(&(head.logits(&held_x)? * factor)?, &held_y)?;
        Ok(f64::from(
            (losses * &weights)?.sum_all()?.to_scalar::<f32>()?,
        ))
    };
    let best = fit(&vars, order.dim(0)?, &plan, loss, || valid_loss(1.0))?;
    let t = temperature(valid_loss)?;
    scale_layer(&vars, "out", 1.0 / t)?;
    let out = training.sources.to_make(HEAD.files[0].name)?;
    vars.save(&out)
        .with_context(|| format!("writing {}", out.display()))?;

    println!(
        "{} texts, loss {best:.4}, temperature {t:.3}; validation texts without their cues:",
        train.len()
    );
    let bytes = file_of_vars(&vars)?;
    let deployed = Classifier::load(&Tensors::open(&bytes)?, advert::HEAD.classes)?;
    weak_figures(&valid, &[("model", scores(&deployed, &held)?)])
        .iter()
        .for_each(|row| println!("{}", row.line()));
    Ok(())
}

/// The head's place of each vector on its scale.
fn scores(head: &Classifier, vectors: &[Vec<f32>]) -> Result<Vec<f32>> {
    let scores = vectors.iter().map(|v| advert::HEAD.read(head, v));
    Ok(scores.collect::<crate::Result<_>>()?)
}

/// Prints how many training texts of each set have each grade, and some of them.
fn show(data: &Path, n: usize) -> Result<()> {
    let rows = read(data, Split::Train, 0.0)?;
    for (set, _) in SETS {
        for (grade, value) in GRADES.iter().enumerate() {
            let of: Vec<&Row> = rows
                .iter()
                .filter(|row| row.set == set && row.grade == grade)
                .collect();
            println!("{set}, {value}: {}", of.len());
            of.iter().take(n).for_each(|row| println!("  {}", row.text));
        }
    }
    Ok(())
}

/// One post of the fixtures.
#[derive(Deserialize)]
struct Fixture {
    language: Language,
    text: String,
    /// 0, 0.5 or 1, by hand.
    advert: f32,
}

/// A character n-gram model of the grades, fitted on what the head is fitted on.
struct Ngrams(NgramModel);

impl Ngrams {
    fn fit(rows: &[Row]) -> Self {
        let all = balanced(rows);
        let examples: Vec<(&str, usize)> = all
            .iter()
            .map(|&i| (rows[i].text.as_str(), rows[i].grade))
            .collect();
        Ngrams(NgramModel::fit(&examples, GRADES.len(), SEED))
    }

    /// The grade it expects.
    fn score(&self, text: &str) -> f32 {
        let share = |(i, grade): (usize, &f32)| grade * self.0.probability(text, i);
        GRADES.iter().enumerate().map(share).sum()
    }
}

/// AUC of hard advertisement against scenes of real use, and rank correlation over all, on the
/// fixtures and on a split's weakly labelled texts without their cues; beside the cues alone and a
/// character n-gram model of the same labels.
fn evaluate(held: &Held) -> Result<Vec<MetricRow>> {
    let Some(head) = held.scorer.reader().indicators().get(HEAD.name) else {
        return Ok(held.left_out(HEAD.name, NO_HEAD));
    };
    let (data, embeddings) = (held.sources.data(), held.embeddings);
    let fixtures = held.fixtures.join("adverts.json");
    let mut learnt = read(data, Split::Train, DROPPED)?;
    learnt.extend(own(data, Split::Train)?);
    let ngrams = Ngrams::fit(&learnt);
    let json =
        std::fs::read(&fixtures).with_context(|| format!("reading {}", fixtures.display()))?;
    let posts: Vec<Fixture> =
        serde_json::from_slice(&json).with_context(|| format!("reading {}", fixtures.display()))?;
    let texts: Vec<String> = posts.iter().map(|post| clean(&post.text)).collect();
    let [zh, en] = [Cues::of(LANGUAGES[0])?, Cues::of(LANGUAGES[1])?];
    let lean = |(post, text): (&Fixture, &String)| {
        let cues = if post.language == Language::Zh {
            &zh
        } else {
            &en
        };
        cues.find(text).lean()
    };
    let methods = [
        ("model", scores(head, &embeddings.of(KEPT, &texts)?)?),
        ("cues alone", posts.iter().zip(&texts).map(lean).collect()),
        (
            "character n-grams",
            texts.iter().map(|text| ngrams.score(text)).collect(),
        ),
    ];
    let mut rows = Vec::new();
    for (slice, of) in [
        ("fixtures", &LANGUAGES[..]),
        ("fixtures, zh", &LANGUAGES[..1]),
        ("fixtures, en", &LANGUAGES[1..]),
    ] {
        let kept: Vec<bool> = posts.iter().map(|p| of.contains(&p.language)).collect();
        let truth: Vec<f32> = posts.iter().map(|post| post.advert).collect();
        rows.extend(figures(slice, &truth, &methods, &kept));
    }
    let held = read(data, held.split, 1.0)?;
    let methods = [
        ("model", scores(head, &vectors(&held, embeddings)?)?),
        (
            "character n-grams",
            held.iter().map(|row| ngrams.score(&row.text)).collect(),
        ),
    ];
    rows.extend(weak_figures(&held, &methods));
    Ok(rows)
}

fn weak_figures(held: &[Row], methods: &[(&str, Vec<f32>)]) -> Vec<MetricRow> {
    let truth: Vec<f32> = held.iter().map(|row| GRADES[row.grade]).collect();
    let of = |(slice, language): (&str, Language)| {
        let kept: Vec<bool> = held.iter().map(|row| row.language == language).collect();
        figures(slice, &truth, methods, &kept)
    };
    let slices = [
        ("weak labels, zh", LANGUAGES[0]),
        ("weak labels, en", LANGUAGES[1]),
    ];
    slices.into_iter().flat_map(of).collect()
}

/// Figures of each method on the rows that are `kept`.
fn figures(
    slice: &str,
    truth: &[f32],
    methods: &[(&str, Vec<f32>)],
    kept: &[bool],
) -> Vec<MetricRow> {
    let mut rows = Vec::new();
    for (method, scores) in methods {
        let pairs = || {
            let all = truth.iter().zip(scores).zip(kept);
            all.filter(|(_, kept)| **kept).map(|((&t, &s), _)| (t, s))
        };
        let (truth, scores): (Vec<f32>, Vec<f32>) = pairs().unzip();
        let (ends, at_ends): (Vec<bool>, Vec<f32>) = pairs()
            .filter(|(t, _)| *t == 0.0 || *t == 1.0)
            .map(|(t, s)| (t == 1.0, s))
            .unzip();
        for (metric, n, estimate) in [
            ("auc", ends.len(), bootstrap_pair(&ends, &at_ends, auc)),
            (
                "spearman",
                truth.len(),
                bootstrap_pair(&truth, &scores, spearman),
            ),
        ] {
            rows.push(MetricRow::new(
                "advert", slice, *method, metric, n, estimate,
            ));
        }
    }
    rows
}
