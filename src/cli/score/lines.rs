//! JSON Lines from standard input, each answered before the next is read.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use anyhow::{Context, Result};
use bsmv::ErrorReport;
use bsmv::definition::value::Weights;
use bsmv::post::brand::BrandProfile;
use bsmv::post::json::{self, MAX_REQUEST_BYTES};
use bsmv::scorer::Scorer;
use bsmv::scorer::answer::{Answer, Score};
use bsmv::scorer::request::ScoreRequest;
use clap::CommandFactory;
use clap::error::ErrorKind;
use serde::Serialize;

use crate::cli::Cli;
use crate::cli::bundle_dir::Model;

/// Answers every line that isn't blank. `brand` and `weights` stand in where a line has none.
pub fn run(
    model: &Model,
    brand: Option<&BrandProfile>,
    weights: Option<Weights>,
) -> Result<ExitCode> {
    if io::stdin().is_terminal() {
        Cli::command()
            .error(
                ErrorKind::MissingRequiredArgument,
                "give --text, or one JSON request per line on standard input",
            )
            .exit();
    }
    let scorer = model.open()?;
    let mut input = io::stdin().lock();
    let mut out = io::stdout().lock();
    let mut all_answered = true;
    let mut line = Vec::new();
    let mut number = 0;
    while read_line(&mut input, &mut line).context("reading standard input")? {
        number += 1;
        if json::without_mark(&line).trim_ascii().is_empty() {
            continue;
        }
        let answer = match answer(&scorer, &line, brand, weights) {
            Ok(answer) => serde_json::to_string(&answer)?,
            Err(error) => {
                all_answered = false;
                serde_json::to_string(&BadLine {
                    error,
                    id: ScoreRequest::id_in(&line),
                    line: number,
                })?
            }
        };
        // Flushed line by line, so that a program can ask and wait for each answer.
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(if all_answered {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

#[derive(Serialize)]
struct BadLine {
    error: ErrorReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Counts from 1.
    line: usize,
}

/// Reads a line; false at the end. Of one that is too long for a request only as much is kept as
/// shows that.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    const MOST: usize = MAX_REQUEST_BYTES + 2;
    line.clear();
    let read = input.by_ref().take(MOST as u64).read_until(b'\n', line)?;
    if read == MOST && !line.ends_with(b"\n") {
        input.skip_until(b'\n')?;
    }
    Ok(read > 0)
}

fn answer(
    scorer: &Scorer,
    line: &[u8],
    brand: Option<&BrandProfile>,
    weights: Option<Weights>,
) -> Result<Answer<Score>, ErrorReport> {
    // A bug that one line brings to light costs that line, not those after it.
    catch_unwind(AssertUnwindSafe(|| {
        let mut request = ScoreRequest::from_json(line)?;
        if request.brand.is_none() {
            request.brand = brand.cloned();
        }
        request.weights = request.weights.or(weights);
        let request = request.check()?;
        scorer.answer(&request, scorer.score(&request))
    }))
    .map_or_else(
        |_| Err(ErrorReport::bug()),
        |done| done.map_err(|e| ErrorReport::from(&e)),
    )
}
