//! Published posts and their events as people send them, under the ids of their platform.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::diffusion::EventKind;
use crate::heads::reader::Reader;
use crate::post::{Author, MAX_TEXT_CHARS, Platform, Post, check_author, check_text, moment};
use crate::text::Language;
use crate::{Error, Result};

/// Longest id of a post, an event or a user, in bytes.
pub const MAX_ID_BYTES: usize = 256;

/// A published post, as the store keeps it; whatever is not known is null or left out. Unlike a
/// post to score it may come without its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PostRecord {
    /// When it was published (RFC 3339); events count their seconds from here.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(test, schemars(with = "String", extend("format" = "date-time")))]
    pub created_at: OffsetDateTime,
    /// Id of the account that posted, so that it can be erased. Only a keyed hash of it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(length(min = 1, max = MAX_ID_BYTES)))]
    pub user: Option<String>,
    /// The account that posted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
    /// Where it stands.
    #[serde(default)]
    pub platform: Platform,
    /// Detected from the text when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// Shown above the text on platforms that have titles; needs a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(length(max = crate::post::MAX_TITLE_CHARS)))]
    pub title: Option<String>,
    /// Without it the post can be counted but not scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(length(min = 1, max = MAX_TEXT_CHARS), pattern(r"\S")))]
    pub text: Option<String>,
    /// Pictures attached; counted, not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<u32>,
    /// Videos attached; counted, not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub videos: Option<u32>,
    /// Totals that the platform showed when this was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
    /// True to keep the texts of its events; otherwise only their valence is kept.
    #[serde(default)]
    pub keep_texts: bool,
}

/// Totals that a platform shows of a post; one that is not known is left out or null, never 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Times it was seen, read or played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub views: Option<u64>,
    /// Likes, or what the platform calls them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likes: Option<u64>,
    /// Comments and replies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comments: Option<u64>,
    /// Times it was passed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shares: Option<u64>,
    /// Times it was saved or bookmarked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saves: Option<u64>,
    /// Sum of all that people did with it, as the platform counts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interactions: Option<u64>,
}

/// Something that somebody did with a post. Of its ids only keyed hashes are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// At most 256 bytes of UTF-8; the same event sent again is the same id, and counts once.
    pub id: String,
    /// Id of the event that was passed on, of the same post; null for the post itself. It may come
    /// later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Seconds after the post.
    pub t: u32,
    /// The way the post was passed on or answered.
    pub kind: EventKind,
    /// Id of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Followers of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub followers: Option<u64>,
    /// True if the account is verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
    /// Valence of its text, where the sender knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s: Option<f32>,
    /// Read for its valence where `s` is not given; kept only if the post says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl PostRecord {
    /// A record that says only when the post was published.
    pub fn new(created_at: OffsetDateTime) -> Self {
        PostRecord {
            created_at,
            user: None,
            author: None,
            platform: Platform::default(),
            language: None,
            title: None,
            text: None,
            images: None,
            videos: None,
            counts: None,
            keep_texts: false,
        }
    }

    /// The post as a scorer reads it; `None` without a text.
    pub fn post(&self) -> Option<Post> {
        Some(Post {
            title: self.title.clone(),
            text: self.text.clone()?,
            ..self.wordless()
        })
    }

    /// The post without its words.
    pub fn wordless(&self) -> Post {
        let counts = self.counts.unwrap_or_default();
        Post {
            language: self.language,
            platform: self.platform,
            created_at: Some(self.created_at),
            author: self.author.clone(),
            images: self.images,
            videos: self.videos,
            likes: counts.likes,
            saves: counts.saves,
            comments: counts.comments,
            ..Post::default()
        }
    }

    /// The post as a newer record has it, and as this one where the newer doesn't know. When it
    /// was published stays, since its events count from there.
    #[must_use]
    pub fn updated(self, new: PostRecord) -> PostRecord {
        let (title, text) = match new.text {
            Some(text) => (new.title, Some(text)),
            None => (self.title, self.text),
        };
        let author = match (self.author, new.author) {
            (Some(old), Some(new)) => Some(new.or(old)),
            (old, new) => new.or(old),
        };
        let counts = match (self.counts, new.counts) {
            (Some(old), Some(new)) => Some(Counts {
                views: new.views.or(old.views),
                likes: new.likes.or(old.likes),
                comments: new.comments.or(old.comments),
                shares: new.shares.or(old.shares),
                saves: new.saves.or(old.saves),
                interactions: new.interactions.or(old.interactions),
            }),
            (old, new) => new.or(old),
        };
        PostRecord {
            created_at: self.created_at,
            user: new.user.or(self.user),
            author,
            platform: match new.platform {
                Platform::Other => self.platform,
                platform => platform,
            },
            language: new.language.or(self.language),
            title,
            text,
            images: new.images.or(self.images),
            videos: new.videos.or(self.videos),
            counts,
            keep_texts: new.keep_texts || self.keep_texts,
        }
    }

    /// Checks every rule that a type can't express.
    pub fn validate(&self) -> Result<()> {
        check_optional_id("user", self.user.as_deref())?;
        moment::check("created_at", self.created_at)?;
        match self.post() {
            Some(post) => post.validate(),
            None if self.title.is_some() => {
                Err(Error::invalid("title", "needs a `text` beside it"))
            }
            None => check_author(self.author.as_ref()),
        }
    }
}

impl Event {
    /// Checks every rule that a type can't express.
    pub fn validate(&self) -> Result<()> {
        check_id("id", &self.id)?;
        check_optional_id("parent", self.parent.as_deref())?;
        check_optional_id("user", self.user.as_deref())?;
        check_seconds("t", self.t)?;
        if self.parent.as_deref() == Some(&self.id) {
            return Err(Error::invalid("parent", "is the event itself"));
        }
        // Negated so that NaN fails too.
        if let Some(s) = self.s
            && !(-1.0..=1.0).contains(&s)
        {
            return Err(Error::invalid("s", format!("is {s}, not between -1 and 1")));
        }
        match &self.text {
            Some(text) => check_text("text", text, MAX_TEXT_CHARS),
            None => Ok(()),
        }
    }

    /// True if it has words whose valence is still to be computed.
    pub fn wants_valence(&self) -> bool {
        let words = self.text.as_deref().map(str::trim);
        self.s.is_none() && self.kind.has_words() && words.is_some_and(|text| !text.is_empty())
    }
}

/// An error naming `field` unless `id` has 1 to [`MAX_ID_BYTES`] bytes.
pub fn check_id(field: &str, id: &str) -> Result<()> {
    match id.len() {
        0 => Err(Error::invalid(field, "is empty")),
        1..=MAX_ID_BYTES => Ok(()),
        length => {
            let problem = format!("has {length} bytes, at most {MAX_ID_BYTES} are read");
            Err(Error::invalid(field, problem))
        }
    }
}

/// Most seconds that an event may come after its post: 31 years. From here on Unix times begin.
pub const MAX_SECONDS: u32 = 999_999_999;
/// Seconds that an event may come before its post and still count, at 0: the clocks of two
/// platforms differ, and some write minutes alone.
pub const CLOCKS_DIFFER: i64 = 300;
const SECONDS_A_YEAR: u32 = 31_557_600;

/// An error naming `field` if so many seconds can't be counted from a post.
pub fn check_seconds(field: &str, seconds: u32) -> Result<()> {
    if seconds <= MAX_SECONDS {
        return Ok(());
    }
    let years = seconds / SECONDS_A_YEAR;
    let problem = format!(
        "is {seconds} seconds after the post, {years} years: is it a Unix time? Then name it \
         created_at"
    );
    Err(Error::invalid(field, problem))
}

/// Seconds from a post to an event, and how many of them were missing to 0: an event a little
/// before its post counts at 0.
///
/// # Errors
/// If it is more than [`CLOCKS_DIFFER`] before the post, or more than [`MAX_SECONDS`] after it.
pub fn seconds_after(post: OffsetDateTime, event: OffsetDateTime) -> Result<(u32, u32)> {
    let seconds = (event - post).whole_seconds();
    if seconds < -CLOCKS_DIFFER {
        let problem = format!("is {} seconds before the post", -seconds);
        return Err(Error::invalid("created_at", problem));
    }
    let missing = u32::try_from(-seconds).unwrap_or(0);
    match u32::try_from(seconds.max(0)) {
        Ok(seconds) if seconds <= MAX_SECONDS => Ok((seconds, missing)),
        _ => {
            let years = seconds / i64::from(SECONDS_A_YEAR);
            Err(Error::invalid(
                "created_at",
                format!("is {years} years after the post"),
            ))
        }
    }
}

fn check_optional_id(field: &str, id: Option<&str>) -> Result<()> {
    id.map_or(Ok(()), |id| check_id(field, id))
}

/// Computes the valence of every event that has words and no valence; words that can't be read
/// stay without one.
///
/// # Errors
/// Whatever the encoder says of a text; no event is changed then.
pub fn fill_valences(reader: &Reader, events: &mut [Event]) -> Result<()> {
    let wanting: Vec<&mut Event> = events.iter_mut().filter(|e| e.wants_valence()).collect();
    let texts: Vec<String> = wanting.iter().filter_map(|e| e.text.clone()).collect();
    let found = reader.voices(&texts)?;
    for (event, s) in wanting.into_iter().zip(found) {
        event.s = s;
    }
    Ok(())
}
