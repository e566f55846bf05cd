//! Jobs: files that `bsmv serve` scores, and `bsmv jobs`.
#![cfg(feature = "server")]

mod common;

use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use common::jobs::{CSV, Place, accepted, bsmv, ended, many_rows, result};
use common::server::Server;
use common::shell::said;
use common::{assert_error, assert_shape};
use serde_json::{Value, json};

const POSTS: &str = "\u{feff}编号,平台,正文,粉丝\n\
    1,微博,\"这双鞋很软，走一天也不累\n真的\",1.2万\n\
    2,weibo,,3\n\
    3,X,Never again.,NaN\n\
    4,微博,锟斤拷锟斤拷,\n";

#[test]
fn a_job_has_the_result_that_the_command_line_has() {
    let place = Place::new();
    let server = place.server(&[]);
    let input = place.file("posts.csv", POSTS);
    for (path, end) in [
        ("/v1/jobs?name=posts.csv", "csv"),
        ("/v1/jobs?name=posts.csv&out=ndjson", "ndjson"),
    ] {
        let id = accepted(&server.send("POST", path, &[CSV], POSTS));
        let job = ended(&server, &id);
        assert_eq!(job["state"], "done", "{job}");
        assert_eq!((&job["rows"], &job["done"]), (&json!(4), &json!(4)));
        let counts = &job["counts"];
        let numbers = ["scored", "refused", "failed"].map(|name| counts[name].as_u64().unwrap());
        assert_eq!(numbers, [2, 1, 1]);
        assert_eq!(counts["first"][0], "lines[4].正文: is empty");
        assert_eq!(job["bytes"], POSTS.len());
        assert!(job["erased_at"].as_str() > job["ended_at"].as_str());

        let whole = result(&server, &id);
        let alone = place.scored_alone(&input, end);
        assert_eq!(whole.status, 200);
        assert_eq!(
            String::from_utf8(whole.body).unwrap(),
            String::from_utf8(alone.clone()).unwrap()
        );
        let name = format!("attachment; filename*=UTF-8''posts-scores.{end}");
        assert_eq!(whole.headers["content-disposition"], name.as_str());
        let path = format!("/v1/jobs/{id}/result");
        let rest = server.get(&path, &[("range", "bytes=100-")]);
        assert_eq!((rest.status, rest.body.as_slice()), (206, &alone[100..]));
    }
    let list = server.get("/v1/jobs", &[]).json();
    assert_shape("JobList", &list);
    let ids: Vec<&str> = list["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| job["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 2);
    assert!(ids[0] > ids[1], "newest first: {ids:?}");
    let path = format!("/v1/jobs?cursor={}", ids[0]);
    let page = server.get(&path, &[]);
    assert_eq!(page.header("deprecation"), "");
    let known = [("if-none-match", page.header("etag"))];
    assert_eq!(server.get(&path, &known).status, 304);
    assert_eq!(server.get("/v1/jobs", &known).status, 200);
    // Its old name leads there too, and says that it is one.
    let old = server.get(&path.replace("cursor", "before"), &[]);
    assert_eq!((old.status, old.body == page.body), (200, true));
    assert_eq!(old.header("deprecation"), "@1796083200");
    assert!(old.header("link").contains("rel=\"deprecation\""));
    let older = page.json();
    assert_eq!(older["jobs"].as_array().unwrap().len(), 1);
    assert_eq!(older["jobs"][0]["id"], ids[1]);
    assert_eq!(list["next"], Value::Null);
    // Done jobs keep the result alone.
    for folder in place.kept() {
        assert!(!folder.join("input").exists());
        assert!(!folder.join("result.csv.part").exists());
    }
}

#[test]
fn brand_weights_and_platform_count_as_in_a_request() {
    let place = Place::new();
    let server = place.server(&[]);
    let brand = json!({"name": "Example Boots", "positioning": "Waterproof boots."});
    let text = "Third winter in these boots and my feet are still dry.";
    let mut path = "/v1/jobs?out=ndjson&platform=x&weights=0.2,0.5,0.3&brand=".to_owned();
    for byte in brand.to_string().bytes() {
        path += &format!("%{byte:02x}");
    }
    let id = accepted(&server.send("POST", &path, &[CSV], &format!("text\n{text}\n")));
    assert_eq!(ended(&server, &id)["state"], "done");
    let row: Value = serde_json::from_slice(&result(&server, &id).body).unwrap();
    let request = json!({"post": {"text": text, "platform": "x"}, "brand": brand,
        "weights": {"sentiment": 0.2, "topic": 0.5, "diffusion": 0.3}});
    let score = server.score(&request.to_string()).json();
    assert_eq!(
        row["bsmv"].as_f64().unwrap() as f32,
        score["bsmv"].as_f64().unwrap() as f32
    );

    // What is kept of a brand goes by its name.
    let gone = server.send("DELETE", "/v1/brands/Example%20Boots", &[], "");
    assert_shape("BrandErased", &gone.json());
    assert_eq!(gone.json()["jobs"], 1);
    assert_error(&result(&server, &id), 404, "not_found");
}

#[test]
fn jobs_survive_kill_9_at_any_moment_without_loss_or_double_work() {
    const ROWS: usize = 2_000;
    let place = Place::new();
    let input = place.file("many.csv", many_rows(ROWS));
    let alone = place.scored_alone(&input, "csv");
    let mut server = place.server(&[]);
    let table = std::fs::read_to_string(&input).unwrap();
    let first = accepted(&server.send("POST", "/v1/jobs", &[CSV], &table));
    let mut accepted_ids = vec![(first.clone(), alone)];
    let journal = place.path(&format!("store.db.jobs/{first}/result.csv.part"));
    let length = || std::fs::metadata(&journal).map_or(0, |file| file.len());

    let mut before = 0;
    for kill in 0..8 {
        if kill < 3 {
            let small = format!("text\nkilled {kill} times\n");
            let id = accepted(&server.send("POST", "/v1/jobs", &[CSV], &small));
            let input = place.file("small.csv", &small);
            accepted_ids.push((id, place.scored_alone(&input, "csv")));
        }
        // One that never arrives whole is forgotten, not half there.
        let mut half = server.send_raw(
            "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n\
             Content-Length: 1000\r\n\r\ntext\nhalf",
        );
        half.flush().unwrap();
        std::thread::sleep(Duration::from_millis(rand::random_range(0..1_500)));
        server.kill();
        // What was scored is never scored again: the journal only grows, up to the result.
        let done = place
            .path(&format!("store.db.jobs/{first}/result.csv"))
            .exists();
        assert!(
            done || length() >= before,
            "kill {kill}: {} < {before}",
            length()
        );
        before = length();
        if kill == 4 && !done && before > 0 {
            // As if a line had been half written.
            let mut part = std::fs::OpenOptions::new()
                .append(true)
                .open(&journal)
                .unwrap();
            part.write_all(b"{\"line\":3,\"outc").unwrap();
        }
        server = place.server(&[]);
    }
    for (id, expected) in accepted_ids {
        let job = ended(&server, &id);
        assert_eq!(job["state"], "done", "{job}");
        assert!(
            result(&server, &id).body == expected,
            "{id} is not as one undisturbed"
        );
    }
    assert_eq!(place.kept().len(), 4);
}

#[test]
fn a_running_job_can_be_erased_and_the_next_one_runs() {
    let place = Place::new();
    let server = place.server(&[]);
    let long = accepted(&server.send("POST", "/v1/jobs", &[CSV], &many_rows(20_000)));
    let next = accepted(&server.send("POST", "/v1/jobs", &[CSV], "text\nLovely\n"));
    let begin = Instant::now();
    loop {
        let job = server.get(&format!("/v1/jobs/{long}"), &[]).json();
        assert!(begin.elapsed().as_secs() < 120, "{job}");
        if job["done"].as_u64().unwrap() > 0 {
            assert_eq!(job["state"], "running");
            assert_eq!(job["rows"], 20_000);
            assert!(job["rows_per_second"].as_f64().unwrap() > 0.0);
            assert!(job["seconds_left"].as_f64().unwrap() > 0.0);
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_error(&result(&server, &long), 409, "job_not_done");
    let path = format!("/v1/jobs/{long}");
    assert_eq!(server.send("DELETE", &path, &[], "").status, 204);
    assert_error(&server.get(&path, &[]), 404, "not_found");
    assert_error(&server.send("DELETE", &path, &[], ""), 404, "not_found");
    assert_eq!(ended(&server, &next)["state"], "done");
    let left = place.kept();
    assert!(left.len() == 1 && left[0].ends_with(&next), "{left:?}");
}

#[test]
fn what_is_wrong_with_a_file_or_its_parameters_is_said() {
    let place = Place::new();
    let server = place.server(&["--job-size", "1"]);
    let send = |path: &str, body: &str| server.send("POST", path, &[CSV], body);
    for (path, field) in [
        ("/v1/jobs?out=doc", "out"),
        ("/v1/jobs?platform=fax", "platform"),
        ("/v1/jobs?utc_offset=noon", "utc_offset"),
        ("/v1/jobs?encoding=morse", "encoding"),
        ("/v1/jobs?weights=1,1,1", "weights.sum"),
        ("/v1/jobs?brand=%7B%22name%22%3A%22%22%7D", "brand.name"),
        ("/v1/jobs?name=", "name"),
        ("/v1/jobs?color=red", "color"),
    ] {
        let refused = send(path, "text\nLovely\n");
        assert_error(&refused, 422, "invalid_input");
        assert_eq!(refused.json()["error"]["field"], field);
    }
    assert_error(&send("/v1/jobs", ""), 422, "invalid_input");
    assert_error(
        &server.send("POST", "/v1/jobs", &[], "text\n"),
        415,
        "unsupported_media_type",
    );
    assert_error(
        &send("/v1/jobs", "SQLite format 3\0 and more"),
        415,
        "unsupported_media_type",
    );
    let packed = [CSV, ("content-encoding", "gzip")];
    assert_error(
        &server.send("POST", "/v1/jobs", &packed, "x"),
        415,
        "unsupported_encoding",
    );
    assert_error(
        &send("/v1/jobs", &"x".repeat((1 << 20) + 1)),
        413,
        "too_large",
    );
    // Its length is not declared, so it is noticed on the way.
    let mut stream = server.send_raw(
        "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: text/csv\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
    );
    let part = format!("10000\r\n{}\r\n", "x".repeat(1 << 16));
    for _ in 0..18 {
        if stream.write_all(part.as_bytes()).is_err() {
            break;
        }
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    // Nothing of all that is left.
    assert_eq!(place.kept(), Vec::<PathBuf>::new());

    let id = accepted(&send("/v1/jobs", "a,b\n1,2\n"));
    let job = ended(&server, &id);
    assert_eq!(
        (&job["state"], &job["error"]["code"]),
        (&json!("failed"), &json!("invalid_input"))
    );
    assert!(
        job["error"]["message"]
            .as_str()
            .unwrap()
            .contains("no column has texts"),
        "{job}"
    );
    assert_error(&result(&server, &id), 409, "job_not_done");

    let nowhere = Server::start();
    assert_error(&nowhere.get("/v1/jobs", &[]), 501, "no_jobs");
}

#[test]
fn jobs_that_wait_and_their_bytes_are_bounded() {
    let place = Place::new();
    let server = place.server(&["--jobs-waiting", "1"]);
    let send = |body: &str| server.send("POST", "/v1/jobs", &[CSV], body);
    let running = accepted(&send(&many_rows(20_000)));
    while server.get(&format!("/v1/jobs/{running}"), &[]).json()["state"] == "waiting" {
        std::thread::sleep(Duration::from_millis(10));
    }
    accepted(&send("text\nLovely\n"));
    let full = send("text\nLovely\n");
    assert_error(&full, 503, "jobs_full");
    assert_eq!(full.header("retry-after"), "60");

    let other = Place::new();
    let server = other.server(&["--jobs-size", "1"]);
    let body = format!("text\n{}\n", "long ".repeat((1 << 20) / 5));
    assert_error(
        &server.send("POST", "/v1/jobs", &[CSV], &body),
        507,
        "no_room",
    );
}

#[test]
fn a_job_is_erased_when_it_was_kept_long_enough() {
    let place = Place::new();
    let server = place.server(&["--jobs-kept", "0"]);
    let id = accepted(&server.send("POST", "/v1/jobs", &[CSV], "text\nLovely\n"));
    let begin = Instant::now();
    while server.get(&format!("/v1/jobs/{id}"), &[]).status != 404 {
        assert!(begin.elapsed().as_secs() < 60);
        std::thread::sleep(Duration::from_millis(20));
    }
    // Its files go right after: nobody waits for that.
    while !place.kept().is_empty() {
        assert!(begin.elapsed().as_secs() < 60, "{:?}", place.kept());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_command_line_submits_lists_fetches_and_erases() {
    let place = Place::new();
    let server = place.server(&[]);
    let url = format!("http://{}", server.address);
    let input = place.file("posts.csv", POSTS);
    let brand = place.file("brand.json", r#"{"name": "安踏"}"#);
    let jobs = |args: &[&str]| {
        let mut all = vec!["jobs"];
        all.extend(args);
        all.extend(["--server", &url]);
        bsmv(&all).output().unwrap()
    };
    let out = place.path("scores.xlsx");
    let done = jobs(&[
        "submit",
        input.to_str().unwrap(),
        "--out",
        "xlsx",
        "--brand",
        brand.to_str().unwrap(),
        "--to",
        out.to_str().unwrap(),
    ]);
    // A row is wrong, and said to be.
    assert_eq!(done.status.code(), Some(1), "{}", said(&done));
    assert!(
        said(&done).contains("4 rows: 2 scored, 1 unreadable, 1 wrong"),
        "{}",
        said(&done)
    );
    assert!(said(&done).contains("lines[4].正文: is empty"));
    assert!(std::fs::read(&out).unwrap().starts_with(b"PK"));

    let list = said(&jobs(&["list"]));
    let id = list.split_whitespace().next().unwrap();
    assert!(
        list.contains("done") && list.contains("4 of 4 rows"),
        "{list}"
    );
    assert!(list.contains("posts.csv"), "{list}");
    let shown: Value = serde_json::from_slice(&jobs(&["show", id]).stdout).unwrap();
    assert_eq!(shown["out"], "xlsx");
    let again = place.path("again.xlsx");
    assert!(
        jobs(&["fetch", id, "--to", again.to_str().unwrap()])
            .status
            .success()
    );
    assert_eq!(std::fs::read(&out).unwrap(), std::fs::read(&again).unwrap());
    assert!(jobs(&["erase", id]).status.success());
    assert_eq!(said(&jobs(&["list"])), "");
    let refused = jobs(&["show", id]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        said(&refused).contains("there is no such job"),
        "{}",
        said(&refused)
    );
}
