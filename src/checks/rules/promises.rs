//! Effects and returns that nobody can promise.

use super::{Group, rule, unless};
use crate::checks::{Level, sources};

/// Denials, warnings and reports, in which a claim is nobody's own.
const DENIED: &[&str] = &[
    "别信",
    "骗",
    "智商税",
    "没有什么",
    "别指望",
    "不保证",
    "不承诺",
    "因人而异",
    "都是假的",
    "不能",
    "没有这",
    "没有~作用",
    "不保本",
    "有风险",
    "谁说",
];

const DENIED_EN: &[&str] = &[
    "won't",
    "does not",
    "doesn't",
    "don't",
    "no medical claims",
    "nothing here",
    "lying",
    "liar",
    "scam",
    "nobody",
    "anyone who",
    "no investment",
    "not a cure",
];

pub(super) const GROUPS: &[Group] = &[
    Group {
        code: "guarantee",
        level: Level::Must,
        source: Some(sources::GUARANTEES),
        sentence: DENIED,
        rules: &[
            rule(&[
                "100%有效",
                "百分百有效",
                "百分之百有效",
                "100%祛",
                "百分百祛",
                "100%见效",
            ]),
            rule(&[
                "¤天见效",
                "¤周见效",
                "¤次见效",
                "当天见效",
                "立刻见效",
                "秒见效",
                "立竿见影",
            ]),
            rule(&[
                "无效~退",
                "不白不要钱",
                "不瘦不要钱",
                "无效包退",
                "不过退费",
                "不过包退",
            ]),
            rule(&[
                "保证~瘦",
                "保证~白",
                "保证~不反",
                "保证提分",
                "保证~考上",
                "包过",
                "必上985",
            ]),
            unless(&["必过"], &[], &["这", "那"]),
            rule(&[
                "不反弹",
                "永不反弹",
                "永不复发",
                "不复发",
                "永久脱毛",
                "永久祛",
                "一辈子不长",
            ]),
            rule(&[
                "绝对安全",
                "绝对有效",
                "绝对无害",
                "彻底祛",
                "彻底根除",
                "彻底告别",
            ]),
            unless(
                &["零风险", "0风险"],
                &[],
                &["高收益", "收益", "套利", "赚", "投资"],
            ),
            rule(&[
                "有效率¤%",
                "治愈率¤%",
                "成功率¤%",
                "¤天美白",
                "¤天淡纹",
                "¤天祛斑",
                "¤天瘦",
            ]),
        ],
    },
    Group {
        code: "guarantee",
        level: Level::Must,
        source: Some(sources::FTC_CLAIMS),
        sentence: DENIED_EN,
        rules: &[
            rule(&[
                "guaranteed results",
                "results guaranteed",
                "results or your money back",
                "100% effective",
                "100% guaranteed",
            ]),
            rule(&[
                "works for everyone",
                "works instantly on every",
                "works on everyone",
            ]),
            rule(&[
                "lose ¤ pounds",
                "lose ¤ lbs",
                "lose ¤ kilos",
                "drop ¤ pounds",
            ]),
            rule(&[
                "zero risk",
                "never have acne again",
                "never~again, guaranteed",
            ]),
        ],
    },
    Group {
        code: "return",
        level: Level::Must,
        source: Some(sources::RETURNS),
        sentence: DENIED,
        rules: &[
            rule(&[
                "保本",
                "保息",
                "本金无忧",
                "保证收益",
                "收益保证",
                "保底收益",
            ]),
            rule(&["稳赚", "包赚", "躺赚", "必涨", "只涨不跌", "必赚", "翻倍赚"]),
            rule(&["高收益", "无风险", "零风险高", "保值增值", "升值潜力无限"]),
            rule(&[
                "内幕消息",
                "¤个月回本",
                "一个月回本",
                "月入过万",
                "日入过千",
            ]),
        ],
    },
    Group {
        code: "return",
        level: Level::Must,
        source: Some(sources::FTC_MONEY),
        sentence: DENIED_EN,
        rules: &[
            rule(&[
                "guaranteed return",
                "guaranteed returns",
                "guaranteed income",
                "guaranteed profit",
            ]),
            rule(&[
                "risk-free profit",
                "risk free profit",
                "risk-free returns",
                "no risk at all",
                "can't lose",
            ]),
            rule(&["double your money", "triple your money", "get rich"]),
        ],
    },
];
