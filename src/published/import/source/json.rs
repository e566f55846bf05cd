//! JSON: one value on each line, one list of them, or values one after the other; and the shapes
//! that programs put round their records.

use std::io::{self, BufRead, Cursor, Read};

use serde_json::{Map, Value};

use super::Visit;
use super::rows::{Names, Row};
use crate::post::json::parse;
use crate::{Error, Result};

/// Longest value read, in bytes: a page of an API, or the whole timeline of a user.
const MAX_VALUE: usize = 256 << 20;
/// Objects inside objects that become columns, as in `user.public_metrics.followers_count`.
const MAX_DEPTH: usize = 4;

/// How the values of a file follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sequence {
    /// One on each line: a bad line is one bad value.
    Lines,
    /// In a list, or in several lists one after the other.
    List,
    /// One after the other, over several lines each.
    Values,
}

/// The line that a value begins on, and the value or what is wrong with it.
type Found<'a> = (usize, Result<&'a [u8]>);

/// The values of a file, without reading all of it.
struct Values<R> {
    input: R,
    sequence: Sequence,
    line: usize,
    value: Vec<u8>,
    in_list: bool,
    ended: bool,
}

impl<R: BufRead> Values<io::Chain<Cursor<Vec<u8>>, R>> {
    fn new(mut input: R) -> io::Result<Self> {
        let mut head = Vec::new();
        let sequence = loop {
            let ahead = input.fill_buf()?;
            let Some(blank) = ahead.iter().position(|b| !b.is_ascii_whitespace()) else {
                let length = ahead.len();
                head.extend(ahead);
                input.consume(length);
                if length == 0 {
                    break Sequence::Lines;
                }
                continue;
            };
            if ahead[blank] == b'[' {
                head.extend(&ahead[..=blank]);
                input.consume(blank + 1);
                break Sequence::List;
            }
            let start = head.len();
            input
                .by_ref()
                .take(MAX_VALUE as u64)
                .read_until(b'\n', &mut head)?;
            let whole = serde_json::from_slice::<serde::de::IgnoredAny>(&head[start..]);
            break match whole {
                Err(error) if error.is_eof() => Sequence::Values,
                _ => Sequence::Lines,
            };
        };
        if sequence == Sequence::List {
            // Its bracket is read.
            head.pop();
        }
        let line = 1;
        Ok(Values {
            input: Cursor::new(head).chain(input),
            sequence,
            line,
            value: Vec::new(),
            in_list: sequence == Sequence::List,
            ended: false,
        })
    }
}

impl<R: BufRead> Values<R> {
    /// The next value and the line that it begins on.
    fn next(&mut self) -> io::Result<Option<Found<'_>>> {
        self.value.clear();
        if self.sequence == Sequence::Lines {
            return self.next_line();
        }
        if !self.skip_to_value()? {
            return Ok(None);
        }
        let begin = self.line;
        let whole = self.read_value()?;
        let value = if whole {
            Ok(self.value.as_slice())
        } else {
            self.ended = true;
            let problem = if self.value.len() > MAX_VALUE {
                format!("has more than {MAX_VALUE} bytes")
            } else {
                "ends in the middle of a value: the file was cut off".to_owned()
            };
            Err(Error::invalid(at(begin), problem))
        };
        Ok(Some((begin, value)))
    }

    fn next_line(&mut self) -> io::Result<Option<Found<'_>>> {
        loop {
            self.value.clear();
            let most = MAX_VALUE as u64;
            if self
                .input
                .by_ref()
                .take(most)
                .read_until(b'\n', &mut self.value)?
                == 0
            {
                return Ok(None);
            }
            let line = self.line;
            self.line += 1;
            if !self.value.trim_ascii().is_empty() {
                break Ok(Some((line, Ok(self.value.trim_ascii()))));
            }
        }
    }

    /// Skips what stands between values; false at the end.
    fn skip_to_value(&mut self) -> io::Result<bool> {
        while !self.ended {
            let ahead = self.input.fill_buf()?;
            let between = |b: &u8| b.is_ascii_whitespace() || *b == b',';
            let skipped = ahead.iter().take_while(|b| between(b)).count();
            self.line += ahead[..skipped].iter().filter(|&&b| b == b'\n').count();
            let next = ahead.get(skipped).copied();
            let empty = ahead.is_empty();
            self.input.consume(skipped);
            let bracket = match self.in_list {
                true => b']',
                false => b'[',
            };
            match next {
                None if empty => self.ended = true,
                None => {}
                Some(found) if self.sequence == Sequence::List && found == bracket => {
                    self.in_list = !self.in_list;
                    self.input.consume(1);
                }
                Some(_) => return Ok(true),
            }
        }
        Ok(false)
    }

    /// Reads a value by its brackets; false if the file or the room ends before it does.
    fn read_value(&mut self) -> io::Result<bool> {
        let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
        loop {
            let ahead = self.input.fill_buf()?;
            if ahead.is_empty() {
                return Ok(depth == 0 && !quoted);
            }
            let mut used = 0;
            let mut whole = false;
            for &byte in ahead {
                if depth == 0 && !quoted && !self.value.is_empty() | (used > 0) {
                    // A number or a word ends where something else begins.
                    let first = self.value.first().or(ahead.first());
                    let nested = first.is_some_and(|b| b"{[\"".contains(b));
                    if nested || byte.is_ascii_whitespace() || b",]".contains(&byte) {
                        whole = true;
                        break;
                    }
                }
                used += 1;
                self.line += usize::from(byte == b'\n');
                if quoted {
                    quoted = escaped || byte != b'"';
                    escaped = !escaped && byte == b'\\';
                } else {
                    match byte {
                        b'"' => quoted = true,
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                }
            }
            self.value.extend(&ahead[..used]);
            self.input.consume(used);
            if whole {
                return Ok(true);
            }
            if self.value.len() > MAX_VALUE {
                return Ok(false);
            }
        }
    }
}

fn at(line: usize) -> String {
    format!("lines[{line}]")
}

/// The first value of a file that is an object; `None` in a file without values.
///
/// # Errors
/// What is wrong with the first value, if none of the first ten is one.
pub fn first_object(input: impl BufRead) -> io::Result<Result<Option<Map<String, Value>>>> {
    let mut values = Values::new(input)?;
    let mut first = None;
    // Lines of damage may stand above it.
    for _ in 0..10 {
        let Some((line, value)) = values.next()? else {
            break;
        };
        match value.and_then(|bytes| object(bytes, line)) {
            Ok(object) => return Ok(Ok(Some(object))),
            Err(error) => first = first.or(Some(error)),
        }
    }
    Ok(first.map_or(Ok(None), Err))
}

/// Visits the records of a file.
pub fn visit(input: impl BufRead, visit: &mut Visit) -> io::Result<()> {
    let mut values = Values::new(input)?;
    let mut names = Names::default();
    let mut row = Row::default();
    while let Some((line, value)) = values.next()? {
        let read = value.and_then(|bytes| object(bytes, line));
        let records = match read {
            Ok(object) => records(object),
            Err(error) => {
                if visit(&names, Err(error)).is_break() {
                    return Ok(());
                }
                continue;
            }
        };
        for record in records {
            row.begin(line);
            flatten(&record, &mut names, &mut row);
            row.keep(record);
            if visit(&names, Ok(&row)).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn object(bytes: &[u8], line: usize) -> Result<Map<String, Value>> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Error::invalid(at(line), "is no object")),
        // Reads it again, slower, to say what is wrong.
        Err(_) => Err(match parse::<Value>(bytes, &at(line)) {
            Err(Error::Malformed {
                field,
                problem,
                line: below,
                column,
            }) => Error::Malformed {
                field,
                problem,
                line: line + below - 1,
                column,
            },
            Err(error) => error,
            // A text of it was cut in an emoji.
            Ok(Value::Object(object)) => return Ok(object),
            Ok(_) => Error::invalid(at(line), "is no object"),
        }),
    }
}

/// The records inside an object: those of a page of X's API, of a timeline, or the object itself
/// and the posts that it quotes.
pub fn records(object: Map<String, Value>) -> Vec<Map<String, Value>> {
    let mut found = Vec::new();
    if is_page(&object) {
        page(object, &mut found);
    } else if is_timeline(&object) {
        timeline(object, &mut found);
    } else {
        found.push(object);
    }
    let mut all = Vec::with_capacity(found.len());
    for record in found {
        with_quoted(record, &mut all);
    }
    all
}

/// A page of X's API: `data`, and beside it `includes` or `meta`.
fn is_page(object: &Map<String, Value>) -> bool {
    let data = matches!(object.get("data"), Some(Value::Array(_) | Value::Object(_)));
    (data && !object.contains_key("id")) || object.get("includes").is_some_and(Value::is_object)
}

/// Posts of a page, each with its author; then the posts that they refer to.
fn page(mut page: Map<String, Value>, found: &mut Vec<Map<String, Value>>) {
    let list = |value: Option<Value>| match value {
        Some(Value::Array(list)) => list,
        Some(object @ Value::Object(_)) => vec![object],
        _ => Vec::new(),
    };
    let posts = list(page.remove("data"));
    let mut includes = match page.remove("includes") {
        Some(Value::Object(includes)) => includes,
        _ => Map::new(),
    };
    let users = list(includes.remove("users"));
    let user = |id: &str| {
        users
            .iter()
            .find(|user| user.get("id").and_then(Value::as_str) == Some(id))
    };
    for post in posts.into_iter().chain(list(includes.remove("tweets"))) {
        let Value::Object(mut post) = post else {
            continue;
        };
        let author = post.get("author_id").and_then(Value::as_str).and_then(user);
        if let Some(author) = author.cloned() {
            post.insert("author".to_owned(), author);
        }
        found.push(post);
    }
}

/// A user's timeline: `user` and the list `weibo`.
fn is_timeline(object: &Map<String, Value>) -> bool {
    object.get("weibo").is_some_and(Value::is_array)
}

fn timeline(mut timeline: Map<String, Value>, found: &mut Vec<Map<String, Value>>) {
    let user = timeline.remove("user");
    let Some(Value::Array(posts)) = timeline.remove("weibo") else {
        return;
    };
    for post in posts {
        let Value::Object(mut post) = post else {
            continue;
        };
        if let Some(user) = &user {
            post.entry("user").or_insert_with(|| user.clone());
        }
        found.push(post);
    }
}

/// Posts that stand whole inside a record that passed them on become records of their own.
fn with_quoted(record: Map<String, Value>, all: &mut Vec<Map<String, Value>>) {
    const INSIDE: [&str; 5] = [
        "retweeted_status",
        "quoted_status",
        "retweetedTweet",
        "quotedTweet",
        "retweet",
    ];
    for name in INSIDE {
        if let Some(Value::Object(inside)) = record.get(name)
            && inside.len() > 3
        {
            with_quoted(inside.clone(), all);
        }
    }
    // twarc's flat form has them beside the reference.
    if let Some(Value::Array(references)) = record.get("referenced_tweets") {
        for reference in references {
            if let Value::Object(inside) = reference
                && inside.contains_key("text")
            {
                with_quoted(inside.clone(), all);
            }
        }
    }
    all.push(record);
}

/// Puts the values of an object into a row; those of objects inside it under `outer.inner`.
pub fn flatten(object: &Map<String, Value>, names: &mut Names, row: &mut Row) {
    let mut name = String::new();
    flatten_below(object, &mut name, 0, &mut |name, text| {
        row.push(names.number_of(name), text);
    });
}

/// The names of an object's columns.
pub fn names_of(object: &Map<String, Value>) -> Vec<String> {
    let mut names = Vec::new();
    let mut name = String::new();
    flatten_below(object, &mut name, 0, &mut |name, _| {
        names.push(name.to_owned())
    });
    names
}

fn flatten_below(
    object: &Map<String, Value>,
    name: &mut String,
    depth: usize,
    put: &mut dyn FnMut(&str, &str),
) {
    let outer = name.len();
    for (key, value) in object {
        if depth > 0 {
            name.push('.');
        }
        name.push_str(key);
        match value {
            Value::Object(inner) if depth + 1 < MAX_DEPTH => {
                flatten_below(inner, name, depth + 1, put);
            }
            Value::Object(_) => {}
            Value::Array(list) if key == "referenced_tweets" => references(list, name, put),
            Value::Array(list) => put(name, &joined(list)),
            Value::String(text) => put(name, text),
            Value::Null => put(name, ""),
            other => put(name, &number(other)),
        }
        name.truncate(outer);
    }
}

/// A number as text. One that is too long to be exact is written as spreadsheets do, so that it
/// isn't taken for an id.
fn number(value: &Value) -> String {
    match value.as_f64() {
        Some(float) if value.is_f64() && float.abs() >= 1e15 => {
            format!("{float:.2E}").replace('E', "E+")
        }
        _ => value.to_string(),
    }
}

/// `referenced_tweets` as columns `referenced_tweets.retweeted.id` and so on.
fn references(list: &[Value], name: &str, put: &mut dyn FnMut(&str, &str)) {
    for reference in list {
        let text = |key: &str| reference.get(key).and_then(Value::as_str);
        if let (Some(kind), Some(id)) = (text("type"), text("id")) {
            put(&format!("{name}.{kind}.id"), id);
        }
    }
}

/// A list as text, with commas; an object in it is `{}`.
fn joined(list: &[Value]) -> String {
    let texts: Vec<String> = list
        .iter()
        .map(|value| match value {
            Value::String(text) => text.clone(),
            Value::Object(_) => "{}".to_owned(),
            other => other.to_string(),
        })
        .collect();
    texts.join(",")
}
