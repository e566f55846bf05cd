//! What tells groups of texts apart: class-based TF-IDF (Grootendorst 2022) over words.

use std::collections::{HashMap, HashSet};

use jieba_rs::Jieba;

use bsmv::text::Language;

/// A word must occur in this many of a group's texts.
const LEAST_TEXTS: f64 = 4.0;
/// Words that tell nothing about a subject.
const STOP_ZH: &str = "什么 一个 我们 自己 没有 就是 不是 这个 怎么 可以 知道 今天 现在 还是 真的 他们 你们 \
    这样 那个 觉得 时候 如何 因为 所以 但是 而且 已经 还有 如果 为什么 大家 一直 一起 不会 不能 出来 起来 一下 \
    有人 这些 那些 这么 那么 只是 只有 可能 应该 需要 之后 以后 以前 有点 有没有 是不是 看到 哪些 不要 不过 开始 \
    成为 其实 别人 东西 事情 这种 一样 一定 这是 发现 终于 看看 问题 个人 第一 回复 微博 转发 网友 视频 图片 分享";
const STOP_EN: &str = "the and for you that this with have not but are was all just from they your what can will \
    like out get about its it's when one how who has don't i'm dont can't more now there their them been than \
    her him his she our were would could should into over only why did does doing too very because then some \
    any had via user url may going name amp want got know even still that's you're really think thing \
    make made people time back good new day way say says said see here after before where well being other \
    also much off these those it'll i'll i've let's tomorrow today tonight friday saturday sunday monday \
    tuesday wednesday thursday last first next may june july never ever always every";

/// Splits texts into the words that are counted.
pub struct Words {
    jieba: Jieba,
    stop: HashSet<&'static str>,
}

impl Words {
    pub fn new() -> Self {
        Words {
            jieba: Jieba::new(),
            stop: STOP_ZH
                .split_whitespace()
                .chain(STOP_EN.split_whitespace())
                .collect(),
        }
    }

    /// The text's words, each once: Chinese ones of two characters or more, English ones of
    /// three letters or more in lower case; no stop words.
    pub fn of(&self, text: &str, language: Language) -> HashSet<String> {
        let words: Vec<String> = if language == Language::Zh {
            let cut = self.jieba.cut(text, true);
            let han = |w: &str| w.chars().all(|c| matches!(c, '\u{4e00}'..='\u{9fff}'));
            cut.into_iter()
                .map(|t| t.word)
                .filter(|w| w.chars().count() > 1 && han(w))
                .map(str::to_owned)
                .collect()
        } else {
            text.split(|c: char| !c.is_ascii_alphabetic() && c != '\'')
                .map(|w| w.trim_matches('\'').to_ascii_lowercase())
                .filter(|w| w.len() > 2)
                .collect()
        };
        words
            .into_iter()
            .filter(|w| !self.stop.contains(w.as_str()))
            .collect()
    }
}

/// The `most` words with the highest c-TF-IDF of each of `groups` groups: share of the group's
/// words times ln(1 + mean words of a group / the word's count over all groups).
pub fn top_terms(
    texts: impl Iterator<Item = (usize, HashSet<String>)>,
    groups: usize,
    most: usize,
) -> Vec<Vec<String>> {
    let mut counts: Vec<HashMap<String, f64>> = vec![HashMap::new(); groups];
    let mut total: HashMap<String, f64> = HashMap::new();
    for (group, words) in texts {
        for word in words {
            *total.entry(word.clone()).or_default() += 1.0;
            *counts[group].entry(word).or_default() += 1.0;
        }
    }
    let mean = total.values().sum::<f64>() / groups as f64;
    let terms = |group: &HashMap<String, f64>| {
        let size: f64 = group.values().sum();
        let mut scored: Vec<(f64, &String)> = group
            .iter()
            .filter(|(_, n)| **n >= LEAST_TEXTS)
            .map(|(word, n)| (n / size * (1.0 + mean / total[word]).ln(), word))
            .collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        scored
            .into_iter()
            .take(most)
            .map(|(_, w)| w.clone())
            .collect()
    };
    counts.iter().map(terms).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_by_language() {
        let words = Words::new();
        let zh = words.of("今天的咖啡很好喝 iPhone", Language::Zh);
        assert!(zh.contains("咖啡") && !zh.contains("今天") && !zh.contains("iPhone"));
        let en = words.of("The COFFEE, isn't it 5 'good'?", Language::En);
        assert_eq!(
            en,
            HashSet::from(["coffee".to_string(), "isn't".to_string()])
        );
    }

    #[test]
    fn a_term_of_one_group_beats_one_of_all() {
        let text = |group: usize, words: &[&str]| {
            (
                group,
                words.iter().map(|w| w.to_string()).collect::<HashSet<_>>(),
            )
        };
        let texts = (0..8).map(|i| text(i % 2, &["common", ["car", "food"][i % 2]]));
        let terms = top_terms(texts, 2, 1);
        assert_eq!(terms, [["car"], ["food"]]);
    }
}
