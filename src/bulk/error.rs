//! What can go wrong with the posts of a file.

use std::io;
use std::path::{Path, PathBuf};

use crate::published::import::SourceError;
use crate::{Error, ErrorReport};

/// A reason for the posts of a file not to be scored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BulkError {
    /// The file isn't one whose posts can be scored, or not into that form.
    #[error("{0}")]
    Input(String),
    /// The file can't be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The scores so far are of something else.
    #[error(
        "{} was begun with another input, model or other options: remove it to begin anew",
        .0.display()
    )]
    OtherRun(PathBuf),
    /// The scores so far can't be read.
    #[error("the file beside the output, that has the scores so far, is damaged: remove it")]
    DamagedJournal,
    /// The file is another than it was at the begin.
    #[error("the file has more rows than when it was scored: was it changed?")]
    Changed,
    /// Whoever watched broke it off; what was scored is kept.
    #[error("stopped")]
    Stopped,
    /// The disk.
    #[error("{}: {problem}", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// The system's words.
        problem: io::Error,
    },
    /// The scores can't be written in the form that was asked for.
    #[error("writing: {0}")]
    Output(String),
}

impl BulkError {
    /// A [`BulkError::Disk`] of a file.
    pub fn disk(path: &Path, problem: io::Error) -> Self {
        BulkError::Disk {
            path: path.to_owned(),
            problem,
        }
    }

    /// True if the file that was given is to blame, and not who scores it.
    pub fn is_of_the_input(&self) -> bool {
        match self {
            BulkError::Input(_) => true,
            BulkError::Source(SourceError::Io(_)) => false,
            BulkError::Source(_) => true,
            BulkError::OtherRun(_)
            | BulkError::DamagedJournal
            | BulkError::Changed
            | BulkError::Stopped
            | BulkError::Disk { .. }
            | BulkError::Output(_) => false,
        }
    }

    /// True if the file isn't there.
    pub fn is_of_no_file(&self) -> bool {
        let problem = match self {
            BulkError::Source(SourceError::Io(problem)) => problem,
            BulkError::Disk { problem, .. } => problem,
            _ => return false,
        };
        problem.kind() == io::ErrorKind::NotFound
    }

    /// The error for whoever sent the file; what the disk said is not for them.
    pub fn report(&self) -> ErrorReport {
        if self.is_of_the_input() {
            return ErrorReport::from(&Error::invalid("file", self));
        }
        ErrorReport {
            code: "store",
            field: None,
            message: "the disk failed: send the file again when it has room".to_owned(),
        }
    }
}

impl From<Error> for BulkError {
    fn from(error: Error) -> Self {
        BulkError::Source(error.into())
    }
}

impl From<csv::Error> for BulkError {
    fn from(error: csv::Error) -> Self {
        BulkError::Output(error.to_string())
    }
}

impl From<parquet::errors::ParquetError> for BulkError {
    fn from(error: parquet::errors::ParquetError) -> Self {
        BulkError::Output(error.to_string())
    }
}

impl From<rust_xlsxwriter::XlsxError> for BulkError {
    fn from(error: rust_xlsxwriter::XlsxError) -> Self {
        BulkError::Output(error.to_string())
    }
}

impl From<serde_json::Error> for BulkError {
    fn from(error: serde_json::Error) -> Self {
        BulkError::Output(error.to_string())
    }
}

impl From<io::Error> for BulkError {
    fn from(error: io::Error) -> Self {
        BulkError::Output(error.to_string())
    }
}
