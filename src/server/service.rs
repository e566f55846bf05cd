//! The server itself: `/health` and `/openapi.json`.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use super::request::JSON;
use super::state::Api;
use crate::encoder::Precision;

/// The API's description.
const OPENAPI: &str = include_str!("../../www/api/openapi.json");

/// The routes.
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/health", get(health))
        .route("/openapi.json", get(openapi))
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
    /// `name@version` of the model bundle.
    bundle: String,
    /// How the text encoder computes.
    precision: Precision,
}

async fn health(State(api): State<Api>) -> Json<Health> {
    Json(Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        bundle: api.scorer.bundle(),
        precision: api.scorer.reader().embedder().precision(),
    })
}

async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, JSON)], OPENAPI)
}
