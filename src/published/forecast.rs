//! What becomes of a published post: its final count with a range, and its score as it grew.

use serde::Serialize;

use crate::Result;
use crate::definition::value::events_of;
use crate::diffusion::{self, DiffusionGraph, DiffusionInput, MAX_EVENTS, OBSERVATION_TIMES};
use crate::encoder::Precision;
use crate::published::record::PostRecord;
use crate::scorer::answer::{Interval, Note};
use crate::scorer::request::ScoreRequest;
use crate::scorer::unseen::{DIFFUSION_NOT_MODELLED, reason};
use crate::scorer::{COVERAGE, Scorer};
use crate::text::Language;

/// The forecast of one post.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PostForecast {
    /// Id of the post.
    pub post: String,
    /// Seconds after the post up to which events were seen.
    pub observed_until: u32,
    /// Events seen so far.
    pub events: u64,
    /// How many there will be; `None` where diffusion is not modelled.
    pub expected: Option<Expected>,
    /// The same at each observation time so far, and now; in order.
    pub history: Vec<Moment>,
    /// What the forecast does not take into account, most important first.
    pub unseen: Vec<Note>,
    /// `name@version` of the bundle.
    pub bundle: String,
    pub precision: Precision,
}

/// A final count and where it lies in nine of ten cases.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Expected {
    /// Reposts, quotes, replies and comments in the end.
    pub events: f32,
    pub low: f32,
    /// `None`: no upper bound is known. Counts from 10,000 on are not told apart.
    pub high: Option<f32>,
    /// 0.9: nine of ten final counts lie inside.
    pub coverage: f32,
}

/// What was known, forecast and scored at one time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Moment {
    /// Seconds after the post.
    pub observed_until: u32,
    /// Events up to then.
    pub events: u64,
    pub expected: Option<Expected>,
    /// The score for a brand that the post fits; `None` without the post's text.
    pub score: Option<MomentScore>,
}

/// A score and its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MomentScore {
    /// 0 to 100; 50 is no effect.
    pub bsmv: f32,
    pub interval: Interval,
}

/// Forecasts the post called `id` from what is known of it, and from what was known before.
pub fn forecast(
    scorer: &Scorer,
    id: &str,
    record: &PostRecord,
    graph: &DiffusionGraph,
) -> Result<PostForecast> {
    let post = record.post();
    let text = match &post {
        Some(post) => Some(scorer.reader().read(&post.full_text(), None)?),
        None => None,
    };
    let detected = text.as_ref().and_then(|text| text.language);
    let language = record.language.or(detected).unwrap_or(Language::Other);
    let now = graph.observed_until;
    let before = OBSERVATION_TIMES.into_iter().filter(|&t| t < now);
    let seen: Vec<DiffusionGraph> = before
        .chain([now])
        .map(|t| graph.cut(t).capped(MAX_EVENTS))
        .collect();
    let inputs: Vec<_> = seen
        .iter()
        .map(|graph| DiffusionInput {
            graph,
            platform: record.platform,
            language,
            s: text.as_ref().map(|text| text.valence()),
            created_at: Some(record.created_at),
            text_chars: text
                .as_ref()
                .map_or(0, |text| text.cleaned.text.chars().count()),
            topics: text.as_ref().map(|text| text.topics),
            images: record.images,
        })
        .collect();
    let outside = scorer.diffusion().outside_support(&inputs[0]);
    let mut unseen = Vec::new();
    if let Some(outside) = outside {
        unseen.push(Note {
            code: DIFFUSION_NOT_MODELLED,
            message: format!("Diffusion is not modelled for {}.", reason(outside)),
        });
    }
    if post.is_none() {
        unseen.push(Note {
            code: "no_text",
            message: "The post's text is not stored: counts are forecast without it, and there \
                      is no score."
                .to_owned(),
        });
    }

    let mut history = Vec::with_capacity(seen.len());
    for (known, input) in seen.iter().zip(&inputs) {
        let forecast = scorer.diffusion().forecast(input);
        let events = known.len() as u64 + known.dropped;
        let until = known.observed_until;
        let mut score = None;
        if let Some(post) = &post {
            let page = graph.page(id, record.created_at, until, 1, usize::MAX);
            let whole = scorer.score(&ScoreRequest {
                post: post.clone(),
                graph: Some(page),
                ..ScoreRequest::default()
            })?;
            score = Some(MomentScore {
                bsmv: whole.bsmv,
                interval: whole.interval,
            });
            unseen = whole.unseen;
        }
        history.push(Moment {
            observed_until: until,
            events,
            expected: outside.is_none().then(|| expected(&forecast, events)),
            score,
        });
    }
    let last = history.last().expect("now is always among the times");
    Ok(PostForecast {
        post: id.to_owned(),
        observed_until: now,
        events: last.events,
        expected: last.expected,
        history,
        unseen,
        bundle: scorer.bundle(),
        precision: scorer.reader().embedder().precision(),
    })
}

/// A forecast of D as a count; never fewer than were `seen`.
fn expected(forecast: &diffusion::Forecast, seen: u64) -> Expected {
    let count = |d: f32| events_of(d).max(seen as f32);
    let (low, high) = forecast.d_interval;
    Expected {
        events: count(forecast.features.d),
        low: count(low),
        high: (high < 1.0).then(|| count(high)),
        coverage: COVERAGE,
    }
}
