//! Irony: from our own posts that are meant the other way; measured on sarcastic comments and tweets too.

use std::path::Path;

use anyhow::{Context, Result};

use crate::heads::irony;
use crate::train::data::sets::Split;
use crate::train::data::texts::Embeddings;
use crate::train::data::today::{self, OWN, posts, sarcasm};
use crate::train::fit::labelled::{Labelled, fit_head};
use crate::train::heads::trained::{HeadFile, Held, NO_HEAD, SEED, TrainedHead, Training};
use crate::train::metrics::{MetricRow, accuracy, auc, bootstrap_pair, f1_of};

/// How the head is fitted and measured.
pub const HEAD: TrainedHead = TrainedHead {
    name: irony::HEAD.code,
    about: "The probability that a text is meant the other way",
    files: &[HeadFile {
        prefix: "irony.",
        name: "irony.safetensors",
    }],
    settings: &[SEED],
    train,
    evaluate,
    predictions: None,
};

/// What is measured: our own posts; comments under a topic (zh) and tweets whose authors say so (en).
/// These two mean other things by it, and half of the comments are sarcastic: a head that learnt from
/// them took a tenth of sincere posts for irony.
const SETS: [&str; 3] = [OWN, "zh_sarcasm", "en_sarcasm"];
/// Posts, reviews and tweets that are taken as sincere, for nearly all are; so many of each.
const SINCERE: [&str; 4] = [
    "zh_weibo_sentiment",
    "zh_review_sentiment",
    "en_tweet_sentiment",
    "en_brand_sentiment",
];
const SINCERE_TEXTS: usize = 1_500;

/// Our own posts, and sincere ones of other sets.
fn examples(data: &Path, split: Split, embeddings: &Embeddings) -> Result<Labelled> {
    let mut all = read(data, OWN, split, embeddings)?;
    let most = match split {
        Split::Train => SINCERE_TEXTS,
        Split::Valid | Split::Test => SINCERE_TEXTS / 8,
    };
    for set in SINCERE {
        all.extend(Labelled::read(
            data,
            set,
            split,
            most,
            |_| Some(0),
            embeddings,
        )?)?;
    }
    Ok(all)
}

fn read(data: &Path, set: &str, split: Split, embeddings: &Embeddings) -> Result<Labelled> {
    let labelled = match set {
        OWN => posts(data, OWN, split)?
            .into_iter()
            .map(|post| (post.text, usize::from(post.ironic)))
            .unzip(),
        _ => sarcasm(data, set, split)?
            .into_iter()
            .map(|example| (example.text, example.class))
            .unzip(),
    };
    Labelled::of(set, labelled, embeddings)
}

fn train(training: &Training) -> Result<()> {
    let data = training.sources.data();
    let student = training.student()?;
    let embeddings = Embeddings::new(&student, &training.sources.folders.runs)?;
    let all = |split| examples(data, split, &embeddings);
    let (train, valid) = (all(Split::Train)?, all(Split::Valid)?);
    let linear = training.linear(HEAD.name)?;
    let classes = irony::HEAD.classes;
    let (vars, deployed, t) = fit_head(&train, &valid, classes, training.seed(), linear.as_ref())?;
    let out = training.sources.to_make(HEAD.files[0].name)?;
    vars.save(&out)
        .with_context(|| format!("writing {}", out.display()))?;
    println!("{} texts, temperature {t:.3}", train.classes.len());
    let sincere = truth(&valid)
        .iter()
        .map(|ironic| !ironic)
        .collect::<Vec<_>>();
    let taken = from(&probabilities(&deployed, &valid)?, irony::LIKELY);
    let wrong = sincere
        .iter()
        .zip(&taken)
        .filter(|(s, t)| **s && **t)
        .count();
    println!(
        "{wrong} of {} sincere validation texts taken for irony",
        sincere.iter().filter(|s| **s).count()
    );
    for set in SETS {
        let valid = read(data, set, Split::Valid, &embeddings)?;
        let found = probabilities(&deployed, &valid)?;
        let ironic = truth(&valid);
        let (limit, f1) = best_limit(&ironic, &found);
        println!(
            "{set:12} AUC {:.4}, F1 {f1:.4} from {limit:.2} on, accuracy {:.4} from 0.5 on",
            auc(&ironic, &found),
            accuracy(&ironic, &from(&found, irony::LIKELY)),
        );
    }
    Ok(())
}

fn truth(texts: &Labelled) -> Vec<bool> {
    texts.classes.iter().map(|&class| class == 1).collect()
}

fn from(probabilities: &[f32], limit: f32) -> Vec<bool> {
    probabilities.iter().map(|&p| p >= limit).collect()
}

fn probabilities(
    head: &crate::heads::classifier::Classifier,
    texts: &Labelled,
) -> Result<Vec<f32>> {
    let vectors: Vec<Vec<f32>> = texts.x.to_vec2()?;
    let read = vectors.iter().map(|vector| irony::HEAD.read(head, vector));
    Ok(read.collect::<crate::Result<_>>()?)
}

/// The probability from which on texts are best called ironic, by F1, and that F1.
fn best_limit(ironic: &[bool], found: &[f32]) -> (f32, f64) {
    let limits = (1..40).map(|step| step as f32 / 40.0);
    let scored = limits.map(|limit| (limit, f1_of(ironic, &from(found, limit))));
    scored
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .unwrap_or((irony::LIKELY, 0.0))
}

/// Per set AUC; accuracy from [`irony::LIKELY`] on; and F1 from the limit on that is best on validation,
/// for the sets' shares of irony differ.
fn evaluate(held: &Held) -> Result<Vec<MetricRow>> {
    let Some(head) = held.scorer.reader().indicators().get(HEAD.name) else {
        return Ok(held.left_out(HEAD.name, NO_HEAD));
    };
    let data = held.sources.data();
    let mut rows = Vec::new();
    for set in SETS {
        let valid = read(data, set, Split::Valid, held.embeddings)?;
        let (limit, _) = best_limit(&truth(&valid), &probabilities(head, &valid)?);
        let of = read(data, set, held.split, held.embeddings)?;
        rows.extend(figures(set, &truth(&of), &probabilities(head, &of)?, limit));
    }
    if held.split == Split::Test {
        let (texts, classes) = posts(data, today::REAL, held.split)?
            .into_iter()
            .map(|post| (post.text, usize::from(post.ironic)))
            .unzip();
        let real = Labelled::of(today::REAL, (texts, classes), held.embeddings)?;
        let found = probabilities(head, &real)?;
        rows.extend(figures(today::REAL, &truth(&real), &found, irony::LIKELY));
    }
    Ok(rows)
}

fn figures(set: &str, ironic: &[bool], found: &[f32], limit: f32) -> [MetricRow; 3] {
    let row = |metric: &str, estimate| {
        MetricRow::new("irony", set, "model", metric, ironic.len(), estimate)
    };
    let likely = from(found, irony::LIKELY);
    [
        row("auc", bootstrap_pair(ironic, found, auc)),
        row("accuracy", bootstrap_pair(ironic, &likely, accuracy)),
        row("f1", bootstrap_pair(ironic, &from(found, limit), f1_of)),
    ]
}
