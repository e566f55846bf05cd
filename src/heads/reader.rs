//! The reader: vector, sentiment, topics and language of a text, and how much it is about a brand.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::slice::from_ref;
use std::sync::{Arc, Mutex, PoisonError};

use crate::Result;
use crate::definition::features::TOPICS;
use crate::encoder::embedder::{Embedder, Reading};
use crate::heads::category::{Categories, Category};
use crate::heads::classifier::Classifier;
use crate::heads::emotion::{Emotion, EmotionHeads};
use crate::heads::indicator::{Indicator, Indicators};
use crate::heads::likes::Likes;
use crate::heads::novelty::{Novelty, characters};
use crate::heads::relevance::{Brand, RelevanceHead};
use crate::heads::sentiment::{CLASSES, brand_view, probabilities, valence};
use crate::heads::topics::{TopicLabel, TopicProjector};
use crate::heads::wants;
use crate::heads::{CATEGORIES, INDICATORS};
use crate::layers::tensors::Tensors;
use crate::post::brand::BrandProfile;
use crate::text::accounts_as_names;
use crate::text::{Cleaned, Language, clean, clean_report, detect, unreadable};

/// Brands kept ready; the one not used for longest makes room.
const BRANDS_KEPT: usize = 64;
/// Texts of a brand that share one pass through the encoder.
const BATCH: usize = 16;

/// The encoder and the heads that read its vectors.
pub struct Reader {
    embedder: Embedder,
    sentiment: Classifier,
    topics: TopicProjector,
    relevance: RelevanceHead,
    emotions: Option<EmotionHeads>,
    novelty: Option<Novelty>,
    likes: Option<Likes>,
    indicators: Indicators,
    categories: Categories,
    brands: Mutex<VecDeque<(BrandProfile, Arc<Brand>)>>,
}

/// A text that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct TextFeatures {
    /// Unit vector of the encoder.
    pub vector: Vec<f32>,
    /// P(negative), P(neutral), P(positive): of the text itself and, if it names the brand, towards
    /// that.
    pub sentiment: Vec<f32>,
    /// The emotion of the text; `None` where the bundle has no such head.
    pub emotion: Option<Emotion>,
    /// The answers of the heads beside the score.
    pub indicators: Vec<Indicator>,
    /// The classes that heads beside the score put it in.
    pub categories: Vec<Category>,
    /// Weights that sum to 1.
    pub topics: [f32; TOPICS],
    /// As detected from the script.
    pub language: Option<Language>,
    /// The text as the encoder read it, and what was taken out of it.
    pub cleaned: Cleaned,
    /// How unlike the training texts it is written: above 1 it is beyond what is usual. `None`
    /// where the bundle doesn't know.
    pub novelty: Option<f32>,
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
    /// Loads each head from the tensors under its name. `sentiment`, `topics` and `relevance` are
    /// what the score is made of; `emotion`, `novelty`, `likes`, the indicators and the categories may be
    /// missing, and answer nothing then.
    ///
    /// # Errors
    /// [`crate::Error::Bundle`] when a head that the score needs is missing, or any isn't whole.
    pub fn new(embedder: Embedder, heads: &Tensors, topics: Vec<TopicLabel>) -> Result<Self> {
        fn if_any<T>(file: &Tensors, load: fn(&Tensors) -> Result<T>) -> Result<Option<T>> {
            file.any().then(|| load(file)).transpose()
        }
        Ok(Reader {
            embedder,
            sentiment: Classifier::load(&heads.under("sentiment"), CLASSES)?,
            topics: TopicProjector::load(&heads.under("topics"), topics)?,
            relevance: RelevanceHead::load(&heads.under("relevance"))?,
            emotions: if_any(&heads.under("emotion"), EmotionHeads::load)?,
            novelty: if_any(&heads.under("novelty"), Novelty::load)?,
            likes: if_any(&heads.under("likes"), Likes::load)?,
            indicators: Indicators::load(heads, INDICATORS)?,
            categories: Categories::load(heads, CATEGORIES)?,
            brands: Mutex::default(),
        })
    }

    /// The encoder.
    pub fn embedder(&self) -> &Embedder {
        &self.embedder
    }

    /// The sentiment head.
    pub fn sentiment(&self) -> &Classifier {
        &self.sentiment
    }

    /// The emotion heads, if the bundle has them.
    pub fn emotions(&self) -> Option<&EmotionHeads> {
        self.emotions.as_ref()
    }

    /// The heads beside the score that the bundle has.
    pub fn indicators(&self) -> &Indicators {
        &self.indicators
    }

    /// The heads with classes beside the score that the bundle has.
    pub fn categories(&self) -> &Categories {
        &self.categories
    }

    /// The topic projector.
    pub fn topics(&self) -> &TopicProjector {
        &self.topics
    }

    /// The relevance head.
    pub fn relevance_head(&self) -> &RelevanceHead {
        &self.relevance
    }

    /// The measure of how unlike the texts of training a text is, if the bundle has it.
    pub fn novelty(&self) -> Option<&Novelty> {
        self.novelty.as_ref()
    }

    /// What words say of likes, if the bundle has it.
    pub fn likes(&self) -> Option<&Likes> {
        self.likes.as_ref()
    }

    /// Reads a text, for a brand if one is given.
    pub fn read(&self, text: &str, brand: Option<&BrandProfile>) -> Result<TextFeatures> {
        self.features(self.embedder.read(&with_brand_name(text, brand))?, brand)
    }

    /// Reads several texts together, each for its brand: what [`Reader::read`] makes of each.
    pub fn read_all(&self, texts: &[(String, Option<&BrandProfile>)]) -> Result<Vec<TextFeatures>> {
        let named: Vec<String> = texts
            .iter()
            .map(|(text, brand)| with_brand_name(text, *brand).into_owned())
            .collect();
        let readings = self.embedder.read_all(&named)?.into_iter();
        readings
            .zip(texts)
            .map(|(reading, (_, brand))| self.features(reading, *brand))
            .collect()
    }

    /// What the heads make of a text that was read.
    fn features(&self, reading: Reading, brand: Option<&BrandProfile>) -> Result<TextFeatures> {
        let language = detect(&reading.cleaned.text).language;
        let (text, vector) = (from_ref(&reading.cleaned.text), from_ref(&reading.vector));
        let embed = |text: &String| Ok(self.embedder.read(text)?.vector);
        let embed = |texts: &[String]| texts.iter().map(embed).collect();
        let mut sentiments = self.sentiments(text, vector, brand, embed)?;
        Ok(TextFeatures {
            sentiment: sentiments.swap_remove(0),
            emotion: self
                .emotions
                .as_ref()
                .map(|heads| heads.read(&reading.vector, language.unwrap_or(Language::Other)))
                .transpose()?,
            indicators: self.indicators.read(&reading.vector)?,
            categories: self.categories.read(&reading.vector)?,
            topics: self.topics.weights(&reading.vector)?,
            novelty: self.novelty.as_ref().map(|novelty| {
                let characters = characters(&reading.cleaned.text);
                novelty.distance(&reading.pieces, characters, language)
            }),
            language,
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

    /// The valence of each of some comments, read together; `None` of one that can't be read. Who asks
    /// where to buy, or what it is, doesn't blame: an ask counts as neutral at least.
    pub fn voices(&self, comments: &[String]) -> Result<Vec<Option<f32>>> {
        let cleaned: Vec<Cleaned> = comments.iter().map(|text| clean_report(text)).collect();
        let texts: Vec<String> = cleaned.iter().map(|cleaned| cleaned.text.clone()).collect();
        let vectors = self.embedder.embed_all(&texts, BATCH)?;
        let mut found = Vec::with_capacity(comments.len());
        for ((comment, cleaned), vector) in comments.iter().zip(&cleaned).zip(&vectors) {
            let language = detect(&cleaned.text).language;
            if unreadable(comment, cleaned, language, true).is_some() {
                found.push(None);
                continue;
            }
            let s = valence(&self.mood(vector, None)?);
            let categories = self.categories.read(vector)?;
            let asks = categories
                .iter()
                .any(|category| category.label == Some(wants::ASK));
            found.push(Some(if asks { s.max(0.0) } else { s }));
        }
        Ok(found)
    }

    /// s and T of several texts, read together; T is 1 without a brand.
    pub fn valence_and_relevance(
        &self,
        texts: &[String],
        brand: Option<&BrandProfile>,
    ) -> Result<Vec<(f32, f32)>> {
        let ready = brand.map(|profile| self.brand(profile)).transpose()?;
        let cleaned: Vec<String> = texts
            .iter()
            .map(|text| clean(&with_brand_name(text, brand)))
            .collect();
        let vectors = self.embedder.embed_all(&cleaned, BATCH)?;
        let embed = |texts: &[String]| self.embedder.embed_all(texts, BATCH);
        let sentiments = self.sentiments(&cleaned, &vectors, brand, embed)?;
        let mut found = Vec::with_capacity(texts.len());
        for ((text, vector), sentiment) in cleaned.iter().zip(&vectors).zip(&sentiments) {
            let t = match &ready {
                Some(brand) => self.relevance.relevance(vector, text, brand)?,
                None => 1.0,
            };
            found.push((valence(sentiment), t));
        }
        Ok(found)
    }

    /// P(negative), P(neutral), P(positive) of a text, by its vector and, where it names
    /// the brand, that of [`brand_view`].
    pub fn mood(&self, own: &[f32], towards: Option<&[f32]>) -> Result<Vec<f32>> {
        probabilities(&self.sentiment, own, towards)
    }

    /// P(negative), P(neutral), P(positive) of each of some cleaned texts, whose vectors are
    /// `vectors`: of itself and, where it names the brand, of what it says of that. `embed` gives
    /// the vectors of further texts.
    fn sentiments(
        &self,
        texts: &[String],
        vectors: &[Vec<f32>],
        brand: Option<&BrandProfile>,
        embed: impl FnOnce(&[String]) -> Result<Vec<Vec<f32>>>,
    ) -> Result<Vec<Vec<f32>>> {
        let views: Vec<Option<String>> = texts.iter().map(|t| brand_view(t, brand)).collect();
        let named: Vec<String> = views.iter().flatten().cloned().collect();
        let mut towards = embed(&named)?.into_iter();
        let both = vectors.iter().zip(&views);
        both.map(|(vector, view)| {
            let towards = view.as_ref().and_then(|_| towards.next());
            self.mood(vector, towards.as_deref())
        })
        .collect()
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

/// A text as it is read for a brand: the brand's accounts are replaced by its name.
fn with_brand_name<'a>(text: &'a str, brand: Option<&BrandProfile>) -> Cow<'a, str> {
    match brand {
        Some(brand) => accounts_as_names(text, brand.names()),
        None => text.into(),
    }
}
