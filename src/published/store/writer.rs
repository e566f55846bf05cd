//! The one thread that writes. Changes that wait together are committed together: one flush to
//! the disk for all of them, and nobody is answered before it.

use std::sync::Arc;
use std::thread::JoinHandle;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::cache::Cache;
use super::changes::{Change, Done, News};
use super::{Result, StoreError};

/// Changes that may wait; those who bring more wait to hand them over.
const WAITING: usize = 256;
/// Events that are committed together at most, give or take one change.
const TOGETHER: usize = 20_000;

struct Job {
    change: Change,
    reply: oneshot::Sender<Result<Done>>,
}

/// Hands changes to the thread. When it is dropped the thread finishes what it has and ends.
pub struct Writer {
    inbox: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    pub fn start(db: Connection, cache: Arc<Cache>) -> Self {
        let (inbox, jobs) = mpsc::channel(WAITING);
        Writer {
            inbox: Some(inbox),
            thread: Some(std::thread::spawn(move || run(db, jobs, &cache))),
        }
    }

    /// Makes a change. When it returns the change is on the disk, and readers see it.
    pub async fn make(&self, change: Change) -> Result<Done> {
        let (reply, answer) = oneshot::channel();
        let inbox = self.inbox.as_ref().ok_or(StoreError::Closed)?;
        let sent = inbox.send(Job { change, reply }).await;
        sent.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.inbox = None;
        if let Some(thread) = self.thread.take() {
            // It has nothing to say but that it panicked, which is on standard error.
            thread.join().ok();
        }
    }
}

fn run(mut db: Connection, mut jobs: mpsc::Receiver<Job>, cache: &Cache) {
    while let Some(first) = jobs.blocking_recv() {
        let mut weight = first.change.weight();
        let mut batch = vec![first];
        while weight < TOGETHER
            && let Ok(job) = jobs.try_recv()
        {
            weight += job.change.weight();
            batch.push(job);
        }
        let erases = batch.iter().any(|job| job.change.erases());
        let mut replies = Vec::with_capacity(batch.len());
        let committed = commit(&mut db, batch, &mut replies);
        for (reply, outcome) in replies {
            let outcome = match (&committed, outcome) {
                (Ok(()), Ok((done, news))) => {
                    tell(cache, news);
                    Ok(done)
                }
                (Ok(()), Err(error)) => Err(error),
                (Err(problem), _) => Err(StoreError::Failed(problem.to_string())),
            };
            // Who hung up doesn't need to know.
            reply.send(outcome).ok();
        }
        if erases && committed.is_ok() {
            // What was erased leaves the journal too; if a reader is in the way, the next time.
            db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
                .ok();
        }
    }
}

type Reply = (oneshot::Sender<Result<Done>>, Result<(Done, News)>);

/// Applies each change whole or not at all, and commits those that could be.
fn commit(db: &mut Connection, batch: Vec<Job>, replies: &mut Vec<Reply>) -> rusqlite::Result<()> {
    let mut jobs = batch.into_iter();
    let committed = (|| {
        let mut transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for Job { change, reply } in &mut jobs {
            let savepoint = transaction.savepoint()?;
            let outcome = change.apply(&savepoint);
            if outcome.is_ok() {
                savepoint.commit()?;
            } else {
                savepoint.finish()?;
            }
            replies.push((reply, outcome));
        }
        transaction.commit()
    })();
    // Those that the failure kept from being tried hear of it too.
    replies.extend(jobs.map(|job| (job.reply, Err(StoreError::Closed))));
    committed
}

fn tell(cache: &Cache, news: News) {
    match news {
        News::Added {
            post,
            events,
            observed_until,
        } => cache.add(post, &events, observed_until),
        News::Changed(posts) => {
            for post in posts {
                cache.forget(post);
            }
        }
    }
}
