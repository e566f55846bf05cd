//! The file or memory that a store is in, and connections to it.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::versions::{STEPS, bring_up_to_date, version};
use super::{Result, StoreError};

/// A place for the tables, and the lock that keeps others out while it is open.
pub struct Location {
    uri: String,
    on_disk: bool,
    /// Held, not read.
    _lock: Option<Lock>,
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
        let failed = |problem: String| StoreError::Open {
            path: path.to_owned(),
            problem,
        };
        let lock = owners_file(&beside(path, ".lock")).map_err(|e| failed(e.to_string()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Lock { _file: lock }),
            Err(TryLockError::WouldBlock) => {
                let problem = "another bsmv has it open: send it requests, or end it first";
                Err(failed(problem.to_owned()))
            }
            Err(TryLockError::Error(e)) => Err(failed(e.to_string())),
        }
    }
}

impl Location {
    /// A file, which is made if it isn't there. Readable by its owner alone.
    pub fn file(path: &Path) -> Result<Self> {
        let failed = |problem: String| StoreError::Open {
            path: path.to_owned(),
            problem,
        };
        let io = |e: std::io::Error| failed(e.to_string());
        let lock = Lock::take(path)?;
        owners_file(path).map_err(io)?;
        let full = path.canonicalize().map_err(io)?;
        let name = full
            .to_str()
            .ok_or_else(|| failed("its path isn't UTF-8".to_owned()))?;
        Ok(Location {
            uri: format!("file:{}", escaped(name)),
            on_disk: true,
            _lock: Some(lock),
        })
    }

    /// Memory of this process.
    pub fn memory() -> Self {
        Location {
            uri: format!("file:/bsmv-{:032x}?vfs=memdb", rand::random::<u128>()),
            on_disk: false,
            _lock: None,
        }
    }

    /// The connection that writes. Makes the tables where there are none, and brings older ones up
    /// to date. A file that it refuses is left as it is.
    pub fn writer(&self) -> Result<Connection> {
        let mut db = self.connect()?;
        version(&db, STEPS)?;
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
        db.busy_timeout(Duration::from_secs(30))?;
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
