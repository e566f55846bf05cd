//! Disclosure: a post that somebody gave something for says so, clearly and early.

use super::folded::Folded;
use super::words::Words;
use super::{Field, Finding, Level, Source, sources};
use crate::post::Post;
use crate::post::brand::BrandProfile;

/// Letters after which a label is below the fold.
const LATE: usize = 120;

/// What disclosure is made of in one language.
struct Language {
    /// Signs that something was given for the post.
    signs: &'static [&'static str],
    /// Labels that everybody understands.
    clear: &'static [&'static str],
    /// Labels that don't say plainly that it is an advertisement.
    weak: &'static [&'static str],
    /// It was paid for, or comes from friends: nothing to disclose.
    own: &'static [&'static str],
    /// The label to add.
    label: &'static str,
    source: Source,
}

const ZH: Language = Language {
    signs: &[
        "我的口令",
        "口令下单",
        "专属~码",
        "我的优惠码",
        "折扣码",
        "品牌寄",
        "品牌~寄来",
        "品牌方~送",
        "品牌送",
        "品牌爸爸",
        "官方寄",
        "官方送",
        "合作好物",
        "左下角链接",
        "左下角有链接",
        "左下角下单",
        "官方邀请",
        "店家请我",
        "商家请我",
        "受邀",
        "邀约探店",
        "品牌邀约",
        "受~邀约",
        "体验官",
        "商品橱窗",
        "橱窗里",
        "免费试用",
        "点击购物车",
        "戳购物车",
        "粉丝专享",
        "报我名字",
        "备注我名字",
        "产品置换",
        "资源置换",
        "无费置换",
        "置换合作",
        "置换探店",
        "置换笔记",
        "甲方",
    ],
    clear: &[
        "广告",
        "推广",
        "赞助",
        "利益相关",
        "商业合作",
        "含商业",
        "带货",
    ],
    weak: &["#合作", "恰饭", "pr礼盒", "品牌合作", "#种草合作"],
    own: &[
        "自费",
        "自己花钱",
        "自掏腰包",
        "无利益相关",
        "没有合作",
        "非广告",
        "自购",
    ],
    label: "【广告】",
    source: sources::DISCLOSURE_ZH,
};

const EN: Language = Language {
    signs: &[
        "my code",
        "code~for ¤ off",
        "code~for ¤%",
        "gifted~by",
        "for sending me",
        "they sent me",
        "sent me~for free",
        "link in bio",
        "link in my bio",
        "my link",
        "affiliate link",
        "partner with",
        "partnered with",
        "partnering with",
        "ambassador",
        "hosted stay",
        "in collaboration with",
        "pr package",
        "use code",
    ],
    clear: &[
        "#ad",
        "ad:",
        "advertisement",
        "sponsored",
        "#sponsored",
        "paid partnership",
        "paid ad",
        "#advertisement",
        "#paidpartnership",
    ],
    weak: &[
        "#sp",
        "#spon",
        "#collab",
        "#ambassador",
        "#partner",
        "#gifted",
        "#thanks",
    ],
    own: &[
        "own money",
        "not sponsored",
        "not an ad",
        "no affiliation",
        "bought it myself",
        "business partner",
        "ambassador gave",
    ],
    label: "#ad ",
    source: sources::DISCLOSURE_EN,
};

/// What is wrong with a post's disclosure; for a brand's post without any sign, a question.
pub fn find(
    post: &Post,
    brand: Option<&BrandProfile>,
    chinese: bool,
    words: &Words,
) -> Option<Finding> {
    let language = if chinese { &ZH } else { &EN };
    let whole = Folded::new(&post.full_text());
    let text = Folded::new(&post.text);
    let sign = whole.has(language.signs);
    let clear = whole.has(language.clear);
    let weak = text.has(language.weak);
    if whole.has(language.own).is_some() {
        return None;
    }
    let source = Some(language.source);
    if let Some(clear) = clear {
        let late = clear.start > LATE && sign.is_some_and(|sign| sign.start < clear.start);
        let place = text.has(language.clear).filter(|_| late)?;
        return Some(words.at(
            "disclosure_late",
            Level::Should,
            Field::Text,
            &text,
            place,
            source,
        ));
    }
    let mut finding = match (weak, sign) {
        (Some(place), _) => words.at(
            "disclosure_weak",
            Level::Must,
            Field::Text,
            &text,
            place,
            source,
        ),
        (None, Some(_)) => match text.has(language.signs) {
            Some(place) => words.at(
                "disclosure_missing",
                Level::Must,
                Field::Text,
                &text,
                place,
                source,
            ),
            None => words.whole("disclosure_missing", Level::Must, Field::Text, source),
        },
        (None, None) => {
            brand?;
            return Some(words.whole("interest", Level::Ask, Field::Text, source));
        }
    };
    finding.add = Some(language.label.to_owned());
    Some(finding)
}
