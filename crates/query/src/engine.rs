//! How is a text of SQL answered?
//!
//! [`Engine::run`] parses, rewrites, plans and starts; the caller pulls batches and may drop them at any time, which
//! cancels. One snapshot of all tables serves one query, so that joins see one instant.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{SystemTime, UNIX_EPOCH};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use datafusion::common::Result as DataFusionResult;
use datafusion::execution::session_state::SessionState;
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures_util::Stream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use walletscope_lake::LakeTable;
use walletscope_model::Timestamp;

use crate::describe::{self, Description};
use crate::error::{self, SqlError};
use crate::limits::Limits;
use crate::parse;
use crate::plan::{self, Planner};
use crate::session;

/// Where the tables come from: all of them as of one instant, taken anew for each query.
#[async_trait]
pub trait Tables: Send + Sync {
    /// Every table of the lake at one head.
    ///
    /// # Errors
    /// The lake could not be read.
    async fn at_head(&self) -> Result<TablesAtHead, String>;
}

/// All tables at one head.
pub struct TablesAtHead {
    /// The newest journal entry that they include.
    pub head: u64,
    /// Every table of [`LakeTable::ALL`].
    pub tables: BTreeMap<LakeTable, Arc<dyn TableProvider>>,
    /// Tables of what was counted already, in the columns of [`crate::rollup_table`]; where `rollup_hour` is among
    /// them it answers what it can in the place of the attempts.
    pub rollups: BTreeMap<&'static str, Arc<dyn TableProvider>>,
}

/// What is asked, by whom and when.
#[derive(Clone, Debug)]
pub struct Question {
    /// Whose rows may be seen.
    pub tenant: String,
    /// The text.
    pub sql: String,
    /// What `now()` and `current_date` mean.
    pub now: Timestamp,
    /// Saved views: name and text. A name of a table is never a view's.
    pub views: BTreeMap<String, String>,
}

/// A remark on a query that runs and may not say what its author meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What may surprise.
    pub text: String,
    /// A text of SQL that says it better.
    pub suggestion: Option<String>,
}

/// A started query.
pub struct Answer {
    /// The columns of the result.
    pub schema: SchemaRef,
    /// The rows; dropping it cancels.
    pub batches: SendableRecordBatchStream,
    /// What to tell beside them.
    pub notes: Vec<Note>,
    /// The tables that answer, rollups by their name.
    pub answered_by: Vec<String>,
    /// The newest journal entry that the answer includes.
    pub head: u64,
    /// The plan that runs; its metrics are the progress.
    pub plan: Arc<dyn ExecutionPlan>,
}

/// How far a query came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Rows that came out of tables so far.
    pub rows_scanned: u64,
    /// Bytes that were read of files so far.
    pub bytes_scanned: u64,
}

/// Answers texts of SQL over one lake.
pub struct Engine {
    tables: Arc<dyn Tables>,
    limits: Limits,
    /// Made with the first question: a server that is asked none need not hold every function.
    base: OnceLock<SessionState>,
    running: Arc<Semaphore>,
    waiting: Semaphore,
}

impl Engine {
    /// An engine over `tables`.
    pub fn new(tables: Arc<dyn Tables>, limits: Limits) -> Self {
        let running = Arc::new(Semaphore::new(limits.running.max(1)));
        let waiting = Semaphore::new(limits.waiting);
        Self { tables, limits, base: OnceLock::new(), running, waiting }
    }

    pub(crate) fn base(&self) -> Result<&SessionState, SqlError> {
        match self.base.get() {
            Some(base) => Ok(base),
            None => {
                let base = session::base(&self.limits)?;
                Ok(self.base.get_or_init(|| base))
            }
        }
    }

    /// Starts the answer to `sql` for `tenant`, as of now, without saved views.
    ///
    /// # Errors
    /// The text is not answered; see [`SqlError`].
    pub async fn run(&self, tenant: &str, sql: &str) -> Result<Answer, SqlError> {
        let question =
            Question { tenant: tenant.to_owned(), sql: sql.to_owned(), now: clock(), views: BTreeMap::new() };
        self.answer(&question).await
    }

    /// Starts the answer to a question.
    ///
    /// # Errors
    /// The text is not answered; see [`SqlError`].
    pub async fn answer(&self, question: &Question) -> Result<Answer, SqlError> {
        let parsed = parse::parse(&question.sql, &self.limits)?;
        let permit = self.turn().await?;
        let tables = self.tables.at_head().await;
        let tables =
            tables.map_err(|reason| SqlError::failed(format!("could not read the tables: {reason}")))?;
        let mut planner = Planner::new(self.base()?, &self.limits, &tables, question)?;
        // Where nothing tells the place, the statement's beginning is better than none.
        let placed = |planner: &mut Planner, error: SqlError| planner.placed(error).at(parsed.start);
        let logical = match planner.plan(parsed.request).await {
            Ok(logical) => logical,
            Err(error) => return Err(placed(&mut planner, error)),
        };
        let (optimized, physical) = match physical(planner.state(), &logical).await {
            Ok(plans) => plans,
            Err(error) => return Err(placed(&mut planner, error::of_planning(&error))),
        };
        let state = planner.state();
        let batches = execute_stream(Arc::clone(&physical), state.task_ctx());
        let batches = batches.map_err(|error| error::of_running(&error))?;
        Ok(Answer {
            schema: batches.schema(),
            batches: Box::pin(Running { batches, _permit: permit }),
            answered_by: plan::scanned(&optimized),
            notes: planner.notes,
            head: tables.head,
            plan: physical,
        })
    }

    /// The tables, views and functions that a text may name, the question's saved views included.
    ///
    /// # Errors
    /// The tables could not be read.
    pub async fn describe(&self, question: &Question) -> Result<Description, SqlError> {
        let tables = self.tables.at_head().await;
        let tables =
            tables.map_err(|reason| SqlError::failed(format!("could not read the tables: {reason}")))?;
        let mut planner = Planner::new(self.base()?, &self.limits, &tables, question)?;
        Ok(describe::all(&mut planner).await)
    }

    /// What the engine may take.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How many queries wait for another to end.
    pub fn waiting(&self) -> usize {
        self.limits.waiting.saturating_sub(self.waiting.available_permits())
    }

    /// Waits for one of the running queries to end, unless too many wait already.
    async fn turn(&self) -> Result<OwnedSemaphorePermit, SqlError> {
        if let Ok(permit) = Arc::clone(&self.running).try_acquire_owned() {
            return Ok(permit);
        }
        let Ok(_waiting) = self.waiting.try_acquire() else {
            let message = format!("{} queries wait already", self.limits.waiting);
            return Err(SqlError::failed(message).hint("try again in a moment"));
        };
        let permit = Arc::clone(&self.running).acquire_owned().await;
        permit.map_err(|_| SqlError::failed("the engine is stopping"))
    }
}

impl Answer {
    /// How far the query came, summed over the scans of its plan.
    pub fn progress(&self) -> Progress {
        progress(&self.plan)
    }
}

/// The optimized plan and the one that runs.
async fn physical(
    state: &SessionState,
    plan: &LogicalPlan,
) -> DataFusionResult<(LogicalPlan, Arc<dyn ExecutionPlan>)> {
    let optimized = state.optimize(plan)?;
    let physical = state.query_planner().create_physical_plan(&optimized, state).await?;
    Ok((optimized, physical))
}

/// How far a plan came, summed over its scans.
pub fn progress(plan: &Arc<dyn ExecutionPlan>) -> Progress {
    let mut sum = Progress::default();
    let children = plan.children();
    if let Some(metrics) = plan.metrics() {
        let bytes = metrics.sum_by_name("bytes_scanned").map_or(0, |value| value.as_usize());
        sum.bytes_scanned = bytes as u64;
        if children.is_empty() {
            sum.rows_scanned = metrics.output_rows().unwrap_or(0) as u64;
        }
    }
    for child in children {
        let child = progress(child);
        sum.rows_scanned += child.rows_scanned;
        sum.bytes_scanned += child.bytes_scanned;
    }
    sum
}

/// The wall clock in whole microseconds, which tables hold too, so that a comparison with `now()` prunes files.
fn clock() -> Timestamp {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX))
}

/// Batches of a query that holds its turn until they are dropped.
struct Running {
    batches: SendableRecordBatchStream,
    _permit: OwnedSemaphorePermit,
}

impl Stream for Running {
    type Item = DataFusionResult<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.batches.as_mut().poll_next(context)
    }
}

impl RecordBatchStream for Running {
    fn schema(&self) -> SchemaRef {
        self.batches.schema()
    }
}
