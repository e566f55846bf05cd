//! A server that is killed again and again under writes, jobs, new keys and reloads loses nothing that
//! it acknowledged. A few times here; as often as one likes by
//! `BSMV_KILLS=100 cargo test --release --test kills`.
#![cfg(feature = "server")]

mod common;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use bsmv::published::store::Store;
use common::jobs::{CSV, Place, bsmv};
use common::posts::{event, ndjson, record};
use common::server::{Answer, Server};
use common::shell::said;

/// What was acknowledged.
#[derive(Default)]
struct Acknowledged {
    /// Events have the numbers 1 to this, each sent until it was acknowledged.
    events: AtomicU32,
    /// Ids of jobs, by the texts of their only rows.
    jobs: Mutex<Vec<(String, String)>>,
    keys: Mutex<Vec<String>>,
}

struct Client<'a> {
    server: &'a Server,
    key: &'a str,
}

impl Client<'_> {
    /// An answer, if the server lives long enough.
    fn ask(&self, method: &str, path: &str, media: &str, name: &str, body: &str) -> Option<Answer> {
        let bearer = format!("Bearer {}", self.key);
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", media),
            ("idempotency-key", name),
        ];
        let answer = self.server.try_send(method, path, &headers, body).ok()?;
        assert!(answer.status < 500, "{method} {path}: {}", answer.status);
        Some(answer)
    }

    /// Adds the next event; the same again if nobody knows whether it arrived.
    fn add_event(&self, done: &Acknowledged) {
        let n = done.events.load(Ordering::Relaxed) + 1;
        let line = ndjson(&[event(&format!("e{n}"), None, n)]);
        let nd = "application/x-ndjson";
        let answer = self.ask(
            "POST",
            "/v1/posts/p/events",
            nd,
            &format!("event {n}"),
            &line,
        );
        if let Some(answer) = answer {
            // New to the client, however often it was sent.
            assert_eq!(answer.json()["added"], 1, "event {n}");
            done.events.store(n, Ordering::Relaxed);
        }
    }

    fn send_job(&self, text: &str, done: &Acknowledged) {
        let table = format!("text\n{text}\n");
        let answer = self.ask("POST", "/v1/jobs", CSV.1, text, &table);
        if let Some(answer) = answer.filter(|answer| answer.status == 202) {
            let id = answer.json()["id"].as_str().unwrap().to_owned();
            done.jobs.lock().unwrap().push((id, text.to_owned()));
        }
    }
}

fn make_key(place: &Place, name: &str) -> Option<String> {
    let mut make = bsmv(&["key", "create", name, "--scope", "admin", "--store"]);
    let made = make.arg(place.path("store.db")).output().unwrap();
    made.status.success().then(|| said(&made).trim().to_owned())
}

#[test]
fn nothing_that_was_acknowledged_is_lost_however_often_it_is_killed() {
    let kills: u32 = std::env::var("BSMV_KILLS").map_or(4, |kills| kills.parse().unwrap());
    let place = Place::new();
    let key = make_key(&place, "first").unwrap();
    let done = Acknowledged::default();
    {
        let server = place.server(&[]);
        let client = Client {
            server: &server,
            key: &key,
        };
        let put = record().to_string();
        let answer = client.ask("PUT", "/v1/posts/p", "application/json", "put", &put);
        assert_eq!(answer.unwrap().status, 201);
    }
    for kill in 0..kills {
        let server = place.server(&["--jobs-waiting", "10000"]);
        let pid = server.child.id().to_string();
        let over = AtomicBool::new(false);
        let client = Client {
            server: &server,
            key: &key,
        };
        let until_over = |work: &dyn Fn(u32)| {
            (0..)
                .take_while(|_| !over.load(Ordering::Relaxed))
                .for_each(work);
        };
        let (client, done, place, until_over) = (&client, &done, &place, &until_over);
        std::thread::scope(|scope| {
            scope.spawn(move || until_over(&|_| client.add_event(done)));
            scope.spawn(move || {
                until_over(&|n| client.send_job(&format!("job {kill} {n}"), done));
            });
            scope.spawn(move || {
                until_over(&|_| {
                    client.ask("POST", "/v1/models/reload", "", "x", "");
                });
            });
            scope.spawn(move || {
                until_over(&|n| {
                    let name = format!("key-{kill}-{n}");
                    if make_key(place, &name).is_some() {
                        done.keys.lock().unwrap().push(name);
                    }
                });
            });
            std::thread::sleep(Duration::from_millis(rand::random_range(50..1_500)));
            let killed = std::process::Command::new("kill")
                .args(["-9", &pid])
                .status();
            assert!(killed.unwrap().success());
            over.store(true, Ordering::Relaxed);
        });
    }

    let server = place.server(&[]);
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str())];
    let jobs = done.jobs.into_inner().unwrap();
    for (id, text) in &jobs {
        let job = loop {
            let job = server.get(&format!("/v1/jobs/{id}"), &headers);
            assert_eq!(job.status, 200, "{id}");
            let job = job.json();
            if job["state"] == "done" {
                break job;
            }
            assert_ne!(job["state"], "failed", "{job}");
            std::thread::sleep(Duration::from_millis(20));
        };
        assert_eq!(job["rows"], 1, "{job}");
        let result = server.get(&format!("/v1/jobs/{id}/result"), &headers);
        let result = String::from_utf8(result.body).unwrap();
        assert!(
            result
                .lines()
                .nth(1)
                .unwrap()
                .starts_with(&format!("{text},")),
            "{result}"
        );
    }
    let ids: BTreeSet<&String> = jobs.iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), jobs.len(), "one job for each file");
    drop(server);

    let listed = said(
        &bsmv(&["key", "list", "--store"])
            .arg(place.path("store.db"))
            .output()
            .unwrap(),
    );
    for name in done.keys.into_inner().unwrap() {
        assert!(
            listed
                .lines()
                .any(|line| line.starts_with(&format!("{name} "))),
            "{name}"
        );
    }
    let store = Store::open(&place.path("store.db")).unwrap();
    let kept = store.snapshot("p", None).unwrap();
    let events = done.events.into_inner();
    // One more may have arrived that nobody heard of.
    let known = kept.graph.t.len() as u32;
    assert!(
        known == events || known == events + 1,
        "{known} of {events}"
    );
    assert_eq!(kept.graph.t, (1..=known).collect::<Vec<_>>());
    eprintln!(
        "{kills} kills: {events} events, {} jobs, nothing lost",
        ids.len()
    );
}
