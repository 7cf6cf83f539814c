//! The questions over a kept lake of many attempts: ours and DuckDB's times, and whether the numbers are the same.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration as StdDuration, Instant};

use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::catalog::TableProvider;
use futures_util::TryStreamExt as _;
use serde_json::Value;
use walletscope_lake::{Lake, LakeTable, Warehouse};
use walletscope_model::Timestamp;
use walletscope_query::lake_table::LakeTableProvider;
use walletscope_query::{Engine, Limits, Question, Tables, TablesAtHead};
use walletscope_server::start::system_now;

use super::duckdb;
use super::fill::{fill, request_id};
use super::questions::{Asked, Promise, QUESTIONS};
use crate::load::LoadError;
use crate::load::figures::{Figure, grouped, median, megabytes};

/// Attempts of the kept lake.
pub const ATTEMPTS: u64 = 20_000_000;
/// Days that they are spread over.
pub const DAYS: u64 = 60;
/// How often each question is asked; the median counts.
const TIMES: usize = 5;
const DAY_MICROS: i64 = 86_400_000_000;

/// Fills the lake in `folder` unless it has attempts, and asks it.
///
/// # Errors
/// The lake could not be written or read, or DuckDB did not answer.
pub fn measure(
    folder: &Path,
    attempts: u64,
    python: &Path,
    print: &mut dyn FnMut(&str),
) -> Result<Vec<Figure>, LoadError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(LoadError::io("start", "a runtime"))?;
    runtime.block_on(measured(folder, attempts, python, print))
}

async fn measured(
    folder: &Path,
    attempts: u64,
    python: &Path,
    print: &mut dyn FnMut(&str),
) -> Result<Vec<Figure>, LoadError> {
    let failed = |error: walletscope_lake::LakeError| LoadError::server("open the lake of the bench", error);
    let now = system_now()();
    let warehouse = Warehouse::local(&folder.join("warehouse")).map_err(failed)?;
    let lake = Arc::new(Lake::open(folder, warehouse, now).await.map_err(failed)?);
    if lake.current(LakeTable::Attempts).rows() == 0 {
        let started = Instant::now();
        fill(&lake, attempts, DAYS, now, 1).await.map_err(failed)?;
        print(&format!("filled {} in {:.0} s", folder.display(), started.elapsed().as_secs_f64()));
    }
    let state = lake.current(LakeTable::Attempts);
    let files = state.files();
    let bytes: u64 = files.iter().map(|file| file.bytes).sum();
    let end_day = files.iter().map(|file| file.day).max().unwrap_or(0) + 1;
    let id = request_id(state.rows() / 3);
    let mut figures = vec![Figure::new(
        "lake of 60 days: on disk",
        format!(
            "{} attempts in {} files, {}, {:.0} B each",
            grouped(state.rows() as f64),
            files.len(),
            megabytes(bytes),
            bytes as f64 / state.rows().max(1) as f64
        ),
        "invented attempts over 60 days; every attempt has its own ids",
    )];
    let engine = Engine::new(Arc::new(Files(lake.clone())), Limits::default())
        .map_err(|error| LoadError::server("start the SQL engine", error.message))?;
    let ends = Timestamp(i64::from(end_day) * DAY_MICROS);
    let texts: Vec<(Asked, String)> =
        QUESTIONS.iter().map(|asked| (*asked, asked.texts(&id, end_day).1)).collect();
    let paths: Vec<String> =
        files.iter().map(|file| folder.join("warehouse").join(&file.path).display().to_string()).collect();
    let theirs = duckdb::ask(python, &paths, &texts, TIMES)?;
    for ((asked, _), theirs) in texts.iter().zip(theirs) {
        let ours = ask(&engine, asked, &asked.texts(&id, end_day).0, ends).await?;
        figures.push(figure(asked, &ours, &theirs)?);
    }
    Ok(figures)
}

/// The files of a lake that nobody writes to.
struct Files(Arc<Lake>);

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

struct Answered {
    took: Vec<StdDuration>,
    rows: Vec<Vec<String>>,
}

async fn ask(engine: &Engine, asked: &Asked, sql: &str, now: Timestamp) -> Result<Answered, LoadError> {
    let failed = |reason: String| LoadError::server("ask the lake", format!("{}: {reason}", asked.name));
    let mut answered = Answered { took: Vec::new(), rows: Vec::new() };
    for _ in 0..TIMES {
        let started = Instant::now();
        let question =
            Question { tenant: "default".to_owned(), sql: sql.to_owned(), now, views: BTreeMap::new() };
        let answer = engine.answer(&question).await.map_err(|error| failed(error.message))?;
        let batches: Vec<RecordBatch> =
            answer.batches.try_collect().await.map_err(|error| failed(error.to_string()))?;
        answered.took.push(started.elapsed());
        answered.rows = texts(&batches).map_err(|error| failed(error.to_string()))?;
    }
    Ok(answered)
}

fn texts(batches: &[RecordBatch]) -> Result<Vec<Vec<String>>, datafusion::arrow::error::ArrowError> {
    let mut rows = Vec::new();
    for batch in batches {
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter().map(|column| array_value_to_string(column, row));
            rows.push(cells.collect::<Result<Vec<_>, _>>()?);
        }
    }
    Ok(rows)
}

fn figure(asked: &Asked, ours: &Answered, theirs: &duckdb::DuckDbAnswer) -> Result<Figure, LoadError> {
    let distance = distance(&ours.rows, &theirs.rows)
        .map_err(|why| LoadError::server("get DuckDB's numbers", format!("{}: {why}", asked.name)))?;
    let took = median(&ours.took).unwrap_or_default().as_secs_f64() * 1e3;
    let duckdb = median(&theirs.millis).unwrap_or(f64::NAN);
    let numbers = if asked.tolerance < 1e-6 {
        if distance <= asked.tolerance { "the same numbers".to_owned() } else { "OTHER NUMBERS".to_owned() }
    } else {
        format!("numbers within {:.2} % of the exact ones", distance * 100.0)
    };
    let figure = Figure::new(
        asked.name,
        format!("{took:.0} ms; DuckDB {duckdb:.0} ms, {:.1} times that; {numbers}", took / duckdb),
        "median of 5 in process, without HTTP; DuckDB over the same files in the same run, all cores each",
    );
    let is_right = distance <= asked.tolerance;
    Ok(match asked.promise {
        Promise::TimesDuckDb(times, goal) => figure.promised(
            format!("at most {times:.0} times DuckDB, goal {goal:.0}"),
            is_right && took <= times * duckdb,
        ),
        Promise::Below(limit) => {
            let limit = limit.as_secs_f64() * 1e3;
            figure.promised(format!("below {limit:.0} ms"), is_right && took < limit)
        }
        Promise::Nothing => figure.promised("right numbers", is_right),
    })
}

/// The greatest relative distance of two numbers in the same place, rows in any order; an error where texts differ.
fn distance(ours: &[Vec<String>], theirs: &[Vec<Value>]) -> Result<f64, String> {
    let theirs: Vec<Vec<String>> = theirs.iter().map(|row| row.iter().map(text_of).collect()).collect();
    let (ours, theirs) = (by_words(ours), by_words(&theirs));
    if ours.len() != theirs.len() {
        return Err(format!("{} rows, DuckDB has {}", ours.len(), theirs.len()));
    }
    let mut greatest = 0.0_f64;
    for ((words, numbers), (their_words, their_numbers)) in ours.iter().zip(&theirs) {
        if words != their_words || numbers.len() != their_numbers.len() {
            return Err(format!("{words:?} {numbers:?}, DuckDB has {their_words:?} {their_numbers:?}"));
        }
        for (ours, theirs) in numbers.iter().zip(their_numbers) {
            greatest = greatest.max((ours - theirs).abs() / theirs.abs().max(f64::MIN_POSITIVE));
        }
    }
    Ok(greatest)
}

/// Rows in the order of their words, words and numbers apart.
fn by_words(rows: &[Vec<String>]) -> Vec<(Vec<String>, Vec<f64>)> {
    let mut sorted: Vec<(Vec<String>, Vec<f64>)> = rows
        .iter()
        .map(|row| {
            let numbers = row.iter().filter_map(|cell| cell.parse().ok()).collect();
            let words = row.iter().filter(|cell| cell.parse::<f64>().is_err());
            (words.map(|cell| time_text(cell)).collect(), numbers)
        })
        .collect();
    sorted.sort_by(|left, right| left.0.cmp(&right.0));
    sorted
}

/// Times as both sides write them: up to the second, with a space in the middle.
fn time_text(cell: &str) -> String {
    let is_time = cell.len() >= 19 && cell.as_bytes()[4] == b'-' && cell.as_bytes()[13] == b':';
    if is_time { cell[..19].replace('T', " ") } else { cell.to_owned() }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_compared_cell_by_cell_in_any_order() {
        let ours = |rows: &[[&str; 3]]| -> Vec<Vec<String>> {
            rows.iter().map(|row| row.map(str::to_owned).to_vec()).collect()
        };
        let rows = ours(&[["2026-10-01T00:00:00Z", "b", "2"], ["2026-10-01T00:00:00Z", "a", "1.5"]]);
        let day = "2026-10-01 00:00:00+00:00";
        assert_eq!(
            distance(
                &rows,
                &[vec![json!(day), json!("a"), json!(1.5)], vec![json!(day), json!("b"), json!(2)]]
            ),
            Ok(0.0)
        );
        let other = [vec![json!(day), json!("a"), json!(1.5)], vec![json!(day), json!("b"), json!(4)]];
        assert_eq!(distance(&rows, &other), Ok(0.5));
        assert!(distance(&rows, &other[..1]).is_err());
        assert!(distance(&rows[1..], &[vec![json!(day), json!("c"), json!(1.5)]]).is_err());
    }
}
