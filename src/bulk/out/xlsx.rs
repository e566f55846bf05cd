//! A workbook with one sheet, written row by row.

use std::path::{Path, PathBuf};

use crate::published::import::Row;
use rust_xlsxwriter::Workbook;

use super::super::outcome::{COLUMNS, Cell, Entry};
use super::super::table::Survey;
use super::super::{BulkError, Result};
use super::{Out, kept};

/// Rows of a sheet below its header.
pub const MOST_ROWS: u64 = 1_048_575;
/// Longest cell of a sheet, in UTF-16.
const MOST_UNITS: usize = 32_767;

pub struct Sheet {
    path: PathBuf,
    book: Workbook,
    columns: usize,
    next: u32,
}

impl Sheet {
    /// Begins a sheet with its header.
    pub fn create(path: &Path, survey: &Survey) -> Result<Self> {
        let mut book = Workbook::new();
        // A system's folder for temporary files may be small, or one that can't be written to.
        let beside = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        book.set_tempdir(beside.unwrap_or(Path::new(".")))?;
        let sheet = book.add_worksheet_with_constant_memory()?;
        let names = survey.names.iter().map(String::as_str);
        for (column, name) in names.chain(COLUMNS.map(|(name, _)| name)).enumerate() {
            sheet.write_string(0, number_of(column)?, fitting(name))?;
        }
        Ok(Sheet {
            path: path.to_owned(),
            book,
            columns: survey.names.len(),
            next: 1,
        })
    }
}

impl Out for Sheet {
    fn row(&mut self, row: Option<&Row>, entry: &Entry) -> Result<()> {
        let sheet = self.book.worksheet_from_index(0)?;
        let cells = kept(row, self.columns).into_iter();
        let kept = cells.map(|text| {
            if text.is_empty() {
                Cell::Empty
            } else {
                Cell::Text(text)
            }
        });
        for (column, cell) in kept.chain(entry.cells()).enumerate() {
            let column = number_of(column)?;
            match cell {
                Cell::Number(number) => sheet.write_number(self.next, column, shortest(number))?,
                Cell::Count(count) => sheet.write_number(self.next, column, count as f64)?,
                // As text, so that a long id keeps its digits.
                Cell::Text(text) => sheet.write_string(self.next, column, fitting(text))?,
                Cell::Empty => continue,
            };
        }
        self.next += 1;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.book.save(&self.path)?;
        Ok(())
    }
}

/// The number of a column as a sheet has it.
fn number_of(column: usize) -> Result<u16> {
    u16::try_from(column)
        .map_err(|_| BulkError::Output("a sheet has no room for so many columns".to_owned()))
}

/// A number with the digits that it has, and not those of the next finer kind.
fn shortest(number: f32) -> f64 {
    number.to_string().parse().unwrap_or(number.into())
}

/// As much of a text as a cell has room for.
fn fitting(text: &str) -> &str {
    if text.len() <= MOST_UNITS {
        return text;
    }
    let mut units = 0;
    let end = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > MOST_UNITS
    });
    end.map_or(text, |(end, _)| &text[..end])
}
