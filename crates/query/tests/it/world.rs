//! What do the tests ask about? Tables in memory with the lake's schemas, filled row by row from texts.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::json::ReaderBuilder;
use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::physical_plan::common::collect;
use walletscope_lake::LakeTable;
use walletscope_lake::tables::Kind;
use walletscope_model::Timestamp;
use walletscope_query::{Answer, Engine, Limits, Question, SqlError, Tables, TablesAtHead};

/// 2026-11-22T12:00:00Z, a Sunday: the `now` of every test.
pub const NOW: &str = "2026-11-22T12:00:00Z";

/// Rows as JSON objects by table; what a required column lacks is filled in.
#[derive(Default)]
pub struct World {
    rows: BTreeMap<LakeTable, Vec<String>>,
}

impl World {
    /// Adds one row of `columns`, a JSON object; `tenant` is `acme` and `timestamp` is [`NOW`] unless they are said.
    pub fn row(mut self, table: LakeTable, columns: &str) -> Self {
        let written = |name: &str| columns.contains(&format!("\"{name}\":"));
        let timestamp = columns
            .split_once("\"timestamp\":\"")
            .map_or(NOW, |(_, rest)| rest.split_once('"').map_or(NOW, |(time, _)| time));
        let mut row = columns.trim().trim_end_matches('}').to_owned();
        for column in table.columns().iter().filter(|column| column.is_required && !written(column.name)) {
            let value = match (column.name, column.kind) {
                ("timestamp", _) => format!("\"{timestamp}\""),
                ("date", _) => format!("\"{}\"", &timestamp[..10]),
                ("tenant", _) => "\"acme\"".to_owned(),
                (_, Kind::Text) => "\"\"".to_owned(),
                (_, Kind::Time) => format!("\"{timestamp}\""),
                (_, Kind::Flag) => "false".to_owned(),
                _ => "0".to_owned(),
            };
            let comma = if row.trim_end().ends_with('{') { "" } else { "," };
            row.push_str(&format!("{comma}\"{}\":{value}", column.name));
        }
        self.rows.entry(table).or_default().push(row + "}");
        self
    }

    pub fn engine(self) -> Engine {
        self.engine_with(Limits { partitions: 2, ..Limits::default() })
    }

    pub fn engine_with(self, limits: Limits) -> Engine {
        Engine::new(Arc::new(self), limits)
    }

    fn batch(&self, table: LakeTable) -> RecordBatch {
        let rows = self.rows.get(&table).map(|rows| rows.join("\n")).unwrap_or_default();
        let mut reader =
            ReaderBuilder::new(table.schema()).with_batch_size(1 << 20).build(rows.as_bytes()).unwrap();
        reader.next().map_or_else(|| RecordBatch::new_empty(table.schema()), Result::unwrap)
    }
}

#[async_trait]
impl Tables for World {
    async fn at_head(&self) -> Result<TablesAtHead, String> {
        let table = |table: LakeTable| {
            let provider = MemTable::try_new(table.schema(), vec![vec![self.batch(table)]]).unwrap();
            (table, Arc::new(provider) as Arc<dyn TableProvider>)
        };
        Ok(TablesAtHead {
            head: 4711,
            tables: LakeTable::ALL.into_iter().map(table).collect(),
            rollups: std::collections::BTreeMap::new(),
        })
    }
}

/// What `sql` asks as tenant `acme` at [`NOW`].
pub fn question(sql: &str) -> Question {
    Question {
        tenant: "acme".to_owned(),
        sql: sql.to_owned(),
        now: Timestamp::parse_rfc3339(NOW).unwrap(),
        views: BTreeMap::new(),
    }
}

/// The rows of an answer, each as its cells' texts; nulls are `NULL`.
pub async fn rows(answer: Answer) -> Result<Vec<Vec<String>>, SqlError> {
    let batches = collect(answer.batches).await.map_err(|error| walletscope_query::of_running(&error))?;
    Ok(batches.iter().flat_map(cells).collect())
}

fn cells(batch: &RecordBatch) -> Vec<Vec<String>> {
    use arrow::util::display::{ArrayFormatter, FormatOptions};
    let options = FormatOptions::new().with_null("NULL").with_display_error(true);
    let columns: Vec<_> =
        batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
    let cell = |(place, column): (usize, &ArrayFormatter<'_>), row: usize| {
        let text = column.value(row).to_string();
        let is_double = batch.column(place).data_type().is_floating();
        if is_double { text.strip_suffix(".0").unwrap_or(&text).to_owned() } else { text }
    };
    (0..batch.num_rows())
        .map(|row| columns.iter().enumerate().map(|column| cell(column, row)).collect())
        .collect()
}

/// The rows that `sql` answers with.
pub async fn ask(engine: &Engine, sql: &str) -> Result<Vec<Vec<String>>, SqlError> {
    rows(engine.answer(&question(sql)).await?).await
}
