//! Scores of posts: `/score` and `/explain`; and `/checks`, which need no scorer.

use axum::extract::{Request, State};
use axum::routing::post;
use axum::{Json, Router};

use super::error::Failure;
use super::request::{JSON, body_of, declared};
use super::state::Api;
use crate::checks::{CheckRequest, Checks, check};
use crate::post::json::MAX_REQUEST_BYTES;
use crate::scorer::Scorer;
use crate::scorer::answer::{Answer, Explanation, Score};
use crate::scorer::request::{CheckedRequest, ScoreRequest};

/// The routes.
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/score", post(score))
        .route("/explain", post(explain))
        .route("/checks", post(checks))
}

async fn score(api: State<Api>, request: Request) -> Result<Json<Answer<Score>>, Failure> {
    answer(api, request, Scorer::score).await
}

async fn explain(api: State<Api>, request: Request) -> Result<Json<Answer<Explanation>>, Failure> {
    answer(api, request, Scorer::explain).await
}

/// What rules find in a draft.
async fn checks(State(api): State<Api>, request: Request) -> Result<Json<Checks>, Failure> {
    declared(request.headers(), JSON)?;
    let (body, share) = body_of(request, MAX_REQUEST_BYTES, &api.queue).await?;
    let slot = api.queue.enter(share)?;
    let made = slot
        .run(move || CheckRequest::from_json(body).map(|request| check(&request)))
        .await?;
    Ok(Json(made?))
}

/// Reads a [`ScoreRequest`] and answers with what the scorer makes of it.
async fn answer<T: Send + 'static>(
    State(api): State<Api>,
    request: Request,
    make: fn(&Scorer, &CheckedRequest) -> crate::Result<T>,
) -> Result<Json<Answer<T>>, Failure> {
    declared(request.headers(), JSON)?;
    let (body, share) = body_of(request, MAX_REQUEST_BYTES, &api.queue).await?;
    let slot = api.queue.enter(share)?;
    let scorer = api.scorer;
    let made = slot
        .run(move || {
            let request = ScoreRequest::from_json(body)?.check()?;
            scorer.answer(&request, make(&scorer, &request))
        })
        .await?;
    Ok(Json(made?))
}
