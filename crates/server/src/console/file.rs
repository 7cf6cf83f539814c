//! How does an answer become a file? As the server sends it, beside its place first: a file that is there is whole.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::Shown;
use super::fault::Fault;
use crate::cli::Form;
use crate::client::ApiClient;
use crate::observe::log::tell;

/// As many rows as there are.
const NO_LIMIT: u64 = 1_000_000_000_000;

/// Asks, and writes the answer to `output` when it is whole.
pub(super) async fn save(client: &ApiClient, sql: &str, shown: Shown, output: &Path) -> Result<(), Fault> {
    let part = Part::new(output);
    let mut file = File::create(&part.0).map_err(|error| unwritten(&part.0, &error))?;
    copy(client, sql, shown, &mut file).await?;
    file.sync_all().map_err(|error| unwritten(&part.0, &error))?;
    fs::rename(&part.0, output).map_err(|error| unwritten(output, &error))
}

/// Writes a file at once.
pub(super) fn write(output: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let part = Part::new(output);
    fs::write(&part.0, bytes)
        .and_then(|()| fs::rename(&part.0, output))
        .map_err(|error| unwritten(output, &error))
}

/// Asks, and writes the answer as it comes.
pub(super) async fn copy(
    client: &ApiClient,
    sql: &str,
    shown: Shown,
    to: &mut impl Write,
) -> Result<(), Fault> {
    let began = Instant::now();
    let question = serde_json::json!({ "sql": sql, "maxRows": shown.rows.unwrap_or(NO_LIMIT) });
    let path = format!("/api/v1/sql?format={}", word(shown.form));
    let mut body = client.post(&path, question.to_string()).await.map_err(Fault::of_call)?;
    while let Some(piece) = body.next().await.map_err(Fault::of_call)? {
        to.write_all(&piece).map_err(|error| Fault::new(format!("cannot write the answer: {error}")))?;
    }
    to.flush().map_err(|error| Fault::new(format!("cannot write the answer: {error}")))?;
    if shown.timing {
        tell(format_args!("{:.3} s", began.elapsed().as_secs_f64()));
    }
    Ok(())
}

/// The API's word for a form. Tables are made here, of lines.
fn word(form: Form) -> &'static str {
    match form {
        Form::Table | Form::Csv => "csv",
        Form::Json => "json",
        Form::Parquet => "parquet",
    }
}

/// A file on its way; what is left of it goes.
struct Part(PathBuf);

impl Part {
    fn new(output: &Path) -> Self {
        let mut name = output.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        Self(output.with_file_name(name))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // After a rename there is none.
        let _removed = fs::remove_file(&self.0);
    }
}

fn unwritten(path: &Path, error: &std::io::Error) -> Fault {
    Fault::new(format!("cannot write {}: {error}", path.display()))
}
