//! How is a text of SQL answered?
//!
//! [`Engine::run`] parses, rewrites, plans and starts; the caller pulls batches and may drop them at any time, which
//! cancels. One snapshot of all tables serves one query, so that joins see one instant.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use datafusion::execution::SendableRecordBatchStream;
use walletscope_lake::LakeTable;

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
}

/// Why a text was not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlError {
    /// A stable word: `syntax`, `unsupported`, `unknown_table`, `unknown_column`, `read_only`, `too_large`, `failed`.
    pub code: &'static str,
    /// What is wrong, for people.
    pub message: String,
    /// Where, from 1.
    pub line: Option<u64>,
    /// Where, from 1.
    pub column: Option<u64>,
    /// The nearest form that works.
    pub hint: Option<String>,
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
    pub plan: Arc<dyn datafusion::physical_plan::ExecutionPlan>,
}
