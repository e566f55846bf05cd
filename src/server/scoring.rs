//! Scores of posts: `/score` and `/explain`; and `/checks`, which need no scorer.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Json, Router};
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::task::JoinSet;

use super::access::Caller;
use super::answers::RequestDigest;
use super::error::Failure;
use super::etag::to_json;
use super::request::{JSON, body_of, declared};
use super::state::Api;
use super::work::{Slot, within};
use crate::checks::{CheckRequest, Checks, check};
use crate::post::json::{MAX_REQUEST_BYTES, without_mark};
use crate::scorer::Scorer;
use crate::scorer::request::{CheckedRequest, ScoreRequest};
use crate::{Error, ErrorReport};

/// Most requests in one list.
const MAX_LIST: usize = 256;
/// Says whether an answer was kept from before (RFC 9211).
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// The routes.
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/score", post(score))
        .route("/explain", post(explain))
        .route("/checks", post(checks))
}

/// What is made of a request, as JSON.
#[derive(Clone, Copy)]
struct Made {
    /// The endpoint that makes it.
    endpoint: &'static str,
    json: fn(&Scorer, &CheckedRequest) -> Result<Vec<u8>, Failure>,
}

const SCORE: Made = Made {
    endpoint: "score",
    json: |scorer, request| to_json(&scorer.answer(request, scorer.score(request))?),
};
const EXPLANATION: Made = Made {
    endpoint: "explain",
    json: |scorer, request| to_json(&scorer.answer(request, scorer.explain(request))?),
};

/// A request of a list that can't be answered.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ListedError {
    /// The id of the request; left out where it gave none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "String"))]
    id: Option<String>,
    /// The error; its field is one of this request.
    error: ErrorReport,
}

/// A score for a request, or a list of them for a list.
async fn score(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Failure> {
    declared(request.headers(), JSON)?;
    let headers = request.headers().clone();
    within(&headers, api.deadline, async {
        let (body, share) = body_of(request, MAX_REQUEST_BYTES, &api.queue, &caller).await?;
        let slot = api.queue.enter(&caller, share)?;
        if without_mark(&body).trim_ascii_start().starts_with(b"[") {
            list(&api, &caller, &slot, &body).await
        } else {
            Ok(one(&api, &caller, &slot, SCORE, body)
                .await?
                .into_response())
        }
    })
    .await
}

async fn explain(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, Failure> {
    declared(request.headers(), JSON)?;
    let headers = request.headers().clone();
    within(&headers, api.deadline, async {
        let (body, share) = body_of(request, MAX_REQUEST_BYTES, &api.queue, &caller).await?;
        let slot = api.queue.enter(&caller, share)?;
        let answer = one(&api, &caller, &slot, EXPLANATION, body).await?;
        Ok(answer.into_response())
    })
    .await
}

/// What rules find in a draft.
async fn checks(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<Checks>, Failure> {
    declared(request.headers(), JSON)?;
    let headers = request.headers().clone();
    within(&headers, api.deadline, async {
        let (body, share) = body_of(request, MAX_REQUEST_BYTES, &api.queue, &caller).await?;
        let slot = api.queue.enter(&caller, share)?;
        let made = slot
            .run(move || CheckRequest::from_json(body).map(|request| check(&request)))
            .await?;
        Ok(Json(made?))
    })
    .await
}

/// An answer as JSON.
struct Answer {
    json: Bytes,
    /// True if it was given before.
    kept: bool,
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = if self.kept {
            "bsmv; hit"
        } else {
            "bsmv; fwd=uri-miss"
        };
        let headers = [(header::CONTENT_TYPE, JSON), (CACHE_STATUS, status)];
        (headers, self.json).into_response()
    }
}

/// Answers a [`ScoreRequest`], from memory where it was answered before.
async fn one(
    api: &Api,
    caller: &Caller,
    slot: &Slot,
    made: Made,
    body: Bytes,
) -> Result<Answer, Failure> {
    let digest = RequestDigest::of(caller.name(), made.endpoint, &body);
    if let Some(json) = api.answers.get(digest) {
        api.metrics.cache(true);
        return Ok(Answer { json, kept: true });
    }
    api.metrics.cache(false);
    let scorer = Arc::clone(&api.scorer);
    let json = slot
        .run(move || {
            let request = ScoreRequest::from_json(body)?.check()?;
            (made.json)(&scorer, &request)
        })
        .await?;
    let json = Bytes::from(json?);
    api.answers.keep(digest, json.clone());
    Ok(Answer { json, kept: false })
}

/// Answers each request of a list by itself, in their order. Each waits for its own turn, so that a
/// long list holds up nobody else's.
async fn list(api: &Api, caller: &Caller, slot: &Slot, body: &Bytes) -> Result<Response, Failure> {
    let bodies = requests_of(body)?;
    // The first is counted already.
    caller.charge(u32::try_from(bodies.len().saturating_sub(1)).unwrap_or(u32::MAX))?;
    api.metrics.listed(bodies.len());
    let mut answers = vec![Bytes::new(); bodies.len()];
    let mut working = JoinSet::new();
    for (place, body) in bodies.into_iter().enumerate() {
        let (api, caller, slot) = (api.clone(), caller.clone(), slot.clone());
        working.spawn(async move {
            let json = match one(&api, &caller, &slot, SCORE, body.clone()).await {
                Ok(answer) => Ok(answer.json),
                Err(failure) => to_json(&ListedError {
                    id: ScoreRequest::id_in(&body),
                    error: failure.report(),
                })
                .map(Bytes::from),
            };
            (place, json)
        });
    }
    while let Some(done) = working.join_next().await {
        let (place, json) = done.map_err(|_| Failure::Internal)?;
        answers[place] = json?;
    }
    let mut json = Vec::with_capacity(answers.iter().map(|answer| answer.len() + 1).sum());
    for answer in &answers {
        json.push(if json.is_empty() { b'[' } else { b',' });
        json.extend_from_slice(answer);
    }
    json.push(b']');
    Ok(([(header::CONTENT_TYPE, JSON)], json).into_response())
}

/// The requests of a list, each as it was sent.
fn requests_of(body: &Bytes) -> Result<Vec<Bytes>, Failure> {
    let whole = without_mark(body);
    let parts: Vec<&RawValue> = serde_json::from_slice(whole).map_err(|e| Error::Malformed {
        field: "request".to_owned(),
        problem: "the list can't be read".to_owned(),
        line: e.line(),
        column: e.column(),
    })?;
    if parts.is_empty() || parts.len() > MAX_LIST {
        let problem = format!("has {} entries, a list has 1 to {MAX_LIST}", parts.len());
        return Err(Error::invalid("request", problem).into());
    }
    let parts = parts.into_iter();
    Ok(parts
        .map(|part| body.slice_ref(part.get().as_bytes()))
        .collect())
}
