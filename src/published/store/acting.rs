//! A store in the hands of somebody: what they change is in the audit log, with the change or not
//! at all.

use time::OffsetDateTime;

use super::audit::Actor;
use super::changes::Change;
use super::{Done, EventsSoFar, Once, Result, Store};
use crate::published::record::{Event, PostRecord};

/// Changes of a store that are made by one actor.
pub struct Acting<'a> {
    store: &'a Store,
    actor: Actor,
    once: Option<Once>,
}

impl Store {
    /// The store in the hands of who has this name, at a moment.
    pub fn by(&self, name: &str, at: OffsetDateTime) -> Acting<'_> {
        let name = name.to_owned();
        Acting {
            store: self,
            actor: Actor { name, at },
            once: None,
        }
    }
}

impl Acting<'_> {
    /// The same for a request that is made once, if it is one. A change that was made before isn't made
    /// again: what came of it then is returned, or [`super::StoreError::AskedOtherwise`].
    pub fn once(mut self, once: Option<Once>) -> Self {
        self.once = once;
        self
    }

    async fn make(self, change: Change) -> Result<Done> {
        let change = Change::By(self.actor, Box::new(change));
        let change = match self.once {
            Some(once) => Change::Once(once, Box::new(change)),
            None => change,
        };
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

    /// Notes something that was done to what isn't in the store.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn tell(self, action: &'static str, detail: String) -> Result<()> {
        self.make(Change::Tell(action, detail)).await.map(drop)
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
