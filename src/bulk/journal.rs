//! The journal: what became of every row so far, in order, as lines of JSON. The first line says
//! what was asked for.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;

use super::{BulkError, Result};
use serde_json::Value;

use super::outcome::Entry;

/// The end of the journal, where rows are added.
pub struct Journal {
    file: File,
    entries: u64,
}

impl Journal {
    /// Opens a journal, or begins it. A line that was being written when its program was ended is
    /// cut off.
    pub fn open(path: &Path, settings: &Value) -> Result<Self> {
        let failed = |problem| BulkError::disk(path, problem);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .append(true)
            .open(path)
            .map_err(failed)?;
        let (mut whole, mut lines) = (0, 0);
        let mut line = Vec::new();
        let mut reader = BufReader::new(&file);
        while reader.read_until(b'\n', &mut line).map_err(failed)? > 0 {
            if !line.ends_with(b"\n") {
                break;
            }
            if lines == 0 && serde_json::from_slice::<Value>(&line).ok().as_ref() != Some(settings)
            {
                return Err(BulkError::OtherRun(path.to_owned()));
            }
            lines += 1;
            whole += line.len() as u64;
            line.clear();
        }
        file.set_len(whole).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        if lines == 0 {
            writeln!(file, "{settings}").map_err(failed)?;
            lines = 1;
        }
        Ok(Journal {
            file,
            entries: lines - 1,
        })
    }

    /// Rows that are in it.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Adds rows. When it returns they are on the disk.
    pub fn append(&mut self, entries: &[Entry]) -> Result<()> {
        let mut lines = Vec::new();
        for entry in entries {
            serde_json::to_writer(&mut lines, entry)?;
            lines.push(b'\n');
        }
        self.file.write_all(&lines)?;
        self.file.sync_data()?;
        self.entries += entries.len() as u64;
        Ok(())
    }
}

/// Reads a journal from its begin to where it ended when it was opened.
pub struct Reader {
    lines: BufReader<std::io::Take<File>>,
    line: Vec<u8>,
}

impl Reader {
    /// Opens a journal that has its first line.
    pub fn open(path: &Path) -> Result<Self> {
        let failed = |problem| BulkError::disk(path, problem);
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let mut lines = BufReader::new(std::io::Read::take(file, length));
        lines.skip_until(b'\n').map_err(failed)?;
        Ok(Reader {
            lines,
            line: Vec::new(),
        })
    }

    /// The next row, if there is one.
    pub fn next(&mut self) -> Result<Option<Entry>> {
        self.line.clear();
        if self.lines.read_until(b'\n', &mut self.line)? == 0 {
            return Ok(None);
        }
        let entry = serde_json::from_slice(&self.line).map_err(|_| BulkError::DamagedJournal)?;
        Ok(Some(entry))
    }
}
