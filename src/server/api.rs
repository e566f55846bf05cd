//! The paths under `/v1`, as `www/api/openapi.json` describes them.

use std::sync::Arc;
use std::time::Duration;

use crate::encoder::Precision;
use crate::post::Post;
use crate::post::json::MAX_REQUEST_BYTES;
use crate::scorer::Scorer;
use crate::scorer::answer::{Explanation, Score};
use crate::scorer::request::{CheckedRequest, ScoreRequest};
use anyhow::{Context, Result};
use axum::Json;
use axum::Router;
use axum::body::{Bytes, HttpBody};
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::error::Failure;
use super::posts;
use super::work::Queue;
use crate::published::store::Store;

const OPENAPI: &str = include_str!("../../www/api/openapi.json");
/// The media type of everything but events.
pub const JSON: &str = "application/json";
/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(30);

/// What the handlers share.
#[derive(Clone)]
pub struct Api {
    pub scorer: Arc<Scorer>,
    pub store: Arc<Store>,
    /// Of what needs a core for long.
    pub queue: Queue,
    /// Of bodies of events in memory.
    pub bodies: Arc<Semaphore>,
    health: Health,
}

/// What scores here.
#[derive(Clone, Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
    /// `name@version`.
    bundle: String,
    precision: Precision,
}

/// The routes. Scores one post first, so that a bundle that can't score stops the start.
pub fn routes(scorer: Arc<Scorer>, store: Arc<Store>) -> Result<Router> {
    let trial = ScoreRequest {
        post: Post {
            text: "ok".to_owned(),
            ..Post::default()
        },
        ..ScoreRequest::default()
    };
    let trial = trial.check().and_then(|trial| scorer.score(&trial));
    let trial = trial.context("trying the bundle")?;
    let health = Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        bundle: trial.bundle,
        precision: trial.precision,
    };
    let api = Api {
        scorer,
        store,
        queue: Queue::new(),
        bodies: Arc::new(Semaphore::new(posts::BODIES)),
        health,
    };
    Ok(Router::new()
        .route("/score", post(score))
        .route("/explain", post(explain))
        .route(
            "/health",
            get(|State(api): State<Api>| async { Json(api.health) }),
        )
        .route("/openapi.json", get(openapi))
        .merge(posts::routes())
        .fallback(|| async { Failure::NoSuchPath })
        .method_not_allowed_fallback(|| async { Failure::NoSuchMethod })
        .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
        .with_state(api))
}

async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI)
}

async fn score(api: State<Api>, request: Request) -> Result<Json<Score>, Failure> {
    answer(api, request, Scorer::score).await
}

async fn explain(api: State<Api>, request: Request) -> Result<Json<Explanation>, Failure> {
    answer(api, request, Scorer::explain).await
}

/// Reads a [`ScoreRequest`] and answers with what the scorer makes of it.
async fn answer<T: Send + 'static>(
    State(api): State<Api>,
    request: Request,
    make: fn(&Scorer, &CheckedRequest) -> crate::Result<T>,
) -> Result<Json<T>, Failure> {
    declared(request.headers(), JSON)?;
    let place = api.queue.enter()?;
    let body = body_of(request, MAX_REQUEST_BYTES).await?;
    let scorer = api.scorer;
    let made = place
        .run(move || make(&scorer, &ScoreRequest::from_json(body)?.check()?))
        .await?;
    Ok(Json(made?))
}

/// Fails unless the body is declared as `media`.
pub fn declared(headers: &HeaderMap, media: &'static str) -> Result<(), Failure> {
    let is_it = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case(media));
    if is_it {
        Ok(())
    } else {
        Err(Failure::NotOfType(media))
    }
}

/// The whole body, if it is short enough and comes soon enough. `limit` is at most
/// [`MAX_REQUEST_BYTES`].
pub async fn body_of(request: Request, limit: usize) -> Result<Bytes, Failure> {
    // A declared length over the limit is refused before anything is read.
    if request.body().size_hint().lower() > limit as u64 {
        return Err(Failure::TooLarge(limit));
    }
    let body = timeout(BODY_TIME, Bytes::from_request(request, &()))
        .await
        .map_err(|_| Failure::TooSlow)?;
    let body = body.map_err(|rejection| match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => Failure::TooLarge(limit),
        _ => Failure::BodyBroken,
    })?;
    if body.len() > limit {
        return Err(Failure::TooLarge(limit));
    }
    Ok(body)
}
