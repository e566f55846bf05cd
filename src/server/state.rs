//! The things that all handlers share.

use std::sync::Arc;

use tokio::sync::Semaphore;

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
}

impl Api {
    /// Shares a scorer and a store among the handlers.
    pub fn new(scorer: Scorer, store: Arc<Store>) -> Self {
        Api {
            scorer: Arc::new(scorer),
            store,
            queue: Queue::new(),
            bodies: Arc::new(Semaphore::new(MOST_BODIES)),
        }
    }
}
