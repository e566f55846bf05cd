//! The shape of a request, and a request whose rules are checked.
//!
//! The same shape is described for other languages in `www/api/openapi.json`.

use serde::{Deserialize, Serialize};

use crate::definition::value::Weights;
use crate::diffusion::{DiffusionGraph, DiffusionPage};
use crate::post::brand::BrandProfile;
use crate::post::json::parse;
use crate::post::{Post, check_text};
use crate::scorer::words::Locale;
use crate::{Error, Result};

/// Longest id of a request, in characters.
pub const MAX_ID_CHARS: usize = 256;

/// A post to score, for a brand, with what is known of its diffusion. As JSON at most 67,108,864
/// bytes (64 MiB). `null` means the same as a field left out: not known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ScoreRequest {
    /// Comes back with the answer, so that answers can be told apart; not read by the scorer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(length(min = 1, max = MAX_ID_CHARS)))]
    pub id: Option<String>,
    /// The post, a draft or published.
    pub post: Post,
    /// Without one the score says what the post is worth to a brand it fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<BrandProfile>,
    /// The first page (`start` 1) of what happened to the post so far. Without one the post is
    /// scored as a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graph: Option<DiffusionPage>,
    /// Take precedence over the brand's own; without either 0.2, 0.3, 0.5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Weights>,
    /// The language of all words of the answer. Without one notes are in English; topics, and all
    /// that explains, in Chinese for Chinese posts and in English for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<Locale>,
}

impl ScoreRequest {
    /// Reads one request; [`ScoreRequest::check`] makes it one that can be scored.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it isn't JSON,
    /// [`Error::Invalid`] when it is of another shape; both name the field,
    /// as in `post.author.followers`.
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self> {
        parse(json, "")
    }

    /// The id that a request gives, even if the rest of it is wrong; `None` where it isn't JSON.
    pub fn id_in(json: impl AsRef<[u8]>) -> Option<String> {
        #[derive(Deserialize)]
        struct Named {
            id: Option<String>,
        }
        parse::<Named>(json, "").ok()?.id
    }

    /// Checks every rule that a type can't express, and keeps what the check found out: the graph,
    /// and the weights in force.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the field that breaks a rule, as in
    /// `graph.parent[3]`.
    pub fn check(self) -> Result<CheckedRequest> {
        if let Some(id) = &self.id {
            check_text("id", id, MAX_ID_CHARS)?;
            if id.is_empty() {
                return Err(Error::invalid("id", "is empty: leave it out"));
            }
        }
        self.post.validate().map_err(|e| e.within("post"))?;
        if let Some(brand) = &self.brand {
            brand.validate().map_err(|e| e.within("brand"))?;
        }
        if let Some(weights) = &self.weights {
            weights.validate().map_err(|e| e.within("weights"))?;
        }
        let graph = match self.graph {
            Some(page) => {
                let total = page.total;
                let mut graph = DiffusionGraph::from_page(page).map_err(|e| e.within("graph"))?;
                // A page may be the first of several, or a sample: what it counts is still so.
                let unlisted = total.saturating_sub(graph.len() as u64);
                graph.dropped = graph.dropped.max(unlisted);
                graph
            }
            None => DiffusionGraph::draft(None),
        };
        let of_brand = self.brand.as_ref().and_then(|brand| brand.weights);
        let request = CheckedRequest {
            weights: self.weights.or(of_brand).unwrap_or_default(),
            id: self.id,
            post: self.post,
            brand: self.brand,
            locale: self.locale,
            graph: DiffusionGraph::default(),
        };
        Ok(request.with_graph(graph))
    }
}

/// A request that keeps every rule, with the graph built and the weights chosen. Only such a
/// request is scored.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedRequest {
    id: Option<String>,
    post: Post,
    brand: Option<BrandProfile>,
    weights: Weights,
    locale: Option<Locale>,
    graph: DiffusionGraph,
}

impl CheckedRequest {
    /// A published post for a brand that it fits, at default weights.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the post breaks a rule.
    pub fn published(post: Post, graph: DiffusionGraph) -> Result<Self> {
        let draft = ScoreRequest {
            post,
            ..ScoreRequest::default()
        };
        Ok(draft.check()?.with_graph(graph))
    }

    /// The same request with another graph; what that doesn't know of the author, the post says.
    #[must_use]
    pub fn with_graph(mut self, mut graph: DiffusionGraph) -> Self {
        let of_post = self.post.author.clone();
        graph.author = match (graph.author.take(), of_post) {
            (Some(of_graph), Some(of_post)) => Some(of_graph.or(of_post)),
            (of_graph, of_post) => of_graph.or(of_post),
        };
        self.graph = graph;
        self
    }

    /// The id that comes back with the answer.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The post.
    pub fn post(&self) -> &Post {
        &self.post
    }

    /// The brand, if there is one.
    pub fn brand(&self) -> Option<&BrandProfile> {
        self.brand.as_ref()
    }

    /// The weights in force: the request's, else the brand's, else the default.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// The language that was asked for.
    pub fn locale(&self) -> Option<Locale> {
        self.locale
    }

    /// The graph that was sent, or a draft's; never more than
    /// [`MAX_EVENTS`](crate::diffusion::MAX_EVENTS).
    pub fn graph(&self) -> &DiffusionGraph {
        &self.graph
    }
}
