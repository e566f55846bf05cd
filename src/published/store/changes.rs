//! Changes of the tables. Each is applied whole or not at all.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use crate::diffusion::Arrival;
use crate::published::record::PostRecord;
use rusqlite::{Connection, OptionalExtension, params};

use super::api_keys::{self, Usage};
use super::audit::{self, Act, Actor};
use super::once::{self, Once};
use super::tables::{hash, insert_event, required};
use super::{Result, StoreError};

/// A change. Posts and users are named by their hashes.
pub enum Change {
    /// Makes a post, or replaces its record.
    Put {
        /// Hash of the post's id.
        post: u128,
        /// Its author.
        author: Author,
        /// The new record.
        record: Box<PostRecord>,
        /// The fate of the events that a replaced post has.
        events: EventsSoFar,
    },
    /// Adds events, and how long the post has been watched. Events that are there already stay
    /// as they are.
    Append {
        /// Hash of the post's id.
        post: u128,
        /// With their texts.
        events: Vec<(Arrival, Option<String>)>,
        /// Seconds after the post; the last event's if that is later.
        observed_until: u32,
    },
    /// Several changes of posts: all or none.
    Together(Vec<Change>),
    /// Erases a post and its events.
    ErasePost(u128),
    /// Erases everything a user did, and the user's posts with their events.
    EraseUser(u128),
    /// Erases posts published before this second since 1970, and their events.
    Prune(i64),
    /// Something outside the store that the audit log tells of: what was done, and to what.
    Tell(&'static str, String),
    /// A change that the audit log tells of.
    By(Actor, Box<Change>),
    /// A change that is made once, however often it is sent.
    Once(Once, Box<Change>),
    /// Notes how many jobs were erased for such a change.
    NoteJobs(Once, u64),
    /// Writes down what API keys used.
    Usage(Vec<Usage>),
}

/// The author of a post that is put, by the hash of its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// This one; `None` for one that isn't known.
    Is(Option<u128>),
    /// The one that a replaced post has.
    Stays,
}

/// The fate of the events of a post that is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventsSoFar {
    /// They stay as they are.
    Stay,
    /// They are erased.
    Go,
}

/// The counts of a change that was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Posts made or erased.
    pub posts: u64,
    /// Events added or erased.
    pub events: u64,
    /// Events that were there already.
    pub known: u64,
    /// Jobs that were erased beside it, if it was made before, whole.
    pub jobs: Option<u64>,
}

/// News for the cache, once the change is on the disk.
pub enum News {
    /// Events were added to a post.
    Added {
        /// Hash of the post's id.
        post: u128,
        /// The new events, each after its seq.
        events: Vec<(i64, Arrival)>,
        /// Seconds after the post up to which events were seen.
        observed_until: u32,
    },
    /// These posts, by the hashes of their ids, are no longer as they were.
    Changed(Vec<u128>),
}

impl News {
    /// The posts that it is about.
    pub fn posts(self) -> Vec<u128> {
        match self {
            News::Added { post, .. } => vec![post],
            News::Changed(posts) => posts,
        }
    }
}

impl Change {
    /// Amount of work, in events.
    pub fn weight(&self) -> usize {
        match self {
            Change::Append { events, .. } => 1 + events.len(),
            Change::Together(changes) => changes.iter().map(Change::weight).sum(),
            Change::By(_, change) | Change::Once(_, change) => change.weight(),
            _ => 1,
        }
    }

    /// True if it takes something away for good.
    pub fn erases(&self) -> bool {
        match self {
            Change::Append { .. }
            | Change::Put { .. }
            | Change::NoteJobs(..)
            | Change::Tell(..)
            | Change::Usage(_) => false,
            Change::By(_, change) | Change::Once(_, change) => change.erases(),
            Change::Together(changes) => changes.iter().any(Change::erases),
            Change::ErasePost(_) | Change::EraseUser(_) | Change::Prune(_) => true,
        }
    }

    /// Does it, inside the caller's transaction.
    pub fn apply(self, db: &Connection) -> Result<(Done, News)> {
        match self {
            Change::Put {
                post,
                author,
                record,
                events,
            } => put(db, post, author, *record, events),
            Change::Append {
                post,
                events,
                observed_until,
            } => append(db, post, events, observed_until),
            Change::Together(changes) => together(db, changes),
            Change::ErasePost(post) => {
                let row = "SELECT row, id FROM posts WHERE id = ?1";
                erase_posts(db, &rows(db, row, [post.to_be_bytes()])?)
            }
            Change::EraseUser(user) => erase_user(db, user),
            Change::Prune(before) => {
                let old = "SELECT row, id FROM posts WHERE created_at < ?1";
                erase_posts(db, &rows(db, old, [before])?)
            }
            Change::By(actor, change) => {
                let act = Act::of(&change);
                let (done, news) = change.apply(db)?;
                audit::note(db, &actor, &act, done)?;
                Ok((done, news))
            }
            Change::Once(once, change) => {
                if let Some(done) = once::answered(db, &once)? {
                    return Ok((done, News::Changed(Vec::new())));
                }
                let (done, news) = change.apply(db)?;
                once::note(db, &once, done)?;
                Ok((done, news))
            }
            Change::NoteJobs(once, jobs) => {
                once::note_jobs(db, &once, jobs)?;
                Ok((Done::default(), News::Changed(Vec::new())))
            }
            Change::Tell(..) => Ok((Done::default(), News::Changed(Vec::new()))),
            Change::Usage(used) => {
                api_keys::note_usage(db, &used)?;
                Ok((Done::default(), News::Changed(Vec::new())))
            }
        }
    }
}

fn together(db: &Connection, changes: Vec<Change>) -> Result<(Done, News)> {
    let mut sum = Done::default();
    let mut changed = Vec::new();
    for change in changes {
        let (done, news) = change.apply(db)?;
        sum.posts += done.posts;
        sum.events += done.events;
        sum.known += done.known;
        changed.extend(news.posts());
    }
    changed.dedup();
    Ok((sum, News::Changed(changed)))
}

fn put(
    db: &Connection,
    post: u128,
    author: Author,
    mut record: PostRecord,
    events: EventsSoFar,
) -> Result<(Done, News)> {
    // Its hash is kept instead.
    record.user = None;
    let json = serde_json::to_string(&record).map_err(|e| StoreError::Failed(e.to_string()))?;
    let id = post.to_be_bytes();
    let named = match author {
        Author::Is(named) => named,
        Author::Stays => None,
    };
    let created = db
        .query_row("SELECT 1 FROM posts WHERE id = ?1", [id], |_| Ok(()))
        .optional()?
        .is_none();
    let row: i64 = db.query_row(
        "INSERT INTO posts
         (id, author, created_at, record, keep_texts, observed_until, revision, arrived)
         VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, 0)
         ON CONFLICT (id) DO UPDATE SET author = iif(?6, author, excluded.author),
         created_at = excluded.created_at, record = excluded.record,
         keep_texts = excluded.keep_texts, revision = revision + 1
         RETURNING row",
        params![
            id,
            named.map(u128::to_be_bytes),
            record.created_at.unix_timestamp(),
            json,
            record.keep_texts,
            author == Author::Stays
        ],
        |row| row.get(0),
    )?;
    if created {
        // Nothing to take away.
    } else if events == EventsSoFar::Go {
        erase_events(db, row)?;
        db.execute(
            "UPDATE posts SET observed_until = 0, arrived = 0 WHERE row = ?1",
            [row],
        )?;
    } else if !record.keep_texts {
        db.execute("DELETE FROM texts WHERE post = ?1", [row])?;
    }
    let done = Done {
        posts: created.into(),
        ..Done::default()
    };
    Ok((done, News::Changed(vec![post])))
}

fn append(
    db: &Connection,
    post: u128,
    events: Vec<(Arrival, Option<String>)>,
    observed_until: u32,
) -> Result<(Done, News)> {
    let (row, keep_texts, mut observed, mut seq): (i64, bool, u32, i64) = db
        .prepare_cached("SELECT row, keep_texts, observed_until, arrived FROM posts WHERE id = ?1")?
        .query_row([post.to_be_bytes()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?
        .ok_or(StoreError::NoSuchPost)?;
    observed = observed.max(observed_until);
    let mut added = Vec::with_capacity(events.len());
    let sent = events.len();
    for (event, text) in events {
        if !insert_event(db, row, seq, &event)? {
            continue;
        }
        if let Some(text) = text.filter(|_| keep_texts) {
            db.prepare_cached("INSERT INTO texts (post, seq, text) VALUES (?1, ?2, ?3)")?
                .execute(params![row, seq, text])?;
        }
        observed = observed.max(event.t);
        added.push((seq, event));
        seq += 1;
    }
    db.prepare_cached("UPDATE posts SET observed_until = ?2, arrived = ?3 WHERE row = ?1")?
        .execute(params![row, observed, seq])?;
    let done = Done {
        posts: 0,
        events: added.len() as u64,
        known: (sent - added.len()) as u64,
        jobs: None,
    };
    let news = News::Added {
        post,
        events: added,
        observed_until: observed,
    };
    Ok((done, news))
}

/// Rows and hashes of the posts that `select` finds.
fn rows(
    db: &Connection,
    select: &str,
    params: impl rusqlite::Params,
) -> rusqlite::Result<Vec<(i64, u128)>> {
    db.prepare_cached(select)?
        .query_map(params, |row| {
            Ok((row.get(0)?, required(hash(row.get_ref(1)?)?)?))
        })?
        .collect()
}

fn erase_posts(db: &Connection, posts: &[(i64, u128)]) -> Result<(Done, News)> {
    let mut done = Done::default();
    for (row, _) in posts {
        done.events += erase_events(db, *row)?;
        let mut post = db.prepare_cached("DELETE FROM posts WHERE row = ?1")?;
        done.posts += post.execute([row])? as u64;
    }
    let hashes = posts.iter().map(|&(_, hash)| hash).collect();
    Ok((done, News::Changed(hashes)))
}

fn erase_events(db: &Connection, post: i64) -> rusqlite::Result<u64> {
    db.prepare_cached("DELETE FROM texts WHERE post = ?1")?
        .execute([post])?;
    let events = db
        .prepare_cached("DELETE FROM events WHERE post = ?1")?
        .execute([post])?;
    Ok(events as u64)
}

fn erase_user(db: &Connection, user: u128) -> Result<(Done, News)> {
    let user = user.to_be_bytes();
    let own = rows(db, "SELECT row, id FROM posts WHERE author = ?1", [user])?;
    let (mut done, _) = erase_posts(db, &own)?;
    let others = rows(
        db,
        "SELECT row, id FROM posts WHERE row IN (SELECT post FROM events WHERE user = ?1)",
        [user],
    )?;
    for &(row, _) in &others {
        bridge(db, row, &user)?;
        db.prepare_cached(
            "DELETE FROM texts WHERE post = ?1
             AND seq IN (SELECT seq FROM events WHERE post = ?1 AND user = ?2)",
        )?
        .execute(params![row, user])?;
        done.events += db
            .prepare_cached("DELETE FROM events WHERE post = ?1 AND user = ?2")?
            .execute(params![row, user])? as u64;
        db.prepare_cached("UPDATE posts SET revision = revision + 1 WHERE row = ?1")?
            .execute([row])?;
    }
    let hashes = own.iter().chain(&others).map(|&(_, hash)| hash).collect();
    Ok((done, News::Changed(hashes)))
}

/// Hangs what was passed on from a user's events on what those had passed on, so that the rest of
/// the graph keeps its shape when they are erased.
fn bridge(db: &Connection, post: i64, user: &[u8; 16]) -> Result<()> {
    type Hash = [u8; 16];
    let erased: HashMap<Hash, Option<Hash>> = db
        .prepare_cached("SELECT id, parent FROM events WHERE post = ?1 AND user = ?2")?
        .query_map(params![post, user], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let children: Vec<(i64, Hash)> = db
        .prepare_cached("SELECT seq, parent FROM events WHERE post = ?1 AND parent IS NOT NULL")?
        .query_map([post], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (seq, parent) in children {
        let mut above = Some(parent);
        // Parents may go in circles.
        let mut passed = HashSet::new();
        while let Some(id) = above
            && let Some(next) = erased.get(&id)
        {
            above = next.filter(|_| passed.insert(id));
        }
        if above != Some(parent) {
            db.prepare_cached("UPDATE events SET parent = ?3 WHERE post = ?1 AND seq = ?2")?
                .execute(params![post, seq, above])?;
        }
    }
    Ok(())
}
