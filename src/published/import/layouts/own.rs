//! Tables and lines of our own: events as the API takes them, and posts; under names that people
//! give the same things.

use super::{Field, Layout, PLAIN, Rows};

const ID: &[&str] = &[
    "id",
    "event_id",
    "comment_id",
    "cid",
    "rpid",
    "评论id",
    "编号",
];
const POST: &[&str] = &[
    "post", "post_id", "note_id", "weibo_id", "aweme_id", "video_id", "帖子id", "微博id", "笔记id",
    "作品id", "视频id",
];
const TIME: &[&str] = &[
    "created_at",
    "time",
    "date",
    "datetime",
    "timestamp",
    "published_at",
    "create_time",
    "publish_time",
    "comment_time",
    "时间",
    "发布时间",
    "评论时间",
    "创建时间",
    "日期",
];
const USER: &[&str] = &["user", "user_id", "author_id", "uid", "用户id", "用户"];
const NAME: &[&str] = &[
    "user_name",
    "username",
    "screen_name",
    "nickname",
    "author",
    "昵称",
    "用户昵称",
    "用户名",
];
const FOLLOWERS: &[&str] = &[
    "followers",
    "followers_count",
    "follower_count",
    "fans",
    "粉丝数",
    "粉丝量",
    "粉丝",
];
const VERIFIED: &[&str] = &["verified", "is_verified", "是否认证", "认证"];
const TEXT: &[&str] = &[
    "text",
    "content",
    "body",
    "full_text",
    "message",
    "内容",
    "正文",
    "评论内容",
    "文本",
];

/// Events, each with its kind.
const EVENTS: Layout = Layout {
    tool: "events",
    rows: Rows::Events,
    marks: &[
        "id|event_id|comment_id|cid|rpid|评论id|编号",
        "kind|type|event_type|action|类型|互动类型|行为",
    ],
    columns: &[
        (Field::Id, ID),
        (Field::Post, POST),
        (
            Field::Parent,
            &[
                "parent",
                "parent_id",
                "in_reply_to",
                "父id",
                "父评论id",
                "上级id",
            ],
        ),
        (
            Field::Kind,
            &[
                "kind",
                "type",
                "event_type",
                "action",
                "类型",
                "互动类型",
                "行为",
            ],
        ),
        (Field::Seconds, &["t"]),
        (Field::Time, TIME),
        (Field::User, USER),
        (Field::Name, NAME),
        (Field::Followers, FOLLOWERS),
        (Field::Verified, VERIFIED),
        (Field::Valence, &["s"]),
        (Field::Text, TEXT),
    ],
    own_ids: true,
    ..PLAIN
};

/// Events beyond doubt: no program calls a column so. They may have a program's other names.
pub const NAMED: &[Layout] = &[Layout {
    marks: &[
        "id|event_id|comment_id|cid|rpid|评论id|编号",
        "kind|event_type|互动类型",
    ],
    ..EVENTS
}];

pub const LAYOUTS: &[Layout] = &[EVENTS, POSTS];

/// Texts to score, of which nothing else need be known.
pub const TEXTS: Layout = Layout {
    tool: "texts",
    marks: &[],
    ..POSTS
};

const POSTS: Layout = Layout {
    tool: "posts",
    marks: &[
        "id|post|post_id|编号",
        "created_at|time|date|datetime|timestamp|published_at|create_time|publish_time|时间|\
         发布时间|创建时间|日期",
        "text|content|body|full_text|内容|正文|文本",
    ],
    columns: &[
        (Field::Id, &["id", "post", "post_id", "编号"]),
        (Field::Title, &["title", "标题"]),
        (Field::Platform, &["platform", "平台"]),
        (Field::Text, TEXT),
        (Field::Time, TIME),
        (Field::User, USER),
        (Field::Name, NAME),
        (
            Field::Followers,
            &[
                "followers",
                "author.followers",
                "followers_count",
                "粉丝数",
                "粉丝",
            ],
        ),
        (
            Field::Following,
            &["following", "author.following", "关注数"],
        ),
        (Field::Statuses, &["posts", "author.posts", "微博数"]),
        (
            Field::Verified,
            &["verified", "author.verified", "是否认证"],
        ),
        (Field::Images, &["images", "图片数"]),
        (Field::Videos, &["videos", "视频数"]),
        (Field::Views, &["views", "counts.views", "阅读数", "播放量"]),
        (Field::Likes, &["likes", "counts.likes", "点赞数"]),
        (Field::Comments, &["comments", "counts.comments", "评论数"]),
        (
            Field::Shares,
            &["shares", "counts.shares", "转发数", "分享数"],
        ),
        (Field::Saves, &["saves", "counts.saves", "收藏数"]),
        (
            Field::Interactions,
            &["interactions", "counts.interactions", "互动数"],
        ),
    ],
    own_ids: true,
    ..PLAIN
};
