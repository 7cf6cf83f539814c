//! How are numbers read that were counted already, instead of the attempts they count?
//!
//! A rollup is a table of one row per bucket, wallet and issuer, kept right by whoever owns it at every late change.
//! The provider asks its source for the range of time that a query's filters leave, no more.

use std::any::Any;
use std::sync::{Arc, LazyLock};

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result, ScalarValue, exec_datafusion_err};
use datafusion::datasource::TableType;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use walletscope_model::Timestamp;

/// Who knows the rows of a rollup. Called from threads that may block.
pub trait RollupSource: Send + Sync {
    /// The rows of the buckets that start in `from..to`, in the columns of [`COLUMNS`].
    ///
    /// # Errors
    /// The rows could not be read.
    fn rows(&self, from: Timestamp, to: Timestamp) -> Result<RecordBatch, String>;
}

/// The names of the rollups, by the length of their buckets.
pub const NAMES: [&str; 3] = ["rollup_minute", "rollup_hour", "rollup_day"];

/// The columns of every rollup: name, type and meaning.
pub const COLUMNS: [(&str, RollupKind, &str); 24] = [
    ("timestamp", RollupKind::Time, "The bucket's start."),
    ("date", RollupKind::Date, "The UTC day of timestamp."),
    ("wallet_provider", RollupKind::Text, "ApplePay, GooglePay…"),
    ("issuer", RollupKind::Text, "The card's issuer."),
    ("requests", RollupKind::Count, "Attempts that started in the bucket."),
    ("pending", RollupKind::Count, "Of those: PENDING now."),
    ("success", RollupKind::Count, "Of those: SUCCESS."),
    ("failed", RollupKind::Count, "Of those: FAILED."),
    ("failed_technical", RollupKind::Count, "Of those: FAILED for a technical reason."),
    ("failed_declined", RollupKind::Count, "Of those: FAILED because somebody declined."),
    ("failed_invalid", RollupKind::Count, "Of those: FAILED because the request was invalid."),
    ("failed_device", RollupKind::Count, "Of those: FAILED because of the device."),
    ("abandoned", RollupKind::Count, "Of those: ABANDONED."),
    ("decided", RollupKind::Count, "Of those: reached stage decided, bulk migrations left out."),
    ("yellow", RollupKind::Count, "Of those: final decision YELLOW, bulk migrations left out."),
    ("yellow_activated", RollupKind::Count, "Of those: YELLOW and activated."),
    ("activated", RollupKind::Count, "Of those: activated, bulk migrations left out."),
    ("processing_count", RollupKind::Count, "SUCCESS with a service time."),
    ("processing_seconds", RollupKind::Number, "The sum of their service times, in seconds."),
    ("processing_p50", RollupKind::Number, "Median service time of SUCCESS in seconds, at most 1 % off."),
    (
        "processing_p95",
        RollupKind::Number,
        "95th percentile, at most 1 % off; of this row alone, never to be averaged.",
    ),
    (
        "processing_p99",
        RollupKind::Number,
        "99th percentile, at most 1 % off; of this row alone, never to be averaged.",
    ),
    (
        "processing_sketch",
        RollupKind::Bytes,
        "Their distribution: pairs of bin and count, mergeable by adding.",
    ),
    ("tenant", RollupKind::Text, "Whose data it is."),
];

/// What a rollup's column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum RollupKind {
    Time,
    Date,
    Text,
    Count,
    Number,
    Bytes,
}

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let field = |(name, kind, _): &(&str, RollupKind, &str)| {
        let (data_type, nullable) = match kind {
            RollupKind::Time => (DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into())), false),
            RollupKind::Date => (DataType::Date32, false),
            RollupKind::Text => (DataType::Utf8View, *name != "tenant"),
            RollupKind::Count => (DataType::Int64, false),
            RollupKind::Number => (DataType::Float64, true),
            RollupKind::Bytes => (DataType::Binary, true),
        };
        Field::new(*name, data_type, nullable)
    };
    Arc::new(Schema::new(COLUMNS.iter().map(field).collect::<Vec<_>>()))
});

/// The schema of every rollup.
pub fn schema() -> SchemaRef {
    SCHEMA.clone()
}

/// A rollup as a table.
pub struct RollupTable {
    source: Arc<dyn RollupSource>,
}

impl RollupTable {
    /// The table of this source's rows.
    pub fn new(source: Arc<dyn RollupSource>) -> Self {
        Self { source }
    }
}

#[async_trait]
impl TableProvider for RollupTable {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn schema(&self) -> SchemaRef {
        schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (from, to) = range(filters);
        let source = self.source.clone();
        let reading = tokio::task::spawn_blocking(move || source.rows(from, to)).await;
        let rows = reading.map_err(|error| exec_datafusion_err!("reading a rollup panicked: {error}"))?;
        let rows = rows.map_err(|reason| exec_datafusion_err!("could not read a rollup: {reason}"))?;
        let plan: Arc<dyn ExecutionPlan> =
            MemorySourceConfig::try_new_exec(&[vec![rows]], schema(), projection.cloned())?;
        Ok(plan)
    }
}

impl std::fmt::Debug for RollupTable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("rollup")
    }
}

/// The buckets that these filters, all of which must hold, leave over: as narrow as comparisons of `timestamp` with a
/// constant say, everything where they say nothing.
fn range(filters: &[Expr]) -> (Timestamp, Timestamp) {
    let mut range = (Timestamp(i64::MIN), Timestamp(i64::MAX));
    for filter in filters {
        let Expr::BinaryExpr(BinaryExpr { left, op, right }) = filter else { continue };
        let (Some(at), Expr::Column(column)) = (constant(right), &**left) else { continue };
        if column.name != "timestamp" {
            continue;
        }
        match op {
            Operator::Gt | Operator::GtEq => range.0 = range.0.max(Timestamp(at)),
            Operator::Lt => range.1 = range.1.min(Timestamp(at)),
            Operator::LtEq => range.1 = range.1.min(Timestamp(at.saturating_add(1))),
            _ => {}
        }
    }
    range
}

fn constant(expression: &Expr) -> Option<i64> {
    match expression {
        Expr::Literal(ScalarValue::TimestampMicrosecond(at, _), _) => *at,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::logical_expr::{col, lit};

    #[test]
    fn filters_narrow_the_range_and_others_do_not() {
        let at = |micros| lit(ScalarValue::TimestampMicrosecond(Some(micros), Some("+00:00".into())));
        let filters = [
            col("timestamp").gt_eq(at(10)),
            col("timestamp").gt(at(7)),
            col("timestamp").lt_eq(at(20)),
            col("issuer").eq(lit("x")),
            col("timestamp").not_eq(at(12)),
        ];
        assert_eq!(range(&filters), (Timestamp(10), Timestamp(21)));
        assert_eq!(range(&[]), (Timestamp(i64::MIN), Timestamp(i64::MAX)));
    }
}
