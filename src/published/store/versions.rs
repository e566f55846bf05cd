//! Versions of the tables, and the step from each to the next.

use rusqlite::{Connection, TransactionBehavior};

use super::ids::KEY_BYTES;
use super::{Result, StoreError};

/// Marks a file as a store; "BSMV" in ASCII.
const APPLICATION: i32 = 0x4253_4d56;

/// Makes the next version of the tables inside a transaction, of which `user_version` is part.
pub type Step = fn(&Connection) -> rusqlite::Result<()>;

/// `STEPS[n]` makes version n + 1 from version n; version 0 is an empty file.
///
/// A change of the tables is one more step at the end. A step that was released stays as it is:
/// stores went through it, and new ones go through all of them.
pub const STEPS: &[Step] = &[posts_and_events, keys_and_audit, answered_requests];

/// Version of the tables; 0 where there are none.
///
/// # Errors
/// [`StoreError::Foreign`] for another program's database, [`StoreError::Newer`] where `steps` end
/// before the version. Nothing is written.
pub fn version(db: &Connection, steps: &[Step]) -> Result<usize> {
    let (application, version, tables): (i32, u32, i64) = db.query_row(
        "SELECT a.application_id, v.user_version, (SELECT count(*) FROM sqlite_schema)
         FROM pragma_application_id a, pragma_user_version v",
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let version = version as usize;
    match (application, tables) {
        (0, 0) => Ok(0),
        (APPLICATION, _) if version > steps.len() => Err(StoreError::Newer {
            found: version,
            known: steps.len(),
        }),
        (APPLICATION, _) => Ok(version),
        _ => Err(StoreError::Foreign),
    }
}

/// Takes every step that the tables haven't gone through, each in a transaction of its own.
///
/// # Errors
/// As [`version`]; and [`StoreError::Failed`] if a step fails, which leaves the tables as they were
/// before it.
pub fn bring_up_to_date(db: &mut Connection, steps: &[Step]) -> Result<()> {
    for (n, &step) in steps.iter().enumerate().skip(version(db, steps)?) {
        take(db, n, step).map_err(|e| {
            let to = n + 1;
            StoreError::Failed(format!("taking its tables from version {n} to {to}: {e}"))
        })?;
    }
    Ok(())
}

fn take(db: &mut Connection, from: usize, step: Step) -> rusqlite::Result<()> {
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    step(&transaction)?;
    transaction.pragma_update(None, "user_version", from as u32 + 1)?;
    transaction.commit()
}

/// Version 1: posts, events, and texts where they are kept.
///
/// `posts.id`, `.author`, `events.id`, `.parent` and `.user` are keyed hashes of 16 bytes. An event's
/// `seq` counts the arrivals at its post, so the events of a post lie together and in order.
fn posts_and_events(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(
        "
CREATE TABLE store (key BLOB NOT NULL);
CREATE TABLE posts (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    author BLOB,
    created_at INTEGER NOT NULL,    -- seconds since 1970
    record TEXT NOT NULL,           -- JSON, without the author's id
    keep_texts INTEGER NOT NULL,
    observed_until INTEGER NOT NULL,
    revision INTEGER NOT NULL,      -- raised by whatever isn't an added event
    arrived INTEGER NOT NULL        -- the next event's seq
);
CREATE INDEX posts_by_author ON posts (author) WHERE author IS NOT NULL;
CREATE INDEX posts_by_age ON posts (created_at);
CREATE TABLE events (
    post INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    id BLOB NOT NULL,
    parent BLOB,
    t INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    user BLOB,
    followers INTEGER,
    verified INTEGER,
    s REAL,
    PRIMARY KEY (post, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX events_by_id ON events (post, id);
CREATE INDEX events_by_user ON events (user, post) WHERE user IS NOT NULL;
CREATE TABLE texts (
    post INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (post, seq)
) WITHOUT ROWID;
",
    )?;
    let key: [u8; KEY_BYTES] = rand::random();
    db.execute("INSERT INTO store (key) VALUES (?1)", [key])?;
    db.pragma_update(None, "application_id", APPLICATION)
}

/// Version 2: API keys, what each used on a day, and the audit log, whose targets are keyed hashes.
fn keys_and_audit(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(
        "
CREATE TABLE api_keys (
    name TEXT PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,    -- SHA-256 of the key
    scopes TEXT NOT NULL,           -- with blanks between them
    per_minute INTEGER,
    per_day INTEGER,
    created_at INTEGER NOT NULL,    -- seconds since 1970
    revoked_at INTEGER
) WITHOUT ROWID;
CREATE TABLE api_key_usage (
    name TEXT NOT NULL,
    day INTEGER NOT NULL,           -- days since 1970
    requests INTEGER NOT NULL,
    PRIMARY KEY (name, day)
) WITHOUT ROWID;
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,            -- seconds since 1970
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    target BLOB,
    detail TEXT,
    posts INTEGER NOT NULL,
    events INTEGER NOT NULL
);
CREATE INDEX audit_by_target ON audit (target) WHERE target IS NOT NULL;
",
    )
}

/// Version 3: requests that are made once, and what came of them, for a day.
fn answered_requests(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(
        "
CREATE TABLE answered (
    request BLOB PRIMARY KEY,       -- keyed hash of the API key's name and the request's
    asked BLOB NOT NULL,            -- keyed hash of what was asked
    at INTEGER NOT NULL,            -- seconds since 1970
    posts INTEGER NOT NULL,
    events INTEGER NOT NULL,
    known INTEGER NOT NULL,
    jobs INTEGER                    -- erased for it; null until that is done
) WITHOUT ROWID;
CREATE INDEX answered_by_age ON answered (at);
",
    )
}

#[cfg(test)]
mod tests {
    use rusqlite::Error;

    use super::super::tests::copy_of_version_1;
    use super::*;

    /// A step as a next version might have it: a table, and a column of one that is there.
    fn add_alerts(db: &Connection) -> rusqlite::Result<()> {
        db.execute_batch(
            "CREATE TABLE alerts (post INTEGER NOT NULL, rule TEXT NOT NULL);
             ALTER TABLE posts ADD COLUMN watched INTEGER NOT NULL DEFAULT 0;
             INSERT INTO alerts SELECT row, 'reach' FROM posts;",
        )
    }

    /// A step that fails when half of it is done.
    fn fail_halfway(db: &Connection) -> rusqlite::Result<()> {
        add_alerts(db)?;
        db.execute_batch("DELETE FROM events; DROP TABLE texts;")?;
        Err(Error::InvalidQuery)
    }

    /// All tables and their rows, and the version, as text.
    fn dump(db: &Connection) -> String {
        let mut all = format!("{:?}\n", version(db, &[add_alerts as Step; 9]).unwrap());
        let mut tables = db
            .prepare("SELECT name, sql FROM sqlite_schema ORDER BY name")
            .unwrap();
        let tables = tables.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        for table in tables.unwrap() {
            let (name, sql): (String, Option<String>) = table.unwrap();
            all += &format!("{name}: {sql:?}\n");
            let Ok(mut rows) = db.prepare(&format!("SELECT * FROM {name}")) else {
                continue;
            };
            let columns = rows.column_count();
            let mut rows = rows.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                for i in 0..columns {
                    all += &format!("{:?} ", row.get_ref(i).unwrap());
                }
                all.push('\n');
            }
        }
        all
    }

    fn count(db: &Connection, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        db.query_row(&sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_new_file_goes_through_every_step() {
        let mut db = Connection::open_in_memory().unwrap();
        let steps = [posts_and_events, add_alerts];
        assert_eq!(version(&db, &steps).unwrap(), 0);
        bring_up_to_date(&mut db, &steps).unwrap();
        assert_eq!(version(&db, &steps).unwrap(), 2);
        assert_eq!(count(&db, "store"), 1);
        assert_eq!(count(&db, "alerts"), 0);
    }

    #[test]
    fn an_old_file_takes_the_steps_it_lacks_and_keeps_everything() {
        let directory = tempfile::tempdir().unwrap();
        let mut db = Connection::open(copy_of_version_1(directory.path())).unwrap();
        let events = count(&db, "events");
        let steps = [posts_and_events, add_alerts];
        bring_up_to_date(&mut db, &steps).unwrap();
        assert_eq!(version(&db, &steps).unwrap(), 2);
        assert_eq!((count(&db, "posts"), count(&db, "alerts")), (2, 2));
        assert_eq!(count(&db, "events"), events);

        // There is nothing left to do, and for an older program it is too new.
        let now = dump(&db);
        bring_up_to_date(&mut db, &steps).unwrap();
        let refused = bring_up_to_date(&mut db, &[posts_and_events]);
        assert!(matches!(
            refused,
            Err(StoreError::Newer { found: 2, known: 1 })
        ));
        assert_eq!(dump(&db), now);
    }

    #[test]
    fn a_step_that_fails_halfway_leaves_the_version_before_it_whole() {
        let directory = tempfile::tempdir().unwrap();
        let mut db = Connection::open(copy_of_version_1(directory.path())).unwrap();
        let before = dump(&db);
        let failed = bring_up_to_date(&mut db, &[posts_and_events, fail_halfway]);
        let failed = failed.unwrap_err().to_string();
        assert!(failed.contains("from version 1 to 2"), "{failed}");
        assert_eq!(dump(&db), before);
        assert!(before.starts_with("1\n"));

        // The steps before it hold.
        let mut fresh = Connection::open_in_memory().unwrap();
        bring_up_to_date(&mut fresh, &[posts_and_events, fail_halfway]).unwrap_err();
        assert_eq!(version(&fresh, STEPS).unwrap(), 1);
        // And the next bsmv, whose step is good, takes it.
        bring_up_to_date(&mut db, &[posts_and_events, add_alerts]).unwrap();
        assert_eq!(count(&db, "events"), 7);
    }
}
