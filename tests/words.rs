//! Everything that the scorer says, it says in the language that was asked for.

mod common;

use std::collections::BTreeSet;

use bsmv::encoder::Precision;
use bsmv::scorer::Scorer;
use bsmv::scorer::answer::{Explanation, Note, Score};
use bsmv::scorer::constants::constants;
use bsmv::scorer::request::ScoreRequest;
use bsmv::scorer::words::Locale;
use common::assert_shape;
use common::model::{checked, scorer};
use serde::Deserialize;
use serde_json::Value;

/// One row of `tests/fixtures/notes.json`: requests whose answers have every note.
#[derive(Deserialize)]
struct Noted {
    name: String,
    request: ScoreRequest,
}

fn requests() -> Vec<Noted> {
    serde_json::from_str(include_str!("fixtures/notes.json")).unwrap()
}

/// All that is said of a request: score, explanation, and the hint at its strongest phrase.
fn answers(
    scorer: &Scorer,
    request: &ScoreRequest,
    locale: Option<Locale>,
) -> (Score, Explanation, Option<Note>) {
    let request = checked(&ScoreRequest {
        locale,
        ..request.clone()
    });
    let reading = scorer.read(&request).unwrap();
    let evaluation = scorer.evaluate(&request, &reading);
    let explanation = scorer.explanation(&request, &evaluation);
    let (mut words, locale) = scorer.words(&request).unwrap();
    let read = |texts: &[String]| scorer.valence_and_relevance(texts, request.brand());
    while words.step(read).unwrap().is_some() {}
    (evaluation.score, explanation, words.hint(locale.words()))
}

/// Every text of an answer that is the scorer's own, with the list it stands in.
fn texts(answers: &(Score, Explanation, Option<Note>)) -> Vec<(String, String)> {
    let (score, explanation, hint) = answers;
    let lists = [
        ("unseen", &score.unseen[..]),
        ("flags", &score.flags),
        ("hints", &explanation.hints),
        ("hints", hint.as_slice()),
        ("summary", std::slice::from_ref(&explanation.summary)),
    ];
    let notes = lists.into_iter().flat_map(|(list, notes)| {
        let text = move |note: &Note| (format!("{list}.{}", note.code), note.message.clone());
        notes.iter().map(text)
    });
    let labels = score.topics.iter().map(|topic| topic.label.clone());
    let features = explanation.contributions.iter().map(|c| c.feature.clone());
    let topics = features.filter_map(|name| Some(name.strip_prefix("topic:")?.to_owned()));
    let topics = labels.chain(topics).map(|text| ("topic".to_owned(), text));
    notes.chain(topics).collect()
}

/// Words that an answer takes from its request.
fn own_words(request: &ScoreRequest) -> Vec<&str> {
    let brand = request.brand.iter().map(|brand| brand.name.as_str());
    brand.chain(request.post.text.split_whitespace()).collect()
}

fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

#[test]
fn answers_are_in_the_language_that_was_asked_for() {
    let scorer = scorer(Precision::Int8);
    for Noted { name, request } in requests() {
        for (locale, foreign) in [
            (Locale::Zh, char::is_ascii_lowercase as fn(&char) -> bool),
            (Locale::En, |c: &char| is_han(*c)),
        ] {
            for (path, mut text) in texts(&answers(&scorer, &request, Some(locale))) {
                assert!(!text.contains(['{', '}']), "{name}, {path}: {text}");
                if path == "hints.word" || path == "hints.relevance" {
                    for word in own_words(&request) {
                        text = text.replace(word, "");
                    }
                    let quoted = text.split_once('“').zip(text.split_once('”'));
                    text = quoted.map_or(text.clone(), |((a, _), (_, b))| format!("{a}{b}"));
                }
                assert!(
                    !text.chars().any(|c| foreign(&c)),
                    "{name}, {path} in {locale:?}: {text}"
                );
            }
        }
    }
}

#[test]
fn without_a_locale_notes_are_english_and_explanations_follow_the_post() {
    let scorer = scorer(Precision::Int8);
    for Noted { name, request } in requests() {
        let chinese = request.post.text.chars().any(is_han);
        let of_post = if chinese { Locale::Zh } else { Locale::En };
        let (score, explanation, hint) = answers(&scorer, &request, None);
        let (english, ..) = answers(&scorer, &request, Some(Locale::En));
        let (localised, explained, hinted) = answers(&scorer, &request, Some(of_post));
        assert_eq!(score.unseen, english.unseen, "{name}");
        assert_eq!(score.flags, english.flags, "{name}");
        assert_eq!(score.topics, localised.topics, "{name}");
        assert_eq!((explanation, hint), (explained, hinted), "{name}");
    }
}

#[test]
fn every_code_is_met_and_has_the_described_shape() {
    let scorer = scorer(Precision::Int8);
    let mut met = BTreeSet::new();
    for Noted { request, .. } in requests() {
        let answers = answers(&scorer, &request, Some(Locale::Zh));
        assert_shape("Score", &serde_json::to_value(&answers.0).unwrap());
        assert_shape("Explanation", &serde_json::to_value(&answers.1).unwrap());
        met.extend(texts(&answers).into_iter().map(|(path, _)| path));
    }
    let constants = serde_json::to_value(constants()).unwrap();
    for list in ["unseen", "flags", "hints"] {
        for code in constants["words"]["en"][list].as_object().unwrap().keys() {
            let path = format!("{list}.{code}");
            assert!(met.contains(&path), "no request of notes.json has {path}");
        }
    }
    let outside = keys(&constants["words"]["en"]["outside"]);
    let met: BTreeSet<String> = requests()
        .iter()
        .flat_map(|row| answers(&scorer, &row.request, None).0.unseen)
        .filter(|note| note.code == "diffusion_not_modelled")
        .map(|note| serde_json::to_value(note.values).unwrap()["outside"].clone())
        .map(|key| key.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(met, outside);
}

fn keys(object: &Value) -> BTreeSet<String> {
    object.as_object().unwrap().keys().cloned().collect()
}
