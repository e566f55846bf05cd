//! Headers that every answer carries.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;

/// The page runs its own scripts and module, talks to its own host, and can't be framed.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
     connect-src 'self'; worker-src 'self'; manifest-src 'self'; img-src 'self' data:; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);

/// Has browsers keep a file for good: its name changes with its content.
pub async fn immutable(mut response: Response) -> Response {
    if response.status().is_success() {
        let kept = HeaderValue::from_static("public, max-age=31536000, immutable");
        response.headers_mut().insert(header::CACHE_CONTROL, kept);
    }
    response
}

/// Adds what a browser needs to know to an answer.
pub async fn complete(mut response: Response) -> Response {
    let compressed = response.headers().contains_key(header::CONTENT_ENCODING);
    // What a browser asks before it asks has no content.
    let is_permission = response
        .headers()
        .contains_key(header::ACCESS_CONTROL_ALLOW_METHODS);
    if is_permission && response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NO_CONTENT;
    }
    let headers = response.headers_mut();
    let fixed: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, value);
    }
    // But for the page's bundles no path names its content: kept, but asked for
    // again. Files and graphs have an ETag, and the answer to that is 304.
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-cache"));
    // Bytes that were compressed on the way aren't the file's own: the tag is a weak one then.
    if compressed
        && let Some(tag) = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok())
        && !tag.starts_with("W/")
        && let Ok(weak) = HeaderValue::try_from(format!("W/{tag}"))
    {
        headers.insert(header::ETAG, weak);
    }
    response
}
