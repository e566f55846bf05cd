//! The rows of the input, and each as a request.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{BulkError, Result};
use crate::published::import::{Drafts, Place, Row, Settings, Source};
use crate::scorer::request::ScoreRequest;
use encoding_rs::Encoding;
use sha2::{Digest, Sha256};

/// A file whose rows are posts, or have texts that can be scored as posts.
pub struct Table {
    path: PathBuf,
    drafts: Drafts,
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
        Ok(Table {
            path: path.to_owned(),
            drafts: Drafts::of(source, settings)?,
        })
    }

    /// Things to know that aren't wrong.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(name) = &self.drafts.section().name
            && !self.drafts.left_out.is_empty()
        {
            let others = self.drafts.left_out.join(", ");
            notes.push(format!("{name} is scored; not read: {others}"));
        }
        let damaged = self.drafts.source().damaged;
        if damaged > 0 {
            notes.push(format!(
                "{damaged} places are no text: they are read as \u{fffd}"
            ));
        }
        notes
    }

    /// Reads all rows once.
    pub fn survey(&self) -> Result<Survey> {
        let mut rows = 0;
        let mut names: Vec<String> = self.drafts.section().columns.clone();
        let mut seen = 0;
        self.drafts.each_row(|known, _| {
            rows += 1;
            if known.count() > seen {
                seen = known.count();
                names = known.iter().map(str::to_owned).collect();
            }
            Ok::<(), BulkError>(())
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
        self.drafts.each_row(|_, row| take(row.ok()))
    }

    /// Hands on the request of every row, with the row's place and its number from 1.
    pub fn each_request(&self, take: impl FnMut(Place, Request) -> Result<()>) -> Result<()> {
        self.drafts.each_request(take)
    }
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
