//! Crawlers of Weibo: weibo-crawler, weiboSpider, weibo-search, nghuyong's WeiboSpider. Their times
//! have no offset and are Beijing's.

use super::{BEIJING, Field, Layout, PLAIN, Rows};
use crate::post::Platform;

const WEIBO: Layout = Layout {
    platform: Platform::Weibo,
    clock: BEIJING,
    ..PLAIN
};

/// Comments as weibo-crawler writes them.
const COMMENTS: Layout = Layout {
    tool: "weibo-crawler, comments",
    rows: Rows::Comments,
    columns: &[
        (Field::Id, &["id"]),
        (Field::Post, &["weibo_id"]),
        (Field::Parent, &["root_id"]),
        (Field::Time, &["created_at"]),
        (Field::User, &["user_id"]),
        (Field::Name, &["user_screen_name"]),
        (Field::Text, &["text"]),
    ],
    unused: &["bid", "pic_url", "like_count", "user_avatar_url"],
    ..WEIBO
};

pub const LAYOUTS: &[Layout] = &[
    Layout {
        tool: "weibo-crawler, posts",
        rows: Rows::Mixed,
        marks: &["id", "bid", "正文"],
        columns: &[
            (Field::Id, &["id"]),
            (Field::Text, &["正文"]),
            // The day alone in older files.
            (Field::Time, &["完整日期", "日期"]),
            (Field::Images, &["原始图片url"]),
            (Field::Videos, &["视频url"]),
            (Field::Likes, &["点赞数"]),
            (Field::Comments, &["评论数"]),
            (Field::Shares, &["转发数"]),
            (Field::User, &["用户id"]),
            (Field::Name, &["用户昵称"]),
        ],
        source_prefixes: &["源微博", "源"],
        unused: &[
            "bid",
            "头条文章url",
            "live photo视频url",
            "位置",
            "工具",
            "话题",
            "@用户",
            "是否编辑过",
            "编辑次数",
            "是否原创",
            "源",
        ],
        ..WEIBO
    },
    Layout {
        tool: "weibo-crawler, posts",
        rows: Rows::Mixed,
        marks: &["id", "bid", "text", "attitudes_count", "reposts_count"],
        columns: &[
            (Field::Id, &["id"]),
            (Field::Text, &["text"]),
            (Field::Time, &["full_created_at", "created_at"]),
            (Field::User, &["user_id", "user.id"]),
            (Field::Name, &["screen_name", "user.screen_name"]),
            (Field::Followers, &["user.followers_count"]),
            (Field::Following, &["user.follow_count"]),
            (Field::Statuses, &["user.statuses_count"]),
            (Field::Verified, &["user.verified"]),
            (Field::Images, &["pics"]),
            (Field::Videos, &["video_url"]),
            (Field::Likes, &["attitudes_count"]),
            (Field::Comments, &["comments_count"]),
            (Field::Shares, &["reposts_count"]),
            (Field::Retweeted, &["retweet_id", "retweet.id"]),
        ],
        unused: &[
            "bid",
            "article_url",
            "topics",
            "at_users",
            "live_photo_url",
            "location",
            "source",
            "edited",
            "edit_count",
        ],
        ..WEIBO
    },
    Layout {
        marks: &["id", "weibo_id", "created_at", "text", "pic_url|root_id"],
        ..COMMENTS
    },
    Layout {
        tool: "weibo-crawler, reposts",
        rows: Rows::Reposts,
        marks: &["id", "weibo_id", "created_at", "user_screen_name", "text"],
        columns: &[
            (Field::Id, &["id"]),
            (Field::Post, &["weibo_id"]),
            (Field::Time, &["created_at"]),
            (Field::User, &["user_id"]),
            (Field::Name, &["user_screen_name"]),
            (Field::Text, &["text"]),
        ],
        unused: &["bid", "like_count", "user_avatar_url"],
        ..WEIBO
    },
    // What is left of comments where somebody took columns away.
    Layout {
        marks: &["id", "weibo_id", "created_at", "text"],
        ..COMMENTS
    },
    Layout {
        tool: "weibo-crawler, users",
        rows: Rows::Users,
        marks: &["用户id", "昵称", "粉丝数", "微博数"],
        ..WEIBO
    },
    Layout {
        tool: "weibo-search",
        rows: Rows::Mixed,
        marks: &["id", "微博正文", "用户昵称", "发布时间"],
        columns: &[
            (Field::Id, &["id"]),
            (Field::Text, &["微博正文"]),
            (Field::Time, &["发布时间"]),
            (Field::User, &["user_id"]),
            (Field::Name, &["用户昵称"]),
            (Field::Verified, &["user_authentication"]),
            (Field::Images, &["微博图片url"]),
            (Field::Videos, &["微博视频url"]),
            (Field::Likes, &["点赞数"]),
            (Field::Comments, &["评论数"]),
            (Field::Shares, &["转发数"]),
            (Field::Retweeted, &["retweet_id"]),
        ],
        unused: &[
            "bid",
            "头条文章url",
            "发布位置",
            "艾特用户",
            "话题",
            "发布工具",
            "ip",
            "会员类型",
            "会员等级",
        ],
        ..WEIBO
    },
    Layout {
        tool: "weiboSpider",
        rows: Rows::Posts,
        marks: &["微博id", "微博正文", "发布时间"],
        columns: &[
            (Field::Id, &["微博id"]),
            (Field::Text, &["微博正文"]),
            (Field::Time, &["发布时间"]),
            (Field::Images, &["原始图片url"]),
            (Field::Videos, &["微博视频url"]),
            (Field::Likes, &["点赞数"]),
            (Field::Comments, &["评论数"]),
            (Field::Shares, &["转发数"]),
        ],
        unused: &[
            "头条文章url",
            "被转发微博原始图片url",
            "是否为原创微博",
            "发布位置",
            "发布工具",
        ],
        ..WEIBO
    },
    Layout {
        tool: "weiboSpider",
        rows: Rows::Posts,
        marks: &["id", "content", "publish_time", "up_num", "retweet_num"],
        columns: &[
            (Field::Id, &["id"]),
            (Field::Text, &["content"]),
            (Field::Time, &["publish_time"]),
            (Field::User, &["user_id", "user.id"]),
            (Field::Name, &["user.nickname"]),
            (Field::Followers, &["user.followers"]),
            (Field::Following, &["user.following"]),
            (Field::Statuses, &["user.weibo_num"]),
            (Field::Images, &["original_pictures"]),
            (Field::Videos, &["video_url"]),
            (Field::Likes, &["up_num"]),
            (Field::Comments, &["comment_num"]),
            (Field::Shares, &["retweet_num"]),
        ],
        unused: &[
            "article_url",
            "retweet_pictures",
            "original",
            "publish_place",
            "publish_tool",
            "user.",
        ],
        ..WEIBO
    },
    Layout {
        tool: "nghuyong/WeiboSpider, comments",
        rows: Rows::Comments,
        marks: &["_id", "content", "created_at", "comment_user._id"],
        columns: &[
            (Field::Id, &["_id"]),
            (Field::Parent, &["reply_comment._id"]),
            (Field::Time, &["created_at"]),
            (Field::User, &["comment_user._id"]),
            (Field::Name, &["comment_user.nick_name"]),
            (Field::Followers, &["comment_user.followers_count"]),
            (Field::Verified, &["comment_user.verified"]),
            (Field::Text, &["content"]),
        ],
        unused: &["like_counts", "ip_location", "crawl_time"],
        ..WEIBO
    },
    Layout {
        tool: "nghuyong/WeiboSpider, posts and reposts",
        rows: Rows::Mixed,
        marks: &["_id", "mblogid", "content", "created_at"],
        columns: &[
            (Field::Id, &["_id"]),
            (Field::Text, &["content"]),
            (Field::Time, &["created_at"]),
            (Field::User, &["user._id"]),
            (Field::Name, &["user.nick_name"]),
            (Field::Followers, &["user.followers_count"]),
            (Field::Following, &["user.friends_count"]),
            (Field::Statuses, &["user.statuses_count"]),
            (Field::Verified, &["user.verified"]),
            (Field::Images, &["pic_num"]),
            (Field::Views, &["reads_count"]),
            (Field::Likes, &["attitudes_count"]),
            (Field::Comments, &["comments_count"]),
            (Field::Shares, &["reposts_count"]),
            (Field::Retweeted, &["retweet_id"]),
        ],
        unused: &[
            "mblogid",
            "geo",
            "ip_location",
            "source",
            "pic_urls",
            "islongtext",
            "is_retweet",
            "url",
            "video",
            "crawl_time",
            "keyword",
        ],
        ..WEIBO
    },
];
