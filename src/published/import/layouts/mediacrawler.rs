//! MediaCrawler: posts and comments of six platforms, the same names in CSV, JSON, JSONL, xlsx and
//! SQLite. Its times are Unix times in s or ms, or have their offset.

use super::{BEIJING, Field, Layout, PLAIN, Rows};
use crate::post::Platform;

/// Posts of every platform: no file has two names of one field but for a time and an account.
const POSTS: Layout = Layout {
    rows: Rows::Posts,
    columns: &[
        (Field::Id, &["note_id", "aweme_id", "video_id"]),
        (Field::Title, &["title"]),
        (Field::Text, &["desc", "content"]),
        // `create_time` was eight hours late for some time.
        (
            Field::Time,
            &["create_date_time", "publish_time", "time", "create_time"],
        ),
        // Nicknames are masked, so the hash is the account's id.
        (Field::User, &["user_id", "creator_hash"]),
        (Field::Images, &["image_list"]),
        (Field::Videos, &["video_url", "video_download_url"]),
        // Spelt so.
        (Field::Views, &["video_play_count", "viewd_count"]),
        (Field::Likes, &["liked_count"]),
        (Field::Saves, &["collected_count", "video_favorite_count"]),
        (
            Field::Comments,
            // The last is spelt so.
            &[
                "comments_count",
                "comment_count",
                "video_comment",
                "total_replay_num",
            ],
        ),
        (
            Field::Shares,
            &["shared_count", "share_count", "video_share_count"],
        ),
    ],
    clock: BEIJING,
    unused: UNUSED,
    ..PLAIN
};
/// Comments on every platform.
const COMMENTS: Layout = Layout {
    rows: Rows::Comments,
    columns: &[
        (Field::Id, &["comment_id"]),
        (Field::Post, &["note_id", "aweme_id", "video_id"]),
        (Field::Parent, &["parent_comment_id"]),
        (
            Field::Time,
            &["create_date_time", "publish_time", "create_time"],
        ),
        (Field::User, &["user_id", "creator_hash"]),
        (Field::Text, &["content"]),
    ],
    clock: BEIJING,
    unused: UNUSED,
    ..PLAIN
};

/// What its files hold beside the post or comment itself.
const UNUSED: &[&str] = &[
    "add_ts",
    "last_modify_ts",
    "last_update_time",
    "note_url",
    "aweme_url",
    "video_url",
    "video_cover_url",
    "video_play_url",
    "video_download_url",
    "music_download_url",
    "note_download_url",
    "cover_url",
    "source_keyword",
    "tag_list",
    "xsec_token",
    "type",
    "aweme_type",
    "video_type",
    "avatar",
    "ip_location",
    "gender",
    "profile_url",
    "sec_uid",
    "short_user_id",
    "user_unique_id",
    "user_signature",
    "sub_comment_count",
    "like_count",
    "comment_like_count",
    "pictures",
    "sign",
    "sex",
    "tieba_id",
    "tieba_name",
    "tieba_link",
    "user_link",
    "user_avatar",
    "total_replay_page",
    "disliked_count",
    "video_coin_count",
    "video_danmaku",
    "create_time",
    "image_list",
    "user_nickname",
    "nickname",
];

pub const LAYOUTS: &[Layout] = &[
    Layout {
        tool: "MediaCrawler, comments of Tieba",
        marks: &["comment_id", "note_id", "content", "tieba_name"],
        ..COMMENTS
    },
    Layout {
        tool: "MediaCrawler, comments of Weibo",
        platform: Platform::Weibo,
        marks: &["comment_id", "note_id", "content", "create_date_time"],
        ..COMMENTS
    },
    Layout {
        tool: "MediaCrawler, comments of Xiaohongshu",
        platform: Platform::Xiaohongshu,
        marks: &["comment_id", "note_id", "content", "create_time"],
        ..COMMENTS
    },
    Layout {
        tool: "MediaCrawler, comments of Douyin",
        platform: Platform::Douyin,
        marks: &["comment_id", "aweme_id", "content", "create_time"],
        ..COMMENTS
    },
    Layout {
        tool: "MediaCrawler, comments of Bilibili or Kuaishou",
        marks: &["comment_id", "video_id", "content", "create_time"],
        ..COMMENTS
    },
    Layout {
        tool: "MediaCrawler, posts of Tieba",
        marks: &["note_id", "title", "publish_time", "tieba_name"],
        ..POSTS
    },
    Layout {
        tool: "MediaCrawler, posts of Weibo",
        platform: Platform::Weibo,
        marks: &["note_id", "content", "create_date_time|create_time"],
        ..POSTS
    },
    Layout {
        tool: "MediaCrawler, posts of Xiaohongshu",
        platform: Platform::Xiaohongshu,
        marks: &["note_id", "title|desc", "time"],
        ..POSTS
    },
    Layout {
        tool: "MediaCrawler, posts of Douyin",
        platform: Platform::Douyin,
        marks: &["aweme_id", "title|desc", "create_time"],
        ..POSTS
    },
    Layout {
        tool: "MediaCrawler, posts of Bilibili",
        marks: &[
            "video_id",
            "title|desc",
            "video_play_count|video_danmaku|video_coin_count",
        ],
        ..POSTS
    },
    Layout {
        tool: "MediaCrawler, posts of Kuaishou",
        marks: &["video_id", "title|desc", "viewd_count"],
        ..POSTS
    },
    Layout {
        tool: "MediaCrawler, creators",
        rows: Rows::Users,
        marks: &["user_id", "nickname", "fans", "follows"],
        ..PLAIN
    },
];
