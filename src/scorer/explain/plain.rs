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
const WORTH_NAMING: f32 = 1.0;
/// Below this relevance, most of the words aren't counted for the brand.
const SLIGHT_RELEVANCE: f32 = 0.5;
/// Valence this near to 0 reads as neutral.
const NEUTRAL: f32 = 0.2;

/// What a sentence may speak of.
#[derive(Debug, Clone, Copy)]
pub struct Said {
    /// True if there is a brand that the post can fit.
    pub of_brand: bool,
    /// True if somebody has seen the post.
    pub of_audience: bool,
}

impl Said {
    fn has(self, feature: Feature) -> bool {
        match feature {
            Feature::Topics => self.of_brand,
            Feature::Audience | Feature::Voices => self.of_audience,
            Feature::Sentiment
            | Feature::Size
            | Feature::Speed
            | Feature::Depth
            | Feature::LeaderShare => true,
        }
    }
}

/// One sentence of the score, of `base`, and of the features with the largest `points` among those
/// that it may speak of. What the others move is the tone's doing: without a brand all words count, and
/// an audience that nobody saw is expected to speak as the post does.
pub fn summary(words: &Words, base: f32, points: &FeatureVector, said: Said) -> Note {
    let of = |feature: Feature| points[feature.range()].iter().sum::<f32>();
    let unsaid: f32 = Feature::ALL
        .into_iter()
        .filter(|&feature| !said.has(feature))
        .map(of)
        .sum();
    let mut shares = Feature::ALL.map(|feature| match feature {
        Feature::Sentiment => (feature, of(feature) + unsaid),
        _ if said.has(feature) => (feature, of(feature)),
        _ => (feature, 0.0),
    });
    let score = base + shares.iter().map(|(_, points)| points).sum::<f32>();
    shares.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let named = shares
        .into_iter()
        .filter(|(_, points)| points.abs() >= WORTH_NAMING);
    let reasons: Vec<Values> = named
        .take(NAMED)
        .map(|(feature, points)| {
            Values(vec![
                ("reason", words.reason(feature)),
                ("points", Value::signed(points, 0)),
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

    const ALL: Said = Said {
        of_brand: true,
        of_audience: true,
    };

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
            summary(en, 50.0, &all, ALL).message,
            "57 points (an ordinary post: 50), mainly for its tone (+8), how far it travels (−4), \
             its fit to the brand (+4)."
        );
        assert_eq!(
            summary(zh, 50.0, &all, ALL).message,
            "57 分（普通帖子约 50 分），主要因为：语气 +8、传播规模 −4、品牌相关度 +4。"
        );
        let mut ordinary = [0.0; FEATURES];
        ordinary[Feature::Speed.range()][0] = 0.2;
        assert_eq!(
            summary(en, 50.0, &ordinary, ALL).message,
            "50 points, much as an ordinary post (50)."
        );
    }

    #[test]
    fn without_a_brand_or_an_audience_their_points_are_the_tone_s() {
        let mut all = [0.0; FEATURES];
        all[Feature::Topics.range()][0] = 9.0;
        all[Feature::Audience.range()][0] = -7.0;
        all[Feature::Size.range()][0] = 2.0;
        let none = Said {
            of_brand: false,
            of_audience: false,
        };
        assert_eq!(
            summary(Locale::En.words(), 50.0, &all, none).message,
            "54 points (an ordinary post: 50), mainly for its tone (+2), how far it travels (+2)."
        );
    }

    #[test]
    fn hints_follow_what_was_predicted() {
        let codes = |valence: f32, s: f32, t: f32| -> Vec<&str> {
            let predicted = Predicted {
                s,
                audience: s,
                voices: 5.0,
                t,
                d: 0.3,
                events: 15.0,
            };
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
