//! The times that are read: each can be moved to any offset, and still be written.

use std::ops::RangeInclusive;

use time::OffsetDateTime;

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
