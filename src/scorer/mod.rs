//! The whole path: post, brand and graph in, score and explanation out.

pub mod answer;
pub mod bundle;
pub mod explain;
pub mod gaming;
pub mod memory;
pub mod request;
pub mod unseen;

use crate::definition::features::{self, FEATURES, FeatureVector, Group, TOPICS};
use crate::definition::predict::{self, HeadOutput};
use crate::definition::value::{self, Weights};
use crate::diffusion::structure::event_share;
use crate::diffusion::{DiffusionInput, DiffusionNet};
use crate::encoder::Precision;
use crate::encoder::embedder::Embedder;
use crate::encoder::{Device, scratch_bytes};
use crate::heads::reader::{Reader, TextFeatures};
use crate::layers::tensors::Tensors;
use crate::post::brand::BrandProfile;
use crate::scorer::answer::{
    Contribution, Explanation, Interval, Predicted, Score, Sentiment, TopicWeight,
};
use crate::scorer::bundle::{Bundle, DIFFUSION, HEADS, Manifest, TOKENIZER, encoder_file};
use crate::scorer::explain::plain;
use crate::scorer::explain::words::LeaveOneOut;
use crate::scorer::explain::{Attribution, Definition, attribute};
use crate::scorer::memory::{Account, MemoryBudget};
use crate::scorer::request::ScoreRequest;
use crate::scorer::unseen::Sight;
use crate::text::{Language, clean, detect};
use crate::{Error, Result};

/// Share of realised values that a score's interval is meant to hold.
pub const COVERAGE: f32 = 0.9;
/// Names of the diffusion features, in feature order.
const DIFFUSION_FEATURES: [&str; 6] = [
    "size",
    "speed",
    "depth",
    "leader_share",
    "audience",
    "voices",
];

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
            diffusion: DiffusionNet::load(&Tensors::open(&*diffusion)?)?,
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

    /// Scores one post. The request is validated first.
    pub fn score(&self, request: &ScoreRequest) -> Result<Score> {
        Ok(self.judged(request)?.score)
    }

    fn judged(&self, request: &ScoreRequest) -> Result<Judged> {
        if let Some(page) = &request.graph {
            self.account.admit_events(page.t.len())?;
        }
        request.validate()?;
        let post = &request.post;
        let text = self
            .reader
            .read(&post.full_text(), request.brand.as_ref())?;
        let language = post.language.or(text.language).unwrap_or(Language::Other);
        let s = text.valence();
        let t = self.relevance(&text, request.brand.as_ref())?;
        let graph = request.diffusion()?;
        let input = DiffusionInput {
            graph: &graph,
            s: Some(s),
            platform: post.platform,
            language,
            created_at: post.created_at,
            text_chars: text.cleaned.text.chars().count(),
            images: post.images,
            topics: Some(text.topics),
        };
        let outside = self.diffusion.outside_support(&input);
        let modelled = outside.is_none();
        let forecast = self.diffusion.forecast(&input);
        let mut x = features::assemble(s, &text.topics, t, &forecast.features);
        let predicted = if modelled {
            predict::predict(&x)
        } else {
            x[Group::Diffusion.range()].fill(0.0);
            let bsmv = value::formula(s, t, 0.0, &Weights::BALANCED);
            HeadOutput { bsmv, s, t, d: 0.0 }
        };

        let weights = request.weights();
        let parts = value::parts(predicted.s, t, predicted.d, &weights);
        let bsmv = parts.score();
        let interval = self.interval(bsmv, &predicted, &weights, graph.observed_until, modelled);
        let sight = Sight {
            request,
            graph: &graph,
            text: &text,
            language,
            outside,
        };
        let score = Score {
            bsmv,
            interval,
            parts,
            predicted: Predicted {
                s: predicted.s,
                t,
                d: predicted.d,
                events: value::events_of(predicted.d),
            },
            sentiment: Sentiment {
                s,
                negative: text.sentiment[0],
                neutral: text.sentiment[1],
                positive: text.sentiment[2],
            },
            emotion: text.emotion.clone(),
            advert: answer::advert(&text.indicators),
            indicators: text.indicators.clone(),
            topics: (0..TOPICS)
                .map(|i| TopicWeight {
                    label: self.topic_name(i, language),
                    weight: text.topics[i],
                })
                .collect(),
            events: graph.len() as u64,
            observed_until: graph.observed_until,
            unseen: unseen::list(&sight),
            flags: gaming::list(&post.full_text(), &text.cleaned, request.brand.as_ref()),
            weights,
            bundle: self.bundle(),
            precision: self.reader.embedder().precision(),
        };
        Ok(Judged {
            score,
            features: x,
            modelled,
            language,
        })
    }

    /// A score at other weights, as if the post had been scored with them. Nothing is read again.
    #[must_use]
    pub fn reweigh(&self, score: &Score, weights: &Weights) -> Score {
        let Predicted { s, t, d, .. } = score.predicted;
        let parts = value::parts(s, t, d, weights);
        let bsmv = parts.score();
        let predicted = HeadOutput { bsmv, s, t, d };
        let modelled = !score
            .unseen
            .iter()
            .any(|unseen| unseen.code == "diffusion_not_modelled");
        let until = score.observed_until;
        Score {
            bsmv,
            interval: self.interval(bsmv, &predicted, weights, until, modelled),
            parts,
            weights: *weights,
            ..score.clone()
        }
    }

    /// Scores a post and says what moved the score: its features, and each event.
    pub fn explain(&self, request: &ScoreRequest) -> Result<Explanation> {
        let Judged {
            score,
            features: x,
            modelled,
            language,
        } = self.judged(request)?;
        let Attribution { base, points } =
            attribute(&Definition { modelled }, &x, &self.background);
        let contributions = self.contributions(&points, language);
        let brand = request.brand.as_ref().map(|brand| brand.name.as_str());
        let s = score.sentiment.s;
        Ok(Explanation {
            bsmv: score.bsmv,
            base,
            sentence: plain::sentence(language, base, &contributions),
            hints: plain::hints(language, brand, s, &score.predicted, &score.weights),
            contributions,
            events: event_share(&request.diffusion()?.parent),
        })
    }

    /// The language that explanations of a post are in.
    pub fn language(&self, request: &ScoreRequest) -> Language {
        let post = &request.post;
        let detected = || detect(&clean(&post.full_text())).language;
        post.language.or_else(detected).unwrap_or(Language::Other)
    }

    /// The words of a post, for [`LeaveOneOut::step`] with [`Scorer::judge`].
    pub fn words(&self, request: &ScoreRequest) -> Result<LeaveOneOut> {
        request.validate()?;
        let brand = request.brand.as_ref();
        let text = self.reader.read(&request.post.full_text(), brand)?;
        let whole = (text.valence(), self.relevance(&text, brand)?);
        let names: Vec<&str> = brand.into_iter().flat_map(BrandProfile::names).collect();
        LeaveOneOut::new(&request.post, whole, &names, |run| {
            self.reader.embedder().piece_lengths(run)
        })
    }

    /// T: r(post, brand), 1 without a brand.
    fn relevance(&self, text: &TextFeatures, brand: Option<&BrandProfile>) -> Result<f32> {
        brand.map_or(Ok(1.0), |profile| self.reader.relevance(text, profile))
    }

    /// s and T of several texts, read together; T is 1 without a brand.
    pub fn judge(&self, texts: &[String], brand: Option<&BrandProfile>) -> Result<Vec<(f32, f32)>> {
        self.reader.valence_and_relevance(texts, brand)
    }

    /// Where the realised value lies in nine of ten cases, by validation posts seen as long.
    fn interval(
        &self,
        bsmv: f32,
        predicted: &HeadOutput,
        weights: &Weights,
        observed_until: u32,
        modelled: bool,
    ) -> Interval {
        let residuals = &self.manifest.residuals;
        let known = residuals
            .iter()
            .rev()
            .find(|r| r.observed_until <= observed_until);
        let (low, high) = known
            .or(residuals.first())
            .map_or((-NOTHING_KNOWN, NOTHING_KNOWN), |r| (r.low, r.high));
        // Residuals are of the default weights; the part that gains most weight bounds the growth.
        let w0 = Weights::BALANCED;
        let growth = (weights.sentiment / w0.sentiment)
            .max(weights.topic / w0.topic)
            .max(weights.diffusion / w0.diffusion);
        let spread = predicted.t * growth;
        let (mut least, mut most) = (bsmv, bsmv);
        if !modelled {
            // It may travel as far as any.
            let seen_by_all = value::formula(predicted.s, predicted.t, 1.0, weights);
            least = least.min(seen_by_all);
            most = most.max(seen_by_all);
        }
        Interval {
            low: value::clamp(least + spread * low),
            high: value::clamp(most + spread * high),
            coverage: COVERAGE,
        }
    }

    fn contributions(&self, points: &FeatureVector, language: Language) -> Vec<Contribution> {
        let mut all = vec![Contribution {
            feature: "sentiment".into(),
            group: Group::Sentiment.name(),
            points: points[0],
        }];
        for (i, &points) in points[Group::Topics.range()].iter().enumerate() {
            all.push(Contribution {
                feature: format!("topic:{}", self.topic_name(i, language)),
                group: Group::Topics.name(),
                points,
            });
        }
        for (name, &points) in DIFFUSION_FEATURES
            .iter()
            .zip(&points[Group::Diffusion.range()])
        {
            all.push(Contribution {
                feature: (*name).into(),
                group: Group::Diffusion.name(),
                points,
            });
        }
        all
    }

    fn topic_name(&self, i: usize, language: Language) -> String {
        let label = &self.manifest.topics[i];
        label.name(language).to_owned()
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

/// A score, and what an explanation of it goes by.
struct Judged {
    score: Score,
    features: FeatureVector,
    /// Whether the diffusion was forecast.
    modelled: bool,
    language: Language,
}

/// Half-width of an interval where a bundle states no residuals: the whole scale.
const NOTHING_KNOWN: f32 = 100.0;
