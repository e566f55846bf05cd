//! The words of everything that the scorer says: one table per language.
//!
//! A [`Note`] is a code with values; the words of its code, in the group of words that belongs to
//! the list it stands in, are a template. In a template `{name}` stands for a value, and
//! `{name:+.0}` for a number with its sign and no digits behind the point. A value that is a key of the group
//! `name` stands for that group's words, a list for its items as `list` has them.
//!
//! Clients that show several languages name one in their requests (`locale`); names of platforms and
//! features they take from what [`constants`](crate::scorer::constants) exports.

mod en;
mod zh;

use serde::{Deserialize, Serialize, Serializer};

use crate::definition::features::Feature;
use crate::diffusion::OutsideSupport;
use crate::post::Platform;
use crate::scorer::answer::{Note, Value, Values};
use crate::text::{Language, Unreadable};

/// A language that the scorer speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// Chinese.
    Zh,
    /// English.
    En,
}

impl Locale {
    /// The locale in which a post's own readers are addressed: Chinese for Chinese posts, English
    /// for all others.
    pub fn of(language: Language) -> Locale {
        match language {
            Language::Zh => Locale::Zh,
            Language::En | Language::Other => Locale::En,
        }
    }

    /// The locale's table.
    pub fn words(self) -> &'static Words {
        match self {
            Locale::Zh => &zh::WORDS,
            Locale::En => &en::WORDS,
        }
    }
}

type Template = &'static str;

/// All words of one language, in groups; the name of a field is the code or key of its words.
#[derive(Debug, Serialize)]
pub struct Words {
    refused: Refused,
    pub(super) unseen: Unseen,
    pub(super) flags: Flags,
    pub(super) hints: Hints,
    pub(super) summary: Summary,
    pub(crate) forecast: Forecast,
    /// Values of `outside`.
    outside: Outside,
    /// Values of `media`.
    media: Media,
    /// Values of `reason`: what a sentence calls a feature.
    reason: Features,
    list: List,
    /// Features as headings.
    feature: Features,
    /// Platforms as headings.
    #[serde(serialize_with = "by_name")]
    platform: fn(Platform) -> Template,
}

/// `Refusal::refused`.
#[derive(Debug, Serialize)]
struct Refused {
    blank: Template,
    damaged: Template,
    noise: Template,
    language: Template,
    emoji_alone: Template,
}

/// Notes of `Score::unseen`.
#[derive(Debug, Serialize)]
pub(super) struct Unseen {
    pub diffusion_not_modelled: Template,
    pub words_unknown: Template,
    pub no_graph: Template,
    pub author: Template,
    pub counts_by_author: Template,
    pub no_brand: Template,
    pub unlike_training: Template,
    pub irony: Template,
    pub text_cut: Template,
    pub events_dropped: Template,
    pub hidden_characters: Template,
    pub media: Template,
}

/// Notes of `Score::flags`.
#[derive(Debug, Serialize)]
pub(super) struct Flags {
    pub giveaway: Template,
    pub luck: Template,
    pub praise_stuffing: Template,
    pub brand_repeated: Template,
    pub emoji_flood: Template,
    pub hidden_characters: Template,
}

/// Notes of `Explanation::hints`, and of the shares of words.
#[derive(Debug, Serialize)]
pub(super) struct Hints {
    pub relevance: Template,
    pub neutral_tone: Template,
    pub reach: Template,
    pub word: Template,
    pub agree: Template,
}

/// `Explanation::summary`.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    pub ordinary: Template,
    pub moved: Template,
}

/// Notes of `PostForecast::unseen` that no score has.
#[derive(Debug, Serialize)]
pub(crate) struct Forecast {
    pub diffusion_not_modelled: Template,
    pub no_text: Template,
}

#[derive(Debug, Serialize)]
struct Outside {
    platform: Template,
    language: Template,
    few_followers: Template,
    many_followers: Template,
    kind: Template,
}

#[derive(Debug, Serialize)]
struct Media {
    unknown: Template,
    counted: Template,
}

/// How the items of a list are written, and joined.
#[derive(Debug, Serialize)]
struct List {
    item: Template,
    separator: Template,
}

#[derive(Debug, Serialize)]
struct Features {
    sentiment: Template,
    topics: Template,
    size: Template,
    speed: Template,
    depth: Template,
    leader_share: Template,
    audience: Template,
    voices: Template,
}

impl Features {
    fn of(&self, feature: Feature) -> Template {
        match feature {
            Feature::Sentiment => self.sentiment,
            Feature::Topics => self.topics,
            Feature::Size => self.size,
            Feature::Speed => self.speed,
            Feature::Depth => self.depth,
            Feature::LeaderShare => self.leader_share,
            Feature::Audience => self.audience,
            Feature::Voices => self.voices,
        }
    }
}

fn by_name<S: Serializer>(
    words: &fn(Platform) -> Template,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(Platform::ALL.map(|platform| (platform.name(), words(platform))))
}

impl Words {
    /// A platform's name.
    pub fn platform(&self, platform: Platform) -> &'static str {
        (self.platform)(platform)
    }

    /// A feature's name as a heading; that of the topics has a place for the topic's `{label}`.
    pub fn feature(&self, feature: Feature) -> &'static str {
        self.feature.of(feature)
    }

    /// Why a text isn't scored.
    pub(crate) fn refused(&self, reason: Unreadable) -> Note {
        let words = &self.refused;
        let template = match reason {
            Unreadable::Blank => words.blank,
            Unreadable::Damaged => words.damaged,
            Unreadable::Noise => words.noise,
            Unreadable::Language => words.language,
            Unreadable::EmojiAlone => words.emoji_alone,
        };
        with_values(self, reason.code(), template, Values(Vec::new()))
    }

    /// The reason why there is no forecast of the diffusion.
    pub(crate) fn outside(&self, outside: OutsideSupport) -> Value {
        let words = &self.outside;
        let (key, words) = match outside {
            OutsideSupport::Platform => ("platform", words.platform),
            OutsideSupport::Language => ("language", words.language),
            OutsideSupport::FewFollowers => ("few_followers", words.few_followers),
            OutsideSupport::ManyFollowers => ("many_followers", words.many_followers),
            OutsideSupport::Kind => ("kind", words.kind),
        };
        Value::Key { key, words }
    }

    /// The sentence about pictures and videos that nobody looked at, `counted` or of unknown number.
    pub(super) fn media(&self, counted: bool) -> Value {
        let (key, words) = match counted {
            true => ("counted", self.media.counted),
            false => ("unknown", self.media.unknown),
        };
        Value::Key { key, words }
    }

    /// A feature, as a reason for a score.
    pub(super) fn reason(&self, feature: Feature) -> Value {
        let (key, words) = (feature.name(), self.reason.of(feature));
        Value::Key { key, words }
    }

    /// `template` with values in its places.
    fn fill(&self, template: &str, values: &Values) -> String {
        let mut filled = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let (place, after) = after.split_once('}').unwrap_or((after, ""));
            let (name, digits) = place.split_once(":+.").unwrap_or((place, ""));
            filled += before;
            if let Some((_, value)) = values.0.iter().find(|(known, _)| *known == name) {
                filled += &self.show(value, digits, values);
            }
            rest = after;
        }
        filled + rest
    }

    fn show(&self, value: &Value, digits: &str, values: &Values) -> String {
        match value {
            Value::Count(count) => count.to_string(),
            Value::Number(number) => {
                let digits = digits.parse().unwrap_or(0);
                // A minus that is as wide as the plus.
                format!("{number:+.digits$}").replace('-', "−")
            }
            Value::Text(text) => text.clone(),
            Value::Key { words, .. } => self.fill(words, values),
            Value::List(items) => {
                let items = items.iter().map(|item| self.fill(self.list.item, item));
                items.collect::<Vec<_>>().join(self.list.separator)
            }
        }
    }
}

/// The note with this code, these words, and values in their places; made by [`note!`].
pub(crate) fn with_values(
    words: &Words,
    code: &'static str,
    template: Template,
    values: Values,
) -> Note {
    Note {
        message: words.fill(template, &values),
        code,
        values,
    }
}

/// A note by its group and code, as in `note!(words, unseen.text_cut, pieces: Value::Count(3))`.
macro_rules! note {
    ($words:expr, $group:ident.$code:ident $(, $name:ident: $value:expr)* $(,)?) => {
        $crate::scorer::words::with_values(
            $words,
            stringify!($code),
            $words.$group.$code,
            $crate::scorer::answer::Values(vec![$((stringify!($name), $value)),*]),
        )
    };
}
pub(crate) use note;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Path of each text of a table, with its places to fill in.
    fn places(locale: Locale) -> Vec<(String, BTreeSet<String>)> {
        let table = serde_json::to_value(locale.words()).unwrap();
        let groups = table.as_object().unwrap().iter();
        let texts = groups.flat_map(|(group, texts)| {
            let texts = texts.as_object().unwrap().iter();
            texts.map(move |(code, text)| (format!("{group}.{code}"), text.as_str().unwrap()))
        });
        texts
            .map(|(path, text)| {
                assert!(!text.is_empty(), "{path}");
                let places = text.split('{').skip(1);
                let places = places.map(|rest| rest.split_once('}').unwrap().0.to_owned());
                (path, places.collect())
            })
            .collect()
    }

    #[test]
    fn both_languages_have_the_same_places_to_fill_in() {
        assert!(places(Locale::En).len() > 40);
        assert_eq!(places(Locale::En), places(Locale::Zh));
    }

    #[test]
    fn chinese_words_are_chinese() {
        let han = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        let table = serde_json::to_value(Locale::Zh.words()).unwrap();
        for (group, texts) in table.as_object().unwrap() {
            for (code, text) in texts.as_object().unwrap() {
                let no_words = group == "list" || group == "platform";
                let filled_in = text.as_str() == Some("{media}");
                assert!(
                    no_words || filled_in || han(text.as_str().unwrap()),
                    "{group}.{code}: {text}"
                );
            }
        }
    }

    #[test]
    fn values_stand_in_their_places() {
        let words = Locale::En.words();
        let item = |feature, points| {
            Values(vec![
                ("reason", words.reason(feature)),
                ("points", Value::signed(points, 1)),
            ])
        };
        let values = Values(vec![
            ("n", Value::Count(3)),
            (
                "list",
                Value::List(vec![
                    item(Feature::Sentiment, 0.25),
                    item(Feature::Size, -4.06),
                ]),
            ),
            ("media", words.media(true)),
            ("images", Value::Count(2)),
            ("videos", Value::Count(0)),
        ]);
        assert_eq!(
            words.fill("{n}: {list}; {media}", &values),
            "3: its tone (+0), how far it travels (−4); 2 pictures and 0 videos were not looked at."
        );
    }
}
