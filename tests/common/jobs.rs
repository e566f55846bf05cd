//! Jobs of a real server, in a folder of their own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::assert_shape;
use super::server::{Answer, Server};
use super::shell::said;

pub const CSV: (&str, &str) = ("content-type", "text/csv");
/// A folder with a store, and servers on it.
pub struct Place(tempfile::TempDir);

impl Place {
    pub fn new() -> Self {
        Place(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub fn server(&self, args: &[&str]) -> Server {
        let store = self.path("store.db");
        let mut all = vec!["--store", store.to_str().unwrap(), "--precision", "int8"];
        all.extend(args);
        Server::start_with(&all)
    }

    /// The folders of the jobs.
    pub fn kept(&self) -> Vec<PathBuf> {
        let folder = std::fs::read_dir(self.path("store.db.jobs"));
        let folder = folder.into_iter().flatten();
        folder.map(|entry| entry.unwrap().path()).collect()
    }

    /// What `bsmv score FILE --out FILE` makes of the same.
    pub fn scored_alone(&self, input: &Path, end: &str) -> Vec<u8> {
        let out = self.path(&format!("alone.{end}"));
        let done = bsmv(&["score", "--precision", "int8"])
            .arg(input)
            .arg("--out")
            .arg(&out)
            .output()
            .unwrap();
        assert!(out.exists(), "{}", said(&done));
        let scored = std::fs::read(&out).unwrap();
        std::fs::remove_file(out).unwrap();
        scored
    }
}

pub fn bsmv(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bsmv"));
    command.args(args);
    command
}

/// The id of a job that was accepted.
pub fn accepted(answer: &Answer) -> String {
    let job = answer.json();
    assert_eq!(answer.status, 202, "{job}");
    assert_shape("Job", &job);
    let id = job["id"].as_str().unwrap();
    assert_eq!(answer.header("location"), format!("/v1/jobs/{id}"));
    id.to_owned()
}

/// Waits for a job to end.
pub fn ended(server: &Server, id: &str) -> Value {
    let begin = Instant::now();
    loop {
        let job = server.get(&format!("/v1/jobs/{id}"), &[]).json();
        assert_shape("Job", &job);
        match job["state"].as_str().unwrap() {
            "done" | "failed" => return job,
            _ => assert!(begin.elapsed().as_secs() < 240, "{job}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

pub fn result(server: &Server, id: &str) -> Answer {
    server.get(&format!("/v1/jobs/{id}/result"), &[])
}

/// Rows of which a third are equal to another, and some are bad.
pub fn many_rows(rows: usize) -> String {
    let mut table = String::from("id,text\n");
    for i in 0..rows {
        match i % 50 {
            7 => table += &format!("{i},\n"),
            _ => table += &format!("{i},coffee {}\n", i % (rows * 2 / 3)),
        }
    }
    table
}
