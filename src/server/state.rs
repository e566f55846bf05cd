//! The things that all handlers share.

use std::sync::Arc;
use std::time::Duration;

use super::answers::Answers;
use super::jobs::Jobs;
use super::metrics::Metrics;
use super::models::Models;
use super::work::Queue;
use crate::published::store::Store;

/// The models, one store, and the limits on what is done with them at once. Clones share them.
#[derive(Clone)]
pub struct Api {
    /// Score posts and read texts.
    pub models: Arc<Models>,
    /// Keeps posts and their events.
    pub store: Arc<Store>,
    /// Lines for work that keeps a core busy for long, and the bound on bodies in memory.
    pub queue: Queue,
    /// Files to be scored, where there is a folder for them.
    pub jobs: Option<Arc<Jobs>>,
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
    /// Requests with small bodies that may be in the queue; by default 32 for each core. An eighth as many
    /// with large ones may be there, too.
    pub queue: Option<usize>,
    /// How long a client that doesn't say may have to wait.
    pub deadline: Duration,
    /// Answers that are kept, in bytes.
    pub cache_bytes: usize,
    /// How long the server waits at its end for requests that have begun.
    pub drain: Duration,
}

impl Api {
    /// Shares models, a store and jobs among the handlers.
    pub fn new(
        models: Arc<Models>,
        store: Arc<Store>,
        jobs: Option<Arc<Jobs>>,
        load: &Load,
    ) -> Self {
        let metrics = Arc::new(Metrics::new());
        Api {
            models,
            store,
            queue: Queue::new(load.queue, Arc::clone(&metrics)),
            jobs,
            answers: Arc::new(Answers::new(load.cache_bytes)),
            deadline: load.deadline,
            metrics,
        }
    }
}
