//! Which tables are there, and what does each column mean?
//!
//! The lake's schemas as data: Arrow, Iceberg, SQL completion and the documentation follow from [`LakeTable::columns`].
//! A column's Iceberg field id is its place in the list, from 1, so columns are only ever appended. Every table is
//! partitioned by `day(timestamp)` and has a physical `date` column beside it, which engines without hidden
//! partitioning can filter by. Names of people's cards never occur: at most BIN and last four.

mod attempts;
mod columns;
mod signals;

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

pub use columns::{Column, Kind};

/// A table of the lake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum LakeTable {
    /// One row per attempt, as it stands now; the only table whose rows are replaced.
    Attempts,
    /// One row per provisioning event.
    Events,
    /// One row per assertion about a token's state.
    TokenStates,
    /// One row per log event.
    LogEvents,
    /// One row per metric datum.
    MetricPoints,
    /// One row per span of a trace.
    Spans,
    /// One row per audit event.
    AuditEvents,
}

impl LakeTable {
    /// How many tables there are.
    pub const COUNT: usize = 7;

    /// Every table, in the order of their numbers.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Attempts,
        Self::Events,
        Self::TokenStates,
        Self::LogEvents,
        Self::MetricPoints,
        Self::Spans,
        Self::AuditEvents,
    ];

    /// Its name in every engine.
    pub fn name(self) -> &'static str {
        [
            "token_provisioning_logs",
            "token_provisioning_events",
            "token_states",
            "log_events",
            "metric_points",
            "spans",
            "audit_events",
        ][self as usize]
    }

    /// The table of this name; compared exactly.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// What one row is.
    pub fn meaning(self) -> &'static str {
        [
            "One row per attempt with its current outcome.",
            "One row per provisioning event, as its source sent it.",
            "One row per assertion about a token's state.",
            "One row per log event, card numbers cut.",
            "One row per metric datum: sums, extremes and up to eight values.",
            "One row per span of a trace.",
            "One row per audited call.",
        ][self as usize]
    }

    /// Its columns; the place, from 1, is the Iceberg field id.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::Attempts => attempts::COLUMNS,
            Self::Events => signals::EVENTS,
            Self::TokenStates => signals::TOKEN_STATES,
            Self::LogEvents => signals::LOG_EVENTS,
            Self::MetricPoints => signals::METRIC_POINTS,
            Self::Spans => signals::SPANS,
            Self::AuditEvents => signals::AUDIT_EVENTS,
        }
    }

    /// What rows are sorted by inside a file, so that statistics prune.
    pub fn sort_columns(self) -> &'static [&'static str] {
        match self {
            Self::LogEvents => &["log_group", "timestamp"],
            Self::MetricPoints => &["namespace", "metric_name", "dimensions", "timestamp"],
            Self::Spans => &["trace_id", "timestamp"],
            Self::TokenStates => &["token_reference_id", "timestamp"],
            Self::Attempts | Self::Events | Self::AuditEvents => &["timestamp"],
        }
    }

    /// Columns with a bloom filter: ids that people look up.
    pub fn bloom_columns(self) -> impl Iterator<Item = &'static str> {
        self.columns().iter().filter(|column| column.is_id).map(|column| column.name)
    }

    /// Whether rows are only ever added.
    pub fn is_append_only(self) -> bool {
        self != Self::Attempts
    }

    /// The Arrow schema that hot batches and queries share.
    pub fn schema(self) -> SchemaRef {
        let field = |(place, column): (usize, &Column)| {
            Field::new(column.name, column.kind.data_type(place + 1, self), !column.is_required)
        };
        Arc::new(Schema::new(self.columns().iter().enumerate().map(field).collect::<Vec<_>>()))
    }

    /// The same with Iceberg's field ids, as files have it.
    pub(crate) fn file_schema(self) -> SchemaRef {
        let schema = self.schema();
        let field = |(place, field): (usize, &Arc<Field>)| {
            let metadata = [("PARQUET:field_id".to_owned(), (place + 1).to_string())].into();
            Field::clone(field).with_metadata(metadata)
        };
        Arc::new(Schema::new(schema.fields().iter().enumerate().map(field).collect::<Vec<_>>()))
    }

    /// The place of a column.
    ///
    /// # Panics
    /// The table has no such column: a mistake in this crate.
    pub fn place(self, name: &str) -> usize {
        let place = self.columns().iter().position(|column| column.name == name);
        place.unwrap_or_else(|| panic!("{} has no column {name}", self.name()))
    }
}

impl Kind {
    /// The Arrow type; elements of lists get Iceberg ids beyond those of all columns.
    fn data_type(self, id: usize, table: LakeTable) -> DataType {
        let list = |of: DataType| {
            let element_id = (table.element_id(id)).to_string();
            let metadata = [("PARQUET:field_id".to_owned(), element_id)].into();
            DataType::List(Arc::new(Field::new("element", of, false).with_metadata(metadata)))
        };
        match self {
            Self::Text => DataType::Utf8View,
            Self::Long => DataType::Int64,
            Self::Int => DataType::Int32,
            Self::Double => DataType::Float64,
            Self::Flag => DataType::Boolean,
            Self::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into())),
            Self::Date => DataType::Date32,
            Self::Bytes => DataType::Binary,
            Self::Texts => list(DataType::Utf8View),
            Self::Doubles => list(DataType::Float64),
        }
    }
}

impl LakeTable {
    /// The Iceberg field id of the elements of the list column with this id: beyond any column's, so that columns can
    /// be appended.
    pub(crate) fn element_id(self, column_id: usize) -> usize {
        const ELEMENTS_FROM: usize = 10_000;
        ELEMENTS_FROM + column_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_table_has_what_the_lake_relies_on() {
        for table in LakeTable::ALL {
            assert_eq!(LakeTable::from_name(table.name()), Some(table));
            let mut names: Vec<_> = table.columns().iter().map(|column| column.name).collect();
            names.sort_unstable();
            names.windows(2).for_each(|pair| assert_ne!(pair[0], pair[1], "{}", table.name()));
            for column in ["timestamp", "date", "account", "region", "source", "tenant", "_offset"] {
                table.place(column);
            }
            table.sort_columns().iter().for_each(|column| {
                table.place(column);
            });
            assert!(table.bloom_columns().count() > 0 || table == LakeTable::MetricPoints);
        }
    }
}
