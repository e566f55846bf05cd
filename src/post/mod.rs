//! A social-media post and its author, as the caller knows them; brands; reading both from JSON.

pub mod brand;
pub mod json;
pub mod moment;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::text::Language;
use crate::{Error, Result};

/// Longest text accepted, in characters; over it is an error, not a silent cut.
pub const MAX_TEXT_CHARS: usize = 20_000;
/// Longest title accepted, in characters.
pub const MAX_TITLE_CHARS: usize = 500;

/// A social-media post. A count that is not known is null or left out, never 0.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Post {
    /// Shown above the text on platforms that have titles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(length(max = MAX_TITLE_CHARS)))]
    pub title: Option<String>,
    /// Counted in Unicode code points; longer is an error, not a silent cut.
    #[cfg_attr(test, schemars(length(min = 1, max = MAX_TEXT_CHARS), pattern(r"\S")))]
    pub text: String,
    /// Detected from the text when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// Where it stands, or will stand.
    #[serde(default)]
    pub platform: Platform,
    /// When it was, or will be, published (RFC 3339).
    #[serde(
        default,
        with = "time::serde::rfc3339::option",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(test, schemars(with = "Option<String>", extend("format" = "date-time")))]
    pub created_at: Option<OffsetDateTime>,
    /// The account that posted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
    /// Pictures attached; counted, not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<u32>,
    /// Videos attached; counted, not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub videos: Option<u32>,
    /// Likes so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likes: Option<u64>,
    /// How often it was saved so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saves: Option<u64>,
    /// Comments so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comments: Option<u64>,
}

/// The platform a post stands on. D counts what passes a post on there and what speaks there: on
/// Weibo reposts, and quotes, comments and replies; on X reposts, and quotes and replies; elsewhere
/// shares, and comments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Sina Weibo.
    Weibo,
    /// Xiaohongshu, also called RED.
    Xiaohongshu,
    /// Douyin, the Chinese TikTok.
    Douyin,
    /// Bilibili.
    Bilibili,
    /// X, once Twitter.
    X,
    /// Instagram.
    Instagram,
    /// TikTok.
    TikTok,
    /// YouTube.
    YouTube,
    /// Any other, or unknown.
    // It stays the last.
    #[default]
    Other,
}

impl Platform {
    /// All platforms, in order.
    pub const ALL: [Platform; 9] = [
        Platform::Weibo,
        Platform::Xiaohongshu,
        Platform::Douyin,
        Platform::Bilibili,
        Platform::X,
        Platform::Instagram,
        Platform::TikTok,
        Platform::YouTube,
        Platform::Other,
    ];

    /// Its name in requests, answers and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Platform::Weibo => "weibo",
            Platform::Xiaohongshu => "xiaohongshu",
            Platform::Douyin => "douyin",
            Platform::Bilibili => "bilibili",
            Platform::X => "x",
            Platform::Instagram => "instagram",
            Platform::TikTok => "tiktok",
            Platform::YouTube => "youtube",
            Platform::Other => "other",
        }
    }

    /// The platform of this name.
    ///
    /// # Errors
    /// Naming `field`, if there is none.
    pub fn read(field: &str, name: &str) -> Result<Self> {
        json::parse(serde_json::Value::from(name).to_string(), field)
    }
}

const _: () = assert!(Platform::Other as usize + 1 == Platform::ALL.len());

/// The account that posted; whatever is not known is null or left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Author {
    /// Accounts that follow it.
    #[serde(default)]
    pub followers: Option<u64>,
    /// Accounts that it follows.
    #[serde(default)]
    pub following: Option<u64>,
    /// Posts it has published.
    #[serde(default)]
    pub posts: Option<u64>,
    /// True if the platform vouches for who it is.
    #[serde(default)]
    pub verified: Option<bool>,
    /// Days since it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_age_days: Option<u32>,
    /// Final counts of its last posts, one entry for each, or one entry of their medians. They
    /// say more of the next post than anything else. At most 200.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(length(max = MAX_RECENT)))]
    pub recent: Vec<RecentPost>,
}

/// Most of an author's last posts that are taken.
pub const MAX_RECENT: usize = 200;

/// What became of one of an author's posts; a count that is not known is null or left out, never 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct RecentPost {
    /// Likes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub likes: Option<u64>,
    /// How often it was saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saves: Option<u64>,
    /// Comments and replies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comments: Option<u64>,
    /// Shares: reposts and quotes where the platform has those.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shares: Option<u64>,
}

impl RecentPost {
    /// Comments and shares together: the events that D counts. `None` where neither is known.
    pub fn events(&self) -> Option<u64> {
        match (self.comments, self.shares) {
            (None, None) => None,
            (comments, shares) => Some(comments.unwrap_or(0).saturating_add(shares.unwrap_or(0))),
        }
    }
}

impl Author {
    /// This account, and what `other` knows of it where this doesn't.
    #[must_use]
    pub fn or(self, other: Author) -> Author {
        Author {
            followers: self.followers.or(other.followers),
            following: self.following.or(other.following),
            posts: self.posts.or(other.posts),
            verified: self.verified.or(other.verified),
            account_age_days: self.account_age_days.or(other.account_age_days),
            recent: if self.recent.is_empty() {
                other.recent
            } else {
                self.recent
            },
        }
    }

    /// Checks that there are not too many recent posts.
    pub fn validate(&self) -> Result<()> {
        if self.recent.len() > MAX_RECENT {
            let n = self.recent.len();
            let problem = format!("has {n} posts, at most {MAX_RECENT} are taken: send the latest");
            return Err(Error::invalid("recent", problem));
        }
        Ok(())
    }
}

impl Post {
    /// Checks lengths and that there is something to read.
    pub fn validate(&self) -> Result<()> {
        check_text("text", &self.text, MAX_TEXT_CHARS)?;
        if self.text.trim().is_empty() {
            return Err(Error::invalid("text", "is empty: write something to score"));
        }
        if let Some(title) = &self.title {
            check_text("title", title, MAX_TITLE_CHARS)?;
        }
        self.created_at
            .map_or(Ok(()), |time| moment::check("created_at", time))?;
        check_author(self.author.as_ref())
    }

    /// Title and text as the reader meets them, one line each.
    pub fn full_text(&self) -> String {
        match &self.title {
            Some(title) if !title.trim().is_empty() => format!("{title}\n{}", self.text),
            _ => self.text.clone(),
        }
    }
}

/// Checks the author of a post, if it is known.
pub(crate) fn check_author(author: Option<&Author>) -> Result<()> {
    author.map_or(Ok(()), |author| {
        author.validate().map_err(|e| e.within("author"))
    })
}

/// An error naming `field` when `text` has more than `limit` characters.
pub(crate) fn check_text(field: &str, text: &str, limit: usize) -> Result<()> {
    // Bytes bound characters from above, so most texts are never counted.
    if text.len() > limit {
        let length = text.chars().count();
        if length > limit {
            return Err(Error::invalid(
                field,
                format!("has {length} characters, at most {limit} are read"),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_are_named_as_json_names_them() {
        for (i, platform) in Platform::ALL.into_iter().enumerate() {
            assert_eq!(platform as usize, i);
            let name = serde_json::to_value(platform).unwrap();
            assert_eq!(name, platform.name());
        }
    }
}
