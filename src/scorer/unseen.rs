//! Notes on everything that a score is blind to.

use crate::diffusion::{OutsideSupport, structure::unheard};
use crate::heads::reader::TextFeatures;
use crate::scorer::answer::{Note, Value, is_ironic};
use crate::scorer::request::CheckedRequest;
use crate::scorer::words::{Words, note};

/// Everything that decides what was not seen.
pub struct Sight<'a> {
    /// The request.
    pub request: &'a CheckedRequest,
    /// Its text, read.
    pub text: &'a TextFeatures,
    /// The reason why the diffusion isn't forecast from cascades like the post, if it isn't.
    pub outside: Option<OutsideSupport>,
    /// True if counts are forecast that the text says nothing of.
    pub counts_by_author: bool,
}

/// Notes on all that the score does not take into account, most important first.
pub fn list(words: &Words, sight: &Sight) -> Vec<Note> {
    let mut list = Vec::new();
    let Sight { request, text, .. } = sight;
    let (post, graph) = (request.post(), request.graph());
    if let Some(outside) = sight.outside {
        let outside = words.outside(outside);
        list.push(note!(words, unseen.diffusion_not_modelled, outside: outside));
    }
    if graph.observed_until == 0 {
        list.push(note!(words, unseen.no_graph));
    }
    let unknown = unheard(graph);
    if unknown > 0 {
        list.push(note!(words, unseen.words_unknown, events: Value::Count(unknown)));
    }
    if graph.author.as_ref().and_then(|a| a.followers).is_none() {
        list.push(note!(words, unseen.author));
    }
    if sight.counts_by_author {
        list.push(note!(words, unseen.counts_by_author));
    }
    if request.brand().is_none() {
        list.push(note!(words, unseen.no_brand));
    }
    if text.novelty.is_some_and(|distance| distance > 1.0) {
        list.push(note!(words, unseen.unlike_training));
    }
    if is_ironic(&text.indicators) {
        list.push(note!(words, unseen.irony));
    }
    if text.cut > 0 {
        let pieces = Value::Count(text.cut as u64);
        list.push(note!(words, unseen.text_cut, pieces: pieces));
    }
    if graph.dropped > 0 {
        let events = Value::Count(graph.dropped);
        list.push(note!(words, unseen.events_dropped, events: events));
    }
    if text.cleaned.hidden > 0 {
        let characters = Value::Count(text.cleaned.hidden as u64);
        list.push(note!(words, unseen.hidden_characters, characters: characters));
    }
    let count = |known: Option<u32>| known.unwrap_or(0);
    let (images, videos) = (count(post.images), count(post.videos));
    list.push(match (images, videos) {
        (0, 0) => note!(words, unseen.media, media: words.media(false)),
        _ => note!(
            words, unseen.media,
            media: words.media(true),
            images: Value::Count(images.into()),
            videos: Value::Count(videos.into()),
        ),
    });
    list
}
