//! How is DataFusion set up?
//!
//! Once per engine: configuration, memory, spill folder, functions. Each query gets a clone with its own tables and its
//! own `now`, so that two queries share nothing that either could change.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::catalog::CatalogProviderList;
use datafusion::common::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::registry::FunctionRegistry;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::prelude::SessionConfig;
use walletscope_model::Timestamp;

use crate::error::SqlError;
use crate::functions;
use crate::limits::Limits;

/// The catalog that every table is in.
pub(crate) const CATALOG: &str = "walletscope";

/// The schema that every table is in.
pub(crate) const SCHEMA: &str = "public";

/// How many of the largest users of memory an error names.
const CONSUMERS_NAMED: usize = 3;

const SETTINGS: [(&str, &str); 13] = [
    ("datafusion.catalog.create_default_catalog_and_schema", "false"),
    ("datafusion.catalog.default_catalog", CATALOG),
    ("datafusion.catalog.default_schema", SCHEMA),
    ("datafusion.catalog.information_schema", "true"),
    ("datafusion.execution.time_zone", "+00:00"),
    ("datafusion.execution.parquet.pushdown_filters", "true"),
    ("datafusion.execution.parquet.reorder_filters", "true"),
    ("datafusion.execution.parquet.bloom_filter_on_read", "true"),
    ("datafusion.execution.parquet.enable_page_index", "true"),
    // The check compares field ids of Parquet too, which a union of a column and a constant cannot keep.
    ("datafusion.execution.skip_physical_aggregate_schema_check", "true"),
    ("datafusion.sql_parser.dialect", "postgres"),
    ("datafusion.sql_parser.enable_ident_normalization", "true"),
    ("datafusion.sql_parser.collect_spans", "true"),
];

/// The state that every query's own is a clone of.
pub(crate) fn base(limits: &Limits) -> Result<SessionState, SqlError> {
    let refuse = |error: DataFusionError| {
        SqlError::failed(format!("could not set up SQL: {}", error.strip_backtrace()))
    };
    let mut config = SessionConfig::new()
        .with_target_partitions(limits.partitions.max(1))
        .with_batch_size(limits.batch_rows.max(1));
    for (name, value) in SETTINGS {
        config.options_mut().set(name, value).map_err(refuse)?;
    }
    let mut state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime(limits).map_err(refuse)?)
        .with_default_features()
        .build();
    datafusion_functions_json::register_all(&mut state).map_err(refuse)?;
    for function in functions::all() {
        state.register_udf(function).map_err(refuse)?;
    }
    for function in functions::aggregates() {
        state.register_udaf(function).map_err(refuse)?;
    }
    Ok(state)
}

fn runtime(limits: &Limits) -> Result<Arc<RuntimeEnv>, DataFusionError> {
    let top = std::num::NonZeroUsize::new(CONSUMERS_NAMED).unwrap_or(std::num::NonZeroUsize::MIN);
    let pool = TrackConsumersPool::new(FairSpillPool::new(limits.memory_bytes), top);
    let mode = match &limits.spill_folder {
        Some(folder) => DiskManagerMode::Directories(vec![folder.clone()]),
        None => DiskManagerMode::OsTmpDirectory,
    };
    let disk = DiskManagerBuilder::default().with_mode(mode).with_max_temp_directory_size(limits.spill_bytes);
    RuntimeEnvBuilder::new().with_memory_pool(Arc::new(pool)).with_disk_manager_builder(disk).build_arc()
}

/// The state of one query: its tables, and the instant that it calls `now()`.
pub(crate) fn of_query(
    base: &SessionState,
    catalogs: Arc<dyn CatalogProviderList>,
    now: Timestamp,
) -> SessionState {
    let mut state = base.clone();
    state.register_catalog_list(catalogs);
    let mut properties = ExecutionProps::new();
    properties.query_execution_start_time = chrono::DateTime::from_timestamp_micros(now.0);
    properties.config_options = Some(Arc::clone(state.config_options()));
    *state.execution_props_mut() = properties;
    state
}

/// The names of every function that the planner knows.
pub(crate) fn function_names(state: &SessionState) -> BTreeSet<String> {
    let scalar = state.scalar_functions().keys();
    scalar.chain(state.aggregate_functions().keys()).chain(state.window_functions().keys()).cloned().collect()
}
