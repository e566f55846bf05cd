//! The words in Chinese.

use super::{
    Features, Flags, Forecast, Hints, List, Media, Outside, Refused, Summary, Unseen, Words,
};
use crate::post::Platform;

pub(super) static WORDS: Words = Words {
    refused: Refused {
        blank: "没有可以评分的文字，请写几句。",
        damaged: "文字是乱码，请重新复制粘贴（文件请用 UTF-8）。",
        noise: "像是随手敲的字母，读不出意思。",
        language: "目前只支持中文和英文。",
        emoji_alone: "只有表情，看不出对品牌的态度，请加几个字。",
    },
    unseen: Unseen {
        diffusion_not_modelled: "{outside}缺少完整的传播数据：传播按粉丝数和近期帖子推测。",
        words_unknown: "有 {events} 条引用、回复或评论不知道写了什么：不算赞成，也不算反对。",
        no_graph: "帖子还没发布：传播是推测的，受众态度按和帖子相近估计。",
        author: "没有填粉丝数：按普通账号估计。",
        counts_by_author: "点赞等数量只按作者推测：在这个平台上没有发现文字对它们有影响。",
        no_brand: "没有选品牌：按与品牌完全相关来算。",
        unlike_training: "这种写法模型很少见到，分数只能当作猜测。",
        irony: "可能是反话：分数区间把两种理解都算在内。",
        text_cut: "文字太长，末尾约 {pieces} 个词没有读到。",
        events_dropped: "有 {events} 次转发或评论没有计入。",
        hidden_characters: "忽略了 {characters} 个不可见字符。",
        media: "{media}",
    },
    flags: Flags {
        giveaway: "抽奖换转发：这样的传播说明不了大家对品牌的态度。不如请大家说说感受。",
        luck: "转发求好运：这样的传播说明不了大家对品牌的态度，建议删掉。",
        praise_stuffing: "夸奖的词堆得太密：分数虚高，内容没有变多。留一两个，写写具体感受。",
        brand_repeated: "品牌名重复太多，提一两次就够了。",
        emoji_flood: "表情刷屏：连续的同一个表情只按两个算，留一两个就够了。",
        hidden_characters: "含不可见字符，已忽略：它们常被用来躲避审核，请删掉并重新输入这一处。",
    },
    hints: Hints {
        relevance: "模型认为这条帖子与{brand}的相关度只有 {share}%，其他各项都按这个比例打折。它看的是品牌名、别名、关键词和定位：写的就是它的话，请点出产品名。",
        neutral_tone: "语气读作中性：这时态度明确的词（好或坏）对分数影响最大。有看法就直接写出来。",
        reach: "同样的文字，没人转发约 {nobody} 分，广泛转发约 {everybody} 分。",
        word: "对语气影响最大的是“{word}”。",
        agree: "全文语气一致（{phrases} 处都是）。",
    },
    summary: Summary {
        ordinary: "{score} 分，与普通帖子（{base} 分）相当。",
        moved: "{score} 分（普通帖子约 {base} 分），主要因为：{reasons}。",
    },
    forecast: Forecast {
        diffusion_not_modelled: "{outside}缺少完整的传播数据：数量按粉丝数和近期帖子推测。",
        no_text: "没有保存帖子的文字：只能预测数量，没有分数。",
    },
    outside: Outside {
        platform: "这个平台",
        language: "这个平台上的这种语言",
        few_followers: "粉丝较少的账号",
        many_followers: "粉丝特别多的账号",
        kind: "这一类帖子",
    },
    media: Media {
        unknown: "没有分析图片和视频。",
        counted: "没有分析图片（{images} 张）和视频（{videos} 个）。",
    },
    reason: Features {
        sentiment: "语气",
        topics: "品牌相关度",
        size: "传播规模",
        speed: "传播速度",
        depth: "传播深度",
        leader_share: "大号带动",
        audience: "受众态度",
        voices: "发言人数",
    },
    list: List {
        item: "{reason} {points:+.0}",
        separator: "、",
    },
    feature: Features {
        sentiment: "语气",
        topics: "话题：{label}",
        size: "传播规模",
        speed: "传播速度",
        depth: "传播深度",
        leader_share: "大号带动",
        audience: "受众态度",
        voices: "发言人数",
    },
    platform: |platform| match platform {
        Platform::Weibo => "微博",
        Platform::Xiaohongshu => "小红书",
        Platform::Douyin => "抖音",
        Platform::Bilibili => "哔哩哔哩",
        Platform::X => "X",
        Platform::Instagram => "Instagram",
        Platform::TikTok => "TikTok",
        Platform::YouTube => "YouTube",
        Platform::Other => "其他平台",
    },
};
