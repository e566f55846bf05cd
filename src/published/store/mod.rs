//! The store: posts and their events in SQLite, read through memory.
//!
//! Ids are kept as keyed hashes only (`ids.rs`). One thread writes and is answered when the disk
//! has it (`writer.rs`); events are kept in the order of their arrival, so a snapshot is a number:
//! how many had arrived (`cache.rs`).

mod acting;
pub mod api_keys;
pub mod audit;
mod cache;
mod changes;
mod copies;
mod export;
mod ids;
mod location;
pub mod office;
mod once;
pub mod reading;
mod tables;
#[cfg(test)]
mod tests;
mod versions;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::diffusion::{Arrival, EventLog};
use crate::published::record::{Event, PostRecord};
use rusqlite::{Connection, OptionalExtension, params};
use time::OffsetDateTime;

use api_keys::{ApiKey, Usage};
use cache::{Cache, CachedPost};
use changes::{Author, Change};
use location::Location;
use tables::{EVENT_COLUMNS, arrival, hash, record_of};
use writer::{LongTransaction, Writer};

pub use acting::Acting;
pub use cache::Snapshot;
pub use changes::{Done, EventsSoFar};
pub use copies::{Contents, backup, restore};
pub use export::{export, import_export, is_export};
pub use ids::{IdOf, Key, hex};
pub use once::Once;

/// Connections kept open for reading.
const READERS: usize = 8;

/// A reason for the store not to do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No post was made under this id.
    #[error("there is no such post")]
    NoSuchPost,
    /// The file can't be opened as a store.
    #[error("{}: {problem}", path.display())]
    Open {
        /// The file, as it was given.
        path: PathBuf,
        /// One sentence: another error of this list, or the system's.
        problem: String,
    },
    /// The file holds something else.
    #[error("it is a database of another program: name another file")]
    Foreign,
    /// The file was made, or brought up to date, by a newer bsmv.
    #[error(
        "its tables are of version {found}, this bsmv knows them up to {known}: \
         use the bsmv that wrote it, or a newer one (nothing in it was changed)"
    )]
    Newer {
        /// Version of the file's tables.
        found: usize,
        /// Newest version that this program knows.
        known: usize,
    },
    /// No key has this name.
    #[error("there is no key named `{0}`")]
    NoSuchKey(String),
    /// A key has, or had, this name.
    #[error("a key has, or had, the name `{0}`: take another, so that the audit log stays clear")]
    KeyExists(String),
    /// A key can't have this name.
    #[error("`{name}`: a name has 1 to {most} letters, digits, `-`, `_`, `.` and `@`")]
    KeyName {
        /// The name.
        name: String,
        /// Longest name, in bytes.
        most: usize,
    },
    /// A request has the name of another, which asked for something else.
    #[error("the name of the request is that of another, which asked for something else")]
    AskedOtherwise,
    /// A line isn't as an export has it.
    #[error("{0}")]
    NoExport(String),
    /// A full disk, most often.
    #[error("the store failed: {0}")]
    Failed(String),
    /// The writing thread has ended.
    #[error("the store is closed")]
    Closed,
}

/// The store's result.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::Failed(error.to_string())
    }
}

/// Posts and their events. Methods that change something return when it is safe on the disk.
///
/// Every method fails with [`StoreError::Failed`] when the disk does, and those that change
/// something with [`StoreError::Closed`] once the writing thread has ended.
pub struct Store {
    // Fields are dropped in this order: the lock on the file goes last.
    writer: Writer,
    readers: Mutex<Vec<Connection>>,
    cache: Arc<Cache>,
    key: Key,
    location: Location,
}

impl Store {
    /// Opens the store in a file, or makes it; one of an older version is brought up to date. Nobody
    /// else can open it meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Open`] if the file is in use, holds something else, or was written by a newer
    /// version: it is then as it was.
    pub fn open(path: &Path) -> Result<Self> {
        Self::at(Location::file(path)?).map_err(|error| match error {
            StoreError::Open { .. } => error,
            other => StoreError::Open {
                path: path.to_owned(),
                problem: other.to_string(),
            },
        })
    }

    /// A store that lasts as long as the process.
    pub fn in_memory() -> Result<Self> {
        Self::at(Location::memory())
    }

    fn at(location: Location) -> Result<Self> {
        let db = location.writer()?;
        let key = Key::new(&tables::key(&db)?);
        let cache = Arc::<Cache>::default();
        Ok(Store {
            writer: Writer::start(db, cache.clone()),
            readers: Mutex::default(),
            cache,
            key,
            location,
        })
    }

    /// The key that the store's ids are hashed with.
    pub fn key(&self) -> &Key {
        &self.key
    }

    fn post(&self, id: &str) -> u128 {
        self.key.hash(IdOf::Post, id)
    }

    fn user(&self, id: &str) -> u128 {
        self.key.hash(IdOf::User, id)
    }

    /// Makes a post, or replaces its record.
    pub async fn put(&self, id: &str, record: PostRecord, events: EventsSoFar) -> Result<Done> {
        self.writer.make(self.put_change(id, record, events)).await
    }

    fn put_change(&self, id: &str, record: PostRecord, events: EventsSoFar) -> Change {
        let author = record.user.as_deref().map(|user| self.user(user));
        Change::Put {
            post: self.post(id),
            author: Author::Is(author),
            record: Box::new(record),
            events,
        }
    }

    /// Adds events to a post that has been watched for `observed_until` seconds. Events that are
    /// there already stay as they are.
    ///
    /// # Errors
    /// [`StoreError::NoSuchPost`].
    pub async fn append(&self, id: &str, events: Vec<Event>, observed_until: u32) -> Result<Done> {
        let change = self.append_change(self.post(id), events, observed_until);
        self.writer.make(change).await
    }

    fn append_change(&self, post: u128, events: Vec<Event>, observed_until: u32) -> Change {
        let event_id = |id: &str| self.key.hash(IdOf::Event, id);
        let events = events
            .into_iter()
            .map(|event| {
                let arrival = Arrival {
                    id: event_id(&event.id),
                    parent: event.parent.as_deref().map(event_id),
                    t: event.t,
                    kind: event.kind,
                    user: event.user.as_deref().map(|user| self.user(user)),
                    followers: event.followers,
                    verified: event.verified,
                    s: event.s,
                };
                (arrival, event.text)
            })
            .collect();
        Change::Append {
            post,
            events,
            observed_until,
        }
    }

    /// Begins an import. Blocks while others change something.
    pub fn begin_import(&self) -> Result<Import<'_>> {
        Ok(Import {
            store: self,
            transaction: self.writer.begin()?,
        })
    }

    /// What came of a request that changes nothing in the store, if it was made before.
    ///
    /// # Errors
    /// [`StoreError::AskedOtherwise`].
    pub async fn answered(&self, once: Once) -> Result<Done> {
        let nothing = Change::Together(Vec::new());
        let change = Change::Once(once, Box::new(nothing));
        self.writer.make(change).await
    }

    /// Notes how many jobs were erased for a request.
    pub async fn note_jobs(&self, once: Once, jobs: u64) -> Result<Done> {
        self.writer.make(Change::NoteJobs(once, jobs)).await
    }

    /// Erases a post and its events.
    pub async fn erase_post(&self, id: &str) -> Result<Done> {
        self.writer.make(Change::ErasePost(self.post(id))).await
    }

    /// Erases a user's events everywhere, and the user's posts with all their events.
    pub async fn erase_user(&self, id: &str) -> Result<Done> {
        self.writer.make(Change::EraseUser(self.user(id))).await
    }

    /// Erases posts published before `time`, and their events.
    pub async fn prune(&self, time: OffsetDateTime) -> Result<Done> {
        self.writer.make(Change::Prune(time.unix_timestamp())).await
    }

    /// A post's graph when `arrived` events had arrived; with all, if `None`. Blocks on the disk
    /// if the post isn't in memory.
    ///
    /// # Errors
    /// [`StoreError::NoSuchPost`].
    pub fn snapshot(&self, id: &str, arrived: Option<usize>) -> Result<Arc<Snapshot>> {
        let post = self.post(id);
        let load = || self.reading(|db| load(db, post));
        self.cache
            .with(post, load, |post| post.snapshot(arrived))?
            .ok_or(StoreError::NoSuchPost)
    }

    /// A post as it was put, without the id of its author; `None` if there is no such post. Blocks
    /// on the disk.
    pub fn record(&self, id: &str) -> Result<Option<PostRecord>> {
        let post = self.post(id);
        self.reading(|db| record_of(db, post))
    }

    /// Texts of some of a post's events, where they were kept: `row` and `seq` are a
    /// [`Snapshot`]'s. Blocks on the disk.
    pub fn texts(&self, row: i64, seq: &[i64]) -> Result<Vec<Option<String>>> {
        self.reading(|db| {
            let mut one =
                db.prepare_cached("SELECT text FROM texts WHERE post = ?1 AND seq = ?2")?;
            seq.iter()
                .map(|seq| {
                    Ok(one
                        .query_row(params![row, seq], |row| row.get(0))
                        .optional()?)
                })
                .collect()
        })
    }

    /// Size of the tables, in bytes, without the journal. Blocks on the disk.
    pub fn bytes(&self) -> Result<u64> {
        self.reading(|db| {
            let sql = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
            let bytes: i64 = db.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
            Ok(bytes.unsigned_abs())
        })
    }

    /// Every API key, those that have ended too. Blocks on the disk.
    pub fn api_keys(&self) -> Result<Vec<ApiKey>> {
        self.reading(api_keys::list)
    }

    /// What each API key used on a day. Blocks on the disk.
    pub fn usage(&self, day: i64) -> Result<Vec<Usage>> {
        self.reading(|db| api_keys::usage(db, day))
    }

    /// Writes down what API keys used.
    pub async fn note_usage(&self, used: Vec<Usage>) -> Result<Done> {
        self.writer.make(Change::Usage(used)).await
    }

    fn reading<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let pool = || self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = pool().pop();
        let db = match kept {
            Some(db) => db,
            None => self.location.reader()?,
        };
        let out = read(&db);
        let mut pool = pool();
        if pool.len() < READERS {
            pool.push(db);
        }
        out
    }
}

/// An import under way: one transaction. Nobody else sees anything of it until it is committed;
/// dropped before that, or after an error, it leaves no trace. Its methods block, and what they
/// hold in memory doesn't grow with what was added.
pub struct Import<'a> {
    store: &'a Store,
    transaction: LongTransaction,
}

/// A post with events, to be imported.
pub struct Imported {
    /// Id of the post on its platform.
    pub id: String,
    /// What is known of it; without it the post is there already. An author that it doesn't name
    /// stays.
    pub record: Option<PostRecord>,
    /// The fate of the events that the store has of it.
    pub so_far: EventsSoFar,
    /// New events. Those that are there already stay as they are.
    pub events: Vec<Event>,
    /// Seconds after the post up to which it has been watched.
    pub observed_until: u32,
}

impl Import<'_> {
    /// Makes posts, or replaces their records, and adds events to them.
    ///
    /// # Errors
    /// [`StoreError::NoSuchPost`] for a post without record that isn't there.
    pub fn add(&self, posts: Vec<Imported>) -> Result<Done> {
        let mut changes = Vec::with_capacity(2 * posts.len());
        for imported in posts {
            let post = self.store.post(&imported.id);
            if let Some(record) = imported.record {
                let author = record.user.as_deref().map(|user| self.store.user(user));
                changes.push(Change::Put {
                    post,
                    author: author.map_or(Author::Stays, |author| Author::Is(Some(author))),
                    record: Box::new(record),
                    events: imported.so_far,
                });
            }
            let (events, until) = (imported.events, imported.observed_until);
            changes.push(self.store.append_change(post, events, until));
        }
        self.transaction.make(changes)
    }

    /// A post as it was put, by this import too; without the id of its author.
    pub fn record(&self, id: &str) -> Result<Option<PostRecord>> {
        self.transaction.record(self.store.post(id))
    }

    /// Ends the import: when it returns, all of it is on the disk.
    pub fn commit(self) -> Result<()> {
        self.transaction.commit()
    }
}

/// A post and its events as they are in the tables at one moment.
fn load(db: &Connection, post: u128) -> Result<Option<CachedPost>> {
    let transaction = db.unchecked_transaction()?;
    let found = transaction
        .prepare_cached(
            "SELECT row, revision, record, author, observed_until FROM posts WHERE id = ?1",
        )?
        .query_row([post.to_be_bytes()], |row| {
            let record: String = row.get(2)?;
            let author = hash(row.get_ref(3)?)?;
            Ok((row.get(0)?, row.get(1)?, record, author, row.get(4)?))
        })
        .optional()?;
    let Some((row, revision, record, author, observed_until)) = found else {
        return Ok(None);
    };
    let record = serde_json::from_str(&record).map_err(|e| StoreError::Failed(e.to_string()))?;
    let mut post = CachedPost {
        row,
        revision,
        record: Arc::new(record),
        observed_until,
        log: EventLog::new(author),
        seq: Vec::new(),
        snapshots: Default::default(),
    };
    let mut events = transaction.prepare_cached(&format!(
        "SELECT {EVENT_COLUMNS} FROM events WHERE post = ?1 ORDER BY seq"
    ))?;
    for event in events.query_map([row], arrival)? {
        let (seq, event) = event?;
        post.add(seq, &event);
    }
    Ok(Some(post))
}
