//! The questions over a kept lake of many attempts: ours and DuckDB's times, and whether the numbers are the same.
//!
//! The real server is asked by HTTP; its journal is empty and the files are all that it has.

use std::path::Path;
use std::time::{Duration as StdDuration, Instant};

use serde_json::{Value, json};
use walletscope_lake::{Lake, LakeFile, LakeTable, Warehouse};
use walletscope_server::start::system_now;

use super::duckdb;
use super::fill::{fill, request_id};
use super::questions::{Asked, Promise, QUESTIONS};
use crate::load::figures::{Figure, grouped, median, megabytes};
use crate::load::{LoadError, Server};

/// Attempts of the kept lake.
pub const ATTEMPTS: u64 = 20_000_000;
/// Days that they are spread over.
pub const DAYS: u64 = 60;
/// How often each question is asked; the median counts.
const TIMES: usize = 5;

/// Fills the lake of the data folder `folder` unless it has attempts, and asks a server over it.
///
/// # Errors
/// The lake could not be written or read, or the server or DuckDB did not answer.
pub fn measure(
    binary: &Path,
    folder: &Path,
    attempts: u64,
    python: &Path,
    print: &mut dyn FnMut(&str),
) -> Result<Vec<Figure>, LoadError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let files =
        runtime.map_err(LoadError::io("start", "a runtime"))?.block_on(filled(folder, attempts, print))?;
    let bytes: u64 = files.iter().map(|file| file.bytes).sum();
    let rows: u64 = files.iter().map(|file| file.rows).sum();
    let end_day = files.iter().map(|file| file.day).max().unwrap_or(0) + 1;
    let id = request_id(rows / 3);
    let mut figures = vec![Figure::new(
        "lake of 60 days: on disk",
        format!(
            "{} attempts in {} files, {}, {:.0} B each",
            grouped(rows as f64),
            files.len(),
            megabytes(bytes),
            bytes as f64 / rows.max(1) as f64
        ),
        "invented attempts; every one has its own ids",
    )];
    let texts: Vec<(Asked, String)> =
        QUESTIONS.iter().map(|asked| (*asked, asked.texts(&id, end_day).1)).collect();
    let paths: Vec<String> =
        files.iter().map(|file| warehouse(folder).join(&file.path).display().to_string()).collect();
    let theirs = duckdb::ask(python, &paths, &texts, TIMES)?;
    let server = Server::start(binary, folder)?;
    for ((asked, _), theirs) in texts.iter().zip(theirs) {
        let ours = ask(&server, &asked.texts(&id, end_day).0)?;
        figures.push(figure(asked, &ours, &theirs)?);
    }
    server.stop()?;
    Ok(figures)
}

fn warehouse(folder: &Path) -> std::path::PathBuf {
    folder.join("lake/warehouse")
}

async fn filled(
    folder: &Path,
    attempts: u64,
    print: &mut dyn FnMut(&str),
) -> Result<Vec<LakeFile>, LoadError> {
    let failed = |error: walletscope_lake::LakeError| LoadError::server("open the lake of the bench", error);
    let now = system_now()();
    let files = Warehouse::local(&warehouse(folder)).map_err(failed)?;
    let lake = Lake::open(&folder.join("lake"), files, now).await.map_err(failed)?;
    if lake.current(LakeTable::Attempts).rows() == 0 {
        let started = Instant::now();
        fill(&lake, attempts, DAYS, now, 1).await.map_err(failed)?;
        print(&format!("filled {} in {:.0} s", folder.display(), started.elapsed().as_secs_f64()));
    }
    let files = lake.current(LakeTable::Attempts).files().iter().map(|file| (**file).clone()).collect();
    lake.close().await;
    Ok(files)
}

struct Answered {
    took: Vec<StdDuration>,
    rows: Vec<Vec<Value>>,
}

fn ask(server: &Server, sql: &str) -> Result<Answered, LoadError> {
    let mut answered = Answered { took: Vec::new(), rows: Vec::new() };
    for _ in 0..TIMES {
        let (text, took) = server.post("/api/v1/sql", &json!({ "sql": sql }))?;
        answered.took.push(took);
        answered.rows = rows_of(&text)?;
    }
    Ok(answered)
}

/// The rows of an answer in lines.
fn rows_of(text: &str) -> Result<Vec<Vec<Value>>, LoadError> {
    let mut rows = Vec::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line)
            .map_err(|error| LoadError::server("read an answer", format!("{line}: {error}")))?;
        if let Some(error) = line.get("error") {
            return Err(LoadError::server("have a question answered", error));
        }
        let some = line["rows"].as_array().into_iter().flatten();
        rows.extend(some.map(|row| row.as_array().cloned().unwrap_or_default()));
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
        "median of 5 by HTTP; DuckDB in process over the same files in the same run, all cores each",
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
fn distance(ours: &[Vec<Value>], theirs: &[Vec<Value>]) -> Result<f64, String> {
    let (ours, theirs) = (by_words(ours), by_words(theirs));
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
fn by_words(rows: &[Vec<Value>]) -> Vec<(Vec<String>, Vec<f64>)> {
    let mut sorted: Vec<(Vec<String>, Vec<f64>)> = rows
        .iter()
        .map(|row| {
            let numbers = row.iter().filter_map(Value::as_f64).collect();
            let words = row.iter().filter(|cell| !cell.is_number());
            (words.map(|cell| time_text(cell.as_str().unwrap_or_default())).collect(), numbers)
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_compared_cell_by_cell_in_any_order() {
        let midnight = "2026-10-01T00:00:00Z";
        let rows =
            [vec![json!(midnight), json!("b"), json!(2)], vec![json!(midnight), json!("a"), json!(1.5)]];
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
