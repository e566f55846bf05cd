//! Errors as HTTP answers: a status and `{"error":{"code","field","message"}}`.

use std::any::Any;

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bsmv::Error;
use bsmv::api::{ErrorReport, MAX_REQUEST_BYTES};
use serde::Serialize;

/// Why a request wasn't answered with what it asked for.
pub enum Failure {
    /// The request or the bundle is at fault.
    Core(Error),
    TooLarge,
    NotJson,
    /// The body stopped coming.
    TooSlow,
    /// The client hung up, or broke the protocol, while it sent its body.
    BodyBroken,
    NoSuchPath,
    NoSuchMethod,
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

#[derive(Serialize)]
struct Body {
    error: ErrorReport,
}

impl Failure {
    fn status(&self) -> StatusCode {
        match self {
            Failure::Core(Error::Malformed { .. }) | Failure::BodyBroken => StatusCode::BAD_REQUEST,
            Failure::Core(Error::Invalid { .. }) => StatusCode::UNPROCESSABLE_ENTITY,
            Failure::Core(_) | Failure::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Failure::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Failure::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Failure::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Failure::NoSuchPath => StatusCode::NOT_FOUND,
            Failure::NoSuchMethod => StatusCode::METHOD_NOT_ALLOWED,
            Failure::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn report(&self) -> ErrorReport {
        let (code, message) = match self {
            Failure::Core(error) => return ErrorReport::from(error),
            Failure::TooLarge => (
                "too_large",
                format!("the body is longer than {MAX_REQUEST_BYTES} bytes"),
            ),
            Failure::NotJson => (
                "unsupported_media_type",
                "send JSON, with the header `Content-Type: application/json`".to_owned(),
            ),
            Failure::TooSlow => ("request_timeout", "the body took too long".to_owned()),
            Failure::BodyBroken => ("malformed_json", "the body broke off".to_owned()),
            Failure::NoSuchPath => ("not_found", "no such path: see /v1/openapi.json".to_owned()),
            Failure::NoSuchMethod => (
                "method_not_allowed",
                "no such method here: see /v1/openapi.json".to_owned(),
            ),
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
