//! `bsmv backup`: a copy of a store, taken while a server writes to it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use bsmv::published::store::backup;
use time::OffsetDateTime;

/// Copy a store, as it is at one moment, into a new file. A server that has it open goes on
/// meanwhile. The copy is checked, and there whole or not at all; it is as secret as the store. Jobs
/// are not in it: they end within days.
#[derive(clap::Args)]
pub struct Args {
    /// The store
    #[arg(long, value_name = "FILE")]
    store: PathBuf,
    /// New file; or a folder, in which it gets the time as its name
    to: PathBuf,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let to = match args.to.is_dir() {
        true => args.to.join(dated(OffsetDateTime::now_utc())),
        false => args.to.clone(),
    };
    let kept = backup(&args.store, &to)?;
    println!(
        "{}: {} posts, {} events",
        to.display(),
        kept.posts,
        kept.events
    );
    Ok(ExitCode::SUCCESS)
}

/// A name that sorts by time, such as `bsmv-20261130T171500Z.db`.
fn dated(now: OffsetDateTime) -> String {
    format!(
        "bsmv-{:04}{:02}{:02}T{:02}{:02}{:02}Z.db",
        now.year(),
        u8::from(now.month()),
        now.day(),
        now.hour(),
        now.minute(),
        now.second()
    )
}
