//! Importing: posts and events from the files that people have.
//!
//! ```text
//! bytes ─ source: encoding, table, JSON, workbook, database ─ rows
//! names of columns ─ layouts: the program that wrote them ──── fields
//! rows, fields ─ values: counts, times, kinds, ids ─────────── items: posts and events
//! items ─ past: a creator's own posts;  rows ─ drafts: requests to score
//! ```
//!
//! Every error names the line and the field: `lines[3].t` is field `t` of line 3, counted from 1.
//! Whole cascades have readers of their own: [`cascade_from_pages`] and [`cascade_from_paths`].

mod drafts;
mod item;
mod layouts;
mod ndjson;
mod pages;
mod past;
mod paths;
mod source;
mod trouble;
mod values;

use sha2::{Digest, Sha256};

pub use drafts::{Drafts, Place};
pub use item::{Happening, Item, Settings, When, draft, items};
pub use layouts::{Columns, Layout, Rows, recognise, recognise_texts, unknown_columns};
pub use ndjson::{SentEvent, events_from_ndjson};
pub use pages::cascade_from_pages;
pub use past::{Past, PastPost, past};
pub use paths::cascade_from_paths;
pub use source::rows::{Names, Row};
pub use source::{Format, Section, Source, SourceError};
pub use trouble::Trouble;
pub use values::ids::ZeroTails;
pub use values::times::{Moment, offset};

use crate::Result;
use crate::post::json::parse;
use crate::published::record::{Event, PostRecord};

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

/// A post's record from JSON.
pub fn post_from_json(json: &[u8]) -> Result<PostRecord> {
    let record: PostRecord = parse(json, "")?;
    record.validate()?;
    Ok(record)
}

fn at_line(number: usize) -> String {
    format!("lines[{number}]")
}

/// The id of something that has none: the same words are the same thing.
fn hash_of(words: &str) -> String {
    Sha256::digest(words)[..16]
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

/// The begin of a text, for an error.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 40;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
