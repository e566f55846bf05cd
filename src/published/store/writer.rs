//! The one thread that writes. Changes that wait together are committed together: one flush to
//! the disk for all of them, and nobody is answered before it. A long transaction has the thread
//! for itself until it ends.

use std::collections::HashSet;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};

use super::cache::Cache;
use super::changes::{Change, Done, News};
use super::location::PATIENCE;
use super::tables::record_of;
use super::{Result, StoreError};
use crate::published::record::PostRecord;

/// Changes that may wait; those who bring more wait to hand them over.
const WAITING: usize = 256;
/// Events that are committed together at most, give or take one change.
const TOGETHER: usize = 20_000;

/// Pages of the tables kept in memory during a long transaction, in KiB: its events are spread
/// over the whole index of their post.
const LONG_CACHE: i64 = 64 << 10;

/// How often a journal is tried again that has something erased in it.
const RETRY: Duration = Duration::from_millis(25);

struct Job {
    change: Change,
    reply: oneshot::Sender<Result<Done>>,
}

enum Work {
    /// A change that is committed at once.
    Change(Job),
    /// The steps of a long transaction, which is undone if they end without a commit.
    Steps(mpsc::Receiver<Step>),
}

/// A step of a long transaction.
enum Step {
    /// Makes changes, all or none.
    Make(Vec<Change>, oneshot::Sender<Result<Done>>),
    /// Reads a post as it was put, in this transaction too.
    Read(u128, oneshot::Sender<Result<Option<PostRecord>>>),
    /// Ends it.
    Commit(oneshot::Sender<Result<()>>),
}

/// A transaction of many steps. Readers see nothing of it, and other changes wait, until it is
/// committed; dropped before that, it leaves no trace. A step that fails undoes it. For a thread of
/// its own: every method blocks.
pub struct LongTransaction(mpsc::Sender<Step>);

impl LongTransaction {
    /// Makes changes. They are on the disk with the commit.
    pub fn make(&self, changes: Vec<Change>) -> Result<Done> {
        self.take(|reply| Step::Make(changes, reply))
    }

    /// A post as it was put, without the id of its author.
    pub fn record(&self, post: u128) -> Result<Option<PostRecord>> {
        self.take(|reply| Step::Read(post, reply))
    }

    /// Ends it: when it returns, all is on the disk.
    pub fn commit(self) -> Result<()> {
        self.take(Step::Commit)
    }

    fn take<T>(&self, step: impl FnOnce(oneshot::Sender<Result<T>>) -> Step) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let sent = self.0.blocking_send(step(reply));
        sent.map_err(|_| StoreError::Closed)?;
        answer.blocking_recv().map_err(|_| StoreError::Closed)?
    }
}

/// Hands changes to the thread. When it is dropped the thread finishes what it has and ends.
pub struct Writer {
    inbox: Option<mpsc::Sender<Work>>,
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
        let sent = inbox.send(Work::Change(Job { change, reply })).await;
        sent.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Begins a long transaction; blocks while others wait to hand over theirs.
    pub fn begin(&self) -> Result<LongTransaction> {
        let (steps, inside) = mpsc::channel(1);
        let inbox = self.inbox.as_ref().ok_or(StoreError::Closed)?;
        let sent = inbox.blocking_send(Work::Steps(inside));
        sent.map_err(|_| StoreError::Closed)?;
        Ok(LongTransaction(steps))
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

fn run(mut db: Connection, mut work: mpsc::Receiver<Work>, cache: &Cache) {
    // Who was ended right after an erase has left what was erased in the journal.
    let mut is_erased = empty_journal(&db);
    while let Some(mut next) = next_work(&mut work, &db, &mut is_erased) {
        let (mut weight, mut batch) = (0, Vec::new());
        let steps = loop {
            match next {
                Work::Steps(steps) => break Some(steps),
                Work::Change(job) => {
                    weight += job.change.weight();
                    batch.push(job);
                }
            }
            if weight >= TOGETHER {
                break None;
            }
            match work.try_recv() {
                Ok(more) => next = more,
                Err(_) => break None,
            }
        };
        is_erased &= make_together(&mut db, batch, cache);
        if let Some(steps) = steps {
            make_steps(&mut db, steps, cache);
            // A long transaction makes a long journal.
            is_erased = empty_journal(&db);
        }
    }
}

/// Waits for work. Meanwhile a journal in which something is that was erased is emptied, as soon as no
/// reader is in the way; `is_erased` is true when there is none.
fn next_work(
    work: &mut mpsc::Receiver<Work>,
    db: &Connection,
    is_erased: &mut bool,
) -> Option<Work> {
    while !*is_erased {
        match work.try_recv() {
            Ok(next) => return Some(next),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => std::thread::sleep(RETRY),
        }
        *is_erased = empty_journal(db);
    }
    work.blocking_recv()
}

/// Makes changes, and answers those who asked for them. False if something was erased that is still in
/// the journal.
fn make_together(db: &mut Connection, batch: Vec<Job>, cache: &Cache) -> bool {
    if batch.is_empty() {
        return true;
    }
    let erases = batch.iter().any(|job| job.change.erases());
    let mut replies = Vec::with_capacity(batch.len());
    let committed = commit(db, batch, &mut replies);
    let mut answers = Vec::with_capacity(replies.len());
    for (reply, outcome) in replies {
        let outcome = match (&committed, outcome) {
            (Ok(()), Ok((done, news))) => {
                pass_on(cache, news);
                Ok(done)
            }
            (Err(problem), Ok(_)) => Err(StoreError::Failed(problem.to_string())),
            (_, Err(error)) => Err(error),
        };
        answers.push((reply, outcome));
    }
    // Before anybody is told that it is gone.
    let is_erased = !erases || committed.is_err() || empty_journal(db);
    for (reply, outcome) in answers {
        // A client that hung up doesn't need to know.
        reply.send(outcome).ok();
    }
    is_erased
}

/// Takes out of the journal what was erased; false if a reader is in the way, which isn't waited for.
fn empty_journal(db: &Connection) -> bool {
    let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
    db.busy_timeout(Duration::ZERO).ok();
    let in_the_way = db.query_row(sql, [], |row| row.get(0));
    db.busy_timeout(PATIENCE).ok();
    in_the_way == Ok(0)
}

/// Makes the steps of a long transaction until they end.
fn make_steps(db: &mut Connection, mut steps: mpsc::Receiver<Step>, cache: &Cache) {
    let usual: rusqlite::Result<i64> = db.query_row("PRAGMA cache_size", [], |row| row.get(0));
    db.pragma_update(None, "cache_size", -LONG_CACHE).ok();
    let mut changed = HashSet::new();
    match db.transaction_with_behavior(TransactionBehavior::Immediate) {
        Err(problem) => refuse(&mut steps, &problem.into()),
        Ok(transaction) => {
            let mut ended = None;
            while let Some(step) = steps.blocking_recv() {
                match step {
                    Step::Read(post, reply) => {
                        reply.send(record_of(&transaction, post)).ok();
                    }
                    Step::Make(changes, reply) => {
                        let made = Change::Together(changes).apply(&transaction);
                        let failed = made.is_err();
                        reply
                            .send(made.map(|(done, news)| {
                                changed.extend(news.posts());
                                done
                            }))
                            .ok();
                        if failed {
                            break;
                        }
                    }
                    Step::Commit(reply) => {
                        ended = Some(reply);
                        break;
                    }
                }
            }
            if let Some(reply) = ended {
                let committed = transaction.commit();
                if committed.is_ok() {
                    changed.into_iter().for_each(|post| cache.forget(post));
                }
                reply.send(committed.map_err(StoreError::from)).ok();
            }
        }
    }
    if let Ok(usual) = usual {
        db.pragma_update(None, "cache_size", usual).ok();
    }
}

/// Answers the first step with what is wrong, and no other.
fn refuse(steps: &mut mpsc::Receiver<Step>, problem: &StoreError) {
    let problem = || StoreError::Failed(problem.to_string());
    match steps.blocking_recv() {
        Some(Step::Make(_, reply)) => drop(reply.send(Err(problem()))),
        Some(Step::Read(_, reply)) => drop(reply.send(Err(problem()))),
        Some(Step::Commit(reply)) => drop(reply.send(Err(problem()))),
        None => {}
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
    use super::super::changes::{Author, EventsSoFar};
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
            author: Author::Is(None),
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

    #[test]
    fn a_long_transaction_is_seen_whole_when_it_is_committed_and_leaves_no_trace_otherwise() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("store.db");
        let cache = Arc::<Cache>::default();
        let writer = Writer::start(open(&file), cache.clone());
        let in_memory = || {
            let load = || load(&Connection::open(&file).unwrap(), 1);
            cache.with(1, load, |post| post.log.len()).unwrap()
        };
        let both = |events: u32| {
            let long = writer.begin().unwrap();
            assert_eq!(long.make(vec![put(1), append(1, 3)]).unwrap().events, 3);
            assert_eq!(long.make(vec![append(1, events)]).unwrap().known, 3);
            assert!(long.record(1).unwrap().is_some(), "it sees itself");
            assert_eq!(in_memory(), None, "nobody else does");
            long
        };
        drop(both(5));
        assert_eq!((in_memory(), kept(&file, 1)), (None, None));
        both(20_000).commit().unwrap();
        assert_eq!((in_memory(), kept(&file, 1)), (Some(20_000), Some(20_000)));

        // One step that can't be made undoes all of them.
        let long = writer.begin().unwrap();
        long.make(vec![append(1, 20_001)]).unwrap();
        assert!(matches!(
            long.make(vec![append(2, 1)]),
            Err(StoreError::NoSuchPost)
        ));
        assert!(matches!(long.commit(), Err(StoreError::Closed)));
        assert_eq!(kept(&file, 1), Some(20_000));
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
    async fn what_was_erased_leaves_the_journal_when_the_last_reader_has_gone() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("store.db");
        let db = open(&file);
        db.pragma_update(None, "journal_mode", "wal").unwrap();
        let journal = directory.path().join("store.db-wal");
        let length = || std::fs::metadata(&journal).unwrap().len();
        let writer = Writer::start(db, Arc::default());
        writer.make(put(1)).await.unwrap();
        assert!(length() > 0);
        let reader = Connection::open(&file).unwrap();
        let reading = reader.unchecked_transaction().unwrap();
        let posts = "SELECT count(*) FROM posts";
        let count = |db: &Connection| db.query_row(posts, [], |row| row.get(0));
        assert_eq!(count(&reading), Ok(1));
        // The reader holds up neither this nor what comes after it.
        writer.make(Change::ErasePost(1)).await.unwrap();
        writer.make(put(2)).await.unwrap();
        assert!(length() > 0);
        assert_eq!(count(&reading), Ok(1));
        drop(reading);
        while length() > 0 {
            std::thread::yield_now();
        }
        // At once where nobody reads.
        writer.make(append(2, 3)).await.unwrap();
        assert!(length() > 0);
        writer.make(Change::ErasePost(2)).await.unwrap();
        assert_eq!(length(), 0);
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
            let job = Work::Change(Job { change, reply });
            inbox.send(job).await.unwrap();
        }
        drop(inbox);
        drop(writer);
        assert!((0..50).all(|post| kept(&file, post) == Some(0)));
    }
}
