//! What do `walletscope sql`, `export`, `apply` and `lake status` do?
//!
//! They ask a server's JSON API, like every other client: [`place`] finds the server or opens the folder, [`answer`] reads
//! what comes, [`table`] shows it to people, [`shell`] goes on asking. Answers go to standard output, everything else to
//! standard error.

mod answer;
mod apply;
mod fault;
mod file;
mod place;
mod shell;
mod statements;
mod storage;
mod table;

use std::io::{IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use crate::cli::{ExportArguments, Form, PlaceArguments, SqlArguments};
use crate::client::ApiClient;
use crate::observe::log::tell;

use fault::Fault;
use place::Place;

pub use apply::apply;
pub use place::Announced;

/// The command line means nothing.
const USAGE: u8 = 2;

/// How answers are shown.
#[derive(Clone, Copy, Debug)]
struct Shown {
    form: Form,
    rows: Option<u64>,
    timing: bool,
}

/// Asks once, or goes on asking.
pub async fn sql(arguments: SqlArguments) -> ExitCode {
    let form = form(arguments.format, arguments.output.as_deref());
    if form == Form::Parquet && arguments.output.is_none() && std::io::stdout().is_terminal() {
        return usage("Parquet is no text for a terminal; name a file with --output");
    }
    let is_shell =
        arguments.statement.is_none() && arguments.file.is_none() && std::io::stdin().is_terminal();
    let text = match (&arguments.statement, &arguments.file) {
        _ if is_shell => String::new(),
        (Some(statement), _) if statement != "-" => statement.clone(),
        (_, Some(file)) => match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) => return usage(&format!("cannot read {}: {error}", file.display())),
        },
        _ => {
            let mut text = String::new();
            if let Err(error) = std::io::stdin().read_to_string(&mut text) {
                return usage(&format!("cannot read standard input: {error}"));
            }
            text
        }
    };
    let shown = Shown { form, rows: arguments.rows, timing: arguments.timing };
    let statements = statements::split(&text);
    if !is_shell && statements.is_empty() {
        return usage("there is no statement to answer");
    }
    if statements.len() > 1 && arguments.output.is_some() {
        return usage("one file holds one answer; give one statement");
    }
    with_place(&arguments.place, async |client| {
        if is_shell {
            return shell::run(client, shown, &arguments.place.data).await;
        }
        for statement in &statements {
            match &arguments.output {
                Some(output) => ask_into(client, statement, shown, output).await?,
                None => ask(client, statement, shown).await?,
            }
        }
        Ok(())
    })
    .await
}

/// Writes a table or the rows of a query to a file.
pub async fn export(arguments: ExportArguments) -> ExitCode {
    let Some(form) = arguments.format.map(Form::from).or_else(|| Form::of_name(&arguments.output)) else {
        return usage("the file's name does not say its form; add --format parquet, csv or json");
    };
    let sql = match (&arguments.table, &arguments.query) {
        (_, Some(query)) => query.clone(),
        (Some(table), None) => format!("SELECT * FROM {}", quoted(table)),
        (None, None) => return usage("name a table or a --query"),
    };
    let shown = Shown { form, rows: None, timing: false };
    with_place(&arguments.place, async |client| ask_into(client, &sql, shown, &arguments.output).await).await
}

/// Prints how the lake is.
pub async fn lake_status(arguments: PlaceArguments) -> ExitCode {
    with_place(&arguments, async |client| {
        let answer = client.get("/api/v1/storage").await.map_err(Fault::of_call)?;
        print(storage::text(&answer)?.as_bytes())
    })
    .await
}

/// Asks one statement and prints its answer.
async fn ask(client: &ApiClient, sql: &str, shown: Shown) -> Result<(), Fault> {
    let attempt = async {
        if shown.form == Form::Table {
            let answer = answer::ask(client, sql, shown.rows).await?;
            print(table::text(&answer).as_bytes())?;
            answer.remarks(shown.timing);
            return Ok(());
        }
        file::copy(client, sql, shown, &mut std::io::stdout()).await
    };
    attempt.await.map_err(|fault: Fault| fault.about(sql))
}

async fn ask_into(client: &ApiClient, sql: &str, shown: Shown, output: &Path) -> Result<(), Fault> {
    let attempt = async {
        if shown.form == Form::Table {
            let answer = answer::ask(client, sql, shown.rows).await?;
            file::write(output, table::text(&answer).as_bytes())?;
            answer.remarks(shown.timing);
            return Ok(());
        }
        file::save(client, sql, shown, output).await
    };
    attempt.await.map_err(|fault: Fault| fault.about(sql))
}

async fn with_place(
    arguments: &PlaceArguments,
    work: impl AsyncFnOnce(&ApiClient) -> Result<(), Fault>,
) -> ExitCode {
    let place = match Place::find(arguments).await {
        Ok(place) => place,
        Err(reason) => {
            tell(format_args!("walletscope: {reason}"));
            return ExitCode::FAILURE;
        }
    };
    let done = work(place.client()).await;
    place.leave().await;
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            tell(fault);
            ExitCode::FAILURE
        }
    }
}

fn form(asked: Option<Form>, output: Option<&Path>) -> Form {
    asked.or_else(|| Form::of_name(output?)).unwrap_or(Form::Table)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A reader that went away is no failure of ours, and ends the work.
fn print(bytes: &[u8]) -> Result<(), Fault> {
    let mut output = std::io::stdout();
    output
        .write_all(bytes)
        .and_then(|()| output.flush())
        .map_err(|error| Fault::new(format!("cannot print: {error}")))
}

fn usage(reason: &str) -> ExitCode {
    tell(format_args!("walletscope: {reason}"));
    ExitCode::from(USAGE)
}
