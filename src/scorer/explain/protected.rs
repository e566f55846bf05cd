//! Words that no hint may speak against: negations, warnings, and disclosures of advertising.

use std::ops::Range;

use crate::text::simplified;

/// Whole words of English, in lower case; those that end in `*` stand for all that begin so.
const ENGLISH: [&str; 44] = [
    // Negations; words that end in "n't" are found by their end.
    "no",
    "not",
    "never",
    "none",
    "nobody",
    "nothing",
    "nor",
    "neither",
    "without",
    "cannot",
    "hardly",
    "barely",
    "dont",
    "doesnt",
    "didnt",
    "isnt",
    "wont",
    "cant",
    // Warnings.
    "allerg*",
    "warn*",
    "caution*",
    "careful*",
    "recall*",
    "danger*",
    "hazard*",
    "risk*",
    "unsafe",
    "toxic*",
    "poison*",
    "irritat*",
    "rash*",
    "beware",
    "avoid*",
    "side",
    // Disclosures.
    "ad",
    "ads",
    "advert*",
    "sponsor*",
    "paid",
    "partner*",
    "gifted",
    "affiliate*",
    "promo*",
    "collab*",
];

/// Parts of Chinese text, in simplified characters.
const CHINESE: [&str; 37] = [
    // Negations.
    "不",
    "没",
    "无",
    "别",
    "未",
    "非",
    "勿",
    "莫",
    "休想",
    "绝非",
    "并非",
    // Warnings.
    "过敏",
    "慎",
    "小心",
    "注意",
    "警告",
    "警示",
    "禁",
    "副作用",
    "风险",
    "危险",
    "召回",
    "有毒",
    "刺激",
    "孕妇",
    "避雷",
    "中毒",
    "烂脸",
    // Disclosures.
    "广告",
    "合作",
    "赞助",
    "推广",
    "恰饭",
    "商单",
    "利益相关",
    "品牌方",
    "受邀",
];

/// True if the word at `word` (bytes) of `text` is a negation, a warning or a disclosure, or part
/// of one.
pub fn is_protected(text: &str, word: Range<usize>) -> bool {
    let own = text[word.clone()].to_lowercase().replace('’', "'");
    let english = |known: &&str| match known.strip_suffix('*') {
        Some(stem) => own.starts_with(stem),
        None => own == **known,
    };
    // Both scripts take as many bytes, so that the word stays where it is.
    let text: String = text.chars().map(simplified).collect();
    let overlaps = |known: &&str| {
        text.match_indices(*known)
            .any(|(at, found)| at < word.end && word.start < at + found.len())
    };
    own.ends_with("n't") || ENGLISH.iter().any(english) || CHINESE.iter().any(overlaps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found_protected(text: &str, word: &str) -> bool {
        let at = text.find(word).unwrap();
        is_protected(text, at..at + word.len())
    }

    #[test]
    fn negations_warnings_and_disclosures_are_protected() {
        for (text, word) in [
            ("I don't like it", "don't"),
            ("I don’t like it", "don’t"),
            ("Not bad", "Not"),
            ("It caused an allergic rash", "allergic"),
            ("#ad new shoes", "ad"),
            ("Sponsored by nobody", "Sponsored"),
            ("一点也不好喝", "不好"),
            ("敏感肌过敏了", "过"),
            ("本文为广告合作", "广告"),
            ("孕妇慎用", "慎用"),
            ("一點也沒效果", "沒"),
            ("有過敏風險", "風險"),
        ] {
            assert!(found_protected(text, word), "{text}: {word}");
        }
        for (text, word) in [
            ("I like it", "like"),
            ("a sad day", "sad"),
            ("nothing works", "works"),
            ("一点也不好喝", "一点"),
        ] {
            assert!(!found_protected(text, word), "{text}: {word}");
        }
    }
}
