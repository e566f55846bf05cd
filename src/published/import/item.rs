//! Rows as posts and events.

use time::OffsetDateTime;
use time::UtcOffset;

use super::layouts::{Columns, FIELDS, Field, Layout, Rows};
use super::source::rows::{Names, Row};
use super::values::times::{Moment, moment};
use super::values::{chain, ids, numbers, words};
use super::{hash_of, shortened};
use crate::diffusion::EventKind;
use crate::post::{Author, MAX_TITLE_CHARS, Platform, Post};
use crate::published::record::{Counts, Event, PostRecord, check_id, check_seconds};
use crate::{Error, Result};

/// What the person who imports knows beside the file.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Id of the post that all events of the file belong to.
    pub post: Option<String>,
    /// Offset of times that don't say theirs.
    pub offset: Option<UtcOffset>,
    /// Platform of the posts, instead of what the layout says.
    pub platform: Option<Platform>,
}

/// What a row says.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A post and its id.
    Post(String, Box<PostRecord>),
    /// Something that was done with a post.
    Event(Box<Happening>),
    /// An event of a post if that is known, otherwise a post of its own: a quote on X.
    EventOrPost(Box<Happening>, Box<PostRecord>),
}

/// An event before it is known when its post was published.
#[derive(Debug, Clone, PartialEq)]
pub struct Happening {
    /// The post or event that it answers or passes on, as the file says.
    pub target: Option<String>,
    /// Its time.
    pub when: When,
    /// Its account's name.
    pub name: Option<String>,
    /// Names of those it came along, nearest first.
    pub chain: Vec<String>,
    /// All else; its `t` is 0.
    pub event: Event,
}

/// The time of an event, as far as a row says it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum When {
    /// Seconds after the post.
    After(u32),
    /// A time of day, which may lack its offset.
    At(Moment),
}

/// Cells by their fields.
struct Cells<'a> {
    columns: [Option<(usize, usize, &'a str)>; FIELDS],
    names: &'a Names,
    layout: &'static Layout,
    settings: &'a Settings,
}

/// Reads the items of a row. The field of an error is the column's name.
pub fn items(
    row: &Row,
    names: &Names,
    columns: &mut Columns,
    layout: &'static Layout,
    settings: &Settings,
) -> Result<Vec<Item>> {
    let (own, source) = cells(row, names, columns, layout, settings);
    match layout.rows {
        Rows::Posts => Ok(vec![own.post()?]),
        Rows::Comments | Rows::Reposts | Rows::Events => {
            Ok(vec![Item::Event(Box::new(own.event()?))])
        }
        Rows::Mixed => mixed(&own, &source),
        Rows::Users => Ok(Vec::new()),
    }
}

/// Reads the words of a row as a post to score, whatever else the row is.
pub fn draft(
    row: &Row,
    names: &Names,
    columns: &mut Columns,
    layout: &'static Layout,
    settings: &Settings,
) -> Result<Post> {
    cells(row, names, columns, layout, settings).0.draft()
}

/// The cells of a row, and those of the post that it passes on.
fn cells<'a>(
    row: &'a Row,
    names: &'a Names,
    columns: &mut Columns,
    layout: &'static Layout,
    settings: &'a Settings,
) -> (Cells<'a>, Cells<'a>) {
    let empty = || Cells {
        columns: [None; FIELDS],
        names,
        layout,
        settings,
    };
    let (mut own, mut source) = (empty(), empty());
    for (column, cell) in row.cells() {
        let Some(target) = columns.target(names, column) else {
            continue;
        };
        let cells = if target.of_source {
            &mut source
        } else {
            &mut own
        };
        let place = &mut cells.columns[target.field as usize];
        if place.is_none_or(|(rank, ..)| target.rank < rank) {
            *place = Some((target.rank, column, cell));
        }
    }
    (own, source)
}

/// A post, or an event and what is known of the post that it passes on.
fn mixed(own: &Cells, source: &Cells) -> Result<Vec<Item>> {
    let retweeted = match own.reference(Field::Retweeted)? {
        Some(id) => Some(id),
        None => source.reference(Field::Id)?,
    };
    if let Some(target) = retweeted {
        let mut items = Vec::new();
        if source.get(Field::Time).is_some() {
            items.push(source.post()?);
        }
        let mut happening = own.happening(Some(target), EventKind::Repost)?;
        own.read_chain(&mut happening);
        items.push(Item::Event(Box::new(happening)));
        return Ok(items);
    }
    if let Some(answered) = own.reference(Field::RepliedTo)? {
        let conversation = own.reference(Field::Conversation)?;
        let target = conversation.unwrap_or_else(|| answered.clone());
        let parent = (answered != target).then_some(answered);
        let mut happening = own.happening(Some(target), EventKind::Reply)?;
        happening.event.parent = parent;
        return Ok(vec![Item::Event(Box::new(happening))]);
    }
    let Item::Post(id, record) = own.post()? else {
        return Ok(Vec::new());
    };
    let Some(quoted) = own.reference(Field::Quoted)? else {
        return Ok(vec![Item::Post(id, record)]);
    };
    let happening = own.happening(Some(quoted), EventKind::Quote)?;
    Ok(vec![Item::EventOrPost(Box::new(happening), record)])
}

impl<'a> Cells<'a> {
    fn get(&self, field: Field) -> Option<&'a str> {
        self.columns[field as usize].map(|(.., cell)| cell)
    }

    /// The name of a field's column, as the file writes it.
    fn column(&self, field: Field) -> &str {
        match self.columns[field as usize] {
            Some((_, column, _)) => self.names.name(column),
            None => self.layout.name_in(self.names, field),
        }
    }

    fn invalid(&self, field: Field, problem: impl std::fmt::Display) -> Error {
        Error::invalid(self.column(field), problem)
    }

    /// An error that shows what was found.
    fn wrong(&self, field: Field, found: &str, what: impl std::fmt::Display) -> Error {
        self.invalid(field, format!("is \"{}\": {what}", shortened(found)))
    }

    fn count(&self, field: Field) -> Result<Option<u64>> {
        let Some(cell) = self.get(field) else {
            return Ok(None);
        };
        numbers::count(cell).map_err(|()| {
            self.wrong(
                field,
                cell,
                "use a whole number, 0 or more, such as 12000 or 1.2万",
            )
        })
    }

    fn yes_or_no(&self, field: Field) -> Result<Option<bool>> {
        let Some(cell) = self.get(field) else {
            return Ok(None);
        };
        words::yes_or_no(cell).map_err(|()| self.wrong(field, cell, "use true or false"))
    }

    fn id(&self, field: Field) -> Result<Option<String>> {
        let Some(cell) = self.get(field) else {
            return Ok(None);
        };
        let id = if self.layout.own_ids && !ids::is_shortened(cell) {
            cell
        } else {
            ids::id(cell).map_err(|ruined| self.wrong(field, cell, ruined))?
        };
        check_id(self.column(field), id)?;
        Ok(Some(id.to_owned()))
    }

    /// An id of something else; many programs write 0 where there is none.
    fn reference(&self, field: Field) -> Result<Option<String>> {
        let id = self.id(field)?;
        if self.layout.own_ids {
            return Ok(id);
        }
        let none = |id: &str| {
            matches!(
                id.to_ascii_lowercase().as_str(),
                "0" | "-1" | "none" | "null" | "nan" | "n/a"
            )
        };
        Ok(id.filter(|id| !none(id)))
    }

    /// The account: its id where there is one, otherwise its name.
    fn user(&self) -> Result<Option<String>> {
        match self.id(Field::User)? {
            Some(id) => Ok(Some(id)),
            None => self.id(Field::Name),
        }
    }

    fn time(&self) -> Result<Option<Moment>> {
        let Some(cell) = self.get(Field::Time) else {
            return Ok(self.time_in_id());
        };
        let read = moment(cell, self.layout.slashes)
            .map_err(|problem| self.wrong(Field::Time, cell, problem))?;
        let known = self.settings.offset.or_else(|| {
            let hours = self.layout.clock?;
            UtcOffset::from_hms(hours, 0, 0).ok()
        });
        Ok(Some(match (read, known) {
            (Moment::Local(_), Some(offset)) => Moment::Exact(read.at(offset)),
            _ => read,
        }))
    }

    /// X's ids hold the time in ms since 2010-11-04.
    fn time_in_id(&self) -> Option<Moment> {
        const BEGIN: u64 = 1_288_834_974_657;
        let id: u64 = self.get(Field::Id)?.parse().ok()?;
        if self.layout.platform != Platform::X || self.layout.rows != Rows::Mixed || id >> 40 == 0 {
            return None;
        }
        let seconds = i64::try_from(((id >> 22) + BEGIN) / 1_000).ok()?;
        OffsetDateTime::from_unix_timestamp(seconds)
            .ok()
            .map(Moment::Exact)
    }

    fn platform(&self) -> Platform {
        let named = || words::platform(self.get(Field::Platform)?);
        let said = self.settings.platform.or_else(named);
        said.unwrap_or(self.layout.platform)
    }

    fn text(&self, field: Field) -> Option<String> {
        let text = self.get(field)?;
        Some(if self.layout.platform == Platform::Xiaohongshu {
            // It writes tags as `#词[话题]#`.
            text.replace("[话题]", "")
        } else {
            text.to_owned()
        })
    }

    /// Title and text.
    fn words(&self) -> (Option<String>, Option<String>) {
        // Some programs write the text twice.
        match (self.text(Field::Title), self.text(Field::Text)) {
            (Some(title), None) => (None, Some(title)),
            (Some(title), Some(text)) if text.starts_with(&title) => (None, Some(text)),
            (Some(title), Some(text)) if title.chars().count() > MAX_TITLE_CHARS => {
                (None, Some(format!("{title}\n{text}")))
            }
            other => other,
        }
    }

    /// What is known of the account, if anything is.
    fn author(&self) -> Result<Option<Author>> {
        let author = Author {
            followers: self.count(Field::Followers)?,
            following: self.count(Field::Following)?,
            posts: self.count(Field::Statuses)?,
            verified: self.yes_or_no(Field::Verified)?,
            account_age_days: None,
            recent: Vec::new(),
        };
        Ok(Some(author).filter(|author| *author != Author::default()))
    }

    /// A post to score, which needs neither id nor time.
    fn draft(&self) -> Result<Post> {
        let (title, text) = self.words();
        let created_at = match self.time()? {
            Some(Moment::Exact(time)) => Some(time),
            // By a clock that nobody knows it is no time.
            Some(Moment::Local(_) | Moment::Day(_)) | None => None,
        };
        let post = Post {
            title,
            text: text.ok_or_else(|| self.invalid(Field::Text, "is empty"))?,
            platform: self.platform(),
            created_at,
            author: self.author()?,
            images: self.media(Field::Images),
            videos: self.media(Field::Videos),
            likes: self.count(Field::Likes)?,
            saves: self.count(Field::Saves)?,
            comments: self.count(Field::Comments)?,
            ..Post::default()
        };
        post.validate()?;
        Ok(post)
    }

    fn post(&self) -> Result<Item> {
        let moment = self
            .time()?
            .ok_or_else(|| self.invalid(Field::Time, "is missing"))?;
        let offset = self.settings.offset.or(self
            .layout
            .clock
            .and_then(|hours| UtcOffset::from_hms(hours, 0, 0).ok()));
        let created_at = match (moment, offset) {
            (Moment::Exact(time), _) => time,
            (moment, Some(offset)) => moment.at(offset),
            (_, None) => {
                let found = self.get(Field::Time).unwrap_or_default();
                let problem = "has no offset from UTC: say it with --utc-offset, such as +08:00";
                return Err(self.wrong(Field::Time, found, problem));
            }
        };
        let (title, text) = self.words();
        let counts = Counts {
            views: self.count(Field::Views)?,
            likes: self.count(Field::Likes)?,
            comments: self.count(Field::Comments)?,
            shares: self.count(Field::Shares)?,
            saves: self.count(Field::Saves)?,
            interactions: self.count(Field::Interactions)?,
        };
        let user = self.user()?;
        let id = match self.id(Field::Id)? {
            Some(id) => id,
            // A creator's own figures have no ids: title and time tell the works apart.
            None if text.is_some() && self.layout.rows == Rows::Posts && !self.layout.own_ids => {
                let words = text.as_deref().unwrap_or_default();
                hash_of(&format!("{words}\n{}", created_at.unix_timestamp()))
            }
            None => return Err(self.invalid(Field::Id, "is empty")),
        };
        let record = PostRecord {
            user,
            author: self.author()?,
            platform: self.platform(),
            title,
            text,
            images: self.media(Field::Images),
            videos: self.media(Field::Videos),
            counts: Some(counts).filter(|counts| *counts != Counts::default()),
            ..PostRecord::new(created_at)
        };
        record.validate()?;
        Ok(Item::Post(id, Box::new(record)))
    }

    /// The number in a cell, or the number of addresses that it lists.
    fn media(&self, field: Field) -> Option<u32> {
        let cell = self.get(field)?;
        match numbers::count(cell) {
            Ok(count) => u32::try_from(count?).ok(),
            Err(()) if cell == "无" => Some(0),
            Err(()) if field == Field::Videos => Some(1),
            Err(()) => {
                let listed = cell
                    .split([',', ';'])
                    .filter(|part| !part.trim().is_empty());
                u32::try_from(listed.count()).ok()
            }
        }
    }

    /// An event of a file of events.
    fn event(&self) -> Result<Happening> {
        let target = self.reference(Field::Post)?;
        let parent = self.reference(Field::Parent)?;
        let kind = match self.layout.rows {
            Rows::Reposts => EventKind::Repost,
            Rows::Comments if parent.is_some() => EventKind::Reply,
            Rows::Comments => EventKind::Comment,
            _ => {
                let cell = self.get(Field::Kind).unwrap_or_default();
                words::kind(cell).ok_or_else(|| {
                    self.wrong(Field::Kind, cell, "use repost, quote, reply or comment")
                })?
            }
        };
        let mut happening = self.happening(target, kind)?;
        happening.event.parent = parent;
        if self.layout.rows == Rows::Comments
            && happening.event.parent.as_deref() == Some(&happening.event.id)
        {
            // Weibo names a comment that begins a thread as its own root.
            happening.event.parent = None;
            happening.event.kind = EventKind::Comment;
        }
        if self.layout.rows == Rows::Reposts {
            self.read_chain(&mut happening);
        }
        happening.event.validate()?;
        Ok(happening)
    }

    fn happening(&self, target: Option<String>, kind: EventKind) -> Result<Happening> {
        let id = self
            .id(Field::Id)?
            .ok_or_else(|| self.invalid(Field::Id, "is empty"))?;
        let event = Event {
            id,
            parent: None,
            t: 0,
            kind,
            user: self.user()?,
            followers: self.count(Field::Followers)?,
            verified: self.yes_or_no(Field::Verified)?,
            s: self.valence()?,
            text: self.text(Field::Text),
        };
        event.validate()?;
        Ok(Happening {
            target,
            when: self.when()?,
            name: self.get(Field::Name).map(str::to_owned),
            chain: Vec::new(),
            event,
        })
    }

    fn valence(&self) -> Result<Option<f32>> {
        let Some(cell) = self.get(Field::Valence) else {
            return Ok(None);
        };
        let number = cell.parse();
        number
            .map(Some)
            .map_err(|_| self.wrong(Field::Valence, cell, "use a number"))
    }

    fn when(&self) -> Result<When> {
        if let Some(cell) = self.get(Field::Seconds) {
            if self.get(Field::Time).is_some() {
                let other = self.column(Field::Time);
                return Err(
                    self.invalid(Field::Seconds, format!("stands beside {other}: give one"))
                );
            }
            let t: u32 = cell.parse().map_err(|_| {
                self.wrong(
                    Field::Seconds,
                    cell,
                    "use a whole number from 0 to 4294967295",
                )
            })?;
            check_seconds(self.column(Field::Seconds), t)?;
            return Ok(When::After(t));
        }
        match self.time()? {
            Some(Moment::Day(_)) => {
                let cell = self.get(Field::Time).unwrap_or_default();
                let problem = "an event needs the time of day, such as 2026-11-22T10:00:00Z";
                Err(self.wrong(Field::Time, cell, problem))
            }
            Some(moment) => Ok(When::At(moment)),
            None if self.layout.has(Field::Seconds) => {
                Err(self.invalid(Field::Seconds, "is missing, and so is created_at"))
            }
            None => Err(self.invalid(Field::Time, "is missing")),
        }
    }

    /// Takes the text of a repost apart: own words, which make it a quote, and the names of those
    /// it came along.
    fn read_chain(&self, happening: &mut Happening) {
        let event = &mut happening.event;
        if self.layout.platform != Platform::Weibo {
            // X repeats the post's words, cut off.
            event.text = None;
            return;
        }
        let text = event.text.take().unwrap_or_default();
        happening.chain = chain::names(&text).map(str::to_owned).collect();
        let words = chain::own_words(&text);
        if !chain::is_silent(words) {
            event.kind = EventKind::Quote;
            event.text = Some(words.to_owned());
        }
    }
}
