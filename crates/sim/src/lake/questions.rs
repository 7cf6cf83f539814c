//! What people ask of years of attempts, and how long an answer takes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use futures_util::TryStreamExt as _;
use walletscope_lake::{Lake, LakeTable};
use walletscope_model::Timestamp;
use walletscope_query::lake_table::LakeTableProvider;
use walletscope_query::{Engine, Question, Tables, TablesAtHead};

/// The files of a lake that nobody writes to.
pub struct Files(pub Arc<Lake>);

#[async_trait]
impl Tables for Files {
    async fn at_head(&self) -> Result<TablesAtHead, String> {
        let mut tables: BTreeMap<LakeTable, Arc<dyn TableProvider>> = BTreeMap::new();
        for table in LakeTable::ALL {
            let state = self.0.current(table);
            let provider = LakeTableProvider::append_only(&self.0.warehouse, &state, Vec::new());
            tables.insert(table, Arc::new(provider));
        }
        Ok(TablesAtHead { head: self.0.watermark().0, tables, rollups: BTreeMap::new() })
    }
}

/// How long one question took.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Timed {
    pub name: &'static str,
    pub rows: usize,
    /// Each run, in milliseconds, in order; the first one finds nothing in memory.
    pub millis: Vec<f64>,
}

/// The questions, in words and in SQL; `{id}` is a request id that is there.
pub const QUESTIONS: [(&str, &str); 5] = [
    (
        "daily numbers of 30 days",
        "SELECT date_trunc('day', timestamp) as date, wallet_provider, issuer, COUNT(*) as total_requests, \
         SUM(CASE WHEN event = 'TOKEN_PROVISION_SUCCESS' THEN 1 ELSE 0 END) as successful_requests, \
         AVG(CASE WHEN event = 'TOKEN_PROVISION_SUCCESS' THEN processing_time END) as avg_latency \
         FROM token_provisioning_logs WHERE timestamp >= date_add('day', -30, current_date) \
         GROUP BY 1, 2, 3 ORDER BY 1 DESC",
    ),
    ("one attempt by its request id", "SELECT * FROM token_provisioning_logs WHERE request_id = '{id}'"),
    (
        "p50, p95, p99 an hour of 7 days",
        "SELECT date_trunc('hour', timestamp) AS hour, approx_percentile_cont(processing_time, 0.5), \
         approx_percentile_cont(processing_time, 0.95), approx_percentile_cont(processing_time, 0.99) \
         FROM token_provisioning_logs WHERE timestamp >= date_add('day', -7, current_date) AND status = 'SUCCESS' \
         GROUP BY 1 ORDER BY 1",
    ),
    ("all attempts", "SELECT COUNT(*) FROM token_provisioning_logs"),
    (
        "failures by reason of all time",
        "SELECT issuer, reason, COUNT(*) FROM token_provisioning_logs WHERE status = 'FAILED' GROUP BY 1, 2",
    ),
];

/// Asks every question `times` times.
///
/// # Errors
/// A question was not answered.
pub async fn ask(engine: &Engine, id: &str, now: Timestamp, times: usize) -> Result<Vec<Timed>, String> {
    let mut answers = Vec::new();
    for (name, sql) in QUESTIONS {
        let mut timed = Timed { name, rows: 0, millis: Vec::new() };
        for _ in 0..times {
            let started = Instant::now();
            let question = Question {
                tenant: "default".to_owned(),
                sql: sql.replace("{id}", id),
                now,
                views: BTreeMap::new(),
            };
            let answer =
                engine.answer(&question).await.map_err(|error| format!("{name}: {}", error.message))?;
            let batches: Vec<_> =
                answer.batches.try_collect().await.map_err(|error| format!("{name}: {error}"))?;
            timed.rows = batches.iter().map(datafusion::arrow::array::RecordBatch::num_rows).sum();
            timed.millis.push(started.elapsed().as_secs_f64() * 1e3);
        }
        answers.push(timed);
    }
    Ok(answers)
}
