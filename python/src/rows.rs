//! Rows of Arrow as requests.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType, UInt64Type};
use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;
use arrow_cast::cast;
use arrow_schema::{DataType, Field, Fields, TimeUnit};
use bsmv::post::json::read;
use bsmv::{Error, Platform, Result, ScoreRequest};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Columns that are fields of the request.
const REQUEST: [&str; 5] = ["post", "brand", "graph", "weights", "locale"];
/// Columns that are fields of the post.
const POST: [&str; 11] = [
    "text",
    "title",
    "platform",
    "language",
    "created_at",
    "author",
    "images",
    "videos",
    "likes",
    "saves",
    "comments",
];
/// Columns that are fields of the author; also as `author.followers`.
const AUTHOR: [&str; 6] = [
    "followers",
    "following",
    "posts",
    "verified",
    "account_age_days",
    "recent",
];

/// The names of all columns that are read.
pub fn names() -> Vec<String> {
    let dotted = AUTHOR.iter().map(|name| format!("author.{name}"));
    let plain = REQUEST.iter().chain(&POST).chain(&AUTHOR);
    plain.map(|&name| name.to_owned()).chain(dotted).collect()
}

/// The object that a column is a field of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Request,
    Post,
    Author,
}

/// Rows, each a post: texts alone, or a table whose columns are its fields.
pub struct Rows {
    columns: Vec<(Place, &'static str, ArrayRef)>,
    /// Rows that are there.
    valid: Option<NullBuffer>,
    length: usize,
}

impl Rows {
    /// The rows of an array of texts or of structs.
    ///
    /// # Errors
    /// [`Error::Invalid`] with a column's name if there is no column of texts, or one has values
    /// of a type that is no field's.
    pub fn of(array: &ArrayRef) -> Result<Self> {
        let mut rows = Rows {
            columns: Vec::new(),
            valid: None,
            length: array.len(),
        };
        let Some(table) = array.as_struct_opt() else {
            let texts = simple("text", array)?;
            if !matches!(texts.data_type(), DataType::LargeUtf8 | DataType::Null) {
                let problem = format!("has values of type {}: give texts", array.data_type());
                return Err(Error::invalid("text", problem));
            }
            rows.columns.push((Place::Post, "text", texts));
            return Ok(rows);
        };
        rows.valid = table.nulls().cloned();
        for (field, column) in table.fields().iter().zip(table.columns()) {
            if let Some((place, name)) = place_of(field.name()) {
                rows.columns.push((place, name, simple(name, column)?));
            }
        }
        let is_text = |name| name == "text" || name == "post";
        if !rows.columns.iter().any(|(_, name, _)| is_text(*name)) {
            let names: Vec<&str> = table.fields().iter().map(|f| f.name().as_str()).collect();
            let problem = format!(
                "is no column of {}: give the one with the texts that name",
                names.join(", ")
            );
            return Err(Error::invalid("text", problem));
        }
        Ok(rows)
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.length
    }

    fn is_null(&self, row: usize) -> bool {
        self.valid.as_ref().is_some_and(|valid| valid.is_null(row))
    }

    /// The text of a row.
    pub fn text(&self, row: usize) -> Option<String> {
        if self.is_null(row) {
            return None;
        }
        let (.., column) = self.columns.iter().find(|(_, name, _)| *name == "text")?;
        match value(column, row) {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The request that a row makes; `None` for one that is null or has no text. `platform` stands
    /// in where a row has none.
    pub fn request(&self, row: usize, platform: Option<Platform>) -> Option<Result<ScoreRequest>> {
        if self.is_null(row) {
            return None;
        }
        let (mut request, mut post, mut author) = (Map::new(), Map::new(), Map::new());
        for (place, name, column) in &self.columns {
            let value = match value(column, row) {
                Value::Null => continue,
                Value::String(brand) if *name == "brand" => json!({ "name": brand }),
                value => value,
            };
            let object = match place {
                Place::Request => &mut request,
                Place::Post => &mut post,
                Place::Author => &mut author,
            };
            object.insert((*name).to_owned(), value);
        }
        if !author.is_empty() {
            // What stands in the author's own column is nearer.
            if let Some(Value::Object(own)) = post.remove("author") {
                author.extend(own);
            }
            post.insert("author".to_owned(), author.into());
        }
        if let Some(Value::Object(own)) = request.remove("post") {
            post.extend(own);
        }
        post.get("text")?;
        if let Some(platform) = platform {
            post.entry("platform")
                .or_insert_with(|| platform.name().into());
        }
        request.insert("post".to_owned(), post.into());
        Some(read(Value::Object(request), ""))
    }
}

/// Where a column of this name belongs, and its name there.
fn place_of(name: &str) -> Option<(Place, &'static str)> {
    let known = |names: &[&'static str], name: &str| names.iter().copied().find(|n| *n == name);
    if let Some(name) = name.strip_prefix("author.") {
        return Some((Place::Author, known(&AUTHOR, name)?));
    }
    known(&POST, name)
        .map(|name| (Place::Post, name))
        .or_else(|| Some((Place::Author, known(&AUTHOR, name)?)))
        .or_else(|| Some((Place::Request, known(&REQUEST, name)?)))
}

/// A column with values of the few types that [`value`] knows.
fn simple(name: &str, column: &ArrayRef) -> Result<ArrayRef> {
    let wrong = |what: &dyn std::fmt::Display| {
        Error::invalid(
            name,
            format!("has values of type {what}, which no field has"),
        )
    };
    let Some(to) = simple_type(column.data_type()) else {
        return Err(wrong(column.data_type()));
    };
    if to == *column.data_type() {
        return Ok(column.clone());
    }
    cast(column, &to).map_err(|problem| wrong(&problem))
}

fn simple_type(of: &DataType) -> Option<DataType> {
    use DataType as T;
    let inside = |field: &Field| {
        let to = simple_type(field.data_type())?;
        Some(Arc::new(Field::new(field.name(), to, true)))
    };
    Some(match of {
        T::Null | T::Boolean => of.clone(),
        T::Int8 | T::Int16 | T::Int32 | T::Int64 => T::Int64,
        T::UInt8 | T::UInt16 | T::UInt32 | T::UInt64 => T::UInt64,
        T::Float16 | T::Float32 | T::Float64 => T::Float64,
        T::Decimal32(..) | T::Decimal64(..) | T::Decimal128(..) | T::Decimal256(..) => T::Float64,
        T::Utf8 | T::LargeUtf8 | T::Utf8View => T::LargeUtf8,
        T::Timestamp(_, zone) => T::Timestamp(TimeUnit::Microsecond, zone.clone()),
        // A day is no time.
        T::Date32 | T::Date64 => T::Timestamp(TimeUnit::Microsecond, None),
        T::Dictionary(_, values) => simple_type(values)?,
        T::RunEndEncoded(_, values) => simple_type(values.data_type())?,
        T::Struct(fields) => {
            let fields: Option<Vec<_>> = fields.iter().map(|field| inside(field)).collect();
            T::Struct(Fields::from(fields?))
        }
        T::List(item)
        | T::LargeList(item)
        | T::ListView(item)
        | T::LargeListView(item)
        | T::FixedSizeList(item, _) => T::LargeList(inside(item)?),
        _ => return None,
    })
}

/// The value of a row as JSON has it: no NaN, whole numbers without a point (a column of counts
/// with gaps is one of floats in pandas), and no time without an offset, which is no time.
fn value(column: &ArrayRef, row: usize) -> Value {
    if column.is_null(row) {
        return Value::Null;
    }
    match column.data_type() {
        DataType::Boolean => column.as_boolean().value(row).into(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).into(),
        DataType::UInt64 => column.as_primitive::<UInt64Type>().value(row).into(),
        DataType::Float64 => number(column.as_primitive::<Float64Type>().value(row)),
        DataType::LargeUtf8 => column.as_string::<i64>().value(row).into(),
        DataType::Timestamp(_, Some(_)) => {
            time(column.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        DataType::Struct(fields) => {
            let columns = column.as_struct().columns();
            let cells = fields.iter().zip(columns);
            let cells = cells.map(|(field, column)| (field.name().clone(), value(column, row)));
            Value::Object(cells.filter(|(_, value)| !value.is_null()).collect())
        }
        DataType::LargeList(_) => {
            let items = column.as_list::<i64>().value(row);
            (0..items.len()).map(|i| value(&items, i)).collect()
        }
        _ => Value::Null,
    }
}

fn number(float: f64) -> Value {
    /// Whole numbers up to here are floats.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if float.is_nan() {
        return Value::Null;
    }
    if float.fract() == 0.0 && float.abs() <= EXACT {
        return (float as i64).into();
    }
    float.into()
}

fn time(microseconds: i64) -> Value {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(microseconds) * 1_000);
    let written = time.ok().and_then(|time| time.format(&Rfc3339).ok());
    written.map_or(Value::Null, Value::String)
}
