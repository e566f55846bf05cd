//! `bsmv health`: whether a server can score.

use std::process::ExitCode;

use anyhow::Result;

use super::http::Server;

/// Ask a server whether it can score: exit code 0 if it can, 1 if not. For health checks.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    server: Server,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    println!("{}", args.server.get("/v1/health")?);
    Ok(ExitCode::SUCCESS)
}
