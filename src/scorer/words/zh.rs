//! The words in Chinese.

use super::{
    Features, Flags, Forecast, Hints, List, Media, Outside, Refused, Summary, Unseen, Words,
};
use crate::post::Platform;

pub(super) static WORDS: Words = Words {
    refused: Refused {
        blank: "没有可读的内容：请写几个字。",
        damaged: "文字已损坏，像是用错了编码：请按 UTF-8 重新粘贴或载入。",
        noise: "这些字母连不成模型能读的词。",
        language: "文字既不是中文也不是英文：模型不读其他语言。",
        emoji_alone: "只有表情，说明不了对品牌的看法：请加几个字。",
    },
    unseen: Unseen {
        diffusion_not_modelled: "{outside}没有完整的传播记录可学：能传多远按作者的粉丝数和近期帖子推测。",
        words_unknown: "有 {events} 条引用、回复或评论不知道写了什么：不算赞成，也不算反对。",
        no_graph: "还没有人看过这条帖子：能传多远只是推测，受众的态度按与帖子相近估计。",
        author: "作者的粉丝数未知：按普通账号估计。",
        no_brand: "没有给出品牌：这是帖子对一个与它契合的品牌的价值。",
        unlike_training: "文字与模型学过的都不像：它读出的只是猜测。",
        irony: "这可能是反话：区间同时包含两种读法。",
        text_cut: "文字末尾的 {pieces} 个词片没有读。",
        events_dropped: "传播中有 {events} 次没有计入。",
        hidden_characters: "去掉了 {characters} 个看不见的字符。",
        media: "{media}",
    },
    flags: Flags {
        giveaway: "以奖品换转发：换来的传播说明不了品牌的好坏。",
        luck: "转发求好运：这样换来的传播说明不了品牌的好坏。",
        praise_stuffing: "堆砌赞美的词：分数会升高，却没有多说什么。",
        brand_repeated: "一再重复品牌名。",
        emoji_flood: "表情刷屏：同一个表情只算两个。",
        hidden_characters: "去掉了看不见的字符：它们可能用来躲过读者或过滤。",
    },
    hints: Hints {
        relevance: "模型认为这条帖子与{brand}的关联只有 {share}%，其余各项都按这个比例计分；它看的是品牌名、别名、关键词和定位。",
        neutral_tone: "模型把文字读作中性：此处它对态度明确的词最敏感，褒贬都是。",
        reach: "同样的话，无人转发记 {nobody} 分，人人转发记 {everybody} 分。",
        word: "语气主要来自“{word}”，读作 {s:+.2}。",
        agree: "全文 {phrases} 处态度一致。",
    },
    summary: Summary {
        ordinary: "{score} 分，与普通帖子（{base} 分）相当。",
        moved: "{score} 分，普通帖子 {base} 分；差别主要来自{reasons}。",
    },
    forecast: Forecast {
        diffusion_not_modelled: "{outside}没有完整的传播记录可学：数量按作者的粉丝数和近期帖子推测。",
        no_text: "没有保存帖子的文字：数量的预测不看文字，也没有分数。",
    },
    outside: Outside {
        platform: "这个平台",
        language: "这种语言在这个平台上",
        few_followers: "粉丝这么少的账号",
        many_followers: "粉丝这么多的账号",
        kind: "这一类帖子",
    },
    media: Media {
        unknown: "图片和视频（如果有）没有看。",
        counted: "没有看 {images} 张图片和 {videos} 个视频。",
    },
    reason: Features {
        sentiment: "文字的语气",
        topics: "与品牌的关联",
        size: "传播的规模",
        speed: "传播的速度",
        depth: "转发链的深度",
        leader_share: "头部账号的带动",
        audience: "受众的语气",
        voices: "受众中发言的人数",
    },
    list: List {
        item: "{reason}{points:+.0}",
        separator: "、",
    },
    feature: Features {
        sentiment: "文字的语气",
        topics: "话题：{label}",
        size: "传播规模",
        speed: "速度",
        depth: "传播深度",
        leader_share: "主要传播者",
        audience: "受众的态度",
        voices: "发言的人数",
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
        Platform::Other => "其他",
    },
};
