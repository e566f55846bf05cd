//! The audit log: who changed or erased what, and when. Ids are in it as keyed hashes only, so what
//! was erased is not in it either; who knows an id can ask for it.

use rusqlite::{Connection, params};
use time::OffsetDateTime;

use super::Result;
use super::api_keys::moment;
use super::changes::{Change, Done};

/// Who makes a change, and when.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Name of a key, or of a program's verb.
    pub name: String,
    /// The moment of the request.
    pub at: OffsetDateTime,
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When it was done, to the second.
    pub at: OffsetDateTime,
    /// Name of the key that it was done with.
    pub who: String,
    /// What was done, as in `erase_user`.
    pub action: String,
    /// Keyed hash of the post's or user's id, if it is about one.
    pub target: Option<[u8; 16]>,
    /// What else it is about, as the name of a key.
    pub detail: Option<String>,
    /// Posts made or erased.
    pub posts: u64,
    /// Events added or erased.
    pub events: u64,
}

/// What an entry is about.
pub(super) struct Act {
    action: &'static str,
    target: Option<u128>,
    detail: Option<String>,
}

impl Act {
    /// What a change is called in the log.
    pub fn of(change: &Change) -> Self {
        let (action, target, detail) = match change {
            Change::Put { post, .. } => ("put_post", Some(*post), None),
            Change::Append { post, .. } => ("append_events", Some(*post), None),
            Change::ErasePost(post) => ("erase_post", Some(*post), None),
            Change::EraseUser(user) => ("erase_user", Some(*user), None),
            Change::Prune(before) => {
                let day = moment(*before).date();
                ("prune", None, Some(format!("before {day}")))
            }
            Change::Together(_) => ("import", None, None),
            Change::Usage(_) => ("note_usage", None, None),
            Change::NoteJobs(..) => ("note_jobs", None, None),
            Change::Tell(action, detail) => (*action, None, Some(detail.clone())),
            Change::By(_, change) | Change::Once(_, change) => return Act::of(change),
        };
        Act {
            action,
            target,
            detail,
        }
    }

    /// Something that is done to what has this name.
    pub fn named(action: &'static str, name: &str) -> Self {
        Act {
            action,
            target: None,
            detail: Some(name.to_owned()),
        }
    }
}

/// Writes an entry, inside the transaction of what it is about.
pub(super) fn note(db: &Connection, actor: &Actor, act: &Act, done: Done) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO audit (at, who, action, target, detail, posts, events)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        actor.at.unix_timestamp(),
        actor.name,
        act.action,
        act.target.map(u128::to_be_bytes),
        act.detail,
        done.posts.cast_signed(),
        done.events.cast_signed(),
    ])?;
    Ok(())
}

/// Which entries are asked for; a condition that is `None` holds of all.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Name of the key.
    pub who: Option<String>,
    /// Keyed hash of a post's or user's id.
    pub target: Option<u128>,
    /// At most so many, the newest.
    pub last: u32,
}

/// Entries of the log, oldest first.
pub(super) fn entries(db: &Connection, filter: &AuditFilter) -> Result<Vec<AuditEntry>> {
    let mut rows = db.prepare_cached(
        "SELECT * FROM (
            SELECT at, who, action, target, detail, posts, events, id FROM audit
            WHERE (?1 IS NULL OR who = ?1) AND (?2 IS NULL OR target = ?2)
            ORDER BY id DESC LIMIT ?3
         ) ORDER BY id",
    )?;
    let target = filter.target.map(u128::to_be_bytes);
    let rows = rows.query_map(params![filter.who, target, filter.last], |row| {
        Ok(AuditEntry {
            at: moment(row.get(0)?),
            who: row.get(1)?,
            action: row.get(2)?,
            target: row.get(3)?,
            detail: row.get(4)?,
            posts: row.get::<_, i64>(5)?.cast_unsigned(),
            events: row.get::<_, i64>(6)?.cast_unsigned(),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
