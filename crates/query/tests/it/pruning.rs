//! Does a filter on `date` reach the lake as one on `timestamp`, and the reverse?

use std::any::Any;
use std::sync::{Arc, Mutex};

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::datasource::MemTable;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;
use walletscope_lake::LakeTable;
use walletscope_query::{Engine, Limits, Tables, TablesAtHead};

use crate::world::question;

/// A table that remembers which filters its scans got.
#[derive(Debug)]
struct Recorder {
    inner: MemTable,
    filters: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl TableProvider for Recorder {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn schema(&self) -> SchemaRef {
        self.inner.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.filters.lock().unwrap().extend(filters.iter().map(ToString::to_string));
        self.inner.scan(state, projection, &[], limit).await
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }
}

struct Recorders(Arc<Mutex<Vec<String>>>);

#[async_trait]
impl Tables for Recorders {
    async fn at_head(&self) -> std::result::Result<TablesAtHead, String> {
        let table = |table: LakeTable| {
            let inner = MemTable::try_new(table.schema(), vec![vec![]]).unwrap();
            let recorder = Recorder { inner, filters: Arc::clone(&self.0) };
            (table, Arc::new(recorder) as Arc<dyn TableProvider>)
        };
        Ok(TablesAtHead {
            head: 1,
            tables: LakeTable::ALL.into_iter().map(table).collect(),
            rollups: std::collections::BTreeMap::new(),
        })
    }
}

async fn filters(sql: &str) -> Vec<String> {
    let filters = Arc::default();
    let engine = Engine::new(Arc::new(Recorders(Arc::clone(&filters))), Limits::default());
    engine.answer(&question(sql)).await.unwrap_or_else(|error| panic!("{error}"));
    let mut found = std::mem::take(&mut *filters.lock().unwrap());
    found.retain(|filter| !filter.contains("tenant"));
    found.sort();
    found.dedup();
    found
}

/// 2026-10-23 and 2026-11-22, as days and as microseconds.
const DAYS: [&str; 2] = ["2026-10-23", "2026-11-22"];

#[tokio::test]
async fn a_filter_on_either_column_is_one_on_both() {
    let from_day = format!("date >= Date32(\"{}\")", DAYS[0]);
    let from_instant = "timestamp >= TimestampMicrosecond(1792713600000000, Some(\"+00:00\"))".to_owned();
    for sql in [
        "SELECT count(*) FROM attempts WHERE date >= DATE_SUB(CURRENT_DATE, 30)",
        "SELECT count(*) FROM attempts WHERE timestamp >= date_add('day', -30, current_date)",
        "SELECT count(*) FROM attempts WHERE timestamp >= TIMESTAMP '2026-10-23 00:00:00'",
        "SELECT count(*) FROM attempts WHERE date >= '2026-10-23'",
        "SELECT count(*) FROM attempts WHERE timestamp >= '2026-10-23T00:00:00Z'",
        "SELECT count(*) FROM attempts WHERE timestamp >= now() - INTERVAL '30 days' - INTERVAL '12' HOUR",
        "WITH x AS (SELECT * FROM attempts) SELECT count(*) FROM x WHERE date > DATE '2026-10-22'",
    ] {
        let found = filters(sql).await;
        assert!(found.contains(&from_day) && found.contains(&from_instant), "{sql}: {found:#?}");
    }
}

#[tokio::test]
async fn both_ends_are_bounds() {
    let found =
        filters("SELECT 1 FROM spans WHERE date BETWEEN DATE '2026-10-23' AND DATE '2026-11-22'").await;
    let upper = "timestamp < TimestampMicrosecond(1795392000000000, Some(\"+00:00\"))".to_owned();
    assert!(found.contains(&upper), "{found:#?}");
    let found = filters("SELECT 1 FROM spans WHERE timestamp < TIMESTAMP '2026-11-22T00:00:00Z'").await;
    assert!(found.contains(&"date <= Date32(\"2026-11-21\")".to_owned()), "{found:#?}");
    let found = filters("SELECT 1 FROM spans WHERE year(timestamp) = 2026").await;
    assert!(found.contains(&"date >= Date32(\"2026-01-01\")".to_owned()), "{found:#?}");
}

#[tokio::test]
async fn metrics_and_measures_prune_too() {
    let sql = "SELECT SUM(TokenProvisioningRequests) FROM TokenServices WHERE date = DATE '2026-11-22'";
    let found = filters(sql).await;
    assert!(found.contains(&"date >= Date32(\"2026-11-22\")".to_owned()), "{found:#?}");
}
