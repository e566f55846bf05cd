//! Words of texts as numbers, and those that tell groups of texts apart: class-based TF-IDF
//! (Grootendorst 2022).

use std::collections::{HashMap, HashSet};

use jieba_rs::Jieba;
use rust_stemmers::{Algorithm, Stemmer};

use crate::text::Language;

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

/// Cuts texts into words and numbers them: forms of one English stem share a number.
pub struct Vocabulary {
    jieba: Jieba,
    stemmer: Stemmer,
    stop: HashSet<&'static str>,
    numbers: HashMap<(Language, String), u32>,
    /// How often each word was seen in each of its forms.
    forms: Vec<HashMap<String, usize>>,
}

impl Vocabulary {
    /// No words seen yet.
    #[expect(
        clippy::new_without_default,
        reason = "it reads a dictionary, which a default should not"
    )]
    pub fn new() -> Self {
        let stop = STOP_ZH.split_whitespace();
        Vocabulary {
            jieba: Jieba::new(),
            stemmer: Stemmer::create(Algorithm::English),
            stop: stop.chain(STOP_EN.split_whitespace()).collect(),
            numbers: HashMap::new(),
            forms: Vec::new(),
        }
    }

    /// The text's words in order: Chinese ones of two characters or more, English ones of
    /// three letters or more in lower case; no stop words.
    pub fn of(&mut self, text: &str, language: Language) -> Vec<u32> {
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
        let kept = words
            .into_iter()
            .filter(|w| !self.stop.contains(w.as_str()));
        let mut found = Vec::new();
        for word in kept {
            let stem = match language {
                Language::Zh => word.clone(),
                _ => self.stemmer.stem(&word).into_owned(),
            };
            let next = self.numbers.len() as u32;
            let number = *self.numbers.entry((language, stem)).or_insert(next);
            if number == next {
                self.forms.push(HashMap::new());
            }
            *self.forms[number as usize].entry(word).or_default() += 1;
            found.push(number);
        }
        found
    }

    /// How many words there are: numbers are below it.
    pub fn count(&self) -> usize {
        self.forms.len()
    }

    /// The commonest form of a word.
    pub fn shown(&self, word: u32) -> &str {
        let forms = self.forms[word as usize].iter();
        forms
            .max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0)))
            .map_or("", |(form, _)| form)
    }
}

/// The `most` words with the highest c-TF-IDF of each of `groups` groups: share of the group's
/// words times ln(1 + mean words of a group / the word's count over all texts). A word counts
/// once a text, and for a group when it is in `least` of its texts. Texts of no group count in
/// the second factor alone.
pub fn top_terms<'a>(
    texts: impl Iterator<Item = (Option<usize>, &'a [u32])>,
    groups: usize,
    least: usize,
    most: usize,
) -> Vec<Vec<u32>> {
    let mut counts: Vec<HashMap<u32, usize>> = vec![HashMap::new(); groups];
    let mut total: HashMap<u32, usize> = HashMap::new();
    for (group, words) in texts {
        for &word in words.iter().collect::<HashSet<_>>() {
            *total.entry(word).or_default() += 1;
            if let Some(group) = group {
                *counts[group].entry(word).or_default() += 1;
            }
        }
    }
    let grouped: usize = counts.iter().flat_map(HashMap::values).sum();
    let mean = grouped as f64 / groups as f64;
    let terms = |group: &HashMap<u32, usize>| {
        let size = group.values().sum::<usize>() as f64;
        let mut scored: Vec<(f64, u32)> = group
            .iter()
            .filter(|(_, n)| **n >= least)
            .map(|(word, n)| {
                let rare = (1.0 + mean / total[word] as f64).ln();
                (*n as f64 / size * rare, *word)
            })
            .collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        scored.into_iter().take(most).map(|(_, w)| w).collect()
    };
    counts.iter().map(terms).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_by_language() {
        let mut words = Vocabulary::new();
        let mut of = |text, language| -> Vec<String> {
            let found = words.of(text, language);
            found.iter().map(|w| words.shown(*w).to_owned()).collect()
        };
        let zh = of("今天的咖啡很好喝 iPhone", Language::Zh);
        assert!(zh.contains(&"咖啡".to_owned()) && zh.iter().all(|w| w != "今天" && w != "iPhone"));
        let en = of("The COFFEE, isn't it 5 'good'?", Language::En);
        assert_eq!(en, ["coffee", "isn't"]);
    }

    #[test]
    fn forms_of_a_stem_are_one_word_shown_in_its_commonest_form() {
        let mut words = Vocabulary::new();
        let found = words.of("driving drives driving", Language::En);
        assert!(found.iter().all(|w| *w == found[0]));
        assert_eq!(words.shown(found[0]), "driving");
        assert_eq!(words.count(), 1);
    }

    #[test]
    fn a_term_of_one_group_beats_one_of_all() {
        // 0 is everywhere, 1 and 2 are each of a group, 3 is too rare.
        let texts: [(Option<usize>, &[u32]); 6] = [
            (Some(0), &[0, 1]),
            (Some(0), &[0, 1, 1]),
            (Some(1), &[0, 2]),
            (Some(1), &[0, 2, 3]),
            (None, &[0, 3]),
            (None, &[]),
        ];
        let terms = top_terms(texts.into_iter(), 2, 2, 2);
        assert_eq!(terms, [[1, 0], [2, 0]]);
    }
}
