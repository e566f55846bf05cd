//! Whether ids stand in a file: in any cell, list or object of it, in good rows and in bad ones.
//!
//! Rows aren't read for it, since a bad one has no cells, and programs write ids in many shapes: an
//! id is there where the same characters stand between two marks that end a value. One that stands
//! between commas in a text is found as well.

use std::path::Path;

use encoding_rs::Encoding;

use super::Result;
use crate::published::import::Source;

/// Bytes of text that are looked through together.
const WINDOW: usize = 256 << 10;
/// Blanks round an id, in bytes, of which the end must be seen.
const BLANKS: usize = 256;

/// True if one of these ids stands in a file, as a value of its own. `encoding` is that of a text
/// file; told from its content where it is left out.
///
/// # Errors
/// [`super::BulkError::Source`] if the file can't be read.
pub fn mentions(path: &Path, encoding: Option<&'static Encoding>, ids: &[String]) -> Result<bool> {
    let source = Source::open(path, None, encoding)?;
    let mut search = Search::new(ids);
    source.each_text(&mut |part| search.add(part))?;
    Ok(search.end())
}

/// As [`mentions`], in a text.
pub fn mentioned_in(text: &str, ids: &[String]) -> bool {
    let mut search = Search::new(ids);
    search.add(text);
    search.end()
}

/// Looks for ids in a text as it is, and without its escapes.
struct Search<'a> {
    as_written: Finder<'a>,
    unescaped: Finder<'a>,
    escapes: Escapes,
    text: String,
}

impl<'a> Search<'a> {
    fn new(ids: &'a [String]) -> Self {
        Search {
            as_written: Finder::new(ids),
            unescaped: Finder::new(ids),
            escapes: Escapes::default(),
            text: String::new(),
        }
    }

    fn add(&mut self, part: &str) {
        self.as_written.add(part);
        self.text.clear();
        for c in part.chars() {
            self.escapes.undo(c, &mut self.text);
        }
        self.unescaped.add(&self.text);
    }

    fn end(self) -> bool {
        self.as_written.end() || self.unescaped.end()
    }
}

/// Looks for ids in a text that comes in parts.
struct Finder<'a> {
    ids: &'a [String],
    longest: usize,
    window: String,
    /// True as long as the window begins where the text does.
    at_begin: bool,
    found: bool,
}

impl<'a> Finder<'a> {
    fn new(ids: &'a [String]) -> Self {
        Finder {
            ids,
            longest: ids.iter().map(String::len).max().unwrap_or(0),
            window: String::new(),
            at_begin: true,
            found: false,
        }
    }

    fn add(&mut self, part: &str) {
        if self.found {
            return;
        }
        self.window.push_str(part);
        if self.window.len() < WINDOW {
            return;
        }
        self.look(false);
        // An id near the end is decided when what follows it is here, and what stands before it.
        let mut cut = self.window.len() - 2 * BLANKS - self.longest;
        while !self.window.is_char_boundary(cut) {
            cut -= 1;
        }
        self.window.drain(..cut);
        self.at_begin = false;
    }

    /// True if one was found, now that all of the text is here.
    fn end(mut self) -> bool {
        self.look(true);
        self.found
    }

    fn look(&mut self, at_end: bool) {
        let text = self.window.as_str();
        let stands = |(at, id): (usize, &str)| {
            let (before, after) = (&text[..at], &text[at + id.len()..]);
            (before.len() > BLANKS || self.at_begin || !is_blank(before))
                && (after.len() > BLANKS || at_end)
                && ends_value(before.chars().rev())
                && ends_value(after.chars())
        };
        let mut all = self.ids.iter().filter(|id| !id.is_empty());
        self.found |= all.any(|id| text.match_indices(id.as_str()).any(stands));
    }
}

fn is_blank(text: &str) -> bool {
    text.chars().all(is_space)
}

/// A blank that may stand beside a value; the end of a line ends one.
fn is_space(c: char) -> bool {
    c.is_whitespace() && !c.is_control()
}

/// True if what stands beside an id, going away from it, ends a value.
fn ends_value(beside: impl Iterator<Item = char>) -> bool {
    const MARKS: &str = "\"'`,;|:()[]{}<>=/&?#@，；：、｜（）【】「」";
    match beside.into_iter().find(|&c| !is_space(c)) {
        Some(c) => c.is_control() || MARKS.contains(c),
        None => true,
    }
}

/// Undoes how JSON and CSV write characters that mean something to them.
#[derive(Default)]
struct Escapes {
    /// What was read of an escape.
    so_far: String,
    /// The first half of a character that JSON writes as two.
    half: Option<u32>,
    after_quote: bool,
}

impl Escapes {
    fn undo(&mut self, c: char, into: &mut String) {
        match self.so_far.chars().nth(1) {
            Some(_) => {
                self.so_far.push(c);
                if self.so_far.chars().count() == 6 {
                    self.undo_code(into);
                }
            }
            None if self.so_far.is_empty() => {
                if c == '\\' {
                    self.so_far.push(c);
                } else if c == '"' && self.after_quote {
                    self.after_quote = false;
                } else {
                    self.after_quote = c == '"';
                    into.push(c);
                }
            }
            None if c == 'u' => self.so_far.push(c),
            None => {
                self.so_far.clear();
                into.push(match c {
                    'b' | 'f' | 'n' | 'r' | 't' => '\n',
                    other => other,
                });
            }
        }
    }

    /// Undoes a `\uXXXX`, which is whole.
    fn undo_code(&mut self, into: &mut String) {
        let code = self.so_far.get(2..);
        let code = code.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let half = self.half.take();
        match code {
            Some(high @ 0xd800..0xdc00) => self.half = Some(high),
            Some(low @ 0xdc00..0xe000) => {
                let high = half.unwrap_or(0xd800) - 0xd800;
                let whole = 0x10000 + (high << 10) + (low - 0xdc00);
                into.push(char::from_u32(whole).unwrap_or('\u{fffd}'));
            }
            Some(code) => into.push(char::from_u32(code).unwrap_or('\u{fffd}')),
            None => into.push_str(&self.so_far),
        }
        self.so_far.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(content: impl AsRef<[u8]>, id: &str) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, content).unwrap();
        mentions(&file, None, &["nobody".to_owned(), id.to_owned()]).unwrap()
    }

    #[test]
    fn an_id_is_found_however_it_is_written() {
        for content in [
            "user,text\nmallory,Lovely\n",
            "user,text\n\" mallory \",Lovely\n",
            "text\n\"mallory",
            "a;b\n1;2;mallory;4;5\n",
            "user,text\n\"[\"\"alice\"\", \"\"mallory\"\"]\",Lovely\n",
            "{\"text\": \"Lovely\", \"a\": {\"b\": {\"c\": {\"d\": {\"e\": [{\"id\": \"mallory\"}]}}}}}",
            "{\"text\": \"Lovely\", \"users\": [\"alice\",\"mallory\"]}",
            "{\"text\": \"Lovely\", \"user\": \"m\\u0061llory\"}",
            "{\"text\": \"Lovely\", \"user\": \"mallory\", and it breaks off",
            "{\"mallory\": {\"text\": \"Lovely\"}}",
            "text\nhttps://example.org/mallory/status/3\n",
        ] {
            assert!(found(content, "mallory"), "{content}");
        }
        assert!(found("{\"text\": \"Lovely\", \"id\": 7201}", "7201"));
        assert!(found("{\"id\": \"a\\/b\\\"c\"}", "a/b\"c"));
        assert!(found("id,text\n\"a\"\"b\",Lovely\n", "a\"b"));
        assert!(found("{\"id\": \"\\ud83d\\ude00 1\"}", "😀 1"));
        for content in [
            "user,text\nmallory2,Lovely\n",
            "user,text\nalice,Ask mallory about it\n",
            "{\"text\": \"Lovely\", \"user\": \"mallory jones\"}",
        ] {
            assert!(!found(content, "mallory"), "{content}");
        }
    }

    #[test]
    fn an_id_is_found_wherever_a_part_of_the_file_ends() {
        for before in (WINDOW - 300..WINDOW + 20).step_by(3) {
            let text = format!("text\n{}\nmallory ,{}", "x".repeat(before), "y".repeat(20));
            let ids = ["mallory".to_owned()];
            for cut in [before - 5, before + 5, before + 8, before + 14] {
                let mut finder = Finder::new(&ids);
                let (first, rest) = text.split_at(cut);
                finder.add(first);
                finder.add(rest);
                assert!(finder.end(), "{before} {cut}");
            }
        }
    }
}
