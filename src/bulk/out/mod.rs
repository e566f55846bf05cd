//! The output: the columns of the input, and those of the score.

mod csv;
mod ndjson;
mod parquet;
mod xlsx;

use std::path::Path;

use crate::published::import::Row;

use serde::{Deserialize, Serialize};

use super::outcome::{COLUMNS, Entry};
use super::table::Survey;
use super::{BulkError, Result};

/// Takes the rows of an output, one after the other.
pub trait Out {
    /// Adds a row; `None` for one of the input that couldn't be read.
    fn row(&mut self, row: Option<&Row>, entry: &Entry) -> Result<()>;
    /// Ends the file.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// Columns that are kept of a file: each row has a cell for each, so many columns of few cells would
/// make a small file an endless one.
const MOST_COLUMNS: usize = 2_000;

/// The form of an output, by the end of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// A table with commas, in UTF-8.
    Csv,
    /// One JSON object on each line.
    Ndjson,
    /// Columns, compressed.
    Parquet,
    /// A workbook with one sheet.
    Xlsx,
}

impl Form {
    /// All of them.
    pub const ALL: [Form; 4] = [Form::Csv, Form::Ndjson, Form::Parquet, Form::Xlsx];

    /// Its name, which is also the end of a file's.
    pub fn name(self) -> &'static str {
        match self {
            Form::Csv => "csv",
            Form::Ndjson => "ndjson",
            Form::Parquet => "parquet",
            Form::Xlsx => "xlsx",
        }
    }

    /// What a file of it is declared as over HTTP.
    pub fn media_type(self) -> &'static str {
        match self {
            Form::Csv => "text/csv",
            Form::Ndjson => "application/x-ndjson",
            Form::Parquet => "application/vnd.apache.parquet",
            Form::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// Tells the form from a file's name.
    ///
    /// # Errors
    /// [`BulkError::Input`] for a name with another end.
    pub fn of(path: &Path) -> Result<Form> {
        let end = path.extension().and_then(|end| end.to_str());
        Ok(match end.map(str::to_ascii_lowercase).as_deref() {
            Some("csv") => Form::Csv,
            Some("ndjson" | "jsonl") => Form::Ndjson,
            Some("parquet") => Form::Parquet,
            Some("xlsx") => Form::Xlsx,
            _ => {
                return Err(BulkError::Input(format!(
                    "{}: the output's name must end in .csv, .ndjson, .jsonl, .parquet or .xlsx",
                    path.display()
                )));
            }
        })
    }

    /// Fails if the form has no room for the rows or columns, or a name is taken.
    pub(super) fn check(self, survey: &Survey) -> Result<()> {
        if let Some((name, _)) = COLUMNS
            .iter()
            .find(|(name, _)| survey.names.iter().any(|taken| taken == name))
        {
            return Err(BulkError::Input(format!(
                "has a column {name}, which the score has too: rename it"
            )));
        }
        if survey.names.len() > MOST_COLUMNS {
            return Err(BulkError::Input(format!(
                "has {} columns, at most {MOST_COLUMNS} can be kept: lines of JSON with a name of \
                 their own each are no table",
                survey.names.len()
            )));
        }
        if self == Form::Xlsx && survey.rows > xlsx::MOST_ROWS {
            let (rows, most) = (survey.rows, xlsx::MOST_ROWS);
            return Err(BulkError::Input(format!(
                "has {rows} rows, a sheet of xlsx has room for {most}: write .csv or .parquet"
            )));
        }
        Ok(())
    }

    /// Begins a file.
    pub(super) fn create(self, path: &Path, survey: &Survey) -> Result<Box<dyn Out>> {
        Ok(match self {
            Form::Csv => Box::new(csv::Csv::create(path, survey)?),
            Form::Ndjson => Box::new(ndjson::Ndjson::create(path, survey)?),
            Form::Parquet => Box::new(parquet::Parquet::create(path, survey)?),
            Form::Xlsx => Box::new(xlsx::Sheet::create(path, survey)?),
        })
    }
}

/// The cells of a row, one for each of `columns`; empty where it has none.
fn kept(row: Option<&Row>, columns: usize) -> Vec<&str> {
    let mut cells = vec![""; columns];
    for (column, cell) in row.into_iter().flat_map(Row::exact_cells) {
        cells[column] = cell;
    }
    cells
}
