//! Texts with nothing to read, which are refused before a model is asked.

use super::clean::{Cleaned, MENTION, URL};
use super::language::Language;
use super::symbols::{is_han, is_star};

/// Why a text can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unreadable {
    /// Nothing is left of it but white space, hidden characters, links, mentions or punctuation.
    Blank,
    /// Its characters were damaged on the way: read in the wrong encoding, or replaced.
    Damaged,
    /// Keys that were hit at random.
    Noise,
    /// It is in neither Chinese nor English.
    Language,
    /// It has emoji alone, which say nothing of a brand.
    EmojiAlone,
}

impl Unreadable {
    /// Every reason, in the order in which they are looked for.
    pub const ALL: [Unreadable; 5] = [
        Unreadable::Blank,
        Unreadable::Damaged,
        Unreadable::Noise,
        Unreadable::Language,
        Unreadable::EmojiAlone,
    ];

    /// The reason's stable name.
    pub fn code(self) -> &'static str {
        match self {
            Unreadable::Blank => "blank",
            Unreadable::Damaged => "damaged",
            Unreadable::Noise => "noise",
            Unreadable::Language => "language",
            Unreadable::EmojiAlone => "emoji_alone",
        }
    }
}

/// From this share of a text's characters on, damage is more than a slip.
const DAMAGED: f32 = 0.2;
/// Fewer damaged characters than this may be meant.
const DAMAGED_LEAST: usize = 3;
/// From this share of a text's letters on, it is noise.
const NOISE: f32 = 0.6;
/// Shorter words are too often abbreviations.
const NOISE_WORD: usize = 5;

/// The reason why a text can't be read, if there is one. `raw` is the text as it came, `cleaned`
/// what cleaning made of it, `language` as declared or else detected; `comment` where it answers a
/// post, so that emoji alone say something.
pub fn unreadable(
    raw: &str,
    cleaned: &Cleaned,
    language: Option<Language>,
    comment: bool,
) -> Option<Unreadable> {
    let words: Vec<&str> = cleaned.text.split_whitespace().collect();
    let said = || words.iter().filter(|word| !matches!(**word, URL | MENTION));
    let has = |test: fn(char) -> bool| said().any(|word| word.chars().any(test));
    if !has(|c| c.is_alphanumeric() || is_picture(c)) {
        return Some(Unreadable::Blank);
    }
    if is_damaged(raw) {
        return Some(Unreadable::Damaged);
    }
    if is_noise(&cleaned.text) {
        return Some(Unreadable::Noise);
    }
    if language == Some(Language::Other) {
        return Some(Unreadable::Language);
    }
    // `[微笑]` and `:)` have letters or are none; words of two letters and more say something, and
    // so do the stars of a rating.
    let says = has(|c| c.is_alphanumeric() || is_star(c));
    (!comment && !says).then_some(Unreadable::EmojiAlone)
}

/// Symbols that people read a mood from: emoji, hearts, arrows and faces.
fn is_picture(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{21FF}' | '\u{2300}'..='\u{2BFF}' | '\u{1F000}'..='\u{1FAFF}')
}

/// Characters that come of reading UTF-8 as GBK: each is made of the first bytes of a frequent
/// Chinese character or mark (的 是 在 我 了 不 ，。 and the like).
const READ_AS_GBK: &str =
    "鐨勬槸鍦鎴浜涓锛銆浠澶鍙濂瀹杩鍚鐢鍑鏃浣璇鐪寰鍒涔灏浼鍏绗鍥鍜鎯鏈粬瑕氬鎵閮炲繖";

/// Says whether a text was read in the wrong encoding somewhere, in a part that matters.
fn is_damaged(raw: &str) -> bool {
    let chars: Vec<char> = raw.chars().filter(|c| !c.is_whitespace()).collect();
    let replaced = chars.iter().filter(|&&c| c == '\u{FFFD}').count();
    // What GBK makes of UTF-8's replacement characters, and of memory that nobody wrote to.
    let twice_replaced = raw.matches("锟斤拷").count() * 3;
    let filled = chars.iter().filter(|c| matches!(c, '烫' | '屯')).count();
    let filled = filled > 3 && 2 * filled > chars.len();
    let (mut gbk, mut kinds) = (0, Vec::new());
    for &c in chars
        .iter()
        .filter(|&&c| is_han(c) && READ_AS_GBK.contains(c))
    {
        gbk += 1;
        if !kinds.contains(&c) {
            kinds.push(c);
        }
    }
    // UTF-8 read as Latin-1 or Windows-1252: a lead byte, then bytes that only follow one.
    let latin = chars
        .windows(2)
        .filter(|pair| {
            matches!(
                pair[0],
                'Â' | 'Ã' | 'â' | 'ã' | 'ä' | 'å' | 'æ' | 'ç' | 'è' | 'é' | 'ï' | 'ð'
            ) && (matches!(pair[1], '\u{80}'..='\u{BF}')
                || "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ".contains(pair[1]))
        })
        .count();
    let share =
        |damaged: usize| damaged >= DAMAGED_LEAST && damaged as f32 >= DAMAGED * chars.len() as f32;
    filled
        || share(replaced)
        || share(twice_replaced)
        || (kinds.len() >= DAMAGED_LEAST && share(gbk))
        || share(2 * latin)
}

/// Says whether most letters of a text without Chinese belong to words that nobody can say.
fn is_noise(text: &str) -> bool {
    if text.chars().any(|c| c.is_alphabetic() && !c.is_ascii()) {
        return false;
    }
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '\'');
    let (mut letters, mut noise) = (0, 0);
    for word in words.filter(|word| !matches!(*word, "" | URL | "user")) {
        letters += word.len();
        if is_unsayable(word) {
            noise += word.len();
        }
    }
    noise > 0 && noise as f32 >= NOISE * letters as f32
}

/// Keys as they lie beside each other.
const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

fn is_unsayable(word: &str) -> bool {
    let word: Vec<char> = word.to_ascii_lowercase().chars().collect();
    // Letters that differ from the one before: "hmmmm" and "yesss" are said.
    let mut squeezed = word.clone();
    squeezed.dedup();
    if squeezed.len() < NOISE_WORD || word.iter().any(|c| !c.is_ascii_lowercase()) {
        return false;
    }
    let longest = |joins: &dyn Fn(char, char) -> bool| {
        let (mut run, mut best) = (1, 1);
        for pair in squeezed.windows(2) {
            run = if joins(pair[0], pair[1]) { run + 1 } else { 1 };
            best = best.max(run);
        }
        best
    };
    let beside = |a: char, b: char| {
        ROWS.iter().any(|row| {
            let place = |c: char| row.find(c);
            matches!((place(a), place(b)), (Some(a), Some(b)) if a.abs_diff(b) == 1)
        })
    };
    let in_one_row = ROWS
        .iter()
        .any(|row| squeezed.iter().all(|&c| row.contains(c)));
    let is_vowel = |c: char| matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
    let consonants = longest(&|a, b| !is_vowel(a) && !is_vowel(b));
    longest(&beside) >= 5
        || (in_one_row && longest(&beside) >= 3 && squeezed.len() >= 6)
        || consonants >= 6
        || (consonants >= 5 && squeezed.len() >= 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{clean_report, detect};

    fn reason(text: &str, comment: bool) -> Option<&'static str> {
        let cleaned = clean_report(text);
        let language = detect(&cleaned.text).language;
        unreadable(text, &cleaned, language, comment).map(Unreadable::code)
    }

    #[test]
    fn what_has_nothing_to_read_is_refused_with_its_reason() {
        for (text, expected) in [
            ("", "blank"),
            (" \n\t", "blank"),
            ("\u{200d}\u{200d}", "blank"),
            ("\u{3164}\u{3164}", "blank"),
            ("https://t.co/abc", "blank"),
            ("@someone https://t.co/abc …", "blank"),
            ("。。。！！？", "blank"),
            ("锟斤拷锟斤拷", "damaged"),
            ("锟斤拷锟斤拷锟斤拷 好用", "damaged"),
            ("\u{fffd}\u{fffd}\u{fffd}\u{fffd}好", "damaged"),
            ("烫烫烫烫烫烫烫", "damaged"),
            ("浠詠澶╂槸寰堝ソ鐢ㄧ殑", "damaged"),
            ("è¿™ä¸ªå£çº¢çœŸå¥½ç”¨", "damaged"),
            ("asdfghjkl", "noise"),
            ("asdf jkl; asdfjkl qwerty", "noise"),
            ("sdkfjhskdjfh", "noise"),
            ("qwertyuiop zxcvbnm", "noise"),
            ("この電話はとても良いです", "language"),
            ("Me encanta este producto", "language"),
            ("Ce rouge à lèvres est vraiment magnifique", "language"),
            ("Этот телефон отличный", "language"),
        ] {
            assert_eq!(reason(text, true), Some(expected), "{text}");
        }
        assert_eq!(reason("🔥🔥🔥", false), Some("emoji_alone"));
    }

    #[test]
    fn what_people_write_is_read() {
        for text in [
            "好",
            "6",
            "666",
            "yyds",
            "hmmmmmm",
            "lmaooooo",
            "pfffft",
            "ngl tbh idk fr",
            "哈哈哈哈哈哈",
            "啊啊啊啊啊啊啊啊",
            "awsl xswl",
            "iPhone15",
            "strengths and lengths",
            "rhythm",
            "donâ€™t buy it, the strap broke in a week",
            "烫烫烫！火锅好吃",
            "QWERTY keyboard from Keychron is lovely",
            "ASICS Gel-Kayano 30 review",
            "有の点意思，很好吃",
            "這款手機真好用，螢幕也漂亮",
            "@user 好用 https://t.co/abc",
            "www it's so good",
            "jfc this is great",
        ] {
            assert_eq!(reason(text, false), None, "{text}");
        }
        assert_eq!(reason("🔥🔥🔥", true), None);
        assert_eq!(reason("[爱心][爱心]", false), None);
        assert_eq!(reason("⭐☆☆☆☆", false), None);
    }

    #[test]
    fn codes_differ() {
        for (i, one) in Unreadable::ALL.iter().enumerate() {
            assert!(
                Unreadable::ALL[..i]
                    .iter()
                    .all(|other| other.code() != one.code())
            );
        }
    }
}
