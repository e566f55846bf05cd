//! A whole store as lines of JSON, and a store made of them.
//!
//! The first line has the key that ids are hashed with: without it nothing that arrives later would
//! belong to what is there. So an export is as secret as the store. Each post comes before its
//! events, which come in the order of their arrival.

use std::io::{BufRead, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::copies::{Contents, make, open_for_reading};
use super::ids::{KEY_BYTES, hex};
use super::location::Lock;
use super::tables::{EVENT_COLUMNS, arrival, hash, insert_event, key, required};
use super::versions::{STEPS, bring_up_to_date};
use super::{Result, StoreError};
use crate::diffusion::{Arrival, EventKind};
use crate::published::record::PostRecord;

/// Version of the lines.
const VERSION: u32 = 1;

/// A line of an export. Ids are keyed hashes, in hexadecimal.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    /// The first.
    Store {
        version: u32,
        /// Base64.
        key: String,
    },
    Post {
        id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        author: Option<String>,
        observed_until: u32,
        /// Goes on from here, so that no answer of before is taken for one of now.
        revision: i64,
        record: Box<PostRecord>,
    },
    /// Of the post before it.
    Event {
        id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<String>,
        t: u32,
        kind: EventKind,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        followers: Option<u64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        verified: Option<bool>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        s: Option<f32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// The last: what all lines before it come to.
    End { posts: u64, events: u64 },
}

/// True if a file begins as an export does.
pub fn is_export(head: &[u8]) -> bool {
    head.starts_with(b"{\"store\":{\"version\":")
}

/// Writes all that a store has, as it is at one moment; whoever has it open goes on meanwhile.
///
/// # Errors
/// [`StoreError::Open`] if the file is no store.
pub fn export(from: &Path, out: &mut dyn Write) -> Result<Contents> {
    let db = open_for_reading(from)?;
    let db = db.unchecked_transaction()?;
    let mut put = |line: &Line| -> Result<()> {
        let mut json = serde_json::to_vec(line).map_err(|e| StoreError::Failed(e.to_string()))?;
        json.push(b'\n');
        out.write_all(&json)
            .map_err(|e| StoreError::Failed(e.to_string()))
    };
    put(&Line::Store {
        version: VERSION,
        key: STANDARD.encode(key(&db)?),
    })?;
    let mut contents = Contents::default();
    let mut events = db.prepare(&format!(
        "SELECT {EVENT_COLUMNS}, (SELECT text FROM texts WHERE post = ?1 AND seq = events.seq)
         FROM events WHERE post = ?1 ORDER BY seq"
    ))?;
    let mut posts = db.prepare(
        "SELECT row, id, author, observed_until, record, revision FROM posts ORDER BY row",
    )?;
    let mut posts = posts.query([])?;
    while let Some(post) = posts.next()? {
        let row: i64 = post.get(0)?;
        let record: String = post.get(4)?;
        let record =
            serde_json::from_str(&record).map_err(|e| StoreError::Failed(e.to_string()))?;
        put(&Line::Post {
            id: hex(required(hash(post.get_ref(1)?)?)?),
            author: hash(post.get_ref(2)?)?.map(hex),
            observed_until: post.get(3)?,
            revision: post.get(5)?,
            record: Box::new(record),
        })?;
        contents.posts += 1;
        let mut rows = events.query([row])?;
        while let Some(event) = rows.next()? {
            let (_, arrival) = arrival(event)?;
            let text: Option<String> = event.get(9)?;
            put(&Line::Event {
                id: hex(arrival.id),
                parent: arrival.parent.map(hex),
                t: arrival.t,
                kind: arrival.kind,
                user: arrival.user.map(hex),
                followers: arrival.followers,
                verified: arrival.verified,
                s: arrival.s,
                text,
            })?;
            contents.events += 1;
        }
    }
    put(&Line::End {
        posts: contents.posts,
        events: contents.events,
    })?;
    Ok(contents)
}

/// Makes a new store in the file `to` of an export: all of it or nothing.
///
/// # Errors
/// [`StoreError::Open`] if `to` is there already, [`StoreError::NoExport`] if a line isn't as an
/// export has it: it is named.
pub fn import_export(input: &mut dyn BufRead, to: &Path) -> Result<Contents> {
    let _lock = Lock::take(to)?;
    make(to, |fresh| {
        let mut db = Connection::open(fresh)?;
        bring_up_to_date(&mut db, STEPS)?;
        let transaction = db.transaction()?;
        let contents = fill(&transaction, input)?;
        transaction.commit()?;
        Ok(contents)
    })
}

fn fill(db: &Connection, input: &mut dyn BufRead) -> Result<Contents> {
    let mut contents = Contents::default();
    let mut ended = false;
    // The row of the post whose events come, and how many came.
    let mut post: Option<(i64, i64)> = None;
    let mut line = Vec::new();
    let mut number = 0;
    let wrong = |number: usize, problem: &dyn std::fmt::Display| {
        StoreError::NoExport(format!("lines[{number}]: {problem}"))
    };
    loop {
        line.clear();
        let read = input.read_until(b'\n', &mut line);
        if read.map_err(|e| StoreError::Failed(e.to_string()))? == 0 {
            break;
        }
        number += 1;
        if ended {
            return Err(wrong(number, &"stands after the end"));
        }
        let line: Line = serde_json::from_slice(&line).map_err(|e| wrong(number, &e))?;
        let not_hash = || wrong(number, &"an id is no hash of 32 digits");
        match line {
            Line::Store { version, key } => {
                let key = STANDARD.decode(key).ok();
                let key: Option<[u8; KEY_BYTES]> = key.and_then(|key| key.try_into().ok());
                let (VERSION, 1, Some(key)) = (version, number, key) else {
                    return Err(wrong(number, &"is no begin that this bsmv knows"));
                };
                db.execute("UPDATE store SET key = ?1", [key])?;
            }
            _ if number == 1 => return Err(wrong(number, &"is no begin of an export")),
            Line::Post {
                id,
                author,
                observed_until,
                revision,
                record,
            } => {
                end_post(db, post)?;
                let id = of_hex(&id).ok_or_else(not_hash)?;
                let author = optional(author.as_deref()).ok_or_else(not_hash)?;
                record.validate().map_err(|e| wrong(number, &e))?;
                let json = serde_json::to_string(&record).map_err(|e| wrong(number, &e))?;
                db.prepare_cached(
                    "INSERT INTO posts
                     (id, author, created_at, record, keep_texts, observed_until, revision, arrived)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)",
                )?
                .execute(params![
                    id.to_be_bytes(),
                    author.map(u128::to_be_bytes),
                    record.created_at.unix_timestamp(),
                    json,
                    record.keep_texts,
                    observed_until,
                    revision
                ])?;
                post = Some((db.last_insert_rowid(), 0));
                contents.posts += 1;
            }
            Line::Event {
                id,
                parent,
                t,
                kind,
                user,
                followers,
                verified,
                s,
                text,
            } => {
                let Some((row, seq)) = &mut post else {
                    return Err(wrong(number, &"is an event before any post"));
                };
                let event = Arrival {
                    id: of_hex(&id).ok_or_else(not_hash)?,
                    parent: optional(parent.as_deref()).ok_or_else(not_hash)?,
                    t,
                    kind,
                    user: optional(user.as_deref()).ok_or_else(not_hash)?,
                    followers,
                    verified,
                    s,
                };
                if !insert_event(db, *row, *seq, &event)? {
                    return Err(wrong(number, &"is an event that was there before"));
                }
                if let Some(text) = text {
                    db.prepare_cached("INSERT INTO texts (post, seq, text) VALUES (?1, ?2, ?3)")?
                        .execute(params![*row, *seq, text])?;
                }
                *seq += 1;
                contents.events += 1;
            }
            Line::End { posts, events } => {
                end_post(db, post)?;
                if (posts, events) != (contents.posts, contents.events) {
                    return Err(wrong(number, &"lines are missing before it"));
                }
                ended = true;
            }
        }
    }
    match ended {
        true => Ok(contents),
        false => Err(StoreError::NoExport("its end is missing".to_owned())),
    }
}

/// Notes how many events a post has.
fn end_post(db: &Connection, post: Option<(i64, i64)>) -> Result<()> {
    if let Some((row, arrived)) = post {
        db.prepare_cached("UPDATE posts SET arrived = ?2 WHERE row = ?1")?
            .execute(params![row, arrived])?;
    }
    Ok(())
}

fn of_hex(text: &str) -> Option<u128> {
    let digits = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
    digits.then(|| u128::from_str_radix(text, 16).ok())?
}

/// A hash that may be left out; `None` if it is there and wrong.
fn optional(text: Option<&str>) -> Option<Option<u128>> {
    match text {
        None => Some(None),
        Some(text) => of_hex(text).map(Some),
    }
}
