//! How does what the pipeline learns get into the lake, and how is all of it read at one instant?
//!
//! One thread ([`Feeder`]) takes every applied entry in order, makes rows of it ([`entry_rows`], [`attempt_rows`]) and
//! publishes what is not in the files yet at most ten times a second; [`marks`] say which attempts that is. Flushes,
//! merges and maintenance ([`jobs`]) run beside it, one at a time. After a start it first catches up with the journal
//! ([`replay`]). [`tables`] joins both halves for queries: first the
//! published snapshot, then the files.

mod attempt_rows;
mod entry_rows;
mod feeder;
mod jobs;
mod marks;
mod replay;
mod rollups;
mod tables;
pub mod upkeep;
mod witness_rows;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use arrow::array::RecordBatch;
use walletscope_lake::{Chunk, Lake, LakeError, LakeTable, S3Place, Warehouse};
use walletscope_model::{Duration, Offset, Timestamp};
use walletscope_query::lake_table::Hidden;

pub use entry_rows::EntryRows;
pub use feeder::{Feeder, Work, start};
pub use jobs::{Failure, Job, JobKind, JobReport, MAINTAIN_EVERY};
pub use marks::{Done, Mark, Marks};
pub use replay::{JournalEntries, JournalEntry};
pub use tables::{AppendedRows, LakeTables};

/// Where the lake lies and how often it is written.
#[derive(Clone, Debug)]
pub struct LakeSettings {
    /// The folder of the catalog, and of the files where `s3` is none.
    pub folder: PathBuf,
    /// A bucket for the files.
    pub s3: Option<S3Place>,
    /// Rows wait in memory this long at most.
    pub flush_after: Duration,
    /// Rows wait in memory until they are this many bytes at most.
    pub flush_bytes: usize,
    /// Rows that wait are this many bytes at most; calls that bring more are throttled.
    pub memory_bytes_max: usize,
    /// Late changes are merged this often at most.
    pub merge_after: Duration,
    /// Days older than this leave the lake; `None` keeps everything.
    pub keep: Option<Duration>,
}

/// Rows wait this long before they are in files, unless a setting says otherwise.
pub const FLUSH_AFTER: Duration = Duration::from_seconds(5 * 60);
/// Rows wait until they are this many bytes.
pub const FLUSH_BYTES: usize = 64 << 20;
/// Rows that cannot be written are this many bytes before calls are throttled.
pub const MEMORY_BYTES_MAX: usize = 1 << 30;
/// Late changes are merged this often.
pub const MERGE_AFTER: Duration = Duration::from_seconds(3_600);

/// What is not in the files yet, at one head.
#[derive(Clone, Default)]
pub struct Snapshot {
    /// The newest entry that it includes.
    pub head: Offset,
    /// Rows of the append-only tables, by the table's number.
    pub hot: Vec<Vec<RecordBatch>>,
    /// Attempts that were never in the files.
    pub live: Vec<Chunk>,
    /// Newest versions of attempts that may be in the files.
    pub overlay: Vec<Chunk>,
    /// Whose rows in the files are out of date.
    pub hidden: Arc<Hidden>,
    /// False until everything of before the start is there.
    pub is_ready: bool,
}

/// What the rest of the server sees of the lake.
pub struct LakeShared {
    /// The files.
    pub lake: Arc<Lake>,
    /// What is not in them yet.
    pub snapshot: ArcSwap<Snapshot>,
    /// What the jobs have done.
    pub report: ArcSwap<JobReport>,
    /// Told to the applier: what it may forget.
    done: Mutex<Vec<Done>>,
    /// Entries from here on are still needed.
    keep_from: AtomicU64,
    /// Everything of entries up to here that may be in files is in files.
    flushed_through: AtomicU64,
    /// Rows of entries that are in memory and leave it with a flush.
    hot_bytes: AtomicUsize,
    memory_bytes_max: usize,
}

/// How much memory the rows take that wait for files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HotMemory {
    /// What they take.
    pub bytes: usize,
    /// What they may take.
    pub bytes_max: usize,
}

impl HotMemory {
    /// Whether calls that bring more rows are throttled.
    pub fn is_full(self) -> bool {
        self.bytes >= self.bytes_max
    }
}

impl LakeShared {
    fn new(lake: Arc<Lake>, memory_bytes_max: usize) -> Self {
        let keep_from = AtomicU64::new(lake.watermark().0 + 1);
        let snapshot = Snapshot { hot: vec![Vec::new(); LakeTable::COUNT], ..Snapshot::default() };
        Self {
            lake,
            snapshot: ArcSwap::from_pointee(snapshot),
            report: ArcSwap::default(),
            done: Mutex::default(),
            keep_from,
            flushed_through: AtomicU64::new(0),
            hot_bytes: AtomicUsize::new(0),
            memory_bytes_max,
        }
    }

    /// The newest entry whose rows queries see.
    pub fn head(&self) -> Offset {
        self.snapshot.load().head
    }

    /// How much memory the rows take that wait for files. It is bounded by throttling calls, because what was answered
    /// with success must be found by queries.
    pub fn hot_memory(&self) -> HotMemory {
        HotMemory { bytes: self.hot_bytes.load(Ordering::Relaxed), bytes_max: self.memory_bytes_max }
    }

    /// The journal's entries from this one on are not in every table's files yet.
    pub fn keep_from(&self) -> Offset {
        Offset(self.keep_from.load(Ordering::Acquire))
    }

    /// What was done since the last call, for the applier's next commit.
    pub fn take_done(&self) -> Vec<Done> {
        std::mem::take(&mut *self.done.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn tell_done(&self, done: Done) {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).push(done);
        self.keep_from.store(self.lake.watermark().0 + 1, Ordering::Release);
    }
}

/// Opens the lake where the settings say.
///
/// # Errors
/// Its catalog or a table could not be read or made.
pub async fn open(settings: &LakeSettings, now: Timestamp) -> Result<Arc<LakeShared>, LakeError> {
    let lake = Lake::open(&settings.folder, warehouse(settings)?, now).await?;
    Ok(Arc::new(LakeShared::new(Arc::new(lake), settings.memory_bytes_max)))
}

/// Where the lake's files lie.
///
/// # Errors
/// The folder could not be made, or the bucket's settings are not usable.
pub fn warehouse(settings: &LakeSettings) -> Result<Warehouse, LakeError> {
    match &settings.s3 {
        Some(place) => {
            if let Some(endpoint) = place.endpoint.as_deref().filter(|endpoint| is_read_on_the_way(endpoint))
            {
                tracing::warn!(
                    endpoint,
                    "the lake's files go over the network unencrypted; give lake-s3-endpoint as https:// unless the network \
                     is trusted"
                );
            }
            Warehouse::s3(place)
        }
        None => Warehouse::local(&settings.folder.join("warehouse")),
    }
}

/// Whether others on a network could read what is sent there.
fn is_read_on_the_way(endpoint: &str) -> bool {
    let Some(rest) = endpoint.strip_prefix("http://") else { return false };
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let is_loopback = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    !is_loopback && host != "localhost"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_to_another_machine_is_read_on_the_way() {
        for endpoint in ["http://10.0.0.5:9000", "http://minio:9000/", "http://[2001:db8::1]:9000"] {
            assert!(is_read_on_the_way(endpoint), "{endpoint}");
        }
        for endpoint in
            ["https://minio:9000", "http://127.0.0.1:9000", "http://[::1]:9000", "http://localhost/"]
        {
            assert!(!is_read_on_the_way(endpoint), "{endpoint}");
        }
    }
}
