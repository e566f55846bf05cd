//! Notes on everything that a score is blind to.

use crate::diffusion::OutsideSupport;
use crate::heads::reader::TextFeatures;
use crate::scorer::answer::Note;
use crate::scorer::request::CheckedRequest;
use crate::text::Language;

/// Everything that decides what was not seen.
pub struct Sight<'a> {
    /// The request.
    pub request: &'a CheckedRequest,
    /// Its text, read.
    pub text: &'a TextFeatures,
    /// The language it was read as.
    pub language: Language,
    /// The reason why diffusion can't be forecast, if it can't.
    pub outside: Option<OutsideSupport>,
}

/// The code that says why there is no forecast of the diffusion.
pub const DIFFUSION_NOT_MODELLED: &str = "diffusion_not_modelled";

/// Who or what diffusion is not modelled for.
pub fn reason(outside: OutsideSupport) -> &'static str {
    match outside {
        OutsideSupport::Platform => "this platform",
        OutsideSupport::Language => "this language on this platform",
        OutsideSupport::FewFollowers => "an account with so few followers",
        OutsideSupport::ManyFollowers => "an account with so many followers",
    }
}

/// Notes on all that the score does not take into account, most important first.
pub fn list(sight: &Sight) -> Vec<Note> {
    let mut list = Vec::new();
    let mut say = |code: &'static str, message: String| list.push(Note { code, message });
    let (post, graph) = (sight.request.post(), sight.request.graph());
    match sight.language {
        Language::Zh | Language::En => {}
        Language::Other => say(
            "language",
            "The text is in neither Chinese nor English: its sentiment is a guess.".into(),
        ),
    }
    if let Some(outside) = sight.outside {
        say(
            DIFFUSION_NOT_MODELLED,
            format!(
                "Diffusion is not modelled for {}: the score stands at no reposts, its \
                 interval reaches up to everybody.",
                reason(outside)
            ),
        );
    } else if graph.observed_until == 0 {
        say(
            "no_graph",
            "Nobody has seen the post yet: diffusion is a guess from text and author.".into(),
        );
    }
    if graph.author.as_ref().and_then(|a| a.followers).is_none() {
        say("author", "The author's followers are unknown.".into());
    }
    if sight.request.brand().is_none() {
        say(
            "no_brand",
            "No brand was given: this is the worth to a brand that the post fits.".into(),
        );
    }
    if sight.text.novelty.is_some_and(|distance| distance > 1.0) {
        say(
            "unlike_training",
            "The text is written unlike all that the model learnt from: what it reads in it is a \
             guess."
                .into(),
        );
    }
    if sight.text.cut > 0 {
        say(
            "text_cut",
            format!(
                "The last {} word pieces of the text were not read.",
                sight.text.cut
            ),
        );
    }
    if graph.dropped > 0 {
        say(
            "events_dropped",
            format!("{} events of the graph were left out.", graph.dropped),
        );
    }
    if sight.text.cleaned.hidden > 0 {
        say(
            "hidden_characters",
            format!(
                "{} invisible characters were removed.",
                sight.text.cleaned.hidden
            ),
        );
    }
    let media = match (post.images.unwrap_or(0), post.videos.unwrap_or(0)) {
        (0, 0) => "Pictures and videos, if there are any, are not looked at.".to_owned(),
        (i, v) => format!("{i} pictures and {v} videos were not looked at."),
    };
    say("media", media);
    list
}
