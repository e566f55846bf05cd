//! What the tests of the shells share: the table of bad inputs, good requests, schemas.

// Each test crate uses its own part of this.
#![allow(dead_code)]

#[cfg(feature = "server")]
pub mod desk;
#[cfg(feature = "server")]
pub mod jobs;
pub mod model;
#[cfg(feature = "server")]
pub mod posts;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "server")]
pub mod shell;

use serde::Deserialize;
use serde_json::{Value, json};

/// The API's description, as committed.
pub const OPENAPI: &str = include_str!("../../www/api/openapi.json");

/// One row of `tests/bad_inputs.json`: what is sent, and how it must be refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BadInput {
    pub name: String,
    /// JSON of a request, or ...
    pub request: Option<Value>,
    /// ... text that is no JSON, or none that a value can hold.
    pub raw: Option<String>,
    pub code: String,
    pub field: String,
}

impl BadInput {
    /// What is sent; one line.
    pub fn body(&self) -> String {
        match (&self.request, &self.raw) {
            (Some(request), None) => request.to_string(),
            (None, Some(raw)) => raw.clone(),
            _ => panic!("{}: either a request or raw text", self.name),
        }
    }
}

pub fn bad_inputs() -> Vec<BadInput> {
    let rows: Vec<BadInput> = serde_json::from_str(include_str!("../bad_inputs.json")).unwrap();
    assert!(rows.len() >= 10);
    rows
}

/// A request that is odd and still scored.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OddInput {
    pub name: String,
    /// What is sent; one line.
    pub raw: String,
}

pub fn odd_inputs() -> Vec<OddInput> {
    let rows: Vec<OddInput> = serde_json::from_str(include_str!("../odd_inputs.json")).unwrap();
    assert!(rows.len() >= 5);
    rows
}

/// A draft without anything but its text.
pub fn draft() -> Value {
    json!({"post": {"text": "Third winter in these boots and my feet are still dry."}})
}

/// A request that says everything a request can say.
pub fn full_request() -> Value {
    json!({
        "id": "r1",
        "post": {
            "title": "Boots", "text": "Third winter in these boots and my feet are still dry.",
            "language": "en", "platform": "x", "created_at": "2026-11-22T10:00:00Z",
            "author": {
                "followers": 1200, "following": 300, "posts": 4000, "verified": false,
                "account_age_days": 2000,
                "recent": [{"likes": 40, "saves": 3, "comments": 5, "shares": 2}]
            },
            "images": 1, "videos": 0, "likes": 12, "saves": 3, "comments": 4
        },
        "brand": {
            "id": "b1", "name": "Example Boots", "aliases": ["ExBoots"],
            "positioning": "Waterproof boots for people who walk to work.",
            "keywords": ["waterproof"], "examples": ["Boots for the rain."],
            "category": "shoes", "language": "en",
            "weights": {"sentiment": 0.1, "topic": 0.1, "diffusion": 0.8}
        },
        "graph": page(3),
        "weights": {"sentiment": 0.2, "topic": 0.5, "diffusion": 0.3},
        "locale": "zh"
    })
}

/// A page of `events` reposts of the post, a second apart.
pub fn page(events: usize) -> Value {
    json!({
        "schema": 1, "post": "p1", "created_at": "2026-11-22T10:00:00Z",
        "observed_until": 3600 + events, "total": events,
        "author": {
            "followers": 1200, "following": 300, "posts": 4000, "verified": false,
            "account_age_days": 2000
        },
        "start": 1,
        "t": (1..=events).collect::<Vec<_>>(),
        "parent": (0..events).map(|i| i / 20).collect::<Vec<_>>(),
        "kind": vec!["quote"; events],
        "user": (1..=events).collect::<Vec<_>>(),
        "followers": (0..events).map(|i| (i % 2 == 0).then_some(i)).collect::<Vec<_>>(),
        "verified": vec![Some(false); events],
        "s": vec![Some(0.5); events],
        "text": vec![None::<&str>; events],
        "next": null
    })
}

/// A draft that a million people passed on.
pub fn a_million_events() -> String {
    let mut request = draft();
    let mut graph = page(1_000_000);
    graph.as_object_mut().unwrap().remove("text");
    request["graph"] = graph;
    request.to_string()
}

/// Whether an answer says that 900,000 of a million events were left out.
pub fn tells_of_dropped_events(score: &Value) -> bool {
    let told = |unseen: &Value| unseen["code"] == "events_dropped";
    score["events"] == 100_000
        && score["unseen"]
            .as_array()
            .is_some_and(|u| u.iter().any(told))
}

/// A validator for one of the API's shapes.
pub fn schema(name: &str) -> jsonschema::Validator {
    let mut document: Value = serde_json::from_str(OPENAPI).unwrap();
    assert!(
        document["components"]["schemas"][name].is_object(),
        "{name}"
    );
    document["$ref"] = format!("#/components/schemas/{name}").into();
    jsonschema::options()
        .should_validate_formats(true)
        .build(&document)
        .unwrap()
}

/// Fails with what is wrong if `instance` isn't of the API's shape `name`.
pub fn assert_shape(name: &str, instance: &Value) {
    let schema = schema(name);
    let wrong: Vec<_> = schema
        .iter_errors(instance)
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "not a {name}: {wrong:?}\n{instance}");
}

/// Fails unless the answer is this error, in the API's shape.
#[cfg(feature = "server")]
pub fn assert_error(answer: &server::Answer, status: u16, code: &str) {
    let body = answer.json();
    assert_eq!(answer.status, status, "{body}");
    assert_eq!(body["error"]["code"], code, "{body}");
    assert_shape("ErrorBody", &body);
}

/// A request whose text can't be read.
pub struct Unreadable {
    /// The reason's code.
    pub code: String,
    /// The request.
    pub request: Value,
}

/// Texts of every reason, as requests.
pub fn unreadable() -> impl Iterator<Item = Unreadable> {
    let rows: Vec<Value> =
        serde_json::from_str(include_str!("../fixtures/unreadable.json")).unwrap();
    rows.into_iter().map(|row| Unreadable {
        code: row["code"].as_str().unwrap().to_owned(),
        request: match &row["brand"] {
            Value::Null => json!({"post": {"text": row["text"]}}),
            name => json!({"post": {"text": row["text"]}, "brand": {"name": name}}),
        },
    })
}
