//! One object on each line: that of the input with the score's fields, or the cells as texts.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::published::import::Row;
use serde_json::{Map, Number, Value};

use super::super::Result;
use super::super::outcome::{COLUMNS, Cell, Entry};
use super::super::table::Survey;
use super::Out;

pub struct Ndjson {
    writer: BufWriter<File>,
    names: Vec<String>,
}

impl Ndjson {
    /// Begins a file.
    pub fn create(path: &Path, survey: &Survey) -> Result<Self> {
        Ok(Ndjson {
            writer: BufWriter::new(File::create(path)?),
            names: survey.distinct_names(),
        })
    }
}

impl Out for Ndjson {
    fn row(&mut self, row: Option<&Row>, entry: &Entry) -> Result<()> {
        let mut object = match row.and_then(Row::object) {
            Some(object) => object.clone(),
            None => {
                let cells = row.into_iter().flat_map(Row::exact_cells);
                let named =
                    |(column, cell): (usize, &str)| (self.names[column].clone(), cell.into());
                cells.map(named).collect::<Map<String, Value>>()
            }
        };
        for ((name, _), cell) in COLUMNS.iter().zip(entry.cells()) {
            let value = match cell {
                Cell::Number(number) => shortest(number),
                Cell::Count(count) => count.into(),
                Cell::Text(text) => text.into(),
                Cell::Empty => continue,
            };
            object.insert((*name).to_owned(), value);
        }
        serde_json::to_writer(&mut self.writer, &object)?;
        self.writer.write_all(b"\n")?;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.writer.flush()?;
        Ok(())
    }
}

/// A number with the digits that it has, and not those of the next finer kind.
fn shortest(number: f32) -> Value {
    let same = number.to_string().parse().ok();
    same.and_then(Number::from_f64)
        .map_or(Value::Null, Value::Number)
}
