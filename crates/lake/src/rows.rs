//! How are rows of a table put together, value by value?
//!
//! [`RowBuilder`] takes one value per column in the order of the table's columns and says at once, in debug builds,
//! when a value stands in the wrong place. It is the only way into Arrow, so a schema and the code that fills it
//! cannot drift apart silently.

use std::sync::{Arc, LazyLock};

use arrow::array::{
    Array, ArrayBuilder as _, ArrayRef, AsArray, BinaryBuilder, BooleanBuilder, Date32Builder,
    Float64Builder, Int32Builder, Int64Builder, ListBuilder, RecordBatch, StringViewArray, StringViewBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::compute::concat;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;
use walletscope_model::Timestamp;

use crate::table::day_of;
use crate::tables::{Kind, LakeTable};

/// Rows of one table in the making.
pub struct RowBuilder {
    table: LakeTable,
    schema: SchemaRef,
    columns: Vec<Builder>,
    next: usize,
    rows: usize,
    text_bytes: usize,
}

enum Builder {
    Text(Texts),
    Long(Int64Builder),
    Int(Int32Builder),
    Double(Float64Builder),
    Flag(BooleanBuilder),
    Time(TimestampMicrosecondBuilder),
    Date(Date32Builder),
    Bytes(BinaryBuilder),
    Texts(ListBuilder<StringViewBuilder>),
    Doubles(ListBuilder<Float64Builder>),
}

/// Texts in the making. Most columns have no value in most batches: nulls at the beginning are only counted.
#[derive(Default)]
struct Texts {
    nulls_first: usize,
    values: StringViewBuilder,
}

impl Texts {
    fn append_option(&mut self, value: Option<&str>) {
        match value {
            None if self.values.is_empty() => self.nulls_first += 1,
            None => self.values.append_null(),
            Some(value) => {
                (0..std::mem::take(&mut self.nulls_first)).for_each(|_| self.values.append_null());
                self.values.append_value(value);
            }
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match std::mem::take(&mut self.nulls_first) {
            0 => Arc::new(self.values.finish().gc()),
            nulls => null_texts(nulls),
        }
    }
}

/// A column of texts without any: all such columns share their memory.
fn null_texts(rows: usize) -> ArrayRef {
    const SHARED_ROWS: usize = 16_384;
    static SHARED: LazyLock<StringViewArray> = LazyLock::new(|| StringViewArray::new_null(SHARED_ROWS));
    if rows > SHARED_ROWS {
        Arc::new(StringViewArray::new_null(rows))
    } else {
        Arc::new(SHARED.slice(0, rows))
    }
}

impl RowBuilder {
    /// No rows yet.
    pub fn new(table: LakeTable) -> Self {
        let schema = table.schema();
        let kinds = table.columns().iter().zip(schema.fields());
        let columns = kinds.map(|(column, field)| Builder::new(column.kind, field.data_type())).collect();
        Self { table, schema, columns, next: 0, rows: 0, text_bytes: 0 }
    }

    /// How many rows are complete.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// About how many bytes the rows take in memory.
    pub fn bytes(&self) -> usize {
        const FIXED_BYTES_PER_VALUE: usize = 10;
        self.text_bytes + self.rows * self.columns.len() * FIXED_BYTES_PER_VALUE
    }

    /// The row's `timestamp` and `date`, first in every table.
    pub fn begin(&mut self, at: Timestamp) -> &mut Self {
        debug_assert_eq!(self.next, 0, "{}: the row before is not complete", self.table.name());
        self.time("timestamp", Some(at));
        let Builder::Date(dates) = self.column("date") else { unreachable!("date is a date in every table") };
        dates.append_value(day_of(at));
        self
    }

    /// The row is complete.
    ///
    /// # Panics
    /// Values are missing: a mistake of the caller.
    pub fn end(&mut self) {
        assert_eq!(self.next, self.columns.len(), "{}: a row must have every column", self.table.name());
        self.next = 0;
        self.rows += 1;
    }

    /// A text.
    pub fn text(&mut self, name: &'static str, value: Option<&str>) -> &mut Self {
        self.text_bytes += value.map_or(0, str::len);
        let Builder::Text(values) = self.column(name) else { unreachable!("{name} is no text") };
        values.append_option(value);
        self
    }

    /// A 64-bit number.
    pub fn long(&mut self, name: &'static str, value: u64) -> &mut Self {
        let Builder::Long(values) = self.column(name) else { unreachable!("{name} is no long") };
        values.append_value(i64::try_from(value).unwrap_or(i64::MAX));
        self
    }

    /// A 32-bit number; larger ones read as the largest.
    pub fn int(&mut self, name: &'static str, value: Option<u32>) -> &mut Self {
        let Builder::Int(values) = self.column(name) else { unreachable!("{name} is no int") };
        values.append_option(value.map(|value| i32::try_from(value).unwrap_or(i32::MAX)));
        self
    }

    /// A double.
    pub fn double(&mut self, name: &'static str, value: Option<f64>) -> &mut Self {
        let Builder::Double(values) = self.column(name) else { unreachable!("{name} is no double") };
        values.append_option(value);
        self
    }

    /// Yes or no.
    pub fn flag(&mut self, name: &'static str, value: bool) -> &mut Self {
        let Builder::Flag(values) = self.column(name) else { unreachable!("{name} is no flag") };
        values.append_value(value);
        self
    }

    /// A time.
    pub fn time(&mut self, name: &'static str, value: Option<Timestamp>) -> &mut Self {
        let Builder::Time(values) = self.column(name) else { unreachable!("{name} is no time") };
        values.append_option(value.map(|at| at.0));
        self
    }

    /// Bytes.
    pub fn binary(&mut self, name: &'static str, value: Option<&[u8]>) -> &mut Self {
        let Builder::Bytes(values) = self.column(name) else { unreachable!("{name} is no bytes") };
        values.append_option(value);
        self
    }

    /// Texts; none of them is null.
    pub fn texts<'a>(
        &mut self,
        name: &'static str,
        value: Option<impl Iterator<Item = &'a str>>,
    ) -> &mut Self {
        let Builder::Texts(values) = self.column(name) else { unreachable!("{name} is no list of texts") };
        let is_some = value.is_some();
        value.into_iter().flatten().for_each(|text| values.values().append_value(text));
        values.append(is_some);
        self
    }

    /// Doubles; none of them is null.
    pub fn doubles(&mut self, name: &'static str, value: Option<impl Iterator<Item = f64>>) -> &mut Self {
        let Builder::Doubles(values) = self.column(name) else {
            unreachable!("{name} is no list of doubles")
        };
        let is_some = value.is_some();
        value.into_iter().flatten().for_each(|number| values.values().append_value(number));
        values.append(is_some);
        self
    }

    /// The complete rows; the builder is empty again.
    ///
    /// # Panics
    /// Never: every row has every column.
    pub fn finish(&mut self) -> RecordBatch {
        debug_assert_eq!(self.next, 0, "{}: the last row is not complete", self.table.name());
        (self.rows, self.text_bytes) = (0, 0);
        let columns = self.columns.iter_mut().map(Builder::finish).collect();
        let rows = RecordBatch::try_new(self.schema.clone(), columns);
        rows.expect("rows are complete and of the schema's types")
    }

    fn column(&mut self, name: &'static str) -> &mut Builder {
        debug_assert_eq!(self.table.columns()[self.next].name, name, "{}: wrong place", self.table.name());
        self.next += 1;
        &mut self.columns[self.next - 1]
    }
}

/// The same rows in no more memory than they need: texts that were filtered, sliced or put together otherwise keep
/// every buffer that they ever pointed into.
pub fn compacted(rows: &RecordBatch) -> RecordBatch {
    let columns = rows.columns().iter().map(compacted_column);
    RecordBatch::try_new(rows.schema(), columns.collect()).unwrap_or_else(|_| rows.clone())
}

fn compacted_column(column: &ArrayRef) -> ArrayRef {
    match column.as_string_view_opt() {
        Some(texts) if texts.null_count() == texts.len() => null_texts(texts.len()),
        Some(texts) => Arc::new(texts.gc()),
        None => Arc::clone(column),
    }
}

/// Rows of one table one after the other, in no more memory than they need.
///
/// # Errors
/// They are not of one schema.
pub fn joined(batches: &[RecordBatch]) -> Result<RecordBatch, ArrowError> {
    let Some(first) = batches.first() else {
        return Err(ArrowError::InvalidArgumentError("no rows to join".to_owned()));
    };
    let columns = (0..first.num_columns()).map(|place| {
        let parts: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(place).as_ref()).collect();
        let is_null = |part: &&dyn Array| part.null_count() == part.len();
        if *first.column(place).data_type() == DataType::Utf8View && parts.iter().all(is_null) {
            return Ok(null_texts(parts.iter().map(|part| part.len()).sum()));
        }
        concat(&parts).map(|column| compacted_column(&column))
    });
    RecordBatch::try_new(first.schema(), columns.collect::<Result<_, _>>()?)
}

/// About how many bytes of memory the rows take: what columns without a value share is not theirs.
pub fn memory(rows: &RecordBatch) -> usize {
    let columns = rows.columns().iter().filter(|column| column.null_count() < column.len());
    columns.map(|column| column.get_array_memory_size()).sum()
}

impl Builder {
    fn new(kind: Kind, data_type: &DataType) -> Self {
        let element = || match data_type {
            DataType::List(field) => Arc::clone(field),
            other => unreachable!("a list column is {other}"),
        };
        match kind {
            Kind::Text => Self::Text(Texts::default()),
            Kind::Long => Self::Long(Int64Builder::new()),
            Kind::Int => Self::Int(Int32Builder::new()),
            Kind::Double => Self::Double(Float64Builder::new()),
            Kind::Flag => Self::Flag(BooleanBuilder::new()),
            Kind::Time => Self::Time(TimestampMicrosecondBuilder::new().with_data_type(data_type.clone())),
            Kind::Date => Self::Date(Date32Builder::new()),
            Kind::Bytes => Self::Bytes(BinaryBuilder::new()),
            Kind::Texts => Self::Texts(ListBuilder::new(StringViewBuilder::new()).with_field(element())),
            Kind::Doubles => Self::Doubles(ListBuilder::new(Float64Builder::new()).with_field(element())),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(values) => values.finish(),
            Self::Long(values) => Arc::new(values.finish()),
            Self::Int(values) => Arc::new(values.finish()),
            Self::Double(values) => Arc::new(values.finish()),
            Self::Flag(values) => Arc::new(values.finish()),
            Self::Time(values) => Arc::new(values.finish()),
            Self::Date(values) => Arc::new(values.finish()),
            Self::Bytes(values) => Arc::new(values.finish()),
            Self::Texts(values) => Arc::new(values.finish()),
            Self::Doubles(values) => Arc::new(values.finish()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &[Option<&str>]) -> ArrayRef {
        let mut texts = Texts::default();
        values.iter().for_each(|value| texts.append_option(*value));
        texts.finish()
    }

    #[test]
    fn nulls_stand_where_they_were_put() {
        let long = "longer than the twelve bytes that a view holds";
        for values in [
            vec![],
            vec![None, None],
            vec![None, Some(long), None],
            vec![Some("a"), None, None, Some(long)],
            vec![None; 20_000],
        ] {
            let found = texts(&values);
            assert_eq!(found.as_string_view().iter().collect::<Vec<_>>(), values);
        }
    }

    #[test]
    fn columns_without_a_value_cost_nothing() {
        let batch = |values: &[Option<&str>]| {
            RecordBatch::try_from_iter_with_nullable([("a", texts(values), true)]).unwrap()
        };
        let nulls = batch(&[None; 1_000]);
        assert_eq!(memory(&nulls), 0);
        let both = joined(&[nulls.clone(), nulls.clone()]).unwrap();
        assert_eq!((both.num_rows(), memory(&both), memory(&compacted(&both))), (2_000, 0, 0));
        let mixed = joined(&[nulls, batch(&[Some("x")])]).unwrap();
        assert_eq!(mixed.column(0).as_string_view().iter().flatten().collect::<Vec<_>>(), ["x"]);
        assert!(memory(&mixed) > 16_000);
        assert!(joined(&[]).is_err());
    }
}
