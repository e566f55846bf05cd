//! The store's tables, and opening them.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::diffusion::{Arrival, EventKind};
use rusqlite::types::{FromSqlError, ValueRef};
use rusqlite::{Connection, OpenFlags, Row, params};

use super::ids::KEY_BYTES;
use super::{Result, StoreError};

/// Marks a file as ours; "BSMV" in ASCII.
const APPLICATION: i32 = 0x4253_4d56;
/// Version of the tables.
const SCHEMA: i32 = 1;

/// `posts.id`, `.author`, `events.id`, `.parent` and `.user` are keyed hashes of 16 bytes. An event's
/// `seq` counts the arrivals at its post, so the events of a post lie together and in order.
const TABLES: &str = "
CREATE TABLE store (key BLOB NOT NULL);
CREATE TABLE posts (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    author BLOB,
    created_at INTEGER NOT NULL,    -- seconds since 1970
    record TEXT NOT NULL,           -- JSON, without the author's id
    keep_texts INTEGER NOT NULL,
    observed_until INTEGER NOT NULL,
    revision INTEGER NOT NULL,      -- raised by whatever isn't an added event
    arrived INTEGER NOT NULL        -- the next event's seq
);
CREATE INDEX posts_by_author ON posts (author) WHERE author IS NOT NULL;
CREATE INDEX posts_by_age ON posts (created_at);
CREATE TABLE events (
    post INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    id BLOB NOT NULL,
    parent BLOB,
    t INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    user BLOB,
    followers INTEGER,
    verified INTEGER,
    s REAL,
    PRIMARY KEY (post, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX events_by_id ON events (post, id);
CREATE INDEX events_by_user ON events (user, post) WHERE user IS NOT NULL;
CREATE TABLE texts (
    post INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (post, seq)
) WITHOUT ROWID;
";

/// Where the tables are, and what keeps others out while they are open.
pub struct Place {
    uri: String,
    on_disk: bool,
    /// Held, not read: the system lets go of it when the process ends, however it ends.
    _lock: Option<File>,
}

impl Place {
    /// A file, which is made if it isn't there. Readable by its owner alone.
    pub fn file(path: &Path) -> Result<Self> {
        let failed = |problem: String| StoreError::Open {
            path: path.to_owned(),
            problem,
        };
        let io = |e: std::io::Error| failed(e.to_string());
        let lock = owners_file(&beside(path, ".lock")).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let problem = "another bsmv has it open: send it requests, or end it first";
                return Err(failed(problem.to_owned()));
            }
            Err(TryLockError::Error(e)) => return Err(io(e)),
        }
        owners_file(path).map_err(io)?;
        let full = path.canonicalize().map_err(io)?;
        let name = full
            .to_str()
            .ok_or_else(|| failed("its path isn't UTF-8".to_owned()))?;
        Ok(Place {
            uri: format!("file:{}", escaped(name)),
            on_disk: true,
            _lock: Some(lock),
        })
    }

    /// Memory of this process.
    pub fn memory() -> Self {
        Place {
            uri: format!("file:/bsmv-{:032x}?vfs=memdb", rand::random::<u128>()),
            on_disk: false,
            _lock: None,
        }
    }

    /// The connection that writes; makes the tables where there are none.
    pub fn writer(&self) -> Result<Connection> {
        let db = self.connect()?;
        if self.on_disk {
            let mode: String =
                db.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
            if mode != "wal" {
                return Err(StoreError::Foreign("can't be journalled there"));
            }
        }
        // An acknowledged event is on the disk, and an erased one no longer is.
        db.pragma_update(None, "synchronous", "full")?;
        db.pragma_update(None, "secure_delete", true)?;
        let (application, schema, tables): (i32, i32, i64) = db.query_row(
            "SELECT a.application_id, v.user_version, (SELECT count(*) FROM sqlite_schema)
             FROM pragma_application_id a, pragma_user_version v",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        if (application, tables) == (0, 0) {
            let key: [u8; KEY_BYTES] = rand::random();
            db.execute_batch(&format!(
                "BEGIN IMMEDIATE; {TABLES} PRAGMA application_id = {APPLICATION};
                 PRAGMA user_version = {SCHEMA};"
            ))?;
            db.execute("INSERT INTO store (key) VALUES (?1)", [key])?;
            db.execute_batch("COMMIT")?;
        } else if application != APPLICATION {
            return Err(StoreError::Foreign("is a database of another program"));
        } else if schema != SCHEMA {
            return Err(StoreError::Foreign("was made by another version of bsmv"));
        }
        Ok(db)
    }

    /// A connection that reads, once there are tables.
    pub fn reader(&self) -> Result<Connection> {
        let db = self.connect()?;
        db.pragma_update(None, "query_only", true)?;
        Ok(db)
    }

    fn connect(&self) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(&self.uri, flags)?;
        db.busy_timeout(Duration::from_secs(30))?;
        db.set_prepared_statement_cache_capacity(32);
        Ok(db)
    }
}

/// Opens or makes a file, readable by its owner alone.
fn owners_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// A path inside a URI.
fn escaped(path: &str) -> String {
    path.replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23")
}

/// The store's key.
pub fn key(db: &Connection) -> Result<[u8; KEY_BYTES]> {
    Ok(db.query_row("SELECT key FROM store", [], |row| row.get(0))?)
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
