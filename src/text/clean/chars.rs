//! Classes of characters that cleaning tells apart.

use unicode_normalization::UnicodeNormalization;

use crate::text::simplified;

/// Folds full-width and compatibility forms (NFKC), and traditional characters
/// into simplified ones. None of the characters that build emoji has such a
/// form, so emoji pass unchanged.
pub(super) fn fold(text: &str) -> Vec<char> {
    text.nfkc().map(simplified).collect()
}

/// A character that is read as an emoji, alone or in a sequence. Symbols with
/// a compatibility form (™, ㊗, ‼) aren't: they fold to text.
pub(super) fn is_emoji(c: char) -> bool {
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
pub(super) fn is_modifier(c: char) -> bool {
    ('\u{1F3FB}'..='\u{1F3FF}').contains(&c)
}

/// A variation selector that asks for text or emoji form.
pub(super) fn is_variation(c: char) -> bool {
    matches!(c, '\u{FE0E}' | '\u{FE0F}')
}

/// One half of a flag.
pub(super) fn is_regional(c: char) -> bool {
    ('\u{1F1E6}'..='\u{1F1FF}').contains(&c)
}

/// A tag character, part of a region's flag.
pub(super) fn is_tag(c: char) -> bool {
    ('\u{E0020}'..='\u{E007F}').contains(&c)
}

/// What a keycap emoji begins with.
pub(super) fn is_digit_or_sign(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '#' | '*')
}

/// What a keycap emoji ends with.
pub(super) fn is_keycap_end(c: char) -> bool {
    c == '\u{20E3}'
}

/// A star of a rating.
pub(super) fn is_star(c: char) -> bool {
    matches!(c, '★' | '☆' | '⭐' | '🌟')
}

/// White space, and the blank Braille pattern that looks like it.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\u{2800}'
}

/// A character that takes no room and shows nothing: zero-width spaces and
/// joiners, bidirectional controls, fillers, variation selectors, tags.
pub(super) fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}'
        | '\u{115F}'..='\u{1160}' | '\u{3164}' | '\u{FFA0}'
        | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFF0}'..='\u{FFFB}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}')
}
