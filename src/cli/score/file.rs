//! The posts of a file, scored into another: `bsmv score FILE --out FILE`.

use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use bsmv::bulk::{Asked, Form, Input, journal_of, remove_journal};

use super::progress::Progress;
use crate::cli::bundle_dir::Model;

/// Scores every row of the input.
pub fn run(model: &Model, input: &Path, out: &Path, asked: Asked) -> Result<ExitCode> {
    let name = input.display().to_string();
    let form = Form::of(out)?;
    if out.exists() && !journal_of(out).exists() {
        let out = out.display();
        bail!("{out} is there already: remove it, or name another");
    }
    let input = Input::open(input, asked, form).context(name.clone())?;
    for note in input.notes() {
        eprintln!("bsmv: {name}: {note}");
    }
    let scorer = model.open()?;
    let mut progress = None;
    let tally = input.score(&scorer, out, &mut |done| {
        progress
            .get_or_insert_with(|| Progress::new(input.rows(), done))
            .at(done);
        ControlFlow::Continue(())
    })?;
    remove_journal(out);
    if let Some(progress) = progress {
        progress.end();
    }
    println!(
        "{} rows: {} scored, {} unreadable, {} wrong; {} texts were read, {} rows have the text of \
         another",
        tally.rows, tally.scored, tally.refused, tally.failed, tally.read, tally.equal
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
