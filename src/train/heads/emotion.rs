//! Emotions: one head per language on embeddings.

use crate::heads::emotion::{EN, NONE, SURE, ZH};
use std::path::Path;

use crate::text::Language;
use anyhow::{Context, Result};

use crate::train::data::sets::Split;
use crate::train::data::texts::{Embeddings, TextRow, language, sample};
use crate::train::data::today::{OWN, posts};
use crate::train::fit::labelled::{
    Labelled, Predictions, beside_baselines, fit_head, is_correct, predict,
};
use crate::train::heads::trained::{HeadFile, Held, NO_HEAD, SEED, Setting, TrainedHead, Training};
use crate::train::metrics::{
    MetricRow, accuracy, bootstrap, bootstrap_pair, calibration_error, macro_f1,
};

/// A set, the names of its classes and its head's file.
const SETS: [(&str, &[&str], HeadFile); 2] = [
    ("zh_weibo_emotion", &ZH, FILES[0]),
    ("en_emotion", &EN, FILES[1]),
];
const FILES: [HeadFile; 2] = [
    HeadFile {
        prefix: "emotion.zh.",
        name: "emotion_zh.safetensors",
    },
    HeadFile {
        prefix: "emotion.en.",
        name: "emotion_en.safetensors",
    },
];

/// Most training texts of each set.
const PER_SET: Setting = Setting {
    name: "per-set",
    about: "Most training texts of each set",
    default: 60_000,
};

/// How the heads are fitted and measured.
pub const HEAD: TrainedHead = TrainedHead {
    name: "emotion",
    about: "The emotion heads, one per language",
    files: &FILES,
    settings: &[PER_SET, SEED],
    train,
    evaluate,
    predictions: Some(predictions),
};

/// The class of a row with one emotion. TweetEval's rows stay out of training: they are what a
/// linear probe is measured on.
fn class(row: &TextRow, names: &[&str]) -> Option<usize> {
    let label = match (&row.emotion, &row.emotions[..]) {
        (Some(label), _) => label,
        (None, [label]) if row.src == "goemotions" => label,
        _ => return None,
    };
    let label = if label == "neutral" { NONE } else { label };
    names.iter().position(|name| *name == label)
}

/// Our own posts in a language with their classes.
fn own(data: &Path, language: Language, names: &[&str]) -> Result<(Vec<String>, Vec<usize>)> {
    let posts = posts(data, OWN, Split::Train)?.into_iter();
    let class = |emotion: Option<String>| {
        names
            .iter()
            .position(|name| Some(*name) == emotion.as_deref())
    };
    Ok(posts
        .filter(|post| post.lang == language)
        .filter_map(|post| Some((post.text, class(post.emotion)?)))
        .unzip())
}

fn train(training: &Training) -> Result<()> {
    let data = training.sources.data();
    let student = training.student()?;
    let embeddings = Embeddings::new(&student, &training.sources.folders.runs)?;
    for (set, names, file) in SETS {
        let class = |row: &TextRow| class(row, names);
        let read = |split, limit| Labelled::read(data, set, split, limit, class, &embeddings);
        let mut train = read(Split::Train, training.value(&PER_SET))?;
        let own = own(data, language(set), names)?;
        train.extend(Labelled::of(OWN, own, &embeddings)?)?;
        let valid = read(Split::Valid, usize::MAX)?;
        let linear = training.linear(match language(set) {
            Language::Zh => "emotion",
            Language::En | Language::Other => "emotion_en",
        })?;
        let (classes, seed) = (names.len(), training.seed());
        let (vars, deployed, t) = fit_head(&train, &valid, classes, seed, linear.as_ref())?;
        let out = training.sources.to_make(file.name)?;
        vars.save(&out)
            .with_context(|| format!("writing {}", out.display()))?;
        let (found, sure) = predict(&deployed, &valid)?;
        let correct = is_correct(&valid.classes, &found);
        println!(
            "{set}: {} texts, temperature {t:.3}, accuracy {:.4} macro-F1 {:.4} ECE {:.4}",
            train.classes.len(),
            accuracy(&valid.classes, &found),
            macro_f1(&valid.classes, &found, names.len()),
            calibration_error(&correct, &sure),
        );
    }
    Ok(())
}

/// The likeliest emotion of each text of a split.
fn predictions(held: &Held, embeddings: &Embeddings) -> Result<Vec<Predictions>> {
    let Some(heads) = held.scorer.reader().emotions() else {
        return Ok(Vec::new());
    };
    let of = |(set, names, _): (&str, &[&str], _)| {
        let class = |row: &TextRow| class(row, names);
        let held = Labelled::read(
            held.sources.data(),
            set,
            held.split,
            usize::MAX,
            class,
            embeddings,
        )?;
        let (found, _) = predict(heads.of(language(set)).0, &held)?;
        Ok(Predictions {
            set: format!("{set}, emotions"),
            classes: names.len(),
            truth: held.classes,
            found,
        })
    };
    SETS.into_iter().map(of).collect()
}

/// Accuracy, macro-F1 and calibration per set, beside the most frequent class and a character
/// n-gram model, both fitted on the training split; and, of the answers that are sure, how many
/// there are and how many are right.
fn evaluate(held: &Held) -> Result<Vec<MetricRow>> {
    let Some(heads) = held.scorer.reader().emotions() else {
        return Ok(held.left_out(HEAD.name, NO_HEAD));
    };
    let (data, split, embeddings) = (held.sources.data(), held.split, held.embeddings);
    let mut rows = Vec::new();
    for (set, names, _) in SETS {
        let (head, _) = heads.of(language(set));
        let class = |row: &TextRow| class(row, names);
        let held = Labelled::read(data, set, split, usize::MAX, class, embeddings)?;
        let (found, sure) = predict(head, &held)?;
        let train = sample(data, set, Split::Train, usize::MAX, |r| class(r).is_some())?;
        let examples: Vec<(&str, usize)> = train
            .iter()
            .filter_map(|r| Some((r.text.as_str(), class(r)?)))
            .collect();
        let named = ("emotion", set);
        rows.extend(beside_baselines(
            named,
            &examples,
            names.len(),
            &held,
            &found,
        ));
        let row = |method: &str, metric: &str, estimate| {
            MetricRow::new("emotion", set, method, metric, held.classes.len(), estimate)
        };
        let correct = is_correct(&held.classes, &found);
        let calibration = bootstrap_pair(&correct, &sure, calibration_error);
        rows.push(row("model", "calibration_error", calibration));
        let answered: Vec<bool> = (0..correct.len())
            .filter(|&i| sure[i] >= SURE)
            .map(|i| correct[i])
            .collect();
        let share = |list: &[bool]| {
            bootstrap(list.len(), |rows| {
                rows.iter().filter(|&&i| list[i]).count() as f64 / rows.len().max(1) as f64
            })
        };
        let sure: Vec<bool> = sure.iter().map(|&p| p >= SURE).collect();
        rows.push(row("model", "share_sure", share(&sure)));
        rows.push(row("model", "right_where_sure", share(&answered)));
    }
    Ok(rows)
}
