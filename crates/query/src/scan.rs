//! How are the rows of one table read without a text of SQL?
//!
//! A [`Scan`] names columns and filters; what comes back is in no order. The tenant is a filter of every scan, so that
//! there is no way to the rows of another. Files are pruned as for SQL; filters on columns that are not asked for are
//! applied and the columns left out.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::{DFSchema, DataFusionError, ScalarValue};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, ident, lit};
use datafusion::physical_plan::filter::FilterExecBuilder;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};

use crate::engine::{Engine, Progress};
use crate::error::{self, SqlError};

/// What is read of a table.
#[derive(Clone, Debug)]
pub struct Scan<'a> {
    /// Whose rows may be seen.
    pub tenant: &'a str,
    /// The columns wanted, by name.
    pub columns: &'a [&'a str],
    /// What holds for every row wanted.
    pub filters: Vec<Expr>,
    /// Rows of one batch at most: with columns of long texts few of them fill much memory.
    pub batch_rows: usize,
}

/// A started scan.
pub struct Scanned {
    /// The rows in the columns wanted, in no order; dropping it cancels.
    pub batches: SendableRecordBatchStream,
    plan: Arc<dyn ExecutionPlan>,
}

impl Engine {
    /// Starts to read rows of `table`.
    ///
    /// # Errors
    /// A column or a filter does not fit the table, or its files could not be opened.
    pub async fn scan(&self, table: Arc<dyn TableProvider>, scan: &Scan<'_>) -> Result<Scanned, SqlError> {
        let mut state = self.base()?.clone();
        state.config_mut().options_mut().execution.batch_size = scan.batch_rows.max(1);
        let plan = plan(&state, &*table, scan).await.map_err(|error| error::of_planning(&error))?;
        let batches = execute_stream(Arc::clone(&plan), state.task_ctx());
        Ok(Scanned { batches: batches.map_err(|error| error::of_running(&error))?, plan })
    }
}

impl Scanned {
    /// How far the scan came in files; rows are those that were looked at, whatever became of them. How many were in
    /// memory is known to who gave the table.
    pub fn progress(&self) -> Progress {
        looked_at(&self.plan)
    }
}

async fn plan(
    state: &SessionState,
    table: &dyn TableProvider,
    scan: &Scan<'_>,
) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
    let tenant = lit(ScalarValue::Utf8View(Some(scan.tenant.to_owned())));
    let mut filters = scan.filters.clone();
    filters.push(ident("tenant").eq(tenant));
    let schema = table.schema();
    let mut places = scan.columns.iter().map(|name| schema.index_of(name)).collect::<Result<Vec<_>, _>>()?;
    let wanted = places.len();
    let mut needed: Vec<usize> = Vec::new();
    for column in filters.iter().flat_map(Expr::column_refs) {
        needed.push(schema.index_of(column.name())?);
    }
    needed.sort_unstable();
    needed.dedup();
    needed.retain(|place| !places.contains(place));
    places.extend(needed);
    let rows = table.scan(state, Some(&places), &filters, None).await?;
    let read = DFSchema::try_from(rows.schema())?;
    let Some(filter) = conjunction(filters) else { return Ok(rows) };
    let filter = state.create_physical_expr(filter, &read)?;
    let kept = FilterExecBuilder::new(filter, rows).apply_projection(Some((0..wanted).collect()))?.build()?;
    Ok(Arc::new(kept))
}

/// Rows that files gave, and those that a file's reader dropped by itself.
fn looked_at(plan: &Arc<dyn ExecutionPlan>) -> Progress {
    let mut sum = Progress::default();
    let children = plan.children();
    if let Some(metrics) = plan.metrics()
        && let Some(bytes) = metrics.sum_by_name("bytes_scanned")
    {
        let pruned = metrics.sum_by_name("pushdown_rows_pruned").map_or(0, |value| value.as_usize());
        sum.bytes_scanned = bytes.as_usize() as u64;
        sum.rows_scanned = (metrics.output_rows().unwrap_or(0) + pruned) as u64;
    }
    for child in children.into_iter().map(looked_at) {
        sum.rows_scanned += child.rows_scanned;
        sum.bytes_scanned += child.bytes_scanned;
    }
    sum
}
