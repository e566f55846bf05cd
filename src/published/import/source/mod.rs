//! The inside of a file: what kind it is, told from its bytes, and its rows.

#[cfg(feature = "server")]
mod columnar;
mod content;
#[cfg(feature = "server")]
mod database;
mod encoding;
pub mod json;
pub mod rows;
mod table;
mod workbook;

use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use encoding_rs::Encoding;

use crate::{Error, Result};
use content::Content;
use encoding::Decoded;
use rows::{Names, Row};

/// Rows of which one may be the header.
const HEADER_WITHIN: usize = 6;

/// Takes the rows of a file and its bad ones, each with the names of all columns so far, until it
/// breaks off.
pub type Visit<'a> = dyn FnMut(&Names, Result<&Row>) -> ControlFlow<()> + 'a;

/// Says why a file can't be read at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The disk, or a file that isn't there.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It isn't what its first bytes say.
    #[error("{0}")]
    Damaged(String),
    /// It is of a kind that isn't read.
    #[error("is {name}, which isn't read: give {instead}")]
    NotRead {
        /// The kind, as the end of a sentence.
        name: &'static str,
        /// What to give instead.
        instead: &'static str,
    },
    /// Its bytes are no text in any encoding that is told apart.
    #[error("isn't UTF-8, UTF-16 or GB18030: say which with --encoding, or export it as UTF-8")]
    Encoding,
    /// It has cascades, where texts are wanted.
    #[error("has cascades and no texts: `bsmv import` reads them")]
    Cascades,
    /// Texts are wanted, and no column has any.
    #[error("no column has texts: name it `text`. {0}")]
    NoTexts(Error),
    /// No program that is known writes these columns.
    #[error(transparent)]
    UnknownColumns(Error),
    /// Different rows have one id, since a spreadsheet shortened them.
    #[error(
        "every id so far ends in zeros, such as {0}: a spreadsheet keeps 15 digits of a number, so \
         different rows have one id; export the file again, and open it with the column as text"
    )]
    RuinedIds(String),
    /// Its content breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Error),
}

impl SourceError {
    /// The stable code of this kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            SourceError::Io(_) => "io",
            SourceError::Damaged(_) => "damaged",
            SourceError::NotRead { .. } => "not_read",
            SourceError::Encoding => "encoding",
            SourceError::Cascades => "cascades",
            SourceError::NoTexts(_) => "no_texts",
            SourceError::UnknownColumns(_) => "unknown_columns",
            SourceError::RuinedIds(_) => "ruined_ids",
            SourceError::Invalid(error) => error.code(),
        }
    }
}

/// The kinds of text files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A table with a header: CSV.
    Table,
    /// JSON: one value on each line, or one list.
    Json,
    /// All pages of the diffusion API.
    Pages,
    /// Cascades of DeepHawkes or CasFlow, one on each line.
    Paths,
}

/// What a file is.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Text(Format, &'static Encoding),
    Workbook,
    #[cfg(feature = "server")]
    Database,
    #[cfg(feature = "server")]
    Parquet,
}

/// A file whose kind is known.
#[derive(Debug)]
pub struct Source {
    content: Content,
    kind: Kind,
    /// Places that are no text in its encoding; they are read as U+FFFD.
    pub damaged: u64,
}

/// A part of a file whose rows have the same columns.
pub struct Section {
    /// The sheet or table, where a file has several.
    pub name: Option<String>,
    /// The names of its columns; for JSON those of the first record.
    pub columns: Vec<String>,
    form: Form,
}

enum Form {
    Table(table::Form),
    Json,
    Sheet(workbook::Sheet),
    #[cfg(feature = "server")]
    DatabaseTable,
    #[cfg(feature = "server")]
    Parquet,
}

impl Source {
    /// Tells what a file is. `format` and `encoding` are taken as given where they are.
    pub fn open(
        path: &Path,
        format: Option<Format>,
        encoding: Option<&'static Encoding>,
    ) -> Result<Source, SourceError> {
        Source::of(Content::File(path.to_owned()), format, encoding)
    }

    /// Tells what a file is whose bytes are in memory. Databases and Parquet aren't read from there.
    pub fn of_bytes(bytes: impl Into<Arc<[u8]>>) -> Result<Source, SourceError> {
        Source::of(Content::Bytes(bytes.into()), None, None)
    }

    fn of(
        content: Content,
        format: Option<Format>,
        encoding: Option<&'static Encoding>,
    ) -> Result<Source, SourceError> {
        let mut head = [0; 16];
        let length = read_up_to(&mut content.open()?, &mut head)?;
        if let Some(kind) = binary(&head[..length], &content)? {
            return Ok(Source {
                content,
                kind,
                damaged: 0,
            });
        }
        let (encoding, damaged) = match encoding {
            Some(encoding) => (encoding, 0),
            None => {
                let found = encoding::detect(content.open()?)?.ok_or(SourceError::Encoding)?;
                (found.encoding, found.damaged)
            }
        };
        let format = match format {
            Some(format) => format,
            None => format_of(|| Ok(Decoded::new(content.open()?, encoding)))?,
        };
        Ok(Source {
            content,
            kind: Kind::Text(format, encoding),
            damaged,
        })
    }

    /// The format of a text file; `None` for workbooks, databases and Parquet.
    pub fn format(&self) -> Option<Format> {
        match self.kind {
            Kind::Text(format, _) => Some(format),
            _ => None,
        }
    }

    /// The name of what it is.
    pub fn kind(&self) -> String {
        match self.kind {
            Kind::Text(_, encoding) => encoding.name().to_owned(),
            Kind::Workbook => "xlsx".to_owned(),
            #[cfg(feature = "server")]
            Kind::Database => "SQLite".to_owned(),
            #[cfg(feature = "server")]
            Kind::Parquet => "Parquet".to_owned(),
        }
    }

    /// The text of a text file, as UTF-8.
    pub fn text(&self) -> Result<impl BufRead + use<>, SourceError> {
        let encoding = match self.kind {
            Kind::Text(_, encoding) => encoding,
            _ => return Err(SourceError::Damaged("is no text".to_owned())),
        };
        Ok(Decoded::new(self.content.open()?, encoding))
    }

    /// The parts of a table, JSON, a workbook, a database or a Parquet file. `is_header` knows the names of columns.
    pub fn sections(
        &self,
        is_header: &dyn Fn(&[&str]) -> bool,
    ) -> Result<Vec<Section>, SourceError> {
        let only = |columns, form| {
            let name = None;
            Ok(vec![Section {
                name,
                columns,
                form,
            }])
        };
        match self.kind {
            Kind::Text(Format::Json, _) => {
                let first = json::first_object(self.text()?)??;
                let mut names = Vec::new();
                for record in first.map(json::records).unwrap_or_default() {
                    names.extend(json::names_of(&record));
                }
                names.sort_unstable();
                names.dedup();
                only(names, Form::Json)
            }
            Kind::Text(..) => {
                let form = table::Form::of(&mut self.text()?, is_header)?;
                only(form.header.clone(), Form::Table(form))
            }
            Kind::Workbook => {
                let sheets = workbook::sheets(&self.content, is_header)?;
                let several = sheets.len() > 1;
                Ok(sheets
                    .into_iter()
                    .map(|sheet| Section {
                        name: several.then(|| sheet.name.clone()),
                        columns: sheet.header.clone(),
                        form: Form::Sheet(sheet),
                    })
                    .collect())
            }
            #[cfg(feature = "server")]
            Kind::Parquet => only(columnar::columns(self.content.path()?)?, Form::Parquet),
            #[cfg(feature = "server")]
            Kind::Database => Ok(database::tables(self.content.path()?)?
                .into_iter()
                .map(|(name, columns)| Section {
                    name: Some(name),
                    columns,
                    form: Form::DatabaseTable,
                })
                .collect()),
        }
    }

    /// Visits the rows of a part.
    pub fn visit(&self, section: &Section, visit: &mut Visit) -> Result<(), SourceError> {
        match &section.form {
            Form::Table(form) => Ok(form.visit(self.text()?, visit)?),
            Form::Json => Ok(json::visit(self.text()?, visit)?),
            Form::Sheet(sheet) => workbook::visit(&self.content, sheet, visit),
            #[cfg(feature = "server")]
            Form::Parquet => columnar::visit(self.content.path()?, visit),
            #[cfg(feature = "server")]
            Form::DatabaseTable => {
                let name = section.name.as_deref().unwrap_or_default();
                database::visit(self.content.path()?, name, visit)
            }
        }
    }
}

#[cfg(feature = "server")]
impl Source {
    /// Hands on all that stands in the file, piece by piece, whether its rows are good or bad: a text
    /// file as it is, of others each cell, or each row as JSON, on a line of its own.
    pub fn each_text(&self, take: &mut dyn FnMut(&str)) -> Result<(), SourceError> {
        match self.kind {
            Kind::Text(..) => {
                let mut text = self.text()?;
                loop {
                    let ready = text.fill_buf()?;
                    if ready.is_empty() {
                        return Ok(());
                    }
                    // What is decoded ends where a character does.
                    take(&String::from_utf8_lossy(ready));
                    let length = ready.len();
                    text.consume(length);
                }
            }
            Kind::Workbook => workbook::each_cell(&self.content, take),
            Kind::Parquet => columnar::each_row(self.content.path()?, take),
            Kind::Database => {
                for section in self.sections(&|_| true)? {
                    self.visit(&section, &mut |_, row| {
                        for (_, cell) in row.into_iter().flat_map(Row::exact_cells) {
                            take(cell);
                            take("\n");
                        }
                        ControlFlow::Continue(())
                    })?;
                }
                Ok(())
            }
        }
    }
}

impl Section {
    /// The place of a row in an error: `lines[3]`, `rows[3]` or `Comments.rows[3]`.
    pub fn place(&self, row: usize) -> String {
        let unit = match self.form {
            Form::Table(_) | Form::Json => "lines",
            _ => "rows",
        };
        match &self.name {
            Some(name) => format!("{name}.{unit}[{row}]"),
            None => format!("{unit}[{row}]"),
        }
    }
}

/// What a file is by its first bytes; `None` if it may be text.
fn binary(head: &[u8], content: &Content) -> Result<Option<Kind>, SourceError> {
    const ZIP: &[u8] = b"PK\x03\x04";
    if head.starts_with(ZIP) {
        return Ok(Some(Kind::Workbook));
    }
    #[cfg(feature = "server")]
    if matches!(content, Content::File(_)) {
        if head.starts_with(b"SQLite format 3\0") {
            return Ok(Some(Kind::Database));
        }
        if head.starts_with(b"PAR1") {
            return Ok(Some(Kind::Parquet));
        }
    }
    #[cfg(not(feature = "server"))]
    let _ = content;
    let not_read: [(&[u8], &str, &str); 4] = [
        (b"\xd0\xcf\x11\xe0", "a workbook of Excel 97", "xlsx or CSV"),
        (b"\x1f\x8b", "compressed by gzip", "it unpacked"),
        (b"SQLite format 3\0", "a database (SQLite)", "xlsx or CSV"),
        (b"PAR1", "Parquet", "xlsx or CSV"),
    ];
    let found = not_read
        .into_iter()
        .find(|(mark, ..)| head.starts_with(mark));
    found.map_or(Ok(None), |(_, name, instead)| {
        Err(SourceError::NotRead { name, instead })
    })
}

fn read_up_to(file: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < into.len() {
        match file.read(&mut into[length..])? {
            0 => break,
            read => length += read,
        }
    }
    Ok(length)
}

/// Tells the format of a text from its begin.
fn format_of<R: BufRead>(mut open: impl FnMut() -> io::Result<R>) -> io::Result<Format> {
    const HEAD: u64 = 64 << 10;
    let mut head = Vec::new();
    BufReader::new(open()?).take(HEAD).read_to_end(&mut head)?;
    let text = String::from_utf8_lossy(&head);
    let text = text.trim_start();
    if text.starts_with(['{', '[']) {
        let is_page = |first: serde_json::Map<_, _>| {
            ["post", "start", "parent", "kind"]
                .iter()
                .all(|&key| first.contains_key(key))
        };
        let first = json::first_object(open()?)?;
        let pages = first.is_ok_and(|first| first.is_some_and(is_page));
        return Ok(if pages { Format::Pages } else { Format::Json });
    }
    let first = text.lines().next().unwrap_or_default();
    let fields: Vec<&str> = first.split('\t').collect();
    let is_path = |path: &str| {
        path.rsplit_once(':')
            .is_some_and(|(_, t)| t.parse::<i64>().is_ok())
    };
    let is_cascade = fields.len() == 5 && fields[4].split(' ').next().is_some_and(is_path);
    Ok(if is_cascade {
        Format::Paths
    } else {
        Format::Table
    })
}
