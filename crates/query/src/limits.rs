//! How much may one query, and all of them together, take?
//!
//! Every limit has a name and a default here; the server may set others. What is beyond memory spills to a folder, what
//! is beyond the text's limits is refused before it is parsed, and what is beyond the number of queries waits.

use std::path::PathBuf;

/// The stack that a thread needs for the deepest text that the default limits allow. It is reserved, not used.
pub const STACK_BYTES: usize = 32 << 20;

/// The limits of an engine.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Memory of all queries together, in bytes; sorts, joins and aggregations beyond it spill.
    pub memory_bytes: usize,
    /// Where to spill; the system's temporary folder where it is `None`.
    pub spill_folder: Option<PathBuf>,
    /// Bytes on disk that all queries together may spill.
    pub spill_bytes: u64,
    /// How many parts of one query run at the same time.
    pub partitions: usize,
    /// Rows per batch.
    pub batch_rows: usize,
    /// Queries that run at the same time.
    pub running: usize,
    /// Queries that wait for one of those to end; further ones are refused.
    pub waiting: usize,
    /// Length of a text of SQL in bytes.
    pub text_bytes: usize,
    /// How deep parentheses, calls and CASE may be nested.
    pub depth: usize,
    /// How deep queries may be nested: the time that planning takes doubles with each level.
    pub subqueries: usize,
    /// Operators and set operations in one text: each may deepen the tree by one. A thread's usual stack of 2 MiB
    /// holds 1,700.
    pub operators: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 512 << 20,
            spill_folder: None,
            spill_bytes: 16 << 30,
            partitions: std::thread::available_parallelism().map_or(2, usize::from),
            batch_rows: 8_192,
            running: 4,
            waiting: 64,
            text_bytes: 128 << 10,
            depth: 64,
            subqueries: 12,
            operators: 1_000,
        }
    }
}
