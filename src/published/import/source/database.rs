//! Databases of crawlers (SQLite), table by table.

use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use super::rows::{Names, Row};
use super::{SourceError, Visit};

impl From<rusqlite::Error> for SourceError {
    fn from(error: rusqlite::Error) -> Self {
        SourceError::Damaged(format!("can't be read as a database: {error}"))
    }
}

fn open(path: &Path) -> Result<Connection, SourceError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(path, flags)?)
}

/// A name between quotation marks.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Tables with the names of their columns.
pub fn tables(path: &Path) -> Result<Vec<(String, Vec<String>)>, SourceError> {
    let db = open(path)?;
    let mut list = db.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
         ORDER BY name",
    )?;
    let names: Vec<String> = list
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut tables = Vec::new();
    for name in names {
        let select = db.prepare(&format!("SELECT * FROM {} LIMIT 0", quoted(&name)))?;
        let columns = select.column_names().map(str::to_owned).collect();
        tables.push((name, columns));
    }
    Ok(tables)
}

/// Visits the rows of a table.
pub fn visit(path: &Path, table: &str, visit: &mut Visit) -> Result<(), SourceError> {
    let db = open(path)?;
    let mut select = db.prepare(&format!("SELECT * FROM {}", quoted(table)))?;
    let columns: Vec<String> = select.column_names().map(str::to_owned).collect();
    let names = Names::of_header(columns.iter().map(String::as_str));
    let mut row = Row::default();
    let mut rows = select.query([])?;
    let mut number = 0;
    while let Some(found) = rows.next()? {
        number += 1;
        row.begin(number);
        for column in 0..columns.len() {
            match found.get_ref(column)? {
                ValueRef::Null | ValueRef::Blob(_) => {}
                ValueRef::Integer(value) => row.push(column, &value.to_string()),
                ValueRef::Real(value) => row.push(column, &value.to_string()),
                ValueRef::Text(text) => row.push(column, &String::from_utf8_lossy(text)),
            }
        }
        if !row.is_empty() && visit(&names, Ok(&row)).is_break() {
            break;
        }
    }
    Ok(())
}
