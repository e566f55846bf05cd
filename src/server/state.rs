//! The things that all handlers share.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::answers::Answers;
use super::metrics::Metrics;
use super::work::Queue;
use crate::published::store::Store;
use crate::scorer::Scorer;

/// Bodies of events that may be in memory at once.
const MOST_BODIES: usize = 32;

/// One scorer, one store, and the limits on what is done with them at once. Clones share them.
#[derive(Clone)]
pub struct Api {
    /// Scores posts and reads texts.
    pub scorer: Arc<Scorer>,
    /// Keeps posts and their events.
    pub store: Arc<Store>,
    /// Line for work that keeps a core busy for long.
    pub queue: Queue,
    /// Permits for bodies of events in memory: one each.
    pub bodies: Arc<Semaphore>,
    /// Answers given before.
    pub answers: Arc<Answers>,
    /// How long a client that doesn't say may have to wait.
    pub deadline: Duration,
    /// What the server counts of itself.
    pub metrics: Arc<Metrics>,
}

/// How much a server does at once, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Requests that may be in the queue; by default 8 for each core.
    pub queue: Option<usize>,
    /// How long a client that doesn't say may have to wait.
    pub deadline: Duration,
    /// Answers that are kept, in bytes.
    pub cache_bytes: usize,
    /// How long the server waits at its end for requests that have begun.
    pub drain: Duration,
}

impl Api {
    /// Shares a scorer and a store among the handlers.
    pub fn new(scorer: Arc<Scorer>, store: Arc<Store>, load: &Load) -> Self {
        let precision = scorer.reader().embedder().precision();
        let precision = format!("{precision:?}").to_lowercase();
        let metrics = Arc::new(Metrics::new(scorer.bundle(), precision));
        Api {
            scorer,
            store,
            queue: Queue::new(load.queue, Arc::clone(&metrics)),
            bodies: Arc::new(Semaphore::new(MOST_BODIES)),
            answers: Arc::new(Answers::new(load.cache_bytes)),
            deadline: load.deadline,
            metrics,
        }
    }
}
