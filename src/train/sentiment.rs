//! `bsmv train sentiment`: three classes on embeddings, and its evaluation.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use candle_core::{DType, Device, Tensor};
use candle_nn::{VarBuilder, VarMap, ops};

use bsmv::features::EMBEDDING;
use bsmv::sentiment::{CLASSES, HIDDEN, SentimentHead};

use super::Split;
use super::metrics::{MetricRow, accuracy, bootstrap_pair, macro_f1};
use super::ngrams::NgramModel;
use super::optimise::{Plan, fit, matrix, scale_layer, start, temperature};
use super::texts::{Embedder, Embeddings, TextRow, sample};

/// A set to learn from, and whether it has a neutral class.
const SETS: [(&str, bool); 5] = [
    ("zh_weibo_sentiment", false),
    ("zh_review_sentiment", false),
    ("zh_weibo_emotion", true),
    ("en_tweet_sentiment", true),
    ("en_brand_sentiment", true),
];
/// Sets pooled for the headline figure.
const POOLED: [&str; 2] = ["zh_weibo_sentiment", "zh_review_sentiment"];
/// Added to the neutral logit where a set has no such class.
const NEVER: f32 = -1e4;

/// Fits the sentiment head.
#[derive(Debug, Clone, clap::Args)]
pub struct SentimentArgs {
    /// Folder of the data sets.
    #[arg(long)]
    pub data: PathBuf,
    /// Folder of the encoder.
    #[arg(long)]
    pub encoder: PathBuf,
    /// Folder for embeddings computed on the way.
    #[arg(long, default_value = "runs")]
    pub runs: PathBuf,
    /// The head's file.
    #[arg(long, default_value = "runs/sentiment.safetensors")]
    pub out: PathBuf,
    /// Most training texts of each set.
    #[arg(long, default_value_t = 8_000)]
    pub per_set: usize,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Texts of one set with their classes and vectors.
struct Labelled {
    set: &'static str,
    neutral: bool,
    classes: Vec<usize>,
    x: Tensor,
    /// What is added to the logits (1, 3).
    mask: Tensor,
}

/// The class of a row that is one to learn from: not what is left of htl_all, which is noise,
/// nor a brand's name in a text about something else.
fn class(row: &TextRow) -> Option<usize> {
    if row.src == "ChnSentiCorp_htl_all" || row.relevant == Some(0) {
        return None;
    }
    match row.label.as_deref()? {
        "neg" => Some(0),
        "neu" => Some(1),
        "pos" => Some(2),
        _ => None,
    }
}

fn read(
    data: &Path,
    (set, neutral): (&'static str, bool),
    split: Split,
    limit: usize,
    embeddings: &Embeddings,
) -> Result<Labelled> {
    let usable = |row: &TextRow| class(row).is_some_and(|c| neutral || c != 1);
    let rows = sample(data, set, split, limit, usable)?;
    let texts: Vec<String> = rows.iter().map(|r| r.text.clone()).collect();
    let mask = if neutral { 0.0 } else { NEVER };
    Ok(Labelled {
        set,
        neutral,
        classes: rows.iter().filter_map(class).collect(),
        x: matrix(&embeddings.of(set, &texts)?)?,
        mask: Tensor::new(&[[0.0, mask, 0.0]], &Device::Cpu)?,
    })
}

/// Mean negative log likelihood of a set's classes, its logits multiplied by `factor`.
fn set_loss(head: &SentimentHead, set: &Labelled, factor: f64) -> Result<f64> {
    let logits = (head.logits(&set.x)? * factor)?.broadcast_add(&set.mask)?;
    let classes: Vec<u32> = set.classes.iter().map(|&c| c as u32).collect();
    let classes = Tensor::new(classes, &Device::Cpu)?;
    let loss = candle_nn::loss::cross_entropy(&logits, &classes)?;
    Ok(f64::from(loss.to_scalar::<f32>()?))
}

/// Mean over the sets, so that none counts for its size.
fn mean_loss(head: &SentimentHead, sets: &[Labelled], factor: f64) -> Result<f64> {
    let losses: Result<Vec<f64>> = sets.iter().map(|s| set_loss(head, s, factor)).collect();
    Ok(losses?.iter().sum::<f64>() / sets.len() as f64)
}

fn variables(seed: u64) -> Result<VarMap> {
    start(
        &[("hidden", EMBEDDING, HIDDEN), ("out", HIDDEN, CLASSES)],
        seed,
    )
}

/// Fits, calibrates on validation, writes the head and prints validation figures.
pub fn run(args: &SentimentArgs, embedder: &dyn Embedder) -> Result<()> {
    let embeddings = Embeddings::new(embedder, &args.runs)?;
    let read_all = |split, limit| -> Result<Vec<Labelled>> {
        SETS.iter()
            .map(|&set| read(&args.data, set, split, limit, &embeddings))
            .collect()
    };
    let train = read_all(Split::Train, args.per_set)?;
    let valid = read_all(Split::Valid, args.per_set.min(1_500))?;

    let columns = |part: fn(&Labelled) -> Result<Tensor>| -> Result<Tensor> {
        let parts: Result<Vec<Tensor>> = train.iter().map(part).collect();
        Ok(Tensor::cat(&parts?, 0)?)
    };
    let x = columns(|s| Ok(s.x.clone()))?;
    let mask = columns(|s| Ok(s.mask.repeat((s.classes.len(), 1))?))?;
    let y = columns(|s| {
        let classes: Vec<u32> = s.classes.iter().map(|&c| c as u32).collect();
        Ok(Tensor::new(classes, &Device::Cpu)?)
    })?;

    let vars = variables(args.seed)?;
    let vb = VarBuilder::from_varmap(&vars, DType::F32, &Device::Cpu);
    let head = SentimentHead::load(vb)?;
    let plan = Plan {
        epochs: 60,
        batch: 256,
        rate: 2e-3,
        decay: 1e-2,
        patience: 6,
        seed: args.seed,
    };
    let loss = |rows: &Tensor| {
        let logits = head.logits(&x.index_select(rows, 0)?)?;
        let logits = logits.add(&mask.index_select(rows, 0)?)?;
        candle_nn::loss::cross_entropy(&logits, &y.index_select(rows, 0)?)
    };
    fit(&vars, x.dim(0)?, &plan, loss, || {
        mean_loss(&head, &valid, 1.0)
    })?;
    let t = temperature(|factor| mean_loss(&head, &valid, factor))?;
    scale_layer(&vars, "out", 1.0 / t)?;
    if let Some(folder) = args.out.parent() {
        std::fs::create_dir_all(folder)?;
    }
    vars.save(&args.out)
        .with_context(|| format!("writing {}", args.out.display()))?;

    println!("{} texts, temperature {t:.3}", x.dim(0)?);
    for set in &valid {
        // The layers share their numbers with `vars`, so this is the head as written.
        let found = predict(&head, set)?;
        println!(
            "{:22} accuracy {:.4} macro-F1 {:.4} loss {:.4}",
            set.set,
            accuracy(&set.classes, &found),
            macro_f1(&set.classes, &found, CLASSES),
            set_loss(&head, set, 1.0)?,
        );
    }
    Ok(())
}

/// The likeliest class of each text, neutral only where the set has it.
fn predict(head: &SentimentHead, set: &Labelled) -> Result<Vec<usize>> {
    let p = ops::softmax(&head.logits(&set.x)?.broadcast_add(&set.mask)?, 1)?;
    let best = p.argmax(1)?.to_vec1::<u32>()?;
    Ok(best.into_iter().map(|c| c as usize).collect())
}

/// Accuracy and macro-F1 per set and pooled over the Chinese binary sets, beside the most
/// frequent class and a character n-gram model, both fitted on the training split.
pub fn evaluate(
    head: &SentimentHead,
    data: &Path,
    split: Split,
    embeddings: &Embeddings,
) -> Result<Vec<MetricRow>> {
    let mut rows = Vec::new();
    let mut pooled: [(Vec<usize>, Vec<usize>); 3] = Default::default();
    for set in SETS {
        let usable = |row: &TextRow| class(row).is_some_and(|c| set.1 || c != 1);
        let train = sample(data, set.0, Split::Train, usize::MAX, usable)?;
        let held = sample(data, set.0, split, usize::MAX, usable)?;
        let labelled = read(data, set, split, usize::MAX, embeddings)?;
        let examples: Vec<(&str, usize)> = train
            .iter()
            .filter_map(|r| Some((r.text.as_str(), class(r)?)))
            .collect();
        let ngrams = NgramModel::fit(&examples, CLASSES, 1);
        let mut counts = [0; CLASSES];
        examples.iter().for_each(|(_, c)| counts[*c] += 1);
        let majority = (0..CLASSES).max_by_key(|&c| counts[c]).unwrap_or(0);
        let n = labelled.classes.len();
        let found = [
            ("model", predict(head, &labelled)?),
            (
                "character n-grams",
                held.iter().map(|r| ngrams.predict(&r.text)).collect(),
            ),
            ("majority", vec![majority; n]),
        ];
        for (i, (method, predicted)) in found.into_iter().enumerate() {
            rows.extend(figures(set.0, method, &labelled.classes, &predicted));
            if POOLED.contains(&set.0) {
                pooled[i].0.extend(&labelled.classes);
                pooled[i].1.extend(predicted);
            }
        }
        debug_assert_eq!(labelled.neutral, set.1);
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

fn figures(slice: &str, method: &str, truth: &[usize], predicted: &[usize]) -> [MetricRow; 2] {
    let row = |metric: &str, estimate| MetricRow {
        task: "sentiment".into(),
        slice: slice.into(),
        method: method.into(),
        metric: metric.into(),
        n: truth.len(),
        estimate,
    };
    let f1 = |t: &[usize], p: &[usize]| macro_f1(t, p, CLASSES);
    [
        row("accuracy", bootstrap_pair(truth, predicted, accuracy)),
        row("macro_f1", bootstrap_pair(truth, predicted, f1)),
    ]
}
