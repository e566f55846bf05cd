//! What the server counts of itself, for Prometheus. No text and no id is in it.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::error::Failure;
use super::lineup::Lineup;
use super::state::Api;
use super::work::blocking;

/// What Prometheus reads.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    /// The path as the API's description writes it, or `page`.
    endpoint: String,
    method: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfEndpoint {
    endpoint: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfCode {
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfKey {
    key: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfCache {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfModel {
    model: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InUse {
    model: String,
    bundle: String,
    precision: String,
    shadow: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Shadowed {
    model: String,
    result: &'static str,
}

/// One request, when it is answered.
pub struct Exchange<'a> {
    /// The path as the API's description writes it, or `page`.
    pub endpoint: &'a str,
    /// The method.
    pub method: &'a str,
    /// The status of the answer.
    pub status: u16,
    /// The error's code, if the answer is one.
    pub code: Option<&'static str>,
    /// Name of the key, if it was let in.
    pub key: Option<&'a str>,
    /// Until the answer's head was ready.
    pub took: Duration,
    /// Bytes of the request's body, if it said so.
    pub sent: Option<u64>,
}

/// Everything that is counted.
pub struct Metrics {
    registry: Registry,
    answered: Family<Answered, Counter>,
    seconds: Family<OfEndpoint, Histogram, fn() -> Histogram>,
    bytes: Family<OfEndpoint, Histogram, fn() -> Histogram>,
    errors: Family<OfCode, Counter>,
    keys: Family<OfKey, Counter>,
    cache: Family<OfCache, Counter>,
    waited: Histogram,
    listed: Histogram,
    in_flight: Gauge,
    places: Gauge,
    places_held: Gauge,
    waiting: Gauge,
    cache_bytes: Gauge,
    store_bytes: Gauge<u64, AtomicU64>,
    models: Family<InUse, Gauge>,
    read_by: Family<OfModel, Counter>,
    shadowed: Family<Shadowed, Counter>,
    differences: Family<OfModel, Histogram, fn() -> Histogram>,
}

fn points() -> Histogram {
    // 0.1 to 51 points.
    Histogram::new(exponential_buckets(0.1, 2.0, 10))
}

fn seconds() -> Histogram {
    // 1 ms to 33 s.
    Histogram::new(exponential_buckets(0.001, 2.0, 16))
}

fn bytes() -> Histogram {
    // 256 bytes to 64 MiB.
    Histogram::new(exponential_buckets(256.0, 4.0, 10))
}

impl Metrics {
    /// Counts from 0.
    pub fn new() -> Self {
        let mut metrics = Metrics {
            registry: Registry::with_prefix("bsmv"),
            answered: Family::default(),
            seconds: Family::new_with_constructor(seconds),
            bytes: Family::new_with_constructor(bytes),
            errors: Family::default(),
            keys: Family::default(),
            cache: Family::default(),
            waited: seconds(),
            listed: Histogram::new(exponential_buckets(1.0, 2.0, 9)),
            in_flight: Gauge::default(),
            places: Gauge::default(),
            places_held: Gauge::default(),
            waiting: Gauge::default(),
            cache_bytes: Gauge::default(),
            store_bytes: Gauge::default(),
            models: Family::default(),
            read_by: Family::default(),
            shadowed: Family::default(),
            differences: Family::new_with_constructor(points),
        };
        let registry = &mut metrics.registry;
        let version = env!("CARGO_PKG_VERSION").to_owned();
        registry.register(
            "build",
            "Version of the server",
            Info::new(vec![("version", version)]),
        );
        registry.register("requests", "Requests answered", metrics.answered.clone());
        registry.register_with_unit(
            "request",
            "Time until the head of an answer",
            Unit::Seconds,
            metrics.seconds.clone(),
        );
        registry.register_with_unit(
            "request_body",
            "Length of bodies as they were sent",
            Unit::Bytes,
            metrics.bytes.clone(),
        );
        registry.register("errors", "Answers that are errors", metrics.errors.clone());
        registry.register("key_requests", "Requests of a key", metrics.keys.clone());
        registry.register(
            "cache_lookups",
            "Requests that were, or weren't, answered before",
            metrics.cache.clone(),
        );
        registry.register_with_unit(
            "queue_wait",
            "Time that computations waited for a core",
            Unit::Seconds,
            metrics.waited.clone(),
        );
        registry.register("list_length", "Requests in a list", metrics.listed.clone());
        registry.register(
            "requests_in_flight",
            "Requests that aren't answered yet",
            metrics.in_flight.clone(),
        );
        registry.register(
            "queue_places",
            "Requests that may be in the queue",
            metrics.places.clone(),
        );
        registry.register(
            "queue_places_held",
            "Requests in the queue, those that are computed too",
            metrics.places_held.clone(),
        );
        registry.register(
            "queue_waiting",
            "Computations that wait for a core",
            metrics.waiting.clone(),
        );
        registry.register_with_unit(
            "cache",
            "Answers kept in memory",
            Unit::Bytes,
            metrics.cache_bytes.clone(),
        );
        registry.register_with_unit(
            "store",
            "Size of the store",
            Unit::Bytes,
            metrics.store_bytes.clone(),
        );
        registry.register(
            "model_share",
            "Models in use, and the posts of each hundred that each reads",
            metrics.models.clone(),
        );
        registry.register(
            "model_requests",
            "Posts that a model read for an answer",
            metrics.read_by.clone(),
        );
        registry.register(
            "shadow_scores",
            "Posts that a shadow read, or left out because no core was free",
            metrics.shadowed.clone(),
        );
        registry.register(
            "shadow_difference_points",
            "How far a shadow's scores are from those that were answered",
            metrics.differences.clone(),
        );
        metrics
    }

    /// Counts a request that a model read.
    pub fn read_by(&self, model: &str) {
        let model = model.to_owned();
        self.read_by.get_or_create(&OfModel { model }).inc();
    }

    /// Counts what became of a request with a shadow.
    pub fn shadowed(&self, model: &str, result: &'static str) {
        let model = model.to_owned();
        let shadowed = Shadowed { model, result };
        self.shadowed.get_or_create(&shadowed).inc();
    }

    /// Counts how far a shadow's score is from the one that was answered, in points.
    pub fn shadow_differs(&self, model: &str, points: f32) {
        let model = model.to_owned();
        let histogram = self.differences.get_or_create(&OfModel { model });
        histogram.observe(points.into());
    }

    /// Notes which models are in use.
    fn note_models(&self, lineup: &Lineup) {
        self.models.clear();
        for model in lineup.models() {
            let precision = model.scorer.reader().embedder().precision();
            let in_use = InUse {
                model: model.name.clone(),
                bundle: model.scorer.bundle(),
                precision: format!("{precision:?}").to_lowercase(),
                shadow: model.is_shadow.to_string(),
            };
            self.models.get_or_create(&in_use).set(model.share.into());
        }
    }

    /// Counts a request that begins.
    pub fn begun(self: &Arc<Self>) -> InFlight {
        self.in_flight.inc();
        InFlight(Arc::clone(self))
    }

    /// Counts a request that was answered.
    pub fn answered(&self, exchange: &Exchange) {
        let of_endpoint = OfEndpoint {
            endpoint: exchange.endpoint.to_owned(),
        };
        let answered = Answered {
            endpoint: exchange.endpoint.to_owned(),
            method: exchange.method.to_owned(),
            status: exchange.status,
        };
        self.answered.get_or_create(&answered).inc();
        let seconds = exchange.took.as_secs_f64();
        self.seconds.get_or_create(&of_endpoint).observe(seconds);
        if let Some(sent) = exchange.sent {
            self.bytes.get_or_create(&of_endpoint).observe(sent as f64);
        }
        if let Some(code) = exchange.code {
            self.errors.get_or_create(&OfCode { code }).inc();
        }
        if let Some(key) = exchange.key {
            let key = key.to_owned();
            self.keys.get_or_create(&OfKey { key }).inc();
        }
    }

    /// Counts a look into the cache.
    pub fn cache(&self, hit: bool) {
        let result = if hit { "hit" } else { "miss" };
        self.cache.get_or_create(&OfCache { result }).inc();
    }

    /// Counts how long a computation waited for a core.
    pub fn waited(&self, wait: Duration) {
        self.waited.observe(wait.as_secs_f64());
    }

    /// Counts the requests of a list.
    pub fn listed(&self, length: usize) {
        self.listed.observe(length as f64);
    }
}

/// A request that isn't answered yet.
pub struct InFlight(Arc<Metrics>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.dec();
    }
}

/// `/metrics`.
pub async fn metrics(State(api): State<Api>) -> Result<Response, Failure> {
    let store = Arc::clone(&api.store);
    let store_bytes = blocking(move || Ok(store.bytes()?)).await?;
    let metrics = &api.metrics;
    let signed = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    metrics.note_models(&api.models.now());
    metrics.store_bytes.set(store_bytes);
    metrics.places.set(signed(api.queue.size()));
    metrics.places_held.set(signed(api.queue.held()));
    metrics.waiting.set(signed(api.queue.waiting()));
    metrics.cache_bytes.set(signed(api.answers.bytes()));
    let mut text = String::new();
    encode(&mut text, &metrics.registry).map_err(|_| Failure::Internal)?;
    Ok(([(header::CONTENT_TYPE, OPENMETRICS)], text).into_response())
}
