//! How do the journal and the state live in one folder of one machine?
//!
//! In one fjall database: its log makes a group of appends durable with one `fdatasync`, and one batch changes
//! several tables atomically. The journal is a row of keyspaces that are dropped whole, as are the invocation marks;
//! each table of the state is a keyspace. The hard parts are what may be believed after a crash (see
//! [`crate::store::Store`]) and never dropping an entry that the durable state still needs.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use fjall::{Database, Keyspace, OwnedWriteBatch, PersistMode};
use walletscope_model::{Offset, Timestamp};

use crate::keyspaces::{self, APPLIED_KEY, MARK_BUCKET_SECONDS, mark_key, read_mark_key, read_offset};
use crate::record;
use crate::segments::{Extent, Segment, Segments};
use crate::store::{Append, Change, Invocation, JournalSize, Store, StoreError, Table, Trimmed};

mod opening;
mod retention;
mod snapshot;

pub use opening::FolderHold;
pub use retention::{RETENTION_AGE, RETENTION_BYTES, Retention};
pub use snapshot::EmbeddedSnapshot;

/// Size at which the journal starts its next segment, in bytes of entries.
pub const SEGMENT_BYTES: u64 = 256 << 20;
/// A segment is at most this part of the journal, so that a full journal has one to drop.
const SEGMENTS_MIN: u64 = 8;

/// The store of a single machine.
#[derive(Clone)]
pub struct EmbeddedStore(Arc<Inner>);

/// How an embedded store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the journal keeps.
    pub retention: Retention,
    /// As [`SEGMENT_BYTES`].
    pub segment_bytes: u64,
}

struct Inner {
    // Fields are dropped in order: the handles before the database that stops the engine's threads.
    tables: Vec<Keyspace>,
    position: Keyspace,
    segments: RwLock<Segments>,
    /// Held over every write, making and dropping of keyspaces included: the engine publishes those outside its own
    /// lock, and a snapshot must not see half a batch.
    writer: Mutex<Writer>,
    head: AtomicU64,
    applied: AtomicU64,
    poisoned: AtomicBool,
    options: Options,
    database: Database,
}

struct Writer {
    /// Keyspaces of invocation marks with the start of their bucket, oldest first.
    mark_buckets: Vec<(Timestamp, Keyspace)>,
    /// Entries from here on stay, whatever the retention says.
    keep_from: Offset,
}

impl Store for EmbeddedStore {
    type Snapshot = EmbeddedSnapshot;

    fn append(&self, group: Vec<Append>) -> Result<(), StoreError> {
        let mut writer = self.write()?;
        let Some(last) = group.last() else { return Ok(()) };
        self.check_offsets(&group)?;
        let last_at = record::decode_header(&last.bytes).map(|header| header.appended_at).ok();
        let coming = group.iter().map(|append| append.bytes.len() as u64).sum();
        self.make_room(&writer, coming)?;
        let segment = self.poisoning("the next segment", self.active_segment())?;
        let extent = Extent {
            entries: segment.extent.entries + group.len() as u64,
            bytes: segment.extent.bytes + coming,
            last_at: last_at.unwrap_or(segment.extent.last_at).max(segment.extent.last_at),
        };
        let head = last.offset;
        let batch = self.append_batch(&mut writer, &segment, extent, group);
        self.poisoning("entries", batch.and_then(OwnedWriteBatch::commit))?;
        self.0.segments.write().unwrap_or_else(PoisonError::into_inner).set_active_extent(extent);
        self.0.head.store(head.0, Ordering::Release);
        Ok(())
    }

    fn head(&self) -> Offset {
        Offset(self.0.head.load(Ordering::Acquire))
    }

    fn first(&self) -> Offset {
        self.size().first
    }

    fn entries(&self, from: Offset, bytes_max: usize) -> Result<Vec<(Offset, Vec<u8>)>, StoreError> {
        let head = self.readable()?.head();
        let mut entries = Vec::new();
        let mut bytes = 0;
        if from > head {
            return Ok(entries);
        }
        for segment in self.segments_from(from) {
            for item in segment.keyspace.range(from.0.to_be_bytes()..=head.0.to_be_bytes()) {
                let (key, value) = item.into_inner().map_err(read_error("entries"))?;
                let offset = read_offset(Some(&key)).ok_or(malformed("entries"))?;
                bytes += value.len();
                entries.push((offset, value.to_vec()));
                if bytes >= bytes_max {
                    return Ok(entries);
                }
            }
        }
        Ok(entries)
    }

    fn entry(&self, offset: Offset) -> Result<Option<Vec<u8>>, StoreError> {
        if offset > self.readable()?.head() {
            return Ok(None);
        }
        let Some(segment) = self.segments_from(offset).into_iter().next() else { return Ok(None) };
        let value = segment.keyspace.get(offset.0.to_be_bytes()).map_err(read_error("an entry"))?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn commit(&self, changes: Vec<Change>, applied: Offset) -> Result<(), StoreError> {
        let _writer = self.write()?;
        let (before, head) = (self.applied(), self.head());
        if applied < before || applied > head {
            return Err(StoreError::AppliedOutOfRange { applied: before, head, found: applied });
        }
        let inner = &*self.0;
        let mut batch = OwnedWriteBatch::with_capacity(inner.database.clone(), changes.len() + 1)
            .durability(Some(PersistMode::Buffer));
        for change in last_of_each_key(changes) {
            match change {
                Change::Put { table, key, value } => batch.insert(&inner.tables[table as usize], key, value),
                Change::Delete { table, key } => batch.remove(&inner.tables[table as usize], key),
            }
        }
        batch.insert(&inner.position, APPLIED_KEY, applied.0.to_be_bytes());
        self.poisoning("the state", batch.commit())?;
        inner.applied.store(applied.0, Ordering::Release);
        Ok(())
    }

    fn applied(&self) -> Offset {
        Offset(self.0.applied.load(Ordering::Acquire))
    }

    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let value = self.readable()?.0.tables[table as usize].get(key).map_err(read_error(table.name()))?;
        Ok(value.map(|value| value.to_vec()))
    }

    fn snapshot(&self) -> Self::Snapshot {
        EmbeddedSnapshot { snapshot: self.0.database.snapshot(), store: self.clone() }
    }

    fn invocations(&self, since: Timestamp) -> Result<Vec<Invocation>, StoreError> {
        let buckets: Vec<Keyspace> =
            self.write()?.mark_buckets.iter().map(|(_, keyspace)| keyspace.clone()).collect();
        let mut invocations = Vec::new();
        for item in buckets.iter().flat_map(|bucket| bucket.range(mark_key(since, [0; 16])..)) {
            let (key, answer) = item.into_inner().map_err(read_error("invocation marks"))?;
            let (at, key) = read_mark_key(&key).ok_or(malformed("invocation marks"))?;
            invocations.push(Invocation { key, answer: answer.to_vec(), at });
        }
        Ok(invocations)
    }

    fn trim(&self, below: Offset, now: Timestamp) -> Result<Trimmed, StoreError> {
        let (dropped, buckets) = {
            let mut writer = self.write()?;
            writer.keep_from = below;
            let buckets = self.poisoning("invocation marks", self.drop_old_marks(&mut writer, now))?;
            let excess = self.excess(&writer, Some(now), 0);
            (self.poisoning("segments", self.drop_segments(excess))?, buckets)
        };
        // The last handle to a dropped keyspace deletes its files: after the lock, so that no append waits for it.
        drop(buckets);
        Ok(dropped.iter().fold(Trimmed::default(), |sum, segment| Trimmed {
            entries: sum.entries + segment.extent.entries,
            bytes: sum.bytes + segment.extent.bytes,
        }))
    }

    fn size(&self) -> JournalSize {
        let size = self.0.segments.read().unwrap_or_else(PoisonError::into_inner).size();
        JournalSize { bytes_max: self.0.options.retention.bytes, ..size }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { retention: Retention::default(), segment_bytes: SEGMENT_BYTES }
    }
}

impl EmbeddedStore {
    /// The writer, for one write; nobody else writes meanwhile.
    fn write(&self) -> Result<MutexGuard<'_, Writer>, StoreError> {
        let writer = self.0.writer.lock().map_err(|_| StoreError::Poisoned)?;
        self.readable()?;
        Ok(writer)
    }

    /// This store, unless a write has failed.
    fn readable(&self) -> Result<&Self, StoreError> {
        if self.0.poisoned.load(Ordering::Acquire) { Err(StoreError::Poisoned) } else { Ok(self) }
    }

    /// Poisons the store where `result` is an error: nobody knows what reached the disk.
    fn poisoning<T>(&self, what: &'static str, result: fjall::Result<T>) -> Result<T, StoreError> {
        result.map_err(|error| {
            self.0.poisoned.store(true, Ordering::Release);
            StoreError::Write { what, reason: error.to_string() }
        })
    }

    fn check_offsets(&self, group: &[Append]) -> Result<(), StoreError> {
        for (expected, append) in (self.head().0 + 1..).zip(group) {
            if append.offset.0 != expected {
                return Err(StoreError::NotNext { expected: Offset(expected), found: append.offset });
            }
        }
        Ok(())
    }

    /// The segment that takes the next entries: the active one, or a new one where that is large enough.
    fn active_segment(&self) -> fjall::Result<Segment> {
        let inner = &*self.0;
        let active = inner.segments.read().unwrap_or_else(PoisonError::into_inner).active().clone();
        let limit = inner.options.segment_bytes.min(inner.options.retention.bytes / SEGMENTS_MIN);
        if active.extent.bytes < limit || active.extent.entries == 0 {
            return Ok(active);
        }
        let first = active.end();
        let keyspace =
            inner.database.keyspace(&keyspaces::journal_name(first), keyspaces::journal_options)?;
        let extent = Extent { last_at: active.extent.last_at, ..Extent::EMPTY };
        let segment = Segment { first, extent, keyspace };
        inner.segments.write().unwrap_or_else(PoisonError::into_inner).push(segment.clone());
        Ok(segment)
    }

    fn append_batch(
        &self,
        writer: &mut Writer,
        segment: &Segment,
        extent: Extent,
        group: Vec<Append>,
    ) -> fjall::Result<OwnedWriteBatch> {
        let mut batch = OwnedWriteBatch::with_capacity(self.0.database.clone(), 2 * group.len() + 1)
            .durability(Some(PersistMode::SyncData));
        for append in group {
            batch.insert(&segment.keyspace, append.offset.0.to_be_bytes(), append.bytes);
            if let Some(invocation) = append.invocation {
                let bucket = self.mark_bucket(writer, invocation.at)?;
                batch.insert(bucket, mark_key(invocation.at, invocation.key), invocation.answer);
            }
        }
        batch.insert(&self.0.position, Extent::key(segment.first), extent.row());
        Ok(batch)
    }

    /// The keyspace for marks of this time, never an earlier one than the newest.
    fn mark_bucket<'a>(&self, writer: &'a mut Writer, at: Timestamp) -> fjall::Result<&'a Keyspace> {
        let start = at.floor_seconds(MARK_BUCKET_SECONDS);
        let index = match writer.mark_buckets.last() {
            Some((newest, _)) if *newest >= start => writer.mark_buckets.len() - 1,
            _ => {
                let name = keyspaces::marks_name(start);
                let keyspace = self.0.database.keyspace(&name, keyspaces::marks_options)?;
                writer.mark_buckets.push((start, keyspace));
                writer.mark_buckets.len() - 1
            }
        };
        Ok(&writer.mark_buckets[index].1)
    }

    fn segments_from(&self, from: Offset) -> Vec<Segment> {
        self.0.segments.read().unwrap_or_else(PoisonError::into_inner).at_or_after(from.0)
    }
}

/// The changes in the order of their keys, of several of one key the last: all changes of a batch have one sequence
/// number, so nothing in the engine says which of two of one key is newer.
fn last_of_each_key(mut changes: Vec<Change>) -> impl Iterator<Item = Change> {
    fn place(change: &Change) -> (Table, &[u8]) {
        match change {
            Change::Put { table, key, .. } | Change::Delete { table, key } => (*table, key),
        }
    }
    changes.sort_by(|one, other| place(one).cmp(&place(other)));
    let mut changes = changes.into_iter().peekable();
    std::iter::from_fn(move || {
        let mut change = changes.next()?;
        while let Some(later) = changes.next_if(|later| place(later) == place(&change)) {
            change = later;
        }
        Some(change)
    })
}

fn read_error(what: &'static str) -> impl Fn(fjall::Error) -> StoreError {
    move |error| StoreError::Read { what, reason: error.to_string() }
}

fn malformed(what: &'static str) -> StoreError {
    StoreError::Read { what, reason: "a row is malformed".into() }
}
