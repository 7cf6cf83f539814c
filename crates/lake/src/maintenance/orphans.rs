//! Which files does no kept snapshot know, and when may they go?

use walletscope_model::{Duration, Timestamp};

use crate::error::LakeError;
use crate::lake::Lake;
use crate::tables::LakeTable;

/// Files younger than this may belong to a commit on its way, or to a reader of a snapshot that has just left.
pub const ORPHAN_AGE: Duration = Duration::from_seconds(3_600);

/// Deletes the files of a table that no kept snapshot knows and that are older than `age`; how many files and bytes.
///
/// # Errors
/// Some orphans may still be there; nothing else was touched.
pub async fn delete_orphans(
    lake: &Lake,
    table: LakeTable,
    age: Duration,
    now: Timestamp,
) -> Result<(usize, u64), LakeError> {
    // No commit is on its way while this is held, and what one left behind is told by its age.
    let _committing = lake.lock(table).await;
    let listed = lake.warehouse.files.list(table.name()).await?;
    let oldest_ms = (now.0 - age.0).div_euclid(1_000);
    let old: Vec<_> = listed.into_iter().filter(|file| file.modified_ms < oldest_ms).collect();
    if old.is_empty() {
        return Ok((0, 0));
    }
    let referenced = lake.current(table).referenced(&lake.warehouse).await?;
    let (mut files, mut bytes) = (0, 0);
    for orphan in old.into_iter().filter(|file| !referenced.contains(&file.path)) {
        lake.warehouse.files.delete(&orphan.path).await?;
        (files, bytes) = (files + 1, bytes + orphan.size);
    }
    Ok((files, bytes))
}
