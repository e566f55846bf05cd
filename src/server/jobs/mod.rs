//! Jobs: files whose posts are scored beside the requests. The paths under `/v1/jobs`.
//!
//! ```text
//! body ─ upload: streamed to the folder ─ board: what waits, what runs ─ runner ─ crate::bulk ─ result
//! ```
//!
//! A job is a folder beside the store (`folder.rs`): its input, `job.json`, the scores so far, the
//! result. What the folder says holds, so a server that was ended at any moment goes on with what
//! it had accepted. One job runs at a time, on a share of the cores (`runner.rs`).

mod arrivals;
mod board;
mod failure;
mod folder;
mod record;
mod runner;
mod upload;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use axum::{Extension, Json, Router};
use serde::Serialize;
use time::Duration;
use tower_http::services::ServeFile;

use super::access::Caller;
use super::error::Failure;
use super::etag::{to_json, unless_same};
use super::once::Write;
use super::request::{Asked, JSON, Known, Target};
use super::state::Api;
use super::work::blocking;
use crate::Error;
use crate::published::store::{Done, Once};

use arrivals::Erased;
pub use board::Jobs;
pub use failure::JobFailure;
use folder::Folder;
pub use record::{Job, JobError, JobState, RowCounts};

/// Jobs on one page of the list.
const PAGE: usize = 100;

/// What `cursor` was called before 0.8.0; both lead to the same page.
const BEFORE: &str = "before";
/// Says since when something is deprecated (RFC 9745).
const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
/// 2026-12-01 in UTC.
const BEFORE_SINCE: &str = "@1796083200";
const BEFORE_LINK: &str = "</docs#GET-/v1/jobs>; rel=\"deprecation\"; type=\"text/html\"";

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
    /// Value of `cursor` for the next page; null on the last.
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

async fn submit(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    write: Write,
    request: Request,
) -> Result<Response, Failure> {
    let jobs = jobs(&api)?;
    let asked = upload::asked(&uri, request.headers())?;
    let once = |sha256: &str| write.once(&api, &caller, sha256.as_bytes());
    let job = upload::receive(&jobs, &caller, asked, request, once).await?;
    let place = HeaderValue::try_from(format!("/v1/jobs/{}", job.id));
    let place = place.map_err(|_| Failure::Internal)?;
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, place)], Json(job)).into_response())
}

struct Pages;

impl Known for Pages {
    const NAMES: &'static [&'static str] = &["cursor", BEFORE];
}

async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Asked { params, .. }: Asked<Pages>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let jobs = jobs(&api)?;
    let deprecated = params.get(BEFORE);
    let before = params.get("cursor").or(deprecated);
    let mut page = jobs.list(&caller, before, PAGE + 1);
    let more = page.len() > PAGE;
    page.truncate(PAGE);
    let next = page.last().map(|job| job.id.clone()).filter(|_| more);
    let json = to_json(&JobList { jobs: page, next })?;
    let mut response = unless_same(&headers, JSON, json);
    if deprecated.is_some() {
        let headers = response.headers_mut();
        headers.insert(DEPRECATION, HeaderValue::from_static(BEFORE_SINCE));
        headers.insert(header::LINK, HeaderValue::from_static(BEFORE_LINK));
    }
    Ok(response)
}

async fn show(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Target { id, .. }: Target,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let job = to_json(&jobs(&api)?.get(&caller, &id)?)?;
    Ok(unless_same(&headers, JSON, job))
}

async fn erase(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Target { id, .. }: Target,
    write: Write,
) -> Result<StatusCode, Failure> {
    let jobs = jobs(&api)?;
    let once = write.once(&api, &caller, b"");
    if answered(&api, once).await?.jobs.is_none() {
        blocking(move || Ok(jobs.erase_of(&caller, &id)?)).await?;
        if let Some(once) = once {
            api.store.note_jobs(once, 1).await?;
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The scored file; parts of it too, for who was interrupted.
async fn result(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Target { id, .. }: Target,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let (path, name, form) = jobs(&api)?.result(&caller, &id)?;
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

/// Erases every job that has this id of a post or user, and answers kept in memory; the number of jobs
/// that went. `done` is what the store did for the same request, `once` its name, if it has one.
pub(super) async fn erase_id(
    api: &Api,
    once: Option<Once>,
    done: Done,
    id: String,
) -> Result<u64, Failure> {
    erase_with(api, once, done, Erased::Id(id)).await
}

/// Erases jobs, unless that was done before for the same request: as many went as then.
async fn erase_with(
    api: &Api,
    once: Option<Once>,
    done: Done,
    erased: Erased,
) -> Result<u64, Failure> {
    if let (Some(_), Some(gone)) = (once, done.jobs) {
        return Ok(gone);
    }
    let gone = match api.jobs.clone() {
        Some(jobs) => blocking(move || Ok(jobs.erase_with(&erased)?)).await,
        None => Ok(0),
    };
    api.answers.forget();
    let gone = gone?;
    if let Some(once) = once {
        api.store.note_jobs(once, gone).await?;
    }
    Ok(gone)
}

/// What the store has of a request that changes jobs alone.
async fn answered(api: &Api, once: Option<Once>) -> Result<Done, Failure> {
    Ok(match once {
        Some(once) => api.store.answered(once).await?,
        None => Done::default(),
    })
}

/// Erases every job that was asked for a brand of this id or name; the number of jobs that went.
async fn erase_brand(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Target { id, .. }: Target,
    write: Write,
) -> Result<Json<BrandErased>, Failure> {
    let once = write.once(&api, &caller, b"");
    let done = answered(&api, once).await?;
    let jobs = erase_with(&api, once, done, Erased::Brand(id)).await?;
    Ok(Json(BrandErased { jobs }))
}

/// Erases the jobs that have this id of a post or user from the folder of a server that doesn't run;
/// the number of jobs that went.
///
/// # Errors
/// The disk's; who tries again goes on.
pub fn erase_offline(folder: &Path, id: &str) -> std::io::Result<u64> {
    let (folder, records) = Folder::open(folder)?;
    let ids = [id.to_owned()];
    let mut gone = 0;
    for record in records {
        if folder.mentions(&record, &ids) {
            folder.erase(&record.id)?;
            gone += 1;
        }
    }
    Ok(gone)
}

/// A value of the query that is wrong.
fn wrong(name: &str, problem: impl std::fmt::Display) -> Failure {
    Failure::Core(Error::invalid(name, problem))
}
