//! `bsmv topics find`: all topics of the sample, as BERTopic finds them (Grootendorst 2022):
//! embed, lay out, cluster by density, name by c-TF-IDF; and how coherent they are beside those
//! of k-means and LDA.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use crate::definition::features::EMBEDDING;
use crate::heads::topics::TopicLabel;
use crate::text::Language;

use super::clusters::{dense, kmeans, normalise, ward};
use super::gap;
use super::layout::{layout, principal};
use super::sides::{Coherence, Side, sides};
use super::terms::Vocabulary;
use super::{Terms, Topic, TopicFile, Topics, centred, mean_for, read_sample};
use crate::train::data::folders::Folders;
use crate::train::data::sets::Split;
use crate::train::data::texts::{Embeddings, TextEncoder, progress};
use crate::train::metrics::quantile;

/// Principal components that neighbours are looked for in.
const COMPONENTS: usize = 50;
/// Dimensions and rounds of the layout that is clustered.
const WIDTH: usize = 5;
const ROUNDS: usize = 200;
/// Rounds of k-means.
const KMEANS: usize = 30;
/// Terms that make a topic's name until it is given one.
const NAME: usize = 3;

/// Finds all topics and compares their coherence with k-means and LDA.
#[derive(Debug, Clone, clap::Args)]
pub struct FindArgs {
    /// The data sets, and what training makes of them.
    #[command(flatten)]
    folders: Folders,
    /// Folder of the teacher
    #[arg(long)]
    pub teacher: PathBuf,
    /// Texts that make a topic, at least
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(2..))]
    texts: u32,
    /// Whose texts coherence is measured on
    #[arg(long, value_enum, default_value_t = Split::Valid)]
    split: Split,
    /// Where the topics go, and their centroids beside it
    #[arg(long, default_value = "runs/found.json")]
    out: PathBuf,
    /// Seed of all that is random
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Finds the topics, writes them, and prints them with their coherence.
pub fn run(args: &FindArgs, teacher: &dyn TextEncoder) -> Result<()> {
    let embeddings = Embeddings::new(teacher, &args.folders.runs)?;
    let sets = read_sample(&args.folders.data, Split::Train)?;
    let mut words = Vocabulary::new();
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
    let sides = sides(&args.folders.data, args.split, &texts, &mut words)?;

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

    let hints = [0, 1].map(|side: usize| sides[side].hints(&of, count, NAME));

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
        explain(side, &side.candidates(&of, count));
    }
    Ok(())
}

/// Prints the coherence of the three methods on one language and names the best.
fn compare(side: &Side, density: &[Vec<u32>], means: &[Vec<u32>], args: &FindArgs) {
    let density = side.coherence("density", density);
    // LDA reads one language; it gets as many topics as density has there.
    let lda = side.lda(density.rated.max(2), args.seed);
    let rated = [
        density,
        side.coherence("k-means", means),
        side.coherence("lda", &lda),
    ];
    let name = name_of(side);
    let lengths: usize = side.reference.iter().map(Vec::len).sum();
    println!(
        "{name}: {} held-out texts ({}) of {:.1} words",
        side.reference.len(),
        args.split.name(),
        lengths as f64 / side.reference.len() as f64
    );
    rated.iter().for_each(|c| print(side, c));
    let rated = rated.iter().filter(|c| c.rated > 0);
    if let Some(best) = rated.max_by(|a, b| a.c_v.value.total_cmp(&b.c_v.value)) {
        println!("{name} best: {}", best.what);
    }
}

/// Prints what the coherence of density's topics hangs on, and that of as many people's subjects.
fn explain(side: &Side, candidates: &[Vec<u32>]) {
    let steps = gap::steps(side, candidates);
    let people = gap::people(side, steps[0].rated);
    steps.iter().chain(&people).for_each(|c| print(side, c));
}

fn print(side: &Side, coherence: &Coherence) {
    println!(
        "{} {:<32} {:>6} texts, {:>3} topics, diversity {:.2}, C_v {:.3} [{:.3}, {:.3}]",
        name_of(side),
        coherence.what,
        coherence.texts,
        coherence.rated,
        coherence.diversity,
        coherence.c_v.value,
        coherence.c_v.low,
        coherence.c_v.high
    );
}

fn name_of(side: &Side) -> &'static str {
    if side.language == Language::Zh {
        "zh"
    } else {
        "en"
    }
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

    #[test]
    fn a_topic_is_named_after_its_first_terms() {
        let words = |list: &[&str]| -> Vec<String> { list.iter().map(|w| w.to_string()).collect() };
        let names_of = |zh: &[&str], en: &[&str]| {
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
            assert_eq!(names_of(zh, en), (names.0.to_owned(), names.1.to_owned()));
        }
    }
}
