//! Errors as HTTP answers: a status and `{"error":{"code","field","message"}}`, which is a problem of
//! RFC 9457 too.

use std::any::Any;

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::jobs::JobFailure;
use crate::published::store::StoreError;
use crate::{Error, ErrorReport};

/// A reason not to answer a request with what it asked for.
pub enum Failure {
    /// The request or the bundle is at fault.
    Core(Error),
    /// The body is longer than so many bytes.
    TooLarge(usize),
    /// The body isn't declared as this media type.
    NotOfType(&'static str),
    /// The body is compressed in a way that isn't read.
    Encoded(String),
    /// The body isn't what its `Content-Encoding` says.
    NotEncoded(&'static str),
    /// The body stopped coming.
    TooSlow,
    /// The client hung up, or broke the protocol, while it sent its body.
    BodyBroken,
    /// The API has no such path.
    NoSuchPath,
    /// The path has no such method.
    NoSuchMethod,
    /// A job couldn't be taken, or isn't there.
    Job(JobFailure),
    /// The store couldn't do it.
    Store(StoreError),
    /// The graph that a cursor leads through is no longer what it was.
    SnapshotGone,
    /// Every slot in the queue is taken.
    Overloaded,
    /// It couldn't be done in the time that was allowed.
    Deadline,
    /// A key is needed; `page` where a browser may ask its user for it.
    NoKey {
        /// Whether it is the page that was asked for.
        page: bool,
    },
    /// There is no such key, or no longer.
    WrongKey {
        /// As in [`Failure::NoKey`].
        page: bool,
    },
    /// The key has not this scope.
    OutOfScope(&'static str),
    /// It was asked for under a name that isn't this machine's own, and nobody has a key.
    WrongHost,
    /// The key may ask again in so many seconds.
    TooOften {
        /// The time of the limit: `minute` or `day`.
        per: &'static str,
        /// From now.
        seconds: u64,
    },
    /// The models that were to be used can't be; what is wrong with them.
    Models(String),
    /// There are no models to go back to.
    NoModelsBefore,
    /// A bug: work panicked.
    Internal,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Core(error)
    }
}

impl From<JobFailure> for Failure {
    fn from(failure: JobFailure) -> Self {
        Failure::Job(failure)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure::Store(error)
    }
}

/// Encodings of a body that are read.
const ENCODINGS: &str = "gzip, deflate";

/// How a browser asks its user for a key: as a password.
const BROWSERS_WAY: &str = r#"Basic realm="bsmv", charset="UTF-8""#;
/// How a program sends a key.
const PROGRAMS_WAY: &str = r#"Bearer realm="bsmv""#;

/// The code of an answer that is an error, for those who count them.
#[derive(Debug, Clone, Copy)]
pub struct Code(pub &'static str);

/// The body of every answer that is an error.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ErrorBody {
    /// The error.
    error: ErrorReport,
    /// The status in words (RFC 9457). Its `type` is left out, which means that `error.code` says all.
    title: &'static str,
    /// The status of the answer (RFC 9457).
    status: u16,
    /// The same as `error.message` (RFC 9457).
    detail: String,
}

impl Failure {
    fn status(&self) -> StatusCode {
        match self {
            Failure::Core(Error::Malformed { .. })
            | Failure::BodyBroken
            | Failure::NotEncoded(_) => StatusCode::BAD_REQUEST,
            Failure::Core(Error::Unreadable(_) | Error::Invalid { .. }) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Failure::Store(StoreError::AskedOtherwise) => StatusCode::UNPROCESSABLE_ENTITY,
            Failure::Store(StoreError::NoSuchPost) => StatusCode::NOT_FOUND,
            Failure::Job(failure) => failure.status(),
            Failure::Models(_) | Failure::NoModelsBefore => StatusCode::CONFLICT,
            Failure::SnapshotGone => StatusCode::GONE,
            Failure::Core(_) | Failure::Store(_) | Failure::Internal => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Failure::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Failure::NotOfType(_) | Failure::Encoded(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Failure::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Failure::NoSuchPath => StatusCode::NOT_FOUND,
            Failure::NoSuchMethod => StatusCode::METHOD_NOT_ALLOWED,
            Failure::Overloaded | Failure::Deadline => StatusCode::SERVICE_UNAVAILABLE,
            Failure::NoKey { .. } | Failure::WrongKey { .. } => StatusCode::UNAUTHORIZED,
            Failure::OutOfScope(_) | Failure::WrongHost => StatusCode::FORBIDDEN,
            Failure::TooOften { .. } => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    /// The stable code of this kind of failure.
    pub fn code(&self) -> &'static str {
        match self {
            Failure::Core(error) => error.code(),
            Failure::TooLarge(_) => "too_large",
            Failure::NotOfType(_) => "unsupported_media_type",
            Failure::Encoded(_) => "unsupported_encoding",
            Failure::TooSlow => "request_timeout",
            Failure::BodyBroken | Failure::NotEncoded(_) => "malformed_json",
            Failure::NoSuchPath | Failure::Store(StoreError::NoSuchPost) => "not_found",
            Failure::NoSuchMethod => "method_not_allowed",
            Failure::Job(failure) => failure.code(),
            Failure::Models(_) => "models_unfit",
            Failure::NoModelsBefore => "no_models_before",
            Failure::SnapshotGone => "snapshot_gone",
            Failure::Store(StoreError::AskedOtherwise) => "idempotency_key_reused",
            Failure::Store(_) => "store",
            Failure::Overloaded => "overloaded",
            Failure::Deadline => "deadline",
            Failure::NoKey { .. } | Failure::WrongKey { .. } => "unauthorized",
            Failure::OutOfScope(_) => "forbidden",
            Failure::WrongHost => "wrong_host",
            Failure::TooOften { .. } => "rate_limited",
            Failure::Internal => "internal",
        }
    }

    /// What is said of it.
    pub fn report(&self) -> ErrorReport {
        let (field, problem) = match self {
            Failure::Core(error) => return ErrorReport::from(error),
            Failure::TooLarge(limit) => (None, format!("the body is longer than {limit} bytes")),
            Failure::NotOfType(media) => (
                None,
                format!("send it with the header `Content-Type: {media}`"),
            ),
            Failure::Encoded(name) => (
                None,
                format!("the body is encoded as `{name}`: send it as it is, or as {ENCODINGS}"),
            ),
            Failure::NotEncoded(name) => (
                None,
                format!("the body is not the {name} that its Content-Encoding says"),
            ),
            Failure::TooSlow => (None, "the body took too long".to_owned()),
            Failure::BodyBroken => (None, "the body broke off".to_owned()),
            Failure::NoSuchPath => (None, "no such path: see /v1/openapi.json".to_owned()),
            Failure::NoSuchMethod => (None, "no such method here: see /v1/openapi.json".to_owned()),
            Failure::Store(StoreError::NoSuchPost) => {
                (Some("id"), "there is no such post".to_owned())
            }
            Failure::Store(StoreError::AskedOtherwise) => (
                Some("Idempotency-Key"),
                "is that of an earlier request, which asked for something else".to_owned(),
            ),
            Failure::Job(failure) => failure.words(),
            Failure::Models(problem) => (None, format!("{problem}: the models in use stay")),
            Failure::NoModelsBefore => (
                None,
                "there are no models to go back to: none were in use before these".to_owned(),
            ),
            Failure::SnapshotGone => (
                Some("cursor"),
                "what it leads through was changed since: begin again without it".to_owned(),
            ),
            // The disk's words are for who runs the server.
            Failure::Store(_) => (None, "the store failed: nothing was changed".to_owned()),
            Failure::Overloaded => (
                None,
                "too many requests at once: try again in a second".to_owned(),
            ),
            Failure::Deadline => (None, "it was not done in the time allowed".to_owned()),
            Failure::NoKey { .. } => (
                None,
                "a key is needed: send it with the header `Authorization: Bearer KEY`".to_owned(),
            ),
            Failure::WrongKey { .. } => (
                None,
                "there is no such key: it may be misspelt, or revoked".to_owned(),
            ),
            Failure::OutOfScope(scope) => (
                None,
                format!("the key has not the scope `{scope}`, which this needs"),
            ),
            Failure::WrongHost => (
                None,
                "a server without keys answers only as localhost or by its address: make a key"
                    .to_owned(),
            ),
            Failure::TooOften { per, seconds } => (
                None,
                format!("the key has no requests left in this {per}: try again in {seconds} s"),
            ),
            Failure::Internal => (None, "a fault of the server, not of the request".to_owned()),
        };
        ErrorReport {
            code: self.code(),
            field: field.map(str::to_owned),
            message: match field {
                Some(field) => format!("{field}: {problem}"),
                None => problem,
            },
        }
    }

    /// One failure with each code that an answer may have.
    #[cfg(test)]
    pub fn one_of_each() -> Vec<Self> {
        let words = String::new;
        let mut all = vec![
            Failure::Core(Error::invalid("", "")),
            Failure::Core(Error::Malformed {
                field: words(),
                problem: words(),
                line: 1,
                column: 1,
            }),
            Failure::Core(Error::Bundle(words())),
            Failure::Core(Error::BundleSchema {
                found: 1,
                expected: 2,
            }),
            Failure::Core(Error::Compute(words())),
            Failure::TooLarge(0),
            Failure::NotOfType(""),
            Failure::Encoded(words()),
            Failure::NotEncoded(""),
            Failure::TooSlow,
            Failure::BodyBroken,
            Failure::NoSuchPath,
            Failure::NoSuchMethod,
            Failure::Store(StoreError::NoSuchPost),
            Failure::Store(StoreError::AskedOtherwise),
            Failure::Store(StoreError::Closed),
            Failure::Models(words()),
            Failure::NoModelsBefore,
            Failure::SnapshotGone,
            Failure::Overloaded,
            Failure::Deadline,
            Failure::NoKey { page: false },
            Failure::WrongKey { page: false },
            Failure::OutOfScope(""),
            Failure::WrongHost,
            Failure::TooOften {
                per: "",
                seconds: 1,
            },
            Failure::Internal,
        ];
        all.extend(JobFailure::one_of_each().into_iter().map(Failure::Job));
        // A new kind doesn't compile until somebody has thought of the list above.
        for failure in &all {
            match failure {
                Failure::Core(error) => match error {
                    Error::Invalid { .. }
                    | Error::Malformed { .. }
                    | Error::Bundle(_)
                    | Error::BundleSchema { .. }
                    // Answered by a refusal.
                    | Error::Unreadable(_)
                    // The server sets no budget.
                    | Error::MemoryBudget { .. }
                    | Error::Compute(_) => {}
                },
                Failure::TooLarge(_)
                | Failure::NotOfType(_)
                | Failure::Encoded(_)
                | Failure::NotEncoded(_)
                | Failure::TooSlow
                | Failure::BodyBroken
                | Failure::NoSuchPath
                | Failure::NoSuchMethod
                | Failure::Job(_)
                | Failure::Store(_)
                | Failure::Models(_)
                | Failure::NoModelsBefore
                | Failure::SnapshotGone
                | Failure::Overloaded
                | Failure::Deadline
                | Failure::NoKey { .. }
                | Failure::WrongKey { .. }
                | Failure::OutOfScope(_)
                | Failure::WrongHost
                | Failure::TooOften { .. }
                | Failure::Internal => {}
            }
        }
        all
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        if let Failure::Store(error @ (StoreError::Failed(_) | StoreError::Closed)) = &self {
            tracing::error!(%error, "the store failed");
        }
        let code = Code(self.code());
        if let Failure::Job(JobFailure::Disk(problem)) = &self {
            tracing::error!(%problem, "the disk of the jobs failed");
        }
        let (error, status) = (self.report(), self.status());
        let body = Json(ErrorBody {
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail: error.message.clone(),
            error,
        });
        let mut response = match self {
            Failure::Overloaded | Failure::Deadline => {
                (self.status(), [(header::RETRY_AFTER, "1")], body).into_response()
            }
            Failure::TooOften { seconds, .. } => {
                let wait = [(header::RETRY_AFTER, seconds.to_string())];
                (self.status(), wait, body).into_response()
            }
            Failure::NoKey { page } | Failure::WrongKey { page } => {
                let way = if page { BROWSERS_WAY } else { PROGRAMS_WAY };
                (self.status(), [(header::WWW_AUTHENTICATE, way)], body).into_response()
            }
            Failure::Job(JobFailure::Full) => {
                (self.status(), [(header::RETRY_AFTER, "60")], body).into_response()
            }
            Failure::Encoded(_) => {
                (self.status(), [(header::ACCEPT_ENCODING, ENCODINGS)], body).into_response()
            }
            _ => (self.status(), body).into_response(),
        };
        response.extensions_mut().insert(code);
        response
    }
}

/// The answer when a handler panicked; what it said is on standard error, not in the answer.
pub fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    Failure::Internal.into_response()
}
