//! How does a table whose folder has moved become readable again?
//!
//! Iceberg writes full addresses into its metadata, manifests and lists, so a copy elsewhere is no table yet. Here it
//! gets metadata of its own with one snapshot: the same data files, in their new place, unchanged. History stays
//! behind.

use std::sync::Arc;

use iceberg::spec::{DataContentType, DataFile, DataFileBuilder, DataFileFormat, TableMetadata};
use serde_json::{Value, json};
use walletscope_model::Timestamp;

use super::{Change, LakeFile, TableState};
use crate::catalog::Catalog;
use crate::error::LakeError;
use crate::storage::Warehouse;
use crate::tables::LakeTable;

impl TableState {
    /// Adds a table to a catalog that has none of its name, from its copied files: `location` is where its metadata
    /// was, in the warehouse that was at `old_url`.
    ///
    /// # Errors
    /// A file is missing or damaged, or the catalog has the table.
    pub async fn adopt(
        warehouse: &Warehouse,
        catalog: &Catalog,
        table: LakeTable,
        (old_url, location): (&str, &str),
        now: Timestamp,
    ) -> Result<Self, LakeError> {
        let moved = Warehouse { url: old_url.to_owned(), ..warehouse.clone() };
        let before = Self::load(&moved, table, location.to_owned()).await?;
        let state = before.emptied(warehouse, catalog).await?;
        let files = before.files();
        let add = files.iter().map(|file| in_new_place(warehouse, file)).collect::<Result<Vec<_>, _>>()?;
        state.commit(warehouse, catalog, Change { add, ..Change::default() }, now).await
    }

    /// The same table without a snapshot, in its new place.
    async fn emptied(&self, warehouse: &Warehouse, catalog: &Catalog) -> Result<Self, LakeError> {
        let name = self.table.name();
        let mut document = self.document()?;
        for (member, value) in [
            ("location", json!(warehouse.url_of(name))),
            ("current-snapshot-id", json!(-1)),
            ("refs", json!({})),
            ("snapshots", json!([])),
            ("snapshot-log", json!([])),
            ("metadata-log", json!([])),
            ("statistics", json!([])),
            ("partition-statistics", json!([])),
        ] {
            if let Value::Object(members) = &mut document {
                members.insert(member.to_owned(), value);
            }
        }
        let path = format!("{name}/metadata/00000-{}.metadata.json", uuid::Uuid::new_v4());
        let metadata: TableMetadata =
            serde_json::from_value(document.clone()).map_err(|error| LakeError::damaged(&path, error))?;
        warehouse.files.put(&path, document.to_string().into()).await?;
        let location = warehouse.url_of(&path);
        if !catalog.swap(name, None, &location).await? {
            return Err(LakeError::Conflict { table: name });
        }
        Ok(Self { table: self.table, metadata: Arc::new(metadata), location, manifests: Vec::new() })
    }
}

fn in_new_place(warehouse: &Warehouse, file: &LakeFile) -> Result<DataFile, LakeError> {
    let data = &file.data;
    DataFileBuilder::default()
        .content(DataContentType::Data)
        .file_format(DataFileFormat::Parquet)
        .file_path(warehouse.url_of(&file.path))
        .partition(data.partition().clone())
        .partition_spec_id(0)
        .sort_order_id(data.sort_order_id().unwrap_or(1))
        .record_count(data.record_count())
        .file_size_in_bytes(data.file_size_in_bytes())
        .column_sizes(data.column_sizes().clone())
        .value_counts(data.value_counts().clone())
        .null_value_counts(data.null_value_counts().clone())
        .nan_value_counts(data.nan_value_counts().clone())
        .lower_bounds(data.lower_bounds().clone())
        .upper_bounds(data.upper_bounds().clone())
        .split_offsets(data.split_offsets().map(<[i64]>::to_vec))
        .build()
        .map_err(|error| LakeError::damaged(&file.path, error))
}
