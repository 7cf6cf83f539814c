//! What may the product rely on when it writes to its journal and its state?
//!
//! The contract of every store: the one of a single machine, the simulator's, and later a cluster's. The journal is
//! the truth; the state is a cache of it that is never wrong, only behind. What a key or a value means is the
//! caller's business.

use std::fmt;
use std::ops::{Bound, ControlFlow};

use walletscope_model::{Duration, Offset, Timestamp};

/// How long an invocation mark is kept at least: a client that retries later than this stores its call again.
pub const INVOCATION_AGE: Duration = Duration::from_seconds(15 * 60);

/// The journal and the state of one product, both behind one handle.
///
/// **Threads.** Handles are cheap to clone and share one store. Exactly one thread appends, exactly one commits (they
/// may be two), one trims; any thread reads. Calls block on the disk and belong on threads that may block.
///
/// **Durability.** An [`append`](Self::append) that returned `Ok` survives a crash of the process, of the kernel and
/// of the power. A [`commit`](Self::commit) survives only with a later append or the store's own write-back; one
/// that is lost moves [`applied`](Self::applied) back, whole commits at a time, and the journal is replayed from
/// there. What survives is always a prefix of the calls: a commit never survives without the appends before it.
///
/// **Failure.** After a failed write nothing is known about the disk. The store is then poisoned: that call and
/// every later one that returns a `Result` fails with [`StoreError::Write`] first and [`StoreError::Poisoned`] after.
/// The process must stop; opening again tells what is durable. [`StoreError::Full`] and [`StoreError::NotNext`]
/// wrote nothing and poison nothing.
///
/// **Time.** A store reads no clock: whoever needs an age passes `now`.
pub trait Store: Clone + Send + Sync + 'static {
    /// A view of the state that does not change under its reader.
    type Snapshot: Read + Clone + Send + Sync + 'static;

    /// Makes a group of entries and their invocation marks durable, atomically and in order.
    ///
    /// The offsets continue the journal without a hole: `head + 1, head + 2, …`. An empty group does nothing. Entries
    /// are visible to readers before the call returns.
    ///
    /// # Errors
    /// [`StoreError::NotNext`] for other offsets, [`StoreError::Full`] where the journal is at its limit and nothing
    /// in it may go; otherwise the store is poisoned.
    fn append(&self, group: Vec<Append>) -> Result<(), StoreError>;

    /// The offset of the newest entry; zero before the first.
    fn head(&self) -> Offset;

    /// The offset of the oldest entry kept; `head + 1` where none is.
    fn first(&self) -> Offset;

    /// Entries in order, from the oldest kept one at or after `from`, until their bytes exceed `bytes_max` or the
    /// journal ends. At least one entry where there is any, so a reader always gets on.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Poisoned`].
    fn entries(&self, from: Offset, bytes_max: usize) -> Result<Vec<(Offset, Vec<u8>)>, StoreError>;

    /// One entry; `None` where it was trimmed or is not written yet.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Poisoned`].
    fn entry(&self, offset: Offset) -> Result<Option<Vec<u8>>, StoreError>;

    /// Changes the state, its outbox and the applied offset in one atomic batch. Visible to readers when it returns,
    /// not yet durable. Of several changes of one key the last wins.
    ///
    /// # Errors
    /// [`StoreError::AppliedOutOfRange`] where `applied` goes back or beyond the head, nothing written; otherwise the
    /// store is poisoned.
    fn commit(&self, changes: Vec<Change>, applied: Offset) -> Result<(), StoreError>;

    /// The offset up to which the state holds the journal; zero before the first commit.
    fn applied(&self) -> Offset;

    /// One value of the newest committed state.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Poisoned`].
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// The committed state as it is now, all tables at one applied offset. Hold it for seconds, not hours: it keeps
    /// what it shows on the disk.
    fn snapshot(&self) -> Self::Snapshot;

    /// The invocation marks written at or after `since`, oldest first. Read once, at start. Marks may be there for
    /// longer than [`INVOCATION_AGE`], never for less.
    ///
    /// # Errors
    /// [`StoreError::Read`], [`StoreError::Poisoned`].
    fn invocations(&self, since: Timestamp) -> Result<Vec<Invocation>, StoreError>;

    /// Drops what the store's retention no longer wants: entries that are applied and below `below` and too old or
    /// over the size, oldest first and in whole pieces of the store's choice, and invocation marks older than
    /// [`INVOCATION_AGE`]. Never an entry that is not applied. Called by the product about once a minute.
    ///
    /// # Errors
    /// [`StoreError::Write`], then the store is poisoned.
    fn trim(&self, below: Offset, now: Timestamp) -> Result<Trimmed, StoreError>;

    /// How much the journal holds. Cheap: no disk is read.
    fn size(&self) -> JournalSize;
}

/// What a scan does with each key and value; it stops where this breaks.
pub type Visit<'a> = &'a mut (dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a);

/// Reading the state.
pub trait Read {
    /// The offset up to which this view holds the journal.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    fn applied(&self) -> Result<Offset, StoreError>;

    /// One value.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Visits the rows between two bounds in the order of their keys, or against it, until `visit` breaks. Bounds
    /// that exclude each other hold no row.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    fn scan(
        &self,
        table: Table,
        bounds: (Bound<&[u8]>, Bound<&[u8]>),
        direction: Direction,
        visit: Visit<'_>,
    ) -> Result<(), StoreError>;
}

/// The tables of the state; keys and values are opaque bytes, keys at most 64 KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Table {
    Nodes,
    Attempts,
    LooseEnds,
    Timers,
    Windows,
    Dictionary,
    Catalog,
    Settings,
    Outbox,
    LakeMarks,
    MetricFilters,
    DerivedData,
    SubscriptionFilters,
    MetricSeries,
    MetricChunks,
    Dashboards,
    AnomalyDetectors,
}

/// Which way a scan goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Smallest key first.
    Forward,
    /// Greatest key first.
    Reverse,
}

/// One entry to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// Its offset: the head's next, and so on through the group.
    pub offset: Offset,
    /// The entry, as [`crate::record::encode`] wrote it.
    pub bytes: Vec<u8>,
    /// The mark by which a retry of the call is recognised.
    pub invocation: Option<Invocation>,
}

/// A call that was stored, kept for its client's retries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// A hash of whatever names the call.
    pub key: [u8; 16],
    /// What was answered, for the retry; small.
    pub answer: Vec<u8>,
    /// When it was stored: the append time of its entry, so never before that of an earlier mark.
    pub at: Timestamp,
}

/// One change of the state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Change {
    Put { table: Table, key: Vec<u8>, value: Vec<u8> },
    Delete { table: Table, key: Vec<u8> },
}

/// How much a journal holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JournalSize {
    /// Bytes of the entries as appended, without the store's own.
    pub bytes: u64,
    /// How many entries.
    pub entries: u64,
    /// As [`Store::first`].
    pub first: Offset,
    /// As [`Store::head`].
    pub head: Offset,
    /// How many bytes it may hold.
    pub bytes_max: u64,
}

impl JournalSize {
    /// About how many bytes the entries behind this one have: entries are of many sizes, and these are taken to be as large
    /// as all.
    pub fn bytes_behind(&self, offset: Offset) -> u64 {
        let entries = self.head.0.saturating_sub(offset.0.max(self.first.0.saturating_sub(1)));
        let bytes = u128::from(self.bytes) * u128::from(entries) / u128::from(self.entries.max(1));
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

/// What a trim dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trimmed {
    /// Entries dropped.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Why a store did not do what it was asked.
#[derive(Debug)]
pub enum StoreError {
    /// Another process, or another handle of this one, has the folder open.
    Locked {
        /// The folder.
        folder: String,
    },
    /// The folder could not be opened.
    Open {
        /// The folder.
        folder: String,
        /// What the engine says.
        reason: String,
    },
    /// The journal is at its limit and every entry in it is still needed. The caller throttles.
    Full {
        /// Bytes held.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// An append does not continue the journal. Nothing was written.
    NotNext {
        /// The offset that would.
        expected: Offset,
        /// The offset given.
        found: Offset,
    },
    /// A commit's offset is below the applied one or beyond the head. Nothing was written.
    AppliedOutOfRange {
        /// The offset applied so far.
        applied: Offset,
        /// The newest entry.
        head: Offset,
        /// The offset given.
        found: Offset,
    },
    /// A read failed.
    Read {
        /// What was read.
        what: &'static str,
        /// What the engine says.
        reason: String,
    },
    /// A write failed; what is on the disk is unknown and the store is poisoned.
    Write {
        /// What was written.
        what: &'static str,
        /// What the engine says.
        reason: String,
    },
    /// An earlier write failed. Stop and open again.
    Poisoned,
}

impl Table {
    /// Every table, in the order of their numbers.
    pub const ALL: [Self; 17] = [
        Self::Nodes,
        Self::Attempts,
        Self::LooseEnds,
        Self::Timers,
        Self::Windows,
        Self::Dictionary,
        Self::Catalog,
        Self::Settings,
        Self::Outbox,
        Self::LakeMarks,
        Self::MetricFilters,
        Self::DerivedData,
        Self::SubscriptionFilters,
        Self::MetricSeries,
        Self::MetricChunks,
        Self::Dashboards,
        Self::AnomalyDetectors,
    ];

    /// The stable name, as on the disk.
    pub fn name(self) -> &'static str {
        [
            "nodes",
            "attempts",
            "loose_ends",
            "timers",
            "windows",
            "dictionary",
            "catalog",
            "settings",
            "outbox",
            "lake_marks",
            "metric_filters",
            "derived_data",
            "subscription_filters",
            "metric_series",
            "metric_chunks",
            "dashboards",
            "anomaly_detectors",
        ][self as usize]
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked { folder } => {
                write!(formatter, "the data folder {folder} is in use by another process")
            }
            Self::Open { folder, reason } => {
                write!(formatter, "cannot open the data folder {folder}: {reason}")
            }
            Self::Full { bytes, bytes_max } => {
                write!(
                    formatter,
                    "the journal holds {bytes} bytes of at most {bytes_max}, none of which may go"
                )
            }
            Self::NotNext { expected, found } => {
                write!(formatter, "cannot append entry {} where {} is next", found.0, expected.0)
            }
            Self::AppliedOutOfRange { applied, head, found } => write!(
                formatter,
                "cannot commit at offset {}: applied is {}, the head is {}",
                found.0, applied.0, head.0
            ),
            Self::Read { what, reason } => write!(formatter, "cannot read {what}: {reason}"),
            Self::Write { what, reason } => write!(formatter, "cannot write {what}: {reason}"),
            Self::Poisoned => write!(formatter, "the store refuses to work after a failed write"),
        }
    }
}

impl std::error::Error for StoreError {}
