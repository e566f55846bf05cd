//! Layouts: which program writes which columns. To add one, add its table to a file here.

mod exports;
mod mediacrawler;
mod own;
mod weibo;
mod x;

use crate::post::Platform;
use crate::{Error, Result};

use super::shortened;
use super::source::rows::Names;
use super::values::times::SlashOrder;

/// What a column holds. Of each row the first cell that isn't empty counts, in the order of a
/// layout's aliases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Field {
    /// Id of the post or event.
    Id,
    /// Id of the post that an event belongs to.
    Post,
    /// Id of the event that was answered or passed on.
    Parent,
    Kind,
    /// Seconds after the post.
    Seconds,
    /// A time of day.
    Time,
    /// Id of the account.
    User,
    /// Name of the account, as others write it after `@`.
    Name,
    Followers,
    Following,
    /// Posts of the account.
    Statuses,
    Verified,
    Valence,
    Text,
    Title,
    Images,
    Videos,
    Views,
    Likes,
    Comments,
    Shares,
    Saves,
    /// Sum of all that people did with a post.
    Interactions,
    Platform,
    /// Id of the post that was passed on without words.
    Retweeted,
    /// Id of the post that was passed on with words.
    Quoted,
    /// Id of the post that was answered.
    RepliedTo,
    /// Id of the post that a conversation began with.
    Conversation,
}

/// Number of [`Field`]s.
pub const FIELDS: usize = Field::Conversation as usize + 1;

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// A post.
    Posts,
    /// A comment; one with a parent is a reply.
    Comments,
    /// A repost; one with words of its own is a quote.
    Reposts,
    /// A post, or an event of the post that it refers to.
    Mixed,
    /// An event, whose kind a column says.
    Events,
    /// An account.
    Users,
}

/// Hours that a platform's clock is ahead of UTC, for times without an offset.
pub type Clock = Option<i8>;
const BEIJING: Clock = Some(8);

/// The columns that a program writes.
#[derive(Debug)]
pub struct Layout {
    /// The program, and what of its files this is.
    pub tool: &'static str,
    /// Platform of its posts.
    pub platform: Platform,
    /// What each row is.
    pub rows: Rows,
    /// Names that together tell this layout from all others; `a|b` is either of two.
    marks: &'static [&'static str],
    /// Fields with the names of their columns, in small letters, the best first.
    columns: &'static [(Field, &'static [&'static str])],
    /// What stands before the names of columns that describe the post passed on.
    source_prefixes: &'static [&'static str],
    /// Names that the program writes and that hold nothing for us, by their begin.
    unused: &'static [&'static str],
    /// Clock of times without an offset.
    pub clock: Clock,
    /// Order of the numbers in dates with slashes.
    pub slashes: SlashOrder,
    /// True if ids are kept as they are, since they are the store's own.
    pub own_ids: bool,
}

/// What most layouts have.
const PLAIN: Layout = Layout {
    tool: "",
    platform: Platform::Other,
    rows: Rows::Posts,
    marks: &[],
    columns: &[],
    source_prefixes: &[],
    unused: &[],
    clock: None,
    slashes: SlashOrder::Unknown,
    own_ids: false,
};

/// All layouts. The first whose marks are all there is taken.
fn all() -> impl Iterator<Item = &'static Layout> {
    [
        own::NAMED,
        weibo::LAYOUTS,
        mediacrawler::LAYOUTS,
        x::LAYOUTS,
        exports::LAYOUTS,
        own::LAYOUTS,
    ]
    .into_iter()
    .flatten()
}

/// A name as it is compared: small letters, without the marks that some programs put before it.
fn normal(name: &str) -> String {
    name.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
        .to_lowercase()
}

/// An error for a file that no layout fits; it lists what was found.
pub fn unknown_columns<S: AsRef<str>>(names: &[S]) -> Error {
    const SHOWN: usize = 40;
    let shown = |name: &S| shortened(name.as_ref()).replace(char::is_control, "\u{fffd}");
    let mut found: Vec<String> = names.iter().map(shown).filter(|n| !n.is_empty()).collect();
    if found.is_empty() {
        return Error::invalid("header", "is missing: the file holds no rows");
    }
    let rest = found.len().saturating_sub(SHOWN);
    found.truncate(SHOWN);
    let mut list = found.join(", ");
    if rest > 0 {
        list += &format!(" and {rest} more");
    }
    let problem = format!(
        "has not the columns of any program that is known; found {list}. For events name them id, \
         kind, and t or created_at; for posts id, created_at and text"
    );
    Error::invalid("header", problem)
}

/// The layout that has these columns, in any order.
pub fn recognise<S: AsRef<str>>(names: &[S]) -> Option<&'static Layout> {
    let names: Vec<String> = names.iter().map(|name| normal(name.as_ref())).collect();
    all().find(|layout| {
        layout.marks.iter().all(|mark| {
            let mut either = mark.split('|');
            either.any(|mark| names.iter().any(|name| name == mark))
        })
    })
}

/// The layout of a file whose texts are to be scored: any that is known and has texts, or one of
/// whose columns no more is known than which one has the text.
pub fn recognise_texts<S: AsRef<str>>(names: &[S]) -> Option<&'static Layout> {
    let known = recognise(names).filter(|layout| layout.has(Field::Text));
    known.or_else(|| {
        let is_text = |name: &S| own::TEXTS.target(&normal(name.as_ref()));
        let mut targets = names.iter().filter_map(is_text);
        let has_words = targets.any(|target| matches!(target.field, Field::Text | Field::Title));
        has_words.then_some(&own::TEXTS)
    })
}

/// Where a column's cells go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    pub field: Field,
    /// True if it is of the post that was passed on.
    pub of_source: bool,
    /// 0 for the best name of a field.
    pub rank: usize,
}

impl Layout {
    fn target(&self, name: &str) -> Option<Target> {
        let find = |name: &str, of_source| {
            self.columns.iter().find_map(|(field, aliases)| {
                let rank = aliases.iter().position(|alias| *alias == name)?;
                Some(Target {
                    field: *field,
                    of_source,
                    rank,
                })
            })
        };
        let of_source = |prefix: &&str| find(name.strip_prefix(prefix)?, true);
        find(name, false).or_else(|| self.source_prefixes.iter().find_map(of_source))
    }

    fn is_unused(&self, name: &str) -> bool {
        self.unused.iter().any(|unused| name.starts_with(unused))
    }

    /// Checks a header: every name once, and all columns that rows can't do without.
    pub fn check_header(&self, names: &[String]) -> Result<()> {
        let targets: Vec<Target> = names
            .iter()
            .filter_map(|name| self.target(&normal(name)))
            .collect();
        for (i, name) in names.iter().enumerate() {
            let again = names[..i].iter().any(|other| normal(other) == normal(name));
            if again && self.target(&normal(name)).is_some() {
                return Err(Error::invalid("header", format!("names {name} twice")));
            }
        }
        let has = |field| targets.iter().any(|target| target.field == field);
        if self.rows == Rows::Events && !has(Field::Seconds) && !has(Field::Time) {
            let problem = "needs one of the columns t and created_at";
            return Err(Error::invalid("header", problem));
        }
        Ok(())
    }

    /// What a column holds, by its name.
    pub fn field_of(&self, name: &str) -> Option<Field> {
        self.target(&normal(name)).map(|target| target.field)
    }

    /// True if the layout has a column for a field.
    pub fn has(&self, field: Field) -> bool {
        self.columns.iter().any(|(known, _)| *known == field)
    }

    /// The name of a field's column in a file; the field's first name if it has none.
    pub fn name_in<'a>(&self, names: &'a Names, field: Field) -> &'a str {
        let is_it = |name: &&str| {
            let target = self.target(&normal(name));
            target.is_some_and(|target| target.field == field && !target.of_source)
        };
        names.iter().find(is_it).unwrap_or_else(|| {
            let column = self.columns.iter().find(|(known, _)| *known == field);
            column.map_or("value", |(_, aliases)| aliases[0])
        })
    }
}

/// The columns of a file as a layout reads them; names that come later are looked up then.
#[derive(Debug)]
pub struct Columns {
    layout: &'static Layout,
    targets: Vec<Option<Target>>,
}

impl Columns {
    /// The columns of a file of this layout.
    pub fn new(layout: &'static Layout) -> Self {
        Columns {
            layout,
            targets: Vec::new(),
        }
    }

    /// The target of a column.
    pub fn target(&mut self, names: &Names, column: usize) -> Option<Target> {
        for number in self.targets.len()..names.count() {
            self.targets
                .push(self.layout.target(&normal(names.name(number))));
        }
        self.targets[column]
    }

    /// Names of columns that hold nothing for this layout, each once; of an object inside a
    /// record only the outer name, and only if nothing of it is read.
    pub fn unknown(&mut self, names: &Names) -> Vec<String> {
        let outer = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
        let known = |name: &str| {
            let name = normal(name);
            self.layout.target(&name).is_some() || self.layout.is_unused(&name)
        };
        let read: Vec<String> = names.iter().filter(|name| known(name)).map(outer).collect();
        let mut unknown: Vec<String> = names.iter().map(outer).collect();
        unknown.retain(|name| !name.is_empty() && !read.contains(name));
        unknown.sort_unstable();
        unknown.dedup();
        unknown
    }
}
