//! A golden file for each program that `bsmv import` knows: its exact columns with invented
//! content, traps included, imported whole.
#![cfg(feature = "server")]

mod common;

use std::path::{Path, PathBuf};

use bsmv::diffusion::EventKind::{Comment, Quote, Reply, Repost};
use bsmv::post::Platform;
use bsmv::published::record::{Counts, PostRecord};
use common::desk::{Desk, counts};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// No model is needed where only counts matter.
const FAST: &[&str] = &["--no-valences"];

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/imports")
        .join(name)
}

fn at(text: &str) -> OffsetDateTime {
    OffsetDateTime::parse(text, &Rfc3339).unwrap()
}

/// Imports a golden file into a desk; all its columns are known, and the same again changes
/// nothing.
fn import(desk: &Desk, name: &str, args: &[&str], expected: (u64, u64)) -> Vec<String> {
    let args = [FAST, args].concat();
    let (posts, events) = expected;
    let summary = desk.imported(&args, &golden(name));
    assert_eq!(summary[0], counts(posts, events, 0), "{name}: {summary:?}");
    let unknown = summary
        .iter()
        .find(|line| line.starts_with("columns not used"));
    assert_eq!(unknown, None, "{name}");
    let again = desk.imported(&args, &golden(name));
    assert_eq!(again[0], counts(posts, 0, events), "{name} again");
    summary
}

/// Imports a golden file of posts and returns one of them.
fn imported_post(name: &str, posts: u64, id: &str) -> PostRecord {
    let desk = Desk::new();
    import(&desk, name, &[], (posts, 0));
    PostRecord::clone(&desk.post(id).record)
}

/// Kinds, seconds and parents of a post's events; a parent is its place, from 1.
fn events(desk: &Desk, id: &str) -> Vec<(bsmv::diffusion::EventKind, u32, u32)> {
    let snapshot = desk.post(id);
    let graph = &snapshot.graph;
    (0..graph.len())
        .map(|i| (graph.kind[i], graph.t[i], graph.parent[i]))
        .collect()
}

#[test]
fn weibo_crawler_posts_come_with_the_posts_they_pass_on() {
    let desk = Desk::new();
    // Two posts, and a third of which one was a repost.
    import(&desk, "weibo-crawler-posts.csv", &[], (3, 1));
    let post = desk.post("5101234567890123");
    assert_eq!(post.record.created_at, at("2026-11-22T10:00:12+08:00"));
    assert_eq!(post.record.platform, Platform::Weibo);
    assert_eq!(post.record.images, Some(2));
    let expected = Counts {
        likes: Some(128),
        comments: Some(23),
        shares: Some(9),
        ..Counts::default()
    };
    assert_eq!(post.record.counts, Some(expected));
    let text = post.record.text.as_deref().unwrap();
    assert!(text.contains('\n'), "a cell of two lines: {text}");
    let source = desk.post("5101234567890777");
    assert_eq!(
        source.record.text.as_deref(),
        Some("新款跑鞋测评：缓震一般")
    );
    assert_eq!(events(&desk, "5101234567890777"), [(Quote, 15_000, 0)]);
}

#[test]
fn weibo_crawler_timelines_name_their_user_once() {
    let desk = Desk::new();
    import(&desk, "weibo-crawler-posts.json", &[], (2, 1));
    let author = desk.post("5101234567890123").record.author.clone().unwrap();
    assert_eq!(
        (author.followers, author.verified),
        (Some(35_021), Some(true))
    );
    assert_eq!(events(&desk, "5101234567890777"), [(Quote, 15_000, 0)]);
}

#[test]
fn weibo_crawler_comments_of_many_posts_find_them() {
    let desk = Desk::new();
    import(&desk, "weibo-crawler-posts.csv", &[], (3, 1));
    import(&desk, "weibo-crawler-comments.csv", &[], (2, 3));
    let first = [(Comment, 175, 0), (Comment, 328, 0)];
    assert_eq!(events(&desk, "5101234567890123"), first);
    assert_eq!(events(&desk, "5101234567890999").len(), 1);

    let alone = Desk::new();
    let out = alone.import(FAST, &golden("weibo-crawler-comments.csv"));
    assert_eq!(out.status.code(), Some(1), "nothing could be imported");
    let summary = common::desk::lines(&out.stdout);
    let strays = "3 events left out: of 2 posts that are neither in the file nor in the store";
    assert!(
        summary.iter().any(|line| line.starts_with(strays)),
        "{summary:?}"
    );
}

#[test]
fn weibo_crawler_databases_hold_posts_comments_and_chains() {
    let desk = Desk::new();
    let path = desk.file("weibodata.db", "");
    let sql = std::fs::read_to_string(golden("weibo-crawler.sql")).unwrap();
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch(&sql)
        .unwrap();
    for expected in [counts(1, 5, 0), counts(1, 0, 5)] {
        let summary = desk.imported(FAST, &path);
        assert_eq!(summary[0], expected);
        let parents = "parents found by name: 2 of 2 reposts with a chain";
        assert!(summary.iter().any(|line| line == parents), "{summary:?}");
    }
    assert_eq!(
        events(&desk, "5101234567890123"),
        [
            (Comment, 175, 0),
            (Reply, 328, 1),
            (Repost, 588, 0),
            // With words of its own.
            (Quote, 1_188, 3),
            // The nearest of its chain that is there.
            (Repost, 1_788, 4),
        ]
    );
}

#[test]
fn files_of_accounts_are_told_and_hold_nothing_to_import() {
    for name in ["weibo-crawler-users.csv", "mediacrawler-creators.csv"] {
        let summary = Desk::new().imported(FAST, &golden(name));
        assert_eq!(summary[0], counts(0, 0, 0));
        let told = summary
            .iter()
            .any(|line| line.ends_with("accounts aren't imported"));
        assert!(told, "{summary:?}");
    }
}

#[test]
fn weibospider_repeats_its_header() {
    let post = imported_post("weibospider.csv", 2, "OzHiJkLmN");
    assert_eq!(post.created_at, at("2026-11-21T22:41:00+08:00"));
    assert_eq!(post.counts.unwrap().likes, Some(12_000));
    assert_eq!((post.images, post.videos), (Some(0), Some(0)));
    let post = imported_post("weibospider.json", 1, "OzAbCdEfG");
    assert_eq!(post.author.unwrap().followers, Some(35_021));
}

#[test]
fn weibo_search_holds_posts_and_reposts() {
    let desk = Desk::new();
    import(&desk, "weibo-search.csv", &[], (1, 1));
    let post = desk.post("5101234567890123");
    assert_eq!(post.record.author.clone().unwrap().verified, Some(true));
    assert_eq!(post.record.counts.unwrap().likes, Some(12_000));
    assert_eq!(events(&desk, "5101234567890123"), [(Quote, 1_800, 0)]);
}

#[test]
fn nghuyong_reposts_name_whom_they_came_along() {
    let desk = Desk::new();
    import(&desk, "nghuyong-tweets.jsonl", &[], (1, 0));
    let post = desk.post("5101234567890123");
    assert_eq!(post.record.author.clone().unwrap().followers, Some(35_021));
    assert_eq!(post.record.counts.unwrap().views, Some(10_433));
    let summary = import(&desk, "nghuyong-reposts.jsonl", &[], (1, 3));
    let parents = "parents found by name: 2 of 2 reposts with a chain";
    assert!(summary.iter().any(|line| line == parents), "{summary:?}");
    assert_eq!(
        events(&desk, "5101234567890123"),
        [(Repost, 588, 0), (Quote, 1_188, 1), (Quote, 1_788, 2)]
    );
    // Its comments don't say of which post they are.
    let out = desk.import(FAST, &golden("nghuyong-comments.jsonl"));
    assert_eq!(out.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&out.stderr);
    assert!(
        complaint.contains("lines[1]: names no post: say which with --id"),
        "{complaint}"
    );
    let of_post = ["--id", "5101234567890123"];
    import(&desk, "nghuyong-comments.jsonl", &of_post, (1, 2));
    assert_eq!(
        events(&desk, "5101234567890123")[..2],
        [(Comment, 175, 0), (Reply, 328, 1)]
    );
}

#[test]
fn mediacrawler_weibo_has_one_time_that_is_right() {
    let desk = Desk::new();
    import(&desk, "mediacrawler-wb-contents.csv", &[], (1, 0));
    import(&desk, "mediacrawler-wb-comments.csv", &[], (1, 2));
    let post = desk.post("5101234567890123");
    // Not that of create_time, which is eight hours late.
    assert_eq!(post.record.created_at, at("2026-11-22T10:00:12+08:00"));
    assert_eq!(
        events(&desk, "5101234567890123"),
        [(Comment, 175, 0), (Reply, 328, 1)]
    );
}

#[test]
fn mediacrawler_xiaohongshu_writes_counts_and_tags_its_own_way() {
    const ID: &str = "67400000000000000000abcd";
    let desk = Desk::new();
    import(&desk, "mediacrawler-xhs-contents.json", &[], (1, 0));
    import(&desk, "mediacrawler-xhs-comments.jsonl", &[], (1, 2));
    let post = desk.post(ID);
    assert_eq!(post.record.platform, Platform::Xiaohongshu);
    assert_eq!(post.record.title.as_deref(), Some("平价跑鞋测评"));
    let text = post.record.text.as_deref().unwrap();
    assert!(text.ends_with("#跑鞋# #安踏#"), "{text}");
    let numbers = post.record.counts.unwrap();
    assert_eq!(
        (numbers.likes, numbers.comments),
        (Some(12_000), Some(100_000))
    );
    assert_eq!(events(&desk, ID), [(Comment, 300, 0), (Reply, 600, 1)]);
    // The columns of before July 2026, with the same comments.
    let old = desk.imported(FAST, &golden("mediacrawler-xhs-comments-old.csv"));
    assert_eq!(old[0], counts(1, 0, 2));

    let book = Desk::new();
    import(&book, "mediacrawler-xhs.xlsx", &[], (1, 2));
    assert_eq!(book.post(ID).graph, post.graph);
    assert_eq!(book.post(ID).record, post.record);
}

#[test]
fn mediacrawler_reads_all_other_platforms() {
    let desk = Desk::new();
    import(&desk, "mediacrawler-dy-contents.jsonl", &[], (1, 0));
    import(&desk, "mediacrawler-dy-comments.jsonl", &[], (1, 2));
    let post = desk.post("7431234567890123456");
    assert_eq!(post.record.platform, Platform::Douyin);
    // Title and text are the same there.
    assert_eq!(
        (post.record.title.as_deref(), post.record.text.as_deref()),
        (None, Some("跑鞋开箱"))
    );
    assert_eq!(
        events(&desk, "7431234567890123456"),
        [(Comment, 300, 0), (Reply, 600, 1)]
    );

    import(&desk, "mediacrawler-bili-contents.csv", &[], (1, 0));
    import(&desk, "mediacrawler-bili-comments.csv", &[], (1, 1));
    let numbers = desk.post("112233445566").record.counts.unwrap();
    assert_eq!((numbers.views, numbers.saves), (Some(356_000), Some(3_421)));

    import(&desk, "mediacrawler-ks-contents.csv", &[], (1, 0));
    import(&desk, "mediacrawler-ks-comments.csv", &[], (1, 1));
    assert_eq!(
        desk.post("3xkuaishou0001").record.counts.unwrap().views,
        Some(34_000)
    );
    assert_eq!(events(&desk, "3xkuaishou0001"), [(Comment, 300, 0)]);

    import(&desk, "mediacrawler-tieba-contents.csv", &[], (1, 0));
    import(&desk, "mediacrawler-tieba-comments.csv", &[], (1, 1));
    assert_eq!(
        desk.post("9117888152").record.counts.unwrap().comments,
        Some(23)
    );
    assert_eq!(events(&desk, "9117888152"), [(Comment, 1_800, 0)]);
}

#[test]
fn posts_of_x_become_one_post_with_its_events() {
    const ID: &str = "1992000000000000001";
    let expected = [
        (Repost, 191, 0),
        (Reply, 580, 0),
        (Quote, 3_600, 0),
        // Of the quote.
        (Repost, 5_400, 3),
    ];
    for name in ["x-api-v2.json", "twarc2.jsonl"] {
        let desk = Desk::new();
        import(&desk, name, &[], (1, 4));
        let post = desk.post(ID);
        assert_eq!(post.record.platform, Platform::X);
        assert_eq!(post.record.author.clone().unwrap().followers, Some(532));
        assert_eq!(post.record.counts.unwrap().views, Some(10_433));
        assert_eq!(events(&desk, ID), expected, "{name}");
        assert_eq!(post.graph.followers[2], Some(12_000));
    }
    let desk = Desk::new();
    import(&desk, "twarc1.jsonl", &[], (1, 2));
    assert_eq!(events(&desk, ID), expected[..2]);
    let desk = Desk::new();
    import(&desk, "snscrape.jsonl", &[], (1, 2));
    assert_eq!(events(&desk, ID), [(Reply, 580, 0), (Reply, 1_200, 1)]);
    for name in ["twitter-web-exporter.json", "twitter-web-exporter.csv"] {
        let desk = Desk::new();
        import(&desk, name, &[], (1, 1));
        let post = desk.post(ID);
        assert_eq!(post.record.created_at, at("2026-11-22T10:00:00Z"));
        assert_eq!(events(&desk, ID), expected[..1], "{name}");
    }
}

#[test]
fn figures_that_platforms_hand_to_creators_become_posts() {
    let post = imported_post("x-analytics.csv", 2, "1992000000000000001");
    let numbers = post.counts.unwrap();
    assert_eq!(
        (numbers.views, numbers.interactions),
        (Some(10_433), Some(1_234))
    );
    assert_eq!(post.created_at, at("2026-11-22T00:00:00Z"));

    let post = imported_post("wechat-channels.csv", 1, "export/UzFfAgtgekIEAQAAAAAA");
    assert_eq!(post.counts.unwrap().views, Some(9_870));

    // A header below a title, in GB18030, without ids: the same again is the same post.
    let desk = Desk::new();
    import(&desk, "xiaohongshu-notes.csv", &[], (2, 0));
    let desk = Desk::new();
    import(&desk, "xiaohongshu-notes.xlsx", &[], (1, 0));
    // UTF-16 with tabs.
    let summary = import(&desk, "douyin-works.csv", &[], (1, 0));
    assert_eq!(summary[1], "read as Douyin, a creator's works (UTF-16LE)");

    let desk = Desk::new();
    let out = desk.import(FAST, &golden("meta-business-suite.csv"));
    let complaint = String::from_utf8_lossy(&out.stderr);
    assert!(complaint.contains("lines[2].Publish time"), "{complaint}");
    assert!(complaint.contains("--utc-offset"), "{complaint}");
    let pacific = ["--utc-offset", "-08:00"];
    import(&desk, "meta-business-suite.csv", &pacific, (1, 0));
    let post = desk.post("122100000000000001");
    assert_eq!(post.record.counts.unwrap().interactions, Some(1_234));
    assert_eq!(post.record.created_at, at("2026-11-22T02:00:00-08:00"));
}

#[test]
fn cascades_of_deephawkes_and_casflow_are_trees() {
    let desk = Desk::new();
    import(&desk, "deephawkes.txt", &[], (2, 2));
    assert_eq!(events(&desk, "1"), [(Repost, 15, 0), (Repost, 40, 1)]);
    let desk = Desk::new();
    import(&desk, "casflow.txt", &["--platform", "x"], (1, 3));
    assert_eq!(desk.post("c7").record.platform, Platform::X);
    let reposts = [
        (Repost, 22_032, 0),
        (Repost, 30_685, 0),
        (Repost, 40_000, 2),
    ];
    assert_eq!(events(&desk, "c7"), reposts);
}
