//! Patterns that are put into a post to move its reach or its score rather than to say something.
//!
//! They are named beside the score: people decide which giveaway is spam. What asks to be passed
//! on for a prize or for luck is not read as praise either (`said.rs`). Every rule looks at a
//! stretch of the text, so that a long honest post doesn't dilute what was added to it.

use crate::post::brand::BrandProfile;
use crate::scorer::answer::Note;
use crate::scorer::words::{Words, note};
use crate::text::Cleaned;
use crate::text::symbols::symbol_length;
use crate::text::{Name, Searchable};

/// Praise words within [`STRETCH`] letters that make a heap of them.
const PRAISES: usize = 5;
/// Times a brand is named within [`STRETCH`] letters besides the names' own.
const NAMINGS: usize = 4;
/// Letters, digits and ideographs; about a sentence of Chinese or ten words of English.
const STRETCH: usize = 48;
/// Emoji or `[codes]` in a row, spaces aside.
const EMOJI_RUN: usize = 8;
/// Invisible characters; one may slip in when a text is pasted.
const HIDDEN: usize = 2;

const PRAISE: [&str; 40] = [
    "完美",
    "太棒",
    "超棒",
    "最棒",
    "好用",
    "好吃",
    "推荐",
    "必买",
    "无敌",
    "绝绝子",
    "满分",
    "超赞",
    "赞爆",
    "喜欢",
    "爱了",
    "惊艳",
    "神器",
    "良心",
    "优秀",
    "厉害",
    "五星",
    "顶级",
    "amazing",
    "awesome",
    "best",
    "perfect",
    "love",
    "excellent",
    "great",
    "fantastic",
    "wonderful",
    "incredible",
    "brilliant",
    "superb",
    "outstanding",
    "flawless",
    "stunning",
    "fabulous",
    "recommend",
    "unbeatable",
];
/// Words that ask readers to pass a post on ...
const ASKED: [&str; 16] = [
    "转发",
    "转评",
    "评论",
    "关注",
    "点赞",
    "艾特",
    "留言",
    "retweet",
    "rt this",
    "rt to",
    "rt &",
    "follow",
    "comment",
    "tag a",
    "share this",
    "like this",
];
/// ... for the chance of a prize.
const PROMISED: [&str; 20] = [
    "抽奖",
    "抽取",
    "抽出",
    "抽一",
    "抽1",
    "抽3",
    "抽5",
    "抽10",
    "中奖",
    "送出",
    "免费送",
    "幸运粉丝",
    "奖品",
    "giveaway",
    "to win",
    "chance to win",
    "prize draw",
    "lucky winner",
    "free gift",
    "win a",
];

/// Words that promise luck to whoever passes a post on.
const LUCK: [&str; 12] = [
    "转发这条锦鲤",
    "转发锦鲤",
    "转发好运",
    "转发接好运",
    "接好运",
    "转发有好运",
    "转发许愿",
    "转这条",
    "retweet for luck",
    "rt for luck",
    "forward for luck",
    "share for good luck",
];

fn has(text: &str, known: &[&str]) -> bool {
    let folded = text.to_lowercase();
    known.iter().any(|word| folded.contains(word))
}

/// True if a text asks its readers to pass it on, follow or answer.
pub(super) fn asks_to_pass_on(text: &str) -> bool {
    has(text, &ASKED)
}

/// True if a text promises a prize.
pub(super) fn promises(text: &str) -> bool {
    has(text, &PROMISED)
}

/// True if a text promises luck to whoever passes it on.
pub(super) fn asks_for_luck(text: &str) -> bool {
    has(text, &LUCK)
}

/// A note for each such pattern that a post shows. `text` is the post as it was written.
pub fn list(
    words: &Words,
    text: &str,
    cleaned: &Cleaned,
    brand: Option<&BrandProfile>,
) -> Vec<Note> {
    let folded: String = cleaned.text.to_lowercase();
    let mut list = Vec::new();
    if asks_to_pass_on(&folded) && promises(&folded) {
        list.push(note!(words, flags.giveaway));
    }
    if asks_for_luck(&folded) {
        list.push(note!(words, flags.luck));
    }
    let praises = PRAISE.iter().flat_map(|word| folded.match_indices(word));
    let mut praises: Vec<(usize, usize)> = praises.map(|(at, w)| (at, w.len())).collect();
    if are_crowded(&folded, &mut praises, PRAISES) {
        list.push(note!(words, flags.praise_stuffing));
    }
    let searchable = Searchable::new(&folded);
    let names = brand.into_iter().flat_map(BrandProfile::names);
    let namings = names.flat_map(|name| searchable.find(&Name::new(name)));
    let mut namings: Vec<(usize, usize)> = namings.map(|r| (r.start, r.len())).collect();
    if are_crowded(&folded, &mut namings, NAMINGS) {
        list.push(note!(words, flags.brand_repeated));
    }
    if longest_emoji_run(text) >= EMOJI_RUN {
        list.push(note!(words, flags.emoji_flood));
    }
    if cleaned.hidden >= HIDDEN {
        list.push(note!(words, flags.hidden_characters));
    }
    list
}

/// True if `count` of the finds (byte offset, bytes) stand within [`STRETCH`] characters, not
/// counting what was found itself.
fn are_crowded(text: &str, finds: &mut [(usize, usize)], count: usize) -> bool {
    finds.sort_unstable();
    let letters = |part: &str| part.chars().filter(|c| c.is_alphanumeric()).count();
    finds.windows(count).any(|run| {
        let (first, last) = (run[0], run[count - 1]);
        let Some(whole) = text.get(first.0..last.0 + last.1) else {
            return false;
        };
        let found = run.iter().filter_map(|(at, n)| text.get(*at..at + n));
        letters(whole).saturating_sub(found.map(letters).sum()) <= STRETCH
    })
}

/// Emoji and `[codes]` in the longest row of them, spaces aside.
fn longest_emoji_run(text: &str) -> usize {
    let chars: Vec<char> = text.chars().collect();
    let (mut longest, mut run) = (0, 0);
    let mut rest = &chars[..];
    while let Some(c) = rest.first() {
        let length = symbol_length(rest);
        if length > 0 {
            run += 1;
        } else if !c.is_whitespace() {
            run = 0;
        }
        longest = longest.max(run);
        rest = &rest[length.max(1)..];
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scorer::words::Locale;
    use crate::text::clean_report;

    fn codes(text: &str) -> Vec<&'static str> {
        let brand = BrandProfile {
            name: "Luna Coffee".into(),
            aliases: vec!["月咖".into()],
            ..BrandProfile::default()
        };
        let words = Locale::En.words();
        let notes = list(words, text, &clean_report(text), Some(&brand));
        notes.into_iter().map(|n| n.code).collect()
    }

    #[test]
    fn each_pattern_is_named() {
        for (text, code) in [
            ("关注并转发本条微博，抽取3位送月饼", "giveaway"),
            ("RT to win a bag of beans", "giveaway"),
            ("转发这条锦鲤，接好运", "luck"),
            (
                "完美！太棒了！强烈推荐！必买！无敌好用！",
                "praise_stuffing",
            ),
            (
                "Best best best amazing awesome perfect love it",
                "praise_stuffing",
            ),
            ("月咖月咖月咖月咖", "brand_repeated"),
            (
                "Luna Coffee, luna coffee! LUNA COFFEE #LunaCoffee",
                "brand_repeated",
            ),
            ("好喝😍😍😍😍😍 😍😍😍", "emoji_flood"),
            ("[赞][赞][赞][赞][赞][赞][赞][赞]", "emoji_flood"),
            ("[并不简单]".repeat(8).as_str(), "emoji_flood"),
            ("g\u{200b}oo\u{200b}d", "hidden_characters"),
        ] {
            assert!(codes(text).contains(&code), "{text}: {:?}", codes(text));
        }
    }

    #[test]
    fn plain_posts_show_none() {
        for text in [
            "月咖的拿铁很好喝，推荐给大家，就是有点贵。😊",
            "I love the new beans at Luna Coffee. Best flat white in town, and they were kind.",
            "转发微博",
            // A family, a keycap and a flag are one emoji each; a rating is none.
            "👨‍👩‍👧‍👦1️⃣🇨🇳 four of us were there",
            "★★★★★★★★ out of ten",
            "[see the first][see the second][see the third][see the fourth]",
            "Follow the path to the river and you will find Luna Coffee on the left.",
            "",
        ] {
            assert_eq!(codes(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_long_honest_text_hides_nothing() {
        let honest = "The queue was long and the barista was new. ".repeat(20);
        let text = format!("{honest} Perfect! Amazing! Best! Love! Awesome! Great!");
        assert_eq!(codes(&text), ["praise_stuffing"]);
    }
}
