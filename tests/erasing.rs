//! Erasing reaches jobs, files on their way and answers in memory; and jobs belong to the keys that
//! sent them.
#![cfg(feature = "server")]

mod common;

use std::io::{Read, Write};

use common::jobs::{CSV, Place, accepted, bsmv, ended};
use common::posts::record;
use common::server::{Answer, Server};
use common::shell::said;
use common::{assert_error, assert_shape};
use serde_json::{Value, json};

const NDJSON: (&str, &str) = ("content-type", "application/x-ndjson");

#[test]
fn erasing_a_user_or_post_erases_the_jobs_that_have_its_id() {
    let place = Place::new();
    let server = place.server(&[]);
    let table = |user: &str, post: &str| format!("id,user,text\n{post},{user},Lovely\n");
    let [mallory, alice, post] = [("mallory", "1"), ("alice", "2"), ("bob", "p-3")]
        .map(|(user, post)| accepted(&server.send("POST", "/v1/jobs", &[CSV], &table(user, post))));
    let nested = server.send(
        "POST",
        "/v1/jobs",
        &[("content-type", "application/x-ndjson")],
        r#"{"text": "Lovely", "user": {"id": "mallory"}}"#,
    );
    let nested = accepted(&nested);
    for id in [&mallory, &alice, &post, &nested] {
        assert_eq!(ended(&server, id)["state"], "done");
    }
    server.put("own", &{
        let mut own = record();
        own["user"] = "mallory".into();
        own
    });
    let gone = server.send("DELETE", "/v1/users/mallory", &[], "").json();
    assert_shape("Erased", &gone);
    assert_eq!((&gone["posts"], &gone["jobs"]), (&json!(1), &json!(2)));
    let gone = server.send("DELETE", "/v1/posts/p-3", &[], "").json();
    assert_eq!((&gone["posts"], &gone["jobs"]), (&json!(0), &json!(1)));
    let left = place.kept();
    assert!(left.len() == 1 && left[0].ends_with(&alice), "{left:?}");
}

/// Erases a user; the number of jobs that went.
fn erase_user(server: &Server, id: &str) -> u64 {
    let answer = server.send("DELETE", &format!("/v1/users/{id}"), &[], "");
    assert_shape("Erased", &answer.json());
    answer.json()["jobs"].as_u64().unwrap()
}

#[test]
fn an_id_is_found_in_bad_rows_lists_and_nested_objects_and_in_what_was_sent_with_a_file() {
    let place = Place::new();
    let server = place.server(&[]);
    // Waits until all is looked for: files that were sent go when they are done.
    let first = many_rows_of_one_text();
    let running = accepted(&server.send("POST", "/v1/jobs", &[CSV], &first));
    let deep = r#"{"text": "Lovely", "a": {"b": {"c": {"d": {"e": {"user": "mallory"}}}}}}"#;
    let list = r#"{"text": "Lovely", "mentions": [{"id": "mallory"}, {"id": "bob"}]}"#;
    let cut = "{\"text\": \"Lovely\"}\n{\"text\": \"Dry\", \"user\": \"mallory\", ";
    let beyond = "id,text\n1,Lovely\n2,Dry,mallory\n";
    let open = "id,text\n1,Lovely\nmallory,\"Dry\n";
    for (path, media, body) in [
        ("/v1/jobs", NDJSON, deep),
        ("/v1/jobs", NDJSON, list),
        ("/v1/jobs", NDJSON, cut),
        ("/v1/jobs", CSV, beyond),
        ("/v1/jobs", CSV, open),
        ("/v1/jobs?name=mallory", CSV, "text\nLovely\n"),
        (
            "/v1/jobs?encoding=utf-16le",
            CSV,
            "m\0a\0l\0l\0o\0r\0y\0,\0x\0\n\0",
        ),
    ] {
        accepted(&server.send("POST", path, &[media], body));
    }
    let other = accepted(&server.send("POST", "/v1/jobs", &[CSV], "user,text\nmallory2,Dry\n"));
    assert_eq!(erase_user(&server, "mallory"), 7);
    let mut left: Vec<String> = place
        .kept()
        .iter()
        .map(|folder| folder.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    left.sort();
    assert_eq!(left, [running, other]);
}

/// A file that keeps the server busy.
fn many_rows_of_one_text() -> String {
    common::jobs::many_rows(20_000)
}

#[test]
fn a_file_on_its_way_is_not_taken_when_its_id_or_brand_was_erased() {
    let place = Place::new();
    let server = place.server(&[]);
    let begin = |query: &str, body: &str, length: usize| {
        let head = format!(
            "POST /v1/jobs{query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Type: text/csv\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        server.send_raw(&head)
    };
    let rest = "2,bob,Dry\n";
    let first = "id,user,text\n1,mallory,Lovely\n";
    let length = first.len() + rest.len();
    let brand = "?brand=%7B%22name%22%3A%22Anta%22%7D";
    let mut streams = vec![
        (begin("", first, length), 409),
        (
            begin(brand, "id,user,text\n1,mallor9,Lovely\n", length),
            409,
        ),
        (begin("", "id,user,text\n1,mallor9,Lovely\n", length), 202),
    ];
    while place.kept().len() < streams.len() {
        std::thread::yield_now();
    }
    assert_eq!(erase_user(&server, "mallory"), 0);
    let gone = server.send("DELETE", "/v1/brands/Anta", &[], "").json();
    assert_eq!(gone["jobs"], 0);
    for (stream, status) in &mut streams {
        stream.write_all(rest.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
        assert_eq!(
            answer.contains("\"erased_meanwhile\""),
            *status == 409,
            "{answer}"
        );
    }
    assert_eq!(place.kept().len(), 1);
}

#[test]
fn a_job_that_could_not_be_erased_is_counted_when_it_is() {
    let place = Place::new();
    let server = place.server(&[]);
    let id = accepted(&server.send("POST", "/v1/jobs", &[CSV], "user,text\nmallory,Dry\n"));
    ended(&server, &id);
    let path = format!("/v1/jobs/{id}");
    // Its folder can't be taken away.
    let in_the_way = place.file(&format!("store.db.jobs/erased-{id}"), "");
    for _ in 0..2 {
        assert_error(
            &server.send("DELETE", "/v1/users/mallory", &[], ""),
            500,
            "store",
        );
        assert_error(&server.get(&path, &[]), 404, "not_found");
        assert_error(&server.send("DELETE", &path, &[], ""), 500, "store");
    }
    std::fs::remove_file(in_the_way).unwrap();
    assert_eq!(erase_user(&server, "mallory"), 1);
    assert_eq!(erase_user(&server, "mallory"), 0);
    assert!(place.kept().is_empty());
}

#[test]
fn answers_that_repeat_an_id_go_from_memory_with_it() {
    let server = Server::start();
    let request = r#"{"id": "mallory", "post": {"text": "Dry feet"}}"#;
    let status = || server.score(request).header("cache-status").to_owned();
    assert_eq!([status(), status()], ["bsmv; fwd=uri-miss", "bsmv; hit"]);
    erase_user(&server, "mallory");
    assert_eq!([status(), status()], ["bsmv; fwd=uri-miss", "bsmv; hit"]);
}

#[test]
fn erasing_without_a_server_reaches_jobs_too() {
    let place = Place::new();
    let server = place.server(&[]);
    for user in ["mallory", "alice"] {
        let table = format!("user,text\n{user},Dry\n");
        let id = accepted(&server.send("POST", "/v1/jobs", &[CSV], &table));
        ended(&server, &id);
    }
    drop(server);
    let erase = || {
        let done = bsmv(&["erase", "--user", "mallory"])
            .arg(place.path("store.db"))
            .output()
            .unwrap();
        let receipt: Value = serde_json::from_str(&said(&done)).unwrap();
        receipt["jobs"].clone()
    };
    assert_eq!([erase(), erase()], [json!(1), json!(0)]);
    assert_eq!(place.kept().len(), 1);
}

#[test]
fn a_key_sees_and_erases_its_own_jobs_and_an_admin_all() {
    let place = Place::new();
    // One that was sent before there were keys.
    let server = place.server(&[]);
    let old = accepted(&server.send("POST", "/v1/jobs", &[CSV], "text\nOld\n"));
    ended(&server, &old);
    drop(server);
    let kept = place.path(&format!("store.db.jobs/{old}/job.json"));
    let mut record: Value = serde_json::from_slice(&std::fs::read(&kept).unwrap()).unwrap();
    // As a server wrote it that didn't note who sent what.
    record.as_object_mut().unwrap().remove("owner");
    std::fs::write(kept, record.to_string()).unwrap();

    let store = place.path("store.db");
    let key = |name: &str, scope: &str| {
        let made = bsmv(&["key", "create", name, "--scope", scope, "--store"])
            .arg(&store)
            .output()
            .unwrap();
        said(&made).trim().to_owned()
    };
    let [ann, ben, admin] = [("ann", "score"), ("ben", "score"), ("root", "admin")]
        .map(|(name, scope)| key(name, scope));
    let server = place.server(&[]);
    let ask = |key: &str, method: &str, path: &str, body: &str| -> Answer {
        let bearer = format!("Bearer {key}");
        server.send(method, path, &[CSV, ("authorization", &bearer)], body)
    };
    let send = |key: &str| accepted(&ask(key, "POST", "/v1/jobs", "text\nLovely\n"));
    let (of_ann, of_ben) = (send(&ann), send(&ben));
    let listed = |key: &str| -> Vec<String> {
        let list = ask(key, "GET", "/v1/jobs", "").json();
        let jobs = list["jobs"].as_array().unwrap().iter();
        jobs.map(|job| job["id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(listed(&ann), std::slice::from_ref(&of_ann));
    assert_eq!(listed(&ben), std::slice::from_ref(&of_ben));
    assert_eq!(
        listed(&admin),
        [of_ben.clone(), of_ann.clone(), old.clone()]
    );
    for other in [&of_ben, &old] {
        for (method, end) in [("GET", ""), ("GET", "/result"), ("DELETE", "")] {
            let answer = ask(&ann, method, &format!("/v1/jobs/{other}{end}"), "");
            assert_error(&answer, 404, "not_found");
        }
    }
    let path = format!("/v1/jobs/{of_ann}");
    assert_eq!(ask(&ann, "GET", &path, "").status, 200);
    assert_eq!(ask(&ann, "DELETE", &path, "").status, 204);
    let path = format!("/v1/jobs/{old}");
    assert_eq!(
        ask(&admin, "GET", &format!("{path}/result"), "").status,
        200
    );
    assert_eq!(ask(&admin, "DELETE", &path, "").status, 204);
    assert_eq!(listed(&admin), [of_ben]);
}
