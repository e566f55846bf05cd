//! Reading events and whole cascades from the formats they come in. Every function is pure, and
//! every error names the line and the field: `lines[3].t` is field `t` of line 3, counted from 1.

use std::collections::HashMap;

use serde::de::IgnoredAny;
use serde_json::error::Category;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::diffusion::{DiffusionGraph, DiffusionPage, EventKind};
use crate::post::json::parse;
use crate::published::record::{Event, PostRecord, check_id};
use crate::{Error, Result};

/// Longest chain of users in one path.
const MAX_PATH: usize = 1_000;
/// Columns of a CSV export, in any order; of the two times it needs one.
const COLUMNS: [&str; 10] = [
    "id",
    "parent",
    "t",
    "created_at",
    "kind",
    "user",
    "followers",
    "verified",
    "s",
    "text",
];

/// A post with all that is known to have happened to it.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedPost {
    /// Id of the post on its platform.
    pub id: String,
    /// The post itself.
    pub post: PostRecord,
    /// Seconds after the post up to which events were seen.
    pub observed_until: u32,
    /// Its events, in any order.
    pub events: Vec<Event>,
}

fn at_line(number: usize) -> String {
    format!("lines[{number}]")
}

/// Events, one JSON object per line; blank lines are skipped.
pub fn events_from_ndjson(bytes: &[u8]) -> Result<Vec<Event>> {
    let mut events = Vec::new();
    for (number, line) in lines(bytes) {
        let event = match serde_json::from_slice(line) {
            Ok(event) => event,
            // Reads it again, slower, to say what is wrong.
            Err(_) => parse(line, &at_line(number)).map_err(|e| on_line(e, number))?,
        };
        events.push(checked(event, number)?);
    }
    Ok(events)
}

fn checked(event: Event, line: usize) -> Result<Event> {
    event.validate().map_err(|e| e.within(&at_line(line)))?;
    Ok(event)
}

/// Lines that aren't blank, with their numbers.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    without_mark(bytes)
        .split(|&b| b == b'\n')
        .enumerate()
        .map(|(i, line)| (i + 1, line.trim_ascii()))
        .filter(|(_, line)| !line.is_empty())
}

/// Without the mark that some programs put before UTF-8.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// The line's number in its file instead of 1.
fn on_line(error: Error, number: usize) -> Error {
    match error {
        Error::Malformed {
            field,
            problem,
            column,
            ..
        } => Error::Malformed {
            field,
            problem,
            line: number,
            column,
        },
        other => other,
    }
}

/// Events from a table with a header: `id`, `kind` and one of `t` (seconds after the post) and
/// `created_at` (RFC 3339); where known `parent`, `user`, `followers`, `verified`, `s`, `text`.
/// An empty cell is not known. `posted_at` is when the post was published.
pub fn events_from_csv(bytes: &[u8], posted_at: OffsetDateTime) -> Result<Vec<Event>> {
    let bytes = without_mark(bytes);
    let mut table = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let header = table.headers().map_err(|e| csv_error(&e, 1))?.clone();
    let mut column = [None; COLUMNS.len()];
    for (i, name) in header.iter().enumerate() {
        let Some(known) = COLUMNS.iter().position(|&c| c == name) else {
            let known = COLUMNS.join(", ");
            let problem = format!("\"{name}\" is not a known column: use {known}");
            return Err(Error::invalid(at_line(1), problem));
        };
        if column[known].replace(i).is_some() {
            return Err(Error::invalid(at_line(1), format!("names {name} twice")));
        }
    }
    let has = |name: &str| header.iter().any(|h| h == name);
    for name in ["id", "kind"] {
        if !has(name) {
            return Err(Error::invalid(at_line(1), format!("has no column {name}")));
        }
    }
    if has("t") == has("created_at") {
        let problem = "needs one of the columns t and created_at";
        return Err(Error::invalid(at_line(1), problem));
    }

    let mut events = Vec::new();
    let mut row = csv::StringRecord::new();
    loop {
        let line = line_after_blanks(bytes, table.position());
        let read = table.read_record(&mut row);
        if !read.map_err(|e| csv_error(&e, line))? {
            return Ok(events);
        }
        let cells = Cells {
            row: &row,
            column: &column,
            line,
        };
        events.push(checked(cells.event(posted_at)?, line)?);
    }
}

/// The line of the next row: a reader stands before the end of the last one and blank lines.
fn line_after_blanks(bytes: &[u8], at: &csv::Position) -> usize {
    let rest = bytes.get(at.byte() as usize..).unwrap_or_default();
    let blanks = rest.iter().take_while(|b| b"\r\n".contains(b));
    at.line() as usize + blanks.filter(|&&b| b == b'\n').count()
}

fn csv_error(error: &csv::Error, line: usize) -> Error {
    let problem = match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "isn't UTF-8: export it as UTF-8".to_owned(),
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => format!("has {len} cells, the header has {expected_len}"),
        _ => error.to_string(),
    };
    Error::invalid(at_line(line), problem)
}

/// One row of a table.
struct Cells<'a> {
    row: &'a csv::StringRecord,
    column: &'a [Option<usize>; COLUMNS.len()],
    line: usize,
}

impl Cells<'_> {
    fn event(&self, posted_at: OffsetDateTime) -> Result<Event> {
        let t = match (
            self.parsed("t", "a whole number from 0 to 4294967295")?,
            self.get("created_at"),
        ) {
            (Some(t), _) => t,
            (None, Some(text)) => {
                let at = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| {
                    self.wrong("created_at", text, "a time such as 2026-11-22T10:00:00Z")
                })?;
                let seconds = (at - posted_at).whole_seconds();
                u32::try_from(seconds).map_err(|_| {
                    self.invalid("created_at", "is before the post, or 136 years after it")
                })?
            }
            (None, None) => return Err(self.invalid("t", "is missing")),
        };
        let kind = self.get("kind").unwrap_or_default();
        let kind = EventKind::ALL
            .into_iter()
            .find(|known| known.name() == kind)
            .ok_or_else(|| {
                self.wrong(
                    "kind",
                    kind,
                    &EventKind::ALL.map(EventKind::name).join(", "),
                )
            })?;
        let verified = match self.get("verified") {
            None => None,
            Some("true" | "TRUE" | "True" | "1") => Some(true),
            Some("false" | "FALSE" | "False" | "0") => Some(false),
            Some(other) => return Err(self.wrong("verified", other, "true or false")),
        };
        Ok(Event {
            id: self.get("id").unwrap_or_default().to_owned(),
            parent: self.get("parent").map(str::to_owned),
            t,
            kind,
            user: self.get("user").map(str::to_owned),
            followers: self.parsed("followers", "a whole number, 0 or more")?,
            verified,
            s: self.parsed("s", "a number")?,
            text: self.get("text").map(str::to_owned),
        })
    }

    /// `None` for an empty cell and for a column that isn't there.
    fn get(&self, name: &str) -> Option<&str> {
        let known = COLUMNS.iter().position(|&c| c == name)?;
        let cell = self.row.get(self.column[known]?)?;
        (!cell.is_empty()).then_some(cell)
    }

    fn parsed<T: std::str::FromStr>(&self, name: &str, what: &str) -> Result<Option<T>> {
        let parse = |cell: &str| cell.parse().map_err(|_| self.wrong(name, cell, what));
        self.get(name).map(parse).transpose()
    }

    fn wrong(&self, name: &str, found: &str, what: &str) -> Error {
        self.invalid(name, format!("is \"{found}\": use {what}"))
    }

    fn invalid(&self, name: &str, problem: impl std::fmt::Display) -> Error {
        Error::invalid(format!("{}.{name}", at_line(self.line)), problem)
    }
}

/// A cascade from one line of DeepHawkes' format (Cao et al. 2017), tab-separated: id of the
/// message, id of its user, Unix time of publication, number of reposts, and the reposts,
/// separated by spaces. Each repost is the chain of users it came along, from the author on,
/// and its seconds after the post: `u1/u2/u3:175`. A chain of the author alone is the post.
///
/// A repost hangs on the latest listed one of the longest chain that its own begins with.
/// `number` is the line's in its file, from 1.
pub fn cascade_from_paths(line: &[u8], number: usize) -> Result<ImportedPost> {
    let at = |name: &str| format!("{}.{name}", at_line(number));
    let line =
        std::str::from_utf8(line).map_err(|_| Error::invalid(at_line(number), "isn't UTF-8"))?;
    let fields: Vec<&str> = line.split('\t').map(str::trim).collect();
    let &[id, user, posted_at, _count, paths] = fields.as_slice() else {
        let problem = format!(
            "has {} tab-separated fields, not 5: id, user, Unix time, count, paths",
            fields.len()
        );
        return Err(Error::invalid(at_line(number), problem));
    };
    check_id(&at("id"), id)?;
    check_id(&at("user"), user)?;
    let created_at = posted_at
        .parse()
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        // What RFC 3339 can't write can't be stored.
        .filter(|time| (0..=9999).contains(&time.year()))
        .ok_or_else(|| {
            let problem = format!("is \"{posted_at}\": use seconds since 1970");
            Error::invalid(at("created_at"), problem)
        })?;

    let mut events: Vec<Event> = Vec::new();
    // Reposts by their chain: time and id.
    let mut listed: HashMap<&str, Vec<(u32, String)>> = HashMap::new();
    let mut chains = Vec::new();
    for (i, entry) in paths.split_ascii_whitespace().enumerate() {
        let field = || at(&format!("paths[{}]", i + 1));
        let parsed = entry
            .rsplit_once(':')
            .and_then(|(chain, t)| Some((chain, t.parse::<u32>().ok()?)));
        let Some((chain, t)) = parsed else {
            let problem = format!("is \"{}\": use u1/u2:seconds", shortened(entry));
            return Err(Error::invalid(field(), problem));
        };
        if chain.split('/').count() > MAX_PATH {
            let problem = format!("has more than {MAX_PATH} users");
            return Err(Error::invalid(field(), problem));
        }
        for user in chain.split('/') {
            check_id(&field(), user)?;
        }
        if chain == user {
            continue;
        }
        let id = hash_of(entry);
        listed.entry(chain).or_default().push((t, id.clone()));
        chains.push(chain);
        let last = chain.rsplit('/').next().unwrap_or(chain);
        events.push(Event {
            id,
            parent: None,
            t,
            kind: EventKind::Repost,
            user: Some(last.to_owned()),
            followers: None,
            verified: None,
            s: None,
            text: None,
        });
    }
    for reposts in listed.values_mut() {
        reposts.sort();
    }
    for (event, chain) in events.iter_mut().zip(chains) {
        let mut above = chain;
        while event.parent.is_none()
            && let Some((shorter, _)) = above.rsplit_once('/')
        {
            above = shorter;
            if let Some(reposts) = listed.get(above) {
                let before = reposts.partition_point(|(t, _)| *t <= event.t);
                event.parent = reposts
                    .get(before.saturating_sub(1))
                    .map(|(_, id)| id.clone());
            }
        }
    }
    Ok(ImportedPost {
        id: id.to_owned(),
        post: PostRecord {
            user: Some(user.to_owned()),
            ..PostRecord::new(created_at)
        },
        observed_until: events.iter().map(|e| e.t).max().unwrap_or(0),
        events,
    })
}

/// The id of an event that has none: the same entry is the same event.
fn hash_of(entry: &str) -> String {
    Sha256::digest(entry)[..16]
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

fn shortened(text: &str) -> String {
    const SHOWN: usize = 40;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A cascade from all pages of the diffusion API, one JSON value after the other. The field of an
/// error counts pages from 1: `pages[2].parent[3]`. Indices become ids, so a cascade that is
/// read again replaces the one before.
pub fn cascade_from_pages(bytes: &[u8]) -> Result<ImportedPost> {
    let bytes = without_mark(bytes);
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<IgnoredAny>();
    let mut first: Option<DiffusionPage> = None;
    let mut graph = DiffusionGraph::default();
    let mut events = Vec::new();
    let mut more = false;
    for number in 1.. {
        let at = format!("pages[{number}]");
        let begin = values.byte_offset();
        match values.next() {
            None => break,
            // The page's own reader says it in more words.
            Some(Err(error)) if error.classify() != Category::Io => {
                let rest: Result<DiffusionPage> = parse(&bytes[begin..], &at);
                rest?;
                return Err(Error::invalid(at, error));
            }
            Some(_) => {}
        }
        let page: DiffusionPage = parse(&bytes[begin..values.byte_offset()], &at)?;
        if let Some(first) = &first {
            for (field, same) in [
                ("post", page.post == first.post),
                ("created_at", page.created_at == first.created_at),
                (
                    "observed_until",
                    page.observed_until == first.observed_until,
                ),
                ("total", page.total == first.total),
            ] {
                if !same {
                    let problem = "differs from the first page's: pages are of one snapshot";
                    return Err(Error::invalid(format!("{at}.{field}"), problem));
                }
            }
        } else {
            check_id("post", &page.post).map_err(|e| e.within(&at))?;
        }
        graph.append(&page).map_err(|e| e.within(&at))?;
        more = page.next.is_some();
        for i in 0..page.t.len() {
            let index = page.start + i;
            let event = Event {
                id: index.to_string(),
                parent: (page.parent[i] != 0).then(|| page.parent[i].to_string()),
                t: page.t[i],
                kind: page.kind[i],
                user: Some(format!("{}:{}", hash_of(&page.post), page.user[i])),
                followers: page.followers[i],
                verified: page.verified[i],
                s: page.s[i],
                text: page.text.as_ref().and_then(|texts| texts[i].clone()),
            };
            event
                .validate()
                .map_err(|e| e.within(&format!("{at}.events[{i}]")))?;
            events.push(event);
        }
        first.get_or_insert(page);
    }
    let Some(first) = first else {
        return Err(Error::invalid("pages", "there are none"));
    };
    if more || events.len() as u64 != first.total {
        let problem = format!("hold {} of {} events", events.len(), first.total);
        return Err(Error::invalid("pages", problem));
    }
    Ok(ImportedPost {
        post: PostRecord {
            user: Some(format!("{}:0", hash_of(&first.post))),
            author: first.author,
            ..PostRecord::new(first.created_at)
        },
        id: first.post,
        observed_until: first.observed_until,
        events,
    })
}

/// A post's record from JSON.
pub fn post_from_json(json: &[u8]) -> Result<PostRecord> {
    let record: PostRecord = parse(json, "")?;
    record.validate()?;
    Ok(record)
}
