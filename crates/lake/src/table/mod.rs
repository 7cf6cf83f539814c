//! What does a table consist of at one snapshot, and how does it get its next one?
//!
//! A [`TableState`] is an immutable list of data files with the watermark up to which they hold the journal. A
//! [`Change`] becomes the next state in one atomic step: manifests, manifest list and metadata are written and synced
//! first, then the catalog moves. A crash anywhere leaves the old state and at most unreferenced files.

mod commit;
mod load;
mod metadata;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use iceberg::spec::{DataFile, ManifestFile, PrimitiveLiteral, TableMetadataRef};
use walletscope_model::{Offset, Timestamp};

use crate::catalog::Catalog;
use crate::error::LakeError;
use crate::storage::Warehouse;
use crate::tables::LakeTable;

pub use commit::Change;

/// The property that holds the watermark: in the same commit as the data.
pub const WATERMARK_PROPERTY: &str = "walletscope.watermark";

/// One data file.
#[derive(Clone, Debug)]
pub struct LakeFile {
    /// Relative to the warehouse.
    pub path: String,
    /// The UTC day of all its rows, in days since 1970.
    pub day: i32,
    /// How many rows.
    pub rows: u64,
    /// In bytes.
    pub bytes: u64,
    /// The earliest and the latest time of its rows.
    pub times: (Timestamp, Timestamp),
    /// What Iceberg knows of it.
    pub data: DataFile,
    sequence: i64,
    snapshot: i64,
}

/// A table at one snapshot.
#[derive(Clone, Debug)]
pub struct TableState {
    /// Which table.
    pub table: LakeTable,
    /// Iceberg's metadata.
    pub metadata: TableMetadataRef,
    /// Where the metadata lies, as a URL.
    pub location: String,
    manifests: Vec<Arc<Manifest>>,
}

/// A manifest with its living files.
#[derive(Clone, Debug)]
struct Manifest {
    file: ManifestFile,
    files: Vec<Arc<LakeFile>>,
}

impl TableState {
    /// The table as the catalog has it; made, empty, if it is not there.
    ///
    /// # Errors
    /// The catalog or a file could not be read or written.
    pub async fn open(
        warehouse: &Warehouse,
        catalog: &Catalog,
        table: LakeTable,
        now: Timestamp,
    ) -> Result<Self, LakeError> {
        match catalog.location(table.name()).await? {
            Some(location) => Self::load(warehouse, table, location).await,
            None => Self::create(warehouse, catalog, table, now).await,
        }
    }

    /// Every data file, oldest day first.
    pub fn files(&self) -> Vec<Arc<LakeFile>> {
        let mut files: Vec<_> = self.manifests.iter().flat_map(|manifest| manifest.files.iter().cloned()).collect();
        files.sort_by(|one, other| (one.day, &one.path).cmp(&(other.day, &other.path)));
        files
    }

    /// The files of each day.
    pub fn days(&self) -> BTreeMap<i32, Vec<Arc<LakeFile>>> {
        let mut days: BTreeMap<i32, Vec<Arc<LakeFile>>> = BTreeMap::new();
        for file in self.files() {
            days.entry(file.day).or_default().push(file);
        }
        days
    }

    /// The newest journal entry up to which the files hold everything of this table.
    pub fn watermark(&self) -> Offset {
        let property = self.metadata.properties().get(WATERMARK_PROPERTY);
        Offset(property.and_then(|text| text.parse().ok()).unwrap_or(0))
    }

    /// A property of ours in the table's metadata.
    pub fn property(&self, name: &str) -> Option<&str> {
        self.metadata.properties().get(name).map(String::as_str)
    }

    /// How many rows the files hold.
    pub fn rows(&self) -> u64 {
        self.manifests.iter().flat_map(|manifest| &manifest.files).map(|file| file.rows).sum()
    }

    /// How many snapshots are kept.
    pub fn snapshots(&self) -> usize {
        self.metadata.snapshots().len()
    }

    /// The paths of the metadata, manifest lists, manifests and data files that this state and its kept snapshots
    /// need, relative to the warehouse.
    ///
    /// # Errors
    /// A manifest list could not be read.
    pub async fn referenced(&self, warehouse: &Warehouse) -> Result<BTreeSet<String>, LakeError> {
        let mut paths = BTreeSet::new();
        let mut add = |url: &str| warehouse.path_of(url).map(|path| paths.insert(path.to_owned())).map(drop);
        add(&self.location)?;
        for logged in self.metadata.metadata_log() {
            add(&logged.metadata_file)?;
        }
        for snapshot in self.metadata.snapshots() {
            add(snapshot.manifest_list())?;
            for (manifest, files) in load::manifests(warehouse, snapshot.manifest_list()).await? {
                add(&manifest.manifest_path)?;
                files.iter().try_for_each(|file| add(&file.url))?;
            }
        }
        Ok(paths)
    }
}

impl LakeFile {
    fn of(warehouse: &Warehouse, data: &DataFile, sequence: i64, snapshot: i64) -> Result<Self, LakeError> {
        let path = warehouse.path_of(data.file_path())?.to_owned();
        let damaged = |reason: &str| LakeError::damaged(&data.file_path(), reason);
        let day = data.partition().fields().first().and_then(Option::as_ref);
        let day = match day.and_then(iceberg::spec::Literal::as_primitive_literal) {
            Some(PrimitiveLiteral::Int(day)) => day,
            _ => return Err(damaged("its manifest entry has no day")),
        };
        let time = |bounds: &std::collections::HashMap<i32, iceberg::spec::Datum>| {
            match bounds.get(&TIMESTAMP_ID).map(iceberg::spec::Datum::literal) {
                Some(PrimitiveLiteral::Long(time)) => Ok(Timestamp(*time)),
                _ => Err(damaged("its manifest entry has no bounds of timestamp")),
            }
        };
        Ok(Self {
            path,
            day,
            rows: data.record_count(),
            bytes: data.file_size_in_bytes(),
            times: (time(data.lower_bounds())?, time(data.upper_bounds())?),
            data: data.clone(),
            sequence,
            snapshot,
        })
    }
}

/// The field id of `timestamp`, first in every table.
pub(crate) const TIMESTAMP_ID: i32 = 1;

/// The UTC day of a time, in days since 1970.
pub fn day_of(at: Timestamp) -> i32 {
    const DAY_MICROS: i64 = 86_400_000_000;
    i32::try_from(at.0.div_euclid(DAY_MICROS)).unwrap_or(if at.0 < 0 { i32::MIN } else { i32::MAX })
}

/// A bound of a file's values.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Bound {
    Number(i64),
    Day(i32),
    Text(String),
}

impl LakeFile {
    /// The lowest or highest value of a column, where the manifest knows it; the column has no nulls then.
    pub fn bound(&self, field_id: i32, is_upper: bool) -> Option<Bound> {
        let bounds = if is_upper { self.data.upper_bounds() } else { self.data.lower_bounds() };
        match bounds.get(&field_id)?.literal() {
            PrimitiveLiteral::Long(number) => Some(Bound::Number(*number)),
            PrimitiveLiteral::Int(day) => Some(Bound::Day(*day)),
            PrimitiveLiteral::String(text) => Some(Bound::Text(text.clone())),
            _ => None,
        }
    }
}
