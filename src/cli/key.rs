//! `bsmv key`: the keys of a server.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, ensure};
use bsmv::published::store::api_keys::{Limits, Scope};
use bsmv::published::store::audit::Actor;
use bsmv::published::store::office::Office;
use time::OffsetDateTime;

/// Make, list and revoke the keys of a server. It may run meanwhile: within a second it knows.
#[derive(clap::Subcommand)]
pub enum Task {
    /// Make a key and print it, once: the store keeps its hash alone
    Create(CreateArgs),
    /// List all keys, with what they used today; those that were revoked too
    List(StoreArg),
    /// End a key for good
    Revoke(RevokeArgs),
}

#[derive(clap::Args)]
pub struct StoreArg {
    /// The store of the server
    #[arg(long, value_name = "FILE")]
    store: PathBuf,
}

#[derive(clap::Args)]
pub struct CreateArgs {
    #[command(flatten)]
    at: StoreArg,
    /// What it may do: score, read, write, erase, metrics, admin (everything); may be given several
    /// times
    #[arg(
        long = "scope",
        value_name = "SCOPE",
        required = true,
        value_delimiter = ','
    )]
    scopes: Vec<Scope>,
    /// Most requests in a minute
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    per_minute: Option<u32>,
    /// Most requests in a day of UTC
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    per_day: Option<u64>,
    /// Whom it is for; a name is never given twice
    name: String,
}

#[derive(clap::Args)]
pub struct RevokeArgs {
    #[command(flatten)]
    at: StoreArg,
    /// Name of the key
    name: String,
}

pub fn run(task: Task) -> Result<ExitCode> {
    match task {
        Task::Create(args) => {
            let limits = Limits {
                per_minute: args.per_minute,
                per_day: args.per_day,
            };
            let mut office = Office::open(&args.at.store)?;
            let key = office.create_key(&args.name, &args.scopes, limits, &console())?;
            writeln!(io::stdout(), "{key}")?;
        }
        Task::List(args) => list(&existing(&args.store)?)?,
        Task::Revoke(args) => {
            let mut office = existing(&args.at.store)?;
            if !office.revoke_key(&args.name, &console())? {
                eprintln!("bsmv: `{}` was revoked before", args.name);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Who works at the command line, now.
fn console() -> Actor {
    Actor {
        name: "bsmv key".to_owned(),
        at: OffsetDateTime::now_utc(),
    }
}

/// Opens a store that is there: a misspelt name makes none.
pub fn existing(store: &Path) -> Result<Office> {
    ensure!(
        store.exists(),
        "{}: there is no such store",
        store.display()
    );
    Ok(Office::open(store)?)
}

fn list(office: &Office) -> Result<()> {
    let used = office.usage(OffsetDateTime::now_utc())?;
    let mut out = io::stdout();
    writeln!(
        out,
        "{:<24} {:<30} {:>10} {:>10} {:>10}  {:<20} revoked",
        "name", "scopes", "per minute", "per day", "today", "made"
    )?;
    for key in office.keys()? {
        let used = used.iter().find(|used| used.name == key.name);
        let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.name()).collect();
        let or_dash = |limit: Option<u64>| limit.map_or("-".to_owned(), |n| n.to_string());
        writeln!(
            out,
            "{:<24} {:<30} {:>10} {:>10} {:>10}  {:<20} {}",
            key.name,
            scopes.join(" "),
            or_dash(key.limits.per_minute.map(u64::from)),
            or_dash(key.limits.per_day),
            used.map_or(0, |used| used.requests),
            written(key.created_at),
            key.revoked_at.map_or("-".to_owned(), written),
        )?;
    }
    Ok(())
}

/// A moment as RFC 3339 writes it.
pub fn written(moment: OffsetDateTime) -> String {
    let format = time::format_description::well_known::Rfc3339;
    moment.format(&format).unwrap_or_default()
}
