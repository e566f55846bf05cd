//! Cleaning: the one form of a post's text that training and scoring share.
//!
//! In order: hidden characters go, NFKC folds full-width and compatibility
//! forms, traditional characters become simplified ones, control characters and
//! white space become single spaces, runs are cut, then one scan from left to
//! right replaces links and mentions and drops the hash signs of topics. Each
//! step leaves alone what the earlier ones (and itself) have written, so that
//! cleaning twice changes nothing; the property tests hold it to that.
//!
//! Choices that the data led to:
//! - `URL` and `@user` are how the training sets already write links and
//!   mentions.
//! - Hash signs go and the words stay. In the sets `#topic#`, `#tag` and texts
//!   stripped of their tags stand side by side, so the sign says more about the
//!   source than about the post, and a brand in a tag should read as the brand
//!   in a sentence does. `#1` and `C#` keep theirs.
//! - Traditional characters are read as simplified ones: the sets hold few of
//!   them, and the same words in the other script moved s by 0.15.
//! - Case stays: the encoder's vocabulary is cased, and capitals carry weight
//!   in English posts. But a text that is shouted from begin to end is read in
//!   small letters: the sets hold few of those, and capitals made complaints
//!   milder by 0.1 to 0.6 of s.
//! - Runs of digits stay (a price isn't an exclamation), and up to five stars
//!   stay (a rating isn't one either).

mod chars;
mod scan;

pub use super::symbols::URL;
use super::symbols::{
    is_digit_or_sign, is_emoji, is_keycap_end, is_modifier, is_regional, is_star, is_tag,
    is_variation, symbol_length,
};
use chars::{fold, is_hidden, is_space};
use scan::Scan;

/// The word for a mention in cleaned text.
pub const MENTION: &str = "@user";

/// A run of one character is cut to this many.
const CHAR_RUN: usize = 3;
/// A run of one emoji or one `[code]` is cut to this many.
const SYMBOL_RUN: usize = 2;
/// A run of stars is cut to this many.
const STAR_RUN: usize = 5;

/// Cleaned text, and what cleaning took away that a reader might miss.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// The cleaned text.
    pub text: String,
    /// Zero-width, bidirectional and control characters removed: hidden
    /// content. Line ends and tabs aren't counted, nor is the variation
    /// selector that follows a symbol to ask for its emoji form.
    pub hidden: usize,
    /// Characters removed where a run was cut.
    pub repeats: usize,
}

/// The cleaned text alone; see [`clean_report`].
pub fn clean(text: &str) -> String {
    clean_report(text).text
}

/// Cleans a text and counts what was hidden or repeated in it.
///
/// Pure, total and linear in the length of the text; cleaning a cleaned text
/// changes nothing. HTML entities aren't decoded: that is the job of whoever
/// took the text out of HTML.
pub fn clean_report(text: &str) -> Cleaned {
    let mut hidden = 0;
    let visible = drop_hidden(text, &mut hidden);
    let spaced = single_spaces(fold(&visible), &mut hidden);
    let length = spaced.len();
    let cut = cut_symbol_runs(&cut_char_runs(&spaced));
    let text = Scan::new(&cut).run();
    let repeats = length - cut.len();
    if is_shouted(&text) {
        // Small letters may compose with marks where capitals don't, and so repeat.
        let said = clean_report(&in_small_letters(&text));
        return Cleaned {
            hidden: hidden + said.hidden,
            repeats: repeats + said.repeats,
            text: said.text,
        };
    }
    Cleaned {
        hidden,
        repeats,
        text,
    }
}

/// True of several words that are all in capitals, and in no script that has none; what stands for
/// links and mentions apart.
fn is_shouted(text: &str) -> bool {
    const LETTERS: usize = 8;
    let (mut words, mut letters) = (0, 0);
    for word in text.split(|c: char| !c.is_alphabetic()) {
        if word.is_empty() || word == URL || MENTION.ends_with(word) {
            continue;
        }
        if !word.bytes().all(|b| b.is_ascii_uppercase()) {
            return false;
        }
        words += 1;
        letters += word.len();
    }
    words > 1 && letters >= LETTERS
}

/// A text that is shouted, said.
fn in_small_letters(text: &str) -> String {
    let parts = text.split_inclusive(|c: char| !c.is_alphabetic());
    parts
        .map(
            |part| match part.trim_end_matches(|c: char| !c.is_alphabetic()) {
                URL => part.to_owned(),
                _ => part.to_ascii_lowercase(),
            },
        )
        .collect()
}

/// Removes characters that can't be seen. Joiners, variation selectors and
/// tags stay only where they build an emoji.
fn drop_hidden(text: &str, hidden: &mut usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut last = None;
    let mut i = 0;
    while i < chars.len() {
        let c = chars[i];
        let next = chars.get(i + 1).copied();
        if c == '\u{1F3F4}' {
            // A flag of a region: black flag, tags, end tag.
            let end = (i + 1..chars.len().min(i + 8)).find(|&j| !is_tag(chars[j]));
            let end = end.unwrap_or(chars.len().min(i + 8));
            if end > i + 1 && chars[end - 1] == '\u{E007F}' {
                out.extend(&chars[i..end]);
                last = Some(chars[end - 1]);
                i = end;
                continue;
            }
        }
        let joins = |c: char| is_emoji(c) || is_modifier(c) || is_variation(c);
        let keep = if c == '\u{200D}' {
            last.is_some_and(joins) && next.is_some_and(is_emoji)
        } else if is_variation(c) {
            last.is_some_and(is_emoji)
                || (last.is_some_and(is_digit_or_sign) && next.is_some_and(is_keycap_end))
        } else {
            !is_hidden(c)
        };
        if keep {
            out.push(c);
            last = Some(c);
        } else if !is_variation(c) {
            *hidden += 1;
        }
        i += 1;
    }
    out
}

/// Turns control characters and every run of white space into one space.
fn single_spaces(chars: Vec<char>, hidden: &mut usize) -> Vec<char> {
    let mut out = Vec::with_capacity(chars.len());
    for c in chars {
        let space = is_space(c);
        if !space && c.is_control() {
            *hidden += 1;
        } else if !space {
            out.push(c);
            continue;
        }
        push_space(&mut out);
    }
    out
}

fn push_space(out: &mut Vec<char>) {
    if out.last().is_some_and(|&c| c != ' ') {
        out.push(' ');
    }
}

fn cut_char_runs(chars: &[char]) -> Vec<char> {
    let mut out = Vec::with_capacity(chars.len());
    let mut run = 0;
    for (i, &c) in chars.iter().enumerate() {
        run = if i > 0 && chars[i - 1] == c {
            run + 1
        } else {
            1
        };
        // Two regional letters make a flag; the symbol pass cuts those.
        let limit = if c.is_numeric() || is_regional(c) {
            usize::MAX
        } else if is_star(c) {
            STAR_RUN
        } else {
            CHAR_RUN
        };
        if run <= limit {
            out.push(c);
        }
    }
    out
}

/// Cuts runs of one emoji (of one or more code points) or one `[code]`.
fn cut_symbol_runs(chars: &[char]) -> Vec<char> {
    let mut out = Vec::with_capacity(chars.len());
    let mut last: &[char] = &[];
    let mut run = 0;
    let mut i = 0;
    while i < chars.len() {
        let length = symbol_length(&chars[i..]);
        let unit = &chars[i..i + length.max(1)];
        run = if unit == last { run + 1 } else { 1 };
        if length == 0 || run <= SYMBOL_RUN {
            out.extend_from_slice(unit);
        }
        last = unit;
        i += unit.len();
    }
    out
}

#[cfg(test)]
mod tests;
