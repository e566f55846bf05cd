//! `bsmv audit`: who changed or erased what.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use bsmv::published::store::IdOf;
use bsmv::published::store::audit::{AuditEntry, AuditFilter};

use super::key::{existing, written};

/// List who changed or erased what in a store, oldest first. A server may have it open.
///
/// Each line has the moment, the name of the key, what was done, the posts and events that were
/// made or erased, the keyed hash of the post's or user's id, and what else it is about, with tabs
/// between them. Ids are not in the log; who knows one can ask for it.
#[derive(clap::Args)]
pub struct Args {
    /// The store
    #[arg(long, value_name = "FILE")]
    store: PathBuf,
    /// Only what was done with the key of this name
    #[arg(long, value_name = "NAME")]
    key: Option<String>,
    /// Only what was done to the post of this id
    #[arg(long, value_name = "ID", conflicts_with = "user")]
    post: Option<String>,
    /// Only what was done to the user of this id
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// At most so many lines, the newest
    #[arg(long, value_name = "N", default_value_t = 1000)]
    last: u32,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let office = existing(&args.store)?;
    let post = args.post.as_deref().map(|id| (IdOf::Post, id));
    let user = args.user.as_deref().map(|id| (IdOf::User, id));
    let filter = AuditFilter {
        who: args.key.clone(),
        target: post.or(user).map(|(of, id)| office.hash(of, id)),
        last: args.last,
    };
    let mut out = io::stdout().lock();
    for entry in office.audit(&filter)? {
        writeln!(out, "{}", line(&entry))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn line(entry: &AuditEntry) -> String {
    let mut target = String::new();
    for byte in entry.target.iter().flatten() {
        // Writing to a string doesn't fail.
        write!(target, "{byte:02x}").ok();
    }
    [
        written(entry.at),
        entry.who.clone(),
        entry.action.clone(),
        entry.posts.to_string(),
        entry.events.to_string(),
        target,
        entry.detail.clone().unwrap_or_default(),
    ]
    .join("\t")
}
