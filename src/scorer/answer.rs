//! The answer: a score, what it is made of, and what it could not see.

use serde::{Serialize, Serializer};

use crate::definition::value::{Parts, Weights};
use crate::diffusion::reach::Count;
use crate::encoder::Precision;
use crate::heads::category::Category;
use crate::heads::emotion::Emotion;
use crate::heads::indicator::Indicator;
use crate::heads::irony;
use crate::scorer::interval::Band;

/// The worth of one post to one brand: a forecast with an interval, and its parts.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Score {
    /// The id of the request; left out where it gave none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub id: Option<String>,
    /// The worth of the post to the brand; 50 is no effect.
    #[cfg_attr(test, schemars(range(min = 0, max = 100)))]
    pub bsmv: f32,
    /// Holds the realised value in nine of ten cases.
    pub interval: Interval,
    /// Signed points at the weights in force; they add up to `bsmv` - 50.
    pub parts: Parts,
    /// Forecasts the score is made of.
    pub predicted: Predicted,
    /// True if the diffusion is forecast from posts like this one that were followed to their end;
    /// else it is told from the author's followers and last posts, and `unseen` says why.
    pub diffusion_modelled: bool,
    /// What people will do with the post: likes, saves, comments and shares, those that can be
    /// forecast. Not part of the score, but that comments and shares are what D counts.
    pub engagement: Vec<Engagement>,
    /// Tone of the words, and towards the brand where the text names it.
    pub sentiment: Sentiment,
    /// The emotion that the text shows; null where the bundle has no such head. Not part of the
    /// score.
    pub emotion: Option<Emotion>,
    /// The value of the indicator `advert`, which stood alone before there were others: a scene of
    /// real use, 0, or hard advertisement, 1; about 0.5 for texts that are neither, such as news.
    /// Null where the bundle has no such head.
    #[cfg_attr(test, schemars(range(min = 0, max = 1)))]
    pub advert: Option<f32>,
    /// The answers of the heads beside the score, which it doesn't move with.
    pub indicators: Vec<Indicator>,
    /// What sort of post it is, and what its writer wants. The score doesn't move with them.
    pub categories: Vec<Category>,
    /// All ten topics with their weights.
    #[cfg_attr(test, schemars(length(equal = crate::definition::features::TOPICS)))]
    pub topics: Vec<TopicWeight>,
    /// Events the graph held, 0 for a draft.
    pub events: u64,
    /// Seconds after the post up to which the graph was seen.
    pub observed_until: u32,
    /// Gaps of this score: what it does not take into account, most important first.
    pub unseen: Vec<Note>,
    /// Patterns that may be there to move the score or the reach: `giveaway`, `luck`,
    /// `praise_stuffing`, `brand_repeated`, `emoji_flood`, `hidden_characters`.
    pub flags: Vec<Note>,
    /// The weights in force.
    pub weights: Weights,
    /// `name@version` of the model bundle.
    pub bundle: String,
    /// How the text encoder computed.
    pub precision: Precision,
    /// What the interval is made of, to weigh it anew.
    #[serde(skip)]
    #[cfg_attr(test, schemars(skip))]
    pub(crate) band: Band,
}

/// What was asked for, or the reason why the text can't be read.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Answer<T> {
    /// What was asked for.
    Given(T),
    /// The text can't be read.
    Refused(Refusal),
}

/// The answer for a text that can't be read: there is no score.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Refusal {
    /// The id of the request; left out where it gave none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub id: Option<String>,
    /// Always null: not 50, which would mean no effect.
    pub bsmv: (),
    /// The reason: `blank`, `damaged`, `noise`, `language` or `emoji_alone`.
    pub refused: Note,
    /// `name@version` of the model bundle.
    pub bundle: String,
}

/// The features and events that moved a score.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Explanation {
    /// The id of the request; left out where it gave none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub id: Option<String>,
    /// The score that is explained.
    #[cfg_attr(test, schemars(range(min = 0, max = 100)))]
    pub bsmv: f32,
    /// Score of an average post.
    #[cfg_attr(test, schemars(range(min = 0, max = 100)))]
    pub base: f32,
    /// Points that each feature added to or took from `base` at default weights; they add up to
    /// the score at default weights less `base`.
    #[cfg_attr(test, schemars(length(max = crate::definition::features::FEATURES)))]
    pub contributions: Vec<Contribution>,
    /// The largest few contributions, topics as one, in one plain sentence: the message of
    /// `summary`.
    pub sentence: String,
    /// The same sentence with its code and values.
    pub summary: Note,
    /// Things the score is sensitive to. No promise of what a change would do.
    pub hints: Vec<Note>,
    /// Each event's share of the diffusion: its direct children over all events. Entry `i` is
    /// event `i + 1` of the graph; empty for a draft.
    #[cfg_attr(test, schemars(inner(range(min = 0, max = 1))))]
    pub events: Vec<f32>,
}

/// A range of scores with its nominal coverage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Interval {
    /// Lower end.
    #[cfg_attr(test, schemars(range(min = 0, max = 100)))]
    pub low: f32,
    /// Upper end.
    #[cfg_attr(test, schemars(range(min = 0, max = 100)))]
    pub high: f32,
    /// 0.9: nine of ten realised values lie inside.
    #[cfg_attr(test, schemars(range(min = 0, max = 1)))]
    pub coverage: f32,
}

/// The three quantities of the definition, as forecast.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Predicted {
    /// Valence of the post and its audience together: the tone of the words, as ten voices, and
    /// the mood of the audience.
    #[cfg_attr(test, schemars(range(min = -1, max = 1)))]
    pub s: f32,
    /// Mood expected of the audience: mean valence of what it said and will say. Without an
    /// audience that of the post.
    #[cfg_attr(test, schemars(range(min = -1, max = 1)))]
    pub audience: f32,
    /// Voices of that audience: events whose words are known, and those expected.
    #[cfg_attr(test, schemars(range(min = 0)))]
    pub voices: f32,
    /// Relevance to the brand; 1 without a brand.
    #[cfg_attr(test, schemars(range(min = 0, max = 1)))]
    pub t: f32,
    /// Diffusion: 0 for nobody, 1 for 10,000 events or more.
    #[cfg_attr(test, schemars(range(min = 0, max = 1)))]
    pub d: f32,
    /// The number of events that `d` stands for.
    #[cfg_attr(test, schemars(range(min = 0)))]
    pub events: f32,
}

/// A count that people will leave under the post.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Engagement {
    /// What is counted.
    pub count: Count,
    /// As many posts like it get more as get fewer; never fewer than it has.
    pub median: u64,
    /// Lower end of the range that eight of ten such posts reach.
    pub low: u64,
    /// Upper end.
    pub high: u64,
    /// 0.8: eight of ten counts lie between `low` and `high`.
    #[cfg_attr(test, schemars(range(min = 0, max = 1)))]
    pub coverage: f32,
    /// Of the author's recent posts that have this count, those that have fewer than `median` ...
    pub above: u32,
    /// ... of so many.
    pub of: u32,
}

/// One feature's share of the score.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Contribution {
    /// `sentiment`, `topic:<label>` or a diffusion feature's name.
    pub feature: String,
    /// The group that the feature belongs to.
    #[cfg_attr(test, schemars(extend("enum" = crate::definition::features::Group::ALL.map(|group| group.name()))))]
    pub group: &'static str,
    /// Signed points.
    pub points: f32,
}

/// Tone of the words of the post's own text; where it names the brand, two fifths of it towards the
/// brand. What its audience says is told apart: `predicted.audience`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Sentiment {
    /// P(positive) - P(negative).
    #[cfg_attr(test, schemars(range(min = -1, max = 1)))]
    pub s: f32,
    /// P(negative).
    #[cfg_attr(test, schemars(range(min = 0, max = 1)))]
    pub negative: f32,
    /// P(neutral).
    #[cfg_attr(test, schemars(range(min = 0, max = 1)))]
    pub neutral: f32,
    /// P(positive).
    #[cfg_attr(test, schemars(range(min = 0, max = 1)))]
    pub positive: f32,
}

/// The share of a text that belongs to one topic; the weights of all sum to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TopicWeight {
    /// Name of the topic, in the language of the post.
    pub label: String,
    /// Its share.
    #[cfg_attr(test, schemars(range(min = 0, max = 1)))]
    pub weight: f32,
}

/// Something to know about a score: a stable code, its values, and the sentence that they make.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Note {
    /// The same in every version and language.
    pub code: &'static str,
    /// The values that the sentence has.
    pub values: Values,
    /// One sentence.
    pub message: String,
}

/// True if a text with these indicators is likely meant the other way.
pub(crate) fn is_ironic(indicators: &[Indicator]) -> bool {
    Indicator::value_of(&irony::HEAD, indicators).is_some_and(|p| p >= irony::LIKELY)
}

/// Values by their names; an object in answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Values(pub Vec<(&'static str, Value)>);

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Values {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NoteValues".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let values = generator.subschema_for::<Values>();
        schemars::json_schema!({
            "type": "object",
            "description": "Values by their names: numbers rounded as the sentence has them, texts \
                of the request, keys that have words of their own, and lists of such values.",
            "additionalProperties": {
                "anyOf": [
                    {"type": "number"},
                    {"type": "string"},
                    {"type": "array", "items": values}
                ]
            }
        })
    }
}

/// One value of a note.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A whole number, as it is.
    Count(u64),
    /// A number that is shown with its sign.
    Number(f64),
    /// Text of the request.
    Text(String),
    /// Something that has words of its own.
    Key {
        /// What answers call it.
        key: &'static str,
        /// Its words in the note's language.
        words: &'static str,
    },
    /// Several of a kind.
    List(Vec<Values>),
}

impl Value {
    /// `number`, 0 or more, rounded to a whole one.
    pub fn whole(number: f32) -> Value {
        Value::Count(number.round_ties_even() as u64)
    }

    /// `number` rounded to so many digits.
    pub fn signed(number: f32, digits: i32) -> Value {
        let scale = 10f64.powi(digits);
        // + 0: never "-0".
        Value::Number((f64::from(number) * scale).round_ties_even() / scale + 0.0)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Count(count) => count.serialize(serializer),
            Value::Number(number) => number.serialize(serializer),
            Value::Text(text) => text.serialize(serializer),
            Value::Key { key, .. } => key.serialize(serializer),
            Value::List(items) => items.serialize(serializer),
        }
    }
}
