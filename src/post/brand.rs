//! A brand as its team describes it.

use serde::{Deserialize, Serialize};

use crate::definition::value::Weights;
use crate::post::{MAX_TEXT_CHARS, check_text};
use crate::{Error, Result};

/// Most aliases, keywords or example posts read of each.
pub const MAX_LIST: usize = 100;

/// A brand as its team describes it. A name and one positioning sentence are enough to start.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrandProfile {
    /// Identifies a profile in files that hold several; not read by the scorer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// 1 to 200 characters.
    pub name: String,
    /// Other names people write, in any language.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// One sentence: what the brand offers, to whom.
    #[serde(default)]
    pub positioning: String,
    /// Words that posts about the brand use.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// Posts that are about the brand, if there are any.
    #[serde(default)]
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
        check_text("name", &self.name, 200)?;
        check_text("positioning", &self.positioning, 2_000)?;
        for (field, list, limit) in [
            ("aliases", &self.aliases, 200),
            ("keywords", &self.keywords, 200),
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
