//! How do several data files of a day become one without being read?
//!
//! A Parquet file is a list of row groups, and a row group does not know which file it lies in: its bytes are copied as
//! they are, its statistics, page indexes and bloom filters with it. Nothing is decoded, so the size of the result is
//! bounded by what a file may have and not by what memory can sort. Rows stay sorted within their row group only.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use iceberg::spec::{DataFile, Datum};
use parquet::bloom_filter::Sbbf;
use parquet::column::writer::ColumnCloseResult;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;

use crate::error::LakeError;
use crate::parquet::{Encoded, UNSORTED};
use crate::tables::LakeTable;

/// A file that is to become a part of another.
pub struct Part {
    /// Its bytes.
    pub bytes: Bytes,
    /// What Iceberg knows of it.
    pub data: DataFile,
}

/// One file of the row groups of several, in the order of their coming. It grows in memory; a part may go as soon as it
/// was added.
pub struct Splice {
    table: LakeTable,
    writer: SerializedFileWriter<Vec<u8>>,
    rows: u64,
    bounds: Option<Bounds>,
}

/// Lowest and highest, by the id of the column.
type Bounds = HashMap<i32, (Datum, Datum)>;

impl Splice {
    /// Begins with a part; the parts that follow have the same columns.
    ///
    /// # Errors
    /// The part is no Parquet file.
    pub fn begin(table: LakeTable, first: &Part) -> Result<Self, LakeError> {
        let schema = parsed(table, first)?.file_metadata().schema_descr().root_schema_ptr();
        let properties = WriterProperties::builder().set_created_by("walletscope".to_owned()).build();
        let writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties));
        let writer = writer.map_err(|error| LakeError::damaged(&table.name(), error))?;
        let mut splice = Self { table, writer, rows: 0, bounds: None };
        splice.add(first)?;
        Ok(splice)
    }

    /// Copies the row groups of a part.
    ///
    /// # Errors
    /// The part is no Parquet file, or has other columns than the first.
    pub fn add(&mut self, part: &Part) -> Result<(), LakeError> {
        let metadata = parsed(self.table, part)?;
        copy(&mut self.writer, &part.bytes, &metadata)
            .map_err(|error| LakeError::damaged(&self.table.name(), error))?;
        self.rows += part.data.record_count();
        let bounds = bounds(part);
        self.bounds = Some(match self.bounds.take() {
            Some(known) => both(known, bounds),
            None => bounds,
        });
        Ok(())
    }

    /// The file, of rows of this day.
    ///
    /// # Errors
    /// Its end could not be written.
    pub fn finish(self, day: i32) -> Result<Encoded, LakeError> {
        let groups = self.writer.flushed_row_groups();
        let split_offsets = groups.iter().filter_map(|group| group.file_offset()).collect();
        let bytes =
            self.writer.into_inner().map_err(|error| LakeError::damaged(&self.table.name(), error))?;
        Ok(Encoded {
            day,
            rows: self.rows,
            bounds: self.bounds.unwrap_or_default(),
            split_offsets,
            sort_order: UNSORTED,
            bytes: bytes.into(),
        })
    }
}

fn parsed(table: LakeTable, part: &Part) -> Result<ParquetMetaData, LakeError> {
    let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Optional);
    reader.parse_and_finish(&part.bytes).map_err(|error| LakeError::damaged(&table.name(), error))
}

fn copy(
    writer: &mut SerializedFileWriter<Vec<u8>>,
    bytes: &Bytes,
    metadata: &ParquetMetaData,
) -> Result<(), parquet::errors::ParquetError> {
    for (place, group) in metadata.row_groups().iter().enumerate() {
        let column_indexes = metadata.column_index().and_then(|indexes| indexes.get(place));
        let offset_indexes = metadata.offset_index().and_then(|indexes| indexes.get(place));
        let mut copied = writer.next_row_group()?;
        for (column, chunk) in group.columns().iter().enumerate() {
            let close = ColumnCloseResult {
                bytes_written: u64::try_from(chunk.compressed_size()).unwrap_or(0),
                rows_written: u64::try_from(group.num_rows()).unwrap_or(0),
                metadata: chunk.clone(),
                bloom_filter: Sbbf::read_from_column_chunk(chunk, bytes)?,
                column_index: column_indexes.and_then(|indexes| indexes.get(column)).cloned(),
                offset_index: offset_indexes.and_then(|indexes| indexes.get(column)).cloned(),
            };
            copied.append_column(bytes, close)?;
        }
        copied.close()?;
    }
    Ok(())
}

fn bounds(part: &Part) -> Bounds {
    let upper = part.data.upper_bounds();
    let both = |(id, low): (&i32, &Datum)| Some((*id, (low.clone(), upper.get(id)?.clone())));
    part.data.lower_bounds().iter().filter_map(both).collect()
}

/// Those of both; a column that one of them says nothing about has none.
fn both(mut bounds: Bounds, other: Bounds) -> Bounds {
    bounds.retain(|id, _| other.contains_key(id));
    for (id, (low, high)) in other {
        if let Some(known) = bounds.get_mut(&id) {
            if low < known.0 {
                known.0 = low;
            }
            if high > known.1 {
                known.1 = high;
            }
        }
    }
    bounds
}
