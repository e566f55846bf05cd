//! Parquet: the input's columns as texts, the score's as numbers, in groups of rows.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use crate::published::import::Row;
use parquet::basic::{Compression, ConvertedType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, FloatType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::super::Result;
use super::super::outcome::{COLUMNS, Cell, Entry, Kind};
use super::super::table::Survey;
use super::{Out, kept};

/// Rows of a group, and the bytes of text at which it ends before.
const GROUP: usize = 16_384;
const GROUP_BYTES: usize = 32 << 20;

/// The values of a column that are there, and which rows have one.
struct Column {
    values: Values,
    present: Vec<i16>,
}

enum Values {
    Number(Vec<f32>),
    Count(Vec<i64>),
    Text(Vec<ByteArray>),
}

pub struct Parquet {
    writer: SerializedFileWriter<File>,
    columns: Vec<Column>,
    kept: usize,
    rows: usize,
    bytes: usize,
}

impl Parquet {
    /// Begins a file.
    pub fn create(path: &Path, survey: &Survey) -> Result<Self> {
        let names = survey.distinct_names();
        let kept = names.len();
        let texts = names.iter().map(|name| (name.as_str(), Kind::Text));
        let all: Vec<(&str, Kind)> = texts.chain(COLUMNS).collect();
        let fields = all.iter().map(|(name, kind)| field(name, *kind));
        let schema = Type::group_type_builder("schema")
            .with_fields(fields.collect::<Result<_>>()?)
            .build()?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .build();
        let file = File::create(path)?;
        let columns = all.iter().map(|(_, kind)| Column {
            values: match kind {
                Kind::Number => Values::Number(Vec::new()),
                Kind::Count => Values::Count(Vec::new()),
                Kind::Text => Values::Text(Vec::new()),
            },
            present: Vec::new(),
        });
        Ok(Parquet {
            columns: columns.collect(),
            writer: SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties))?,
            kept,
            rows: 0,
            bytes: 0,
        })
    }

    /// Writes the rows that wait.
    fn end_group(&mut self) -> Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for column in &mut self.columns {
            let Some(mut writer) = group.next_column()? else {
                break;
            };
            let present = Some(column.present.as_slice());
            match &mut column.values {
                Values::Number(values) => {
                    let typed = writer.typed::<FloatType>();
                    typed.write_batch(values, present, None)?;
                    values.clear();
                }
                Values::Count(values) => {
                    let typed = writer.typed::<Int64Type>();
                    typed.write_batch(values, present, None)?;
                    values.clear();
                }
                Values::Text(values) => {
                    let typed = writer.typed::<ByteArrayType>();
                    typed.write_batch(values, present, None)?;
                    values.clear();
                }
            }
            column.present.clear();
            writer.close()?;
        }
        group.close()?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }
}

/// A column that may be empty.
fn field(name: &str, kind: Kind) -> Result<Arc<Type>> {
    let (physical, converted) = match kind {
        Kind::Number => (Physical::FLOAT, ConvertedType::NONE),
        Kind::Count => (Physical::INT64, ConvertedType::NONE),
        Kind::Text => (Physical::BYTE_ARRAY, ConvertedType::UTF8),
    };
    let field = Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_converted_type(converted)
        .build()?;
    Ok(Arc::new(field))
}

impl Out for Parquet {
    fn row(&mut self, row: Option<&Row>, entry: &Entry) -> Result<()> {
        let cells = kept(row, self.kept).into_iter();
        let kept = cells.map(|text| {
            if text.is_empty() {
                Cell::Empty
            } else {
                Cell::Text(text)
            }
        });
        for (column, cell) in self.columns.iter_mut().zip(kept.chain(entry.cells())) {
            match (&mut column.values, cell) {
                (Values::Number(values), Cell::Number(number)) => values.push(number),
                (Values::Count(values), Cell::Count(count)) => values.push(count),
                (Values::Text(values), Cell::Text(text)) => {
                    self.bytes += text.len();
                    values.push(text.into());
                }
                _ => {
                    column.present.push(0);
                    continue;
                }
            }
            column.present.push(1);
        }
        self.rows += 1;
        if self.rows == GROUP || self.bytes > GROUP_BYTES {
            self.end_group()?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<()> {
        self.end_group()?;
        self.writer.close()?;
        Ok(())
    }
}
