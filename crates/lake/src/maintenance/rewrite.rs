//! How are the rows of a data file read back to be written anew?

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::compute::{cast, filter_record_batch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::error::LakeError;
use crate::storage::Warehouse;
use crate::table::LakeFile;
use crate::tables::LakeTable;

const READ_ROWS: usize = 65_536;

/// Every row of a file, in the table's schema.
pub(super) async fn read(
    warehouse: &Warehouse,
    table: LakeTable,
    file: &LakeFile,
) -> Result<Vec<RecordBatch>, LakeError> {
    let bytes = warehouse.files.get(&file.path).await?;
    let path = file.path.clone();
    let reading = tokio::task::spawn_blocking(move || {
        let damaged = |error: parquet::errors::ParquetError| LakeError::damaged(&path, error);
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(damaged)?;
        let reader = reader.with_batch_size(READ_ROWS).build().map_err(damaged)?;
        reader
            .map(|batch| {
                let batch = batch.map_err(|error| LakeError::damaged(&path, error))?;
                in_schema(table, &batch)
            })
            .collect()
    });
    reading.await.unwrap_or_else(|_| Err(LakeError::damaged(&file.path, "reading panicked")))
}

/// The columns of the table by name; those that the file is older than are null.
fn in_schema(table: LakeTable, batch: &RecordBatch) -> Result<RecordBatch, LakeError> {
    let damaged = |error: arrow::error::ArrowError| LakeError::damaged(&table.name(), error);
    let schema = table.schema();
    let columns = schema.fields().iter().map(|field| match batch.column_by_name(field.name()) {
        Some(column) => cast(column, field.data_type()),
        None => Ok(arrow::array::new_null_array(field.data_type(), batch.num_rows())),
    });
    let columns = columns.collect::<Result<Vec<ArrayRef>, _>>().map_err(damaged)?;
    RecordBatch::try_new(Arc::clone(&schema), columns).map_err(damaged)
}

/// The rows but for those of these attempts; `None` where there are none of theirs.
pub(super) fn without(
    batches: &[RecordBatch],
    ids: &HashSet<String>,
) -> Result<Option<Vec<RecordBatch>>, LakeError> {
    let place = LakeTable::Attempts.place("attempt_id");
    let mut kept = Vec::with_capacity(batches.len());
    let mut is_changed = false;
    for batch in batches {
        let names = batch.column(place).as_string_view();
        let mask: BooleanArray = names.iter().map(|id| Some(!id.is_some_and(|id| ids.contains(id)))).collect();
        is_changed |= mask.false_count() > 0;
        let rows = filter_record_batch(batch, &mask);
        kept.push(rows.map_err(|error| LakeError::damaged(&LakeTable::Attempts.name(), error))?);
    }
    Ok(is_changed.then_some(kept))
}
