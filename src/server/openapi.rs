//! The schemas of `www/api/openapi.json`, made from the Rust types that are read and answered.
//!
//! Its paths are written by hand, in the file itself. What stands below `components` is written by
//! the test here: run `BLESS=1 cargo test --release --lib openapi` after a change of a type or of
//! its docs, which are the descriptions. A type that no other refers to needs a line in
//! [`schemas`].

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::error::{ErrorBody, Failure};
use super::jobs::{BrandErased, Job, JobList};
use super::models::ModelList;
use super::posts::{Appended, Erased, PostStored};
use super::scoring::ListedError;
use super::service::{Alive, Health};
use crate::checks::{CheckRequest, Checks};
use crate::published::forecast::PostForecast;
use crate::published::import::SentEvent;
use crate::published::leaders::LeadersPage;
use crate::published::record::PostRecord;
use crate::scorer::answer::{Explanation, Refusal, Score};
use crate::scorer::request::ScoreRequest;

/// First line of the part that is made here, up to its value.
const MADE_HERE: &str = "\n  \"components\": ";
/// Keywords of a schema that come before the others.
const FIRST: [&str; 7] = [
    "type",
    "description",
    "const",
    "enum",
    "additionalProperties",
    "required",
    "properties",
];

/// Every schema by its name.
fn schemas() -> Map<String, Value> {
    let mut settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(tidy));
    settings.definitions_path = "/components/schemas".into();
    // A field with a default may be left out of a request, but is always in an answer.
    let mut read = settings.clone().into_generator();
    read.subschema_for::<ScoreRequest>();
    read.subschema_for::<CheckRequest>();
    read.subschema_for::<PostRecord>();
    read.subschema_for::<SentEvent>();
    let mut answered = settings.for_serialize().into_generator();
    answered.subschema_for::<Score>();
    answered.subschema_for::<Checks>();
    answered.subschema_for::<Explanation>();
    answered.subschema_for::<Refusal>();
    answered.subschema_for::<PostForecast>();
    answered.subschema_for::<LeadersPage>();
    answered.subschema_for::<PostStored>();
    answered.subschema_for::<Appended>();
    answered.subschema_for::<Erased>();
    answered.subschema_for::<ListedError>();
    answered.subschema_for::<Alive>();
    answered.subschema_for::<BrandErased>();
    answered.subschema_for::<Job>();
    answered.subschema_for::<JobList>();
    answered.subschema_for::<ModelList>();
    answered.subschema_for::<Health>();
    answered.subschema_for::<ErrorBody>();

    let mut all = read.take_definitions(true);
    for (name, schema) in answered.take_definitions(true) {
        if let Some(same) = all.insert(name.clone(), schema) {
            assert_eq!(same, all[&name], "{name} is read and answered differently");
        }
    }
    let codes: BTreeSet<&str> = Failure::one_of_each().iter().map(Failure::code).collect();
    all["Error"]["properties"]["code"]["enum"] = json!(codes);
    all
}

/// Says it in the words of OpenAPI, for people who don't write Rust.
fn tidy(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    if let Some(Value::String(text)) = object.get_mut("description") {
        // Docs are wrapped, and refer to items as [`Item`].
        *text = text
            .replace('\n', " ")
            .replace("[`", "`")
            .replace("`]", "`");
    }
    let largest = match object.get("format").and_then(Value::as_str) {
        Some("uint32") => Some(u64::from(u32::MAX)),
        Some("uint64") => Some(u64::MAX),
        _ => None,
    };
    if let Some(largest) = largest
        && !object.contains_key("const")
    {
        object.insert("maximum".to_owned(), largest.into());
    }
    // The other formats are names of Rust types.
    if object
        .get("format")
        .is_some_and(|format| format != "date-time")
    {
        object.remove("format");
    }
    // Null means left out, so it is no default of its own.
    if object.get("default") == Some(&Value::Null) {
        object.remove("default");
    }
    if object.contains_key("properties") {
        object.insert("additionalProperties".to_owned(), false.into());
    }
}

/// JSON whose schemas begin with [`FIRST`], and whose fields with the required ones, in their order.
struct Ordered<'a> {
    value: &'a Value,
    first: Vec<&'a str>,
}

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let below = |value, first| Ordered { value, first };
        match self.value {
            Value::Object(object) => {
                let mut entries: Vec<(&String, &Value)> = object.iter().collect();
                let last = self.first.len();
                entries.sort_by_key(|(key, _)| {
                    let place = self.first.iter().position(|first| first == key);
                    place.unwrap_or(last)
                });
                let required = object.get("required").and_then(Value::as_array);
                let required = required.into_iter().flatten().filter_map(Value::as_str);
                let required: Vec<&str> = required.collect();
                serializer.collect_map(entries.into_iter().map(|(key, value)| {
                    let first = match key.as_str() {
                        "properties" => required.clone(),
                        _ => FIRST.to_vec(),
                    };
                    (key, below(value, first))
                }))
            }
            Value::Array(list) => {
                let items = list.iter().map(|value| below(value, FIRST.to_vec()));
                serializer.collect_seq(items)
            }
            other => other.serialize(serializer),
        }
    }
}

#[test]
fn the_description_has_the_schemas_of_the_types() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/api/openapi.json");
    let committed = fs::read_to_string(&file).unwrap();
    let (by_hand, _) = committed.split_once(MADE_HERE).unwrap();
    let components = json!({"components": {
        "schemas": schemas(),
        "securitySchemes": {"key": {
            "type": "http",
            "scheme": "bearer",
            "description": "A key that `bsmv key create` made, with the scope that an operation \
                names, or `admin`. A server on an address of its own machine needs none until it \
                has one.",
        }},
    }});
    let components = Ordered {
        value: &components,
        first: Vec::new(),
    };
    let made = serde_json::to_string_pretty(&components).unwrap();
    let made = format!("{by_hand}{}\n", made.trim_start_matches('{'));
    if std::env::var_os("BLESS").is_some() {
        fs::write(&file, &made).unwrap();
    }
    let same = fs::read_to_string(&file).unwrap() == made;
    assert!(
        same,
        "the types or their docs changed: run `BLESS=1 cargo test --release --lib openapi`"
    );
}
