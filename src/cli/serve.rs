//! `bsmv serve`: the HTTP API and the page.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::http::HeaderValue;

use super::bundle_dir::{Model, installed};
use super::config;
use super::models::Models;
use super::options::jobs_beside;
use bsmv::published::store::Store;
use bsmv::server::{self, LoadModels, ServeError, jobs};

/// Serve the HTTP API under /v1, the page, and the model bundle for the page.
///
/// Options may come from a file, too: `addr = "0.0.0.0:8080"` in it is --addr. What is given here wins.
/// See deploy/bsmv.toml for all of them.
#[derive(clap::Args)]
pub struct Args {
    /// Address to listen on; port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:8080")]
    addr: SocketAddr,
    /// Directory of the page
    #[arg(long, value_name = "DIR", default_value_os_t = installed("www/dist", "www"))]
    www: PathBuf,
    /// Brand profiles that the page offers
    #[arg(long, value_name = "FILE", default_value_os_t = installed("models/brands.json", "models/brands.json"))]
    brands: PathBuf,
    /// File that keeps posts and their events; made if it isn't there. Without it they are
    /// kept in memory, and gone when the server ends
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,
    /// Folder of the jobs; by default the store's name with `.jobs` behind it. Without --store the
    /// server takes no jobs
    #[arg(long, value_name = "DIR")]
    jobs: Option<PathBuf>,
    /// Longest file of a job, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 2_048)]
    job_size: u32,
    /// Most that all jobs may take on the disk before no more are taken, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 20_480)]
    jobs_size: u32,
    /// Jobs that may wait
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    jobs_waiting: usize,
    /// Days that a job and its result are kept after its end
    #[arg(long, value_name = "DAYS", default_value_t = 7)]
    jobs_kept: u16,
    /// Days that a post and its events are kept after it was published; by default until they are
    /// erased
    #[arg(long, value_name = "DAYS")]
    posts_kept: Option<u32>,
    /// Origin whose pages may ask, such as https://shop.example; * for any. May be given several
    /// times
    #[arg(long, value_name = "ORIGIN", value_parser = read_origin)]
    allow_origin: Vec<HeaderValue>,
    /// Answer everybody who can reach the server, whatever keys there are
    #[arg(long, conflicts_with = "public_score")]
    no_keys: bool,
    /// Let everybody score and check drafts, and have the page, without a key
    #[arg(long)]
    public_score: bool,
    /// Certificate in PEM, with those that it rests on: HTTPS instead of HTTP
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// Private key of the certificate, in PEM
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Most requests in the queue, of all clients, and an eighth as many with long bodies beside
    /// them; by default 32 for each core
    #[arg(long, value_name = "N", value_parser = read_count)]
    queue: Option<usize>,
    /// Longest that a request may take, in seconds; one may ask for less by the header Deadline-Ms
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    deadline: u64,
    /// Memory for answers that are given again to equal requests, in MiB; 0 keeps none
    #[arg(long, value_name = "MIB", default_value_t = 64)]
    cache: usize,
    /// Longest that the server waits, when it is ended, for requests that have begun, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    drain: u64,
    /// What is told on standard error: faults (error), those and requests that met one (warn), or
    /// every request (info)
    #[arg(long, value_enum, default_value_t = LogLevel::Warn)]
    log: LogLevel,
    /// How it is told
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
    /// File with options, in TOML
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    models: Models,
    #[command(flatten)]
    model: Model,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum LogLevel {
    Error,
    Warn,
    Info,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum LogFormat {
    /// For people
    Text,
    /// One object on each line
    Json,
}

/// A number of places, 1 or more.
fn read_count(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|&count| count > 0);
    count.ok_or_else(|| "use a whole number, 1 or more".to_owned())
}

/// Has everything that the server tells written to standard error.
fn start_log(level: LogLevel, format: LogFormat) {
    let level = match level {
        LogLevel::Error => tracing::Level::ERROR,
        LogLevel::Warn => tracing::Level::WARN,
        LogLevel::Info => tracing::Level::INFO,
    };
    let log = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_max_level(level)
        .with_target(false);
    match format {
        LogFormat::Text => log.with_ansi(false).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}

impl Args {
    /// Fails where an option is without another that it needs: the file of options may have that.
    fn check(&self) -> Result<()> {
        for (option, there, needed) in [
            (
                "--tls-cert",
                self.tls_cert.is_some(),
                ("--tls-key", self.tls_key.is_some()),
            ),
            (
                "--tls-key",
                self.tls_key.is_some(),
                ("--tls-cert", self.tls_cert.is_some()),
            ),
            (
                "--jobs",
                self.jobs.is_some(),
                ("--store", self.store.is_some()),
            ),
        ] {
            if let (true, (missing, false)) = (there, needed) {
                bail!("{option} needs {missing} too");
            }
        }
        Ok(())
    }

    /// Jobs need a disk: there are none beside a store in memory.
    fn jobs(&self) -> Option<jobs::Settings> {
        let beside = || self.store.as_deref().map(jobs_beside);
        Some(jobs::Settings {
            folder: self.jobs.clone().or_else(beside)?,
            most_input_bytes: u64::from(self.job_size) << 20,
            most_bytes: u64::from(self.jobs_size) << 20,
            most_waiting: self.jobs_waiting,
            kept_for: time::Duration::days(self.jobs_kept.into()),
        })
    }
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

/// Reads the models of the options, and later those that the file of options names then.
fn load_models(config: Option<PathBuf>, models: Models, model: Model) -> LoadModels {
    Box::new(move |in_use| {
        let anew = match (&config, in_use) {
            (Some(file), Some(_)) => Some(config::serve_args(file)),
            _ => None,
        };
        let loaded = match anew {
            Some(anew) => anew.and_then(|args| args.models.load(&args.model, in_use)),
            None => models.load(&model, in_use),
        };
        loaded.map_err(|problem| format!("{problem:#}"))
    })
}

pub fn run(args: Args) -> Result<ExitCode> {
    let args = match &args.config {
        Some(file) => config::serve_args(file)?,
        None => args,
    };
    args.check()?;
    start_log(args.log, args.log_format);
    let keeping = server::Keeping {
        jobs: args.jobs(),
        posts_for: args
            .posts_kept
            .map(|days| time::Duration::days(days.into())),
    };
    let store = match &args.store {
        Some(file) => Store::open(file)?,
        None => Store::in_memory()?,
    };
    let bundle = args.models.first_folder(&args.model).to_owned();
    let load = load_models(args.config.clone(), args.models, args.model);
    let tls = args.tls_cert.zip(args.tls_key);
    let scheme = if tls.is_some() { "https" } else { "http" };
    let drain = Duration::from_secs(args.drain);
    let settings = server::Settings {
        address: args.addr,
        tls: tls.map(|(certificate, key)| server::TlsFiles { certificate, key }),
        keys: server::KeyRules {
            no_keys: args.no_keys,
            public_score: args.public_score,
        },
        load: server::Load {
            queue: args.queue,
            deadline: Duration::from_secs(args.deadline),
            cache_bytes: args.cache.saturating_mul(1 << 20),
            drain,
        },
        keeping,
        site: server::Site {
            www: args.www,
            bundle,
            brands: args.brands,
            allow_origin: args.allow_origin,
        },
    };
    let announce = |address| announce(scheme, address);
    let runtime = tokio::runtime::Runtime::new().context("starting the server's threads")?;
    let served = runtime.block_on(server::serve(&settings, load, store, announce));
    // What still runs then, as an erasing of gigabytes, is undone by the store.
    runtime.shutdown_timeout(drain);
    match served {
        Err(error @ ServeError::NoPage(_)) => {
            Err(error).context("name the page's directory with --www DIR")
        }
        served => Ok(served.map(|()| ExitCode::SUCCESS)?),
    }
}

/// One line on standard output: who starts the server reads the port from it.
fn announce(scheme: &str, address: SocketAddr) -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "bsmv listens on {scheme}://{address}")?;
    out.flush()
}
