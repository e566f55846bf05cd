//! `bsmv serve` under load, on loopback: posts scored a second by clients that ask one after the other,
//! beside onnxruntime behind a minimal server; and what becomes of twice as many requests as it can answer.
//!
//! `cargo bench --bench serve -- SECONDS` asks for so long at each step (20), and three times as long beyond
//! capacity; with `--beyond SECONDS` that alone. The peer is there once `./build.sh bench` laid it out.

#[path = "../tests/common/server.rs"]
#[allow(dead_code)] // Tests use more of it.
mod server;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use server::Server;
use ureq::Agent;

const CLIENTS: [usize; 3] = [2, 4, 8];
/// Connections of those who don't wait for one another: more than the queue has places.
const IMPATIENT: usize = 256;
const WORDS: &str = "Third winter in these boots and my feet are still dry, though the laces gave out after \
                     a year and the colour is nothing like the picture; for the money I would buy them again, \
                     and my brother already has. Sizes run small, so take one more than you wear otherwise. ";
/// What a client waits for an answer at most: the server's own deadline, and a little.
const PATIENCE: Duration = Duration::from_secs(35);

/// A server that can be asked to read posts; ends with the value.
struct Contestant {
    name: &'static str,
    running: Running,
}

enum Running {
    Ours(Server),
    Theirs { child: Child, address: String },
}

impl Contestant {
    fn url(&self, path: &str) -> String {
        match &self.running {
            Running::Ours(server) => server.url(&format!("/v1{path}")),
            Running::Theirs { address, .. } => format!("{address}{path}"),
        }
    }

    fn child(&self) -> &Child {
        match &self.running {
            Running::Ours(server) => &server.child,
            Running::Theirs { child, .. } => child,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Running::Theirs { child, .. } = self {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

/// What came of many requests.
#[derive(Default)]
struct Found {
    /// Milliseconds of those that were answered.
    answered: Vec<f64>,
    /// Milliseconds of those that were refused with 429 or 503.
    refused: Vec<f64>,
    seconds: f64,
}

impl Found {
    fn rate(&self) -> f64 {
        self.answered.len() as f64 / self.seconds
    }
}

fn main() {
    let mut seconds = 20.0;
    let mut beyond_alone = false;
    for word in std::env::args().skip(1) {
        match (word.as_str(), word.parse::<f64>()) {
            (_, Ok(number)) => seconds = number,
            ("--beyond", _) => beyond_alone = true,
            _ => {}
        }
    }
    if beyond_alone {
        beyond(seconds);
        return;
    }
    println!(
        "{:<26} {:>8} {:>10} {:>8} {:>8} {:>8}",
        "posts of 64 pieces", "clients", "a second", "p50 ms", "p99 ms", "MB"
    );
    let mut best = Vec::new();
    for make in contestants() {
        let contestant = make();
        let rates = CLIENTS.map(|clients| {
            let found = in_turn(&contestant.url("/score"), clients, seconds);
            let [p50, p99] = [0.5, 0.99].map(|q| quantile(&found.answered, q));
            let (name, rate, memory) =
                (contestant.name, found.rate(), megabytes(contestant.child()));
            println!("{name:<26} {clients:>8} {rate:>10.1} {p50:>8.1} {p99:>8.1} {memory:>8.0}");
            rate
        });
        let rate = rates.into_iter().fold(0.0, f64::max);
        best.push((contestant.name, rate, megabytes(contestant.child())));
        if let Running::Theirs { .. } = contestant.running {
            let found = in_turn(&contestant.url("/empty"), 2, seconds.min(5.0));
            println!("{:<26} {:>19.1}", "  without reading", found.rate());
        }
    }
    for (ours, theirs) in [(0, 2), (1, 3)] {
        if let (Some(ours), Some(theirs)) = (best.get(ours), best.get(theirs)) {
            println!(
                "{} : {}: {:.2} x the posts, {:.2} x the memory",
                ours.0,
                theirs.0,
                ours.1 / theirs.1,
                ours.2 / theirs.2
            );
        }
    }
    beyond(seconds * 3.0);
}

type Make = Box<dyn FnOnce() -> Contestant>;

/// Ours and the peer's, each in 8 bits and in f32.
fn contestants() -> Vec<Make> {
    let mut all: Vec<Make> = Vec::new();
    for (name, precision) in [("bsmv serve, int8", "int8"), ("bsmv serve, f32", "f32")] {
        all.push(Box::new(move || {
            let server = Server::start_with(&["--precision", precision, "--cache", "0"]);
            Contestant {
                name,
                running: Running::Ours(server),
            }
        }));
    }
    let bench = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench");
    let python = bench.join("venv/bin/python");
    let folder = bench.join("minilm");
    if !folder.join("onnx/int8.onnx").exists() {
        println!("without the peer: `./build.sh bench` lays it out");
        return all;
    }
    for (name, model) in [
        ("onnxruntime, 8-bit products", "int8.onnx"),
        ("onnxruntime, f32", "f32.onnx"),
    ] {
        let (python, folder) = (python.clone(), folder.clone());
        all.push(Box::new(move || {
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/onnx_server.py");
            let mut child = Command::new(python)
                .arg(script)
                .arg(&folder)
                .arg(folder.join("onnx").join(model))
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut line = String::new();
            let out = child.stdout.as_mut().unwrap();
            BufReader::new(out).read_line(&mut line).unwrap();
            Contestant {
                name,
                running: Running::Theirs {
                    child,
                    address: line.trim_end().to_owned(),
                },
            }
        }));
    }
    all
}

/// A post of about 64 pieces that nobody sent before.
fn post() -> String {
    static SENT: AtomicU64 = AtomicU64::new(0);
    let n = SENT.fetch_add(1, Ordering::Relaxed);
    let text = format!("{WORDS}Pair {n}.");
    format!(r#"{{"post":{{"text":"{text}"}}}}"#)
}

fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .build()
        .into()
}

/// Sends a post; the status, and the milliseconds until the answer was read.
fn ask(agent: &Agent, url: &str) -> (u16, f64) {
    let begin = Instant::now();
    let request = agent.post(url).header("content-type", "application/json");
    let mut response = request.send(post()).expect("an answer within the deadline");
    let status = response.status().as_u16();
    response.body_mut().read_to_vec().unwrap();
    (status, begin.elapsed().as_secs_f64() * 1e3)
}

/// Clients that each wait for an answer before they ask again.
fn in_turn(url: &str, clients: usize, seconds: f64) -> Found {
    let until = Duration::from_secs_f64(seconds);
    let all = Mutex::new(Vec::new());
    // The first requests find everything in memory.
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                let agent = agent();
                let mut times = Vec::new();
                while begin.elapsed() < until {
                    let (status, ms) = ask(&agent, url);
                    assert_eq!(status, 200);
                    times.push(ms);
                }
                all.lock().unwrap().extend(times);
            });
        }
    });
    Found {
        answered: all.into_inner().unwrap(),
        refused: Vec::new(),
        seconds: begin.elapsed().as_secs_f64(),
    }
}

/// Requests that come so many a second, whatever became of those before.
fn at_rate(url: &str, rate: f64, seconds: f64) -> Found {
    let next = AtomicU64::new(0);
    let found = Mutex::new(Found::default());
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..IMPATIENT {
            scope.spawn(|| {
                let agent = agent();
                loop {
                    let due = next.fetch_add(1, Ordering::Relaxed) as f64 / rate;
                    if due > seconds {
                        break;
                    }
                    let wait = Duration::from_secs_f64(due).saturating_sub(begin.elapsed());
                    std::thread::sleep(wait);
                    let (status, ms) = ask(&agent, url);
                    let mut found = found.lock().unwrap();
                    match status {
                        200 => found.answered.push(ms),
                        429 | 503 => found.refused.push(ms),
                        other => panic!("an answer of {other}"),
                    }
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap();
    found.seconds = begin.elapsed().as_secs_f64();
    found
}

/// Twice as many requests as can be answered.
fn beyond(seconds: f64) {
    let server = Server::start_with(&["--precision", "int8", "--cache", "0"]);
    let url = server.url("/v1/score");
    let peak = in_turn(&url, 8, (seconds / 4.0).min(30.0)).rate();
    let parts = 6;
    let mut memory = Vec::new();
    let mut all = Found::default();
    for _ in 0..parts {
        let found = at_rate(&url, 2.0 * peak, seconds / f64::from(parts));
        memory.push(format!("{:.0}", megabytes(&server.child)));
        all.answered.extend(found.answered);
        all.refused.extend(found.refused);
        all.seconds += found.seconds;
    }
    let sent = all.answered.len() + all.refused.len();
    println!(
        "beyond capacity, for {seconds:.0} s: {sent} requests at {:.1} a second, twice the peak of {peak:.1}:",
        sent as f64 / all.seconds
    );
    println!(
        "  answered {} ({:.1} a second, {:.2} of the peak): p50 {:.1} ms, p99 {:.1}, longest {:.1}",
        all.answered.len(),
        all.rate(),
        all.rate() / peak,
        quantile(&all.answered, 0.5),
        quantile(&all.answered, 0.99),
        quantile(&all.answered, 1.0)
    );
    println!(
        "  refused {}: p99 {:.1} ms, longest {:.1}; all others: 0; memory along the way: {} MB",
        all.refused.len(),
        quantile(&all.refused, 0.99),
        quantile(&all.refused, 1.0),
        memory.join(", ")
    );
    let health: Value = server.get("/v1/health", &[]).json();
    assert_eq!(health["precision"], "int8");
}

fn quantile(times: &[f64], q: f64) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    let last = times.len().saturating_sub(1) as f64;
    times.get((last * q) as usize).copied().unwrap_or(f64::NAN)
}

/// Memory that a process holds now.
fn megabytes(child: &Child) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes: f64 = line
        .and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or(f64::NAN);
    kilobytes * 1024.0 / 1e6
}
