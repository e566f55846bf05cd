//! Pages of other origins that may ask.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// How long a browser may remember that it may ask: browsers cap it at less than a day.
const REMEMBERED: Duration = Duration::from_hours(24);
const METHODS: [Method; 4] = [Method::GET, Method::POST, Method::PUT, Method::DELETE];
/// Headers that such a page may send.
const SENT: [HeaderName; 7] = [
    HeaderName::from_static("deadline-ms"),
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("x-request-id"),
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::IF_NONE_MATCH,
];
/// Headers that such a page may read, beside those that it always may.
const READ: [HeaderName; 5] = [
    header::ETAG,
    header::RETRY_AFTER,
    HeaderName::from_static("bsmv-bundle"),
    HeaderName::from_static("deprecation"),
    HeaderName::from_static("x-request-id"),
];

/// Lets pages of these origins ask; `*` is any.
pub fn layer(origins: &[HeaderValue]) -> CorsLayer {
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().cloned())
    };
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods(METHODS)
        .allow_headers(SENT)
        .expose_headers(READ)
        .max_age(REMEMBERED)
}
