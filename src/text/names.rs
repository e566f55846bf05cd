//! Finding a brand's name in a text, however it is written there.

use std::borrow::Cow;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::text::simplified;
use crate::text::symbols::is_unspaced;

/// A text ready to be searched: letters and digits only, folded in case, width, accents and script,
/// each knowing where it stood.
#[derive(Debug, Clone)]
pub struct Searchable {
    letters: Vec<Letter>,
}

#[derive(Debug, Clone)]
struct Letter {
    folded: char,
    /// Bytes of the original character.
    at: Range<usize>,
    /// True if a word may begin here.
    opens: bool,
}

impl Searchable {
    /// Makes a text ready to be searched.
    pub fn new(text: &str) -> Self {
        let mut letters: Vec<Letter> = Vec::new();
        let mut gap = true;
        for (start, original) in text.char_indices() {
            let at = start..start + original.len_utf8();
            for c in fold(original) {
                if is_combining_mark(c) {
                    continue;
                }
                if !c.is_alphanumeric() {
                    gap = true;
                    continue;
                }
                let after_unspaced = letters.last().is_some_and(|l| is_unspaced(l.folded));
                letters.push(Letter {
                    folded: c,
                    at: at.clone(),
                    opens: gap || after_unspaced || is_unspaced(c),
                });
                gap = false;
            }
        }
        Searchable { letters }
    }

    /// Where `name` occurs, as byte ranges of the original text, left to right.
    pub fn find(&self, name: &Name) -> Vec<Range<usize>> {
        let n = name.folded.len();
        let mut found = Vec::new();
        let mut i = 0;
        while n > 0 && i + n <= self.letters.len() {
            match self.match_at(i, name) {
                Some(end) => {
                    found.push(self.letters[i].at.start..self.letters[end - 1].at.end);
                    i = end;
                }
                None => i += 1,
            }
        }
        found
    }

    /// True if `name` occurs.
    pub fn contains(&self, name: &Name) -> bool {
        (0..self.letters.len()).any(|i| self.match_at(i, name).is_some())
    }

    /// The index after an occurrence that starts at letter `i`.
    fn match_at(&self, i: usize, name: &Name) -> Option<usize> {
        let end = i + name.folded.len();
        let here = self.letters.get(i..end)?;
        if !here.first()?.opens
            || !here
                .iter()
                .map(|l| l.folded)
                .eq(name.folded.iter().copied())
        {
            return None;
        }
        if self.is_word_end(end) {
            return Some(end);
        }
        // The plural and the possessive without its apostrophe.
        let plural = name.takes_s
            && self.letters.get(end).is_some_and(|l| l.folded == 's')
            && self.is_word_end(end + 1);
        plural.then_some(end + 1)
    }

    /// The letter after `name` where an account that begins at letter `i` begins with it. Short
    /// names must be the whole account.
    fn account_at(&self, i: usize, name: &Name) -> Option<usize> {
        let end = i + name.folded.len();
        let here = self.letters.get(i..end)?;
        let same = here
            .iter()
            .map(|l| l.folded)
            .eq(name.folded.iter().copied());
        let joined = here.windows(2).all(|pair| {
            !pair[1].opens || is_unspaced(pair[1].folded) && pair[1].at.start <= pair[0].at.end
        });
        let short = if name.folded.iter().all(|&c| is_unspaced(c)) {
            2
        } else {
            4
        };
        let telling = name.folded.len() >= short || self.is_word_end(end);
        (same && joined && telling && end > i).then_some(end)
    }

    fn is_word_end(&self, i: usize) -> bool {
        let last_unspaced = i > 0 && is_unspaced(self.letters[i - 1].folded);
        last_unspaced || self.letters.get(i).is_none_or(|next| next.opens)
    }
}

/// A name, alias or keyword ready to be searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    folded: Vec<char>,
    takes_s: bool,
}

impl Name {
    /// Makes a name ready to be searched for.
    pub fn new(name: &str) -> Self {
        let folded: Vec<char> = name
            .chars()
            .flat_map(fold)
            .filter(|c| c.is_alphanumeric())
            .collect();
        let takes_s = folded.len() >= 4 && folded.last().is_some_and(char::is_ascii_lowercase);
        Name { folded, takes_s }
    }
}

/// `text`, before it is cleaned, with the at-sign taken off accounts that begin with one of `names`:
/// `@SephoraUK` becomes `Sephora UK`. Cleaning would make any account `@user`, and a post that
/// calls the brand by its account would be about nobody.
pub fn accounts_as_names<'a, 'n>(
    text: &'a str,
    names: impl Iterator<Item = &'n str>,
) -> Cow<'a, str> {
    if !text.contains(['@', '\u{ff20}']) {
        return text.into();
    }
    let names: Vec<Name> = names.map(Name::new).collect();
    let searchable = Searchable::new(text);
    let (mut out, mut copied) = (String::new(), 0);
    for i in 0..searchable.letters.len() {
        let from = searchable.letters[i].at.start;
        // A character may be several letters.
        if from < copied {
            continue;
        }
        let Some(sign) = account_sign(&text[..from]) else {
            continue;
        };
        let ends = names
            .iter()
            .filter_map(|name| searchable.account_at(i, name));
        let Some(end) = ends.max() else { continue };
        let last = &searchable.letters[end - 1];
        out.push_str(&text[copied..sign]);
        out.push_str(&text[from..last.at.end]);
        copied = last.at.end;
        let glued = text[copied..].starts_with(char::is_alphanumeric);
        if glued && !is_unspaced(last.folded) {
            out.push(' ');
        }
    }
    if copied == 0 {
        return text.into();
    }
    out.push_str(&text[copied..]);
    out.into()
}

/// Where the at-sign stands that `before` ends with, unless it is one of an e-mail address.
fn account_sign(before: &str) -> Option<usize> {
    let rest = before.strip_suffix(['@', '\u{ff20}'])?;
    let address = rest.ends_with(|c: char| c.is_ascii_alphanumeric() || "._-".contains(c));
    (!address).then_some(rest.len())
}

/// Compatibility decomposition, simplified characters, lower case; marks come out as characters of
/// their own.
fn fold(c: char) -> impl Iterator<Item = char> {
    let parts = std::iter::once(c).nfkd().map(simplified);
    parts.flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn occurs(name: &str, text: &str) -> bool {
        Searchable::new(text).contains(&Name::new(name))
    }

    #[test]
    fn a_name_is_found_however_it_is_written() {
        for (name, text) in [
            ("iPhone SE", "我的iphonese到了"),
            ("IphoneSE", "The new iPhone-SE is small"),
            ("Nestlé", "NESTLE coffee"),
            ("耐克", "买了双耐 克鞋"),
            ("Nike", "穿Nike跑步"),
            ("Ｎｉｋｅ", "nike"),
            ("Apple", "Apple's new store"),
            ("iPad", "two ipads"),
            ("Coca-Cola", "#cocacola"),
            ("爱奇艺", "愛奇藝會員"),
            ("愛奇藝", "爱奇艺会员"),
        ] {
            assert!(occurs(name, text), "{name} in {text}");
        }
    }

    #[test]
    fn a_latin_name_is_a_word_of_its_own() {
        for (name, text) in [
            ("Apple", "pineapple juice"),
            ("Delta", "deltamax"),
            ("HP", "hps"),
            ("", "anything"),
            ("!!", "anything!!"),
            ("小米", "大小 的米"),
        ] {
            assert!(!occurs(name, text), "{name} in {text}");
        }
    }

    #[test]
    fn occurrences_are_ranges_of_the_original() {
        let text = "Ｎike和NIKE！";
        let found = Searchable::new(text).find(&Name::new("nike"));
        let words: Vec<&str> = found.into_iter().map(|r| &text[r]).collect();
        assert_eq!(words, ["Ｎike", "NIKE"]);
    }

    #[test]
    fn an_account_of_the_brand_is_its_name() {
        let names = ["Sephora", "小米", "HP", "Southwest Airlines", "Southwest"];
        for (text, read) in [
            ("@Sephora sent me", "Sephora sent me"),
            ("thanks @SephoraUK!", "thanks Sephora UK!"),
            ("via @sephora_uk", "via sephora_uk"),
            ("坑 @小米手机 你们", "坑 小米手机 你们"),
            ("转发＠小米", "转发小米"),
            ("@HP and @hpotter", "HP and @hpotter"),
            (
                "@SouthwestAir @southwestairlines",
                "Southwest Air southwestairlines",
            ),
            ("me@sephora.com @apple", "me@sephora.com @apple"),
            ("@", "@"),
            ("@小@小米", "@小小米"),
            ("@小 米", "@小 米"),
            ("@@Sephora", "@Sephora"),
        ] {
            assert_eq!(accounts_as_names(text, names.into_iter()), read, "{text}");
        }
        assert!(occurs("Sephora", "via sephora_uk"));
    }

    proptest! {
        #[test]
        fn only_signs_go(text in "[@＠kg㎏小米 _]{0,12}", names in prop::collection::vec("[kg小米]{1,3}", 1..4)) {
            let read = accounts_as_names(&text, names.iter().map(String::as_str));
            let signs = |text: &str| text.matches(['@', '＠']).count();
            let bare = |text: &str| text.replace(['@', '＠', ' '], "");
            prop_assert_eq!(bare(&text), bare(&read));
            prop_assert!(signs(&read) <= signs(&text));
        }

        #[test]
        fn any_text_can_be_cut_at_what_is_found(text in ".{0,40}", name in ".{0,4}") {
            let name = Name::new(&name);
            let searchable = Searchable::new(&text);
            let found = searchable.find(&name);
            prop_assert_eq!(searchable.contains(&name), !found.is_empty());
            for range in found {
                prop_assert!(text.get(range).is_some());
            }
        }
    }
}
