//! Inputs in the shape of public bug reports, each as it was reported.
#![cfg(feature = "server")]

mod common;

use bsmv::diffusion::EventKind;
use common::desk::{Desk, counts, lines};

const ABOUT: &str = r#"{"created_at":"2026-11-22T10:00:00+08:00","text":"平价跑鞋测评"}"#;
const HEADER: &str = "id,kind,created_at,user,followers,verified,text\r\n";
const SECOND: &str = "e2,repost,2026-11-22T10:05:40+08:00,u2,35,true,\r\n";

/// A desk with a described post, and the options that name it.
fn desk() -> (Desk, Vec<String>) {
    let desk = Desk::new();
    let about = desk.file("post.json", ABOUT);
    let args = [
        "--no-valences",
        "--id",
        "42",
        "--post",
        about.to_str().unwrap(),
    ];
    (desk, args.map(str::to_owned).to_vec())
}

/// Imports a file for post 42; returns the exit code, the summary and the complaints.
fn import_into(
    desk: &Desk,
    args: &[String],
    name: &str,
    content: &[u8],
) -> (i32, Vec<String>, String) {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let out = desk.import(&args, &desk.file(name, content));
    let complaint = String::from_utf8(out.stderr).unwrap();
    (out.status.code().unwrap(), lines(&out.stdout), complaint)
}

fn import(name: &str, content: &[u8]) -> (Desk, i32, Vec<String>, String) {
    let (desk, args) = desk();
    let (code, summary, complaint) = import_into(&desk, &args, name, content);
    (desk, code, summary, complaint)
}

/// Imports a table of two events of post 42 whole; returns its desk.
fn both_are_in(content: &[u8]) -> Desk {
    let (desk, code, summary, complaint) = import("events.csv", content);
    let shown = String::from_utf8_lossy(content);
    assert_eq!((code, complaint.as_str()), (0, ""), "{shown}");
    assert_eq!(summary[0], counts(1, 2, 0), "{shown}");
    desk
}

fn first_row(row: &str) -> Vec<u8> {
    format!("{HEADER}{row}\r\n{SECOND}").into_bytes()
}

#[test]
fn times_are_taken_as_they_come() {
    for time in [
        // weibo-crawler, full_created_at.
        "2026-11-22 10:03:07",
        // Weibo's API.
        "Sun Nov 22 10:03:07 +0800 2026",
        // MediaCrawler, create_time.
        "1795312987000",
        // Python's isoformat.
        "2026-11-22T10:03:07",
        "2026年11月22日 10:03:07",
    ] {
        let desk = both_are_in(&first_row(&format!(
            "e1,comment,{time},u1,1200,false,求链接"
        )));
        assert_eq!(desk.post("42").graph.t, [187, 340], "{time}");
    }
    // Excel's serial time, to the seconds that its digits have.
    let desk = both_are_in(&first_row("e1,comment,46348.4188,u1,1200,false,求链接"));
    assert!((180..=187).contains(&desk.post("42").graph.t[0]));
}

#[test]
fn an_offset_can_be_said() {
    let (desk, mut args) = desk();
    args.extend(["--utc-offset", "+00:00"].map(str::to_owned));
    let file = first_row("e1,comment,2026-11-22 02:03:07,u1,1200,false,求链接");
    let (code, ..) = import_into(&desk, &args, "events.csv", &file);
    assert_eq!((code, desk.post("42").graph.t[0]), (0, 187));
}

#[test]
fn a_relative_time_is_refused_in_words_of_its_own() {
    let file = first_row("e1,comment,昨天 10:03,u1,1200,false,求链接");
    let (_, code, summary, complaint) = import("events.csv", &file);
    assert_eq!((code, summary[0].clone()), (1, counts(1, 1, 0)));
    let words = "lines[2].created_at: is \"昨天 10:03\": counts from when the file was made";
    assert!(complaint.contains(words), "{complaint}");
}

#[test]
fn an_event_just_before_its_post_counts_at_0_and_an_older_one_is_left_out() {
    let file = first_row("e1,comment,2026-11-22T09:59:58+08:00,u1,1200,false,求链接");
    let (desk, code, summary, _) = import("events.csv", &file);
    assert_eq!((code, summary[0].clone()), (0, counts(1, 2, 0)));
    assert!(
        summary
            .iter()
            .any(|line| line.starts_with("1 events come up to")),
        "{summary:?}"
    );
    assert_eq!(desk.post("42").graph.t, [0, 340]);

    let file = first_row("e1,comment,2026-11-22T02:00:00+08:00,u1,1200,false,求链接");
    let (_, code, summary, _) = import("events.csv", &file);
    assert_eq!((code, summary[0].clone()), (0, counts(1, 1, 0)));
    let told = "1 events left out: before their post, the first lines[2].created_at";
    assert!(
        summary.iter().any(|line| line.starts_with(told)),
        "{summary:?}"
    );
}

#[test]
fn a_unix_time_as_seconds_after_the_post_is_refused_with_a_question() {
    let file =
        "id,kind,t,user,text\ne1,comment,1763776987,u1,真香\ne2,comment,1763777100,u2,不错\n";
    let (desk, code, summary, complaint) = import("events.csv", file.as_bytes());
    assert_eq!((code, summary[0].clone()), (1, counts(1, 0, 0)));
    assert!(
        complaint.contains("55 years: is it a Unix time?"),
        "{complaint}"
    );
    assert_eq!(desk.post("42").graph.observed_until, 0);
}

#[test]
fn ids_that_a_spreadsheet_shortened_are_refused_with_the_cause() {
    let file = "id,kind,t,user,text\n7.57E+18,comment,60,u1,智商税\n7.57E+18,comment,120,u2,用了一个月还行\n7.57E+18,comment,180,u3,真香\n";
    let (_, code, summary, complaint) = import("events.csv", file.as_bytes());
    assert_eq!((code, summary[0].clone()), (1, counts(1, 0, 0)));
    assert_eq!(
        complaint
            .matches("a number that a spreadsheet shortened")
            .count(),
        3
    );

    // The same loss without the letter: sixteen digits and more that all end in zeros.
    let rows: String = (0..20)
        .map(|i| format!("5101240000000{i:02}0,comment,{i},u,好\n"))
        .collect();
    let (desk, code, _, complaint) = import(
        "events.csv",
        format!("id,kind,t,user,text\n{rows}").as_bytes(),
    );
    assert_eq!(code, 1);
    assert!(
        complaint.contains("every id so far ends in zeros"),
        "{complaint}"
    );
    assert!(!desk.has("42"), "nothing of it is in");
}

#[test]
fn a_separator_line_a_semicolon_a_mark_and_empty_rows_are_no_hindrance() {
    let row = "e1,comment,2026-11-22T10:03:07+08:00,u1,1200,false,求链接\r\n";
    let plain = format!("{HEADER}{row}{SECOND}");
    for file in [
        format!("\"sep=,\"\r\n{plain}"),
        format!("sep=;\r\n{}", plain.replace(',', ";")),
        format!("\u{feff}{}", plain.replace(',', ";")),
        plain.replace(',', "\t"),
        format!("{plain},,,,,,\r\n"),
        format!("{plain}\r\n\r\n"),
        plain.replace("\r\n", ",,\r\n"),
        plain.replace("\r\n", "\n"),
    ] {
        both_are_in(file.as_bytes());
    }
}

#[test]
fn chinese_in_gb18030_and_utf16_is_read() {
    let file = first_row("e1,comment,2026-11-22T10:03:07+08:00,u1,1200,false,求链接");
    let text = String::from_utf8(file).unwrap();
    both_are_in(&encoding_rs::GB18030.encode(&text).0);
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    both_are_in(&[b"\xff\xfe", &*utf16].concat());
    both_are_in(&utf16);
}

#[test]
fn columns_have_other_names_in_any_order_and_unknown_ones_are_told_once() {
    let row = "e1,comment,2026-11-22T10:03:07+08:00,u1,1200,false,求链接";
    for (name, alias) in [
        ("id,", "ID,"),
        ("text", "content"),
        ("text", "内容"),
        ("user", "用户ID"),
    ] {
        let header = HEADER.replacen(name, alias, 1);
        both_are_in(format!("{header}{row}\r\n{SECOND}").as_bytes());
    }
    let file = "赞,text,created_at,kind,mood,id\n3,求链接,2026-11-22 10:03:07,评论,good,e1\n";
    let (_, code, summary, _) = import("events.csv", file.as_bytes());
    assert_eq!((code, summary[0].clone()), (0, counts(1, 1, 0)));
    assert!(
        summary
            .iter()
            .any(|line| line == "columns not used: mood, 赞"),
        "{summary:?}"
    );

    let (_, code, _, complaint) = import("events.csv", b"colour,size\nred,43\n");
    assert_eq!(code, 1);
    assert!(complaint.contains("found colour, size"), "{complaint}");
}

#[test]
fn kinds_counts_and_verified_are_taken_as_platforms_write_them() {
    for kind in ["评论", "Comment", "replied_to", "转发"] {
        both_are_in(&first_row(&format!(
            "e1,{kind},2026-11-22T10:03:07+08:00,u1,1200,false,求链接"
        )));
    }
    for (cell, followers) in [
        ("1.2万", Some(12_000)),
        ("10万+", Some(100_000)),
        ("\"1,234\"", Some(1_234)),
        ("3.4K", Some(3_400)),
        ("1200.0", Some(1_200)),
        ("NaN", None),
        ("", None),
    ] {
        let desk = both_are_in(&first_row(&format!(
            "e1,comment,2026-11-22T10:03:07+08:00,u1,{cell},false,求链接"
        )));
        assert_eq!(desk.post("42").graph.followers[0], followers, "{cell}");
    }
    for (word, verified) in [("Yes", true), ("是", true), ("1", true), ("否", false)] {
        let desk = both_are_in(&first_row(&format!(
            "e1,comment,2026-11-22T10:03:07+08:00,u1,1200,{word},求链接"
        )));
        assert_eq!(desk.post("42").graph.verified[0], Some(verified), "{word}");
    }
}

#[test]
fn a_mark_before_the_description_of_a_post_is_skipped() {
    let desk = Desk::new();
    let about = desk.file("post.json", format!("\u{feff}{ABOUT}"));
    let events = desk.file("events.csv", format!("{HEADER}{SECOND}"));
    let args = ["--id", "42", "--post", about.to_str().unwrap()];
    assert_eq!(desk.imported(&args, &events)[0], counts(1, 1, 0));
}

#[test]
fn a_bad_line_of_cascades_costs_no_stored_event() {
    let desk = Desk::new();
    let good: String = (1..=300)
        .map(|i| format!("{i}\t5\t1464739203\t2\t5:0 5/6:{i}\n"))
        .collect();
    let first = desk.file("dh_300ok.txt", &good);
    assert_eq!(
        desk.imported(&["--format", "deephawkes"], &first)[0],
        counts(300, 300, 0)
    );
    let bad = desk.file("dh_300bad.txt", format!("{good}300\t5\t1464739203\tbad\n"));
    let out = desk.import(&["--format", "deephawkes"], &bad);
    assert_eq!(out.status.code(), Some(1));
    let summary = lines(&out.stdout);
    assert_eq!(summary[0], counts(300, 0, 300));
    assert_eq!(summary[2], "301 rows, 1 of them left out");
    assert!(String::from_utf8_lossy(&out.stderr).contains("lines[301]"));
    for id in ["1", "150", "300"] {
        assert_eq!(desk.post(id).graph.len(), 1);
    }
}

/// The files of programs as they were reported, for post 42 as the reports have it; the same
/// programs' golden files are in `import_programs.rs`.
#[test]
fn files_of_programs_are_imported_with_a_post_named_beside_them() {
    let comments = "\u{feff}id,weibo_id,created_at,user_screen_name,text,pic_url,like_count\r\n5101240000000001,5101234567890123,Sun Nov 22 10:03:07 +0800 2026,用户甲,求链接，哪家店？,,3\r\n5101240000000002,5101234567890123,Sun Nov 22 10:05:40 +0800 2026,用户乙,我爸也穿这双，真的软,,12\r\n5101240000000003,5101234567890123,Sun Nov 22 11:15:59 +0800 2026,用户丙,别买，踩雷了，掉色,https://wx3.sinaimg.cn/large/x.jpg,0\r\n";
    let (_, code, summary, _) = import("weibo_crawler_comments.csv", comments.as_bytes());
    assert_eq!((code, summary[0].clone()), (0, counts(1, 3, 0)));

    for (name, posts) in [
        ("weibo-crawler-posts.csv", 3),
        ("snscrape.jsonl", 1),
        ("x-api-v2.json", 1),
    ] {
        let path = format!(
            "{}/tests/fixtures/imports/{name}",
            env!("CARGO_MANIFEST_DIR")
        );
        let (_, code, summary, complaint) = import(name, &std::fs::read(path).unwrap());
        assert_eq!((code, complaint.as_str()), (0, ""), "{name}");
        assert!(
            summary[0].starts_with(&format!("{posts} posts, ")),
            "{summary:?}"
        );
        let told = summary
            .iter()
            .any(|line| line.starts_with("--id and --post were not used"));
        assert!(told, "{summary:?}");
    }
}

#[test]
fn a_text_cut_off_in_the_middle_leaves_what_came_before() {
    let list = r#"[{"id":"a","t":1,"kind":"repost"},
        {"id":"b","t":2,"kind":"repost"},
        {"id":"c","t":3,"ki"#;
    let (desk, code, summary, complaint) = import("events.json", list.as_bytes());
    assert_eq!((code, summary[0].clone()), (1, counts(1, 2, 0)));
    assert!(
        complaint.contains("lines[3]: ends in the middle"),
        "{complaint}"
    );
    assert_eq!(desk.post("42").graph.t, [1, 2]);
    let lines = "{\"id\":\"a\",\"t\":1,\"kind\":\"repost\"}\n{\"id\":\"b\",\n{\"id\":\"c\",\"t\":3,\"kind\":\"repost\"}\n";
    let (desk, code, _, complaint) = import("events.jsonl", lines.as_bytes());
    assert_eq!(code, 1);
    assert!(complaint.contains("lines[2]"), "{complaint}");
    assert_eq!(desk.post("42").graph.t, [1, 3]);
}

#[test]
fn figures_without_an_offset_take_that_of_the_post_described_beside_them() {
    let file = "Post ID,Title,Publish time,Permalink,\"Reactions, comments and shares\"\n\
        122100000000000007,Boots are here,11/22/2026 02:00,https://www.facebook.com/7,\"1,234\"\n";
    let (desk, code, summary, complaint) = import("figures.csv", file.as_bytes());
    assert_eq!((code, complaint.as_str()), (0, ""), "{summary:?}");
    let record = desk.post("122100000000000007").record.clone();
    assert_eq!(record.counts.unwrap().interactions, Some(1_234));
    assert_eq!(record.created_at.offset().whole_hours(), 8);
}

#[test]
fn fewer_columns_than_a_program_writes_still_tell_it() {
    // What a person left of weibo-crawler's comments, and of MediaCrawler's posts.
    let comments = "id,weibo_id,created_at,text\n\
        5101240000000001,42,Sun Nov 22 10:03:07 +0800 2026,求链接\n";
    let (desk, code, summary, _) = import("comments.csv", comments.as_bytes());
    assert_eq!(
        (code, summary[0].clone()),
        (0, counts(1, 1, 0)),
        "{summary:?}"
    );
    let graph = desk.post("42").graph.clone();
    assert_eq!((graph.t, graph.kind), (vec![187], vec![EventKind::Comment]));
    let posts = "note_id,desc,time\n67400000000000000000abcd,#跑鞋[话题]#,1795312987000\n";
    let (desk, code, _, complaint) = import("notes.csv", posts.as_bytes());
    assert_eq!((code, complaint.as_str()), (0, ""));
    let record = desk.post("67400000000000000000abcd").record.clone();
    assert_eq!(record.text.as_deref(), Some("#跑鞋#"));
}

#[test]
fn events_that_say_their_kind_are_events_whatever_program_has_their_other_names() {
    for names in [
        "id,weibo_id,kind,created_at,text",
        "cid,note_id,kind,create_time,content",
    ] {
        let file = format!("{names}\ne1,42,quote,2026-11-22T02:03:07Z,好看\n");
        let (desk, code, summary, _) = import("events.csv", file.as_bytes());
        assert_eq!(code, 0, "{summary:?}");
        let graph = desk.post("42").graph.clone();
        assert_eq!((graph.t, graph.kind), (vec![187], vec![EventKind::Quote]));
    }
}

#[test]
fn what_follows_a_list_is_read_or_told() {
    let list = r#"[{"id":"a","t":1,"kind":"repost"}]"#;
    let two = format!("{list}\n[{{\"id\":\"b\",\"t\":2,\"kind\":\"repost\"}}]\n");
    let (desk, code, ..) = import("two.json", two.as_bytes());
    assert_eq!(code, 0);
    assert_eq!(desk.post("42").graph.t, [1, 2]);
    let (desk, code, _, complaint) = import("cut.json", format!("{list}\n{{\"id\":").as_bytes());
    assert_eq!(code, 1);
    let words = "lines[2]: ends in the middle of a value: the file was cut off";
    assert!(complaint.contains(words), "{complaint}");
    assert_eq!(desk.post("42").graph.t, [1]);
}

#[test]
fn a_file_that_is_cut_off_or_holds_nothing_says_so() {
    let row = "e1,comment,2026-11-22T10:03:07+08:00,u1,1200,false,求链接";
    let cut = format!("{HEADER}{row}\r\n{row}\r\ne3,comment,2026-11-22T10:0");
    let (desk, code, summary, complaint) = import("cut.csv", cut.as_bytes());
    assert_eq!((code, summary[0].clone()), (1, counts(1, 1, 1)));
    let words = "lines[4]: ends in the middle: the file was cut off";
    assert!(complaint.contains(words), "{complaint}");
    assert_eq!(desk.post("42").graph.t, [187]);
    // A last row that is whole needs no end of line.
    let whole = format!("{HEADER}{row}\r\n{}", SECOND.trim_end());
    both_are_in(whole.as_bytes());

    let nothing = "is missing: the file holds no rows";
    for (name, content, words) in [
        ("nothing.csv", "", nothing),
        ("mark.csv", "\u{feff}", nothing),
        ("list.json", "[]", nothing),
        (
            "cut.json",
            "{\"data\":[{\"id\":\"1\",\"te",
            "lines[1]: ends in the middle",
        ),
        ("word.json", "[\"a\"]", "lines[1]: is no object"),
    ] {
        let (desk, code, _, complaint) = import(name, content.as_bytes());
        assert_eq!(code, 1, "{name}");
        assert!(complaint.contains(words), "{name}: {complaint}");
        assert!(!desk.has("42"));
    }
    let (_, code, summary, complaint) = import("header.csv", HEADER.as_bytes());
    assert_eq!((code, complaint.as_str()), (0, ""));
    assert!(
        summary.contains(&"0 rows, 0 of them left out".to_owned()),
        "{summary:?}"
    );
}
