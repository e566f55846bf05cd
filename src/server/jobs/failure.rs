//! What only requests about jobs fail with.

use axum::http::StatusCode;

use super::record::JobState;

/// A reason not to do with a job what was asked.
#[derive(Debug)]
pub enum JobFailure {
    /// The server keeps nothing on the disk.
    NoFolder,
    /// There is no such job, or it was erased.
    NoSuchJob,
    /// It has no result, for it is in this state.
    NotDone(JobState),
    /// Something of it was erased while its file arrived.
    ErasedMeanwhile,
    /// The request has the name of another, which asked for something else.
    AskedOtherwise,
    /// As many wait as may.
    Full,
    /// The disk, or the part of it that is for jobs, is full.
    NoRoom,
    /// The disk failed.
    Disk(std::io::Error),
}

impl JobFailure {
    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            JobFailure::NoFolder => StatusCode::NOT_IMPLEMENTED,
            JobFailure::NoSuchJob => StatusCode::NOT_FOUND,
            JobFailure::NotDone(_) | JobFailure::ErasedMeanwhile => StatusCode::CONFLICT,
            JobFailure::AskedOtherwise => StatusCode::UNPROCESSABLE_ENTITY,
            JobFailure::Full => StatusCode::SERVICE_UNAVAILABLE,
            JobFailure::NoRoom => StatusCode::INSUFFICIENT_STORAGE,
            JobFailure::Disk(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable code of the answer.
    pub fn code(&self) -> &'static str {
        match self {
            JobFailure::NoFolder => "no_jobs",
            JobFailure::NoSuchJob => "not_found",
            JobFailure::NotDone(_) => "job_not_done",
            JobFailure::ErasedMeanwhile => "erased_meanwhile",
            JobFailure::AskedOtherwise => "idempotency_key_reused",
            JobFailure::Full => "jobs_full",
            JobFailure::NoRoom => "no_room",
            JobFailure::Disk(_) => "store",
        }
    }

    /// The field to blame, and what is wrong.
    pub fn words(&self) -> (Option<&'static str>, String) {
        match self {
            JobFailure::NoFolder => (
                None,
                "this server takes no jobs: it was started without --store".to_owned(),
            ),
            JobFailure::NoSuchJob => (Some("id"), "there is no such job".to_owned()),
            JobFailure::NotDone(state) => {
                let problem = match state {
                    JobState::Waiting | JobState::Running => "ask again when it is done",
                    JobState::Failed | JobState::Done => "its `error` says why",
                };
                let state = state.name();
                (Some("id"), format!("the job is {state}: {problem}"))
            }
            JobFailure::ErasedMeanwhile => (
                None,
                "an id or brand of it was erased while the file arrived: nothing was accepted"
                    .to_owned(),
            ),
            JobFailure::AskedOtherwise => (
                Some("Idempotency-Key"),
                "is that of an earlier request, which asked for something else".to_owned(),
            ),
            JobFailure::Full => (
                None,
                "as many jobs wait as may: try again when one has begun".to_owned(),
            ),
            JobFailure::NoRoom => (
                None,
                "there is no room for more jobs: erase some that are done".to_owned(),
            ),
            JobFailure::Disk(_) => (None, "the disk failed: nothing was accepted".to_owned()),
        }
    }

    /// One of each kind.
    #[cfg(test)]
    pub fn one_of_each() -> Vec<Self> {
        let all = vec![
            JobFailure::NoFolder,
            JobFailure::NoSuchJob,
            JobFailure::NotDone(JobState::Waiting),
            JobFailure::ErasedMeanwhile,
            JobFailure::AskedOtherwise,
            JobFailure::Full,
            JobFailure::NoRoom,
            JobFailure::Disk(std::io::ErrorKind::Other.into()),
        ];
        // A new kind doesn't compile until somebody has thought of the list above.
        for failure in &all {
            match failure {
                JobFailure::NoFolder
                | JobFailure::NoSuchJob
                | JobFailure::NotDone(_)
                | JobFailure::ErasedMeanwhile
                | JobFailure::AskedOtherwise
                | JobFailure::Full
                | JobFailure::NoRoom
                | JobFailure::Disk(_) => {}
            }
        }
        all
    }
}

impl From<std::io::Error> for JobFailure {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                JobFailure::NoRoom
            }
            _ => JobFailure::Disk(error),
        }
    }
}
