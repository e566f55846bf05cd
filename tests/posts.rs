//! The posts of `bsmv serve` as its clients meet them: events, pages, forecasts, bad input.
#![cfg(feature = "server")]

mod common;

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::posts::{event, ndjson, record};
use common::server::Server;
use common::{assert_error, assert_shape, draft};
use flate2::read::GzDecoder;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

/// Events on one page of this server.
const PAGE: usize = 5_000;

#[test]
fn a_post_and_its_events_come_back_as_a_page() {
    let server = Server::start();
    let made = server.put("p1", &record());
    assert_eq!(made.status, 201);
    assert_shape("PostStored", &made.json());
    assert_eq!(server.put("p1", &record()).status, 200);

    let got = server.get("/v1/posts/p1", &[]);
    assert_shape("PostRecord", &got.json());
    let mut kept = record();
    kept.as_object_mut().unwrap().remove("user");
    for (name, value) in kept.as_object().unwrap() {
        assert_eq!(&got.json()[name], value, "{name}");
    }
    assert!(got.json().get("user").is_none());
    let tag = got.header("etag");
    let again = server.get("/v1/posts/p1", &[("if-none-match", tag)]);
    assert_eq!(again.status, 304);
    assert_error(&server.get("/v1/posts/p2", &[]), 404, "not_found");

    let draft = server.page("p1", "");
    assert_eq!(
        (&draft["total"], &draft["observed_until"]),
        (&json!(0), &json!(0))
    );

    let events = [
        json!({"id": "a", "t": 175, "kind": "quote", "user": "u1", "followers": 7, "verified": true, "s": 0.4}),
        json!({"id": "b", "parent": "a", "t": 200, "kind": "repost", "user": "author-1"}),
        json!({"id": "c", "parent": null, "t": 300, "kind": "comment", "user": "u1", "s": null}),
        json!({"id": "d", "t": 300, "kind": "reply"}),
    ];
    assert_eq!(server.add("p1", &events), 4);
    let page = server.page("p1", "");
    let expected = json!({
        "schema": 1, "post": "p1", "created_at": "2026-11-22T10:00:00Z", "observed_until": 300,
        "total": 4, "author": record()["author"], "start": 1, "next": null,
        "t": [175, 200, 300, 300], "parent": [0, 1, 0, 0],
        "s": [page["s"][0].clone(), null, null, null],
        "followers": [7, null, null, null], "verified": [true, null, null, null],
        // Two simultaneous events stand in the order of their hashes.
        "kind": page["kind"], "user": page["user"],
    });
    assert_eq!(page, expected);
    assert_eq!(page["s"][0].as_f64().unwrap() as f32, 0.4);
    assert_eq!(
        page["kind"].as_array().unwrap()[..2],
        [json!("quote"), json!("repost")]
    );
    // The author is 0, the same user the same number, an unknown one nobody else's.
    assert_eq!(page["user"].as_array().unwrap()[..2], [json!(1), json!(0)]);
    let last: BTreeSet<u64> = (2..4).map(|i| page["user"][i].as_u64().unwrap()).collect();
    assert_eq!(last, BTreeSet::from([1, 2]));

    let early = server.page("p1", "?until=199");
    assert_eq!(
        (&early["total"], &early["observed_until"]),
        (&json!(1), &json!(199))
    );
    assert_eq!(
        server.page("p1", "?until=4294967295")["observed_until"],
        300
    );

    // Nothing more was seen for an hour.
    let path = "/v1/posts/p1/events?observed_until=3900";
    let heartbeat = server.send(
        "POST",
        path,
        &[("content-type", "application/x-ndjson")],
        "",
    );
    assert_eq!(heartbeat.json(), json!({"added": 0, "known": 0}));
    assert_eq!(server.page("p1", "")["observed_until"], 3900);
}

#[test]
fn any_order_and_any_repetition_make_the_same_graph() {
    let server = Server::start();
    let next = AtomicUsize::new(0);
    // Parents before or after, unheard of, later than their children, in circles.
    let events = prop::collection::vec((0..14usize, 0..60u32), 1..12).prop_map(|rows| {
        let events = rows.iter().enumerate().map(|(i, &(parent, t))| {
            let parent = (parent != i && parent < 13).then(|| format!("e{parent}"));
            event(&format!("e{i}"), parent.as_deref(), t)
        });
        events.collect::<Vec<_>>()
    });
    let cases =
        (events, any::<prop::sample::Index>(), any::<u64>()).prop_flat_map(|(events, cut, _)| {
            let order = Just((0..events.len()).collect::<Vec<_>>()).prop_shuffle();
            (Just(events), order, Just(cut))
        });
    let mut runner = TestRunner::new(Config {
        cases: 60,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&cases, |(events, order, cut)| {
        let case = next.fetch_add(1, Ordering::Relaxed);
        let (plain, shuffled) = (format!("plain-{case}"), format!("shuffled-{case}"));
        server.put(&plain, &record());
        server.put(&shuffled, &record());
        server.add(&plain, &events);
        let moved: Vec<Value> = order.iter().map(|&i| events[i].clone()).collect();
        let cut = cut.index(moved.len());
        server.add(&shuffled, &moved[..cut]);
        // The graph is whole at every moment; the reader checks every rule.
        prop_assert_eq!(server.graph(&shuffled).0.len(), cut);
        prop_assert_eq!(server.add(&shuffled, &moved), (moved.len() - cut) as u64);
        prop_assert_eq!(server.add(&shuffled, &events), 0);
        prop_assert_eq!(server.graph(&plain).0, server.graph(&shuffled).0);
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn a_child_hangs_on_the_post_until_its_parent_comes() {
    let server = Server::start();
    server.put("p", &record());
    server.add("p", &[event("child", Some("parent"), 50)]);
    assert_eq!(server.page("p", "")["parent"], json!([0]));
    server.add("p", &[event("parent", None, 20)]);
    assert_eq!(server.page("p", "")["parent"], json!([0, 1]));
    // A clock that is behind its parent's.
    server.add("p", &[event("hasty", Some("child"), 5)]);
    let page = server.page("p", "");
    assert_eq!(
        (&page["t"], &page["parent"]),
        (&json!([20, 50, 50]), &json!([0, 1, 2]))
    );
}

#[test]
fn pages_belong_to_one_snapshot_whatever_is_added_meanwhile() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("store.db");
    let mut server = Server::start_on(&store);
    server.put("p", &record());
    let many: Vec<Value> = (0..2 * PAGE as u32 + 10)
        .map(|i| event(&format!("e{i}"), None, 10 * i))
        .collect();
    server.add("p", &many);
    let first = server.page("p", "");
    assert_eq!(first["t"].as_array().unwrap().len(), PAGE);
    let cursor = first["next"].as_str().unwrap().to_owned();
    let second = server.page("p", &format!("?cursor={cursor}"));

    // Between those of the first page, so that every index moves.
    let late: Vec<Value> = (0..5).map(|i| event(&format!("l{i}"), None, 5)).collect();
    server.add("p", &late);
    assert_eq!(server.page("p", &format!("?cursor={cursor}")), second);
    assert_eq!(second["total"], 2 * PAGE as u64 + 10);
    assert_eq!(server.page("p", "")["total"], 2 * PAGE as u64 + 15);
    let (graph, pages) = server.graph("p");
    assert_eq!((graph.len(), pages), (2 * PAGE + 15, 3));

    // Kept by the file, not by the process.
    server.kill();
    drop(server);
    let server = Server::start_on(&store);
    assert_eq!(server.page("p", &format!("?cursor={cursor}")), second);
    assert_eq!(server.graph("p").0, graph);

    // A page with `until`, and its cursor with the same.
    let until = 10 * (PAGE as u32 + 100);
    let cut = server.page("p", &format!("?until={until}"));
    let next = cut["next"].as_str().unwrap();
    let rest = server.page("p", &format!("?until={until}&cursor={next}"));
    assert_eq!(
        (&rest["total"], &rest["next"]),
        (&cut["total"], &json!(null))
    );
    let query = format!("/v1/posts/p/diffusion?until=3&cursor={next}");
    assert_error(&server.get(&query, &[]), 422, "invalid_input");

    // Replacing or erasing ends a snapshot.
    server.put("p", &record());
    let path = format!("/v1/posts/p/diffusion?cursor={cursor}");
    assert_error(&server.get(&path, &[]), 410, "snapshot_gone");
    // So does another post or another store.
    server.put("q", &record());
    let path = format!("/v1/posts/q/diffusion?cursor={cursor}");
    assert_error(&server.get(&path, &[]), 410, "snapshot_gone");
    let other = Server::start();
    other.put("p", &record());
    let path = format!("/v1/posts/p/diffusion?cursor={cursor}");
    assert_error(&other.get(&path, &[]), 410, "snapshot_gone");
}

#[test]
fn an_etag_saves_the_answer_until_something_changes() {
    let server = Server::start();
    server.put("p", &record());
    server.add("p", &[event("a", None, 1)]);
    for path in [
        "/v1/posts/p/diffusion",
        "/v1/posts/p/diffusion?texts=1",
        "/v1/posts/p/forecast",
    ] {
        let answer = server.get(path, &[("accept-encoding", "identity")]);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("cache-control"), "private, no-cache");
        let tag = answer.header("etag").to_owned();
        assert!(tag.starts_with('"'), "{tag}");
        for known in [
            tag.clone(),
            format!("W/{tag}"),
            format!("\"x\", {tag}"),
            "*".into(),
        ] {
            let again = server.get(path, &[("if-none-match", &known)]);
            assert_eq!((again.status, again.body.len()), (304, 0), "{known}");
            assert_eq!(again.header("etag"), tag);
            assert_eq!(again.header("cache-control"), "private, no-cache");
        }
        assert_eq!(server.get(path, &[("if-none-match", "\"x\"")]).status, 200);
    }
    let tag_of = |path: &str| server.get(path, &[]).header("etag").to_owned();
    let all = "/v1/posts/p/diffusion";
    let tags: BTreeSet<String> = [
        all,
        "/v1/posts/p/diffusion?texts=1",
        "/v1/posts/p/diffusion?until=0",
    ]
    .map(tag_of)
    .into();
    assert_eq!(tags.len(), 3);
    let before = tag_of(all);
    server.add("p", &[event("a", None, 1)]);
    assert_eq!(tag_of(all), before, "nothing was added");
    server.add("p", &[event("b", None, 1)]);
    let after = tag_of(all);
    assert_ne!(after, before);
    server.put("p", &record());
    assert_ne!(tag_of(all), after);

    // Erased and made again as it was: not the same.
    server.erase("/v1/posts/p");
    server.put("p", &record());
    server.add("p", &[event("a", None, 1)]);
    assert_ne!(tag_of(all), before);
}

#[test]
fn answers_are_compressed_for_who_asks() {
    let server = Server::start();
    server.put("p", &record());
    let events: Vec<Value> = (0..500).map(|i| event(&format!("e{i}"), None, i)).collect();
    server.add("p", &events);
    let path = "/v1/posts/p/diffusion";
    let plain = server.get(path, &[("accept-encoding", "identity")]);
    assert_eq!(plain.header("content-encoding"), "");

    // By hand: the client would unpack it. Version 1.0 has no chunks.
    let request = format!("GET {path} HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n");
    let mut gzip = Vec::new();
    server.send_raw(&request).read_to_end(&mut gzip).unwrap();
    let end = gzip.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    let head = std::str::from_utf8(&gzip[..end]).unwrap().to_lowercase();
    for line in [
        "content-encoding: gzip".to_owned(),
        "vary: accept-encoding".to_owned(),
        format!("etag: w/{}", plain.header("etag")),
    ] {
        assert!(head.contains(&format!("{line}\r\n")), "no {line} in {head}");
    }
    let mut unpacked = Vec::new();
    let mut decoder = GzDecoder::new(&gzip[end..]);
    decoder.read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, plain.body);
    assert!(gzip.len() - end < plain.body.len() / 2);

    let br = server.get(path, &[("accept-encoding", "gzip, br")]);
    assert_eq!(br.header("content-encoding"), "br");
    assert!(br.body.len() < plain.body.len() / 2);
    let again = [
        ("accept-encoding", "br"),
        ("if-none-match", br.header("etag")),
    ];
    assert_eq!(server.get(path, &again).status, 304);
}

#[test]
fn texts_are_read_for_their_valence_and_kept_only_if_asked() {
    let server = Server::start();
    let events = [
        json!({"id": "a", "t": 1, "kind": "quote", "text": "I love these boots, best I ever had!"}),
        json!({"id": "b", "t": 2, "kind": "comment", "text": "Terrible quality, a waste of money."}),
        json!({"id": "c", "t": 3, "kind": "comment", "text": "Terrible quality.", "s": 0.9}),
        json!({"id": "d", "t": 4, "kind": "repost", "text": "Terrible quality."}),
        json!({"id": "e", "t": 5, "kind": "reply"}),
    ];
    let mut keeping = record();
    keeping["keep_texts"] = true.into();
    for (id, record) in [("dropped", record()), ("kept", keeping)] {
        server.put(id, &record);
        let read = server.append(id, &ndjson(&events));
        let score = server.score(&draft().to_string()).json();
        assert_eq!(score["bundle"], read.header("bsmv-bundle"));
        let page = server.page(id, "");
        assert_eq!(page.get("text"), None);
        let s: Vec<Option<f64>> = page["s"]
            .as_array()
            .unwrap()
            .iter()
            .map(Value::as_f64)
            .collect();
        assert!(s[0].unwrap() > 0.3 && s[1].unwrap() < -0.3, "{s:?}");
        assert_eq!(
            (s[2].map(|s| s as f32), s[3], s[4]),
            (Some(0.9), None, None)
        );
        let texts = &server.page(id, "?texts=1")["text"];
        for (i, event) in events.iter().enumerate() {
            let expected = if id == "kept" {
                &event["text"]
            } else {
                &Value::Null
            };
            assert_eq!(&texts[i], expected);
        }
    }
    // Asked to keep them no more.
    server.put("kept", &record());
    assert_eq!(
        server.page("kept", "?texts=1")["text"],
        json!([null, null, null, null, null])
    );

    let many: Vec<Value> = (0..1_001)
        .map(|i| json!({"id": i.to_string(), "t": 1, "kind": "quote", "text": "ok"}))
        .collect();
    let refused = server.append("kept", &ndjson(&many));
    assert_error(&refused, 422, "invalid_input");
    assert_eq!(refused.json()["error"]["field"], "lines");
}

#[test]
fn forecasts_give_a_range_and_the_way_there() {
    let server = Server::start();
    server.put("p", &record());
    let events: Vec<Value> = (1..=400)
        .map(|i| {
            let mut event = event(&format!("e{i}"), None, 60 * i);
            event["kind"] = "quote".into();
            event["s"] = 0.8.into();
            event
        })
        .collect();
    server.add("p", &events);
    let forecast = |id: &str| {
        let answer = server.get(&format!("/v1/posts/{id}/forecast"), &[]);
        assert_eq!(answer.status, 200, "{}", answer.json());
        assert_shape("PostForecast", &answer.json());
        answer.json()
    };
    let whole = forecast("p");
    assert_eq!(
        (&whole["observed_until"], &whole["events"]),
        (&json!(24_000), &json!(400))
    );
    let history = whole["history"].as_array().unwrap();
    let times: Vec<_> = history
        .iter()
        .map(|m| m["observed_until"].as_u64().unwrap())
        .collect();
    assert_eq!(times, [0, 900, 3_600, 21_600, 24_000]);
    let seen: Vec<_> = history
        .iter()
        .map(|m| m["events"].as_u64().unwrap())
        .collect();
    assert_eq!(seen, [0, 15, 60, 360, 400]);
    assert_eq!(whole["expected"], history[4]["expected"]);
    for moment in history {
        let count = |name: &str| moment["expected"][name].as_f64().unwrap();
        assert!(count("low") <= count("events"), "{moment}");
        assert!(
            moment["expected"]["high"]
                .as_f64()
                .is_none_or(|high| count("events") <= high)
        );
        assert!(
            count("low") >= moment["events"].as_f64().unwrap() - 0.5,
            "{moment}"
        );
        assert!(moment["score"]["bsmv"].is_number());
    }
    // As the scorer says it of the same graph.
    let request = json!({
        "post": {"text": record()["text"], "platform": "weibo", "created_at": record()["created_at"]},
        "graph": server.page("p", "")
    });
    let scored = server.score(&request.to_string()).json();
    assert_eq!(history[4]["score"]["bsmv"], scored["bsmv"]);

    // Without its text: counts and no score. Elsewhere: counts by the author alone.
    let mut bare = record();
    bare.as_object_mut().unwrap().remove("text");
    bare["language"] = "zh".into();
    server.put("bare", &bare);
    server.add("bare", &events);
    let counts = forecast("bare");
    assert!(counts["expected"]["events"].as_f64().unwrap() >= 400.0);
    assert_eq!(counts["history"][0]["score"], json!(null));
    assert_eq!(counts["unseen"][0]["code"], "no_text");
    let mut elsewhere = record();
    elsewhere["platform"] = "douyin".into();
    server.put("elsewhere", &elsewhere);
    let unknown = forecast("elsewhere");
    assert!(unknown["expected"]["events"].as_f64().unwrap() >= 1.0);
    assert_eq!(unknown["unseen"][0]["code"], "diffusion_not_modelled");
    assert!(unknown["history"][0]["score"]["bsmv"].is_number());
}

#[test]
fn bad_input_is_refused_by_name_and_nothing_is_kept() {
    let server = Server::start();
    server.put("p", &record());
    let good = event("good", None, 1).to_string();
    for (line, status, code, field) in [
        ("nonsense", 400, "malformed_json", "lines[2]"),
        ("{\"id\":\"a\",", 400, "malformed_json", "lines[2]"),
        ("[1]", 422, "invalid_input", "lines[2]"),
        (
            r#"{"t":1,"kind":"repost"}"#,
            422,
            "invalid_input",
            "lines[2].id",
        ),
        (
            r#"{"id":"a","kind":"repost"}"#,
            422,
            "invalid_input",
            "lines[2].t",
        ),
        (
            r#"{"id":"a","t":-1,"kind":"repost"}"#,
            422,
            "invalid_input",
            "lines[2].t",
        ),
        (
            r#"{"id":"a","t":1,"kind":"like"}"#,
            422,
            "invalid_input",
            "lines[2].kind",
        ),
        (
            r#"{"id":"","t":1,"kind":"repost"}"#,
            422,
            "invalid_input",
            "lines[2].id",
        ),
        (
            r#"{"id":"a","t":1,"kind":"repost","parent":"a"}"#,
            422,
            "invalid_input",
            "lines[2].parent",
        ),
        (
            r#"{"id":"a","t":1,"kind":"repost","s":1.5}"#,
            422,
            "invalid_input",
            "lines[2].s",
        ),
        (
            r#"{"id":"a","t":1,"kind":"repost","age":3}"#,
            422,
            "invalid_input",
            "lines[2].age",
        ),
        (
            r#"{"id":"a","t":1,"kind":"repost","followers":-3}"#,
            422,
            "invalid_input",
            "lines[2].followers",
        ),
    ] {
        let answer = server.append("p", &format!("{good}\n{line}\n"));
        assert_error(&answer, status, code);
        assert_eq!(answer.json()["error"]["field"], field, "{line}");
    }
    let long = "x".repeat(257);
    let answer = server.append("p", &event(&long, None, 1).to_string());
    assert_eq!(answer.json()["error"]["field"], "lines[1].id");
    assert_eq!(server.page("p", "")["total"], 0, "something was kept");

    for (body, field) in [
        (json!({}), "created_at"),
        (json!({"created_at": "yesterday"}), "created_at"),
        (
            json!({"created_at": "2026-11-22T10:00:00Z", "text": " "}),
            "text",
        ),
        (
            json!({"created_at": "2026-11-22T10:00:00Z", "title": "t"}),
            "title",
        ),
        (
            json!({"created_at": "2026-11-22T10:00:00Z", "user": ""}),
            "user",
        ),
        (
            json!({"created_at": "2026-11-22T10:00:00Z", "likes": 3}),
            "likes",
        ),
        (
            json!({"created_at": "2026-11-22T10:00:00Z", "author": {"followers": -1}}),
            "author.followers",
        ),
    ] {
        let answer = server.put("bad", &body);
        assert_error(&answer, 422, "invalid_input");
        assert_eq!(answer.json()["error"]["field"], field, "{body}");
    }
    assert_error(
        &server.get("/v1/posts/bad/diffusion", &[]),
        404,
        "not_found",
    );

    for (method, path, field) in [
        ("GET", "/v1/posts/p/diffusion?until=soon", "until"),
        ("GET", "/v1/posts/p/diffusion?until=-1", "until"),
        ("GET", "/v1/posts/p/diffusion?until=1&until=2", "until"),
        ("GET", "/v1/posts/p/diffusion?texts=2", "texts"),
        ("GET", "/v1/posts/p/diffusion?limit=2", "limit"),
        ("GET", "/v1/posts/p/diffusion?cursor=", "cursor"),
        ("GET", "/v1/posts/p/diffusion?cursor=1.2.3", "cursor"),
        (
            "GET",
            "/v1/posts/p/diffusion?cursor=1.2.3.4.%00.5",
            "cursor",
        ),
        ("GET", "/v1/posts/p/forecast?until=3", "until"),
        ("GET", "/v1/posts/%ff/diffusion", "id"),
        ("DELETE", "/v1/posts", "older_than_days"),
        ("DELETE", "/v1/posts?older_than_days=", "older_than_days"),
        ("DELETE", "/v1/users/u?force=1", "force"),
    ] {
        let answer = server.send(method, path, &[], "");
        assert_error(&answer, 422, "invalid_input");
        assert_eq!(answer.json()["error"]["field"], field, "{path}");
    }
    let path = format!("/v1/posts/{long}/diffusion");
    assert_error(&server.get(&path, &[]), 422, "invalid_input");
    for path in [
        "/v1/posts/p/forecast",
        "/v1/posts/nobody/forecast",
        "/v1/posts/nobody/diffusion",
    ] {
        let answer = server.get(path, &[]);
        let found = path.starts_with("/v1/posts/p/");
        assert_eq!(answer.status, if found { 200 } else { 404 });
    }
    let plain = [("content-type", "text/plain")];
    let events = "/v1/posts/p/events";
    assert_error(
        &server.send("POST", events, &plain, &good),
        415,
        "unsupported_media_type",
    );
    assert_error(
        &server.send("PUT", "/v1/posts/p", &plain, "{}"),
        415,
        "unsupported_media_type",
    );
    assert_error(&server.get(events, &[]), 405, "method_not_allowed");
    // Only announced: refused before it is sent.
    let mut stream = server.send_raw(
        "POST /v1/posts/p/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n\
         Content-Length: 16777217\r\n\r\n",
    );
    let mut head = [0; 12];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 413");
}
