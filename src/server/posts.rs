//! Posts and what happens to them: the paths under `/v1/posts` and `/v1/users`.

use std::str::FromStr;
use std::sync::Arc;

use crate::Error;
use crate::published::forecast::forecast;
use crate::published::import::{events_from_ndjson, post_from_json};
use crate::published::record::{MAX_ID_BYTES, check_id, fill_valences};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Serialize;
use time::{Duration, OffsetDateTime};
use tokio::task::spawn_blocking;

use super::api::{Api, JSON, body_of, declared};
use super::cursor::{Place, has};
use super::error::Failure;
use crate::published::store::{EventsSoFar, Snapshot, Store};

/// Events on one page.
const PAGE: usize = 5_000;
/// The media type of events.
const NDJSON: &str = "application/x-ndjson";
/// Longest body of events, in bytes.
const MAX_EVENTS_BYTES: usize = 16 << 20;
/// Longest description of a post, in bytes.
const MAX_POST_BYTES: usize = 1 << 20;
/// Bodies of events that may be in memory at once.
pub const BODIES: usize = 32;
/// Texts that the server reads for one request.
const MAX_TEXTS: usize = 1_000;
/// Graphs of people: for who asked, and asked for again each time.
const PRIVATE: &str = "private, no-cache";

type Id = Result<Path<String>, PathRejection>;

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

#[derive(Serialize)]
struct Stored {
    /// Whether the post is new.
    created: bool,
}

#[derive(Serialize)]
struct Appended {
    added: u64,
    /// Were there already.
    known: u64,
}

#[derive(Serialize)]
struct Erased {
    posts: u64,
    events: u64,
}

async fn put_post(
    State(api): State<Api>,
    id: Id,
    uri: Uri,
    request: Request,
) -> Result<(StatusCode, Json<Stored>), Failure> {
    let id = checked_id(id)?;
    Params::read(&uri, &[])?;
    declared(request.headers(), JSON)?;
    let record = post_from_json(&body_of(request, MAX_POST_BYTES).await?)?;
    let done = api.store.put(&id, record, EventsSoFar::Stay).await?;
    let created = done.posts == 1;
    let status = if created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(Stored { created })))
}

async fn get_post(
    State(api): State<Api>,
    id: Id,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let id = checked_id(id)?;
    Params::read(&uri, &[])?;
    blocking(move || {
        let snapshot = api.store.snapshot(&id, None)?;
        let tag = Place::first(&snapshot, None).tag("post", api.store.key());
        if has(&headers, &tag) {
            return Ok(not_modified(tag));
        }
        let json = serde_json::to_vec(&*snapshot.record).map_err(|_| Failure::Internal)?;
        Ok(with_tag(tag, json))
    })
    .await
}

async fn append(
    State(api): State<Api>,
    id: Id,
    uri: Uri,
    request: Request,
) -> Result<Json<Appended>, Failure> {
    let id = checked_id(id)?;
    let params = Params::read(&uri, &["observed_until"])?;
    let observed_until = params.number("observed_until")?.unwrap_or(0);
    declared(request.headers(), NDJSON)?;
    let bodies = Arc::clone(&api.bodies);
    let _held = bodies
        .try_acquire_owned()
        .map_err(|_| Failure::Overloaded)?;
    let body = body_of(request, MAX_EVENTS_BYTES).await?;
    let mut events = blocking(move || Ok(events_from_ndjson(&body)?)).await?;

    let texts = events.iter().filter(|event| event.wants_valence()).count();
    if texts > MAX_TEXTS {
        let problem = format!(
            "have {texts} texts to read, at most {MAX_TEXTS} are read at once: send fewer, or \
             give their s"
        );
        return Err(Error::invalid("lines", problem).into());
    }
    if texts > 0 {
        let scorer = Arc::clone(&api.scorer);
        let read = move || fill_valences(scorer.reader(), &mut events).map(|()| events);
        events = api.queue.enter()?.run(read).await??;
    }
    let done = api.store.append(&id, events, observed_until).await?;
    Ok(Json(Appended {
        added: done.events,
        known: done.known,
    }))
}

async fn erase_post(State(api): State<Api>, id: Id, uri: Uri) -> Result<Json<Erased>, Failure> {
    Params::read(&uri, &[])?;
    erased(api.store.erase_post(&checked_id(id)?).await)
}

async fn erase_user(State(api): State<Api>, id: Id, uri: Uri) -> Result<Json<Erased>, Failure> {
    Params::read(&uri, &[])?;
    erased(api.store.erase_user(&checked_id(id)?).await)
}

async fn prune(State(api): State<Api>, uri: Uri) -> Result<Json<Erased>, Failure> {
    const DAYS: &str = "older_than_days";
    let params = Params::read(&uri, &[DAYS])?;
    let days: u32 = params
        .number(DAYS)?
        .ok_or_else(|| Error::invalid(DAYS, "is missing: say how old posts must be to go"))?;
    let oldest = OffsetDateTime::now_utc().checked_sub(Duration::days(days.into()));
    match oldest {
        Some(oldest) => erased(api.store.prune(oldest).await),
        // No post is that old.
        None => erased(Ok(Default::default())),
    }
}

fn erased(
    done: crate::published::store::Result<crate::published::store::Done>,
) -> Result<Json<Erased>, Failure> {
    let done = done?;
    Ok(Json(Erased {
        posts: done.posts,
        events: done.events,
    }))
}

async fn diffusion(
    State(api): State<Api>,
    id: Id,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let id = checked_id(id)?;
    let params = Params::read(&uri, &["until", "cursor", "texts"])?;
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
        Some(cursor) => Some(Place::from_cursor(cursor, api.store.key())?),
        None => None,
    };
    blocking(move || {
        let snapshot = api.store.snapshot(&id, cursor.map(|place| place.arrived))?;
        let place = match cursor {
            None => Place::first(&snapshot, until),
            Some(place) => going_on(place, &snapshot, until)?,
        };
        let what = if texts { "texts" } else { "diffusion" };
        let tag = place.tag(what, api.store.key());
        if has(&headers, &tag) {
            return Ok(not_modified(tag));
        }
        let json = page(&api.store, &id, &snapshot, place, texts)?;
        Ok(with_tag(tag, json))
    })
    .await
}

/// The place of a cursor, if it still leads through the same snapshot.
fn going_on(place: Place, snapshot: &Snapshot, until: Option<u32>) -> Result<Place, Failure> {
    let now = (snapshot.row, snapshot.revision, snapshot.arrived);
    if now != (place.row, place.revision, place.arrived) {
        return Err(Failure::SnapshotGone);
    }
    if until.is_some_and(|until| until < place.until) {
        let problem = format!(
            "is less than the cursor's, which leads up to {}",
            place.until
        );
        return Err(Error::invalid("until", problem).into());
    }
    Ok(place)
}

/// The page that begins at `place`, as JSON.
fn page(
    store: &Store,
    id: &str,
    snapshot: &Snapshot,
    place: Place,
    texts: bool,
) -> Result<Vec<u8>, Failure> {
    let created_at = snapshot.record.created_at;
    let mut page = snapshot
        .graph
        .page(id, created_at, place.until, place.start, PAGE);
    let end = page.start + page.t.len();
    if (end as u64) <= page.total {
        let next = Place {
            start: end,
            ..place
        };
        page.next = Some(next.cursor(store.key()));
    }
    if texts {
        page.text = Some(store.texts(snapshot.row, &snapshot.seq[page.start - 1..end - 1])?);
    }
    serde_json::to_vec(&page).map_err(|_| Failure::Internal)
}

async fn post_forecast(
    State(api): State<Api>,
    id: Id,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let id = checked_id(id)?;
    Params::read(&uri, &[])?;
    let store = Arc::clone(&api.store);
    let (id, snapshot) = blocking(move || {
        let snapshot = store.snapshot(&id, None)?;
        Ok((id, snapshot))
    })
    .await?;
    let tag = Place::first(&snapshot, None).tag("forecast", api.store.key());
    if has(&headers, &tag) {
        return Ok(not_modified(tag));
    }
    let scorer = Arc::clone(&api.scorer);
    let place = api.queue.enter()?;
    let forecast = place
        .run(move || forecast(&scorer, &id, &snapshot.record, &snapshot.graph))
        .await??;
    let json = serde_json::to_vec(&forecast).map_err(|_| Failure::Internal)?;
    Ok(with_tag(tag, json))
}

fn with_tag(tag: String, json: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, JSON.to_owned()),
        (header::CACHE_CONTROL, PRIVATE.to_owned()),
        (header::ETAG, tag),
    ];
    (headers, json).into_response()
}

fn not_modified(tag: String) -> Response {
    let headers = [
        (header::CACHE_CONTROL, PRIVATE.to_owned()),
        (header::ETAG, tag),
    ];
    (StatusCode::NOT_MODIFIED, headers).into_response()
}

/// Runs what may wait for the disk, or takes milliseconds, beside the threads that talk to
/// clients.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    spawn_blocking(work).await.map_err(|_| Failure::Internal)?
}

fn checked_id(id: Id) -> Result<String, Failure> {
    let Path(id) = id.map_err(|_| {
        let problem = format!("isn't UTF-8 of at most {MAX_ID_BYTES} bytes");
        Error::invalid("id", problem)
    })?;
    check_id("id", &id)?;
    Ok(id)
}

/// The parameters of a query; each is known and given once.
struct Params(Vec<(String, String)>);

impl Params {
    fn read(uri: &Uri, known: &[&str]) -> Result<Self, Failure> {
        let Query(given) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| Error::invalid("query", "isn't written as name=value&name=value"))?;
        for (i, (name, _)) in given.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let problem = if known.is_empty() {
                    "is not a known parameter: there are none".to_owned()
                } else {
                    format!("is not a known parameter: use {}", known.join(", "))
                };
                return Err(Error::invalid(name, problem).into());
            }
            if given[..i].iter().any(|(earlier, _)| earlier == name) {
                return Err(Error::invalid(name, "is given twice").into());
            }
        }
        Ok(Params(given))
    }

    fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        Some(value)
    }

    fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, Failure> {
        let parse = |text: &str| {
            text.parse().map_err(|_| {
                let problem = format!("is \"{text}\": use a whole number from 0 to 4294967295");
                Failure::Core(Error::invalid(name, problem))
            })
        };
        self.get(name).map(parse).transpose()
    }
}
