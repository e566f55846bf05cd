//! A creator's own posts out of the files that people have, read from memory as a page does.
#![cfg(feature = "server")]

use std::fs;
use std::path::Path;

use bsmv::post::Platform;
use bsmv::published::import::{Drafts, Past, Settings, Source, SourceError, past};
use proptest::prelude::*;
use time::UtcOffset;

fn golden(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/imports");
    fs::read(path.join(name)).unwrap()
}

/// The posts of a file, as somebody in Beijing has them.
fn read(bytes: impl Into<Vec<u8>>) -> Result<Past, SourceError> {
    let bytes: Vec<u8> = bytes.into();
    let offset = UtcOffset::from_hms(8, 0, 0).unwrap();
    past(&Source::of_bytes(bytes)?, Some(offset))
}

/// Lines and codes of what was left out.
fn skipped(past: &Past) -> Vec<(usize, &str)> {
    let troubles = past.skipped.iter();
    troubles.map(|t| (t.line, t.code)).collect()
}

#[test]
fn exports_of_platforms_and_crawlers_become_posts() {
    for (name, tool, posts, platform, likes) in [
        (
            "x-analytics.csv",
            "X, analytics of posts",
            2,
            Platform::X,
            90,
        ),
        (
            "xiaohongshu-notes.csv",
            "Xiaohongshu, a creator's notes",
            2,
            Platform::Xiaohongshu,
            1200,
        ),
        (
            "xiaohongshu-notes.xlsx",
            "Xiaohongshu, a creator's notes",
            1,
            Platform::Xiaohongshu,
            1200,
        ),
        (
            "douyin-works.csv",
            "Douyin, a creator's works",
            1,
            Platform::Douyin,
            1280,
        ),
        (
            "wechat-channels.csv",
            "WeChat Channels, a creator's videos",
            1,
            Platform::Other,
            80,
        ),
        (
            "meta-business-suite.csv",
            "Meta Business Suite, posts",
            1,
            Platform::Other,
            1002,
        ),
        (
            "weibo-crawler-posts.csv",
            "weibo-crawler, posts",
            2,
            Platform::Weibo,
            128,
        ),
        (
            "mediacrawler-xhs.xlsx",
            "MediaCrawler, posts of Xiaohongshu",
            1,
            Platform::Xiaohongshu,
            12_000,
        ),
    ] {
        let past = read(golden(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(past.tools[0], tool, "{name}");
        assert_eq!(past.posts.len(), posts, "{name}: {:?}", past.skipped);
        let post = &past.posts[0].post;
        assert_eq!(post.platform, platform, "{name}");
        let counts = post
            .counts
            .unwrap_or_else(|| panic!("{name} has no counts"));
        assert_eq!(counts.likes, Some(likes), "{name}");
        assert!(post.text.is_some() && post.user.is_none(), "{name}");
    }
}

#[test]
fn what_is_no_post_of_the_account_is_left_out_with_its_reason() {
    let timeline = "\
{\"id\":\"1992000000000000001\",\"author_id\":\"7\",\"created_at\":\"2026-11-22T10:00:00Z\",\"text\":\"ours\"}
{\"id\":\"1992000000000000002\",\"author_id\":\"7\",\"created_at\":\"2026-11-22T11:00:00Z\",\"text\":\"RT @x: theirs\",\"referenced_tweets\":[{\"type\":\"retweeted\",\"id\":\"1991000000000000001\"}]}
{\"id\":\"1992000000000000003\",\"author_id\":\"7\",\"created_at\":\"2026-11-22T12:00:00Z\",\"text\":\"@x yes\",\"conversation_id\":\"1991000000000000001\",\"referenced_tweets\":[{\"type\":\"replied_to\",\"id\":\"1991000000000000001\"}]}
{\"id\":\"1992000000000000004\",\"author_id\":\"7\",\"created_at\":\"2026-11-22T13:00:00Z\",\"text\":\"our words on theirs\",\"referenced_tweets\":[{\"type\":\"quoted\",\"id\":\"1991000000000000001\"}]}
{\"id\":\"1992000000000000005\",\"author_id\":\"8\",\"created_at\":\"2026-11-22T14:00:00Z\",\"text\":\"another's\"}
{\"id\":\"1992000000000000001\",\"author_id\":\"7\",\"created_at\":\"2026-11-22T10:00:00Z\",\"text\":\"ours, later\"}
";
    let past = read(timeline).unwrap();
    let texts: Vec<_> = past
        .posts
        .iter()
        .filter_map(|p| p.post.text.as_deref())
        .collect();
    assert_eq!(texts, ["ours, later", "our words on theirs"]);
    let expected = [
        (2, "repost"),
        (3, "reply"),
        (5, "other_account"),
        (6, "repeated"),
    ];
    assert_eq!(skipped(&past), expected);
    assert_eq!(past.rows, 6);
}

#[test]
fn a_timeline_is_its_accounts_whoever_it_passes_on() {
    let past = read(golden("weibo-crawler-posts.json")).unwrap();
    let likes: Vec<_> = past
        .posts
        .iter()
        .filter_map(|p| p.post.counts?.likes)
        .collect();
    assert_eq!(likes, [128]);
    assert_eq!(skipped(&past), [(1, "repost"), (1, "other_account")]);
}

#[test]
fn a_bad_row_names_its_line_and_column_and_the_others_are_taken() {
    let table = "\
笔记标题,首次发布时间,观看量,点赞,评论,收藏,分享
第一条,2026-11-20 10:00:00,100,12,3,1,0
第二条,昨天 10:03,100,12,3,1,0
第三条,2026-11-21 10:00:00,100,很多,3,1,0
,,100,1,1,1,1
第四条,2026-11-22 10:00:00,1.2万,1200,3,1,0
";
    let past = read(table).unwrap();
    assert_eq!(past.posts.len(), 2);
    assert_eq!(skipped(&past), [(3, "time"), (4, "count"), (5, "time")]);
    assert_eq!(past.skipped[1].column.as_deref(), Some("点赞"));
    let counts = past.posts[1].post.counts.unwrap();
    assert_eq!(counts.views, Some(12_000));
}

#[test]
fn a_file_of_which_nothing_can_be_read_says_why_by_a_code() {
    let code = |bytes: &[u8]| read(bytes).unwrap_err().code();
    assert_eq!(code(b"SQLite format 3\0 and more"), "not_read");
    assert_eq!(code(b"PAR1 and more"), "not_read");
    assert_eq!(code(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "not_read");
    assert_eq!(code(b"PK\x03\x04 no workbook"), "damaged");
    assert_eq!(code(b"caf\xe9,\x80\xff\xff\xff"), "encoding");
    assert_eq!(code(b"when,what\n1,2\n"), "unknown_columns");
    assert_eq!(code(&golden("deephawkes.txt")), "cascades");
    assert_eq!(
        code(&golden("weibo-crawler-comments.csv")),
        "unknown_columns"
    );
    let shortened = "post id,date,post text,impressions\n\
        1992000000000010000,2026-11-20,one,1\n1992000000000020000,2026-11-21,two,1\n";
    assert_eq!(code(shortened.as_bytes()), "ruined_ids");
}

#[test]
fn drafts_are_read_from_memory_as_from_a_file() {
    let name = "xiaohongshu-notes.xlsx";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/imports");
    let from_file = Source::open(&path.join(name), None, None).unwrap();
    let from_memory = Source::of_bytes(golden(name)).unwrap();
    let requests = |source| {
        let drafts = Drafts::of(source, Settings::default()).unwrap();
        let mut all = Vec::new();
        let taken = drafts.each_request(|(place, line), request| {
            all.push((place, line, request.unwrap()));
            Ok::<_, SourceError>(())
        });
        taken.unwrap();
        all
    };
    let read = requests(from_memory);
    assert_eq!(read, requests(from_file));
    assert_eq!(read[0].2.post.platform, Platform::Xiaohongshu);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_row_is_a_post_or_has_a_reason(rows in prop::collection::vec("[a-z0-9,\" ]{0,30}", 0..12)) {
        let table = format!("id,created_at,text\n{}", rows.join("\n"));
        if let Ok(past) = read(table) {
            prop_assert!(past.posts.len() + past.skipped.len() >= past.rows);
        }
    }
}
