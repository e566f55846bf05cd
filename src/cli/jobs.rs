//! `bsmv jobs`: files that a server scores, over HTTP.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bsmv::bulk::Form;
use bsmv::post::brand::BrandProfile;
use bsmv::post::json;
use serde_json::Value;

use super::http::{Server, with_key};

/// How often a job is asked for while it is waited for.
const EVERY: Duration = Duration::from_secs(1);

/// What is to be done with jobs.
#[derive(clap::Subcommand)]
pub enum Verb {
    /// Send a file: CSV, JSON lines, Parquet or xlsx
    Submit(Submit),
    /// List the jobs, newest first
    List(Server),
    /// Print one job as JSON
    Show(One),
    /// Fetch the result of a job that is done
    Fetch(Fetch),
    /// Stop a job if it runs, and erase all of it
    Erase(One),
}

/// A job.
#[derive(clap::Args)]
pub struct One {
    /// Id of the job
    id: String,
    #[command(flatten)]
    server: Server,
}

/// Fetch the result of a job that is done.
#[derive(clap::Args)]
pub struct Fetch {
    /// Id of the job
    id: String,
    /// File that the result goes to
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    #[command(flatten)]
    server: Server,
}

/// Send a file: CSV, JSON lines, Parquet or xlsx. Prints the id of the job.
#[derive(clap::Args)]
pub struct Submit {
    /// The file
    file: PathBuf,
    /// Form of the result: csv, ndjson, parquet or xlsx; by default the file's
    #[arg(long, value_parser = read_form, value_name = "FORM")]
    out: Option<Form>,
    /// JSON file with the brand's profile
    #[arg(long, value_name = "FILE")]
    brand: Option<PathBuf>,
    /// balanced, awareness, sales, or three numbers that sum to 1: sentiment,topic,diffusion
    #[arg(long)]
    weights: Option<String>,
    /// Platform of the posts that name none
    #[arg(long)]
    platform: Option<String>,
    /// Offset from UTC of times that don't say theirs, such as +08:00
    #[arg(long, value_name = "OFFSET", allow_hyphen_values = true)]
    utc_offset: Option<String>,
    /// Encoding of the file, such as gb18030; by default told from its content
    #[arg(long)]
    encoding: Option<String>,
    /// Wait for its end, and fetch the result into this file
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    #[command(flatten)]
    server: Server,
}

fn read_form(name: &str) -> Result<Form, String> {
    let known = Form::ALL.into_iter().find(|form| form.name() == name);
    known.ok_or_else(|| "use csv, ndjson, parquet or xlsx".to_owned())
}

pub fn run(verb: Verb) -> Result<ExitCode> {
    match verb {
        Verb::Submit(submit) => return run_submit(&submit),
        Verb::List(server) => list(&server)?,
        Verb::Show(one) => {
            let job = one.server.get(&format!("/v1/jobs/{}", one.id))?;
            writeln!(io::stdout(), "{}", serde_json::to_string_pretty(&job)?)?;
        }
        Verb::Fetch(one) => fetch(&one.server, &one.id, &one.to)?,
        Verb::Erase(one) => {
            let agent = one.server.agent();
            let url = one.server.url(&format!("/v1/jobs/{}", one.id));
            one.server.answer(with_key(agent.delete(url)).call())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(server: &Server) -> Result<()> {
    let mut out = io::stdout().lock();
    let mut before = String::new();
    loop {
        let page = server.get(&format!("/v1/jobs{before}"))?;
        for job in page["jobs"].as_array().into_iter().flatten() {
            writeln!(out, "{}", line_of(job))?;
        }
        match page["next"].as_str() {
            Some(next) => before = format!("?cursor={next}"),
            None => return Ok(()),
        }
    }
}

/// A job in one line.
fn line_of(job: &Value) -> String {
    let text = |name: &str| job[name].as_str().unwrap_or("-").to_owned();
    let done = job["done"].as_u64().unwrap_or(0);
    let rows = job["rows"].as_u64();
    let rows = rows.map_or("?".to_owned(), |rows| rows.to_string());
    let mut line = format!(
        "{}  {:<7}  {done} of {rows} rows  {}  {}",
        text("id"),
        text("state"),
        text("created_at"),
        text("name")
    );
    if let Some(rate) = job["rows_per_second"].as_f64() {
        let left = job["seconds_left"].as_f64().unwrap_or(0.0);
        line += &format!("  {rate:.0} a second, {left:.0} s left");
    }
    if let Some(message) = job["error"]["message"].as_str() {
        line += &format!("  {message}");
    }
    line
}

fn run_submit(submit: &Submit) -> Result<ExitCode> {
    let server = &submit.server;
    let form = Form::of(&submit.file)?;
    let file = File::open(&submit.file).with_context(|| submit.file.display().to_string())?;
    let mut request = server
        .agent()
        .post(server.url("/v1/jobs"))
        .content_type(form.media_type())
        .header("content-length", file.metadata()?.len());
    let name = submit.file.file_name().map(|name| name.to_string_lossy());
    if let Some(name) = name {
        request = request.query("name", name);
    }
    if let Some(file) = &submit.brand {
        let text = fs::read(file).with_context(|| file.display().to_string())?;
        let brand: BrandProfile = json::parse(text, "brand")?;
        request = request.query("brand", serde_json::to_string(&brand)?);
    }
    for (name, value) in [
        ("out", &submit.out.map(|form| form.name().to_owned())),
        ("weights", &submit.weights),
        ("platform", &submit.platform),
        ("utc_offset", &submit.utc_offset),
        ("encoding", &submit.encoding),
    ] {
        if let Some(value) = value {
            request = request.query(name, value);
        }
    }
    let job = server.json(with_key(request).send(file))?;
    let id = job["id"].as_str().context("the server named no job")?;
    println!("{id}");
    let Some(to) = &submit.to else {
        return Ok(ExitCode::SUCCESS);
    };
    loop {
        let job = server.get(&format!("/v1/jobs/{id}"))?;
        match job["state"].as_str() {
            Some("done") => {
                fetch(server, id, to)?;
                let counts = &job["counts"];
                let number = |name: &str| counts[name].as_u64().unwrap_or(0);
                let failed = number("failed");
                println!(
                    "{} rows: {} scored, {} unreadable, {failed} wrong",
                    job["rows"],
                    number("scored"),
                    number("refused"),
                );
                for message in counts["first"].as_array().into_iter().flatten() {
                    eprintln!("bsmv: {}", message.as_str().unwrap_or_default());
                }
                return Ok(match failed {
                    0 => ExitCode::SUCCESS,
                    _ => ExitCode::FAILURE,
                });
            }
            Some("failed") => bail!("{}", line_of(&job)),
            _ => std::thread::sleep(EVERY),
        }
    }
}

/// Fetches a result into a file, which is there whole or not at all.
fn fetch(server: &Server, id: &str, to: &Path) -> Result<()> {
    let url = server.url(&format!("/v1/jobs/{id}/result"));
    let mut answer = server.answer(with_key(server.agent().get(url)).call())?;
    let mut fresh = to.as_os_str().to_owned();
    fresh.push(".new");
    let name = || to.display().to_string();
    let mut file = File::create(&fresh).with_context(name)?;
    io::copy(&mut answer.body_mut().as_reader(), &mut file)?;
    fs::rename(&fresh, to).with_context(name)
}
