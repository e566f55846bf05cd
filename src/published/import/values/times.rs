//! Times as platforms, crawlers and spreadsheets write them.

use crate::post::moment::YEARS;
use time::format_description::well_known::Rfc3339;
use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

/// Seconds since 1970 that a bare number may be: from 2001 to 2100.
const UNIX: std::ops::Range<i64> = 1_000_000_000..4_102_444_800;
/// Days since 1899-12-30 that a bare number may be, as spreadsheets count: 1954 to 2118.
const SERIAL: std::ops::Range<f64> = 20_000.0..80_000.0;

/// A time as far as a cell tells it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Moment {
    /// With its offset.
    Exact(OffsetDateTime),
    /// By a clock whose offset the cell doesn't say.
    Local(PrimitiveDateTime),
    /// A day.
    Day(Date),
}

/// The order of the numbers in `11/12/2026`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlashOrder {
    /// Not known: such a date is refused unless one number is above 12.
    Unknown,
    MonthFirst,
}

/// Says why a cell is no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoTime {
    #[error(
        "counts from when the file was made, which the file doesn't say: export it with dates, or \
         write them instead"
    )]
    Relative,
    #[error("has no year: export it with the year, or write it as 2026-11-22 10:03")]
    NoYear,
    #[error("may be a day of either of two months: write it as 2026-11-22")]
    Ambiguous,
    #[error("use a time such as 2026-11-22T10:00:00Z")]
    Unreadable,
}

impl Moment {
    /// The moment by a clock of this offset, where its own isn't known; a day begins at midnight.
    pub fn at(self, offset: UtcOffset) -> OffsetDateTime {
        match self {
            Moment::Exact(time) => time,
            Moment::Local(time) => time.assume_offset(offset),
            Moment::Day(day) => day.midnight().assume_offset(offset),
        }
    }

    /// True if the cell says its offset.
    pub fn is_exact(self) -> bool {
        matches!(self, Moment::Exact(_))
    }
}

/// Reads a cell.
pub fn moment(cell: &str, order: SlashOrder) -> Result<Moment, NoTime> {
    let cell = cell.trim();
    if let Ok(time) = OffsetDateTime::parse(cell, &Rfc3339) {
        return in_range(Moment::Exact(time));
    }
    if let Some(number) = bare_number(cell) {
        return in_range(number?);
    }
    if is_relative(cell) {
        return Err(NoTime::Relative);
    }
    let read = if cell.contains(['年', '月', '日']) {
        in_chinese(cell)
    } else if cell.contains(|c: char| c.is_ascii_alphabetic()) && month_in(cell) {
        in_english(cell)
    } else {
        in_numbers(cell, order)
    };
    in_range(read?)
}

fn in_range(moment: Moment) -> Result<Moment, NoTime> {
    let year = match moment {
        Moment::Exact(time) => time.year(),
        Moment::Local(time) => time.year(),
        Moment::Day(day) => day.year(),
    };
    let inside = YEARS.contains(&year);
    inside.then_some(moment).ok_or(NoTime::Unreadable)
}

/// Unix time in s, ms, µs or ns; a spreadsheet's days; or the digits of a date.
fn bare_number(cell: &str) -> Option<Result<Moment, NoTime>> {
    let (whole, fraction) = cell.split_once('.').unwrap_or((cell, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let number = || whole.parse::<i64>().ok();
    let unix = |per_second: i64| {
        let seconds = number()? / per_second;
        let time = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
        UNIX.contains(&seconds).then_some(Moment::Exact(time))
    };
    let read = match whole.len() {
        5 => {
            let days: f64 = cell.parse().ok()?;
            serial(days)
        }
        8 => day(&whole[..4], &whole[4..6], &whole[6..]).map(Moment::Day),
        10 => unix(1),
        13 => unix(1_000),
        14 => compact(whole),
        16 => unix(1_000_000),
        19 => unix(1_000_000_000),
        _ => None,
    };
    Some(read.ok_or(NoTime::Unreadable))
}

/// `20261122100307`.
fn compact(digits: &str) -> Option<Moment> {
    let date = day(&digits[..4], &digits[4..6], &digits[6..8])?;
    let part = |range: std::ops::Range<usize>| digits[range].parse().ok();
    let time = Time::from_hms(part(8..10)?, part(10..12)?, part(12..14)?).ok()?;
    Some(Moment::Local(date.with_time(time)))
}

/// Days since 1899-12-30, to the second.
fn serial(days: f64) -> Option<Moment> {
    const BEGIN: Date = match Date::from_calendar_date(1899, Month::December, 30) {
        Ok(date) => date,
        Err(_) => panic!("a date"),
    };
    let seconds = (days * 86_400.0).round() as i64;
    let time = BEGIN.midnight().checked_add(Duration::seconds(seconds))?;
    SERIAL.contains(&days).then_some(Moment::Local(time))
}

fn day(year: &str, month: &str, day: &str) -> Option<Date> {
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()
}

/// `昨天 10:03`, `3小时前`, `2 hours ago`, `just now`.
fn is_relative(cell: &str) -> bool {
    const WORDS: [&str; 12] = [
        "昨天",
        "前天",
        "今天",
        "刚刚",
        "秒前",
        "分钟前",
        "小时前",
        "天前",
        "周前",
        "月前",
        "年前",
        "刚才",
    ];
    let lower = cell.to_lowercase();
    let english = ["ago", "yesterday", "today", "now", "just"];
    let short = lower
        .strip_suffix(['s', 'm', 'h', 'd', 'w'])
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()));
    WORDS.iter().any(|word| cell.contains(word))
        || lower.split_whitespace().any(|word| english.contains(&word))
        || short
}

/// A date of numbers in either order, a clock if there is one, an offset if there is one.
fn in_numbers(cell: &str, order: SlashOrder) -> Result<Moment, NoTime> {
    let end = cell
        .find(|c: char| !c.is_ascii_digit() && !matches!(c, '-' | '/' | '.'))
        .unwrap_or(cell.len());
    let (date, rest) = cell.split_at(end);
    let parts: Vec<&str> = date.split(['-', '/', '.']).collect();
    let read = match *parts.as_slice() {
        [y, m, d] if y.len() == 4 => day(y, m, d),
        [a, b, y] if y.len() == 4 => {
            let above_12 = |text: &str| text.parse().is_ok_and(|number: u8| number > 12);
            match (order, above_12(a), above_12(b)) {
                (SlashOrder::MonthFirst, ..) | (_, false, true) => day(y, a, b),
                (_, true, false) => day(y, b, a),
                _ if a == b => day(y, a, b),
                _ => return Err(NoTime::Ambiguous),
            }
        }
        [m, d] if m.len() <= 2 && d.len() <= 2 && !m.is_empty() && !d.is_empty() => {
            return Err(NoTime::NoYear);
        }
        _ => None,
    };
    let date = read.ok_or(NoTime::Unreadable)?;
    let rest = rest.trim_start_matches(['T', 't', ' ', '\u{a0}', '_', ',']);
    if rest.is_empty() {
        return Ok(Moment::Day(date));
    }
    let (clock, offset) = clock_and_offset(rest).ok_or(NoTime::Unreadable)?;
    Ok(joined(date, clock, offset))
}

fn joined(date: Date, clock: Time, offset: Option<UtcOffset>) -> Moment {
    let time = date.with_time(clock);
    match offset {
        Some(offset) => Moment::Exact(time.assume_offset(offset)),
        None => Moment::Local(time),
    }
}

/// `10:03:07.5 PM +08:00`, of which only hour and minute must be there.
fn clock_and_offset(text: &str) -> Option<(Time, Option<UtcOffset>)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.'))
        .unwrap_or(text.len());
    let (clock, rest) = text.split_at(end);
    let rest = rest.trim();
    let (half, rest) = match rest.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("am") => (Some(false), rest[2..].trim_start()),
        Some("pm") => (Some(true), rest[2..].trim_start()),
        _ => (None, rest),
    };
    let clock = clock_of(clock, half)?;
    if rest.is_empty() {
        return Some((clock, None));
    }
    Some((clock, Some(offset(rest)?)))
}

/// `10:03` or `10:03:07.5`; `afternoon` where the clock has twelve hours.
fn clock_of(text: &str, afternoon: Option<bool>) -> Option<Time> {
    let mut parts = text.split(':');
    let mut hour: u8 = parts.next()?.parse().ok()?;
    let minute = parts.next()?.parse().ok()?;
    let seconds = parts.next().unwrap_or("0");
    let (second, _fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    if parts.next().is_some() {
        return None;
    }
    if let Some(afternoon) = afternoon {
        if !(1..=12).contains(&hour) {
            return None;
        }
        hour = hour % 12 + 12 * u8::from(afternoon);
    }
    Time::from_hms(hour, minute, second.parse().ok()?).ok()
}

/// `Z`, `UTC`, `GMT`, `+08:00`, `+0800`, `+8`, `UTC+8`.
pub fn offset(text: &str) -> Option<UtcOffset> {
    let lower = text.trim().to_ascii_lowercase();
    let number = ["utc", "gmt", "z"]
        .iter()
        .find_map(|name| lower.strip_prefix(name))
        .unwrap_or(&lower);
    let number = number.trim_start();
    if number.is_empty() {
        return (!lower.is_empty()).then_some(UtcOffset::UTC);
    }
    let (sign, digits) = match number.strip_prefix('+') {
        Some(digits) => (1, digits),
        None => (-1, number.strip_prefix(['-', '−'])?),
    };
    let digits = digits.replacen(':', "", 1);
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.as_str(), "0"),
        4 => digits.split_at(2),
        _ => return None,
    };
    let (hours, minutes): (i8, i8) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 18 || minutes > 59 {
        return None;
    }
    UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok()
}

/// `2026年11月22日 10:03:07`, `2026年11月22日10时03分`, `11月22日 10:03`.
fn in_chinese(cell: &str) -> Result<Moment, NoTime> {
    let Some((year, rest)) = cell.split_once('年') else {
        return Err(NoTime::NoYear);
    };
    let read = || {
        let (month, rest) = rest.split_once('月')?;
        let (of_month, rest) = rest.split_once(['日', '号'])?;
        let date = day(year.trim(), month.trim(), of_month.trim())?;
        let rest = rest.trim();
        if rest.is_empty() {
            return Some(Moment::Day(date));
        }
        let (half, rest) = if let Some(rest) = rest.strip_prefix("上午") {
            (Some(false), rest)
        } else if let Some(rest) = rest.strip_prefix("下午") {
            (Some(true), rest)
        } else {
            (None, rest)
        };
        let ascii: String = rest
            .chars()
            .filter(|&c| c != '秒')
            .map(|c| {
                if matches!(c, '时' | '点' | '分' | '：') {
                    ':'
                } else {
                    c
                }
            })
            .collect();
        let ascii = ascii.trim().trim_end_matches(':');
        // `10时` is ten o'clock.
        let whole = if ascii.contains(':') {
            ascii.to_owned()
        } else {
            format!("{ascii}:00")
        };
        let (mut clock, offset) = clock_and_offset(&whole)?;
        if let Some(half) = half {
            clock = clock_of(
                &format!("{}:{}:{}", clock.hour(), clock.minute(), clock.second()),
                Some(half),
            )?;
        }
        Some(joined(date, clock, offset))
    };
    read().ok_or(NoTime::Unreadable)
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// The number of a month's name or its first three letters or more.
fn month_named(word: &str) -> Option<Month> {
    let word = word.trim_end_matches('.').to_ascii_lowercase();
    let short = word.get(..3)?;
    let number = MONTHS.iter().position(|month| *month == short)? as u8 + 1;
    word.bytes()
        .all(|b| b.is_ascii_lowercase())
        .then(|| Month::try_from(number).ok())?
}

fn words(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(|c: char| c.is_whitespace() || matches!(c, ',' | '·'))
        .filter(|word| !word.is_empty())
}

fn month_in(cell: &str) -> bool {
    words(cell).any(|word| month_named(word).is_some())
}

/// Words in any order: `Sun Nov 22 10:03:07 +0800 2026`, `Sun, 22 Nov 2026 10:03:07 GMT`,
/// `10:03 PM · Nov 22, 2026`, `Fri, Jun 5, 2026`.
fn in_english(cell: &str) -> Result<Moment, NoTime> {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let (mut year, mut month, mut of_month) = (None, None, None);
    let (mut clock, mut half, mut zone) = (None, None, None);
    for word in words(cell) {
        let lower = word.to_ascii_lowercase();
        let digits = word.bytes().all(|b| b.is_ascii_digit());
        if digits && word.len() == 4 && year.is_none() {
            year = word.parse::<i32>().ok();
        } else if digits && word.len() <= 2 && of_month.is_none() {
            of_month = word.parse::<u8>().ok();
        } else if word.contains(':') && clock.is_none() && !word.starts_with(['+', '-']) {
            clock = Some(word);
        } else if matches!(lower.as_str(), "am" | "pm") {
            half = Some(lower == "pm");
        } else if let (None, Some(named)) = (month, month_named(word)) {
            month = Some(named);
        } else if let Some(offset) = offset(word) {
            zone = Some(offset);
        } else if lower.get(..3).is_none_or(|day| !DAYS.contains(&day)) && lower != "at" {
            return Err(NoTime::Unreadable);
        }
    }
    let (Some(month), Some(of_month)) = (month, of_month) else {
        return Err(NoTime::Unreadable);
    };
    let year = year.ok_or(NoTime::NoYear)?;
    let date = Date::from_calendar_date(year, month, of_month).map_err(|_| NoTime::Unreadable)?;
    match clock {
        None => Ok(Moment::Day(date)),
        Some(clock) => {
            let clock = clock_of(clock, half).ok_or(NoTime::Unreadable)?;
            Ok(joined(date, clock, zone))
        }
    }
}

#[cfg(test)]
mod tests;
