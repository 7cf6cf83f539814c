//! How does the stream's state live in the store?
//!
//! [`Disk`] reads single values for the stream ([`Screened`]: without asking for ids that are new), [`changes`] turns what changed into one batch, and [`restore`]
//! brings the parts that live in memory back at start. Formats are in `codec`, `layout` and `settings`.

pub mod codec;
mod definitions;
mod filters;
mod known;
pub mod layout;
mod message;
pub mod metrics;
mod settings;
mod sources;

use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use codec::CodecError;
pub use known::{Known, Screened};
use walletscope_journal::{Change, Direction, Read, StoreError, Table};
use walletscope_model::Timestamp;
use walletscope_series::{Count, Resolution, Window};
use walletscope_stream::{
    Backing, BackingError, CatalogChange, Changes, Chunk, ChunkKey, Dimension, Node, NodeKey, Row, SeriesId,
    State, Tier, WindowKey,
};

/// The committed state behind a store or a snapshot of it.
#[derive(Clone)]
pub struct Disk<R>(pub R);

impl<R: Read> Backing for Disk<R> {
    fn node(&self, key: &NodeKey) -> Result<Option<Node>, BackingError> {
        let bytes = self.0.get(Table::Nodes, &key.0).map_err(failed)?;
        bytes.map(|bytes| codec::decode_node(*key, &bytes).map_err(damaged)).transpose()
    }

    fn window(&self, key: &WindowKey) -> Result<Option<Window>, BackingError> {
        let bytes = self.0.get(Table::Windows, &layout::window_key(key)).map_err(failed)?;
        bytes.map(|bytes| codec::decode_window(&bytes).map_err(damaged)).transpose()
    }

    fn oldest_rows(&self, before: Timestamp, limit: usize) -> Result<Vec<Row>, BackingError> {
        let to = layout::time_bound(before);
        let mut rows = Vec::new();
        scan(&self.0, Table::Attempts, (Bound::Unbounded, Bound::Excluded(&to)), |key, value| {
            let (_, key) = layout::parse_time_key(key)?;
            rows.push(layout::decode_row(key, value)?);
            Ok(if rows.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(rows)
    }

    fn oldest_loose_ends(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Timestamp, NodeKey)>, BackingError> {
        let to = layout::time_bound(before);
        let mut found = Vec::new();
        scan(&self.0, Table::LooseEnds, (Bound::Unbounded, Bound::Excluded(&to)), |key, _| {
            found.push(layout::parse_time_key(key)?);
            Ok(if found.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(found)
    }

    fn oldest_windows(
        &self,
        resolution: Resolution,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<WindowKey>, BackingError> {
        let from = layout::window_bound(resolution, Timestamp(i64::MIN));
        let to = layout::window_bound(resolution, before);
        let mut keys = Vec::new();
        let bounds = (Bound::Included(from.as_slice()), Bound::Excluded(to.as_slice()));
        scan(&self.0, Table::Windows, bounds, |key, _| {
            keys.push(layout::parse_window_key(key)?);
            Ok(if keys.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(keys)
    }

    fn metric_chunk(&self, key: &ChunkKey) -> Result<Option<Chunk>, BackingError> {
        let bytes = self.0.get(Table::MetricChunks, &metrics::chunk_key(key)).map_err(failed)?;
        bytes.map(|bytes| metrics::decode_chunk(&bytes).map_err(damaged)).transpose()
    }

    fn oldest_metric_seconds(&self, before: Timestamp, limit: usize) -> Result<Vec<ChunkKey>, BackingError> {
        let from = [Tier::Second as u8];
        let to = metrics::seconds_bound(before);
        let mut keys = Vec::new();
        let bounds = (Bound::Included(from.as_slice()), Bound::Excluded(to.as_slice()));
        scan(&self.0, Table::MetricChunks, bounds, |key, _| {
            keys.push(metrics::parse_chunk_key(key)?);
            Ok(if keys.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(keys)
    }
}

/// Everything that changed since the last call as one batch for the store, in the order of tables.
pub fn take_changes<B: Backing>(state: &mut State<B>) -> Vec<Change> {
    let changes = state.take_changes_as(codec::encode_node, codec::encode_window, metrics::encode_chunk);
    encode(state, changes)
}

fn encode<B: Backing>(state: &State<B>, changes: Changes<Vec<u8>, Vec<u8>, Vec<u8>>) -> Vec<Change> {
    let lengths =
        [changes.nodes.len(), changes.rows.len(), changes.windows.len(), changes.metric_chunks.len()];
    let mut batch = Vec::with_capacity(lengths.iter().sum::<usize>() + 8);
    let mut change = |table, key: Vec<u8>, value: Option<Vec<u8>>| {
        batch.push(match value {
            Some(value) => Change::Put { table, key, value },
            None => Change::Delete { table, key },
        });
    };
    for (key, node) in changes.nodes {
        change(Table::Nodes, key.0.to_vec(), node);
    }
    for (key, row) in &changes.rows {
        change(Table::Attempts, layout::time_key(*key), row.as_ref().map(layout::encode_row));
    }
    for (key, window) in changes.windows {
        change(Table::Windows, layout::window_key(&key), window);
    }
    for (key, is_kept) in &changes.loose_ends {
        change(Table::LooseEnds, layout::time_key(*key), is_kept.then(Vec::new));
    }
    for (key, is_set) in &changes.timers {
        change(Table::Timers, layout::time_key(*key), is_set.then(Vec::new));
    }
    for (dimension, code) in &changes.dictionary {
        let value = state.dictionary.value(*dimension, *code).unwrap_or_default();
        change(Table::Dictionary, layout::dictionary_key(*dimension, *code), Some(value.as_bytes().to_vec()));
    }
    for entry in &changes.catalog {
        let (table, key, value) = encode_catalog(entry);
        change(table, key, value);
    }
    for (name, stats) in &changes.sources {
        change(Table::Settings, sources::source_key(name), Some(sources::encode_source(stats)));
    }
    for (id, series) in &changes.metric_series {
        let series = series.as_ref().map(|(identity, times)| metrics::encode_series(identity, *times));
        change(Table::MetricSeries, metrics::series_key(*id).to_vec(), series);
    }
    for (key, chunk) in changes.metric_chunks {
        change(Table::MetricChunks, metrics::chunk_key(&key).to_vec(), chunk);
    }
    if changes.clock {
        change(Table::Settings, settings::CLOCK_KEY.to_vec(), Some(settings::encode_clock(&state.clock)));
    }
    if changes.active_tokens {
        let value = settings::encode_active_tokens(state.active_tokens.iter());
        change(Table::Settings, settings::ACTIVE_TOKENS_KEY.to_vec(), Some(value));
    }
    batch
}

/// Where a change of the catalog is written, and what.
fn encode_catalog(entry: &CatalogChange) -> (Table, Vec<u8>, Option<Vec<u8>>) {
    match entry {
        CatalogChange::Group(key, group) => {
            (Table::Catalog, layout::catalog_key(key, None), group.as_ref().map(settings::encode_group))
        }
        CatalogChange::Stream(key, name, stream) => {
            let key = layout::catalog_key(key, Some(name));
            (Table::Catalog, key, stream.as_ref().map(settings::encode_stream))
        }
        CatalogChange::MetricFilter(key, name, filter) => {
            let key = layout::catalog_key(key, Some(name));
            (Table::MetricFilters, key, filter.as_ref().map(filters::encode_filter))
        }
        CatalogChange::SubscriptionFilter(key, name, filter) => {
            let key = layout::catalog_key(key, Some(name));
            (Table::SubscriptionFilters, key, filter.as_ref().map(filters::encode_subscription))
        }
        CatalogChange::Deletion(key, deletion) => {
            let deletion = deletion.as_ref().map(settings::encode_deletion);
            (Table::Settings, settings::deletion_key(key), deletion)
        }
        CatalogChange::Dashboard(key, dashboard) => {
            let dashboard = dashboard.as_deref().map(definitions::encode_dashboard);
            (Table::Dashboards, definitions::dashboard_key(key), dashboard)
        }
        CatalogChange::AnomalyDetector(key, detector) => {
            let detector = detector.as_ref().map(|stored| definitions::encode_detector(key, stored));
            (Table::AnomalyDetectors, key.id().to_vec(), detector)
        }
    }
}

/// The state as it was committed, its in-memory parts read back.
///
/// # Errors
/// The store could not be read, or holds what this version cannot read.
pub fn restore<R: Read, B: Backing>(read: &R, backing: B) -> Result<State<B>, BackingError> {
    let mut state = State::new(backing);
    state.applied = read.applied().map_err(failed)?;
    restore_small(read, &mut state)?;
    scan(read, Table::Dictionary, ALL, |key, value| {
        let dimension = key.first().and_then(|number| Dimension::ALL.get(usize::from(*number)));
        let value = std::str::from_utf8(value).map_err(|_| CodecError("dictionary: damaged value".into()))?;
        let dimension = dimension.ok_or_else(|| CodecError("dictionary: unknown dimension".into()))?;
        state.dictionary.restore(*dimension, value);
        Ok(ControlFlow::Continue(()))
    })?;
    scan(read, Table::Timers, ALL, |key, _| {
        state.timers.insert(layout::parse_time_key(key)?);
        Ok(ControlFlow::Continue(()))
    })?;
    // How patterns are read, before any is.
    let rules = state.clock.rules.clone();
    state.catalog.set_rules(&rules);
    scan(read, Table::MetricFilters, ALL, |key, value| {
        if let (group, Some(name)) = layout::parse_catalog_key(key)? {
            let filter = filters::decode_filter(value)?;
            state.catalog.restore(CatalogChange::MetricFilter(group, name, Some(filter)));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    scan(read, Table::SubscriptionFilters, ALL, |key, value| {
        if let (group, Some(name)) = layout::parse_catalog_key(key)? {
            let filter = filters::decode_subscription(value)?;
            state.catalog.restore(CatalogChange::SubscriptionFilter(group, name, Some(filter)));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    scan(read, Table::Catalog, ALL, |key, value| {
        let change = match layout::parse_catalog_key(key)? {
            (group, None) => CatalogChange::Group(group, Some(settings::decode_group(value)?)),
            (group, Some(stream)) => {
                CatalogChange::Stream(group, stream, Some(settings::decode_stream(value)?))
            }
        };
        state.catalog.restore(change);
        Ok(ControlFlow::Continue(()))
    })?;
    let (first, last) = (settings::DELETION_PREFIX, &b"deleted0"[..]);
    scan(read, Table::Settings, (Bound::Included(first), Bound::Excluded(last)), |key, value| {
        let deletion = settings::decode_deletion(value)?;
        state.catalog.restore(CatalogChange::Deletion(settings::parse_deletion_key(key)?, Some(deletion)));
        Ok(ControlFlow::Continue(()))
    })?;
    let (first, last) = (sources::KEY_PREFIX, &b"source0"[..]);
    scan(read, Table::Settings, (Bound::Included(first), Bound::Excluded(last)), |key, value| {
        state.sources.restore(sources::parse_source_key(key)?, sources::decode_source(value)?);
        Ok(ControlFlow::Continue(()))
    })?;
    restore_definitions(read, &mut state)?;
    scan(read, Table::MetricSeries, ALL, |key, value| {
        let (identity, times) = metrics::decode_series(value)?;
        state.metric_series.restore(metrics::parse_series_key(key)?, identity, times);
        Ok(ControlFlow::Continue(()))
    })?;
    // An older version did not write it; the log streams know when theirs arrived.
    state.clock.newest_arrival = state.clock.newest_arrival.or_else(|| state.catalog.newest_ingestion());
    Ok(state)
}

/// Visits every committed row, oldest start first.
///
/// # Errors
/// The store could not be read, or holds what this version cannot read.
pub fn each_row(read: &impl Read, mut visit: impl FnMut(Row)) -> Result<(), BackingError> {
    scan(read, Table::Attempts, ALL, |key, value| {
        let (_, key) = layout::parse_time_key(key)?;
        visit(layout::decode_row(key, value)?);
        Ok(ControlFlow::Continue(()))
    })
}

/// Visits the committed windows of a resolution that start in `from..to` and are `admitted`, oldest first; no others are
/// decoded.
///
/// # Errors
/// The store could not be read, or holds what this version cannot read.
pub fn each_window<R: Read + ?Sized>(
    read: &R,
    resolution: Resolution,
    (from, to): (Timestamp, Timestamp),
    admitted: impl Fn(&WindowKey) -> bool,
    mut visit: impl FnMut(WindowKey, Window),
) -> Result<(), BackingError> {
    let (from, to) = (layout::window_bound(resolution, from), layout::window_bound(resolution, to));
    scan(read, Table::Windows, (Bound::Included(&from), Bound::Excluded(&to)), |key, value| {
        let key = layout::parse_window_key(key)?;
        if admitted(&key) {
            visit(key, codec::decode_window(value)?);
        }
        Ok(ControlFlow::Continue(()))
    })
}

/// Visits the committed chunks of a series and tier that hold anything in `from..to`, oldest first.
///
/// # Errors
/// The store could not be read, or holds what this version cannot read.
pub fn each_metric_chunk<R: Read + ?Sized>(
    read: &R,
    (tier, series): (Tier, SeriesId),
    (from, to): (Timestamp, Timestamp),
    mut visit: impl FnMut(ChunkKey, Chunk),
) -> Result<(), BackingError> {
    let first = ChunkKey::of(tier, series, from);
    let last = ChunkKey::of(tier, series, Timestamp(to.0 - 1));
    if tier == Tier::Second {
        for number in first.number..=last.number {
            let key = ChunkKey { number, ..first };
            let bytes = read.get(Table::MetricChunks, &metrics::chunk_key(&key)).map_err(failed)?;
            if let Some(bytes) = bytes {
                visit(key, metrics::decode_chunk(&bytes).map_err(damaged)?);
            }
        }
        return Ok(());
    }
    let (from, to) = (metrics::chunk_key(&first), metrics::chunk_key(&last));
    scan(read, Table::MetricChunks, (Bound::Included(&from), Bound::Included(&to)), |key, value| {
        visit(metrics::parse_chunk_key(key)?, metrics::decode_chunk(value)?);
        Ok(ControlFlow::Continue(()))
    })
}

/// As [`each_window`], with one count of each, for questions that ask for nothing else.
///
/// # Errors
/// The store could not be read, or holds what this version cannot read.
pub fn each_window_count<R: Read + ?Sized>(
    read: &R,
    resolution: Resolution,
    (from, to): (Timestamp, Timestamp),
    count: Count,
    mut visit: impl FnMut(WindowKey, i64),
) -> Result<(), BackingError> {
    let (from, to) = (layout::window_bound(resolution, from), layout::window_bound(resolution, to));
    scan(read, Table::Windows, (Bound::Included(&from), Bound::Excluded(&to)), |key, value| {
        visit(layout::parse_window_key(key)?, codec::decode_count(value, count)?);
        Ok(ControlFlow::Continue(()))
    })
}

/// The oldest committed hour that counts any of these.
///
/// # Errors
/// The store could not be read, or holds what this version cannot read.
pub fn first_hour_with<R: Read + ?Sized>(read: &R, count: Count) -> Result<Option<Timestamp>, BackingError> {
    let from = layout::window_bound(Resolution::Hour, Timestamp(i64::MIN));
    let to = layout::window_bound(Resolution::Hour, Timestamp(i64::MAX));
    let mut first = None;
    scan(read, Table::Windows, (Bound::Included(&from), Bound::Excluded(&to)), |key, value| {
        if codec::decode_count(value, count)? == 0 {
            return Ok(ControlFlow::Continue(()));
        }
        first = Some(layout::parse_window_key(key)?.start);
        Ok(ControlFlow::Break(()))
    })?;
    Ok(first)
}

type Bounds<'a> = (Bound<&'a [u8]>, Bound<&'a [u8]>);

const ALL: Bounds<'static> = (Bound::Unbounded, Bound::Unbounded);

fn restore_small<B: Backing>(read: &impl Read, state: &mut State<B>) -> Result<(), BackingError> {
    if let Some(bytes) = read.get(Table::Settings, settings::CLOCK_KEY).map_err(failed)? {
        settings::decode_clock(&bytes, &mut state.clock).map_err(damaged)?;
    }
    if let Some(bytes) = read.get(Table::Settings, settings::ACTIVE_TOKENS_KEY).map_err(failed)? {
        state.active_tokens = settings::decode_active_tokens(&bytes).map_err(damaged)?.into_iter().collect();
    }
    Ok(())
}

fn restore_definitions<B: Backing>(read: &impl Read, state: &mut State<B>) -> Result<(), BackingError> {
    scan(read, Table::Dashboards, ALL, |key, value| {
        let (key, dashboard) =
            (definitions::parse_dashboard_key(key)?, definitions::decode_dashboard(value)?);
        state.catalog.restore(CatalogChange::Dashboard(key, Some(Arc::new(dashboard))));
        Ok(ControlFlow::Continue(()))
    })?;
    scan(read, Table::AnomalyDetectors, ALL, |_, value| {
        let (key, detector) = definitions::decode_detector(value)?;
        state.catalog.restore(CatalogChange::AnomalyDetector(key, Some(detector)));
        Ok(ControlFlow::Continue(()))
    })
}

fn scan<R: Read + ?Sized>(
    read: &R,
    table: Table,
    bounds: Bounds<'_>,
    mut visit: impl FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, CodecError>,
) -> Result<(), BackingError> {
    let mut outcome = Ok(());
    read.scan(table, bounds, Direction::Forward, &mut |key, value| match visit(key, value) {
        Ok(flow) => flow,
        Err(error) => {
            outcome = Err(damaged(error));
            ControlFlow::Break(())
        }
    })
    .map_err(failed)?;
    outcome
}

fn failed(error: StoreError) -> BackingError {
    BackingError(error.to_string())
}

fn damaged(error: CodecError) -> BackingError {
    BackingError(format!("the state holds what this version cannot read: {}", error.0))
}
