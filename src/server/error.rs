//! Errors as HTTP answers: a status and `{"error":{"code","field","message"}}`.

use std::any::Any;

use crate::Error;
use crate::ErrorReport;
use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::published::store::StoreError;

/// Why a request wasn't answered with what it asked for.
pub enum Failure {
    /// The request or the bundle is at fault.
    Core(Error),
    /// The body is longer than so many bytes.
    TooLarge(usize),
    /// The body isn't declared as this media type.
    NotOfType(&'static str),
    /// The body stopped coming.
    TooSlow,
    /// The client hung up, or broke the protocol, while it sent its body.
    BodyBroken,
    NoSuchPath,
    NoSuchMethod,
    Store(StoreError),
    /// The graph that a cursor leads through is no longer what it was.
    SnapshotGone,
    /// Every place in the queue is taken.
    Overloaded,
    /// A bug: work panicked.
    Internal,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Core(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure::Store(error)
    }
}

#[derive(Serialize)]
struct Body {
    error: ErrorReport,
}

impl Failure {
    fn status(&self) -> StatusCode {
        match self {
            Failure::Core(Error::Malformed { .. }) | Failure::BodyBroken => StatusCode::BAD_REQUEST,
            Failure::Core(Error::Invalid { .. }) => StatusCode::UNPROCESSABLE_ENTITY,
            Failure::Store(StoreError::NoSuchPost) => StatusCode::NOT_FOUND,
            Failure::SnapshotGone => StatusCode::GONE,
            Failure::Core(_) | Failure::Store(_) | Failure::Internal => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            Failure::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Failure::NotOfType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Failure::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Failure::NoSuchPath => StatusCode::NOT_FOUND,
            Failure::NoSuchMethod => StatusCode::METHOD_NOT_ALLOWED,
            Failure::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn report(&self) -> ErrorReport {
        let (code, message) = match self {
            Failure::Core(error) => return ErrorReport::from(error),
            Failure::TooLarge(limit) => (
                "too_large",
                format!("the body is longer than {limit} bytes"),
            ),
            Failure::NotOfType(media) => (
                "unsupported_media_type",
                format!("send it with the header `Content-Type: {media}`"),
            ),
            Failure::TooSlow => ("request_timeout", "the body took too long".to_owned()),
            Failure::BodyBroken => ("malformed_json", "the body broke off".to_owned()),
            Failure::NoSuchPath => ("not_found", "no such path: see /v1/openapi.json".to_owned()),
            Failure::NoSuchMethod => (
                "method_not_allowed",
                "no such method here: see /v1/openapi.json".to_owned(),
            ),
            Failure::Store(StoreError::NoSuchPost) => {
                return ErrorReport {
                    code: "not_found",
                    field: Some("id".to_owned()),
                    message: "id: there is no such post".to_owned(),
                };
            }
            Failure::SnapshotGone => {
                return ErrorReport {
                    code: "snapshot_gone",
                    field: Some("cursor".to_owned()),
                    message: "cursor: the post was changed since: begin again without it"
                        .to_owned(),
                };
            }
            // What the disk said is for who runs the server.
            Failure::Store(_) => ("store", "the store failed: nothing was changed".to_owned()),
            Failure::Overloaded => (
                "overloaded",
                "too many requests at once: try again in a second".to_owned(),
            ),
            Failure::Internal => (
                "internal",
                "a fault of the server, not of the request".to_owned(),
            ),
        };
        ErrorReport {
            code,
            field: None,
            message,
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        if let Failure::Store(error @ (StoreError::Failed(_) | StoreError::Closed)) = &self {
            eprintln!("bsmv: {error}");
        }
        let body = Json(Body {
            error: self.report(),
        });
        match self {
            Failure::Overloaded => {
                (self.status(), [(header::RETRY_AFTER, "1")], body).into_response()
            }
            _ => (self.status(), body).into_response(),
        }
    }
}

/// The answer when a handler panicked; what it said is on standard error, not in the answer.
pub fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    Failure::Internal.into_response()
}
