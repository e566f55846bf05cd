//! The language of a post, from its scripts alone.
//!
//! Enough to choose between what the models know (Chinese, English) and what
//! they don't. No dictionary beyond a few English function words, so a short
//! Latin text counts as English unless its letters say otherwise.

use super::clean::URL;
use super::symbols::{is_han, is_kana};
use serde::{Deserialize, Serialize};
use unicode_normalization::char::is_combining_mark;

/// A language that posts come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Chinese, simplified or traditional.
    Zh,
    /// English.
    En,
    /// Any other language.
    // It stays the last.
    Other,
}

impl Language {
    /// All languages, in order.
    pub const ALL: [Language; 3] = [Language::Zh, Language::En, Language::Other];

    /// The language of a text that is declared to be in one or else detected, if it has words.
    pub fn known(declared: Option<Language>, detected: Option<Language>) -> Language {
        declared.or(detected).unwrap_or(Language::Other)
    }
}

const _: () = assert!(Language::Other as usize + 1 == Language::ALL.len());

/// The language that the scripts of a text suggest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detected {
    /// The language; `None` when the text has no words (only emoji, digits,
    /// links and the like).
    pub language: Option<Language>,
    /// Share of Han characters among the units of the text, 0 to 1. A unit is
    /// a character of a script written without spaces, or else a word.
    pub han_share: f32,
}

/// Chinese posts are full of Latin names; from this share on a text is Chinese.
const HAN_SHARE: f32 = 0.4;
/// Chinese has a stray の; from this share of kana on (and two of them) Han is
/// Japanese.
const KANA_SHARE: f32 = 0.2;
/// Frequent English words that the other large Latin-script languages hardly
/// use.
const ENGLISH: &[&str] = &[
    "the", "and", "you", "to", "of", "it", "for", "that", "this", "my", "with", "have", "are",
    "not", "but", "your", "they", "what", "from", "about", "just", "when", "how", "his", "her",
    "she", "out", "get", "who", "i", "i'm", "it's", "don't", "is", "at", "by", "be", "we", "our",
    "than", "more", "most", "now", "new", "today", "their", "there", "them", "would", "could",
    "should", "been", "were", "into", "after", "over", "off", "up", "down", "never", "again",
    "can", "can't", "its", "says", "said", "you're", "these", "those", "because", "where",
];

/// Frequent words of other Latin-script languages that English hardly uses: Spanish, Portuguese,
/// French, Italian, German, Dutch, Indonesian, Turkish, Tagalog, Polish.
const FOREIGN: &[&str] = &[
    "que", "los", "las", "una", "para", "muy", "este", "esta", "pero", "como", "porque", "gracias",
    "encanta", "estoy", "tengo", "todo", "hoy", "mejor", "não", "uma", "muito", "você", "isso",
    "meu", "minha", "amei", "pra", "mais", "les", "est", "une", "pour", "dans", "avec", "je",
    "nous", "vous", "très", "mais", "c'est", "j'ai", "qui", "che", "sono", "questo", "molto",
    "della", "anche", "più", "der", "und", "ist", "nicht", "eine", "ich", "sehr", "auch", "wir",
    "für", "mein", "aber", "het", "een", "niet", "voor", "ook", "zijn", "yang", "dan", "ini",
    "itu", "tidak", "saya", "aku", "untuk", "dengan", "banget", "sudah", "bisa", "nya", "gak",
    "bir", "çok", "için", "ang", "mga", "ko", "hindi", "talaga", "jest", "się", "bardzo", "nie",
];

/// Detects the language of a cleaned text.
///
/// Han characters count one each, as do kana and hangul; words of Latin and
/// other scripts count one each, so that long English names don't outweigh a
/// Chinese sentence. `URL` and mentions don't count.
pub fn detect(text: &str) -> Detected {
    let count = Count::of(text);
    let units = count.han + count.kana + count.latin + count.other;
    if units == 0 {
        return Detected {
            language: None,
            han_share: 0.0,
        };
    }
    let share = |part: usize, whole: usize| part as f32 / whole.max(1) as f32;
    let han_share = share(count.han, units);
    let japanese = count.kana > 1 && share(count.kana, count.kana + count.han) >= KANA_SHARE;
    let language = if count.kana + count.han > count.latin && japanese {
        Language::Other
    } else if han_share >= HAN_SHARE {
        Language::Zh
    } else if count.other + count.kana + count.han > count.latin
        || count.foreign > count.english
        || count.accented * 4 > count.latin
    {
        Language::Other
    } else {
        Language::En
    };
    Detected {
        language: Some(language),
        han_share,
    }
}

#[derive(Default)]
struct Count {
    han: usize,
    kana: usize,
    /// Words in Latin letters.
    latin: usize,
    /// English function words among those.
    english: usize,
    /// Frequent words of other languages among those.
    foreign: usize,
    /// Words among those with a letter that English doesn't have.
    accented: usize,
    /// Hangul syllables, and words in any further script.
    other: usize,
}

impl Count {
    fn of(text: &str) -> Self {
        let mut count = Self::default();
        let mut last = Script::None;
        let mut before_word = ' ';
        let mut before = ' ';
        let mut word = String::new();
        // The space at the end closes the last word.
        for c in text.chars().chain([' ']) {
            // Marks and apostrophes belong to the word they stand in.
            let script = if is_combining_mark(c) || matches!(c, '\'' | '’') {
                last
            } else {
                script(c)
            };
            if script == Script::Latin {
                if last != Script::Latin {
                    before_word = before;
                }
                word.push(if c == '’' { '\'' } else { c });
            } else if last == Script::Latin {
                if before_word != '@' && word != URL {
                    count.latin_word(&word);
                }
                word.clear();
            }
            match script {
                Script::Han => count.han += 1,
                Script::Kana => count.kana += 1,
                Script::Hangul => count.other += 1,
                Script::Other => count.other += usize::from(last != Script::Other),
                Script::Latin | Script::None => {}
            }
            last = script;
            before = c;
        }
        count
    }

    fn latin_word(&mut self, word: &str) {
        self.latin += 1;
        self.accented += usize::from(!word.is_ascii());
        let lower = word.to_lowercase();
        let lower = lower.trim_matches('\'');
        self.english += usize::from(ENGLISH.contains(&lower));
        self.foreign += usize::from(FOREIGN.contains(&lower));
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Script {
    Han,
    Kana,
    Hangul,
    Latin,
    Other,
    /// Digits, punctuation, symbols.
    None,
}

fn script(c: char) -> Script {
    match c {
        'a'..='z' | 'A'..='Z' => Script::Latin,
        c if is_han(c) => Script::Han,
        c if is_kana(c) => Script::Kana,
        '\u{1100}'..='\u{11FF}' | '\u{3130}'..='\u{318F}' | '\u{AC00}'..='\u{D7A3}' => {
            Script::Hangul
        }
        // Letters-like symbols such as ª aren't words of any script.
        _ if !c.is_alphabetic() || c == 'ª' || c == 'º' => Script::None,
        '\u{C0}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}' | '\u{FF21}'..='\u{FF5A}' => Script::Latin,
        _ => Script::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_script() {
        use Language::{En, Other, Zh};
        for (text, expected) in [
            ("", None),
            ("😀 123 !!! URL @user @user", None),
            ("这款手机真好用", Some(Zh)),
            ("這款手機真好用", Some(Zh)),
            ("新买的 iPhone SE 掉马桶里了,现在没事", Some(Zh)),
            ("有の点意思", Some(Zh)),
            ("@user 转发微博 URL", Some(Zh)),
            ("This phone is great", Some(En)),
            ("Great phone!", Some(En)),
            ("I don’t love 小米 but my friends do", Some(En)),
            ("Best café in town", Some(En)),
            ("この電話はとても良いです", Some(Other)),
            ("이 전화기는 정말 좋아요", Some(Other)),
            ("Этот телефон отличный", Some(Other)),
            ("هذا الهاتف رائع", Some(Other)),
            ("โทรศัพท์เครื่องนี้ดีมาก", Some(Other)),
            (
                "Que lo mataron por Twitter ya dicen que todo es mentira",
                Some(Other),
            ),
            (
                "Das Handy ist wirklich sehr gut und auch nicht teuer",
                Some(Other),
            ),
            ("điện thoại này rất tốt", Some(Other)),
        ] {
            assert_eq!(detect(text).language, expected, "{text}");
        }
    }

    #[test]
    fn han_share_counts_words_once() {
        assert_eq!(detect("").han_share, 0.0);
        assert_eq!(detect("好").han_share, 1.0);
        assert_eq!(detect("good 好").han_share, 0.5);
        assert_eq!(detect("unbelievable thing 好好").han_share, 0.5);
        assert_eq!(detect("@user 好 URL").han_share, 1.0);
    }

    #[test]
    fn languages_have_short_names() {
        for (language, name) in Language::ALL
            .into_iter()
            .zip(["\"zh\"", "\"en\"", "\"other\""])
        {
            assert_eq!(serde_json::to_string(&language).unwrap(), name);
            assert_eq!(serde_json::from_str::<Language>(name).unwrap(), language);
        }
    }
}
