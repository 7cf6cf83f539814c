//! How is one table of the lake scanned: files, hot rows and late changes as one?
//!
//! A [`LakeTableProvider`] is a table at one head. Files are pruned by day, bounds and (inside DataFusion) row-group
//! statistics and bloom filters; rows that are not in the files yet stand beside them in memory. Where an attempt has
//! a newer version, the files of the days that may hold the old one are read with its id filtered out; so are files that
//! may hold log events which readers see no more, with those left out.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, UInt64Array};
use arrow::compute::{and, filter_record_batch, not};
use arrow::datatypes::{Int64Type, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::stats::Precision;
use datafusion::common::{
    Column, ColumnStatistics, DFSchema, Result, ScalarValue, Statistics, exec_datafusion_err,
};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, col, lit};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::pruning::PruningPredicate;
use datafusion::physical_plan::filter::FilterExecBuilder;
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_plan::{ExecutionPlan, empty::EmptyExec};
use walletscope_lake::maintenance::LookedThrough;
use walletscope_lake::{Chunk, Gone, LakeFile, LakeTable, TableState, Warehouse};

use crate::gone_filter::GoneFilter;

/// By day, the ids of attempts whose rows in the files are out of date.
pub type Hidden = BTreeMap<i32, HashSet<String>>;

/// A table at one head.
pub struct LakeTableProvider {
    table: LakeTable,
    schema: SchemaRef,
    warehouse: Warehouse,
    files: Vec<Arc<LakeFile>>,
    memory: Vec<(RecordBatch, Option<BooleanArray>)>,
    hidden: Arc<Hidden>,
    gone: Option<GoneFilter>,
}

impl LakeTableProvider {
    /// An append-only table: the rows of `hot` that the files do not hold yet stand beside them. Take `hot` first, then
    /// `state`.
    pub fn append_only(warehouse: &Warehouse, state: &TableState, hot: Vec<RecordBatch>) -> Self {
        let watermark = state.watermark().0;
        let memory = hot.into_iter().filter_map(|rows| {
            let offsets = offsets(state.table, &rows);
            let is_in_files: BooleanArray = offsets.iter().map(|offset| Some(*offset <= watermark)).collect();
            match is_in_files.true_count() {
                0 => Some((rows, None)),
                count if count == rows.num_rows() => None,
                _ => Some((rows, not(&is_in_files).ok())),
            }
        });
        Self::new(warehouse, state, memory.collect(), Arc::default())
    }

    /// The attempts: `live` holds those that have not been in the files before, `overlay` newer versions of those
    /// that may be, `hidden` says which rows of the files these replace. Take all three first, then `state`.
    pub fn attempts(
        warehouse: &Warehouse,
        state: &TableState,
        live: &[Chunk],
        overlay: &[Chunk],
        hidden: Arc<Hidden>,
    ) -> Self {
        let watermark = state.watermark().0;
        let live = live.iter().filter_map(|chunk| not_in_files(chunk, watermark));
        let overlay = overlay.iter().map(|chunk| (chunk.rows().clone(), chunk.alive()));
        Self::new(warehouse, state, live.chain(overlay).collect(), hidden)
    }

    fn new(
        warehouse: &Warehouse,
        state: &TableState,
        memory: Vec<(RecordBatch, Option<BooleanArray>)>,
        hidden: Arc<Hidden>,
    ) -> Self {
        Self {
            table: state.table,
            schema: state.table.schema(),
            warehouse: warehouse.clone(),
            files: state.files(),
            memory,
            hidden,
            gone: None,
        }
    }

    /// The table of log events without those that are gone; files that were looked through need no look. Take `gone`
    /// before the table's state: a deletion is forgotten when the files hold nothing of it any more.
    #[must_use]
    pub fn without(mut self, gone: Arc<Gone>, looked: Arc<LookedThrough>) -> Self {
        self.gone = (!gone.is_empty()).then_some(GoneFilter { gone, looked });
        self
    }

    /// The files that may hold a row for which `predicate` holds.
    fn pruned(&self, predicate: Option<&Arc<dyn PhysicalExpr>>) -> Result<Vec<Arc<LakeFile>>> {
        let Some(predicate) = predicate else { return Ok(self.files.clone()) };
        let pruning = PruningPredicate::try_new(predicate.clone(), self.schema.clone())?;
        let kept = pruning.prune(&FileBounds(self))?;
        Ok(self
            .files
            .iter()
            .zip(kept)
            .filter(|(_, is_kept)| *is_kept)
            .map(|(file, _)| file.clone())
            .collect())
    }

    fn scan_files(
        &self,
        state: &dyn Session,
        files: &[Arc<LakeFile>],
        projection: Option<Vec<usize>>,
        predicate: Option<&Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let url = ObjectStoreUrl::parse(&self.warehouse.object_url)?;
        state.runtime_env().register_object_store(url.as_ref(), self.warehouse.objects.clone());
        let mut source = ParquetSource::new(self.schema.clone())
            .with_table_parquet_options(state.default_table_options().parquet)
            .with_pushdown_filters(true)
            .with_reorder_filters(true)
            .with_enable_page_index(true)
            .with_bloom_filter_on_read(true);
        if let Some(predicate) = predicate {
            source = source.with_predicate(predicate.clone());
        }
        let rows: u64 = files.iter().map(|file| file.rows).sum();
        let bytes: u64 = files.iter().map(|file| file.bytes).sum();
        let mut statistics = Statistics::new_unknown(&self.schema);
        statistics.num_rows = Precision::Exact(usize::try_from(rows).unwrap_or(usize::MAX));
        statistics.total_byte_size = Precision::Inexact(usize::try_from(bytes).unwrap_or(usize::MAX));
        let group = FileGroup::new(files.iter().map(|file| self.partitioned_file(file)).collect());
        let partitions = state.config().target_partitions().max(1);
        let config = FileScanConfigBuilder::new(url, Arc::new(source))
            .with_file_groups(group.split_files(partitions))
            .with_statistics(statistics)
            .with_projection_indices(projection)?
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }

    fn partitioned_file(&self, file: &LakeFile) -> PartitionedFile {
        let mut statistics = Statistics::new_unknown(&self.schema);
        statistics.num_rows = Precision::Exact(usize::try_from(file.rows).unwrap_or(usize::MAX));
        let time =
            |at: i64| Precision::Exact(ScalarValue::TimestampMicrosecond(Some(at), Some("+00:00".into())));
        statistics.column_statistics[self.table.place("timestamp")] = ColumnStatistics {
            min_value: time(file.times.0.0),
            max_value: time(file.times.1.0),
            null_count: Precision::Exact(0),
            ..ColumnStatistics::new_unknown()
        };
        let day = Precision::Exact(ScalarValue::Date32(Some(file.day)));
        statistics.column_statistics[self.table.place("date")] = ColumnStatistics {
            min_value: day.clone(),
            max_value: day,
            null_count: Precision::Exact(0),
            ..ColumnStatistics::new_unknown()
        };
        PartitionedFile::new(self.warehouse.object_path(&file.path), file.bytes)
            .with_statistics(Arc::new(statistics))
    }

    /// Files of days with late changes, without the rows that are out of date.
    fn scan_without_hidden(
        &self,
        state: &dyn Session,
        files: &[Arc<LakeFile>],
        projection: Option<&Vec<usize>>,
        predicate: Option<&Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let days: HashSet<i32> = files.iter().map(|file| file.day).collect();
        let ids = self.hidden.iter().filter(|(day, _)| days.contains(day)).flat_map(|(_, ids)| ids);
        let ids: Vec<Expr> = ids.map(|id| lit(ScalarValue::Utf8View(Some(id.clone())))).collect();
        let is_current = col("attempt_id").in_list(ids, true);
        self.scan_where(state, files, projection, predicate, &is_current)
    }

    /// The rows of files that `filter` is true for, whatever columns it needs besides those that are asked for.
    fn scan_where(
        &self,
        state: &dyn Session,
        files: &[Arc<LakeFile>],
        projection: Option<&Vec<usize>>,
        predicate: Option<&Arc<dyn PhysicalExpr>>,
        filter: &Expr,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut columns = projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        let wanted = columns.len();
        let needed: BTreeSet<usize> =
            filter.column_refs().iter().map(|column| self.table.place(&column.name)).collect();
        columns.extend(
            needed.into_iter().filter(|place| !columns[..wanted].contains(place)).collect::<Vec<_>>(),
        );
        let scan = self.scan_files(state, files, Some(columns), predicate)?;
        let scanned = DFSchema::try_from(scan.schema())?;
        let filter = state.create_physical_expr(filter.clone(), &scanned)?;
        let filter =
            FilterExecBuilder::new(filter, scan).apply_projection(Some((0..wanted).collect()))?.build()?;
        Ok(Arc::new(filter))
    }

    fn scan_memory(&self, projection: Option<&Vec<usize>>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let mut batches = Vec::with_capacity(self.memory.len());
        for (rows, mask) in &self.memory {
            let seen = self.gone.as_ref().map(|gone| gone.seen(rows)).transpose()?.flatten();
            let mask = match (mask, &seen) {
                (Some(mask), Some(seen)) => Some(and(mask, seen)?),
                (mask, seen) => mask.as_ref().or(seen.as_ref()).cloned(),
            };
            let rows = match projection {
                Some(places) => rows.project(places)?,
                None => rows.clone(),
            };
            let rows = match mask {
                Some(mask) => filter_record_batch(&rows, &mask)?,
                None => rows,
            };
            if rows.num_rows() > 0 {
                batches.push(rows);
            }
        }
        if batches.is_empty() {
            return Ok(None);
        }
        let schema = match projection {
            Some(places) => Arc::new(self.schema.project(places)?),
            None => self.schema.clone(),
        };
        let plan: Arc<dyn ExecutionPlan> = MemorySourceConfig::try_new_exec(&[batches], schema, None)?;
        Ok(Some(plan))
    }
}

#[async_trait]
impl TableProvider for LakeTableProvider {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = DFSchema::try_from(self.schema.clone())?;
        let predicate = conjunction(filters.to_vec()).map(|all| state.create_physical_expr(all, &schema));
        let predicate = predicate.transpose()?;
        let files = self.pruned(predicate.as_ref())?;
        let (changed, files): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|file| self.hidden.get(&file.day).is_some_and(|ids| !ids.is_empty()));
        let (concerned, settled): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|file| self.gone.as_ref().is_some_and(|gone| gone.concerns(file)));
        let mut parts: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        if !settled.is_empty() {
            parts.push(self.scan_files(state, &settled, projection.cloned(), predicate.as_ref())?);
        }
        if !changed.is_empty() {
            parts.push(self.scan_without_hidden(state, &changed, projection, predicate.as_ref())?);
        }
        if let Some(gone) = self.gone.as_ref().filter(|_| !concerned.is_empty()) {
            let is_seen = gone.predicate();
            parts.push(self.scan_where(state, &concerned, projection, predicate.as_ref(), &is_seen)?);
        }
        parts.extend(self.scan_memory(projection)?);
        match parts.len() {
            0 => {
                let schema = projection
                    .map_or_else(|| Ok(self.schema.clone()), |p| self.schema.project(p).map(Arc::new))?;
                Ok(Arc::new(EmptyExec::new(schema)))
            }
            1 => parts.pop().ok_or_else(|| exec_datafusion_err!("one part is there")),
            _ => UnionExec::try_new(parts),
        }
    }
}

impl std::fmt::Debug for LakeTableProvider {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { table, files, memory, .. } = self;
        write!(formatter, "{} ({} files, {} batches in memory)", table.name(), files.len(), memory.len())
    }
}

/// The living rows that the files do not hold: a settled attempt is flushed once, at or before the watermark.
fn not_in_files(chunk: &Chunk, watermark: u64) -> Option<(RecordBatch, Option<BooleanArray>)> {
    let rows = chunk.rows();
    let settled = rows.column(LakeTable::Attempts.place("settled")).as_boolean();
    let offsets = offsets(LakeTable::Attempts, rows);
    let places = offsets.iter().zip(settled.iter());
    let is_new: BooleanArray =
        places.map(|(offset, settled)| Some(*offset > watermark || settled != Some(true))).collect();
    let mask = match chunk.alive() {
        Some(alive) => and(&alive, &is_new).ok()?,
        None => is_new,
    };
    match mask.true_count() {
        0 => None,
        count if count == rows.num_rows() => Some((rows.clone(), None)),
        _ => Some((rows.clone(), Some(mask))),
    }
}

fn offsets(table: LakeTable, rows: &RecordBatch) -> Vec<u64> {
    let offsets = rows.column(table.place("_offset")).as_primitive::<Int64Type>();
    offsets.values().iter().map(|offset| u64::try_from(*offset).unwrap_or(0)).collect()
}

/// What the manifests know of the files' values.
struct FileBounds<'a>(&'a LakeTableProvider);

impl FileBounds<'_> {
    fn bounds(&self, column: &Column, is_upper: bool) -> Option<ArrayRef> {
        let place = self.0.table.columns().iter().position(|known| known.name == column.name)?;
        let id = i32::try_from(place + 1).ok()?;
        let data_type = self.0.schema.field(place).data_type();
        let value = |file: &Arc<LakeFile>| {
            file.bound(id, is_upper).and_then(|value| match value {
                walletscope_lake::table::Bound::Number(number) => {
                    ScalarValue::Int64(Some(number)).cast_to(data_type).ok()
                }
                walletscope_lake::table::Bound::Day(day) => Some(ScalarValue::Date32(Some(day))),
                walletscope_lake::table::Bound::Text(text) => Some(ScalarValue::Utf8View(Some(text))),
            })
        };
        let null = ScalarValue::try_from(data_type).ok()?;
        let values = self.0.files.iter().map(|file| value(file).unwrap_or_else(|| null.clone()));
        ScalarValue::iter_to_array(values).ok()
    }
}

impl PruningStatistics for FileBounds<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, false)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, true)
    }

    fn num_containers(&self) -> usize {
        self.0.files.len()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        // Bounds are only kept of columns without nulls.
        let known = self.bounds(column, false)?;
        let counts: UInt64Array = (0..known.len()).map(|place| known.is_valid(place).then_some(0)).collect();
        Some(Arc::new(counts))
    }

    fn row_counts(&self, _column: &Column) -> Option<ArrayRef> {
        let counts: UInt64Array = self.0.files.iter().map(|file| Some(file.rows)).collect();
        Some(Arc::new(counts))
    }

    fn contained(&self, _column: &Column, _values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
