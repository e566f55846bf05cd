//! The list of rules: what is looked for, what is left alone, and what each rests on.
//!
//! In a pattern `¤` stands for digits, Chinese ones too, and `~` for a few letters of the same
//! sentence. Words are compared without case, width and script.

use super::folded::{Folded, fold};
use super::words::Words;
use super::{Field, Finding, Level, Source};

/// An entry of the list.
struct Rule {
    /// What is looked for.
    find: &'static [&'static str],
    /// Left alone with any of these right before it ...
    before: &'static [&'static str],
    /// ... or right after it.
    after: &'static [&'static str],
    /// Words to put in its place.
    instead: Option<&'static str>,
}

/// Entries of one kind.
struct Group {
    code: &'static str,
    level: Level,
    source: Source,
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

const AD_LAW: &str = "https://www.samr.gov.cn/zw/zfxxgk/fdzdgknr/fgs/art/2023/art_5474cf75173c45d6a0379730fb4e8d97.html";
const ABSOLUTES: Source = Source {
    name: "广告法第九条（三）；广告绝对化用语执法指南",
    url: "https://www.samr.gov.cn/ggjgs/tzgg/art/2023/art_183b5cb48d9e4f0dba67f9f912a913ba.html",
};
const MEDICAL: Source = Source {
    name: "广告法第十七条、第十八条",
    url: AD_LAW,
};
const GUARANTEES: Source = Source {
    name: "广告法第十六条、第十八条、第二十四条、第二十八条",
    url: AD_LAW,
};
const RETURNS: Source = Source {
    name: "广告法第二十五条",
    url: AD_LAW,
};
const OFFSITE: Source = Source {
    name: "小红书社区规范",
    url: "https://www.xiaohongshu.com/crown/community/rules",
};
const GIVEAWAYS: Source = Source {
    name: "反不正当竞争法；规范促销行为暂行规定",
    url: "https://www.samr.gov.cn/",
};
const FTC_CLAIMS: Source = Source {
    name: "FTC: Advertising and Marketing Basics",
    url: "https://www.ftc.gov/business-guidance/advertising-marketing/advertising-marketing-basics",
};
const FTC_HEALTH: Source = Source {
    name: "FTC: Health Products Compliance Guidance",
    url: "https://www.ftc.gov/business-guidance/resources/health-products-compliance-guidance",
};
const FTC_MONEY: Source = Source {
    name: "FTC: Business opportunities and investments",
    url: "https://www.ftc.gov/business-guidance/advertising-marketing",
};
const X_RULES: Source = Source {
    name: "X: Guidelines for promotions",
    url: "https://help.x.com/en/rules-and-policies/x-contest-rules",
};
/// Content made by machines says so.
pub const AI_LABEL: Source = Source {
    name: "人工智能生成合成内容标识办法第十条",
    url: "https://www.cac.gov.cn/2025-03/14/c_1743654684782215.htm",
};

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

const GROUPS: &[Group] = &[
    Group {
        code: "absolute",
        level: Level::Must,
        source: ABSOLUTES,
        sentence: &["别信", "骗", "智商税", "谁说", "叫“"],
        rules: &[
            milder(
                &[
                    "全网第一",
                    "全球第一",
                    "世界第一",
                    "宇宙第一",
                    "亚洲第一",
                    "行业第一",
                    "业内第一",
                ],
                "很多人喜欢",
            ),
            unless(
                &["全国第一", "中国第一"],
                &[],
                &["高", "批", "次", "家", "个", "条", "届", "所", "座", "人"],
            ),
            milder(
                &[
                    "销量第一",
                    "排名第一",
                    "销量冠军",
                    "销冠",
                    "第一品牌",
                    "领导品牌",
                    "领先品牌",
                ],
                "卖得不错",
            ),
            milder(&["no.1", "no1", "top1", "top 1"], "很受欢迎"),
            unless(
                &["国家级"],
                &[],
                &[
                    "自然保护",
                    "非物质",
                    "非遗",
                    "博物馆",
                    "公园",
                    "文物",
                    "湿地",
                    "重点",
                    "实验室",
                    "赛事",
                    "运动员",
                    "森林",
                ],
            ),
            unless(
                &["世界级", "全球级"],
                &[],
                &[
                    "博物馆",
                    "的博物馆",
                    "景点",
                    "景区",
                    "遗产",
                    "难题",
                    "赛事",
                    "城市",
                    "展",
                ],
            ),
            milder(&["最高级", "最高端"], "高级"),
            unless(
                &["最佳"],
                &["年度"],
                &[
                    "食用", "赏味", "使用", "饮用", "品尝", "观影", "观赏", "拍摄", "观景", "位置",
                    "时间", "时机", "温度", "时节", "季节", "姿势", "距离", "状态", "保存", "搭档",
                    "女", "男", "影", "导",
                ],
            ),
            unless(
                &["最好的"],
                &["过", "里"],
                &[
                    "朋友", "办法", "方法", "时候", "时光", "安排", "礼物", "一次", "一天", "我们",
                    "自己", "告别",
                ],
            ),
            milder(
                &["最优质", "最先进", "最顶尖", "最权威", "最完美", "最专业"],
                "优质",
            ),
            milder(&["最安全", "最有效", "最放心", "最健康"], "用着放心"),
            milder(&["最受欢迎", "最畅销", "最热销"], "受欢迎"),
            milder(
                &[
                    "全网最",
                    "史上最",
                    "全球最",
                    "世界最",
                    "中国最",
                    "全国最",
                    "宇宙最",
                ],
                "比较",
            ),
            unless(&["最低价"], &[], &["位"]),
            milder(
                &["史无前例", "空前绝后", "绝无仅有", "独一无二", "前无古人"],
                "少见的",
            ),
            unless(
                &["顶级", "极品"],
                &[],
                &[
                    "睡眠", "风景", "挑战", "享受", "社恐", "理解", "浪漫", "舒服", "拉扯", "赛事",
                    "球员",
                ],
            ),
            milder(&["顶尖", "巅峰之作", "极致"], "出色"),
            unless(
                &["万能"],
                &[],
                &[
                    "的妈",
                    "充",
                    "表",
                    "钥匙",
                    "险",
                    "胶",
                    "青年",
                    "的朋友",
                    "的室友",
                    "插",
                ],
            ),
            milder(
                &["全国首家", "全网首家", "全球首家", "首屈一指"],
                "较早的一家",
            ),
            milder(
                &[
                    "唯一一家",
                    "全网唯一",
                    "全球唯一",
                    "全国唯一",
                    "唯一有效",
                    "唯一能",
                ],
                "少有的",
            ),
            milder(
                &["遥遥领先", "世界领先", "全球领先", "国际领先", "行业领先"],
                "表现不错",
            ),
            milder(
                &[
                    "首选品牌",
                    "首选这",
                    "不二之选",
                    "没有之一",
                    "没有第二个选择",
                ],
                "可以考虑",
            ),
        ],
    },
    Group {
        code: "absolute",
        level: Level::Should,
        source: FTC_CLAIMS,
        sentence: &["i read", "heard", "isn't", "not the"],
        rules: &[
            milder(
                &[
                    "the #1",
                    "#1 brand",
                    "#1 rated",
                    "world's #1",
                    "america's #1",
                ],
                "a favorite",
            ),
            unless(
                &["number one"],
                &["was ", "were ", "am ", "i'm ", "my ", "is "],
                &[" in line", " in the queue", " fan", " rule"],
            ),
            rule(&[
                "world's best",
                "world's strongest",
                "world's safest",
                "world's finest",
                "world's first",
                "world's leading",
            ]),
            rule(&[
                "best~in the world",
                "best~in the country",
                "best~in america",
                "best~on the market",
                "best on earth",
            ]),
            rule(&[
                "most effective~in the world",
                "safest~ever made",
                "most effective~ever",
                "safest~in the world",
            ]),
            rule(&[
                "lowest price anywhere",
                "guaranteed lowest",
                "lowest price guaranteed",
                "cheapest anywhere",
            ]),
            rule(&[
                "the only~that works",
                "nothing works better",
                "nothing else works",
            ]),
            rule(&[
                "leading brand",
                "unmatched by any",
                "unrivaled",
                "unrivalled",
                "second to none",
            ]),
        ],
    },
    Group {
        code: "medical",
        level: Level::Must,
        source: MEDICAL,
        sentence: &[
            "医生",
            "医院",
            "别信",
            "骗",
            "智商税",
            "不能",
            "没有~作用",
            "没有这",
            "不治",
            "体检",
            "别自己",
            "去看病",
            "挂号",
            "复查",
            "兽医",
            "谁说",
            "确诊",
            "手术",
        ],
        rules: &[
            milder(&["消炎", "抗炎", "抗敏", "杀菌", "抑菌", "灭菌"], "温和"),
            rule(&[
                "降血糖",
                "降血压",
                "降血脂",
                "降三高",
                "降尿酸",
                "软化血管",
                "稳血糖",
            ]),
            rule(&[
                "根治",
                "治愈",
                "治好",
                "包治",
                "专治",
                "药到病除",
                "疗效",
                "对症",
            ]),
            unless(&["治疗"], &["物理", "心理"], &["了", "室", "师", "仪式"]),
            milder(
                &["无副作用", "没有副作用", "零副作用", "无毒副作用"],
                "我用着没有不舒服",
            ),
            rule(&[
                "抗癌",
                "防癌",
                "抗肿瘤",
                "预防~疾病",
                "预防~癌",
                "预防~血管",
            ]),
            rule(&[
                "祖传秘方",
                "祖传配方",
                "宫廷秘方",
                "偏方",
                "特效祛",
                "特效药",
                "神药",
                "药妆",
                "医用级",
                "械字号面膜",
            ]),
            rule(&["壮阳", "补肾", "丰胸", "壮骨", "增高"]),
            unless(
                &["排毒", "清热解毒", "活血化瘀", "祛湿", "驱寒祛湿"],
                &[],
                &["片", "液"],
            ),
            milder(
                &[
                    "增强免疫",
                    "提高免疫",
                    "提升免疫",
                    "增强抵抗力",
                    "提高抵抗力",
                ],
                "补充营养",
            ),
            rule(&["改善近视", "恢复视力", "降低度数", "治近视", "矫正视力"]),
            rule(&["细胞再生", "毛囊再生", "干细胞", "基因修复", "激活细胞"]),
            rule(&[
                "妇科炎症",
                "痛经没了",
                "告别痛经",
                "宿便",
                "甲状腺结节",
                "结节消失",
            ]),
        ],
    },
    Group {
        code: "medical",
        level: Level::Must,
        source: FTC_HEALTH,
        sentence: &[
            "doctor treated",
            "please see a doctor",
            "won't",
            "does not",
            "doesn't",
            "don't",
            "no medical claims",
            "nothing here",
            "salmon",
            "time heals",
            "treat yourself",
            "treated my burn",
            "scam",
            "lying",
            "not a cure",
            "patch test",
        ],
        rules: &[
            unless(
                &["cures", "cure", "cured"],
                &["dry ", "to "],
                &[" meat", " time", " for boredom"],
            ),
            rule(&[
                "treats~insomnia",
                "treats~depression",
                "treats~anxiety",
                "treat~insomnia",
                "treat~depression",
                "treat~anxiety",
                "treats~acne",
                "treats~eczema",
            ]),
            rule(&[
                "heals~eczema",
                "heals~acne",
                "heals~skin",
                "heals~gut",
                "heals~psoriasis",
            ]),
            rule(&[
                "clinically proven",
                "medically proven",
                "scientifically proven to",
                "no side effects",
                "zero side effects",
            ]),
            rule(&[
                "boosts your immune",
                "boost your immune",
                "boosts immunity",
                "prevents colds",
                "prevents cancer",
                "fights cancer",
                "prevents~disease",
            ]),
            rule(&[
                "detox~fat",
                "melts~fat",
                "burns belly fat",
                "flushes toxins",
                "removes toxins",
            ]),
            rule(&[
                "lowers blood sugar",
                "lowers blood pressure",
                "lowers cholesterol",
                "reverses diabetes",
                "reverses aging",
                "reverse aging",
                "reverses hair loss",
            ]),
            rule(&[
                "fda approved supplement",
                "fda-approved supplement",
                "doctor recommended",
                "doctor-recommended",
            ]),
        ],
    },
    Group {
        code: "guarantee",
        level: Level::Must,
        source: GUARANTEES,
        sentence: DENIED,
        rules: &[
            milder(
                &[
                    "100%有效",
                    "百分百有效",
                    "百分之百有效",
                    "100%祛",
                    "百分百祛",
                    "100%见效",
                ],
                "我用着有改善",
            ),
            milder(
                &[
                    "¤天见效",
                    "¤周见效",
                    "¤次见效",
                    "当天见效",
                    "立刻见效",
                    "秒见效",
                    "立竿见影",
                ],
                "用一段时间再看",
            ),
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
                "必过",
            ]),
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
        source: FTC_CLAIMS,
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
        source: RETURNS,
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
        source: FTC_MONEY,
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
    Group {
        code: "offsite",
        level: Level::Should,
        source: OFFSITE,
        sentence: &["别加", "骗", "和朋友"],
        rules: &[
            milder(
                &[
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
                ],
                "",
            ),
            rule(&["扫码进群", "进群领", "拉你进", "q群号", "留q群", "qq群号"]),
            rule(&["主页有联系方式", "私信我领", "私我领", "私信领"]),
        ],
    },
    Group {
        code: "offsite",
        level: Level::Should,
        source: X_RULES,
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
        source: GIVEAWAYS,
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
            rule(&["转发~好运", "转发这条锦鲤", "不转", "转发~转运"]),
        ],
    },
    Group {
        code: "giveaway",
        level: Level::Should,
        source: X_RULES,
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
];

/// What the rules find in a part of a post: of words that several find, the first.
pub fn find(folded: &Folded, field: Field, words: &Words) -> Vec<Finding> {
    let mut found: Vec<(std::ops::Range<usize>, Finding)> = Vec::new();
    for group in GROUPS {
        for rule in group.rules {
            for pattern in rule.find {
                for place in folded.find(&fold(pattern)) {
                    let exempt = folded.beside(&place, rule.before, rule.after)
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
                        Some(group.source),
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
