//! The local checks, on sentences that were written before the rules, on those that people reported
//! later, and through the command line.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use bsmv::checks::{CheckRequest, Level, check};
use serde::Deserialize;

#[derive(Deserialize)]
struct Row {
    text: String,
    platform: String,
    expect: Option<String>,
    /// True if the row was written after the rules, of what they had got wrong or lacked: it says
    /// nothing of how right they are on texts they don't know.
    #[serde(default)]
    later: bool,
}

fn rows() -> Vec<Row> {
    let path = format!(
        "{}/tests/fixtures/checks.ndjson",
        env!("CARGO_MANIFEST_DIR")
    );
    let lines = std::fs::read_to_string(path).unwrap();
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What is found in a row, but for questions and lengths.
fn codes(row: &Row) -> BTreeSet<&'static str> {
    let checks = check(&request(&row.text, &row.platform));
    let told = checks.findings.into_iter();
    let told = told.filter(|f| f.level != Level::Ask && f.code != "length");
    told.map(|f| f.code).collect()
}

fn request(text: &str, platform: &str) -> CheckRequest {
    let json = serde_json::json!({"post": {"text": text, "platform": platform}});
    CheckRequest::from_json(json.to_string()).unwrap()
}

#[test]
fn what_must_be_found_is_found_and_what_must_not_is_left_alone() {
    let (mut right, mut wrong, mut missed) = (0, Vec::new(), Vec::new());
    let mut by_code: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for row in rows().into_iter().filter(|row| !row.later) {
        let codes = codes(&row);
        if let Some(expected) = &row.expect {
            let entry = by_code.entry(expected.clone()).or_default();
            entry.1 += 1;
            if codes.contains(expected.as_str()) {
                entry.0 += 1;
                right += 1;
            } else {
                missed.push(format!("{expected}: {}", row.text));
            }
        }
        for code in codes {
            if row.expect.as_deref() != Some(code) {
                wrong.push(format!("{code}: {}", row.text));
            }
        }
    }
    let precision = right as f64 / (right + wrong.len()) as f64;
    let recall = right as f64 / (right + missed.len()) as f64;
    println!("precision {precision:.3}, recall {recall:.3}; found of all, by code: {by_code:?}");
    let list = |rows: &[String]| rows.join("\n  ");
    println!("found beside what was expected:\n  {}", list(&wrong));
    println!("missed:\n  {}", list(&missed));
    assert!(
        precision >= 0.95 && recall >= 0.85,
        "precision {precision:.3}, recall {recall:.3}"
    );
}

#[test]
fn what_people_reported_later_stays_right() {
    let later: Vec<Row> = rows().into_iter().filter(|row| row.later).collect();
    assert!(later.len() >= 20, "{} rows", later.len());
    for row in later {
        let found = Vec::from_iter(codes(&row));
        assert_eq!(found, Vec::from_iter(row.expect.as_deref()), "{}", row.text);
    }
}

#[test]
fn places_are_those_of_the_text_as_written_and_each_finding_says_what_to_do() {
    let text = "😀 它是全网第一，7天见效";
    let checks = check(&request(text, "xiaohongshu"));
    let utf16: Vec<u16> = text.encode_utf16().collect();
    let words: Vec<String> = checks
        .findings
        .iter()
        .filter(|f| f.end > 0)
        .map(|f| String::from_utf16(&utf16[f.start..f.end]).unwrap())
        .collect();
    assert_eq!(words, ["全网第一", "7天见效"]);
    for finding in &checks.findings {
        assert!(
            !finding.message.is_empty() && !finding.message.contains('{'),
            "{finding:?}"
        );
    }
}

#[test]
fn lengths_are_counted_as_platforms_do_and_an_empty_draft_has_no_findings() {
    let length = |platform, text: &str| {
        let checks = check(&request(text, platform));
        (checks.lengths[1].count, checks.lengths[1].limit)
    };
    assert_eq!(length("x", "你好 https://example.com"), (28, Some(280)));
    assert_eq!(length("xiaohongshu", "你好"), (2, Some(1000)));
    assert_eq!(length("weibo", "你好ab"), (3, Some(2000)));
    assert!(check(&request("", "xiaohongshu")).findings.is_empty());
}

#[test]
fn what_is_too_long_is_named_and_how_it_is_counted() {
    let said = |platform: &str, title: &str, text: &str| {
        let json =
            serde_json::json!({"post": {"text": text, "title": title, "platform": platform}});
        let checks = check(&CheckRequest::from_json(json.to_string()).unwrap());
        let long = checks.findings.into_iter().filter(|f| f.code == "length");
        long.map(|f| f.message).collect::<Vec<_>>()
    };
    assert_eq!(
        said("xiaohongshu", &"好".repeat(21), &"好".repeat(1001)),
        [
            "标题 21 字，超过平台上限 20 字，请删减。",
            "正文 1001 字，超过平台上限 1000 字，请删减。"
        ]
    );
    assert_eq!(
        said("x", "", &"好".repeat(141)),
        ["正文按 X 的算法是 282，上限 280，请删减。一个汉字或表情算 2，一个链接算 23。"]
    );
    assert_eq!(
        said("x", "", &"a".repeat(281)),
        [
            "The text counts 281 where X takes 280: shorten it. Chinese characters and emoji count 2, a link 23."
        ]
    );
    assert_eq!(check(&request("a", "weibo")).lengths[1].shown, Some(140));
}

#[test]
fn a_brand_s_words_to_avoid_are_found_and_its_post_is_asked_about() {
    let json = r#"{"post": {"text": "Cheap and cheerful soap."}, "brand": {"name": "Zhi"}, "avoid": ["cheap", " "]}"#;
    let checks = check(&CheckRequest::from_json(json).unwrap());
    let codes: Vec<&str> = checks.findings.iter().map(|f| f.code).collect();
    assert_eq!(codes, ["avoid", "interest"]);
    let error = CheckRequest::from_json(r#"{"post": {"text": "a"}, "avoided": []}"#).unwrap_err();
    assert_eq!(error.code(), "invalid_input");
}

#[test]
fn the_command_line_reports_and_its_exit_code_tells() {
    let run = |text: &str| {
        let done = Command::new(env!("CARGO_BIN_EXE_bsmv"))
            .args(["checks", "--platform", "xiaohongshu", "--text", text])
            .output()
            .unwrap();
        (done.status.code(), String::from_utf8(done.stdout).unwrap())
    };
    let (code, said) = run("全网第一的拿铁");
    assert_eq!(code, Some(1));
    assert!(
        said.contains("absolute") && said.contains("samr.gov.cn"),
        "{said}"
    );
    assert_eq!(run("今天喝了拿铁").0, Some(0));
}
