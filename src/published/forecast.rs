//! The future of a published post: its final count with a range, and its score as it grew.

use serde::Serialize;

use crate::Result;
use crate::definition::value::events_of;
use crate::diffusion::{DiffusionForecast, DiffusionGraph, MAX_EVENTS, OBSERVATION_TIMES};
use crate::encoder::Precision;
use crate::post::Post;
use crate::published::record::PostRecord;
use crate::scorer::answer::{Interval, Note};
use crate::scorer::reading::diffusion_input;
use crate::scorer::request::CheckedRequest;
use crate::scorer::unseen::{DIFFUSION_NOT_MODELLED, reason};
use crate::scorer::{COVERAGE, Evaluation, Scorer};

/// The forecast of one post.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PostForecast {
    /// Id of the post.
    pub post: String,
    /// Seconds after the post up to which events were seen.
    pub observed_until: u32,
    /// Events seen so far.
    pub events: u64,
    /// Number of events in the end; `None` where diffusion is not modelled.
    pub expected: Option<Expected>,
    /// The same at each observation time so far, and now; in order.
    pub history: Vec<Moment>,
    /// Notes on all that the forecast does not take into account, most important first.
    pub unseen: Vec<Note>,
    /// `name@version` of the bundle.
    pub bundle: String,
    /// Precision of the encoder.
    pub precision: Precision,
}

/// A final count and where it lies in nine of ten cases.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Expected {
    /// Reposts, quotes, replies and comments in the end.
    pub events: f32,
    /// The least.
    pub low: f32,
    /// `None`: no upper bound is known. Counts from 10,000 on are not told apart.
    pub high: Option<f32>,
    /// 0.9: nine of ten final counts lie inside.
    pub coverage: f32,
}

/// One time: what was known, forecast and scored then.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Moment {
    /// Seconds after the post.
    pub observed_until: u32,
    /// Events up to then.
    pub events: u64,
    /// Number of events in the end, by what was known; `None` where diffusion is not modelled.
    pub expected: Option<Expected>,
    /// The score for a brand that the post fits; `None` without the post's text.
    pub score: Option<MomentScore>,
}

/// A score and its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MomentScore {
    /// 0 to 100; 50 is no effect.
    pub bsmv: f32,
    /// Where the realised value lies in nine of ten cases.
    pub interval: Interval,
}

/// Forecasts the post called `id` from what is known of it, and from what was known before. With
/// its text it is scored as a request for a brand that it fits would be.
///
/// # Errors
/// [`Error::Invalid`](crate::Error::Invalid) where the post breaks a rule; whatever the encoder
/// says of its text.
pub fn forecast(
    scorer: &Scorer,
    id: &str,
    record: &PostRecord,
    graph: &DiffusionGraph,
) -> Result<PostForecast> {
    let now = graph.observed_until;
    let before = OBSERVATION_TIMES.into_iter().filter(|&t| t < now);
    let known = before
        .chain([now])
        .map(|t| graph.cut(t).capped(MAX_EVENTS))
        .collect();
    let (history, unseen) = match record.post() {
        Some(post) => scored(scorer, post, known)?,
        None => counted(scorer, record, known),
    };
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

/// A post with its text at each time, by the graph then, and what its last score is blind to.
fn scored(
    scorer: &Scorer,
    post: Post,
    known: Vec<DiffusionGraph>,
) -> Result<(Vec<Moment>, Vec<Note>)> {
    let mut request = CheckedRequest::published(post, DiffusionGraph::default())?;
    let reading = scorer.read(&request)?;
    let (mut history, mut unseen) = (Vec::with_capacity(known.len()), Vec::new());
    for graph in known {
        request = request.with_graph(graph);
        let Evaluation {
            score, forecast, ..
        } = scorer.evaluate(&request, &reading);
        history.push(Moment {
            score: Some(MomentScore {
                bsmv: score.bsmv,
                interval: score.interval,
            }),
            ..moment(request.graph(), &forecast, score.diffusion_modelled)
        });
        unseen = score.unseen;
    }
    Ok((history, unseen))
}

/// A post without its text at each time, by the graph then, and what its forecast is blind to.
fn counted(
    scorer: &Scorer,
    record: &PostRecord,
    known: Vec<DiffusionGraph>,
) -> (Vec<Moment>, Vec<Note>) {
    let post = record.wordless();
    let (mut history, mut outside) = (Vec::with_capacity(known.len()), None);
    for graph in &known {
        let input = diffusion_input(&post, None, graph);
        outside = scorer.diffusion().outside_support(&input);
        let forecast = scorer.diffusion().forecast(&input);
        history.push(moment(graph, &forecast, outside.is_none()));
    }
    let mut unseen = Vec::new();
    if let Some(outside) = outside {
        unseen.push(Note {
            code: DIFFUSION_NOT_MODELLED,
            message: format!("Diffusion is not modelled for {}.", reason(outside)),
        });
    }
    unseen.push(Note {
        code: "no_text",
        message: "The post's text is not stored: counts are forecast without it, and there is no \
                  score."
            .to_owned(),
    });
    (history, unseen)
}

/// One time, without a score.
fn moment(graph: &DiffusionGraph, forecast: &DiffusionForecast, modelled: bool) -> Moment {
    let events = graph.len() as u64 + graph.dropped;
    Moment {
        observed_until: graph.observed_until,
        events,
        expected: modelled.then(|| expected(forecast, events)),
        score: None,
    }
}

/// A forecast of D as a count; never fewer than were `seen`.
fn expected(forecast: &DiffusionForecast, seen: u64) -> Expected {
    let count = |d: f32| events_of(d).max(seen as f32);
    let (low, high) = forecast.d_interval;
    Expected {
        events: count(forecast.features.d),
        low: count(low),
        high: (high < 1.0).then(|| count(high)),
        coverage: COVERAGE,
    }
}
