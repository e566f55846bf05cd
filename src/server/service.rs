//! The server itself: `/health` and `/openapi.json`; `/live`, `/ready` and `/metrics`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use super::error::Failure;
use super::etag::{to_json, unless_same};
use super::metrics::metrics;
use super::request::JSON;
use super::state::Api;
use super::work::blocking;
use crate::encoder::Precision;

/// The API's description.
pub(super) const OPENAPI: &str = include_str!("../../www/api/openapi.json");

/// The routes.
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/health", get(health))
        .route("/openapi.json", get(openapi))
}

/// The routes that aren't of the API, but of those who run the server.
pub fn probes() -> Router<Api> {
    Router::new()
        .route("/live", get(live))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
}

/// The server runs.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Alive {
    /// Always `ok`.
    #[cfg_attr(test, schemars(extend("const" = "ok")))]
    status: &'static str,
}

async fn live() -> Json<Alive> {
    Json(Alive { status: "ok" })
}

/// Says that requests may come: the store can be read, and the model is warm since the start.
async fn ready(State(api): State<Api>) -> Result<Json<Alive>, Failure> {
    let store = Arc::clone(&api.store);
    blocking(move || Ok(store.bytes()?)).await?;
    Ok(Json(Alive { status: "ok" }))
}

/// The server can score.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Health {
    /// Always `ok`.
    #[cfg_attr(test, schemars(extend("const" = "ok")))]
    status: &'static str,
    /// Version of the server.
    version: &'static str,
    /// `name@version` of the first model's bundle.
    bundle: String,
    /// How the text encoder computes.
    precision: Precision,
}

async fn health(State(api): State<Api>, headers: HeaderMap) -> Result<Response, Failure> {
    let scorer = Arc::clone(&api.models.now().first().scorer);
    let health = to_json(&Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        bundle: scorer.bundle(),
        precision: scorer.reader().embedder().precision(),
    })?;
    Ok(unless_same(&headers, JSON, health))
}

async fn openapi(headers: HeaderMap) -> Response {
    unless_same(&headers, JSON, OPENAPI)
}
