//! `bsmv leaders`: accounts by the reposts that they caused.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use bsmv::listening::leaders::Role;
use bsmv::post::{Platform, moment};
use bsmv::published::leaders::{LeaderRow, LeadersPage, Parents, Question, Wanted, leaders};
use bsmv::published::record::check_id;
use bsmv::published::store::hex;
use bsmv::published::store::reading::{Period, read_store};

/// List the accounts that caused most reposts of the posts in a store, those that can be relied on
/// first. A server may have it open.
///
/// The store has accounts and posts as keyed hashes only. Whoever has ids, such as those of a file that
/// was imported, gives them with --ids, and sees them in place of the hashes. `docs/listening.md` says
/// what each column is.
#[derive(clap::Args)]
pub struct Args {
    /// The store
    #[arg(long, value_name = "FILE")]
    store: PathBuf,
    /// Their part: spreader (of posts by others) or author
    #[arg(long, value_name = "ROLE", default_value = "spreader", value_parser = read_role)]
    role: Role,
    /// Only posts with this name, or another that is given so
    #[arg(long, value_name = "NAME")]
    brand: Vec<String>,
    /// Only posts with this word, or another that is given so
    #[arg(long, value_name = "WORD")]
    topic: Vec<String>,
    #[arg(long, help = Platform::ALL.map(Platform::name).join(", "))]
    platform: Option<String>,
    /// Only posts of this day or moment and later, such as 2026-11-22 or 2026-11-22T10:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only posts before this day or moment
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// At most so many accounts
    #[arg(long, value_name = "N", default_value_t = 20)]
    most: usize,
    /// Only the account of this id
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// Ids of accounts, a line each, that are shown in place of their hashes
    #[arg(long, value_name = "FILE")]
    ids: Option<PathBuf>,
    /// Print one JSON object, as the server answers
    #[arg(long)]
    json: bool,
}

fn read_role(name: &str) -> Result<Role, String> {
    let found = Role::ALL.into_iter().find(|role| role.name() == name);
    found.ok_or_else(|| format!("use {}", Role::ALL.map(Role::name).join(" or ")))
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let moment = |option: &str, text: &Option<String>| {
        let time = text.as_deref().map(|text| moment::read(option, text));
        time.transpose()
    };
    if let Some(user) = &args.user {
        check_id("--user", user)?;
    }
    let platform = |name: &str| Platform::read("--platform", name);
    let named = |name: &String| name.chars().any(char::is_alphanumeric);
    for (option, names) in [("--brand", &args.brand), ("--topic", &args.topic)] {
        ensure!(
            names.iter().all(named),
            "{option}: a name has at least one letter"
        );
    }
    let question = Question {
        role: args.role,
        brand: args.brand.clone(),
        topic: args.topic.clone(),
        platform: args.platform.as_deref().map(platform).transpose()?,
        period: Period {
            from: moment("--from", &args.from)?,
            to: moment("--to", &args.to)?,
        },
    };
    let wanted = match &args.user {
        Some(user) => Wanted::User(user.clone()),
        None => Wanted::Places(0, args.most),
    };
    let ids = match &args.ids {
        None => String::new(),
        Some(path) => std::fs::read_to_string(path).with_context(|| path.display().to_string())?,
    };
    let (mut page, names) = read_store(&args.store, |reading| {
        let ids = ids.lines().map(str::trim).filter(|id| !id.is_empty());
        let ids = ids.map(|id| (hex(reading.account(id)), id.to_owned()));
        let ids: HashMap<String, String> = ids.collect();
        Ok((leaders(reading, &question, &wanted)?, ids))
    })?;
    for row in &mut page.leaders {
        show_ids(row, &names);
    }
    let mut out = io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&page)?)?;
    } else {
        table(&mut out, &page)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show_ids(row: &mut LeaderRow, names: &HashMap<String, String>) {
    let show = |hash: &mut String| {
        if let Some(id) = names.get(hash) {
            hash.clone_from(id);
        }
    };
    show(&mut row.account);
    let signals = row.signals.iter_mut();
    signals
        .flat_map(|signal| &mut signal.evidence)
        .for_each(|evidence| show(&mut evidence.other));
}

/// A line for each account, with tabs between its columns; what it rests on goes to standard error.
fn table(out: &mut impl Write, page: &LeadersPage) -> io::Result<()> {
    let percent = |share: Option<f64>| match share {
        Some(share) => format!("{:.0} %", 100.0 * share),
        None => "-".to_owned(),
    };
    eprintln!(
        "posts: {}, reposts: {}, of which parents are known: {}, accounts: {}; of {:.0} in 100 intervals per_post is inside",
        page.posts,
        page.reposts,
        percent(page.observed),
        page.accounts,
        100.0 * page.coverage
    );
    let columns = [
        "rank",
        "account",
        "posts",
        "per_post",
        "low",
        "high",
        "reposts",
        "parents",
        "observed",
        "followers",
        "lift",
        "h_index",
        "largest",
        "median_delay",
        "negative",
        "signals",
    ];
    writeln!(out, "{}", columns.join("\t"))?;
    for row in &page.leaders {
        let parents = row.parents.map(|parents| match parents {
            Parents::Observed => "observed",
            Parents::Mixed => "mixed",
            Parents::Inferred => "inferred",
        });
        let or_unknown = |known: Option<String>| known.unwrap_or_else(|| "-".to_owned());
        let cells = [
            row.rank.to_string(),
            row.account.clone(),
            row.posts.to_string(),
            format!("{:.1}", row.per_post.value),
            format!("{:.1}", row.per_post.low),
            format!("{:.1}", row.per_post.high),
            format!("{:.1}", row.reposts),
            parents.unwrap_or("-").to_owned(),
            percent(row.observed),
            or_unknown(row.followers.map(|n| n.to_string())),
            or_unknown(row.lift.map(|lift| format!("{lift:.2}"))),
            row.h_index.to_string(),
            percent(row.largest_broadcast),
            or_unknown(row.median_delay.map(|seconds| seconds.to_string())),
            percent(row.negative),
            row.signals.len().to_string(),
        ];
        writeln!(out, "{}", cells.join("\t"))?;
    }
    Ok(())
}
