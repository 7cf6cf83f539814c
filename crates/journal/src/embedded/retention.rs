//! What goes from the embedded journal, and when is it full?

use std::sync::PoisonError;

use fjall::{Keyspace, PersistMode};
use walletscope_model::{Duration, Offset, Timestamp};

use super::{EmbeddedStore, Writer};
use crate::keyspaces::MARK_BUCKET_SECONDS;
use crate::segments::{Extent, Segment};
use crate::store::{INVOCATION_AGE, Store, StoreError};

/// How long entries are kept once they are applied, unless a setting says otherwise.
pub const RETENTION_AGE: Duration = Duration::from_seconds(7 * 86_400);
/// How many bytes of entries are kept, unless a setting says otherwise.
pub const RETENTION_BYTES: u64 = 20 << 30;

/// What the journal keeps of the entries that are applied.
#[derive(Clone, Debug)]
pub struct Retention {
    /// As [`RETENTION_AGE`].
    pub age: Duration,
    /// As [`RETENTION_BYTES`]. Also the size at which appends are refused when nothing may go.
    pub bytes: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self { age: RETENTION_AGE, bytes: RETENTION_BYTES }
    }
}

impl EmbeddedStore {
    /// Drops the oldest segments that may go where the journal would be over its size, or refuses.
    pub(super) fn make_room(&self, writer: &Writer, coming: u64) -> Result<(), StoreError> {
        let bytes_max = self.0.options.retention.bytes;
        if self.size().bytes + coming <= bytes_max {
            return Ok(());
        }
        let excess = self.excess(writer, None, coming);
        drop(self.poisoning("segments", self.drop_segments(excess))?);
        let bytes = self.size().bytes;
        if bytes + coming > bytes_max { Err(StoreError::Full { bytes, bytes_max }) } else { Ok(()) }
    }

    /// How many segments should go and may: applied, below what somebody still reads, too old or too much.
    pub(super) fn excess(&self, writer: &Writer, now: Option<Timestamp>, coming: u64) -> usize {
        let droppable = self.applied().min(Offset(writer.keep_from.0.saturating_sub(1)));
        let segments = self.0.segments.read().unwrap_or_else(PoisonError::into_inner);
        segments.excess(&self.0.options.retention, droppable, now, coming)
    }

    /// Drops this many segments from the oldest on.
    pub(super) fn drop_segments(&self, count: usize) -> fjall::Result<Vec<Segment>> {
        let inner = &*self.0;
        if count == 0 {
            return Ok(Vec::new());
        }
        // The commits that applied these entries may still be in the kernel's memory. They must be on the disk before
        // the entries go: a power cut would otherwise leave a state that cannot be brought up to date.
        inner.database.persist(PersistMode::SyncData)?;
        let mut dropped = Vec::new();
        for _ in 0..count {
            let oldest = inner.segments.write().unwrap_or_else(PoisonError::into_inner).drop_oldest();
            let Some(segment) = oldest else { break };
            inner.database.delete_keyspace(segment.keyspace.clone())?;
            inner.position.remove(Extent::key(segment.first))?;
            dropped.push(segment);
        }
        Ok(dropped)
    }

    /// Drops the buckets whose youngest mark is too old; the caller drops the handles, and with the last the files.
    pub(super) fn drop_old_marks(&self, writer: &mut Writer, now: Timestamp) -> fjall::Result<Vec<Keyspace>> {
        let bucket = Duration::from_seconds(MARK_BUCKET_SECONDS);
        let is_old = |start: Timestamp| start.plus(bucket).plus(INVOCATION_AGE) < now;
        let old = writer.mark_buckets.iter().take_while(|(start, _)| is_old(*start)).count();
        let buckets: Vec<Keyspace> = writer.mark_buckets.drain(..old).map(|(_, keyspace)| keyspace).collect();
        for keyspace in &buckets {
            self.0.database.delete_keyspace(keyspace.clone())?;
        }
        Ok(buckets)
    }
}
