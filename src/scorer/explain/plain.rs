//! What moved a score in one plain sentence, and what the model is sensitive to, in Chinese or
//! English.
//!
//! A hint says how the model counts, never what will happen to a post that is changed.

use crate::definition::features::Group;
use crate::definition::value::{Weights, formula};
use crate::scorer::answer::{Contribution, Note, Predicted};
use crate::text::Language;

/// Most contributions that a sentence names.
const NAMED: usize = 3;
/// Contributions below this many points are not worth a word.
const WORTH_NAMING: f32 = 0.5;
/// Below it, most of what is said isn't counted for the brand.
const SLIGHT_RELEVANCE: f32 = 0.5;
/// Valence this near to 0 reads as neutral.
const NEUTRAL: f32 = 0.2;

/// The largest few contributions as one sentence; the topics count as one.
pub fn sentence(language: Language, base: f32, contributions: &[Contribution]) -> String {
    let of_topics = |c: &&Contribution| c.group == Group::Topics.name();
    let topics: f32 = contributions
        .iter()
        .filter(of_topics)
        .map(|c| c.points)
        .sum();
    let others = contributions.iter().filter(|c| !of_topics(c));
    let mut named: Vec<(&str, f32)> = others.map(|c| (c.feature.as_str(), c.points)).collect();
    named.push((Group::Topics.name(), topics));
    let score = base + named.iter().map(|(_, points)| points).sum::<f32>();
    named.retain(|(_, points)| points.abs() >= WORTH_NAMING);
    named.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    named.truncate(NAMED);
    let parts: Vec<String> = named
        .iter()
        .map(|(feature, points)| {
            let points = format!("{points:+.1}").replace('-', "−");
            match language {
                Language::Zh => format!("{}{points}", called(feature).1),
                _ => format!("{} {points}", called(feature).0),
            }
        })
        .collect();
    match (language, parts.is_empty()) {
        (Language::Zh, true) => format!("{score:.0} 分，与普通帖子（{base:.0} 分）相当。"),
        (Language::Zh, false) => format!(
            "{score:.0} 分，普通帖子 {base:.0} 分；差别主要来自{}。",
            parts.join("、")
        ),
        (_, true) => format!("{score:.0} points, as an ordinary post has ({base:.0})."),
        (_, false) => format!(
            "{score:.0} points where an ordinary post has {base:.0}, mostly for {}.",
            parts.join(", ")
        ),
    }
}

/// What a feature is called in a sentence, in English and in Chinese.
fn called(feature: &str) -> (&'static str, &'static str) {
    match feature {
        "sentiment" => ("its tone", "文字的语气"),
        "topics" => ("its fit to the brand", "与品牌的关联"),
        "size" => ("how far it travels", "传播的规模"),
        "speed" => ("how fast it travels", "传播的速度"),
        "depth" => ("how long its chains of reposts are", "转发链的深度"),
        "leader_share" => ("how much a few accounts carry it", "头部账号的带动"),
        "voices" => ("how many of its audience speak", "受众中发言的人数"),
        _ => ("the tone of its audience", "受众的语气"),
    }
}

/// What the score of a post is sensitive to. `brand` is the brand's name, if there is one.
pub fn hints(
    language: Language,
    brand: Option<&str>,
    valence: f32,
    predicted: &Predicted,
    weights: &Weights,
) -> Vec<Note> {
    let zh = language == Language::Zh;
    let mut list = Vec::new();
    let mut say = |code: &'static str, in_zh: String, in_en: String| {
        let message = if zh { in_zh } else { in_en };
        list.push(Note { code, message });
    };
    if let Some(name) = brand.filter(|_| predicted.t < SLIGHT_RELEVANCE) {
        let t = 100.0 * predicted.t;
        say(
            "relevance",
            format!(
                "模型认为这条帖子与{name}的关联只有 {t:.0}%，其余各项都按这个比例计分；它看的是品牌名、别名、关键词和定位。"
            ),
            format!(
                "The model finds the post {t:.0} % about {name} and counts everything else at that \
                 share; it looks for the brand's name, aliases, keywords and positioning."
            ),
        );
    }
    if valence.abs() < NEUTRAL {
        say(
            "neutral_tone",
            "模型把文字读作中性：此处它对态度明确的词最敏感，褒贬都是。".into(),
            "The model reads the words as neutral: here it is most sensitive to words that take a \
             side, for or against."
                .into(),
        );
    }
    let at = |d: f32| formula(predicted.s, predicted.t, d, weights);
    let (nobody, everybody) = (at(0.0), at(1.0));
    if (everybody - nobody).abs() >= 1.0 {
        say(
            "reach",
            format!("同样的话，无人转发记 {nobody:.0} 分，人人转发记 {everybody:.0} 分。"),
            format!(
                "The same words count {nobody:.0} if nobody passes them on and {everybody:.0} if \
                 everybody does."
            ),
        );
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contribution(feature: &str, group: Group, points: f32) -> Contribution {
        Contribution {
            feature: feature.into(),
            group: group.name(),
            points,
        }
    }

    #[test]
    fn the_largest_contributions_make_a_sentence() {
        let all = [
            contribution("sentiment", Group::Sentiment, 8.0),
            contribution("topic:food", Group::Topics, 1.5),
            contribution("topic:cars", Group::Topics, 2.0),
            contribution("size", Group::Diffusion, -4.0),
            contribution("speed", Group::Diffusion, 0.2),
            contribution("depth", Group::Diffusion, -1.0),
        ];
        assert_eq!(
            sentence(Language::En, 50.0, &all),
            "57 points where an ordinary post has 50, mostly for its tone +8.0, how far it \
             travels −4.0, its fit to the brand +3.5."
        );
        assert_eq!(
            sentence(Language::Zh, 50.0, &all),
            "57 分，普通帖子 50 分；差别主要来自文字的语气+8.0、传播的规模−4.0、与品牌的关联+3.5。"
        );
        assert_eq!(
            sentence(Language::En, 50.0, &all[4..5]),
            "50 points, as an ordinary post has (50)."
        );
    }

    #[test]
    fn hints_follow_what_was_predicted() {
        let codes = |valence: f32, s: f32, t: f32| -> Vec<&str> {
            let (d, events) = (0.3, 15.0);
            let predicted = Predicted { s, t, d, events };
            let brand = Some("Luna Coffee");
            hints(Language::En, brand, valence, &predicted, &Weights::BALANCED)
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
