//! The emotion a text shows: ten classes for Chinese, GoEmotions' 28 for English.

use serde::Serialize;

use crate::Result;
use crate::heads::classifier::Classifier;
use crate::layers::tensors::Tensors;
use crate::text::Language;

/// Classes of Chinese texts, those of zh_weibo_emotion.
pub const ZH: [&str; 10] = [
    "anger",
    "disgust",
    "fear",
    "gratitude",
    "happiness",
    "like",
    NONE,
    "optimism",
    "sadness",
    "surprise",
];
/// Classes of all other texts, those of GoEmotions (Demszky et al. 2020).
pub const EN: [&str; 28] = [
    "admiration",
    "amusement",
    "anger",
    "annoyance",
    "approval",
    "caring",
    "confusion",
    "curiosity",
    "desire",
    "disappointment",
    "disapproval",
    "disgust",
    "embarrassment",
    "excitement",
    "fear",
    "gratitude",
    "grief",
    "joy",
    "love",
    "nervousness",
    NONE,
    "optimism",
    "pride",
    "realization",
    "relief",
    "remorse",
    "sadness",
    "surprise",
];
/// The class of texts that show no emotion.
pub const NONE: &str = "none";
/// A calibrated answer below this is more likely wrong than right.
pub const SURE: f32 = 0.5;
/// Classes named in an answer.
const NAMED: usize = 3;

/// The emotion that the post's own text shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Emotion {
    /// The likeliest class; null where even that is more likely wrong than right.
    pub label: Option<&'static str>,
    /// 10 x the probability that the text shows any emotion.
    #[cfg_attr(test, schemars(range(min = 0, max = 10)))]
    pub intensity: f32,
    /// The three likeliest classes, likeliest first.
    #[cfg_attr(test, schemars(length(equal = NAMED)))]
    pub classes: Vec<EmotionClass>,
}

/// One class of emotion.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EmotionClass {
    /// One of ten classes for Chinese texts, of GoEmotions' 28 for others; `none` is no emotion.
    pub label: &'static str,
    /// Its calibrated probability.
    #[cfg_attr(test, schemars(range(min = 0, max = 1)))]
    pub probability: f32,
}

/// One head per language.
#[derive(Debug, Clone)]
pub struct EmotionHeads {
    zh: Classifier,
    en: Classifier,
}

impl EmotionHeads {
    /// Reads `zh` and `en`, each as [`Classifier::load`] does.
    pub fn load(file: &Tensors) -> Result<Self> {
        Ok(EmotionHeads {
            zh: Classifier::load(&file.under("zh"), ZH.len())?,
            en: Classifier::load(&file.under("en"), EN.len())?,
        })
    }

    /// The head and the names of its classes for texts of `language`.
    pub fn of(&self, language: Language) -> (&Classifier, &'static [&'static str]) {
        match language {
            Language::Zh => (&self.zh, &ZH),
            Language::En | Language::Other => (&self.en, &EN),
        }
    }

    /// The emotion that a text of `language` shows. `embedding` as for [`Classifier::probabilities`].
    pub fn read(&self, embedding: &[f32], language: Language) -> Result<Emotion> {
        let (head, names) = self.of(language);
        Ok(answer(&head.probabilities(embedding)?, names))
    }
}

fn answer(probabilities: &[f32], names: &'static [&'static str]) -> Emotion {
    let mut classes: Vec<EmotionClass> = names
        .iter()
        .zip(probabilities)
        .map(|(label, &probability)| EmotionClass { label, probability })
        .collect();
    let none = classes.iter().find(|c| c.label == NONE);
    let intensity = 10.0 * (1.0 - none.map_or(0.0, |c| c.probability));
    classes.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    classes.truncate(NAMED);
    Emotion {
        label: Some(classes[0].label).filter(|_| classes[0].probability >= SURE),
        intensity,
        classes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unlikely_best_class_is_unsure() {
        let mut p = [0.05; ZH.len()];
        p[0] = 0.45;
        p[6] = 0.1;
        let unsure = answer(&p, &ZH);
        assert_eq!((unsure.label, unsure.classes[0].label), (None, "anger"));
        assert!((unsure.intensity - 9.0).abs() < 1e-5);
        p[0] = 0.55;
        p[6] = 0.0;
        let sure = answer(&p, &ZH);
        assert_eq!(sure.label, Some("anger"));
        assert_eq!((sure.classes.len(), sure.intensity), (NAMED, 10.0));
    }

    #[test]
    fn every_language_has_a_class_for_no_emotion() {
        assert!(ZH.contains(&NONE) && EN.contains(&NONE));
    }
}
