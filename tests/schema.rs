//! The committed API description and the Rust types say the same.

mod common;

use bsmv::Error;
use bsmv::ErrorReport;
use bsmv::encoder::Precision;
use bsmv::post::Platform;
use bsmv::post::json::parse;
#[cfg(feature = "server")]
use bsmv::published::import::events_from_ndjson;
use bsmv::published::record::PostRecord;
use bsmv::scorer::request::ScoreRequest;
use common::{assert_shape, bad_inputs, draft, full_request, page, schema};
use serde_json::{Value, json};

/// Rules across fields, which a schema can't express: fields that only Rust refuses. `[]` stands
/// for any index.
const ACROSS_FIELDS: [&str; 16] = [
    "weights.sum",
    "brand.weights.sum",
    "graph.start",
    "graph.observed_until",
    "graph.t[]",
    "graph.parent[]",
    // Columns of unequal length.
    "graph.parent",
    "graph.kind",
    "graph.user",
    "graph.followers",
    "graph.verified",
    "graph.s",
    "graph.text",
    "graph.t",
    // Of a post without a text.
    "title",
    // Null beside no other time.
    "lines[].t",
];

fn is_across_fields(error: &Error) -> bool {
    let field = error.field().unwrap_or_default();
    let field: String = field.chars().filter(|c| !c.is_ascii_digit()).collect();
    ACROSS_FIELDS.contains(&field.as_str())
}

/// How Rust reads and checks one of the API's shapes.
type Read = fn(String) -> bsmv::Result<()>;

fn read_request(json: String) -> bsmv::Result<()> {
    ScoreRequest::from_json(json)?.check().map(drop)
}

fn read_record(json: String) -> bsmv::Result<()> {
    parse::<PostRecord>(json, "")?.validate()
}

#[cfg(feature = "server")]
fn read_event(json: String) -> bsmv::Result<()> {
    events_from_ndjson(json.as_bytes(), || Some(time::OffsetDateTime::UNIX_EPOCH)).map(drop)
}

/// Both accept, both refuse, or Rust alone does, for a rule across fields.
fn assert_agreement(
    schema: &jsonschema::Validator,
    read: Read,
    request: &Value,
    what: &str,
) -> bool {
    let by_schema = schema.is_valid(request);
    match read(request.to_string()) {
        Ok(_) => assert!(by_schema, "{what}: only the schema refuses it"),
        Err(error) if by_schema => {
            assert!(
                is_across_fields(&error),
                "{what}: only Rust refuses it: {error}"
            );
        }
        Err(_) => {}
    }
    by_schema
}

#[test]
fn good_requests_are_good_for_both() {
    let schema = schema("ScoreRequest");
    let mut bare_page = page(2);
    for field in ["author", "text", "next"] {
        bare_page.as_object_mut().unwrap().remove(field);
    }
    for request in [
        draft(),
        full_request(),
        json!({"post": {"text": "好".repeat(20_000), "title": null, "author": null}}),
        json!({"post": {"text": "a", "likes": null, "author": {}}, "brand": null, "graph": null}),
        json!({"post": {"text": "a", "created_at": "2026-11-22T10:00:00.123+08:00"}}),
        json!({"post": {"text": "a", "author": {"followers": u64::MAX}}}),
        json!({"post": {"text": "a"}, "graph": page(0)}),
        json!({"post": {"text": "a"}, "graph": bare_page}),
        json!({"post": {"text": "a"}, "brand": {"name": "B", "keywords": vec!["k"; 100]}}),
    ] {
        read_request(request.to_string()).unwrap();
        assert!(schema.is_valid(&request), "{request}");
    }
}

#[test]
fn bad_requests_are_refused_by_name() {
    let schema = schema("ScoreRequest");
    for bad in bad_inputs() {
        let error = read_request(bad.body()).expect_err(&bad.name);
        assert_eq!(
            error.field(),
            Some(bad.field.as_str()),
            "{}: {error}",
            bad.name
        );
        assert_eq!(error.code(), bad.code, "{}", bad.name);
        let report = serde_json::to_value(ErrorReport::from(&error)).unwrap();
        assert_shape("Error", &report);
        if let Some(request) = &bad.request {
            assert_agreement(&schema, read_request, request, &bad.name);
        }
    }
}

#[test]
fn both_agree_on_every_field_and_every_wrong_value() {
    assert_agreement_on_spoilt("ScoreRequest", read_request, &full_request(), 500);
    let record = json!({
        "created_at": "2026-11-22T10:00:00Z", "user": "u", "author": full_request()["post"]["author"],
        "platform": "weibo", "language": "zh", "title": "t", "text": "b", "images": 1, "videos": 2,
        "counts": {"views": 1, "likes": 2, "comments": 3, "shares": 4, "saves": 5, "interactions": 6},
        "keep_texts": true
    });
    assert_agreement_on_spoilt("PostRecord", read_record, &record, 100);
    let event = json!({
        "id": "e", "parent": "p", "t": 3, "kind": "quote", "user": "u", "followers": 7,
        "verified": false, "s": -0.5, "text": "b"
    });
    #[cfg(feature = "server")]
    assert_agreement_on_spoilt("Event", read_event, &event, 70);
    assert!(schema("Event").is_valid(&event));
}

/// Every place of an instance that says everything, spoilt in every way: one value at a time.
fn assert_agreement_on_spoilt(name: &str, read: Read, request: &Value, at_least: usize) {
    let schema = schema(name);
    assert!(schema.is_valid(request), "{request}");
    read(request.to_string()).unwrap();
    let wrong = [
        json!(null),
        json!(-1),
        json!(0.5),
        json!(2),
        json!(5_000_000_000_u64),
        json!(true),
        json!(""),
        json!("x"),
        json!({}),
        // Not [] nor longer lists: Rust reads a list as an object's fields in order.
    ];
    let (mut refused, mut tried) = (0, 0);
    for place in places(request, "") {
        for value in &wrong {
            let mut spoilt = request.clone();
            *spoilt.pointer_mut(&place).unwrap() = value.clone();
            tried += 1;
            let what = format!("{place} = {value}");
            refused += usize::from(!assert_agreement(&schema, read, &spoilt, &what));
        }
        let mut spoilt = request.clone();
        let (parent, key) = place.rsplit_once('/').unwrap();
        let parent_value = spoilt.pointer_mut(parent).unwrap();
        if let Some(object) = parent_value.as_object_mut() {
            object.remove(key);
            assert_agreement(&schema, read, &spoilt, &format!("no {place}"));
            let mut spoilt = request.clone();
            spoilt.pointer_mut(parent).unwrap()["unheard_of"] = json!(1);
            let agreed = assert_agreement(&schema, read, &spoilt, &format!("{parent}/unheard_of"));
            assert!(!agreed, "{parent} takes unknown fields");
        }
    }
    assert!(
        tried > at_least && refused > tried / 2,
        "{name}: {refused} of {tried}"
    );
}

/// JSON pointers of all values below the root.
fn places(value: &Value, at: &str) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(object) => object.iter().map(|(k, v)| (k.clone(), v)).collect(),
        Value::Array(array) => array
            .iter()
            .enumerate()
            .map(|(i, v)| (i.to_string(), v))
            .collect(),
        _ => Vec::new(),
    };
    children
        .into_iter()
        .flat_map(|(key, child)| {
            let place = format!("{at}/{key}");
            let mut all = places(child, &place);
            all.push(place);
            all
        })
        .collect()
}

#[test]
fn a_request_survives_the_way_through_rust() {
    let request = ScoreRequest::from_json(full_request().to_string()).unwrap();
    let again = serde_json::to_value(&request).unwrap();
    assert!(schema("ScoreRequest").is_valid(&again), "{again}");
    assert_eq!(ScoreRequest::from_json(again.to_string()).unwrap(), request);
}

#[test]
fn scores_have_the_shape_the_description_gives() {
    for precision in [Precision::F32, Precision::Int8] {
        let scorer = common::model::scorer(precision);
        for request in [
            draft(),
            full_request(),
            json!({"post": {"text": "这家的拉面太难吃了,再也不来"}, "graph": page(400)}),
            json!({"post": {"text": "6"}, "graph": page(0)}),
        ] {
            let request = ScoreRequest::from_json(request.to_string()).unwrap();
            let score = scorer.score(&request.check().unwrap()).unwrap();
            assert_shape("Score", &serde_json::to_value(&score).unwrap());
        }
    }
}

#[test]
fn every_platform_is_described() {
    for name in Platform::ALL.map(Platform::name) {
        let request = json!({"post": {"text": "a", "platform": name}});
        assert!(schema("ScoreRequest").is_valid(&request), "{name}");
    }
}
