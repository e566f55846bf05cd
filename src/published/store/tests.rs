//! The store as the server and `bsmv import` use it.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::*;
use crate::diffusion::DiffusionGraph;
use crate::published::import::{events_from_ndjson, post_from_json};

/// The files of `tests/fixtures/store`, which describes them.
pub fn fixture(name: &str) -> PathBuf {
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/store");
    files.join(name)
}

fn text_of(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).unwrap()
}

/// A copy of a store of version 1, which can be written to.
pub fn copy_of_version_1(directory: &Path) -> PathBuf {
    let copy = directory.join("store.db");
    std::fs::copy(fixture("version1.db"), &copy).unwrap();
    copy
}

/// The posts that the store of version 1 was made of, in a new one.
async fn made_anew() -> Store {
    let store = Store::in_memory().unwrap();
    for (id, record, events, until) in [
        ("p1", "post.json", text_of("events.ndjson"), 3900),
        ("bare", "bare.json", Vec::new(), 60),
    ] {
        let record = post_from_json(&text_of(record)).unwrap();
        store.put(id, record, EventsSoFar::Stay).await.unwrap();
        let events = events_from_ndjson(&events, || None).unwrap();
        store.append(id, events, until).await.unwrap();
    }
    store
}

/// All that can be asked of a post.
fn all_of(
    store: &Store,
    id: &str,
) -> (Arc<PostRecord>, usize, DiffusionGraph, Vec<Option<String>>) {
    let snapshot = store.snapshot(id, None).unwrap();
    let texts = store.texts(snapshot.row, &snapshot.seq).unwrap();
    let graph = snapshot.graph.clone();
    (snapshot.record.clone(), snapshot.arrived, graph, texts)
}

#[tokio::test]
async fn a_store_of_version_1_opens_with_everything_in_it() {
    let directory = tempfile::tempdir().unwrap();
    let old = Store::open(&copy_of_version_1(directory.path())).unwrap();
    let new = made_anew().await;
    for id in ["p1", "bare"] {
        assert_eq!(all_of(&old, id), all_of(&new, id), "{id}");
    }
    let (_, arrived, graph, texts) = all_of(&old, "p1");
    assert_eq!((arrived, graph.observed_until), (7, 3900));
    assert_eq!(graph.followers[2], Some(u64::MAX));
    assert_eq!(texts.iter().flatten().count(), 2);

    // It knows the events that it has, and its users by the same hashes.
    let again = events_from_ndjson(&text_of("events.ndjson"), || None).unwrap();
    let done = old.append("p1", again, 0).await.unwrap();
    assert_eq!((done.events, done.known), (0, 7));
    for user in ["u1", "u2", "u3", "author-1"] {
        let (was, is) = (old.erase_user(user).await, new.erase_user(user).await);
        assert_eq!(was.unwrap(), is.unwrap(), "{user}");
    }
    assert!(matches!(
        old.snapshot("p1", None),
        Err(StoreError::NoSuchPost)
    ));
}

/// Changes a copy of the store of version 1 with SQL; the error that it is refused with then.
fn refusal(sql: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let file = copy_of_version_1(directory.path());
    let db = Connection::open(&file).unwrap();
    db.execute_batch(sql).unwrap();
    db.close().unwrap();
    let before = std::fs::read(&file).unwrap();
    let Err(error) = Store::open(&file) else {
        panic!("{sql}: it was opened");
    };
    assert!(matches!(error, StoreError::Open { .. }));
    let same = std::fs::read(&file).unwrap() == before;
    assert!(same, "{sql}: the file was changed");
    error.to_string()
}

#[test]
fn a_newer_store_is_refused_and_stays_as_it_is() {
    let newer = versions::STEPS.len() + 1;
    for mode in ["wal", "delete"] {
        let error = refusal(&format!(
            "PRAGMA user_version = {newer}; PRAGMA journal_mode = {mode};"
        ));
        assert!(error.contains(&format!("version {newer}")), "{error}");
        assert!(error.contains("or a newer one"), "{error}");
    }
}

#[test]
fn a_database_of_another_program_is_refused_and_stays_as_it_is() {
    for mode in ["wal", "delete"] {
        let error = refusal(&format!(
            "PRAGMA application_id = 7; PRAGMA journal_mode = {mode};"
        ));
        assert!(error.contains("another program"), "{error}");
    }
}

#[tokio::test]
async fn a_file_keeps_what_a_closed_store_had() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("store.db");
    let record = post_from_json(&text_of("post.json")).unwrap();
    let events = events_from_ndjson(&text_of("events.ndjson"), || None).unwrap();
    let store = Store::open(&file).unwrap();
    assert!(Store::open(&file).is_err(), "two at once");
    store.put("p1", record, EventsSoFar::Stay).await.unwrap();
    store.append("p1", events, 0).await.unwrap();
    let before = all_of(&store, "p1");
    drop(store);
    assert_eq!(all_of(&Store::open(&file).unwrap(), "p1"), before);
}

#[tokio::test]
async fn a_snapshot_stays_while_events_are_added() {
    let store = made_anew().await;
    let before = store.snapshot("p1", None).unwrap();
    let late = br#"{"id":"late","t":1,"kind":"repost"}"#;
    let late = events_from_ndjson(late, || None).unwrap();
    store.append("p1", late, 0).await.unwrap();
    let after = store.snapshot("p1", None).unwrap();
    assert_eq!((before.arrived, after.arrived), (7, 8));
    assert_eq!(after.graph.t[0], 1);
    let again = store.snapshot("p1", Some(before.arrived)).unwrap();
    assert_eq!(again.graph, before.graph);
    assert_eq!(again.seq, before.seq);
}

#[tokio::test]
async fn a_replaced_post_keeps_or_loses_its_events_as_asked() {
    let store = made_anew().await;
    let mut record = post_from_json(&text_of("post.json")).unwrap();
    record.keep_texts = false;
    let done = store
        .put("p1", record.clone(), EventsSoFar::Stay)
        .await
        .unwrap();
    assert_eq!(done, Done::default());
    let (_, arrived, _, texts) = all_of(&store, "p1");
    assert_eq!(arrived, 7);
    assert!(
        texts.iter().all(Option::is_none),
        "texts it should keep no more"
    );

    store.put("p1", record, EventsSoFar::Go).await.unwrap();
    let (_, arrived, graph, _) = all_of(&store, "p1");
    assert_eq!((arrived, graph.observed_until), (0, 0));
}

/// Imports a post on a thread of its own, as imports block.
fn import(store: &Store, record: Option<PostRecord>, events: Vec<Event>) -> Result<Done> {
    let imported = Imported {
        id: "p1".to_owned(),
        record,
        so_far: EventsSoFar::Stay,
        events,
        observed_until: 3900,
    };
    let whole = || {
        let import = store.begin_import()?;
        let done = import.add(vec![imported])?;
        assert!(import.record("p1")?.is_some());
        import.commit()?;
        Ok(done)
    };
    std::thread::scope(|scope| scope.spawn(whole).join().unwrap())
}

#[tokio::test]
async fn an_import_is_whole_or_not_at_all() {
    let store = Store::in_memory().unwrap();
    let events = || events_from_ndjson(&text_of("events.ndjson"), || None).unwrap();
    let missing = import(&store, None, events());
    assert!(matches!(missing, Err(StoreError::NoSuchPost)));
    assert_eq!(store.record("p1").unwrap(), None);

    let record = post_from_json(&text_of("post.json")).unwrap();
    for expected in [(1, 7, 0), (0, 0, 7)] {
        let done = import(&store, Some(record.clone()), events()).unwrap();
        assert_eq!((done.posts, done.events, done.known), expected);
    }
    assert_eq!(all_of(&store, "p1"), all_of(&made_anew().await, "p1"));
}

#[tokio::test]
async fn an_import_that_names_no_author_keeps_the_one_there_is() {
    let store = made_anew().await;
    let mut record = post_from_json(&text_of("post.json")).unwrap();
    let author = record.user.take().unwrap();
    import(&store, Some(record), Vec::new()).unwrap();
    store.erase_user(&author).await.unwrap();
    assert_eq!(store.record("p1").unwrap(), None, "it was that author's");
}
