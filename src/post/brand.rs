//! A brand as its team describes it.

use serde::{Deserialize, Serialize};

use crate::definition::value::Weights;
use crate::post::{MAX_TEXT_CHARS, check_text};
use crate::{Error, Result};

/// Most aliases, keywords or example posts read of each.
pub const MAX_LIST: usize = 100;
/// Longest name, alias or keyword accepted, in characters.
pub const MAX_NAME_CHARS: usize = 200;
/// Longest positioning accepted, in characters.
pub const MAX_POSITIONING_CHARS: usize = 2_000;

/// A brand as its team describes it. A name and one positioning sentence are enough to start.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BrandProfile {
    /// Identifies a profile in files that hold several; not read by the scorer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name as posts write it.
    #[cfg_attr(test, schemars(length(min = 1, max = MAX_NAME_CHARS), pattern(r"\S")))]
    pub name: String,
    /// Other names people write, in any language.
    #[serde(default)]
    #[cfg_attr(test, schemars(length(max = MAX_LIST), inner(length(max = MAX_NAME_CHARS))))]
    pub aliases: Vec<String>,
    /// One sentence: what the brand offers, to whom.
    #[serde(default)]
    #[cfg_attr(test, schemars(length(max = MAX_POSITIONING_CHARS)))]
    pub positioning: String,
    /// Words that posts about the brand use.
    #[serde(default)]
    #[cfg_attr(test, schemars(length(max = MAX_LIST), inner(length(max = MAX_NAME_CHARS))))]
    pub keywords: Vec<String>,
    /// Posts that are about the brand, if there are any.
    #[serde(default)]
    #[cfg_attr(test, schemars(length(max = MAX_LIST), inner(length(max = MAX_TEXT_CHARS))))]
    pub examples: Vec<String>,
    /// Trade the brand is in; not read by the scorer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Language of the positioning; not read by the scorer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<crate::text::Language>,
    /// This brand's weights of the three parts of the score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Weights>,
}

impl BrandProfile {
    /// Checks that there is a name and that lists and texts are within limits.
    pub fn validate(&self) -> Result<()> {
        if self.name.trim().is_empty() {
            return Err(Error::invalid("name", "is empty: a brand needs a name"));
        }
        check_text("name", &self.name, MAX_NAME_CHARS)?;
        check_text("positioning", &self.positioning, MAX_POSITIONING_CHARS)?;
        for (field, list, limit) in [
            ("aliases", &self.aliases, MAX_NAME_CHARS),
            ("keywords", &self.keywords, MAX_NAME_CHARS),
            ("examples", &self.examples, MAX_TEXT_CHARS),
        ] {
            if list.len() > MAX_LIST {
                let problem = format!("has {} entries, at most {MAX_LIST} are read", list.len());
                return Err(Error::invalid(field, problem));
            }
            for (i, item) in list.iter().enumerate() {
                check_text(&format!("{field}[{i}]"), item, limit)?;
            }
        }
        if let Some(weights) = &self.weights {
            weights.validate().map_err(|e| e.within("weights"))?;
        }
        Ok(())
    }

    /// Name and aliases.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name.as_str()).chain(self.aliases.iter().map(String::as_str))
    }
}
