//! Backups, exports and erasing in both: what keeps a store for years.
#![cfg(feature = "server")]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bsmv::published::store::Store;
use common::posts::{event, record};
use common::server::Server;
use serde_json::{Value, json};

/// A folder with stores in it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Place(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn store(&self) -> PathBuf {
        self.path("store.db")
    }
}

/// Runs a verb on a store.
fn bsmv(verb: &str, store: &Path, args: &[&Path]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bsmv"));
    command.arg(verb).arg("--store").arg(store).args(args);
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|b| String::from_utf8_lossy(b));
    format!("{out}{err}")
}

#[track_caller]
fn assert_done(output: &Output) {
    assert_eq!(output.status.code(), Some(0), "{}", said(output));
}

/// Fails with these words, and leaves a file as it is.
#[track_caller]
fn assert_refused(output: &Output, words: &str) {
    assert_eq!(output.status.code(), Some(1), "{}", said(output));
    assert!(said(output).contains(words), "{}", said(output));
}

/// A post with all that a post can have, and events with texts.
fn fill(server: &Server) {
    let mut kept = record();
    kept["keep_texts"] = true.into();
    kept["counts"] = json!({"views": 12, "likes": 3});
    server.put("p", &kept);
    let by = |id: &str, parent: Option<&str>, t: u32, user: &str| {
        json!({"id": id, "parent": parent, "t": t, "kind": "quote", "user": user, "s": 0.1,
               "followers": u64::MAX, "verified": true, "text": format!("words of {user}")})
    };
    server.add(
        "p",
        &[
            // A child before its parent.
            by("2", Some("1"), 20, "mallory"),
            by("1", None, 10, "alice"),
            by("3", Some("2"), 30, "bob"),
        ],
    );
    server.put(
        "empty",
        &json!({"created_at": "2026-11-22T10:00:00Z", "user": "mallory"}),
    );
    server.put("p", &kept);
}

/// What clients are told of the store.
fn told(server: &Server) -> [Value; 4] {
    [
        server.get("/v1/posts/p", &[]).json(),
        server.page("p", "?texts=1"),
        server.get("/v1/posts/p/forecast", &[]).json(),
        server.get("/v1/posts/empty", &[]).json(),
    ]
}

#[test]
fn a_backup_is_taken_while_the_server_writes_and_put_back() {
    let place = Place::new();
    let server = Server::start_on(&place.store());
    server.put("p", &record());
    let (acknowledged, stop) = (AtomicU32::new(0), AtomicBool::new(false));
    let mut least = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut t = 0;
            while !stop.load(Ordering::Relaxed) {
                let batch: Vec<Value> = (t + 1..=t + 50)
                    .map(|t| event(&format!("e{t}"), Some(&format!("e{}", t / 2)), t))
                    .collect();
                server.add("p", &batch);
                t += 50;
                acknowledged.store(t, Ordering::Relaxed);
            }
        });
        for n in 0..5 {
            while acknowledged.load(Ordering::Relaxed) < 200 * (n + 1) {
                std::thread::yield_now();
            }
            least.push(acknowledged.load(Ordering::Relaxed));
            let to = place.path(&format!("backup-{n}.db"));
            assert_done(&bsmv("backup", &place.store(), &[&to]));
        }
        stop.store(true, Ordering::Relaxed);
    });
    let last = acknowledged.load(Ordering::Relaxed);
    for (n, least) in least.into_iter().enumerate() {
        let copy = place.path(&format!("backup-{n}.db"));
        let kept = Store::open(&copy).unwrap().snapshot("p", None).unwrap();
        let events = kept.graph.t.len() as u32;
        assert!(least <= events && events <= last, "{least} {events} {last}");
        assert_eq!(kept.graph.t, (1..=events).collect::<Vec<_>>());
        assert_eq!(events % 50, 0, "half a batch is there");
    }
    // The server has the store.
    let copy = place.path("backup-0.db");
    let restore = bsmv("restore", &place.store(), &[Path::new("--replace"), &copy]);
    assert_refused(&restore, "another bsmv has it open");
    drop(server);
    assert_refused(
        &bsmv("restore", &place.store(), &[&copy]),
        "is there already",
    );
    let restore = bsmv("restore", &place.store(), &[Path::new("--replace"), &copy]);
    assert_done(&restore);
    let server = Server::start_on(&place.store());
    let events = Store::open(&copy)
        .unwrap()
        .snapshot("p", None)
        .unwrap()
        .graph
        .t
        .len();
    assert_eq!(server.graph("p").0.len(), events);
    // It takes what comes again, and what is new.
    let again = [event("e1", None, 1), event("new", None, 9)];
    assert_eq!(server.add("p", &again), 1);
}

#[test]
fn a_folder_gets_dated_backups_that_only_their_owner_reads() {
    let place = Place::new();
    drop(Server::start_on(&place.store()));
    let folder = place.path("backups");
    std::fs::create_dir(&folder).unwrap();
    assert_done(&bsmv("backup", &place.store(), &[&folder]));
    let files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap())
        .collect();
    assert_eq!(files.len(), 1, "a journal lies beside it: {files:?}");
    let name = files[0].file_name().into_string().unwrap();
    assert!(
        name.starts_with("bsmv-2") && name.ends_with("Z.db"),
        "{name}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o077, 0);
    }
    assert_refused(
        &bsmv("backup", &place.store(), &[&files[0].path()]),
        "is there already",
    );
    assert_refused(
        &bsmv("backup", &place.path("none.db"), &[&folder]),
        "there is no such file",
    );
    assert!(!place.path("none.db").exists());
}

/// A service's files stay the service's when root restores them.
#[cfg(unix)]
#[test]
fn a_restored_store_belongs_to_whom_it_did() {
    use std::os::unix::fs::{MetadataExt, chown};
    let place = Place::new();
    drop(Server::start_on(&place.store()));
    let copy = place.path("copy.db");
    assert_done(&bsmv("backup", &place.store(), &[&copy]));
    let folder = place.0.path();
    if chown(folder, Some(4321), Some(4321)).is_err() {
        eprintln!("not looked at: only root can give files away");
        return;
    }
    let owner = |path: &Path| {
        let file = std::fs::metadata(path).unwrap();
        (file.uid(), file.gid())
    };
    let other = place.path("other.db");
    assert_done(&bsmv("restore", &other, &[&copy]));
    chown(place.store(), Some(1234), Some(1234)).unwrap();
    assert_done(&bsmv(
        "restore",
        &place.store(),
        &[Path::new("--replace"), &copy],
    ));
    let lock = |path: &Path| PathBuf::from(format!("{}.lock", path.display()));
    assert_eq!(owner(&place.store()), (1234, 1234));
    assert_eq!([owner(&other), owner(&lock(&other))], [(4321, 4321); 2]);
}

#[test]
fn a_damaged_backup_is_refused_and_the_store_stays() {
    let place = Place::new();
    let server = Server::start_on(&place.store());
    server.put("p", &record());
    let events: Vec<Value> = (1..2_000)
        .map(|t| event(&format!("e{t}"), None, t))
        .collect();
    server.add("p", &events);
    drop(server);
    let copy = place.path("copy.db");
    assert_done(&bsmv("backup", &place.store(), &[&copy]));
    let mut bytes = std::fs::read(&copy).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4_096].fill(0xa5);
    std::fs::write(&copy, bytes).unwrap();
    let text = place.path("text.db");
    std::fs::write(&text, "no store ".repeat(1_000)).unwrap();

    for bad in [&copy, &text] {
        let restore = bsmv("restore", &place.store(), &[Path::new("--replace"), bad]);
        assert_eq!(restore.status.code(), Some(1), "{}", said(&restore));
    }
    let server = Server::start_on(&place.store());
    assert_eq!(server.graph("p").0.len(), 1_999);
}

#[test]
fn an_export_becomes_a_store_that_answers_the_same() {
    let place = Place::new();
    let server = Server::start_on(&place.store());
    fill(&server);
    let before = told(&server);
    let export = place.path("all.ndjson");
    let done = bsmv("export", &place.store(), &[Path::new("--to"), &export]);
    assert_done(&done);
    assert!(said(&done).contains("2 posts, 3 events"), "{}", said(&done));
    let lines = std::fs::read_to_string(&export).unwrap();
    // As many as there are, and no id that was sent.
    assert_eq!(lines.lines().count(), 1 + 2 + 3 + 1);
    assert!(!lines.contains("\"mallory\"") && lines.contains("words of mallory"));
    let printed = bsmv("export", &place.store(), &[]);
    assert_eq!(String::from_utf8(printed.stdout).unwrap(), lines);

    let other = place.path("other.db");
    assert_done(&bsmv("import", &other, &[&export]));
    assert_refused(&bsmv("import", &other, &[&export]), "is there already");
    let moved = Server::start_on(&other);
    assert_eq!(told(&moved), before);
    // The same ids are the same there.
    assert_eq!(
        moved.add("p", &[event("1", None, 10), event("4", Some("3"), 40)]),
        1
    );
    assert_eq!(moved.page("p", "")["parent"], json!([0, 1, 2, 3]));
    assert_eq!(moved.erase("/v1/users/mallory"), (1, 1));
    assert_eq!(moved.page("p", "")["parent"], json!([0, 1, 2]));

    // Half of it makes no store.
    let half = place.path("half.ndjson");
    let third = place.path("third.db");
    let kept: Vec<&str> = lines.lines().take(5).collect();
    std::fs::write(&half, kept.join("\n")).unwrap();
    assert_refused(&bsmv("import", &third, &[&half]), "its end is missing");
    let without: Vec<&str> = lines
        .lines()
        .filter(|line| !line.contains("words of bob"))
        .collect();
    std::fs::write(&half, without.join("\n")).unwrap();
    assert_refused(
        &bsmv("import", &third, &[&half]),
        "lines are missing before it",
    );
    std::fs::write(&half, lines.replace("\"quote\"", "\"shout\"")).unwrap();
    assert_refused(&bsmv("import", &third, &[&half]), "lines[3]");
    assert!(!third.exists());
}

#[test]
fn a_user_is_erased_from_backups_with_a_receipt_for_each() {
    let place = Place::new();
    let server = Server::start_on(&place.store());
    fill(&server);
    let copies = ["one.db", "two.db"].map(|name| place.path(name));
    for copy in &copies {
        assert_done(&bsmv("backup", &place.store(), &[copy]));
    }
    let erase = |args: &[&str], stores: &[&Path]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bsmv"));
        command.arg("erase").args(args).args(stores);
        command.output().unwrap()
    };
    let [one, two] = &copies;
    let done = erase(&["--user", "mallory"], &[one, two]);
    assert_done(&done);
    let receipts: Vec<Value> = said(&done)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(receipts.len(), 2);
    for (receipt, copy) in receipts.iter().zip(&copies) {
        assert_eq!(receipt["store"], copy.to_str().unwrap());
        assert_eq!(
            (&receipt["posts"], &receipt["events"]),
            (&json!(1), &json!(1))
        );
        assert!(receipt["erased_at"].as_str().unwrap().ends_with('Z'));
        let bytes = std::fs::read(copy).unwrap();
        let holds = |text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
        assert!(holds("words of alice") && !holds("words of mallory"));
    }
    // The server's own is the server's to erase from.
    let store = place.store();
    assert_refused(
        &erase(&["--user", "mallory"], &[&store]),
        "another bsmv has it open",
    );
    assert_refused(
        &erase(&["--post", "p"], &[&place.path("none.db")]),
        "No such file",
    );
    assert!(!place.path("none.db").exists());
    assert_eq!(erase(&[], &[one]).status.code(), Some(2));
    assert_done(&erase(&["--older-than-days", "0"], &[one]));
    // What was erased is in the audit log.
    let log = said(&bsmv("audit", one, &[]));
    let by_erase = log.lines().filter(|line| line.contains("bsmv erase"));
    assert_eq!(by_erase.count(), 2, "{log}");
    assert!(Store::open(one).unwrap().record("p").unwrap().is_none());
}

#[test]
fn posts_go_when_they_were_kept_long_enough() {
    let place = Place::new();
    let server = Server::start_on(&place.store());
    for (id, created_at) in [
        ("old", "2020-01-01T00:00:00Z"),
        ("new", "9000-01-01T00:00:00Z"),
    ] {
        server.put(id, &json!({"created_at": created_at}));
    }
    drop(server);
    let store = place.store();
    let server = Server::start_with(&["--store", store.to_str().unwrap(), "--posts-kept", "30"]);
    let begin = Instant::now();
    while server.get("/v1/posts/old", &[]).status != 404 {
        assert!(begin.elapsed().as_secs() < 60);
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(server.get("/v1/posts/new", &[]).status, 200);
}
