//! The output: the columns of the input, and those of the score.

mod csv;
mod ndjson;
mod parquet;
mod xlsx;

use std::path::Path;

use anyhow::{Result, bail};
use bsmv::published::import::Row;

use super::outcome::{COLUMNS, Entry};
use super::table::Survey;

/// Takes the rows of an output, one after the other.
pub trait Out {
    /// Adds a row; `None` for one of the input that couldn't be read.
    fn row(&mut self, row: Option<&Row>, entry: &Entry) -> Result<()>;
    /// Ends the file.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// The form of an output, by the end of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Csv,
    Ndjson,
    Parquet,
    Xlsx,
}

impl Form {
    /// Tells the form from a file's name.
    pub fn of(path: &Path) -> Result<Form> {
        let end = path.extension().and_then(|end| end.to_str());
        Ok(match end.map(str::to_ascii_lowercase).as_deref() {
            Some("csv") => Form::Csv,
            Some("ndjson" | "jsonl") => Form::Ndjson,
            Some("parquet") => Form::Parquet,
            Some("xlsx") => Form::Xlsx,
            _ => bail!(
                "{}: the output's name must end in .csv, .ndjson, .jsonl, .parquet or .xlsx",
                path.display()
            ),
        })
    }

    /// Fails if the form has no room for the rows, or a name is taken.
    pub fn check(self, survey: &Survey) -> Result<()> {
        if let Some((name, _)) = COLUMNS
            .iter()
            .find(|(name, _)| survey.names.iter().any(|taken| taken == name))
        {
            bail!("has a column {name}, which the score has too: rename it");
        }
        if self == Form::Xlsx && survey.rows > xlsx::MOST_ROWS {
            let (rows, most) = (survey.rows, xlsx::MOST_ROWS);
            bail!("has {rows} rows, a sheet of xlsx has room for {most}: write .csv or .parquet");
        }
        Ok(())
    }

    /// Begins a file.
    pub fn create(self, path: &Path, survey: &Survey) -> Result<Box<dyn Out>> {
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
