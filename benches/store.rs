//! The store through HTTP, on loopback and a disk: how fast events can be added in bulk, and how
//! long graphs of 1,000 events take to come at 500 requests a second, sent whether or not the
//! earlier ones were answered, while 2,000 events a second are added to the same graphs.

#[path = "../tests/common/server.rs"]
#[allow(dead_code)] // Tests use more of it.
mod server;

use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use server::Server;

const BULK_EVENTS: usize = 400_000;
const BULK_BODY: usize = 5_000;
const BULK_CLIENTS: usize = 4;

const GRAPHS: usize = 200;
const GRAPH_EVENTS: usize = 1_000;
const READS_PER_SECOND: usize = 500;
const READERS: usize = 32;
const WRITES_PER_SECOND: usize = 40;
const WRITE_BODY: usize = 50;
const SECONDS: usize = 10;

fn main() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start_on(&directory.path().join("store.db"));
    bulk(&server);
    for encoding in ["identity", "gzip"] {
        mixed(&server, encoding);
    }
}

/// Events `from..from + count` of a post, each passed on from an earlier one.
fn events(from: usize, count: usize) -> String {
    let mut body = String::new();
    for i in from..from + count {
        let kind = ["repost", "quote", "comment"][i % 3];
        write!(
            body,
            r#"{{"id":"event-{i}","t":{i},"kind":"{kind}","user":"user-{}""#,
            i % 997
        )
        .unwrap();
        if i > 0 {
            write!(body, r#","parent":"event-{}""#, i / 7).unwrap();
        }
        if kind != "repost" {
            write!(body, r#","s":0.{}"#, i % 10).unwrap();
        }
        writeln!(
            body,
            r#","followers":{},"verified":false}}"#,
            i * 31 % 5_000
        )
        .unwrap();
    }
    body
}

fn make_post(server: &Server, id: &str) {
    let json = [("content-type", "application/json")];
    let record = r#"{"created_at":"2026-11-22T10:00:00Z","platform":"weibo"}"#;
    let answer = server.send("PUT", &format!("/v1/posts/{id}"), &json, record);
    assert_eq!(answer.status, 201);
}

fn append(server: &Server, id: &str, body: &str) {
    let ndjson = [("content-type", "application/x-ndjson")];
    let answer = server.send("POST", &format!("/v1/posts/{id}/events"), &ndjson, body);
    assert_eq!(answer.status, 200);
}

fn bulk(server: &Server) {
    let bodies: Vec<String> = (0..BULK_EVENTS / BULK_BODY / BULK_CLIENTS)
        .map(|i| events(i * BULK_BODY, BULK_BODY))
        .collect();
    for client in 0..BULK_CLIENTS {
        make_post(server, &format!("bulk-{client}"));
    }
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for client in 0..BULK_CLIENTS {
            let bodies = &bodies;
            scope.spawn(move || {
                for body in bodies {
                    append(server, &format!("bulk-{client}"), body);
                }
            });
        }
    });
    let rate = BULK_EVENTS as f64 / begin.elapsed().as_secs_f64();
    println!(
        "bulk: {BULK_EVENTS} events, {BULK_BODY} a request, {BULK_CLIENTS} clients: {rate:.0} events/s"
    );
}

fn mixed(server: &Server, encoding: &str) {
    let id = |graph: usize| format!("{encoding}-{graph}");
    let first = events(0, GRAPH_EVENTS);
    for graph in 0..GRAPHS {
        make_post(server, &id(graph));
        append(server, &id(graph), &first);
    }
    let later: Vec<String> = (0..WRITES_PER_SECOND * SECONDS)
        .map(|i| events(GRAPH_EVENTS + i / GRAPHS * WRITE_BODY, WRITE_BODY))
        .collect();
    let next = AtomicUsize::new(0);
    let begin = Instant::now();
    let wait_until = |at: Duration| std::thread::sleep(at.saturating_sub(begin.elapsed()));
    let mut reads = Vec::new();
    let mut writes = Vec::new();
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS)
            .map(|_| {
                scope.spawn(|| {
                    let mut ms = Vec::new();
                    loop {
                        let i = next.fetch_add(1, Ordering::Relaxed);
                        if i >= READS_PER_SECOND * SECONDS {
                            return ms;
                        }
                        let due = Duration::from_secs_f64(i as f64 / READS_PER_SECOND as f64);
                        wait_until(due);
                        let path = format!("/v1/posts/{}/diffusion", id(i * 7 % GRAPHS));
                        let answer = server.get(&path, &[("accept-encoding", encoding)]);
                        assert_eq!(answer.status, 200);
                        ms.push((begin.elapsed() - due).as_secs_f64() * 1e3);
                    }
                })
            })
            .collect();
        for (i, body) in later.iter().enumerate() {
            let due = Duration::from_secs_f64(i as f64 / WRITES_PER_SECOND as f64);
            wait_until(due);
            append(server, &id(i % GRAPHS), body);
            writes.push((begin.elapsed() - due).as_secs_f64() * 1e3);
        }
        for reader in readers {
            reads.extend(reader.join().unwrap());
        }
    });
    let seconds = begin.elapsed().as_secs_f64();
    let written = (later.len() * WRITE_BODY) as f64 / seconds;
    println!(
        "mixed, {encoding}: {:.0} reads/s of {GRAPH_EVENTS} events and {written:.0} events/s added: \
         reads p50 {:.1} ms, p99 {:.1} ms; appends p50 {:.1} ms, p99 {:.1} ms",
        reads.len() as f64 / seconds,
        at(&mut reads, 0.5),
        at(&mut reads, 0.99),
        at(&mut writes, 0.5),
        at(&mut writes, 0.99),
    );
}

fn at(ms: &mut [f64], quantile: f64) -> f64 {
    ms.sort_by(f64::total_cmp);
    ms[((ms.len() - 1) as f64 * quantile) as usize]
}
