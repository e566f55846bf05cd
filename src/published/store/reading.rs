//! A store read as a whole, as it is at one moment: posts with their events, one after the other.

use std::path::Path;

use rusqlite::{Connection, params};
use time::OffsetDateTime;

use super::copies::open_for_reading;
use super::tables::{EVENT_COLUMNS, arrival, hash, key, required};
use super::{IdOf, Key, Result, Store, StoreError};
use crate::diffusion::Arrival;
use crate::published::record::PostRecord;

/// A store at one moment.
pub struct Reading<'a> {
    db: &'a Connection,
    key: &'a Key,
}

/// What all that a store has comes to. No two contents that it ever had are of the same state:
/// rows are never given again, and whatever happens to a post raises a number of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    posts: i64,
    last_row: i64,
    revisions: i64,
    arrived: i64,
}

/// Which posts are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Period {
    /// Published at this moment or later.
    pub from: Option<OffsetDateTime>,
    /// Published before this moment.
    pub to: Option<OffsetDateTime>,
}

/// A post of a store.
#[derive(Debug, Clone)]
pub struct StoredPost {
    /// Its row; never given to another post.
    pub row: i64,
    /// Hash of its id.
    pub id: u128,
    /// Hash of its author's id, where known.
    pub author: Option<u128>,
    /// As it was put, without the id of its author.
    pub record: PostRecord,
}

/// One event and its words, where they were kept.
#[derive(Debug, Clone)]
pub struct StoredEvent {
    /// The event.
    pub arrival: Arrival,
    /// Its words.
    pub text: Option<String>,
}

impl Store {
    /// Reads the store as it is at one moment; others may write meanwhile. Blocks on the disk.
    ///
    /// # Errors
    /// Those of `read`, and of the store.
    pub fn at_one_moment<T>(&self, read: impl FnOnce(&Reading) -> Result<T>) -> Result<T> {
        self.reading(|db| in_one_transaction(db, &self.key, read))
    }
}

/// Reads the store in a file, which a server may have open, as it is at one moment.
///
/// # Errors
/// [`StoreError::Open`] if the file is no store, and those of `read`.
pub fn read_store<T>(path: &Path, read: impl FnOnce(&Reading) -> Result<T>) -> Result<T> {
    let db = open_for_reading(path)?;
    let key = Key::new(&key(&db)?);
    in_one_transaction(&db, &key, read)
}

fn in_one_transaction<T>(
    db: &Connection,
    key: &Key,
    read: impl FnOnce(&Reading) -> Result<T>,
) -> Result<T> {
    let transaction = db.unchecked_transaction()?;
    read(&Reading {
        db: &transaction,
        key,
    })
}

impl Reading<'_> {
    /// Its state.
    ///
    /// # Errors
    /// Those of the store.
    pub fn state(&self) -> Result<State> {
        let sql = "SELECT count(*), ifnull(max(row), 0), ifnull(sum(revision), 0),
                   ifnull(sum(arrived), 0) FROM posts";
        Ok(self.db.prepare_cached(sql)?.query_row([], |row| {
            Ok(State {
                posts: row.get(0)?,
                last_row: row.get(1)?,
                revisions: row.get(2)?,
                arrived: row.get(3)?,
            })
        })?)
    }

    /// The hash that an account has in this store.
    pub fn account(&self, id: &str) -> u128 {
        self.key.hash(IdOf::User, id)
    }

    /// A keyed hash of a question to this store in this state, which names the answer.
    pub fn name_of(&self, state: State, question: &str) -> u64 {
        self.key.hash(IdOf::Tag, &format!("{state:?} {question}")) as u64
    }

    /// Calls `visit` with every post of a period, oldest first.
    ///
    /// # Errors
    /// Those of `visit`, and of the store.
    pub fn posts(
        &self,
        period: Period,
        mut visit: impl FnMut(StoredPost) -> Result<()>,
    ) -> Result<()> {
        let mut posts = self.db.prepare_cached(
            "SELECT row, id, author, record FROM posts
             WHERE created_at >= ?1 AND created_at < ?2 ORDER BY created_at, row",
        )?;
        let seconds = |time: OffsetDateTime| time.unix_timestamp();
        let (from, to) = (period.from.map(seconds), period.to.map(seconds));
        let bounds = params![from.unwrap_or(i64::MIN), to.unwrap_or(i64::MAX)];
        let mut posts = posts.query(bounds)?;
        while let Some(post) = posts.next()? {
            let record: String = post.get(3)?;
            let record =
                serde_json::from_str(&record).map_err(|e| StoreError::Failed(e.to_string()))?;
            visit(StoredPost {
                row: post.get(0)?,
                id: required(hash(post.get_ref(1)?)?)?,
                author: hash(post.get_ref(2)?)?,
                record,
            })?;
        }
        Ok(())
    }

    /// The events of the post in a row, in the order of their arrival.
    ///
    /// # Errors
    /// Those of the store.
    pub fn arrivals(&self, row: i64) -> Result<Vec<Arrival>> {
        let mut events = self.db.prepare_cached(&format!(
            "SELECT {EVENT_COLUMNS} FROM events WHERE post = ?1 ORDER BY seq"
        ))?;
        let events = events.query_map([row], |row| Ok(arrival(row)?.1))?;
        Ok(events.collect::<rusqlite::Result<_>>()?)
    }

    /// The same with their words, where they were kept.
    ///
    /// # Errors
    /// Those of the store.
    pub fn events(&self, row: i64) -> Result<Vec<StoredEvent>> {
        let mut events = self.db.prepare_cached(&format!(
            "SELECT {EVENT_COLUMNS}, (SELECT text FROM texts WHERE post = ?1 AND seq = events.seq)
             FROM events WHERE post = ?1 ORDER BY seq"
        ))?;
        let events = events.query_map([row], |row| {
            let (_, arrival) = arrival(row)?;
            let text = row.get(9)?;
            Ok(StoredEvent { arrival, text })
        })?;
        Ok(events.collect::<rusqlite::Result<_>>()?)
    }
}
