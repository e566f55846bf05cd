//! A post whose text was read, and what the graph network reads of it.

use crate::diffusion::form::Form;
use crate::diffusion::{DiffusionGraph, DiffusionInput};
use crate::heads::reader::TextFeatures;
use crate::post::Post;
use crate::text::Language;

/// A post's text, read for its brand. It holds for every graph and all weights.
#[derive(Debug, Clone, PartialEq)]
pub struct PostReading {
    /// Everything that the heads read in the text.
    pub text: TextFeatures,
    /// T: r(post, brand) in [0, 1], 1 without a brand.
    pub relevance: f32,
    /// The declared language, or else the detected one.
    pub language: Language,
}

/// The graph network's input for a post and its graph; `text` is `None` where it isn't known.
pub fn diffusion_input<'a>(
    post: &Post,
    text: Option<&'a TextFeatures>,
    graph: &'a DiffusionGraph,
) -> DiffusionInput<'a> {
    DiffusionInput {
        graph,
        author: graph.author.as_ref(),
        platform: post.platform,
        language: Language::known(post.language, text.and_then(|text| text.language)),
        s: text.map(TextFeatures::valence),
        created_at: post.created_at,
        text_chars: text.map_or(0, |text| text.cleaned.text.chars().count()),
        images: post.images,
        topics: text.map(|text| text.topics),
        vector: text.map(|text| text.vector.as_slice()),
        form: text.map(|_| {
            let title = post.title.as_deref().unwrap_or_default();
            Form::of(title, &post.text, post.videos.map(|videos| videos > 0))
        }),
    }
}
