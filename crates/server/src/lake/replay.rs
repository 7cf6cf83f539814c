//! How does the lake catch up with a journal that is far ahead of its files, in little memory?
//!
//! The state of before the start is there at once, the rows of its entries are not: they are made from the journal
//! again, and flushed on the way, so that one flush is written while the rows of the next are read. Queries see nothing
//! of it until everything is in files or in memory. What a kill in the middle leaves is right because of two rules:
//!
//! - **Append-only tables move with the reading.** Their rows follow from entries alone, and entries are read in order.
//!   So once every entry up to R is read, files that hold what is in memory may say R, and the next start goes on there.
//! - **Attempts move once, at the end.** Their rows follow from the state, which stands at the newest entry from the
//!   start: nobody knows any more how an attempt stood at R. Their watermark promises that *every* settled attempt which
//!   changed at or before it is in the files, and marks are forgotten by it. So the settled attempts, in any order and
//!   however many, are one commit, whose watermark is the entry that rows and state have both reached. Until then
//!   watermark and marks stay, and the journal keeps what is behind them: a start after a kill does all of it again.
//!
//! Entries that arrive meanwhile change attempts at once and become rows when the reading comes to them. An attempt
//! that was settled and changes before it is written is late from then on; it is left out here and is merged later.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration as StdDuration, Instant};

use arrow::array::RecordBatch;
use walletscope_lake::{LakeError, LakeTable, RowBuilder};
use walletscope_model::{Batch, DerivedDatum, Offset};
use walletscope_stream::NodeKey;

use super::{LakeSettings, attempt_rows};
use crate::view::View;

/// What an attempt takes in memory, about.
const ATTEMPT_BYTES: usize = 1_024;
/// A journal that could not be read is read again after this long.
const READ_AGAIN_AFTER: StdDuration = StdDuration::from_secs(5);

/// Reads the journal's entries back.
pub trait JournalEntries: Send + Sync {
    /// Entries in order from `from` on, some at a time; empty after the last.
    ///
    /// # Errors
    /// The journal could not be read.
    fn entries(&self, from: Offset) -> Result<Vec<JournalEntry>, String>;
}

/// An entry, and what followed from it when it was applied.
#[derive(Clone, Debug)]
pub struct JournalEntry {
    /// Where it stands.
    pub offset: Offset,
    /// What it holds.
    pub batch: Arc<Batch>,
    /// Metric data that nobody sent, as far as they are written down.
    pub derived: Vec<DerivedDatum>,
}

/// How far the reading is.
pub(super) struct Replay {
    journal: Arc<dyn JournalEntries>,
    /// Entries before this one are rows already.
    next: Offset,
    /// The newest entry that was applied.
    through: Offset,
    /// Entries that are no rows yet.
    read: VecDeque<JournalEntry>,
    /// Of entries that were applied since the start: what is written down of them comes later.
    derived: BTreeMap<Offset, Vec<DerivedDatum>>,
    read_again_at: Option<Instant>,
    /// Settled attempts that the files lack.
    pub(super) stored: Stored,
}

/// Attempts that wait in the state, as it was at the start: rows of them are made as they are written.
#[derive(Clone)]
pub struct Stored {
    view: Arc<View>,
    /// By the time they started, so that a part is in few days; and the entry that changed each last.
    attempts: Arc<Vec<(NodeKey, Offset)>>,
    /// Attempts of one part.
    part_len: usize,
}

/// Attempts that are in memory together.
pub(super) struct Part {
    view: Arc<View>,
    attempts: Vec<(NodeKey, Offset)>,
}

/// What the next step depends on.
#[derive(Clone, Copy, Debug)]
struct Standing {
    /// Rows in memory.
    rows_bytes: usize,
    /// Every applied entry is rows.
    is_read: bool,
    /// Settled attempts that wait.
    stored: usize,
    /// A job runs, or waits after a failure.
    is_busy: bool,
    /// The newest job failed.
    is_failing: bool,
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Make rows of entries until they take so many bytes more.
    Read(usize),
    /// Write the rows that are there.
    FlushRows,
    /// Write the rows that are there, and all settled attempts.
    FlushAll,
    /// Wait for a job.
    Wait,
    /// What is not in files fits into memory: show it.
    End,
}

impl Replay {
    /// Begins behind the entries that every append-only table's files hold.
    pub(super) fn new(
        journal: Arc<dyn JournalEntries>,
        in_files: [Offset; LakeTable::COUNT],
        stored: Stored,
    ) -> Self {
        let of_entries = LakeTable::ALL.into_iter().filter(|table| *table != LakeTable::Attempts);
        let first = of_entries.map(|table| in_files[table as usize]).min().unwrap_or_default();
        let through = stored.view.applied;
        Self {
            journal,
            next: Offset(first.0 + 1),
            through,
            read: VecDeque::new(),
            derived: BTreeMap::new(),
            read_again_at: None,
            stored,
        }
    }

    /// An entry was applied; its rows are read like those before it.
    pub(super) fn applied(&mut self, offset: Offset, derived: Vec<DerivedDatum>) {
        self.through = offset;
        if !derived.is_empty() {
            self.derived.insert(offset, derived);
        }
    }

    /// The newest entry up to which everything is rows.
    pub(super) fn reached(&self) -> Offset {
        Offset(self.next.0 - 1)
    }

    pub(super) fn step(
        &self,
        rows_bytes: usize,
        is_busy: bool,
        is_failing: bool,
        settings: &LakeSettings,
    ) -> Step {
        let standing = Standing {
            rows_bytes,
            is_read: self.next > self.through,
            stored: self.stored.attempts.len(),
            is_busy,
            is_failing,
        };
        match next_step(standing, settings) {
            Step::Read(_) if self.read_again_at.is_some_and(|at| Instant::now() < at) => Step::Wait,
            step => step,
        }
    }

    /// Reads further entries, where none is left of those that were read.
    pub(super) fn read(&mut self) {
        if !self.read.is_empty() {
            return;
        }
        match self.journal.entries(self.next) {
            Ok(entries) => {
                self.read = entries.into();
                self.read_again_at = None;
                self.skip_missing();
            }
            Err(error) => {
                tracing::error!(error, "the journal could not be read for the lake; trying again");
                self.read_again_at = Some(Instant::now() + READ_AGAIN_AFTER);
            }
        }
    }

    /// The next entry of those that were read.
    pub(super) fn take(&mut self) -> Option<JournalEntry> {
        let is_applied = self.read.front().is_some_and(|entry| entry.offset <= self.through);
        let mut entry = if is_applied { self.read.pop_front()? } else { return None };
        self.next = Offset(entry.offset.0 + 1);
        if entry.offset > self.stored.view.applied {
            entry.derived = self.derived.remove(&entry.offset).unwrap_or_default();
        }
        Some(entry)
    }

    /// Entries that the journal has no more are not waited for.
    fn skip_missing(&mut self) {
        let behind = Offset(self.through.0 + 1);
        let first = self.read.front().map_or(behind, |entry| behind.min(entry.offset));
        self.next = self.next.max(first);
    }
}

/// Rows are read ahead of one flush by another, and as far as memory allows where flushes fail: a server whose files
/// cannot be written shows what fits.
fn next_step(standing: Standing, settings: &LakeSettings) -> Step {
    let Standing { rows_bytes, is_read, stored, is_busy, is_failing } = standing;
    let read_ahead = 2 * settings.flush_bytes;
    let bytes_max =
        if is_failing { settings.memory_bytes_max } else { read_ahead.min(settings.memory_bytes_max) };
    let fits = stored == 0 || rows_bytes + stored * ATTEMPT_BYTES <= bytes_max;
    if is_read && fits {
        Step::End
    } else if !is_busy && is_read {
        Step::FlushAll
    } else if !is_busy && rows_bytes >= settings.flush_bytes {
        Step::FlushRows
    } else if !is_read && rows_bytes < bytes_max {
        Step::Read(bytes_max - rows_bytes)
    } else {
        Step::Wait
    }
}

impl Stored {
    /// `attempts` in the order of their start, which `view` holds as they are.
    pub(super) fn new(view: Arc<View>, attempts: Vec<(NodeKey, Offset)>, settings: &LakeSettings) -> Self {
        let part_len = (settings.flush_bytes / ATTEMPT_BYTES).max(1);
        Self { view, attempts: Arc::new(attempts), part_len }
    }

    pub(super) fn view(&self) -> &View {
        &self.view
    }

    pub(super) fn attempts(&self) -> &[(NodeKey, Offset)] {
        &self.attempts
    }

    /// Forgets those that are no longer as they were.
    pub(super) fn retain(&mut self, is_kept: impl Fn(&NodeKey) -> bool) {
        Arc::make_mut(&mut self.attempts).retain(|(key, _)| is_kept(key));
    }

    /// They are in the files.
    pub(super) fn clear(&mut self) {
        self.attempts = Arc::default();
    }

    /// All of them, a part at a time.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part> {
        let parts = self.attempts.chunks(self.part_len);
        parts.map(|part| Part { view: self.view.clone(), attempts: part.to_vec() })
    }
}

impl Part {
    /// The attempts, read from the state.
    ///
    /// # Errors
    /// The state could not be read.
    pub(super) fn rows(self) -> Result<RecordBatch, LakeError> {
        // A reader of its own: what it has read leaves memory with it.
        let mut state = self.view.state();
        let mut rows = RowBuilder::new(LakeTable::Attempts);
        for (key, offset) in &self.attempts {
            let attempt = state.attempt(*key).map_err(|error| unreadable(&error.0))?;
            attempt.iter().for_each(|attempt| attempt_rows::push(&mut rows, attempt, *offset));
        }
        Ok(rows.finish())
    }
}

/// Why attempts could not be written that the state holds.
pub(super) fn unreadable(reason: &impl std::fmt::Display) -> LakeError {
    LakeError::Damaged { what: "the attempts of the state".to_owned(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use walletscope_model::Duration;

    const FLUSH: usize = 64 * ATTEMPT_BYTES;
    const MEMORY_MAX: usize = 10 * FLUSH;
    const READING: Standing =
        Standing { rows_bytes: 0, is_read: false, stored: 0, is_busy: false, is_failing: false };

    fn next(standing: Standing) -> Step {
        let settings = LakeSettings {
            folder: "/nowhere".into(),
            s3: None,
            flush_after: Duration::from_seconds(1),
            flush_bytes: FLUSH,
            memory_bytes_max: MEMORY_MAX,
            merge_after: Duration::from_seconds(1),
            keep: None,
        };
        next_step(standing, &settings)
    }

    #[test]
    fn one_flush_is_written_while_the_rows_of_the_next_are_read() {
        assert_eq!(next(READING), Step::Read(2 * FLUSH));
        assert_eq!(next(Standing { rows_bytes: FLUSH, ..READING }), Step::FlushRows);
        let writing = Standing { is_busy: true, ..READING };
        assert_eq!(next(Standing { rows_bytes: FLUSH, ..writing }), Step::Read(FLUSH));
        assert_eq!(next(Standing { rows_bytes: 2 * FLUSH, ..writing }), Step::Wait);
    }

    #[test]
    fn where_files_cannot_be_written_memory_is_filled_and_what_fits_is_shown() {
        let pausing = Standing { is_busy: true, is_failing: true, ..READING };
        assert_eq!(next(Standing { rows_bytes: 2 * FLUSH, ..pausing }), Step::Read(8 * FLUSH));
        assert_eq!(next(Standing { rows_bytes: MEMORY_MAX, ..pausing }), Step::Wait);
        let again = Standing { is_busy: false, ..pausing };
        assert_eq!(next(Standing { rows_bytes: MEMORY_MAX, ..again }), Step::FlushRows);
        let read = Standing { is_read: true, rows_bytes: 2 * FLUSH, ..pausing };
        assert_eq!(next(Standing { stored: 8 * 64, ..read }), Step::End);
        assert_eq!(next(Standing { stored: 8 * 64 + 1, ..read }), Step::Wait);
    }

    #[test]
    fn settled_attempts_are_written_after_the_last_entry_or_held_where_they_are_few() {
        let many = Standing { stored: 3 * 64, ..READING };
        assert_eq!(next(many), Step::Read(2 * FLUSH));
        assert_eq!(next(Standing { rows_bytes: FLUSH, ..many }), Step::FlushRows);
        assert_eq!(next(Standing { is_read: true, ..many }), Step::FlushAll);
        assert_eq!(next(Standing { is_read: true, is_busy: true, ..many }), Step::Wait);
        assert_eq!(next(Standing { is_read: true, stored: 64, ..READING }), Step::End);
        assert_eq!(next(Standing { is_read: true, rows_bytes: 3 * FLUSH, ..READING }), Step::End);
    }
}
