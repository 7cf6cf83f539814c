//! Which log events match?
//!
//! [`Logs`] answers a [`Search`] page by page, counts what matches over time, and follows what arrives ([`tail`]).
//! Files and memory are one table at one head ([`sweep`] reads it in stretches of time, [`window`] says how long they
//! are); the pattern is held against each message by the compiled matcher ([`matcher`]), and [`scope`] leaves out what
//! belonged to a log group that was deleted or is older than its group keeps. All memory is bounded, and so is the time:
//! an answer that is not complete says where to go on.

mod event;
mod fields;
mod histogram;
mod matcher;
mod page;
mod scope;
mod sweep;
pub mod tail;
pub(crate) mod uuid;
mod window;

use std::sync::Arc;
use std::time::Duration as StdDuration;

use tokio::sync::Semaphore;
use walletscope_language::filter_pattern::{Mode, Pattern};
use walletscope_model::Offset;
use walletscope_query::Progress;
use walletscope_series::{Buckets, Range};

use crate::lake::LakeTables;
use crate::pipeline::{Now, Shared};
use crate::sql::Sql;

pub use event::{EventKey, FoundEvent, Order, event_id, parse_event_id};
pub use fields::{Field, FieldType, Fields, of_message as fields_of_message};
pub use histogram::Histogram;
pub use page::Page;
pub use scope::gone;

use scope::Scope;
use sweep::Sweep;

/// Searches that read at the same time.
pub const SEARCHES_MAX: usize = 4;
/// Searches that wait for one of those to end; further ones are refused.
pub const SEARCHES_WAITING_MAX: usize = 64;
/// How long one search reads, unless it says otherwise.
pub const BUDGET: StdDuration = StdDuration::from_secs(3);
/// Events whose fields are looked at.
pub const FIELDS_EVENTS_MAX: usize = 2_000;
/// How long a search waits for what was acknowledged before it to come to where it is read.
const HEAD_TIME_MAX: StdDuration = StdDuration::from_secs(2);
const HEAD_LOOK_EVERY: StdDuration = StdDuration::from_millis(5);
/// Bytes of messages of one answer, unless it says otherwise.
pub const BYTES_MAX: usize = 8 << 20;

/// Which events, whenever they happened.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Whose events may be seen.
    pub tenant: Box<str>,
    /// Of which account.
    pub account: Box<str>,
    /// Of which region; of every one where it is `None`.
    pub region: Option<Box<str>>,
    /// Of which log groups, by name; of every one where there are none.
    pub groups: Vec<Box<str>>,
    /// Of which log streams, by name; of every one where there are neither names nor prefixes.
    pub streams: Vec<Box<str>>,
    /// And of those whose name begins with one of these.
    pub stream_prefixes: Vec<Box<str>>,
    /// Of this journal entry alone.
    pub entry: Option<Offset>,
    /// What the message must say.
    pub pattern: Arc<Pattern>,
    /// How the pattern is read.
    pub mode: Mode,
}

/// A page that is asked for.
#[derive(Clone, Debug)]
pub struct Search {
    /// Which events.
    pub selection: Selection,
    /// When they happened; the end is not included.
    pub range: Range,
    /// In which order.
    pub order: Order,
    /// Only events behind this one, in that order.
    pub after: Option<EventKey>,
    /// How many events.
    pub events_max: usize,
    /// How many bytes of messages; a first event may be longer.
    pub bytes_max: usize,
    /// How long to read. A page is cut short behind the first stretch of time that was read to its end.
    pub budget: StdDuration,
}

/// What an answer cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Rows looked at, and bytes read of files.
    pub read: Progress,
    /// How long it took.
    pub elapsed: StdDuration,
    /// The newest journal entry that the answer includes.
    pub head: Offset,
}

/// Why a search has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchError {
    /// Too many searches wait already.
    Busy,
    /// The server is stopping.
    Stopping,
    /// The table could not be read.
    Failed(String),
}

impl std::fmt::Display for SearchError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Busy => write!(formatter, "{SEARCHES_WAITING_MAX} searches wait already"),
            Self::Stopping => write!(formatter, "the server is stopping"),
            Self::Failed(reason) => write!(formatter, "log events could not be read: {reason}"),
        }
    }
}

impl std::error::Error for SearchError {}

/// Answers questions about log events.
pub struct Logs {
    tables: LakeTables,
    sql: Arc<Sql>,
    shared: Arc<Shared>,
    now: Now,
    running: Arc<Semaphore>,
    waiting: Semaphore,
    /// Follows what arrives.
    pub tails: tail::Tails,
}

impl Logs {
    /// Over a lake and the threads that its queries run on. `placeholders` are words that are no ids.
    pub fn new(tables: LakeTables, sql: Arc<Sql>, placeholders: Vec<Box<str>>, now: Now) -> Self {
        let shared = tables.shared.clone();
        let tails = tail::Tails::new(shared.applied.clone(), sql.threads().stopping(), placeholders);
        Self {
            tables,
            sql,
            shared,
            now,
            running: Arc::new(Semaphore::new(SEARCHES_MAX)),
            waiting: Semaphore::new(SEARCHES_WAITING_MAX),
            tails,
        }
    }

    /// The next page of events. Dropping the future ends the reading.
    ///
    /// # Errors
    /// Too much is asked at a time, or the table could not be read.
    pub async fn page(self: &Arc<Self>, search: Search) -> Result<Page, SearchError> {
        self.there(move |logs| async move {
            let sweep = logs.sweep(&search.selection, search.budget).await?;
            page::read(sweep, &search).await
        })
        .await
    }

    /// How many events match in each bucket, newest first where time runs out.
    ///
    /// # Errors
    /// As of [`page`](Self::page).
    pub async fn histogram(
        self: &Arc<Self>,
        selection: Selection,
        range: Range,
        buckets: Buckets,
    ) -> Result<Histogram, SearchError> {
        self.there(move |logs| async move {
            let sweep = logs.sweep(&selection, BUDGET).await?;
            histogram::read(sweep, range, buckets).await
        })
        .await
    }

    /// What the newest events that match say, by field.
    ///
    /// # Errors
    /// As of [`page`](Self::page).
    pub async fn fields(
        self: &Arc<Self>,
        selection: Selection,
        range: Range,
    ) -> Result<(Fields, Cost), SearchError> {
        let search = Search {
            selection,
            range,
            order: Order::Descending,
            after: None,
            events_max: FIELDS_EVENTS_MAX,
            bytes_max: BYTES_MAX,
            budget: BUDGET,
        };
        self.there(move |logs| async move {
            let sweep = logs.sweep(&search.selection, search.budget).await?;
            let page = page::read(sweep, &search).await?;
            Ok((Fields::of(&page.events), page.cost))
        })
        .await
    }

    async fn sweep<'a>(
        &'a self,
        selection: &'a Selection,
        budget: StdDuration,
    ) -> Result<Sweep<'a>, SearchError> {
        self.await_head().await;
        let catalog = self.shared.catalog.load_full();
        let scope = Scope::of(selection, catalog, (self.now)());
        Sweep::start(self.sql.engine(), &self.tables, selection, scope, budget).await
    }

    /// Waits until rows show every entry that was durable when it began, as a client expects that has just written. A
    /// lake that is far behind is read as it is.
    async fn await_head(&self) {
        let durable = self.shared.appended();
        let is_there = async {
            while self.tables.lake.head() < durable {
                tokio::time::sleep(HEAD_LOOK_EVERY).await;
            }
        };
        // What is not there in time comes later.
        let _in_time = tokio::time::timeout(HEAD_TIME_MAX, is_there).await;
    }

    /// Does something on the threads of queries, after other searches; ends it with the future, and when the server
    /// stops.
    async fn there<T: Send + 'static, F: Future<Output = Result<T, SearchError>> + Send>(
        self: &Arc<Self>,
        work: impl FnOnce(Arc<Self>) -> F + Send + 'static,
    ) -> Result<T, SearchError> {
        let turn = self.turn().await?;
        let (logs, mut stopping) = (self.clone(), self.sql.threads().stopping());
        let work = async move {
            let _turn = turn;
            tokio::select! {
                // An error means that whoever could tell is gone, which ends searches as well.
                _ = stopping.wait_for(|stopping| *stopping) => Err(SearchError::Stopping),
                done = work(logs) => done,
            }
        };
        match self.sql.threads().run_while_awaited(work).await {
            Ok(done) => done,
            Err(error) if error.is_cancelled() => Err(SearchError::Stopping),
            Err(error) => Err(SearchError::Failed(error.to_string())),
        }
    }

    async fn turn(&self) -> Result<tokio::sync::OwnedSemaphorePermit, SearchError> {
        if let Ok(turn) = self.running.clone().try_acquire_owned() {
            return Ok(turn);
        }
        let _waiting = self.waiting.try_acquire().map_err(|_| SearchError::Busy)?;
        self.running.clone().acquire_owned().await.map_err(|_| SearchError::Stopping)
    }
}

impl Selection {
    /// Whether events of this log group are asked for.
    pub fn names_group(&self, group: &str) -> bool {
        self.groups.is_empty() || self.groups.iter().any(|name| **name == *group)
    }

    /// Whether events of this log stream are asked for.
    pub fn names_stream(&self, stream: &str) -> bool {
        (self.streams.is_empty() && self.stream_prefixes.is_empty())
            || self.streams.iter().any(|name| **name == *stream)
            || self.stream_prefixes.iter().any(|prefix| stream.starts_with(&**prefix))
    }
}
