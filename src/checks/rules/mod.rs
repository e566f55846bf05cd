//! The list of rules: what is looked for, what is left alone, and what each rests on.
//!
//! In a pattern `¤` stands for digits, Chinese ones too, and `~` for a few letters of the same
//! sentence. Words are compared without case, width and script.

mod absolute;
mod attention;
mod medical;
mod promises;

use super::folded::{Folded, fold};
use super::words::Words;
use super::{Field, Finding, Level, Source};

/// All rules, by kind.
const KINDS: [&[Group]; 4] = [
    absolute::GROUPS,
    medical::GROUPS,
    promises::GROUPS,
    attention::GROUPS,
];

/// Words behind a claim that make a question of it.
const ASKED: &[&str] = &["吗", "么", "不?"];

/// An entry of the list.
struct Rule {
    /// What is looked for.
    find: &'static [&'static str],
    /// Left alone with any of these right before it ...
    before: &'static [&'static str],
    /// ... or right after it.
    after: &'static [&'static str],
    /// Words to put in its place: only where they fit whatever stands around.
    instead: Option<&'static str>,
}

/// Entries of one kind.
struct Group {
    code: &'static str,
    level: Level,
    /// What the rules rest on; none where it is only known from use.
    source: Option<Source>,
    /// Left alone in a sentence with any of these: it denies, warns, reports or asks.
    sentence: &'static [&'static str],
    rules: &'static [Rule],
}

/// An entry without exceptions.
const fn rule(find: &'static [&'static str]) -> Rule {
    Rule {
        find,
        before: &[],
        after: &[],
        instead: None,
    }
}

/// An entry with milder words to put in its place.
const fn milder(find: &'static [&'static str], instead: &'static str) -> Rule {
    Rule {
        find,
        before: &[],
        after: &[],
        instead: Some(instead),
    }
}

/// An entry that is left alone before or after some words.
const fn unless(
    find: &'static [&'static str],
    before: &'static [&'static str],
    after: &'static [&'static str],
) -> Rule {
    Rule {
        find,
        before,
        after,
        instead: None,
    }
}

/// What the rules find in a part of a post: of words that several find, the first.
pub fn find(folded: &Folded, field: Field, words: &Words) -> Vec<Finding> {
    let mut found: Vec<(std::ops::Range<usize>, Finding)> = Vec::new();
    for group in KINDS.into_iter().flatten() {
        for rule in group.rules {
            for pattern in rule.find {
                for place in folded.find(&fold(pattern)) {
                    let exempt = folded.beside(&place, rule.before, rule.after)
                        || folded.beside(&place, &[], ASKED)
                        || folded.sentence_has(&place, group.sentence);
                    let taken = found.iter().any(|(other, finding)| {
                        finding.code == group.code
                            && other.start < place.end
                            && place.start < other.end
                    });
                    if exempt || taken {
                        continue;
                    }
                    let mut finding = words.at(
                        group.code,
                        group.level,
                        field,
                        folded,
                        place.clone(),
                        group.source,
                    );
                    finding.rule = format!("{}:{}", group.code, rule.find[0]);
                    finding.replacement = rule.instead.map(str::to_owned);
                    found.push((place, finding));
                }
            }
        }
    }
    found.into_iter().map(|(_, finding)| finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::{CheckRequest, check};
    use crate::post::Post;

    /// A sentence for each pattern that has milder words, before and after: to be read by a person.
    const MENDED: &[(&str, &str)] = &[
        ("用的是最高级的面料。", "用的是高级的面料。"),
        ("这台车最高端，开着稳。", "这台车高端，开着稳。"),
        ("选了最优质的牛奶。", "选了优质的牛奶。"),
        (
            "最先进的降噪技术，这副耳机有。",
            "先进的降噪技术，这副耳机有。",
        ),
        ("请了最权威的老师来讲。", "请了权威的老师来讲。"),
        ("这是一次最完美的旅行", "这是一次完美的旅行"),
        ("最专业的团队，帮你收纳。", "专业的团队，帮你收纳。"),
        ("给宝宝用最安全的洗衣液。", "给宝宝用安全的洗衣液。"),
        ("我试过最有效的办法是早睡。", "我试过有效的办法是早睡。"),
        ("这家店买着最放心。", "这家店买着放心。"),
        ("最健康的零食就是它。", "健康的零食就是它。"),
        ("最受欢迎的口味是海盐。", "受欢迎的口味是海盐。"),
        (
            "店里最畅销的面包，下午就没了。",
            "店里畅销的面包，下午就没了。",
        ),
        ("最热销的一款是蓝色。", "热销的一款是蓝色。"),
        (
            "全网最好吃的锅包肉，在我家楼下。",
            "比较好吃的锅包肉，在我家楼下。",
        ),
        ("史上最便宜的一次，快来。", "比较便宜的一次，快来。"),
        ("全球最薄的笔记本电脑。", "比较薄的笔记本电脑。"),
        ("世界最轻的帐篷，我背过。", "比较轻的帐篷，我背过。"),
        ("中国最大的直播间开播了。", "比较大的直播间开播了。"),
        ("全国最新鲜的草莓到货。", "比较新鲜的草莓到货。"),
        ("宇宙最甜的西瓜来了。", "比较甜的西瓜来了。"),
        ("史无前例的优惠，今晚开始。", "少见的优惠，今晚开始。"),
        ("空前绝后的阵容，值得一看。", "少见的阵容，值得一看。"),
        ("这样的机会绝无仅有。", "这样的机会少见。"),
        ("独一无二的花纹，每只都不同。", "少见的花纹，每只都不同。"),
        ("最顶尖的工艺，摸着就知道。", "出色的工艺，摸着就知道。"),
        ("顶尖工匠手工打磨。", "出色工匠手工打磨。"),
        ("这块表是他的巅峰之作。", "这块表是他的用心之作。"),
    ];

    /// The text with the first replacement made that is offered, as the page makes it.
    fn mended(text: &str) -> Option<String> {
        let request = CheckRequest {
            post: Post {
                text: text.to_owned(),
                ..Post::default()
            },
            ..CheckRequest::default()
        };
        let checks = check(&request);
        let mut found = checks.findings.iter();
        let (finding, with) = found.find_map(|f| Some((f, f.replacement.as_ref()?)))?;
        let written: Vec<u16> = text.encode_utf16().collect();
        let [before, after] = [&written[..finding.start], &written[finding.end..]]
            .map(|part| String::from_utf16(part).unwrap());
        Some(before + with + &after)
    }

    #[test]
    fn every_replacement_leaves_a_sentence_that_reads_well() {
        for (before, after) in MENDED {
            assert_eq!(mended(before).as_deref(), Some(*after), "{before}");
        }
        let rules = KINDS.into_iter().flatten().flat_map(|group| group.rules);
        for rule in rules.filter(|rule| rule.instead.is_some()) {
            for pattern in rule.find {
                let tried = MENDED.iter().any(|(before, _)| before.contains(pattern));
                assert!(tried, "no sentence with {pattern}");
            }
        }
    }

    #[test]
    fn nothing_is_put_in_the_place_of_words_that_go_on() {
        for text in [
            "首选这家吃火锅。",
            "唯一能打的粉底。",
            "增强免疫力的酸奶。",
            "100%祛斑，亲测。",
            "7天见效的精华。",
            "行业领先品牌，值得信赖。",
            "杀菌率99%，放心用。",
            "好吃，没有之一。",
            "我的不二之选。",
            "全网第一的拿铁。",
            "想要的加V领券。",
            "The #1 rated vacuum in the world.",
        ] {
            let found = check(&CheckRequest {
                post: Post {
                    text: text.to_owned(),
                    ..Post::default()
                },
                ..CheckRequest::default()
            });
            assert!(found.findings.iter().any(|f| f.end > 0), "{text}");
            assert_eq!(mended(text), None, "{text}");
        }
    }
}
