//! The posts of a file, scored into another, in a way that survives being stopped at any moment.
//!
//! ```text
//! FILE ─ rows ─ batch: requests, equal ones once ─ journal ─┐
//! FILE ─ rows ──────────────────────────────────────────────┴─ out: the rows with their scores
//! ```
//!
//! The journal beside the output has one line for each row scored so far. Whoever was stopped
//! goes on after it; only when all rows are in it is the output written, in one go. What is held
//! in memory doesn't grow with the file. `bsmv score FILE` and the server's jobs are shells round
//! [`Input::score`].

mod batch;
mod error;
mod journal;
mod mentions;
mod out;
mod outcome;
mod table;

use std::fs::{self, File};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use encoding_rs::Encoding;
use serde_json::{Value, json};
use time::UtcOffset;

use crate::definition::value::Weights;
use crate::post::Platform;
use crate::post::brand::BrandProfile;
use crate::published::import::Settings;
use crate::scorer::Scorer;
use batch::Batch;
use journal::{Journal, Reader};
use outcome::Outcome;
use table::{Survey, Table};

pub use error::BulkError;
pub use mentions::{mentioned_in, mentions};
pub use out::Form;

type Result<T, E = BulkError> = std::result::Result<T, E>;

/// Wrong rows that are remembered word for word; the rest are counted.
const SHOWN: usize = 20;

/// How the rows of a file are to be read and scored.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Of the rows that name no brand.
    pub brand: Option<BrandProfile>,
    /// Of the rows that have no weights.
    pub weights: Option<Weights>,
    /// Of the rows that name no platform.
    pub platform: Option<Platform>,
    /// Of the times that don't say theirs.
    pub utc_offset: Option<UtcOffset>,
    /// Of the file; told from its content where it is left out.
    pub encoding: Option<&'static Encoding>,
}

/// A file whose rows can be scored, read once.
pub struct Input {
    table: Table,
    survey: Survey,
    asked: Asked,
    form: Form,
}

/// What became of the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// All rows.
    pub rows: u64,
    /// Rows with a score.
    pub scored: u64,
    /// Rows whose text can't be read.
    pub refused: u64,
    /// Rows that break a rule.
    pub failed: u64,
    /// What is wrong with the first rows that break a rule: at most 20 sentences.
    pub first: Vec<String>,
    /// Texts that were read since the last start.
    pub read: u64,
    /// Rows that have the text of another, since the last start.
    pub equal: u64,
}

impl Input {
    /// Reads all rows of a file once, to be scored into a file of the form `form`.
    ///
    /// # Errors
    /// [`BulkError::Input`] and [`BulkError::Source`] if the file has no texts, can't be read, or
    /// has no place in an output of that form.
    pub fn open(path: &Path, asked: Asked, form: Form) -> Result<Self> {
        let settings = Settings {
            post: None,
            offset: asked.utc_offset,
            platform: asked.platform,
        };
        let table = Table::open(path, asked.encoding, settings)?;
        let survey = table.survey()?;
        form.check(&survey)?;
        Ok(Input {
            table,
            survey,
            asked,
            form,
        })
    }

    /// Things to know that aren't wrong.
    pub fn notes(&self) -> Vec<String> {
        self.table.notes()
    }

    /// Number of rows, bad ones too.
    pub fn rows(&self) -> u64 {
        self.survey.rows
    }

    /// Scores every row into `out`, which is there whole or not at all; until [`remove_journal`] it
    /// can be made again without scoring. `watch` is told the number
    /// of rows that are done: at the begin those of an earlier run, then after each batch of at
    /// most 1,024. Where it breaks off, what was scored is kept for the next call.
    ///
    /// # Errors
    /// [`BulkError::Stopped`] if `watch` broke off, [`BulkError::OtherRun`] if the journal that
    /// lies beside `out` is of another input, model or other options; and what the disk does.
    pub fn score(
        &self,
        scorer: &Scorer,
        out: &Path,
        watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Tally> {
        let journal_path = journal_of(out);
        let mut journal = Journal::open(&journal_path, &self.settings(scorer))?;
        let mut batch = Batch::new(scorer, self.asked.brand.clone(), self.asked.weights);
        let mut known = Reader::open(&journal_path)?;
        let mut tell = |done| match watch(done) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(BulkError::Stopped),
        };
        tell(journal.entries())?;
        self.table.each_request(|row, request| {
            if let Some(entry) = known.next()? {
                batch.remember(request, entry.outcome);
                return Ok(());
            }
            batch.add(row, request);
            if batch.is_full() {
                journal.append(&batch.score())?;
                tell(journal.entries())?;
            }
            Ok(())
        })?;
        journal.append(&batch.score())?;
        tell(journal.entries())?;

        let fresh = beside(out, "new");
        let mut tally = self.write(&journal_path, &fresh)?;
        rename_for_good(&fresh, out)?;
        tally.read = batch.read();
        tally.equal = batch.equal();
        Ok(tally)
    }

    /// What a journal is of.
    fn settings(&self, scorer: &Scorer) -> Value {
        let Asked {
            brand,
            weights,
            platform,
            utc_offset,
            encoding,
        } = &self.asked;
        json!({
            "input": self.survey.sha256,
            "bundle": scorer.bundle(),
            "precision": scorer.reader().embedder().precision(),
            "brand": brand,
            "weights": weights,
            "platform": platform,
            "utc_offset": utc_offset.map(UtcOffset::whole_seconds),
            "encoding": encoding.map(Encoding::name),
        })
    }

    /// Writes the rows with what the journal has of them.
    fn write(&self, journal: &Path, to: &Path) -> Result<Tally> {
        let mut entries = Reader::open(journal)?;
        let mut out = self.form.create(to, &self.survey)?;
        let mut tally = Tally::default();
        self.table.each_row(|row| {
            let entry = entries.next()?.ok_or(BulkError::Changed)?;
            tally.rows += 1;
            match &entry.outcome {
                Outcome::Scored(_) => tally.scored += 1,
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
}

/// Path of the file that has the scores so far while those of `out` are made.
pub fn journal_of(out: &Path) -> PathBuf {
    beside(out, "part")
}

/// Removes the scores so far of `out`: it is made, or to be begun anew.
pub fn remove_journal(out: &Path) {
    fs::remove_file(journal_of(out)).ok();
}

/// The path of a file that lies beside the output while it is made.
fn beside(out: &Path, what: &str) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(format!(".{what}"));
    name.into()
}

/// Puts a whole file in its place, once it is on the disk.
fn rename_for_good(from: &Path, to: &Path) -> Result<()> {
    let failed = |problem| BulkError::disk(to, problem);
    File::open(from)
        .and_then(|file| file.sync_all())
        .map_err(failed)?;
    fs::rename(from, to).map_err(failed)
}
