//! What is wrong with a row, in words that shells can say in any language.

use serde::Serialize;

use super::layouts::{Field, Layout};
use crate::Error;

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// The number of its line or row, from 1; 0 if that isn't known.
    pub line: usize,
    /// Stable: `text`, `count`, `time`, `id` or `cell` for the column that can't be read, `row` where
    /// the row can't be told apart from others, `repost`, `reply` or `other_account` where it is no
    /// post of the account's own, `repeated` where the post was there before.
    pub code: &'static str,
    /// The column's name, as the file writes it, where one is to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The whole sentence in English.
    pub message: String,
}

impl Trouble {
    /// The trouble that an error of a row is; `place` is the row's, as in `lines[3]`.
    pub fn of(error: &Error, place: &str, layout: &Layout) -> Self {
        let field = error.field().unwrap_or_default();
        let column = field
            .strip_prefix(place)
            .and_then(|rest| rest.strip_prefix('.'))
            .filter(|column| !column.is_empty());
        let code = match column {
            None => "row",
            Some(column) => layout.field_of(column).map_or("cell", code_of),
        };
        Trouble {
            line: line_of(field),
            code,
            column: column.map(str::to_owned),
            message: error.to_string(),
        }
    }

    /// A row that is fine, and still not wanted.
    pub fn unwanted(line: usize, code: &'static str, message: &str) -> Self {
        Trouble {
            line,
            code,
            column: None,
            message: message.to_owned(),
        }
    }
}

fn code_of(field: Field) -> &'static str {
    match field {
        Field::Text | Field::Title => "text",
        Field::Time | Field::Seconds => "time",
        Field::Id | Field::Post | Field::Parent | Field::User | Field::Name => "id",
        Field::Followers
        | Field::Following
        | Field::Statuses
        | Field::Views
        | Field::Likes
        | Field::Comments
        | Field::Shares
        | Field::Saves
        | Field::Interactions => "count",
        _ => "cell",
    }
}

/// The number in the place that an error names, as in `lines[3]`; 0 if it names none.
pub fn line_of(field: &str) -> usize {
    let number = || {
        let (_, rest) = field.split_once('[')?;
        rest.split_once(']')?.0.parse().ok()
    };
    number().unwrap_or(0)
}
