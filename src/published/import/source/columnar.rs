//! Parquet, row group by row group.

use std::fs::File;
use std::path::Path;

use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::Value;

use super::json::{flatten, names_of};
use super::rows::{Names, Row};
use super::{SourceError, Visit};

impl From<ParquetError> for SourceError {
    fn from(error: ParquetError) -> Self {
        SourceError::Damaged(format!("can't be read as Parquet: {error}"))
    }
}

/// The names of a file's columns; those inside a group are `outer.inner`.
pub fn columns(path: &Path) -> Result<Vec<String>, SourceError> {
    let file = SerializedFileReader::new(File::open(path)?)?;
    let schema = file.metadata().file_metadata().schema_descr_ptr();
    // Below a list are groups that have no name of their own in a row.
    let mut names: Vec<String> = schema
        .columns()
        .iter()
        .map(|column| match column.max_rep_level() {
            0 => column.path().string(),
            _ => column.path().parts()[0].clone(),
        })
        .collect();
    if let Some(Ok(first)) = file.get_row_iter(None)?.next()
        && let Value::Object(first) = first.to_json_value()
    {
        names.extend(names_of(&first));
    }
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// Visits the rows of a file.
pub fn visit(path: &Path, visit: &mut Visit) -> Result<(), SourceError> {
    let file = SerializedFileReader::new(File::open(path)?)?;
    let mut names = Names::default();
    let mut row = Row::default();
    for (index, read) in file.get_row_iter(None)?.enumerate() {
        let Value::Object(record) = read?.to_json_value() else {
            continue;
        };
        row.begin(index + 1);
        flatten(&record, &mut names, &mut row);
        row.keep(record);
        if visit(&names, Ok(&row)).is_break() {
            break;
        }
    }
    Ok(())
}

/// Hands on every row as JSON, each with the end of a line behind it.
pub fn each_row(path: &Path, take: &mut dyn FnMut(&str)) -> Result<(), SourceError> {
    let file = SerializedFileReader::new(File::open(path)?)?;
    for read in file.get_row_iter(None)? {
        take(&read?.to_json_value().to_string());
        take("\n");
    }
    Ok(())
}
