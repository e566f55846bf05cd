//! How the real model reads short texts of kinds that people reported as misread: facts without a
//! feeling word, negation, ratings, what was bought or sent back, slang, irony, one brand against
//! another.

mod common;

use std::collections::BTreeMap;

use bsmv::encoder::Precision;
use bsmv::post::brand::BrandProfile;
use bsmv::post::{Platform, Post};
use bsmv::scorer::Scorer;
use bsmv::scorer::request::ScoreRequest;
use bsmv::text::clean;
use common::model::{read, root, score_of, scorer};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reading {
    kind: String,
    text: String,
    brand: Option<String>,
    reads: Mood,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Debug)]
#[serde(rename_all = "lowercase")]
enum Mood {
    /// s above 0.2.
    Good,
    /// s below -0.2.
    Bad,
    /// s within 0.3 of 0.
    Neither,
    /// Of two brands the one with s above 0.
    Better,
    /// The other.
    Worse,
}

impl Mood {
    fn is(self, s: f32) -> bool {
        match self {
            Mood::Good => s > 0.2,
            Mood::Bad => s < -0.2,
            Mood::Neither => s.abs() < 0.3,
            Mood::Better => s > 0.0,
            Mood::Worse => s < 0.0,
        }
    }

    /// True where s is clearly on the other side of zero.
    fn is_opposite(self, s: f32) -> bool {
        match self {
            Mood::Good | Mood::Better => s < -0.2,
            Mood::Bad | Mood::Worse => s > 0.2,
            Mood::Neither => false,
        }
    }
}

fn readings() -> Vec<Reading> {
    serde_json::from_slice(&read(&root().join("tests/fixtures/readings.json"))).unwrap()
}

/// Most that may be misread, and most of them that may be on the other side of zero, of 108: as measured.
/// With more the encoder or the head got worse; the goal is 16 and none.
const MOST_WRONG: usize = 52;
const MOST_OPPOSITE: usize = 26;

#[test]
fn few_of_the_texts_that_people_reported_are_misread() {
    let scorer = scorer(Precision::Int8);
    let (mut kinds, mut wrong, mut opposite) = (BTreeMap::new(), 0, 0);
    for reading in readings() {
        let platform = match reading.text.is_ascii() {
            true => Platform::X,
            false => Platform::Weibo,
        };
        let brand = reading.brand.as_ref().map(|name| BrandProfile {
            name: name.clone(),
            ..BrandProfile::default()
        });
        let request = ScoreRequest {
            post: Post {
                text: reading.text.clone(),
                platform,
                ..Post::default()
            },
            brand,
            ..ScoreRequest::default()
        };
        let s = score_of(&scorer, &request).sentiment.s;
        let (all, missed): &mut (usize, usize) = kinds.entry(reading.kind).or_default();
        *all += 1;
        if !reading.reads.is(s) {
            *missed += 1;
            wrong += 1;
            let far = reading.reads.is_opposite(s);
            opposite += usize::from(far);
            let brand = reading.brand.as_deref().unwrap_or("-");
            let mark = if far { "opposite" } else { "unsure" };
            println!(
                "{mark:8} {s:+.2} {:?} {brand}: {}",
                reading.reads, reading.text
            );
        }
    }
    for (kind, (all, missed)) in kinds {
        println!("{kind}: {missed} of {all}");
    }
    println!("{wrong} wrong, {opposite} on the other side of zero");
    assert!(wrong <= MOST_WRONG && opposite <= MOST_OPPOSITE);
}

fn s_of(scorer: &Scorer, text: &str) -> f32 {
    let request = ScoreRequest {
        post: Post {
            text: text.to_owned(),
            ..Post::default()
        },
        ..ScoreRequest::default()
    };
    score_of(scorer, &request).sentiment.s
}

#[test]
fn a_text_in_capitals_reads_as_one_in_small_letters() {
    let scorer = scorer(Precision::Int8);
    for text in [
        "what a terrible store, never again @acme",
        "best trainers i have ever had!",
    ] {
        let shouted = text.to_uppercase();
        assert_eq!(s_of(&scorer, &shouted), s_of(&scorer, text), "{text}");
    }
    // Names and short cries keep their capitals.
    assert_ne!(clean("BMW M3"), clean("bmw m3"));
    assert_ne!(clean("今天穿了 NEW BALANCE"), clean("今天穿了 new balance"));
}

#[test]
fn thanks_are_good_however_they_are_put() {
    let scorer = scorer(Precision::Int8);
    for text in ["谢谢", "谢谢！", "多谢", "感谢", "thanks", "Thank you!"] {
        let s = s_of(&scorer, text);
        assert!(s > 0.2, "{s} {text}");
    }
}
