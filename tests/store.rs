//! What the store of `bsmv serve` keeps, and what it lets go of.
#![cfg(feature = "server")]

mod common;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::assert_error;
use common::posts::{event, ndjson, record};
use common::server::Server;
use serde_json::{Value, json};

#[test]
fn erasing_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("store.db");
    let server = Server::start_on(&store);
    let mut kept = record();
    kept["keep_texts"] = true.into();
    let by = |id: &str, parent: Option<&str>, t: u32, user: &str| {
        json!({"id": id, "parent": parent, "t": t, "kind": "quote", "user": user, "s": 0.1,
               "text": format!("words-of-{user}-in-{id}")})
    };
    for post in ["p", "q", "own"] {
        let mut record = kept.clone();
        record["text"] = format!("text-of-post-{post}").into();
        record["user"] = if post == "own" {
            "mallory".into()
        } else {
            "author-1".into()
        };
        server.put(post, &record);
        // alice <- mallory <- mallory <- bob <- mallory <- carol
        server.add(
            post,
            &[
                by("1", None, 10, "alice"),
                by("2", Some("1"), 20, "mallory"),
                by("3", Some("2"), 30, "mallory"),
                by("4", Some("3"), 40, "bob"),
                by("5", Some("4"), 50, "mallory"),
                by("6", Some("5"), 60, "carol"),
            ],
        );
    }
    assert_eq!(server.erase("/v1/users/mallory"), (1, 6 + 2 * 3));
    assert_error(
        &server.get("/v1/posts/own/diffusion", &[]),
        404,
        "not_found",
    );
    for post in ["p", "q"] {
        let page = server.page(post, "?texts=1");
        assert_eq!(
            (&page["t"], &page["parent"]),
            (&json!([10, 40, 60]), &json!([0, 1, 2]))
        );
        assert_eq!(page["text"][1], "words-of-bob-in-4");
    }
    assert_eq!(server.erase("/v1/posts/p"), (1, 3));
    assert_eq!(server.erase("/v1/posts/p"), (0, 0));
    assert_eq!(server.erase("/v1/users/mallory"), (0, 0));
    assert_error(&server.get("/v1/posts/p/diffusion", &[]), 404, "not_found");
    assert_error(&server.append("p", ""), 404, "not_found");
    assert_eq!(server.graph("q").0.len(), 3);

    // Nor on the disk, where no id was ever written.
    let mut bytes = Vec::new();
    for file in std::fs::read_dir(directory.path()).unwrap() {
        bytes.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let holds = |text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
    assert!(
        holds("words-of-bob-in-4") && holds("text-of-post-q"),
        "the search finds texts"
    );
    for gone in [
        "words-of-mallory",
        "text-of-post-p",
        "text-of-post-own",
        "alice\"",
        "author-1",
    ] {
        assert!(!holds(gone), "{gone} is still on the disk");
    }
}

#[test]
fn old_posts_are_pruned() {
    let server = Server::start();
    for (id, created_at) in [
        ("old", "2020-01-01T00:00:00Z"),
        ("new", "9000-01-01T00:00:00+08:00"),
    ] {
        let mut record = record();
        record["created_at"] = created_at.into();
        server.put(id, &record);
        server.add(id, &[event("a", None, 1)]);
    }
    assert_eq!(server.erase("/v1/posts?older_than_days=4294967295"), (0, 0));
    assert_eq!(server.erase("/v1/posts?older_than_days=30"), (1, 1));
    assert_error(
        &server.get("/v1/posts/old/diffusion", &[]),
        404,
        "not_found",
    );
    assert_eq!(server.page("new", "")["total"], 1);
}

/// Every event that was acknowledged before the kill is there after it.
#[test]
fn a_kill_loses_no_acknowledged_event() {
    const WRITERS: usize = 4;
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("store.db");
    let mut acknowledged: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); WRITERS];
    let mut sent = [0u32; WRITERS];
    for round in 0..3 {
        let mut server = Server::start_on(&store);
        for (writer, sure) in acknowledged.iter().enumerate() {
            let id = format!("p{writer}");
            if round == 0 {
                server.put(&id, &record());
            }
            assert_kept(&server, &id, sure, sent[writer]);
        }
        let total = AtomicUsize::new(0);
        let pid = server.child.id();
        std::thread::scope(|scope| {
            let (server, total) = (&server, &total);
            for (writer, (sure, sent)) in acknowledged.iter_mut().zip(&mut sent).enumerate() {
                scope.spawn(move || {
                    loop {
                        // Event k happens at second k, so that the page says which are there.
                        let batch: Vec<u32> = (*sent + 1..=*sent + 50).collect();
                        *sent += 50;
                        let events: Vec<Value> = batch
                            .iter()
                            .map(|&t| event(&format!("e{t}"), Some(&format!("e{}", t / 2)), t))
                            .collect();
                        let answer = server.try_send(
                            "POST",
                            &format!("/v1/posts/p{writer}/events"),
                            &[("content-type", "application/x-ndjson")],
                            &ndjson(&events),
                        );
                        let Ok(answer) = answer else { return };
                        assert_eq!(answer.status, 200);
                        sure.extend(batch);
                        total.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            while total.load(Ordering::Relaxed) < 40 {
                std::thread::yield_now();
            }
            // While they write.
            let killed = std::process::Command::new("kill")
                .args(["-9", &pid.to_string()])
                .status();
            assert!(killed.unwrap().success());
        });
        server.kill();
    }
    let server = Server::start_on(&store);
    for (writer, sure) in acknowledged.iter().enumerate() {
        assert!(sure.len() >= 50, "writer {writer} was never answered");
        let id = format!("p{writer}");
        assert_kept(&server, &id, sure, sent[writer]);
        // What was in doubt can be sent again.
        let all: Vec<Value> = (1..=sent[writer])
            .map(|t| event(&format!("e{t}"), Some(&format!("e{}", t / 2)), t))
            .collect();
        server.add(&id, &all);
        let (graph, _) = server.graph(&id);
        assert_eq!(graph.t, (1..=sent[writer]).collect::<Vec<_>>());
        assert!(graph.parent.iter().zip(&graph.t).all(|(&p, t)| p == t / 2));
    }
}

/// All of `sure` are there, nothing that was never sent, and batches are whole.
fn assert_kept(server: &Server, id: &str, sure: &BTreeSet<u32>, sent: u32) {
    let (graph, _) = server.graph(id);
    let kept: BTreeSet<u32> = graph.t.iter().copied().collect();
    assert_eq!(kept.len(), graph.len(), "an event is there twice");
    let lost = sure.difference(&kept).count();
    assert_eq!(lost, 0, "of {} acknowledged events", sure.len());
    assert!(kept.iter().all(|&t| t <= sent));
    assert_eq!(kept.len() % 50, 0, "half a batch is there");
}

#[test]
fn a_store_is_one_servers_and_only_ours() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("store.db");
    let open = |store: &std::path::Path| {
        let out = std::process::Command::new(env!("CARGO_BIN_EXE_bsmv"))
            .args(["serve", "--addr", "127.0.0.1:0", "--store"])
            .arg(store)
            .output()
            .unwrap();
        assert_eq!(out.status.code(), Some(1));
        String::from_utf8(out.stderr).unwrap()
    };
    let server = Server::start_on(&store);
    assert!(open(&store).contains("another bsmv has it open"));
    drop(server);
    let text = directory.path().join("text.db");
    std::fs::write(
        &text,
        "This is no database, and longer than a header of SQLite is. ".repeat(9),
    )
    .unwrap();
    assert!(open(&text).contains("not a database"), "{}", open(&text));
    assert!(open(&directory.path().join("no/such/place")).contains("No such file"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&store).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "others may read it");
    }
}
