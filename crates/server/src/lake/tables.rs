//! How does one query see files and memory at one instant?
//!
//! The published snapshot first, each table's files after it: what left memory in between is in the files, and the
//! watermark says so, so nothing is counted twice or missed. Between the two, which log events readers see no more: what
//! leaves the files is remembered until it has.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use walletscope_lake::{LakeTable, TableState, Warehouse};
use walletscope_model::Offset;
use walletscope_query::lake_table::LakeTableProvider;
use walletscope_query::rollup_table::{NAMES, RollupTable};
use walletscope_query::{Tables, TablesAtHead};

use super::rollups::{RESOLUTIONS, Windows};
use super::{LakeShared, Snapshot};
use crate::logs::gone;
use crate::pipeline::{Now, Shared};

const READY_POLL: std::time::Duration = std::time::Duration::from_millis(20);
const READY_POLLS_MAX: u32 = 3_000;

/// All tables of a running server's lake.
pub struct LakeTables {
    /// Files and what is not in them yet.
    pub lake: Arc<LakeShared>,
    /// The state, whose windows are the rollups.
    pub shared: Arc<Shared>,
    /// What log groups keep depends on it.
    pub now: Now,
}

#[async_trait]
impl Tables for LakeTables {
    async fn at_head(&self) -> Result<TablesAtHead, String> {
        let snapshot = self.ready().await?;
        let gone = Arc::new(gone(&self.shared.catalog.load(), (self.now)()));
        let warehouse = &self.lake.lake.warehouse;
        let mut tables: BTreeMap<LakeTable, Arc<dyn TableProvider>> = BTreeMap::new();
        for table in LakeTable::ALL {
            let state = self.lake.lake.current(table);
            let provider = if table == LakeTable::Attempts {
                let hidden = snapshot.hidden.clone();
                LakeTableProvider::attempts(warehouse, &state, &snapshot.live, &snapshot.overlay, hidden)
            } else {
                LakeTableProvider::append_only(warehouse, &state, snapshot.hot[table as usize].clone())
            };
            let provider = match table {
                LakeTable::LogEvents => provider.without(gone.clone(), self.lake.lake.looked_through()),
                _ => provider,
            };
            tables.insert(table, Arc::new(provider));
        }
        let rollup = |(name, resolution)| {
            let source = Windows { shared: self.shared.clone(), resolution, head: snapshot.head };
            let table: Arc<dyn TableProvider> = Arc::new(RollupTable::new(Arc::new(source)));
            (name, table)
        };
        let rollups = NAMES.into_iter().zip(RESOLUTIONS).map(rollup).collect();
        Ok(TablesAtHead { head: snapshot.head.0, tables, rollups })
    }
}

/// An append-only table at one head: its files, and the rows that may not be in them.
pub struct AppendedRows {
    /// The newest entry that it includes.
    pub head: Offset,
    /// The files.
    pub state: Arc<TableState>,
    /// Rows in memory, some of which the files may hold as well.
    pub hot: Vec<RecordBatch>,
    warehouse: Warehouse,
}

impl AppendedRows {
    /// The table with these of the rows in memory, for a reader who knows that it needs no others.
    pub fn with_hot(&self, hot: Vec<RecordBatch>) -> LakeTableProvider {
        LakeTableProvider::append_only(&self.warehouse, &self.state, hot)
    }
}

impl LakeTables {
    /// One append-only table at the newest head.
    ///
    /// # Errors
    /// What was there before the start is still being read.
    pub async fn appended(&self, table: LakeTable) -> Result<AppendedRows, String> {
        let snapshot = self.ready().await?;
        let hot = snapshot.hot[table as usize].clone();
        let (state, warehouse) = (self.lake.lake.current(table), self.lake.lake.warehouse.clone());
        Ok(AppendedRows { head: snapshot.head, state, hot, warehouse })
    }

    /// The newest snapshot, once there is one: after a start, what is not in the files is read back first.
    async fn ready(&self) -> Result<Arc<Snapshot>, String> {
        for _ in 0..READY_POLLS_MAX {
            let snapshot = self.lake.snapshot.load_full();
            if snapshot.is_ready {
                return Ok(snapshot);
            }
            tokio::time::sleep(READY_POLL).await;
        }
        Err("the lake is still being read after the start; try again in a minute".to_owned())
    }
}
