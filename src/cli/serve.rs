//! `bsmv serve`: the HTTP API and the page.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use axum::http::HeaderValue;

use super::bundle_dir::Model;
use bsmv::published::store::Store;
use bsmv::server::{self, ServeError};

/// Serve the HTTP API under /v1, the page, and the model bundle for the page.
#[derive(clap::Args)]
pub struct Args {
    /// Address to listen on; port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:8080")]
    addr: SocketAddr,
    /// Directory of the page
    #[arg(long, value_name = "DIR", default_value = "www/dist")]
    www: PathBuf,
    /// Brand profiles that the page offers
    #[arg(long, value_name = "FILE", default_value = "models/brands.json")]
    brands: PathBuf,
    /// File that keeps posts and their events; made if it isn't there. Without it they are
    /// kept in memory, and gone when the server ends
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,
    /// Origin whose pages may ask, such as https://shop.example; * for any. May be given several
    /// times
    #[arg(long, value_name = "ORIGIN", value_parser = read_origin)]
    allow_origin: Vec<HeaderValue>,
    #[command(flatten)]
    model: Model,
}

/// An origin as browsers write it: no path, no slash at its end.
fn read_origin(text: &str) -> Result<HeaderValue, String> {
    let is_origin = |text: &str| {
        let host = text.split_once("://").map_or("", |(_, host)| host);
        !host.is_empty() && !host.contains(['/', '?', '#', ' ', ','])
    };
    let value = HeaderValue::try_from(text).ok();
    value
        .filter(|_| text == "*" || text == "null" || is_origin(text))
        .ok_or_else(|| "use an origin such as https://shop.example, or *".to_owned())
}

pub fn run(args: Args) -> Result<ExitCode> {
    let store = match &args.store {
        Some(file) => Store::open(file)?,
        None => Store::in_memory()?,
    };
    let scorer = args.model.open()?;
    let site = server::Site {
        www: args.www,
        bundle: args.model.bundle,
        brands: args.brands,
        allow_origin: args.allow_origin,
    };
    let served = tokio::runtime::Runtime::new()
        .context("starting the server's threads")?
        .block_on(server::serve(args.addr, scorer, store, &site, announce));
    match served {
        Err(error @ ServeError::NoPage(_)) => {
            Err(error).context("name the page's directory with --www DIR")
        }
        served => Ok(served.map(|()| ExitCode::SUCCESS)?),
    }
}

/// One line on standard output: who starts the server reads the port from it.
fn announce(address: SocketAddr) -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "bsmv listens on http://{address}")?;
    out.flush()
}
