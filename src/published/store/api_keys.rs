//! API keys: who may ask a server what, and how often.
//!
//! A key is 32 random bytes. Of it the store has the SHA-256 alone: nobody can try 2^256 keys, so a
//! slow hash, which protects passwords that people choose, would protect nothing here and cost every
//! request its time.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use time::OffsetDateTime;

use super::{Result, StoreError};

/// What every key begins with, so that it is known where it turns up.
const PREFIX: &str = "bsmv_";
/// Longest name of a key, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// Something that a key may do. No scope holds another, but that `admin` holds all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Score, explain and check drafts.
    Score,
    /// Read posts, their graphs and forecasts.
    Read,
    /// Put posts and add events.
    Write,
    /// Erase posts and users.
    Erase,
    /// Read the server's metrics.
    Metrics,
    /// Everything.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Scope; 6] = [
        Scope::Score,
        Scope::Read,
        Scope::Write,
        Scope::Erase,
        Scope::Metrics,
        Scope::Admin,
    ];

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Score => "score",
            Scope::Read => "read",
            Scope::Write => "write",
            Scope::Erase => "erase",
            Scope::Metrics => "metrics",
            Scope::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Scope::ALL.into_iter().find(|scope| scope.name() == name);
        known.ok_or_else(|| format!("use {}", Scope::ALL.map(Scope::name).join(", ")))
    }
}

/// The most requests of a key; `None` is as many as it likes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests in a minute, and at once.
    pub per_minute: Option<u32>,
    /// Requests in a day of UTC.
    pub per_day: Option<u64>,
}

/// What is known of a key; the key itself is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Who has it. Never given twice, so that the audit log stays clear.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// How often it may ask.
    pub limits: Limits,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it ended, if it has.
    pub revoked_at: Option<OffsetDateTime>,
    digest: [u8; 32],
}

impl ApiKey {
    /// True if it may do that.
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes
            .iter()
            .any(|&has| has == scope || has == Scope::Admin)
    }

    /// The key of `keys` that is `presented`, if it isn't revoked. All are compared, each in a time
    /// that doesn't tell how much of it was right.
    pub fn find<'a>(
        keys: impl IntoIterator<Item = &'a ApiKey>,
        presented: &[u8],
    ) -> Option<&'a ApiKey> {
        let digest = digest(presented);
        let mut found = None;
        for key in keys {
            if bool::from(key.digest.ct_eq(&digest)) {
                found = Some(key);
            }
        }
        found.filter(|key| key.revoked_at.is_none())
    }
}

fn digest(key: &[u8]) -> [u8; 32] {
    Sha256::digest(key).into()
}

/// Fails unless a key can have this name: it is printed in logs and tables.
fn check_name(name: &str) -> Result<()> {
    let spelt = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_.@".contains(&b));
    if spelt && !name.is_empty() && name.len() <= MAX_NAME_BYTES {
        return Ok(());
    }
    Err(StoreError::KeyName {
        name: name.to_owned(),
        most: MAX_NAME_BYTES,
    })
}

/// Makes a key; it is returned here and never again.
pub(super) fn create(
    db: &Connection,
    name: &str,
    scopes: &[Scope],
    limits: Limits,
    now: OffsetDateTime,
) -> Result<String> {
    check_name(name)?;
    let taken = db
        .query_row("SELECT 1 FROM api_keys WHERE name = ?1", [name], |_| Ok(()))
        .optional()?
        .is_some();
    if taken {
        return Err(StoreError::KeyExists(name.to_owned()));
    }
    let bytes: [u8; 32] = rand::random();
    let key = format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes));
    let mut scopes: Vec<Scope> = scopes.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    let scopes: Vec<&str> = scopes.into_iter().map(Scope::name).collect();
    db.execute(
        "INSERT INTO api_keys (name, digest, scopes, per_minute, per_day, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            name,
            digest(key.as_bytes()),
            scopes.join(" "),
            limits.per_minute,
            limits.per_day.map(u64::cast_signed),
            now.unix_timestamp()
        ],
    )?;
    Ok(key)
}

/// Ends a key; false if it had ended before.
pub(super) fn revoke(db: &Connection, name: &str, now: OffsetDateTime) -> Result<bool> {
    let revoked: Option<Option<i64>> = db
        .query_row(
            "SELECT revoked_at FROM api_keys WHERE name = ?1",
            [name],
            |row| row.get(0),
        )
        .optional()?;
    match revoked {
        None => Err(StoreError::NoSuchKey(name.to_owned())),
        Some(Some(_)) => Ok(false),
        Some(None) => {
            db.execute(
                "UPDATE api_keys SET revoked_at = ?2 WHERE name = ?1",
                params![name, now.unix_timestamp()],
            )?;
            Ok(true)
        }
    }
}

/// Every key, those that have ended too, by name.
pub(super) fn list(db: &Connection) -> Result<Vec<ApiKey>> {
    let mut keys = db.prepare_cached(
        "SELECT name, digest, scopes, per_minute, per_day, created_at, revoked_at
         FROM api_keys ORDER BY name",
    )?;
    let keys = keys.query_map([], |row| {
        let scopes: String = row.get(2)?;
        Ok(ApiKey {
            name: row.get(0)?,
            digest: row.get(1)?,
            // A scope of a newer bsmv is nothing that this one could let it do.
            scopes: scopes.split(' ').filter_map(|s| s.parse().ok()).collect(),
            limits: Limits {
                per_minute: row.get(3)?,
                per_day: row.get::<_, Option<i64>>(4)?.map(i64::cast_unsigned),
            },
            created_at: moment(row.get(5)?),
            revoked_at: row.get::<_, Option<i64>>(6)?.map(moment),
        })
    })?;
    Ok(keys.collect::<rusqlite::Result<_>>()?)
}

/// A time in seconds since 1970; the first second where it is none.
pub(super) fn moment(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// Requests of a key on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// Name of the key.
    pub name: String,
    /// Days since 1970, of UTC.
    pub day: i64,
    /// Requests that were answered.
    pub requests: u64,
}

/// Writes how much keys have used; more than was known is right.
pub(super) fn note_usage(db: &Connection, used: &[Usage]) -> Result<()> {
    let mut note = db.prepare_cached(
        "INSERT INTO api_key_usage (name, day, requests) VALUES (?1, ?2, ?3)
         ON CONFLICT (name, day) DO UPDATE SET requests = max(requests, excluded.requests)",
    )?;
    for usage in used {
        note.execute(params![usage.name, usage.day, usage.requests.cast_signed()])?;
    }
    Ok(())
}

/// What each key used on a day.
pub(super) fn usage(db: &Connection, day: i64) -> Result<Vec<Usage>> {
    let mut rows = db.prepare_cached(
        "SELECT name, day, requests FROM api_key_usage WHERE day = ?1 ORDER BY name",
    )?;
    let rows = rows.query_map([day], |row| {
        Ok(Usage {
            name: row.get(0)?,
            day: row.get(1)?,
            requests: row.get::<_, i64>(2)?.cast_unsigned(),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The day of a moment, in days since 1970, of UTC.
pub fn day_of(moment: OffsetDateTime) -> i64 {
    moment.unix_timestamp().div_euclid(24 * 3600)
}

#[cfg(test)]
mod tests {
    use super::super::versions::{STEPS, bring_up_to_date};
    use super::*;

    fn tables() -> Connection {
        let mut db = Connection::open_in_memory().unwrap();
        bring_up_to_date(&mut db, STEPS).unwrap();
        db
    }

    fn made(db: &Connection, name: &str, scopes: &[Scope]) -> String {
        let now = OffsetDateTime::UNIX_EPOCH;
        create(db, name, scopes, Limits::default(), now).unwrap()
    }

    #[test]
    fn a_key_is_found_by_itself_alone_and_is_not_in_the_tables() {
        let db = tables();
        let (ann, ben) = (
            made(&db, "ann", &[Scope::Score]),
            made(&db, "ben", &[Scope::Admin]),
        );
        let keys = list(&db).unwrap();
        let named = |key: &str| ApiKey::find(&keys, key.as_bytes()).map(|key| &*key.name);
        assert_eq!((named(&ann), named(&ben)), (Some("ann"), Some("ben")));
        let spoilt = [&ann[..ann.len() - 1], &ann[1..], "", PREFIX, "ann"];
        assert!(spoilt.iter().all(|key| named(key).is_none()));
        assert_eq!(ann.len(), PREFIX.len() + 43);

        revoke(&db, "ann", OffsetDateTime::UNIX_EPOCH).unwrap();
        let keys = list(&db).unwrap();
        assert!(ApiKey::find(&keys, ann.as_bytes()).is_none());
        assert!(ApiKey::find(&keys, ben.as_bytes()).is_some());
    }

    #[test]
    fn a_name_is_given_once_and_only_admin_holds_other_scopes() {
        let db = tables();
        made(&db, "ann", &[Scope::Read, Scope::Score, Scope::Read]);
        made(&db, "root", &[Scope::Admin]);
        let now = OffsetDateTime::UNIX_EPOCH;
        revoke(&db, "ann", now).unwrap();
        let again = create(&db, "ann", &[], Limits::default(), now);
        assert!(matches!(again, Err(StoreError::KeyExists(_))));
        for name in ["", "a b", "ä", &"x".repeat(65)] {
            let refused = create(&db, name, &[], Limits::default(), now);
            assert!(matches!(refused, Err(StoreError::KeyName { .. })), "{name}");
        }
        let keys = list(&db).unwrap();
        let (ann, root) = (&keys[0], &keys[1]);
        for scope in Scope::ALL {
            let has = [Scope::Score, Scope::Read].contains(&scope);
            assert_eq!(ann.allows(scope), has, "{scope}");
            assert!(root.allows(scope), "{scope}");
        }
    }
}
