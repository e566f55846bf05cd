//! Bytes that programs write around and into JSON, and that JSON's grammar doesn't have.

use std::borrow::Cow;

/// Without the mark that some programs put before UTF-8.
pub fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// With U+FFFD for every half of a surrogate pair that stands alone, as in a text that was cut in
/// an emoji. Nothing moves: `\ud83d` becomes `\ufffd`.
pub fn whole_characters(json: &[u8]) -> Cow<'_, [u8]> {
    let mut whole = Cow::Borrowed(json);
    let mut at = 0;
    while let Some(next) = json[at..].iter().position(|&byte| byte == b'\\') {
        at += next;
        let here = escape(&json[at..]);
        let after = json.get(at + 6..).and_then(escape);
        match (here, after) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => at += 12,
            (Some(0xD800..=0xDFFF), _) => {
                whole.to_mut()[at + 2..at + 6].copy_from_slice(b"fffd");
                at += 6;
            }
            // `\\` and others of two characters.
            _ => at = (at + 2).min(json.len()),
        }
    }
    whole
}

/// The code unit of `\u` and four hexadecimal digits at the begin.
fn escape(json: &[u8]) -> Option<u16> {
    let digits = json.strip_prefix(b"\\u")?.get(..4)?;
    let digits = std::str::from_utf8(digits).ok()?;
    let all = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    all.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_pair_becomes_a_replacement_character_and_a_pair_stays() {
        for (json, whole) in [
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\ude0d\ud83d""#, r#""\ufffd\ufffd""#),
            (r#""\ud83d\ude0d!""#, r#""\ud83d\ude0d!""#),
            (r#""\ud83d\ud83d\ude0d""#, r#""\ufffd\ud83d\ude0d""#),
            (r#""\\ud83d \n\\\ud83d""#, r#""\\ud83d \n\\\ufffd""#),
            (r#""\ud8"#, r#""\ud8"#),
            (r"\", r"\"),
        ] {
            let found = whole_characters(json.as_bytes());
            assert_eq!(std::str::from_utf8(&found).unwrap(), whole, "{json}");
        }
    }
}
