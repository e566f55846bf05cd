//! Copies of a store as files: taken while a server writes to it, and put in its place again.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::location::{Lock, beside, owners_file};
use super::versions::{STEPS, version};
use super::{Result, StoreError};

/// The posts and events of a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Contents {
    /// Number of posts.
    pub posts: u64,
    /// Number of events.
    pub events: u64,
}

/// Copies the store in the file `from` to the new file `to`, as it is at one moment; whoever has it
/// open goes on meanwhile. `to` is there whole or not at all.
///
/// # Errors
/// [`StoreError::Open`] if `from` is no store or `to` is there already.
pub fn backup(from: &Path, to: &Path) -> Result<Contents> {
    let source = open_for_reading(from)?;
    make(to, |fresh| copy(&source, fresh))
}

/// Puts the copy `from` in the place of the store `to`, which nobody may have open. A store that is
/// there is replaced only with `replace`.
///
/// # Errors
/// [`StoreError::Open`] if `from` is no store, is damaged or of a newer version, or if `to` is in
/// use or there already. What was there stays as it was.
pub fn restore(from: &Path, to: &Path, replace: bool) -> Result<Contents> {
    let source = open_for_reading(from)?;
    let _lock = Lock::take(to)?;
    own_as_folder(&beside(to, ".lock"), to)?;
    if !replace {
        let contents = make(to, |fresh| copy(&source, fresh))?;
        own_as_folder(to, to)?;
        return Ok(contents);
    }
    let fresh = beside(to, ".new");
    remove(&fresh)?;
    let contents = make(&fresh, |fresh| copy(&source, fresh))?;
    own_as(&fresh, to)?;
    // As in `make`.
    for ending in ["-wal", "-shm", "-journal"] {
        remove(&beside(to, ending))?;
    }
    fs::rename(&fresh, to).map_err(|problem| failed(to, problem))?;
    Ok(contents)
}

/// Makes a store in a new file: `fill` is given a file beside it, which takes its place when it is
/// whole and on the disk.
pub fn make<T>(to: &Path, fill: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    if to.exists() {
        let problem = "is there already: name another file, or move it away";
        return Err(failed(to, problem));
    }
    let part = beside(to, ".part");
    remove(&part)?;
    owners_file(&part).map_err(|problem| failed(to, problem))?;
    let filled = fill(&part).and_then(|filled| {
        // The journal of a store that was here must never be read as that of this one.
        for ending in ["-wal", "-shm", "-journal"] {
            remove(&beside(to, ending))?;
        }
        owners_file(&part)
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&part, to))
            .map_err(|problem| failed(to, problem))?;
        Ok(filled)
    });
    if filled.is_err() {
        remove(&part).ok();
    }
    filled
}

/// A connection that reads a store which others may have open.
pub fn open_for_reading(path: &Path) -> Result<Connection> {
    if !path.is_file() {
        return Err(failed(path, "there is no such file"));
    }
    let open = || -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(std::time::Duration::from_secs(30))?;
        db.pragma_update(None, "query_only", true)?;
        match version(&db, STEPS)? {
            0 => Err(StoreError::Foreign),
            _ => Ok(db),
        }
    };
    open().map_err(|error| failed(path, error))
}

/// The posts and events in it.
pub fn contents(db: &Connection) -> rusqlite::Result<Contents> {
    db.query_row(
        "SELECT (SELECT count(*) FROM posts), (SELECT count(*) FROM events)",
        [],
        |row| {
            Ok(Contents {
                posts: row.get::<_, i64>(0)?.cast_unsigned(),
                events: row.get::<_, i64>(1)?.cast_unsigned(),
            })
        },
    )
}

/// Copies all pages in one reading, so that no writer makes it begin anew.
fn copy(source: &Connection, to: &Path) -> Result<Contents> {
    let mut db = Connection::open(to)?;
    loop {
        match Backup::new(source, &mut db)?.step(-1)? {
            StepResult::Done => break,
            // Somebody was switching journals; that is over soon.
            _ => std::thread::sleep(std::time::Duration::from_millis(50)),
        }
    }
    // One file, without a journal beside it.
    db.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))?;
    let found: String = db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Err(StoreError::Failed(format!("it is damaged: {found}")));
    }
    Ok(contents(&db)?)
}

/// Gives a file that was made here to the owner of the folder of `beside`, which may be a service's, where
/// this is root: else the service couldn't open it.
fn own_as_folder(file: &Path, beside: &Path) -> Result<()> {
    let folder = beside.parent().filter(|folder| *folder != Path::new(""));
    own_as(file, folder.unwrap_or(Path::new(".")))
}

/// Gives a file to the owner of another, where this may.
fn own_as(file: &Path, other: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, chown};
        let owner = |path: &Path| fs::metadata(path).map(|m| (m.uid(), m.gid()));
        let give = || match (owner(file)?, owner(other)?) {
            (own, others) if own == others => Ok(()),
            (_, (uid, gid)) => chown(file, Some(uid), Some(gid)),
        };
        match give() {
            // Who isn't root keeps it.
            Err(problem) if problem.kind() != ErrorKind::PermissionDenied => {
                return Err(failed(file, problem));
            }
            _ => {}
        }
    }
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(problem) if problem.kind() != ErrorKind::NotFound => Err(failed(path, problem)),
        _ => Ok(()),
    }
}

/// The file, and what is wrong with it.
fn failed(path: &Path, problem: impl std::fmt::Display) -> StoreError {
    StoreError::Open {
        path: path.to_owned(),
        problem: problem.to_string(),
    }
}
