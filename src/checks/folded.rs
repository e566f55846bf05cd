//! A text as rules read it: without case, width, script and invisible characters, each character
//! with its place in the text as it was written.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

use crate::text::simplified;

/// Stands for digits in a pattern, Chinese ones too.
const DIGITS: char = '¤';
/// Stands for a few letters within a sentence in a pattern.
const GAP: char = '~';
/// Most letters of a gap.
const GAP_MOST: usize = 22;

/// A folded text.
pub struct Folded {
    chars: Vec<char>,
    /// Where each character begins in the text, in UTF-16 code units; one more for the end.
    places: Vec<usize>,
    text: String,
}

/// The folded form of a few words, for searching.
pub fn fold(text: &str) -> Vec<char> {
    text.chars().flat_map(folded).collect()
}

fn folded(c: char) -> impl Iterator<Item = char> {
    let plain = match c {
        '\u{2018}' | '\u{2019}' => '\'',
        c => c,
    };
    let hidden = matches!(plain, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}');
    Some(plain)
        .filter(|_| !hidden)
        .into_iter()
        .nfkc()
        .flat_map(char::to_lowercase)
        .map(simplified)
}

impl Folded {
    /// Folds a text.
    pub fn new(text: &str) -> Self {
        let mut chars = Vec::new();
        let mut places = Vec::new();
        let mut place = 0;
        for c in text.chars() {
            for f in folded(c) {
                chars.push(f);
                places.push(place);
            }
            place += c.len_utf16();
        }
        places.push(place);
        Folded {
            chars,
            places,
            text: text.to_owned(),
        }
    }

    /// Places of a pattern in the folded text, from the left, without overlap.
    pub fn find(&self, pattern: &[char]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < self.chars.len() {
            match self.match_at(pattern, at) {
                Some(end) => {
                    found.push(at..end);
                    at = end;
                }
                None => at += 1,
            }
        }
        found
    }

    /// Where the pattern ends if it stands here, as a word of its own.
    fn match_at(&self, pattern: &[char], start: usize) -> Option<usize> {
        let spelt = |at: Option<&char>| at.is_some_and(char::is_ascii_alphanumeric);
        let first = spelt(pattern.first());
        if first && start > 0 && spelt(self.chars.get(start - 1)) {
            return None;
        }
        let end = self.ends(pattern, start)?;
        let glued = spelt(pattern.last()) && spelt(self.chars.get(end));
        (!glued && end > start).then_some(end)
    }

    fn ends(&self, pattern: &[char], mut at: usize) -> Option<usize> {
        for (i, &wanted) in pattern.iter().enumerate() {
            match wanted {
                DIGITS => {
                    let run = self.chars[at..]
                        .iter()
                        .take_while(|&&c| is_digit(c))
                        .count();
                    if run == 0 {
                        return None;
                    }
                    at += run;
                }
                GAP => {
                    let rest = &pattern[i + 1..];
                    let within = |&&c: &&char| !ends_sentence(c);
                    let most = self.chars[at..]
                        .iter()
                        .take(GAP_MOST)
                        .take_while(within)
                        .count();
                    return (at..=at + most).find_map(|next| self.ends(rest, next));
                }
                wanted => {
                    if self.chars.get(at) != Some(&wanted) {
                        return None;
                    }
                    at += 1;
                }
            }
        }
        Some(at)
    }

    /// True if any of the words stands right before, or right after, a place.
    pub fn beside(&self, place: &Range<usize>, before: &[&str], after: &[&str]) -> bool {
        let behind = |word: &&str| {
            let word = fold(word);
            place.start >= word.len()
                && self.chars[place.start - word.len()..place.start] == word[..]
        };
        let ahead = |word: &&str| {
            let word = fold(word);
            self.chars[place.end..].starts_with(&word)
        };
        before.iter().any(behind) || after.iter().any(ahead)
    }

    /// True if any of the words stands in the sentence of a place.
    pub fn sentence_has(&self, place: &Range<usize>, words: &[&str]) -> bool {
        let start = self.chars[..place.start]
            .iter()
            .rposition(|&c| ends_sentence(c))
            .map_or(0, |at| at + 1);
        let end = self.chars[place.end..]
            .iter()
            .position(|&c| ends_sentence(c))
            .map_or(self.chars.len(), |at| place.end + at);
        let sentence = Folded {
            chars: self.chars[start..end].to_vec(),
            places: Vec::new(),
            text: String::new(),
        };
        words
            .iter()
            .any(|word| !sentence.find(&fold(word)).is_empty())
    }

    /// True if any of the words stands anywhere.
    pub fn has(&self, words: &[&str]) -> Option<Range<usize>> {
        words
            .iter()
            .find_map(|word| self.find(&fold(word)).into_iter().next())
    }

    /// A place in the text as it was written, in UTF-16 code units.
    pub fn written(&self, place: &Range<usize>) -> Range<usize> {
        self.places[place.start]..self.places[place.end]
    }

    /// The words at a place, as they were written.
    pub fn words(&self, place: &Range<usize>) -> String {
        let Range { start, end } = self.written(place);
        let mut at = 0;
        let within = |c: &char| {
            let here = at;
            at += c.len_utf16();
            here >= start && here < end
        };
        self.text.chars().filter(within).collect()
    }
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || "一二三四五六七八九十两百千万几".contains(c)
}

fn ends_sentence(c: char) -> bool {
    // NFKC has made half-width ones of the Chinese marks.
    matches!(c, '。' | '!' | '?' | '\n' | ';') || c == '.'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, pattern: &str) -> Vec<String> {
        let folded = Folded::new(text);
        let places = folded.find(&fold(pattern));
        places.iter().map(|place| folded.words(place)).collect()
    }

    #[test]
    fn patterns_match_whatever_width_case_or_script() {
        assert_eq!(found("它是 ＮＯ.１ 的", "no.1"), ["ＮＯ.１"]);
        assert_eq!(found("國家級的", "国家级"), ["國家級"]);
        assert_eq!(found("全\u{200B}网第一", "全网第一"), ["全\u{200B}网第一"]);
        assert_eq!(
            found("7天见效，二十天见效", "¤天见效"),
            ["7天见效", "二十天见效"]
        );
        assert_eq!(
            found("best phone on the market. Best cat", "best~market"),
            ["best phone on the market"]
        );
    }

    #[test]
    fn a_word_inside_another_is_none_and_a_gap_stays_in_its_sentence() {
        assert!(found("secures the lid", "cure").is_empty());
        assert!(found("保证。明天会瘦", "保证~瘦").is_empty());
        assert_eq!(found("😀保证一定瘦", "保证~瘦"), ["保证一定瘦"]);
    }

    #[test]
    fn places_are_counted_as_javascript_does() {
        let folded = Folded::new("😀全网第一");
        let place = folded.find(&fold("全网第一")).remove(0);
        assert_eq!(folded.written(&place), 2..6);
    }
}
