//! How does a call become durable, and how does what follows from it become visible?
//!
//! Two threads with one bounded queue between them. The [`Writer`] groups submissions, gives them offsets and append
//! times, makes each group durable and answers data-plane calls; the [`Applier`] steps the entries in order, answers
//! commands with the result, commits the state and publishes views at most four times a second. Both are plain
//! structs without threads or clocks, so that the simulator drives exactly them; `threads` runs them for real.

mod applier;
mod dedup;
mod threads;
mod writer;

use walletscope_journal::StoreError;
use walletscope_model::{Body, Offset, Origin};
use walletscope_stream::{Answer, BackingError};

pub use applier::{Applier, Followed, Started};
pub use dedup::call_key;
pub use threads::{Ingest, LakeSide, Now, Pipeline, Shared, start};
pub use writer::{Appended, Writer};

/// Submissions waiting for the writer at most; more are throttled.
pub const SUBMISSIONS_MAX: usize = 512;
/// Entries waiting for the applier at most; the writer waits beyond. What waits is stepped again after a crash, so the
/// queue is short.
pub const ENTRIES_WAITING_MAX: usize = 16;
/// Submissions in one group commit at most.
pub const GROUP_MAX: usize = 256;

/// One call, before it has an offset.
#[derive(Debug)]
pub struct Submission {
    /// Where it came from.
    pub origin: Origin,
    /// The client's invocation id; empty for clients that send none, whose calls are stored at least once.
    pub invocation_id: Box<str>,
    /// What it holds, guarded.
    pub body: Body,
    /// What is answered when it is stored, kept for retries. Empty for commands: the step answers them.
    pub answer: Vec<u8>,
}

/// How a call went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It is durable.
    Stored(Offset),
    /// It was stored before: this is what was answered then.
    Repeated(Vec<u8>),
    /// The command was executed, now or when it first came.
    Stepped(Answer),
}

/// Why a call was not taken. Nothing of it was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A queue, the journal or the lake's memory is full; try again later.
    Throttled,
    /// The journal's format has no room for it; trying again will not help.
    TooLarge,
    /// A write failed; the process is stopping.
    Poisoned,
}

/// Why the pipeline stopped.
#[derive(Debug)]
pub enum PipelineError {
    /// The store failed.
    Store(StoreError),
    /// The state could not be read.
    State(BackingError),
    /// A journal entry of our own could not be read or written.
    Entry {
        /// Its offset.
        offset: Offset,
        /// Why.
        reason: String,
    },
}

impl std::fmt::Display for PipelineError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(error) => write!(formatter, "{error}"),
            Self::State(error) => write!(formatter, "{}", error.0),
            Self::Entry { offset, reason } => write!(formatter, "journal entry {}: {reason}", offset.0),
        }
    }
}

impl std::error::Error for PipelineError {}

impl From<StoreError> for PipelineError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<BackingError> for PipelineError {
    fn from(error: BackingError) -> Self {
        Self::State(error)
    }
}
