//! Cursors and ETags: both name a place in one snapshot of one post.

use crate::Error;
use axum::http::{HeaderMap, header};

use super::error::Failure;
use crate::published::store::{IdOf, Key, Snapshot};

/// Where a page begins, in which snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub row: i64,
    pub revision: i64,
    /// Events that had arrived.
    pub arrived: usize,
    /// Seconds after the post up to which the pages go.
    pub until: u32,
    /// Index of the page's first event, from 1.
    pub start: usize,
}

impl Place {
    /// The first page of a snapshot, up to `until` seconds after the post.
    pub fn first(snapshot: &Snapshot, until: Option<u32>) -> Self {
        let seen = snapshot.graph.observed_until;
        Place {
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
        let (place, seal) = cursor.rsplit_once('.').ok_or_else(malformed)?;
        let numbers: Vec<u64> = place
            .split('.')
            .map(|part| u64::from_str_radix(part, 16))
            .collect::<Result<_, _>>()
            .map_err(|_| malformed())?;
        let &[row, revision, arrived, until, start] = numbers.as_slice() else {
            return Err(malformed());
        };
        if seal != seal_of(place, key) {
            return Err(Failure::SnapshotGone);
        }
        Ok(Place {
            row: row.cast_signed(),
            revision: revision.cast_signed(),
            arrived: usize::try_from(arrived).map_err(|_| malformed())?,
            until: u32::try_from(until).map_err(|_| malformed())?,
            start: usize::try_from(start).map_err(|_| malformed())?,
        })
    }

    /// What leads here.
    pub fn cursor(&self, key: &Key) -> String {
        let place = self.text();
        format!("{place}.{}", seal_of(&place, key))
    }

    /// The ETag of what is said about this place; `what` tells answers about it apart.
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

/// Cursors are sealed, so that nobody can make up a place.
fn seal_of(place: &str, key: &Key) -> String {
    format!("{:016x}", key.hash(IdOf::Cursor, place) as u64)
}

/// Whether the client has what `tag` names. Compared as weak tags: compression makes them so.
pub fn has(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|known| known.trim())
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}
