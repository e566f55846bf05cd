//! `bsmv export`: everything in a store as lines of JSON.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use bsmv::published::store::export;

/// Write everything that a store has as lines of JSON, which `bsmv import` makes a new store of. A
/// server that has it open goes on meanwhile.
///
/// Ids are in it as the store has them: as hashes, whose key is the first line. So it is as secret as
/// the store.
#[derive(clap::Args)]
pub struct Args {
    /// The store
    #[arg(long, value_name = "FILE")]
    store: PathBuf,
    /// File that it goes to; by default standard output
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let kept = match &args.to {
        None => {
            let mut out = BufWriter::new(io::stdout().lock());
            let kept = export(&args.store, &mut out)?;
            out.flush()?;
            kept
        }
        Some(to) => {
            let name = || to.display().to_string();
            let mut fresh = to.as_os_str().to_owned();
            fresh.push(".part");
            let mut options = File::options();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut out = BufWriter::new(options.open(&fresh).with_context(name)?);
            let kept = export(&args.store, &mut out)?;
            out.into_inner().with_context(name)?.sync_all()?;
            fs::rename(&fresh, to).with_context(name)?;
            kept
        }
    };
    eprintln!("{} posts, {} events", kept.posts, kept.events);
    Ok(ExitCode::SUCCESS)
}
