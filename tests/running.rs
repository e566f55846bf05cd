//! docs/running.md and docs/jobs.md: each command in them does what they say.
#![cfg(all(feature = "server", target_os = "linux"))]

mod common;

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use common::shell::{archive, bash, said};

/// The port that the pages have the server at.
const PORT: &str = "8080";
const POSTS: &str = "id,created_at,user,text\n\
    p1,2026-11-22T10:00:00Z,u1,Third winter in these boots and my feet are still dry.\n\
    p2,2026-11-22T11:00:00Z,u2,Never again.\n";
/// In front of the lines: an answer that isn't a success ends the script, and no server outlives it.
const BEFORE: &str = "set -m\n\
    curl() { command curl --silent --show-error --fail-with-body \"$@\"; echo; }\n\
    trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n";

/// All shell lines of a page.
fn lines_of(page: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let text = fs::read_to_string(path).unwrap();
    let blocks = text.split("```sh\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap())
        .collect()
}

/// A port that nobody has.
fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port().to_string()
}

#[test]
fn a_first_day_goes_as_the_page_says() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let made = archive(folder);
    assert!(made.status.success(), "{}", said(&made));
    fs::write(folder.join("posts.csv"), POSTS).unwrap();
    let port = free_port();
    let lines = lines_of("docs/running.md");
    assert!(lines.lines().count() > 30, "{lines}");
    // The jobs' page goes on where the first day had a server.
    let (before, after) = lines.split_once("mkdir backups").unwrap();
    let jobs = lines_of("docs/jobs.md");
    let script = format!(
        "{BEFORE}export BSMV_SERVER=http://127.0.0.1:{PORT}\nset -x\n\
         {before}rm scores.xlsx\n{jobs}mkdir backups{after}"
    );
    let done = bash(folder, &script.replace(PORT, &port));
    let out = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{}", said(&done));

    // It does what the page says, beside not failing.
    assert!(out.contains("2 posts"), "{out}");
    assert!(out.contains("\"history\""), "no forecast: {out}");
    assert!(out.contains("2 rows: 2 scored"), "{out}");
    assert!(
        fs::read(folder.join("scores.xlsx"))
            .unwrap()
            .starts_with(b"PK")
    );
    assert!(
        out.contains("\"posts\":1"),
        "erasing gave no receipt: {out}"
    );
    let moved = bsmv::published::store::Store::open(&folder.join("moved.db")).unwrap();
    assert!(moved.record("p1").unwrap().is_some());
    assert!(
        moved.record("p2").unwrap().is_none(),
        "erased before it was moved"
    );
    assert!(folder.join("backups/before-upgrade.db").exists());
}
