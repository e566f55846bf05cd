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

/// Words without a tone of their own, in lower case; Chinese ones in simplified characters.
const FUNCTION_WORDS: [&str; 96] = [
    "a", "an", "the", "and", "or", "but", "so", "to", "of", "in", "on", "at", "for", "from",
    "with", "by", "as", "is", "are", "was", "were", "be", "been", "am", "it", "its", "this",
    "that", "these", "those", "i", "me", "my", "we", "our", "you", "your", "he", "she", "they",
    "them", "their", "his", "her", "has", "have", "had", "do", "does", "did", "will", "would",
    "can", "could", "just", "then", "的", "了", "是", "在", "和", "与", "也", "就", "都", "还",
    "又", "把", "被", "给", "让", "这", "那", "我", "你", "他", "她", "它", "我们", "你们", "他们",
    "着", "过", "吧", "吗", "呢", "啊", "要", "会", "能", "必", "才", "去", "到", "从", "对",
];

/// True for a word that has no tone of its own, such as 了 or "the".
pub fn is_function_word(word: &str) -> bool {
    let word = word.trim().to_lowercase();
    let word: String = word.chars().map(simplified).collect();
    FUNCTION_WORDS.contains(&word.as_str()) || word.chars().all(|c| c.is_ascii_digit())
}

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
