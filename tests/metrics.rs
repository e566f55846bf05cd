//! What `bsmv serve` tells of itself: metrics, its log, and whether it is well. By the real server.
#![cfg(feature = "server")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::process::Stdio;

use common::posts::{event, record};
use common::server::Server;
use common::{assert_error, assert_shape, draft};
use serde_json::Value;

/// The values of `/metrics` by name and labels, as they are written.
fn metrics(server: &Server) -> BTreeMap<String, f64> {
    let answer = server.get("/metrics", &[]);
    assert_eq!(answer.status, 200);
    assert!(
        answer
            .header("content-type")
            .starts_with("application/openmetrics-text")
    );
    let text = String::from_utf8(answer.body).unwrap();
    assert!(text.ends_with("# EOF\n"));
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

/// Has something of everything happen.
fn use_it(server: &Server) {
    let body = draft().to_string();
    for _ in 0..3 {
        assert_eq!(server.score(&body).status, 200);
    }
    assert_eq!(server.score(&format!("[{body},{body}]")).status, 200);
    assert_error(&server.score("{}"), 422, "invalid_input");
    server.put("secret-post", &record());
    server.add("secret-post", &[event("secret-event", None, 5)]);
    assert_eq!(server.page("secret-post", "")["total"], 1);
    assert_eq!(server.get("/", &[]).status, 200);
    assert_eq!(server.get("/secret-file", &[]).status, 404);
}

#[test]
fn what_happens_is_counted_and_nobody_is_named() {
    let server = Server::start();
    use_it(&server);
    let counted = metrics(&server);
    let value = |name: &str| {
        let found = counted.get(name);
        *found.unwrap_or_else(|| panic!("{name} is not among {counted:#?}"))
    };
    let answered = |endpoint: &str, method: &str, status: u16| {
        value(&format!(
            r#"bsmv_requests_total{{endpoint="{endpoint}",method="{method}",status="{status}"}}"#
        ))
    };
    assert_eq!(answered("/v1/score", "POST", 200), 4.0);
    assert_eq!(answered("/v1/score", "POST", 422), 1.0);
    assert_eq!(answered("/v1/posts/{id}", "PUT", 201), 1.0);
    assert_eq!(answered("/v1/posts/{id}/events", "POST", 200), 1.0);
    assert_eq!(answered("page", "GET", 200), 1.0);
    assert_eq!(answered("page", "GET", 404), 1.0);
    assert_eq!(value(r#"bsmv_errors_total{code="invalid_input"}"#), 1.0);
    assert_eq!(value(r#"bsmv_cache_lookups_total{result="hit"}"#), 4.0);
    assert_eq!(value(r#"bsmv_cache_lookups_total{result="miss"}"#), 2.0);
    assert_eq!(
        value(r#"bsmv_request_seconds_count{endpoint="/v1/score"}"#),
        5.0
    );
    assert!(value(r#"bsmv_request_seconds_sum{endpoint="/v1/score"}"#) > 0.0);
    let length = draft().to_string().len() as f64;
    let sent = value(r#"bsmv_request_body_bytes_sum{endpoint="/v1/score"}"#);
    assert_eq!(sent, 3.0 * length + (2.0 * length + 3.0) + 2.0);
    assert_eq!(value("bsmv_list_length_sum"), 2.0);
    // One draft that is scored, and one that is none.
    assert_eq!(value("bsmv_queue_wait_seconds_count"), 2.0);
    assert!(value("bsmv_cache_bytes") > 500.0);
    assert!(value("bsmv_store_bytes") > 4096.0);
    assert_eq!(value("bsmv_queue_places_held"), 0.0);
    assert_eq!(value("bsmv_queue_waiting"), 0.0);
    assert!(value("bsmv_queue_places") >= 8.0);
    // This one.
    assert_eq!(value("bsmv_requests_in_flight"), 1.0);
    let build: Vec<&String> = counted.keys().filter(|n| n.contains("build")).collect();
    assert!(build.len() == 1, "{build:?}");
    let is_model = |name: &&String| name.starts_with("bsmv_model_share{model=\"bsmv-base\"");
    let models: Vec<&String> = counted.keys().filter(is_model).collect();
    assert!(
        models.len() == 1 && models[0].contains("bsmv-base@"),
        "{models:?}"
    );
    assert_eq!(value(models[0]), 100.0);
    let all = format!("{:?}", counted.keys());
    for word in ["secret", "boots", "author-1"] {
        assert!(!all.contains(word), "{word}");
    }
}

#[test]
fn every_request_is_told_by_an_id_and_nothing_of_what_was_said() {
    let args = ["--log", "info", "--log-format", "json"];
    let mut server = Server::start_telling(&args, Stdio::piped());
    use_it(&server);
    let named = [("x-request-id", "trace-7.b")];
    let answer = server.get("/v1/nothing", &named);
    assert_eq!(answer.header("x-request-id"), "trace-7.b");
    let odd = [("x-request-id", "two words")];
    let given = server.get("/v1/health", &odd);
    let given = given.header("x-request-id").to_owned();
    assert_eq!(given.len(), 16);
    server.kill();
    let mut log = String::new();
    let out = server.child.stderr.as_mut().unwrap();
    out.read_to_string(&mut log).unwrap();

    let lines = log.lines().map(|line| serde_json::from_str(line).unwrap());
    let lines: Vec<Value> = lines.collect();
    assert_eq!(lines.len(), 12, "{log}");
    let ids: BTreeSet<&str> = lines
        .iter()
        .map(|line| line["request_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 12, "{log}");
    let of = |id: &str| lines.iter().find(|line| line["request_id"] == id).unwrap();
    assert_eq!(of("trace-7.b")["status"], 404);
    assert_eq!(of("trace-7.b")["code"], "not_found");
    assert_eq!(of(&given)["endpoint"], "/v1/health");
    let put = lines.iter().find(|line| line["method"] == "PUT").unwrap();
    assert_eq!(put["endpoint"], "/v1/posts/{id}");
    assert_eq!(put["key"], "(nobody)");
    assert!(put["ms"].as_f64().unwrap() > 0.0 && put["bytes"].as_u64().unwrap() > 100);
    for word in ["secret", "boots", "author-1", "two words"] {
        assert!(!log.contains(word), "{word}: {log}");
    }
}

#[test]
fn a_server_says_that_it_is_well() {
    let server = Server::start();
    for path in ["/live", "/ready"] {
        let answer = server.get(path, &[]);
        assert_eq!(answer.status, 200);
        assert_shape("Alive", &answer.json());
        assert_eq!(answer.header("cache-control"), "no-cache");
    }
}

/// The names that begin with `bsmv_`, wherever they stand in a text.
fn names_in(text: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c: char| !is_part(c));
    words.filter(|word| word.starts_with("bsmv_")).collect()
}

#[test]
fn dashboard_and_alerts_ask_for_what_there_is() {
    let server = Server::start();
    use_it(&server);
    let counted = metrics(&server);
    let there: BTreeSet<&str> = counted
        .keys()
        .map(|name| name.split('{').next().unwrap())
        .collect();
    let dashboard = include_str!("../deploy/grafana.json");
    serde_json::from_str::<Value>(dashboard).unwrap();
    for (file, text) in [
        ("grafana.json", dashboard),
        ("alerts.yml", include_str!("../deploy/alerts.yml")),
    ] {
        let asked = names_in(text);
        assert!(asked.len() >= 5, "{file}: {asked:?}");
        let absent: Vec<_> = asked.difference(&there).collect();
        assert!(absent.is_empty(), "{file}: {absent:?} of {there:?}");
    }
}
