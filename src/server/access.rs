//! Who may ask what: API keys, their scopes and their limits.
//!
//! What a request needs follows from its method and path, so that a new endpoint is closed until
//! somebody opens it.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota};
use time::OffsetDateTime;

use super::error::Failure;
use super::work::blocking;
use crate::Error;
use crate::published::store::api_keys::{ApiKey, Scope, Usage, day_of};
use crate::published::store::{Store, StoreError};

/// How old what the server knows of keys may be.
const KEYS_AGE: Duration = Duration::from_secs(1);
/// How many of these pass before what keys used is written down.
const ROUNDS_PER_NOTE: u32 = 5;
/// The name of who has no key; no key can have it.
const NOBODY: &str = "(nobody)";
const DAY_SECONDS: i64 = 24 * 3600;

/// Whom a server answers.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeyRules {
    /// Nobody needs a key, even if there are some.
    pub no_keys: bool,
    /// Scoring, checking and the page need none.
    pub public_score: bool,
}

/// What a request must bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Nothing,
    /// No key; but one that is brought must be right.
    NoKey,
    /// A key of any scope.
    AnyKey,
    Key(Scope),
}

impl KeyRules {
    fn need(self, method: &Method, path: &str) -> Need {
        let reads = [Method::GET, Method::HEAD].contains(method);
        match path {
            "/v1/health" | "/v1/openapi.json" | "/docs" | "/docs/style.css" | "/live"
            | "/ready"
                if reads =>
            {
                Need::Nothing
            }
            "/metrics" => Need::Key(Scope::Metrics),
            "/v1/score" | "/v1/checks" if self.public_score => Need::NoKey,
            "/v1/score" | "/v1/checks" | "/v1/explain" => Need::Key(Scope::Score),
            // Jobs are scores: who may ask for them may have, and drop, their own.
            "/v1/jobs" => Need::Key(Scope::Score),
            _ if path.starts_with("/v1/jobs/") => Need::Key(Scope::Score),
            _ if path.starts_with("/v1/models") && !reads => Need::Key(Scope::Admin),
            _ if path.starts_with("/v1/") && reads => Need::Key(Scope::Read),
            _ if path.starts_with("/v1/") && method == Method::DELETE => Need::Key(Scope::Erase),
            _ if path.starts_with("/v1/") => Need::Key(Scope::Write),
            // The page and its models.
            _ if self.public_score => Need::NoKey,
            _ => Need::AnyKey,
        }
    }
}

/// A key with what it has used.
struct Known {
    key: ApiKey,
    name: Arc<str>,
    per_minute: Option<DefaultDirectRateLimiter>,
    today: Mutex<Today>,
}

#[derive(Clone, Copy)]
struct Today {
    day: i64,
    requests: u64,
    /// As many are in the store.
    written: u64,
}

/// Who asks: a key, or nobody in particular.
#[derive(Clone)]
pub struct Caller(Option<Arc<Known>>);

impl Caller {
    /// The name of the key.
    pub fn name(&self) -> &str {
        self.0.as_ref().map_or(NOBODY, |known| &known.key.name)
    }

    /// Who owns what is made for this caller: the name of the key; nobody where none was needed.
    pub fn owner(&self) -> Option<String> {
        self.0.as_ref().map(|known| known.key.name.clone())
    }

    /// True if this caller may see what `owner` owns: all that there is where no key is needed, and
    /// with `admin`; else only its own.
    pub fn may_see(&self, owner: Option<&str>) -> bool {
        self.0.as_ref().is_none_or(|known| {
            known.key.allows(Scope::Admin) || owner == Some(known.key.name.as_str())
        })
    }

    /// The same, to be kept.
    pub fn shared_name(&self) -> Arc<str> {
        let known = self.0.as_ref();
        known.map_or_else(|| NOBODY.into(), |known| Arc::clone(&known.name))
    }

    /// Counts requests, if the key may make so many more.
    pub fn charge(&self, requests: u32) -> Result<(), Failure> {
        let (Some(known), Some(count)) = (&self.0, NonZeroU32::new(requests)) else {
            return Ok(());
        };
        let now = OffsetDateTime::now_utc();
        let mut today = known.today();
        if today.day != day_of(now) {
            *today = Today {
                day: day_of(now),
                requests: 0,
                written: 0,
            };
        }
        let after = today.requests + u64::from(requests);
        if known.key.limits.per_day.is_some_and(|most| after > most) {
            let passed = now.unix_timestamp().rem_euclid(DAY_SECONDS);
            return Err(Failure::TooOften {
                per: "day",
                seconds: (DAY_SECONDS - passed).unsigned_abs(),
            });
        }
        if let Some(limiter) = &known.per_minute {
            let within = limiter.check_n(count).map_err(|most| {
                let problem = format!(
                    "is {requests} requests at once, the key may make {} a minute",
                    most.0
                );
                Error::invalid("request", problem)
            })?;
            within.map_err(|until| {
                let wait = until.wait_time_from(DefaultClock::default().now());
                Failure::TooOften {
                    per: "minute",
                    seconds: wait.as_secs() + 1,
                }
            })?;
        }
        today.requests = after;
        Ok(())
    }
}

impl Known {
    fn new(key: ApiKey, used: &[Usage], day: i64) -> Self {
        let used = used.iter().find(|used| used.name == key.name);
        let requests = used.map_or(0, |used| used.requests);
        let per_minute = key.limits.per_minute.and_then(NonZeroU32::new);
        Known {
            per_minute: per_minute.map(|n| DefaultDirectRateLimiter::direct(Quota::per_minute(n))),
            today: Mutex::new(Today {
                day,
                requests,
                written: requests,
            }),
            name: key.name.as_str().into(),
            key,
        }
    }

    fn today(&self) -> std::sync::MutexGuard<'_, Today> {
        self.today.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The keys that the server knows, and whom it answers without one.
pub struct Access {
    rules: KeyRules,
    /// Nobody from another machine can reach the server.
    alone: bool,
    known: RwLock<Vec<Arc<Known>>>,
}

impl Access {
    /// Reads the keys of a store. `alone` says that nobody from another machine can reach the
    /// server. Blocks on the disk.
    pub fn new(rules: KeyRules, alone: bool, store: &Store) -> Result<Self, StoreError> {
        let access = Access {
            rules,
            alone,
            known: RwLock::default(),
        };
        access.read(store)?;
        Ok(access)
    }

    /// True if everybody may do everything.
    pub fn is_open(&self) -> bool {
        self.rules.no_keys || (self.alone && self.known().is_empty())
    }

    /// True if others can reach the server, and there is nobody whom it could answer.
    pub fn is_useless(&self) -> bool {
        let known = self.known();
        let usable = known.iter().any(|known| known.key.revoked_at.is_none());
        !self.rules.no_keys && !self.rules.public_score && !self.alone && !usable
    }

    /// Reads the keys anew; one that is as it was keeps what it has used.
    fn read(&self, store: &Store) -> Result<(), StoreError> {
        let keys = store.api_keys()?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.iter().map(|known| &known.key).eq(&keys) {
            return Ok(());
        }
        let day = day_of(OffsetDateTime::now_utc());
        let used = store.usage(day)?;
        let was = std::mem::take(&mut *known);
        *known = keys
            .into_iter()
            .map(|key| {
                let same = was.iter().find(|was| was.key == key);
                same.cloned()
                    .unwrap_or_else(|| Arc::new(Known::new(key, &used, day)))
            })
            .collect();
        Ok(())
    }

    fn known(&self) -> std::sync::RwLockReadGuard<'_, Vec<Arc<Known>>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who asks, if they may.
    fn admit(&self, method: &Method, path: &str, headers: &HeaderMap) -> Result<Caller, Failure> {
        let need = self.rules.need(method, path);
        if need == Need::Nothing {
            return Ok(Caller(None));
        }
        if self.is_open() {
            // Whoever has a name that leads to this machine could have a browser here ask for it.
            return match self.rules.no_keys || is_local(headers) {
                true => Ok(Caller(None)),
                false => Err(Failure::WrongHost),
            };
        }
        let Some(presented) = presented(headers) else {
            return match need {
                Need::Nothing | Need::NoKey => Ok(Caller(None)),
                Need::AnyKey => Err(Failure::NoKey { page: true }),
                Need::Key(_) => Err(Failure::NoKey { page: false }),
            };
        };
        let found = {
            let known = self.known();
            let keys = known.iter().map(|known| &known.key);
            let found = ApiKey::find(keys, &presented).map(|key| key.name.clone());
            found.and_then(|name| known.iter().find(|known| known.key.name == name).cloned())
        };
        let page = need == Need::AnyKey;
        let caller = found.ok_or(Failure::WrongKey { page })?;
        if let Need::Key(scope) = need
            && !caller.key.allows(scope)
        {
            return Err(Failure::OutOfScope(scope.name()));
        }
        let caller = Caller(Some(caller));
        caller.charge(1)?;
        Ok(caller)
    }

    /// What was used and is not in the store yet.
    fn unwritten(&self) -> Vec<Usage> {
        let known = self.known();
        let used = known.iter().filter_map(|known| {
            let mut today = known.today();
            let news = today.requests > today.written;
            today.written = today.requests;
            news.then(|| Usage {
                name: known.key.name.clone(),
                day: today.day,
                requests: today.requests,
            })
        });
        used.collect()
    }

    /// Writes down what keys have used.
    pub async fn note(&self, store: &Store) {
        let used = self.unwritten();
        if !used.is_empty()
            && let Err(error) = store.note_usage(used).await
        {
            tracing::error!(%error, "what keys used could not be written down");
        }
    }

    /// Reads keys anew, and writes down what they use, for as long as the server runs.
    pub async fn keep_up(self: Arc<Self>, store: Arc<Store>) {
        let mut round = 0_u32;
        loop {
            tokio::time::sleep(KEYS_AGE).await;
            let (access, read) = (Arc::clone(&self), Arc::clone(&store));
            if blocking(move || Ok(access.read(&read)?)).await.is_err() {
                tracing::error!("the keys can't be read: those known before hold");
            }
            round = round.wrapping_add(1);
            if round.is_multiple_of(ROUNDS_PER_NOTE) {
                self.note(&store).await;
            }
        }
    }
}

/// True if a request is for this machine by a name that can't lead elsewhere, or by none.
fn is_local(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST) else {
        return true;
    };
    let host = host.to_str().ok().and_then(|host| host.parse().ok());
    host.is_some_and(|host: Authority| {
        let name = host.host().trim_matches(['[', ']']);
        let address: Option<IpAddr> = name.parse().ok();
        name.eq_ignore_ascii_case("localhost") || address.is_some_and(|a| a.is_loopback())
    })
}

/// The key that a request brings: as a bearer's, or as the password that a browser asks for.
fn presented(headers: &HeaderMap) -> Option<Vec<u8>> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let blank = value.iter().position(|&b| b == b' ')?;
    let (scheme, key) = value.split_at(blank);
    let key = key.trim_ascii();
    if scheme.eq_ignore_ascii_case(b"bearer") {
        return Some(key.to_vec());
    }
    if scheme.eq_ignore_ascii_case(b"basic") {
        let pair = BASE64_STANDARD.decode(key).ok()?;
        let colon = pair.iter().position(|&b| b == b':')?;
        return Some(pair[colon + 1..].to_vec());
    }
    None
}

/// Lets a request through with its [`Caller`], or refuses it.
pub async fn guard(
    State(access): State<Arc<Access>>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    match access.admit(request.method(), path, request.headers()) {
        Ok(caller) => {
            request.extensions_mut().insert(caller.clone());
            let mut response = next.run(request).await;
            // For those who count and tell.
            response.extensions_mut().insert(caller);
            response
        }
        Err(failure) => failure.into_response(),
    }
}
