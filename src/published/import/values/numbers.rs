//! Counts as platforms and spreadsheets write them: `1.2万`, `10万+`, `1,234`, `3.4K`, `1200.0`.

use std::borrow::Cow;

/// Words for a count that is not known.
const UNKNOWN: [&str; 13] = [
    "",
    "-",
    "--",
    "—",
    "nan",
    "null",
    "none",
    "n/a",
    "na",
    "#n/a",
    "undefined",
    "nil",
    "未知",
];
/// Units after a number, with the zeros that each stands for.
const UNITS: [(&str, i32); 10] = [
    ("万", 4),
    ("萬", 4),
    ("w", 4),
    ("千", 3),
    ("k", 3),
    ("亿", 8),
    ("億", 8),
    ("m", 6),
    ("b", 9),
    ("bn", 9),
];
/// Blanks that some locales put between thousands.
const BLANKS: [char; 4] = [' ', '\u{a0}', '\u{202f}', '\u{2009}'];

/// A whole number of 0 or more; `None` if the cell says that it is not known.
///
/// # Errors
/// `()` if it is no such number; the caller names the cell.
pub fn count(cell: &str) -> Result<Option<u64>, ()> {
    // What nearly every cell is.
    if let Ok(whole) = cell.parse() {
        return Ok(Some(whole));
    }
    let cell = narrow(cell);
    let cell = cell.trim().to_lowercase();
    if UNKNOWN.contains(&cell.as_str()) {
        return Ok(None);
    }
    // "10万+" is at least so many; more isn't known.
    let cell = cell.strip_suffix('+').unwrap_or(&cell).trim_end();
    let unit = UNITS
        .iter()
        .filter_map(|(unit, zeros)| Some((cell.strip_suffix(unit)?, *zeros)))
        .min_by_key(|(number, _)| number.len());
    let (number, zeros) = unit.unwrap_or((cell, 0));
    let number = ungrouped(number.trim_end()).ok_or(())?;
    shifted(&number, zeros).map(Some).ok_or(())
}

/// Digits and signs of full width as ASCII.
fn narrow(cell: &str) -> Cow<'_, str> {
    let wide = |c: char| ('！'..='～').contains(&c);
    if !cell.contains(wide) {
        return Cow::Borrowed(cell);
    }
    let narrow = |c: char| match c {
        // The block repeats ASCII from `!` on.
        '！'..='～' => char::from_u32(c as u32 - '！' as u32 + '!' as u32).unwrap_or(c),
        _ => c,
    };
    Cow::Owned(cell.chars().map(narrow).collect())
}

/// A number without marks between its thousands; `None` where they stand elsewhere.
fn ungrouped(number: &str) -> Option<Cow<'_, str>> {
    let is_mark = |c: char| c == ',' || BLANKS.contains(&c);
    if !number.contains(is_mark) {
        return Some(Cow::Borrowed(number));
    }
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    let mut groups = whole.split(is_mark);
    let first = groups.next()?;
    let mut digits = first.to_owned();
    let mut fit = (1..=3).contains(&first.len());
    for group in groups {
        fit &= group.len() == 3;
        digits += group;
    }
    if let Some(fraction) = fraction {
        digits.push('.');
        digits += fraction;
    }
    fit.then_some(Cow::Owned(digits))
}

/// A decimal number with its point moved to the right by `zeros` places. Exact: no digit may be
/// left behind the point but zeros, unless there was a unit, which makes it a rounded number.
fn shifted(number: &str, zeros: i32) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let places = usize::try_from(zeros).ok()?;
    let (moved, rest) = fraction.split_at(fraction.len().min(places));
    if places == 0 && rest.bytes().any(|b| b != b'0') {
        return None;
    }
    let mut all = format!("{whole}{moved}");
    all.extend(std::iter::repeat_n('0', places - moved.len()));
    all.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn counts_are_read_as_people_write_them() {
        for (cell, expected) in [
            ("0", Some(0)),
            ("1200", Some(1_200)),
            ("1.2万", Some(12_000)),
            ("1.25 万", Some(12_500)),
            ("2.1w", Some(21_000)),
            ("10万+", Some(100_000)),
            ("3千", Some(3_000)),
            ("1.1亿", Some(110_000_000)),
            ("1,234", Some(1_234)),
            ("1,234,567", Some(1_234_567)),
            ("1 234", Some(1_234)),
            ("3.4K", Some(3_400)),
            ("12M", Some(12_000_000)),
            ("1.5bn", Some(1_500_000_000)),
            ("1200.0", Some(1_200)),
            ("１２００", Some(1_200)),
            ("1.23456万", Some(12_345)),
            ("18446744073709551615", Some(u64::MAX)),
            ("NaN", None),
            ("N/A", None),
            (" ", None),
            ("--", None),
        ] {
            assert_eq!(count(cell), Ok(expected), "{cell}");
        }
    }

    #[test]
    fn cells_that_are_no_count_are_refused() {
        for cell in [
            "-1",
            "1.5",
            "12,34",
            "1,2345",
            "0,5",
            "many",
            "5.2%",
            "1e5",
            ".",
            "万",
            "+",
            "1.2.3",
            "18446744073709551616",
            "99999999999999999999亿",
            "12:30",
        ] {
            assert_eq!(count(cell), Err(()), "{cell}");
        }
    }

    fn grouped(number: u64) -> String {
        let digits = number.to_string();
        let mut text = String::new();
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        text
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_form_of_a_number_is_that_number(number: u64, tenths in 0..1_000_000u64) {
            prop_assert_eq!(count(&number.to_string()), Ok(Some(number)));
            prop_assert_eq!(count(&grouped(number)), Ok(Some(number)));
            prop_assert_eq!(count(&format!("{number}.0")), Ok(Some(number)));
            let short = format!("{}.{}", tenths / 10, tenths % 10);
            prop_assert_eq!(count(&format!("{short}万")), Ok(Some(tenths * 1_000)));
            prop_assert_eq!(count(&format!("{short}K+")), Ok(Some(tenths * 100)));
        }

        #[test]
        fn no_cell_makes_it_panic(cell in ".{0,12}", near in "[0-9.,万kw+ -]{0,12}") {
            count(&cell).ok();
            count(&near).ok();
        }
    }
}
