//! Sentiment: three classes on embeddings.

use std::path::Path;

use anyhow::{Context, Result};
use candle_core::{Device, Tensor};

use crate::definition::features::EMBEDDING;
use crate::heads::classifier::{Classifier, HIDDEN};
use crate::heads::sentiment::{CLASSES, towards};
use crate::layers::tensors::Tensors;

use crate::train::data::sets::Split;
use crate::train::data::texts::{Embeddings, TextRow, held_out, sample};
use crate::train::data::today::{self, Example};
use crate::train::fit::labelled::{Predictions, plan};
use crate::train::fit::ngrams::NgramModel;
use crate::train::fit::optimise::{
    Mlp, begin_at, file_of_vars, fit, matrix, scale_layer, start, temperature,
};
use crate::train::heads::trained::{HeadFile, Held, SEED, Setting, TrainedHead, Training};
use crate::train::metrics::{MetricRow, accuracy, bootstrap_pair, macro_f1, macro_recall};

/// Texts with their moods, or with what they say of something.
#[derive(Debug, Clone, Copy)]
struct Set {
    name: &'static str,
    /// Its name in figures.
    slice: &'static str,
    /// True where it has a neutral class.
    neutral: bool,
    source: Source,
}

/// The form in which a set's texts come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// Rows of the older sets, read for themselves.
    Rows,
    /// The same, read for what they say of their targets.
    Towards(Targets),
    /// Our own posts, read for themselves.
    Own,
    /// Our own posts, read for each name that they judge.
    Sides,
    SeveralTargets,
    TweetsOfTargets,
}

/// The targets whose rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Targets {
    Learnt,
    HeldOut,
}

const fn set(name: &'static str, slice: &'static str, neutral: bool, source: Source) -> Set {
    Set {
        name,
        slice,
        neutral,
        source,
    }
}

/// Chinese posts in three classes.
const MOODS: Set = set("zh_weibo_emotion", "zh_weibo_emotion", true, Source::Rows);
const TOWARDS: Set = set(
    "en_brand_sentiment",
    "en_brand_sentiment, towards",
    true,
    Source::Towards(Targets::Learnt),
);
const SETS: [Set; 10] = [
    set(
        "zh_weibo_sentiment",
        "zh_weibo_sentiment",
        false,
        Source::Rows,
    ),
    set(
        "zh_review_sentiment",
        "zh_review_sentiment",
        false,
        Source::Rows,
    ),
    MOODS,
    set(
        "en_tweet_sentiment",
        "en_tweet_sentiment",
        true,
        Source::Rows,
    ),
    set(
        "en_brand_sentiment",
        "en_brand_sentiment",
        true,
        Source::Rows,
    ),
    TOWARDS,
    set("own_posts", "own_posts", true, Source::Own),
    set("own_posts", "own_posts, towards", true, Source::Sides),
    set(
        "en_multi_target",
        "en_multi_target, towards",
        true,
        Source::SeveralTargets,
    ),
    set(
        "en_target_twitter",
        "en_target_twitter, towards",
        true,
        Source::TweetsOfTargets,
    ),
];
/// Never learnt from: brands held out, and stances in another language.
const UNSEEN: [Set; 2] = [
    set(
        "en_brand_sentiment",
        "en_brand, held-out targets",
        true,
        Source::Towards(Targets::HeldOut),
    ),
    set(
        "zh_weibo_stance",
        "zh_weibo_stance, towards",
        true,
        Source::Towards(Targets::Learnt),
    ),
];
/// Sets pooled for the headline figure.
const POOLED: [&str; 2] = ["zh_weibo_sentiment", "zh_review_sentiment"];
/// Added to the neutral logit where a set has no such class.
const NEVER: f32 = -1e4;
/// Its targets aren't brands, and none is learnt from.
const STANCE: &str = "zh_weibo_stance";

/// Most training texts of each set.
const PER_SET: Setting = Setting {
    name: "per-set",
    about: "Most training texts of each set",
    default: 24_000,
};

/// How the head is fitted and measured.
pub const HEAD: TrainedHead = TrainedHead {
    name: "sentiment",
    about: "The three-class sentiment head on a frozen encoder",
    files: &[HeadFile {
        prefix: "sentiment.",
        name: "sentiment.safetensors",
    }],
    settings: &[PER_SET, SEED],
    train,
    evaluate,
    predictions: Some(predictions),
};

/// Texts of one set with their classes and vectors.
struct MaskedSet {
    set: Set,
    classes: Vec<usize>,
    x: Tensor,
    /// Added to the logits (1, 3).
    mask: Tensor,
}

/// The class of a row of the older sets, if it is one of the set's: not what is left of htl_all,
/// which is noise, nor a brand's name in a text about something else.
fn class(set: Set, row: &TextRow) -> Option<usize> {
    if row.src == "ChnSentiCorp_htl_all" || row.relevant == Some(0) {
        return None;
    }
    let target = row.target.as_deref().filter(|t| !t.contains(" or "));
    let wanted = match set.source {
        Source::Towards(Targets::HeldOut) => target.is_some_and(held_out),
        Source::Towards(Targets::Learnt) => {
            target.is_some_and(|t| set.name == STANCE || !held_out(t))
        }
        _ => !target.is_some_and(held_out),
    };
    let class = match row.stance.as_deref().or(row.label.as_deref())? {
        "neg" | "against" => 0,
        "neu" | "none" => 1,
        "pos" | "favor" => 2,
        _ => return None,
    };
    (wanted && (set.neutral || class != 1)).then_some(class)
}

/// At most `limit` examples of a split of a set.
fn examples(data: &Path, set: Set, split: Split, limit: usize) -> Result<Vec<Example>> {
    let mut found = match set.source {
        Source::Own => today::moods(data, today::OWN, split)?,
        Source::Sides => today::sides(data, split)?,
        Source::SeveralTargets => today::several_targets(data, split)?,
        Source::TweetsOfTargets => today::tweets_of_targets(data, split)?,
        Source::Rows | Source::Towards(_) => {
            let usable = |row: &TextRow| class(set, row).is_some();
            let of = |row: TextRow| {
                let target = matches!(set.source, Source::Towards(_)).then_some(&row.target);
                Some(Example {
                    class: class(set, &row)?,
                    view: target
                        .and_then(Option::as_ref)
                        .map(|t| towards(t, &row.text)),
                    text: row.text,
                    slice: row.src,
                    row: row.id,
                })
            };
            let rows = sample(data, set.name, split, limit, usable)?;
            rows.into_iter().filter_map(of).collect()
        }
    };
    found.truncate(limit);
    Ok(found)
}

fn classes(examples: &[Example]) -> Vec<usize> {
    examples.iter().map(|example| example.class).collect()
}

fn read(
    data: &Path,
    set: Set,
    split: Split,
    limit: usize,
    embeddings: &Embeddings,
) -> Result<MaskedSet> {
    let examples = examples(data, set, split, limit)?;
    let texts: Vec<String> = examples.iter().map(|e| e.read_as().to_owned()).collect();
    let mask = if set.neutral { 0.0 } else { NEVER };
    Ok(MaskedSet {
        set,
        classes: classes(&examples),
        x: matrix(&embeddings.of(set.name, &texts)?)?,
        mask: Tensor::new(&[[0.0, mask, 0.0]], &Device::Cpu)?,
    })
}

/// Mean negative log likelihood of a set's classes, its logits multiplied by `factor`.
fn set_loss(head: &Mlp, set: &MaskedSet, factor: f64) -> Result<f64> {
    let logits = (head.logits(&set.x)? * factor)?.broadcast_add(&set.mask)?;
    let classes: Vec<u32> = set.classes.iter().map(|&c| c as u32).collect();
    let classes = Tensor::new(classes, &Device::Cpu)?;
    let loss = candle_nn::loss::cross_entropy(&logits, &classes)?;
    Ok(f64::from(loss.to_scalar::<f32>()?))
}

/// Mean over the sets, so that none counts for its size.
fn mean_loss(head: &Mlp, sets: &[MaskedSet], factor: f64) -> Result<f64> {
    let losses: Result<Vec<f64>> = sets.iter().map(|s| set_loss(head, s, factor)).collect();
    Ok(losses?.iter().sum::<f64>() / sets.len() as f64)
}

const LAYERS: [(&str, usize, usize); 2] = [("hidden", EMBEDDING, HIDDEN), ("out", HIDDEN, CLASSES)];

fn train(training: &Training) -> Result<()> {
    let (data, per_set) = (training.sources.data(), training.value(&PER_SET));
    let student = training.student()?;
    let embeddings = Embeddings::new(&student, &training.sources.folders.runs)?;
    let read_all = |split, limit| -> Result<Vec<MaskedSet>> {
        SETS.iter()
            .map(|&set| read(data, set, split, limit, &embeddings))
            .collect()
    };
    let train = read_all(Split::Train, per_set)?;
    let valid = read_all(Split::Valid, per_set.min(1_500))?;

    let columns = |part: fn(&MaskedSet) -> Result<Tensor>| -> Result<Tensor> {
        let parts: Result<Vec<Tensor>> = train.iter().map(part).collect();
        Ok(Tensor::cat(&parts?, 0)?)
    };
    let x = columns(|s| Ok(s.x.clone()))?;
    let mask = columns(|s| Ok(s.mask.repeat((s.classes.len(), 1))?))?;
    let y = columns(|s| {
        let classes: Vec<u32> = s.classes.iter().map(|&c| c as u32).collect();
        Ok(Tensor::new(classes, &Device::Cpu)?)
    })?;

    let vars = start(&LAYERS, training.seed())?;
    if let Some(linear) = training.linear(HEAD.name)? {
        begin_at(&vars, &linear)?;
    }
    let head = Mlp::new(&vars, &LAYERS, Tensor::relu)?;
    let loss = |rows: &Tensor| {
        let logits = head.logits(&x.index_select(rows, 0)?)?;
        let logits = logits.add(&mask.index_select(rows, 0)?)?;
        candle_nn::loss::cross_entropy(&logits, &y.index_select(rows, 0)?)
    };
    fit(&vars, x.dim(0)?, &plan(training.seed()), loss, || {
        mean_loss(&head, &valid, 1.0)
    })?;
    let t = temperature(|factor| mean_loss(&head, &valid, factor))?;
    scale_layer(&vars, "out", 1.0 / t)?;
    let out = training.sources.to_make(HEAD.files[0].name)?;
    vars.save(&out)
        .with_context(|| format!("writing {}", out.display()))?;

    println!("{} texts, temperature {t:.3}", x.dim(0)?);
    let deployed = Classifier::load(&Tensors::open(&file_of_vars(&vars)?)?, CLASSES)?;
    for set in &valid {
        let found = likeliest_of_set(&deployed, set)?;
        println!(
            "{:28} accuracy {:.4} macro-F1 {:.4} loss {:.4}",
            set.set.slice,
            accuracy(&set.classes, &found),
            macro_f1(&set.classes, &found, CLASSES),
            set_loss(&head, set, 1.0)?,
        );
    }
    Ok(())
}

/// The likeliest class of each text, neutral only where the set has it.
fn likeliest_of_set(head: &Classifier, set: &MaskedSet) -> Result<Vec<usize>> {
    let of = |x: &Vec<f32>| likeliest(set.set, &head.probabilities(x)?);
    set.x.to_vec2()?.iter().map(of).collect()
}

fn likeliest(set: Set, probabilities: &[f32]) -> Result<usize> {
    let classes = (0..CLASSES).filter(|&class| set.neutral || class != 1);
    let best = classes.max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]));
    best.context("no classes")
}

/// The likeliest class of each text of a split, of all sets; where texts have targets, read as the
/// scorer reads a post that names its brand.
fn predictions(held: &Held, embeddings: &Embeddings) -> Result<Vec<Predictions>> {
    let (reader, data, split) = (held.scorer.reader(), held.sources.data(), held.split);
    let of = |set: Set| {
        let examples = examples(data, set, split, usize::MAX)?;
        let own: Vec<String> = examples.iter().map(|e| e.text.clone()).collect();
        let views: Vec<String> = examples.iter().filter_map(|e| e.view.clone()).collect();
        let own = embeddings.of(set.name, &own)?;
        let mut views = embeddings.of(set.name, &views)?.into_iter();
        let found = examples.iter().zip(&own).map(|(example, own)| {
            let view = example.view.as_ref().and_then(|_| views.next());
            likeliest(set, &reader.mood(own, view.as_deref())?)
        });
        Ok(Predictions {
            set: set.slice.into(),
            classes: CLASSES,
            found: found.collect::<Result<_>>()?,
            truth: classes(&examples),
        })
    };
    SETS.into_iter().chain(UNSEEN).map(of).collect()
}

/// A character n-gram model of a set's training split, and its most frequent class.
fn baselines(data: &Path, set: Set) -> Result<(NgramModel, usize)> {
    let train = examples(data, set, Split::Train, usize::MAX)?;
    let texts = train.iter().map(|e| (e.text.as_str(), e.class));
    let mut counts = [0; CLASSES];
    train.iter().for_each(|e| counts[e.class] += 1);
    let majority = (0..CLASSES).max_by_key(|&c| counts[c]).unwrap_or(0);
    Ok((
        NgramModel::fit(&texts.collect::<Vec<_>>(), CLASSES, 1),
        majority,
    ))
}

/// Accuracy and macro-F1 per set and pooled over the Chinese binary sets, beside the most
/// frequent class and a character n-gram model, both fitted on the training split; stances also
/// beside n-grams that know moods only, as the model does.
fn evaluate(held: &Held) -> Result<Vec<MetricRow>> {
    let (data, split) = (held.sources.data(), held.split);
    let mut rows = Vec::new();
    let mut pooled: [(Vec<usize>, Vec<usize>); 3] = Default::default();
    let predictions = predictions(held, held.embeddings)?;
    for (set, model) in SETS.into_iter().chain(UNSEEN).zip(predictions) {
        // Baselines learn from what the model may: of the held-out targets, the others' rows.
        let (ngrams, majority) = match set.source {
            Source::Towards(Targets::HeldOut) => baselines(data, TOWARDS)?,
            _ => baselines(data, set)?,
        };
        let held = examples(data, set, split, usize::MAX)?;
        let by = |ngrams: &NgramModel| held.iter().map(|e| ngrams.predict(&e.text)).collect();
        if set.name == STANCE {
            let (moods, _) = baselines(data, MOODS)?;
            let unseen: Vec<usize> = by(&moods);
            let method = format!("n-grams of {}", MOODS.name);
            rows.extend(figures(set.slice, &method, &model.truth, &unseen));
        }
        let n = model.truth.len();
        let found = [
            ("model", model.found),
            ("character n-grams", by(&ngrams)),
            ("majority", vec![majority; n]),
        ];
        for (i, (method, predicted)) in found.into_iter().enumerate() {
            rows.extend(figures(set.slice, method, &model.truth, &predicted));
            if POOLED.contains(&set.name) {
                pooled[i].0.extend(&model.truth);
                pooled[i].1.extend(predicted);
            }
        }
    }
    for ((truth, predicted), method) in
        pooled
            .iter()
            .zip(["model", "character n-grams", "majority"])
    {
        rows.extend(figures("zh_weibo+zh_review", method, truth, predicted));
    }
    Ok(rows)
}

fn figures(slice: &str, method: &str, truth: &[usize], predicted: &[usize]) -> [MetricRow; 3] {
    let row = |metric: &str, estimate| {
        MetricRow::new("sentiment", slice, method, metric, truth.len(), estimate)
    };
    let f1 = |t: &[usize], p: &[usize]| macro_f1(t, p, CLASSES);
    let recall = |t: &[usize], p: &[usize]| macro_recall(t, p, CLASSES);
    [
        row("accuracy", bootstrap_pair(truth, predicted, accuracy)),
        row("macro_f1", bootstrap_pair(truth, predicted, f1)),
        row("macro_recall", bootstrap_pair(truth, predicted, recall)),
    ]
}
