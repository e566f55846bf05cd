//! Tables as text: CSV with any delimiter, with or without a `sep=` line and lines above the header.

use std::io::{self, BufRead, Cursor, Read};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::rows::{Names, Row};
use super::{HEADER_WITHIN, Visit};
use crate::{Error, Result};

/// Bytes that are looked at to tell the delimiter and the header.
const HEAD: usize = 64 << 10;

/// Longest row read, in bytes.
const MAX_ROW: usize = 4 << 20;

/// A row of a table as text.
#[derive(Default)]
struct Record {
    /// The line that it begins on, from 1.
    line: usize,
    text: Vec<u8>,
    ends: Vec<usize>,
    cells: usize,
    /// False if the file ends where the row does.
    has_end: bool,
}

impl Record {
    /// Cells without blanks at their ends.
    fn cells(&self) -> impl Iterator<Item = &str> {
        self.exact_cells().map(str::trim)
    }

    fn exact_cells(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let text = std::str::from_utf8(&self.text[..self.length()]).unwrap_or_default();
        starts
            .zip(&self.ends[..self.cells])
            .map(|(start, &end)| text.get(start..end).unwrap_or_default())
    }

    fn length(&self) -> usize {
        self.cells.checked_sub(1).map_or(0, |last| self.ends[last])
    }

    fn is_empty(&self) -> bool {
        self.cells().all(str::is_empty)
    }
}

/// Reads records one by one, and knows their lines.
struct Records<R> {
    input: R,
    parser: Reader,
    line: usize,
}

impl<R: BufRead> Records<R> {
    fn new(input: R, delimiter: u8) -> Self {
        Records {
            input,
            parser: ReaderBuilder::new().delimiter(delimiter).build(),
            line: 1,
        }
    }

    /// False at the end. An error is of this row and ends the table: what follows can't be told
    /// apart from it.
    fn read(&mut self, record: &mut Record) -> io::Result<Result<bool>> {
        self.skip_blank_lines()?;
        record.line = self.line;
        record.cells = 0;
        let (mut length, mut quotes) = (0, 0);
        loop {
            let input = self.input.fill_buf()?;
            let at_end = input.is_empty();
            let (outcome, used, written, ends) = self.parser.read_record(
                input,
                &mut record.text[length..],
                &mut record.ends[record.cells..],
            );
            for &byte in &input[..used] {
                self.line += usize::from(byte == b'\n');
                quotes += usize::from(byte == b'"');
            }
            self.input.consume(used);
            length += written;
            record.cells += ends;
            if length > MAX_ROW {
                let problem = format!(
                    "has more than {MAX_ROW} bytes: is a quotation mark missing that ends a cell?"
                );
                return Ok(Err(Error::invalid(at(record.line), problem)));
            }
            match outcome {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => {
                    record.text.resize((2 * record.text.len()).max(1 << 10), 0);
                }
                ReadRecordResult::OutputEndsFull => {
                    record.ends.resize((2 * record.ends.len()).max(64), 0);
                }
                ReadRecordResult::Record if at_end && quotes % 2 == 1 => {
                    let problem = "opens a quotation mark that nothing closes";
                    return Ok(Err(Error::invalid(at(record.line), problem)));
                }
                ReadRecordResult::Record => {
                    record.has_end = !at_end;
                    return Ok(Ok(true));
                }
                ReadRecordResult::End => return Ok(Ok(false)),
            }
        }
    }

    fn skip_blank_lines(&mut self) -> io::Result<()> {
        loop {
            let input = self.input.fill_buf()?;
            let blank = input.iter().take_while(|b| b"\r\n".contains(b)).count();
            self.line += input[..blank].iter().filter(|&&b| b == b'\n').count();
            let more = blank > 0 && blank == input.len();
            self.input.consume(blank);
            if !more {
                return Ok(());
            }
        }
    }
}

fn at(line: usize) -> String {
    format!("lines[{line}]")
}

/// The form of a table: what separates its cells, and which row is its header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    delimiter: u8,
    /// True if the first line is `sep=`.
    has_separator_line: bool,
    /// Rows above the header.
    above: usize,
    pub header: Vec<String>,
}

impl Form {
    /// Tells the form of a table. The header is the first of the top rows that `is_header` knows;
    /// if it knows none, the first row.
    pub fn of(input: &mut impl Read, is_header: impl Fn(&[&str]) -> bool) -> io::Result<Form> {
        let mut head = Vec::with_capacity(HEAD);
        input.take(HEAD as u64).read_to_end(&mut head)?;
        let text = String::from_utf8_lossy(&head);
        let first = text.lines().next().unwrap_or_default().trim();
        let named = separator_line(first);
        let delimiter = named.unwrap_or_else(|| most_frequent(&text));
        let mut form = Form {
            delimiter,
            has_separator_line: named.is_some(),
            above: 0,
            header: Vec::new(),
        };
        let mut records = Records::new(Cursor::new(&head), delimiter);
        let mut record = Record::default();
        if named.is_some() && !records.read(&mut record)?.unwrap_or(false) {
            return Ok(form);
        }
        for above in 0..HEADER_WITHIN {
            if !records.read(&mut record)?.unwrap_or(false) {
                break;
            }
            let cells: Vec<&str> = record.cells().collect();
            let known = is_header(&cells);
            if known || above == 0 {
                form.header = cells.iter().map(|&cell| cell.to_owned()).collect();
                form.above = above;
            }
            if known {
                break;
            }
        }
        Ok(form)
    }

    /// Visits the rows below the header. A row that repeats the header is left out, as crawlers
    /// write it again at each run.
    pub fn visit(&self, input: impl BufRead, visit: &mut Visit) -> io::Result<()> {
        let names = Names::of_header(self.header.iter().map(String::as_str));
        let mut records = Records::new(input, self.delimiter);
        let mut record = Record::default();
        let mut skip = usize::from(self.has_separator_line) + self.above + 1;
        let mut row = Row::default();
        let mut fewest = None;
        loop {
            match records.read(&mut record)? {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(error) => {
                    let _ = visit(&names, Err(error));
                    return Ok(());
                }
            }
            if skip > 0 {
                skip -= 1;
                continue;
            }
            if record.is_empty() || record.cells().eq(self.header.iter().map(String::as_str)) {
                continue;
            }
            row.begin(record.line);
            let mut beyond = false;
            for (column, cell) in record.exact_cells().enumerate() {
                if column < names.count() {
                    row.push(column, cell);
                } else {
                    beyond |= !cell.trim().is_empty();
                }
            }
            let is_short = fewest.is_some_and(|fewest| record.cells < fewest);
            fewest = Some(fewest.unwrap_or(record.cells).min(record.cells));
            let seen = if is_short && !record.has_end {
                let problem = "ends in the middle: the file was cut off";
                Err(Error::invalid(at(record.line), problem))
            } else if beyond {
                let problem = format!(
                    "has {} cells, the header has {}: is a cell with a separator in it not between \
                     quotation marks?",
                    record.cells,
                    names.count()
                );
                Err(Error::invalid(at(record.line), problem))
            } else {
                Ok(&row)
            };
            if visit(&names, seen).is_break() {
                return Ok(());
            }
        }
    }
}

/// The delimiter that a line such as `sep=;` names.
fn separator_line(line: &str) -> Option<u8> {
    let line = line.trim_matches('"');
    let begin = line
        .get(..4)
        .filter(|begin| begin.eq_ignore_ascii_case("sep="))?;
    match &line.as_bytes()[begin.len()..] {
        [] => Some(b'\t'),
        [delimiter] => Some(*delimiter),
        _ => None,
    }
}

/// The delimiter of which one of the top lines has most, outside quotation marks.
fn most_frequent(text: &str) -> u8 {
    let mut best = (0, b',');
    for line in text.lines().take(HEADER_WITHIN) {
        for delimiter in *b",;\t|" {
            let mut quoted = false;
            let count = line.bytes().filter(|&b| {
                quoted ^= b == b'"';
                b == delimiter && !quoted
            });
            let count = count.count();
            if count > best.0 {
                best = (count, delimiter);
            }
        }
    }
    best.1
}
