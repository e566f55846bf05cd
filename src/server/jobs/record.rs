//! What is known of a job: the record on the disk, and what is told of it.

use std::time::Instant;

use encoding_rs::Encoding;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime, UtcOffset};

use crate::bulk::{Asked, Form, Tally};
use crate::definition::value::Weights;
use crate::post::Platform;
use crate::post::brand::BrandProfile;

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Others come first.
    Waiting,
    /// Its rows are being scored.
    Running,
    /// There is a result.
    Done,
    /// The file can't be scored; `error` says why.
    Failed,
}

impl JobState {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            JobState::Waiting => "waiting",
            JobState::Running => "running",
            JobState::Done => "done",
            JobState::Failed => "failed",
        }
    }
}

/// A job, as far as it is.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Job {
    /// Names it; a later job's is greater.
    pub id: String,
    /// The name that was sent with the file.
    pub name: Option<String>,
    /// How far it is.
    pub state: JobState,
    /// When it was accepted (RFC 3339).
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub created_at: OffsetDateTime,
    /// When it was done or failed.
    #[serde(with = "time::serde::rfc3339::option")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub ended_at: Option<OffsetDateTime>,
    /// When it and its result will be erased; null as long as it hasn't ended.
    #[serde(with = "time::serde::rfc3339::option")]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub erased_at: Option<OffsetDateTime>,
    /// Length of the file, in bytes.
    pub bytes: u64,
    /// Form of the result: `csv`, `ndjson`, `parquet` or `xlsx`.
    pub out: &'static str,
    /// Rows of the file; null until it was read once.
    pub rows: Option<u64>,
    /// Rows that are done.
    pub done: u64,
    /// Rows a second, of the last start; null unless it runs.
    pub rows_per_second: Option<f64>,
    /// Seconds that are left at this rate; null unless it runs.
    pub seconds_left: Option<f64>,
    /// What became of the rows; null unless it is done.
    pub counts: Option<RowCounts>,
    /// Why it failed; null unless it did.
    pub error: Option<JobError>,
}

/// What became of a job's rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct RowCounts {
    /// Rows with a score.
    pub scored: u64,
    /// Rows whose text can't be read.
    pub refused: u64,
    /// Rows that break a rule.
    pub failed: u64,
    /// What is wrong with the first rows that break a rule: at most 20 sentences.
    pub first: Vec<String>,
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct JobError {
    /// Stable across versions: `invalid_input` where the file is to blame, else `store` or `internal`.
    pub code: String,
    /// One sentence.
    pub message: String,
}

/// A job as its folder keeps it, in `job.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    /// Names the folder.
    pub id: String,
    /// Name of the key that it was sent with; none where nobody needed one, or asked for it.
    #[serde(default)]
    pub owner: Option<String>,
    /// The request that it was sent by, if that is made once however often it is sent, and what that
    /// asks for; as keyed hashes.
    #[serde(default)]
    pub once: Option<(String, String)>,
    /// As it was sent.
    pub name: Option<String>,
    /// How far it was when this was written.
    pub state: JobState,
    /// When it was accepted.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was done or failed.
    #[serde(with = "time::serde::rfc3339::option")]
    pub ended_at: Option<OffsetDateTime>,
    /// Length of the input.
    pub bytes: u64,
    /// Form of the result.
    pub out: Form,
    /// Rows of the input.
    pub rows: Option<u64>,
    /// How the rows are to be scored.
    pub options: Options,
    /// What became of them.
    pub counts: Option<RowCounts>,
    /// Why there is no result.
    pub error: Option<JobError>,
}

/// How the rows are to be scored, as JSON keeps it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Options {
    /// As in [`Asked`].
    pub brand: Option<BrandProfile>,
    /// As in [`Asked`].
    pub weights: Option<Weights>,
    /// As in [`Asked`].
    pub platform: Option<Platform>,
    /// Seconds east of UTC.
    pub utc_offset: Option<i32>,
    /// The encoding's name.
    pub encoding: Option<String>,
}

impl Options {
    /// The same for whoever scores.
    pub fn asked(&self) -> Asked {
        let encoding = self.encoding.as_ref();
        Asked {
            brand: self.brand.clone(),
            weights: self.weights,
            platform: self.platform,
            utc_offset: self
                .utc_offset
                .and_then(|seconds| UtcOffset::from_whole_seconds(seconds).ok()),
            encoding: encoding.and_then(|name| Encoding::for_label(name.as_bytes())),
        }
    }
}

/// How far a job is that runs.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// When it was started last.
    since: Instant,
    /// Rows that were done then.
    before: u64,
    /// Rows that are done.
    done: u64,
}

impl Progress {
    /// Begins after `done` rows.
    pub fn begin(done: u64) -> Self {
        Progress {
            since: Instant::now(),
            before: done,
            done,
        }
    }

    /// So many rows are done.
    pub fn at(&mut self, done: u64) {
        self.done = done;
    }

    /// Rows a second, once there is one.
    fn rate(&self) -> Option<f64> {
        let seconds = self.since.elapsed().as_secs_f64();
        let rows = self.done.saturating_sub(self.before);
        (rows > 0 && seconds > 0.0).then(|| rows as f64 / seconds)
    }
}

impl Record {
    /// What is told of it. A job that has ended is kept for `kept_for`.
    pub fn job(&self, progress: Option<&Progress>, kept_for: Duration) -> Job {
        let rate = progress.and_then(Progress::rate);
        let done = match (self.state, progress) {
            (JobState::Done, _) => self.rows.unwrap_or(0),
            (_, Some(progress)) => progress.done,
            (_, None) => 0,
        };
        let left = |rate: f64| Some(self.rows?.saturating_sub(done) as f64 / rate);
        Job {
            id: self.id.clone(),
            name: self.name.clone(),
            state: self.state,
            created_at: self.created_at,
            ended_at: self.ended_at,
            erased_at: self.ended_at.and_then(|end| end.checked_add(kept_for)),
            bytes: self.bytes,
            out: self.out.name(),
            rows: self.rows,
            done,
            rows_per_second: rate,
            seconds_left: rate.and_then(left),
            counts: self.counts.clone(),
            error: self.error.clone(),
        }
    }

    /// All that was sent with the file, and what is said of its rows: ids may be in it.
    pub fn words(&self) -> String {
        let first = self.counts.as_ref().map(|counts| &counts.first);
        serde_json::json!([self.name, self.options.brand, first, self.error]).to_string()
    }

    /// The job is done.
    pub fn end_with(&mut self, tally: Tally) {
        self.state = JobState::Done;
        self.ended_at = Some(OffsetDateTime::now_utc());
        self.rows = Some(tally.rows);
        self.counts = Some(RowCounts {
            scored: tally.scored,
            refused: tally.refused,
            failed: tally.failed,
            first: tally.first,
        });
    }

    /// The job can't be done.
    pub fn fail_with(&mut self, error: JobError) {
        self.state = JobState::Failed;
        self.ended_at = Some(OffsetDateTime::now_utc());
        self.error = Some(error);
    }
}
