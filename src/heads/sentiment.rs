//! Valence of a text, of itself or towards a brand: three classes on top of its embedding.

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

/// A cleaned text in the form in which the encoder was tuned to read it for what it says of
/// `brand` (a brand, a product, an aspect of one).
pub fn towards(brand: &str, text: &str) -> String {
    format!("{brand} → {text}")
}

/// The text to read beside a cleaned text for what it says of a brand: it [`towards`] the name that it
/// calls the brand by; `None` if it doesn't name it.
pub fn brand_view(text: &str, brand: Option<&BrandProfile>) -> Option<String> {
    let brand = brand?;
    let searchable = Searchable::new(text);
    let mut names = brand.names();
    let name = names.find(|name| searchable.contains(&Name::new(name)))?;
    Some(towards(name, text))
}

/// P(negative), P(neutral), P(positive) by the head, from a text's vector and, where it names the
/// brand, that of [`brand_view`]: then by the mean of the logits of both. Towards a name alone,
/// Chinese posts are taken for neutral too often, for the only such texts in training are about
/// parts of cars that are mentioned in passing.
pub fn probabilities(head: &Classifier, own: &[f32], towards: Option<&[f32]>) -> Result<Vec<f32>> {
    let mut logits = head.logits(own)?;
    if let Some(towards) = towards {
        let towards = head.logits(towards)?;
        let both = logits.iter_mut().zip(towards);
        both.for_each(|(own, towards)| *own = 0.5 * (*own + towards));
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
        assert_eq!(read("月咖 很好喝").as_deref(), Some("月咖 → 月咖 很好喝"));
        assert_eq!(read("很好喝"), None);
        assert_eq!(brand_view("月咖 很好喝", None), None);
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
    fn the_text_and_what_it_says_of_the_brand_count_alike() {
        let head = head();
        let s = |own: f32, towards: Option<f32>| {
            let towards = towards.map(vector);
            let p = probabilities(&head, &vector(own), towards.as_deref()).unwrap();
            assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-6);
            valence(&p)
        };
        assert!(s(1.0, None) > 0.9 && s(-1.0, None) < -0.9);
        assert!((s(-1.0, Some(-1.0)) - s(-1.0, None)).abs() < 1e-6);
        assert!((s(1.0, Some(0.0)) - s(0.5, None)).abs() < 1e-6);
        assert!((s(0.0, Some(1.0)) - s(0.5, None)).abs() < 1e-6);
        assert!(s(1.0, Some(-1.0)).abs() < 1e-6);
    }
}
