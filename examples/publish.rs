//! Publishes a post, adds what happens to it, and forecasts how far it will go: what `bsmv serve`
//! does, in one process and in memory.
//!
//! ```sh
//! cargo run --release --example publish
//! ```

use std::error::Error;
use std::path::Path;

use bsmv::published::forecast::forecast;
use bsmv::published::import::{events_from_ndjson, post_from_json};
use bsmv::published::record::fill_valences;
use bsmv::published::store::{EventsSoFar, Store};
use bsmv::{Bundle, Manifest, Precision, Scorer};

/// The post, as `PUT /v1/posts/{id}` takes it.
const POST: &str = r#"{
    "created_at": "2026-11-22T10:00:00Z", "platform": "x", "user": "17",
    "author": {"followers": 12000}, "text": "I love these boots: dry feet all winter."
}"#;
/// What happened to it, as `POST /v1/posts/{id}/events` takes it: in any order, a child before its
/// parent too.
const EVENTS: &str = r#"
{"id": "e2", "parent": "e1", "t": 400, "kind": "repost", "user": "19"}
{"id": "e1", "t": 175, "kind": "quote", "user": "18", "text": "Mine too! Best boots I ever had."}
{"id": "e3", "t": 610, "kind": "reply", "user": "20", "text": "Which ones are they?"}
"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let scorer = open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("models/bsmv-base"))?;
    let store = Store::in_memory()?;
    store
        .put("42", post_from_json(POST.as_bytes())?, EventsSoFar::Stay)
        .await?;

    let mut events = events_from_ndjson(EVENTS.as_bytes(), || None)?;
    fill_valences(scorer.reader(), &mut events)?;
    // The post has been watched for 15 minutes.
    let done = store.append("42", events, 900).await?;
    println!("{} events added", done.events);

    let snapshot = store.snapshot("42", None)?;
    let forecast = forecast(&scorer, "42", &snapshot.record, &snapshot.graph)?;
    for moment in &forecast.history {
        let score = moment.score.as_ref().map_or(f32::NAN, |score| score.bsmv);
        println!(
            "after {:>5} s: {} events seen, {:.0} expected in the end, score {score:.1}",
            moment.observed_until, moment.events, moment.expected.events,
        );
    }
    Ok(())
}

/// A scorer from the files of a bundle, as in `score.rs`.
fn open(folder: &Path) -> Result<Scorer, Box<dyn Error>> {
    let manifest = Manifest::from_json(&std::fs::read(folder.join("manifest.json"))?)?;
    let bundle = Bundle::read(manifest, Precision::Int8, |name| {
        std::fs::read(folder.join(name)).map_err(|e| bsmv::Error::Bundle(format!("{name}: {e}")))
    })?;
    Ok(Scorer::new(bundle, Precision::Int8)?)
}
