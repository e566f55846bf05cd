//! Posts that were asked for lately, in memory and ready to be read.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::diffusion::{Arrival, DiffusionGraph, EventLog};
use crate::published::record::PostRecord;
use hashlink::LruCache;

use super::Result;

/// Events kept in memory, of all posts; about 150 bytes each.
const MOST_EVENTS: usize = 1_000_000;
/// Weight of a post without events, in events.
const POST_WEIGHT: usize = 100;
/// Graphs kept of each post: the newest, and those whose pages are being read.
const SNAPSHOTS: usize = 3;

/// A post's graph when it had so many events. Never changes.
#[derive(Debug)]
pub struct Snapshot {
    /// The post's row in the tables; never given to another post.
    pub row: i64,
    /// Raised by every change of the post but an added event.
    pub revision: i64,
    /// The post as it was put, without the id of its author.
    pub record: Arc<PostRecord>,
    /// How many events had arrived.
    pub arrived: usize,
    /// Its events, in order of time.
    pub graph: DiffusionGraph,
    /// The `seq` of each of the graph's events.
    pub seq: Vec<i64>,
}

/// A post as read from its tables, with the events that were added since.
pub struct CachedPost {
    /// As in [`Snapshot`].
    pub row: i64,
    /// As in [`Snapshot`].
    pub revision: i64,
    /// As in [`Snapshot`].
    pub record: Arc<PostRecord>,
    /// Seconds after the post up to which events were seen.
    pub observed_until: u32,
    /// Its events, in the order of their arrival.
    pub log: EventLog,
    /// The `seq` of each of the log's events.
    pub seq: Vec<i64>,
    /// Graphs made of it lately, oldest first.
    pub snapshots: VecDeque<Arc<Snapshot>>,
}

impl CachedPost {
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
type Slot = Arc<Mutex<Option<CachedPost>>>;

/// Posts in memory; those not asked for longest make room.
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
        load: impl FnOnce() -> Result<Option<CachedPost>>,
        read: impl FnOnce(&mut CachedPost) -> T,
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

#[cfg(test)]
pub(super) mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use time::OffsetDateTime;

    use super::super::StoreError;
    use super::*;
    use crate::diffusion::EventKind;

    fn post(record: PostRecord) -> CachedPost {
        CachedPost {
            row: 1,
            revision: 0,
            record: Arc::new(record),
            observed_until: 0,
            log: EventLog::new(None),
            seq: Vec::new(),
            snapshots: VecDeque::new(),
        }
    }

    fn bare() -> CachedPost {
        post(PostRecord::new(OffsetDateTime::UNIX_EPOCH))
    }

    /// A repost of which nothing else is known.
    pub fn repost(id: u128, t: u32) -> Arrival {
        Arrival {
            id,
            parent: None,
            t,
            kind: EventKind::Repost,
            user: None,
            followers: None,
            verified: None,
            s: None,
        }
    }

    /// Number of the post's events in memory, and whether it had to be loaded.
    fn events(cache: &Cache, id: u128) -> (usize, bool) {
        let mut loaded = false;
        let load = || {
            loaded = true;
            Ok(Some(bare()))
        };
        let found = cache.with(id, load, |post| post.log.len()).unwrap();
        (found.unwrap(), loaded)
    }

    #[test]
    fn a_post_is_loaded_once_and_again_after_it_is_forgotten() {
        let cache = Cache::default();
        assert_eq!(events(&cache, 1), (0, true));
        assert_eq!(events(&cache, 1), (0, false));
        cache.forget(1);
        assert_eq!(events(&cache, 1), (0, true));
        assert_eq!(events(&cache, 2), (0, true));
    }

    #[test]
    fn events_are_added_to_posts_in_memory_alone_and_once() {
        let cache = Cache::default();
        let new = [(0, repost(7, 10)), (1, repost(8, 20))];
        cache.add(1, &new, 60);
        assert_eq!(events(&cache, 1), (0, true), "it is read from the tables");
        cache.add(1, &new, 60);
        cache.add(1, &new, 30);
        assert_eq!(events(&cache, 1), (2, false));
        let seen = |post: &mut CachedPost| post.observed_until;
        let seen = cache.with(1, || Ok(None), seen).unwrap();
        assert_eq!(seen, Some(60), "it never goes back");
    }

    #[test]
    fn a_post_that_is_not_there_or_cannot_be_read_leaves_nothing() {
        let cache = Cache::default();
        let none = cache.with(1, || Ok(None), |_| ()).unwrap();
        assert!(none.is_none());
        let failed = cache.with(1, || Err(StoreError::Closed), |_| ());
        assert!(matches!(failed, Err(StoreError::Closed)));
        assert_eq!(events(&cache, 1), (0, true));
    }

    #[test]
    fn no_event_is_lost_between_reading_a_post_and_adding_to_it() {
        let cache = Cache::default();
        let (reading, is_read) = channel();
        let (adding, is_adding) = channel();
        thread::scope(|scope| {
            let cache = &cache;
            scope.spawn(move || {
                let load = || {
                    reading.send(()).unwrap();
                    is_adding.recv().unwrap();
                    // Long enough for the other thread to stand before the lock.
                    thread::sleep(std::time::Duration::from_millis(50));
                    Ok(Some(bare()))
                };
                cache.with(1, load, |_| ()).unwrap();
            });
            is_read.recv().unwrap();
            adding.send(()).unwrap();
            cache.add(1, &[(0, repost(7, 10))], 10);
        });
        assert_eq!(events(&cache, 1), (1, false));
    }

    #[test]
    fn the_post_not_asked_for_longest_makes_room() {
        let cache = Cache::default();
        let fit = (MOST_EVENTS / POST_WEIGHT) as u128;
        for id in 0..fit {
            assert_eq!(events(&cache, id), (0, true));
        }
        assert_eq!(events(&cache, 0), (0, false), "all fit");
        assert_eq!(events(&cache, fit), (0, true));
        assert_eq!(events(&cache, 0), (0, false), "asked for lately");
        assert_eq!(events(&cache, 1), (0, true), "it made room");
    }

    #[test]
    fn a_post_with_more_events_than_fit_stays_alone() {
        let cache = Cache::default();
        events(&cache, 1);
        events(&cache, 2);
        let many: Vec<_> = (0..=MOST_EVENTS as i64)
            .map(|i| (i, repost(i as u128, 0)))
            .collect();
        cache.add(2, &many, 0);
        assert_eq!(events(&cache, 2), (MOST_EVENTS + 1, false));
        assert_eq!(events(&cache, 1), (0, true));
    }

    #[test]
    fn graphs_are_made_once_and_a_few_are_kept() {
        let mut post = bare();
        for i in 0..9 {
            post.add(i, &repost(i as u128 + 1, 10 * i as u32));
        }
        post.observed_until = 100;
        let newest = post.snapshot(None);
        assert!(Arc::ptr_eq(&newest, &post.snapshot(None)));
        assert_eq!((newest.arrived, newest.graph.observed_until), (9, 100));
        for arrived in [3, 4, 5] {
            assert_eq!(post.snapshot(Some(arrived)).graph.len(), arrived);
        }
        assert_eq!(post.snapshots.len(), SNAPSHOTS);
        let again = post.snapshot(None);
        assert!(!Arc::ptr_eq(&newest, &again), "it made room");
        assert_eq!(newest.graph, again.graph);
        // No more have arrived than there are.
        assert!(Arc::ptr_eq(&again, &post.snapshot(Some(99))));
        // Nothing came, but it was watched for longer.
        post.observed_until = 200;
        assert_eq!(post.snapshot(None).graph.observed_until, 200);
    }
}
