//! The file or memory that a store is in, and connections to it.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::versions::{STEPS, bring_up_to_date, version};
use super::{Result, StoreError};

/// How long a connection waits for another that writes.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A place for the tables, and the lock that keeps others out while it is open.
pub struct Location {
    uri: String,
    on_disk: bool,
    /// `None` in memory, and where a server has the file.
    lock: Option<Lock>,
}

/// Keeps others from opening a store. The system lets go of it when the process ends, however it
/// ends.
pub struct Lock {
    /// Held, not read.
    _file: File,
}

impl Lock {
    /// Takes the lock of the store in a file, which need not be there yet.
    pub fn take(path: &Path) -> Result<Self> {
        Self::take_if_free(path)?.ok_or_else(|| StoreError::Open {
            path: path.to_owned(),
            problem: "another bsmv has it open: send it requests, or end it first".to_owned(),
        })
    }

    /// `None` if another process has it.
    fn take_if_free(path: &Path) -> Result<Option<Self>> {
        let failed = |problem: std::io::Error| StoreError::Open {
            path: path.to_owned(),
            problem: problem.to_string(),
        };
        let lock = owners_file(&beside(path, ".lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: lock })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(failed(e)),
        }
    }
}

impl Location {
    /// A file, which is made if it isn't there. Readable by its owner alone.
    pub fn file(path: &Path) -> Result<Self> {
        let lock = Lock::take(path)?;
        Self::at(path, Some(lock))
    }

    /// A file that a server may have open: only for tables that it reads anew each time.
    pub fn shared(path: &Path) -> Result<Self> {
        let lock = Lock::take_if_free(path)?;
        Self::at(path, lock)
    }

    fn at(path: &Path, lock: Option<Lock>) -> Result<Self> {
        let failed = |problem: String| StoreError::Open {
            path: path.to_owned(),
            problem,
        };
        let io = |e: std::io::Error| failed(e.to_string());
        owners_file(path).map_err(io)?;
        let full = path.canonicalize().map_err(io)?;
        let name = full
            .to_str()
            .ok_or_else(|| failed("its path isn't UTF-8".to_owned()))?;
        Ok(Location {
            uri: format!("file:{}", escaped(name)),
            on_disk: true,
            lock,
        })
    }

    /// Memory of this process.
    pub fn memory() -> Self {
        Location {
            uri: format!("file:/bsmv-{:032x}?vfs=memdb", rand::random::<u128>()),
            on_disk: false,
            lock: None,
        }
    }

    /// The connection that writes. Makes the tables where there are none, and brings older ones up
    /// to date. A file that it refuses is left as it is.
    pub fn writer(&self) -> Result<Connection> {
        let mut db = self.connect()?;
        let found = version(&db, STEPS)?;
        if self.on_disk && self.lock.is_none() && found != STEPS.len() {
            let problem = "the server that has it open is of another version: use the same bsmv";
            return Err(StoreError::Failed(problem.to_owned()));
        }
        if self.on_disk {
            let mode: String =
                db.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
            if mode != "wal" {
                let problem = "its disk can't keep a journal: put it on a local one";
                return Err(StoreError::Failed(problem.to_owned()));
            }
        }
        // An acknowledged event is on the disk, and an erased one no longer is.
        db.pragma_update(None, "synchronous", "full")?;
        db.pragma_update(None, "secure_delete", true)?;
        // What a long transaction needs beside it never goes to a folder of the system's.
        db.pragma_update(None, "temp_store", "memory")?;
        bring_up_to_date(&mut db, STEPS)?;
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
        db.busy_timeout(PATIENCE)?;
        db.set_prepared_statement_cache_capacity(32);
        Ok(db)
    }
}

/// Opens or makes a file, readable by its owner alone.
pub fn owners_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The path of a file that lies beside another.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
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
