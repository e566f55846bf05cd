//! Whole cascades from pages of the API, which replace what the store has of their post.

use anyhow::{Result, bail};
use bsmv::diffusion::DiffusionGraph;
use bsmv::published::import::ImportedPost;
use bsmv::published::record::{Event, PostRecord};
use bsmv::published::store::{EventsSoFar, Imported};

use super::intake::Intake;

impl Intake<'_> {
    /// Puts a whole cascade in place of what the store has of it.
    pub fn replace(&mut self, mut cascade: ImportedPost) -> Result<()> {
        if let Some(record) = self.described.take() {
            cascade.post = PostRecord {
                created_at: cascade.post.created_at,
                author: record.author.or(cascade.post.author),
                user: record.user.or(cascade.post.user),
                ..record
            };
        }
        self.tally.rows += cascade.events.len() as u64;
        self.tally.posts += 1;
        if !self.no_valences {
            self.read_texts(&mut cascade.events)?;
        }
        let (id, events) = (cascade.id, cascade.events);
        if self.record(&id)?.is_some() {
            let stored = self.snapshot(&id)?;
            if stored.graph.len() > events.len() {
                bail!(
                    "has {} events of {id}, the store has {}: erase the post first if these are \
                     the right ones",
                    events.len(),
                    stored.graph.len()
                );
            }
            if has_events(&stored.graph, &events) {
                self.tally.known += events.len() as u64;
                return self.add_known_post(id, cascade.post);
            }
        }
        if self.tally.dry_run {
            self.tally.added += events.len() as u64;
            return Ok(());
        }
        let observed_until = self.observed_until.max(cascade.observed_until);
        self.add_to_store(vec![Imported {
            id,
            record: Some(cascade.post),
            so_far: EventsSoFar::Go,
            events,
            observed_until,
        }])
    }

    /// Stores a post whose events are there already.
    fn add_known_post(&mut self, id: String, post: PostRecord) -> Result<()> {
        self.described = Some(post);
        self.tally.posts -= 1;
        self.describe(id)
    }
}

/// True if a stored graph is that of pages with these events, whose ids are their places from 1.
fn has_events(graph: &DiffusionGraph, events: &[Event]) -> bool {
    let place = |id: &Option<String>| id.as_deref().map_or(Ok(0), str::parse::<u32>);
    graph.len() == events.len()
        && events.iter().enumerate().all(|(i, event)| {
            graph.t[i] == event.t
                && graph.kind[i] == event.kind
                && graph.followers[i] == event.followers
                && graph.verified[i] == event.verified
                && graph.s[i] == event.s
                && place(&event.parent) == Ok(graph.parent[i])
        })
}
