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
use super::answers::{Answer, RequestDigest};
use super::error::Failure;
use super::etag::to_json;
use super::request::{JSON, body_of, declared};
use super::shadow;
use super::state::Api;
use super::work::{Slot, within};
use crate::checks::{CheckRequest, Checks, check};
use crate::post::json::{MAX_REQUEST_BYTES, without_mark};
use crate::scorer::Scorer;
use crate::scorer::answer::Answer::{Given, Refused};
use crate::scorer::request::{CheckedRequest, ScoreRequest};
use crate::{Error, ErrorReport};

/// Most requests in one list.
const MAX_LIST: usize = 256;
/// Says whether an answer was kept from before (RFC 9211).
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// Names the bundle that made an answer, as `name@version`.
pub const BUNDLE: HeaderName = HeaderName::from_static("bsmv-bundle");

/// The routes.
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/score", post(score))
        .route("/explain", post(explain))
        .route("/checks", post(checks))
}

/// An answer as JSON, and its number where there is one to compare.
type Numbered = (Vec<u8>, Option<f32>);

/// What is made of a request.
#[derive(Clone, Copy)]
struct Made {
    /// The endpoint that makes it.
    endpoint: &'static str,
    json: fn(&Scorer, &CheckedRequest) -> Result<Numbered, Failure>,
    /// True if shadows make it too.
    is_compared: bool,
}

const SCORE: Made = Made {
    endpoint: "score",
    json: |scorer, request| {
        let answer = scorer.answer(request, scorer.score(request))?;
        let number = match &answer {
            Given(score) => Some(score.bsmv),
            Refused(_) => None,
        };
        Ok((to_json(&answer)?, number))
    },
    is_compared: true,
};
const EXPLANATION: Made = Made {
    endpoint: "explain",
    json: |scorer, request| {
        let answer = scorer.answer(request, scorer.explain(request))?;
        Ok((to_json(&answer)?, None))
    },
    is_compared: false,
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

/// An answer, and whether it was given before.
struct Told {
    answer: Answer,
    kept: bool,
}

impl IntoResponse for Told {
    fn into_response(self) -> Response {
        let status = if self.kept {
            "bsmv; hit"
        } else {
            "bsmv; fwd=uri-miss"
        };
        let Answer { json, bundle } = self.answer;
        let headers = [(header::CONTENT_TYPE, JSON), (CACHE_STATUS, status)];
        (headers, [(BUNDLE, &*bundle)], json).into_response()
    }
}

/// Answers a [`ScoreRequest`], from memory where it was answered before.
async fn one(
    api: &Api,
    caller: &Caller,
    slot: &Slot,
    made: Made,
    body: Bytes,
) -> Result<Told, Failure> {
    // Which model reads a post follows from the request as long as the models stay, and when they
    // change all answers are forgotten.
    let digest = RequestDigest::of(caller.name(), made.endpoint, &body);
    let missing = match api.answers.get(digest) {
        Ok(answer) => {
            api.metrics.cache(true);
            return Ok(Told { answer, kept: true });
        }
        Err(missing) => missing,
    };
    api.metrics.cache(false);
    let lineup = api.models.now();
    let models = Arc::clone(&lineup);
    let work = move || -> Result<_, Failure> {
        let request = ScoreRequest::from_json(body)?;
        let known_by = request.id.as_deref().unwrap_or(&request.post.text);
        let model = models.of_post(known_by);
        let request = request.check()?;
        let (json, number) = (made.json)(&model.scorer, &request)?;
        let answer = Answer {
            json: json.into(),
            bundle: model.scorer.bundle().into(),
        };
        Ok((answer, request, number, model.name.clone()))
    };
    let (answer, request, number, name) = slot.run(work).await??;
    api.metrics.read_by(&name);
    if made.is_compared {
        shadow::compare(api, &lineup, request, number);
    }
    api.answers.keep(missing, answer.clone());
    Ok(Told {
        answer,
        kept: false,
    })
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
                Ok(told) => Ok(told.answer.json),
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
