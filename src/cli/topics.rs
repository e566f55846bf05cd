//! `bsmv topics`: finds topics; merges, names and assigns to those of a file.

use std::io::{BufRead, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use bsmv::text::{Language, clean, detect};
use clap::Subcommand;
use serde::Deserialize;
use serde_json::json;

use bsmv::train::data::encoders;
use bsmv::train::data::texts::TextEncoder;
use bsmv::train::topics::{Topics, find};

/// Texts embedded between two writes.
const BATCH: usize = 1_024;

/// What is done with topics. Their numbers are those that each step prints.
#[derive(Subcommand)]
pub enum Step {
    /// Find all topics, and compare their coherence with k-means and LDA
    Find(find::FindArgs),
    /// Make one topic of several
    Merge(MergeArgs),
    /// Name a topic
    Rename(RenameArgs),
    /// Read NDJSON {"text": …} on standard input; write {"topic": number or null, "label": …,
    /// "cosine": to the nearest} for each
    Assign(AssignArgs),
}

#[derive(clap::Args)]
pub struct MergeArgs {
    /// The topics' file; it is changed
    file: PathBuf,
    /// Numbers of the topics that become one
    #[arg(required_unless_present = "to", conflicts_with = "to")]
    numbers: Vec<usize>,
    /// Merge the nearest until so many are left
    #[arg(long)]
    to: Option<usize>,
}

#[derive(clap::Args)]
pub struct RenameArgs {
    /// The topics' file; it is changed
    file: PathBuf,
    /// The topic's number
    number: usize,
    /// Its Chinese name
    #[arg(long)]
    zh: Option<String>,
    /// Its English name
    #[arg(long)]
    en: Option<String>,
}

#[derive(clap::Args)]
pub struct AssignArgs {
    /// The topics' file
    file: PathBuf,
    /// Folder of the teacher that the topics were found with
    #[arg(long)]
    teacher: PathBuf,
    /// A text less like every topic than this cosine is of none; the file's threshold if not given
    #[arg(long)]
    least: Option<f32>,
}

#[derive(Deserialize)]
struct Row {
    text: String,
}

pub fn run(step: Step) -> Result<ExitCode> {
    match step {
        Step::Find(args) => find::run(&args, &encoders::teacher(&args.teacher)?)?,
        Step::Merge(args) => change(&args.file, |topics| match args.to {
            Some(count) => topics.merge_to(count),
            None => topics.merge(&args.numbers),
        })?,
        Step::Rename(args) => change(&args.file, |topics| {
            topics.rename(args.number, args.zh.as_deref(), args.en.as_deref())
        })?,
        Step::Assign(args) => assign(&args)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Changes a file of topics and prints what is in it then.
fn change(path: &std::path::Path, how: impl FnOnce(&mut Topics) -> Result<()>) -> Result<()> {
    let mut topics = Topics::read(path)?;
    how(&mut topics)?;
    topics.write(path)?;
    let mut out = std::io::stdout().lock();
    for line in topics.lines() {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn assign(args: &AssignArgs) -> Result<()> {
    let topics = Topics::read(&args.file)?;
    let teacher = encoders::teacher(&args.teacher)?;
    ensure!(
        teacher.id() == topics.file().teacher,
        "{} was made with teacher {}, not {}: {} is another",
        args.file.display(),
        topics.file().teacher,
        teacher.id(),
        args.teacher.display()
    );
    let mut texts = Vec::new();
    for (i, line) in std::io::stdin().lock().lines().enumerate() {
        let row: Row = serde_json::from_str(&line?).with_context(|| format!("line {}", i + 1))?;
        texts.push(clean(&row.text));
    }
    let least = args.least.unwrap_or(topics.file().least);
    let labels = topics.labels();
    let mut out = BufWriter::new(std::io::stdout().lock());
    for chunk in texts.chunks(BATCH) {
        for (text, vector) in chunk.iter().zip(teacher.embed(chunk)?) {
            let language = detect(text).language.unwrap_or(Language::Other);
            let (topic, cosine) = topics.assign(&vector, language, least);
            let label = topic.map(|t| &labels[t]);
            let answer = json!({ "topic": topic, "label": label, "cosine": cosine });
            serde_json::to_writer(&mut out, &answer)?;
            out.write_all(b"\n")?;
        }
        out.flush()?;
    }
    Ok(())
}
