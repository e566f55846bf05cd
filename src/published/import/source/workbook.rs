//! Workbooks of spreadsheets (xlsx), sheet by sheet, without holding a sheet in memory.

use std::io::BufReader;

use calamine::{DataRef, Reader, Xlsx, XlsxError};

use super::content::{Content, Opened};
use super::rows::{Names, Row};
use super::{HEADER_WITHIN, SourceError, Visit};
use crate::Error;

type Book = Xlsx<BufReader<Box<dyn Opened>>>;

/// A sheet and its header.
pub struct Sheet {
    pub name: String,
    pub header: Vec<String>,
    /// The row of the header, from 1.
    header_row: usize,
}

impl From<XlsxError> for SourceError {
    fn from(error: XlsxError) -> Self {
        SourceError::Damaged(format!("can't be read as a workbook: {error}"))
    }
}

fn open(content: &Content) -> Result<Book, SourceError> {
    Ok(Xlsx::new(BufReader::new(content.open()?))?)
}

/// The sheets that have rows. The header is the first of the top rows that `is_header` knows; if
/// it knows none, the first row.
pub fn sheets(
    content: &Content,
    is_header: &dyn Fn(&[&str]) -> bool,
) -> Result<Vec<Sheet>, SourceError> {
    let mut book = open(content)?;
    let mut sheets = Vec::new();
    for name in book.sheet_names() {
        let (mut found, mut seen) = (None, 0);
        each_row(&mut book, &name, &mut |number, cells| {
            let texts: Vec<&str> = cells.iter().map(String::as_str).collect();
            let known = is_header(&texts);
            if known || seen == 0 {
                found = Some((number, cells.to_vec()));
            }
            seen += 1;
            !known && seen < HEADER_WITHIN
        })?;
        if let Some((header_row, header)) = found {
            sheets.push(Sheet {
                name,
                header,
                header_row,
            });
        }
    }
    Ok(sheets)
}

/// Visits the rows below a sheet's header.
pub fn visit(content: &Content, sheet: &Sheet, visit: &mut Visit) -> Result<(), SourceError> {
    let names = Names::of_header(sheet.header.iter().map(String::as_str));
    let mut row = Row::default();
    each_row(&mut open(content)?, &sheet.name, &mut |number, cells| {
        if number <= sheet.header_row || cells == sheet.header {
            return true;
        }
        row.begin(number);
        for (column, cell) in cells.iter().enumerate() {
            if column < names.count() {
                row.push(column, cell);
            } else if !cell.is_empty() {
                let problem = format!("has a cell beyond the header's {}", names.count());
                let error = Error::invalid(format!("rows[{number}]"), problem);
                return visit(&names, Err(error)).is_continue();
            }
        }
        row.is_empty() || visit(&names, Ok(&row)).is_continue()
    })
}

/// Hands on every cell of every sheet, each with the end of a line behind it.
#[cfg(feature = "server")]
pub fn each_cell(content: &Content, take: &mut dyn FnMut(&str)) -> Result<(), SourceError> {
    let mut book = open(content)?;
    for name in book.sheet_names() {
        each_row(&mut book, &name, &mut |_, cells| {
            for cell in cells {
                take(cell);
                take("\n");
            }
            true
        })?;
    }
    Ok(())
}

/// Hands on every row that has a cell, with its number from 1, until `take` says no.
fn each_row(
    book: &mut Book,
    sheet: &str,
    take: &mut dyn FnMut(usize, &[String]) -> bool,
) -> Result<(), SourceError> {
    let mut cells = book.worksheet_cells_reader(sheet)?;
    let mut texts: Vec<String> = Vec::new();
    let mut row = 0;
    while let Some(cell) = cells.next_cell()? {
        let (number, column) = cell.get_position();
        let text = text_of(cell.get_value());
        if text.is_empty() {
            continue;
        }
        let number = number as usize + 1;
        if number != row {
            if !texts.is_empty() && !take(row, &texts) {
                return Ok(());
            }
            texts.clear();
            row = number;
        }
        let column = column as usize;
        texts.resize(texts.len().max(column + 1), String::new());
        texts[column] = text;
    }
    if !texts.is_empty() {
        take(row, &texts);
    }
    Ok(())
}

fn text_of(value: &DataRef) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => float(*number),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.trim().to_owned()
        }
        DataRef::SharedString(text) => text.trim().to_owned(),
        DataRef::Bool(yes) => yes.to_string(),
        // Days, which times read.
        DataRef::DateTime(days) => days.as_f64().to_string(),
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}

/// A number that is too long to be exact is written as the sheet shows it, so that it isn't taken
/// for an id.
fn float(number: f64) -> String {
    const EXACT: f64 = (1u64 << 53) as f64;
    if number.abs() > EXACT {
        format!("{number:.2E}").replace('E', "E+")
    } else {
        number.to_string()
    }
}
