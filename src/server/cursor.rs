//! Cursors and ETags: both name a position in one snapshot of one post.

use super::error::Failure;
use crate::Error;
use crate::published::store::{IdOf, Key, Snapshot};

/// The place where a page begins, in one snapshot of one post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PagePosition {
    /// The post's row in the store.
    pub row: i64,
    /// The post's revision.
    pub revision: i64,
    /// Events that had arrived.
    pub arrived: usize,
    /// Seconds after the post up to which the pages go.
    pub until: u32,
    /// Index of the page's first event, from 1.
    pub start: usize,
}

impl PagePosition {
    /// The first page of a snapshot, up to `until` seconds after the post.
    pub fn first(snapshot: &Snapshot, until: Option<u32>) -> Self {
        let seen = snapshot.graph.observed_until;
        PagePosition {
            row: snapshot.row,
            revision: snapshot.revision,
            arrived: snapshot.arrived,
            until: until.map_or(seen, |until| until.min(seen)),
            start: 1,
        }
    }

    /// Reads a cursor of this store. One of another store, of a store in memory that has ended,
    /// say, leads nowhere any more.
    pub fn from_cursor(cursor: &str, key: &Key) -> Result<Self, Failure> {
        let malformed = || {
            Failure::Core(Error::invalid(
                "cursor",
                "isn't a cursor: use `next` of the page before",
            ))
        };
        let (position, seal) = cursor.rsplit_once('.').ok_or_else(malformed)?;
        let numbers: Vec<u64> = position
            .split('.')
            .map(|part| u64::from_str_radix(part, 16))
            .collect::<Result<_, _>>()
            .map_err(|_| malformed())?;
        let &[row, revision, arrived, until, start] = numbers.as_slice() else {
            return Err(malformed());
        };
        if seal != seal_of(position, key) {
            return Err(Failure::SnapshotGone);
        }
        Ok(PagePosition {
            row: row.cast_signed(),
            revision: revision.cast_signed(),
            arrived: usize::try_from(arrived).map_err(|_| malformed())?,
            until: u32::try_from(until).map_err(|_| malformed())?,
            start: usize::try_from(start).map_err(|_| malformed())?,
        })
    }

    /// The cursor that leads here.
    pub fn cursor(&self, key: &Key) -> String {
        let position = self.text();
        format!("{position}.{}", seal_of(&position, key))
    }

    /// The ETag of an answer about this position; `what` tells such answers apart.
    pub fn tag(&self, what: &str, key: &Key) -> String {
        let hash = key.hash(IdOf::Tag, &format!("{}.{what}", self.text()));
        format!("\"{:016x}\"", hash as u64)
    }

    fn text(&self) -> String {
        format!(
            "{:x}.{:x}.{:x}.{:x}.{:x}",
            self.row, self.revision, self.arrived, self.until, self.start
        )
    }
}

/// Cursors are sealed, so that nobody can make up a position.
fn seal_of(position: &str, key: &Key) -> String {
    format!("{:016x}", key.hash(IdOf::Cursor, position) as u64)
}
