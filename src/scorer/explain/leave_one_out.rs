//! Each word's share of s and T: those of the post, less those of the post without the word.
//!
//! Leave-one-out, not a division: where two words say the same, taking either away changes
//! little, and the shares needn't add up.

use std::ops::Range;

use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;

use super::protected::is_protected;
use crate::Result;
use crate::post::Post;
use crate::scorer::answer::{Note, Value};
use crate::scorer::words::{Words, note};
use crate::text::symbols::{CODE_MAX, code_length, is_emoji, is_regional, is_unspaced};
use crate::text::{Name, Searchable};

/// Most words whose share is found; a post's later ones are counted as `skipped`.
pub const MAX_WORDS: usize = 256;
/// Least change of s for which a word is named in a hint.
const WORTH_A_HINT: f32 = 0.1;
/// Most posts less one word that are read together ...
const BATCH: usize = 16;
/// ... and about so many characters: a step shouldn't keep what is typed meanwhile waiting.
const BATCH_CHARS: usize = 640;

/// A word, and what the post would lack without it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WordShare {
    /// Part of the post the word stands in.
    pub field: Field,
    /// Where it stands there, in UTF-16 code units, as JavaScript counts.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What it adds to s, [-2, 2].
    pub s: f32,
    /// What it adds to T, [-1, 1]; 0 without a brand.
    pub t: f32,
}

/// A part of a post that has words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Field {
    /// Its title.
    Title,
    /// Its text.
    Text,
}

/// The words of a post, and how far their shares are known. Every step is short, so that a caller
/// can stop between two.
#[derive(Debug)]
pub struct LeaveOneOut {
    post: Post,
    words: Vec<(Field, Range<usize>)>,
    /// Words left out, each by itself, in one step.
    batch: usize,
    /// s and T of the whole post.
    whole: (f32, f32),
    next: usize,
    /// The word that moves s most among those that a hint may name, and what it adds.
    strongest: Option<(usize, f32)>,
    /// Words past [`MAX_WORDS`].
    pub skipped: usize,
}

impl LeaveOneOut {
    /// Finds the words of `post`, of which `whole` is s and T. `names` are words that stay whole.
    /// `pieces` cuts text of a script without spaces, by lengths in characters that add up to it.
    ///
    /// # Errors
    /// Those of `pieces`.
    pub fn new(
        post: &Post,
        whole: (f32, f32),
        names: &[&str],
        pieces: impl Fn(&str) -> Result<Vec<usize>>,
    ) -> Result<Self> {
        let mut words = Vec::new();
        for (field, text) in fields(post) {
            let mut found = cut(text, &pieces)?;
            let searchable = Searchable::new(text);
            for name in names {
                for range in searchable.find(&Name::new(name)) {
                    keep_whole(&mut found, range);
                }
            }
            words.extend(found.into_iter().map(|range| (field, range)));
        }
        let chars = post.full_text().chars().count().max(1);
        let skipped = words.len().saturating_sub(MAX_WORDS);
        words.truncate(MAX_WORDS);
        Ok(LeaveOneOut {
            post: post.clone(),
            words,
            batch: (BATCH_CHARS / chars).clamp(1, BATCH),
            whole,
            next: 0,
            strongest: None,
            skipped,
        })
    }

    /// Number of words to leave out in all.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// True if the post has no word, only punctuation.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Shares of the next few words; empty after the last. `predict` gives s and T of each text.
    ///
    /// # Errors
    /// Those of `predict`.
    pub fn step(
        &mut self,
        predict: impl Fn(&[String]) -> Result<Vec<(f32, f32)>>,
    ) -> Result<Vec<WordShare>> {
        let words = &self.words[self.next..self.words.len().min(self.next + self.batch)];
        let texts: Vec<String> = words.iter().map(|word| self.without(word)).collect();
        let (s, t) = self.whole;
        let shares = words.iter().zip(predict(&texts)?);
        let shares = shares.map(|((field, word), (s_without, t_without))| {
            let text = self.text(*field);
            let start = utf16(&text[..word.start]);
            WordShare {
                field: *field,
                start,
                end: start + utf16(&text[word.clone()]),
                s: s - s_without,
                t: t - t_without,
            }
        });
        let shares: Vec<_> = shares.collect();
        for (i, share) in shares.iter().enumerate() {
            let (field, word) = &self.words[self.next + i];
            let stronger = self.strongest.is_none_or(|(_, s)| share.s.abs() > s.abs());
            if stronger && !is_protected(self.text(*field), word.clone()) {
                self.strongest = Some((self.next + i, share.s));
            }
        }
        self.next += shares.len();
        Ok(shares)
    }

    /// A hint at the word so far that the valence hangs on most. Negations, warnings and
    /// disclosures of advertising are never named: nobody should be led to take them out.
    pub fn hint(&self, words: &Words) -> Option<Note> {
        let (i, change) = self.strongest.filter(|(_, s)| s.abs() >= WORTH_A_HINT)?;
        let (field, range) = &self.words[i];
        let word = &self.text(*field)[range.clone()];
        let (with, _) = self.whole;
        Some(note!(
            words, hints.word,
            word: Value::Text(word.to_owned()),
            with: Value::signed(with, 2),
            without: Value::signed(with - change, 2),
        ))
    }

    fn text(&self, field: Field) -> &str {
        match field {
            Field::Title => self.post.title.as_deref().unwrap_or_default(),
            Field::Text => &self.post.text,
        }
    }

    fn without(&self, (field, word): &(Field, Range<usize>)) -> String {
        let mut post = self.post.clone();
        match field {
            Field::Title => post.title.as_mut().unwrap_or(&mut post.text),
            Field::Text => &mut post.text,
        }
        .replace_range(word.clone(), "");
        post.full_text()
    }
}

fn fields(post: &Post) -> impl Iterator<Item = (Field, &str)> {
    let title = post.title.as_deref().map(|title| (Field::Title, title));
    title.into_iter().chain([(Field::Text, post.text.as_str())])
}

fn utf16(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Byte ranges of the words of `text`: words between spaces and punctuation, emoji, emoji codes
/// in brackets such as `[泪]`, and pieces of what is written without spaces.
fn cut(text: &str, pieces: impl Fn(&str) -> Result<Vec<usize>>) -> Result<Vec<Range<usize>>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    // Unicode's own word boundaries (UAX 29) leave each Han character by itself.
    let mut run = 0..0;
    let mut bounds = text.split_word_bound_indices().peekable();
    while let Some((at, word)) = bounds.next() {
        if let Some(end) = code_end(text, at) {
            words.push(at..end);
            while bounds.next_if(|(next, _)| *next < end).is_some() {}
        } else if word.chars().any(is_unspaced) {
            if run.end != at {
                run = at..at;
            }
            run.end = at + word.len();
            let goes_on = bounds
                .peek()
                .is_some_and(|(next, word)| *next == run.end && word.chars().any(is_unspaced));
            if !goes_on {
                cut_run(text, run.clone(), &pieces, &mut words)?;
            }
        } else if word
            .chars()
            .any(|c| c.is_alphanumeric() || is_emoji(c) || is_regional(c))
        {
            words.push(at..at + word.len());
        }
    }
    Ok(words)
}

/// Makes the words that `name` runs over one word, which begins and ends where they do.
fn keep_whole(words: &mut Vec<Range<usize>>, name: Range<usize>) {
    let first = words.partition_point(|word| word.end <= name.start);
    let after = words.partition_point(|word| word.start < name.end);
    if let [Range { start, .. }, .., Range { end, .. }] = words[first..after] {
        words.splice(first..after, std::iter::once(start..end));
    }
}

fn cut_run(
    text: &str,
    run: Range<usize>,
    pieces: impl Fn(&str) -> Result<Vec<usize>>,
    words: &mut Vec<Range<usize>>,
) -> Result<()> {
    let mut ends = text[run.clone()]
        .char_indices()
        .map(|(i, c)| i + c.len_utf8());
    let mut start = run.start;
    for length in pieces(&text[run.clone()])? {
        let Some(end) = length.checked_sub(1).and_then(|n| ends.nth(n)) else {
            break;
        };
        words.push(start..run.start + end);
        start = run.start + end;
    }
    Ok(())
}

/// End of the emoji code that begins at `at`, if one does.
fn code_end(text: &str, at: usize) -> Option<usize> {
    let rest: Vec<char> = text[at..].chars().take(CODE_MAX + 2).collect();
    let code = &rest[..code_length(&rest)];
    (!code.is_empty()).then(|| at + code.iter().map(|c| c.len_utf8()).sum::<usize>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scorer::words::Locale;
    use proptest::prelude::*;

    /// Pairs of characters.
    fn pairs(run: &str) -> Result<Vec<usize>> {
        let n = run.chars().count();
        Ok((0..n).step_by(2).map(|i| (n - i).min(2)).collect())
    }

    fn words(text: &str) -> Vec<&str> {
        let found = cut(text, pairs).unwrap();
        found.into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn words_are_found_in_both_languages() {
        assert_eq!(
            words("I don't love it, 3.5 stars!"),
            ["I", "don't", "love", "it", "3.5", "stars"]
        );
        assert_eq!(
            words("真的很好喝！下次再来"),
            ["真的", "很好", "喝", "下次", "再来"]
        );
        assert_eq!(
            words("买了iPhone，好😀😀[泪][not a code]"),
            [
                "买了", "iPhone", "好", "😀", "😀", "[泪]", "not", "a", "code"
            ]
        );
        assert!(words("…… !? ~").is_empty());
    }

    #[test]
    fn a_words_share_is_what_the_post_loses_without_it() {
        let post = Post {
            title: Some("好😀 tea".into()),
            text: "bad tea".into(),
            ..Post::default()
        };
        // s counts "bad", T counts "tea".
        let predict = |texts: &[String]| {
            let count = |text: &String, word| text.matches(word).count() as f32;
            Ok(texts
                .iter()
                .map(|t| (-count(t, "bad"), count(t, "tea")))
                .collect())
        };
        let mut words = LeaveOneOut::new(&post, (-1.0, 2.0), &[], pairs).unwrap();
        let shares = words.step(predict).unwrap();
        assert_eq!(words.step(predict).unwrap(), []);
        let found: Vec<_> = shares
            .iter()
            .map(|w| (w.field, w.start..w.end, w.s, w.t))
            .collect();
        let expected = [
            (Field::Title, 0..1, 0.0, 0.0),
            (Field::Title, 1..3, 0.0, 0.0),
            (Field::Title, 4..7, 0.0, 1.0),
            (Field::Text, 0..3, -1.0, 0.0),
            (Field::Text, 4..7, 0.0, 1.0),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn names_stay_whole() {
        let post = Post {
            text: "我在瑞幸咖啡等Luna Coffee".into(),
            ..Post::default()
        };
        let names = ["瑞幸", "luna coffee", "茶", ""];
        let single = |run: &str| Ok(vec![1; run.chars().count()]);
        let words = LeaveOneOut::new(&post, (0.0, 0.0), &names, single).unwrap();
        let found = words
            .words
            .iter()
            .map(|(_, range)| &post.text[range.clone()]);
        let expected = ["我", "在", "瑞幸", "咖", "啡", "等", "Luna Coffee"];
        assert_eq!(found.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_hint_names_the_strongest_word_but_no_negation() {
        let post = Post {
            text: "not a bad drink".into(),
            ..Post::default()
        };
        let predict = |texts: &[String]| {
            let s = |text: &String| match (text.contains("not"), text.contains("bad")) {
                (true, true) => 0.4,
                (false, true) => -0.8,
                _ => 0.0,
            };
            Ok(texts.iter().map(|text| (s(text), 1.0)).collect())
        };
        let en = Locale::En.words();
        let mut words = LeaveOneOut::new(&post, (0.4, 1.0), &[], pairs).unwrap();
        assert_eq!(words.hint(en), None);
        words.step(predict).unwrap();
        let hint = words.hint(en).unwrap();
        assert_eq!(hint.code, "word");
        assert_eq!(
            hint.message,
            "The reading of the tone hangs most on “bad”: +0.40 with it, +0.00 without."
        );
    }

    #[test]
    fn long_posts_go_in_steps_and_to_a_limit() {
        let post = Post {
            text: "word ".repeat(MAX_WORDS + 3),
            ..Post::default()
        };
        let mut words = LeaveOneOut::new(&post, (0.0, 0.0), &[], pairs).unwrap();
        assert_eq!((words.len(), words.skipped), (MAX_WORDS, 3));
        let predict = |texts: &[String]| Ok(vec![(0.0, 0.0); texts.len()]);
        let mut found = 0;
        loop {
            let step = words.step(predict).unwrap().len();
            assert!(step <= 1, "{step} copies of a post as long as that at once");
            found += step;
            if step == 0 {
                break;
            }
        }
        assert_eq!(found, MAX_WORDS);
    }

    proptest! {
        #[test]
        fn words_are_in_order_and_on_character_bounds(text in "\\PC{0,40}") {
            let mut end = 0;
            for word in cut(&text, pairs).unwrap() {
                prop_assert!(word.start >= end && word.end > word.start);
                prop_assert!(text.get(word.clone()).is_some());
                end = word.end;
            }
        }
    }
}
