//! How does a query see the rows of its own tenant and no others?
//!
//! A table is given to the planner as a plan that already filters by tenant. Views, subqueries and joins are built on
//! that plan, so there is no way around it. Below the filter stands [`Pruned`], which hands the lake what follows from
//! the query's bounds on `date` and `timestamp`, so that either column prunes as the other does.

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result, ScalarValue, Statistics};
use datafusion::datasource::provider_as_source;
use datafusion::functions_window::expr_fn::lead;
use datafusion::logical_expr::{
    Expr, ExprFunctionExt, LogicalPlan, LogicalPlanBuilder, TableProviderFilterPushDown, TableType, ident, lit,
};
use datafusion::physical_plan::ExecutionPlan;
use walletscope_lake::LakeTable;

use crate::bounds;

/// A table of the lake as one tenant sees it.
#[derive(Debug)]
pub(crate) struct TenantTable {
    schema: SchemaRef,
    plan: LogicalPlan,
}

impl TenantTable {
    /// The rows of `table` that are `tenant`'s.
    pub(crate) fn new(table: LakeTable, provider: Arc<dyn TableProvider>, tenant: &str) -> Result<Self> {
        let pruned = provider_as_source(Arc::new(Pruned(provider)));
        let tenant = lit(ScalarValue::Utf8View(Some(tenant.to_owned())));
        let rows = LogicalPlanBuilder::scan(table.name(), pruned, None)?.filter(ident("tenant").eq(tenant))?;
        let plan = match table {
            LakeTable::TokenStates => with_valid_to(rows)?,
            _ => rows.build()?,
        };
        Ok(Self { schema: Arc::new(plan.schema().as_arrow().clone()), plan })
    }
}

/// Fills `valid_to`: a state lasts until the next assertion about its token. Assertions of one instant follow each other
/// as they came, so that all but the last of them last no time.
fn with_valid_to(rows: LogicalPlanBuilder) -> Result<LogicalPlan> {
    let next = lead(ident("valid_from"), Some(1), None)
        .partition_by(vec![ident("tenant"), ident("token_reference_id")])
        .order_by(
            ["valid_from", "_offset", "_index"].into_iter().map(|name| ident(name).sort(true, false)).collect(),
        )
        .build()?
        .alias("next_from");
    let rows = rows.window(vec![next])?;
    let columns = LakeTable::TokenStates.columns().iter().map(|column| match column.name {
        "valid_to" => ident("next_from").alias("valid_to"),
        name => ident(name),
    });
    rows.project(columns.collect::<Vec<_>>())?.build()
}

#[async_trait]
impl TableProvider for TenantTable {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn get_logical_plan(&self) -> Option<Cow<'_, LogicalPlan>> {
        Some(Cow::Borrowed(&self.plan))
    }

    // The planner takes the plan instead; whoever scans directly gets the same rows.
    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let filter = filters.iter().cloned().reduce(Expr::and);
        let mut plan = LogicalPlanBuilder::from(self.plan.clone());
        if let Some(filter) = filter {
            plan = plan.filter(filter)?;
        }
        if let Some(projection) = projection {
            plan = plan.select(projection.iter().copied())?;
        }
        if limit.is_some() {
            plan = plan.limit(0, limit)?;
        }
        state.create_physical_plan(&plan.build()?).await
    }
}

/// A table whose scans also get what their filters imply.
#[derive(Debug)]
struct Pruned(Arc<dyn TableProvider>);

#[async_trait]
impl TableProvider for Pruned {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn schema(&self) -> SchemaRef {
        self.0.schema()
    }

    fn table_type(&self) -> TableType {
        self.0.table_type()
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut all = filters.to_vec();
        all.extend(bounds::implied(filters));
        self.0.scan(state, projection, &all, limit).await
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        self.0.supports_filters_pushdown(filters)
    }

    fn statistics(&self) -> Option<Statistics> {
        self.0.statistics()
    }
}
