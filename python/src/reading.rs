//! What is read in a text, beside any score.

use bsmv::heads::category::Category;
use bsmv::heads::emotion::Emotion;
use bsmv::heads::indicator::Indicator;
use bsmv::scorer::answer::{Sentiment, TopicWeight};
use bsmv::scorer::words::Locale;
use bsmv::text::Language;
use bsmv::{CheckedRequest, Result, Scorer};
use serde::Serialize;

/// What is read in a text.
#[derive(Debug, Serialize)]
pub struct Reading {
    /// The declared language, or else the detected one.
    pub language: Language,
    /// Tone of the words.
    pub sentiment: Sentiment,
    /// T in [0, 1]: how much it is about the brand; 1 without one.
    pub relevance: f32,
    /// The emotion that it shows.
    pub emotion: Option<Emotion>,
    /// Its places on scales, such as that of advertisement.
    pub indicators: Vec<Indicator>,
    /// The classes that it is in, such as what its writer wants.
    pub categories: Vec<Category>,
    /// All topics with their weights, which sum to 1.
    pub topics: Vec<TopicWeight>,
    /// How unlike the texts of training it is written: above 1 it is beyond what is usual.
    pub novelty: Option<f32>,
    /// Word pieces at its end that were not read.
    pub cut: usize,
}

impl Reading {
    /// Reads the text of a request.
    ///
    /// # Errors
    /// As [`Scorer::read`].
    pub fn of(scorer: &Scorer, request: &CheckedRequest) -> Result<Self> {
        let read = scorer.read(request)?;
        let text = read.text;
        let locale = request.locale().unwrap_or(Locale::of(read.language));
        let labels = scorer.manifest().topics.iter().map(|topic| match locale {
            Locale::Zh => topic.zh.clone(),
            Locale::En => topic.en.clone(),
        });
        let topics = labels.zip(text.topics);
        Ok(Reading {
            language: read.language,
            sentiment: Sentiment {
                s: text.valence(),
                negative: text.sentiment[0],
                neutral: text.sentiment[1],
                positive: text.sentiment[2],
            },
            relevance: read.relevance,
            topics: topics
                .map(|(label, weight)| TopicWeight { label, weight })
                .collect(),
            emotion: text.emotion,
            indicators: text.indicators,
            categories: text.categories,
            novelty: text.novelty,
            cut: text.cut,
        })
    }
}
