//! Pairs of posts and brands, from which relevance learns and on which it is measured.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result};
use rand::seq::{IndexedRandom, IteratorRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::heads::relevance::{Background, Brand, PAIR_FEATURES};
use crate::post::brand::BrandProfile;
use crate::text::{Language, clean};
use crate::text::{Name, Searchable};

use crate::train::data::catalogue::{Catalogue, SETS, Target, TargetPost};
use crate::train::data::texts::Embeddings;

/// Mismatched brands for every post with its own.
pub const NEGATIVES: usize = 6;
/// Share of training posts that are also paired with a brand of their own's category.
const HARD: f64 = 0.5;

/// For one in `share` posts that name their target, another post of the language with a word
/// replaced by that name: a word that means something else there, or is said in passing. Not
/// about the target, so `irrelevant`.
pub fn passing_mentions(
    catalogue: &Catalogue,
    posts: &[TargetPost],
    share: usize,
    seed: u64,
) -> Vec<TargetPost> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut made = Vec::new();
    for post in posts {
        let target = &catalogue.targets[post.target];
        let name = target
            .profile
            .names()
            .find(|n| Searchable::new(&post.text).contains(&Name::new(n)));
        let (Some(name), Some(other)) = (name, posts.choose(&mut rng)) else {
            continue;
        };
        let theirs = &catalogue.targets[other.target];
        let apart = theirs.language == target.language
            && mismatches(other, theirs, target, Description::Varied);
        if !apart || !rng.random_ratio(1, share as u32) {
            continue;
        }
        // Chinese texts have no words between spaces: two characters make room for the name.
        let text = if target.language == Language::Zh {
            let chars: Vec<char> = other.text.chars().collect();
            let at = rng.random_range(0..chars.len());
            let rest = &chars[chars.len().min(at + 2)..];
            format!(
                "{}{name}{}",
                chars[..at].iter().collect::<String>(),
                rest.iter().collect::<String>()
            )
        } else {
            let mut words: Vec<&str> = other.text.split(' ').collect();
            let at = rng.random_range(0..words.len());
            words[at] = name;
            words.join(" ")
        };
        made.push(TargetPost {
            set: other.set,
            full: text.clone(),
            text,
            target: post.target,
            keys: post.keys.clone(),
            irrelevant: true,
        });
    }
    made
}

/// Vectors of every text that pairs are made of, by the text before cleaning.
pub struct Vectors(HashMap<String, Vec<f32>>);

impl Vectors {
    /// Embeds posts, and all names, sentences and keywords of the catalogue's targets.
    pub fn of(
        catalogue: &Catalogue,
        posts: &[TargetPost],
        embeddings: &Embeddings,
    ) -> Result<Self> {
        let mut sets: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for post in posts {
            sets.entry(post.set).or_default().push(post.text.clone());
        }
        for target in &catalogue.targets {
            let brand = sets.entry("brands").or_default();
            brand.extend(Brand::texts(&target.profile));
            brand.push(target.profile.name.clone());
        }
        let mut vectors = HashMap::new();
        for (set, texts) in sets {
            let cleaned: Vec<String> = texts.iter().map(|t| clean(t)).collect();
            vectors.extend(texts.into_iter().zip(embeddings.of(set, &cleaned)?));
        }
        Ok(Vectors(vectors))
    }

    /// The vector of a text; one that wasn't embedded is an error.
    pub fn get(&self, text: &str) -> Result<&Vec<f32>> {
        self.0
            .get(text)
            .with_context(|| format!("no vector of {text:?}"))
    }

    fn brand(&self, profile: &BrandProfile, background: &Background) -> Result<Brand> {
        let vectors: Result<Vec<_>> = Brand::texts(profile)
            .iter()
            .map(|t| self.get(t).cloned())
            .collect();
        Ok(Brand::new(profile, &vectors?, background)?)
    }
}

/// Features of pairs of a post and a brand.
#[derive(Debug, Default)]
pub struct Pairs {
    /// [`PAIR_FEATURES`] numbers of each pair.
    pub features: Vec<Vec<f32>>,
    /// True where the post is about the brand.
    pub about: Vec<bool>,
    /// The set of each pair's post.
    pub sets: Vec<&'static str>,
}

/// How brands are described in pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Description {
    /// All that is known, without examples.
    Full,
    /// A random part of it, at times with examples: as users will leave things out.
    Varied,
    /// The name alone.
    NameOnly,
}

/// The targets that a post is paired with beside its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    /// No other.
    Nobody,
    /// [`NEGATIVES`] others, drawn among targets, or among posts and so as often as posts have
    /// them, half and half; in varied pairs one in five is any target that is described, of either
    /// language.
    Others,
    /// Up to [`NEGATIVES`] of its own category; posts of a target without one are left out.
    Category,
}

/// Each post with its own target, and with those of `against`.
pub fn pairs(
    catalogue: &Catalogue,
    posts: &[TargetPost],
    vectors: &Vectors,
    background: &Background,
    description: Description,
    against: Against,
    seed: u64,
) -> Result<Pairs> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut by_target: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (i, post) in posts.iter().enumerate().filter(|(_, p)| !p.irrelevant) {
        by_target.entry(post.target).or_default().push(i);
    }
    // Targets as drawn, per language: each once, and each as often as posts have it.
    let pool = |language, often: bool| -> Vec<usize> {
        let mine = by_target
            .iter()
            .filter(|(t, _)| catalogue.targets[**t].language == language);
        mine.flat_map(|(t, p)| vec![*t; if often { p.len() } else { 1 }])
            .collect()
    };
    let pools: HashMap<(Language, bool), Vec<usize>> = [Language::Zh, Language::En]
        .into_iter()
        .flat_map(|l| [(l, false), (l, true)])
        .map(|key| (key, pool(key.0, key.1)))
        .collect();
    let described: Vec<usize> = (0..catalogue.targets.len())
        .filter(|&t| !catalogue.targets[t].profile.positioning.is_empty())
        .filter(|t| catalogue.learns(*t) || by_target.contains_key(t))
        .collect();

    let mut out = Pairs::default();
    for (i, post) in posts.iter().enumerate() {
        let own = &catalogue.targets[post.target];
        let mut chosen = vec![(post.target, !post.irrelevant)];
        if against == Against::Category {
            let others = same_category(catalogue, post);
            let others = others.choose_multiple(&mut rng, NEGATIVES);
            if others.is_empty() {
                continue;
            }
            chosen.extend(others.into_iter().map(|t| (t, false)));
        }
        // Brands that could be mistaken for it are few: those that there are, hard as they come.
        // Subjects of one group are too near to be each other's mismatches.
        if description == Description::Varied && post.set == SETS[0].0 && rng.random_bool(HARD) {
            let learnt = same_category(catalogue, post)
                .filter(|&t| catalogue.learns(t) || by_target.contains_key(&t));
            chosen.extend(learnt.choose(&mut rng).map(|t| (t, false)));
        }
        let mut tries = 0;
        while against == Against::Others && chosen.len() <= NEGATIVES && tries < 50 {
            tries += 1;
            let pool = if description == Description::Varied && rng.random_bool(0.2) {
                &described
            } else {
                &pools[&(own.language, rng.random_bool(0.5))]
            };
            let Some(&other) = pool.choose(&mut rng) else {
                break;
            };
            if mismatches(post, own, &catalogue.targets[other], description) {
                chosen.push((other, false));
            }
        }
        let embedding = vectors.get(&post.text)?;
        for (target, about) in chosen {
            let mut profile = catalogue.targets[target].profile.clone();
            match description {
                Description::Full => {}
                Description::NameOnly => {
                    profile = BrandProfile {
                        name: profile.name,
                        ..BrandProfile::default()
                    };
                }
                Description::Varied => {
                    let posts_of = by_target.get(&target).into_iter().flatten();
                    let others = posts_of.filter(|&&j| j != i);
                    let others: Vec<&str> = others.map(|&j| posts[j].text.as_str()).collect();
                    vary(&mut profile, &others, &mut rng);
                }
            }
            let brand = vectors.brand(&profile, background)?;
            let features: [f32; PAIR_FEATURES] = brand.features(embedding, &post.text, background);
            out.features.push(features.to_vec());
            out.about.push(about);
            out.sets.push(post.set);
        }
    }
    Ok(out)
}

/// Targets of the category and language of a post's own that the post isn't about.
fn same_category<'a>(
    catalogue: &'a Catalogue,
    post: &'a TargetPost,
) -> impl Iterator<Item = usize> + 'a {
    let own = &catalogue.targets[post.target];
    (0..catalogue.targets.len()).filter(move |&t| {
        let other = &catalogue.targets[t];
        own.language == other.language && kin(own, other) && rivals(post, own, other)
    })
}

/// True where a post of `own` is surely not about `other`. In training also: they are of different
/// groups, and nothing else says that it might be.
fn mismatches(post: &TargetPost, own: &Target, other: &Target, description: Description) -> bool {
    if description != Description::Varied {
        return another(post, own, other);
    }
    !kin(own, other) && rivals(post, own, other)
}

/// True where `other` isn't what the post is said to be about.
fn another(post: &TargetPost, own: &Target, other: &Target) -> bool {
    !post.keys.contains(&other.key) && own.key != other.key
}

/// True where both are of one category.
fn kin(own: &Target, other: &Target) -> bool {
    own.group.is_some() && own.group == other.group
}

/// True where they are two, neither name is part of the other, and the post doesn't name the other.
fn rivals(post: &TargetPost, own: &Target, other: &Target) -> bool {
    let part = own.key.contains(&other.key) || other.key.contains(&own.key);
    let text = Searchable::new(&post.full);
    let named = other.profile.names().any(|n| text.contains(&Name::new(n)));
    another(post, own, other) && !part && !named
}

fn vary(profile: &mut BrandProfile, examples: &[&str], rng: &mut ChaCha8Rng) {
    if rng.random_bool(0.5) {
        profile.aliases.clear();
    }
    if rng.random_bool(0.3) {
        profile.positioning.clear();
    }
    if rng.random_bool(0.5) {
        profile.keywords.clear();
    } else {
        profile.keywords.retain(|_| rng.random_bool(0.7));
    }
    if rng.random_bool(0.3) {
        let n = rng.random_range(1..=3);
        profile.examples = examples
            .choose_multiple(rng, n)
            .map(|e| (*e).to_owned())
            .collect();
    }
}
