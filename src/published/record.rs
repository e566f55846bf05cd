//! Published posts and their events as people send them, under the ids of their platform.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::diffusion::EventKind;
use crate::heads::reader::Reader;
use crate::post::{Author, MAX_TEXT_CHARS, Platform, Post, check_text};
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
    /// True to keep the texts of its events; otherwise only their valence is kept.
    #[serde(default)]
    pub keep_texts: bool,
}

/// Something that somebody did with a post. Of its ids only keyed hashes are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// At most 256 bytes of UTF-8; the same event sent again is the same id, and counts once.
    #[cfg_attr(test, schemars(length(min = 1, max = MAX_ID_BYTES)))]
    pub id: String,
    /// Id of the event that was passed on, of the same post; null for the post itself. It may come
    /// later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(length(min = 1, max = MAX_ID_BYTES)))]
    pub parent: Option<String>,
    /// Seconds after the post.
    pub t: u32,
    /// The way the post was passed on or answered.
    pub kind: EventKind,
    /// Id of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(length(min = 1, max = MAX_ID_BYTES)))]
    pub user: Option<String>,
    /// Followers of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub followers: Option<u64>,
    /// True if the account is verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
    /// Valence of its text, where the sender knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(range(min = -1, max = 1)))]
    pub s: Option<f32>,
    /// Read for its valence where `s` is not given; kept only if the post says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(length(max = MAX_TEXT_CHARS)))]
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
        Post {
            language: self.language,
            platform: self.platform,
            created_at: Some(self.created_at),
            author: self.author.clone(),
            images: self.images,
            videos: self.videos,
            ..Post::default()
        }
    }

    /// Checks every rule that a type can't express.
    pub fn validate(&self) -> Result<()> {
        check_optional_id("user", self.user.as_deref())?;
        match self.post() {
            Some(post) => post.validate(),
            None if self.title.is_some() => {
                Err(Error::invalid("title", "needs a `text` beside it"))
            }
            None => Ok(()),
        }
    }
}

impl Event {
    /// Checks every rule that a type can't express.
    pub fn validate(&self) -> Result<()> {
        check_id("id", &self.id)?;
        check_optional_id("parent", self.parent.as_deref())?;
        check_optional_id("user", self.user.as_deref())?;
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

fn check_optional_id(field: &str, id: Option<&str>) -> Result<()> {
    id.map_or(Ok(()), |id| check_id(field, id))
}

/// Computes the valence of every event that has words and no valence.
///
/// # Errors
/// Whatever the encoder says of a text; no event is changed then.
pub fn fill_valences(reader: &Reader, events: &mut [Event]) -> Result<()> {
    let wanting: Vec<&mut Event> = events.iter_mut().filter(|e| e.wants_valence()).collect();
    let texts: Vec<String> = wanting.iter().filter_map(|e| e.text.clone()).collect();
    let found = reader.valence_and_relevance(&texts, None)?;
    for (event, (s, _)) in wanting.into_iter().zip(found) {
        event.s = Some(s);
    }
    Ok(())
}
