//! The one thread that does jobs, oldest first, on half of the cores, so that requests find some.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::board::{CurrentScorer, Jobs};
use super::record::{JobError, Record};
use crate::ErrorReport;
use crate::bulk::{BulkError, Input, Tally, remove_journal};
use crate::scorer::Scorer;

/// Starts it. It is never waited for: what it has done is on the disk, and the next start goes on.
pub fn start(jobs: Arc<Jobs>, scorer: CurrentScorer) -> std::io::Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let pool = ThreadPoolBuilder::new()
        .num_threads((cores / 2).max(1))
        .thread_name(|n| format!("job-{n}"))
        .build()
        .map_err(std::io::Error::other)?;
    std::thread::Builder::new()
        .name("jobs".to_owned())
        .spawn(move || {
            let mut last = None;
            loop {
                let record = jobs.next(last.as_deref());
                run(&jobs, &pool, &scorer, &record);
                last = record.owner;
            }
        })?;
    Ok(())
}

fn run(jobs: &Jobs, pool: &ThreadPool, scorer: &CurrentScorer, record: &Record) {
    let id = record.id.as_str();
    let out = jobs.folder.result(id, record.out);
    let scored = catch_unwind(AssertUnwindSafe(|| {
        let scorer = scorer();
        let first = pool.install(|| score(jobs, &scorer, record, &out));
        match first {
            // The server has another model than when the job was begun: all of it by this one.
            Err(BulkError::OtherRun(_)) => {
                remove_journal(&out);
                pool.install(|| score(jobs, &scorer, record, &out))
            }
            first => first,
        }
    }));
    let outcome = match scored {
        Ok(Ok(tally)) => Ok(tally),
        Ok(Err(error)) => {
            if !error.is_of_the_input() && !matches!(error, BulkError::Stopped) {
                tracing::error!(job = id, %error, "a job failed");
            }
            Err(told(error.report()))
        }
        Err(_) => Err(told(ErrorReport::bug())),
    };
    let is_done = outcome.is_ok();
    let is_written = jobs.end(id, outcome);
    if is_done && is_written {
        // Only now: until its end is on the disk, it can be ended again from these.
        remove_journal(&out);
        jobs.folder.drop_input(id);
    }
}

fn score(jobs: &Jobs, scorer: &Scorer, record: &Record, out: &Path) -> Result<Tally, BulkError> {
    let id = record.id.as_str();
    let input = Input::open(&jobs.folder.input(id), record.options.asked(), record.out)?;
    input.score(
        scorer,
        out,
        &mut |done| match jobs.progress(id, input.rows(), done) {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        },
    )
}

fn told(report: ErrorReport) -> JobError {
    JobError {
        code: report.code.to_owned(),
        message: report.message,
    }
}
