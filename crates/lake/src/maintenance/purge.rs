//! How do log events that are gone for their readers leave the files?
//!
//! A file is due when a rule of [`Gone`] concerns it that it was not looked through for: what is too old waits until all
//! of a group's rows in the file are, which is a day at most because a file holds one UTC day, so that a file is written
//! once for each group and not every hour. A file that is due is looked through by the few columns that tell; one
//! without a row that stays is dropped unread, and what is left of the others is written anew. All of a round is one
//! commit. What was looked through is remembered in memory alone: after a restart the same files are looked through
//! again, and nothing is found.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use iceberg::spec::DataFile;
use walletscope_model::{Offset, Timestamp};

use super::rewrite::{self, Counted};
use crate::error::LakeError;
use crate::gone::{COLUMNS, Facts, Gone, RuleSet};
use crate::lake::Lake;
use crate::table::{Change, LakeFile, TableState};
use crate::tables::LakeTable;

/// Files that one round looks through at most.
pub const PURGE_FILES_MAX: usize = 64;
/// Bytes of files that one round writes anew at most, but for its first.
pub const PURGE_BYTES_MAX: u64 = 256 << 20;

const TABLE: LakeTable = LakeTable::LogEvents;

/// What each file was looked through for, by its path.
pub type LookedThrough = HashMap<String, RuleSet>;

/// What a round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Rows that are gone.
    pub rows: u64,
    /// Files that were looked through.
    pub looked: usize,
    /// Files that were written anew without some rows.
    pub rewritten: usize,
    /// Files of which no row stayed.
    pub dropped: usize,
    /// Files that are still due, for the next round.
    pub left: usize,
    /// No file holds a row any more that was deleted by this entry or an earlier one.
    pub deleted_through: Option<Offset>,
}

/// A round on its way.
#[derive(Default)]
struct Round {
    change: Change,
    looked: LookedThrough,
    purged: Purged,
    rewritten_bytes: u64,
}

/// Which files are to be looked through for which rules, oldest day first.
pub fn purges(state: &TableState, gone: &Gone, looked: &LookedThrough) -> Vec<(Arc<LakeFile>, RuleSet)> {
    let files = state.files().into_iter();
    due(files, gone, |file| Facts::of(file), |file| looked.get(&file.path).copied().unwrap_or_default())
}

fn due<F>(
    files: impl Iterator<Item = F>,
    gone: &Gone,
    facts_of: impl Fn(&F) -> Facts,
    looked_for: impl Fn(&F) -> RuleSet,
) -> Vec<(F, RuleSet)> {
    let rules = |file: F| {
        let rules = gone.of_file(&facts_of(&file)).whole;
        (!rules.is_known_by(looked_for(&file))).then_some((file, rules))
    };
    files.filter_map(rules).collect()
}

/// Takes rows that are gone out of the files that are due, as far as one round goes.
///
/// # Errors
/// The table is as it was.
pub async fn purge(lake: &Lake, gone: &Gone, now: Timestamp) -> Result<Purged, LakeError> {
    let _committing = lake.lock(TABLE).await;
    let before = lake.current(TABLE);
    let plans = purges(&before, gone, &lake.looked_through());
    let mut round = Round::default();
    let is_through = match round.go_through(lake, &plans, gone).await {
        Ok(is_through) => is_through,
        Err(error) => {
            lake.discard(round.change.add).await;
            return Err(error);
        }
    };
    let Round { change, mut looked, mut purged, .. } = round;
    purged.left = plans.len() - purged.looked;
    let mut after = before.clone();
    if !change.remove.is_empty() {
        after = lake.commit(TABLE, change, now).await?;
        lake.count_purged(purged.rows);
    }
    // What was just written holds no such row.
    let known: BTreeSet<String> = before.files().into_iter().map(|file| file.path.clone()).collect();
    for file in after.files().into_iter().filter(|file| !known.contains(&file.path)) {
        looked.insert(file.path.clone(), gone.of_file(&Facts::of(&file)).whole);
    }
    lake.note_looked_through(looked);
    if is_through && gone.deleted_through() > Offset(0) && !lake.is_pinned() {
        // Rows of later entries than the watermark may still come into files.
        purged.deleted_through = Some(gone.deleted_through().min(before.watermark()));
    }
    Ok(purged)
}

impl Round {
    /// Whether it came to the end of the plans.
    async fn go_through(
        &mut self,
        lake: &Lake,
        plans: &[(Arc<LakeFile>, RuleSet)],
        gone: &Gone,
    ) -> Result<bool, LakeError> {
        let is_gone = |batch: &RecordBatch| gone_rows(gone, batch);
        for (file, rules) in plans {
            if self.purged.looked >= PURGE_FILES_MAX {
                return Ok(false);
            }
            let Counted { rows, gone } = rewrite::count(lake, TABLE, file, &COLUMNS, &is_gone).await?;
            if gone == 0 {
                self.looked.insert(file.path.clone(), *rules);
            } else if gone == rows {
                self.change.remove.insert(file.path.clone());
                self.purged.dropped += 1;
            } else {
                if self.rewritten_bytes > 0 && self.rewritten_bytes + file.bytes > PURGE_BYTES_MAX {
                    return Ok(false);
                }
                self.rewrite(lake, file, rows - gone, &is_gone).await?;
            }
            self.purged.rows += gone;
            self.purged.looked += 1;
        }
        Ok(true)
    }

    /// Puts the rows that stay in the place of the file; so many there must be.
    async fn rewrite(
        &mut self,
        lake: &Lake,
        file: &LakeFile,
        staying: u64,
        is_gone: &(dyn Fn(&RecordBatch) -> BooleanArray + Sync),
    ) -> Result<(), LakeError> {
        let rest = rewrite::without(lake, TABLE, file, &COLUMNS, is_gone).await?;
        let files = rest.map(|rest| rest.files).unwrap_or_default();
        let written: u64 = files.iter().map(DataFile::record_count).sum();
        self.change.add.extend(files);
        if written != staying {
            let reason = format!("{staying} of its rows stay, and {written} were written");
            return Err(LakeError::damaged(&file.path, reason));
        }
        self.change.remove.insert(file.path.clone());
        self.rewritten_bytes += file.bytes;
        self.purged.rewritten += 1;
        Ok(())
    }
}

/// Which rows are gone; none of a batch that lacks what tells.
fn gone_rows(gone: &Gone, batch: &RecordBatch) -> BooleanArray {
    gone.of_rows(batch).unwrap_or_else(|| BooleanArray::from(vec![false; batch.num_rows()]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gone::{Aged, Deleted, GoneGroup};

    const HOUR: i64 = 3_600_000_000;
    const DAY: i64 = 24 * HOUR;

    fn group(
        name: &str,
        aged: Option<(u64, i64)>,
        deleted: Option<(Option<&str>, u64, i64, i64)>,
    ) -> GoneGroup {
        let aged = aged.map(|(after, before)| Aged { after: Offset(after), before: Timestamp(before) });
        let deleted = deleted.map(|(stream, through, first, last)| Deleted {
            stream: stream.map(Into::into),
            through: Offset(through),
            times: (Timestamp(first), Timestamp(last)),
        });
        GoneGroup { name: name.into(), aged, deleted: deleted.into_iter().collect(), ..GoneGroup::default() }
    }

    fn file(times: (i64, i64), offsets: (u64, u64), groups: Option<(&str, &str)>) -> Facts {
        Facts {
            times: (Timestamp(times.0), Timestamp(times.1)),
            offsets: (Offset(offsets.0), Offset(offsets.1)),
            groups: groups.map(|(first, last)| (first.to_owned(), last.to_owned())),
        }
    }

    #[test]
    fn a_file_is_due_when_all_of_a_group_in_it_is_too_old_or_something_in_it_was_deleted() {
        let whole_day = (0, DAY - 1);
        let named = Some(("/a", "/c"));
        for (case, group, file, expected) in [
            ("too old", group("/b", Some((0, DAY)), None), file(whole_day, (5, 9), named), true),
            (
                "the last row is not",
                group("/b", Some((0, DAY - 1)), None),
                file(whole_day, (5, 9), named),
                false,
            ),
            ("kept", group("/b", Some((0, 0)), None), file(whole_day, (5, 9), named), false),
            ("another name", group("/d", Some((0, DAY)), None), file(whole_day, (5, 9), named), false),
            ("a name unknown", group("/d", Some((0, DAY)), None), file(whole_day, (5, 9), None), true),
            (
                "the group is younger",
                group("/b", Some((9, DAY)), None),
                file(whole_day, (5, 9), named),
                false,
            ),
            ("made in the middle", group("/b", Some((8, DAY)), None), file(whole_day, (5, 9), named), true),
            ("deleted", group("/b", None, Some((None, 5, 0, DAY))), file(whole_day, (5, 9), named), true),
            (
                "deleted before",
                group("/b", None, Some((None, 4, 0, DAY))),
                file(whole_day, (5, 9), named),
                false,
            ),
            (
                "a stream",
                group("/b", None, Some((Some("s"), 7, HOUR, HOUR))),
                file(whole_day, (5, 9), named),
                true,
            ),
            (
                "later",
                group("/b", None, Some((None, 7, DAY, 2 * DAY))),
                file(whole_day, (5, 9), named),
                false,
            ),
            ("earlier", group("/b", None, Some((None, 7, -DAY, -1))), file(whole_day, (5, 9), named), false),
        ] {
            let gone = Gone::new([group]);
            let found = due([file.clone()].into_iter(), &gone, Clone::clone, |_| RuleSet::default());
            assert_eq!(found.len(), usize::from(expected), "{case}");
            // The same file is not looked through for the same again.
            for (_, rules) in found {
                assert_eq!(due([file.clone()].into_iter(), &gone, Clone::clone, |_| rules), [], "{case}");
            }
        }
        assert_eq!(
            due([file(whole_day, (0, 9), None)].into_iter(), &Gone::default(), Clone::clone, |_| {
                RuleSet::default()
            }),
            []
        );
    }

    #[test]
    fn what_was_looked_through_is_due_again_for_new_rules_only() {
        let facts = file((0, DAY - 1), (5, 9), None);
        let (old, older) = (group("/old", Some((0, DAY)), None), group("/older", Some((0, 2 * DAY)), None));
        let deleted = |stream, through| group("/d", None, Some((Some(stream), through, 0, DAY)));
        let rules = |groups: Vec<GoneGroup>| Gone::new(groups).of_file(&facts).whole;
        let known = rules(vec![old.clone(), deleted("s", 6)]);
        for (groups, expected) in [
            (vec![old.clone(), deleted("s", 6)], true),
            (vec![deleted("s", 6)], true),
            (vec![old.clone()], true),
            (vec![], true),
            (vec![old.clone(), older.clone()], false),
            (vec![older], false),
            (vec![old.clone(), deleted("s", 7)], false),
            (vec![old, deleted("t", 6)], false),
        ] {
            assert_eq!(rules(groups.clone()).is_known_by(known), expected, "{groups:?}");
        }
    }
}
