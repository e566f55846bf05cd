//! Posts that were asked for lately, in memory and ready to be read.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::diffusion::{Arrival, DiffusionGraph, EventLog};
use crate::published::record::PostRecord;
use hashlink::LruCache;

use super::Result;

/// Events kept in memory, of all posts; about 150 bytes each.
const MOST_EVENTS: usize = 1_000_000;
/// What a post weighs beside its events.
const POST_WEIGHT: usize = 100;
/// Graphs kept of each post: the newest, and those whose pages are being read.
const SNAPSHOTS: usize = 3;

/// A post's graph when it had so many events. Never changes.
#[derive(Debug)]
pub struct Snapshot {
    /// The post's row and revision: what they name holds as long as they do.
    pub row: i64,
    pub revision: i64,
    pub record: Arc<PostRecord>,
    /// How many events had arrived.
    pub arrived: usize,
    pub graph: DiffusionGraph,
    /// The `seq` of each of the graph's events.
    pub seq: Vec<i64>,
}

/// A post as read from its tables, with the events that were added since.
pub struct Post {
    pub row: i64,
    pub revision: i64,
    pub record: Arc<PostRecord>,
    pub observed_until: u32,
    pub log: EventLog,
    /// The `seq` of each of the log's events.
    pub seq: Vec<i64>,
    pub snapshots: VecDeque<Arc<Snapshot>>,
}

impl Post {
    /// Adds an event that isn't there yet.
    pub fn add(&mut self, seq: i64, event: &Arrival) {
        if self.seq.last().is_none_or(|&last| last < seq) && self.log.push(event) {
            self.seq.push(seq);
        }
    }

    /// The graph of the first `arrived` events; of all, if `None`.
    pub fn snapshot(&mut self, arrived: Option<usize>) -> Arc<Snapshot> {
        let n = arrived.map_or(self.log.len(), |n| n.min(self.log.len()));
        let fits = |s: &&Arc<Snapshot>| {
            s.arrived == n && (arrived.is_some() || s.graph.observed_until == self.observed_until)
        };
        if let Some(snapshot) = self.snapshots.iter().find(fits) {
            return snapshot.clone();
        }
        let logged = self.log.graph(n);
        let snapshot = Arc::new(Snapshot {
            row: self.row,
            revision: self.revision,
            record: self.record.clone(),
            arrived: n,
            graph: DiffusionGraph {
                observed_until: self.observed_until,
                author: self.record.author.clone(),
                ..logged.graph
            },
            seq: logged
                .arrival
                .iter()
                .map(|&i| self.seq[i as usize])
                .collect(),
        });
        if self.snapshots.len() == SNAPSHOTS {
            self.snapshots.pop_front();
        }
        self.snapshots.push_back(snapshot.clone());
        snapshot
    }

    fn weight(&self) -> usize {
        let text = self.record.text.as_ref().map_or(0, String::len);
        self.log.len() + POST_WEIGHT + text / 100
    }
}

/// A post that is there, or will be as soon as whoever holds the lock has read it.
type Slot = Arc<Mutex<Option<Post>>>;

#[derive(Default)]
pub struct Cache(Mutex<Kept>);

struct Kept {
    /// Least lately used first, each with its weight.
    slots: LruCache<u128, (Slot, usize)>,
    weight: usize,
}

impl Default for Kept {
    fn default() -> Self {
        Kept {
            slots: LruCache::new_unbounded(),
            weight: 0,
        }
    }
}

impl Cache {
    /// Runs `read` on a post, from memory or after `load`; `None` if there is no such post.
    ///
    /// While it is loaded its slot is locked, so that no event falls between what `load` sees
    /// and what is added next.
    pub fn with<T>(
        &self,
        post: u128,
        load: impl FnOnce() -> Result<Option<Post>>,
        read: impl FnOnce(&mut Post) -> T,
    ) -> Result<Option<T>> {
        let slot = {
            let mut kept = lock(&self.0);
            match kept.slots.get(&post) {
                Some((slot, _)) => slot.clone(),
                None => {
                    let slot = Slot::default();
                    kept.slots.insert(post, (slot.clone(), 0));
                    slot
                }
            }
        };
        let (out, weight) = {
            let mut held = lock(&slot);
            if held.is_none() {
                match load() {
                    Ok(loaded) => *held = loaded,
                    Err(error) => {
                        drop(held);
                        self.forget(post);
                        return Err(error);
                    }
                }
            }
            match held.as_mut() {
                Some(post) => (Some(read(post)), post.weight()),
                None => (None, 0),
            }
        };
        if out.is_some() {
            self.weigh(post, &slot, weight);
        } else {
            self.forget(post);
        }
        Ok(out)
    }

    /// Adds events to a post, if it is in memory.
    pub fn add(&self, post: u128, events: &[(i64, Arrival)], observed_until: u32) {
        let slot = match lock(&self.0).slots.peek(&post) {
            Some((slot, _)) => slot.clone(),
            None => return,
        };
        let weight = {
            let mut held = lock(&slot);
            let Some(loaded) = held.as_mut() else {
                return;
            };
            for (seq, event) in events {
                loaded.add(*seq, event);
            }
            loaded.observed_until = loaded.observed_until.max(observed_until);
            loaded.weight()
        };
        self.weigh(post, &slot, weight);
    }

    /// Lets go of a post.
    pub fn forget(&self, post: u128) {
        let mut kept = lock(&self.0);
        if let Some((_, weight)) = kept.slots.remove(&post) {
            kept.weight -= weight;
        }
    }

    /// Notes a post's weight, and makes room.
    fn weigh(&self, post: u128, slot: &Slot, weight: usize) {
        let mut kept = lock(&self.0);
        let Some((there, before)) = kept.slots.peek_mut(&post) else {
            return;
        };
        if !Arc::ptr_eq(there, slot) {
            return;
        }
        let before = std::mem::replace(before, weight);
        kept.weight = kept.weight - before + weight;
        while kept.weight > MOST_EVENTS && kept.slots.len() > 1 {
            if let Some((_, (_, freed))) = kept.slots.remove_lru() {
                kept.weight -= freed;
            }
        }
    }
}

/// A panic elsewhere leaves a post as it was or not there, so a poisoned lock is still good.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
