//! What do readers see? Immutable views of one instant, published at most four times a second.
//!
//! A [`View`] holds every attempt's row, the codes to read them by, the newest changes, and a snapshot of the state
//! on disk for everything about a single attempt. Whoever holds a view sees all of it at one applied offset.

pub mod filter;
pub mod flow;
pub mod lists;
pub mod measures;
mod packed;
pub mod spread;
mod table;

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use walletscope_journal::{Direction, Read, StoreError, Table as StoreTable};
use walletscope_model::{Attempt, Offset, Timestamp};
use walletscope_stream::source::Sources;
use walletscope_stream::{BackingError, Clock, Detail, Dictionary, NodeKey, SeriesIndex, State};

use crate::state::Disk;

#[cfg(test)]
pub(crate) use table::tests as table_tests;
pub use table::{CHUNK_ROWS, Rows, Table};

/// Changes kept for readers that were away for a moment.
pub const FEED_MAX: usize = 1_000;

/// Everything at one applied offset.
#[derive(Clone)]
pub struct View {
    /// Grows by one with each published view of this run.
    pub sequence: u64,
    /// The newest entry that it includes.
    pub applied: Offset,
    /// The stream's clock.
    pub clock: Clock,
    /// Every attempt in the state.
    pub rows: Rows,
    /// The values of codes.
    pub dictionary: Arc<Dictionary>,
    /// Tokens in ACTIVE by wallet and issuer code.
    pub active_tokens: Arc<BTreeMap<(u16, u16), i64>>,
    /// What each source has brought.
    pub sources: Arc<Sources>,
    /// Every series of metrics.
    pub series: SeriesIndex,
    /// The newest attempts and changes of outcome, oldest first.
    pub feed: Vec<Arc<FeedItem>>,
    /// The state on disk.
    pub disk: SharedRead,
}

/// A new attempt or a change of outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedItem {
    /// Grows by one with each item of this run.
    pub sequence: u64,
    /// When it was stepped, by the journal's time.
    pub at: Timestamp,
    /// The attempt as it was then.
    pub attempt: Attempt,
}

/// A snapshot of any store.
#[derive(Clone)]
pub struct SharedRead(pub Arc<dyn Read + Send + Sync>);

impl View {
    /// The attempts that an id may mean: one where it resolves, several where it is shared, none where it is not
    /// known.
    ///
    /// # Errors
    /// The state could not be read.
    pub fn find(&self, tenant: &str, id: &str) -> Result<Vec<Detail>, BackingError> {
        let mut state = self.state();
        let mut details = Vec::new();
        for key in state.find(tenant, id)? {
            details.extend(state.detail(key)?);
        }
        Ok(details)
    }

    /// Everything about one attempt.
    ///
    /// # Errors
    /// The state could not be read.
    pub fn detail(&self, key: NodeKey) -> Result<Option<Detail>, BackingError> {
        self.state().detail(key)
    }

    /// A reader's own state over the snapshot; its caches live as long as it does, so use one for many attempts.
    pub fn state(&self) -> State<Disk<SharedRead>> {
        let mut state = State::new(Disk(self.disk.clone()));
        state.clock = self.clock.clone();
        state
    }
}

impl Read for SharedRead {
    fn applied(&self) -> Result<Offset, StoreError> {
        self.0.applied()
    }

    fn get(&self, table: StoreTable, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.get(table, key)
    }

    fn scan(
        &self,
        table: StoreTable,
        bounds: (Bound<&[u8]>, Bound<&[u8]>),
        direction: Direction,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.0.scan(table, bounds, direction, visit)
    }
}
