//! `bsmv checks`: what rules find in drafts, beside any score.

use std::io::{BufRead, BufWriter, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use bsmv::checks::{CheckRequest, Checks, Level, check};
use bsmv::{Platform, Post};

/// Check one draft, or one request per line of standard input, answered by a line each.
#[derive(clap::Args)]
pub struct Args {
    /// Text of the draft; without it requests are read from standard input
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// Title of the draft
    #[arg(long, value_name = "TEXT", requires = "text")]
    title: Option<String>,
    #[arg(long, requires = "text", help = Platform::ALL.map(Platform::name).join(", "))]
    platform: Option<String>,
}

/// Exit code 1 where one draft has something that must be mended.
pub fn run(args: &Args) -> Result<ExitCode> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    if let Some(text) = &args.text {
        let platform = match &args.platform {
            Some(name) => Platform::read("post.platform", name)?,
            None => Platform::default(),
        };
        let post = Post {
            text: text.clone(),
            title: args.title.clone(),
            platform,
            ..Post::default()
        };
        let request = CheckRequest {
            post,
            ..CheckRequest::default()
        };
        let checks = check(&request);
        report(&mut out, &checks)?;
        out.flush()?;
        let wrong = checks
            .findings
            .iter()
            .any(|finding| finding.level == Level::Must);
        return Ok(ExitCode::from(u8::from(wrong)));
    }
    for (i, line) in std::io::stdin().lock().lines().enumerate() {
        let place = || format!("line {}", i + 1);
        let line = line.with_context(place)?;
        if line.trim().is_empty() {
            continue;
        }
        let request = CheckRequest::from_json(line).with_context(place)?;
        serde_json::to_writer(&mut out, &check(&request))?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn report(out: &mut impl Write, checks: &Checks) -> Result<()> {
    for length in checks.lengths.iter().filter(|length| length.count > 0) {
        match length.limit {
            Some(limit) => writeln!(out, "{:?}: {} of {limit}", length.field, length.count)?,
            None => writeln!(out, "{:?}: {}", length.field, length.count)?,
        }
    }
    for finding in &checks.findings {
        writeln!(
            out,
            "{:?} {}: {}",
            finding.level, finding.code, finding.message
        )?;
        if let Some(source) = finding.source {
            writeln!(out, "    {} {}", source.name, source.url)?;
        }
    }
    Ok(())
}
