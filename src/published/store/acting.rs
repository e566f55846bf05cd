//! A store in the hands of somebody: what they change is in the audit log, with the change or not
//! at all.

use time::OffsetDateTime;

use super::audit::Actor;
use super::changes::Change;
use super::{Done, EventsSoFar, Result, Store};
use crate::published::record::{Event, PostRecord};

/// Changes of a store that are made by one actor.
pub struct Acting<'a> {
    store: &'a Store,
    actor: Actor,
}

impl Store {
    /// The store in the hands of who has this name, at a moment.
    pub fn by(&self, name: &str, at: OffsetDateTime) -> Acting<'_> {
        let name = name.to_owned();
        Acting {
            store: self,
            actor: Actor { name, at },
        }
    }
}

impl Acting<'_> {
    async fn make(self, change: Change) -> Result<Done> {
        let change = Change::By(self.actor, Box::new(change));
        self.store.writer.make(change).await
    }

    /// As [`Store::put`].
    ///
    /// # Errors
    /// Those of the store.
    pub async fn put(self, id: &str, record: PostRecord, events: EventsSoFar) -> Result<Done> {
        let change = self.store.put_change(id, record, events);
        self.make(change).await
    }

    /// As [`Store::append`].
    ///
    /// # Errors
    /// [`super::StoreError::NoSuchPost`], and those of the store.
    pub async fn append(self, id: &str, events: Vec<Event>, observed_until: u32) -> Result<Done> {
        let post = self.store.post(id);
        let change = self.store.append_change(post, events, observed_until);
        self.make(change).await
    }

    /// Erases a post and its events.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn erase_post(self, id: &str) -> Result<Done> {
        let change = Change::ErasePost(self.store.post(id));
        self.make(change).await
    }

    /// Erases a user's events everywhere, and the user's posts with all their events.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn erase_user(self, id: &str) -> Result<Done> {
        let change = Change::EraseUser(self.store.user(id));
        self.make(change).await
    }

    /// Erases posts published before `time`, and their events.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn prune(self, time: OffsetDateTime) -> Result<Done> {
        self.make(Change::Prune(time.unix_timestamp())).await
    }
}
