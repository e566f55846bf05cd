//! The targets: everything that reads bytes from outside, and what must hold of what it makes.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::OnceLock;

use bsmv::diffusion::{DiffusionGraph, DiffusionPage};
use bsmv::layers::tensors::Tensors;
use bsmv::published::import::{
    Columns, Settings, Source, cascade_from_pages, cascade_from_paths, draft, events_from_ndjson,
    items, post_from_json, recognise, recognise_texts,
};
use bsmv::published::store::Store;
use bsmv::scorer::bundle::Manifest;
use bsmv::scorer::request::ScoreRequest;
use bsmv::text::{self, Name, Searchable, Tokenizer};
use time::OffsetDateTime;

use crate::oracle;

/// A target by its name.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const ALL: &[Target] = &[
    ("request", request),
    ("events", events),
    ("post", post),
    ("page", page),
    ("pages", pages),
    ("paths", paths),
    ("import", import),
    ("tensors", tensors),
    ("tokenizer", tokenizer),
    ("manifest", manifest),
    ("text", text),
    ("store", store),
    ("kernels", kernels),
];

/// A request that is read is checked without a panic; one that keeps the rules reads again as what was
/// written of it.
fn request(bytes: &[u8]) {
    let _ = ScoreRequest::id_in(bytes);
    let Ok(request) = ScoreRequest::from_json(bytes) else {
        return;
    };
    let json = serde_json::to_vec(&request).expect("what was read can be written");
    if request.clone().check().is_ok() {
        let again = ScoreRequest::from_json(json).expect("what was written can be read");
        assert_eq!(again, request);
    }
}

fn events(bytes: &[u8]) {
    if let Ok(events) = events_from_ndjson(bytes, || Some(OffsetDateTime::UNIX_EPOCH)) {
        for event in events {
            event.validate().expect("what is read keeps the rules");
        }
    }
}

fn post(bytes: &[u8]) {
    if let Ok(record) = post_from_json(bytes) {
        let json = serde_json::to_vec(&record).expect("what was read can be written");
        assert_eq!(post_from_json(&json).expect("and read again"), record);
    }
}

/// A page that is taken makes a tree.
fn page(bytes: &[u8]) {
    let Ok(page) = serde_json::from_slice::<DiffusionPage>(bytes) else {
        return;
    };
    let Ok(graph) = DiffusionGraph::from_page(page) else {
        return;
    };
    for (i, &parent) in graph.parent.iter().enumerate() {
        assert!(parent as usize <= i);
    }
    let until = graph.observed_until / 2;
    assert!(graph.cut(until).len() <= graph.len());
}

fn pages(bytes: &[u8]) {
    let _ = cascade_from_pages(bytes);
}

fn paths(bytes: &[u8]) {
    let _ = cascade_from_paths(bytes, 1);
}

/// A file of bytes, since readers of tables want to seek. In memory where the system has that.
fn file(name: &str, bytes: &[u8]) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let memory = PathBuf::from("/dev/shm");
        let root = if memory.is_dir() {
            memory
        } else {
            std::env::temp_dir()
        };
        let folder = root.join(format!("bsmv-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for inputs");
        folder
    });
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("an input");
    path
}

/// Every program's files, in any encoding: tables, JSON, workbooks, databases, Parquet.
fn import(bytes: &[u8]) {
    const MOST_ROWS: usize = 1_000;
    let path = file("input", bytes);
    let Ok(source) = Source::open(&path, None, None) else {
        return;
    };
    let Ok(sections) = source.sections(&|names| recognise(names).is_some()) else {
        return;
    };
    let settings = Settings::default();
    for section in &sections {
        let Some(layout) = recognise_texts(&section.columns).or(recognise(&section.columns)) else {
            continue;
        };
        let mut columns = Columns::new(layout);
        let mut rows = 0;
        let _ = source.visit(section, &mut |names, row| {
            if let Ok(row) = row {
                let _ = items(row, names, &mut columns, layout, &settings);
                let _ = draft(row, names, &mut columns, layout, &settings);
            }
            let _ = columns.unknown(names);
            rows += 1;
            if rows < MOST_ROWS {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
    }
}

fn tensors(bytes: &[u8]) {
    let bytes = bytes.to_vec();
    if let Ok(tensors) = Tensors::open(&bytes) {
        for name in ["a", "weight", "background"] {
            let _ = tensors.floats_of_any_shape(name);
        }
    }
}

fn tokenizer(bytes: &[u8]) {
    if let Ok(tokenizer) = Tokenizer::from_bytes(bytes) {
        let _ = tokenizer.encode("给爸买的跑鞋，It's 20 % off 😍", 16);
    }
}

fn manifest(bytes: &[u8]) {
    let _ = Manifest::from_json(bytes);
}

/// Cleaning twice changes nothing, and whatever is left can be cut into pieces and searched.
fn text(bytes: &[u8]) {
    static TOKENIZER: OnceLock<Tokenizer> = OnceLock::new();
    let tokenizer = TOKENIZER.get_or_init(|| {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../models/bsmv-base/tokenizer.json"
        );
        Tokenizer::from_bytes(&std::fs::read(path).expect("the bundle")).expect("its tokenizer")
    });
    let text = String::from_utf8_lossy(bytes);
    let cleaned = text::clean(&text);
    assert_eq!(text::clean(&cleaned), cleaned);
    let _ = text::detect(&cleaned);
    let half = cleaned.chars().take(3).collect::<String>();
    for range in Searchable::new(&cleaned).find(&Name::new(&half)) {
        assert!(cleaned.get(range).is_some());
    }
    let _ = tokenizer.encode(&cleaned, 64);
}

/// The store's file: refused, or opened and read.
fn store(bytes: &[u8]) {
    let path = file("store.db", bytes);
    for beside in ["store.db-wal", "store.db-shm"] {
        let _ = std::fs::remove_file(path.with_file_name(beside));
    }
    if let Ok(store) = Store::open(&path) {
        let _ = store.record("p");
        let _ = store.snapshot("p", None);
    }
}

/// Every kernel of this machine gives the oracle's bits, whatever the sizes.
fn kernels(bytes: &[u8]) {
    let mut numbers = bytes.chunks(2).map(|two| {
        let low = two.first().copied().unwrap_or(0);
        usize::from(u16::from_le_bytes([low, two.get(1).copied().unwrap_or(0)]))
    });
    let mut up_to = |most: usize| 1 + numbers.next().unwrap_or(0) % most;
    let (rows, inputs, outputs) = (up_to(20), up_to(100), up_to(120));
    let seed = up_to(usize::from(u16::MAX)) as u64;
    bsmv::for_each_kernel!(|kernel| {
        oracle::check(kernel, rows, inputs, outputs, seed);
        oracle::check_floats(kernel, rows, inputs, outputs, seed);
    });
}
