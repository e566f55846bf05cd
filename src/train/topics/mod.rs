//! Topics at two grains in one kind of file: all that `bsmv topics find` finds, and the ten of
//! the projector. Merging, naming and assigning need no texts and no training.

pub mod clusters;
pub mod coherence;
pub mod find;
pub mod gap;
pub mod layout;
pub mod lda;
pub mod sides;
pub mod terms;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize_to_file};
use serde::{Deserialize, Serialize};

use crate::definition::features::EMBEDDING;
use crate::heads::topics::TopicLabel;
use crate::text::Language;

use crate::train::data::sets::Split;
use crate::train::data::texts::{language, sample};
use clusters::{dot, normalise, ward};

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
/// Cosines are divided by this before the softmax that makes the soft assignment.
const SOFTNESS: f32 = 0.05;

/// Terms of a cluster or topic in both languages, the most telling first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// Chinese ones.
    pub zh: Vec<String>,
    /// English ones.
    pub en: Vec<String>,
}

/// A group of clusters with a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Topic {
    /// Its name in both languages.
    pub label: TopicLabel,
    /// Share of the sample.
    pub share: f32,
    /// Share of the sample's Chinese texts.
    pub share_zh: f32,
    /// Its most telling words.
    pub terms: Terms,
    /// Rows of the centroids.
    pub clusters: Vec<usize>,
}

/// The description of topics; their geometry lies beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TopicFile {
    /// Seed of all that was random.
    pub seed: u64,
    /// First half of the SHA-256 of the weights of the teacher whose embeddings were clustered.
    pub teacher: String,
    /// Texts of the sample by set.
    pub sample: BTreeMap<String, usize>,
    /// Share of the sample that is of no topic.
    #[serde(default)]
    pub outliers: f32,
    /// A text less like every centroid than this cosine is of no topic.
    #[serde(default)]
    pub least: f32,
    /// The topics, which share the clusters out among them.
    pub topics: Vec<Topic>,
    /// Top terms of each cluster.
    pub clusters: Vec<Terms>,
    /// Texts of each cluster.
    #[serde(default)]
    pub sizes: Vec<usize>,
    /// The hierarchy: which two nodes Ward's merging joins, and what each join costs. Nodes are
    /// the clusters, then the joins in order.
    #[serde(default)]
    pub tree: Vec<(usize, usize, f32)>,
}

/// Topics with their geometry.
#[derive(Debug)]
pub struct Topics {
    file: TopicFile,
    centroids: Vec<Vec<f32>>,
    /// Means of the teacher's embeddings of Chinese and English texts: taken out, or clusters
    /// would be languages.
    means: [Vec<f32>; 2],
}

impl Topics {
    /// Puts topics together. An error where the topics don't share all the clusters out among
    /// them, or where a number of things differs.
    pub fn new(file: TopicFile, centroids: Vec<Vec<f32>>, means: [Vec<f32>; 2]) -> Result<Self> {
        let of_topics = file.topics.iter().flat_map(|t| t.clusters.iter().copied());
        let mut clusters: Vec<usize> = of_topics.collect();
        clusters.sort_unstable();
        ensure!(
            clusters.iter().copied().eq(0..centroids.len())
                && file.topics.iter().all(|t| !t.clusters.is_empty()),
            "topics must share all {} clusters out among them",
            centroids.len()
        );
        ensure!(
            file.clusters.len() == centroids.len(),
            "there are {} clusters but {} centroids",
            file.clusters.len(),
            centroids.len()
        );
        ensure!(
            file.sizes.is_empty() || file.sizes.len() == centroids.len(),
            "there are {} sizes for {} clusters",
            file.sizes.len(),
            centroids.len()
        );
        Ok(Topics {
            file,
            centroids,
            means,
        })
    }

    /// Reads `path` and the centroids beside it, `.safetensors`.
    pub fn read(path: &Path) -> Result<Self> {
        let reading = |path: &Path| format!("reading {}", path.display());
        let json = std::fs::read(path).with_context(|| reading(path))?;
        let file = serde_json::from_slice(&json).with_context(|| reading(path))?;
        let beside = path.with_extension("safetensors");
        let bytes = std::fs::read(&beside).with_context(|| reading(&beside))?;
        let tensors = SafeTensors::deserialize(&bytes).with_context(|| reading(&beside))?;
        let rows = |name: &str| -> Result<Vec<Vec<f32>>> {
            let tensor = tensors.tensor(name).with_context(|| reading(&beside))?;
            ensure!(
                tensor.dtype() == Dtype::F32 && tensor.shape().last() == Some(&EMBEDDING),
                "{}: {name} isn't rows of {EMBEDDING} f32",
                beside.display()
            );
            let rows = tensor.data().chunks_exact(4 * EMBEDDING);
            let numbers = |row: &[u8]| {
                let numbers = row.as_chunks::<4>().0.iter();
                numbers.map(|b| f32::from_le_bytes(*b)).collect()
            };
            Ok(rows.map(numbers).collect())
        };
        let mean = |name: &str| rows(name).map(|rows| rows.into_iter().next().unwrap_or_default());
        let means = [mean("mean_zh")?, mean("mean_en")?];
        Self::new(file, rows("centroids")?, means).with_context(|| reading(path))
    }

    /// Writes `path`, and the centroids beside it.
    pub fn write(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let bytes = |rows: &[Vec<f32>]| -> Vec<u8> {
            let numbers = rows.iter().flatten();
            numbers.flat_map(|x| x.to_le_bytes()).collect()
        };
        let [zh, en] = [0, 1].map(|i| bytes(&self.means[i..=i]));
        let centroids = bytes(&self.centroids);
        let shape = vec![self.centroids.len(), EMBEDDING];
        let views = [
            ("centroids", TensorView::new(Dtype::F32, shape, &centroids)?),
            (
                "mean_zh",
                TensorView::new(Dtype::F32, vec![EMBEDDING], &zh)?,
            ),
            (
                "mean_en",
                TensorView::new(Dtype::F32, vec![EMBEDDING], &en)?,
            ),
        ];
        serialize_to_file(views, None, &path.with_extension("safetensors"))?;
        std::fs::write(path, serde_json::to_string_pretty(&self.file)? + "\n")
            .with_context(|| format!("writing {}", path.display()))
    }

    /// The description that is written.
    pub fn file(&self) -> &TopicFile {
        &self.file
    }

    /// Names of the topics in order.
    pub fn labels(&self) -> Vec<TopicLabel> {
        self.file.topics.iter().map(|t| t.label.clone()).collect()
    }

    /// Weights of the topics, summing to 1, of one of the teacher's embeddings.
    pub fn weights(&self, embedding: &[f32], language: Language) -> Vec<f32> {
        let x = centred(embedding, mean_for(&self.means, language));
        let weights: Vec<f32> = self
            .centroids
            .iter()
            .map(|c| ((dot(&x, c) - 1.0) / SOFTNESS).exp())
            .collect();
        let sum: f32 = weights.iter().sum();
        let topic = |t: &Topic| t.clusters.iter().map(|&c| weights[c]).sum::<f32>() / sum;
        self.file.topics.iter().map(topic).collect()
    }

    /// Number of the topic that has the centroid nearest to one of the teacher's embeddings, and
    /// the cosine to it. No topic where the cosine is below `least`.
    pub fn assign(
        &self,
        embedding: &[f32],
        language: Language,
        least: f32,
    ) -> (Option<usize>, f32) {
        let x = centred(embedding, mean_for(&self.means, language));
        let (topic, cosine) = self.nearest(&x);
        (topic.filter(|_| cosine >= least), cosine)
    }

    /// The topic of the centroid nearest to a vector whose language's mean is out.
    fn nearest(&self, x: &[f32]) -> (Option<usize>, f32) {
        let mut best = (None, -1.0);
        for (cluster, centroid) in self.centroids.iter().enumerate() {
            let cosine = dot(x, centroid);
            if best.0.is_none() || cosine > best.1 {
                best = (Some(cluster), cosine);
            }
        }
        let topics = &self.file.topics;
        let topic = |c: usize| topics.iter().position(|t| t.clusters.contains(&c));
        (best.0.and_then(topic), best.1)
    }

    /// Makes one topic of several, under the name of the largest, at the first one's number;
    /// later numbers move up. Terms are the topics' own, by rank and share.
    pub fn merge(&mut self, numbers: &[usize]) -> Result<()> {
        let merged: HashSet<usize> = numbers.iter().copied().collect();
        ensure!(
            merged.len() > 1 && merged.len() == numbers.len(),
            "merging takes two topics or more, each once"
        );
        let count = self.file.topics.len();
        if let Some(unknown) = numbers.iter().find(|n| **n >= count) {
            anyhow::bail!(
                "there is no topic {unknown}: they are numbered 0 to {}",
                count - 1
            );
        }
        let mut kept = Vec::new();
        let (mut parts, mut place) = (Vec::new(), None);
        for (number, topic) in std::mem::take(&mut self.file.topics)
            .into_iter()
            .enumerate()
        {
            if merged.contains(&number) {
                place.get_or_insert(kept.len());
                parts.push(topic);
            } else {
                kept.push(topic);
            }
        }
        kept.insert(place.unwrap_or(0), joined(&parts));
        self.file.topics = kept;
        Ok(())
    }

    /// Merges until `count` topics are left: always the two whose union adds least to the
    /// squared distances (Ward 1963).
    pub fn merge_to(&mut self, count: usize) -> Result<()> {
        let topics = &self.file.topics;
        ensure!(
            (1..topics.len()).contains(&count),
            "{} topics can be merged to 1 up to {}, not to {count}",
            topics.len(),
            topics.len().saturating_sub(1)
        );
        ensure!(
            !self.file.sizes.is_empty(),
            "this file doesn't say how large its clusters are: name the topics to merge"
        );
        let size = |c: usize| self.file.sizes[c] as f32;
        let centre = |topic: &Topic| {
            let total: f32 = topic.clusters.iter().map(|&c| size(c)).sum();
            let mut centre = vec![0.0; EMBEDDING];
            for &c in &topic.clusters {
                let sums = centre.iter_mut().zip(&self.centroids[c]);
                sums.for_each(|(s, x)| *s += size(c) / total * x);
            }
            centre
        };
        let centres: Vec<Vec<f32>> = topics.iter().map(centre).collect();
        let of = |t: &Topic| t.clusters.iter().map(|&c| self.file.sizes[c]).sum();
        let sizes: Vec<usize> = topics.iter().map(of).collect();
        let mut nodes: Vec<Vec<usize>> = (0..topics.len()).map(|i| vec![i]).collect();
        let mut open: HashSet<usize> = (0..topics.len()).collect();
        for (a, b, _) in ward(&centres, &sizes).iter().take(topics.len() - count) {
            open.remove(a);
            open.remove(b);
            open.insert(nodes.len());
            nodes.push([&nodes[*a][..], &nodes[*b][..]].concat());
        }
        let mut groups: Vec<Vec<&Topic>> = open
            .iter()
            .map(|&node| nodes[node].iter().map(|&t| &topics[t]).collect())
            .collect();
        groups.sort_by(|a, b| {
            let share = |group: &[&Topic]| group.iter().map(|t| t.share).sum::<f32>();
            let first = |group: &[&Topic]| group.iter().flat_map(|t| &t.clusters).min().copied();
            share(b).total_cmp(&share(a)).then(first(a).cmp(&first(b)))
        });
        self.file.topics = groups
            .into_iter()
            .map(|group| joined(&group.into_iter().cloned().collect::<Vec<_>>()))
            .collect();
        Ok(())
    }

    /// Names a topic; a name of a language that isn't given stays. Names tell topics apart: one
    /// that is blank or another's is an error.
    pub fn rename(&mut self, number: usize, zh: Option<&str>, en: Option<&str>) -> Result<()> {
        let count = self.file.topics.len();
        ensure!(
            number < count,
            "there is no topic {number}: they are numbered 0 to {}",
            count.saturating_sub(1)
        );
        ensure!(
            zh.is_some() || en.is_some(),
            "give a name: --zh, --en or both"
        );
        for name in [zh, en].into_iter().flatten() {
            ensure!(!name.trim().is_empty(), "a name can't be blank");
        }
        for (other, topic) in self.file.topics.iter().enumerate() {
            let taken = zh.is_some_and(|zh| zh.trim() == topic.label.zh)
                || en.is_some_and(|en| en.trim() == topic.label.en);
            ensure!(
                other == number || !taken,
                "topic {other} has that name already"
            );
        }
        let label = &mut self.file.topics[number].label;
        if let Some(zh) = zh {
            label.zh = zh.trim().to_owned();
        }
        if let Some(en) = en {
            label.en = en.trim().to_owned();
        }
        Ok(())
    }

    /// One line per topic: number, share, names, terms.
    pub fn lines(&self) -> Vec<String> {
        let topics = self.file.topics.iter().enumerate();
        let line = |(number, t): (usize, &Topic)| {
            let terms = [t.terms.zh.join(" "), t.terms.en.join(" ")].join(" | ");
            let TopicLabel { zh, en } = &t.label;
            format!("{number:>3} {:.4} {zh} | {en}: {terms}", t.share)
        };
        topics.map(line).collect()
    }
}

/// One topic of several.
fn joined(parts: &[Topic]) -> Topic {
    let largest = parts.iter().max_by(|a, b| a.share.total_cmp(&b.share));
    let label = largest.map(|t| t.label.clone());
    let terms = |of: &dyn Fn(&Topic) -> &[String]| {
        let mut scores: HashMap<&str, f32> = HashMap::new();
        for topic in parts {
            for (rank, term) in of(topic).iter().enumerate() {
                *scores.entry(term).or_default() += topic.share / (rank + 1) as f32;
            }
        }
        let mut scores: Vec<(&str, f32)> = scores.into_iter().collect();
        scores.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        let most = parts.iter().map(|t| of(t).len()).max().unwrap_or(0);
        scores.iter().take(most).map(|s| s.0.to_owned()).collect()
    };
    let mut clusters: Vec<usize> = parts.iter().flat_map(|t| t.clusters.clone()).collect();
    clusters.sort_unstable();
    Topic {
        label: label.unwrap_or_else(|| TopicLabel {
            zh: String::new(),
            en: String::new(),
        }),
        share: parts.iter().map(|t| t.share).sum(),
        share_zh: parts.iter().map(|t| t.share_zh).sum(),
        terms: Terms {
            zh: terms(&|t| &t.terms.zh),
            en: terms(&|t| &t.terms.en),
        },
        clusters,
    }
}

/// The mean to take out of a text's embedding; texts that aren't Chinese count as English.
fn mean_for(means: &[Vec<f32>; 2], language: Language) -> &[f32] {
    &means[usize::from(language != Language::Zh)]
}

/// `x` less `mean`, of length 1.
fn centred(x: &[f32], mean: &[f32]) -> Vec<f32> {
    let mut x: Vec<f32> = x.iter().zip(mean).map(|(x, m)| x - m).collect();
    normalise(&mut x);
    x
}

/// A set's texts with its language.
pub struct Texts {
    /// The set's name.
    pub set: &'static str,
    /// The set's language.
    pub language: Language,
    /// Its texts, cleaned.
    pub texts: Vec<String>,
}

/// The sample of 20,000, or a tenth as many of another split.
pub fn read_sample(data: &Path, split: Split) -> Result<Vec<Texts>> {
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

#[cfg(test)]
mod tests;
