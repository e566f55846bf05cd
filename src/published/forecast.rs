//! The future of a published post: its final count with a range, and its score as it grew.

use serde::Serialize;

use crate::definition::value::events_of;
use crate::diffusion::{DiffusionForecast, DiffusionGraph, MAX_EVENTS, OBSERVATION_TIMES};
use crate::encoder::Precision;
use crate::post::Post;
use crate::published::record::PostRecord;
use crate::scorer::answer::{Interval, Note};
use crate::scorer::reading::diffusion_input;
use crate::scorer::request::CheckedRequest;
use crate::scorer::words::{Locale, note};
use crate::scorer::{COVERAGE, Evaluation, Scorer};
use crate::{Error, Result};

/// The forecast of one published post.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PostForecast {
    /// Id of the post, as it was asked for.
    pub post: String,
    /// Seconds after the post up to which events were seen.
    pub observed_until: u32,
    /// Events so far.
    pub events: u64,
    /// The final count.
    pub expected: Expected,
    /// At 0 s, 15 min, 1 h, 6 h and 24 h as far as they are past, and now.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub history: Vec<Moment>,
    /// Gaps of this forecast: what it does not take into account, most important first.
    pub unseen: Vec<Note>,
    /// `name@version` of the model bundle.
    pub bundle: String,
    /// How the text encoder computed.
    pub precision: Precision,
}

/// A final count of reposts, quotes, replies and comments, and where it lies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Expected {
    /// How many there will be; never fewer than there are.
    #[cfg_attr(test, schemars(range(min = 0)))]
    pub events: f32,
    /// Lower end.
    #[cfg_attr(test, schemars(range(min = 0)))]
    pub low: f32,
    /// Upper end. Null: no upper bound is known. Counts from 10,000 on are not told apart.
    #[cfg_attr(test, schemars(range(min = 0)))]
    pub high: Option<f32>,
    /// 0.9: nine of ten final counts lie inside.
    #[cfg_attr(test, schemars(range(min = 0, max = 1)))]
    pub coverage: f32,
}

/// A post as it was known, forecast and scored at one time.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Moment {
    /// Seconds after the post.
    pub observed_until: u32,
    /// Events up to then.
    pub events: u64,
    /// The final count, as forecast then.
    pub expected: Expected,
    /// The score for a brand that the post fits; null without a text that can be read.
    pub score: Option<MomentScore>,
}

/// A score and its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct MomentScore {
    /// The worth of the post to the brand; 50 is no effect.
    #[cfg_attr(test, schemars(range(min = 0, max = 100)))]
    pub bsmv: f32,
    /// Holds the realised value in nine of ten cases.
    pub interval: Interval,
}

/// Forecasts the post called `id` from what is known of it, and from what was known before. With
/// its text it is scored as a request for a brand that it fits would be.
///
/// # Errors
/// [`Error::Invalid`] where the post breaks a rule; whatever the encoder
/// says of its text.
pub fn forecast(
    scorer: &Scorer,
    id: &str,
    record: &PostRecord,
    graph: &DiffusionGraph,
) -> Result<PostForecast> {
    let now = graph.observed_until;
    let before = OBSERVATION_TIMES.into_iter().filter(|&t| t < now);
    let known: Vec<DiffusionGraph> = before
        .chain([now])
        .map(|t| graph.cut(t).capped(MAX_EVENTS))
        .collect();
    let words = Locale::En.words();
    let without = |why| counted(scorer, record, known.clone(), why);
    let (history, unseen) = match record.post() {
        Some(post) => match scored(scorer, post, known.clone()) {
            Err(Error::Unreadable(reason)) => without(words.refused(reason)),
            scored => scored?,
        },
        None => without(note!(words, forecast.no_text)),
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
            ..moment(request.graph(), &forecast)
        });
        unseen = score.unseen;
    }
    Ok((history, unseen))
}

/// A post without its text at each time, by the graph then, and what its forecast is blind to:
/// `why` there is no text.
fn counted(
    scorer: &Scorer,
    record: &PostRecord,
    known: Vec<DiffusionGraph>,
    why: Note,
) -> (Vec<Moment>, Vec<Note>) {
    let post = record.wordless();
    let (mut history, mut outside) = (Vec::with_capacity(known.len()), None);
    for graph in &known {
        let input = diffusion_input(&post, None, graph);
        outside = scorer.diffusion().outside_support(&input);
        let forecast = scorer.diffusion().forecast(&input);
        history.push(moment(graph, &forecast));
    }
    let words = Locale::En.words();
    let mut unseen = Vec::new();
    if let Some(outside) = outside {
        let outside = words.outside(outside);
        unseen.push(note!(words, forecast.diffusion_not_modelled, outside: outside));
    }
    unseen.push(why);
    (history, unseen)
}

/// One time, without a score.
fn moment(graph: &DiffusionGraph, forecast: &DiffusionForecast) -> Moment {
    let events = graph.len() as u64 + graph.dropped;
    Moment {
        observed_until: graph.observed_until,
        events,
        expected: expected(forecast, events),
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
