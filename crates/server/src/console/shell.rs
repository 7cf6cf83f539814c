//! How are questions asked one after the other?
//!
//! A line editor with history and completion; a statement goes on until its `;`. Ctrl-C clears what is being written, or
//! ends the query that runs, and never the shell; Ctrl-D and `\q` do.

mod completion;

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use liner::{Buffer, Context, Prompt};
use serde::Deserialize;
use walletscope_guard::is_clean;

use super::answer::Column;
use super::fault::Fault;
use super::statements::is_complete;
use super::{Shown, ask, print, table};
use crate::cli::Form;
use crate::client::ApiClient;
use crate::observe::log::tell;

use completion::Completion;

/// Lines of history that are kept.
const HISTORY_MAX: usize = 2_000;
const HISTORY_FILE: &str = "sql-history";
const PROMPT: &str = "walletscope> ";
const PROMPT_MORE: &str = "        ...> ";

const COMMANDS: &str = "\
  \\d             tables and views
  \\d TABLE       columns of a table
  \\format FORM   table, csv or json
  \\timing        say how long answers took, or stop saying it
  \\?             this
  \\q             leave; so does Ctrl-D
A statement ends with `;` and may go over lines. Tab completes, arrow keys find what was asked before, Ctrl-C ends a query.
";

/// What SQL may name, as the server tells it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Schema {
    tables: Vec<Table>,
    functions: Vec<Function>,
}

#[derive(Clone, Debug, Deserialize)]
struct Table {
    name: String,
    kind: String,
    meaning: String,
    columns: Vec<TableColumn>,
}

#[derive(Clone, Debug, Deserialize)]
struct TableColumn {
    name: String,
    r#type: String,
    meaning: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Function {
    name: String,
}

/// Reads and answers until the end.
pub(super) async fn run(client: &ApiClient, mut shown: Shown, folder: &Path) -> Result<(), Fault> {
    if shown.form == Form::Parquet {
        shown.form = Form::Table;
    }
    let mut editor = Editor::new(schema(client).await?, history_file(folder));
    print(format!("{}; \\? for help\n", client.url()).as_bytes())?;
    loop {
        // The editor waits for keys: other tasks go on meanwhile.
        match tokio::task::block_in_place(|| editor.read())? {
            Written::Text(text) => {
                if !obey(client, &text, &mut shown, &mut editor).await? {
                    break;
                }
            }
            Written::Nothing => {}
            Written::End => break,
        }
    }
    editor.keep_history();
    Ok(())
}

/// What somebody wrote.
enum Written {
    /// A command or statements, whole.
    Text(String),
    /// It was thrown away.
    Nothing,
    /// There will be no more.
    End,
}

/// Reads lines.
struct Editor {
    context: Context,
    completion: Completion,
    history: Option<PathBuf>,
}

impl Editor {
    fn new(schema: Schema, history: Option<PathBuf>) -> Self {
        let mut context = Context::new();
        context.word_divider_fn = Box::new(completion::words);
        context.history.set_max_buffers_size(HISTORY_MAX);
        context.history.set_max_file_size(HISTORY_MAX);
        if let Some(file) = history.as_ref().filter(|file| file.exists()) {
            // A history that cannot be read is none.
            let _loaded = context.history.load_history_file(file, true);
        }
        Self { context, completion: Completion::new(schema), history }
    }

    /// Reads until a statement is whole.
    fn read(&mut self) -> Result<Written, Fault> {
        let mut text = String::new();
        loop {
            let prompt = Prompt::from(if text.is_empty() { PROMPT } else { PROMPT_MORE });
            self.completion.before = text.clone();
            let line = match self.context.read_line(prompt, None, &mut self.completion) {
                Ok(line) => line,
                Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(Written::Nothing),
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(Written::End),
                Err(error) => return Err(Fault::new(format!("the terminal cannot be used: {error}"))),
            };
            if text.is_empty() && line.trim().is_empty() {
                return Ok(Written::Nothing);
            }
            text.push_str(&line);
            if text.trim_start().starts_with('\\') || is_complete(&text) {
                self.remember(&text);
                return Ok(Written::Text(text));
            }
            text.push('\n');
        }
    }

    /// A statement is one line of history, unless a comment would swallow its rest. What the server refuses to see is
    /// not kept here either.
    fn remember(&mut self, text: &str) {
        let one_line = (!text.contains("--")).then(|| text.replace('\n', " "));
        for line in one_line.as_deref().unwrap_or(text).lines() {
            if !line.trim().is_empty() && is_clean(text) {
                // Only a history that is written line by line could fail.
                let _pushed = self.context.history.push(Buffer::from(line.to_owned()));
            }
        }
    }

    fn keep_history(&mut self) {
        let Some(file) = &self.history else { return };
        let is_private = OpenOptions::new().create(true).append(true).mode(0o600).open(file).map(drop);
        let kept = is_private.and_then(|()| self.context.history.commit_to_file_path(file).map(drop));
        if let Err(error) = kept {
            tell(format_args!("the history could not be written to {}: {error}", file.display()));
        }
    }
}

/// Does what a line says; whether there is to be another one.
async fn obey(client: &ApiClient, text: &str, shown: &mut Shown, editor: &mut Editor) -> Result<bool, Fault> {
    let mut words = text.trim_end_matches(';').split_whitespace();
    let done = match (words.next().unwrap_or_default(), words.next()) {
        ("\\q", _) => return Ok(false),
        ("\\?", _) => print(COMMANDS.as_bytes()),
        ("\\timing", _) => {
            shown.timing = !shown.timing;
            print(if shown.timing { b"timing is on\n" } else { b"timing is off\n" })
        }
        ("\\format", word) => match word.and_then(form) {
            Some(form) => {
                shown.form = form;
                Ok(())
            }
            None => Err(Fault::new(
                "write \\format table, \\format csv or \\format json; files come from `walletscope export`",
            )),
        },
        ("\\d", table) => describe(client, table, editor).await,
        (word, _) if word.starts_with('\\') => {
            Err(Fault::new(format!("there is no command {word}; \\? lists them")))
        }
        _ => answer(client, text, *shown).await,
    };
    if let Err(fault) = done {
        tell(fault);
    }
    Ok(true)
}

/// Asks; Ctrl-C ends the question only.
async fn answer(client: &ApiClient, text: &str, shown: Shown) -> Result<(), Fault> {
    for statement in super::statements::split(text) {
        tokio::select! {
            done = ask(client, &statement, shown) => done?,
            _ = tokio::signal::ctrl_c() => return Err(Fault::new("cancelled")),
        }
    }
    Ok(())
}

/// Asks anew, because views come and go.
async fn describe(client: &ApiClient, table: Option<&str>, editor: &mut Editor) -> Result<(), Fault> {
    let schema = schema(client).await?;
    let text = match table {
        None => {
            let rows = schema
                .tables
                .iter()
                .map(|table| vec![table.name.clone(), table.kind.clone(), first_line(&table.meaning)]);
            table::grid(&["name", "kind", "meaning"].map(text_column), &rows.collect::<Vec<_>>())
        }
        Some(name) => {
            let found =
                schema.tables.iter().find(|table| table.name.eq_ignore_ascii_case(name.trim_matches('"')));
            let found =
                found.ok_or_else(|| Fault::new(format!("there is no table {name}; \\d lists them")))?;
            let rows = found
                .columns
                .iter()
                .map(|column| vec![column.name.clone(), column.r#type.clone(), column.meaning.clone()]);
            let grid =
                table::grid(&["column", "type", "meaning"].map(text_column), &rows.collect::<Vec<_>>());
            format!("{}\n{grid}", found.meaning)
        }
    };
    editor.completion = Completion::new(schema);
    print(text.as_bytes())
}

async fn schema(client: &ApiClient) -> Result<Schema, Fault> {
    let answer = client.get("/api/v1/sql/schema").await.map_err(Fault::of_call)?;
    serde_json::from_slice(&answer)
        .map_err(|error| Fault::new(format!("the server's answer means nothing: {error}")))
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn text_column(name: &str) -> Column {
    Column { name: name.to_owned(), r#type: "text".to_owned() }
}

fn form(word: &str) -> Option<Form> {
    match word {
        "table" => Some(Form::Table),
        "csv" => Some(Form::Csv),
        "json" => Some(Form::Json),
        _ => None,
    }
}

/// In the data folder where that is ours, else where a person's programs keep what they remember.
fn history_file(folder: &Path) -> Option<PathBuf> {
    if folder.is_dir() {
        return Some(folder.join(HISTORY_FILE));
    }
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let state = state.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/state")))?;
    let folder = state.join("walletscope");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join(HISTORY_FILE))
}
