//! The last step of cleaning: links, mentions and hash signs.

use super::{MENTION, URL, push_space};
use crate::text::symbols::symbol_length;
use unicode_normalization::char::is_combining_mark;

/// Longest name of a mention; Weibo allows 30. A longer run isn't a name, or
/// an at-sign would hide a whole Chinese paragraph.
const NAME_MAX: usize = 30;
/// Hosts whose links are often written without `http://`.
const SHORT_HOSTS: [&str; 12] = [
    "t.cn/",
    "t.co/",
    "url.cn/",
    "dwz.cn/",
    "b23.tv/",
    "bit.ly/",
    "goo.gl/",
    "ow.ly/",
    "youtu.be/",
    "tinyurl.com/",
    "xhslink.com/",
    "v.douyin.com/",
];

/// Reads the text once, from left to right, and writes what each part becomes.
pub(super) struct Scan<'a> {
    chars: &'a [char],
    out: Vec<char>,
    after_mention: bool,
}

impl<'a> Scan<'a> {
    pub(super) fn new(chars: &'a [char]) -> Self {
        Self {
            chars,
            out: Vec::with_capacity(chars.len()),
            after_mention: false,
        }
    }

    pub(super) fn run(mut self) -> String {
        let mut i = 0;
        while i < self.chars.len() {
            let link = self.link_at(i);
            let after_mention = std::mem::take(&mut self.after_mention);
            i += if link > 0 {
                // Apart from a word or a name, which it would else lengthen.
                if after_mention || self.last().is_some_and(|c| is_address(c) || c == '@') {
                    push_space(&mut self.out);
                }
                self.out.extend(URL.chars());
                link
            } else if self.chars[i] == '@' {
                self.at_sign(i)
            } else if self.chars[i] == '#' && symbol_length(&self.chars[i..]) == 0 {
                self.hash_sign(i);
                1
            } else if self.chars[i] == ' ' {
                push_space(&mut self.out);
                1
            } else {
                self.out.push(self.chars[i]);
                1
            };
        }
        if self.last() == Some(' ') {
            self.out.pop();
        }
        self.out.into_iter().collect()
    }

    fn last(&self) -> Option<char> {
        self.out.last().copied()
    }

    /// Length of the link that begins at `i`, or 0.
    fn link_at(&self, i: usize) -> usize {
        let rest = &self.chars[i..];
        let scheme = ["http://", "https://"]
            .iter()
            .find(|s| starts_with(rest, s))
            .map_or(0, |s| s.len());
        if scheme > 0 {
            return link_body(rest, scheme);
        }
        if self.last().is_some_and(is_address) {
            return 0;
        }
        if starts_with(rest, "www.") {
            return link_body(rest, 4);
        }
        SHORT_HOSTS
            .iter()
            .find(|s| starts_with(rest, s))
            .map_or(0, |s| link_body(rest, s.len()))
    }

    /// Writes what an at-sign stands for; returns how much of the text it took.
    fn at_sign(&mut self, i: usize) -> usize {
        let from = i + 1;
        let domain = self.domain_at(from);
        if self.last().is_some_and(is_address) && domain > 0 {
            // An e-mail address stays, and nothing in it is looked at again.
            self.out.extend(&self.chars[i..from + domain]);
            return 1 + domain;
        }
        let name = (from..self.chars.len())
            .take(NAME_MAX + 1)
            .take_while(|&j| is_name(self.chars[j]) && self.scheme_at(j) == 0)
            .count();
        if name == 0 || name > NAME_MAX {
            self.out.push('@');
            return 1;
        }
        self.out.extend(MENTION.chars());
        self.after_mention = true;
        1 + name
    }

    /// Length of a link with a scheme at `i`, which also ends a name.
    fn scheme_at(&self, i: usize) -> usize {
        match self.chars[i] {
            'h' | 'H'
                if self
                    .chars
                    .get(i + 1)
                    .is_some_and(|c| matches!(c, 't' | 'T')) =>
            {
                let rest = &self.chars[i..];
                ["http://", "https://"]
                    .iter()
                    .find(|s| starts_with(rest, s))
                    .map_or(0, |s| link_body(rest, s.len()))
            }
            _ => 0,
        }
    }

    /// Length of the domain name (with a dot inside) at `from`, or 0.
    fn domain_at(&self, from: usize) -> usize {
        let rest = &self.chars[from..];
        let length = rest.iter().take_while(|&&c| is_domain(c)).count();
        let dotted = rest[..length]
            .windows(3)
            .any(|w| w[1] == '.' && w[0] != '.' && w[2].is_ascii_alphabetic());
        if dotted { length } else { 0 }
    }

    /// A hash sign marks a topic and becomes a space, except in `#1` and `C#`.
    fn hash_sign(&mut self, i: usize) {
        let rest = &self.chars[i + 1..];
        let digits = rest.iter().take_while(|c| c.is_ascii_digit()).count();
        let after = rest.get(digits).copied().unwrap_or(' ');
        let before = self.last().unwrap_or(' ');
        let earlier = self.out.len().checked_sub(2).map_or(' ', |j| self.out[j]);
        let number = digits > 0
            && !after.is_alphanumeric()
            && after != '#'
            && matches!(before, ' ' | '(' | '"');
        let language = digits == 0
            && before.is_ascii_alphabetic()
            && !earlier.is_alphanumeric()
            && !after.is_alphanumeric();
        if number || language {
            self.out.push('#');
        } else {
            push_space(&mut self.out);
        }
    }
}

/// Length of a link whose scheme or host has `from` characters, or 0 when
/// nothing follows it.
fn link_body(chars: &[char], from: usize) -> usize {
    let mut end = from;
    let mut host = false;
    while let Some(&c) = chars.get(end) {
        let inside = match c {
            // A port, not the colon of a sentence.
            ':' => chars.get(end + 1).is_some_and(char::is_ascii_digit),
            // `site/@name`; elsewhere a mention begins.
            '@' => host && chars[end - 1] == '/',
            '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}' | '[' | ']' => false,
            // Often full-width punctuation of the sentence, folded.
            ',' | ';' | '!' | '(' | ')' | '\'' | '*' => false,
            _ => c.is_ascii_graphic() || is_combining_mark(c) || is_accented(c),
        };
        if !inside {
            break;
        }
        host |= c.is_ascii_alphanumeric();
        end += 1;
    }
    if !host {
        return 0;
    }
    while matches!(chars[end - 1], '.' | '?' | '#' | '&' | '@') {
        end -= 1;
    }
    end
}

fn starts_with(chars: &[char], word: &str) -> bool {
    chars.len() >= word.len()
        && word
            .chars()
            .zip(chars)
            .all(|(a, b)| a == b.to_ascii_lowercase())
}

/// Characters that an address or an English word may end with.
fn is_address(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+' | '%')
}

fn is_domain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.')
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || is_combining_mark(c)
}

fn is_accented(c: char) -> bool {
    c.is_alphabetic() && ('\u{C0}'..'\u{250}').contains(&c)
}
