//! How does one process hold the lake?
//!
//! [`Lake`] knows every table's current state, so planning a query reads no file, and is the only writer: commits of
//! one table queue behind each other. Encoding runs where it may block.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use arrow::array::RecordBatch;
use iceberg::spec::DataFile;
use tokio::sync::{Mutex, MutexGuard};
use walletscope_model::{Offset, Timestamp};

use crate::catalog::Catalog;
use crate::error::LakeError;
use crate::maintenance::LookedThrough;
use crate::parquet::{self, Encoded};
use crate::pin::Pins;
use crate::storage::Warehouse;
use crate::table::{Change, TableState};
use crate::tables::LakeTable;

/// The catalog's file inside the lake's own folder, which is local even where the data is not.
pub const CATALOG_FILE: &str = "catalog.db";

/// Every table of one lake.
pub struct Lake {
    /// Where the files lie.
    pub warehouse: Warehouse,
    catalog: Catalog,
    tables: Vec<TableSlot>,
    written_bytes: AtomicU64,
    purged_rows: AtomicU64,
    pins: Pins,
    looked_through: ArcSwap<LookedThrough>,
}

struct TableSlot {
    current: ArcSwap<TableState>,
    committing: Mutex<()>,
}

/// Rows that come part by part and are added in one commit. Each part is in files before the next, so memory holds one
/// of them; what is dropped before the commit has changed nothing, and its files are collected as orphans.
pub struct Appending<'a> {
    lake: &'a Lake,
    table: LakeTable,
    files: Vec<DataFile>,
    _committing: MutexGuard<'a, ()>,
}

impl Lake {
    /// Opens the lake whose catalog lies in `folder`; tables that are not there are made, empty.
    ///
    /// # Errors
    /// The catalog or a table could not be read or made.
    pub async fn open(folder: &Path, warehouse: Warehouse, now: Timestamp) -> Result<Self, LakeError> {
        std::fs::create_dir_all(folder)
            .map_err(|error| LakeError::storage("make the folder", &folder.display(), error))?;
        let catalog = Catalog::open(&folder.join(CATALOG_FILE)).await?;
        let mut tables = Vec::with_capacity(LakeTable::COUNT);
        for table in LakeTable::ALL {
            let state = TableState::open(&warehouse, &catalog, table, now).await?;
            tables.push(TableSlot { current: ArcSwap::from_pointee(state), committing: Mutex::new(()) });
        }
        Ok(Self {
            warehouse,
            catalog,
            tables,
            written_bytes: AtomicU64::new(0),
            purged_rows: AtomicU64::new(0),
            pins: Pins::default(),
            looked_through: ArcSwap::default(),
        })
    }

    /// A table as of its newest commit.
    pub fn current(&self, table: LakeTable) -> Arc<TableState> {
        self.tables[table as usize].current.load_full()
    }

    /// The oldest watermark: what is at or below it is in every table's files.
    pub fn watermark(&self) -> Offset {
        LakeTable::ALL.map(|table| self.current(table).watermark()).into_iter().min().unwrap_or_default()
    }

    /// Bytes of data files written by this process.
    pub fn written_bytes(&self) -> u64 {
        self.written_bytes.load(Ordering::Relaxed)
    }

    /// Rows that this process has purged.
    pub fn purged_rows(&self) -> u64 {
        self.purged_rows.load(Ordering::Relaxed)
    }

    pub(crate) fn count_purged(&self, rows: u64) {
        self.purged_rows.fetch_add(rows, Ordering::Relaxed);
    }

    /// Adds rows and moves the watermark, in one commit.
    ///
    /// # Errors
    /// Nothing was added.
    pub async fn append(
        &self,
        table: LakeTable,
        batches: Vec<RecordBatch>,
        watermark: Offset,
        now: Timestamp,
    ) -> Result<Arc<TableState>, LakeError> {
        self.begin_append(table).await.add(batches).await?.commit(watermark, now).await
    }

    /// Begins to add rows; the table's other changes wait until it has ended.
    pub async fn begin_append(&self, table: LakeTable) -> Appending<'_> {
        Appending { lake: self, table, files: Vec::new(), _committing: self.lock(table).await }
    }

    /// Whether somebody copies the files, so that none may be deleted.
    pub fn is_pinned(&self) -> bool {
        self.pins.is_any()
    }

    /// Which rules of [`Gone`](crate::Gone) no row of a file falls under, as far as this process has looked.
    pub fn looked_through(&self) -> Arc<LookedThrough> {
        self.looked_through.load_full()
    }

    /// Adds files that were looked through, and forgets those that are not there any more. The caller holds the lock of
    /// the table of log events.
    pub(crate) fn note_looked_through(&self, looked: LookedThrough) {
        let mut known = LookedThrough::clone(&self.looked_through.load());
        known.extend(looked);
        let files = self.current(LakeTable::LogEvents).files();
        let living: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
        known.retain(|path, _| living.contains(path.as_str()));
        self.looked_through.store(Arc::new(known));
    }

    pub(crate) fn pins(&self) -> &Pins {
        &self.pins
    }

    /// Held over everything that a change of a table follows from.
    pub(crate) async fn lock(&self, table: LakeTable) -> MutexGuard<'_, ()> {
        self.tables[table as usize].committing.lock().await
    }

    /// Encodes and writes rows as files that no snapshot knows yet; all of them or none.
    pub(crate) async fn write(
        &self,
        table: LakeTable,
        batches: Vec<RecordBatch>,
    ) -> Result<Vec<DataFile>, LakeError> {
        if batches.iter().all(|batch| batch.num_rows() == 0) {
            return Ok(Vec::new());
        }
        let encoding = tokio::task::spawn_blocking(move || parquet::encode(table, &batches)).await;
        let encoded =
            encoding.unwrap_or_else(|_| Err(LakeError::damaged(&table.name(), "encoding panicked")))?;
        let mut files = Vec::with_capacity(encoded.len());
        for each in encoded {
            match self.put(table, each).await {
                Ok(file) => files.push(file),
                Err(error) => {
                    self.discard(files).await;
                    return Err(error);
                }
            }
        }
        Ok(files)
    }

    /// Writes a file that no snapshot knows yet.
    pub(crate) async fn put(&self, table: LakeTable, encoded: Encoded) -> Result<DataFile, LakeError> {
        self.written_bytes.fetch_add(encoded.bytes.len() as u64, Ordering::Relaxed);
        parquet::write(&self.warehouse, table, encoded).await
    }

    /// Deletes files that no snapshot knows or will know: where room is what a write lacked, every further try would
    /// take more of it. What stays is collected as an orphan.
    pub(crate) async fn discard(&self, files: Vec<DataFile>) {
        for file in files {
            if let Ok(path) = self.warehouse.path_of(file.file_path()) {
                let _deleted = self.warehouse.files.delete(path).await;
            }
        }
    }

    /// Commits; the caller holds the table's [`lock`](Self::lock). A catalog that fails half-way is asked again, so
    /// that what is current here is what is current there; any other failure has changed nothing, and the added files go.
    pub(crate) async fn commit(
        &self,
        table: LakeTable,
        change: Change,
        now: Timestamp,
    ) -> Result<Arc<TableState>, LakeError> {
        let slot = &self.tables[table as usize];
        let before = slot.current.load_full();
        let added = change.add.clone();
        match before.commit(&self.warehouse, &self.catalog, change, now).await {
            Ok(state) => {
                let state = Arc::new(state);
                slot.current.store(state.clone());
                Ok(state)
            }
            Err(error @ LakeError::Catalog(_)) => {
                if let Ok(state) = TableState::open(&self.warehouse, &self.catalog, table, now).await {
                    slot.current.store(Arc::new(state));
                }
                Err(error)
            }
            Err(error) => {
                self.discard(added).await;
                Err(error)
            }
        }
    }

    /// Closes the catalog.
    pub async fn close(&self) {
        self.catalog.close().await;
    }
}

impl Appending<'_> {
    /// Writes a part.
    ///
    /// # Errors
    /// Nothing is added, of earlier parts neither.
    pub async fn add(mut self, batches: Vec<RecordBatch>) -> Result<Self, LakeError> {
        match self.lake.write(self.table, batches).await {
            Ok(files) => {
                self.files.extend(files);
                Ok(self)
            }
            Err(error) => {
                self.abandon().await;
                Err(error)
            }
        }
    }

    /// Adds what was written and moves the watermark.
    ///
    /// # Errors
    /// Nothing was added.
    pub async fn commit(self, watermark: Offset, now: Timestamp) -> Result<Arc<TableState>, LakeError> {
        let change = Change { add: self.files, watermark: Some(watermark), ..Change::default() };
        self.lake.commit(self.table, change, now).await
    }

    /// Deletes what was written.
    pub async fn abandon(self) {
        self.lake.discard(self.files).await;
    }
}
