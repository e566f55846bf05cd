//! All jobs, and what becomes of them.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::Semaphore;

use super::failure::JobFailure;
use super::folder::Folder;
use super::record::{Job, JobError, JobState, Progress, Record};
use super::{Settings, runner};
use crate::bulk::{Form, Tally, has_cell};
use crate::scorer::Scorer;

/// Files that may arrive at once.
const UPLOADS: usize = 4;
/// How often jobs that have been kept long enough are looked for.
const SWEEP: Duration = Duration::from_secs(600);

/// The jobs of a server, on the disk and in memory.
pub struct Jobs {
    /// The files.
    pub(super) folder: Folder,
    /// The bounds.
    pub(super) settings: Settings,
    /// Permits for files on their way.
    pub(super) uploads: Arc<Semaphore>,
    jobs: Mutex<BTreeMap<String, Known>>,
    changed: Condvar,
}

/// A job as memory has it.
struct Known {
    record: Record,
    progress: Option<Progress>,
}

/// The scorer in use, whenever it is asked for.
pub type CurrentScorer = Box<dyn Fn() -> Arc<Scorer> + Send>;

impl Jobs {
    /// Opens the folder and goes on with what it has: those that hadn't ended wait again, in the
    /// order in which they were accepted.
    ///
    /// # Errors
    /// The disk's.
    pub fn start(settings: Settings, scorer: CurrentScorer) -> std::io::Result<Arc<Self>> {
        let (folder, records) = Folder::open(&settings.folder)?;
        let known = |mut record: Record| {
            if record.state == JobState::Running {
                record.state = JobState::Waiting;
            }
            let progress = None;
            (record.id.clone(), Known { record, progress })
        };
        let jobs = Arc::new(Jobs {
            folder,
            settings,
            uploads: Arc::new(Semaphore::new(UPLOADS)),
            jobs: Mutex::new(records.into_iter().map(known).collect()),
            changed: Condvar::new(),
        });
        runner::start(Arc::clone(&jobs), scorer)?;
        Ok(jobs)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told(&self, known: &Known) -> Job {
        let kept_for = self.settings.kept_for;
        known.record.job(known.progress.as_ref(), kept_for)
    }

    /// Fails if no more jobs may wait, or the disk has no room for `more` bytes.
    pub(super) fn check_room(&self, more: u64) -> Result<(), JobFailure> {
        let waiting = |known: &&Known| known.record.state == JobState::Waiting;
        if self.lock().values().filter(waiting).count() >= self.settings.most_waiting {
            return Err(JobFailure::Full);
        }
        if self.folder.bytes()? + more > self.settings.most_bytes {
            return Err(JobFailure::NoRoom);
        }
        Ok(())
    }

    /// Takes a job whose input has arrived. When it returns the job is safe on the disk.
    pub(super) fn accept(&self, record: Record) -> Result<Job, JobFailure> {
        self.folder.accept(&record)?;
        let known = Known {
            record,
            progress: None,
        };
        let job = self.told(&known);
        self.lock().insert(known.record.id.clone(), known);
        self.changed.notify_all();
        Ok(job)
    }

    /// Up to `most` jobs, newest first, older than `before`.
    pub(super) fn list(&self, before: Option<&str>, most: usize) -> Vec<Job> {
        let jobs = self.lock();
        let end = before.map_or(Bound::Unbounded, Bound::Excluded);
        let older = jobs.range::<str, _>((Bound::Unbounded, end)).rev();
        older.take(most).map(|(_, job)| self.told(job)).collect()
    }

    /// A job.
    pub(super) fn get(&self, id: &str) -> Result<Job, JobFailure> {
        let jobs = self.lock();
        let known = jobs.get(id).ok_or(JobFailure::NoSuchJob)?;
        Ok(self.told(known))
    }

    /// The file, its name for whoever fetches it, and its form.
    pub(super) fn result(&self, id: &str) -> Result<(PathBuf, String, Form), JobFailure> {
        let jobs = self.lock();
        let record = &jobs.get(id).ok_or(JobFailure::NoSuchJob)?.record;
        if record.state != JobState::Done {
            return Err(JobFailure::NotDone(record.state));
        }
        let name = record.name.as_deref().unwrap_or(id);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let name = format!("{stem}-scores.{}", record.out.name());
        Ok((self.folder.result(id, record.out), name, record.out))
    }

    /// Stops a job if it runs, and erases all of it.
    pub(super) fn erase(&self, id: &str) -> Result<(), JobFailure> {
        let there = self.lock().remove(id);
        there.ok_or(JobFailure::NoSuchJob)?;
        Ok(self.folder.erase(id)?)
    }

    /// Erases the jobs whose input or result has a cell with this text, and those that can't be
    /// read to see; how many went.
    pub(super) fn erase_with_cell(&self, text: &str) -> Result<u64, JobFailure> {
        let files: Vec<(String, PathBuf)> = {
            let jobs = self.lock();
            let file = |(id, known): (&String, &Known)| {
                let path = match known.record.state {
                    JobState::Done => self.folder.result(id, known.record.out),
                    _ => self.folder.input(id),
                };
                (id.clone(), path)
            };
            jobs.iter().map(file).collect()
        };
        let found = files
            .into_iter()
            .filter(|(_, path)| has_cell(path, text).unwrap_or(true));
        self.erase_all(found.map(|(id, _)| id))
    }

    /// Erases jobs; how many were still there.
    fn erase_all(&self, ids: impl Iterator<Item = String>) -> Result<u64, JobFailure> {
        let mut erased = 0;
        for id in ids {
            match self.erase(&id) {
                Ok(()) => erased += 1,
                Err(JobFailure::NoSuchJob) => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(erased)
    }

    /// Erases the jobs that were asked for a brand of this id or name; how many went.
    pub(super) fn erase_of_brand(&self, brand: &str) -> Result<u64, JobFailure> {
        let of_it = |known: &Known| {
            let asked = known.record.options.brand.as_ref();
            asked.is_some_and(|b| b.id.as_deref() == Some(brand) || b.name == brand)
        };
        let ids: Vec<String> = {
            let jobs = self.lock();
            let ids = jobs.iter().filter(|(_, known)| of_it(known));
            ids.map(|(id, _)| id.clone()).collect()
        };
        self.erase_all(ids.into_iter())
    }

    /// Waits for a job to do, and says that it runs. Meanwhile those that have been kept long
    /// enough are erased.
    pub(super) fn next(&self) -> Record {
        loop {
            self.sweep();
            let mut jobs = self.lock();
            let waiting = jobs
                .values_mut()
                .find(|known| known.record.state == JobState::Waiting);
            if let Some(known) = waiting {
                known.record.state = JobState::Running;
                return known.record.clone();
            }
            // Locked since the look above, so that none comes unseen.
            drop(self.changed.wait_timeout(jobs, SWEEP));
        }
    }

    fn sweep(&self) {
        let now = OffsetDateTime::now_utc();
        let over = |known: &Known| {
            let end = known.record.ended_at?;
            Some(end.checked_add(self.settings.kept_for)? <= now)
        };
        let old: Vec<String> = {
            let jobs = self.lock();
            let old = jobs.iter().filter(|(_, known)| over(known) == Some(true));
            old.map(|(id, _)| id.clone()).collect()
        };
        for id in old {
            if let Err(JobFailure::Disk(problem)) = self.erase(&id) {
                tracing::error!(job = id, %problem, "a job could not be erased");
            }
        }
    }

    /// Notes how many rows a job has and how many are done; false if it was erased.
    pub(super) fn progress(&self, id: &str, rows: u64, done: u64) -> bool {
        let mut jobs = self.lock();
        let Some(known) = jobs.get_mut(id) else {
            return false;
        };
        known.record.rows = Some(rows);
        known
            .progress
            .get_or_insert_with(|| Progress::begin(done))
            .at(done);
        true
    }

    /// Notes what became of a job, on the disk first; true if it is there. One that was erased
    /// meanwhile stays so.
    pub(super) fn end(&self, id: &str, outcome: Result<Tally, JobError>) -> bool {
        let Some(mut record) = self.lock().get(id).map(|known| known.record.clone()) else {
            // It may have written a file after the others were gone.
            self.folder.erase(id).ok();
            return false;
        };
        match outcome {
            Ok(tally) => record.end_with(tally),
            Err(error) => record.fail_with(error),
        }
        let written = self.folder.write(&record);
        let mut jobs = self.lock();
        let Some(known) = jobs.get_mut(id) else {
            return false;
        };
        if let Err(problem) = &written {
            tracing::error!(job = id, %problem, "a job's end could not be written down");
        }
        known.record = record;
        known.progress = None;
        written.is_ok()
    }
}
