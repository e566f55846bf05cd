//! A creator's own posts and what became of them, of whatever file has them.

use std::collections::HashMap;
use std::ops::ControlFlow;

use serde::Serialize;
use time::UtcOffset;

use super::layouts::{Columns, Layout, Rows, recognise, unknown_columns};
use super::source::{Format, Section, Source, SourceError};
use super::trouble::Trouble;
use super::values::ids::ZeroTails;
use super::{Item, Settings, items};
use crate::diffusion::EventKind;
use crate::published::record::PostRecord;

/// The posts of a file, and what was left out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Past {
    /// The programs that wrote it, as far as they are known.
    pub tools: Vec<&'static str>,
    /// Rows that were looked at.
    pub rows: usize,
    /// Posts of one account, each once, in the order of the file.
    pub posts: Vec<PastPost>,
    /// Rows that are no such post, with their reasons.
    pub skipped: Vec<Trouble>,
    /// Parts of the file that have no posts, by name.
    pub left_out: Vec<String>,
}

/// A post and its id.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PastPost {
    /// Id of the post on its platform, or a hash of its words and time where it has none.
    pub id: String,
    /// The post; its counts are those that the platform showed.
    #[serde(flatten)]
    pub post: PostRecord,
}

/// Reads the posts of a file. `offset` is that of times whose file says no other, and whose program
/// is bound to no place.
///
/// Reposts and replies are left out, and so are posts of other accounts than the one that has most rows.
///
/// # Errors
/// Those of a file that can't be read, or that has no posts of a program that is known.
pub fn past(source: &Source, offset: Option<UtcOffset>) -> Result<Past, SourceError> {
    if matches!(source.format(), Some(Format::Pages | Format::Paths)) {
        return Err(SourceError::Cascades);
    }
    let sections = source.sections(&|names| recognise(names).is_some())?;
    let mut found = Found::default();
    let mut past = Past {
        tools: Vec::new(),
        rows: 0,
        posts: Vec::new(),
        skipped: Vec::new(),
        left_out: Vec::new(),
    };
    for section in &sections {
        let layout = recognise(&section.columns)
            .filter(|layout| matches!(layout.rows, Rows::Posts | Rows::Mixed));
        match layout {
            Some(layout) => {
                layout.check_header(&section.columns)?;
                if !past.tools.contains(&layout.tool) {
                    past.tools.push(layout.tool);
                }
                found.read(source, section, layout, offset)?;
            }
            None => past.left_out.extend(section.name.clone()),
        }
    }
    if past.tools.is_empty() {
        let names: Vec<&String> = sections.iter().flat_map(|s| &s.columns).collect();
        return Err(SourceError::UnknownColumns(unknown_columns(&names)));
    }
    past.rows = found.rows;
    (past.posts, past.skipped) = found.own();
    Ok(past)
}

/// The account that a row is of.
fn user_of(item: &Item) -> Option<&str> {
    match item {
        Item::Post(_, post) => post.user.as_deref(),
        Item::Event(happening) | Item::EventOrPost(happening, _) => happening.event.user.as_deref(),
    }
}

/// Posts and their lines as they are found.
#[derive(Default)]
struct Found {
    rows: usize,
    posts: Vec<(usize, PastPost)>,
    places: HashMap<String, usize>,
    skipped: Vec<Trouble>,
    tails: ZeroTails,
    /// Rows of each account, and the last of them.
    accounts: HashMap<String, (usize, usize)>,
}

impl Found {
    fn read(
        &mut self,
        source: &Source,
        section: &Section,
        layout: &'static Layout,
        offset: Option<UtcOffset>,
    ) -> Result<(), SourceError> {
        let settings = Settings {
            offset: offset.filter(|_| layout.clock.is_none()),
            ..Settings::default()
        };
        let mut columns = Columns::new(layout);
        let mut outcome = Ok(());
        source.visit(section, &mut |names, row| {
            self.rows += 1;
            let row = match row {
                Ok(row) => row,
                Err(error) => {
                    self.skipped.push(Trouble::of(&error, "", layout));
                    return ControlFlow::Continue(());
                }
            };
            let place = section.place(row.number());
            match items(row, names, &mut columns, layout, &settings) {
                Ok(items) => outcome = self.add(items, row.number()),
                Err(error) => {
                    let error = error.within(&place);
                    self.skipped.push(Trouble::of(&error, &place, layout));
                }
            }
            match outcome {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        })?;
        outcome
    }

    /// Adds the post that a row is. A row that passes a post on may describe that post too, which is
    /// another's.
    fn add(&mut self, items: Vec<Item>, line: usize) -> Result<(), SourceError> {
        if let Some(user) = items.last().and_then(user_of) {
            let rows = self.accounts.entry(user.to_owned()).or_default();
            *rows = (rows.0 + 1, self.rows);
        }
        let event = items.iter().find_map(|item| match item {
            Item::Event(happening) => Some(happening.event.kind),
            _ => None,
        });
        if let Some(kind) = event {
            let (code, message) = match kind {
                EventKind::Reply | EventKind::Comment => ("reply", "is a reply"),
                EventKind::Repost | EventKind::Quote => ("repost", "passes another post on"),
            };
            self.skipped.push(Trouble::unwanted(line, code, message));
            return Ok(());
        }
        for item in items {
            let (id, post) = match item {
                Item::Post(id, post) => (id, *post),
                Item::EventOrPost(happening, post) => (happening.event.id, *post),
                Item::Event(_) => continue,
            };
            if self.tails.are_ruined_with(&id) {
                return Err(SourceError::RuinedIds(id));
            }
            if let Some(&at) = self.places.get(&id) {
                let known = &mut self.posts[at].1.post;
                *known = known.clone().updated(post);
                let message = "has a post that was there before";
                self.skipped
                    .push(Trouble::unwanted(line, "repeated", message));
                continue;
            }
            self.places.insert(id.clone(), self.posts.len());
            self.posts.push((line, PastPost { id, post }));
        }
        Ok(())
    }

    /// The posts of the account that has most rows, without its name; and what was left out, in the
    /// order of the file.
    fn own(mut self) -> (Vec<PastPost>, Vec<Trouble>) {
        // Of as many the later: what somebody quotes stands before what they say of it.
        let most = self.accounts.into_iter().max_by_key(|(_, rows)| *rows);
        let own = most.map(|(user, _)| user);
        let mut posts = Vec::with_capacity(self.posts.len());
        for (line, mut found) in self.posts {
            if found.post.user.is_some() && found.post.user != own {
                let message = "is of another account";
                self.skipped
                    .push(Trouble::unwanted(line, "other_account", message));
                continue;
            }
            found.post.user = None;
            posts.push(found);
        }
        self.skipped.sort_by_key(|trouble| trouble.line);
        (posts, self.skipped)
    }
}
