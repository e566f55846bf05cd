//! `bsmv import`: posts and events from files into a store.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use bsmv::post::Platform;
use bsmv::post::json;
use bsmv::published::import::{
    ImportedPost, cascade_from_pages, cascade_from_paths, events_from_csv, events_from_ndjson,
    post_from_json,
};
use bsmv::published::record::{Event, PostRecord, check_id, fill_valences};
use tokio::task::JoinSet;

use super::bundle_dir::Model;
use bsmv::published::store::{Done, EventsSoFar, Store, StoreError};

/// Cascades that are written side by side, so that they share commits.
const TOGETHER: usize = 128;

/// Read posts and events from a file into a store that no server has open.
///
/// ndjson and csv hold the events of one post, named by --id, and add to it: an event that is
/// there already counts once. pages and deephawkes hold whole cascades, which replace what the
/// store has of the same posts. Valences that are missing are computed from texts.
#[derive(clap::Args)]
pub struct Args {
    /// The store; made if it isn't there
    #[arg(long, value_name = "FILE")]
    store: PathBuf,
    /// What the file holds
    #[arg(long, value_enum)]
    format: Format,
    /// Id of the post (ndjson, csv)
    #[arg(long, required_if_eq_any = [("format", "ndjson"), ("format", "csv")])]
    id: Option<String>,
    /// JSON file that describes the post, as the API takes it (ndjson, csv, pages); may be
    /// left out for a post that is in the store
    #[arg(long, value_name = "FILE")]
    post: Option<PathBuf>,
    /// Platform of the cascades (deephawkes)
    #[arg(long, default_value = "weibo")]
    platform: String,
    /// Seconds after the post up to which events were seen; by default the last event's
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    observed_until: u32,
    #[command(flatten)]
    model: Model,
    /// The file
    input: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// One event per line, as the API takes them
    Ndjson,
    /// A table with a header: id, parent, t or created_at, kind, user, followers, verified, s, text
    Csv,
    /// All pages of the diffusion API, one after the other
    Pages,
    /// id, user, Unix time, count and paths `u1/u2:seconds`, separated by tabs
    Deephawkes,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let store = Arc::new(Store::open(&args.store)?);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let (posts, done) = runtime
        .block_on(read(args, &store))
        .with_context(|| args.input.display().to_string())?;
    println!(
        "{posts} posts, {} events added, {} known already",
        done.events, done.known
    );
    Ok(ExitCode::SUCCESS)
}

async fn read(args: &Args, store: &Arc<Store>) -> Result<(u64, Done)> {
    let record = args.post.as_deref().map(record_of).transpose()?;
    match (args.format, &args.id) {
        (Format::Deephawkes, _) => paths(args, store).await,
        (Format::Pages, _) => {
            let mut cascade = cascade_from_pages(&fs::read(&args.input)?)?;
            if let Some(record) = record {
                cascade.post = PostRecord {
                    created_at: cascade.post.created_at,
                    author: record.author.or(cascade.post.author),
                    user: record.user.or(cascade.post.user),
                    ..record
                };
            }
            add_valences(args, &mut cascade.events)?;
            Ok((1, replace(store.clone(), cascade).await?))
        }
        (Format::Ndjson | Format::Csv, id) => {
            let id = id.as_deref().unwrap_or_default();
            check_id("--id", id)?;
            let created_at = match &record {
                Some(record) => record.created_at,
                None => known(store, id)?.created_at,
            };
            let bytes = fs::read(&args.input)?;
            let mut events = match args.format {
                Format::Csv => events_from_csv(&bytes, created_at)?,
                _ => events_from_ndjson(&bytes)?,
            };
            add_valences(args, &mut events)?;
            if let Some(record) = record {
                store.put(id, record, EventsSoFar::Stay).await?;
            }
            Ok((1, store.append(id, events, args.observed_until).await?))
        }
    }
}

fn record_of(file: &Path) -> Result<PostRecord> {
    let json = fs::read(file).with_context(|| file.display().to_string())?;
    post_from_json(&json).with_context(|| file.display().to_string())
}

/// The store's record of a post.
fn known(store: &Store, id: &str) -> Result<PostRecord> {
    match store.snapshot(id, None) {
        Ok(snapshot) => Ok(PostRecord::clone(&snapshot.record)),
        Err(error @ StoreError::NoSuchPost) => {
            Err(error).context(format!("{id}: describe it with --post FILE"))
        }
        Err(error) => Err(error.into()),
    }
}

/// Opens the model only if there is something to read.
fn add_valences(args: &Args, events: &mut [Event]) -> Result<()> {
    if events.iter().any(Event::wants_valence) {
        fill_valences(args.model.open()?.reader(), events)?;
    }
    Ok(())
}

async fn replace(store: Arc<Store>, cascade: ImportedPost) -> Result<Done> {
    let ImportedPost {
        id,
        post,
        observed_until,
        events,
    } = cascade;
    store.put(&id, post, EventsSoFar::Go).await?;
    Ok(store.append(&id, events, observed_until).await?)
}

/// Line by line: these files don't fit in memory.
async fn paths(args: &Args, store: &Arc<Store>) -> Result<(u64, Done)> {
    let platform: Platform = json::parse(serde_json::to_string(&args.platform)?, "--platform")?;
    let mut writing = JoinSet::new();
    let (mut posts, mut sum) = (0, Done::default());
    let mut add = |done: Result<Done>| -> Result<()> {
        let done = done?;
        posts += 1;
        sum.events += done.events;
        sum.known += done.known;
        Ok(())
    };
    let lines = BufReader::new(File::open(&args.input)?).split(b'\n');
    for (i, line) in lines.enumerate() {
        let line = line?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let mut cascade = cascade_from_paths(&line, i + 1)?;
        cascade.post.platform = platform;
        cascade.observed_until = cascade.observed_until.max(args.observed_until);
        if writing.len() == TOGETHER
            && let Some(done) = writing.join_next().await
        {
            add(done?)?;
        }
        writing.spawn(replace(store.clone(), cascade));
    }
    while let Some(done) = writing.join_next().await {
        add(done?)?;
    }
    Ok((posts, sum))
}
