//! Relevance r(post, brand) in [0, 1]: is a post about what a brand stands for?
//!
//! A small network reads eleven plain features: how near the post's embedding is to the brand's
//! name, positioning, keywords and examples, what of them stands in the text, and which of them
//! the brand has given. A name and one sentence are enough.
//!
//! Nearness is measured in deviations from what is usual: some posts are near to every brand, and
//! some brands, above all those with many keywords, to every post. A bare cosine would call
//! both relevant.

use crate::definition::features::EMBEDDING;
use crate::layers::dense::Dense;
use crate::layers::tensors::Tensors;
use crate::post::brand::BrandProfile;
use crate::text::{Name, Searchable};
use crate::{Error, Result};

/// Number of features of a pair of post and brand; see [`Brand::features`].
pub const PAIR_FEATURES: usize = 11;
/// Width of the network's hidden layer.
pub const HIDDEN: usize = 8;
/// Most keywords, and most examples, that are embedded; all are searched for in the text.
const MOST_EMBEDDED: usize = 24;
/// Rows of each background: posts, names and positioning sentences to compare with.
pub const BACKGROUND: usize = 64;
/// Deviations beyond this count as this.
const FARTHEST: f32 = 6.0;

/// The mean of all embeddings of a kind, and the direction in which the languages differ; both are taken out before embeddings are compared, since they say nothing about the subject.
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

/// The vectors that posts and brands are compared with: their kinds' centres, and [`BACKGROUND`] centred
/// vectors of posts, names and positioning sentences that tell what likeness is usual.
#[derive(Debug, Clone)]
pub struct Background {
    /// The kinds' means, and the direction between the languages.
    pub centres: Centres,
    /// Posts.
    pub posts: Vec<Vec<f32>>,
    /// Names.
    pub names: Vec<Vec<f32>>,
    /// Positioning sentences.
    pub positionings: Vec<Vec<f32>>,
}

impl Background {
    /// Reads `centres.*` and `background.{posts,names,positionings}`.
    pub fn load(file: &Tensors) -> Result<Self> {
        let background = file.under("background");
        let rows = |name| -> Result<Vec<Vec<f32>>> {
            let rows = background.floats(name, &[BACKGROUND, EMBEDDING])?;
            Ok(rows.chunks_exact(EMBEDDING).map(<[f32]>::to_vec).collect())
        };
        Ok(Background {
            centres: Centres::load(&file.under("centres"))?,
            posts: rows("posts")?,
            names: rows("names")?,
            positionings: rows("positionings")?,
        })
    }
}

/// Mean and deviation of a likeness over a background.
#[derive(Debug, Clone, Copy)]
struct Usual {
    mean: f32,
    deviation: f32,
}

impl Usual {
    fn of(likeness: impl Iterator<Item = f32> + Clone) -> Self {
        let n = likeness.clone().count().max(1) as f32;
        let mean = likeness.clone().sum::<f32>() / n;
        let variance = likeness.map(|x| (x - mean).powi(2)).sum::<f32>() / n;
        Usual {
            mean,
            deviation: variance.sqrt().max(1e-3),
        }
    }

    /// How many deviations `likeness` is above the mean.
    fn above(self, likeness: f32) -> f32 {
        ((likeness - self.mean) / self.deviation).clamp(-FARTHEST, FARTHEST)
    }
}

impl Centres {
    /// Reads `post`, `name`, `positioning` and `language`, 384 numbers each.
    pub fn load(file: &Tensors) -> Result<Self> {
        let read = |name| file.floats(name, &[EMBEDDING]);
        Ok(Centres {
            post: read("post")?,
            name: read("name")?,
            positioning: read("positioning")?,
            language: read("language")?,
        })
    }

    /// `embedding` less `centre` and less its part along the language direction, of length 1.
    pub fn apply(&self, embedding: &[f32], centre: &[f32]) -> Vec<f32> {
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
    /// Name, positioning, keywords, examples: the vectors of each, and how near the nearest
    /// usually is to a post.
    parts: [(Vec<Vec<f32>>, Usual); 4],
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
    pub fn new(
        profile: &BrandProfile,
        embeddings: &[Vec<f32>],
        background: &Background,
    ) -> Result<Self> {
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
        let centres = &background.centres;
        let part = |list: &[Vec<f32>], centre: &[f32]| {
            let vectors: Vec<_> = list.iter().map(|e| centres.apply(e, centre)).collect();
            let usual = Usual::of(background.posts.iter().map(|post| nearest(&vectors, post)));
            (vectors, usual)
        };
        Ok(Brand {
            names: profile.names().map(Name::new).collect(),
            keywords: profile.keywords.iter().map(|k| Name::new(k)).collect(),
            parts: [
                part(&head[..1], &centres.name),
                part(&head[1..], &centres.positioning),
                part(keyword_vectors, &centres.name),
                part(examples, &centres.post),
            ],
        })
    }

    /// Features of a post: 0: name or alias found (0 or 1); 1: ln(1 + keywords found); nearness
    /// to 2: the name, 3: the positioning, 4: the nearest keyword, 5: the nearest example, in
    /// deviations from what is usual for the brand; 6 and 7: nearness to name and positioning,
    /// in deviations from what is usual for the post; 8 to 10: whether the brand has
    /// positioning, keywords, examples. Nearness is 0 to what it hasn't.
    ///
    /// `embedding` is the post's, L2-normalised; `text` its cleaned text.
    pub fn features(
        &self,
        embedding: &[f32],
        text: &str,
        background: &Background,
    ) -> [f32; PAIR_FEATURES] {
        let post = background
            .centres
            .apply(embedding, &background.centres.post);
        let text = Searchable::new(text);
        let named = self.names.iter().any(|n| text.contains(n));
        let keywords = self.keywords.iter().filter(|k| text.contains(k)).count();
        let flag = |given: bool| if given { 1.0 } else { 0.0 };
        let has = |part: usize| !self.parts[part].0.is_empty();
        let for_brand = |part: usize| {
            let (vectors, usual) = &self.parts[part];
            flag(has(part)) * usual.above(nearest(vectors, &post))
        };
        let for_post = |part: usize, others: &[Vec<f32>]| {
            let usual = Usual::of(others.iter().map(|other| dot(other, &post)));
            flag(has(part)) * usual.above(nearest(&self.parts[part].0, &post))
        };
        [
            flag(named),
            (keywords as f32).ln_1p(),
            for_brand(0),
            for_brand(1),
            for_brand(2),
            for_brand(3),
            for_post(0, &background.names),
            for_post(1, &background.positionings),
            flag(has(1)),
            flag(has(2)),
            flag(has(3)),
        ]
    }
}

/// 11 -> 8 (tanh) -> 1 and a logistic: the calibrated probability that a post is about what a
/// brand stands for.
#[derive(Debug, Clone)]
pub struct Net {
    hidden: Dense,
    out: Dense,
}

impl Net {
    /// Reads `hidden.{weight,bias}` and `out.{weight,bias}`.
    pub fn load(file: &Tensors) -> Result<Self> {
        Ok(Net {
            hidden: Dense::load(&file.under("hidden"), PAIR_FEATURES, HIDDEN)?,
            out: Dense::load(&file.under("out"), HIDDEN, 1)?,
        })
    }

    /// The probability for a pair's features.
    pub fn probability(&self, features: &[f32; PAIR_FEATURES]) -> f32 {
        let mut hidden = [0.0; HIDDEN];
        self.hidden.apply(features, &mut hidden);
        let mut logit = [0.0];
        self.out.apply(&hidden.map(f32::tanh), &mut logit);
        1.0 / (1.0 + (-logit[0]).exp())
    }
}

/// [`Net`] and what it compares posts and brands with.
#[derive(Debug, Clone)]
pub struct RelevanceHead {
    background: Background,
    net: Net,
}

impl RelevanceHead {
    /// Reads a [`Background`] and a [`Net`].
    pub fn load(file: &Tensors) -> Result<Self> {
        Ok(RelevanceHead {
            background: Background::load(file)?,
            net: Net::load(file)?,
        })
    }

    /// The vectors that brands and posts are compared with; for [`Brand::new`].
    pub fn background(&self) -> &Background {
        &self.background
    }

    /// The network alone.
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// r(post, brand) in [0, 1]. `embedding` is the post's, L2-normalised, 384 numbers (another
    /// length is an error); `text` its cleaned text.
    pub fn relevance(&self, embedding: &[f32], text: &str, brand: &Brand) -> Result<f32> {
        if embedding.len() != EMBEDDING {
            let problem = format!("has {} numbers, expected {EMBEDDING}", embedding.len());
            return Err(Error::invalid("embedding", problem));
        }
        let features = brand.features(embedding, text, &self.background);
        Ok(self.net.probability(&features))
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

/// The highest cosine of `post` to `vectors`, 0 if there are none; all of length 1.
fn nearest(vectors: &[Vec<f32>], post: &[f32]) -> f32 {
    let cosines = vectors.iter().map(|v| dot(v, post));
    cosines.reduce(f32::max).unwrap_or(0.0)
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

    /// Background vectors lie along 100 to 163, away from what the tests compare.
    fn background() -> Background {
        let far: Vec<Vec<f32>> = (100..100 + BACKGROUND).map(unit).collect();
        Background {
            centres: Centres {
                post: vec![0.0; EMBEDDING],
                name: vec![0.0; EMBEDDING],
                positioning: vec![0.0; EMBEDDING],
                language: unit(9),
            },
            posts: far.clone(),
            names: far.clone(),
            positionings: far,
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
        assert!(Brand::new(&profile(), &vectors, &background()).is_ok());
        assert!(Brand::new(&profile(), &vectors[..3], &background()).is_err());
    }

    #[test]
    fn features_read_text_and_vectors() {
        let vectors: Vec<_> = (0..4).map(unit).collect();
        let brand = Brand::new(&profile(), &vectors, &background()).unwrap();
        let x = brand.features(&unit(3), "Latte at 月咖, good beans", &background());
        let far = FARTHEST;
        let expected = [1.0, 3f32.ln(), 0.0, 0.0, far, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0];
        for (found, expected) in x.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-4, "{x:?}");
        }
    }

    #[test]
    fn language_does_not_count_as_a_likeness() {
        let mut zh = unit(1);
        zh[9] = 5.0;
        let vectors = vec![zh.clone(), unit(0), unit(2), unit(3)];
        let brand = Brand::new(&profile(), &vectors, &background()).unwrap();
        let mut other_subject = unit(4);
        other_subject[9] = 5.0;
        assert!(brand.features(&other_subject, "", &background())[2].abs() < 1e-4);
        assert!(brand.features(&unit(1), "", &background())[2] > 1.0);
    }

    #[test]
    fn a_post_like_every_brand_is_like_none() {
        let mut everywhere = vec![0.0; EMBEDDING];
        everywhere[0] = 0.3;
        everywhere[100..100 + BACKGROUND].fill(0.3);
        let vectors: Vec<_> = (0..4).map(unit).collect();
        let brand = Brand::new(&profile(), &vectors, &background()).unwrap();
        let x = brand.features(&everywhere, "", &background());
        assert!(x[2] > 0.5 && x[6].abs() < 1.5, "{x:?}");
        assert!(brand.features(&unit(0), "", &background())[6] > 1.5);
    }
}
