//! A table as text, in UTF-8 with commas.

use std::fs::File;
use std::path::Path;

use crate::published::import::Row;
use csv::Writer;

use super::super::Result;
use super::super::outcome::{COLUMNS, Cell, Entry};
use super::super::table::Survey;
use super::{Out, kept};

pub struct Csv {
    writer: Writer<File>,
    columns: usize,
}

impl Csv {
    /// Begins a file with its header.
    pub fn create(path: &Path, survey: &Survey) -> Result<Self> {
        let mut writer = Writer::from_path(path)?;
        let names = survey.names.iter().map(String::as_str);
        writer.write_record(names.chain(COLUMNS.map(|(name, _)| name)))?;
        Ok(Csv {
            writer,
            columns: survey.names.len(),
        })
    }
}

impl Out for Csv {
    fn row(&mut self, row: Option<&Row>, entry: &Entry) -> Result<()> {
        for cell in kept(row, self.columns) {
            self.writer.write_field(cell)?;
        }
        for cell in entry.cells() {
            match cell {
                Cell::Number(number) => self.writer.write_field(number.to_string())?,
                Cell::Count(count) => self.writer.write_field(count.to_string())?,
                Cell::Text(text) => self.writer.write_field(text)?,
                Cell::Empty => self.writer.write_field("")?,
            }
        }
        self.writer.write_record(None::<&[u8]>)?;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.writer.flush()?;
        Ok(())
    }
}
