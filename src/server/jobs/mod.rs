//! Jobs: files whose posts are scored beside the requests. The paths under `/v1/jobs`.
//!
//! ```text
//! body ─ upload: streamed to the folder ─ board: what waits, what runs ─ runner ─ crate::bulk ─ result
//! ```
//!
//! A job is a folder beside the store (`folder.rs`): its input, `job.json`, the scores so far, the
//! result. What the folder says holds, so a server that was ended at any moment goes on with what
//! it had accepted. One job runs at a time, on a share of the cores (`runner.rs`).

mod board;
mod failure;
mod folder;
mod record;
mod runner;
mod upload;

use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use axum::{Json, Router};
use serde::Serialize;
use time::Duration;
use tower_http::services::ServeFile;

use super::error::Failure;
use super::request::{Id, Params};
use super::state::Api;
use super::work::blocking;
use crate::Error;

pub use board::Jobs;
pub use failure::JobFailure;
pub use record::{Job, JobError, JobState, RowCounts};

/// Jobs on one page of the list.
const PAGE: usize = 100;

/// Where jobs are kept, and how many.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder that jobs are kept in; made by the first.
    pub folder: PathBuf,
    /// Longest input, in bytes.
    pub most_input_bytes: u64,
    /// Bytes that all jobs may take on the disk before no more are accepted.
    pub most_bytes: u64,
    /// Jobs that may wait.
    pub most_waiting: usize,
    /// How long a job that has ended is kept.
    pub kept_for: Duration,
}

/// The routes.
pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/jobs", get(list).post(submit))
        .route("/jobs/{id}", get(show).delete(erase))
        .route("/jobs/{id}/result", get(result))
        .route("/brands/{id}", delete(erase_brand))
}

/// A page of jobs, newest first.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct JobList {
    /// At most 100 of them.
    jobs: Vec<Job>,
    /// Value of `before` for the next page; null on the last.
    next: Option<String>,
}

/// What was kept of a brand is erased.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct BrandErased {
    /// Jobs erased.
    jobs: u64,
}

/// The jobs of this server; without a folder it takes none.
fn jobs(api: &Api) -> Result<Arc<Jobs>, Failure> {
    Ok(api.jobs.clone().ok_or(JobFailure::NoFolder)?)
}

/// An id that a job may have: others belong to none.
fn named(id: Id) -> Result<String, Failure> {
    let id = id.map_err(|_| JobFailure::NoSuchJob)?;
    Ok(id.0)
}

async fn submit(State(api): State<Api>, uri: Uri, request: Request) -> Result<Response, Failure> {
    let jobs = jobs(&api)?;
    let asked = match upload::asked(&uri, request.headers()) {
        Ok(asked) => asked,
        Err(failure) => {
            upload::discard(request.into_body()).await;
            return Err(failure);
        }
    };
    let job = upload::receive(&jobs, asked, request).await?;
    let place = HeaderValue::try_from(format!("/v1/jobs/{}", job.id));
    let place = place.map_err(|_| Failure::Internal)?;
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, place)], Json(job)).into_response())
}

async fn list(State(api): State<Api>, uri: Uri) -> Result<Json<JobList>, Failure> {
    let jobs = jobs(&api)?;
    let params = Params::read(&uri, &["before"])?;
    let mut page = jobs.list(params.get("before"), PAGE + 1);
    let more = page.len() > PAGE;
    page.truncate(PAGE);
    let next = page.last().map(|job| job.id.clone()).filter(|_| more);
    Ok(Json(JobList { jobs: page, next }))
}

async fn show(State(api): State<Api>, id: Id, uri: Uri) -> Result<Json<Job>, Failure> {
    let jobs = jobs(&api)?;
    Params::read(&uri, &[])?;
    Ok(Json(jobs.get(&named(id)?)?))
}

async fn erase(State(api): State<Api>, id: Id, uri: Uri) -> Result<StatusCode, Failure> {
    let jobs = jobs(&api)?;
    Params::read(&uri, &[])?;
    let id = named(id)?;
    blocking(move || Ok(jobs.erase(&id)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The scored file; parts of it too, for who was interrupted.
async fn result(
    State(api): State<Api>,
    id: Id,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let jobs = jobs(&api)?;
    Params::read(&uri, &[])?;
    let (path, name, form) = jobs.result(&named(id)?)?;
    let mut request = Request::new(());
    *request.headers_mut() = headers;
    let served = ServeFile::new(path).try_call(request).await;
    let mut response = served.map_err(|_| Failure::Internal)?.into_response();
    if response.status() == StatusCode::NOT_FOUND {
        return Err(JobFailure::NoSuchJob.into());
    }
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(form.media_type()),
    );
    let disposition = format!("attachment; filename*=UTF-8''{}", upload::escaped(&name));
    let disposition = HeaderValue::try_from(disposition).map_err(|_| Failure::Internal)?;
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
    Ok(response)
}

/// Erases every job that has a cell with this id; the number of jobs that went.
pub(super) async fn erase_with(api: &Api, id: &str) -> Result<u64, Failure> {
    let Some(jobs) = api.jobs.clone() else {
        return Ok(0);
    };
    let id = id.to_owned();
    blocking(move || Ok(jobs.erase_with_cell(&id)?)).await
}

/// Erases every job that was asked for a brand of this id or name; the number of jobs that went.
async fn erase_brand(
    State(api): State<Api>,
    id: Id,
    uri: Uri,
) -> Result<Json<BrandErased>, Failure> {
    Params::read(&uri, &[])?;
    let brand = named(id)?;
    let jobs = match api.jobs {
        Some(jobs) => blocking(move || Ok(jobs.erase_of_brand(&brand)?)).await?,
        None => 0,
    };
    Ok(Json(BrandErased { jobs }))
}

/// A value of the query that is wrong.
fn wrong(name: &str, problem: impl std::fmt::Display) -> Failure {
    Failure::Core(Error::invalid(name, problem))
}
