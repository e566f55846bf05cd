//! What moved a score in one plain sentence, and what the model is sensitive to.
//!
//! A hint says how the model counts, never what will happen to a post that is changed.

use crate::definition::features::{Feature, FeatureVector};
use crate::definition::value::{Weights, formula};
use crate::scorer::answer::{Note, Predicted, Value, Values};
use crate::scorer::words::{Words, note};

/// Most features that a sentence names.
const NAMED: usize = 3;
/// Shares below this many points are not worth a word.
const WORTH_NAMING: f32 = 0.5;
/// Below this relevance, most of the words aren't counted for the brand.
const SLIGHT_RELEVANCE: f32 = 0.5;
/// Valence this near to 0 reads as neutral.
const NEUTRAL: f32 = 0.2;

/// One sentence of the score, of `base`, and of the features with the largest `points`.
pub fn summary(words: &Words, base: f32, points: &FeatureVector) -> Note {
    let mut shares = Feature::ALL.map(|feature| {
        let points: f32 = points[feature.range()].iter().sum();
        (feature, points)
    });
    let score = base + shares.iter().map(|(_, points)| points).sum::<f32>();
    shares.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let named = shares.into_iter().take(NAMED);
    let reasons: Vec<Values> = named
        .filter(|(_, points)| points.abs() >= WORTH_NAMING)
        .map(|(feature, points)| {
            Values(vec![
                ("reason", words.reason(feature)),
                ("points", Value::signed(points, 1)),
            ])
        })
        .collect();
    let (score, base) = (Value::whole(score), Value::whole(base));
    if reasons.is_empty() {
        return note!(words, summary.ordinary, score: score, base: base);
    }
    let reasons = Value::List(reasons);
    note!(words, summary.moved, score: score, base: base, reasons: reasons)
}

/// Notes on what the score of a post is sensitive to. `brand` is the brand's name, if there is
/// one; `valence` is that of the text.
pub fn hints(
    words: &Words,
    brand: Option<&str>,
    valence: f32,
    predicted: &Predicted,
    weights: &Weights,
) -> Vec<Note> {
    let mut list = Vec::new();
    if let Some(name) = brand.filter(|_| predicted.t < SLIGHT_RELEVANCE) {
        list.push(note!(
            words, hints.relevance,
            brand: Value::Text(name.to_owned()),
            share: Value::whole(100.0 * predicted.t),
        ));
    }
    if valence.abs() < NEUTRAL {
        list.push(note!(words, hints.neutral_tone));
    }
    let at = |d: f32| formula(predicted.s, predicted.t, d, weights);
    let (nobody, everybody) = (at(0.0), at(1.0));
    if (everybody - nobody).abs() >= 1.0 {
        list.push(note!(
            words, hints.reach,
            nobody: Value::whole(nobody),
            everybody: Value::whole(everybody),
        ));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::features::FEATURES;
    use crate::scorer::words::Locale;

    #[test]
    fn the_largest_shares_make_a_sentence() {
        let mut all = [0.0; FEATURES];
        all[Feature::Sentiment.range()][0] = 8.0;
        all[Feature::Topics.range()][..2].copy_from_slice(&[1.5, 2.0]);
        all[Feature::Size.range()][0] = -4.0;
        all[Feature::Speed.range()][0] = 0.2;
        all[Feature::Depth.range()][0] = -1.0;
        let [en, zh] = [Locale::En, Locale::Zh].map(Locale::words);
        assert_eq!(
            summary(en, 50.0, &all).message,
            "57 points where an ordinary post has 50, mostly for its tone +8.0, how far it \
             travels −4.0, its fit to the brand +3.5."
        );
        assert_eq!(
            summary(zh, 50.0, &all).message,
            "57 分，普通帖子 50 分；差别主要来自文字的语气+8.0、传播的规模−4.0、与品牌的关联+3.5。"
        );
        let mut ordinary = [0.0; FEATURES];
        ordinary[Feature::Speed.range()][0] = 0.2;
        assert_eq!(
            summary(en, 50.0, &ordinary).message,
            "50 points, as an ordinary post has (50)."
        );
    }

    #[test]
    fn hints_follow_what_was_predicted() {
        let codes = |valence: f32, s: f32, t: f32| -> Vec<&str> {
            let (d, events) = (0.3, 15.0);
            let predicted = Predicted { s, t, d, events };
            let brand = Some("Luna Coffee");
            hints(
                Locale::En.words(),
                brand,
                valence,
                &predicted,
                &Weights::BALANCED,
            )
            .iter()
            .map(|n| n.code)
            .collect()
        };
        assert_eq!(codes(0.9, 0.9, 0.9), ["reach"]);
        assert_eq!(codes(0.1, 0.1, 0.2), ["relevance", "neutral_tone", "reach"]);
        // Whoever sees a post about something else, nothing changes.
        assert_eq!(codes(0.9, 0.9, 0.0), ["relevance"]);
    }
}
