//! Keys of `bsmv serve`: who may ask what, and how often; and the log of who changed what. By the
//! real programs.
#![cfg(feature = "server")]

mod common;

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use common::posts::{event, ndjson, record};
use common::server::{Answer, Server};
use common::{OPENAPI, assert_error, draft};
use serde_json::Value;

const SCOPES: [&str; 5] = ["score", "read", "write", "erase", "metrics"];

fn bsmv(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bsmv"))
        .args(args)
        .output()
        .unwrap()
}

/// What a command prints, if it succeeds.
fn said(args: &[&str]) -> String {
    let output = bsmv(args);
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {problem}");
    String::from_utf8(output.stdout).unwrap()
}

/// What a command complains of.
fn refused(args: &[&str]) -> String {
    let output = bsmv(args);
    assert!(!output.status.success(), "{args:?} was done");
    String::from_utf8(output.stderr).unwrap()
}

/// A store in a file of its own.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Place(tempfile::tempdir().unwrap())
    }

    fn store(&self) -> String {
        let file = self.0.path().join("store.db");
        file.to_str().unwrap().to_owned()
    }

    /// Makes a key with more arguments.
    fn key(&self, name: &str, scope: &str, more: &[&str]) -> String {
        let store = self.store();
        let mut args = vec!["key", "create", name, "--store", &store, "--scope", scope];
        args.extend(more);
        said(&args).trim_end().to_owned()
    }

    fn revoke(&self, name: &str) {
        said(&["key", "revoke", name, "--store", &self.store()]);
    }

    fn list(&self) -> String {
        said(&["key", "list", "--store", &self.store()])
    }

    fn audit(&self, more: &[&str]) -> Vec<Vec<String>> {
        let store = self.store();
        let mut args = vec!["audit", "--store", &store];
        args.extend(more);
        let lines = said(&args);
        let fields = lines.lines().map(|line| line.split('\t'));
        fields
            .map(|fields| fields.map(str::to_owned).collect())
            .collect()
    }

    fn serve(&self, more: &[&str]) -> Server {
        let store = self.store();
        let mut args = vec!["--store", &store];
        args.extend(more);
        Server::start_with(&args)
    }
}

fn ask(server: &Server, key: &str, method: &str, path: &str, media: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {key}");
    let mut headers = Vec::new();
    if !media.is_empty() {
        headers.push(("content-type", media));
    }
    if !key.is_empty() {
        headers.push(("authorization", &bearer));
    }
    server.send(method, path, &headers, body)
}

fn score(server: &Server, key: &str) -> Answer {
    let body = draft().to_string();
    ask(server, key, "POST", "/v1/score", "application/json", &body)
}

/// Asks until an answer has this status: keys are read anew within a second or so.
fn soon(status: u16, ask: impl Fn() -> Answer) -> Answer {
    let begin = Instant::now();
    loop {
        let answer = ask();
        if answer.status == status {
            return answer;
        }
        let waited = begin.elapsed();
        assert!(waited < Duration::from_secs(30), "still {}", answer.status);
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// An operation of the API's description.
struct Operation {
    method: String,
    /// With the name of a post or user in the place of the parameter.
    path: String,
    media: String,
    /// The scope that it needs; none where everybody may.
    scope: Option<String>,
}

fn operations() -> Vec<Operation> {
    let description: Value = serde_json::from_str(OPENAPI).unwrap();
    let mut all = Vec::new();
    for (path, operations) in description["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let security = operation["security"].as_array();
            let security = security.unwrap_or_else(|| panic!("{method} {path}: no `security`"));
            let scope = security.first().map(|need| {
                let scopes = need["key"].as_array().unwrap();
                assert_eq!(scopes.len(), 1, "{method} {path}");
                scopes[0].as_str().unwrap().to_owned()
            });
            let media = operation["requestBody"]["content"].as_object();
            let media = media.and_then(|media| media.keys().next());
            all.push(Operation {
                method: method.to_uppercase(),
                path: path.replace("{id}", "p1"),
                media: media.cloned().unwrap_or_default(),
                scope,
            });
        }
    }
    assert!(all.len() >= 12, "{}", all.len());
    all
}

#[test]
fn every_endpoint_wants_a_key_of_its_scope_and_nothing_less() {
    let place = Place::new();
    let keys: Vec<(&str, String)> = SCOPES
        .iter()
        .chain(&["admin"])
        .map(|&scope| (scope, place.key(scope, scope, &[])))
        .collect();
    place.key("gone", "admin", &[]);
    let gone = place.key("gone-too", "admin", &[]);
    place.revoke("gone-too");
    let wrong = format!("bsmv_{}", "A".repeat(43));
    let server = place.serve(&[]);
    for Operation {
        method,
        path,
        media,
        scope,
    } in operations()
    {
        let what = format!("{method} {path}");
        let ask = |key: &str| ask(&server, key, &method, &path, &media, "{}");
        let Some(scope) = scope else {
            assert_eq!(ask("").status, 200, "{what}");
            continue;
        };
        for key in ["", &wrong, "bsmv_", "admin", &gone] {
            let answer = ask(key);
            assert_error(&answer, 401, "unauthorized");
            assert!(answer.header("www-authenticate").starts_with("Bearer"));
        }
        for (has, key) in &keys {
            let answer = ask(key);
            if *has == scope || *has == "admin" {
                let status = answer.status;
                assert!(
                    ![401, 403, 405].contains(&status),
                    "{what} by {has}: {status}"
                );
            } else {
                assert_error(&answer, 403, "forbidden");
                let message = answer.json()["error"]["message"].to_string();
                assert!(message.contains(&format!("`{scope}`")), "{message}");
            }
        }
    }
    // Nor is there anything to be learnt of what isn't there.
    for path in [
        "/v1/nothing",
        "/v1/score/",
        "/v1/",
        "/nothing",
        "/",
        "/models/brands.json",
    ] {
        assert_error(&server.get(path, &[]), 401, "unauthorized");
    }
    let read = format!("Bearer {}", keys[1].1);
    let read = [("authorization", read.as_str())];
    assert_error(&server.get("/v1/nothing", &read), 404, "not_found");
}

#[test]
fn a_browser_may_bring_the_key_as_a_password() {
    let place = Place::new();
    let key = place.key("desk", "score", &[]);
    let server = place.serve(&[]);
    let asked = server.get("/", &[]);
    assert_eq!(asked.status, 401);
    assert!(asked.header("www-authenticate").starts_with("Basic "));
    for (user, status) in [("", 200), ("desk", 200)] {
        let pair = BASE64_STANDARD.encode(format!("{user}:{key}"));
        let basic = format!("Basic {pair}");
        assert_eq!(server.get("/", &[("authorization", &basic)]).status, status);
    }
    for bad in [
        "Basic",
        "Basic !",
        "Basic eA==",
        "Digest x",
        "Bearer",
        "Bearer  ",
    ] {
        let answer = server.get("/", &[("authorization", bad)]);
        assert_eq!(answer.status, 401, "{bad}");
    }
}

#[test]
fn a_server_of_its_own_machine_is_open_until_it_has_a_key_and_then_never_again() {
    let place = Place::new();
    let server = place.serve(&[]);
    assert_eq!(score(&server, "").status, 200);
    let key = place.key("first", "score", &[]);
    soon(401, || score(&server, ""));
    assert_eq!(score(&server, &key).status, 200);
    let second = place.key("second", "score,read", &[]);
    soon(200, || score(&server, &second));
    place.revoke("first");
    soon(401, || score(&server, &key));
    place.revoke("second");
    soon(401, || score(&server, &second));
    assert_eq!(score(&server, "").status, 401);
    drop(server);
    let server = place.serve(&[]);
    assert_eq!(score(&server, "").status, 401);
    assert_eq!(server.get("/v1/health", &[]).status, 200);
    drop(server);
    let server = place.serve(&["--no-keys"]);
    assert_eq!(score(&server, "").status, 200);
}

#[test]
fn a_server_without_keys_answers_under_no_name_that_can_lead_elsewhere() {
    let place = Place::new();
    let server = place.serve(&[]);
    let ask = |host: &str| server.get("/v1/models", &[("host", host)]);
    for local in [
        "localhost",
        "LOCALHOST:8080",
        "127.0.0.1:1",
        "[::1]:8080",
        "127.9.9.9",
    ] {
        assert_eq!(ask(local).status, 200, "{local}");
    }
    for other in [
        "evil.example",
        "127.0.0.1.evil.example:8080",
        "10.0.0.1",
        "x",
    ] {
        assert_error(&ask(other), 403, "wrong_host");
    }
    // Who has a key is no page of elsewhere.
    let key = place.key("one", "admin", &[]);
    let bearer = format!("Bearer {key}");
    soon(200, || {
        let headers = [("host", "bsmv.example"), ("authorization", &bearer)];
        server.get("/v1/models", &headers)
    });
    drop(server);
    let server = place.serve(&["--no-keys"]);
    assert_eq!(
        server.get("/v1/models", &[("host", "bsmv.example")]).status,
        200
    );
}

#[test]
fn a_server_that_others_can_reach_starts_only_with_a_key_or_when_told() {
    let place = Place::new();
    let store = place.store();
    let start = [
        "serve",
        "--addr",
        "0.0.0.0:0",
        "--store",
        &store,
        "--www",
        "www",
    ];
    let complaint = refused(&start);
    assert!(complaint.contains("bsmv key create"), "{complaint}");
    let key = place.key("one", "admin", &[]);
    place.revoke("one");
    assert!(refused(&start).contains("bsmv key create"));

    let public = place.serve(&["--addr", "0.0.0.0:0", "--public-score"]);
    assert_eq!(score(&public, "").status, 200);
    assert_eq!(public.get("/", &[]).status, 200);
    assert_error(&score(&public, &key), 401, "unauthorized");
    assert_error(&public.get("/v1/posts/p1", &[]), 401, "unauthorized");
    let body = draft().to_string();
    let explained = ask(
        &public,
        "",
        "POST",
        "/v1/explain",
        "application/json",
        &body,
    );
    assert_error(&explained, 401, "unauthorized");
    drop(public);

    place.key("two", "admin", &[]);
    let server = place.serve(&["--addr", "0.0.0.0:0"]);
    assert_error(&score(&server, ""), 401, "unauthorized");
}

#[test]
fn a_key_asks_as_often_as_it_may_and_is_told_when_again() {
    let place = Place::new();
    let minute = place.key("minute", "score", &["--per-minute", "5"]);
    let day = place.key("day", "score,read", &["--per-day", "4"]);
    let free = place.key("free", "score", &[]);
    let server = place.serve(&[]);
    let statuses =
        |key: &str, n: usize| -> Vec<u16> { (0..n).map(|_| score(&server, key).status).collect() };
    assert_eq!(statuses(&minute, 6), [200, 200, 200, 200, 200, 429]);
    let answer = score(&server, &minute);
    assert_error(&answer, 429, "rate_limited");
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=13).contains(&wait), "{wait}");

    assert_eq!(statuses(&day, 5), [200, 200, 200, 200, 429]);
    let wait: u64 = score(&server, &day).header("retry-after").parse().unwrap();
    assert!((1..=86_400).contains(&wait), "{wait}");
    assert_eq!(statuses(&free, 7), [200; 7]);

    // What it used holds over a restart.
    soon(200, || {
        let listed = place.list();
        let row = listed
            .lines()
            .find(|line| line.starts_with("day "))
            .unwrap();
        let used = row.split_whitespace().nth(5).unwrap().to_owned();
        let status = if used == "4" { 200 } else { 0 };
        Answer {
            status,
            ..score(&server, &free)
        }
    });
    drop(server);
    let server = place.serve(&[]);
    assert_eq!(score(&server, &day).status, 429);
}

#[test]
fn the_store_tells_who_changed_or_erased_what_and_no_id() {
    let place = Place::new();
    let writer = place.key("writer", "write", &[]);
    let eraser = place.key("eraser", "erase", &[]);
    let server = place.serve(&[]);
    let (json, lines) = ("application/json", "application/x-ndjson");
    let (put, add) = (record().to_string(), ndjson(&[event("e1", None, 3)]));
    let done = |key: &str, method: &str, path: &str, media: &str, body: &str| {
        let answer = ask(&server, key, method, path, media, body);
        assert!(answer.status < 300, "{method} {path}: {}", answer.status);
    };
    done(&writer, "PUT", "/v1/posts/secret-id", json, &put);
    done(&writer, "POST", "/v1/posts/secret-id/events", lines, &add);
    done(&eraser, "DELETE", "/v1/users/user-e1", "", "");
    done(&eraser, "DELETE", "/v1/posts/secret-id", "", "");
    done(&eraser, "DELETE", "/v1/posts?older_than_days=30", "", "");
    // What was refused changed nothing.
    let refused = ask(&server, &writer, "DELETE", "/v1/posts/secret-id", "", "");
    assert_eq!(refused.status, 403);
    let absent = ask(
        &server,
        &writer,
        "POST",
        "/v1/posts/none/events",
        lines,
        &add,
    );
    assert_eq!(absent.status, 404);

    let log = place.audit(&[]);
    let told: Vec<[&str; 4]> = log
        .iter()
        .map(|line| [&*line[1], &*line[2], &*line[3], &*line[4]])
        .collect();
    assert_eq!(
        told,
        [
            ["bsmv key", "create_key", "0", "0"],
            ["bsmv key", "create_key", "0", "0"],
            ["writer", "put_post", "1", "0"],
            ["writer", "append_events", "0", "1"],
            ["eraser", "erase_user", "0", "1"],
            ["eraser", "erase_post", "1", "0"],
            ["eraser", "prune", "0", "0"],
        ]
    );
    assert_eq!(log[0][6], "writer");
    assert!(log[6][6].starts_with("before 20"), "{log:?}");
    let (now, then) = (&log[6][0], &log[0][0]);
    assert!(now >= then && now.ends_with('Z'), "{log:?}");
    // Who knows an id can ask for it.
    let of_post = place.audit(&["--post", "secret-id"]);
    assert_eq!(of_post.len(), 3);
    assert_eq!(place.audit(&["--user", "user-e1"]), [log[4].clone()]);
    assert_eq!(
        place.audit(&["--key", "eraser", "--last", "1"]),
        [log[6].clone()]
    );
    assert_eq!(place.audit(&["--user", "secret-id"]).len(), 0);

    drop(server);
    let mut bytes = Vec::new();
    for file in std::fs::read_dir(place.0.path()).unwrap() {
        bytes.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let holds = |text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
    assert!(holds("append_events"));
    for gone in ["secret-id", "user-e1", &writer, &eraser] {
        assert!(!holds(gone), "{gone} is on the disk");
    }
}

#[test]
fn mistakes_at_the_command_line_are_named_and_make_nothing() {
    let place = Place::new();
    let store = place.store();
    for args in [
        &["key", "list", "--store", &store] as &[&str],
        &["key", "revoke", "x", "--store", &store],
        &["audit", "--store", &store],
    ] {
        assert!(refused(args).contains("there is no such store"));
        assert!(!Path::new(&store).exists());
    }
    place.key("ann", "read", &[]);
    let again = ["key", "create", "ann", "--store", &store, "--scope", "read"];
    assert!(refused(&again).contains("has, or had, the name"));
    let odd = ["key", "create", "a b", "--store", &store, "--scope", "read"];
    assert!(refused(&odd).contains("letters"));
    let scope = ["key", "create", "ben", "--store", &store, "--scope", "all"];
    assert!(refused(&scope).contains("score, read, write, erase, metrics, admin"));
    assert!(refused(&["key", "revoke", "cy", "--store", &store]).contains("no key named"));
    assert_eq!(place.list().lines().count(), 2);
}

#[test]
fn https_is_served_where_a_certificate_says_so() {
    let place = Place::new();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let file = |name: &str, text: &str| {
        let path = place.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let certificate = file("cert.pem", &made.cert.pem());
    let key = file("key.pem", &made.signing_key.serialize_pem());
    let server = place.serve(&["--tls-cert", &certificate, "--tls-key", &key]);
    let port = server.address.rsplit_once(':').unwrap().1;
    let root = ureq::tls::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    let roots = ureq::tls::RootCerts::new_with_certs(&[root]);
    let tls = ureq::tls::TlsConfig::builder().root_certs(roots).build();
    let agent: ureq::Agent = ureq::Agent::config_builder().tls_config(tls).build().into();
    let health = agent
        .get(format!("https://localhost:{port}/v1/health"))
        .call();
    assert_eq!(health.unwrap().status(), 200);
    // Who doesn't speak TLS holds up nobody and is told nothing.
    let _silent = server.send_raw("");
    assert!(server.try_send("GET", "/v1/health", &[], "").is_err());
    assert!(
        agent
            .get(format!("https://localhost:{port}/"))
            .call()
            .is_ok()
    );

    let store = place.store();
    let mut swapped = vec![
        "serve",
        "--addr",
        "127.0.0.1:0",
        "--store",
        &store,
        "--www",
        "www",
    ];
    drop(server);
    swapped.extend(["--tls-cert", &key, "--tls-key", &certificate]);
    assert!(refused(&swapped).contains("key.pem"));
}
