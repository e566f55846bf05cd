//! Keys and the audit log of a store, which a server may have open meanwhile: it keeps none of
//! them in memory for longer than a second.

use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use time::OffsetDateTime;

use super::api_keys::{self, ApiKey, Limits, Scope, Usage, day_of};
use super::audit::{self, Act, Actor, AuditEntry, AuditFilter};
use super::changes::Done;
use super::location::Location;
use super::{IdOf, Key, Result, StoreError, tables};

/// The part of a store that those who run it work on.
pub struct Office {
    // Fields are dropped in this order: the lock on the file goes last.
    db: Connection,
    key: Key,
    _location: Location,
}

impl Office {
    /// Opens the store in a file, or makes it; a server may have it open.
    ///
    /// # Errors
    /// [`StoreError::Open`] if the file holds something else, was written by a newer version, or is
    /// open in a server of another version.
    pub fn open(path: &Path) -> Result<Self> {
        let open = || -> Result<Self> {
            let location = Location::shared(path)?;
            let db = location.writer()?;
            let key = Key::new(&tables::key(&db)?);
            Ok(Office {
                db,
                key,
                _location: location,
            })
        };
        open().map_err(|error| match error {
            StoreError::Open { .. } => error,
            other => StoreError::Open {
                path: path.to_owned(),
                problem: other.to_string(),
            },
        })
    }

    /// Makes a key, which is returned here and never again.
    ///
    /// # Errors
    /// [`StoreError::KeyExists`] and [`StoreError::KeyName`].
    pub fn create_key(
        &mut self,
        name: &str,
        scopes: &[Scope],
        limits: Limits,
        by: &Actor,
    ) -> Result<String> {
        let transaction = begin(&mut self.db)?;
        let key = api_keys::create(&transaction, name, scopes, limits, by.at)?;
        let act = Act::named("create_key", name);
        audit::note(&transaction, by, &act, Done::default())?;
        transaction.commit()?;
        Ok(key)
    }

    /// Ends a key; false if it had ended before.
    ///
    /// # Errors
    /// [`StoreError::NoSuchKey`].
    pub fn revoke_key(&mut self, name: &str, by: &Actor) -> Result<bool> {
        let transaction = begin(&mut self.db)?;
        let revoked = api_keys::revoke(&transaction, name, by.at)?;
        if revoked {
            let act = Act::named("revoke_key", name);
            audit::note(&transaction, by, &act, Done::default())?;
        }
        transaction.commit()?;
        Ok(revoked)
    }

    /// Every key, those that have ended too, by name.
    ///
    /// # Errors
    /// Those of the store.
    pub fn keys(&self) -> Result<Vec<ApiKey>> {
        api_keys::list(&self.db)
    }

    /// What each key used on the day of a moment; a server writes it down every few seconds.
    ///
    /// # Errors
    /// Those of the store.
    pub fn usage(&self, at: OffsetDateTime) -> Result<Vec<Usage>> {
        api_keys::usage(&self.db, day_of(at))
    }

    /// Entries of the audit log, oldest first.
    ///
    /// # Errors
    /// Those of the store.
    pub fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>> {
        audit::entries(&self.db, filter)
    }

    /// The keyed hash that stands for an id in the audit log.
    pub fn hash(&self, of: IdOf, id: &str) -> u128 {
        self.key.hash(of, id)
    }
}

fn begin(db: &mut Connection) -> Result<Transaction<'_>> {
    Ok(db.transaction_with_behavior(TransactionBehavior::Immediate)?)
}
