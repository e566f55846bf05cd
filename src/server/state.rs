//! The things that all handlers share.

use std::sync::Arc;

use super::jobs::Jobs;
use super::work::Queue;
use crate::published::store::Store;
use crate::scorer::Scorer;

/// One scorer, one store, and the limits on what is done with them at once. Clones share them.
#[derive(Clone)]
pub struct Api {
    /// Scores posts and reads texts.
    pub scorer: Arc<Scorer>,
    /// Keeps posts and their events.
    pub store: Arc<Store>,
    /// Lines for work that keeps a core busy for long, and the bound on bodies in memory.
    pub queue: Queue,
    /// Files to be scored, where there is a folder for them.
    pub jobs: Option<Arc<Jobs>>,
}

impl Api {
    /// Shares a scorer, a store and jobs among the handlers.
    pub fn new(scorer: Arc<Scorer>, store: Store, jobs: Option<Arc<Jobs>>) -> Self {
        Api {
            scorer,
            store: Arc::new(store),
            queue: Queue::new(),
            jobs,
        }
    }
}
