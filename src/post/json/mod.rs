//! Reading JSON so that every mistake is named by its field.

mod encoding;
mod objects;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment, Track};

use encoding::whole_characters;
pub use encoding::without_mark;
use objects::Objects;

use crate::{Error, Result};

/// Longest request read, in bytes of JSON: room for a graph of 10^6 events without texts, of
/// which [`crate::diffusion::MAX_EVENTS`] are used and the rest counted as dropped.
pub const MAX_REQUEST_BYTES: usize = 64 << 20;

/// What the field of an error is called when the request as a whole is wrong.
const WHOLE: &str = "request";

/// Reads one JSON value. `at` is the path it has in the request, empty for the request itself. A
/// byte order mark is skipped, and half of a surrogate pair is read as U+FFFD.
/// Rules that types can't express aren't checked: call the value's `validate`.
pub fn parse<T: DeserializeOwned>(json: impl AsRef<[u8]>, at: &str) -> Result<T> {
    let json = json.as_ref();
    if json.len() > MAX_REQUEST_BYTES {
        let problem = format!(
            "has {} bytes, at most {MAX_REQUEST_BYTES} are read",
            json.len()
        );
        return Err(Error::invalid(named(at, ""), problem));
    }
    let json = whole_characters(without_mark(json));
    let mut deserializer = serde_json::Deserializer::from_slice(&json);
    let mut track = Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut deserializer, &mut track);
    match T::deserialize(Objects(tracked)) {
        Err(error) if error.classify() == Category::Data => {
            Err(broken_rule(at, &track.path(), &error.to_string()))
        }
        Err(error) => Err(malformed(named(at, &dotted(&track.path())), &error)),
        Ok(value) => match deserializer.end() {
            Err(error) => Err(malformed(named(at, ""), &error)),
            Ok(()) => Ok(value),
        },
    }
}

/// Reads one value from any format, naming fields as [`parse`] does.
pub fn read<'de, T, D>(deserializer: D, at: &str) -> Result<T>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let mut track = Track::new();
    T::deserialize(Objects(serde_path_to_error::Deserializer::new(
        deserializer,
        &mut track,
    )))
    .map_err(|error| broken_rule(at, &track.path(), &error.to_string()))
}

fn malformed(field: String, error: &serde_json::Error) -> Error {
    Error::Malformed {
        field,
        problem: without_place(&error.to_string()).to_owned(),
        line: error.line(),
        column: error.column(),
    }
}

/// Says what serde complains of in words for people who write requests, not Rust.
fn broken_rule(at: &str, path: &Path, complaint: &str) -> Error {
    let complaint = without_place(complaint);
    let path = dotted(path);
    let below = |name: &str| named(at, &join(&path, name));
    if let Some(name) = quoted_after(complaint, "missing field ") {
        return Error::invalid(below(name), "is missing");
    }
    if let Some(name) = quoted_after(complaint, "duplicate field ") {
        return Error::invalid(below(name), "is given twice");
    }
    let field = named(at, &path);
    if complaint.starts_with("unknown field ") {
        let problem = match complaint.split_once(", expected ") {
            Some((_, known)) => format!("is not a known field: use {known}"),
            None => "is not a known field".to_owned(),
        };
        return Error::invalid(field, problem);
    }
    if path.ends_with("created_at") {
        let problem = "is not a time as RFC 3339 writes it, such as \"2026-11-22T10:00:00Z\"";
        return Error::invalid(field, problem);
    }
    if let Some(value) = quoted_after(complaint, "unknown variant ") {
        let known = complaint.split_once(", expected ").map_or("", |(_, k)| k);
        return Error::invalid(field, format!("is \"{value}\": use {known}"));
    }
    let mismatch = ["invalid type: ", "invalid value: ", "invalid length "]
        .iter()
        .find_map(|kind| complaint.strip_prefix(kind))
        .and_then(|rest| rest.split_once(", expected "));
    match mismatch {
        Some((found, expected)) => {
            let problem = format!("must be {}, not {}", in_words(expected), found_as(found));
            Error::invalid(field, problem)
        }
        None => Error::invalid(field, complaint),
    }
}

/// A Rust type, or a group of them, as somebody who writes JSON would say it.
fn in_words(expected: &str) -> &str {
    match expected {
        "u64" | "usize" => "a whole number, 0 or more",
        "u32" => "a whole number from 0 to 4294967295",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" | "string or map" => "a text",
        "a sequence" => "a list",
        _ if expected.starts_with("struct ") => "an object",
        _ => expected,
    }
}

/// What was found there instead.
fn found_as(found: &str) -> String {
    match found {
        "map" => "an object".to_owned(),
        "sequence" => "a list".to_owned(),
        // What is left of "invalid length 3": a list where an object should be.
        _ if found.bytes().all(|b| b.is_ascii_digit()) => format!("a list of {found}"),
        _ => found
            .replace("floating point ", "")
            .replace("integer ", "")
            .replace("boolean ", "")
            .replace("string ", "the text ")
            .replace('`', ""),
    }
}

/// The name between backticks that follows `prefix`.
fn quoted_after<'a>(complaint: &'a str, prefix: &str) -> Option<&'a str> {
    let rest = complaint.strip_prefix(prefix)?.strip_prefix('`')?;
    Some(rest.split_once('`')?.0)
}

/// A complaint without the place that serde_json adds to it.
fn without_place(complaint: &str) -> &str {
    complaint
        .rfind(" at line ")
        .map_or(complaint, |end| &complaint[..end])
}

/// `a.b[3]`; empty for the root. Names of variants and unreadable keys are left out.
fn dotted(path: &Path) -> String {
    path.iter()
        .fold(String::new(), |path, segment| match segment {
            Segment::Seq { index } => format!("{path}[{index}]"),
            Segment::Map { key } => join(&path, key),
            Segment::Enum { .. } | Segment::Unknown => path,
        })
}

fn join(path: &str, name: &str) -> String {
    match (path, name) {
        ("", _) => name.to_owned(),
        (_, "") => path.to_owned(),
        _ if name.starts_with('[') => format!("{path}{name}"),
        _ => format!("{path}.{name}"),
    }
}

/// The path `path` has below `at`, or the name of the whole.
fn named(at: &str, path: &str) -> String {
    match join(at, path) {
        field if field.is_empty() => WHOLE.to_owned(),
        field => field,
    }
}
