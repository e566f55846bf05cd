//! Takes posts and events in, and finds the post of each event.

use std::collections::HashMap;
use std::ops::ControlFlow;

use anyhow::{Result, bail};
use bsmv::post::Platform;
use bsmv::published::import::{
    Columns, Happening, ImportedPost, Item, Layout, Moment, Names, Row, Rows, Section, Settings,
    Source, SourceError, When, ZeroTails, items, recognise, unknown_columns,
};
use bsmv::published::record::{Event, PostRecord, seconds_after};
use bsmv::published::store::{Done, Import, Store, StoreError};
use time::{OffsetDateTime, UtcOffset};

use super::tally::Tally;
use super::threads::Threads;

/// Computes the valences of texts.
type ReadTexts<'a> = &'a mut dyn FnMut(&mut [Event]) -> Result<()>;

/// A post that was looked up, or that the file describes.
#[derive(Default)]
pub(super) struct Known {
    /// `None` if it is nowhere.
    pub(super) created_at: Option<OffsetDateTime>,
    /// What is to be stored of it with its next events.
    pub(super) record: Option<Box<PostRecord>>,
    /// True if the file says something of it.
    counted: bool,
}

/// An import under way.
pub struct Intake<'a> {
    pub(super) store: &'a Store,
    /// The transaction, once something is in it, and what it has added.
    pub(super) import: Option<Import<'a>>,
    pub(super) under_way: Done,
    settings: Settings,
    /// The post that a person describes, until it is known which it is.
    pub(super) described: Option<PostRecord>,
    read_texts: ReadTexts<'a>,
    pub observed_until: u32,
    pub no_valences: bool,
    pub tally: Tally,
    pub(super) posts: HashMap<String, Known>,
    pub(super) waiting_posts: usize,
    pub(super) events: HashMap<String, Vec<Event>>,
    pub(super) waiting_events: usize,
    threads: Threads,
    /// The post that the first row names, where a person names another.
    named_in_file: Option<String>,
}

impl<'a> Intake<'a> {
    pub fn new(
        store: &'a Store,
        settings: Settings,
        described: Option<PostRecord>,
        read_texts: ReadTexts<'a>,
    ) -> Self {
        Intake {
            store,
            import: None,
            under_way: Done::default(),
            settings,
            described,
            read_texts,
            observed_until: 0,
            no_valences: false,
            tally: Tally::default(),
            posts: HashMap::new(),
            waiting_posts: 0,
            events: HashMap::new(),
            waiting_events: 0,
            threads: Threads::default(),
            named_in_file: None,
        }
    }

    /// The counts of what was taken in.
    pub fn into_tally(self) -> Tally {
        self.tally
    }

    /// Takes in the rows of a file: those of posts first.
    pub fn add_rows(&mut self, source: &Source) -> Result<()> {
        let sections = source.sections(&|names| recognise(names).is_some())?;
        let mut known: Vec<(&Section, &'static Layout)> = Vec::new();
        for section in &sections {
            match recognise(&section.columns) {
                Some(layout) => known.push((section, layout)),
                None if sections.len() > 1 => {
                    let name = section.name.as_deref().unwrap_or_default();
                    self.tally
                        .note(format!("not read, since its columns aren't known: {name}"));
                }
                None => {
                    return Err(unknown_columns(&section.columns)
                        .within(&section.place(1))
                        .into());
                }
            }
        }
        if known.is_empty() {
            let names: Vec<&str> = sections.iter().filter_map(|s| s.name.as_deref()).collect();
            bail!(
                "has no table of a program that is known: found {}",
                names.join(", ")
            );
        }
        known.sort_by_key(|(_, layout)| match layout.rows {
            Rows::Posts => 0,
            Rows::Mixed => 1,
            _ => 2,
        });
        for (section, layout) in known {
            self.tally.read_as(layout.tool, &source.kind());
            self.add_section(source, section, layout)?;
        }
        Ok(())
    }

    fn add_section(
        &mut self,
        source: &Source,
        section: &Section,
        layout: &'static Layout,
    ) -> Result<()> {
        let has_posts = match layout.rows {
            Rows::Users => {
                self.tally
                    .note(format!("{}: accounts aren't imported", layout.tool));
                return Ok(());
            }
            Rows::Posts | Rows::Mixed => true,
            Rows::Comments | Rows::Reposts | Rows::Events => false,
        };
        layout
            .check_header(&section.columns)
            .map_err(|error| error.within(&section.place(1)))?;
        if has_posts {
            if layout.own_ids && self.settings.post.is_some() {
                bail!(
                    "{}: has no column kind: add one, with repost, quote, reply or comment; to \
                     import posts leave --id out",
                    section.place(1)
                );
            }
            if self.settings.post.is_some() || self.described.is_some() {
                self.tally
                    .note("--id and --post were not used: the file has posts of its own");
            }
        } else if let Some(id) = self.settings.post.clone() {
            self.describe(id)?;
        }
        let mut settings = self.settings.clone();
        if has_posts
            && layout.clock.is_none()
            && let (None, Some(described)) = (settings.offset, &self.described)
        {
            // Nothing else says by which clock the file was written.
            settings.offset = Some(described.created_at.offset());
        }
        if matches!(layout.rows, Rows::Mixed | Rows::Reposts) {
            let mut quotes = Vec::new();
            each_item(source, section, layout, &settings, &mut |found| {
                for item in found.unwrap_or_default().0 {
                    self.look_at(item, &mut quotes)?;
                }
                Ok(ControlFlow::Continue(()))
            })?;
            self.settle(quotes)?;
        }
        let mut tails = ZeroTails::default();
        let unused = each_item(source, section, layout, &settings, &mut |found| {
            self.tally.rows += 1;
            match found {
                Err(error) => self.tally.refuse(error),
                Ok((items, place)) => {
                    for item in items {
                        self.add(item, layout, &place, &mut tails)?;
                    }
                }
            }
            Ok(ControlFlow::Continue(()))
        })?;
        self.tally.not_used(unused);
        Ok(())
    }

    /// Says what a person knows of a post, once: it replaces what the store has.
    pub(super) fn describe(&mut self, id: String) -> Result<()> {
        if let Some(record) = self.described.take() {
            let stored = self.record(&id)?;
            let bare = PostRecord {
                user: None,
                ..record.clone()
            };
            let known = Known {
                created_at: Some(record.created_at),
                record: (stored.as_ref() != Some(&bare)).then(|| Box::new(record)),
                counted: true,
            };
            self.tally.posts += 1;
            self.posts.insert(id, known);
            return Ok(());
        }
        if self.created_at(&id)?.is_none() {
            let missing = anyhow::Error::from(StoreError::NoSuchPost);
            return Err(missing.context(format!("{id}: describe it with --post FILE")));
        }
        Ok(())
    }

    /// The first reading of an item: posts are taken in, and it is noted what events refer to.
    fn look_at(
        &mut self,
        item: Item,
        quotes: &mut Vec<(Box<Happening>, Box<PostRecord>)>,
    ) -> Result<()> {
        match item {
            Item::Post(id, record) => self.add_post(id, *record)?,
            Item::Event(happening) => self.threads.add(&happening, seconds(&happening)),
            Item::EventOrPost(happening, record) => {
                self.threads.add(&happening, seconds(&happening));
                quotes.push((happening, record));
            }
        }
        Ok(())
    }

    /// Makes posts of the quotes whose post isn't known, the oldest first.
    fn settle(&mut self, mut quotes: Vec<(Box<Happening>, Box<PostRecord>)>) -> Result<()> {
        quotes.sort_by_key(|(_, record)| record.created_at);
        for (happening, record) in quotes {
            let target = happening.target.as_deref().unwrap_or_default();
            if self.root(target)?.is_none() {
                self.add_post(happening.event.id, *record)?;
            }
        }
        Ok(())
    }

    /// Takes an item in for good.
    fn add(
        &mut self,
        item: Item,
        layout: &Layout,
        place: &str,
        tails: &mut ZeroTails,
    ) -> Result<()> {
        let id = match &item {
            Item::Post(id, _) => id,
            Item::Event(happening) | Item::EventOrPost(happening, _) => &happening.event.id,
        };
        if tails.are_ruined_with(id) {
            self.give_up();
            bail!("{place}: {}", SourceError::RuinedIds(id.clone()));
        }
        match item {
            // Both are in since the first reading.
            Item::Post(..) if layout.rows == Rows::Mixed => Ok(()),
            Item::EventOrPost(happening, _) if self.created_at(&happening.event.id)?.is_some() => {
                Ok(())
            }
            Item::Post(id, record) => {
                self.add_post(id, *record)?;
                self.make_room()?;
                Ok(())
            }
            Item::Event(happening) | Item::EventOrPost(happening, _) => {
                self.add_event(*happening, layout, place)?;
                self.make_room()?;
                Ok(())
            }
        }
    }

    fn add_event(&mut self, happening: Happening, layout: &Layout, place: &str) -> Result<()> {
        let named = match layout.rows {
            Rows::Mixed => None,
            _ => self.settings.post.clone(),
        };
        if named.is_some() {
            let first = &mut self.named_in_file;
            match &happening.target {
                Some(target) if first.as_ref().is_some_and(|first| first != target) => {
                    let problem = "is of another post than the rows before: leave --id out";
                    self.tally.refuse(format!("{place}: {problem}"));
                    return Ok(());
                }
                Some(target) => *first = Some(target.clone()),
                None => {}
            }
        }
        let target = match named.as_deref().or(happening.target.as_deref()) {
            Some(target) => target.to_owned(),
            None => {
                let problem = "names no post: say which with --id";
                self.tally.refuse(format!("{place}: {problem}"));
                return Ok(());
            }
        };
        if self.described.is_some() && layout.rows != Rows::Mixed {
            self.describe(target.clone())?;
        }
        let Some((post, above)) = self.root(&target)? else {
            self.tally.strays += 1;
            return Ok(());
        };
        let Some(created_at) = self.created_at(&post)? else {
            return Ok(());
        };
        let t = match happening.when {
            When::After(seconds) => seconds,
            When::At(moment) => {
                if !moment.is_exact() {
                    let offset = created_at.offset();
                    self.tally
                        .note(format!("times without an offset were read as {offset}"));
                }
                let at = moment.at(created_at.offset());
                match seconds_after(created_at, at) {
                    Ok((seconds, missing)) => {
                        self.tally.early += u64::from(missing > 0);
                        seconds
                    }
                    Err(error) if at < created_at => {
                        let words = || error.within(place).to_string();
                        self.tally.first_before.get_or_insert_with(words);
                        self.tally.before += 1;
                        return Ok(());
                    }
                    Err(error) => {
                        self.tally.refuse(error.within(place));
                        return Ok(());
                    }
                }
            }
        };
        let by_name = if happening.chain.is_empty() {
            None
        } else {
            let at = seconds(&happening).unwrap_or(i64::MAX);
            let found = self.threads.parent(&happening, at);
            self.tally.chains += 1;
            self.tally.parents += u64::from(found.is_some());
            found
        };
        let mut event = happening.event;
        event.t = t;
        event.parent = event.parent.or(by_name).or(above);
        if let Err(error) = event.validate() {
            self.tally.refuse(error.within(place));
            return Ok(());
        }
        if let Some(known) = self.posts.get_mut(&post)
            && !known.counted
        {
            known.counted = true;
            self.tally.posts += 1;
        }
        self.events.entry(post).or_default().push(event);
        self.waiting_events += 1;
        Ok(())
    }

    /// The post that a target leads to, and the event between them if there is one; `None` if no
    /// post on the way is known.
    fn root(&mut self, target: &str) -> Result<Option<(String, Option<String>)>> {
        if self.created_at(target)?.is_some() {
            return Ok(Some((target.to_owned(), None)));
        }
        for id in self.threads.path(target).into_iter().skip(1) {
            if self.created_at(&id)?.is_some() {
                return Ok(Some((id, Some(target.to_owned()))));
            }
        }
        Ok(None)
    }

    /// When a post was published; `None` if it is neither in the file so far nor in the store.
    fn created_at(&mut self, id: &str) -> Result<Option<OffsetDateTime>> {
        if let Some(known) = self.posts.get(id) {
            return Ok(known.created_at);
        }
        let created_at = self.record(id)?.map(|record| record.created_at);
        let known = Known {
            created_at,
            ..Known::default()
        };
        self.posts.insert(id.to_owned(), known);
        Ok(created_at)
    }

    /// Takes a post in: what the store or the file knew of it and this doesn't stays.
    fn add_post(&mut self, id: String, record: PostRecord) -> Result<()> {
        self.created_at(&id)?;
        let known = self.posts.entry(id.clone()).or_default();
        if !known.counted {
            known.counted = true;
            self.tally.posts += 1;
        }
        if let Some(waiting) = &mut known.record {
            **waiting = PostRecord::clone(waiting).updated(record);
            return Ok(());
        }
        let record = match self.record(&id)? {
            None => record,
            Some(stored) => {
                let joined = stored.clone().updated(record);
                // The store keeps a hash of the author's id instead.
                if (PostRecord {
                    user: None,
                    ..joined.clone()
                }) == stored
                {
                    return Ok(());
                }
                joined
            }
        };
        let known = self.posts.entry(id).or_default();
        known.created_at = Some(record.created_at);
        known.record = Some(Box::new(record));
        self.waiting_posts += 1;
        Ok(())
    }

    /// Takes a whole cascade in beside what the store has of it.
    pub fn add_cascade(&mut self, cascade: ImportedPost) -> Result<()> {
        let mut post = cascade.post;
        post.platform = self.settings.platform.unwrap_or(Platform::Weibo);
        self.add_post(cascade.id.clone(), post)?;
        self.waiting_events += cascade.events.len();
        self.events
            .entry(cascade.id)
            .or_default()
            .extend(cascade.events);
        // Each line is a whole post: what was read so far need not wait for the rest.
        if self.make_room()? {
            self.commit()?;
        }
        Ok(())
    }

    pub(super) fn read_texts(&mut self, events: &mut [Event]) -> Result<()> {
        if self.no_valences || !events.iter().any(Event::wants_valence) {
            return Ok(());
        }
        (self.read_texts)(events)
    }
}

/// An event's time in seconds since 1970, if it says its offset; otherwise by a clock of its own,
/// which orders the events of a file.
fn seconds(happening: &Happening) -> Option<i64> {
    match happening.when {
        When::After(_) => None,
        When::At(moment) => Some(Moment::at(moment, UtcOffset::UTC).unix_timestamp()),
    }
}

/// The items of a row and the row's place, or what is wrong with it.
type Found = bsmv::Result<(Vec<Item>, String)>;

/// Visits the items of a section; returns the columns of which nothing is read.
fn each_item(
    source: &Source,
    section: &Section,
    layout: &'static Layout,
    settings: &Settings,
    take: &mut dyn FnMut(Found) -> Result<ControlFlow<()>>,
) -> Result<Vec<String>> {
    let mut columns = Columns::new(layout);
    let mut outcome = Ok(());
    let mut unused = Vec::new();
    let mut seen_names = 0;
    source.visit(section, &mut |names: &Names, row: bsmv::Result<&Row>| {
        if names.count() > seen_names {
            seen_names = names.count();
            unused = columns.unknown(names);
        }
        let found = row.and_then(|row| {
            let place = section.place(row.number());
            match items(row, names, &mut columns, layout, settings) {
                Ok(items) => Ok((items, place)),
                Err(error) => Err(error.within(&place)),
            }
        });
        match take(found) {
            Ok(flow) => flow,
            Err(error) => {
                outcome = Err(error);
                ControlFlow::Break(())
            }
        }
    })?;
    outcome?;
    Ok(unused)
}
