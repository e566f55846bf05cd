//! `bsmv train topics`: finds the topics once, on the teacher's embeddings, then teaches the
//! projector to tell them from the student's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use candle_core::{D, Device, Tensor};
use candle_nn::ops;
use serde::{Deserialize, Serialize};

use bsmv::features::{EMBEDDING, TOPICS};
use bsmv::tensors::Tensors;
use bsmv::text::Language;
use bsmv::topics::{TopicLabel, TopicProjector};

use super::Split;
use super::clusters::{dot, kmeans, merge, normalise};
use super::metrics::{MetricRow, accuracy, bootstrap_pair, macro_f1};
use super::optimise::{Mlp, Plan, file_of_vars, fit, matrix, start};
use super::terms::{Words, top_terms};
use super::texts::{Embedder, Embeddings, language, progress, sample};

/// Texts of each set in the sample of 20,000: half Chinese, half English.
const SAMPLE: [(&str, usize); 13] = [
    ("en_brand_sentiment", 2_500),
    ("en_tweet_sentiment", 2_500),
    ("en_emotion", 1_800),
    ("en_post_engagement", 1_600),
    ("en_twitter_cascades", 1_600),
    ("zh_topic_short", 2_500),
    ("zh_review_sentiment", 1_500),
    ("zh_weibo_sentiment", 1_300),
    ("zh_weibo_emotion", 1_300),
    ("zh_weibo_cascades", 1_500),
    ("zh_weibo_hashtag", 900),
    ("zh_brand_aspect", 700),
    ("zh_weibo_stance", 300),
];
/// Clusters that the topics are made of.
const CLUSTERS: usize = 40;
/// Terms kept for each cluster and topic.
const TERMS: usize = 12;
/// Cosines are divided by this before the softmax that makes the soft assignment.
const SOFTNESS: f32 = 0.05;

/// Finds topics (`--cluster`), or fits the projector.
#[derive(Debug, Clone, clap::Args)]
pub struct TopicsArgs {
    /// Folder of the data sets.
    #[arg(long)]
    pub data: PathBuf,
    /// Folder of the teacher.
    #[arg(long)]
    pub teacher: PathBuf,
    /// Folder of the encoder whose embeddings the projector reads.
    #[arg(long, required_unless_present = "cluster")]
    pub encoder: Option<PathBuf>,
    /// Cluster anew and write a proposal of topics instead of fitting the projector.
    #[arg(long)]
    pub cluster: bool,
    /// The topics, `.json`, and their centroids beside it, `.safetensors`.
    #[arg(long, default_value = "models/topics.json")]
    pub topics: PathBuf,
    /// Folder for embeddings computed on the way.
    #[arg(long, default_value = "runs")]
    pub runs: PathBuf,
    /// The projector's file.
    #[arg(long, default_value = "runs/topics.safetensors")]
    pub out: PathBuf,
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Terms of a cluster or topic in both languages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    pub zh: Vec<String>,
    pub en: Vec<String>,
}

/// One of the ten topics: a group of clusters with a name given by a reader of its terms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Topic {
    pub label: TopicLabel,
    /// Share of the sample, all and Chinese only.
    pub share: f32,
    pub share_zh: f32,
    pub terms: Terms,
    /// Rows of the centroids.
    pub clusters: Vec<usize>,
}

/// The committed description of the topics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TopicFile {
    pub seed: u64,
    /// First half of the SHA-256 of the weights of the teacher whose embeddings were clustered.
    pub teacher: String,
    /// Texts of the sample by set.
    pub sample: BTreeMap<String, usize>,
    pub topics: Vec<Topic>,
    /// Top terms of each cluster, for whoever groups them.
    pub clusters: Vec<Terms>,
}

/// Topics with their geometry.
pub struct Topics {
    file: TopicFile,
    centroids: Vec<Vec<f32>>,
    /// Means of the teacher's embeddings of Chinese and English texts: taken out, or clusters
    /// would be languages.
    means: [Vec<f32>; 2],
}

impl Topics {
    /// Reads `path` and the centroids beside it.
    pub fn read(path: &Path) -> Result<Self> {
        let json = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        let file: TopicFile =
            serde_json::from_slice(&json).with_context(|| format!("reading {}", path.display()))?;
        let tensors =
            candle_core::safetensors::load(path.with_extension("safetensors"), &Device::Cpu)?;
        let tensor = |name: &str| tensors.get(name).with_context(|| format!("no {name}"));
        let centroids = tensor("centroids")?.to_vec2()?;
        let mut clusters: Vec<usize> = file
            .topics
            .iter()
            .flat_map(|t| t.clusters.iter().copied())
            .collect();
        clusters.sort_unstable();
        ensure!(
            file.topics.len() == TOPICS && clusters.iter().copied().eq(0..centroids.len()),
            "{}: ten topics must share all clusters out among them",
            path.display()
        );
        let means = [tensor("mean_zh")?.to_vec1()?, tensor("mean_en")?.to_vec1()?];
        Ok(Topics {
            file,
            centroids,
            means,
        })
    }

    /// Names of the topics in order.
    pub fn labels(&self) -> Vec<TopicLabel> {
        self.file.topics.iter().map(|t| t.label.clone()).collect()
    }

    /// Weights of the topics, summing to 1, of one of the teacher's embeddings.
    fn assign(&self, embedding: &[f32], language: Language) -> Vec<f32> {
        let x = centred(
            embedding,
            &self.means[usize::from(language != Language::Zh)],
        );
        let weights: Vec<f32> = self
            .centroids
            .iter()
            .map(|c| ((dot(&x, c) - 1.0) / SOFTNESS).exp())
            .collect();
        let sum: f32 = weights.iter().sum();
        let topic = |t: &Topic| t.clusters.iter().map(|&c| weights[c]).sum::<f32>() / sum;
        self.file.topics.iter().map(topic).collect()
    }
}

/// `x` less `mean`, of length 1.
fn centred(x: &[f32], mean: &[f32]) -> Vec<f32> {
    let mut x: Vec<f32> = x.iter().zip(mean).map(|(x, m)| x - m).collect();
    normalise(&mut x);
    x
}

/// A set's texts with its language.
struct Texts {
    set: &'static str,
    language: Language,
    texts: Vec<String>,
}

/// The sample of 20,000, or a tenth as many of another split.
fn read_sample(data: &Path, split: Split) -> Result<Vec<Texts>> {
    let share = if split == Split::Train { 1 } else { 10 };
    SAMPLE
        .iter()
        .map(|&(set, count)| {
            let rows = sample(data, set, split, count / share, |_| true)?;
            Ok(Texts {
                set,
                language: language(set),
                texts: rows.into_iter().map(|r| r.text).collect(),
            })
        })
        .collect()
}

/// Clusters the sample and writes a proposal of ten topics, named by their first terms.
pub fn cluster(args: &TopicsArgs, teacher: &dyn Embedder) -> Result<()> {
    let embeddings = Embeddings::new(teacher, &args.runs)?;
    let sets = read_sample(&args.data, Split::Train)?;
    let (mut x, mut texts): (Vec<Vec<f32>>, Vec<(&str, Language)>) = Default::default();
    for set in &sets {
        x.extend(embeddings.of(set.set, &set.texts)?);
        texts.extend(set.texts.iter().map(|t| (t.as_str(), set.language)));
    }
    let means = [Language::Zh, Language::En].map(|language| {
        let of_language = x.iter().zip(&texts).filter(|(_, t)| t.1 == language);
        mean(of_language.map(|(x, _)| x))
    });
    for (x, (_, language)) in x.iter_mut().zip(&texts) {
        *x = centred(x, &means[usize::from(*language != Language::Zh)]);
    }
    let bar = progress(50, "clustering");
    let clusters = kmeans(&x, CLUSTERS, 50, args.seed, &bar);
    bar.finish_and_clear();
    let mut sizes = vec![0; CLUSTERS];
    clusters.of.iter().for_each(|&c| sizes[c] += 1);
    let group = merge(&clusters.centroids, &sizes, TOPICS);

    let (texts, words) = (&texts, Words::new());
    let cut: Vec<_> = texts
        .iter()
        .map(|(text, language)| words.of(text, *language))
        .collect();
    let terms = |groups: usize, of: &dyn Fn(usize) -> usize| -> Vec<Terms> {
        let by_language = |language| {
            let rows = (0..texts.len()).filter(|&i| texts[i].1 == language);
            top_terms(
                rows.map(|i| (of(clusters.of[i]), cut[i].clone())),
                groups,
                TERMS,
            )
        };
        let both = by_language(Language::Zh)
            .into_iter()
            .zip(by_language(Language::En));
        both.map(|(zh, en)| Terms { zh, en }).collect()
    };
    let of_topics = terms(TOPICS, &|c| group[c]);
    let share = |topic: usize, language: Option<Language>| {
        let rows = || {
            texts
                .iter()
                .zip(&clusters.of)
                .filter(|(t, _)| language.is_none_or(|l| t.1 == l))
        };
        rows().filter(|(_, c)| group[**c] == topic).count() as f32 / rows().count() as f32
    };
    let topics = of_topics.into_iter().enumerate().map(|(t, terms)| Topic {
        label: TopicLabel {
            zh: terms.zh.first().cloned().unwrap_or_default(),
            en: terms.en.first().cloned().unwrap_or_default(),
        },
        share: share(t, None),
        share_zh: share(t, Some(Language::Zh)),
        terms,
        clusters: (0..CLUSTERS).filter(|&c| group[c] == t).collect(),
    });
    let file = TopicFile {
        seed: args.seed,
        teacher: teacher.id().to_owned(),
        sample: sets
            .iter()
            .map(|s| (s.set.to_owned(), s.texts.len()))
            .collect(),
        topics: topics.collect(),
        clusters: terms(CLUSTERS, &|c| c),
    };
    for topic in &file.topics {
        println!(
            "{:.3} ({:.3} of zh) {} | {}",
            topic.share,
            topic.share_zh,
            topic.terms.zh.join(" "),
            topic.terms.en.join(" ")
        );
        for &c in &topic.clusters {
            let terms = &file.clusters[c];
            println!(
                "   {c:2} {:4} {} | {}",
                sizes[c],
                terms.zh.join(" "),
                terms.en.join(" ")
            );
        }
    }
    if let Some(folder) = args.topics.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&args.topics, serde_json::to_string_pretty(&file)? + "\n")?;
    let vector = |v: &Vec<f32>| Tensor::from_slice(v, EMBEDDING, &Device::Cpu);
    let tensors = [
        ("centroids".to_owned(), matrix(&clusters.centroids)?),
        ("mean_zh".to_owned(), vector(&means[0])?),
        ("mean_en".to_owned(), vector(&means[1])?),
    ];
    candle_core::safetensors::save(&tensors.into(), args.topics.with_extension("safetensors"))?;
    Ok(())
}

fn mean<'a>(rows: impl Iterator<Item = &'a Vec<f32>>) -> Vec<f32> {
    let mut sum = vec![0.0; EMBEDDING];
    let mut n = 0.0;
    for row in rows {
        sum.iter_mut().zip(row).for_each(|(s, x)| *s += x);
        n += 1.0;
    }
    sum.into_iter().map(|s| s / f32::max(n, 1.0)).collect()
}

/// The student's embeddings and the teacher's soft assignment of a split's sample.
fn pairs(
    data: &Path,
    split: Split,
    topics: &Topics,
    teacher: &Embeddings,
    student: &Embeddings,
) -> Result<(Tensor, Tensor)> {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for set in read_sample(data, split)? {
        x.extend(student.of(set.set, &set.texts)?);
        let vectors = teacher.of(set.set, &set.texts)?;
        y.extend(vectors.iter().map(|v| topics.assign(v, set.language)));
    }
    Ok((matrix(&x)?, matrix(&y)?))
}

/// Fits the projector by cross-entropy to the soft assignment.
pub fn run(args: &TopicsArgs, teacher: &dyn Embedder, student: &dyn Embedder) -> Result<()> {
    let topics = Topics::read(&args.topics)?;
    let (teacher, student) = (
        Embeddings::new(teacher, &args.runs)?,
        Embeddings::new(student, &args.runs)?,
    );
    let (x, y) = pairs(&args.data, Split::Train, &topics, &teacher, &student)?;
    let (valid_x, valid_y) = pairs(&args.data, Split::Valid, &topics, &teacher, &student)?;

    let layers = [("linear", EMBEDDING, TOPICS)];
    let vars = start(&layers, args.seed)?;
    let projector = Mlp::new(&vars, &layers, Tensor::relu)?;
    let plan = Plan {
        epochs: 80,
        batch: 256,
        rate: 1e-2,
        decay: 1e-3,
        patience: 5,
        seed: args.seed,
    };
    let cross_entropy = |x: &Tensor, y: &Tensor| -> candle_core::Result<Tensor> {
        let log_p = ops::log_softmax(&projector.logits(x)?, D::Minus1)?;
        (log_p * y)?.sum(1)?.mean(0)?.neg()
    };
    let loss = |rows: &Tensor| cross_entropy(&x.index_select(rows, 0)?, &y.index_select(rows, 0)?);
    let validate = || {
        Ok(f64::from(
            cross_entropy(&valid_x, &valid_y)?.to_scalar::<f32>()?,
        ))
    };
    let best = fit(&vars, x.dim(0)?, &plan, loss, validate)?;
    if let Some(folder) = args.out.parent() {
        std::fs::create_dir_all(folder)?;
    }
    vars.save(&args.out)?;
    println!("{} texts, validation cross-entropy {best:.4}", x.dim(0)?);
    let bytes = file_of_vars(&vars)?;
    let deployed = TopicProjector::load(&Tensors::open(&bytes)?, topics.labels())?;
    for row in agreement(&deployed, &valid_x, &valid_y)? {
        println!("{} {} {:.4}", row.method, row.metric, row.estimate.value);
    }
    Ok(())
}

/// How often the projector's first topic is the teacher's, on a tenth of the sample's size of
/// `split`, beside the most frequent topic.
pub fn evaluate(
    projector: &TopicProjector,
    topics: &Topics,
    data: &Path,
    split: Split,
    teacher: &Embeddings,
    student: &Embeddings,
) -> Result<Vec<MetricRow>> {
    let (x, y) = pairs(data, split, topics, teacher, student)?;
    agreement(projector, &x, &y)
}

fn agreement(projector: &TopicProjector, x: &Tensor, y: &Tensor) -> Result<Vec<MetricRow>> {
    let first = |weights: &[f32]| {
        let best = (0..TOPICS).max_by(|&a, &b| weights[a].total_cmp(&weights[b]));
        best.unwrap_or(0)
    };
    let of = |x: &Vec<f32>| Ok(first(&projector.weights(x)?));
    let found: Vec<usize> = x.to_vec2()?.iter().map(of).collect::<Result<_>>()?;
    let truth: Vec<usize> = y.to_vec2::<f32>()?.iter().map(|y| first(y)).collect();
    let mut counts = [0; TOPICS];
    truth.iter().for_each(|&t| counts[t] += 1);
    let most = (0..TOPICS).max_by_key(|&t| counts[t]).unwrap_or(0);
    let majority = vec![most; truth.len()];
    let row = |method: &str, metric: &str, estimate| MetricRow {
        task: "topics".into(),
        slice: "sample".into(),
        method: method.into(),
        metric: metric.into(),
        n: truth.len(),
        estimate,
    };
    let f1 = |t: &[usize], p: &[usize]| macro_f1(t, p, TOPICS);
    Ok(vec![
        row(
            "model",
            "agreement",
            bootstrap_pair(&truth, &found, accuracy),
        ),
        row("model", "macro_f1", bootstrap_pair(&truth, &found, f1)),
        row(
            "majority",
            "agreement",
            bootstrap_pair(&truth, &majority, accuracy),
        ),
        row(
            "majority",
            "macro_f1",
            bootstrap_pair(&truth, &majority, f1),
        ),
    ])
}
