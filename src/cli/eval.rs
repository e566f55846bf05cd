//! `bsmv eval`: held-out figures of every head beside its baselines.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::builder::{PossibleValue, PossibleValuesParser};
use serde::Serialize;

use super::bundle_dir::Model;
use bsmv::encoder::Precision;
use bsmv::train::data::encoders::{self, BundleEncoder};
use bsmv::train::data::folders::Sources;
use bsmv::train::data::sets::Split;
use bsmv::train::data::texts::Embeddings;
use bsmv::train::eval;
use bsmv::train::heads::trained::Held;
use bsmv::train::metrics::MetricRow;

/// Held-out metrics of every head beside its baselines, with 95 % intervals.
#[derive(clap::Args)]
pub struct Args {
    /// What to evaluate; everything when nothing is named
    #[arg(value_parser = names())]
    names: Vec<String>,
    #[command(flatten)]
    sources: Sources,
    /// The rows that figures are of
    #[arg(long, value_enum, default_value_t = Split::Valid)]
    split: Split,
    /// Valences of the cascades' texts, of `bsmv label`; for diffusion and bsmv
    #[arg(long, value_name = "FILE", default_value = "runs/labels.ndjson")]
    labels: PathBuf,
    /// Forecasts of `bsmv train diffusion --folds`; for what the score is compared with
    #[arg(long, value_name = "FILE", default_value = "runs/forecasts.ndjson")]
    forecasts: PathBuf,
    /// Sentences and the words that are exchanged in them
    #[arg(long, value_name = "FILE", default_value = "models/audit.json")]
    audit: PathBuf,
    /// Folder of posts and texts labelled by hand
    #[arg(long, value_name = "DIR", default_value = "tests/fixtures")]
    fixtures: PathBuf,
    /// Print a line of JSON for each figure instead of a table; models/figures.py makes pages of them
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    model: Model,
}

/// A figure, and what it was measured of and with.
#[derive(Serialize)]
struct Figure<'a> {
    bundle: &'a str,
    split: &'static str,
    precision: Precision,
    #[serde(flatten)]
    row: &'a MetricRow,
}

fn names() -> PossibleValuesParser {
    let value = |e: eval::Measurement| PossibleValue::new(e.name).help(e.about);
    PossibleValuesParser::new(eval::all().map(value))
}

/// Evaluates what is named and prints its figures.
pub fn run(args: &Args) -> Result<ExitCode> {
    let scorer = args.model.open()?;
    let runs = &args.sources.folders.runs;
    let encoder = BundleEncoder::new(&scorer);
    let embeddings = Embeddings::new(&encoder, runs)?;
    let teacher = args.sources.teacher.as_deref();
    let teacher = teacher.map(encoders::teacher).transpose()?;
    let teacher = teacher.as_ref().map(|t| Embeddings::new(t, runs));
    let teacher = teacher.transpose()?;
    let held = Held {
        scorer: &scorer,
        open: &|precision| args.model.open_at(precision),
        sources: &args.sources,
        split: args.split,
        embeddings: &embeddings,
        teacher: teacher.as_ref(),
        fixtures: &args.fixtures,
        audit: &args.audit,
        labels: &args.labels,
        forecasts: &args.forecasts,
    };
    let wanted = |name: &str| args.names.is_empty() || args.names.iter().any(|n| n == name);
    let bundle = scorer.bundle();
    let line = |row: &MetricRow| match args.json {
        false => Ok(row.line()),
        true => serde_json::to_string(&Figure {
            bundle: &bundle,
            split: args.split.name(),
            precision: args.model.precision.into(),
            row,
        }),
    };
    for measurement in eval::all().filter(|measurement| wanted(measurement.name)) {
        for row in &(measurement.rows)(&held)? {
            println!("{}", line(row)?);
        }
    }
    Ok(ExitCode::SUCCESS)
}
