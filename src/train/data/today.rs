//! Sets of how people write today: our own posts, texts about several names, comparisons, sarcasm.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use serde::Deserialize;

use crate::heads::sentiment::towards;
use crate::text::{Language, Name, Searchable, clean};
use crate::train::data::sets::{Split, rows};

/// One of our own posts, or a real one labelled twice.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TodaysPost {
    /// Its name within its set.
    pub id: String,
    /// The title, if there is one, above the text; cleaned.
    pub text: String,
    #[serde(default)]
    title: Option<String>,
    /// Its language.
    pub lang: Language,
    /// The mood of the whole: `neg`, `neu` or `pos`.
    pub label: String,
    /// The sides that it takes, by name as written; real posts have none that is agreed on.
    #[serde(default, deserialize_with = "sides_or_none")]
    pub toward: BTreeMap<String, String>,
    /// The one emotion, by the classes of its language.
    #[serde(default)]
    pub emotion: Option<String>,
    /// One of [`crate::heads::kind`]'s classes; `mixed` where two readers differ.
    pub kind: String,
    /// True if it is meant the other way.
    pub ironic: bool,
    /// What the writers were asked for.
    #[serde(default)]
    pub area: String,
    /// 0 a scene of real use, 1 hard advertisement.
    #[serde(default)]
    pub advert: Option<f32>,
    /// The brand that `about` is of.
    #[serde(default)]
    pub brand: Option<String>,
    /// True if it is about the brand.
    #[serde(default, deserialize_with = "yes_or_none")]
    pub about: Option<bool>,
    /// How the brand comes into it, or doesn't.
    #[serde(default)]
    pub why: Option<String>,
}

fn sides_or_none<'de, D: serde::Deserializer<'de>>(
    d: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Sides {
        Each(BTreeMap<String, String>),
        Whole(serde::de::IgnoredAny),
    }
    Ok(match Sides::deserialize(d)? {
        Sides::Each(sides) => sides,
        Sides::Whole(_) => BTreeMap::new(),
    })
}

fn yes_or_none<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<bool>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum About {
        Known(bool),
        Otherwise(serde::de::IgnoredAny),
    }
    Ok(match About::deserialize(d)? {
        About::Known(about) => Some(about),
        About::Otherwise(_) => None,
    })
}

/// Our own posts of a split.
pub const OWN: &str = "own_posts";
/// Real posts, labelled twice by people; for testing only.
pub const REAL: &str = "real_posts";

/// The posts of [`OWN`] or [`REAL`], cleaned.
pub fn posts(data: &Path, set: &str, split: Split) -> Result<Vec<TodaysPost>> {
    let mut posts: Vec<TodaysPost> = rows(data, set, split)?;
    for post in &mut posts {
        let whole = match &post.title {
            Some(title) if !title.trim().is_empty() => format!("{title}\n{}", post.text),
            _ => post.text.clone(),
        };
        post.text = clean(&whole);
    }
    Ok(posts)
}

/// The class of a label, in the order of the sentiment head's outputs.
pub fn class_of(label: &str) -> Option<usize> {
    match label {
        "neg" | "negative" => Some(0),
        "neu" | "neutral" => Some(1),
        "pos" | "positive" => Some(2),
        _ => None,
    }
}

/// A text with its class.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The text, cleaned.
    pub text: String,
    /// The text in the form in which it is read for what it says of a subject; `None` where it is
    /// read for itself.
    pub view: Option<String>,
    /// Its class.
    pub class: usize,
    /// What it is measured with.
    pub slice: String,
    /// The row it is of; several examples may be of one.
    pub row: String,
}

impl Example {
    /// The form in which the text is read.
    pub fn read_as(&self) -> &str {
        self.view.as_deref().unwrap_or(&self.text)
    }
}

/// The moods of our own posts as wholes, or of real ones.
pub fn moods(data: &Path, set: &str, split: Split) -> Result<Vec<Example>> {
    let posts = posts(data, set, split)?.into_iter();
    let of = |post: TodaysPost| {
        Some(Example {
            class: class_of(&post.label)?,
            slice: slice(&post),
            row: post.id,
            view: None,
            text: post.text,
        })
    };
    Ok(posts.filter_map(of).collect())
}

/// A post's area and language, as figures call them.
pub fn slice(post: &TodaysPost) -> String {
    let language = match post.lang {
        Language::Zh => "zh",
        Language::En => "en",
        Language::Other => "other",
    };
    match post.area.as_str() {
        "" => language.to_owned(),
        area => format!("{area}, {language}"),
    }
}

/// The sides that our own posts take: one example for each name that one judges.
pub fn sides(data: &Path, split: Split) -> Result<Vec<Example>> {
    let mut found = Vec::new();
    for post in posts(data, OWN, split)? {
        for (name, label) in &post.toward {
            let name = clean(name);
            found.extend(class_of(label).map(|class| Example {
                view: Some(towards(name.trim_start_matches(['@', '#']), &post.text)),
                text: post.text.clone(),
                class,
                slice: slice(&post),
                row: post.id.clone(),
            }));
        }
    }
    Ok(found)
}

/// What restaurant reviews say of their targets (MAMS); `opposite` is the slice of those with both
/// poles in one sentence.
pub fn several_targets(data: &Path, split: Split) -> Result<Vec<Example>> {
    #[derive(Deserialize)]
    struct Row {
        id: String,
        text: String,
        targets: Vec<Target>,
        opposite: bool,
    }
    #[derive(Deserialize)]
    struct Target {
        target: String,
        label: String,
    }
    let mut found = Vec::new();
    for row in rows::<Row>(data, "en_multi_target", split)? {
        let text = clean(&row.text);
        for target in &row.targets {
            found.extend(class_of(&target.label).map(|class| {
                Example {
                    view: Some(towards(&clean(&target.target), &text)),
                    text: text.clone(),
                    class,
                    slice: if row.opposite {
                        "opposite poles"
                    } else {
                        "alike"
                    }
                    .to_owned(),
                    row: row.id.clone(),
                }
            }));
        }
    }
    Ok(found)
}

/// What tweets say of one target each (Dong et al. 2014).
pub fn tweets_of_targets(data: &Path, split: Split) -> Result<Vec<Example>> {
    #[derive(Deserialize)]
    struct Row {
        id: String,
        text: String,
        target: String,
        label: String,
    }
    let rows = rows::<Row>(data, "en_target_twitter", split)?.into_iter();
    let of = |row: Row| {
        let text = clean(&row.text);
        Some(Example {
            view: Some(towards(&clean(&row.target), &text)),
            text,
            class: class_of(&row.label)?,
            slice: String::new(),
            row: row.id,
        })
    };
    Ok(rows.filter_map(of).collect())
}

/// Comments (zh) or tweets (en) that are sarcastic, class 1, or not.
pub fn sarcasm(data: &Path, set: &str, split: Split) -> Result<Vec<Example>> {
    #[derive(Deserialize)]
    struct Row {
        id: String,
        text: String,
        sarcastic: u8,
    }
    let rows = rows::<Row>(data, set, split)?.into_iter();
    let of = |row: Row| Example {
        text: clean(&row.text),
        view: None,
        class: usize::from(row.sarcastic > 0),
        slice: set.to_owned(),
        row: row.id,
    };
    Ok(rows.map(of).collect())
}

/// One text read for two names, of which the first is better off.
#[derive(Debug, Clone, PartialEq)]
pub struct Preference {
    /// The text, cleaned.
    pub text: String,
    /// Read for the name that is better off.
    pub better: String,
    /// Read for the other.
    pub worse: String,
}

/// Sets of comparisons (COQE; CompSent-19).
pub const COMPARISONS: [&str; 3] = ["zh_comparative", "en_comparative", "en_compsent"];

/// Texts that set one name above another, with both in the text and one verdict on the two.
pub fn preferences(data: &Path, set: &str, split: Split) -> Result<Vec<Preference>> {
    #[derive(Deserialize)]
    struct Row {
        text: String,
        #[serde(default)]
        quintuples: Vec<Quintuple>,
        #[serde(default)]
        object_a: String,
        #[serde(default)]
        object_b: String,
        #[serde(default)]
        label: Option<String>,
    }
    #[derive(Deserialize)]
    struct Quintuple {
        subject: String,
        object: String,
        preference: String,
    }
    let mut found = Vec::new();
    for row in rows::<Row>(data, set, split)? {
        let mut verdicts: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
        for q in &row.quintuples {
            let pair = (q.subject.as_str(), q.object.as_str());
            verdicts.entry(pair).or_default().insert(&q.preference);
        }
        let mut pairs = Vec::new();
        for ((a, b), said) in verdicts {
            let one = said.len() == 1 && !a.contains(b) && !b.contains(a);
            match said.first() {
                Some(&"better") if one => pairs.push((a, b)),
                Some(&"worse") if one => pairs.push((b, a)),
                _ => {}
            }
        }
        match row.label.as_deref() {
            Some("BETTER") => pairs.push((&row.object_a, &row.object_b)),
            Some("WORSE") => pairs.push((&row.object_b, &row.object_a)),
            _ => {}
        }
        let text = clean(&row.text);
        let searchable = Searchable::new(&text);
        for (better, worse) in pairs {
            if [better, worse]
                .iter()
                .all(|name| searchable.contains(&Name::new(name)))
            {
                found.push(Preference {
                    better: towards(&clean(better), &text),
                    worse: towards(&clean(worse), &text),
                    text: text.clone(),
                });
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_of_two_readers_may_leave_sides_open() {
        let post: TodaysPost = serde_json::from_str(
            r#"{"id":"1","text":"ok","lang":"en","label":"neu","kind":"mixed","ironic":false,
                "toward":"neu","about":"yes"}"#,
        )
        .unwrap();
        assert!(post.toward.is_empty() && post.about.is_none());
        let post: TodaysPost = serde_json::from_str(
            r#"{"id":"1","text":"ok","lang":"zh","label":"neu","kind":"other","ironic":true,
                "toward":{"A":"neg"},"about":false,"brand":"A","area":"about"}"#,
        )
        .unwrap();
        assert_eq!((post.toward.len(), post.about), (1, Some(false)));
        assert_eq!(slice(&post), "about, zh");
    }
}
