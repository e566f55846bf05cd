//! What stored posts tell: the path `/v1/leaders`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};

use super::access::Caller;
use super::error::Failure;
use super::etag::{is_known, not_modified, to_json, whole};
use super::request::{Asked, JSON, Known, Params};
use super::state::Api;
use super::work::{blocking, within};
use crate::Error;
use crate::listening::leaders::Role;
use crate::post::{Platform, moment};
use crate::published::leaders::{Question, Wanted, leaders};
use crate::published::record::check_id;
use crate::published::store::reading::{Period, Reading};

/// Leaders on one page.
const PAGE: usize = 50;
/// Most names of a brand, and words of a topic.
const MOST_NAMES: usize = 50;

struct LeadersParams;

impl Known for LeadersParams {
    const NAMES: &'static [&'static str] = &[
        "role", "brand", "topic", "platform", "from", "to", "user", "cursor",
    ];
}

/// The routes.
pub fn routes() -> Router<Api> {
    Router::new().route("/leaders", get(get_leaders))
}

async fn get_leaders(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    asked: Asked<LeadersParams>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let params = asked.params;
    let question = question(&params)?;
    let user = params.get("user").map(str::to_owned);
    if let Some(user) = &user {
        check_id("user", user)?;
    }
    // What a page is of; the server's version, since another may answer in other words.
    let of = format!(
        "leaders {} {question:?} {user:?}",
        env!("CARGO_PKG_VERSION")
    );
    let store = Arc::clone(&api.store);
    let words = of.clone();
    let name =
        blocking(move || Ok(store.at_one_moment(|reading| name_of(reading, &words))?)).await?;
    let start = match params.get("cursor") {
        None => 0,
        Some(cursor) => start_of(cursor, name)?,
    };
    let wanted = match user {
        Some(user) => Wanted::User(user),
        None => Wanted::Places(start, PAGE),
    };
    let tag = |name: u64| format!("\"{name:016x}{start:x}\"");
    if is_known(&headers, &tag(name)) {
        return Ok(not_modified(tag(name)));
    }
    let store = Arc::clone(&api.store);
    let made = async {
        let slot = api.queue.enter(&caller, api.queue.share())?;
        let made = slot.run(move || {
            store.at_one_moment(|reading| {
                let page = leaders(reading, &question, &wanted)?;
                Ok((name_of(reading, &of)?, page))
            })
        });
        Ok(made.await??)
    };
    let (name_now, mut page) = within(&headers, api.deadline, made).await?;
    if params.get("cursor").is_some() && name_now != name {
        return Err(Failure::SnapshotGone);
    }
    let end = start + page.leaders.len();
    if matches!(page.leaders.last(), Some(last) if last.rank == end && end < page.accounts) {
        page.next = Some(format!("{end:x}.{name_now:016x}"));
    }
    Ok(whole(tag(name_now), JSON, to_json(&page)?))
}

/// What names the answer to a question, as long as nothing changes.
fn name_of(reading: &Reading, of: &str) -> crate::published::store::Result<u64> {
    Ok(reading.name_of(reading.state()?, of))
}

/// Where the page of a cursor starts, if it is of this answer. Nobody without the store's key can make
/// one up.
fn start_of(cursor: &str, name: u64) -> Result<usize, Failure> {
    let read = || {
        let (start, of) = cursor.split_once('.')?;
        let start = usize::from_str_radix(start, 16).ok()?;
        Some((start, u64::from_str_radix(of, 16).ok()?))
    };
    let malformed = || Error::invalid("cursor", "isn't a cursor: use `next` of the page before");
    let (start, of) = read().ok_or_else(malformed)?;
    match of == name {
        true => Ok(start),
        false => Err(Failure::SnapshotGone),
    }
}

fn question(params: &Params) -> Result<Question, Failure> {
    let moment = |name: &str| {
        let time = params.get(name).map(|text| moment::read(name, text));
        time.transpose()
    };
    let period = Period {
        from: moment("from")?,
        to: moment("to")?,
    };
    if let (Some(from), Some(to)) = (period.from, period.to)
        && from >= to
    {
        return Err(Error::invalid("to", "is not after `from`").into());
    }
    Ok(Question {
        role: one_of("role", params, &Role::ALL, Role::name)?.unwrap_or_default(),
        brand: names("brand", params)?,
        topic: names("topic", params)?,
        platform: one_of("platform", params, &Platform::ALL, Platform::name)?,
        period,
    })
}

/// The value that a parameter names.
fn one_of<T: Copy>(
    param: &str,
    params: &Params,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<Option<T>, Failure> {
    let Some(text) = params.get(param) else {
        return Ok(None);
    };
    let found = all.iter().copied().find(|&value| name(value) == text);
    let found = found.ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|&value| name(value)).collect();
        Error::invalid(param, format!("is \"{text}\": use {}", names.join(", ")))
    })?;
    Ok(Some(found))
}

/// Names with commas between them.
fn names(param: &str, params: &Params) -> Result<Vec<String>, Failure> {
    let Some(text) = params.get(param) else {
        return Ok(Vec::new());
    };
    let names = text.split([',', '，']).map(str::trim);
    let names: Vec<String> = names.filter(|n| !n.is_empty()).map(str::to_owned).collect();
    let searchable = |name: &String| name.chars().any(char::is_alphanumeric);
    if names.is_empty() || !names.iter().all(searchable) {
        let problem = "has a name without a letter: give names with commas between them";
        return Err(Error::invalid(param, problem).into());
    }
    if names.len() > MOST_NAMES {
        let problem = format!(
            "has {} names, at most {MOST_NAMES} are looked for",
            names.len()
        );
        return Err(Error::invalid(param, problem).into());
    }
    Ok(names)
}
