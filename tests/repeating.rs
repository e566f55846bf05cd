//! Writes that are sent again with the same `Idempotency-Key` are made once.
#![cfg(feature = "server")]

mod common;

use common::assert_error;
use common::jobs::{CSV, Place, accepted, bsmv, ended};
use common::posts::{event, ndjson, record};
use common::server::{Answer, Server};
use common::shell::said;
use serde_json::{Value, json};

/// A write with a name, by a key.
fn write(server: &Server, key: &str, name: &str, [method, path, media, body]: [&str; 4]) -> Answer {
    let bearer = format!("Bearer {key}");
    let mut headers = vec![("idempotency-key", name), ("authorization", &bearer)];
    if !media.is_empty() {
        headers.push(("content-type", media));
    }
    server.send(method, path, &headers, body)
}

/// What every repetition must have.
fn told(answer: &Answer) -> (u16, Value) {
    let body = match answer.body.is_empty() {
        true => Value::Null,
        false => answer.json(),
    };
    (answer.status, body)
}

fn key(place: &Place, name: &str) -> String {
    let made = bsmv(&["key", "create", name, "--scope", "admin", "--store"])
        .arg(place.path("store.db"))
        .output()
        .unwrap();
    said(&made).trim().to_owned()
}

#[test]
fn a_write_that_is_sent_again_has_the_same_answer_also_after_kill_9() {
    let place = Place::new();
    let [ann, ben] = ["ann", "ben"].map(|name| key(&place, name));
    let (put, lines) = (record().to_string(), ndjson(&[event("e1", None, 3)]));
    let (json, nd) = ("application/json", "application/x-ndjson");
    let user = "user,text\nmallory,Lovely\n";
    let writes = [
        ("a", ["PUT", "/v1/posts/p", json, &put]),
        (
            "b",
            ["POST", "/v1/posts/p/events?observed_until=9", nd, &lines],
        ),
        ("c", ["DELETE", "/v1/users/user-e1", "", ""]),
        ("d", ["DELETE", "/v1/posts/p", "", ""]),
        ("e", ["DELETE", "/v1/users/mallory", "", ""]),
        ("f", ["DELETE", "/v1/brands/Anta", "", ""]),
        ("g", ["DELETE", "/v1/posts?older_than_days=9", "", ""]),
    ];
    let mut server = place.server(&[]);
    let job = |name: &str, body: &str, query: &str| {
        let path = format!("/v1/jobs?name=a{query}");
        write(&server, &ann, name, ["POST", &path, CSV.1, body])
    };
    accepted(&job("j", user, ""));
    let brand = "&brand=%7B%22name%22%3A%22Anta%22%7D";
    accepted(&job("k", "text\nDry\n", brand));

    let first: Vec<(u16, Value)> = writes
        .iter()
        .map(|(name, ask)| told(&write(&server, &ann, name, *ask)))
        .collect();
    let erased = |posts: u64, events: u64, jobs: u64| {
        (200, json!({"posts": posts, "events": events, "jobs": jobs}))
    };
    assert_eq!(
        first,
        [
            (201, json!({"created": true})),
            (200, json!({"added": 1, "known": 0})),
            erased(0, 1, 0),
            erased(1, 0, 0),
            erased(0, 0, 1),
            (200, json!({"jobs": 1})),
            erased(0, 0, 0),
        ]
    );
    for killed in [false, true] {
        if killed {
            server.kill();
            server = place.server(&[]);
        }
        let again: Vec<(u16, Value)> = writes
            .iter()
            .map(|(name, ask)| told(&write(&server, &ann, name, *ask)))
            .collect();
        assert_eq!(again, first);
    }
    // None of it was made again.
    let bearer = format!("Bearer {ann}");
    let post = server.get("/v1/posts/p", &[("authorization", &bearer)]);
    assert_error(&post, 404, "not_found");

    // What asks for something else has no right to the name, and what another key asks its own.
    for ask in [
        [
            "PUT",
            "/v1/posts/p",
            json,
            r#"{"created_at": "2026-11-22T10:00:00Z"}"#,
        ],
        ["PUT", "/v1/posts/q", json, &put],
        ["DELETE", "/v1/posts/p", "", ""],
    ] {
        let refused = write(&server, &ann, "a", ask);
        assert_error(&refused, 422, "idempotency_key_reused");
    }
    let bens = write(&server, &ben, "a", writes[0].1);
    assert_eq!(told(&bens), (201, json!({"created": true})));
    // What was refused can be tried again with its name.
    let ask = ["POST", "/v1/posts/none/events", nd, &lines];
    assert_error(&write(&server, &ann, "n", ask), 404, "not_found");
    let put_none = ["PUT", "/v1/posts/none", json, &put];
    assert_eq!(write(&server, &ann, "m", put_none).status, 201);
    assert_eq!(told(&write(&server, &ann, "n", ask)).1["added"], 1);
    for name in ["", &"x".repeat(256)] {
        let refused = write(&server, &ann, name, writes[0].1);
        assert_error(&refused, 422, "invalid_input");
    }
}

#[test]
fn a_file_that_is_sent_again_is_one_job() {
    let place = Place::new();
    let mut server = place.server(&[]);
    let send = |server: &Server, path: &str, body: &str| {
        write(server, "", "one", ["POST", path, CSV.1, body])
    };
    let id = accepted(&send(&server, "/v1/jobs", "text\nLovely\n"));
    assert_eq!(accepted(&send(&server, "/v1/jobs", "text\nLovely\n")), id);
    server.kill();
    server = place.server(&[]);
    assert_eq!(accepted(&send(&server, "/v1/jobs", "text\nLovely\n")), id);
    assert_eq!(place.kept().len(), 1);
    for (path, body) in [
        ("/v1/jobs", "text\nDry\n"),
        ("/v1/jobs?out=xlsx", "text\nLovely\n"),
    ] {
        assert_error(&send(&server, path, body), 422, "idempotency_key_reused");
    }
    ended(&server, &id);
    let path = format!("/v1/jobs/{id}");
    let erase = || write(&server, "", "two", ["DELETE", &path, "", ""]).status;
    assert_eq!([erase(), erase()], [204, 204]);
    assert_eq!(server.send("DELETE", &path, &[], "").status, 404);
    // Nothing is known of it any more.
    assert_ne!(accepted(&send(&server, "/v1/jobs", "text\nDry\n")), id);
    assert_eq!(place.kept().len(), 1);
}
