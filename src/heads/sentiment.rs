//! Valence of a text, of itself or towards a brand: three classes on top of its embedding.

use std::cmp::Reverse;
use std::ops::Range;

use crate::Result;
use crate::heads::classifier::Classifier;
use crate::layers::dense::softmax;
use crate::post::brand::BrandProfile;
use crate::text::{Name, Searchable};

/// Classes in the order of the head's outputs: negative, neutral, positive.
pub const CLASSES: usize = 3;

/// Valence s in [-1, 1]: P(positive) - P(negative).
pub fn valence(probabilities: &[f32]) -> f32 {
    probabilities[2] - probabilities[0]
}

/// Stands in a text where the name stood that it is read for: a piece of its own, and rare.
const MARK: &str = "§";

/// A cleaned text in the form in which the encoder was tuned to read it for what it says of
/// something with these names: a mark in place of each, so that the encoder sees which of several
/// names is asked about, and not whose it is. `None` if it has none of them.
pub fn marked(text: &str, names: &[Name]) -> Option<String> {
    let text = text.replace(MARK, " ");
    let searchable = Searchable::new(&text);
    let mut found: Vec<Range<usize>> = names
        .iter()
        .flat_map(|name| searchable.find(name))
        .collect();
    // Of names that begin at one place the longest.
    found.sort_by_key(|at| (at.start, Reverse(at.end)));
    if found.is_empty() {
        return None;
    }
    let (mut view, mut copied) = (format!("{MARK} → "), 0);
    for at in found {
        if at.start >= copied {
            view.push_str(&text[copied..at.start]);
            view.push_str(MARK);
            copied = at.end;
        }
    }
    view.push_str(&text[copied..]);
    Some(view)
}

/// A cleaned text as it is read for what it says of `subject` (a brand, a product, an aspect of one):
/// [`marked`], or led by the name of a subject that doesn't stand in it.
pub fn towards(subject: &str, text: &str) -> String {
    marked(text, &[Name::new(subject)]).unwrap_or_else(|| named(subject, text))
}

/// A cleaned text led by a name: the form in which the encoder was tuned to read it for whether it
/// is about what has that name.
pub fn named(name: &str, text: &str) -> String {
    format!("{name} → {text}")
}

/// The text to read beside a cleaned text for what it says of a brand: [`marked`] with all its names;
/// `None` if it doesn't name it.
pub fn brand_view(text: &str, brand: Option<&BrandProfile>) -> Option<String> {
    let names: Vec<Name> = brand?.names().map(Name::new).collect();
    marked(text, &names)
}

/// Share of the whole text in what it says of a brand that it names. By it alone rivals in one text
/// would fare alike; without it a complaint that names the brand only to call it is taken for neutral.
/// Chosen on validation rows, where restaurant reviews of several dishes alone would have less.
const WHOLE_SHARE: f32 = 0.6;

/// P(negative), P(neutral), P(positive) by the head, from a text's vector and, where it names the
/// brand, that of [`brand_view`]: then by the logits of both, of the text by a fixed share.
pub fn probabilities(head: &Classifier, own: &[f32], towards: Option<&[f32]>) -> Result<Vec<f32>> {
    let mut logits = head.logits(own)?;
    if let Some(towards) = towards {
        let towards = head.logits(towards)?;
        let both = logits.iter_mut().zip(towards);
        both.for_each(|(own, towards)| {
            *own = WHOLE_SHARE * *own + (1.0 - WHOLE_SHARE) * towards;
        });
    }
    softmax(&mut logits);
    Ok(logits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::features::EMBEDDING;
    use crate::heads::classifier::HIDDEN;
    use crate::layers::tensors::Tensors;
    use crate::layers::tensors::tests::file;

    #[test]
    fn a_text_is_read_for_the_brand_it_names() {
        let brand = BrandProfile {
            name: "Luna Coffee".into(),
            aliases: vec!["月咖".into()],
            ..BrandProfile::default()
        };
        let read = |text| brand_view(text, Some(&brand));
        assert_eq!(read("月咖 很好喝").as_deref(), Some("§ → § 很好喝"));
        assert_eq!(
            read("§1: luna coffee beats Umbra, 月咖!").as_deref(),
            Some("§ →  1: § beats Umbra, §!")
        );
        assert_eq!(read("很好喝"), None);
        assert_eq!(brand_view("月咖 很好喝", None), None);
    }

    #[test]
    fn of_names_that_begin_alike_the_longest_is_marked() {
        let names = [Name::new("Nike"), Name::new("Nike Air")];
        assert_eq!(
            marked("nike air, NIKE and Nikea", &names).as_deref(),
            Some("§ → §, § and Nikea")
        );
        assert_eq!(towards("battery", "it lasts"), "battery → it lasts");
    }

    /// A head whose first two embedding entries speak for positive and negative.
    fn head() -> Classifier {
        let mut hidden = vec![0f32; HIDDEN * EMBEDDING];
        hidden[0] = 1.0;
        hidden[EMBEDDING + 1] = 1.0;
        let mut out = vec![0f32; CLASSES * HIDDEN];
        out[2 * HIDDEN] = 5.0;
        out[1] = 5.0;
        let bytes = file(&[
            ("hidden.weight".into(), vec![HIDDEN, EMBEDDING], hidden),
            ("hidden.bias".into(), vec![HIDDEN], vec![0.0; HIDDEN]),
            ("out.weight".into(), vec![CLASSES, HIDDEN], out),
            ("out.bias".into(), vec![CLASSES], vec![0.0; CLASSES]),
        ]);
        Classifier::load(&Tensors::open(&bytes).unwrap(), CLASSES).unwrap()
    }

    /// A vector that is good, bad or neither.
    fn vector(s: f32) -> Vec<f32> {
        let mut x = vec![0.0; EMBEDDING];
        x[0] = s.max(0.0);
        x[1] = (-s).max(0.0);
        x
    }

    #[test]
    fn the_whole_text_and_what_it_says_of_the_brand_both_count() {
        let head = head();
        let s = |own: f32, towards: Option<f32>| {
            let towards = towards.map(vector);
            let p = probabilities(&head, &vector(own), towards.as_deref()).unwrap();
            assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-6);
            valence(&p)
        };
        assert!(s(1.0, None) > 0.9 && s(-1.0, None) < -0.9);
        assert!((s(-1.0, Some(-1.0)) - s(-1.0, None)).abs() < 1e-6);
        assert!((s(1.0, Some(0.0)) - s(WHOLE_SHARE, None)).abs() < 1e-6);
        assert!((s(0.0, Some(1.0)) - s(1.0 - WHOLE_SHARE, None)).abs() < 1e-6);
        let torn = s(1.0, Some(-1.0));
        assert!(s(-1.0, None) < torn && torn < s(1.0, None));
    }
}
