//! The rows of the input, and each as a request.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::{BulkError, Result};
use crate::Error;
use crate::post::json;
use crate::published::import::{
    Columns, Format, Layout, Names, Row, Rows, Section, Settings, Source, draft, recognise_texts,
    unknown_columns,
};
use crate::scorer::request::ScoreRequest;
use encoding_rs::Encoding;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A file whose rows are posts, or have texts that can be scored as posts.
pub struct Table {
    path: PathBuf,
    source: Source,
    section: Section,
    layout: &'static Layout,
    settings: Settings,
    notes: Vec<String>,
}

/// What is known of all rows before the first is scored.
pub struct Survey {
    /// Rows, bad ones too.
    pub rows: u64,
    /// The names of all columns.
    pub names: Vec<String>,
    /// The file's SHA-256 in hexadecimal.
    pub sha256: String,
}

/// True if a cell of a file is this text; a value inside JSON is one too.
///
/// # Errors
/// [`BulkError::Source`] if the file can't be read.
pub fn has_cell(path: &Path, text: &str) -> Result<bool> {
    let source = Source::open(path, None, None)?;
    for section in source.sections(&|_| true)? {
        let mut found = false;
        source.visit(&section, &mut |_, row| {
            found = row.is_ok_and(|row| row.cells().any(|(_, cell)| cell == text));
            match found {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        })?;
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A row's request, or what is wrong with it.
pub type Request = crate::Result<ScoreRequest>;

impl Table {
    /// Finds the part of a file that has texts.
    pub fn open(
        path: &Path,
        encoding: Option<&'static Encoding>,
        settings: Settings,
    ) -> Result<Self> {
        let source = Source::open(path, None, encoding)?;
        if matches!(source.format(), Some(Format::Pages | Format::Paths)) {
            let problem = "has cascades and no texts: `bsmv import` reads them";
            return Err(BulkError::Input(problem.to_owned()));
        }
        let layout_of = |names: &[String]| {
            let has_requests = names.iter().any(|name| name == "post.text");
            let layout = recognise_texts(names).filter(|layout| layout.rows != Rows::Users);
            layout.or_else(|| recognise_texts(&["text"]).filter(|_| has_requests))
        };
        let mut sections = source.sections(&|names| recognise_texts(names).is_some())?;
        let layout_at = |(at, section): (usize, &Section)| Some((at, layout_of(&section.columns)?));
        let Some((at, layout)) = sections.iter().enumerate().find_map(layout_at) else {
            let names: Vec<&String> = sections.iter().flat_map(|s| &s.columns).collect();
            let problem = unknown_columns(&names);
            let problem = format!("no column has texts: name it `text`. {problem}");
            return Err(BulkError::Input(problem));
        };
        let section = sections.swap_remove(at);
        let mut notes = Vec::new();
        if let Some(name) = &section.name
            && !sections.is_empty()
        {
            let others = sections.iter().filter_map(|s| s.name.as_deref());
            let others: Vec<&str> = others.collect();
            notes.push(format!("{name} is scored; not read: {}", others.join(", ")));
        }
        if source.damaged > 0 {
            let damaged = source.damaged;
            notes.push(format!(
                "{damaged} places are no text: they are read as \u{fffd}"
            ));
        }
        Ok(Table {
            path: path.to_owned(),
            source,
            section,
            layout,
            settings,
            notes,
        })
    }

    /// Things to know that aren't wrong.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Reads all rows once.
    pub fn survey(&self) -> Result<Survey> {
        let mut rows = 0;
        let mut names: Vec<String> = self.section.columns.clone();
        let mut seen = 0;
        self.visit(&mut |known, _| {
            rows += 1;
            if known.count() > seen {
                seen = known.count();
                names = known.iter().map(str::to_owned).collect();
            }
            Ok(())
        })?;
        let failed = |problem| BulkError::disk(&self.path, problem);
        let mut file = File::open(&self.path).map_err(failed)?;
        let mut hash = Sha256::new();
        let mut block = vec![0; 1 << 20];
        loop {
            match file.read(&mut block).map_err(failed)? {
                0 => break,
                read => hash.update(&block[..read]),
            }
        }
        let sha256 = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
        Ok(Survey {
            rows,
            names,
            sha256,
        })
    }

    /// Hands on every row; `None` for one that can't be read.
    pub fn each_row(&self, mut take: impl FnMut(Option<&Row>) -> Result<()>) -> Result<()> {
        self.visit(&mut |_, row| take(row.ok()))
    }

    /// Hands on the request of every row, with the row's place and its number from 1.
    pub fn each_request(
        &self,
        mut take: impl FnMut((String, usize), Request) -> Result<()>,
    ) -> Result<()> {
        let mut columns = Columns::new(self.layout);
        self.visit(&mut |names, row| {
            let row = match row {
                Ok(row) => row,
                Err(error) => return take((String::new(), line_of(&error)), Err(error)),
            };
            let place = self.section.place(row.number());
            let request = self.request(row, names, &mut columns);
            let request = request.map_err(|error| error.within(&place));
            take((place, row.number()), request)
        })
    }

    /// A line of JSON may be a request; anything else is a post.
    fn request(&self, row: &Row, names: &Names, columns: &mut Columns) -> Request {
        if let Some(object) = row.object()
            && object.get("post").is_some_and(Value::is_object)
        {
            return json::read(object, "");
        }
        let post = draft(row, names, columns, self.layout, &self.settings)?;
        Ok(ScoreRequest {
            post,
            ..ScoreRequest::default()
        })
    }

    fn visit(&self, take: &mut dyn FnMut(&Names, crate::Result<&Row>) -> Result<()>) -> Result<()> {
        let mut outcome = Ok(());
        self.source.visit(&self.section, &mut |names, row| {
            outcome = take(names, row);
            match outcome {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        })?;
        outcome
    }
}

/// The number in the place that an error names, as in `lines[3]`; 0 if it names none.
fn line_of(error: &Error) -> usize {
    let number = || {
        let (_, rest) = error.field()?.split_once('[')?;
        rest.split_once(']')?.0.parse().ok()
    };
    number().unwrap_or(0)
}

impl Survey {
    /// The columns, each under a name of its own.
    pub fn distinct_names(&self) -> Vec<String> {
        let mut taken = BTreeSet::new();
        let mut distinct = Vec::with_capacity(self.names.len());
        for (i, name) in self.names.iter().enumerate() {
            let mut own = match name.as_str() {
                "" => format!("column_{}", i + 1),
                name => name.to_owned(),
            };
            while !taken.insert(own.clone()) {
                own = format!("{own}_{}", i + 1);
            }
            distinct.push(own);
        }
        distinct
    }
}
