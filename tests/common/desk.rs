//! A directory with files and a store, and `bsmv import` at work in it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use bsmv::published::store::{Snapshot, Store};

/// A directory that is gone with it.
pub struct Desk(tempfile::TempDir);

impl Desk {
    pub fn new() -> Self {
        Desk(tempfile::tempdir().unwrap())
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub fn store(&self) -> PathBuf {
        self.0.path().join("store.db")
    }

    pub fn import(&self, args: &[&str], input: &Path) -> Output {
        Command::new(env!("CARGO_BIN_EXE_bsmv"))
            .args(["import", "--store"])
            .arg(self.store())
            .args(args)
            .arg(input)
            .output()
            .unwrap()
    }

    /// Starts an import.
    pub fn begin_import(&self, args: &[&str], input: &Path) -> Child {
        Command::new(env!("CARGO_BIN_EXE_bsmv"))
            .args(["import", "--store"])
            .arg(self.store())
            .args(args)
            .arg(input)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// Imports and returns all lines of its summary.
    pub fn imported(&self, args: &[&str], input: &Path) -> Vec<String> {
        let out = self.import(args, input);
        let complaint = String::from_utf8_lossy(&out.stderr);
        assert_eq!((out.status.code(), complaint.as_ref()), (Some(0), ""));
        lines(&out.stdout)
    }

    /// A post in the store, which must be there.
    pub fn post(&self, id: &str) -> Arc<Snapshot> {
        self.open().snapshot(id, None).unwrap()
    }

    /// Opens the store. A process that another test starts holds every file for a moment, so it
    /// may take more than one try.
    fn open(&self) -> Store {
        for _ in 0..200 {
            if let Ok(store) = Store::open(&self.store()) {
                return store;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        Store::open(&self.store()).unwrap()
    }

    /// Whether the store has a post.
    pub fn has(&self, id: &str) -> bool {
        self.open().record(id).unwrap().is_some()
    }
}

/// The lines that a program printed.
pub fn lines(bytes: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(bytes).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// The first line of a summary.
pub fn counts(posts: u64, added: u64, known: u64) -> String {
    format!("{posts} posts, {added} events added, {known} known already")
}
