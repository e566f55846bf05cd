//! What became of a row, and the columns that say so.

use crate::ErrorReport;
use crate::scorer::answer::{Note, Score};
use serde::{Deserialize, Serialize};

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Scored(Scored),
    /// The text can't be read; the reason's code.
    Refused(String),
    /// The row breaks a rule.
    Failed {
        code: String,
        message: String,
    },
}

/// The numbers of a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    bsmv: f32,
    low: f32,
    high: f32,
    sentiment: f32,
    topic: f32,
    diffusion: f32,
    s: f32,
    t: f32,
    d: f32,
    /// Codes of what the score doesn't see.
    unseen: String,
    /// Codes of what may be there to move it.
    flags: String,
}

/// What became of the row of a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Counts from 1, as the input does.
    pub line: usize,
    pub outcome: Outcome,
}

/// A value of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    Number(f32),
    Count(i64),
    Text(&'a str),
    Empty,
}

/// The kind of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Number,
    Count,
    Text,
}

/// The columns that are added to a row.
pub const COLUMNS: [(&str, Kind); 15] = [
    ("bsmv", Kind::Number),
    ("bsmv_low", Kind::Number),
    ("bsmv_high", Kind::Number),
    ("bsmv_sentiment", Kind::Number),
    ("bsmv_topic", Kind::Number),
    ("bsmv_diffusion", Kind::Number),
    ("bsmv_s", Kind::Number),
    ("bsmv_t", Kind::Number),
    ("bsmv_d", Kind::Number),
    ("bsmv_unseen", Kind::Text),
    ("bsmv_flags", Kind::Text),
    ("bsmv_refused", Kind::Text),
    ("bsmv_line", Kind::Count),
    ("bsmv_error_code", Kind::Text),
    ("bsmv_error", Kind::Text),
];

impl From<&Score> for Scored {
    fn from(score: &Score) -> Self {
        Scored {
            bsmv: score.bsmv,
            low: score.interval.low,
            high: score.interval.high,
            sentiment: score.parts.sentiment,
            topic: score.parts.topic,
            diffusion: score.parts.diffusion,
            s: score.predicted.s,
            t: score.predicted.t,
            d: score.predicted.d,
            unseen: codes(&score.unseen),
            flags: codes(&score.flags),
        }
    }
}

fn codes(notes: &[Note]) -> String {
    let codes: Vec<&str> = notes.iter().map(|note| note.code).collect();
    codes.join(" ")
}

impl From<ErrorReport> for Outcome {
    fn from(error: ErrorReport) -> Self {
        Outcome::Failed {
            code: error.code.to_owned(),
            message: error.message,
        }
    }
}

impl Entry {
    /// The values of [`COLUMNS`].
    pub fn cells(&self) -> [Cell<'_>; COLUMNS.len()] {
        let mut cells = [Cell::Empty; COLUMNS.len()];
        cells[12] = Cell::Count(i64::try_from(self.line).unwrap_or(i64::MAX));
        match &self.outcome {
            Outcome::Scored(score) => {
                let numbers = [
                    score.bsmv,
                    score.low,
                    score.high,
                    score.sentiment,
                    score.topic,
                    score.diffusion,
                    score.s,
                    score.t,
                    score.d,
                ];
                for (cell, number) in cells.iter_mut().zip(numbers) {
                    *cell = Cell::Number(number);
                }
                cells[9] = Cell::Text(&score.unseen);
                cells[10] = Cell::Text(&score.flags);
            }
            Outcome::Refused(reason) => cells[11] = Cell::Text(reason),
            Outcome::Failed { code, message } => {
                cells[13] = Cell::Text(code);
                cells[14] = Cell::Text(message);
            }
        }
        cells
    }
}
