//! Outcomes as columns. Those of a score are named as `bsmv score FILE` names them.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, FixedSizeListArray, Float32Array, Int64Array, ListArray, StringArray,
    StructArray,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{ArrowError, Field, FieldRef};
use bsmv::heads::{CATEGORIES, INDICATORS};
use bsmv::scorer::answer::{Explanation, Note, Score};
use bsmv::text::Language;

use crate::outcome::Outcome;
use crate::reading::Reading;

type Result<T> = std::result::Result<T, ArrowError>;
type Column = (FieldRef, ArrayRef);

/// The columns of scores, one row for each outcome.
pub fn scores(rows: &[Outcome<Score>]) -> Result<ArrayRef> {
    table(
        rows,
        vec![
            number("bsmv", rows, |s| Some(s.bsmv)),
            number("bsmv_low", rows, |s| Some(s.interval.low)),
            number("bsmv_high", rows, |s| Some(s.interval.high)),
            number("bsmv_sentiment", rows, |s| Some(s.parts.sentiment)),
            number("bsmv_topic", rows, |s| Some(s.parts.topic)),
            number("bsmv_diffusion", rows, |s| Some(s.parts.diffusion)),
            number("bsmv_s", rows, |s| Some(s.predicted.s)),
            number("bsmv_t", rows, |s| Some(s.predicted.t)),
            number("bsmv_d", rows, |s| Some(s.predicted.d)),
            text("bsmv_unseen", rows, |s| Some(codes(&s.unseen))),
            text("bsmv_flags", rows, |s| Some(codes(&s.flags))),
        ],
    )
}

/// The columns of explanations.
pub fn explanations(rows: &[Outcome<Explanation>]) -> Result<ArrayRef> {
    table(
        rows,
        vec![
            number("bsmv", rows, |e| Some(e.bsmv)),
            number("bsmv_base", rows, |e| Some(e.base)),
            text("bsmv_sentence", rows, |e| Some(e.sentence.clone())),
            list(
                "bsmv_contributions",
                rows,
                |e| &e.contributions,
                |all| {
                    vec![
                        plain("feature", strings(all.iter().map(|c| Some(&*c.feature)))),
                        plain("group", strings(all.iter().map(|c| Some(c.group)))),
                        plain("points", floats(all.iter().map(|c| Some(c.points)))),
                    ]
                },
            )?,
            list(
                "bsmv_hints",
                rows,
                |e| &e.hints,
                |all| {
                    vec![
                        plain("code", strings(all.iter().map(|n| Some(n.code)))),
                        plain("message", strings(all.iter().map(|n| Some(&*n.message)))),
                    ]
                },
            )?,
        ],
    )
}

/// The columns of readings: an indicator has one, a category two.
pub fn readings(rows: &[Outcome<Reading>]) -> Result<ArrayRef> {
    let mut columns = vec![
        text("bsmv_language", rows, |r| {
            Some(match r.language {
                Language::Zh => "zh",
                Language::En => "en",
                Language::Other => "other",
            })
        }),
        number("bsmv_tone", rows, |r| Some(r.sentiment.s)),
        number("bsmv_negative", rows, |r| Some(r.sentiment.negative)),
        number("bsmv_neutral", rows, |r| Some(r.sentiment.neutral)),
        number("bsmv_positive", rows, |r| Some(r.sentiment.positive)),
        number("bsmv_t", rows, |r| Some(r.relevance)),
        text("bsmv_emotion", rows, |r| r.emotion.as_ref()?.label),
        number("bsmv_emotion_intensity", rows, |r| {
            Some(r.emotion.as_ref()?.intensity)
        }),
    ];
    for head in INDICATORS {
        let name = format!("bsmv_{}", head.code);
        columns.push(number(&name, rows, |r| {
            r.indicators.iter().find(|i| i.code == head.code)?.value
        }));
    }
    for head in CATEGORIES {
        let of = |r: &Reading| r.categories.iter().find(|c| c.code == head.code).copied();
        let name = format!("bsmv_{}", head.code);
        columns.push(text(&name, rows, |r| of(r)?.label));
        let name = format!("bsmv_{}_probability", head.code);
        columns.push(number(&name, rows, |r| of(r)?.probability));
    }
    columns.push(list(
        "bsmv_topics",
        rows,
        |r| &r.topics,
        |all| {
            vec![
                plain("label", strings(all.iter().map(|t| Some(&*t.label)))),
                plain("weight", floats(all.iter().map(|t| Some(t.weight)))),
            ]
        },
    )?);
    columns.push(number("bsmv_novelty", rows, |r| r.novelty));
    let cut = rows.iter().map(|row| i64::try_from(row.given()?.cut).ok());
    columns.push(plain("bsmv_cut", Int64Array::from_iter(cut)));
    table(rows, columns)
}

/// Vectors of `width` numbers, null where there is none.
pub fn vectors(rows: &[Option<Vec<f32>>], width: usize) -> Result<ArrayRef> {
    let nothing = vec![0.0; width];
    let numbers = rows.iter().flat_map(|row| row.as_ref().unwrap_or(&nothing));
    let values = Float32Array::from_iter_values(numbers.copied());
    let item = Arc::new(Field::new("item", values.data_type().clone(), false));
    let valid = NullBuffer::from_iter(rows.iter().map(Option::is_some));
    let width =
        i32::try_from(width).map_err(|e| ArrowError::InvalidArgumentError(e.to_string()))?;
    let vectors = FixedSizeListArray::try_new(item, width, Arc::new(values), Some(valid))?;
    Ok(Arc::new(vectors))
}

/// Columns, and those of rows that have no answer: `bsmv_refused` is the reason why a text can't be
/// read, `bsmv_error_code` and `bsmv_error` say what is wrong. A missing row is null as a whole.
fn table<T>(rows: &[Outcome<T>], mut columns: Vec<Column>) -> Result<ArrayRef> {
    let refused = strings(rows.iter().map(Outcome::refused));
    let code = strings(rows.iter().map(|row| Some(row.failed()?.code)));
    let message = strings(rows.iter().map(|row| Some(&*row.failed()?.message)));
    columns.push(plain("bsmv_refused", refused));
    columns.push(plain("bsmv_error_code", code));
    columns.push(plain("bsmv_error", message));
    let valid = rows.iter().map(|row| !matches!(row, Outcome::Missing));
    let (fields, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    let table = StructArray::try_new(fields.into(), arrays, Some(NullBuffer::from_iter(valid)))?;
    Ok(Arc::new(table))
}

fn plain(name: &str, array: impl Array + 'static) -> Column {
    let field = Field::new(name, array.data_type().clone(), true);
    (Arc::new(field), Arc::new(array))
}

fn floats(values: impl Iterator<Item = Option<f32>>) -> Float32Array {
    Float32Array::from_iter(values)
}

fn strings(values: impl Iterator<Item = Option<impl AsRef<str>>>) -> StringArray {
    StringArray::from_iter(values)
}

fn number<T>(name: &str, rows: &[Outcome<T>], of: impl Fn(&T) -> Option<f32>) -> Column {
    plain(name, floats(rows.iter().map(|row| of(row.given()?))))
}

fn text<T, S: AsRef<str>>(name: &str, rows: &[Outcome<T>], of: impl Fn(&T) -> Option<S>) -> Column {
    plain(name, strings(rows.iter().map(|row| of(row.given()?))))
}

/// A column of lists; `columns` makes the items of all of them into columns.
fn list<T, I>(
    name: &str,
    rows: &[Outcome<T>],
    of: fn(&T) -> &Vec<I>,
    columns: fn(&[&I]) -> Vec<Column>,
) -> Result<Column> {
    let given = || rows.iter().map(|row| row.given().map(of));
    let items: Vec<&I> = given().flatten().flatten().collect();
    let (fields, arrays): (Vec<_>, Vec<_>) = columns(&items).into_iter().unzip();
    let values = StructArray::try_new(fields.into(), arrays, None)?;
    let lengths = given().map(|items| items.map_or(0, Vec::len));
    let valid = NullBuffer::from_iter(given().map(|items| items.is_some()));
    let item = Arc::new(Field::new("item", values.data_type().clone(), true));
    let offsets = OffsetBuffer::from_lengths(lengths);
    let lists = ListArray::try_new(item, offsets, Arc::new(values), Some(valid))?;
    Ok(plain(name, lists))
}

fn codes(notes: &[Note]) -> String {
    let codes: Vec<&str> = notes.iter().map(|note| note.code).collect();
    codes.join(" ")
}
