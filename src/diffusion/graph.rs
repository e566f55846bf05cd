//! The diffusion graph: one node per event, node 0 is the post, edges point from a post to what
//! was made of it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::post::{Author, check_author, moment};
use crate::{Error, Result};

/// Most events a graph holds. Later ones are dropped and counted in [`DiffusionGraph::dropped`].
pub const MAX_EVENTS: usize = 100_000;
/// Version of the page format read here.
pub const PAGE_SCHEMA: u32 = 1;

/// The ways somebody can pass a post on or answer it; a repost has no words of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum EventKind {
    /// Passed on without a word.
    Repost,
    /// Passed on with words of its own.
    Quote,
    /// Answered in public.
    Reply,
    /// Commented below the post.
    // It stays the last.
    Comment,
}

impl EventKind {
    /// All kinds, in order.
    pub const ALL: [EventKind; 4] = [
        EventKind::Repost,
        EventKind::Quote,
        EventKind::Reply,
        EventKind::Comment,
    ];

    /// Its name in requests, answers and tables.
    pub const fn name(self) -> &'static str {
        match self {
            EventKind::Repost => "repost",
            EventKind::Quote => "quote",
            EventKind::Reply => "reply",
            EventKind::Comment => "comment",
        }
    }

    /// True if events of this kind carry words of their own.
    pub fn has_words(self) -> bool {
        match self {
            EventKind::Repost => false,
            EventKind::Quote | EventKind::Reply | EventKind::Comment => true,
        }
    }
}

const _: () = assert!(EventKind::Comment as usize + 1 == EventKind::ALL.len());

/// One page of a post's diffusion: columns of equal length, one row per event. The first 100,000
/// events are used; the score says how many more were left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DiffusionPage {
    /// Version of this page format.
    #[cfg_attr(test, schemars(extend("const" = PAGE_SCHEMA)))]
    pub schema: u32,
    /// Id of the post, as it was asked for.
    pub post: String,
    /// When the post was published (RFC 3339).
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub created_at: OffsetDateTime,
    /// Seconds after the post up to which events were seen.
    pub observed_until: u32,
    /// Events up to `observed_until`, on all pages.
    pub total: u64,
    /// The account that posted.
    #[serde(default)]
    pub author: Option<Author>,
    /// Global index of this page's first event; the post itself is 0 and isn't listed.
    #[cfg_attr(test, schemars(range(min = 1, max = u32::MAX)))]
    pub start: usize,
    /// Seconds after the post, in order, none after `observed_until`.
    pub t: Vec<u32>,
    /// Global index of what was passed on; below the event's own index.
    pub parent: Vec<u32>,
    /// The kind of each event.
    pub kind: Vec<EventKind>,
    /// Pseudonym within this graph, 0 for the post's author; one user may act more than once.
    pub user: Vec<u32>,
    /// Followers of the user; null where not known.
    pub followers: Vec<Option<u64>>,
    /// True if the account is verified; null where not known.
    pub verified: Vec<Option<bool>>,
    /// Valence of the event's text where somebody computed it, so that texts need not travel.
    #[cfg_attr(test, schemars(inner(range(min = -1, max = 1))))]
    pub s: Vec<Option<f32>>,
    /// Texts of the events; only when asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Vec<Option<String>>>,
    /// Cursor of the next page; null or left out on the last.
    #[serde(default)]
    pub next: Option<String>,
}

/// A graph as far as it was seen. Columns hold events only: entry `i` is node `i + 1`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DiffusionGraph {
    /// Seconds after the post up to which events were seen; 0 for a draft.
    pub observed_until: u32,
    /// The author of the post, where known.
    pub author: Option<Author>,
    /// Seconds after the post, in order.
    pub t: Vec<u32>,
    /// Node index of the parent; 0 is the post.
    pub parent: Vec<u32>,
    /// Kind of each event.
    pub kind: Vec<EventKind>,
    /// Pseudonym of the account within this graph; the author is 0.
    pub user: Vec<u32>,
    /// Followers of the account, where known.
    pub followers: Vec<Option<u64>>,
    /// True for a verified account, where known.
    pub verified: Vec<Option<bool>>,
    /// Valence of each event's words, where known.
    pub s: Vec<Option<f32>>,
    /// Events past [`MAX_EVENTS`] that were left out.
    pub dropped: u64,
}

impl DiffusionGraph {
    /// A draft: the post alone, not yet seen by anybody.
    pub fn draft(author: Option<Author>) -> Self {
        DiffusionGraph {
            author,
            ..Default::default()
        }
    }

    /// A graph from its first page.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the column that breaks a rule, as in `parent[3]`.
    pub fn from_page(page: DiffusionPage) -> Result<Self> {
        DiffusionGraph::default().check(&page)?;
        let graph = DiffusionGraph {
            observed_until: page.observed_until,
            author: page.author,
            t: page.t,
            parent: page.parent,
            kind: page.kind,
            user: page.user,
            followers: page.followers,
            verified: page.verified,
            s: page.s,
            dropped: 0,
        };
        Ok(graph.capped(MAX_EVENTS))
    }

    /// Number of events (nodes less the post).
    pub fn len(&self) -> usize {
        self.t.len()
    }

    /// True if nobody has passed the post on yet.
    pub fn is_empty(&self) -> bool {
        self.t.is_empty()
    }

    /// Adds the next page.
    ///
    /// # Errors
    /// As [`DiffusionGraph::from_page`]; the graph is then as it was.
    pub fn append(&mut self, page: &DiffusionPage) -> Result<()> {
        self.check(page)?;
        let kept = page.t.len().min(MAX_EVENTS - self.len());
        self.dropped += (page.t.len() - kept) as u64;
        self.observed_until = page.observed_until;
        if self.author.is_none() {
            self.author.clone_from(&page.author);
        }
        self.t.extend_from_slice(&page.t[..kept]);
        self.parent.extend_from_slice(&page.parent[..kept]);
        self.kind.extend_from_slice(&page.kind[..kept]);
        self.user.extend_from_slice(&page.user[..kept]);
        self.followers.extend_from_slice(&page.followers[..kept]);
        self.verified.extend_from_slice(&page.verified[..kept]);
        self.s.extend_from_slice(&page.s[..kept]);
        Ok(())
    }

    /// The graph as it stood `until` seconds after the post.
    #[must_use]
    pub fn cut(&self, until: u32) -> Self {
        let n = self.t.partition_point(|&t| t <= until);
        DiffusionGraph {
            observed_until: self.observed_until.min(until),
            author: self.author.clone(),
            t: self.t[..n].to_vec(),
            parent: self.parent[..n].to_vec(),
            kind: self.kind[..n].to_vec(),
            user: self.user[..n].to_vec(),
            followers: self.followers[..n].to_vec(),
            verified: self.verified[..n].to_vec(),
            s: self.s[..n].to_vec(),
            dropped: if n == self.len() { self.dropped } else { 0 },
        }
    }

    /// The graph's first `most` events; the others are counted as dropped.
    #[must_use]
    pub fn capped(mut self, most: usize) -> Self {
        self.dropped += self.len().saturating_sub(most) as u64;
        shorten(&mut self.t, most);
        shorten(&mut self.parent, most);
        shorten(&mut self.kind, most);
        shorten(&mut self.user, most);
        shorten(&mut self.followers, most);
        shorten(&mut self.verified, most);
        shorten(&mut self.s, most);
        self
    }

    /// The page of events `start..start + most` (node indices, from 1) among those up to
    /// `until` seconds after `post`, which was published at `created_at`. `next` and texts are
    /// the caller's.
    #[must_use]
    pub fn page(
        &self,
        post: &str,
        created_at: OffsetDateTime,
        until: u32,
        start: usize,
        most: usize,
    ) -> DiffusionPage {
        let total = self.t.partition_point(|&t| t <= until);
        let from = start.saturating_sub(1).min(total);
        let rows = from..total.min(from.saturating_add(most));
        DiffusionPage {
            schema: PAGE_SCHEMA,
            post: post.to_owned(),
            created_at,
            observed_until: self.observed_until.min(until),
            total: total as u64,
            author: self.author.clone(),
            start: from + 1,
            t: self.t[rows.clone()].to_vec(),
            parent: self.parent[rows.clone()].to_vec(),
            kind: self.kind[rows.clone()].to_vec(),
            user: self.user[rows.clone()].to_vec(),
            followers: self.followers[rows.clone()].to_vec(),
            verified: self.verified[rows.clone()].to_vec(),
            s: self.s[rows].to_vec(),
            text: None,
            next: None,
        }
    }

    fn check(&self, page: &DiffusionPage) -> Result<()> {
        if page.schema != PAGE_SCHEMA {
            let problem = format!("is {}, this build reads {PAGE_SCHEMA}", page.schema);
            return Err(Error::invalid("schema", problem));
        }
        moment::check("created_at", page.created_at)?;
        check_author(page.author.as_ref())?;
        let n = page.t.len();
        for (field, len) in [
            ("parent", page.parent.len()),
            ("kind", page.kind.len()),
            ("user", page.user.len()),
            ("followers", page.followers.len()),
            ("verified", page.verified.len()),
            ("s", page.s.len()),
            ("text", page.text.as_ref().map_or(n, Vec::len)),
        ] {
            if len != n {
                let problem = format!("has {len} entries, `t` has {n}");
                return Err(Error::invalid(field, problem));
            }
        }
        let expected = self.len() + self.dropped as usize + 1;
        if page.start != expected {
            let problem = format!("is {}, the next event is {expected}", page.start);
            return Err(Error::invalid("start", problem));
        }
        if page.observed_until < self.observed_until {
            let problem = format!("is {}, before an earlier page's", page.observed_until);
            return Err(Error::invalid("observed_until", problem));
        }
        let mut last = self.t.last().copied().unwrap_or(0);
        for i in 0..n {
            let (t, parent) = (page.t[i], page.parent[i]);
            if t < last {
                let problem = format!("is {t}, before the event ahead of it at {last}");
                return Err(Error::invalid(format!("t[{i}]"), problem));
            }
            if t > page.observed_until {
                let problem = format!("is {t}, after observed_until {}", page.observed_until);
                return Err(Error::invalid(format!("t[{i}]"), problem));
            }
            if parent as usize >= page.start + i {
                let problem = format!("is {parent}, not an event before {}", page.start + i);
                return Err(Error::invalid(format!("parent[{i}]"), problem));
            }
            // Negated so that NaN fails too.
            if let Some(s) = page.s[i]
                && !(-1.0..=1.0).contains(&s)
            {
                let problem = format!("is {s}, not between -1 and 1");
                return Err(Error::invalid(format!("s[{i}]"), problem));
            }
            last = t;
        }
        Ok(())
    }
}

/// Cuts a column and gives back the memory of what was cut.
fn shorten<T>(column: &mut Vec<T>, most: usize) {
    if column.len() > most {
        column.truncate(most);
        column.shrink_to_fit();
    }
}
