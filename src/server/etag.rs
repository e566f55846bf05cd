//! Answers with an ETag: sent whole, or 304 to a client that has them already.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::error::Failure;
use super::request::JSON;

/// Graphs of people: for who asked, and asked for again each time.
const PRIVATE: &str = "private, no-cache";

/// Answers 304 to a client that has what `tag` names, and what `make` comes to, as JSON, to
/// others. `make` doesn't begin if the client has it.
pub async fn unless_known(
    headers: &HeaderMap,
    tag: String,
    make: impl Future<Output = Result<Vec<u8>, Failure>>,
) -> Result<Response, Failure> {
    if is_known(headers, &tag) {
        return Ok(not_modified(tag));
    }
    Ok(whole(tag, JSON, make.await?))
}

/// Answers with what is made already, or 304 to a client that has it: its tag is of the bytes.
pub fn unless_same(headers: &HeaderMap, media: &'static str, body: impl Into<Bytes>) -> Response {
    let body = body.into();
    let digest = Sha256::digest(&body);
    let digest: String = digest[..8].iter().map(|b| format!("{b:02x}")).collect();
    let tag = format!("\"{digest}\"");
    match is_known(headers, &tag) {
        true => not_modified(tag),
        false => whole(tag, media, body),
    }
}

/// An answer that `tag` names.
pub fn whole(tag: String, media: &'static str, body: impl Into<Bytes>) -> Response {
    (kept(tag), [(header::CONTENT_TYPE, media)], body.into()).into_response()
}

/// The answer to a client that has what `tag` names.
pub fn not_modified(tag: String) -> Response {
    (StatusCode::NOT_MODIFIED, kept(tag)).into_response()
}

fn kept(tag: String) -> [(HeaderName, String); 2] {
    [
        (header::CACHE_CONTROL, PRIVATE.to_owned()),
        (header::ETAG, tag),
    ]
}

/// An answer as JSON.
pub fn to_json(answer: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(answer).map_err(|_| Failure::Internal)
}

/// True if the client has what `tag` names. Compared as weak tags: compression makes them so.
pub fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|known| known.trim())
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}
