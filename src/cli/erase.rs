//! `bsmv erase`: a post, a user or old posts out of stores that no server has open, backups among
//! them, and out of the jobs beside them.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use super::options::jobs_beside;
use anyhow::{Context, Result};
use bsmv::published::record::check_id;
use bsmv::published::store::Store;
use bsmv::server::jobs::erase_offline;
use serde::Serialize;
use time::{Duration, OffsetDateTime};

/// Who it is in the audit log; no key can have this name.
const ACTOR: &str = "bsmv erase";

/// Erase a post, a user or old posts from stores that no server has open, with the jobs beside them that
/// have the id, and from backups. A server
/// erases from the store that it has open itself: DELETE /v1/posts/ID, /v1/users/ID.
///
/// Prints a receipt for each store as one line of JSON.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub struct Args {
    /// Id of a post: it and its events go
    #[arg(long, value_name = "ID", group = "what")]
    post: Option<String>,
    /// Id of a user: the user's events go everywhere, and the user's posts with all their events
    #[arg(long, value_name = "ID", group = "what")]
    user: Option<String>,
    /// Posts published so many days ago, or before
    #[arg(long, value_name = "DAYS", group = "what")]
    older_than_days: Option<u32>,
    /// Folder of the jobs of a store; by default the store's name with `.jobs` behind it
    #[arg(long, value_name = "DIR")]
    jobs: Option<PathBuf>,
    /// Stores and backups
    #[arg(required = true, value_name = "STORE")]
    stores: Vec<PathBuf>,
}

/// What was erased from a store. It names nobody.
#[derive(Serialize)]
struct Receipt {
    store: PathBuf,
    #[serde(with = "time::serde::rfc3339")]
    erased_at: OffsetDateTime,
    posts: u64,
    events: u64,
    /// Jobs erased, whole: those that had the id.
    jobs: u64,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    for (option, id) in [("--post", &args.post), ("--user", &args.user)] {
        if let Some(id) = id {
            check_id(option, id)?;
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .context("starting")?;
    let mut out = io::stdout().lock();
    for path in &args.stores {
        // A name that is mistyped makes no new store.
        path.metadata()
            .with_context(|| path.display().to_string())?;
        let store = Store::open(path)?;
        let now = OffsetDateTime::now_utc();
        let done = runtime.block_on(async {
            if let Some(id) = &args.post {
                store.by(ACTOR, now).erase_post(id).await
            } else if let Some(id) = &args.user {
                store.by(ACTOR, now).erase_user(id).await
            } else {
                let days = Duration::days(args.older_than_days.unwrap_or(u32::MAX).into());
                match now.checked_sub(days) {
                    Some(oldest) => store.by(ACTOR, now).prune(oldest).await,
                    // No post is that old.
                    None => Ok(Default::default()),
                }
            }
        })?;
        // Nobody takes jobs while the store is open here.
        let folder = args.jobs.clone().unwrap_or_else(|| jobs_beside(path));
        let jobs = match args.post.as_ref().or(args.user.as_ref()) {
            Some(id) => erase_offline(&folder, id).with_context(|| folder.display().to_string())?,
            None => 0,
        };
        let receipt = Receipt {
            store: path.clone(),
            erased_at: now,
            posts: done.posts,
            events: done.events,
            jobs,
        };
        writeln!(out, "{}", serde_json::to_string(&receipt)?)?;
    }
    Ok(ExitCode::SUCCESS)
}
