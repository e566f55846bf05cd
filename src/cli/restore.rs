//! `bsmv restore`: a backup in the place of a store.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use bsmv::published::store::restore;

/// Put a backup in the place of a store that no server has open. The backup is checked first, and
/// stays where it is. What was erased after it was taken is there again: erase it again.
#[derive(clap::Args)]
pub struct Args {
    /// The store
    #[arg(long, value_name = "FILE")]
    store: PathBuf,
    /// Replace the store that is there
    #[arg(long)]
    replace: bool,
    /// The backup
    from: PathBuf,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let kept = restore(&args.from, &args.store, args.replace)?;
    println!(
        "{}: {} posts, {} events",
        args.store.display(),
        kept.posts,
        kept.events
    );
    Ok(ExitCode::SUCCESS)
}
