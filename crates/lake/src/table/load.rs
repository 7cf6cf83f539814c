//! How is a table read back from its metadata?

use std::sync::Arc;

use iceberg::io::FileIO;
use iceberg::spec::{FormatVersion, ManifestFile, ManifestList, TableMetadata};
use walletscope_model::Timestamp;

use super::{LakeFile, Manifest, TableState, metadata};
use crate::catalog::Catalog;
use crate::error::LakeError;
use crate::storage::Warehouse;
use crate::tables::LakeTable;

impl TableState {
    /// The table at a metadata file's URL.
    pub(crate) async fn load(warehouse: &Warehouse, table: LakeTable, location: String) -> Result<Self, LakeError> {
        let bytes = warehouse.files.get(warehouse.path_of(&location)?).await?;
        let metadata: TableMetadata =
            serde_json::from_slice(&bytes).map_err(|error| LakeError::damaged(&location, error))?;
        let metadata = Arc::new(metadata);
        let mut state = Self { table, metadata: metadata.clone(), location, manifests: Vec::new() };
        if let Some(snapshot) = metadata.current_snapshot() {
            for (file, living) in manifests(warehouse, snapshot.manifest_list()).await? {
                let files = living.iter().map(|each| {
                    LakeFile::of(warehouse, &each.data, each.sequence, each.snapshot).map(Arc::new)
                });
                let files = files.collect::<Result<Vec<_>, _>>()?;
                state.manifests.push(Arc::new(Manifest { file, files }));
            }
        }
        Ok(state)
    }

    pub(super) async fn create(
        warehouse: &Warehouse,
        catalog: &Catalog,
        table: LakeTable,
        now: Timestamp,
    ) -> Result<Self, LakeError> {
        let metadata = metadata::new(table, &warehouse.url_of(table.name()), now)?;
        let path = format!("{}/metadata/00000-{}.metadata.json", table.name(), uuid::Uuid::new_v4());
        let bytes = serde_json::to_vec(&*metadata).map_err(|error| LakeError::damaged(&path, error))?;
        warehouse.files.put(&path, bytes.into()).await?;
        let location = warehouse.url_of(&path);
        if !catalog.swap(table.name(), None, &location).await? {
            return Err(LakeError::Conflict { table: table.name() });
        }
        Ok(Self { table, metadata, location, manifests: Vec::new() })
    }
}

/// A living entry of a manifest.
pub(super) struct Living {
    pub(super) url: String,
    pub(super) data: iceberg::spec::DataFile,
    pub(super) sequence: i64,
    pub(super) snapshot: i64,
}

/// The manifests of a snapshot with their living entries.
pub(super) async fn manifests(
    warehouse: &Warehouse,
    list_url: &str,
) -> Result<Vec<(ManifestFile, Vec<Living>)>, LakeError> {
    let bytes = warehouse.files.get(warehouse.path_of(list_url)?).await?;
    let list = ManifestList::parse_with_version(&bytes, FormatVersion::V2)
        .map_err(|error| LakeError::damaged(&list_url, error))?;
    let mut loaded = Vec::new();
    let files: Vec<ManifestFile> = list.consume_entries().into_iter().collect();
    for file in files {
        let living = living(warehouse, &file).await?;
        loaded.push((file, living));
    }
    Ok(loaded)
}

/// The library reads manifests through its own files: the bytes are handed over in memory.
async fn living(warehouse: &Warehouse, file: &ManifestFile) -> Result<Vec<Living>, LakeError> {
    let url = &file.manifest_path;
    let damaged = |error: iceberg::Error| LakeError::damaged(url, error);
    let bytes = warehouse.files.get(warehouse.path_of(url)?).await?;
    let memory = FileIO::new_with_memory();
    memory.new_output(url).map_err(damaged)?.write(bytes).await.map_err(damaged)?;
    let manifest = file.load_manifest(&memory).await.map_err(damaged)?;
    let living = manifest.entries().iter().filter(|entry| entry.is_alive()).map(|entry| Living {
        url: entry.file_path().to_owned(),
        data: entry.data_file().clone(),
        sequence: entry.sequence_number().unwrap_or(0),
        snapshot: entry.snapshot_id().unwrap_or(0),
    });
    Ok(living.collect())
}

/// A time in whole milliseconds, for Iceberg's own times.
pub(super) fn millis(at: Timestamp) -> i64 {
    at.0.div_euclid(1_000)
}
