//! How does everything that names a person's attempt or token leave the files for good?
//!
//! Every file that holds such a row is written anew without it, in one commit a table that leaves no earlier snapshot
//! and no record of the old files; then those files are deleted. What is not in files yet, the journal and the state
//! are not the lake's: see the caller. Readers of an older snapshot fail from then on, which is what was asked for.

use std::collections::BTreeSet;

use arrow::array::{Array, AsArray, RecordBatch, StringViewArray};
use walletscope_model::{Duration, Timestamp};

use super::{orphans, rewrite};
use crate::error::LakeError;
use crate::lake::Lake;
use crate::table::Change;
use crate::tables::{Kind, LakeTable};

/// Columns of ids that other records of the same attempt may carry.
const FURTHER_IDS: [&str; 3] = ["request_id", "trace_id", "token_reference_id"];

/// Whose rows go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erasure {
    /// Names of rows of the table of attempts.
    attempt_ids: BTreeSet<String>,
    /// Any row goes that holds one of these anywhere in a text, as a whole word.
    words: BTreeSet<String>,
    /// A row without a correlation id goes that carries one of these.
    further_ids: BTreeSet<String>,
}

/// What an erasure did to a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Rows that are gone.
    pub rows: u64,
    /// Files that held them.
    pub files: usize,
    /// Files that were deleted, older snapshots' included.
    pub deleted: usize,
}

impl Erasure {
    /// Everything that carries a token's reference.
    pub fn of_token(reference: &str) -> Self {
        Self { words: BTreeSet::from([reference.to_owned()]), ..Self::default() }
    }

    /// Everything of an attempt, found by its row's name or by its own id, and by the ids that its row lists. Records
    /// that tell another correlation id stay, whatever else they share with it.
    ///
    /// # Errors
    /// The table of attempts could not be read.
    pub async fn of_attempt(lake: &Lake, id: &str) -> Result<Self, LakeError> {
        const TABLE: LakeTable = LakeTable::Attempts;
        let own = id.rsplit_once(':').map_or(id, |(_, own)| own);
        let mut erasure = Self { words: BTreeSet::from([own.to_owned()]), ..Self::default() };
        for file in lake.current(TABLE).files() {
            for batch in rewrite::read(lake, TABLE, &file).await? {
                for (row, name) in texts(TABLE, &batch, "attempt_id").iter().enumerate() {
                    let name = name.unwrap_or_default();
                    if name == id || name.ends_with(&format!(":{id}")) {
                        erasure.note_attempt(&batch, row, name);
                    }
                }
            }
        }
        Ok(erasure)
    }

    fn note_attempt(&mut self, batch: &RecordBatch, row: usize, name: &str) {
        const TABLE: LakeTable = LakeTable::Attempts;
        self.attempt_ids.insert(name.to_owned());
        for column in FURTHER_IDS {
            let values = texts(TABLE, batch, column);
            self.further_ids.extend(values.is_valid(row).then(|| values.value(row).to_owned()));
        }
        let others = batch.column(TABLE.place("other_ids")).as_list::<i32>();
        if others.is_valid(row) {
            let others = others.value(row);
            self.further_ids.extend(others.as_string_view().iter().flatten().map(str::to_owned));
        }
    }

    /// Which rows go.
    fn hits(&self, table: LakeTable, batch: &RecordBatch) -> Vec<bool> {
        let mut hits = vec![false; batch.num_rows()];
        for column in table.columns() {
            let values = batch.column(table.place(column.name));
            match column.kind {
                Kind::Text => self.mark(values.as_string_view(), |row| hits[row] = true),
                Kind::Texts => {
                    let lists = values.as_list::<i32>();
                    for row in (0..lists.len()).filter(|row| lists.is_valid(*row)) {
                        self.mark(lists.value(row).as_string_view(), |_| hits[row] = true);
                    }
                }
                _ => {}
            }
        }
        if table == LakeTable::Attempts {
            let names = texts(table, batch, "attempt_id");
            let named = names.iter().map(|name| name.is_some_and(|name| self.attempt_ids.contains(name)));
            named.enumerate().filter(|(_, is_hit)| *is_hit).for_each(|(row, _)| hits[row] = true);
        } else {
            self.mark_further(table, batch, &mut hits);
        }
        hits
    }

    fn mark(&self, values: &StringViewArray, mut hit: impl FnMut(usize)) {
        for (row, text) in values.iter().enumerate() {
            if text.is_some_and(|text| self.words.iter().any(|word| holds(text, word))) {
                hit(row);
            }
        }
    }

    fn mark_further(&self, table: LakeTable, batch: &RecordBatch, hits: &mut [bool]) {
        let known = |name: &str| table.columns().iter().any(|column| column.name == name);
        let is_anothers =
            |row: usize| known("correlation_id") && texts(table, batch, "correlation_id").is_valid(row);
        for name in FURTHER_IDS.into_iter().filter(|name| known(name)) {
            for (row, id) in texts(table, batch, name).iter().enumerate() {
                if id.is_some_and(|id| self.further_ids.contains(id)) && !is_anothers(row) {
                    hits[row] = true;
                }
            }
        }
    }
}

/// Takes the rows out of a table's files and deletes every file that no longer counts.
///
/// # Errors
/// The table is as it was, or the rows are gone and old files are still there: try again.
pub async fn erase(
    lake: &Lake,
    table: LakeTable,
    erasure: &Erasure,
    now: Timestamp,
) -> Result<Erased, LakeError> {
    let mut erased = Erased::default();
    {
        let _committing = lake.lock(table).await;
        let mut change = Change { forgets: true, ..Change::default() };
        for file in lake.current(table).files() {
            let is_gone = |batch: &RecordBatch| erasure.hits(table, batch).into_iter().map(Some).collect();
            if let Some(rest) = rewrite::without(lake, table, &file, &[], &is_gone).await? {
                erased = Erased { rows: erased.rows + rest.gone, files: erased.files + 1, ..erased };
                change.remove.insert(file.path.clone());
                change.add.extend(rest.files);
            }
        }
        // Without a hit as well: an earlier erasure may have been cut short.
        lake.commit(table, change, now).await?;
    }
    if lake.is_pinned() {
        let reason = "a backup reads them; start the erasure again when it is done";
        return Err(LakeError::storage("delete the old files of", &table.name(), reason));
    }
    let (deleted, _) = orphans::delete_orphans(lake, table, Duration(0), now).await?;
    Ok(Erased { deleted, ..erased })
}

fn texts<'a>(table: LakeTable, batch: &'a RecordBatch, column: &str) -> &'a StringViewArray {
    batch.column(table.place(column)).as_string_view()
}

/// Whether the word stands in the text with nothing of a longer word around it.
fn holds(text: &str, word: &str) -> bool {
    let is_part =
        |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || "-_".contains(letter));
    !word.is_empty()
        && text.match_indices(word).any(|(at, _)| {
            !is_part(text[..at].chars().next_back()) && !is_part(text[at + word.len()..].chars().next())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_whole_only() {
        for (text, expected) in [
            ("corr-1", true),
            ("default:corr:corr-1", true),
            (r#"{"correlationId":"corr-1","x":1}"#, true),
            ("corr-12 and then corr-1.", true),
            ("corr-12", false),
            ("xcorr-1", false),
            ("corr-1-b", false),
            ("", false),
        ] {
            assert_eq!(holds(text, "corr-1"), expected, "{text}");
        }
    }
}
