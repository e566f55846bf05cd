//! Ids as text, and how spreadsheets ruin them.

/// Digits that a spreadsheet keeps of a number.
const KEPT: usize = 15;
/// Zeros in the places that a spreadsheet loses, over all ids so far, from which on chance is ruled
/// out: one in 10^8.
const TOO_MANY_ZEROS: usize = 8;
/// Largest whole number from which on not every whole number is a float.
const EXACT: u64 = 1 << 53;

/// Says why an id is not what the platform gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RuinedId {
    /// As `7.57E+18`.
    #[error(
        "is a number that a spreadsheet shortened: its last digits are lost, so that different rows \
         have one id; export the file again, and open it with the column as text"
    )]
    Shortened,
    /// As `1992000000000000001.0`.
    #[error(
        "is a decimal number too long to be exact: its last digits are lost; read the column as \
         text where the file was made"
    )]
    Rounded,
}

/// The id in a cell, without what keeps spreadsheets from shortening it: a tab, `'` or `="..."`.
pub fn id(cell: &str) -> Result<&str, RuinedId> {
    let cell = cell.trim();
    let quoted = cell.strip_prefix("=\"").and_then(|c| c.strip_suffix('"'));
    let id = quoted.unwrap_or_else(|| cell.strip_prefix('\'').unwrap_or(cell));
    if is_shortened(id) {
        return Err(RuinedId::Shortened);
    }
    let whole = id.strip_suffix(".0").filter(|whole| is_digits(whole));
    match whole {
        None => Ok(id),
        Some(whole) if whole.parse().is_ok_and(|number: u64| number <= EXACT) => Ok(whole),
        Some(_) => Err(RuinedId::Rounded),
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// As in `7.57E+18`: a digit, more of them behind a point or none, and a power of ten with its sign.
pub fn is_shortened(id: &str) -> bool {
    let Some((number, power)) = id.split_once(['E', 'e']) else {
        return false;
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    whole.len() == 1
        && is_digits(whole)
        && is_digits(fraction)
        && power.strip_prefix('+').is_some_and(is_digits)
}

/// Watches for ids of which every one ends in zeros where a spreadsheet has lost digits.
#[derive(Debug, Default)]
pub struct ZeroTails {
    zeros: usize,
    seen_another: bool,
}

impl ZeroTails {
    /// True as soon as the ids so far can't be what the platform gave.
    pub fn are_ruined_with(&mut self, id: &str) -> bool {
        if id.len() > KEPT && is_digits(id) {
            let tail = &id[KEPT..];
            self.seen_another |= tail.bytes().any(|b| b != b'0');
            self.zeros += tail.len();
        }
        !self.seen_another && self.zeros >= TOO_MANY_ZEROS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_guards_an_id_is_left_out() {
        for (cell, expected) in [
            ("5101234567890123\t", "5101234567890123"),
            ("'5101234567890123", "5101234567890123"),
            ("=\"5101234567890123\"", "5101234567890123"),
            ("5101234567890123.0", "5101234567890123"),
            ("OzAbCdEfG", "OzAbCdEfG"),
            ("67400000000000000000abcd", "67400000000000000000abcd"),
            ("7e10", "7e10"),
        ] {
            assert_eq!(id(cell), Ok(expected), "{cell}");
        }
    }

    #[test]
    fn ids_that_lost_digits_are_refused() {
        for cell in ["7.57E+18", "5.10123E+15", "5e+15"] {
            assert_eq!(id(cell), Err(RuinedId::Shortened), "{cell}");
        }
        assert_eq!(id("1992000000000000001.0"), Err(RuinedId::Rounded));
    }

    #[test]
    fn zeros_at_the_end_of_every_id_are_no_chance() {
        let mut tails = ZeroTails::default();
        let ruined = ["5101234567890120", "5101234567890450"].map(|id| tails.are_ruined_with(id));
        assert_eq!(
            ruined,
            [false, false],
            "one place each, which may be chance"
        );
        let mut tails = ZeroTails::default();
        let long = ["1992000000000010000", "1992000000000020000"];
        assert_eq!(long.map(|id| tails.are_ruined_with(id)), [false, true]);
        let mut tails = ZeroTails::default();
        assert!(!tails.are_ruined_with("1992000000000010001"));
        assert!(!long.iter().any(|id| tails.are_ruined_with(id)));
    }
}
