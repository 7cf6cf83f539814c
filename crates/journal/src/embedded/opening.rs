//! How does an embedded store come up, after a stop, a kill or a power cut?

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, RwLock};

use fjall::{CompressionType, Database, Keyspace, PersistMode};
use walletscope_model::{Offset, Timestamp};

use super::{EmbeddedStore, Inner, Options, Writer};
use crate::keyspaces::{self, APPLIED_KEY, read_offset};
use crate::segments::{Extent, Segment, Segments};
use crate::store::{StoreError, Table};
use crate::torn_log;

/// The engine's lock in its folder.
const LOCK_FILE: &str = "lock";

/// A store's folder that nobody opens while this lives.
#[derive(Debug)]
pub struct FolderHold {
    _locked: File,
}

impl EmbeddedStore {
    /// Opens the store in `folder` and makes it where there is none.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where it is open already, [`StoreError::Open`] for anything else.
    pub fn open(folder: &Path, options: Options) -> Result<Self, StoreError> {
        let failed = |reason: String| StoreError::Open { folder: folder.display().to_string(), reason };
        let database = match open_database(folder) {
            Err(fjall::Error::JournalRecovery(reason)) => {
                let cut = torn_log::cut_torn_end(folder).map_err(|error| failed(error.to_string()))?;
                if cut.is_none() {
                    return Err(failed(format!("the log is damaged before its end: {reason}")));
                }
                open_database(folder)
            }
            other => other,
        };
        let database = database.map_err(|error| match error {
            fjall::Error::Locked => StoreError::Locked { folder: folder.display().to_string() },
            other => failed(other.to_string()),
        })?;
        Self::load(database, options).map_err(failed)
    }

    /// Makes a store in an empty folder whose journal begins at `first`, all before it being applied: what a backup is
    /// restored into.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where the folder is in use, [`StoreError::Open`] for anything else; a store that is there
    /// is left as it is.
    pub fn make_at(folder: &Path, first: Offset, options: Options) -> Result<Self, StoreError> {
        let failed = |reason: String| StoreError::Open { folder: folder.display().to_string(), reason };
        let text = |error: fjall::Error| failed(error.to_string());
        let database = open_database(folder).map_err(text)?;
        if !database.list_keyspace_names().is_empty() {
            return Err(failed("there is a store already; choose an empty folder".to_owned()));
        }
        let position = database.keyspace(keyspaces::POSITION, keyspaces::position_options).map_err(text)?;
        database.keyspace(&keyspaces::journal_name(first.0), keyspaces::journal_options).map_err(text)?;
        position.insert(APPLIED_KEY, first.0.saturating_sub(1).to_be_bytes()).map_err(text)?;
        database.persist(PersistMode::SyncAll).map_err(text)?;
        Self::load(database, options).map_err(failed)
    }

    /// Makes every commit so far durable.
    ///
    /// # Errors
    /// [`StoreError::Write`], then the store is poisoned.
    pub fn persist(&self) -> Result<(), StoreError> {
        let _writer = self.write()?;
        self.poisoning("the state", self.0.database.persist(PersistMode::SyncAll))
    }

    /// Keeps every server out of a store's folder, without opening the store.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where it is open, [`StoreError::Open`] where there is no store.
    pub fn hold(folder: &Path) -> Result<FolderHold, StoreError> {
        let failed = |error: std::io::Error| StoreError::Open {
            folder: folder.display().to_string(),
            reason: error.to_string(),
        };
        let file = File::options().read(true).write(true).open(folder.join(LOCK_FILE)).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(FolderHold { _locked: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked { folder: folder.display().to_string() }),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    fn load(database: Database, options: Options) -> Result<Self, String> {
        let text = |error: fjall::Error| error.to_string();
        let position = database.keyspace(keyspaces::POSITION, keyspaces::position_options).map_err(text)?;
        let tables = Table::ALL
            .iter()
            .map(|table| database.keyspace(table.name(), || keyspaces::table_options(*table)))
            .collect::<fjall::Result<Vec<_>>>()
            .map_err(text)?;
        let segments = load_segments(&database, &position)?;
        let applied = read_offset(position.get(APPLIED_KEY).map_err(text)?.as_deref())
            .ok_or("the applied offset is not an offset")?;
        let size = segments.size();
        if applied > size.head || applied.0 + 1 < size.first.0 {
            let (first, head) = (size.first.0, size.head.0);
            return Err(format!("the state is at offset {}, the journal holds {first} to {head}", applied.0));
        }
        let mark_buckets = load_mark_buckets(&database).map_err(text)?;
        Ok(Self(Arc::new(Inner {
            tables,
            position,
            segments: RwLock::new(segments),
            writer: Mutex::new(Writer { mark_buckets, keep_from: Offset(u64::MAX) }),
            head: AtomicU64::new(size.head.0),
            applied: AtomicU64::new(applied.0),
            poisoned: AtomicBool::new(false),
            options,
            database,
        })))
    }
}

fn open_database(folder: &Path) -> fjall::Result<Database> {
    Database::builder(folder)
        .cache_size(keyspaces::BLOCK_CACHE_BYTES)
        .max_journaling_size(keyspaces::LOG_BYTES_MAX)
        .journal_compression(CompressionType::None)
        .worker_threads(keyspaces::WORKER_THREADS)
        .open()
}

/// The segments in the folder. A keyspace without a row is the next segment that got no entry yet where it is the
/// last, and the remains of a trim where it is not.
fn load_segments(database: &Database, position: &Keyspace) -> Result<Segments, String> {
    let text = |error: fjall::Error| error.to_string();
    let mut firsts: Vec<u64> =
        database.list_keyspace_names().iter().filter_map(|name| keyspaces::journal_first(name)).collect();
    firsts.sort_unstable();
    let last = firsts.last().copied();
    let mut segments = Vec::new();
    for first in firsts {
        let row = position.get(Extent::key(first)).map_err(text)?;
        let extent = match row {
            Some(row) => Extent::from_row(&row).ok_or_else(|| format!("malformed row of segment {first}"))?,
            None => Extent::EMPTY,
        };
        let keyspace =
            database.keyspace(&keyspaces::journal_name(first), keyspaces::journal_options).map_err(text)?;
        if extent == Extent::EMPTY && Some(first) != last {
            database.delete_keyspace(keyspace).map_err(text)?;
            continue;
        }
        segments.push(Segment { first, extent, keyspace });
    }
    if segments.is_empty() {
        let keyspace =
            database.keyspace(&keyspaces::journal_name(1), keyspaces::journal_options).map_err(text)?;
        segments.push(Segment { first: 1, extent: Extent::EMPTY, keyspace });
    }
    Segments::new(segments).ok_or_else(|| "the segments of the journal do not continue each other".into())
}

fn load_mark_buckets(database: &Database) -> fjall::Result<Vec<(Timestamp, Keyspace)>> {
    let names = database.list_keyspace_names();
    let mut buckets = names
        .iter()
        .filter_map(|name| Some((keyspaces::marks_start(name)?, name)))
        .map(|(start, name)| Ok((start, database.keyspace(name, keyspaces::marks_options)?)))
        .collect::<fjall::Result<Vec<_>>>()?;
    buckets.sort_by_key(|(start, _)| *start);
    Ok(buckets)
}
