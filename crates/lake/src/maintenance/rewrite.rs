//! How are the rows of data files written anew?
//!
//! A file is taken in pieces of whole row groups, so that memory holds a bounded part of it however large it is.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use arrow::compute::{cast, filter_record_batch, not};
use bytes::Bytes;
use futures_util::TryStreamExt;
use iceberg::spec::DataFile;
use object_store::path::Path as ObjectPath;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use parquet::arrow::async_reader::{ParquetObjectReader, ParquetRecordBatchStreamBuilder};

use super::COMPACTION_BYTES_MAX;
use crate::error::LakeError;
use crate::lake::Lake;
use crate::splice::{Part, Splice};
use crate::table::LakeFile;
use crate::tables::LakeTable;

const READ_ROWS: usize = 65_536;

/// One sorted file, or more where the rows are too many for one, of all rows of small files.
pub(super) async fn sorted(
    lake: &Lake,
    table: LakeTable,
    files: &[Arc<LakeFile>],
) -> Result<Vec<DataFile>, LakeError> {
    let mut batches = Vec::new();
    for file in files {
        batches.extend(read(lake, table, file).await?);
    }
    lake.write(table, batches).await
}

/// One file of the row groups of all files; memory holds it and one of them.
pub(super) async fn joined(
    lake: &Lake,
    table: LakeTable,
    day: i32,
    files: &[Arc<LakeFile>],
) -> Result<DataFile, LakeError> {
    let mut splice: Option<Splice> = None;
    for file in files {
        let part = Part { bytes: lake.warehouse.files.get(&file.path).await?, data: file.data.clone() };
        let grown = blocking(table.name(), move || match splice {
            Some(mut splice) => splice.add(&part).map(|()| splice),
            None => Splice::begin(table, &part),
        });
        splice = Some(grown.await?);
    }
    let splice = splice.ok_or_else(|| LakeError::damaged(&table.name(), "no file to make another of"))?;
    let spliced = blocking(table.name(), move || splice.finish(day)).await?;
    lake.put(table, spliced).await
}

/// What is left of a file.
pub(super) struct Rest {
    /// The files of the rows that stay; none where no row does.
    pub files: Vec<DataFile>,
    /// How many rows are gone.
    pub gone: u64,
}

/// Writes the file again without the rows that `is_gone` is true for; `None` where there are none. Looks first, at
/// `columns` alone where some are named, and decodes the whole file only if it must be written.
pub(super) async fn without(
    lake: &Lake,
    table: LakeTable,
    file: &LakeFile,
    columns: &'static [&'static str],
    is_gone: &(dyn Fn(&RecordBatch) -> BooleanArray + Sync),
) -> Result<Option<Rest>, LakeError> {
    let source = Source::open(lake, table, file).await?;
    let mut gone = 0;
    for piece in source.pieces() {
        for batch in source.rows(piece, columns).await? {
            gone += is_gone(&batch).true_count() as u64;
        }
    }
    if gone == 0 {
        return Ok(None);
    }
    let mut files = Vec::new();
    for piece in source.pieces() {
        let mut kept = Vec::new();
        for batch in source.rows(piece, &[]).await? {
            let rows = not(&is_gone(&batch)).and_then(|stays| filter_record_batch(&batch, &stays));
            kept.push(rows.map_err(|error| LakeError::damaged(&file.path, error))?);
        }
        files.extend(lake.write(table, kept).await?);
    }
    Ok(Some(Rest { files, gone }))
}

/// What is in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// All rows.
    pub rows: u64,
    /// Those that are to go.
    pub gone: u64,
}

/// How many rows of a file `is_gone` is true for, by these columns alone: nothing else of the file is read, and memory
/// holds the columns of one row group.
pub(super) async fn count(
    lake: &Lake,
    table: LakeTable,
    file: &LakeFile,
    columns: &[&str],
    is_gone: &(dyn Fn(&RecordBatch) -> BooleanArray + Sync),
) -> Result<Counted, LakeError> {
    let damaged = |error: parquet::errors::ParquetError| LakeError::damaged(&file.path, error);
    let path = ObjectPath::from(lake.warehouse.object_path(&file.path));
    let object = ParquetObjectReader::new(lake.warehouse.objects.clone(), path).with_file_size(file.bytes);
    let reader = ParquetRecordBatchStreamBuilder::new(object).await.map_err(damaged)?;
    let mask = ProjectionMask::columns(reader.parquet_schema(), columns.iter().copied());
    let reader = reader.with_batch_size(READ_ROWS).with_projection(mask);
    let mut batches = reader.build().map_err(damaged)?;
    let mut counted = Counted::default();
    while let Some(batch) = batches.try_next().await.map_err(damaged)? {
        counted.rows += batch.num_rows() as u64;
        counted.gone += is_gone(&in_schema(table, &batch, columns)?).true_count() as u64;
    }
    Ok(counted)
}

/// Every row of a file, in the table's schema.
pub(super) async fn read(
    lake: &Lake,
    table: LakeTable,
    file: &LakeFile,
) -> Result<Vec<RecordBatch>, LakeError> {
    let source = Source::open(lake, table, file).await?;
    let mut batches = Vec::new();
    for piece in source.pieces() {
        batches.extend(source.rows(piece, &[]).await?);
    }
    Ok(batches)
}

/// A file in memory, as it is compressed.
struct Source {
    table: LakeTable,
    path: String,
    bytes: Bytes,
    metadata: ArrowReaderMetadata,
}

impl Source {
    async fn open(lake: &Lake, table: LakeTable, file: &LakeFile) -> Result<Self, LakeError> {
        let bytes = lake.warehouse.files.get(&file.path).await?;
        let metadata = ArrowReaderMetadata::load(&bytes, Default::default())
            .map_err(|error| LakeError::damaged(&file.path, error))?;
        Ok(Self { table, path: file.path.clone(), bytes, metadata })
    }

    /// Row groups that fit into memory together: at least one, [`COMPACTION_BYTES_MAX`] at most.
    fn pieces(&self) -> Vec<Vec<usize>> {
        let mut pieces: Vec<Vec<usize>> = Vec::new();
        let mut bytes = 0;
        for (place, group) in self.metadata.metadata().row_groups().iter().enumerate() {
            let size = u64::try_from(group.compressed_size()).unwrap_or(0);
            bytes += size;
            match pieces.last_mut() {
                Some(piece) if bytes <= COMPACTION_BYTES_MAX => piece.push(place),
                _ => {
                    pieces.push(vec![place]);
                    bytes = size;
                }
            }
        }
        pieces
    }

    /// The rows of these row groups: in the table's schema, or `columns` alone where some are named.
    async fn rows(
        &self,
        groups: Vec<usize>,
        columns: &'static [&'static str],
    ) -> Result<Vec<RecordBatch>, LakeError> {
        let (table, path, bytes, metadata) =
            (self.table, self.path.clone(), self.bytes.clone(), self.metadata.clone());
        blocking(&self.path, move || {
            let damaged = |error: parquet::errors::ParquetError| LakeError::damaged(&path, error);
            let mut reader = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes, metadata)
                .with_batch_size(READ_ROWS)
                .with_row_groups(groups);
            if !columns.is_empty() {
                let mask = ProjectionMask::columns(reader.parquet_schema(), columns.iter().copied());
                reader = reader.with_projection(mask);
            }
            let batches = reader.build().map_err(damaged)?;
            batches
                .map(|batch| {
                    let batch = batch.map_err(|error| LakeError::damaged(&path, error))?;
                    in_schema(table, &batch, columns)
                })
                .collect()
        })
        .await
    }
}

/// The columns by name; those that the file is older than are null.
fn in_schema(table: LakeTable, batch: &RecordBatch, names: &[&str]) -> Result<RecordBatch, LakeError> {
    let damaged = |error: arrow::error::ArrowError| LakeError::damaged(&table.name(), error);
    let mut schema = table.schema();
    if !names.is_empty() {
        let places: Vec<usize> = names.iter().map(|name| table.place(name)).collect();
        schema = Arc::new(schema.project(&places).map_err(damaged)?);
    }
    let columns = schema.fields().iter().map(|field| match batch.column_by_name(field.name()) {
        Some(column) => cast(column, field.data_type()),
        None => Ok(arrow::array::new_null_array(field.data_type(), batch.num_rows())),
    });
    let columns = columns.collect::<Result<Vec<ArrayRef>, _>>().map_err(damaged)?;
    RecordBatch::try_new(schema, columns).map_err(damaged)
}

async fn blocking<T: Send + 'static>(
    what: &str,
    run: impl FnOnce() -> Result<T, LakeError> + Send + 'static,
) -> Result<T, LakeError> {
    let outcome = tokio::task::spawn_blocking(run).await;
    outcome.unwrap_or_else(|_| Err(LakeError::damaged(&what, "the thread that rewrote it panicked")))
}
