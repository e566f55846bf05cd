//! Emoji, emoji codes in brackets, the word for a link, and scripts written without spaces: what the cleaning, the
//! words of an explanation, flags and the search for names all take for one.

/// The word for a link in cleaned text.
pub const URL: &str = "URL";
/// Longest word in brackets taken for an emoji code such as `[并不简单]`.
pub const CODE_MAX: usize = 10;

/// Length in characters of the emoji (of one or more code points) or emoji code that `chars`
/// begins with, 0 if neither. Stars are none: a rating isn't a row of emoji.
pub fn symbol_length(chars: &[char]) -> usize {
    let at = |i: usize| chars.get(i).copied().unwrap_or(' ');
    match at(0) {
        '[' => code_length(chars),
        c if is_star(c) => 0,
        c if is_regional(c) => 1 + usize::from(is_regional(at(1))),
        c if is_digit_or_sign(c) => {
            let end = 1 + usize::from(is_variation(at(1)));
            if is_keycap_end(at(end)) { end + 1 } else { 0 }
        }
        c if is_emoji(c) => {
            let mut i = 1;
            loop {
                while is_variation(at(i)) || is_modifier(at(i)) || is_tag(at(i)) {
                    i += 1;
                }
                if at(i) != '\u{200D}' || !is_emoji(at(i + 1)) {
                    return i;
                }
                i += 2;
            }
        }
        _ => 0,
    }
}

/// Length in characters, brackets included, of the emoji code that `chars` begins with, 0 if with
/// none: one to ten characters in brackets that no step of the cleaning would change, or the cut
/// of a run of it would depend on what that step makes of it.
pub fn code_length(chars: &[char]) -> usize {
    if chars.first() != Some(&'[') {
        return 0;
    }
    let end = chars.iter().take(CODE_MAX + 2).position(|&c| c == ']');
    end.filter(|&end| end > 1 && is_code(&chars[1..end]))
        .map_or(0, |end| end + 1)
}

fn is_code(inside: &[char]) -> bool {
    inside
        .iter()
        .all(|&c| !matches!(c, '[' | ']' | ' ' | '#' | '@' | '.' | '/' | ':'))
        && !inside
            .windows(URL.len())
            .any(|w| w.iter().eq(&['U', 'R', 'L']))
}

/// A character that is read as an emoji, alone or in a sequence. Symbols with
/// a compatibility form (™, ㊗, ‼) aren't: they fold to text.
pub fn is_emoji(c: char) -> bool {
    matches!(c,
        '\u{A9}' | '\u{AE}'
        | '\u{2194}'..='\u{2199}' | '\u{21A9}'..='\u{21AA}'
        | '\u{231A}'..='\u{231B}' | '\u{2328}' | '\u{23CF}'
        | '\u{23E9}'..='\u{23F3}' | '\u{23F8}'..='\u{23FA}'
        | '\u{25AA}'..='\u{25AB}' | '\u{25B6}' | '\u{25C0}' | '\u{25FB}'..='\u{25FE}'
        | '\u{2600}'..='\u{27BF}'
        | '\u{2934}'..='\u{2935}' | '\u{2B05}'..='\u{2B07}'
        | '\u{2B1B}'..='\u{2B1C}' | '\u{2B50}' | '\u{2B55}'
        | '\u{3030}' | '\u{303D}'
        | '\u{1F000}'..='\u{1F0FF}'
        | '\u{1F170}'..='\u{1F171}' | '\u{1F17E}'..='\u{1F17F}' | '\u{1F18E}'
        | '\u{1F191}'..='\u{1F19A}'
        | '\u{1F300}'..='\u{1F3FA}' | '\u{1F400}'..='\u{1FAFF}')
}

/// A skin tone.
pub fn is_modifier(c: char) -> bool {
    ('\u{1F3FB}'..='\u{1F3FF}').contains(&c)
}

/// A variation selector that asks for text or emoji form.
pub fn is_variation(c: char) -> bool {
    matches!(c, '\u{FE0E}' | '\u{FE0F}')
}

/// One half of a flag.
pub fn is_regional(c: char) -> bool {
    ('\u{1F1E6}'..='\u{1F1FF}').contains(&c)
}

/// A tag character, part of a region's flag.
pub fn is_tag(c: char) -> bool {
    ('\u{E0020}'..='\u{E007F}').contains(&c)
}

/// The first character of a keycap emoji: a digit, # or *.
pub fn is_digit_or_sign(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '#' | '*')
}

/// The last character of a keycap emoji.
pub fn is_keycap_end(c: char) -> bool {
    c == '\u{20E3}'
}

/// A star of a rating.
pub fn is_star(c: char) -> bool {
    matches!(c, '★' | '☆' | '⭐' | '🌟')
}

/// A Han character.
pub fn is_han(c: char) -> bool {
    matches!(c, '々' | '〇' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// A character of the Japanese syllabaries.
pub fn is_kana(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{FF66}'..='\u{FF9F}')
}

/// A character of a script written without spaces between words, of which a word has several:
/// Han and kana.
pub fn is_unspaced(c: char) -> bool {
    is_han(c) || is_kana(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_as_long_as_they_are_seen() {
        for (text, length) in [
            ("", 0),
            ("a😀", 0),
            ("😀😀", 1),
            ("👩‍👩‍👧好", 5),
            ("👍🏽!", 2),
            ("❤️", 2),
            ("🇨🇳🇨🇳", 2),
            ("1️⃣", 3),
            ("1", 0),
            ("★★", 0),
            ("[泪]好", 3),
            ("[并不简单]", 6),
            ("[一二三四五六七八九十]", 12),
            ("[一二三四五六七八九十一]", 0),
            ("[]", 0),
            ("[not a code]", 0),
            ("[URL]", 0),
            ("[泪", 0),
        ] {
            let chars: Vec<char> = text.chars().collect();
            assert_eq!(symbol_length(&chars), length, "{text}");
        }
    }
}
