//! The things that all handlers share.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::jobs::Jobs;
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
    /// Files to be scored, where there is a folder for them.
    pub jobs: Option<Arc<Jobs>>,
    /// Permits for bodies of events in memory: one each.
    pub bodies: Arc<Semaphore>,
}

impl Api {
    /// Shares a scorer, a store and jobs among the handlers.
    pub fn new(scorer: Arc<Scorer>, store: Store, jobs: Option<Arc<Jobs>>) -> Self {
        Api {
            scorer,
            store: Arc::new(store),
            queue: Queue::new(),
            jobs,
            bodies: Arc::new(Semaphore::new(MOST_BODIES)),
        }
    }
}
