//! Every request is counted, and told in the log: by an id, without words and ids of people.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::access::Caller;
use super::error::Code;
use super::metrics::{Exchange, Metrics};

/// The header that names a request, in what the client sends and in what it gets.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The media type of errors, for who asks for it.
const PROBLEM: &str = "application/problem+json";
/// Longest id that is taken over from a client, in bytes.
const MAX_ID_BYTES: usize = 64;

/// Counts a request, and tells of it in the log when its answer begins.
pub async fn observe(
    State(metrics): State<Arc<Metrics>>,
    request: Request,
    next: Next,
) -> Response {
    let begin = Instant::now();
    let in_flight = metrics.begun();
    let id = request_id(&request);
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().cloned();
    let wants_problems = wants_problems(&request);
    let sent = request.headers().get(header::CONTENT_LENGTH);
    let sent = sent.and_then(|length| length.to_str().ok()?.parse().ok());
    let mut response = next.run(request).await;
    drop(in_flight);

    let caller = response.extensions().get::<Caller>().cloned();
    let exchange = Exchange {
        endpoint: endpoint(path.as_ref()),
        method: known_method(method.as_str()),
        status: response.status().as_u16(),
        code: response.extensions().get::<Code>().map(|code| code.0),
        key: caller.as_ref().map(Caller::name),
        took: begin.elapsed(),
        sent,
    };
    metrics.answered(&exchange);
    if wants_problems && exchange.code.is_some() {
        let problem = HeaderValue::from_static(PROBLEM);
        response.headers_mut().insert(header::CONTENT_TYPE, problem);
    }
    tell(&exchange, &id);
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The id that a client gives, if it can stand in a log; else one of our own.
fn request_id(request: &Request) -> String {
    let given = request.headers().get(REQUEST_ID);
    let given = given.and_then(|id| id.to_str().ok()).filter(|id| {
        let spelt = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        !id.is_empty() && id.len() <= MAX_ID_BYTES && id.bytes().all(spelt)
    });
    given.map_or_else(|| format!("{:016x}", rand::random::<u64>()), str::to_owned)
}

/// True if errors are to be declared as RFC 9457 does.
fn wants_problems(request: &Request) -> bool {
    let accepted = request.headers().get_all(header::ACCEPT);
    let mut accepted = accepted.iter().filter_map(|value| value.to_str().ok());
    accepted.any(|value| value.contains(PROBLEM))
}

/// The path without ids; all of the page's files are one.
fn endpoint(path: Option<&MatchedPath>) -> &str {
    match path.map(MatchedPath::as_str) {
        Some(path) if !path.contains('*') && !path.starts_with("/models") => path,
        _ => "page",
    }
}

/// A method by its name; whoever makes up methods makes no new labels.
fn known_method(method: &str) -> &'static str {
    const KNOWN: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];
    let known = KNOWN.into_iter().find(|&known| known == method);
    known.unwrap_or("other")
}

fn tell(exchange: &Exchange, id: &str) {
    let Exchange {
        endpoint,
        method,
        status,
        ..
    } = exchange;
    let (code, key) = (exchange.code.unwrap_or(""), exchange.key.unwrap_or(""));
    let bytes = exchange.sent.unwrap_or(0);
    let ms = exchange.took.as_secs_f64() * 1000.0;
    macro_rules! answered {
        ($level:ident) => {
            tracing::$level!(
                request_id = id,
                method,
                endpoint,
                status,
                code,
                key,
                bytes,
                ms,
                "answered"
            )
        };
    }
    // Refusals of too much would fill the log when there is too much already; they are counted.
    if *status == StatusCode::INTERNAL_SERVER_ERROR.as_u16() {
        answered!(warn);
    } else {
        answered!(info);
    }
}
