//! The folder that jobs are kept in: one folder for each.
//!
//! ```text
//! 0193…/job.json      what is asked for, and how far it is
//! 0193…/input         the file that was sent; gone when there is a result
//! 0193…/result.csv    the file with the scores; result.csv.part and .new while it is made
//! incoming-0193…/     a job whose file is on its way
//! erased-0193…/       a job that is being erased
//! ```

use std::fs::{self, DirBuilder, DirEntry, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::record::Record;
use crate::bulk::{Form, journal_of, mentioned_in, mentions};

const RECORD: &str = "job.json";
const INPUT: &str = "input";
const INCOMING: &str = "incoming-";
const ERASED: &str = "erased-";

/// A folder with a folder for each job.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Opens it, and removes what was never accepted or is being erased. Returns the jobs in it,
    /// oldest first. The first job makes the folder, readable by its owner alone.
    pub fn open(path: &Path) -> io::Result<(Self, Vec<Record>)> {
        let folder = Folder(path.to_owned());
        let mut records = Vec::new();
        for entry in folder.entries()? {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(INCOMING) || name.starts_with(ERASED) {
                fs::remove_dir_all(entry.path())?;
            } else if let Some(record) = record_in(&entry.path())? {
                records.push(record);
            }
        }
        records.sort_by(|a, b| a.id.cmp(&b.id));
        Ok((folder, records))
    }

    fn entries(&self) -> io::Result<Vec<DirEntry>> {
        match fs::read_dir(&self.0) {
            Ok(entries) => entries.collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// The path of a job's folder.
    fn of(&self, id: &str) -> PathBuf {
        self.0.join(id)
    }

    /// The path of a job's input.
    pub fn input(&self, id: &str) -> PathBuf {
        self.of(id).join(INPUT)
    }

    /// The path of a job's result.
    pub fn result(&self, id: &str, form: Form) -> PathBuf {
        self.of(id).join(format!("result.{}", form.name()))
    }

    /// The path of the input of a job that is on its way.
    pub fn incoming_input(&self, id: &str) -> PathBuf {
        self.0.join(format!("{INCOMING}{id}")).join(INPUT)
    }

    /// True if one of these ids stands in a job: in what was sent with its file, in the file, in its
    /// result or in what is kept meanwhile. One that can't be read to see may have it.
    pub fn mentions(&self, record: &Record, ids: &[String]) -> bool {
        let out = self.result(&record.id, record.out);
        let encoding = record.options.asked().encoding;
        // The input goes when the result is there, so it is looked at first.
        let files = [
            (self.input(&record.id), encoding),
            (journal_of(&out), None),
            (out, None),
        ];
        mentioned_in(&record.words(), ids)
            || files.iter().any(|(file, encoding)| {
                mentions(file, *encoding, ids).unwrap_or_else(|error| !error.is_of_no_file())
            })
    }

    /// Begins a job whose input is on its way; the path of its input.
    pub fn begin(&self, id: &str) -> io::Result<PathBuf> {
        owners_folder(&self.0.join(format!("{INCOMING}{id}")))?;
        Ok(self.incoming_input(id))
    }

    /// Lets go of a job whose input didn't arrive.
    pub fn give_up(&self, id: &str) {
        fs::remove_dir_all(self.0.join(format!("{INCOMING}{id}"))).ok();
    }

    /// Accepts a job whose input is on the disk. When it returns the job is safe.
    pub fn accept(&self, record: &Record) -> io::Result<()> {
        let incoming = self.0.join(format!("{INCOMING}{}", record.id));
        write_record(&incoming, record)?;
        fs::rename(incoming, self.of(&record.id))?;
        sync(&self.0)
    }

    /// Writes how far a job is. When it returns it is on the disk.
    pub fn write(&self, record: &Record) -> io::Result<()> {
        write_record(&self.of(&record.id), record)
    }

    /// Removes the input of a job that is done.
    pub fn drop_input(&self, id: &str) {
        fs::remove_file(self.input(id)).ok();
    }

    /// Erases a job, whole: one that was ended halfway is erased at the next start.
    pub fn erase(&self, id: &str) -> io::Result<()> {
        let erased = self.0.join(format!("{ERASED}{id}"));
        match fs::rename(self.of(id), &erased) {
            // Somebody was here before.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            renamed => {
                renamed?;
                sync(&self.0)?;
            }
        }
        match fs::remove_dir_all(&erased) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Bytes that all jobs take.
    pub fn bytes(&self) -> io::Result<u64> {
        let mut bytes = 0;
        for job in self.entries()? {
            // One may be erased meanwhile.
            let Ok(files) = fs::read_dir(job.path()) else {
                continue;
            };
            bytes += files
                .filter_map(|file| file.ok()?.metadata().ok())
                .map(|file| file.len())
                .sum::<u64>();
        }
        Ok(bytes)
    }
}

fn owners_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// The record in a folder, if it is a job's.
fn record_in(folder: &Path) -> io::Result<Option<Record>> {
    match fs::read(folder.join(RECORD)) {
        Ok(json) => {
            let record = serde_json::from_slice(&json);
            if let Err(problem) = &record {
                let path = folder.display();
                tracing::error!(%path, %problem, "a job.json can't be read: the job is left alone");
            }
            Ok(record.ok())
        }
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn write_record(folder: &Path, record: &Record) -> io::Result<()> {
    let fresh = folder.join(format!("{RECORD}.new"));
    let mut file = File::create(&fresh)?;
    file.write_all(&serde_json::to_vec_pretty(record)?)?;
    file.sync_all()?;
    fs::rename(fresh, folder.join(RECORD))?;
    sync(folder)
}

/// Brings the names in a folder to the disk.
fn sync(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}
