//! Where the bytes of a file are: on a disk, or in memory.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
#[cfg(feature = "server")]
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

#[cfg(feature = "server")]
use super::SourceError;

/// A file that can be read more than once.
#[derive(Debug, Clone)]
pub enum Content {
    File(PathBuf),
    Bytes(Arc<[u8]>),
}

/// What reads a file from its begin, or from anywhere.
pub trait Opened: Read + Seek {}
impl<T: Read + Seek> Opened for T {}

impl Content {
    /// Reads it from the begin.
    pub fn open(&self) -> io::Result<Box<dyn Opened>> {
        Ok(match self {
            Content::File(path) => Box::new(File::open(path)?),
            Content::Bytes(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
        })
    }

    /// Its path, for readers that take nothing else.
    #[cfg(feature = "server")]
    pub fn path(&self) -> Result<&Path, SourceError> {
        match self {
            Content::File(path) => Ok(path),
            Content::Bytes(_) => Err(SourceError::NotRead {
                name: "in memory",
                instead: "a file",
            }),
        }
    }
}
