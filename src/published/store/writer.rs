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
            // An error here is a panic, which is on standard error already.
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
                    pass_on(cache, news);
                    Ok(done)
                }
                (Err(problem), Ok(_)) => Err(StoreError::Failed(problem.to_string())),
                (_, Err(error)) => Err(error),
            };
            // A client that hung up doesn't need to know.
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
        while !jobs.as_slice().is_empty() {
            let savepoint = transaction.savepoint()?;
            let Some(Job { change, reply }) = jobs.next() else {
                break;
            };
            let outcome = change.apply(&savepoint);
            let ended = match outcome {
                Ok(_) => savepoint.commit(),
                Err(_) => savepoint.finish(),
            };
            replies.push((reply, outcome));
            // On a full disk all of the transaction is gone, and the savepoint with it.
            ended?;
        }
        transaction.commit()
    })();
    if let Err(problem) = &committed {
        // The failure kept these from being tried.
        let failed = || Err(StoreError::Failed(problem.to_string()));
        replies.extend(jobs.map(|job| (job.reply, failed())));
    }
    committed
}

/// Brings the cache up to date with a change that is on the disk.
fn pass_on(cache: &Cache, news: News) {
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use time::OffsetDateTime;

    use super::super::cache::tests::repost;
    use super::super::changes::EventsSoFar;
    use super::super::load;
    use super::super::versions::{STEPS, bring_up_to_date};
    use super::*;
    use crate::published::record::PostRecord;

    fn open(file: &Path) -> Connection {
        let mut db = Connection::open(file).unwrap();
        bring_up_to_date(&mut db, STEPS).unwrap();
        db
    }

    fn put(post: u128) -> Change {
        Change::Put {
            post,
            author: None,
            record: Box::new(PostRecord::new(OffsetDateTime::UNIX_EPOCH)),
            events: EventsSoFar::Stay,
        }
    }

    fn append(post: u128, count: u32) -> Change {
        let events = (0..count).map(|t| repost(t.into(), t));
        Change::Append {
            post,
            events: events.map(|event| (event, None)).collect(),
            observed_until: 0,
        }
    }

    /// Number of a post's events on the disk; `None` if there is no such post.
    fn kept(file: &Path, post: u128) -> Option<usize> {
        let db = Connection::open(file).unwrap();
        load(&db, post).unwrap().map(|post| post.log.len())
    }

    #[tokio::test]
    async fn a_change_that_is_answered_is_on_the_disk() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("store.db");
        let writer = Writer::start(open(&file), Arc::default());
        writer.make(put(1)).await.unwrap();
        assert_eq!(kept(&file, 1), Some(0));
        assert_eq!(writer.make(append(1, 5)).await.unwrap().events, 5);
        assert_eq!(kept(&file, 1), Some(5));
    }

    #[tokio::test]
    async fn one_change_that_cannot_be_made_does_not_stop_those_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("store.db");
        let writer = Writer::start(open(&file), Arc::default());
        for round in 0..20 {
            let (good, other) = (3 * round, 3 * round + 1);
            let (first, refused, last) = tokio::join!(
                writer.make(put(good)),
                writer.make(append(3 * round + 2, 5)),
                writer.make(put(other)),
            );
            assert_eq!((first.unwrap().posts, last.unwrap().posts), (1, 1));
            assert!(matches!(refused, Err(StoreError::NoSuchPost)));
            assert_eq!((kept(&file, good), kept(&file, other)), (Some(0), Some(0)));
        }
    }

    #[tokio::test]
    async fn a_full_disk_is_said_and_nothing_is_half_there() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("store.db");
        let db = open(&file);
        let pages: u32 = db
            .query_row("PRAGMA page_count", [], |row| row.get(0))
            .unwrap();
        db.query_row(
            &format!("PRAGMA max_page_count = {}", pages + 20),
            [],
            |_| Ok(()),
        )
        .unwrap();
        let cache = Arc::<Cache>::default();
        let writer = Writer::start(db, cache.clone());
        writer.make(put(1)).await.unwrap();
        writer.make(append(1, 5)).await.unwrap();
        let in_memory = || {
            let load = || load(&Connection::open(&file).unwrap(), 1);
            cache.with(1, load, |post| post.log.len()).unwrap()
        };
        assert_eq!(in_memory(), Some(5));

        let full = writer.make(append(1, 10_000)).await;
        assert!(
            matches!(&full, Err(StoreError::Failed(problem)) if problem.contains("full")),
            "{full:?}"
        );
        assert_eq!((in_memory(), kept(&file, 1)), (Some(5), Some(5)));
        assert_eq!(writer.make(append(1, 6)).await.unwrap().events, 1);
        assert_eq!((in_memory(), kept(&file, 1)), (Some(6), Some(6)));
    }

    #[tokio::test]
    async fn readers_see_a_change_as_soon_as_it_is_answered() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("store.db");
        let cache = Arc::<Cache>::default();
        let writer = Writer::start(open(&file), cache.clone());
        let events = || {
            let load = || load(&Connection::open(&file).unwrap(), 1);
            cache.with(1, load, |post| post.log.len()).unwrap()
        };
        assert_eq!(events(), None);
        writer.make(put(1)).await.unwrap();
        for n in 1..20 {
            writer.make(append(1, n)).await.unwrap();
            assert_eq!(events(), Some(n as usize));
        }
        writer.make(Change::ErasePost(1)).await.unwrap();
        assert_eq!(events(), None);
    }

    #[tokio::test]
    async fn a_writer_finishes_what_it_has_before_it_ends() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("store.db");
        let writer = Writer::start(open(&file), Arc::default());
        let inbox = writer.inbox.clone().unwrap();
        for post in 0..50 {
            let (reply, _) = oneshot::channel();
            let change = put(post);
            inbox.send(Job { change, reply }).await.unwrap();
        }
        drop(inbox);
        drop(writer);
        assert!((0..50).all(|post| kept(&file, post) == Some(0)));
    }
}
