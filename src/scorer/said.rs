//! What a post says, without what only discloses that it is paid for, or asks to be passed on.
//!
//! Neither says anything of the brand. So neither moves the tone: a post must not lose by being
//! honest, or win by a prize.

use super::gaming::{asks_for_luck, asks_to_pass_on, promises};
use crate::text::clauses::{clauses, sentences};

/// Marks of a disclosure where a tag or bracket stands round them, in lower case.
const DISCLOSED: [&str; 14] = [
    "广告合作",
    "商务合作",
    "品牌合作",
    "广告",
    "合作",
    "赞助",
    "推广",
    "sponsored",
    "advertisement",
    "gifted",
    "partner",
    "promo",
    "paid",
    "ad",
];
/// What may stand before a mark, and after it.
const OPEN: [char; 8] = ['#', '＃', '[', '【', '(', '（', '「', '*'];
const CLOSE: [char; 10] = ['#', '＃', ']', '】', ')', '）', '」', '*', ':', '：'];

/// The text without those parts; `None` if it has none, or is made of nothing else.
pub fn said(text: &str) -> Option<String> {
    let mut kept = String::with_capacity(text.len());
    for sentence in sentences(text) {
        let sentence = &text[sentence];
        let prize = asks_to_pass_on(sentence) && promises(sentence);
        for clause in clauses(sentence) {
            let clause = &sentence[clause];
            let passed_on = prize && (asks_to_pass_on(clause) || promises(clause));
            if !passed_on && !asks_for_luck(clause) {
                kept += clause;
            }
        }
    }
    let kept = without_disclosures(&kept);
    let changed = kept.len() < text.len();
    (changed && kept.chars().any(char::is_alphanumeric)).then_some(kept)
}

/// The text without tags such as `#ad`, brackets such as `【广告】`, and the same words alone in
/// a clause.
fn without_disclosures(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for clause in clauses(text) {
        let clause = &text[clause];
        let bare = clause.trim_matches(|c: char| !c.is_alphanumeric());
        if is_disclosure(bare) {
            // What stood round it separates its neighbours still.
            kept.extend(clause.chars().filter(|c| c.is_whitespace()));
        } else {
            kept += &without_marked(clause);
        }
    }
    kept
}

fn is_disclosure(words: &str) -> bool {
    let words = words.to_lowercase();
    DISCLOSED.contains(&words.as_str())
}

fn without_marked(clause: &str) -> String {
    let mut kept = String::with_capacity(clause.len());
    let mut rest = clause;
    while let Some(at) = rest.find(OPEN) {
        let (before, marked) = rest.split_at(at);
        kept += before;
        let inner = marked.trim_start_matches(OPEN);
        let end = inner
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(inner.len());
        let (word, after) = inner.split_at(end);
        if is_disclosure(word) {
            rest = after.strip_prefix(CLOSE).unwrap_or(after);
        } else {
            let kept_until = marked.len() - inner.len() + end;
            // At least the mark itself, so that this ends.
            let first = marked.chars().next().map_or(1, char::len_utf8);
            let (done, next) = marked.split_at(kept_until.max(first));
            kept += done;
            rest = next;
        }
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disclosures_and_prizes_are_not_said() {
        for (text, expected) in [
            ("#ad I love these boots.", " I love these boots."),
            ("I love these boots. #sponsored", "I love these boots. "),
            ("【广告】月咖的拿铁很好喝", "月咖的拿铁很好喝"),
            ("月咖的拿铁很好喝 #广告#", "月咖的拿铁很好喝 "),
            ("月咖的拿铁很好喝。广告", "月咖的拿铁很好喝。"),
            ("拿铁很好喝！关注并转发，抽取3位送月饼。", "拿铁很好喝！"),
            ("Great beans. RT to win a bag of them!", "Great beans. "),
            ("咖啡凉了。转发这条锦鲤，接好运。", "咖啡凉了。"),
        ] {
            assert_eq!(said(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_said_of_advertisements_is_said() {
        for text in [
            "爱奇艺会员涨价之后还是没完没了的广告，退订了。",
            "The ad was better than the film.",
            "#nike #running at dawn",
            "Paid twice for one coffee",
            "转发微博",
            "#ad",
        ] {
            assert_eq!(said(text), None, "{text}");
        }
    }
}
