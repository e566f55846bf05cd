//! Whether a post is about what a brand stands for: r(post, brand) in [0, 1].
//!
//! A small network reads nine plain features: how near the post's embedding is to the brand's
//! name, positioning, keywords and examples, what of them stands in the text, and which of them
//! the brand has given. A name and one sentence are enough.

mod names;

use candle_core::{Device, Tensor};
use candle_nn::{Linear, Module, VarBuilder, linear};

use crate::brand::BrandProfile;
use crate::features::EMBEDDING;
use crate::{Error, Result};

pub use names::{Name, Searchable};

/// Number of features of a pair of post and brand; see [`Brand::features`].
pub const PAIR_FEATURES: usize = 9;
/// Width of the network's hidden layer.
pub const HIDDEN: usize = 8;
/// Most keywords, and most examples, that are embedded; all are searched for in the text.
const MOST_EMBEDDED: usize = 24;

/// What is common to all embeddings of a kind, and the direction in which the languages differ;
/// both are taken out before embeddings are compared, since they say nothing about the subject.
#[derive(Debug, Clone)]
pub struct Centres {
    /// Mean of posts.
    pub post: Vec<f32>,
    /// Mean of names and keywords.
    pub name: Vec<f32>,
    /// Mean of positioning sentences.
    pub positioning: Vec<f32>,
    /// From English to Chinese, of length 1.
    pub language: Vec<f32>,
}

impl Centres {
    /// Reads `post`, `name`, `positioning` and `language`, 384 numbers each.
    pub fn load(vb: VarBuilder) -> Result<Self> {
        let read = |name| -> Result<Vec<f32>> { Ok(vb.get(EMBEDDING, name)?.to_vec1()?) };
        Ok(Centres {
            post: read("post")?,
            name: read("name")?,
            positioning: read("positioning")?,
            language: read("language")?,
        })
    }

    /// `embedding` less `centre` and less its part along the language direction, of length 1.
    fn apply(&self, embedding: &[f32], centre: &[f32]) -> Vec<f32> {
        let mut x: Vec<f32> = embedding.iter().zip(centre).map(|(e, c)| e - c).collect();
        let along = dot(&x, &self.language);
        for (x, d) in x.iter_mut().zip(&self.language) {
            *x -= along * d;
        }
        let length = dot(&x, &x).sqrt().max(1e-6);
        x.iter_mut().for_each(|x| *x /= length);
        x
    }
}

/// A brand made ready for comparison.
#[derive(Debug, Clone)]
pub struct Brand {
    names: Vec<Name>,
    keywords: Vec<Name>,
    name_vector: Vec<f32>,
    positioning: Option<Vec<f32>>,
    keyword_vectors: Vec<Vec<f32>>,
    examples: Vec<Vec<f32>>,
}

impl Brand {
    /// The texts to clean and embed for [`Brand::new`], in its order.
    pub fn texts(profile: &BrandProfile) -> Vec<String> {
        let (keywords, examples) = embedded_lists(profile);
        let mut texts = vec![profile.names().collect::<Vec<_>>().join(", ")];
        texts.extend(positioning(profile).map(str::to_owned));
        texts.extend(keywords.into_iter().map(str::to_owned));
        texts.extend(examples.into_iter().map(str::to_owned));
        texts
    }

    /// `embeddings` are those of [`Brand::texts`], 384 numbers each; another count or length is
    /// an error.
    pub fn new(profile: &BrandProfile, embeddings: &[Vec<f32>], centres: &Centres) -> Result<Self> {
        let (keywords, examples) = embedded_lists(profile);
        let sentence = positioning(profile).is_some();
        let expected = 1 + usize::from(sentence) + keywords.len() + examples.len();
        if embeddings.len() != expected || embeddings.iter().any(|e| e.len() != EMBEDDING) {
            return Err(Error::invalid(
                "brand",
                format!("needs {expected} embeddings of {EMBEDDING} numbers"),
            ));
        }
        let (head, lists) = embeddings.split_at(1 + usize::from(sentence));
        let (keyword_vectors, examples) = lists.split_at(keywords.len());
        let all = |list: &[Vec<f32>], centre: &[f32]| -> Vec<Vec<f32>> {
            list.iter().map(|e| centres.apply(e, centre)).collect()
        };
        Ok(Brand {
            names: profile.names().map(Name::new).collect(),
            keywords: profile.keywords.iter().map(|k| Name::new(k)).collect(),
            name_vector: centres.apply(&head[0], &centres.name),
            positioning: head.get(1).map(|e| centres.apply(e, &centres.positioning)),
            keyword_vectors: all(keyword_vectors, &centres.name),
            examples: all(examples, &centres.post),
        })
    }

    /// Features of a post: 0: name or alias found (0 or 1); 1: ln(1 + keywords found); cosines
    /// to 2: the name, 3: the positioning, 4: the nearest keyword, 5: the nearest example, each
    /// 0 where the brand has none; 6 to 8: whether it has positioning, keywords, examples.
    ///
    /// `embedding` is the post's, L2-normalised; `text` its cleaned text.
    pub fn features(
        &self,
        embedding: &[f32],
        text: &str,
        centres: &Centres,
    ) -> [f32; PAIR_FEATURES] {
        let post = centres.apply(embedding, &centres.post);
        let text = Searchable::new(text);
        let named = self.names.iter().any(|n| text.contains(n));
        let keywords = self.keywords.iter().filter(|k| text.contains(k)).count();
        let nearest = |list: &[Vec<f32>]| {
            list.iter()
                .map(|v| dot(v, &post))
                .reduce(f32::max)
                .unwrap_or(0.0)
        };
        let flag = |given: bool| if given { 1.0 } else { 0.0 };
        [
            flag(named),
            (keywords as f32).ln_1p(),
            dot(&self.name_vector, &post),
            self.positioning.as_ref().map_or(0.0, |p| dot(p, &post)),
            nearest(&self.keyword_vectors),
            nearest(&self.examples),
            flag(self.positioning.is_some()),
            flag(!self.keyword_vectors.is_empty()),
            flag(!self.examples.is_empty()),
        ]
    }
}

/// 9 -> 8 (tanh) -> 1 and a logistic: the calibrated probability that a post is about what a
/// brand stands for.
#[derive(Debug, Clone)]
pub struct RelevanceHead {
    centres: Centres,
    hidden: Linear,
    out: Linear,
}

impl RelevanceHead {
    /// Reads `centres.{post,name,positioning,language}`, `hidden.{weight,bias}` and
    /// `out.{weight,bias}`.
    pub fn load(vb: VarBuilder) -> Result<Self> {
        Ok(RelevanceHead {
            centres: Centres::load(vb.pp("centres"))?,
            hidden: linear(PAIR_FEATURES, HIDDEN, vb.pp("hidden"))?,
            out: linear(HIDDEN, 1, vb.pp("out"))?,
        })
    }

    /// What embeddings are compared about; for [`Brand::new`].
    pub fn centres(&self) -> &Centres {
        &self.centres
    }

    /// Logits (n, 1) of features (n, 9).
    pub fn logits(&self, features: &Tensor) -> candle_core::Result<Tensor> {
        self.out.forward(&self.hidden.forward(features)?.tanh()?)
    }

    /// r(post, brand) in [0, 1]. `embedding` is the post's, L2-normalised, 384 numbers (another
    /// length is an error); `text` its cleaned text.
    pub fn relevance(&self, embedding: &[f32], text: &str, brand: &Brand) -> Result<f32> {
        if embedding.len() != EMBEDDING {
            let problem = format!("has {} numbers, expected {EMBEDDING}", embedding.len());
            return Err(Error::invalid("embedding", problem));
        }
        let features = brand.features(embedding, text, &self.centres);
        let x = Tensor::from_slice(&features, (1, PAIR_FEATURES), &Device::Cpu)?;
        let logit = self.logits(&x)?.flatten_all()?.get(0)?.to_scalar::<f32>()?;
        Ok(1.0 / (1.0 + (-logit).exp()))
    }
}

fn positioning(profile: &BrandProfile) -> Option<&str> {
    Some(profile.positioning.trim()).filter(|p| !p.is_empty())
}

/// Keywords and examples that are embedded: the first of each that aren't blank.
fn embedded_lists(profile: &BrandProfile) -> (Vec<&str>, Vec<&str>) {
    fn first(list: &[String]) -> Vec<&str> {
        let given = list.iter().map(|s| s.trim()).filter(|s| !s.is_empty());
        given.take(MOST_EMBEDDED).collect()
    }
    (first(&profile.keywords), first(&profile.examples))
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(i: usize) -> Vec<f32> {
        let mut v = vec![0.0; EMBEDDING];
        v[i] = 1.0;
        v
    }

    fn centres() -> Centres {
        Centres {
            post: vec![0.0; EMBEDDING],
            name: vec![0.0; EMBEDDING],
            positioning: vec![0.0; EMBEDDING],
            language: unit(9),
        }
    }

    fn profile() -> BrandProfile {
        BrandProfile {
            name: "Luna Coffee".into(),
            aliases: vec!["月咖".into()],
            positioning: "Coffee roasted by moonlight.".into(),
            keywords: vec!["latte".into(), " ".into(), "beans".into()],
            ..BrandProfile::default()
        }
    }

    #[test]
    fn texts_and_embeddings_pair_up() {
        let texts = Brand::texts(&profile());
        assert_eq!(
            texts,
            [
                "Luna Coffee, 月咖",
                "Coffee roasted by moonlight.",
                "latte",
                "beans"
            ]
        );
        let vectors: Vec<_> = (0..4).map(unit).collect();
        assert!(Brand::new(&profile(), &vectors, &centres()).is_ok());
        assert!(Brand::new(&profile(), &vectors[..3], &centres()).is_err());
    }

    #[test]
    fn features_read_text_and_vectors() {
        let vectors: Vec<_> = (0..4).map(unit).collect();
        let brand = Brand::new(&profile(), &vectors, &centres()).unwrap();
        let x = brand.features(&unit(3), "Latte at 月咖, good beans", &centres());
        let expected = [1.0, 3f32.ln(), 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0];
        for (found, expected) in x.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{x:?}");
        }
    }

    #[test]
    fn language_does_not_count_as_a_likeness() {
        let mut zh = unit(1);
        zh[9] = 5.0;
        let vectors = vec![zh.clone(), unit(0), unit(2), unit(3)];
        let brand = Brand::new(&profile(), &vectors, &centres()).unwrap();
        let mut other_subject = unit(4);
        other_subject[9] = 5.0;
        assert!(brand.features(&other_subject, "", &centres())[2].abs() < 1e-6);
        assert!((brand.features(&unit(1), "", &centres())[2] - 1.0).abs() < 1e-6);
    }
}
