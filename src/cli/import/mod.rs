//! `bsmv import`: posts and events from files into a store.

mod intake;
mod pages;
mod tally;
mod threads;
mod transaction;

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use bsmv::post::Platform;
use bsmv::published::import::{
    Format, Settings, Source, cascade_from_pages, cascade_from_paths, post_from_json,
};
use bsmv::published::record::{PostRecord, check_id, fill_valences};
use bsmv::published::store::{Store, import_export, is_export};
use encoding_rs::Encoding;
use time::UtcOffset;

use super::bundle_dir::Model;
use super::options;
use intake::Intake;

/// Read posts and events from a file into a store that no server has open.
///
/// What the file is, which program wrote it and in which encoding is told from its content; see
/// docs/import.md for the programs. What is there already stays and counts once, so a file can be
/// given again. Pages of the API hold a whole cascade, which replaces what the store has of the
/// same post. A line that can't be read is left out and named, and the exit code is 1. Valences
/// that are missing are computed from texts.
///
/// What `bsmv export` wrote becomes a new store, whole.
#[derive(clap::Args)]
pub struct Args {
    /// The store; made if it isn't there
    #[arg(long, value_name = "FILE")]
    store: PathBuf,
    /// What the file holds; by default told from its content
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
    /// Id of the post that all events of the file belong to
    #[arg(long)]
    id: Option<String>,
    /// JSON file that describes that post, as the API takes it; may be left out for a post that
    /// is in the store
    #[arg(long, value_name = "FILE")]
    post: Option<PathBuf>,
    /// Platform of the posts, instead of what the file's program says
    #[arg(long)]
    platform: Option<String>,
    /// Offset from UTC of times that don't say theirs, such as +08:00; by default the platform's
    /// or the post's
    #[arg(long, value_name = "OFFSET", value_parser = options::read_offset, allow_hyphen_values = true)]
    utc_offset: Option<UtcOffset>,
    /// Encoding of the file, such as gb18030; by default told from its content
    #[arg(long, value_parser = options::read_encoding)]
    encoding: Option<&'static Encoding>,
    /// Seconds after the post up to which events were seen; by default the last event's
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    observed_until: u32,
    /// Leave the valence of texts unknown: faster, and no model is needed
    #[arg(long)]
    no_valences: bool,
    /// Read and count everything, and store nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    model: Model,
    /// The file
    input: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FileFormat {
    /// JSON: one object per line, or one list
    #[value(alias = "json", alias = "jsonl")]
    Ndjson,
    /// A table with a header
    Csv,
    /// All pages of the diffusion API, one after the other
    Pages,
    /// id, user, Unix time, count and paths `u1/u2:seconds`, separated by tabs
    #[value(alias = "casflow")]
    Deephawkes,
}

impl From<FileFormat> for Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Ndjson => Format::Json,
            FileFormat::Csv => Format::Table,
            FileFormat::Pages => Format::Pages,
            FileFormat::Deephawkes => Format::Paths,
        }
    }
}

pub fn run(args: &Args) -> Result<ExitCode> {
    if let Some(export) = open_export(&args.input)? {
        return run_export(args, export);
    }
    let name = args.input.display().to_string();
    let store = open_store(args)?;
    let platform = |name: &str| Platform::read("--platform", name);
    let settings = Settings {
        post: args.id.clone(),
        offset: args.utc_offset,
        platform: args.platform.as_deref().map(platform).transpose()?,
    };
    if let Some(id) = &settings.post {
        check_id("--id", id)?;
    }
    let record = args.post.as_deref().map(read_record).transpose()?;
    let mut model = None;
    let mut read_texts = |events: &mut [_]| -> Result<()> {
        // The model is opened only if there is something to read.
        let model = match &mut model {
            Some(model) => model,
            closed => closed.insert(args.model.open()?),
        };
        Ok(fill_valences(model.reader(), events)?)
    };
    let mut intake = Intake::new(&store, settings, record, &mut read_texts);
    intake.observed_until = args.observed_until;
    intake.tally.dry_run = args.dry_run;
    intake.no_valences = args.no_valences;
    let outcome = read(args, &mut intake);
    // Whatever went wrong, what was read is stored, and counted.
    let outcome = outcome.and(intake.commit());
    let tally = intake.into_tally();
    print!("{tally}");
    for line in tally.refused() {
        eprintln!("bsmv: {name}: {line}");
    }
    outcome.with_context(|| name.clone())?;
    Ok(if tally.is_complete() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The file, if `bsmv export` wrote it.
fn open_export(input: &Path) -> Result<Option<BufReader<File>>> {
    let open = || -> io::Result<_> {
        let mut file = BufReader::new(File::open(input)?);
        Ok(is_export(file.fill_buf()?).then_some(file))
    };
    open().with_context(|| input.display().to_string())
}

fn run_export(args: &Args, mut export: BufReader<File>) -> Result<ExitCode> {
    if args.dry_run {
        bail!("an export is stored whole or not at all: leave --dry-run out");
    }
    let kept = import_export(&mut export, &args.store)
        .with_context(|| args.input.display().to_string())?;
    println!("{} posts, {} events", kept.posts, kept.events);
    Ok(ExitCode::SUCCESS)
}

/// A dry run makes no store.
fn open_store(args: &Args) -> Result<Store> {
    Ok(if args.dry_run && !args.store.exists() {
        Store::in_memory()?
    } else {
        Store::open(&args.store)?
    })
}

fn read_record(file: &Path) -> Result<PostRecord> {
    let json = fs::read(file).with_context(|| file.display().to_string())?;
    post_from_json(&json).with_context(|| file.display().to_string())
}

fn read(args: &Args, intake: &mut Intake) -> Result<()> {
    let source = Source::open(&args.input, args.format.map(Format::from), args.encoding)?;
    intake.tally.damaged = source.damaged;
    match source.format() {
        Some(Format::Pages) => {
            let mut bytes = Vec::new();
            source.text()?.read_to_end(&mut bytes)?;
            intake.tally.read_as("pages of the API", &source.kind());
            intake.replace(cascade_from_pages(&bytes)?)
        }
        Some(Format::Paths) => {
            intake
                .tally
                .read_as("cascades of DeepHawkes or CasFlow", &source.kind());
            let lines = source.text()?.split(b'\n');
            for (i, line) in lines.enumerate() {
                let line = line?;
                if line.trim_ascii().is_empty() {
                    continue;
                }
                intake.tally.rows += 1;
                match cascade_from_paths(&line, i + 1) {
                    Ok(cascade) => intake.add_cascade(cascade)?,
                    Err(error) => intake.tally.refuse(error),
                }
            }
            Ok(())
        }
        Some(Format::Table | Format::Json) | None => intake.add_rows(&source),
    }
}
