//! `bsmv topics find`: all topics of the sample, as BERTopic finds them (Grootendorst 2022):
//! embed, lay out, cluster by density, name by c-TF-IDF; and how coherent they are beside those
//! of k-means and LDA.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use bsmv::features::EMBEDDING;
use bsmv::text::Language;
use bsmv::topics::TopicLabel;

use super::clusters::{dense, kmeans, normalise, ward};
use super::coherence::{TOP, Windows};
use super::layout::{layout, principal};
use super::lda::lda;
use super::terms::{Words, top_terms};
use super::{SAMPLE, Terms, Topic, TopicFile, Topics, centred, mean_for, read_sample};
use crate::train::Split;
use crate::train::metrics::{Estimate, bootstrap, quantile};
use crate::train::texts::{Embedder, Embeddings, language, progress, sample};

/// Principal components that neighbours are looked for in.
const COMPONENTS: usize = 50;
/// Dimensions and rounds of the layout that is clustered.
const WIDTH: usize = 5;
const ROUNDS: usize = 200;
/// A term is a word of this many training texts, or held-out texts would hardly know it, ...
const KNOWN: usize = 30;
/// ... and of this many of its topic's.
const LEAST_TEXTS: usize = 4;
/// Terms that the most coherent are chosen from.
const CANDIDATES: usize = 30;
/// Rounds of k-means and sweeps of LDA.
const KMEANS: usize = 30;
const SWEEPS: usize = 150;
/// Terms that make a topic's name until it is given one.
const NAME: usize = 3;

/// Finds all topics and compares their coherence with k-means and LDA.
#[derive(Debug, Clone, clap::Args)]
pub struct FindArgs {
    /// Folder of the data sets
    #[arg(long)]
    data: PathBuf,
    /// Folder of the teacher
    #[arg(long)]
    pub teacher: PathBuf,
    /// Texts that make a topic, at least
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(2..))]
    texts: u32,
    /// Whose texts coherence is measured on
    #[arg(long, value_enum, default_value_t = Split::Valid)]
    split: Split,
    /// Embeddings are kept here
    #[arg(long, default_value = "runs")]
    runs: PathBuf,
    /// Where the topics go, and their centroids beside it
    #[arg(long, default_value = "runs/found.json")]
    out: PathBuf,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What is known of the texts of one language, as word numbers.
struct Side {
    language: Language,
    /// Which of the sample's texts are in this language, and their terms.
    rows: Vec<usize>,
    sample: Vec<Vec<u32>>,
    /// All training texts, and those that coherence is measured on.
    training: Vec<Vec<u32>>,
    reference: Vec<Vec<u32>>,
}

impl Side {
    /// The terms of each group of the sample's texts, [`TOP`] of them where there are so many.
    fn terms(&self, of: &[Option<usize>], groups: usize) -> Vec<Vec<u32>> {
        let texts = self.rows.iter().zip(&self.sample);
        let texts = texts.map(|(&row, words)| (of[row], &words[..]));
        self.choose(top_terms(texts, groups, LEAST_TEXTS, CANDIDATES))
    }

    /// A few words for the name of a group that has no terms: those of two of its texts.
    fn hints(&self, of: &[Option<usize>], groups: usize) -> Vec<Vec<u32>> {
        let texts = self.rows.iter().zip(&self.sample);
        let texts = texts.map(|(&row, words)| (of[row], &words[..]));
        top_terms(texts, groups, 2, NAME)
    }

    /// The terms of each topic of LDA.
    fn lda(&self, topics: usize, seed: u64) -> Vec<Vec<u32>> {
        let words: Vec<u32> = distinct(&self.sample).into_iter().collect();
        let places: HashMap<u32, u32> = words.iter().copied().zip(0..).collect();
        let place = |text: &Vec<u32>| text.iter().map(|w| places[w]).collect();
        let texts: Vec<Vec<u32>> = self.sample.iter().map(place).collect();
        let counts = lda(&texts, words.len(), topics, SWEEPS, seed);
        let top = |counts: &Vec<u32>| {
            let mut order: Vec<usize> = (0..counts.len()).filter(|&w| counts[w] > 0).collect();
            order.sort_by_key(|&w| (Reverse(counts[w]), w));
            order.iter().take(CANDIDATES).map(|&w| words[w]).collect()
        };
        self.choose(counts.iter().map(top).collect())
    }

    /// Of each topic's candidates, those that keep each other's company in training texts.
    fn choose(&self, candidates: Vec<Vec<u32>>) -> Vec<Vec<u32>> {
        let texts = self.training.iter().map(|t| &t[..]);
        let windows = Windows::count(texts, &distinct(&candidates));
        candidates.iter().map(|c| windows.company(c, TOP)).collect()
    }

    /// Coherence of topics with [`TOP`] terms, by the reference texts.
    fn judge(&self, method: &'static str, terms: &[Vec<u32>]) -> Judged {
        let rated: Vec<Vec<u32>> = terms.iter().filter(|t| t.len() == TOP).cloned().collect();
        let words = distinct(&rated);
        let windows = Windows::count(self.reference.iter().map(|t| &t[..]), &words);
        let c_v: Vec<f64> = rated.iter().map(|t| windows.c_v(t)).collect();
        let mean = |rows: &[usize]| rows.iter().map(|&i| c_v[i]).sum::<f64>() / rows.len() as f64;
        Judged {
            method,
            rated: rated.len(),
            diversity: words.len() as f64 / (TOP * rated.len()) as f64,
            c_v: bootstrap(rated.len(), mean),
        }
    }
}

/// How coherent a method's topics are in one language.
struct Judged {
    method: &'static str,
    /// Topics with enough terms in the language.
    rated: usize,
    /// Share of different words among their terms.
    diversity: f64,
    c_v: Estimate,
}

fn distinct(texts: &[Vec<u32>]) -> BTreeSet<u32> {
    texts.iter().flatten().copied().collect()
}

/// Texts as word numbers, Chinese and English apart.
type Corpus = [Vec<Vec<u32>>; 2];

/// The words of all texts of a split.
fn corpus(data: &Path, split: Split, words: &mut Words) -> Result<Corpus> {
    let mut texts = [Vec::new(), Vec::new()];
    for (set, _) in SAMPLE {
        let language = language(set);
        for row in sample(data, set, split, usize::MAX, |_| true)? {
            texts[usize::from(language != Language::Zh)].push(words.of(&row.text, language));
        }
    }
    Ok(texts)
}

/// Finds the topics, writes them, and prints them with their coherence.
pub fn run(args: &FindArgs, teacher: &dyn Embedder) -> Result<()> {
    let embeddings = Embeddings::new(teacher, &args.runs)?;
    let sets = read_sample(&args.data, Split::Train)?;
    let mut words = Words::new();
    let mut x: Vec<Vec<f32>> = Vec::new();
    let mut texts: Vec<(Language, Vec<u32>)> = Vec::new();
    for set in &sets {
        x.extend(embeddings.of(set.set, &set.texts)?);
        let cut = set
            .texts
            .iter()
            .map(|t| (set.language, words.of(t, set.language)));
        texts.extend(cut);
    }
    let sides = sides(args, texts.clone(), &mut words)?;

    let means = [0, 1].map(|side: usize| mean(sides[side].rows.iter().map(|&i| &x[i])));
    for (x, (language, _)) in x.iter_mut().zip(&texts) {
        *x = centred(x, mean_for(&means, *language));
    }
    let reduced = layout(
        &principal(&x, COMPONENTS, args.seed),
        WIDTH,
        ROUNDS,
        args.seed,
    );
    let of = dense(&reduced, args.texts as usize)?;
    let count = of.iter().flatten().max().map_or(0, |most| most + 1);
    ensure!(
        count > 1,
        "no two places have {} texts close together: lower --texts",
        args.texts
    );
    let terms = [0, 1].map(|side: usize| sides[side].terms(&of, count));

    let hints = [0, 1].map(|side: usize| sides[side].hints(&of, count));

    let shown = |terms: &Vec<u32>| terms.iter().map(|&w| words.shown(w).to_owned()).collect();
    let shown = |c: usize| {
        let bare = terms.iter().all(|t| t[c].is_empty());
        let [zh, en] = if bare { &hints } else { &terms };
        Terms {
            zh: shown(&zh[c]),
            en: shown(&en[c]),
        }
    };
    let shown: Vec<Terms> = (0..count).map(shown).collect();
    let sample = sets.iter().map(|s| (s.set.to_owned(), s.texts.len()));
    let mut file = TopicFile {
        seed: args.seed,
        teacher: teacher.id().to_owned(),
        sample: sample.collect(),
        outliers: of.iter().filter(|c| c.is_none()).count() as f32 / of.len() as f32,
        least: -1.0,
        topics: Vec::new(),
        clusters: shown,
        sizes: Vec::new(),
        tree: Vec::new(),
    };
    let mut centroids = Vec::with_capacity(count);
    for (c, terms) in file.clusters.iter().enumerate() {
        let rows: Vec<usize> = (0..of.len()).filter(|&i| of[i] == Some(c)).collect();
        let zh = rows.iter().filter(|&&i| texts[i].0 == Language::Zh).count();
        let mut centroid = mean(rows.iter().map(|&i| &x[i]));
        normalise(&mut centroid);
        centroids.push(centroid);
        file.sizes.push(rows.len());
        file.topics.push(Topic {
            label: name(terms, c),
            share: rows.len() as f32 / of.len() as f32,
            share_zh: zh as f32 / sides[0].rows.len().max(1) as f32,
            terms: terms.clone(),
            clusters: vec![c],
        });
    }
    file.tree = ward(&centroids, &file.sizes);

    // As many of the sample are below the threshold as lie apart, so that texts can be assigned
    // without the sample.
    let mut topics = Topics::new(file, centroids, [Vec::new(), Vec::new()])?;
    let nearest: Vec<(Option<usize>, f32)> = x.iter().map(|v| topics.nearest(v)).collect();
    let mut cosines: Vec<f64> = nearest.iter().map(|n| f64::from(n.1)).collect();
    cosines.sort_by(f64::total_cmp);
    topics.file.least = quantile(&cosines, f64::from(topics.file.outliers)) as f32;
    topics.means = means;
    let same = nearest
        .iter()
        .zip(&of)
        .filter(|(n, c)| c.is_some() && n.0 == **c)
        .count();
    let inside = of.iter().flatten().count();
    topics.write(&args.out)?;

    topics.lines().iter().for_each(|line| println!("{line}"));
    println!(
        "{count} topics of {} texts, {:.3} outliers; {:.3} of the others are nearest to their \
         own topic's centroid; least cosine {:.3}",
        of.len(),
        topics.file.outliers,
        same as f64 / inside as f64,
        topics.file.least
    );
    let bar = progress(KMEANS, "k-means");
    let means = kmeans(&x, count, KMEANS, args.seed, &bar);
    bar.finish_and_clear();
    let means: Vec<Option<usize>> = means.into_iter().map(Some).collect();
    for (side, terms) in sides.iter().zip(&terms) {
        compare(side, terms, &side.terms(&means, count), args);
    }
    Ok(())
}

/// Prints the coherence of the three methods on one language and names the best.
fn compare(side: &Side, density: &[Vec<u32>], means: &[Vec<u32>], args: &FindArgs) {
    let density = side.judge("density", density);
    // LDA reads one language; it gets as many topics as density has there.
    let lda = side.lda(density.rated.max(2), args.seed);
    let judged = [
        density,
        side.judge("k-means", means),
        side.judge("lda", &lda),
    ];
    let language = if side.language == Language::Zh {
        "zh"
    } else {
        "en"
    };
    let lengths: usize = side.reference.iter().map(Vec::len).sum();
    println!(
        "{language}: {} reference texts ({}) of {:.1} words",
        side.reference.len(),
        args.split.name(),
        lengths as f64 / side.reference.len() as f64
    );
    for j in &judged {
        println!(
            "{language} {:<8} {:>4} topics, diversity {:.2}, C_v {:.3} [{:.3}, {:.3}]",
            j.method, j.rated, j.diversity, j.c_v.value, j.c_v.low, j.c_v.high
        );
    }
    let rated = judged.iter().filter(|j| j.rated > 0);
    if let Some(best) = rated.max_by(|a, b| a.c_v.value.total_cmp(&b.c_v.value)) {
        println!("{language} best: {}", best.method);
    }
}

/// The two languages' texts; words that few training texts have are no terms.
fn sides(
    args: &FindArgs,
    texts: Vec<(Language, Vec<u32>)>,
    words: &mut Words,
) -> Result<[Side; 2]> {
    let [training_zh, training_en] = corpus(&args.data, Split::Train, words)?;
    let [reference_zh, reference_en] = corpus(&args.data, args.split, words)?;
    let mut known = vec![0; words.count()];
    for text in training_zh.iter().chain(&training_en) {
        for &word in text.iter().collect::<HashSet<_>>() {
            known[word as usize] += 1;
        }
    }
    let side = |wanted: Language, training, reference| {
        let mine = texts.iter().enumerate().filter(|(_, (l, _))| *l == wanted);
        let (rows, sample) = mine
            .map(|(row, (_, text))| {
                let terms = text.iter().filter(|w| known[**w as usize] >= KNOWN);
                (row, terms.copied().collect())
            })
            .unzip();
        Side {
            language: wanted,
            rows,
            sample,
            training,
            reference,
        }
    };
    Ok([
        side(Language::Zh, training_zh, reference_zh),
        side(Language::En, training_en, reference_en),
    ])
}

/// The first terms; the other language's where there are none, or the number.
fn name(terms: &Terms, number: usize) -> TopicLabel {
    let first = |terms: &[String], with: &str| {
        let first: Vec<&str> = terms.iter().take(NAME).map(String::as_str).collect();
        (!first.is_empty()).then(|| first.join(with))
    };
    let (zh, en) = (first(&terms.zh, "、"), first(&terms.en, ", "));
    let or = |name: &str| format!("{name} {number}");
    TopicLabel {
        zh: zh.clone().or(en.clone()).unwrap_or_else(|| or("主题")),
        en: en.or(zh).unwrap_or_else(|| or("Topic")),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts of two subjects of twelve words each, numbered 0 to 11 and 12 to 23.
    fn two_subjects() -> Side {
        let text = |i: usize| -> Vec<u32> {
            let from = if i.is_multiple_of(2) { 0 } else { 12 };
            (0..12)
                .filter(|w| !(w + i / 2).is_multiple_of(4))
                .map(|w| (from + w) as u32)
                .collect()
        };
        let texts: Vec<Vec<u32>> = (0..80).map(text).collect();
        Side {
            language: Language::En,
            rows: (0..80).collect(),
            sample: texts.clone(),
            training: texts.clone(),
            reference: texts,
        }
    }

    #[test]
    fn groups_by_subject_cohere_and_mixed_ones_do_not() {
        let side = two_subjects();
        let judge = |of: &dyn Fn(usize) -> usize| {
            let of: Vec<Option<usize>> = (0..80).map(|i| Some(of(i))).collect();
            side.judge("density", &side.terms(&of, 2))
        };
        let by_subject = judge(&|i| i % 2);
        assert_eq!((by_subject.rated, by_subject.diversity), (2, 1.0));
        let lda = side.judge("lda", &side.lda(2, 1));
        assert!((by_subject.c_v.value - lda.c_v.value).abs() < 0.05);
        let mixed: Vec<Vec<u32>> = (0..2)
            .map(|t| (0..TOP as u32).map(|w| w * 2 + t).collect())
            .collect();
        let mixed = side.judge("mixed", &mixed);
        assert!(mixed.c_v.value < by_subject.c_v.value - 0.2);
    }

    #[test]
    fn topics_short_of_terms_are_not_rated() {
        let side = two_subjects();
        let judged = side.judge("density", &[(0..10).collect(), vec![12, 13]]);
        assert_eq!(judged.rated, 1);
        assert_eq!(side.judge("density", &[]).rated, 0);
    }

    #[test]
    fn a_topic_is_called_after_its_first_terms() {
        let words = |list: &[&str]| -> Vec<String> { list.iter().map(|w| w.to_string()).collect() };
        let called = |zh: &[&str], en: &[&str]| {
            let terms = Terms {
                zh: words(zh),
                en: words(en),
            };
            let TopicLabel { zh, en } = name(&terms, 7);
            (zh, en)
        };
        for (zh, en, names) in [
            (
                &["汽车", "油耗", "机油", "刹车"][..],
                &["car"][..],
                ("汽车、油耗、机油", "car"),
            ),
            (&[], &["car", "fuel"], ("car, fuel", "car, fuel")),
            (&[], &[], ("主题 7", "Topic 7")),
        ] {
            assert_eq!(called(zh, en), (names.0.to_owned(), names.1.to_owned()));
        }
    }
}
