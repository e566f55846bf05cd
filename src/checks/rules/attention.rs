//! What draws readers away, or buys or begs their attention.

use super::{Group, rule, unless};
use crate::checks::{Level, sources};

pub(super) const GROUPS: &[Group] = &[
    Group {
        code: "offsite",
        level: Level::Should,
        source: Some(sources::XIAOHONGSHU),
        sentence: &["别加", "骗", "和朋友"],
        rules: &[
            rule(&[
                "加v",
                "加微信",
                "加微",
                "加薇",
                "加vx",
                "加wx",
                "vx",
                "v信",
                "薇信",
                "威信同名",
                "微信同名",
            ]),
            rule(&["扫码进群", "进群领", "拉你进", "q群号", "留q群", "qq群号"]),
            rule(&["主页有联系方式", "私信我领", "私我领", "私信领"]),
        ],
    },
    Group {
        code: "offsite",
        level: Level::Should,
        source: Some(sources::X_PROMOTIONS),
        sentence: &["family", "is down"],
        rules: &[rule(&[
            "dm me on whatsapp",
            "dm me on telegram",
            "message me on telegram",
            "message me on whatsapp",
            "whatsapp me",
            "text me at",
        ])],
    },
    Group {
        code: "giveaway",
        level: Level::Should,
        source: Some(sources::GIVEAWAYS),
        sentence: &["年会"],
        rules: &[
            rule(&[
                "转发~抽",
                "关注~抽",
                "评论~抽",
                "点赞~抽",
                "留言~抽",
                "转评~抽",
                "转评赞里",
                "转发~送",
            ]),
            rule(&[
                "转发~好运",
                "转发这条锦鲤",
                "不转不是",
                "不转~倒霉",
                "转发~转运",
            ]),
        ],
    },
    Group {
        code: "giveaway",
        level: Level::Should,
        source: Some(sources::X_PROMOTIONS),
        sentence: &["never win"],
        rules: &[rule(&[
            "rt to win",
            "retweet to win",
            "to win a ",
            "tag a friend",
            "tag ¤ friends",
            "chance to win",
            "lucky winner",
            "giveaway!",
        ])],
    },
    Group {
        code: "begging",
        level: Level::Should,
        source: None,
        sentence: &["寻", "走失", "丢失", "失踪", "献血"],
        rules: &[unless(
            &[
                "求转发",
                "求扩散",
                "求点赞",
                "求赞",
                "求关注",
                "求收藏",
                "求三连",
                "求互关",
                "求互粉",
                "求互赞",
            ],
            &["不", "别", "没", "要", "需", "请", "追"],
            &["助"],
        )],
    },
];
