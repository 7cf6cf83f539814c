//! How does the number of files, snapshots and late changes stay bounded?
//!
//! Jobs, each a plan (pure) and a commit (atomic): days with many small files are compacted, late changes of
//! settled attempts are merged into the files that hold them, log events that are gone for their readers are purged, days
//! beyond the retention go, and files that no kept snapshot knows are deleted when they are old enough that no commit can still be on its way to them. A kill
//! anywhere leaves the table as it was, or as it is meant to be.

mod erase;
mod orphans;
mod purge;
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
pub use purge::{LookedThrough, PURGE_BYTES_MAX, PURGE_FILES_MAX, Purged, purge, purges};
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
/// A file that others are joined to has this size at most, or one sixteenth of its day where that is more. Those of
/// attempts are smaller, because late changes rewrite them.
const JOINED_BYTES: u64 = 384 << 20;
const JOINED_ATTEMPTS_BYTES: u64 = 192 << 20;
const JOINED_FILES_OF_DAY: u64 = 16;
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
    let mut planned = Vec::new();
    for (day, files) in state.days() {
        let plans = compactions_of_day(state.table, files, day >= today - 1, |file| file.bytes);
        planned.extend(plans.into_iter().map(|(way, files)| Compaction { day, files, way }));
    }
    planned
}

/// Which files of a day to compact next, and how; of each file the size is enough.
fn compactions_of_day<F>(
    table: LakeTable,
    files: Vec<F>,
    is_live: bool,
    bytes_of: impl Fn(&F) -> u64,
) -> Vec<(Way, Vec<F>)> {
    let least = match table {
        LakeTable::Attempts => JOINED_ATTEMPTS_BYTES,
        _ => JOINED_BYTES,
    };
    // A day that goes on growing joins its joined files again, because their number is what is limited.
    let joined_max = least.max(files.iter().map(&bytes_of).sum::<u64>() / JOINED_FILES_OF_DAY);
    let (small, large): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|file| bytes_of(file) < LARGE_FILE_BYTES);
    // What is left of the room in a file is not worth copying all of it again.
    let large: Vec<_> = large.into_iter().filter(|file| bytes_of(file) < joined_max / 4 * 3).collect();
    let small_bytes: u64 = small.iter().map(&bytes_of).sum();
    let sorts = !is_live || small_bytes >= LARGE_FILE_BYTES || small.len() >= LIVE_DAY_COMPACTS_AT;
    let joins = !is_live || large.len() >= LIVE_DAY_JOINS_AT;
    let due = [(Way::Sort, small, sorts, COMPACTION_BYTES_MAX), (Way::Join, large, joins, joined_max)];
    let plans = due.into_iter().filter(|(.., is_due, _)| *is_due);
    plans
        .map(|(way, files, _, bytes_max)| (way, smallest(files, bytes_max, way, &bytes_of)))
        .filter(|(_, files)| files.len() >= 2)
        .collect()
}

/// The smallest of them, as many as have this many bytes together; at least two where they are sorted, because small
/// files are not left alone.
fn smallest<F>(mut files: Vec<F>, bytes_max: u64, way: Way, bytes_of: impl Fn(&F) -> u64) -> Vec<F> {
    files.sort_by_key(&bytes_of);
    let mut bytes = 0;
    let fits = |(place, file): &(usize, F)| {
        bytes += bytes_of(file);
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

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// The most files of a day that flushes come to every 150 s, with eight compactions after each as the server makes.
    fn most_files(table: LakeTable, bytes_of_day: u64) -> usize {
        const FLUSHES: u64 = 576;
        let mut files: Vec<u64> = Vec::new();
        let mut most = 0;
        for _ in 0..FLUSHES {
            files.push(bytes_of_day / FLUSHES);
            most = most.max(files.len());
            for _ in 0..8 {
                for (_, gone) in compactions_of_day(table, files.clone(), true, |bytes| *bytes) {
                    for file in &gone {
                        let place = files.iter().position(|each| each == file).expect("planned of these");
                        files.swap_remove(place);
                    }
                    files.push(gone.iter().sum());
                }
            }
        }
        assert_eq!(files.iter().sum::<u64>(), bytes_of_day / FLUSHES * FLUSHES);
        most
    }

    #[test]
    fn a_live_day_stays_within_its_files_however_much_it_brings() {
        for table in [LakeTable::LogEvents, LakeTable::Attempts] {
            for mebibytes in (0..300).map(|step| 1 + step * step) {
                let most = most_files(table, mebibytes * MIB);
                assert!(most <= LIVE_DAY_FILES_MAX, "{most} files of {table:?} at {mebibytes} MiB a day");
            }
        }
    }

    #[test]
    fn a_day_that_is_over_becomes_as_few_files_as_may_be() {
        let plan = |files: &[u64]| {
            compactions_of_day(
                LakeTable::LogEvents,
                files.iter().map(|size| size * MIB).collect(),
                false,
                |bytes| *bytes,
            )
        };
        assert_eq!(plan(&[1, 2]), [(Way::Sort, vec![MIB, 2 * MIB])]);
        assert_eq!(plan(&[40, 300, 50]), [(Way::Join, vec![40 * MIB, 50 * MIB])]);
        assert_eq!(plan(&[200, 180]), [(Way::Join, vec![180 * MIB, 200 * MIB])]);
        assert_eq!(plan(&[200, 185]), [], "they do not fit into one");
        assert_eq!(plan(&[288, 31]), [], "one is full, one is alone");
    }
}
