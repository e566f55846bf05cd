//! What the text alone says: its vector, sentiment, topics, language, and how much it is about a
//! brand.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use candle_nn::VarBuilder;

use crate::Result;
use crate::brand::BrandProfile;
use crate::embedder::Embedder;
use crate::features::TOPICS;
use crate::relevance::{Brand, RelevanceHead};
use crate::sentiment::{SentimentHead, valence};
use crate::text::{Cleaned, Language, clean, detect};
use crate::topics::{TopicLabel, TopicProjector};

/// Brands kept ready; the one not used for longest makes room.
const BRANDS_KEPT: usize = 64;
/// Texts of a brand that share one pass through the encoder.
const BATCH: usize = 16;

/// The encoder and the heads that read its vectors.
pub struct Reader {
    embedder: Embedder,
    sentiment: SentimentHead,
    topics: TopicProjector,
    relevance: RelevanceHead,
    brands: Mutex<VecDeque<(BrandProfile, Arc<Brand>)>>,
}

/// A text that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct TextFeatures {
    /// Unit vector of the encoder.
    pub vector: Vec<f32>,
    /// P(negative), P(neutral), P(positive).
    pub sentiment: [f32; 3],
    /// Weights that sum to 1.
    pub topics: [f32; TOPICS],
    /// As detected from the script.
    pub language: Option<Language>,
    pub cleaned: Cleaned,
    /// Word pieces past the encoder's maximum that were not read.
    pub cut: usize,
}

impl TextFeatures {
    /// s in [-1, 1]: P(positive) - P(negative).
    pub fn valence(&self) -> f32 {
        valence(&self.sentiment)
    }
}

impl Reader {
    /// Loads `sentiment`, `topics` and `relevance` from `heads`.
    pub fn new(embedder: Embedder, heads: &VarBuilder, topics: Vec<TopicLabel>) -> Result<Self> {
        Ok(Reader {
            embedder,
            sentiment: SentimentHead::load(heads.pp("sentiment"))?,
            topics: TopicProjector::load(heads.pp("topics"), topics)?,
            relevance: RelevanceHead::load(heads.pp("relevance"))?,
            brands: Mutex::default(),
        })
    }

    /// The encoder.
    pub fn embedder(&self) -> &Embedder {
        &self.embedder
    }

    /// The sentiment head.
    pub fn sentiment(&self) -> &SentimentHead {
        &self.sentiment
    }

    /// The topic projector.
    pub fn topics(&self) -> &TopicProjector {
        &self.topics
    }

    /// The relevance head.
    pub fn relevance_head(&self) -> &RelevanceHead {
        &self.relevance
    }

    /// Reads a text.
    pub fn read(&self, text: &str) -> Result<TextFeatures> {
        let reading = self.embedder.read(text)?;
        Ok(TextFeatures {
            sentiment: self.sentiment.probabilities(&reading.vector)?,
            topics: self.topics.weights(&reading.vector)?,
            language: detect(&reading.cleaned.text).language,
            vector: reading.vector,
            cleaned: reading.cleaned,
            cut: reading.cut,
        })
    }

    /// r(post, brand) in [0, 1].
    pub fn relevance(&self, text: &TextFeatures, profile: &BrandProfile) -> Result<f32> {
        let brand = self.brand(profile)?;
        self.relevance
            .relevance(&text.vector, &text.cleaned.text, &brand)
    }

    /// s and T of several texts, read together; T is 1 without a brand.
    pub fn judge(&self, texts: &[String], brand: Option<&BrandProfile>) -> Result<Vec<(f32, f32)>> {
        let brand = brand.map(|profile| self.brand(profile)).transpose()?;
        let vectors = self.embedder.embed_all(texts, BATCH)?;
        let judge = |(text, vector): (&String, &Vec<f32>)| {
            let s = valence(&self.sentiment.probabilities(vector)?);
            let t = match &brand {
                Some(brand) => self.relevance.relevance(vector, &clean(text), brand)?,
                None => 1.0,
            };
            Ok((s, t))
        };
        texts.iter().zip(&vectors).map(judge).collect()
    }

    /// The brand made ready, from memory where it was used before.
    fn brand(&self, profile: &BrandProfile) -> Result<Arc<Brand>> {
        // A panic elsewhere can't leave the queue half-changed, so a poisoned lock is still good.
        let lock = || self.brands.lock().unwrap_or_else(PoisonError::into_inner);
        {
            let mut kept = lock();
            if let Some(at) = kept.iter().position(|(known, _)| known == profile)
                && let Some(entry) = kept.remove(at)
            {
                let brand = entry.1.clone();
                kept.push_back(entry);
                return Ok(brand);
            }
        }
        let vectors = self.embedder.embed_all(&Brand::texts(profile), BATCH)?;
        let brand = Arc::new(Brand::new(profile, &vectors, self.relevance.background())?);
        let mut kept = lock();
        if kept.len() == BRANDS_KEPT {
            kept.pop_front();
        }
        kept.push_back((profile.clone(), brand.clone()));
        Ok(brand)
    }
}
