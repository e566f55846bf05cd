//! Requests that are made once, however often they are sent: what came of a change is kept with it
//! for a day, under the name that the client gave the request.

use rusqlite::{Connection, OptionalExtension, params};

use super::changes::Done;
use super::ids::hex;
use super::{IdOf, Key, Result, StoreError};

/// How long a request is known, in seconds.
pub const KNOWN_FOR: i64 = 24 * 3600;

/// A request that has a name of its own. Nothing of what it asks for can be read from this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Once {
    /// Keyed hash of who asks and of the request's name.
    pub(super) request: u128,
    /// Keyed hash of what is asked.
    pub(super) asked: u128,
    /// When it arrived, in seconds since 1970.
    pub(super) at: i64,
}

impl Once {
    /// The request of this name by a caller, which asks for what `asked` tells from other requests.
    pub fn new(key: &Key, caller: &str, name: &str, asked: &str, at: i64) -> Self {
        // No name of a caller has a line's end.
        let named = format!("{caller}\n{name}");
        Once {
            request: key.hash(IdOf::Request, &named),
            asked: key.hash(IdOf::Asked, asked),
            at,
        }
    }

    /// What it is known by, where something else than a store keeps it: the request, and what it asks.
    pub fn names(&self) -> (String, String) {
        (hex(self.request), hex(self.asked))
    }
}

/// What came of a request when it was made first.
///
/// # Errors
/// [`StoreError::AskedOtherwise`] if its name is that of a request which asked for something else.
pub(super) fn answered(db: &Connection, once: &Once) -> Result<Option<Done>> {
    let found = db
        .prepare_cached(
            "SELECT asked, posts, events, known, jobs FROM answered
             WHERE request = ?1 AND at > ?2",
        )?
        .query_row(
            params![once.request.to_be_bytes(), once.at - KNOWN_FOR],
            |row| {
                let done = Done {
                    posts: row.get::<_, i64>(1)?.cast_unsigned(),
                    events: row.get::<_, i64>(2)?.cast_unsigned(),
                    known: row.get::<_, i64>(3)?.cast_unsigned(),
                    jobs: row.get::<_, Option<i64>>(4)?.map(i64::cast_unsigned),
                };
                Ok((row.get::<_, [u8; 16]>(0)?, done))
            },
        )
        .optional()?;
    match found {
        Some((asked, _)) if asked != once.asked.to_be_bytes() => Err(StoreError::AskedOtherwise),
        found => Ok(found.map(|(_, done)| done)),
    }
}

/// Notes what came of a request, inside the transaction of what it changes; forgets those of
/// yesterday.
pub(super) fn note(db: &Connection, once: &Once, done: Done) -> Result<()> {
    db.prepare_cached("DELETE FROM answered WHERE at <= ?1")?
        .execute([once.at - KNOWN_FOR])?;
    db.prepare_cached(
        "INSERT INTO answered (request, asked, at, posts, events, known)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        once.request.to_be_bytes(),
        once.asked.to_be_bytes(),
        once.at,
        done.posts.cast_signed(),
        done.events.cast_signed(),
        done.known.cast_signed(),
    ])?;
    Ok(())
}

/// Notes how many jobs were erased for a request.
pub(super) fn note_jobs(db: &Connection, once: &Once, jobs: u64) -> Result<()> {
    db.prepare_cached("UPDATE answered SET jobs = ?2 WHERE request = ?1")?
        .execute(params![once.request.to_be_bytes(), jobs.cast_signed()])?;
    Ok(())
}
