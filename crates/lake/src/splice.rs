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

/// One file of the parts' row groups, in their order. All have the columns of the first.
///
/// # Errors
/// A part is no Parquet file, or has other columns than the first.
pub fn splice(table: LakeTable, day: i32, parts: &[Part]) -> Result<Encoded, LakeError> {
    let damaged = |error: parquet::errors::ParquetError| LakeError::damaged(&table.name(), error);
    let parsed = parts
        .iter()
        .map(|part| {
            let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Optional);
            reader.parse_and_finish(&part.bytes).map_err(damaged)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let Some(first) = parsed.first() else {
        return Err(LakeError::damaged(&table.name(), "no part to make a file of"));
    };
    let schema = first.file_metadata().schema_descr().root_schema_ptr();
    let properties = WriterProperties::builder().set_created_by("walletscope".to_owned()).build();
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.bytes.len()).sum());
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties)).map_err(damaged)?;
    for (part, metadata) in parts.iter().zip(&parsed) {
        copy(&mut writer, &part.bytes, metadata).map_err(damaged)?;
    }
    let written = writer.close().map_err(damaged)?;
    Ok(Encoded {
        day,
        rows: parts.iter().map(|part| part.data.record_count()).sum(),
        bounds: bounds(parts),
        split_offsets: written.row_groups().iter().filter_map(|group| group.file_offset()).collect(),
        sort_order: UNSORTED,
        bytes: bytes.into(),
    })
}

fn copy(
    writer: &mut SerializedFileWriter<&mut Vec<u8>>,
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

/// Lowest and highest of the parts' bounds; a column that one of them says nothing about has none.
fn bounds(parts: &[Part]) -> HashMap<i32, (Datum, Datum)> {
    let of = |part: &Part| -> HashMap<i32, (Datum, Datum)> {
        let upper = part.data.upper_bounds();
        let both = |(id, low): (&i32, &Datum)| Some((*id, (low.clone(), upper.get(id)?.clone())));
        part.data.lower_bounds().iter().filter_map(both).collect()
    };
    let mut all = parts.iter().map(of);
    let mut bounds = all.next().unwrap_or_default();
    for other in all {
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
    }
    bounds
}
