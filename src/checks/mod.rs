//! Checks of a draft beside its score: words that rules forbid, disclosure, lengths. No model, no weights.
//!
//! They never move a score. Every rule is an entry of our own, with the article that it rests on and
//! the uses that it leaves alone; `tests/fixtures/checks.ndjson` has what must be found and what not.
//! Rules know words and not intentions: they help a person to look, and are no legal advice.

mod disclosure;
mod folded;
mod lengths;
mod rules;
mod sources;
mod words;

use serde::{Deserialize, Serialize};

use crate::post::brand::BrandProfile;
use crate::post::json::parse;
use crate::post::{MAX_TEXT_CHARS, MAX_TITLE_CHARS, Post, check_text};
use crate::scorer::words::Locale;
use crate::text::clean_report;
use crate::text::symbols::is_han;
use crate::{Error, Result};
use folded::Folded;
pub use lengths::{Counted, Length};

/// Most words to avoid that a request may name.
const MAX_AVOID: usize = 500;

/// A draft to check.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CheckRequest {
    /// The draft; unlike one to score it may still be empty.
    pub post: Post,
    /// The brand that it is written for, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<BrandProfile>,
    /// Words that the brand doesn't want to see; at most 500.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub avoid: Vec<String>,
    /// The language of messages; without one that of the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<Locale>,
}

impl CheckRequest {
    /// Reads one request.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it isn't JSON, [`Error::Invalid`] when it is of another shape or
    /// too long; both name the field.
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self> {
        let request: CheckRequest = parse(json, "")?;
        check_text("post.text", &request.post.text, MAX_TEXT_CHARS)?;
        let title = request.post.title.as_deref().unwrap_or("");
        check_text("post.title", title, MAX_TITLE_CHARS)?;
        if request.avoid.len() > MAX_AVOID {
            let problem = format!(
                "has {} words, at most {MAX_AVOID} are read",
                request.avoid.len()
            );
            return Err(Error::invalid("avoid", problem));
        }
        Ok(request)
    }
}

/// What was found in a draft.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Checks {
    /// How long title and text are, as the platform counts.
    pub lengths: Vec<Length>,
    /// What to mend, to look at and to ask oneself; the gravest first, then by place.
    pub findings: Vec<Finding>,
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// A rule forbids it in advertisements, or the platform cuts it.
    Must,
    /// Worth a look.
    Should,
    /// Only the author knows.
    Ask,
}

/// One thing that a rule found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Finding {
    /// The kind of rule, the same in every version: `absolute`, `medical`, `guarantee`, `return`,
    /// `offsite`, `giveaway`, `begging`, `disclosure_missing`, `disclosure_weak`,
    /// `disclosure_late`, `length`, `hashtags`, `hidden_characters`, `avoid`, `interest`,
    /// `ai_label`.
    pub code: &'static str,
    /// The entry of the list that found it, for silencing: the code, and the words it looks for.
    pub rule: String,
    /// How grave it is.
    pub level: Level,
    /// `title` or `text`.
    pub field: Field,
    /// Where the words begin in the field, in UTF-16 code units, as JavaScript counts.
    pub start: usize,
    /// Where they end; the same as `start` where the whole field is meant.
    pub end: usize,
    /// One sentence that says what is wrong and what to do.
    pub message: String,
    /// Words that fit in their place, whatever stands around them.
    pub replacement: Option<String>,
    /// Words to begin the text with.
    pub add: Option<String>,
    /// What the rule rests on.
    pub source: Option<Source>,
}

/// A law, or a platform's rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Source {
    /// Its name and article.
    pub name: &'static str,
    /// The page of who made it.
    pub url: &'static str,
}

/// The part of a post that a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Field {
    /// The title.
    Title,
    /// The text.
    Text,
}

/// Checks a draft. Linear in its length for a given list of rules.
pub fn check(request: &CheckRequest) -> Checks {
    let CheckRequest {
        post,
        brand,
        avoid,
        locale,
    } = request;
    let whole = post.full_text();
    let chinese = whole.chars().any(is_han);
    let locale = locale.unwrap_or(if chinese { Locale::Zh } else { Locale::En });
    let words = words::of(locale);
    let lengths = lengths::of(post);
    let mut findings = lengths::over(&lengths, post.platform, words);
    for (field, text) in [
        (Field::Title, post.title.as_deref().unwrap_or("")),
        (Field::Text, &post.text),
    ] {
        if text.trim().is_empty() {
            continue;
        }
        let folded = Folded::new(text);
        findings.extend(rules::find(&folded, field, words));
        findings.extend(avoided(&folded, field, avoid, words));
        if clean_report(text).hidden >= 2 {
            findings.push(words.whole("hidden_characters", Level::Should, field, None));
        }
    }
    if !post.text.trim().is_empty() {
        findings.extend(disclosure::find(post, brand.as_ref(), chinese, words));
        findings.extend(lengths::hashtags(post, words));
        if chinese {
            findings.push(words.whole(
                "ai_label",
                Level::Ask,
                Field::Text,
                Some(sources::AI_LABEL),
            ));
        }
    }
    findings.sort_by_key(|finding| (finding.level, finding.field, finding.start));
    Checks { lengths, findings }
}

/// The words that a brand doesn't want.
fn avoided(folded: &Folded, field: Field, avoid: &[String], words: &words::Words) -> Vec<Finding> {
    let mut found = Vec::new();
    for word in avoid.iter().filter(|word| !word.trim().is_empty()) {
        for place in folded.find(&folded::fold(word.trim())) {
            found.push(words.at("avoid", Level::Should, field, folded, place, None));
        }
    }
    found
}
