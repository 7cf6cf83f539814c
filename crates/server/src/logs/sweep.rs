//! How is the table of log events read, stretch by stretch?
//!
//! One head serves a whole answer: what arrives meanwhile is not in it. Each stretch of time is read to its end or counts
//! as not read, because rows come in no order within it. The first one is always read to its end, so that whoever goes
//! on where an answer ended comes forward, however slow the disk is.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration as StdDuration;

use arrow::array::{Array, AsArray, RecordBatch, StringViewArray};
use arrow::compute::{max, min};
use arrow::datatypes::{Int32Type, Int64Type, TimestampMicrosecondType};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, ident, lit};
use futures_util::StreamExt;
use tokio::time::Instant;
use walletscope_lake::LakeTable;
use walletscope_lake::table::day_of;
use walletscope_model::{Offset, Timestamp};
use walletscope_query::{Engine, Progress, Scan};
use walletscope_series::Range;

use super::scope::{Scope, Seen};
use super::uuid::uuids;
use super::window::{Density, Windows};
use super::{Cost, EventKey, FoundEvent, Order, SearchError, Selection, matcher};
use crate::lake::{AppendedRows, LakeTables};

/// Rows of the first stretch of a search by UUID.
const ROWS_BY_UUID: f64 = 4_194_304.0;
/// Rows of one batch: a message may be a quarter of a megabyte.
const BATCH_ROWS: usize = 1_024;

/// The columns that say which event it is and whether it is seen.
pub const KEY_COLUMNS: [&str; 7] =
    ["timestamp", "ingestion_time", "_offset", "_index", "region", "log_group", "log_stream"];
/// All columns of an event.
pub const EVENT_COLUMNS: [&str; 14] = [
    "timestamp",
    "ingestion_time",
    "_offset",
    "_index",
    "region",
    "log_group",
    "log_stream",
    "message",
    "guarded",
    "event",
    "correlation_id",
    "request_id",
    "trace_id",
    "token_reference_id",
];

/// One reading of the table.
pub struct Sweep<'a> {
    engine: &'a Engine,
    selection: &'a Selection,
    scope: Scope,
    rows: AppendedRows,
    /// Rows in memory with their first and last time.
    hot: Vec<(Timestamp, Timestamp, RecordBatch)>,
    started: Instant,
    budget: StdDuration,
    /// A UUID that every event has which matches.
    uuid: Option<&'a str>,
    /// Whether a stretch was begun.
    has_read: bool,
    read: Progress,
}

/// How a stretch went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It was read to its end.
    Read(Range),
    /// There was no time left for it, or for all of it: nothing of it counts.
    OutOfTime(Range),
    /// There is no further one.
    End,
}

impl<'a> Sweep<'a> {
    /// Takes the newest head.
    pub async fn start(
        engine: &'a Engine,
        tables: &LakeTables,
        selection: &'a Selection,
        scope: Scope,
        budget: StdDuration,
    ) -> Result<Self, SearchError> {
        let mut rows = tables.appended(LakeTable::LogEvents).await.map_err(SearchError::Failed)?;
        let hot = std::mem::take(&mut rows.hot).into_iter().filter_map(|batch| {
            let times = batch.column(LakeTable::LogEvents.place("timestamp"));
            let times = times.as_primitive::<TimestampMicrosecondType>();
            Some((Timestamp(min(times)?), Timestamp(max(times)?), batch))
        });
        let hot = hot.collect();
        let (started, read) = (Instant::now(), Progress::default());
        let uuid = selection.pattern.needed_texts().into_iter().find_map(|text| uuids(text).next());
        Ok(Self { engine, selection, scope, rows, hot, started, budget, uuid, has_read: false, read })
    }

    /// The stretches of a range. A search that sees no group has none.
    pub fn windows(&self, range: Range, order: Order) -> Windows {
        if self.scope.is_empty() {
            return Windows::new(Density::default(), Range { from: range.to, to: range.to }, order);
        }
        let mut density = Density::default();
        if self.selection.entry.is_some() {
            // Which files may hold the entry is known of the files: all of the time is one stretch.
            return Windows::new(density, range, order);
        }
        for file in self.rows.state.files() {
            density.add(file.times.0, file.times.1, file.rows);
        }
        for (first, last, batch) in &self.hot {
            density.add(*first, *last, batch.num_rows() as u64);
        }
        let windows = Windows::new(density, range, order);
        // What is read of them are few.
        if self.uuid.is_some() { windows.beginning_with(ROWS_BY_UUID) } else { windows }
    }

    /// Reads the next stretch; `visit` gets every event of it that is asked for, in no order.
    pub async fn step(
        &mut self,
        windows: &mut Windows,
        columns: &[&str],
        visit: &mut (dyn FnMut(&EventRows<'_>, usize) + Send),
    ) -> Result<Step, SearchError> {
        let has_read = std::mem::replace(&mut self.has_read, true);
        let began = Instant::now();
        let deadline = self.started + self.budget;
        let Some(window) = windows.next() else { return Ok(Step::End) };
        if !has_read {
            self.read_window(window, columns, visit).await?;
        } else if began >= deadline {
            return Ok(Step::OutOfTime(window));
        } else {
            let reading = self.read_window(window, columns, visit);
            match tokio::time::timeout_at(deadline, reading).await {
                Ok(read) => read?,
                Err(_) => return Ok(Step::OutOfTime(window)),
            }
        }
        windows.took(window, began.elapsed(), deadline.saturating_duration_since(Instant::now()));
        Ok(Step::Read(window))
    }

    /// What it cost so far.
    pub fn cost(&self) -> Cost {
        Cost { read: self.read, elapsed: self.started.elapsed(), head: self.rows.head }
    }

    /// Reads a stretch, where it is by id once for each place that the id may have: none of these readings can be said in one
    /// filter that finds its files as well.
    async fn read_window(
        &mut self,
        window: Range,
        columns: &[&str],
        visit: &mut (dyn FnMut(&EventRows<'_>, usize) + Send),
    ) -> Result<(), SearchError> {
        let overlaps = |(first, last, _): &&(Timestamp, Timestamp, RecordBatch)| {
            *first < window.to && *last >= window.from
        };
        let hot: Vec<RecordBatch> =
            self.hot.iter().filter(overlaps).map(|(_, _, batch)| batch.clone()).collect();
        self.read.rows_scanned += hot.iter().map(RecordBatch::num_rows).sum::<usize>() as u64;
        let filters = self.filters(window);
        let Some(uuid) = self.uuid else { return self.read_rows(&hot, filters, columns, visit).await };
        let mut visited = HashSet::new();
        let mut visit_once = |rows: &EventRows<'_>, row: usize| {
            let key = rows.key(row);
            if visited.insert((key.offset, key.index)) {
                visit(rows, row);
            }
        };
        for place in places_of(uuid) {
            let filters = std::iter::once(place).chain(filters.iter().cloned()).collect();
            self.read_rows(&hot, filters, columns, &mut visit_once).await?;
        }
        Ok(())
    }

    async fn read_rows(
        &mut self,
        hot: &[RecordBatch],
        filters: Vec<Expr>,
        columns: &[&str],
        visit: &mut (dyn FnMut(&EventRows<'_>, usize) + Send),
    ) -> Result<(), SearchError> {
        let scan = Scan { tenant: &self.selection.tenant, columns, filters, batch_rows: BATCH_ROWS };
        let failed = |reason: String| SearchError::Failed(reason);
        let table = Arc::new(self.rows.with_hot(hot.to_vec()));
        let scanned = self.engine.scan(table, &scan).await;
        let mut scanned = scanned.map_err(|error| failed(error.to_string()))?;
        // Counted when it ends or is dropped in the middle alike.
        let before = self.read;
        let sum = |read: Progress| Progress {
            rows_scanned: before.rows_scanned + read.rows_scanned,
            bytes_scanned: before.bytes_scanned + read.bytes_scanned,
        };
        while let Some(batch) = scanned.batches.next().await {
            let batch = batch.map_err(|error| failed(walletscope_query::of_running(&error).to_string()))?;
            let rows = EventRows::of(&batch).ok_or_else(|| failed("a column is missing".to_owned()))?;
            for row in rows.seen(self.selection, &self.scope) {
                visit(&rows, row);
            }
            self.read = sum(scanned.progress());
        }
        self.read = sum(scanned.progress());
        Ok(())
    }

    fn filters(&self, window: Range) -> Vec<Expr> {
        let Selection { account, region, groups, streams, stream_prefixes, entry, pattern, mode, .. } =
            self.selection;
        let text = |text: &str| lit(ScalarValue::Utf8View(Some(text.to_owned())));
        let any_of = |column: &str, names: &[Box<str>]| {
            ident(column).in_list(names.iter().map(|name| text(name)).collect(), false)
        };
        let time = |at: Timestamp| lit(ScalarValue::TimestampMicrosecond(Some(at.0), Some("+00:00".into())));
        let day = |at: Timestamp| lit(ScalarValue::Date32(Some(day_of(at))));
        let mut filters = vec![
            ident("timestamp").gt_eq(time(window.from)),
            ident("timestamp").lt(time(window.to)),
            ident("date").gt_eq(day(window.from)),
            ident("date").lt_eq(day(Timestamp(window.to.0.saturating_sub(1)))),
            ident("account").eq(text(account)),
        ];
        filters.extend(region.as_ref().map(|region| ident("region").eq(text(region))));
        if !groups.is_empty() {
            filters.push(any_of("log_group", groups));
            let floor = i64::try_from(self.scope.floor().0).unwrap_or(i64::MAX);
            filters.push(ident("_offset").gt(lit(floor)));
        }
        if !streams.is_empty() && stream_prefixes.is_empty() {
            filters.push(any_of("log_stream", streams));
        }
        filters.extend(entry.map(|entry| {
            let offset = i64::try_from(entry.0).unwrap_or(i64::MAX);
            ident("_offset").eq(lit(offset))
        }));
        filters.extend(matcher::filter(pattern, *mode));
        filters
    }
}

/// Where events are that tell a UUID: in a column of ids, or in a message that tells ids of which no column knows.
fn places_of(uuid: &str) -> [Expr; 5] {
    let is = |column| ident(column).eq(lit(ScalarValue::Utf8View(Some(uuid.to_owned()))));
    let others = ident("has_other_ids");
    [
        is("correlation_id"),
        is("request_id"),
        is("trace_id"),
        is("token_reference_id"),
        others.clone().is_null().or(others.eq(lit(true))),
    ]
}

/// Events of one batch.
pub struct EventRows<'a> {
    timestamps: &'a [i64],
    ingested: &'a [i64],
    offsets: &'a [i64],
    indexes: &'a [i32],
    regions: &'a StringViewArray,
    groups: &'a StringViewArray,
    streams: &'a StringViewArray,
    batch: &'a RecordBatch,
}

impl<'a> EventRows<'a> {
    fn of(batch: &'a RecordBatch) -> Option<Self> {
        let column = |name: &str| batch.column_by_name(name);
        let times = |name: &str| {
            let times = column(name)?.as_primitive_opt::<TimestampMicrosecondType>()?;
            Some(&times.values()[..])
        };
        Some(Self {
            timestamps: times("timestamp")?,
            ingested: times("ingestion_time")?,
            offsets: column("_offset")?.as_primitive_opt::<Int64Type>()?.values(),
            indexes: column("_index")?.as_primitive_opt::<Int32Type>()?.values(),
            regions: column("region")?.as_string_view_opt()?,
            groups: column("log_group")?.as_string_view_opt()?,
            streams: column("log_stream")?.as_string_view_opt()?,
            batch,
        })
    }

    /// The event's own time.
    pub fn timestamp(&self, row: usize) -> Timestamp {
        Timestamp(self.timestamps[row])
    }

    /// Where the event stands.
    pub fn key(&self, row: usize) -> EventKey {
        EventKey {
            timestamp: self.timestamp(row),
            ingested_at: Timestamp(self.ingested[row]),
            offset: self.offset(row),
            index: u32::try_from(self.indexes[row]).unwrap_or(0),
        }
    }

    /// The whole event, of a batch that has all columns.
    pub fn event(&self, row: usize) -> FoundEvent {
        let guarded = self.batch.column_by_name("guarded").and_then(|column| column.as_boolean_opt());
        FoundEvent {
            key: self.key(row),
            region: self.regions.value(row).into(),
            group: self.groups.value(row).into(),
            stream: self.streams.value(row).into(),
            message: self.text("message", row).unwrap_or_default(),
            guarded: guarded.is_some_and(|guarded| guarded.value(row)),
            event: self.text("event", row),
            correlation_id: self.text("correlation_id", row),
            request_id: self.text("request_id", row),
            trace_id: self.text("trace_id", row),
            token_reference_id: self.text("token_reference_id", row),
        }
    }

    /// How long its message is, of a batch that has it.
    pub fn message_bytes(&self, row: usize) -> usize {
        let messages = self.batch.column_by_name("message").and_then(|column| column.as_string_view_opt());
        messages.map_or(0, |messages| messages.value(row).len())
    }

    fn offset(&self, row: usize) -> Offset {
        Offset(u64::try_from(self.offsets[row]).unwrap_or(0))
    }

    fn text(&self, name: &str, row: usize) -> Option<Box<str>> {
        let texts = self.batch.column_by_name(name)?.as_string_view_opt()?;
        texts.is_valid(row).then(|| texts.value(row).into())
    }

    /// The rows that are asked for and seen. Most rows are of the stream of the row before.
    fn seen<'s>(&'s self, selection: &'s Selection, scope: &'s Scope) -> impl Iterator<Item = usize> + 's {
        let mut last: Option<([&str; 3], Option<Seen>)> = None;
        (0..self.batch.num_rows()).filter(move |row| {
            let names = [self.regions, self.groups, self.streams].map(|texts| texts.value(*row));
            let seen = match last {
                Some((known, seen)) if known == names => seen,
                _ => {
                    let [region, group, stream] = names;
                    let is_named = selection.names_stream(stream);
                    let seen = if is_named { scope.of_stream(region, group, stream) } else { None };
                    last = Some((names, seen));
                    seen
                }
            };
            seen.is_some_and(|seen| seen.admits(self.offset(*row), self.timestamp(*row)))
        })
    }
}
