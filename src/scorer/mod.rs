//! The whole path: post, brand and graph in, score and explanation out.

pub mod answer;
pub mod bundle;
pub mod constants;
mod engagement;
pub mod explain;
pub mod gaming;
mod interval;
pub mod memory;
pub mod reading;
pub mod request;
mod said;
pub mod unseen;
pub mod words;

use crate::definition::features::{self, FEATURES, Feature, FeatureVector, TOPICS};
use crate::definition::predict::{self, Quantities};
use crate::definition::value::{self, Weights};
use crate::diffusion::reach::Reach;
use crate::diffusion::structure::event_share;
use crate::diffusion::{DiffusionForecast, DiffusionNet};
use crate::encoder::Precision;
use crate::encoder::embedder::Embedder;
use crate::encoder::{Device, scratch_bytes};
use crate::heads::advert;
use crate::heads::indicator::Indicator;
use crate::heads::reader::{Reader, TextFeatures};
use crate::layers::tensors::Tensors;
use crate::post::brand::BrandProfile;
use crate::scorer::answer::{
    Answer, Contribution, Explanation, Predicted, Refusal, Score, Sentiment, TopicWeight,
};
use crate::scorer::bundle::{Bundle, DIFFUSION, HEADS, Manifest, TOKENIZER, encoder_file};
use crate::scorer::explain::phrases::Phrases;
use crate::scorer::explain::plain;
use crate::scorer::explain::{Attribution, Definition, attribute};
use crate::scorer::interval::Band;
use crate::scorer::memory::{Account, MemoryBudget};
use crate::scorer::reading::{PostReading, diffusion_input};
use crate::scorer::request::CheckedRequest;
use crate::scorer::unseen::Sight;
use crate::scorer::words::Locale;
use crate::text::{Language, unreadable};
use crate::{Error, Result};

/// Share of realised values that a score's interval is meant to hold.
pub const COVERAGE: f32 = 0.9;
/// Scores posts with one bundle. Cheap to share: every method takes `&self`.
pub struct Scorer {
    manifest: Manifest,
    reader: Reader,
    diffusion: DiffusionNet,
    /// Feature vectors of ordinary posts, against which a post is explained.
    background: Vec<FeatureVector>,
    account: Account,
}

impl Scorer {
    /// Builds a scorer on the CPU from a bundle read for `precision`.
    pub fn new(bundle: Bundle, precision: Precision) -> Result<Self> {
        Self::on_device(bundle, precision, &Device::Cpu)
    }

    /// As [`Scorer::new`], taking no more memory than `budget`.
    ///
    /// # Errors
    /// [`Error::MemoryBudget`] if the model, with what the longest text needs, doesn't fit; and
    /// later from whatever would pass the budget, before it is begun.
    pub fn within(bundle: Bundle, precision: Precision, budget: MemoryBudget) -> Result<Self> {
        let account = Account::open(budget, needs(&bundle, precision)?)?;
        Ok(Scorer {
            account,
            ..Self::new(bundle, precision)?
        })
    }

    /// Bytes that the model and reading the longest text take at most.
    pub fn memory(&self) -> u64 {
        self.account.taken()
    }

    /// Checks that a request of so many characters (UTF-16 units) of JSON fits the budget: to be
    /// asked before the request is copied or parsed.
    pub fn admit(&self, characters: usize) -> Result<()> {
        self.account.admit(characters)
    }

    /// The encoder of a bundle read for `precision`, with its tokenizer.
    pub fn embedder(
        bundle: &mut Bundle,
        precision: Precision,
        device: &Device,
    ) -> Result<Embedder> {
        let facts = bundle.manifest.encoder.clone();
        let tokenizer = bundle.take(TOKENIZER)?;
        let weights = bundle.take(encoder_file(precision))?;
        Embedder::new(
            facts.config,
            &tokenizer.read(0..tokenizer.size()),
            weights,
            precision,
            &facts.prefix,
            facts.max_pieces,
            device,
        )
    }

    /// As [`Scorer::new`] with the f32 encoder on `device`; everything small stays on the CPU.
    pub fn on_device(mut bundle: Bundle, precision: Precision, device: &Device) -> Result<Self> {
        let account = Account::open(MemoryBudget::UNLIMITED, needs(&bundle, precision)?)?;
        let embedder = Self::embedder(&mut bundle, precision, device)?;
        let (heads, diffusion) = (bundle.take(HEADS)?, bundle.take(DIFFUSION)?);
        let heads = Tensors::open(&*heads)?;
        Ok(Scorer {
            reader: Reader::new(embedder, &heads, bundle.manifest.topics.clone())?,
            diffusion: DiffusionNet::load(&Tensors::open(&*diffusion)?)?
                .like(&bundle.manifest.likenesses),
            background: background(&heads)?,
            account,
            manifest: bundle.manifest,
        })
    }

    /// The bundle's manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// `name@version` of the bundle.
    pub fn bundle(&self) -> String {
        format!("{}@{}", self.manifest.name, self.manifest.version)
    }

    /// The part that reads text.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The graph network.
    pub fn diffusion(&self) -> &DiffusionNet {
        &self.diffusion
    }

    /// The unit vector of a text; the same bits in every build at int8.
    pub fn embed(&self, text: &str) -> Result<Vec<f32>> {
        Ok(self.reader.embedder().read(text)?.vector)
    }

    /// Scores one post.
    ///
    /// # Errors
    /// As [`Scorer::read`].
    pub fn score(&self, request: &CheckedRequest) -> Result<Score> {
        Ok(self.evaluate(request, &self.read(request)?).score)
    }

    /// Scores several posts, whose texts are read together: what each would get alone.
    pub fn score_all(&self, requests: &[&CheckedRequest]) -> Vec<Result<Score>> {
        let texts: Vec<_> = requests
            .iter()
            .map(|request| (request.post().full_text(), request.brand()))
            .collect();
        let Ok(read) = self.reader.read_all(&texts) else {
            return requests.iter().map(|request| self.score(request)).collect();
        };
        let score = |(request, text): (&&CheckedRequest, TextFeatures)| {
            self.account.admit_events(request.graph().len())?;
            let reading = self.reading(request, text)?;
            Ok(self.evaluate(request, &reading).score)
        };
        requests.iter().zip(read).map(score).collect()
    }

    /// `made` as it is answered: in place of [`Error::Unreadable`] stands a refusal, in the
    /// request's language.
    ///
    /// # Errors
    /// Any other error of `made`.
    pub fn answer<T>(&self, request: &CheckedRequest, made: Result<T>) -> Result<Answer<T>> {
        match made {
            Ok(made) => Ok(Answer::Given(made)),
            Err(Error::Unreadable(reason)) => {
                let locale = request.locale().unwrap_or(Locale::En);
                Ok(Answer::Refused(Refusal {
                    id: request.id().map(str::to_owned),
                    bsmv: (),
                    refused: locale.words().refused(reason),
                    bundle: self.bundle(),
                }))
            }
            Err(other) => Err(other),
        }
    }

    /// Scores a post and says what moved the score: its features, and each event.
    ///
    /// # Errors
    /// As [`Scorer::read`].
    pub fn explain(&self, request: &CheckedRequest) -> Result<Explanation> {
        let evaluation = self.evaluate(request, &self.read(request)?);
        Ok(self.explanation(request, &evaluation))
    }

    /// Reads the text of a post for its brand: the longest part of a score, and the same for every
    /// graph and all weights.
    ///
    /// # Errors
    /// [`Error::Unreadable`] if there is nothing in the text that could be scored;
    /// [`Error::MemoryBudget`] if the graph is too large to be forecast then; whatever the encoder
    /// says of the text.
    pub fn read(&self, request: &CheckedRequest) -> Result<PostReading> {
        self.account.admit_events(request.graph().len())?;
        self.read_text(request)
    }

    fn read_text(&self, request: &CheckedRequest) -> Result<PostReading> {
        let text = self
            .reader
            .read(&request.post().full_text(), request.brand())?;
        self.reading(request, text)
    }

    /// A post whose text was read.
    fn reading(&self, request: &CheckedRequest, mut text: TextFeatures) -> Result<PostReading> {
        let (post, brand) = (request.post(), request.brand());
        let whole = post.full_text();
        let language = post.language.or(text.language);
        if let Some(reason) = unreadable(&whole, &text.cleaned, language, false) {
            return Err(Error::Unreadable(reason));
        }
        // What only discloses or asks to be passed on says nothing of the brand.
        if let Some(said) = said::said(&whole) {
            let said = self.reader.read(&said, brand)?;
            text.sentiment = said.sentiment;
            text.topics = said.topics;
            text.vector = said.vector;
        }
        Ok(PostReading {
            relevance: brand.map_or(Ok(1.0), |brand| self.reader.relevance(&text, brand))?,
            language: Language::known(post.language, text.language),
            text,
        })
    }

    /// Forecasts how a post that was read travels, and scores it.
    pub fn evaluate(&self, request: &CheckedRequest, reading: &PostReading) -> Evaluation {
        let (post, graph, weights) = (request.post(), request.graph(), *request.weights());
        let PostReading {
            text,
            relevance: t,
            language,
        } = reading;
        let input = diffusion_input(post, Some(text), graph);
        let outside = self.diffusion.outside_support(&input);
        let forecast = self.diffusion.forecast(&input);
        let s = text.valence();
        let x = features::assemble(s, &text.topics, *t, &forecast.features);
        let quantities = Quantities {
            t: *t,
            ..predict::predict(&x)
        };
        let ironic = answer::is_ironic(&text.indicators);
        let band = Band::of(s, &forecast, graph.observed_until, ironic);

        let parts = quantities.parts(&weights);
        let bsmv = parts.score();
        let until = graph.observed_until;
        let locale = request.locale().unwrap_or(Locale::of(*language));
        let notes = request.locale().unwrap_or(Locale::En).words();
        let told = self.reader.likes().and_then(|likes| {
            likes.told(
                post.platform,
                text.language,
                &text.vector,
                &text.cleaned.text,
            )
        });
        let engagement = engagement::list(post, &input, told);
        let sight = Sight {
            request,
            text,
            outside,
            counts_by_author: !engagement.is_empty() && !Reach::learnt().reads_text(post.platform),
        };
        let score = Score {
            id: request.id().map(str::to_owned),
            bsmv,
            interval: band.interval(&quantities, &weights, &self.manifest.residuals),
            parts,
            predicted: Predicted {
                s: quantities.s,
                audience: forecast.features.audience,
                voices: forecast.features.voices,
                t: quantities.t,
                d: quantities.d,
                events: value::events_of(quantities.d),
            },
            diffusion_modelled: outside.is_none(),
            engagement,
            sentiment: Sentiment {
                s,
                negative: text.sentiment[0],
                neutral: text.sentiment[1],
                positive: text.sentiment[2],
            },
            emotion: text.emotion.clone(),
            advert: Indicator::value_of(&advert::HEAD, &text.indicators),
            indicators: text.indicators.clone(),
            categories: text.categories.clone(),
            topics: (0..TOPICS)
                .map(|i| TopicWeight {
                    label: self.topic_name(i, locale),
                    weight: text.topics[i],
                })
                .collect(),
            events: graph.len() as u64,
            observed_until: until,
            unseen: unseen::list(notes, &sight),
            flags: gaming::list(notes, &post.full_text(), &text.cleaned, request.brand()),
            weights,
            bundle: self.bundle(),
            precision: self.reader.embedder().precision(),
            band,
        };
        Evaluation {
            score,
            forecast,
            features: x,
            locale,
        }
    }

    /// A score at other weights, as if the post had been scored with them. Nothing is read again.
    #[must_use]
    pub fn reweigh(&self, score: &Score, weights: &Weights) -> Score {
        let Predicted { s, t, d, .. } = score.predicted;
        let quantities = Quantities { s, t, d };
        let parts = quantities.parts(weights);
        Score {
            bsmv: parts.score(),
            interval: score
                .band
                .interval(&quantities, weights, &self.manifest.residuals),
            parts,
            weights: *weights,
            ..score.clone()
        }
    }

    /// The explanation of an evaluated request: each feature's points, each event's share.
    pub fn explanation(&self, request: &CheckedRequest, evaluation: &Evaluation) -> Explanation {
        let Evaluation {
            score,
            features: x,
            locale,
            ..
        } = evaluation;
        let Attribution { base, points } = attribute(&Definition, x, &self.background);
        let contributions = self.contributions(&points, *locale);
        let brand = request.brand().map(|brand| brand.name.as_str());
        let s = score.sentiment.s;
        let words = locale.words();
        let graph = request.graph();
        let said = plain::Said {
            of_brand: brand.is_some(),
            of_audience: !graph.is_empty(),
        };
        let summary = plain::summary(words, base, &points, said);
        Explanation {
            id: score.id.clone(),
            bsmv: score.bsmv,
            base,
            sentence: summary.message.clone(),
            summary,
            hints: plain::hints(words, brand, s, &score.predicted, &score.weights),
            contributions,
            events: event_share(&request.graph().parent),
        }
    }

    /// The phrases of a post, for [`Phrases::step`] with [`Scorer::valence_and_relevance`], and
    /// the language that hints about them are in.
    ///
    /// # Errors
    /// Whatever the encoder says of the text.
    pub fn words(&self, request: &CheckedRequest) -> Result<(Phrases, Locale)> {
        let reading = self.read_text(request)?;
        let whole = (reading.text.valence(), reading.relevance);
        let brand = request.brand().into_iter();
        let names: Vec<&str> = brand.flat_map(BrandProfile::names).collect();
        let words = Phrases::new(request.post(), whole, &names, |run| {
            self.reader.embedder().piece_lengths(run)
        })?;
        let locale = request.locale().unwrap_or(Locale::of(reading.language));
        Ok((words, locale))
    }

    /// s and T of several texts, read together; T is 1 without a brand.
    ///
    /// # Errors
    /// Whatever the encoder says of a text.
    pub fn valence_and_relevance(
        &self,
        texts: &[String],
        brand: Option<&BrandProfile>,
    ) -> Result<Vec<(f32, f32)>> {
        self.reader.valence_and_relevance(texts, brand)
    }

    fn contributions(&self, points: &FeatureVector, locale: Locale) -> Vec<Contribution> {
        let mut all = Vec::with_capacity(FEATURES);
        for feature in Feature::ALL {
            let group = feature.group().name();
            for (i, &points) in points[feature.range()].iter().enumerate() {
                let feature = match feature {
                    Feature::Topics => format!("topic:{}", self.topic_name(i, locale)),
                    one => one.name().to_owned(),
                };
                all.push(Contribution {
                    feature,
                    group,
                    points,
                });
            }
        }
        all
    }

    fn topic_name(&self, i: usize, locale: Locale) -> String {
        let label = &self.manifest.topics[i];
        match locale {
            Locale::Zh => label.zh.clone(),
            Locale::En => label.en.clone(),
        }
    }
}

/// Reads `background` `[n, 17]`.
fn background(heads: &Tensors) -> Result<Vec<FeatureVector>> {
    let numbers = heads.floats_of_any_shape("background")?;
    let (rows, left) = numbers.as_chunks::<FEATURES>();
    if rows.is_empty() || !left.is_empty() {
        let problem = format!("background: not rows of {FEATURES}");
        return Err(Error::Bundle(problem));
    }
    Ok(rows.to_vec())
}

/// Bytes that a scorer of this bundle takes at most, without a graph.
fn needs(bundle: &Bundle, precision: Precision) -> Result<u64> {
    let name = encoder_file(precision);
    let (encoder, others): (Vec<_>, Vec<_>) = bundle.files().partition(|file| file.0 == name);
    let (_, encoder) = *encoder
        .first()
        .ok_or_else(|| Error::Bundle(format!("{name} is missing")))?;
    let facts = &bundle.manifest.encoder;
    let pieces = facts.max_pieces.min(facts.config.max_position_embeddings);
    let scratch = scratch_bytes(&facts.config, pieces) as u64;
    memory::of_model(encoder, others.into_iter().map(|file| file.1), scratch)
}

/// A score, and what it was made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// The score.
    pub score: Score,
    /// The forecast of the diffusion.
    pub forecast: DiffusionForecast,
    /// Features as the head read them.
    features: FeatureVector,
    /// The language that explanations are in.
    locale: Locale,
}
