//! The catalogue: brands, hashtags and subjects that posts of the data sets are about, with what is
//! known of each.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::post::brand::BrandProfile;
use crate::text::{Language, clean};
use crate::text::{Name, Searchable, accounts_as_names};

use crate::train::data::folders::BrandFiles;
use crate::train::data::sets::Split;
use crate::train::data::texts::{
    TextRow, held_out, language, normalised_target, sample, validates,
};

/// Sets with targets, and the most training posts taken of each: brands, hashtags, and
/// subjects as weak targets.
pub const SETS: [(&str, usize); 5] = [
    ("en_brand_sentiment", 6_000),
    ("zh_weibo_hashtag", 3_000),
    ("zh_topic_short", 2_000),
    ("zh_review_sentiment", 1_500),
    ("zh_brand_aspect", 500),
];
/// A description of some targets, or classes of posts, of a set.
#[derive(Debug, Clone, Deserialize)]
struct Subject {
    name: String,
    positioning: String,
    keywords: Vec<String>,
    /// Subjects of one group are too near to be each other's mismatches.
    group: String,
    set: String,
    /// `target`, `topic` or `category`.
    field: String,
    values: Vec<String>,
}

/// A brand, or what stands for one.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name in the form whose hash splits brands.
    pub key: String,
    /// The language of its set.
    pub language: Language,
    /// Its category, which others share.
    pub group: Option<String>,
    /// Its description.
    pub profile: BrandProfile,
}

/// A post that is about a target.
#[derive(Debug, Clone)]
pub struct TargetPost {
    /// The set that it is of.
    pub set: &'static str,
    /// Cleaned; without the target's names where masked.
    pub text: String,
    /// Cleaned, with all names.
    pub full: String,
    /// Which of the catalogue's targets it is paired with.
    pub target: usize,
    /// Normalised names of all its targets.
    pub keys: Vec<String>,
    /// True where people said that it is not about the target it names.
    pub irrelevant: bool,
}

/// The posts that lose the names of their target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mask {
    /// No post.
    Nobody,
    /// One in four, by a hash of the row.
    Some,
    /// Every post.
    Everybody,
}

/// Targets met so far, with what is known of them.
pub struct Catalogue {
    profiles: Vec<BrandProfile>,
    subjects: Vec<Subject>,
    /// In the order in which they were met.
    pub targets: Vec<Target>,
    index: HashMap<(Language, String), usize>,
}

impl Catalogue {
    /// A catalogue without targets, which knows the descriptions in `files`.
    pub fn read(files: &BrandFiles) -> Result<Self> {
        fn parse<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
            let json =
                std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
            serde_json::from_slice(&json).with_context(|| format!("reading {}", path.display()))
        }
        Ok(Catalogue {
            profiles: parse(&files.brands)?,
            subjects: parse(&files.subjects)?,
            targets: Vec::new(),
            index: HashMap::new(),
        })
    }

    /// The target of that name, described by its profile or subject if there is one. Names that
    /// are held out as targets themselves are dropped from the description of another.
    fn target(&mut self, set: &str, name: &str) -> usize {
        let (language, key) = (language(set), normalised_target(name));
        if let Some(&known) = self.index.get(&(language, key.clone())) {
            return known;
        }
        let profile = self
            .profiles
            .iter()
            .find(|p| p.names().any(|n| normalised_target(n) == key));
        let subject = self.subjects.iter().find(|s| {
            s.set == set && (s.name == name || s.values.iter().any(|v| normalised_target(v) == key))
        });
        let (mut profile, group) = match (profile, subject) {
            (Some(p), _) => (p.clone(), p.category.clone()),
            (None, Some(s)) => {
                let profile = BrandProfile {
                    name: s.name.clone(),
                    aliases: if s.name == name {
                        vec![]
                    } else {
                        vec![name.to_owned()]
                    },
                    positioning: s.positioning.clone(),
                    keywords: s.keywords.clone(),
                    ..BrandProfile::default()
                };
                (profile, Some(s.group.clone()))
            }
            (None, None) => (
                BrandProfile {
                    name: name.trim_start_matches(['#', '@']).to_owned(),
                    ..BrandProfile::default()
                },
                None,
            ),
        };
        let own = held_out(name);
        let allowed = |n: &String| own || !held_out(n);
        profile.aliases.retain(allowed);
        profile.keywords.retain(allowed);
        self.targets.push(Target {
            key: key.clone(),
            language,
            group,
            profile,
        });
        self.index.insert((language, key), self.targets.len() - 1);
        self.targets.len() - 1
    }

    /// Adds every profile as a target of its language, unless its name is held out or validates:
    /// brands that are described but that no post of the sets is about.
    pub fn add_profiles(&mut self) {
        for profile in self.profiles.clone() {
            let learns = |n: &str| !held_out(n) && !validates(n);
            if learns(&profile.name) {
                let set = match profile.language {
                    Some(Language::Zh) => "zh_",
                    _ => "en_",
                };
                self.target(set, &profile.name);
            }
        }
    }

    /// True for a target that is neither held out nor kept for validation.
    pub fn learns(&self, target: usize) -> bool {
        let name = &self.targets[target].key;
        !held_out(name) && !validates(name)
    }

    /// Names of what a row is about.
    fn names(&self, set: &str, row: &TextRow) -> Vec<String> {
        if set == "zh_weibo_hashtag" {
            return row.hashtags.clone();
        }
        if set == "en_brand_sentiment" {
            // "Android App or …" and its like name no brand.
            let target = row.target.iter().filter(|t| !t.contains(" or "));
            return target.cloned().collect();
        }
        let value = |field: &str| match field {
            "topic" => row.topic.as_ref(),
            "category" => row.category.as_ref(),
            _ => None,
        };
        let about =
            |s: &&Subject| s.set == set && value(&s.field).is_some_and(|v| s.values.contains(v));
        self.subjects
            .iter()
            .filter(about)
            .map(|s| s.name.clone())
            .collect()
    }

    /// A row's text as it is read for a target: its accounts are replaced by its name.
    fn with_target_name(&self, row: &TextRow, target: usize) -> String {
        let names = self.targets[target].profile.names();
        clean(&accounts_as_names(&row.raw, names))
    }

    /// All posts of the source whose rows people labelled by whether they are about the company or
    /// the game they name (the other such source mostly calls irrelevant what isn't English).
    pub fn labelled_posts(&mut self, data: &Path, split: Split) -> Result<Vec<TargetPost>> {
        let set = SETS[0].0;
        let wanted = |row: &TextRow| row.src == "kaggle_entity_validation" && row.target.is_some();
        let rows = sample(data, set, split, usize::MAX, wanted)?.into_iter();
        Ok(rows
            .map(|row| {
                let keys = row.target.iter().map(|name| normalised_target(name));
                let target = self.target(set, row.target.as_deref().unwrap_or_default());
                let full = self.with_target_name(&row, target);
                TargetPost {
                    set,
                    keys: keys.collect(),
                    target,
                    text: full.clone(),
                    full,
                    irrelevant: row.relevant == Some(0),
                }
            })
            .collect())
    }

    /// Posts of a split whose first target `wanted` accepts and none of whose targets is held
    /// out unless the first is; `share` divides the sets' limits.
    pub fn posts(
        &mut self,
        data: &Path,
        split: Split,
        share: usize,
        mask: Mask,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<TargetPost>> {
        let mut posts = Vec::new();
        for (set, limit) in SETS {
            let usable = |row: &TextRow| {
                let names = self.names(set, row);
                names.first().is_some_and(|first| {
                    wanted(first) && (held_out(first) || !names.iter().any(|n| held_out(n)))
                })
            };
            for row in sample(data, set, split, limit / share, usable)? {
                let names = self.names(set, &row);
                let target = self.target(set, &names[0]);
                let hide = match mask {
                    Mask::Nobody => false,
                    Mask::Some => row.id.bytes().fold(0u8, u8::wrapping_add).is_multiple_of(4),
                    Mask::Everybody => true,
                };
                let full = self.with_target_name(&row, target);
                let text = if hide {
                    without_names(&full, &self.targets[target].profile)
                } else {
                    full.clone()
                };
                if text.chars().count() < 4 {
                    continue;
                }
                posts.push(TargetPost {
                    set,
                    text,
                    full,
                    target,
                    keys: names.iter().map(|n| normalised_target(n)).collect(),
                    irrelevant: row.relevant == Some(0),
                });
            }
        }
        Ok(posts)
    }
}

/// A text with every name of a brand taken out.
fn without_names(text: &str, profile: &BrandProfile) -> String {
    let searchable = Searchable::new(text);
    let mut found: Vec<_> = profile
        .names()
        .flat_map(|n| searchable.find(&Name::new(n)))
        .collect();
    found.sort_by_key(|r| r.start);
    let (mut kept, mut at) = (String::new(), 0);
    for range in found {
        if range.start > at {
            kept.push_str(&text[at..range.start]);
            kept.push(' ');
        }
        at = at.max(range.end);
    }
    kept.push_str(&text[at..]);
    clean(&kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masking_takes_every_name_out() {
        let profile = BrandProfile {
            name: "iPhone SE".into(),
            aliases: vec!["小苹果".into()],
            ..BrandProfile::default()
        };
        let text = without_names("My iphone-se, 就是小苹果 IPHONE SE!", &profile);
        let searchable = Searchable::new(&text);
        assert!(
            profile.names().all(|n| !searchable.contains(&Name::new(n))),
            "{text}"
        );
        assert!(text.starts_with("My") && text.contains("就是"), "{text}");
    }
}
