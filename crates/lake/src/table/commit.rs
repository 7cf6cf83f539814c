//! How does a table get its next snapshot?
//!
//! By a hand-made commit of the specification's parts (<https://iceberg.apache.org/spec/#snapshots>), because one
//! commit must be able to add files, replace others and move the watermark, and must be durable before anybody sees
//! it. Small manifests are merged on the way, old snapshots leave the metadata; their files are collected later.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use iceberg::io::FileIO;
use iceberg::spec::{
    DataFile, MAIN_BRANCH, ManifestFile, ManifestListWriter, ManifestWriter, ManifestWriterBuilder, Operation,
    Snapshot, Summary, TableMetadata,
};
use walletscope_model::{Duration, Offset, Timestamp};

use super::load::millis;
use super::{LakeFile, Manifest, TableState, WATERMARK_PROPERTY};
use crate::catalog::Catalog;
use crate::error::LakeError;
use crate::storage::Warehouse;

/// Manifests kept per snapshot; beyond, those of few files become one.
pub const MANIFESTS_MAX: usize = 24;
/// Manifests with more files than this are left alone when others are merged.
const MERGED_FILES_MAX: usize = 2_000;
/// Snapshots that stay in the metadata at most.
pub const SNAPSHOTS_MAX: usize = 200;
/// Snapshots younger than this stay while there are fewer than [`SNAPSHOTS_MAX`], so that readers finish.
pub const SNAPSHOT_AGE: Duration = Duration::from_seconds(6 * 3_600);

/// What the next snapshot does.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// New files.
    pub add: Vec<DataFile>,
    /// Files that go, by their path relative to the warehouse.
    pub remove: BTreeSet<String>,
    /// The new watermark; `None` leaves it.
    pub watermark: Option<Offset>,
    /// Further properties to set, in the same step.
    pub properties: Vec<(String, String)>,
}

impl TableState {
    /// The next state; this one stays readable.
    ///
    /// # Errors
    /// Nothing changed, but for unreferenced files; after [`LakeError::Catalog`] the table must be loaded again.
    pub async fn commit(
        &self,
        warehouse: &Warehouse,
        catalog: &Catalog,
        change: Change,
        now: Timestamp,
    ) -> Result<Self, LakeError> {
        let damaged = |error: iceberg::Error| LakeError::damaged(&self.table.name(), error);
        let is_new_snapshot = !change.add.is_empty() || !change.remove.is_empty();
        let mut properties: HashMap<String, String> = change.properties.iter().cloned().collect();
        if let Some(watermark) = change.watermark {
            properties.insert(WATERMARK_PROPERTY.to_owned(), watermark.0.to_string());
        }
        let mut builder = (*self.metadata).clone().into_builder(Some(self.location.clone()));
        builder = builder.remove_snapshots(&self.old_snapshots(now));
        let mut manifests = self.manifests.clone();
        if is_new_snapshot {
            let mut writing = Writing::new(self, warehouse);
            manifests = writing.manifests(&change).await?;
            let snapshot = writing.snapshot(&manifests, &change, now).await?;
            builder = builder.set_branch_snapshot(snapshot, MAIN_BRANCH).map_err(damaged)?;
            manifests.retain(|manifest| !manifest.files.is_empty());
        }
        let metadata = builder.set_properties(properties).map_err(damaged)?.build().map_err(damaged)?.metadata;
        let location = self.write_metadata(warehouse, &metadata).await?;
        if !catalog.swap(self.table.name(), Some(&self.location), &location).await? {
            return Err(LakeError::Conflict { table: self.table.name() });
        }
        Ok(Self { table: self.table, metadata: Arc::new(metadata), location, manifests })
    }

    async fn write_metadata(&self, warehouse: &Warehouse, metadata: &TableMetadata) -> Result<String, LakeError> {
        let number = self.location.rsplit('/').next().and_then(|name| name.split('-').next());
        let number = number.and_then(|digits| digits.parse::<u64>().ok()).unwrap_or(0) + 1;
        let name = self.table.name();
        let path = format!("{name}/metadata/{number:05}-{}.metadata.json", uuid::Uuid::new_v4());
        let bytes = serde_json::to_vec(metadata).map_err(|error| LakeError::damaged(&path, error))?;
        warehouse.files.put(&path, bytes.into()).await?;
        Ok(warehouse.url_of(&path))
    }

    /// Whether the next commit would leave snapshots out.
    pub(crate) fn has_old_snapshots(&self, now: Timestamp) -> bool {
        !self.old_snapshots(now).is_empty()
    }

    /// Snapshots that the next commit leaves out: the current one never.
    fn old_snapshots(&self, now: Timestamp) -> Vec<i64> {
        let mut known: Vec<_> =
            self.metadata.snapshots().map(|each| (each.timestamp_ms(), each.snapshot_id())).collect();
        known.sort_unstable();
        let current = self.metadata.current_snapshot_id();
        let surplus = (known.len() + 1).saturating_sub(SNAPSHOTS_MAX);
        let oldest_ms = millis(now) - SNAPSHOT_AGE.0 / 1_000;
        let is_old = |(place, (at, id)): (usize, &(i64, i64))| {
            (Some(*id) != current && (place < surplus || *at < oldest_ms)).then_some(*id)
        };
        known.iter().enumerate().filter_map(is_old).collect()
    }
}

/// The files of one commit on their way.
struct Writing<'a> {
    state: &'a TableState,
    warehouse: &'a Warehouse,
    memory: FileIO,
    id: i64,
    sequence: i64,
    uuid: uuid::Uuid,
    written: u32,
}

impl<'a> Writing<'a> {
    fn new(state: &'a TableState, warehouse: &'a Warehouse) -> Self {
        let uuid = uuid::Uuid::new_v4();
        let (high, low) = uuid.as_u64_pair();
        Self {
            state,
            warehouse,
            memory: FileIO::new_with_memory(),
            id: i64::try_from((high ^ low) >> 1).unwrap_or(1),
            sequence: state.metadata.next_sequence_number(),
            uuid,
            written: 0,
        }
    }

    /// The manifests of the next snapshot, the changed ones written.
    async fn manifests(&mut self, change: &Change) -> Result<Vec<Arc<Manifest>>, LakeError> {
        let is_removed = |file: &Arc<LakeFile>| change.remove.contains(&file.path);
        let (touched, mut kept): (Vec<_>, Vec<_>) =
            self.state.manifests.iter().cloned().partition(|manifest| manifest.files.iter().any(is_removed));
        let (removed, mut existing): (Vec<_>, Vec<_>) =
            touched.iter().flat_map(|manifest| manifest.files.iter().cloned()).partition(is_removed);
        if removed.len() != change.remove.len() {
            return Err(LakeError::Conflict { table: self.state.table.name() });
        }
        if kept.len() >= MANIFESTS_MAX {
            let (small, large): (Vec<_>, Vec<_>) =
                kept.into_iter().partition(|manifest| manifest.files.len() <= MERGED_FILES_MAX / 2);
            existing.extend(small.iter().flat_map(|manifest| manifest.files.iter().cloned()));
            kept = large;
        }
        for files in existing.chunks(MERGED_FILES_MAX) {
            kept.push(self.existing_manifest(files).await?);
        }
        if !removed.is_empty() {
            kept.push(self.deleted_manifest(&removed).await?);
        }
        if !change.add.is_empty() {
            kept.push(self.added_manifest(&change.add).await?);
        }
        Ok(kept)
    }

    async fn existing_manifest(&mut self, files: &[Arc<LakeFile>]) -> Result<Arc<Manifest>, LakeError> {
        let mut writer = self.writer()?;
        for file in files {
            let added = writer.add_existing_file(file.data.clone(), file.snapshot, file.sequence, Some(file.sequence));
            added.map_err(|error| self.damaged(error))?;
        }
        let file = self.finish(writer).await?;
        Ok(Arc::new(Manifest { file, files: files.to_vec() }))
    }

    /// What the snapshot took away, so that readers of changes see it.
    async fn deleted_manifest(&mut self, files: &[Arc<LakeFile>]) -> Result<Arc<Manifest>, LakeError> {
        let mut writer = self.writer()?;
        for file in files {
            let added = writer.add_delete_file(file.data.clone(), file.sequence, Some(file.sequence));
            added.map_err(|error| self.damaged(error))?;
        }
        let file = self.finish(writer).await?;
        Ok(Arc::new(Manifest { file, files: Vec::new() }))
    }

    async fn added_manifest(&mut self, added: &[DataFile]) -> Result<Arc<Manifest>, LakeError> {
        let mut writer = self.writer()?;
        let mut files = Vec::with_capacity(added.len());
        for data in added {
            files.push(Arc::new(LakeFile::of(self.warehouse, data, self.sequence, self.id)?));
            writer.add_file(data.clone(), -1).map_err(|error| self.damaged(error))?;
        }
        let file = self.finish(writer).await?;
        Ok(Arc::new(Manifest { file, files }))
    }

    fn writer(&mut self) -> Result<ManifestWriter, LakeError> {
        let path = format!("{}/metadata/{}-m{}.avro", self.state.table.name(), self.uuid, self.written);
        self.written += 1;
        let url = self.warehouse.url_of(&path);
        let output = self.memory.new_output(&url).map_err(|error| self.damaged(error))?;
        let metadata = &self.state.metadata;
        let (schema, spec) = (metadata.current_schema().clone(), metadata.default_partition_spec());
        Ok(ManifestWriterBuilder::new(output, Some(self.id), schema, spec.as_ref().clone()).build_v2_data())
    }

    async fn finish(&self, writer: ManifestWriter) -> Result<ManifestFile, LakeError> {
        let mut manifest = writer.write_manifest_file().await.map_err(|error| self.damaged(error))?;
        self.put(&manifest.manifest_path).await?;
        // As the manifest list would: this state is used without reading it back.
        const UNASSIGNED: i64 = -1;
        for number in [&mut manifest.sequence_number, &mut manifest.min_sequence_number] {
            if *number == UNASSIGNED {
                *number = self.sequence;
            }
        }
        Ok(manifest)
    }

    async fn snapshot(
        &self,
        manifests: &[Arc<Manifest>],
        change: &Change,
        now: Timestamp,
    ) -> Result<Snapshot, LakeError> {
        let path = format!("{}/metadata/snap-{}-0-{}.avro", self.state.table.name(), self.id, self.uuid);
        let url = self.warehouse.url_of(&path);
        let metadata = &self.state.metadata;
        let parent = metadata.current_snapshot_id();
        let output = self.memory.new_output(&url).map_err(|error| self.damaged(error))?;
        let output = output.writer().await.map_err(|error| self.damaged(error))?;
        let mut list = ManifestListWriter::v2(output, self.id, parent, self.sequence);
        let files = manifests.iter().map(|manifest| manifest.file.clone());
        list.add_manifests(files).map_err(|error| self.damaged(error))?;
        list.close().await.map_err(|error| self.damaged(error))?;
        self.put(&url).await?;
        let newest_ms = metadata.last_updated_ms().max(millis(now));
        Ok(Snapshot::builder()
            .with_snapshot_id(self.id)
            .with_parent_snapshot_id(parent)
            .with_sequence_number(self.sequence)
            .with_timestamp_ms(newest_ms)
            .with_manifest_list(url)
            .with_summary(self.summary(manifests, change))
            .with_schema_id(metadata.current_schema_id())
            .build())
    }

    fn summary(&self, manifests: &[Arc<Manifest>], change: &Change) -> Summary {
        let operation = match (change.add.is_empty(), change.remove.is_empty()) {
            (_, true) => Operation::Append,
            (true, false) => Operation::Delete,
            (false, false) => Operation::Overwrite,
        };
        let files = || manifests.iter().flat_map(|manifest| &manifest.files);
        let number = |name: &str, value: u64| (name.to_owned(), value.to_string());
        let added_rows = change.add.iter().map(DataFile::record_count).sum();
        let mut told = HashMap::from([
            number("added-data-files", change.add.len() as u64),
            number("deleted-data-files", change.remove.len() as u64),
            number("added-records", added_rows),
            number("total-data-files", files().count() as u64),
            number("total-records", files().map(|file| file.rows).sum()),
            number("total-files-size", files().map(|file| file.bytes).sum()),
            number("total-delete-files", 0),
            number("total-position-deletes", 0),
            number("total-equality-deletes", 0),
        ]);
        if let Some(watermark) = change.watermark {
            told.insert(WATERMARK_PROPERTY.to_owned(), watermark.0.to_string());
        }
        Summary { operation, additional_properties: told }
    }

    /// Moves what the library wrote in memory to where it is durable.
    async fn put(&self, url: &str) -> Result<(), LakeError> {
        let input = self.memory.new_input(url).map_err(|error| self.damaged(error))?;
        let bytes: Bytes = input.read().await.map_err(|error| self.damaged(error))?;
        self.warehouse.files.put(self.warehouse.path_of(url)?, bytes).await
    }

    fn damaged(&self, error: iceberg::Error) -> LakeError {
        LakeError::damaged(&self.state.table.name(), error)
    }
}
