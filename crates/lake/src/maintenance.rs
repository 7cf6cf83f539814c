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

use arrow::array::RecordBatch;
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
/// A live day is compacted from this many small files on.
const LIVE_DAY_COMPACTS_AT: usize = 12;
/// Files of at least this size are left alone.
pub const LARGE_FILE_BYTES: u64 = 32 << 20;
/// What one compaction reads at most, in compressed bytes; at least two files.
pub const COMPACTION_BYTES_MAX: u64 = 64 << 20;
/// The property that holds the offset up to which late changes were merged.
pub const MERGED_PROPERTY: &str = "walletscope.merged";

/// Files of one day that are to become one.
#[derive(Clone, Debug)]
pub struct Compaction {
    /// The day.
    pub day: i32,
    /// The files.
    pub files: Vec<Arc<LakeFile>>,
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
    let mut planned = Vec::new();
    for (day, files) in state.days() {
        let mut small: Vec<_> = files.into_iter().filter(|file| file.bytes < LARGE_FILE_BYTES).collect();
        let is_live = day >= today - 1;
        if small.len() < if is_live { LIVE_DAY_COMPACTS_AT } else { 2 } {
            continue;
        }
        small.sort_by_key(|file| file.bytes);
        let mut bytes = 0;
        let fits = |(place, file): &(usize, Arc<LakeFile>)| {
            bytes += file.bytes;
            *place < 2 || bytes <= COMPACTION_BYTES_MAX
        };
        let files = small.into_iter().enumerate().take_while(fits).map(|(_, file)| file).collect();
        planned.push(Compaction { day, files });
    }
    planned
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
    let mut batches = Vec::new();
    for file in &files {
        batches.extend(rewrite::read(&lake.warehouse, table, file).await?);
    }
    let add = lake.write(table, batches).await?;
    let remove = files.iter().map(|file| file.path.clone()).collect();
    lake.commit(table, Change { add, remove, ..Change::default() }, now).await.map(drop)
}

/// Puts late changes into the files: rows that are out of date go, their newest versions come, in one commit.
///
/// # Errors
/// The table is as it was.
pub async fn merge(lake: &Lake, overlay: Overlay, through: Offset, now: Timestamp) -> Result<(), LakeError> {
    const TABLE: LakeTable = LakeTable::Attempts;
    let _committing = lake.lock(TABLE).await;
    let mut change =
        Change { properties: vec![(MERGED_PROPERTY.to_owned(), through.0.to_string())], ..Change::default() };
    let mut batches = overlay.rows;
    let days = lake.current(TABLE).days();
    for (day, ids) in &overlay.hidden {
        for file in days.get(day).into_iter().flatten() {
            let rows = rewrite::read(&lake.warehouse, TABLE, file).await?;
            if let Some(kept) = rewrite::without(&rows, ids)? {
                change.remove.insert(file.path.clone());
                batches.extend(kept);
            }
        }
    }
    change.add = lake.write(TABLE, batches).await?;
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
