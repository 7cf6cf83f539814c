//! How do rows become data files?
//!
//! One file per UTC day: rows sorted by the table's own columns so that statistics prune, ids without a dictionary
//! and with a bloom filter, times delta-coded, everything zstd level 1 (on such data faster than level 3 and no
//! larger). The Arrow schema is left out of the file, so that engines see plain Parquet types.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array};
use arrow::compute::{SortColumn, SortOptions, concat, interleave, lexsort_to_indices, take};
use arrow::datatypes::{DataType, Date32Type, Int64Type, TimestampMicrosecondType};
use bytes::Bytes;
use iceberg::spec::{DataContentType, DataFile, DataFileBuilder, DataFileFormat, Datum, Literal, Struct};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::error::LakeError;
use crate::storage::Warehouse;
use crate::table::TIMESTAMP_ID;
use crate::tables::{Kind, LakeTable};

/// Rows of one row group at most: what one bloom filter and one set of statistics speak for.
pub const ROW_GROUP_ROWS: usize = 256 * 1_024;
/// Rows that are gathered at a time: their views fit into a processor's cache.
const SLICE_ROWS: usize = 16 * 1_024;
/// Rows of one file at most.
pub const FILE_ROWS_MAX: usize = 4_000_000;
/// Longer texts give no bounds: manifests stay small.
const BOUND_BYTES_MAX: usize = 64;
const BLOOM_FALSE_POSITIVES: f64 = 0.01;

/// A file that is encoded and not written yet.
pub struct Encoded {
    /// Its bytes.
    pub bytes: Bytes,
    /// The UTC day of all its rows.
    pub day: i32,
    pub(crate) rows: u64,
    pub(crate) bounds: HashMap<i32, (Datum, Datum)>,
    pub(crate) split_offsets: Vec<i64>,
    /// [`SORTED`] or [`UNSORTED`].
    pub(crate) sort_order: i32,
}

/// The table's own sort order, which all rows of a file are in.
const SORTED: i32 = 1;
/// No order that holds for a whole file.
pub(crate) const UNSORTED: i32 = 0;

/// Encodes rows as files of one day each. Blocks for as long as the processor needs. Only the columns that rows are
/// sorted and pruned by are copied as a whole; all others are gathered slice by slice, straight into the file.
///
/// # Errors
/// The rows do not fit the table's schema.
pub fn encode(table: LakeTable, batches: &[RecordBatch]) -> Result<Vec<Encoded>, LakeError> {
    let damaged = |error: arrow::error::ArrowError| LakeError::damaged(&table.name(), error);
    let batches: Vec<&RecordBatch> = batches.iter().filter(|batch| batch.num_rows() > 0).collect();
    if batches.is_empty() {
        return Ok(Vec::new());
    }
    let keys = Keys::of(table, &batches).map_err(damaged)?;
    let order = lexsort_to_indices(&keys.sort_columns(table), None).map_err(damaged)?;
    let dates = keys.column("date").as_primitive::<Date32Type>();
    let mut files = Vec::new();
    let mut start = 0;
    while start < order.len() {
        let day = dates.value(order.value(start) as usize);
        let same_day = |place: usize| dates.value(order.value(place) as usize) == day;
        let end = (start..order.len()).take_while(|place| same_day(*place)).count() + start;
        for from in (start..end).step_by(FILE_ROWS_MAX) {
            let places: UInt32Array = order.slice(from, FILE_ROWS_MAX.min(end - from));
            files.push(encode_day(table, day, &batches, &keys, &places)?);
        }
        start = end;
    }
    Ok(files)
}

/// The columns that rows are sorted and files are pruned by, of all rows.
struct Keys {
    columns: HashMap<&'static str, ArrayRef>,
    /// How many rows stand before each batch.
    starts: Vec<usize>,
}

impl Keys {
    fn of(table: LakeTable, batches: &[&RecordBatch]) -> Result<Self, arrow::error::ArrowError> {
        let mut columns = HashMap::new();
        for name in key_names(table) {
            let parts: Vec<&dyn Array> =
                batches.iter().map(|batch| batch.column(table.place(name)).as_ref()).collect();
            columns.insert(name, concat(&parts)?);
        }
        let rows = batches.iter().map(|batch| batch.num_rows());
        let starts = rows.scan(0, |before, rows| Some(std::mem::replace(before, *before + rows))).collect();
        Ok(Self { columns, starts })
    }

    fn column(&self, name: &str) -> &ArrayRef {
        &self.columns[name]
    }

    fn sort_columns(&self, table: LakeTable) -> Vec<SortColumn> {
        let options = Some(SortOptions { descending: false, nulls_first: true });
        let names = std::iter::once(&"date").chain(table.sort_columns());
        names.map(|name| SortColumn { values: self.column(name).clone(), options }).collect()
    }

    /// The batch that a row is in, and its place there.
    fn place(&self, row: u32) -> (usize, usize) {
        let row = row as usize;
        let batch = self.starts.partition_point(|start| *start <= row) - 1;
        (batch, row - self.starts[batch])
    }
}

/// Times, offsets and what rows are sorted by.
fn key_names(table: LakeTable) -> impl Iterator<Item = &'static str> {
    ["timestamp", "date", "_offset"].into_iter().chain(table.sort_columns().iter().copied())
}

/// Writes an encoded file where it is durable; what Iceberg knows of it.
///
/// # Errors
/// The file could not be written.
pub async fn write(warehouse: &Warehouse, table: LakeTable, encoded: Encoded) -> Result<DataFile, LakeError> {
    let path = format!(
        "{}/data/timestamp_day={}/{}.parquet",
        table.name(),
        date_text(encoded.day),
        uuid::Uuid::new_v4()
    );
    let (lower, upper) =
        encoded.bounds.iter().map(|(id, (low, high))| ((*id, low.clone()), (*id, high.clone()))).unzip();
    let counts: HashMap<i32, u64> = encoded.bounds.keys().map(|id| (*id, encoded.rows)).collect();
    // Columns with bounds have no nulls; readers that are not told so look into the file.
    let nulls = encoded.bounds.keys().map(|id| (*id, 0)).collect();
    let data = DataFileBuilder::default()
        .content(DataContentType::Data)
        .file_format(DataFileFormat::Parquet)
        .file_path(warehouse.url_of(&path))
        .partition(Struct::from_iter([Some(Literal::date(encoded.day))]))
        .partition_spec_id(0)
        .sort_order_id(encoded.sort_order)
        .record_count(encoded.rows)
        .file_size_in_bytes(encoded.bytes.len() as u64)
        .value_counts(counts)
        .null_value_counts(nulls)
        .lower_bounds(lower)
        .upper_bounds(upper)
        .split_offsets(Some(encoded.split_offsets))
        .build()
        .map_err(|error| LakeError::damaged(&path, error))?;
    warehouse.files.put(&path, encoded.bytes).await?;
    Ok(data)
}

fn encode_day(
    table: LakeTable,
    day: i32,
    batches: &[&RecordBatch],
    keys: &Keys,
    places: &UInt32Array,
) -> Result<Encoded, LakeError> {
    let damaged = |error: parquet::errors::ParquetError| LakeError::damaged(&table.name(), error);
    let misfit = |error: arrow::error::ArrowError| LakeError::damaged(&table.name(), error);
    let options = ArrowWriterOptions::new()
        .with_properties(properties(table, places.len()))
        .with_skip_arrow_metadata(true);
    let schema = table.file_schema();
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new_with_options(&mut bytes, schema.clone(), options).map_err(damaged)?;
    for slice in places.values().chunks(SLICE_ROWS) {
        let rows: Vec<(usize, usize)> = slice.iter().map(|row| keys.place(*row)).collect();
        let gather = |column: usize| {
            let parts: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(column).as_ref()).collect();
            interleave(&parts, &rows)
        };
        let columns = (0..schema.fields().len()).map(gather).collect::<Result<_, _>>().map_err(misfit)?;
        let rows = RecordBatch::try_new(schema.clone(), columns).map_err(misfit)?;
        writer.write(&rows).map_err(damaged)?;
    }
    let metadata = writer.close().map_err(damaged)?;
    let split_offsets = metadata.row_groups().iter().filter_map(|group| group.file_offset()).collect();
    Ok(Encoded {
        bytes: bytes.into(),
        day,
        rows: places.len() as u64,
        bounds: bounds(table, keys, places).map_err(misfit)?,
        split_offsets,
        sort_order: SORTED,
    })
}

fn properties(table: LakeTable, rows: usize) -> WriterProperties {
    let distinct = rows.min(ROW_GROUP_ROWS) as u64;
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_created_by("walletscope".to_owned());
    for column in table.columns() {
        let path = ColumnPath::from(column.name);
        if column.is_id {
            properties = properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_statistics_enabled(path.clone(), EnabledStatistics::None)
                .set_column_bloom_filter_enabled(path.clone(), true)
                .set_column_bloom_filter_ndv(path.clone(), distinct)
                .set_column_bloom_filter_fpp(path, BLOOM_FALSE_POSITIVES);
        } else if matches!(column.kind, Kind::Time | Kind::Long) {
            properties = properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path.clone(), Encoding::DELTA_BINARY_PACKED);
            if column.name == "timestamp" {
                properties = properties.set_column_statistics_enabled(path, EnabledStatistics::Page);
            }
        } else if column.name == "message" {
            properties = properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_statistics_enabled(path, EnabledStatistics::None);
        }
    }
    properties.build()
}

/// Lowest and highest values of the columns that prune files.
fn bounds(
    table: LakeTable,
    keys: &Keys,
    places: &UInt32Array,
) -> Result<HashMap<i32, (Datum, Datum)>, arrow::error::ArrowError> {
    let id_of = |name: &str| i32::try_from(table.place(name) + 1).unwrap_or(TIMESTAMP_ID);
    let mut bounds = HashMap::new();
    for name in key_names(table) {
        if let Some(pair) = bounds_of(&take(keys.column(name), places, None)?) {
            bounds.insert(id_of(name), pair);
        }
    }
    Ok(bounds)
}

fn bounds_of(values: &ArrayRef) -> Option<(Datum, Datum)> {
    use arrow::compute::{max, max_string_view, min, min_string_view};
    if values.null_count() > 0 {
        return None;
    }
    match values.data_type() {
        DataType::Timestamp(..) => {
            let times = values.as_primitive::<TimestampMicrosecondType>();
            Some((Datum::timestamptz_micros(min(times)?), Datum::timestamptz_micros(max(times)?)))
        }
        DataType::Date32 => {
            let days = values.as_primitive::<Date32Type>();
            Some((Datum::date(min(days)?), Datum::date(max(days)?)))
        }
        DataType::Int64 => {
            let numbers = values.as_primitive::<Int64Type>();
            Some((Datum::long(min(numbers)?), Datum::long(max(numbers)?)))
        }
        DataType::Utf8View => {
            let texts = values.as_string_view();
            let (low, high) = (min_string_view(texts)?, max_string_view(texts)?);
            let fit = low.len() <= BOUND_BYTES_MAX && high.len() <= BOUND_BYTES_MAX;
            fit.then(|| (Datum::string(low), Datum::string(high)))
        }
        _ => None,
    }
}

/// `2026-11-22` for a day.
pub fn date_text(day: i32) -> String {
    let days = Arc::new(arrow::array::Date32Array::from(vec![day])) as ArrayRef;
    arrow::util::display::array_value_to_string(&days, 0).unwrap_or_else(|_| day.to_string())
}
