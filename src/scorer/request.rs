//! The shape of a request.
//!
//! The same shape is described for other languages in `www/api/openapi.json`.

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::definition::value::Weights;
use crate::diffusion::{DiffusionGraph, DiffusionPage};
use crate::post::Post;
use crate::post::brand::BrandProfile;
use crate::post::json::parse;

/// A post to score, for a brand, with what is known of its diffusion.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreRequest {
    pub post: Post,
    /// Without one the score says what the post is worth to a brand it fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<BrandProfile>,
    /// First page of what happened to the post; without one it is a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graph: Option<DiffusionPage>,
    /// Take precedence over the brand's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Weights>,
}

impl ScoreRequest {
    /// Reads and checks one request.
    ///
    /// # Errors
    /// [`Error::Malformed`] when it isn't JSON, [`Error::Invalid`] when it breaks a rule; both
    /// name the field, as in `post.author.followers` or `graph.parent[3]`.
    pub fn from_json(json: impl AsRef<[u8]>) -> Result<Self> {
        let request: ScoreRequest = parse(json, "")?;
        request.validate()?;
        Ok(request)
    }

    /// Checks every rule that a type can't express.
    pub fn validate(&self) -> Result<()> {
        self.post.validate().map_err(|e| e.within("post"))?;
        if let Some(brand) = &self.brand {
            brand.validate().map_err(|e| e.within("brand"))?;
        }
        if let Some(weights) = &self.weights {
            weights.validate().map_err(|e| e.within("weights"))?;
        }
        self.diffusion().map(drop)
    }

    /// The graph that was sent, or a draft's; the post's author stands in for an unknown one.
    pub fn diffusion(&self) -> Result<DiffusionGraph> {
        let mut graph = match &self.graph {
            Some(page) => DiffusionGraph::from_page(page).map_err(|e| e.within("graph"))?,
            None => DiffusionGraph::draft(None),
        };
        if let Some(page) = &self.graph {
            // A page may be the first of several, or a sample: what it counts is still so.
            let unlisted = page.total.saturating_sub(graph.len() as u64);
            graph.dropped = graph.dropped.max(unlisted);
        }
        if graph.author.is_none() {
            graph.author.clone_from(&self.post.author);
        }
        Ok(graph)
    }

    /// The weights in force: the request's, else the brand's, else the default.
    pub fn weights(&self) -> Weights {
        let of_brand = || self.brand.as_ref().and_then(|brand| brand.weights);
        self.weights.or_else(of_brand).unwrap_or_default()
    }
}
