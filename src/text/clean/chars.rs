//! Classes of characters that cleaning tells apart.

use unicode_normalization::UnicodeNormalization;

use crate::text::simplified;

/// Folds full-width and compatibility forms (NFKC), and traditional characters
/// into simplified ones. None of the characters that build emoji has such a
/// form, so emoji pass unchanged.
pub(super) fn fold(text: &str) -> Vec<char> {
    text.nfkc().map(simplified).collect()
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
