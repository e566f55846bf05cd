//! The words of a text, in scripts with and without spaces, and the clauses that they make.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::Result;
use crate::text::clauses::clauses;
use crate::text::symbols::{CODE_MAX, code_length, is_emoji, is_regional, is_unspaced};

/// Most clauses of a text: neighbours are joined until there are no more.
pub(super) const MOST_CLAUSES: usize = 15;
/// Shortest clause in characters that stands alone.
const SHORTEST: usize = 4;
/// Characters of a clause past which it is cut between words, where nothing else cuts it.
const LONG: usize = 100;

/// Byte ranges of the clauses of `text`, whose words are `words`: together they are the text, and
/// none ends inside a word. Those that are too short are joined to a neighbour, and the shortest
/// where there are too many.
pub(super) fn clauses_of(text: &str, words: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for clause in clauses(text) {
        // A name or an emoji code may have a comma.
        let inside = |word: &Range<usize>| word.start < clause.start && clause.start < word.end;
        match found.last_mut() {
            Some(last) if words.iter().any(inside) => last.end = clause.end,
            _ => found.push(clause),
        }
    }
    let short = found
        .into_iter()
        .flat_map(|clause| shortened(text, clause, words));
    joined(text, short.collect())
}

/// A clause, cut between words where it is too long.
fn shortened(text: &str, clause: Range<usize>, words: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = clause.start;
    for word in words.iter().filter(|word| clause.contains(&word.start)) {
        if word.start > start && text[start..word.end].chars().count() > LONG {
            parts.push(start..word.start);
            start = word.start;
        }
    }
    parts.push(start..clause.end);
    parts
}

fn joined(text: &str, mut found: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let length = |range: &Range<usize>| text[range.clone()].chars().count();
    while found.len() > 1 {
        let shortest = (0..found.len()).min_by_key(|&i| length(&found[i]));
        let Some(i) = shortest else { break };
        if found.len() <= MOST_CLAUSES && length(&found[i]) >= SHORTEST {
            break;
        }
        // To the shorter neighbour, or one would grow without end.
        let before = i.checked_sub(1).map(|b| length(&found[b]));
        let after = found.get(i + 1).map(&length);
        let first = match (before, after) {
            (Some(before), Some(after)) if after < before => i,
            (None, _) => i,
            _ => i - 1,
        };
        found[first].end = found[first + 1].end;
        found.remove(first + 1);
    }
    found
}

/// Byte ranges of the words of `text`: words between spaces and punctuation, emoji, emoji codes
/// in brackets such as `[泪]`, and pieces of what is written without spaces.
pub(super) fn cut(
    text: &str,
    pieces: impl Fn(&str) -> Result<Vec<usize>>,
) -> Result<Vec<Range<usize>>> {
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
pub(super) fn keep_whole(words: &mut Vec<Range<usize>>, name: Range<usize>) {
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
    fn names_stay_whole() {
        let text = "我在瑞幸咖啡等";
        let single = |run: &str| Ok(vec![1; run.chars().count()]);
        let mut words = cut(text, single).unwrap();
        let at = text.find("瑞幸").unwrap();
        keep_whole(&mut words, at..at + "瑞幸".len());
        let found = words.into_iter().map(|range| &text[range]);
        assert_eq!(
            found.collect::<Vec<_>>(),
            ["我", "在", "瑞幸", "咖", "啡", "等"]
        );
    }

    #[test]
    fn clauses_end_in_no_word_and_are_neither_long_nor_many() {
        let clauses = |text: &str, name: &str| {
            let mut words = cut(text, pairs).unwrap();
            if let Some(at) = text.find(name).filter(|_| !name.is_empty()) {
                keep_whole(&mut words, at..at + name.len());
            }
            clauses_of(text, &words)
        };
        let of = |text: &'static str, name: &str| -> Vec<&str> {
            let ranges = clauses(text, name).into_iter();
            ranges.map(|range| &text[range]).collect()
        };
        assert_eq!(of("Wow, Inc. is bad.", ""), ["Wow, ", "Inc. ", "is bad."]);
        assert_eq!(of("Wow, Inc is bad.", "Wow, Inc"), ["Wow, Inc is bad."]);
        assert_eq!(
            of("好[好，好]喝，真的好喝", ""),
            ["好[好，好]喝，", "真的好喝"]
        );
        let long = "word ".repeat(60);
        let parts = clauses(&long, "");
        assert!(parts.iter().all(|part| part.len() <= LONG), "{parts:?}");
        assert_eq!(clauses(&"so, ".repeat(400), "").len(), MOST_CLAUSES);
    }

    proptest! {
        #[test]
        fn clauses_are_the_text(text in "\\PC{0,60}") {
            let words = cut(&text, pairs).unwrap();
            let found = clauses_of(&text, &words);
            let whole: String = found.iter().map(|range| &text[range.clone()]).collect();
            prop_assert_eq!(&whole, &text);
            for word in words {
                let holds = |clause: &&Range<usize>| clause.contains(&word.start);
                prop_assert!(found.iter().find(holds).unwrap().end >= word.end);
            }
        }

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
