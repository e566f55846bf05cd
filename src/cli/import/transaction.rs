//! Stores all of a file in one transaction, which is fed by portions: a post is never in by halves
//! however many events it has, and memory doesn't grow with them.

use std::sync::Arc;

use anyhow::Result;
use bsmv::published::record::{Event, PostRecord};
use bsmv::published::store::{Done, EventsSoFar, Imported, Snapshot};

use super::intake::Intake;

/// Events of a portion.
const MOST_EVENTS: usize = 50_000;
/// Posts of a portion.
const MOST_POSTS: usize = 20_000;

impl Intake<'_> {
    /// What is known of a post, in the store or in what was imported so far.
    pub(super) fn record(&self, id: &str) -> Result<Option<PostRecord>> {
        Ok(match &self.import {
            Some(import) => import.record(id)?,
            None => self.store.record(id)?,
        })
    }

    /// A post with its events as the store has it.
    pub(super) fn snapshot(&self, id: &str) -> Result<Arc<Snapshot>> {
        Ok(self.store.snapshot(id, None)?)
    }

    /// Stores a portion if there is enough for one; true if there was.
    pub(super) fn make_room(&mut self) -> Result<bool> {
        let is_full = self.waiting_events >= MOST_EVENTS || self.waiting_posts >= MOST_POSTS;
        if is_full {
            self.store_portion()?;
        }
        Ok(is_full)
    }

    /// Stores what waits, as a part of the transaction.
    fn store_portion(&mut self) -> Result<()> {
        self.waiting_events = 0;
        self.waiting_posts = 0;
        let mut lengths = Vec::with_capacity(self.events.len());
        let mut all = Vec::new();
        for (id, mut events) in std::mem::take(&mut self.events) {
            lengths.push((id, events.len()));
            all.append(&mut events);
        }
        if self.tally.dry_run {
            self.tally.added += all.len() as u64;
            return Ok(());
        }
        // All texts together, so that they share passes through the encoder.
        if let Err(error) = self.read_texts(&mut all) {
            // The events of this portion are out of their posts already.
            self.give_up();
            return Err(error);
        }
        let mut all = all.into_iter();
        let mut portion = Vec::with_capacity(lengths.len());
        for (id, length) in lengths {
            let known = self.posts.get_mut(&id);
            let record = known.and_then(|known| known.record.take());
            let events = all.by_ref().take(length).collect();
            portion.push(self.imported(id, record, events));
        }
        let bare: Vec<_> = self
            .posts
            .iter_mut()
            .filter_map(|(id, known)| Some((id.clone(), known.record.take()?)))
            .collect();
        for (id, record) in bare {
            portion.push(self.imported(id, Some(record), Vec::new()));
        }
        self.add_to_store(portion)
    }

    fn imported(
        &self,
        id: String,
        record: Option<Box<PostRecord>>,
        events: Vec<Event>,
    ) -> Imported {
        Imported {
            id,
            record: record.map(|record| *record),
            so_far: EventsSoFar::Stay,
            events,
            observed_until: self.observed_until,
        }
    }

    /// Adds posts to the transaction.
    pub(super) fn add_to_store(&mut self, posts: Vec<Imported>) -> Result<()> {
        if posts.is_empty() {
            return Ok(());
        }
        let import = match self.import.take() {
            Some(import) => import,
            None => self.store.begin_import()?,
        };
        let done = import.add(posts)?;
        self.import = Some(import);
        self.under_way.events += done.events;
        self.under_way.known += done.known;
        Ok(())
    }

    /// Ends the transaction: all that was taken in so far is on the disk, and counted.
    pub fn commit(&mut self) -> Result<()> {
        self.tally.strange_posts = self
            .posts
            .values()
            .filter(|post| post.created_at.is_none())
            .count() as u64;
        self.store_portion()?;
        if let Some(import) = self.import.take() {
            import.commit()?;
        }
        let done = std::mem::take(&mut self.under_way);
        self.tally.added += done.events;
        self.tally.known += done.known;
        Ok(())
    }

    /// Undoes the transaction.
    pub(super) fn give_up(&mut self) {
        self.import = None;
        self.under_way = Done::default();
        self.events.clear();
        self.posts.clear();
        self.tally.posts = 0;
    }
}
