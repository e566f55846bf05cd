//! `bsmv score`: one post from options, or JSON Lines from standard input.

use std::fs;
use std::io::{self, BufRead, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use bsmv::ErrorReport;
use bsmv::definition::value::Weights;
use bsmv::post::brand::BrandProfile;
use bsmv::post::json;
use bsmv::post::{Platform, Post};
use bsmv::scorer::answer::{Answer, Score};
use bsmv::scorer::request::ScoreRequest;
use bsmv::scorer::{Evaluation, Scorer};
use clap::CommandFactory;
use clap::error::ErrorKind;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::bundle_dir::Model;
use super::report;

/// Score one post given by --text, or, without it, one JSON request per line of standard input,
/// each answered by one line: a score, {"bsmv":null,"refused":{"code","message"}} for a text that can't
/// be read, or {"error":{"code","field","message"},"line"}.
///
/// Exit code: 0 all answered, 1 something was not, 2 wrong usage.
#[derive(clap::Args)]
pub struct Args {
    /// Text of the post
    #[arg(long)]
    text: Option<String>,
    /// Title shown above the text
    #[arg(long, requires = "text")]
    title: Option<String>,
    #[arg(long, requires = "text", help = Platform::ALL.map(Platform::name).join(", "))]
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
    let weights = args.weights.as_deref().map(parse_weights).transpose()?;
    if let Some(brand) = &brand {
        brand.validate().map_err(|e| e.within("brand"))?;
    }
    if let Some(weights) = &weights {
        weights.validate().map_err(|e| e.within("weights"))?;
    }
    match &args.text {
        Some(text) => one(&args, text, brand, weights),
        None => lines(&args.model, brand.as_ref(), weights),
    }
}

fn one(
    args: &Args,
    text: &str,
    brand: Option<BrandProfile>,
    weights: Option<Weights>,
) -> Result<ExitCode> {
    let platform = match &args.platform {
        Some(name) => json::parse(serde_json::to_string(name)?, "post.platform")?,
        None => Platform::default(),
    };
    let author = args.author.as_deref();
    let graph = args.graph.as_deref();
    let request = ScoreRequest {
        post: Post {
            title: args.title.clone(),
            text: text.to_owned(),
            platform,
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

fn json_line(out: &mut impl Write, answer: &impl Serialize) -> Result<()> {
    serde_json::to_writer(&mut *out, answer)?;
    Ok(writeln!(out)?)
}

fn lines(
    model: &Model,
    brand: Option<&BrandProfile>,
    weights: Option<Weights>,
) -> Result<ExitCode> {
    if io::stdin().is_terminal() {
        super::Cli::command()
            .error(
                ErrorKind::MissingRequiredArgument,
                "give --text, or one JSON request per line on standard input",
            )
            .exit();
    }
    let scorer = model.open()?;
    let mut out = io::stdout().lock();
    let mut all_scored = true;
    for (index, line) in io::stdin().lock().split(b'\n').enumerate() {
        let line = line.context("reading standard input")?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let answer = match score_line(&scorer, &line, brand, weights) {
            Ok(score) => serde_json::to_string(&score)?,
            Err(error) => {
                all_scored = false;
                serde_json::to_string(&LineError {
                    error: ErrorReport::from(&error),
                    line: index + 1,
                })?
            }
        };
        // Flushed line by line, so that a program can ask and wait for each answer.
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(if all_scored {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

#[derive(Serialize)]
struct LineError {
    error: ErrorReport,
    /// Counts from 1.
    line: usize,
}

fn score_line(
    scorer: &Scorer,
    line: &[u8],
    brand: Option<&BrandProfile>,
    weights: Option<Weights>,
) -> bsmv::Result<Answer<Score>> {
    let mut request: ScoreRequest = json::parse(line, "")?;
    if request.brand.is_none() {
        request.brand = brand.cloned();
    }
    request.weights = request.weights.or(weights);
    let request = request.check()?;
    scorer.answer(&request, scorer.score(&request))
}

/// Reads the part of a request that a file holds.
fn from_file<T: DeserializeOwned>(file: &Path, at: &str) -> Result<T> {
    let json = fs::read(file).with_context(|| file.display().to_string())?;
    Ok(json::parse(json, at)?)
}

/// A preset's name, or three numbers.
fn parse_weights(text: &str) -> bsmv::Result<Weights> {
    match text {
        "balanced" => return Ok(Weights::BALANCED),
        "awareness" => return Ok(Weights::AWARENESS),
        "sales" => return Ok(Weights::SALES),
        _ => {}
    }
    let numbers: Result<Vec<f32>, _> = text.split(',').map(|n| n.trim().parse()).collect();
    match numbers.as_deref() {
        Ok(&[sentiment, topic, diffusion]) => Ok(Weights {
            sentiment,
            topic,
            diffusion,
        }),
        _ => Err(bsmv::Error::invalid(
            "weights",
            format!("is \"{text}\": use balanced, awareness, sales or numbers such as 0.2,0.3,0.5"),
        )),
    }
}
