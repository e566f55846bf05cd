//! Posts and what happens to them: the paths under `/v1/posts` and `/v1/users`.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Serialize;
use time::{Duration, OffsetDateTime};

use super::access::Caller;
use super::cursor::PagePosition;
use super::error::Failure;
use super::etag::{to_json, unless_known};
use super::jobs;
use super::once::Write;
use super::request::{Asked, JSON, Known, Target, body_of, declared};
use super::scoring::BUNDLE;
use super::state::Api;
use super::work::{blocking, within};
use crate::Error;
use crate::published::forecast::forecast;
use crate::published::import::{events_from_ndjson, post_from_json};
use crate::published::record::fill_valences;
use crate::published::store::{Done, EventsSoFar, Snapshot, Store};

/// Events on one page.
const PAGE: usize = 5_000;
/// The media type of events.
const NDJSON: &str = "application/x-ndjson";
/// Longest body of events, in bytes.
const MAX_EVENTS_BYTES: usize = 16 << 20;
/// Longest description of a post, in bytes.
const MAX_POST_BYTES: usize = 1 << 20;
/// Texts that the server reads for one request.
const MAX_TEXTS: usize = 1_000;

/// How old posts must be to go, in days.
const DAYS: &str = "older_than_days";

struct Age;

impl Known for Age {
    const NAMES: &'static [&'static str] = &[DAYS];
}

struct Watched;

impl Known for Watched {
    const NAMES: &'static [&'static str] = &["observed_until"];
}

struct Pages;

impl Known for Pages {
    const NAMES: &'static [&'static str] = &["until", "cursor", "texts"];
}

/// The routes.
pub fn routes() -> Router<Api> {
    Router::new()
        .route("/posts", delete(prune))
        .route(
            "/posts/{id}",
            get(get_post).put(put_post).delete(erase_post),
        )
        .route("/posts/{id}/events", post(append))
        .route("/posts/{id}/diffusion", get(diffusion))
        .route("/posts/{id}/forecast", get(post_forecast))
        .route("/users/{id}", delete(erase_user))
}

/// The post is on the disk.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct PostStored {
    /// True if it is new.
    created: bool,
}

/// The events that were sent are on the disk.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Appended {
    /// New events.
    added: u64,
    /// Events that were there already.
    known: u64,
}

/// What was asked for is erased.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Erased {
    /// Posts erased.
    posts: u64,
    /// Events erased.
    events: u64,
    /// Jobs erased, whole: those that had the id in a cell.
    jobs: u64,
}

async fn put_post(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    target: Target,
    write: Write,
    request: Request,
) -> Result<(StatusCode, Json<PostStored>), Failure> {
    declared(request.headers(), JSON)?;
    let (body, _share) = body_of(request, MAX_POST_BYTES, &api.queue, &caller).await?;
    let record = post_from_json(&body)?;
    let once = write.once(&api, &caller, &body);
    let store = api.store.by(caller.name(), OffsetDateTime::now_utc());
    let done = store
        .once(once)
        .put(&target.id, record, EventsSoFar::Stay)
        .await?;
    let created = done.posts == 1;
    let status = if created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(PostStored { created })))
}

async fn get_post(
    State(api): State<Api>,
    Target { id, .. }: Target,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let snapshot = snapshot(&api, &id, None).await?;
    let tag = PagePosition::first(&snapshot, None).tag("post", api.store.key());
    unless_known(&headers, tag, async { to_json(&*snapshot.record) }).await
}

/// A post's graph when `arrived` events had arrived; with all, if `None`.
async fn snapshot(api: &Api, id: &str, arrived: Option<usize>) -> Result<Arc<Snapshot>, Failure> {
    let (store, id) = (Arc::clone(&api.store), id.to_owned());
    blocking(move || Ok(store.snapshot(&id, arrived)?)).await
}

async fn append(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Target { id, params, .. }: Target<Watched>,
    write: Write,
    request: Request,
) -> Result<Response, Failure> {
    let observed_until = params.number("observed_until")?.unwrap_or(0);
    declared(request.headers(), NDJSON)?;
    let (body, share) = body_of(request, MAX_EVENTS_BYTES, &api.queue, &caller).await?;
    let once = write.once(&api, &caller, &body);
    let (store, post) = (Arc::clone(&api.store), id.clone());
    let mut events = blocking(move || {
        let posted_at = || Some(store.record(&post).ok()??.created_at);
        Ok(events_from_ndjson(&body, posted_at)?)
    })
    .await?;

    let texts = events.iter().filter(|event| event.wants_valence()).count();
    if texts > MAX_TEXTS {
        let problem = format!(
            "have {texts} texts to read, at most {MAX_TEXTS} are read at once: send fewer, or \
             give their s"
        );
        return Err(Error::invalid("lines", problem).into());
    }
    let mut read_by = None;
    if texts > 0 {
        let scorer = Arc::clone(&api.models.now().of_post(&id).scorer);
        read_by = Some([(BUNDLE, scorer.bundle())]);
        let read = move || fill_valences(scorer.reader(), &mut events).map(|()| events);
        events = api.queue.enter(&caller, share)?.run(read).await??;
    }
    let store = api.store.by(caller.name(), OffsetDateTime::now_utc());
    let done = store.once(once).append(&id, events, observed_until).await?;
    let appended = Json(Appended {
        added: done.events,
        known: done.known,
    });
    Ok(match read_by {
        Some(bundle) => (bundle, appended).into_response(),
        None => appended.into_response(),
    })
}

async fn erase_post(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Target { id, .. }: Target,
    write: Write,
) -> Result<Json<Erased>, Failure> {
    let once = write.once(&api, &caller, b"");
    let store = api.store.by(caller.name(), OffsetDateTime::now_utc());
    let done = store.once(once).erase_post(&id).await?;
    Ok(erased(done, jobs::erase_id(&api, once, done, id).await?))
}

async fn erase_user(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Target { id, .. }: Target,
    write: Write,
) -> Result<Json<Erased>, Failure> {
    let once = write.once(&api, &caller, b"");
    let store = api.store.by(caller.name(), OffsetDateTime::now_utc());
    let done = store.once(once).erase_user(&id).await?;
    Ok(erased(done, jobs::erase_id(&api, once, done, id).await?))
}

async fn prune(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    asked: Asked<Age>,
    write: Write,
) -> Result<Json<Erased>, Failure> {
    let days = asked.params.number(DAYS)?;
    let days: u32 =
        days.ok_or_else(|| Error::invalid(DAYS, "is missing: say how old posts must be to go"))?;
    let now = OffsetDateTime::now_utc();
    let done = match now.checked_sub(Duration::days(days.into())) {
        Some(oldest) => {
            let store = api.store.by(caller.name(), now);
            store
                .once(write.once(&api, &caller, b""))
                .prune(oldest)
                .await?
        }
        // No post is that old.
        None => Done::default(),
    };
    api.answers.forget();
    Ok(erased(done, 0))
}

fn erased(done: Done, jobs: u64) -> Json<Erased> {
    Json(Erased {
        posts: done.posts,
        events: done.events,
        jobs,
    })
}

async fn diffusion(
    State(api): State<Api>,
    Target { id, params, .. }: Target<Pages>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let until: Option<u32> = params.number("until")?;
    let texts = match params.get("texts") {
        None | Some("0") => false,
        Some("1") => true,
        Some(other) => {
            let problem = format!("is \"{other}\": use 0 or 1");
            return Err(Error::invalid("texts", problem).into());
        }
    };
    let cursor = match params.get("cursor") {
        Some(cursor) => Some(PagePosition::from_cursor(cursor, api.store.key())?),
        None => None,
    };
    let snapshot = snapshot(&api, &id, cursor.map(|position| position.arrived)).await?;
    let position = match cursor {
        None => PagePosition::first(&snapshot, until),
        Some(position) => still_there(position, &snapshot, until)?,
    };
    let what = if texts { "texts" } else { "diffusion" };
    let tag = position.tag(what, api.store.key());
    let page = blocking(move || page(&api.store, &id, &snapshot, position, texts));
    unless_known(&headers, tag, page).await
}

/// The position of a cursor, if it still leads through the same snapshot.
fn still_there(
    position: PagePosition,
    snapshot: &Snapshot,
    until: Option<u32>,
) -> Result<PagePosition, Failure> {
    let now = (snapshot.row, snapshot.revision, snapshot.arrived);
    if now != (position.row, position.revision, position.arrived) {
        return Err(Failure::SnapshotGone);
    }
    if until.is_some_and(|until| until < position.until) {
        let problem = format!(
            "is less than the cursor's, which leads up to {}",
            position.until
        );
        return Err(Error::invalid("until", problem).into());
    }
    Ok(position)
}

/// The page that begins at `position`, as JSON.
fn page(
    store: &Store,
    id: &str,
    snapshot: &Snapshot,
    position: PagePosition,
    texts: bool,
) -> Result<Vec<u8>, Failure> {
    let mut page = snapshot.graph.page(
        id,
        snapshot.record.created_at,
        position.until,
        position.start,
        PAGE,
    );
    let end = page.start + page.t.len();
    if (end as u64) <= page.total {
        let next = PagePosition {
            start: end,
            ..position
        };
        page.next = Some(next.cursor(store.key()));
    }
    if texts {
        page.text = Some(store.texts(snapshot.row, &snapshot.seq[page.start - 1..end - 1])?);
    }
    to_json(&page)
}

async fn post_forecast(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Target { id, .. }: Target,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let snapshot = snapshot(&api, &id, None).await?;
    let scorer = Arc::clone(&api.models.now().of_post(&id).scorer);
    let bundle = scorer.bundle();
    // Another model has another answer.
    let what = format!(
        "forecast {bundle} {:?}",
        scorer.reader().embedder().precision()
    );
    let tag = PagePosition::first(&snapshot, None).tag(&what, api.store.key());
    let deadline = api.deadline;
    let forecast = async move {
        let slot = api.queue.enter(&caller, api.queue.share())?;
        let made = slot
            .run(move || forecast(&scorer, &id, &snapshot.record, &snapshot.graph))
            .await?;
        to_json(&made?)
    };
    let forecast = within(&headers, deadline, forecast);
    let response = unless_known(&headers, tag, forecast).await?;
    Ok(([(BUNDLE, bundle)], response).into_response())
}
