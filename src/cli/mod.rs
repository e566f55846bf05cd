//! The command line: one verb, one module with its `Args` and its `run`.

mod bundle_dir;
mod report;
mod score;
#[cfg(feature = "server")]
mod serve;

use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Brand Social Media Value: what a post is worth to a brand, 0 to 100; 50 is no effect.
#[derive(Parser)]
#[command(name = "bsmv", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Score one post, or one request per line of standard input
    Score(score::Args),
    /// Serve the HTTP API and the page
    #[cfg(feature = "server")]
    Serve(serve::Args),
}

/// Runs the verb that was asked for. Exit codes: 0 done, 1 failed, 2 wrong usage (from clap).
pub fn main() -> ExitCode {
    let done = match Cli::parse().verb {
        Verb::Score(args) => score::run(args),
        #[cfg(feature = "server")]
        Verb::Serve(args) => serve::run(args),
    };
    done.unwrap_or_else(failed)
}

/// One line on standard error. Nobody reading on (`bsmv score | head`) isn't a failure.
fn failed(error: anyhow::Error) -> ExitCode {
    let unread = error
        .downcast_ref::<io::Error>()
        .is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe);
    if unread {
        return ExitCode::SUCCESS;
    }
    eprintln!("bsmv: {error:#}");
    ExitCode::FAILURE
}
