//! `bsmv score`: one post from options, JSON Lines from standard input, or the posts of a file.

#[cfg(feature = "server")]
mod file;
mod lines;
#[cfg(feature = "server")]
mod progress;

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use bsmv::definition::value::Weights;
use bsmv::post::brand::BrandProfile;
use bsmv::post::json;
use bsmv::post::{Platform, Post};
use bsmv::scorer::Evaluation;
use bsmv::scorer::answer::Answer;
use bsmv::scorer::request::ScoreRequest;
use clap::CommandFactory;
use clap::error::ErrorKind;
#[cfg(feature = "server")]
use encoding_rs::Encoding;
use serde::Serialize;
use serde::de::DeserializeOwned;
#[cfg(feature = "server")]
use time::UtcOffset;

use crate::cli::bundle_dir::Model;
#[cfg(feature = "server")]
use crate::cli::options;
use crate::cli::report;

/// Score one post given by --text; or the posts of FILE into another file; or, without either, one
/// JSON request per line of standard input, each answered by one line: a score,
/// {"bsmv":null,"refused":{"code","message"}} for a text that can't be read, or
/// {"error":{"code","field","message"},"id","line"}. An id that a request gives comes back.
///
/// FILE may be CSV, JSON lines, xlsx, SQLite or Parquet, of any program that docs/import.md names or
/// with a column `text`. The output keeps its columns and its order, and adds those of the score,
/// whose names begin with `bsmv`. A run that was stopped goes on where it was if it is started again.
///
/// Exit code: 0 all answered, 1 something was not, 2 wrong usage.
#[derive(clap::Args)]
pub struct Args {
    /// File whose posts are scored
    #[cfg(feature = "server")]
    #[arg(value_name = "FILE", conflicts_with = "text", requires = "out")]
    file: Option<PathBuf>,
    /// File that the scores go to: .csv, .ndjson, .jsonl, .parquet or .xlsx
    #[cfg(feature = "server")]
    #[arg(long, value_name = "FILE", requires = "file")]
    out: Option<PathBuf>,
    /// Offset from UTC of times in FILE that don't say theirs, such as +08:00
    #[cfg(feature = "server")]
    #[arg(long, value_name = "OFFSET", requires = "file", value_parser = options::read_offset, allow_hyphen_values = true)]
    utc_offset: Option<UtcOffset>,
    /// Encoding of FILE, such as gb18030; by default told from its content
    #[cfg(feature = "server")]
    #[arg(long, requires = "file", value_parser = options::read_encoding)]
    encoding: Option<&'static Encoding>,
    /// Text of the post
    #[arg(long)]
    text: Option<String>,
    /// Title shown above the text
    #[arg(long, requires = "text")]
    title: Option<String>,
    #[arg(long, help = Platform::ALL.map(Platform::name).join(", "))]
    platform: Option<String>,
    /// JSON file with the author's numbers
    #[arg(long, value_name = "FILE", requires = "text")]
    author: Option<PathBuf>,
    /// JSON file with a page of the post's diffusion so far
    #[arg(long, value_name = "FILE", requires = "text")]
    graph: Option<PathBuf>,
    /// JSON file with a brand's profile; on standard input, for lines without a brand
    #[arg(long, value_name = "FILE")]
    brand: Option<PathBuf>,
    /// balanced, awareness, sales, or three numbers that sum to 1: sentiment,topic,diffusion
    #[arg(long)]
    weights: Option<String>,
    /// Print the whole answer as one line of JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    model: Model,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let brand: Option<BrandProfile> = args
        .brand
        .as_deref()
        .map(|file| from_file(file, "brand"))
        .transpose()?;
    let weights = args
        .weights
        .as_deref()
        .map(Weights::from_words)
        .transpose()?;
    if let Some(brand) = &brand {
        brand.validate().map_err(|e| e.within("brand"))?;
    }
    if let Some(weights) = &weights {
        weights.validate().map_err(|e| e.within("weights"))?;
    }
    #[cfg(feature = "server")]
    if let (Some(input), Some(out)) = (&args.file, &args.out) {
        let asked = bsmv::bulk::Asked {
            brand,
            weights,
            platform: args.platform.as_deref().map(platform).transpose()?,
            utc_offset: args.utc_offset,
            encoding: args.encoding,
        };
        return file::run(&args.model, input, out, asked);
    }
    match &args.text {
        Some(text) => one(&args, text, brand, weights),
        None if args.platform.is_some() => super::Cli::command()
            .error(
                ErrorKind::MissingRequiredArgument,
                "--platform is of --text or FILE; a request on standard input has its own",
            )
            .exit(),
        None => lines::run(&args.model, brand.as_ref(), weights),
    }
}

fn one(
    args: &Args,
    text: &str,
    brand: Option<BrandProfile>,
    weights: Option<Weights>,
) -> Result<ExitCode> {
    let platform = args.platform.as_deref().map(platform).transpose()?;
    let author = args.author.as_deref();
    let graph = args.graph.as_deref();
    let request = ScoreRequest {
        id: None,
        post: Post {
            title: args.title.clone(),
            text: text.to_owned(),
            platform: platform.unwrap_or_default(),
            author: author.map(|f| from_file(f, "post.author")).transpose()?,
            ..Post::default()
        },
        brand,
        graph: graph.map(|f| from_file(f, "graph")).transpose()?,
        weights,
        locale: None,
    };
    let request = request.check()?;
    let scorer = args.model.open()?;
    let read = scorer.read(&request);
    let evaluation = read.map(|reading| scorer.evaluate(&request, &reading));
    let mut out = BufWriter::new(io::stdout().lock());
    match scorer.answer(&request, evaluation)? {
        Answer::Given(Evaluation { score, .. }) if args.json => json_line(&mut out, &score)?,
        Answer::Given(evaluation) => {
            let explanation = scorer.explanation(&request, &evaluation);
            report::write(&mut out, &evaluation.score, &explanation, request.brand())?;
        }
        Answer::Refused(refusal) if args.json => json_line(&mut out, &refusal)?,
        Answer::Refused(refusal) => writeln!(out, "No score. {}", refusal.refused.message)?,
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// The platform of this name, as a post has it.
fn platform(name: &str) -> bsmv::Result<Platform> {
    Platform::read("post.platform", name)
}

fn json_line(out: &mut impl Write, answer: &impl Serialize) -> Result<()> {
    serde_json::to_writer(&mut *out, answer)?;
    Ok(writeln!(out)?)
}

/// Reads the part of a request that a file holds.
fn from_file<T: DeserializeOwned>(file: &Path, at: &str) -> Result<T> {
    let json = fs::read(file).with_context(|| file.display().to_string())?;
    Ok(json::parse(json, at)?)
}
