//! What does DuckDB say over the same files, and how long does it take?
//!
//! `tests/bench/ask_duckdb.py` asks it, because that is how people use it; the Python of the client tests has it.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::{Value, json};

use super::questions::Asked;
use crate::load::LoadError;

/// Where the script lies, from the repository's root.
pub const SCRIPT: &str = "tests/bench/ask_duckdb.py";

/// DuckDB's answer to one question.
#[derive(Debug, Deserialize)]
pub struct DuckDbAnswer {
    /// Each run, in milliseconds.
    pub millis: Vec<f64>,
    /// The rows of the last run.
    pub rows: Vec<Vec<Value>>,
}

/// Asks every question `times` times over `files`, in their order.
///
/// # Errors
/// Python or DuckDB is not there, or refused a question.
pub fn ask(
    python: &Path,
    files: &[String],
    questions: &[(Asked, String)],
    times: usize,
) -> Result<Vec<DuckDbAnswer>, LoadError> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let questions: Vec<Value> =
        questions.iter().map(|(asked, sql)| json!({"name": asked.name, "sql": sql})).collect();
    let asked = json!({"files": files, "threads": threads, "times": times, "questions": questions});
    let mut child = Command::new(python)
        .arg(SCRIPT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(LoadError::path("start", python))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(asked.to_string().as_bytes()).map_err(LoadError::io("ask", "DuckDB"))?;
    }
    let output = child.wait_with_output().map_err(LoadError::io("hear", "DuckDB"))?;
    if !output.status.success() {
        return Err(LoadError::server("ask DuckDB", output.status));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| LoadError::server("read DuckDB's answers", error))
}
