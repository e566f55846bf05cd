//! Valence of a text, of itself or towards a brand: three classes on top of its embedding.

use std::borrow::Cow;

use crate::brand::BrandProfile;
use crate::relevance::{Name, Searchable};

/// Classes in the order of the head's outputs: negative, neutral, positive.
pub const CLASSES: usize = 3;

/// Valence s in [-1, 1]: P(positive) - P(negative).
pub fn valence(probabilities: &[f32]) -> f32 {
    probabilities[2] - probabilities[0]
}

/// A cleaned text in the form in which the encoder was tuned to read it for what it says of
/// `brand` (a brand, a product, an aspect of one).
pub fn towards(brand: &str, text: &str) -> String {
    format!("{brand} → {text}")
}

/// The text to judge when a post is scored for a brand: [`towards`] the name by which the text
/// calls the brand, or the text as it is if it doesn't.
pub fn judged<'a>(text: &'a str, brand: Option<&BrandProfile>) -> Cow<'a, str> {
    let searchable = Searchable::new(text);
    let named = brand.and_then(|b| b.names().find(|n| searchable.contains(&Name::new(n))));
    match named {
        Some(name) => towards(name, text).into(),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_for_the_brand_it_names() {
        let brand = BrandProfile {
            name: "Luna Coffee".into(),
            aliases: vec!["月咖".into()],
            ..BrandProfile::default()
        };
        assert_eq!(judged("月咖 很好喝", Some(&brand)), "月咖 → 月咖 很好喝");
        assert_eq!(judged("很好喝", Some(&brand)), "很好喝");
        assert_eq!(judged("月咖 很好喝", None), "月咖 很好喝");
    }
}
