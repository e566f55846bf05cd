//! Nothing is lost by an import: not what is stored, and no good row beside a bad one.
#![cfg(feature = "server")]

mod common;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, Instant};

use common::desk::{Desk, counts, lines};
use common::page;
use common::server::Server;

#[test]
fn a_bad_line_is_named_and_the_good_ones_are_in() {
    let desk = Desk::new();
    let bad = desk.file("bad.csv", "id,t,kind\na,1,repost\nb,x,repost\nc,3,repost\n");
    let about = desk.file("post.json", r#"{"created_at":"2026-11-22T10:00:00Z"}"#);
    let args = ["--id", "p", "--post", about.to_str().unwrap()];
    let out = desk.import(&args, &bad);
    assert_eq!(out.status.code(), Some(1));
    assert_eq!(
        lines(&out.stdout),
        [
            counts(1, 2, 0),
            "read as events (UTF-8)".to_owned(),
            "3 rows, 1 of them left out".to_owned(),
        ]
    );
    let complaint = String::from_utf8(out.stderr).unwrap();
    assert_eq!(
        complaint.trim_end(),
        format!(
            "bsmv: {}: lines[3].t: is \"x\": use a whole number from 0 to 4294967295",
            bad.display()
        )
    );
    assert_eq!(desk.post("p").graph.t, [1, 3]);

    let server = Server::start_on(&desk.store());
    let in_use = desk.import(&[], &bad);
    assert!(String::from_utf8_lossy(&in_use.stderr).contains("another bsmv has it open"));
    drop(server);
}

#[test]
fn an_import_that_is_killed_loses_no_stored_event_and_can_be_begun_again() {
    const POSTS: usize = 400;
    const EVENTS: usize = 300;
    let desk = Desk::new();
    let file = |name: &str, events: usize, bad: &str| {
        let cascade = |post: usize| {
            let paths: Vec<String> = (0..events).map(|e| format!("u{post}/v{e}:{e}")).collect();
            format!(
                "m{post}\tu{post}\t1464710400\t{events}\t{}\n",
                paths.join(" ")
            )
        };
        let mut lines: Vec<String> = (0..POSTS).map(cascade).collect();
        lines.insert(POSTS / 2, bad.to_owned());
        desk.file(name, lines.concat())
    };
    let few = file("few.txt", EVENTS / 3, "");
    desk.imported(&["--no-valences"], &few);
    let stored = || -> Vec<usize> {
        let ids = (0..POSTS).step_by(37).map(|i| format!("m{i}"));
        ids.map(|id| desk.post(&id).graph.len()).collect()
    };
    let mut before = stored();
    assert!(before.iter().all(|&events| events == EVENTS / 3));

    let all = file("all.txt", EVENTS, "300\t5\t1464739203\tbad\n");
    for wait in [30, 60, 90, 120, 200, 300, 450] {
        let mut child = desk.begin_import(&["--no-valences"], &all);
        std::thread::sleep(Duration::from_millis(wait));
        child.kill().ok();
        child.wait().unwrap();
        let now = stored();
        for (now, before) in now.iter().zip(&before) {
            assert!(now >= before, "{now} events, {before} before");
            assert!(
                [EVENTS / 3, EVENTS].contains(now),
                "a post is in by halves: {now}"
            );
        }
        before = now;
    }
    assert_eq!(desk.import(&["--no-valences"], &all).status.code(), Some(1));
    assert!(stored().iter().all(|&events| events == EVENTS));
    let again = desk.import(&["--no-valences"], &all);
    let known = (POSTS * EVENTS) as u64;
    assert_eq!(lines(&again.stdout)[0], counts(POSTS as u64, 0, known));
}

/// A part of a span of time, by chance.
fn any_part(of: Duration) -> Duration {
    let chance = RandomState::new().build_hasher().finish();
    of.mul_f64(chance as f64 / u64::MAX as f64)
}

#[test]
fn a_post_of_many_events_is_in_whole_or_as_it_was_when_its_import_is_killed() {
    // More than are stored in one go.
    const EVENTS: usize = 120_000;
    const STORED: usize = 100;
    let table = |desk: &Desk, events: usize| {
        let row = |i| format!("e{i},{i},comment,u{}\n", i % 777);
        let rows: String = (0..events).map(row).collect();
        desk.file(&format!("{events}.csv"), format!("id,t,kind,user\n{rows}"))
    };
    let begun = || {
        let desk = Desk::new();
        let about = desk.file("post.json", r#"{"created_at":"2026-11-22T10:00:00Z"}"#);
        let about = ["--id", "p", "--post", about.to_str().unwrap()];
        desk.imported(&about, &table(&desk, STORED));
        let all = table(&desk, EVENTS);
        (desk, all)
    };
    let args = ["--no-valences", "--id", "p"];
    let (desk, all) = begun();
    let start = Instant::now();
    let added = (EVENTS - STORED) as u64;
    assert_eq!(
        desk.imported(&args, &all)[0],
        counts(1, added, STORED as u64)
    );
    let whole = start.elapsed();

    let mut under_way = 0;
    for tenth in 0..10 {
        let (desk, all) = begun();
        let mut child = desk.begin_import(&args, &all);
        std::thread::sleep(whole * tenth / 10 + any_part(whole / 10));
        under_way += usize::from(child.try_wait().unwrap().is_none());
        child.kill().ok();
        child.wait().unwrap();
        let now = desk.post("p").graph.len();
        assert!([STORED, EVENTS].contains(&now), "{now} events are in");
        desk.imported(&args, &all);
        assert_eq!(desk.post("p").graph.len(), EVENTS);
    }
    assert!(under_way > 0, "none was killed in time");
}

#[test]
fn what_is_found_wrong_late_undoes_what_was_stored_before_it() {
    // Below more rows than are stored in one go stand ids that a spreadsheet ruined.
    let desk = Desk::new();
    let id = |i| match i {
        ..55_000 => format!("e{i}"),
        _ => format!("51012400{i:07}0000"),
    };
    let row = |i| format!("{},{i},comment\n", id(i));
    let rows: String = (0..55_100).map(row).collect();
    let about = desk.file("post.json", r#"{"created_at":"2026-11-22T10:00:00Z"}"#);
    let file = desk.file("events.csv", format!("id,t,kind\n{rows}"));
    let args = ["--id", "p", "--post", about.to_str().unwrap()];
    let out = desk.import(&args, &file);
    assert_eq!(out.status.code(), Some(1));
    assert_eq!(lines(&out.stdout)[0], counts(0, 0, 0));
    assert!(!desk.has("p"));
}

#[test]
fn pages_with_fewer_events_than_the_store_do_not_replace_them() {
    let desk = Desk::new();
    let pages = |events| desk.file("pages.json", page(events).to_string());
    assert_eq!(desk.imported(&[], &pages(4))[0], counts(1, 4, 0));
    let out = desk.import(&[], &pages(3));
    assert_eq!(out.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&out.stderr).contains("the store has 4"));
    assert_eq!(desk.post(page(4)["post"].as_str().unwrap()).graph.len(), 4);
    assert_eq!(desk.imported(&[], &pages(5))[0], counts(1, 5, 0));
}

#[test]
fn a_dry_run_counts_and_stores_nothing() {
    let desk = Desk::new();
    let posts = desk.file(
        "posts.csv",
        "id,created_at,text\np,2026-11-22T10:00:00Z,Boots.\n",
    );
    let summary = desk.imported(&["--dry-run"], &posts);
    assert_eq!(
        summary[0],
        format!("dry run, nothing stored: {}", counts(1, 0, 0))
    );
    assert!(!desk.store().exists());
}

#[test]
fn what_another_file_knew_of_a_post_stays() {
    let desk = Desk::new();
    let first = desk.file(
        "first.csv",
        "id,created_at,text,followers,likes\np,2026-11-22T10:00:00Z,Boots.,1.2万,5\n",
    );
    let second = desk.file(
        "second.csv",
        "id,created_at,text,likes,views\np,2026-11-22T10:01:00Z,Boots!,7,3.4K\n",
    );
    for file in [&first, &second, &second] {
        assert_eq!(desk.imported(&[], file)[0], counts(1, 0, 0));
    }
    let record = desk.post("p").record.clone();
    let numbers = record.counts.unwrap();
    assert_eq!((numbers.likes, numbers.views), (Some(7), Some(3_400)));
    assert_eq!(record.author.clone().unwrap().followers, Some(12_000));
    assert_eq!(record.text.as_deref(), Some("Boots!"));
    assert_eq!(
        record.created_at.unix_timestamp(),
        1_795_341_600,
        "events count from here"
    );
}
