//! Does the pipeline keep its promises on a disk that loses and tears?
//!
//! A [`Store`] over a [`SimDisk`]: appends are written and synced, commits are written only, exactly what the
//! contract allows at worst. Memory holds the same, and is built anew from the disk's frames at each opening. The log
//! is never shortened: a run is short.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use walletscope_journal::store::INVOCATION_AGE;
use walletscope_journal::{
    Append, Change, Direction, Invocation, JournalSize, Read, Store, StoreError, Table, Trimmed,
    decode_header,
};
use walletscope_model::{Duration, Offset, Timestamp};

use crate::disk::SimDisk;
use crate::frame::Frame;

/// A store on a simulated disk. Clones are handles of one opening.
#[derive(Clone)]
pub struct SimStore(Arc<Mutex<Opened>>);

/// What the journal keeps of what is applied.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Older entries go.
    pub age: Duration,
    /// The oldest go when their bytes together exceed this; nothing is taken where none may go.
    pub bytes: u64,
}

/// All tables at one applied offset.
#[derive(Clone, Default)]
pub struct SimSnapshot {
    applied: Offset,
    tables: [Arc<Rows>; Table::ALL.len()],
}

type Rows = BTreeMap<Arc<[u8]>, Arc<[u8]>>;

struct Opened {
    disk: SimDisk,
    retention: Retention,
    poisoned: bool,
    entries: BTreeMap<u64, Vec<u8>>,
    first: u64,
    bytes: u64,
    marks: BTreeMap<(Timestamp, [u8; 16]), Vec<u8>>,
    state: SimSnapshot,
}

impl SimStore {
    /// Opens what the disk holds.
    pub fn open(disk: SimDisk, retention: Retention) -> Self {
        let frames = disk.open();
        let mut opened = Opened {
            disk,
            retention,
            poisoned: false,
            entries: BTreeMap::new(),
            first: 1,
            bytes: 0,
            marks: BTreeMap::new(),
            state: SimSnapshot::default(),
        };
        for bytes in frames {
            let frame = Frame::decode(&bytes).expect("a frame with the right checksum is the one written");
            opened.take(frame);
        }
        Self(Arc::new(Mutex::new(opened)))
    }

    fn lock(&self) -> MutexGuard<'_, Opened> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sound(&self) -> Result<MutexGuard<'_, Opened>, StoreError> {
        let opened = self.lock();
        if opened.poisoned { Err(StoreError::Poisoned) } else { Ok(opened) }
    }
}

impl Store for SimStore {
    type Snapshot = SimSnapshot;

    fn append(&self, group: Vec<Append>) -> Result<(), StoreError> {
        let mut opened = self.sound()?;
        for (expected, append) in (opened.head().0 + 1..).zip(&group) {
            if append.offset.0 != expected {
                return Err(StoreError::NotNext { expected: Offset(expected), found: append.offset });
            }
        }
        if group.is_empty() {
            return Ok(());
        }
        opened.make_room(group.iter().map(|append| append.bytes.len() as u64).sum())?;
        let frame = Frame::Append(group);
        let written = opened.disk.write_synced(&frame.encode());
        opened.written("the journal", written)?;
        opened.take(frame);
        Ok(())
    }

    fn head(&self) -> Offset {
        self.lock().head()
    }

    fn first(&self) -> Offset {
        Offset(self.lock().first)
    }

    fn entries(&self, from: Offset, bytes_max: usize) -> Result<Vec<(Offset, Vec<u8>)>, StoreError> {
        let opened = self.sound()?;
        let mut found = Vec::new();
        let mut bytes = 0;
        for (offset, entry) in opened.entries.range(from.0..) {
            bytes += entry.len();
            if bytes > bytes_max && !found.is_empty() {
                break;
            }
            found.push((Offset(*offset), entry.clone()));
        }
        Ok(found)
    }

    fn entry(&self, offset: Offset) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.sound()?.entries.get(&offset.0).cloned())
    }

    fn commit(&self, changes: Vec<Change>, applied: Offset) -> Result<(), StoreError> {
        let mut opened = self.sound()?;
        let head = opened.head();
        if applied < opened.state.applied || applied > head {
            return Err(StoreError::AppliedOutOfRange {
                applied: opened.state.applied,
                head,
                found: applied,
            });
        }
        let frame = Frame::Commit(changes, applied);
        let written = opened.disk.write(&frame.encode());
        opened.written("the state", written)?;
        opened.take(frame);
        Ok(())
    }

    fn applied(&self) -> Offset {
        self.lock().state.applied
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.sound()?.state.get(table, key)
    }

    fn snapshot(&self) -> SimSnapshot {
        self.lock().state.clone()
    }

    fn invocations(&self, since: Timestamp) -> Result<Vec<Invocation>, StoreError> {
        let opened = self.sound()?;
        let marks = opened.marks.range((since, [0; 16])..);
        Ok(marks
            .map(|((at, key), answer)| Invocation { key: *key, answer: answer.clone(), at: *at })
            .collect())
    }

    fn trim(&self, below: Offset, now: Timestamp) -> Result<Trimmed, StoreError> {
        let mut opened = self.sound()?;
        let first = opened.first_after_trim(below, Some(now), 0);
        let marks_from = now.plus(Duration(-INVOCATION_AGE.0));
        opened.trim_to(first, marks_from)
    }

    fn size(&self) -> JournalSize {
        let opened = self.lock();
        let entries = opened.entries.len() as u64;
        let (first, bytes_max) = (Offset(opened.first), opened.retention.bytes);
        JournalSize { bytes: opened.bytes, entries, first, head: opened.head(), bytes_max }
    }
}

impl Read for SimSnapshot {
    fn applied(&self) -> Result<Offset, StoreError> {
        Ok(self.applied)
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.tables[table as usize].get(key).map(|value| value.to_vec()))
    }

    fn scan(
        &self,
        table: Table,
        bounds: (Bound<&[u8]>, Bound<&[u8]>),
        direction: Direction,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        if excludes_itself(bounds) {
            return Ok(());
        }
        let rows = self.tables[table as usize].range::<[u8], _>(bounds);
        let mut see = |(key, value): (&Arc<[u8]>, &Arc<[u8]>)| visit(key, value).is_continue();
        match direction {
            Direction::Forward => rows.into_iter().all(&mut see),
            Direction::Reverse => rows.rev().all(&mut see),
        };
        Ok(())
    }
}

impl Opened {
    fn head(&self) -> Offset {
        Offset(self.first + self.entries.len() as u64 - 1)
    }

    /// Does in memory what a frame says, when it is written and when it is read again.
    fn take(&mut self, frame: Frame) {
        match frame {
            Frame::Append(group) => {
                for Append { offset, bytes, invocation } in group {
                    self.bytes += bytes.len() as u64;
                    self.entries.insert(offset.0, bytes);
                    if let Some(Invocation { key, answer, at }) = invocation {
                        self.marks.insert((at, key), answer);
                    }
                }
            }
            Frame::Commit(changes, applied) => {
                self.state.applied = applied;
                for change in changes {
                    match change {
                        Change::Put { table, key, value } => {
                            let rows = Arc::make_mut(&mut self.state.tables[table as usize]);
                            rows.insert(key.into(), value.into());
                        }
                        Change::Delete { table, key } => {
                            Arc::make_mut(&mut self.state.tables[table as usize]).remove(key.as_slice());
                        }
                    }
                }
            }
            Frame::Trim { first, marks_from } => {
                let kept = self.entries.split_off(&first);
                let dropped = std::mem::replace(&mut self.entries, kept);
                self.bytes -= dropped.values().map(|entry| entry.len() as u64).sum::<u64>();
                self.first = first;
                self.marks = self.marks.split_off(&(marks_from, [0; 16]));
            }
        }
    }

    /// After a failed write nothing is known about the disk.
    fn written(
        &mut self,
        what: &'static str,
        outcome: Result<(), crate::disk::WriteFailed>,
    ) -> Result<(), StoreError> {
        outcome.map_err(|_| {
            self.poisoned = true;
            StoreError::Write { what, reason: "the simulated disk failed".to_owned() }
        })
    }

    /// Drops the oldest applied entries until `coming` more bytes fit.
    fn make_room(&mut self, coming: u64) -> Result<(), StoreError> {
        if self.bytes + coming <= self.retention.bytes {
            return Ok(());
        }
        let first = self.first_after_trim(Offset(u64::MAX), None, coming);
        let left: u64 = self.entries.range(first..).map(|(_, entry)| entry.len() as u64).sum();
        if left + coming > self.retention.bytes {
            return Err(StoreError::Full { bytes: self.bytes, bytes_max: self.retention.bytes });
        }
        self.trim_to(first, Timestamp(i64::MIN)).map(|_| ())
    }

    fn first_after_trim(&self, below: Offset, now: Option<Timestamp>, coming: u64) -> u64 {
        let mut bytes = self.bytes + coming;
        let mut first = self.first;
        for (offset, entry) in &self.entries {
            let appended_at = decode_header(entry).map(|header| header.appended_at).unwrap_or_default();
            let is_old = now.is_some_and(|now| appended_at.plus(self.retention.age) < now);
            let may_go = *offset <= self.state.applied.0 && *offset < below.0;
            if !(may_go && (is_old || bytes > self.retention.bytes)) {
                break;
            }
            bytes -= entry.len() as u64;
            first = offset + 1;
        }
        first
    }

    fn trim_to(&mut self, first: u64, marks_from: Timestamp) -> Result<Trimmed, StoreError> {
        let before = (self.entries.len() as u64, self.bytes);
        let frame = Frame::Trim { first, marks_from };
        let written = self.disk.write(&frame.encode());
        self.written("the trimmed journal", written)?;
        self.take(frame);
        Ok(Trimmed { entries: before.0 - self.entries.len() as u64, bytes: before.1 - self.bytes })
    }
}

/// Bounds that a sorted map would panic on: they hold no row.
fn excludes_itself((from, to): (Bound<&[u8]>, Bound<&[u8]>)) -> bool {
    match (from, to) {
        (Bound::Included(from), Bound::Included(to)) => from > to,
        (Bound::Included(from) | Bound::Excluded(from), Bound::Excluded(to))
        | (Bound::Excluded(from), Bound::Included(to)) => from >= to,
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Fault;
    use walletscope_journal::contract_tests::{
        Home, TEST_RETENTION_AGE, TEST_RETENTION_BYTES, check_all, entry_at,
    };

    #[derive(Default)]
    struct Desk(SimDisk);

    impl Home for Desk {
        type Store = SimStore;

        fn open(&self) -> SimStore {
            let retention = Retention { age: TEST_RETENTION_AGE, bytes: TEST_RETENTION_BYTES };
            SimStore::open(self.0.clone(), retention)
        }
    }

    #[test]
    fn it_keeps_the_contract_of_every_store() {
        check_all(Desk::default);
    }

    #[test]
    fn a_failed_write_poisons_until_the_next_opening() {
        for fault in [Fault::BeforeWrite, Fault::AfterWrite] {
            let desk = Desk::default();
            let store = desk.open();
            let append = |offset| Append {
                offset: Offset(offset),
                bytes: entry_at(Timestamp(1), "call"),
                invocation: None,
            };
            store.append(vec![append(1)]).unwrap();
            desk.0.fail_next(fault);
            assert!(matches!(store.commit(vec![], Offset(1)), Err(StoreError::Write { .. })));
            assert!(matches!(store.append(vec![append(2)]), Err(StoreError::Poisoned)));
            assert!(matches!(store.entries(Offset(1), 1), Err(StoreError::Poisoned)));
            assert!(matches!(store.trim(Offset(1), Timestamp(0)), Err(StoreError::Poisoned)));
            let store = desk.open();
            assert_eq!(store.head(), Offset(1));
            store.append(vec![append(2)]).unwrap();
        }
    }
}
