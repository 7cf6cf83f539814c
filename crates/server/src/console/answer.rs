//! How is an answer in lines read?
//!
//! Columns, rows and the end of it, kept whole: a table needs the width of its widest cell. An answer without its last
//! line was cut and is none.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;

use super::fault::Fault;
use crate::client::ApiClient;
use crate::observe::log::tell;

/// A wait shorter than this needs no word.
const QUIET: Duration = Duration::from_secs(1);

/// A whole answer.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// Its columns.
    pub(super) columns: Vec<Column>,
    /// Its rows.
    pub(super) rows: Vec<Vec<Value>>,
    done: Done,
}

/// A column.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Column {
    /// Its name.
    pub(super) name: String,
    /// The contract's word.
    pub(super) r#type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Line {
    Columns(Vec<Column>),
    Rows(Vec<Vec<Value>>),
    Progress(Progress),
    Done(Done),
    Error(Fault),
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Progress {
    rows_scanned: u64,
    elapsed_ms: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Done {
    rows: u64,
    truncated: bool,
    rows_scanned: u64,
    bytes_scanned: u64,
    elapsed_ms: u64,
    answered_by: Vec<String>,
    head: u64,
    notes: Vec<Note>,
}

#[derive(Debug, Deserialize)]
struct Note {
    text: String,
    suggestion: Option<String>,
}

/// Asks, and reads the whole answer; dropping this ends the query.
pub(super) async fn ask(client: &ApiClient, sql: &str, rows: Option<u64>) -> Result<Answer, Fault> {
    let question = serde_json::json!({ "sql": sql, "maxRows": rows.unwrap_or(10_000) });
    let mut body = client.post("/api/v1/sql", question.to_string()).await.map_err(Fault::of_call)?;
    let (mut answer, mut rest) = (Answer::default(), Vec::new());
    let mut wait = Wait { began: Instant::now(), is_shown: false };
    while let Some(piece) = body.next().await.map_err(Fault::of_call)? {
        rest.extend_from_slice(&piece);
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            let line = serde_json::from_slice(&line);
            match line.map_err(|error| Fault::new(format!("the server's answer means nothing: {error}")))? {
                Line::Columns(columns) => answer.columns = columns,
                Line::Rows(rows) => answer.rows.extend(rows),
                Line::Progress(progress) => wait.tell(&progress),
                Line::Done(done) => return Ok(Answer { done, ..answer }),
                Line::Error(fault) => return Err(fault),
            }
        }
    }
    Err(Fault::new("the connection broke before the answer was whole"))
}

impl Answer {
    /// What is to be said beside the rows.
    pub(super) fn remarks(&self, timing: bool) {
        for note in &self.done.notes {
            tell(format_args!("note: {}", note.text));
            if let Some(suggestion) = &note.suggestion {
                tell(format_args!("better:\n{suggestion}"));
            }
        }
        if self.done.truncated {
            tell(format_args!("there are more than {} rows; --rows asks for more", self.done.rows));
        }
        if timing {
            let done = &self.done;
            let tables =
                if done.answered_by.is_empty() { "no table".to_owned() } else { done.answered_by.join(", ") };
            tell(format_args!(
                "{:.3} s; {} rows and {} bytes read of {tables}, up to entry {}",
                done.elapsed_ms as f64 / 1e3,
                done.rows_scanned,
                done.bytes_scanned,
                done.head
            ));
        }
    }
}

/// A line on the terminal while an answer is waited for.
struct Wait {
    began: Instant,
    is_shown: bool,
}

impl Wait {
    fn tell(&mut self, progress: &Progress) {
        if self.began.elapsed() >= QUIET && std::io::stderr().is_terminal() {
            self.is_shown = true;
            eprint!(
                "\r\x1b[K{:.1} s, {} rows read…",
                progress.elapsed_ms as f64 / 1e3,
                progress.rows_scanned
            );
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if self.is_shown {
            eprint!("\r\x1b[K");
        }
    }
}
