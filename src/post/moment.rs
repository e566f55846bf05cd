//! The times that are read: each can be moved to any offset, and still be written.

use std::ops::RangeInclusive;

use time::format_description::well_known::{Iso8601, Rfc3339};
use time::{Date, OffsetDateTime};

use crate::{Error, Result};

/// Years of a time that is read, by its own clock.
pub const YEARS: RangeInclusive<i32> = 1..=9998;

/// An error naming `field` if a time isn't within [`YEARS`].
pub fn check(field: &str, time: OffsetDateTime) -> Result<()> {
    let year = time.year();
    if YEARS.contains(&year) {
        return Ok(());
    }
    let (first, last) = (YEARS.start(), YEARS.end());
    let problem = format!("is in the year {year}: years from {first} to {last} are read");
    Err(Error::invalid(field, problem))
}

/// Reads a moment, as in `2026-11-22T10:00:00Z`, or a day, which stands for its beginning in UTC.
///
/// # Errors
/// Naming `field`, if it is neither.
pub fn read(field: &str, text: &str) -> Result<OffsetDateTime> {
    let day = || Date::parse(text, &Iso8601::DATE).map(|day| day.midnight().assume_utc());
    let time = OffsetDateTime::parse(text, &Rfc3339).or_else(|_| day());
    let time = time.map_err(|_| {
        let problem = format!("is \"{text}\": use a day or a moment, as 2026-11-22T10:00:00Z");
        Error::invalid(field, problem)
    })?;
    check(field, time)?;
    Ok(time)
}
