//! How does the number of files, snapshots and late changes stay bounded?
//!
//! Jobs, each a plan (pure) and a commit (atomic): days with many small files are compacted, late changes of
//! settled attempts are merged into the files that hold them, days beyond the retention go, and files that no kept
//! snapshot knows are deleted when they are old enough that no commit can still be on its way to them. A kill
//! anywhere leaves the table as it was, or as it is meant to be.

mod erase;
mod orphans;
mod rewrite;
mod verify;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use walletscope_model::{Duration, Offset, Timestamp};

use crate::error::LakeError;
use crate::lake::Lake;
use crate::table::{Change, LakeFile, TableState, day_of};
use crate::tables::LakeTable;

pub use erase::{Erased, Erasure, erase};
pub(crate) use orphans::delete_unknown;
pub use orphans::{ORPHAN_AGE, delete_orphans};
pub use verify::{Verified, verify};

/// Files of one live day at most.
pub const LIVE_DAY_FILES_MAX: usize = 32;
/// The small files of a live day are compacted when they make a large one together, so that a row is sorted anew once
/// as a rule, and at the latest when they are this many.
const LIVE_DAY_COMPACTS_AT: usize = 14;
/// Files of at least this size are not sorted anew.
pub const LARGE_FILE_BYTES: u64 = 32 << 20;
/// What is sorted in memory at a time at most, in compressed bytes; at least two files.
pub const COMPACTION_BYTES_MAX: u64 = 64 << 20;
/// Files of a live day are joined from this many large ones on.
const LIVE_DAY_JOINS_AT: usize = 4;
/// A file that others are joined to is this large at most. Those of attempts are smaller, because late changes rewrite them.
const JOINED_BYTES_MAX: u64 = 384 << 20;
const JOINED_ATTEMPTS_BYTES_MAX: u64 = 192 << 20;
/// The property that holds the offset up to which late changes were merged.
pub const MERGED_PROPERTY: &str = "walletscope.merged";

/// Files of one day that are to become one.
#[derive(Clone, Debug)]
pub struct Compaction {
    /// The day.
    pub day: i32,
    /// The files.
    pub files: Vec<Arc<LakeFile>>,
    /// How.
    pub way: Way,
}

/// How several files become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Small ones: all rows are read and sorted.
    Sort,
    /// Large ones: their row groups are copied as they are.
    Join,
}

/// What waits for compaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Debt {
    pub files: u64,
    pub bytes: u64,
}

/// Late changes of settled attempts.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    /// By day, the ids of the attempts whose rows there are out of date.
    pub hidden: BTreeMap<i32, HashSet<String>>,
    /// The rows that take their place.
    pub rows: Vec<RecordBatch>,
}

/// Which files of the table to compact next, oldest day first.
pub fn compactions(state: &TableState, now: Timestamp) -> Vec<Compaction> {
    let today = day_of(now);
    let joined_max = match state.table {
        LakeTable::Attempts => JOINED_ATTEMPTS_BYTES_MAX,
        _ => JOINED_BYTES_MAX,
    };
    let mut planned = Vec::new();
    for (day, files) in state.days() {
        let is_live = day >= today - 1;
        let (small, large): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|file| file.bytes < LARGE_FILE_BYTES);
        // What is left of the room in a file is not worth copying all of it again.
        let large: Vec<_> = large.into_iter().filter(|file| file.bytes < joined_max / 4 * 3).collect();
        let small_bytes: u64 = small.iter().map(|file| file.bytes).sum();
        let sorts = !is_live || small_bytes >= LARGE_FILE_BYTES || small.len() >= LIVE_DAY_COMPACTS_AT;
        let joins = !is_live || large.len() >= LIVE_DAY_JOINS_AT;
        for (way, files, is_due, bytes_max) in
            [(Way::Sort, small, sorts, COMPACTION_BYTES_MAX), (Way::Join, large, joins, joined_max)]
        {
            let files = smallest(files, bytes_max, way);
            if is_due && files.len() >= 2 {
                planned.push(Compaction { day, files, way });
            }
        }
    }
    planned
}

/// The smallest of them, as many as have this many bytes together; at least two where they are sorted, because small
/// files are not left alone.
fn smallest(mut files: Vec<Arc<LakeFile>>, bytes_max: u64, way: Way) -> Vec<Arc<LakeFile>> {
    files.sort_by_key(|file| file.bytes);
    let mut bytes = 0;
    let fits = |(place, file): &(usize, Arc<LakeFile>)| {
        bytes += file.bytes;
        (way == Way::Sort && *place < 2) || bytes <= bytes_max
    };
    files.into_iter().enumerate().take_while(fits).map(|(_, file)| file).collect()
}

/// What waits for compaction in all.
pub fn debt(state: &TableState, now: Timestamp) -> Debt {
    let files = compactions(state, now).into_iter().flat_map(|each| each.files);
    files.fold(Debt::default(), |sum, file| Debt { files: sum.files + 1, bytes: sum.bytes + file.bytes })
}

/// Makes one file of several.
///
/// # Errors
/// The table is as it was.
pub async fn compact(
    lake: &Lake,
    table: LakeTable,
    plan: Compaction,
    now: Timestamp,
) -> Result<(), LakeError> {
    let _committing = lake.lock(table).await;
    let living: BTreeSet<String> = lake.current(table).files().iter().map(|file| file.path.clone()).collect();
    let files: Vec<_> = plan.files.into_iter().filter(|file| living.contains(&file.path)).collect();
    if files.len() < 2 {
        return Ok(());
    }
    let add = match plan.way {
        Way::Sort => rewrite::sorted(lake, table, &files).await?,
        Way::Join => vec![rewrite::joined(lake, table, plan.day, &files).await?],
    };
    let remove = files.iter().map(|file| file.path.clone()).collect();
    lake.commit(table, Change { add, remove, ..Change::default() }, now).await.map(drop)
}

const ATTEMPT_ID: &str = "attempt_id";

/// Puts late changes into the files: rows that are out of date go, their newest versions come, in one commit. Memory
/// holds a piece of one file at a time.
///
/// # Errors
/// The table is as it was.
pub async fn merge(lake: &Lake, overlay: Overlay, through: Offset, now: Timestamp) -> Result<(), LakeError> {
    const TABLE: LakeTable = LakeTable::Attempts;
    let _committing = lake.lock(TABLE).await;
    let mut change =
        Change { properties: vec![(MERGED_PROPERTY.to_owned(), through.0.to_string())], ..Change::default() };
    let days = lake.current(TABLE).days();
    for (day, ids) in &overlay.hidden {
        let is_gone = |batch: &RecordBatch| {
            let names = batch.column_by_name(ATTEMPT_ID).map(|names| names.as_string_view());
            names.into_iter().flatten().map(|id| Some(id.is_some_and(|id| ids.contains(id)))).collect()
        };
        for file in days.get(day).into_iter().flatten() {
            if let Some(rest) = rewrite::without(lake, TABLE, file, &[ATTEMPT_ID], &is_gone).await? {
                change.remove.insert(file.path.clone());
                change.add.extend(rest.files);
            }
        }
    }
    change.add.extend(lake.write(TABLE, overlay.rows).await?);
    lake.commit(TABLE, change, now).await.map(drop)
}

/// Drops every day that ended more than `keep` ago; how many files went.
///
/// # Errors
/// The table is as it was.
pub async fn retain(
    lake: &Lake,
    table: LakeTable,
    keep: Duration,
    now: Timestamp,
) -> Result<usize, LakeError> {
    let _committing = lake.lock(table).await;
    let oldest = day_of(now.plus(Duration(-keep.0)));
    let files = lake.current(table).files();
    let remove: BTreeSet<_> =
        files.iter().filter(|file| file.day < oldest).map(|file| file.path.clone()).collect();
    let count = remove.len();
    if count > 0 {
        lake.commit(table, Change { remove, ..Change::default() }, now).await?;
    }
    Ok(count)
}

/// Takes old snapshots out of the metadata; how many went.
///
/// # Errors
/// The table is as it was.
pub async fn expire(lake: &Lake, table: LakeTable, now: Timestamp) -> Result<usize, LakeError> {
    let _committing = lake.lock(table).await;
    let before = lake.current(table);
    let after = if before.has_old_snapshots(now) {
        lake.commit(table, Change::default(), now).await?
    } else {
        before.clone()
    };
    Ok(before.snapshots().saturating_sub(after.snapshots()))
}
