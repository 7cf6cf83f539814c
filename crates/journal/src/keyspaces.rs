//! How is each part of the embedded store laid out on the disk and in memory?
//!
//! Numbers here were chosen by `examples/load.rs`, for little CPU an insert first and little memory second. Names
//! and keys are on disk; settings of a keyspace that exists stay as it was made.

use std::sync::Arc;

use fjall::compaction::Leveled;
use fjall::config::{
    BlockSizePolicy, BloomConstructionPolicy, CompressionPolicy, FilterPolicy, FilterPolicyEntry,
};
use fjall::{CompressionType, KeyspaceCreateOptions};
use walletscope_model::{Offset, Timestamp};

use crate::store::Table;

/// Blocks of all tables that are kept in memory, in bytes.
pub(crate) const BLOCK_CACHE_BYTES: u64 = 32 << 20;
/// Log of the engine that may wait for its tables, in bytes: opening after a crash reads about twice as much.
pub(crate) const LOG_BYTES_MAX: u64 = 64 << 20;
/// Threads for flushing and compacting. With a second one the engine keeps a thread spinning, free for a flush, for as
/// long as the other compacts.
pub(crate) const WORKER_THREADS: usize = 1;
/// Name of the keyspace with the applied offset and the sizes of the journal's segments.
pub(crate) const POSITION: &str = "position";
/// Key of the applied offset there.
pub(crate) const APPLIED_KEY: &[u8] = b"a";
/// Length of the stretch of time whose invocation marks share a keyspace.
pub(crate) const MARK_BUCKET_SECONDS: i64 = 5 * 60;

const JOURNAL_PREFIX: &str = "journal-";
const MARKS_PREFIX: &str = "invocations-";
const MIB: u64 = 1 << 20;

/// Name of the segment whose first entry has this offset.
pub(crate) fn journal_name(first: u64) -> String {
    format!("{JOURNAL_PREFIX}{first:020}")
}

/// The first offset of the segment of this name.
pub(crate) fn journal_first(name: &str) -> Option<u64> {
    name.strip_prefix(JOURNAL_PREFIX)?.parse().ok()
}

/// Name of the keyspace for marks of the bucket that starts then.
pub(crate) fn marks_name(start: Timestamp) -> String {
    format!("{MARKS_PREFIX}{}", start.seconds())
}

/// The start of the bucket of this name.
pub(crate) fn marks_start(name: &str) -> Option<Timestamp> {
    name.strip_prefix(MARKS_PREFIX)?.parse().ok().map(Timestamp::from_seconds)
}

/// Key of an invocation mark: time, then the call's hash.
pub(crate) fn mark_key(at: Timestamp, key: [u8; 16]) -> [u8; 24] {
    let mut mark = [0; 24];
    // Flipping the sign bit puts times before 1970 before the others.
    mark[..8].copy_from_slice(&(at.0 as u64 ^ 1 << 63).to_be_bytes());
    mark[8..].copy_from_slice(&key);
    mark
}

/// Reads the key of a mark; `None` for other bytes.
pub(crate) fn read_mark_key(mark: &[u8]) -> Option<(Timestamp, [u8; 16])> {
    let (at, key) = mark.split_first_chunk()?;
    Some((Timestamp((u64::from_be_bytes(*at) ^ 1 << 63) as i64), key.try_into().ok()?))
}

/// An offset as eight bytes, most significant first; zero where there is none, `None` for other bytes.
pub(crate) fn read_offset(bytes: Option<&[u8]>) -> Option<Offset> {
    bytes.map_or(Some(Offset(0)), |bytes| bytes.try_into().ok().map(u64::from_be_bytes).map(Offset))
}

/// Entries are written once, in order, read in order and dropped as a whole; they are compressed already. Tables that
/// do not overlap move down the levels without being rewritten, so value files would save nothing (measured: twice
/// the entry's bytes reach the disk, log included, either way).
pub(crate) fn journal_options() -> KeyspaceCreateOptions {
    KeyspaceCreateOptions::default()
        .max_memtable_size(16 * MIB)
        .data_block_compression_policy(CompressionPolicy::disabled())
        .filter_policy(FilterPolicy::disabled())
}

/// Marks are written in the order of time, read once at start and dropped as a whole.
pub(crate) fn marks_options() -> KeyspaceCreateOptions {
    KeyspaceCreateOptions::default().max_memtable_size(4 * MIB).filter_policy(FilterPolicy::disabled())
}

/// A handful of rows, overwritten with every append and commit.
pub(crate) fn position_options() -> KeyspaceCreateOptions {
    KeyspaceCreateOptions::default().max_memtable_size(4 * MIB)
}

/// A table of the state.
pub(crate) fn table_options(table: Table) -> KeyspaceCreateOptions {
    let lz4 = CompressionPolicy::new([CompressionType::None, CompressionType::Lz4]);
    let bits = |bits| FilterPolicy::all(FilterPolicyEntry::Bloom(BloomConstructionPolicy::BitsPerKey(bits)));
    let options = KeyspaceCreateOptions::default()
        .data_block_size_policy(BlockSizePolicy::all(8 * 1_024))
        .data_block_compression_policy(lz4)
        .filter_policy(bits(10.0));
    match table {
        Table::Nodes => options.max_memtable_size(32 * MIB).compaction_strategy(leveled(32 * MIB)),
        Table::Attempts | Table::Windows | Table::MetricChunks => {
            options.max_memtable_size(16 * MIB).compaction_strategy(leveled(32 * MIB))
        }
        Table::LooseEnds | Table::Timers | Table::Outbox | Table::LakeMarks | Table::DerivedData => {
            options.max_memtable_size(8 * MIB)
        }
        Table::Dictionary
        | Table::Catalog
        | Table::Settings
        | Table::MetricFilters
        | Table::SubscriptionFilters
        | Table::MetricSeries
        | Table::Dashboards
        | Table::AnomalyDetectors => options.max_memtable_size(4 * MIB),
    }
}

fn leveled(table_bytes: u64) -> Arc<Leveled> {
    Arc::new(Leveled::default().with_table_target_size(table_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mark_keys_sort_by_time() {
        let times = [i64::MIN, -1, 0, 1, 1_705_312_513_245_000, i64::MAX];
        let keys = times.map(|micros| mark_key(Timestamp(micros), [9; 16]));
        assert!(keys.is_sorted());
        for (micros, key) in times.into_iter().zip(keys) {
            assert_eq!(read_mark_key(&key), Some((Timestamp(micros), [9; 16])));
            assert_eq!(read_mark_key(&key[..23]), None);
        }
    }

    #[test]
    fn names_read_back_and_others_do_not() {
        assert_eq!(journal_first(&journal_name(257)), Some(257));
        let start = Timestamp::from_seconds(1_705_312_500);
        assert_eq!(marks_start(&marks_name(start)), Some(start));
        assert!(journal_name(9) < journal_name(10), "names sort as offsets do");
        for other in ["journal-", "journal-x", "nodes", "invocations-"] {
            assert_eq!((journal_first(other), marks_start(other)), (None, None), "{other}");
        }
    }
}
