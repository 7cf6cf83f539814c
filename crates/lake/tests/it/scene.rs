//! A small lake in a temporary folder, with files that can be made to fail.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use async_trait::async_trait;
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use walletscope_lake::maintenance::Overlay;
use walletscope_lake::storage::{Files, Listed};
use walletscope_lake::tables::Kind;
use walletscope_lake::{Lake, LakeError, LakeTable, RowBuilder, Warehouse};
use walletscope_model::Timestamp;

pub const DAY: i64 = 86_400_000_000;
pub const NOW: Timestamp = Timestamp(20_000 * DAY + 3_600_000_000);

/// A folder that outlives the lakes opened in it, as a disk outlives processes.
pub struct Disk {
    pub folder: tempfile::TempDir,
}

/// Files that stop working after some steps, as those of a killed process do.
struct Killed {
    inner: Arc<dyn Files>,
    steps_left: Arc<AtomicI64>,
}

impl Disk {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub async fn lake(&self) -> Lake {
        self.lake_for_steps(i64::MAX).await.0
    }

    /// A lake whose files fail after so many writes and deletes; what tells how many are left.
    pub async fn lake_for_steps(&self, steps: i64) -> (Lake, Arc<AtomicI64>) {
        let mut warehouse = Warehouse::local(&self.root()).unwrap();
        let steps_left = Arc::new(AtomicI64::new(i64::MAX));
        warehouse.files = Arc::new(Killed { inner: warehouse.files.clone(), steps_left: steps_left.clone() });
        let lake = Lake::open(self.folder.path(), warehouse, NOW).await.unwrap();
        steps_left.store(steps, Ordering::SeqCst);
        (lake, steps_left)
    }

    pub fn root(&self) -> PathBuf {
        self.folder.path().join("warehouse")
    }
}

impl Killed {
    fn step(&self, path: &str) -> Result<(), LakeError> {
        if self.steps_left.fetch_sub(1, Ordering::SeqCst) > 0 {
            return Ok(());
        }
        Err(LakeError::Storage { what: "write", path: path.to_owned(), reason: "killed".to_owned() })
    }
}

#[async_trait]
impl Files for Killed {
    async fn put(&self, path: &str, bytes: Bytes) -> Result<(), LakeError> {
        self.step(path)?;
        self.inner.put(path, bytes).await
    }

    async fn get(&self, path: &str) -> Result<Bytes, LakeError> {
        self.inner.get(path).await
    }

    async fn delete(&self, path: &str) -> Result<(), LakeError> {
        self.step(path)?;
        self.inner.delete(path).await
    }

    async fn list(&self, folder: &str) -> Result<Vec<Listed>, LakeError> {
        self.inner.list(folder).await
    }
}

/// A row whose every column has some value; attempts are called `a<number>`.
pub fn rows(table: LakeTable, each: impl IntoIterator<Item = (i64, u64)>) -> RecordBatch {
    let mut builder = RowBuilder::new(table);
    for (day, number) in each {
        let at = Timestamp(day * DAY + i64::try_from(number).unwrap());
        builder.begin(at);
        for column in &table.columns()[2..] {
            let name = column.name;
            let text =
                if name == "attempt_id" { format!("a{number}") } else { format!("{name} {}", number % 7) };
            match column.kind {
                Kind::Text => builder.text(name, Some(&text)),
                Kind::Long => builder.long(name, number),
                Kind::Int => builder.int(name, Some(1)),
                Kind::Double => builder.double(name, Some(number as f64)),
                Kind::Flag => builder.flag(name, true),
                Kind::Time => builder.time(name, Some(at)),
                Kind::Bytes => builder.binary(name, Some(b"b")),
                Kind::Texts => builder.texts(name, Some(["x", "y"].into_iter())),
                Kind::Doubles => builder.doubles(name, Some([1.0, 2.0].into_iter())),
                Kind::Date => unreachable!("one date a table"),
            };
        }
        builder.end();
    }
    builder.finish()
}

/// Versions of attempts: how often each (name, version) stands in the current files. The version is `_offset`.
pub type Contents = BTreeMap<(String, i64), usize>;

/// What is in the current files of a folder.
pub fn contents(lake: &Lake, disk: &Disk, table: LakeTable) -> Contents {
    let mut found = Contents::new();
    for file in lake.current(table).files() {
        count(&mut found, Bytes::from(std::fs::read(disk.root().join(&file.path)).unwrap()), table);
    }
    found
}

/// What is in the current files, wherever they lie.
pub async fn contents_of(lake: &Lake, table: LakeTable) -> Contents {
    let mut found = Contents::new();
    for file in lake.current(table).files() {
        count(&mut found, lake.warehouse.files.get(&file.path).await.unwrap(), table);
    }
    found
}

fn count(found: &mut Contents, file: Bytes, table: LakeTable) {
    for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
        let batch = batch.unwrap();
        let name = if table == LakeTable::Attempts { "attempt_id" } else { "tenant" };
        let names = batch.column_by_name(name).unwrap().as_string::<i32>().clone();
        let versions = batch.column_by_name("_offset").unwrap().as_primitive::<Int64Type>().clone();
        for (name, version) in names.iter().zip(versions.iter()) {
            *found.entry((name.unwrap().to_owned(), version.unwrap())).or_default() += 1;
        }
    }
}

/// Late changes: of these attempts, which were on this day, new versions on another.
pub fn overlay(day: i32, names: &[&str], rows: Vec<RecordBatch>) -> Overlay {
    let hidden: HashSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
    Overlay { hidden: [(day, hidden)].into(), rows }
}
