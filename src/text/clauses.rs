//! Sentences and clauses: stretches of a text between punctuation.

use std::ops::Range;

/// Ends a sentence.
const ENDS: [char; 8] = ['。', '！', '？', '!', '?', '…', '\n', '~'];
/// Ends a clause within one.
const PAUSES: [char; 7] = ['，', '；', '：', ',', ';', '、', '～'];

/// Byte ranges of the sentences of `text`, each with the punctuation and spaces after it. Together
/// they are the text.
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    cut(text, |c| ENDS.contains(&c))
}

/// Byte ranges of the clauses of `text`, each with the punctuation and spaces after it. Together
/// they are the text.
pub fn clauses(text: &str) -> Vec<Range<usize>> {
    cut(text, |c| ENDS.contains(&c) || PAUSES.contains(&c))
}

fn cut(text: &str, ends: impl Fn(char) -> bool) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut start, mut ended) = (0, false);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, c)| *c);
        // A point or comma inside a number or an address ends nothing.
        let inside = matches!(c, '.' | ',') && next.is_some_and(|n| !n.is_whitespace());
        let end = !inside && (ends(c) || c == '.');
        if ended && !end && !c.is_whitespace() {
            found.push(start..at);
            (start, ended) = (at, false);
        }
        ended |= end;
    }
    if start < text.len() {
        found.push(start..text.len());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Vec<&str> {
        clauses(text)
            .into_iter()
            .map(|range| &text[range])
            .collect()
    }

    #[test]
    fn clauses_end_at_punctuation_but_not_in_numbers() {
        assert_eq!(
            of("排队一小时，咖啡还是凉的！！再也不来了"),
            ["排队一小时，", "咖啡还是凉的！！", "再也不来了"]
        );
        assert_eq!(
            of("It cost 3.50, twice. See bsmv.dev"),
            ["It cost 3.50, ", "twice. ", "See bsmv.dev"]
        );
        assert!(of("").is_empty());
    }

    proptest! {
        #[test]
        fn clauses_are_the_text(text in "\\PC{0,60}") {
            prop_assert_eq!(of(&text).concat(), text.clone());
            let all = sentences(&text);
            prop_assert!(all.iter().all(|range| text.get(range.clone()).is_some()));
        }
    }
}
