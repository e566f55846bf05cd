//! Rows of the tables as the events and hashes they hold.

use rusqlite::types::{FromSqlError, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::ids::KEY_BYTES;
use super::{Result, StoreError};
use crate::diffusion::{Arrival, EventKind};
use crate::published::record::PostRecord;

/// The store's key.
pub fn key(db: &Connection) -> Result<[u8; KEY_BYTES]> {
    Ok(db.query_row("SELECT key FROM store", [], |row| row.get(0))?)
}

/// A post as it was put, without the id of its author.
pub fn record_of(db: &Connection, post: u128) -> Result<Option<PostRecord>> {
    let record: Option<String> = db
        .prepare_cached("SELECT record FROM posts WHERE id = ?1")?
        .query_row([post.to_be_bytes()], |row| row.get(0))
        .optional()?;
    let record = record.map(|json| serde_json::from_str(&json));
    record
        .transpose()
        .map_err(|e| StoreError::Failed(e.to_string()))
}

/// The columns of an event, in the order that [`arrival`] reads them.
pub const EVENT_COLUMNS: &str = "seq, id, parent, t, kind, user, followers, verified, s";

/// Adds an event to the row of a post; `false` if it is there already.
pub fn insert_event(
    db: &Connection,
    post: i64,
    seq: i64,
    event: &Arrival,
) -> rusqlite::Result<bool> {
    let mut insert = db.prepare_cached(
        "INSERT OR IGNORE INTO events
         (post, seq, id, parent, t, kind, user, followers, verified, s)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    let added = insert.execute(params![
        post,
        seq,
        event.id.to_be_bytes(),
        event.parent.map(u128::to_be_bytes),
        event.t,
        kind_number(event.kind),
        event.user.map(u128::to_be_bytes),
        // The same bits; followers beyond i64 come back as they were.
        event.followers.map(u64::cast_signed),
        event.verified,
        event.s,
    ])?;
    Ok(added == 1)
}

/// An event from its [`EVENT_COLUMNS`], after its seq.
pub fn arrival(row: &Row) -> rusqlite::Result<(i64, Arrival)> {
    let event = Arrival {
        id: required(hash(row.get_ref(1)?)?)?,
        parent: hash(row.get_ref(2)?)?,
        t: row.get(3)?,
        kind: kind_of(row.get(4)?)?,
        user: hash(row.get_ref(5)?)?,
        followers: row.get::<_, Option<i64>>(6)?.map(i64::cast_unsigned),
        verified: row.get(7)?,
        s: row.get(8)?,
    };
    Ok((row.get(0)?, event))
}

/// A hash from its column.
pub fn hash(value: ValueRef) -> rusqlite::Result<Option<u128>> {
    let Some(bytes) = value.as_blob_or_null()? else {
        return Ok(None);
    };
    let bytes = bytes.try_into().map_err(|_| FromSqlError::InvalidType)?;
    Ok(Some(u128::from_be_bytes(bytes)))
}

/// A hash from a column that is never null.
pub fn required(hash: Option<u128>) -> rusqlite::Result<u128> {
    Ok(hash.ok_or(FromSqlError::InvalidType)?)
}

const KINDS: [EventKind; 4] = [
    EventKind::Repost,
    EventKind::Quote,
    EventKind::Reply,
    EventKind::Comment,
];

fn kind_number(kind: EventKind) -> u8 {
    match kind {
        EventKind::Repost => 0,
        EventKind::Quote => 1,
        EventKind::Reply => 2,
        EventKind::Comment => 3,
    }
}

fn kind_of(number: u8) -> rusqlite::Result<EventKind> {
    let kind = KINDS.get(usize::from(number)).copied();
    Ok(kind.ok_or(FromSqlError::InvalidType)?)
}
