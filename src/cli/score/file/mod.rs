//! The posts of a file, scored into another: `bsmv score FILE --out FILE`.
//!
//! ```text
//! FILE ─ rows ─ batch: requests, equal ones once ─ journal ─┐
//! FILE ─ rows ──────────────────────────────────────────────┴─ out: the rows with their scores
//! ```
//!
//! The journal beside the output has one line for each row scored so far. Whoever was stopped
//! goes on after it; only when all rows are in it is the output written, in one go. What is held
//! in memory doesn't grow with the file.

mod batch;
mod journal;
mod out;
mod outcome;
mod progress;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use bsmv::definition::value::Weights;
use bsmv::post::Platform;
use bsmv::post::brand::BrandProfile;
use bsmv::published::import::Settings;
use encoding_rs::Encoding;
use serde_json::json;
use time::UtcOffset;

use crate::cli::bundle_dir::Model;
use batch::Batch;
use journal::{Journal, Reader};
use outcome::Outcome;
use progress::Progress;
use table::Table;

/// What is asked for.
pub struct Asked<'a> {
    pub input: &'a Path,
    pub out: &'a Path,
    pub brand: Option<BrandProfile>,
    pub weights: Option<Weights>,
    pub platform: Option<Platform>,
    pub utc_offset: Option<UtcOffset>,
    pub encoding: Option<&'static Encoding>,
}

/// Wrong rows that are shown; the rest are counted.
const SHOWN: usize = 20;

/// Scores every row of the input.
pub fn run(model: &Model, asked: Asked) -> Result<ExitCode> {
    let name = asked.input.display().to_string();
    let form = out::Form::of(asked.out)?;
    let journal_path = beside(asked.out, "part");
    if asked.out.exists() && !journal_path.exists() {
        let out = asked.out.display();
        bail!("{out} is there already: remove it, or name another");
    }
    let settings = Settings {
        post: None,
        offset: asked.utc_offset,
        platform: asked.platform,
    };
    let table = Table::open(asked.input, asked.encoding, settings).context(name.clone())?;
    let survey = table.survey().context(name.clone())?;
    form.check(&survey).with_context(|| name.clone())?;
    for note in table.notes() {
        eprintln!("bsmv: {name}: {note}");
    }

    let scorer = model.open()?;
    let settings = json!({
        "input": survey.sha256,
        "bundle": scorer.bundle(),
        "precision": scorer.reader().embedder().precision(),
        "brand": asked.brand,
        "weights": asked.weights,
        "platform": asked.platform,
        "utc_offset": asked.utc_offset.map(|offset| offset.whole_seconds()),
        "encoding": asked.encoding.map(Encoding::name),
    });
    let mut journal = Journal::open(&journal_path, &settings)?;
    let mut progress = Progress::new(survey.rows, journal.entries());
    let mut batch = Batch::new(&scorer, asked.brand, asked.weights);
    let mut known = Reader::open(&journal_path)?;
    table.each_request(|row, request| {
        if let Some(entry) = known.next()? {
            batch.remember(request, entry.outcome);
            return Ok(());
        }
        batch.add(row, request);
        if batch.is_full() {
            journal.append(&batch.score())?;
            progress.at(journal.entries());
        }
        Ok(())
    })?;
    journal.append(&batch.score())?;
    progress.end();

    let fresh = beside(asked.out, "new");
    let outcome = write(&table, &survey, form, &journal_path, &fresh);
    let tally = outcome.with_context(|| asked.out.display().to_string())?;
    fs::rename(&fresh, asked.out).with_context(|| asked.out.display().to_string())?;
    fs::remove_file(&journal_path).ok();
    println!(
        "{} rows: {} scored, {} unreadable, {} wrong; {} texts were read, {} rows have the text of \
         another",
        survey.rows,
        survey.rows - tally.refused - tally.failed,
        tally.refused,
        tally.failed,
        batch.read(),
        batch.equal()
    );
    for message in &tally.first {
        eprintln!("bsmv: {name}: {message}");
    }
    if tally.failed > tally.first.len() as u64 {
        let rest = tally.failed - tally.first.len() as u64;
        eprintln!("bsmv: {name}: and {rest} more rows that are wrong");
    }
    Ok(if tally.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Rows that have no score.
#[derive(Default)]
struct Tally {
    /// Those whose text can't be read.
    refused: u64,
    /// Those that break a rule.
    failed: u64,
    /// What is wrong with the first of them.
    first: Vec<String>,
}

/// Writes the rows with what the journal has of them.
fn write(
    table: &Table,
    survey: &table::Survey,
    form: out::Form,
    journal: &Path,
    to: &Path,
) -> Result<Tally> {
    let mut entries = Reader::open(journal)?;
    let mut out = form.create(to, survey)?;
    let mut tally = Tally::default();
    table.each_row(|row| {
        let entry = entries
            .next()?
            .context("the file has more rows than when it was scored: was it changed?")?;
        match &entry.outcome {
            Outcome::Scored(_) => {}
            Outcome::Refused(_) => tally.refused += 1,
            Outcome::Failed { message, .. } => {
                tally.failed += 1;
                if tally.first.len() < SHOWN {
                    tally.first.push(message.clone());
                }
            }
        }
        out.row(row, &entry)
    })?;
    out.finish()?;
    Ok(tally)
}

/// The path of a file that lies beside the output while it is made.
fn beside(out: &Path, what: &str) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(format!(".{what}"));
    name.into()
}
