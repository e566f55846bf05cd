//! A server under attack goes on scoring: malformed, slow, unended, packed and huge requests, while
//! fifty drafts a second are scored. `BSMV_HOSTILE=10000 cargo test --release --test hostile --
//! --nocapture` sends so many, and prints what became of them.
#![cfg(feature = "server")]

mod common;

use std::collections::{BTreeMap, VecDeque};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use common::server::Server;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use serde_json::json;

/// Hostile requests, unless the environment says how many.
const FEW: usize = 500;
/// Those who send them, and connections that are left open.
const ATTACKERS: usize = 12;
const LEFT_OPEN: usize = 400;
/// Drafts that are scored each second, and those who wait for their scores.
const DRAFTS_PER_SECOND: u32 = 50;
const WRITERS: usize = 32;
/// Most MiB that the server may take beyond what it has when it is idle.
const MOST_MIB: u64 = 512;
const BODY: usize = 64 << 20;

/// What is sent, made once.
struct Weapons {
    gzip_bomb: Vec<u8>,
    deflate_bomb: Vec<u8>,
    spaces: Vec<u8>,
    long_text: Vec<u8>,
    deep: Vec<u8>,
}

impl Weapons {
    fn new() -> Self {
        let zeros = vec![b'0'; 1 << 20];
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        let mut deflate = ZlibEncoder::new(Vec::new(), Compression::best());
        for _ in 0..512 {
            gzip.write_all(&zeros).unwrap();
            deflate.write_all(&zeros).unwrap();
        }
        let mut long_text = br#"{"post":{"text":""#.to_vec();
        long_text.resize(BODY - 3, b'x');
        long_text.extend(br#""}}"#);
        Weapons {
            gzip_bomb: gzip.finish().unwrap(),
            deflate_bomb: deflate.finish().unwrap(),
            spaces: vec![b' '; BODY],
            long_text,
            deep: vec![b'['; 1 << 20],
        }
    }
}

/// Names of what is done to the server, in the order of `attack`.
const KINDS: [&str; 16] = [
    "no JSON",
    "JSON cut off",
    "a head that is none",
    "a head that never ends",
    "a body that never ends",
    "a body that drips",
    "a gzip bomb",
    "a deflate bomb",
    "no gzip",
    "lists in lists",
    "a head of a megabyte",
    "chunks that are none",
    "hung up in the body",
    "a length that is none",
    "64 MiB of blanks",
    "64 MiB of text",
];

fn head(more: &str, length: usize) -> Vec<u8> {
    format!(
        "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: application/json\r\n{more}Content-Length: {length}\r\n\r\n"
    )
    .into_bytes()
}

/// Sends a body; returns the status, or what came in its place.
fn sent(mut stream: TcpStream, head: &[u8], body: &[u8]) -> String {
    // The server may answer, and hang up, before all is sent.
    let _ = stream.write_all(head).and_then(|()| stream.write_all(body));
    status(stream)
}

fn status(mut stream: TcpStream) -> String {
    let mut answer = [0; 12];
    match stream.read_exact(&mut answer) {
        Ok(()) => String::from_utf8_lossy(&answer[9..]).into_owned(),
        Err(_) => "hung up".to_owned(),
    }
}

/// One hostile request; what became of it.
fn attack(
    server: &Server,
    with: &Weapons,
    kind: &str,
    open: &Mutex<VecDeque<TcpStream>>,
) -> String {
    let Ok(mut stream) = TcpStream::connect(&server.address) else {
        return "not connected".to_owned();
    };
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    stream
        .set_write_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let leave_open = |mut stream: TcpStream, bytes: &[u8]| {
        stream.write_all(bytes).ok();
        let mut open = open.lock().unwrap();
        open.push_back(stream);
        if open.len() > LEFT_OPEN {
            open.pop_front();
        }
        "left open".to_owned()
    };
    let post = |body: &[u8]| head("", body.len());
    match kind {
        "no JSON" => sent(stream, &post(b"love it"), b"love it"),
        "JSON cut off" => sent(stream, &post(br#"{"post":{"te"#), br#"{"post":{"te"#),
        "a head that is none" => sent(stream, b"\x16\x03\x01\x02\0\x01\0\x01\xfc\r\n\r\n", b""),
        "a head that never ends" => leave_open(stream, b"POST /v1/score HTTP/1.1\r\nHost: bs"),
        "a body that never ends" => leave_open(stream, &[head("", 9_999), b"{".to_vec()].concat()),
        "a body that drips" => {
            stream.write_all(&head("", 9_999)).ok();
            for _ in 0..10 {
                sleep(Duration::from_millis(20));
                stream.write_all(b" ").ok();
            }
            leave_open(stream, b" ")
        }
        "a gzip bomb" => {
            let head = head("Content-Encoding: gzip\r\n", with.gzip_bomb.len());
            sent(stream, &head, &with.gzip_bomb)
        }
        "a deflate bomb" => {
            let head = head("Content-Encoding: deflate\r\n", with.deflate_bomb.len());
            sent(stream, &head, &with.deflate_bomb)
        }
        "no gzip" => sent(stream, &head("Content-Encoding: gzip\r\n", 7), b"love it"),
        "lists in lists" => sent(stream, &post(&with.deep), &with.deep),
        "a head of a megabyte" => {
            let more = format!("X: {}\r\n", "x".repeat(1 << 20));
            sent(stream, &head(&more, 2), b"{}")
        }
        "chunks that are none" => {
            let head = "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                 Transfer-Encoding: chunked\r\n\r\n";
            sent(stream, head.as_bytes(), b"zz\r\nlove it\r\n")
        }
        "hung up in the body" => {
            stream.write_all(&head("", 9_999)).ok();
            stream.write_all(b"{\"post\":").ok();
            stream.shutdown(Shutdown::Both).ok();
            "hung up ourselves".to_owned()
        }
        "a length that is none" => {
            let head = "POST /v1/score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                 Content-Length: many\r\n\r\n";
            sent(stream, head.as_bytes(), b"{}")
        }
        "64 MiB of blanks" => sent(stream, &post(&with.spaces), &with.spaces),
        "64 MiB of text" => sent(stream, &post(&with.long_text), &with.long_text),
        other => panic!("{other}?"),
    }
}

/// MiB that a process has in memory now; `None` where the system doesn't say.
fn resident(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib >> 10)
}

#[test]
fn a_server_under_attack_scores_every_draft_and_keeps_to_its_memory() {
    let asked = std::env::var("BSMV_HOSTILE").ok();
    let hostile = asked.map_or(FEW, |n| n.parse().expect("BSMV_HOSTILE is a number"));
    let server = Server::start();
    let with = Weapons::new();
    let draft = |i: u32| {
        let text = format!("这双鞋很软，走一天也不累。No. {i}");
        json!({"post": {"text": text, "platform": "weibo"}}).to_string()
    };
    assert_eq!(server.score(&draft(0)).status, 200);
    let idle = resident(server.child.id());

    let (next, drafts) = (AtomicUsize::new(0), AtomicUsize::new(1));
    let (over, most) = (AtomicBool::new(false), AtomicUsize::new(0));
    let fates = Mutex::new(BTreeMap::<(usize, String), usize>::new());
    let open = Mutex::new(VecDeque::new());
    let answers = Mutex::new(Vec::<(u16, f64)>::new());
    let begin = Instant::now();
    scope(|threads| {
        for _ in 0..WRITERS {
            threads.spawn(|| {
                while !over.load(Relaxed) {
                    let number = drafts.fetch_add(1, Relaxed) as u32;
                    let due = begin + Duration::from_secs(1) * number / DRAFTS_PER_SECOND;
                    sleep(due.saturating_duration_since(Instant::now()));
                    let asked = Instant::now();
                    let status = server.score(&draft(number)).status;
                    let took = asked.elapsed().as_secs_f64() * 1e3;
                    answers.lock().unwrap().push((status, took));
                }
            });
        }
        threads.spawn(|| {
            while !over.load(Relaxed) {
                let now = resident(server.child.id()).unwrap_or(0);
                most.fetch_max(now as usize, Relaxed);
                sleep(Duration::from_millis(20));
            }
        });
        let attackers: Vec<_> = (0..ATTACKERS)
            .map(|_| {
                threads.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Relaxed);
                        if number >= hostile {
                            break;
                        }
                        let kind = number % KINDS.len();
                        let fate = attack(&server, &with, KINDS[kind], &open);
                        *fates.lock().unwrap().entry((kind, fate)).or_default() += 1;
                    }
                })
            })
            .collect();
        for attacker in attackers {
            attacker.join().unwrap();
        }
        over.store(true, Relaxed);
    });

    let fates = fates.into_inner().unwrap();
    for ((kind, fate), times) in &fates {
        println!("{:24} {fate:20} {times:6}", KINDS[*kind]);
    }
    let answers = answers.into_inner().unwrap();
    let mut times: Vec<f64> = answers.iter().map(|(_, took)| *took).collect();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "{hostile} hostile requests in {:.1} s; {} drafts scored: median {:.1} ms, 99 in 100 below \
         {:.1} ms, longest {:.1} ms",
        begin.elapsed().as_secs_f64(),
        answers.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
    let refused = answers.iter().find(|(status, _)| *status != 200);
    assert_eq!(refused, None, "a draft wasn't scored");
    for (_, fate) in fates.keys() {
        assert!(
            !["200", "500", "not connected"].contains(&fate.as_str()),
            "{fates:?}"
        );
    }
    if let Some(idle) = idle {
        let most = most.into_inner() as u64;
        println!("memory: {idle} MiB before, at most {most} MiB");
        assert!(most <= idle + MOST_MIB, "{most} MiB, {idle} when idle");
    }
    drop(open);
    assert_eq!(server.score(&draft(0)).status, 200);
}
