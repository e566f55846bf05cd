//! `bsmv serve` with more to do than it can: lists, deadlines, a queue that callers share, answers
//! given again, and an end that loses nothing. By the real server.
#![cfg(feature = "server")]

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use common::server::{Answer, Server};
use common::{assert_error, assert_shape, bad_inputs, draft, full_request, unreadable};
use serde_json::{Value, json};

/// The head of a request whose body is to come, of so many bytes.
fn head(path: &str, more: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{more}\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    )
}

/// Everything that comes until the server hangs up.
fn rest_of(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn bearer(key: &str) -> String {
    format!("Bearer {key}")
}

fn score_with(server: &Server, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut all = vec![("content-type", "application/json")];
    all.extend(headers);
    server.send("POST", "/v1/score", &all, body)
}

/// A server on a store in which each of these has a key.
fn with_keys(names: &[(&str, &[&str])], more: &[&str]) -> (Server, Vec<String>, tempfile::TempDir) {
    let place = tempfile::tempdir().unwrap();
    let store = place.path().join("store.db");
    let store = store.to_str().unwrap();
    let keys = names.iter().map(|(name, limits)| {
        let made = Command::new(env!("CARGO_BIN_EXE_bsmv"))
            .args(["key", "create", name, "--scope", "score", "--store", store])
            .args(*limits)
            .output()
            .unwrap();
        assert!(made.status.success());
        String::from_utf8(made.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    });
    let keys = keys.collect();
    let mut args = vec!["--store", store];
    args.extend(more);
    (Server::start_with(&args), keys, place)
}

#[test]
fn each_request_of_a_list_is_answered_by_itself_and_in_its_place() {
    let server = Server::start();
    let mut requests = vec![draft(), full_request()];
    requests.extend(unreadable().map(|unreadable| unreadable.request));
    let bad = bad_inputs().into_iter().filter_map(|bad| bad.request);
    requests.extend(bad.take(20));
    requests.push(json!(7));
    requests.push(json!({"id": "z", "post": {"text": ""}, "odd": 1}));
    requests.push(draft());
    let list = Value::from(requests.clone()).to_string();
    let answer = server.score(&format!(" \n{list}"));
    assert_eq!(answer.status, 200, "{}", answer.json());
    let answers = answer.json();
    let answers = answers.as_array().unwrap();
    assert_eq!(answers.len(), requests.len());
    let mut scores = 0;
    for (request, answer) in requests.iter().zip(answers) {
        let alone = server.score(&request.to_string());
        if alone.status == 200 {
            assert_eq!(*answer, alone.json(), "{request}");
            scores += usize::from(answer["bsmv"].is_number());
        } else {
            assert_shape("ListedError", answer);
            assert_eq!(answer["error"], alone.json()["error"], "{request}");
        }
    }
    assert_eq!(scores, 3);
    assert_eq!(answers[answers.len() - 2]["id"], "z");
}

#[test]
fn a_list_that_is_none_or_too_long_is_refused() {
    let server = Server::start();
    for (body, status, code) in [
        ("[]".to_owned(), 422, "invalid_input"),
        (
            Value::from(vec![draft(); 257]).to_string(),
            422,
            "invalid_input",
        ),
        ("[{}".to_owned(), 400, "malformed_json"),
        ("[{}] x".to_owned(), 400, "malformed_json"),
        ("[{},]".to_owned(), 400, "malformed_json"),
    ] {
        let answer = server.score(&body);
        assert_error(&answer, status, code);
        assert_eq!(answer.json()["error"]["field"], "request");
    }
    let list = Value::from(vec![draft(); 256]).to_string();
    let answers = server.score(&list).json();
    assert_eq!(answers.as_array().unwrap().len(), 256);
    assert_error(&server.explain(&list), 422, "invalid_input");
}

#[test]
fn a_list_counts_as_its_requests() {
    let (server, keys, _place) = with_keys(&[("ann", &["--per-minute", "10"])], &[]);
    let bearer = bearer(&keys[0]);
    let list = |n: usize| {
        let body = Value::from(vec![draft(); n]).to_string();
        score_with(&server, &[("authorization", &bearer)], &body)
    };
    assert_eq!(list(8).status, 200);
    let refused = list(8);
    assert_error(&refused, 429, "rate_limited");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
    let (server, keys, _place) = with_keys(&[("ben", &["--per-minute", "10"])], &[]);
    let bearer = format!("Bearer {}", keys[0]);
    let body = Value::from(vec![draft(); 30]).to_string();
    let never = score_with(&server, &[("authorization", &bearer)], &body);
    assert_error(&never, 422, "invalid_input");
}

#[test]
fn an_equal_request_is_answered_again_to_the_same_key_only() {
    let (server, keys, _place) = with_keys(&[("ann", &[]), ("ben", &[])], &[]);
    let [ann, ben] = [bearer(&keys[0]), bearer(&keys[1])];
    let (ann, ben) = ([("authorization", &*ann)], [("authorization", &*ben)]);
    let body = draft().to_string();
    let status = |answer: &Answer| answer.header("cache-status").to_owned();
    let first = score_with(&server, &ann, &body);
    let again = score_with(&server, &ann, &body);
    let others = score_with(&server, &ben, &body);
    assert_eq!(status(&first), "bsmv; fwd=uri-miss");
    assert_eq!(status(&again), "bsmv; hit");
    assert_eq!(status(&others), "bsmv; fwd=uri-miss");
    assert_eq!(first.json(), again.json());
    assert_eq!(first.json(), others.json());
    // Another text, another endpoint, and a mistake are none of it.
    let other = body.replace("Third", "Fourth");
    assert_eq!(
        status(&score_with(&server, &ann, &other)),
        "bsmv; fwd=uri-miss"
    );
    let json = ("content-type", "application/json");
    let explained = server.send("POST", "/v1/explain", &[json, ann[0]], &body);
    assert_eq!(status(&explained), "bsmv; fwd=uri-miss");
    for _ in 0..2 {
        assert_error(&score_with(&server, &ann, "{}"), 422, "invalid_input");
    }

    let none = Server::start_with(&["--cache", "0"]);
    for _ in 0..2 {
        assert_eq!(status(&none.score(&body)), "bsmv; fwd=uri-miss");
    }
}

#[test]
fn what_takes_longer_than_allowed_is_refused_in_time() {
    let server = Server::start_with(&["--deadline", "2"]);
    // Bodies that never end.
    for (more, least, most) in [("Deadline-Ms: 300\r\n", 300, 1_900), ("", 2_000, 20_000)] {
        let begin = Instant::now();
        let stream = server.send_raw(&format!("{}{{", head("/v1/score", more, 10)));
        let answer = rest_of(stream);
        let took = begin.elapsed();
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.contains(r#""code":"deadline""#), "{answer}");
        assert!(answer.to_lowercase().contains("retry-after: 1"), "{answer}");
        let in_time = Duration::from_millis(least)..Duration::from_millis(most);
        assert!(in_time.contains(&took), "{took:?}");
    }
    for odd in ["0", "-1", "soon", "1.5"] {
        let answer = score_with(&server, &[("deadline-ms", odd)], &draft().to_string());
        assert_error(&answer, 422, "invalid_input");
        assert_eq!(answer.json()["error"]["field"], "Deadline-Ms");
    }
    let patient = [("deadline-ms", "60000")];
    let answer = score_with(&server, &patient, &draft().to_string());
    assert_eq!(answer.status, 200);
}

/// A list of 250 texts that nobody sends twice, in less than 64 KiB.
fn long_list(key: &str, number: usize) -> String {
    let text = |i: usize| {
        let words = "Third winter in these boots and my feet are still dry. ".repeat(3);
        format!("{words}{i} {number} {}", &key[key.len() - 8..])
    };
    let requests = (0..250).map(|i| json!({"post": {"text": text(i)}}));
    let list = requests.collect::<Value>().to_string();
    assert!(list.len() < 64 << 10, "{}", list.len());
    list
}

#[test]
fn one_key_cannot_keep_the_others_out() {
    let meter: &[&str] = &["--scope", "metrics"];
    let keys: [(&str, &[&str]); 4] = [("ann", &[]), ("ben", &[]), ("cy", &[]), ("meter", meter)];
    let (server, keys, _place) = with_keys(&keys, &["--queue", "20"]);
    let meter = bearer(&keys[3]);
    let held = || {
        let metrics = server.get("/metrics", &[("authorization", &meter)]).body;
        let metrics = String::from_utf8(metrics).unwrap();
        let line = metrics
            .lines()
            .find_map(|line| line.strip_prefix("bsmv_queue_places_held "));
        line.unwrap().parse::<f64>().unwrap()
    };
    // Lists that take long hold their places: each has as much to score as a small body can.
    let mut waiting = Vec::new();
    let mut fill = |key: &str| {
        let bearer = bearer(key);
        let header = [("authorization", bearer.as_str())];
        for sent in 0..100 {
            let refused = score_with(&server, &header, "[]");
            if refused.status != 422 {
                assert_error(&refused, 503, "overloaded");
                return sent;
            }
            let list = long_list(key, sent);
            let before = held();
            let more = format!("Authorization: Bearer {key}\r\n");
            let request = head("/v1/score", &more, list.len());
            waiting.push(server.send_raw(&format!("{request}{list}")));
            // The server reads the body at its own pace; meanwhile an earlier one may be done.
            let begin = Instant::now();
            while held() <= before && begin.elapsed() < Duration::from_secs(1) {}
        }
        panic!("no request of a key was refused");
    };
    let (ann, ben) = (fill(&keys[0]), fill(&keys[1]));
    assert_eq!((ann, ben), (16, 4));
    // The queue is full now for everybody.
    let body = draft().to_string();
    let header = bearer(&keys[2]);
    let cy = [("authorization", header.as_str())];
    assert_error(&score_with(&server, &cy, &body), 503, "overloaded");
    // Who hangs up leaves the queue.
    drop(waiting);
    let begin = Instant::now();
    while score_with(&server, &cy, &body).status != 200 {
        assert!(
            begin.elapsed() < Duration::from_secs(30),
            "places weren't given back"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_crowd_is_answered_or_refused_and_the_server_goes_on() {
    let server = Server::start_with(&["--queue", "4", "--cache", "0"]);
    let counts = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..16)
            .map(|client| {
                let server = &server;
                scope.spawn(move || {
                    let (mut scored, mut refused) = (0, 0);
                    for round in 0..10 {
                        let text = format!("{client} {round} pairs of boots and dry feet");
                        let answer = server.score(&json!({"post": {"text": text}}).to_string());
                        if answer.status == 200 {
                            assert_shape("Score", &answer.json());
                            scored += 1;
                        } else {
                            assert_error(&answer, 503, "overloaded");
                            refused += 1;
                        }
                    }
                    (scored, refused)
                })
            })
            .collect();
        let counts = clients.into_iter().map(|client| client.join().unwrap());
        counts.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    });
    assert_eq!(counts.0 + counts.1, 160);
    assert!(counts.0 > 0 && counts.1 > 0, "{counts:?}");
    assert_eq!(server.score(&draft().to_string()).status, 200);
}

fn signal(server: &Server, name: &str) {
    let kill = format!("kill -{name} {}", server.child.id());
    let sent = Command::new("sh").args(["-c", &kill]).status();
    assert!(sent.unwrap().success());
}

/// Waits until nobody listens any more.
fn until_closed(server: &Server) {
    let begin = Instant::now();
    while TcpStream::connect(&server.address).is_ok() {
        assert!(
            begin.elapsed() < Duration::from_secs(30),
            "it still listens"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(unix)]
#[test]
fn a_server_that_ends_answers_what_it_has_begun() {
    let mut server = Server::start();
    let body = draft().to_string();
    let request = head("/v1/score", "", body.len());
    let mut begun = server.send_raw(&format!("{request}{}", &body[..20]));
    // The server reads the head at its own pace.
    std::thread::sleep(Duration::from_millis(500));
    signal(&server, "TERM");
    until_closed(&server);
    begun.write_all(&body.as_bytes()[20..]).unwrap();
    let answer = rest_of(begun);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("\"bsmv\":"), "{answer}");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

#[cfg(unix)]
#[test]
fn a_server_that_ends_gives_up_on_who_never_finishes() {
    let mut server = Server::start_with(&["--drain", "1"]);
    let request = head("/v1/score", "", 10);
    let _never = server.send_raw(&format!("{request}{{"));
    std::thread::sleep(Duration::from_millis(500));
    let begin = Instant::now();
    signal(&server, "TERM");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
    let took = begin.elapsed();
    // Its body might have come for 30 seconds.
    assert!(took < Duration::from_secs(20), "{took:?}");
}
