//! GET /api/v1/storage: what lies on the disk, how fresh is it, and how long will there be room?
//!
//! Counts come from what the lake knows in memory: its files' manifests and the snapshot of hot rows; nothing is read
//! from disk but the room that is left. A rate is measured over the data of the last seven days, so that a young server
//! answers none rather than a wrong one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::{max, min};
use arrow::datatypes::TimestampMicrosecondType;
use axum::extract::State;
use axum::http::Uri;
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde::Serialize;
use utoipa::ToSchema;
use walletscope_guard::guard;
use walletscope_journal::JournalSize;
use walletscope_lake::maintenance::debt;
use walletscope_lake::{LakeFile, LakeTable, TableState};
use walletscope_model::{Duration, Timestamp};

use super::Caller;
use super::error::{ApiError, ErrorBody};
use super::query::Query;
use crate::lake::{LakeShared, MAINTAIN_EVERY, Snapshot};
use crate::pipeline::{Now, Shared};

/// A rate is that of this long at most.
const RATE_OVER: Duration = Duration::from_seconds(7 * 86_400);
/// Data of less time than this has no rate.
const RATE_OVER_MIN: Duration = Duration::from_seconds(3_600);
const DAY_SECONDS: f64 = 86_400.0;

/// What the handler reads from.
#[derive(Clone)]
pub(super) struct StorageState {
    pub(super) lake: Arc<LakeShared>,
    pub(super) shared: Arc<Shared>,
    pub(super) journal: Arc<dyn Fn() -> JournalSize + Send + Sync>,
    pub(super) journal_bytes_max: u64,
    pub(super) place: LakePlace,
    pub(super) now: Now,
}

/// Where the lake's files lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LakePlace {
    /// On a disk of this machine.
    Folder(PathBuf),
    /// In a bucket, by its URL.
    Bucket(String),
}

/// What lies on the disk.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StorageAnswer {
    /// The server's time, RFC 3339.
    now: String,
    /// The newest journal entry that queries see.
    head: u64,
    disk: DiskShown,
    journal: JournalShown,
    /// Every table.
    tables: Vec<TableShown>,
    memory: MemoryShown,
    maintenance: MaintenanceShown,
    /// Bytes written to journal and files for each byte of the journal, since the start; null before the first.
    bytes_written_per_byte_received: Option<f64>,
}

/// Where the files lie, and how much room there is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DiskShown {
    /// A folder, or the URL of a bucket.
    path: String,
    /// Null for a bucket.
    total_bytes: Option<u64>,
    /// Null for a bucket.
    free_bytes: Option<u64>,
    /// How long the free bytes last at the rate of all tables; null where there is no rate.
    days_left: Option<f64>,
}

/// How long the journal is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct JournalShown {
    bytes: u64,
    entries: u64,
    /// The oldest entry's number.
    first: u64,
    /// The newest entry's number.
    head: u64,
    /// Where older entries go, and where calls are refused if they cannot.
    limit_bytes: u64,
}

/// Rows that are in no file yet.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MemoryShown {
    bytes: u64,
    /// Where calls that bring more rows are refused, until a flush has succeeded.
    limit_bytes: u64,
    /// Whether they are refused now.
    throttles: bool,
}

/// How a table is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TableShown {
    name: &'static str,
    meaning: &'static str,
    /// Rows in files.
    rows: u64,
    /// Rows that are in no file yet.
    hot_rows: u64,
    /// Of its files.
    bytes: u64,
    files: u64,
    /// The most files of one day.
    files_max_per_day: u64,
    snapshots: u64,
    /// The files hold everything up to this journal entry.
    watermark: u64,
    /// For how long the oldest row that belongs into files has waited; 0 without any, null without rows at all.
    freshness_seconds: Option<f64>,
    /// The earliest row's time.
    oldest: Option<String>,
    /// The latest row's time.
    newest: Option<String>,
    /// Bytes of files a day, over the last seven; null where there is too little data.
    bytes_per_day: Option<f64>,
    rows_per_day: Option<f64>,
    compaction_debt: DebtShown,
    /// Rows that replace rows of files when they are read.
    overlay_rows: u64,
    /// When its files last changed.
    last_flush: Option<String>,
    /// Always null: errors are those of the maintenance.
    last_error: Option<String>,
}

/// What waits for compaction.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DebtShown {
    files: u64,
    bytes: u64,
}

/// What keeps the tables small.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct MaintenanceShown {
    /// flush, merge or maintenance.
    running: Option<&'static str>,
    last_run: Option<String>,
    /// Which job fails, since when and why; null once it has succeeded again.
    last_error: Option<String>,
    /// Since when it fails.
    failing_since: Option<String>,
    next_run: Option<String>,
}

pub(super) fn router(state: StorageState) -> Router {
    Router::new()
        .route("/api/v1/storage", get(storage))
        .method_not_allowed_fallback(super::only_get)
        .with_state(state)
}

/// What lies on the disk: room, journal, tables, and the work that keeps them small.
#[utoipa::path(
    get, path = "/api/v1/storage", tag = "meta",
    responses((status = 200, body = StorageAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)),
)]
pub(super) async fn storage(
    State(state): State<StorageState>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
) -> Result<Json<StorageAnswer>, ApiError> {
    Caller::known(caller)?;
    Query::read(&uri, &[])?;
    let answered = tokio::task::spawn_blocking(move || answer(&state)).await;
    answered.map(Json).map_err(|error| ApiError::Failed { reason: error.to_string() })
}

fn answer(state: &StorageState) -> StorageAnswer {
    let now = (state.now)();
    let snapshot = state.lake.snapshot.load_full();
    let tables: Vec<TableShown> = LakeTable::ALL
        .into_iter()
        .map(|table| shown(&state.lake.lake.current(table), &snapshot, now))
        .collect();
    let journal = (state.journal)();
    let (report, memory) = (state.lake.report.load(), state.lake.hot_memory());
    let next_run = report
        .maintained_at
        .map(|at| at.plus(Duration::from_seconds(MAINTAIN_EVERY.as_secs().cast_signed())).rfc3339());
    StorageAnswer {
        now: now.rfc3339(),
        head: snapshot.head.0,
        disk: disk(&state.place, tables.iter().filter_map(|table| table.bytes_per_day).sum()),
        journal: JournalShown {
            bytes: journal.bytes,
            entries: journal.entries,
            first: journal.first.0,
            head: journal.head.0,
            limit_bytes: state.journal_bytes_max,
        },
        tables,
        memory: MemoryShown {
            bytes: memory.bytes as u64,
            limit_bytes: memory.bytes_max as u64,
            throttles: memory.is_full(),
        },
        maintenance: MaintenanceShown {
            running: report.running,
            last_run: report.maintained_at.map(Timestamp::rfc3339),
            last_error: report.failure_text().map(|error| guard(&error).text.into_owned()),
            failing_since: report.failure().map(|(_, failure)| failure.since.rfc3339()),
            next_run,
        },
        bytes_written_per_byte_received: written_per_received(
            state.shared.journal_written_bytes(),
            state.lake.lake.written_bytes(),
        ),
    }
}

fn written_per_received(journal: u64, files: u64) -> Option<f64> {
    (journal > 0).then(|| (journal + files) as f64 / journal as f64)
}

fn disk(place: &LakePlace, bytes_per_day: f64) -> DiskShown {
    let folder = match place {
        LakePlace::Bucket(url) => {
            return DiskShown { path: url.clone(), total_bytes: None, free_bytes: None, days_left: None };
        }
        LakePlace::Folder(folder) => folder,
    };
    let room = room(folder);
    let days_left = room.filter(|_| bytes_per_day > 0.0).map(|(_, free)| free as f64 / bytes_per_day);
    DiskShown {
        path: folder.display().to_string(),
        total_bytes: room.map(|(total, _)| total),
        free_bytes: room.map(|(_, free)| free),
        days_left,
    }
}

/// Bytes in all, and those that are free for us.
fn room(folder: &Path) -> Option<(u64, u64)> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some((disk.f_blocks.checked_mul(disk.f_frsize)?, disk.f_bavail.checked_mul(disk.f_frsize)?))
}

fn shown(state: &TableState, snapshot: &Snapshot, now: Timestamp) -> TableShown {
    let files = state.files();
    let hot = HotRows::of(state, snapshot);
    let (bytes_per_day, rows_per_day) = rates(&files, now);
    let spans = files.iter().map(|file| file.times).chain(hot.times);
    let (oldest, newest) =
        spans.fold((None, None), |(oldest, newest): (Option<Timestamp>, Option<Timestamp>), span| {
            (
                Some(oldest.map_or(span.0, |at| at.min(span.0))),
                Some(newest.map_or(span.1, |at| at.max(span.1))),
            )
        });
    let waiting = debt(state, now);
    let has_files = !files.is_empty();
    TableShown {
        name: state.table.name(),
        meaning: state.table.meaning(),
        rows: state.rows(),
        hot_rows: hot.rows,
        bytes: files.iter().map(|file| file.bytes).sum(),
        files: files.len() as u64,
        files_max_per_day: state.days().values().map(Vec::len).max().unwrap_or(0) as u64,
        snapshots: state.snapshots() as u64,
        watermark: state.watermark().0,
        freshness_seconds: match hot.waiting_since {
            Some(since) => Some(now.since(since).0.max(0) as f64 / 1e6),
            None => (has_files || hot.rows > 0).then_some(0.0),
        },
        oldest: oldest.map(Timestamp::rfc3339),
        newest: newest.map(Timestamp::rfc3339),
        bytes_per_day,
        rows_per_day,
        compaction_debt: DebtShown { files: waiting.files, bytes: waiting.bytes },
        overlay_rows: hot.overlay,
        last_flush: has_files.then(|| Timestamp(state.metadata.last_updated_ms() * 1_000).rfc3339()),
        last_error: None,
    }
}

/// What is in memory of a table and not in its files.
#[derive(Default)]
struct HotRows {
    rows: u64,
    overlay: u64,
    /// The earliest and the latest time of its rows.
    times: Option<(Timestamp, Timestamp)>,
    /// When the oldest row came that is to be in files.
    waiting_since: Option<Timestamp>,
}

impl HotRows {
    fn of(state: &TableState, snapshot: &Snapshot) -> Self {
        if state.table == LakeTable::Attempts {
            Self::attempts(state, snapshot)
        } else {
            Self::append_only(state, snapshot)
        }
    }

    /// Rows are in the order of their entries, so what the files hold already is a beginning of them.
    fn append_only(state: &TableState, snapshot: &Snapshot) -> Self {
        let mut hot = Self::default();
        for rows in snapshot.hot.get(state.table as usize).into_iter().flatten() {
            let offsets = rows.column(state.table.place("_offset"));
            let offsets = offsets.as_primitive::<arrow::datatypes::Int64Type>().values();
            let from = offsets
                .partition_point(|offset| u64::try_from(*offset).is_ok_and(|at| at <= state.watermark().0));
            hot.add(state.table, &rows.slice(from, rows.num_rows() - from), "ingestion_time");
        }
        hot
    }

    /// An attempt that still changes belongs into memory and does not wait; a settled one waits since the commit that it
    /// was too late for, or since it came.
    fn attempts(state: &TableState, snapshot: &Snapshot) -> Self {
        let mut hot = Self::default();
        let committed = Timestamp(state.metadata.last_updated_ms() * 1_000);
        let mut waiting = Self::default();
        for chunk in &snapshot.live {
            let rows = chunk.living_rows();
            let settled = rows.column(state.table.place("settled")).as_boolean();
            if let Ok(settled) = arrow::compute::filter_record_batch(&rows, settled) {
                waiting.add(state.table, &settled, "last_arrival");
            }
            hot.add(state.table, &rows, "last_arrival");
        }
        hot.waiting_since = waiting.waiting_since.map(|since| since.max(committed));
        hot.overlay = snapshot.overlay.iter().map(|chunk| chunk.living() as u64).sum();
        hot
    }

    fn add(&mut self, table: LakeTable, rows: &RecordBatch, arrival: &str) {
        let bounds = |name: &str| {
            let times = rows.column(table.place(name)).as_primitive::<TimestampMicrosecondType>();
            Some((Timestamp(min(times)?), Timestamp(max(times)?)))
        };
        self.rows += rows.num_rows() as u64;
        let (times, arrived) = (bounds("timestamp"), bounds(arrival).map(|(first, _)| first));
        self.times = match (self.times, times) {
            (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
            (one, other) => one.or(other),
        };
        self.waiting_since = [self.waiting_since, arrived].into_iter().flatten().min();
    }
}

/// Bytes and rows a day.
fn rates(files: &[Arc<LakeFile>], now: Timestamp) -> (Option<f64>, Option<f64>) {
    let from = now.plus(Duration(-RATE_OVER.0));
    let recent: Vec<_> = files.iter().filter(|file| file.times.1 > from && file.times.0 <= now).collect();
    let Some(first) = recent.iter().map(|file| file.times.0).min() else { return (None, None) };
    let span = now.since(first.max(from));
    if span.0 < RATE_OVER_MIN.0 {
        return (None, None);
    }
    let days = span.0 as f64 / 1e6 / DAY_SECONDS;
    // A file that began before counts by the part of its time that is in the range.
    let share = |file: &LakeFile| {
        let (whole, inside) =
            (file.times.1.since(file.times.0).0, file.times.1.since(file.times.0.max(from)).0);
        if whole > 0 { inside as f64 / whole as f64 } else { 1.0 }
    };
    let sum = |of: fn(&LakeFile) -> u64| recent.iter().map(|file| of(file) as f64 * share(file)).sum::<f64>();
    (Some(sum(|file| file.bytes) / days), Some(sum(|file| file.rows) / days))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_has_no_size_and_a_folder_has() {
        let disk_of = |place| disk(&place, 1e6);
        let bucket = disk_of(LakePlace::Bucket("s3://bucket/prefix".to_owned()));
        assert_eq!((bucket.total_bytes, bucket.days_left), (None, None));
        let folder = disk_of(LakePlace::Folder(std::env::temp_dir()));
        let (total, free) = (folder.total_bytes.unwrap(), folder.free_bytes.unwrap());
        assert!(total > 0 && free <= total);
        assert_eq!(folder.days_left, Some(free as f64 / 1e6));
        assert_eq!(disk(&LakePlace::Folder(std::env::temp_dir()), 0.0).days_left, None);
    }

    #[test]
    fn what_was_written_is_journal_and_files() {
        assert_eq!(written_per_received(0, 0), None);
        assert_eq!(written_per_received(200, 50), Some(1.25));
    }
}
