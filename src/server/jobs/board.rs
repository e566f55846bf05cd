//! All jobs, and what becomes of them.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;

use super::arrivals::{Arrivals, Erased, ids};
use super::failure::JobFailure;
use super::folder::Folder;
use super::record::{Job, JobError, JobState, Progress, Record};
use super::{Settings, runner};
use crate::bulk::{Form, Tally, mentions};
use crate::scorer::Scorer;
use crate::server::access::Caller;

/// How often jobs that have been kept long enough are looked for.
const SWEEP: Duration = Duration::from_secs(600);

/// The jobs of a server, on the disk and in memory.
pub struct Jobs {
    /// The files.
    pub(super) folder: Folder,
    /// The bounds.
    pub(super) settings: Settings,
    /// Files on their way.
    pub(super) arrivals: Arrivals,
    jobs: Mutex<BTreeMap<String, Known>>,
    /// Held by who erases files.
    erasing: Mutex<()>,
    changed: Condvar,
}

/// A job as memory has it.
struct Known {
    record: Record,
    progress: Option<Progress>,
    /// True once it is to be erased: it is here until none of its files is left, and nobody sees it.
    erased: bool,
}

impl Known {
    fn new(record: Record) -> Self {
        Known {
            record,
            progress: None,
            erased: false,
        }
    }

    fn is_seen_by(&self, caller: &Caller) -> bool {
        !self.erased && caller.may_see(self.record.owner.as_deref())
    }
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
            (record.id.clone(), Known::new(record))
        };
        let jobs = Arc::new(Jobs {
            folder,
            settings,
            arrivals: Arrivals::default(),
            jobs: Mutex::new(records.into_iter().map(known).collect()),
            erasing: Mutex::default(),
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
        let waiting = |known: &&Known| known.record.state == JobState::Waiting && !known.erased;
        if self.lock().values().filter(waiting).count() >= self.settings.most_waiting {
            return Err(JobFailure::Full);
        }
        if self.folder.bytes()? + more > self.settings.most_bytes {
            return Err(JobFailure::NoRoom);
        }
        Ok(())
    }

    /// Takes a job whose input has arrived. When it returns the job is safe on the disk. If the same
    /// request brought a job before, that is returned and this one isn't taken.
    pub(super) fn accept(&self, record: Record) -> Result<Job, JobFailure> {
        loop {
            // Whoever erases meanwhile finds it on its way or among the jobs.
            let accepted = self.arrivals.end(&record.id, || {
                if let Some(job) = self.sent_before(&record)? {
                    return Ok(job);
                }
                self.folder.accept(&record)?;
                let known = Known::new(record.clone());
                let job = self.told(&known);
                self.lock().insert(record.id.clone(), known);
                self.changed.notify_all();
                Ok(job)
            });
            match accepted {
                Ok(accepted) => return accepted,
                Err(erased) => self.look_through(&record, &erased)?,
            }
        }
    }

    /// The job that the request of a record brought before.
    fn sent_before(&self, record: &Record) -> Result<Option<Job>, JobFailure> {
        let Some((request, asked)) = &record.once else {
            return Ok(None);
        };
        let jobs = self.lock();
        let same = jobs.values().filter(|known| !known.erased).find(|known| {
            let once = known.record.once.as_ref();
            once.is_some_and(|(before, _)| before == request)
        });
        let Some(same) = same else {
            return Ok(None);
        };
        match same
            .record
            .once
            .as_ref()
            .is_some_and(|(_, before)| before == asked)
        {
            true => Ok(Some(self.told(same))),
            false => Err(JobFailure::AskedOtherwise),
        }
    }

    /// Fails if a job that isn't accepted yet has something that was erased.
    fn look_through(&self, record: &Record, erased: &[Erased]) -> Result<(), JobFailure> {
        let (file, encoding) = (
            self.folder.incoming_input(&record.id),
            record.options.asked().encoding,
        );
        let ids = ids(erased);
        let has_id = || !ids.is_empty() && mentions(&file, encoding, &ids).unwrap_or(true);
        match erased.iter().any(|erased| erased.is_in(record)) || has_id() {
            true => Err(JobFailure::ErasedMeanwhile),
            false => Ok(()),
        }
    }

    /// Up to `most` jobs that a caller may see, newest first, older than `before`.
    pub(super) fn list(&self, caller: &Caller, before: Option<&str>, most: usize) -> Vec<Job> {
        let jobs = self.lock();
        let end = before.map_or(Bound::Unbounded, Bound::Excluded);
        let older = jobs.range::<str, _>((Bound::Unbounded, end)).rev();
        let seen = older.filter(|(_, job)| job.is_seen_by(caller));
        seen.take(most).map(|(_, job)| self.told(job)).collect()
    }

    /// A job, if the caller may see it.
    pub(super) fn get(&self, caller: &Caller, id: &str) -> Result<Job, JobFailure> {
        let jobs = self.lock();
        let known = jobs.get(id).filter(|known| known.is_seen_by(caller));
        Ok(self.told(known.ok_or(JobFailure::NoSuchJob)?))
    }

    /// The file, its name for whoever fetches it, and its form, if the caller may see the job.
    pub(super) fn result(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<(PathBuf, String, Form), JobFailure> {
        let jobs = self.lock();
        let known = jobs.get(id).filter(|known| known.is_seen_by(caller));
        let record = &known.ok_or(JobFailure::NoSuchJob)?.record;
        if record.state != JobState::Done {
            return Err(JobFailure::NotDone(record.state));
        }
        let name = record.name.as_deref().unwrap_or(id);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let name = format!("{stem}-scores.{}", record.out.name());
        Ok((self.folder.result(id, record.out), name, record.out))
    }

    /// Stops a job of a caller if it runs, and erases all of it. One whose files couldn't be erased
    /// before is tried again.
    pub(super) fn erase_of(&self, caller: &Caller, id: &str) -> Result<(), JobFailure> {
        let may = |known: &Known| caller.may_see(known.record.owner.as_deref());
        match self.lock().get(id) {
            Some(known) if may(known) => {}
            _ => return Err(JobFailure::NoSuchJob),
        }
        match self.erase(id)? {
            true => Ok(()),
            false => Err(JobFailure::NoSuchJob),
        }
    }

    /// Stops a job if it runs, and erases all of it; false if it was gone before. It is forgotten when
    /// none of its files is left, so that who fails can try again.
    fn erase(&self, id: &str) -> Result<bool, JobFailure> {
        let _alone = self.erasing.lock().unwrap_or_else(PoisonError::into_inner);
        match self.lock().get_mut(id) {
            Some(known) => known.erased = true,
            None => return Ok(false),
        }
        self.folder.erase(id)?;
        Ok(self.lock().remove(id).is_some())
    }

    /// Erases the jobs that have something that is erased, and those that can't be read to see; has it
    /// looked for in files on their way. How many jobs went.
    pub(super) fn erase_with(&self, erased: &Erased) -> Result<u64, JobFailure> {
        self.arrivals.tell(erased);
        let all: Vec<(Record, bool)> = {
            let jobs = self.lock();
            let all = jobs.values();
            all.map(|known| (known.record.clone(), known.erased))
                .collect()
        };
        let ids = ids(std::slice::from_ref(erased));
        let mut gone = 0;
        for (record, was_erased) in all {
            let has_it = was_erased
                || erased.is_in(&record)
                || (!ids.is_empty() && self.folder.mentions(&record, &ids));
            gone += u64::from(has_it && self.erase(&record.id)?);
        }
        Ok(gone)
    }

    /// Waits for a job to do, and says that it runs: the oldest of whoever's turn it is after `last`.
    /// Meanwhile those that have been kept long enough are erased.
    pub(super) fn next(&self, last: Option<&str>) -> Record {
        loop {
            self.sweep();
            let mut jobs = self.lock();
            let waiting = jobs
                .values_mut()
                .filter(|known| known.record.state == JobState::Waiting && !known.erased)
                .min_by(|a, b| {
                    let [a, b] = [a, b].map(|known| known.record.owner.as_deref());
                    turn(a, last).cmp(&turn(b, last))
                });
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
        let over = |known: &Known| known.erased || over(known) == Some(true);
        let old: Vec<String> = {
            let jobs = self.lock();
            let old = jobs.iter().filter(|(_, known)| over(known));
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
        let Some(known) = jobs.get_mut(id).filter(|known| !known.erased) else {
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
        let kept = |known: &&Known| !known.erased;
        let record = self.lock().get(id).filter(kept).map(|k| k.record.clone());
        let Some(mut record) = record else {
            // It may have written a file after the others were gone.
            let _alone = self.erasing.lock().unwrap_or_else(PoisonError::into_inner);
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

/// When an owner's turn comes after that of `last`: they follow each other by their names, round and
/// round.
fn turn<'a>(owner: Option<&'a str>, last: Option<&str>) -> (bool, Option<&'a str>) {
    (owner <= last, owner)
}

#[cfg(test)]
mod tests {
    use super::turn;

    #[test]
    fn owners_take_turns() {
        let mut waiting = vec!["ben", "ann", "ann", "ann", "cy", "ben"];
        let mut last = None;
        let mut order = Vec::new();
        while !waiting.is_empty() {
            let next = (0..waiting.len())
                .min_by(|&a, &b| turn(Some(waiting[a]), last).cmp(&turn(Some(waiting[b]), last)))
                .unwrap();
            last = Some(waiting.remove(next));
            order.extend(last);
        }
        assert_eq!(order, ["ann", "ben", "cy", "ann", "ben", "ann"]);
    }
}
