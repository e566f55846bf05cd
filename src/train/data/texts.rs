//! Rows of the text sets, seeded samples of them, the split of brands, and embeddings kept on
//! disk.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use half::f16;
use indicatif::{ProgressBar, ProgressStyle};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize_to_file};
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use crate::definition::features::EMBEDDING;
use crate::text::{Language, clean};

use crate::train::data::sets::{Split, rows};

/// Seed of the order in which rows are sampled.
const SAMPLE: &str = "topics";
/// Texts embedded between two writes to disk.
const SHARD: usize = 1_024;

/// One row of a text set or the root of a cascade; a set has some of the fields.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct TextRow {
    /// The row's name within its set.
    pub id: String,
    /// Where the set has it from.
    #[serde(default)]
    pub src: String,
    /// The text; cleaned where [`sample`] gives it.
    pub text: String,
    /// The text before [`sample`] cleaned it.
    #[serde(skip)]
    pub raw: String,
    /// `neg`, `neu` or `pos`.
    #[serde(default)]
    pub label: Option<String>,
    /// The brand, product or subject that label or stance are towards.
    #[serde(default)]
    pub target: Option<String>,
    /// 1 if people said that the text is about its target, 0 if not.
    #[serde(default)]
    pub relevant: Option<u8>,
    /// Class of a headline.
    #[serde(default)]
    pub topic: Option<String>,
    /// Kind of goods of a review.
    #[serde(default)]
    pub category: Option<String>,
    /// Hashtags, without their signs.
    #[serde(default, deserialize_with = "list_or_null")]
    pub hashtags: Vec<String>,
    /// The one emotion.
    #[serde(default)]
    pub emotion: Option<String>,
    /// All emotions that people saw.
    #[serde(default)]
    pub emotions: Vec<String>,
    /// `against`, `none` or `favor`.
    #[serde(default)]
    pub stance: Option<String>,
}

fn list_or_null<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::deserialize(d)?.unwrap_or_default())
}

/// Language of a set, from its name.
pub fn language(set: &str) -> Language {
    if set.starts_with("zh_") {
        Language::Zh
    } else {
        Language::En
    }
}

/// At most `limit` rows of a set, cleaned; rows that are empty then, or that `keep` refuses,
/// don't count. Rows are taken in the order of a hash of set and id, so a smaller sample is
/// part of a larger one and heads share embeddings.
pub fn sample(
    data: &Path,
    set: &str,
    split: Split,
    limit: usize,
    keep: impl Fn(&TextRow) -> bool,
) -> Result<Vec<TextRow>> {
    let mut found: Vec<(u64, TextRow)> = rows::<TextRow>(data, set, split)?
        .into_iter()
        .filter(keep)
        .map(|row| (hash(&format!("{SAMPLE}/{set}/{}", row.id)).0, row))
        .collect();
    found.sort_by(|a, b| (a.0, &a.1.id).cmp(&(b.0, &b.1.id)));
    let cleaned = found.into_iter().map(|(_, mut row)| {
        row.raw = join_segmented(&row.text, &row.src);
        row.text = clean(&row.raw);
        row
    });
    Ok(cleaned
        .filter(|row| !row.text.trim().is_empty())
        .take(limit)
        .collect())
}

/// One source comes cut into words by spaces; they go where no Latin word or number ends.
fn join_segmented(text: &str, src: &str) -> String {
    if src != "takg_weibo" {
        return text.to_owned();
    }
    let mut joined = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let spaced = joined
            .chars()
            .last()
            .is_some_and(|c| c.is_ascii_alphanumeric())
            && word.starts_with(|c: char| c.is_ascii_alphanumeric());
        if spaced {
            joined.push(' ');
        }
        joined.push_str(word);
    }
    joined
}

/// The first sixteen bytes of a text's SHA-256, as two numbers.
fn hash(text: &str) -> (u64, u64) {
    let digest = Sha256::digest(text.as_bytes());
    let number = |i: usize| {
        digest[i..i + 8]
            .iter()
            .fold(0, |n, &b| n << 8 | u64::from(b))
    };
    (number(0), number(8))
}

/// The first eight bytes of the SHA-256 of `bytes`, as a number: written with 16 hex digits, the
/// key of a text in files of labels, and the name of an encoder by its weights.
pub fn first_bytes(bytes: &[u8]) -> u64 {
    let digest = Sha256::digest(bytes);
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}

/// A target's name in the form that the split hashes: NFKC, lower case, without spaces,
/// hyphens, hash and at signs.
pub fn normalised_target(target: &str) -> String {
    let folded = target.nfkc().flat_map(char::to_lowercase);
    folded
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}' | '\u{2011}' | '#' | '@'))
        .collect()
}

/// True for the fifth of brands that are kept out of relevance training altogether.
pub fn held_out(target: &str) -> bool {
    hash(&normalised_target(target)).0.is_multiple_of(5)
}

/// True for the brands, none held out, that training is validated on.
pub fn validates(target: &str) -> bool {
    !held_out(target) && hash(&normalised_target(target)).1.is_multiple_of(6)
}

/// Turns cleaned texts into L2-normalised vectors of 384 numbers.
pub trait TextEncoder {
    /// Changes whenever the vectors would: the hash of the weights.
    fn id(&self) -> &str;
    /// One vector per text, in order.
    fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>>;
}

/// An encoder whose vectors are kept as f16, one file per set.
pub struct Embeddings<'a> {
    encoder: &'a dyn TextEncoder,
    folder: PathBuf,
}

impl<'a> Embeddings<'a> {
    /// Keeps vectors below `runs/embeddings/<encoder>/`.
    pub fn new(encoder: &'a dyn TextEncoder, runs: &Path) -> Result<Self> {
        let id = hash(encoder.id()).0;
        let folder = runs.join("embeddings").join(format!("{id:016x}"));
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("creating {}", folder.display()))?;
        Ok(Embeddings { encoder, folder })
    }

    /// Vectors of `texts`, in order; what is missing is computed and added to `set`'s file. An
    /// interrupted run goes on where it stopped.
    pub fn of(&self, set: &str, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        let path = self.folder.join(format!("{set}.safetensors"));
        let mut known = read_vectors(&path)?;
        let mut missing: Vec<&String> = texts
            .iter()
            .filter(|text| !known.contains_key(&hash(text).0))
            .collect();
        // Neighbours of like length waste no padding.
        missing.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
        missing.dedup();
        let bar = progress(missing.len(), &format!("embedding {set}"));
        for shard in missing.chunks(SHARD) {
            let batch: Vec<String> = shard.iter().map(|t| (*t).clone()).collect();
            let vectors = self.encoder.embed(&batch)?;
            ensure!(
                vectors.len() == batch.len(),
                "the encoder returned another number of vectors"
            );
            for (text, vector) in batch.iter().zip(vectors) {
                known.insert(
                    hash(text).0,
                    vector.into_iter().map(f16::from_f32).collect(),
                );
            }
            write_vectors(&path, &known)?;
            bar.inc(batch.len() as u64);
        }
        bar.finish_and_clear();
        let vector = |text| known[&hash(text).0].iter().map(|x| x.to_f32()).collect();
        Ok(texts.iter().map(|text| vector(text)).collect())
    }
}

fn read_vectors(path: &Path) -> Result<HashMap<u64, Vec<f16>>> {
    if !path.exists() {
        return Ok(HashMap::new());
    }
    let bytes = std::fs::read(path)?;
    let file = SafeTensors::deserialize(&bytes)
        .with_context(|| format!("{} is damaged: delete it", path.display()))?;
    let (keys, vectors) = (file.tensor("keys")?, file.tensor("vectors")?);
    let keys = keys
        .data()
        .as_chunks::<8>()
        .0
        .iter()
        .map(|b| u64::from_le_bytes(*b));
    let vectors = vectors.data().chunks_exact(2 * EMBEDDING).map(|row| {
        let numbers = row.as_chunks::<2>().0.iter();
        numbers.map(|b| f16::from_le_bytes(*b)).collect()
    });
    Ok(keys.zip(vectors).collect())
}

fn write_vectors(path: &Path, known: &HashMap<u64, Vec<f16>>) -> Result<()> {
    let mut order: Vec<&u64> = known.keys().collect();
    order.sort();
    let keys: Vec<u8> = order.iter().flat_map(|k| k.to_le_bytes()).collect();
    let vectors: Vec<u8> = order
        .iter()
        .flat_map(|k| &known[k])
        .flat_map(|x| x.to_le_bytes())
        .collect();
    let n = known.len();
    let views = [
        ("keys", TensorView::new(Dtype::U64, vec![n], &keys)?),
        (
            "vectors",
            TensorView::new(Dtype::F16, vec![n, EMBEDDING], &vectors)?,
        ),
    ];
    let partial = path.with_extension("partial");
    serialize_to_file(views, None, &partial)?;
    std::fs::rename(&partial, path)?;
    Ok(())
}

/// A bar on standard error for `n` steps.
pub fn progress(n: usize, what: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(n as u64)
        .with_style(style)
        .with_message(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_of_a_name_fall_together() {
        for (a, b) in [
            ("Google", "google"),
            ("IphoneSE", "iPhone SE"),
            ("#Coca-Cola", "coca cola"),
            ("＠Ｎｉｋｅ", "nike"),
        ] {
            assert_eq!(normalised_target(a), normalised_target(b));
            assert_eq!(held_out(a), held_out(b));
        }
        assert_ne!(normalised_target("Delta"), normalised_target("Delta Air"));
    }

    #[test]
    fn a_fifth_is_held_out_and_never_validates() {
        let names: Vec<String> = (0..5_000).map(|i| format!("brand {i}")).collect();
        let out = names.iter().filter(|n| held_out(n)).count();
        let validating = names.iter().filter(|n| validates(n)).count();
        assert!((900..1_100).contains(&out), "{out}");
        assert!((560..780).contains(&validating), "{validating}");
        assert!(!names.iter().any(|n| held_out(n) && validates(n)));
    }

    #[test]
    fn words_cut_apart_are_joined() {
        let joined = join_segmented("今天 看 iPhone 6 发布会 , 好 看", "takg_weibo");
        assert_eq!(joined, "今天看iPhone 6发布会,好看");
        assert_eq!(join_segmented("a b", "other"), "a b");
    }

    struct Counting(std::cell::Cell<usize>);

    impl TextEncoder for Counting {
        fn id(&self) -> &str {
            "counting"
        }
        fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
            self.0.set(self.0.get() + texts.len());
            Ok(texts
                .iter()
                .map(|t| vec![t.len() as f32; EMBEDDING])
                .collect())
        }
    }

    #[test]
    fn vectors_are_computed_once() {
        let runs = tempfile::tempdir().unwrap();
        let encoder = Counting(std::cell::Cell::new(0));
        let texts = |list: &[&str]| list.iter().map(|t| t.to_string()).collect::<Vec<_>>();
        for (list, computed) in [(texts(&["abc", "a", "abc"]), 2), (texts(&["a", "ab"]), 3)] {
            let embeddings = Embeddings::new(&encoder, runs.path()).unwrap();
            let found = embeddings.of("set", &list).unwrap();
            for (text, vector) in list.iter().zip(found) {
                assert_eq!(vector, vec![text.len() as f32; EMBEDDING]);
            }
            assert_eq!(encoder.0.get(), computed);
        }
    }
}
