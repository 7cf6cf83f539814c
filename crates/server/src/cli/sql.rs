//! `walletscope sql` and `walletscope export`: which question, to which server, and in which form comes the answer?

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::settings::DATA_DEFAULT;

/// A question in SQL.
#[derive(Debug, PartialEq, Eq, Args)]
pub struct SqlArguments {
    /// One statement; `-` reads it from standard input. Without any, a shell on a terminal, else standard input
    #[arg(value_name = "STATEMENT", conflicts_with = "file")]
    pub statement: Option<String>,
    /// Statements of a file, each ended by `;`
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    #[allow(missing_docs)]
    #[command(flatten)]
    pub place: PlaceArguments,
    /// Form of the answer [default: table, or what the name of --output ends in]
    #[arg(long, value_enum, value_name = "FORM")]
    pub format: Option<Form>,
    /// File for the answer instead of standard output; it is there when it is whole
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Rows at most [default: 10000 for tables, no limit for the rest]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub rows: Option<u64>,
    /// Say how long it took and what was read, on standard error
    #[arg(long)]
    pub timing: bool,
}

/// A table or a query as a file.
#[derive(Debug, PartialEq, Eq, Args)]
pub struct ExportArguments {
    /// The table or view, whole
    #[arg(value_name = "TABLE", required_unless_present = "query", conflicts_with = "query")]
    pub table: Option<String>,
    /// The rows of this query instead
    #[arg(long, value_name = "SQL")]
    pub query: Option<String>,
    #[allow(missing_docs)]
    #[command(flatten)]
    pub place: PlaceArguments,
    /// Form of the file [default: what its name ends in]
    #[arg(long, value_enum, value_name = "FORM")]
    pub format: Option<FileForm>,
    /// The file; it is there when it is whole
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

/// Which server is asked.
#[derive(Clone, PartialEq, Eq, Args)]
pub struct PlaceArguments {
    /// The server [default: the one that runs over the data folder]
    #[arg(long, env = "WALLETSCOPE_URL", value_name = "URL")]
    pub server: Option<String>,
    /// The server's data folder, for its token; opened as it is where no server runs over it
    #[arg(long, env = "WALLETSCOPE_DATA", value_name = "DIR", default_value = DATA_DEFAULT)]
    pub data: PathBuf,
    /// Token of the API, instead of the data folder's; better in the environment
    #[arg(long, env = "WALLETSCOPE_API_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub api_token: Option<String>,
}

/// Forms of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Columns for people.
    Table,
    /// RFC 4180.
    Csv,
    /// An array of objects.
    Json,
    /// Columns for programs.
    Parquet,
}

/// Forms of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FileForm {
    /// RFC 4180.
    Csv,
    /// An array of objects.
    Json,
    /// Columns for programs.
    Parquet,
}

/// Examples of `sql`.
pub const SQL_EXAMPLES: &str = "\
Examples:
  walletscope sql                                        a shell; \\? lists its commands
  walletscope sql 'SELECT wallet_provider, success_rate() FROM attempts GROUP BY 1'
  walletscope sql --format csv -f report.sql > report.csv
  walletscope sql --server http://127.0.0.1:8000 --output day.parquet 'SELECT * FROM attempts WHERE date = current_date'
  echo 'SHOW TABLES' | walletscope sql --data /srv/wallet

Where no server runs over the data folder, the folder is opened for the question. Exit codes: 0 where there is an answer,
1 where there is none, 2 where the command line means nothing.";

/// Examples of `export`.
pub const EXPORT_EXAMPLES: &str = "\
Examples:
  walletscope export attempts --output attempts.parquet
  walletscope export log_events --data /srv/wallet --format csv --output events.txt
  walletscope export --query \"SELECT * FROM attempts WHERE status = 'FAILED'\" --output failures.json";

impl Form {
    /// By the end of a file's name.
    pub fn of_name(file: &std::path::Path) -> Option<Self> {
        match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }
}

impl From<FileForm> for Form {
    fn from(form: FileForm) -> Self {
        match form {
            FileForm::Csv => Self::Csv,
            FileForm::Json => Self::Json,
            FileForm::Parquet => Self::Parquet,
        }
    }
}

impl std::fmt::Debug for PlaceArguments {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("PlaceArguments");
        shown.field("server", &self.server).field("data", &self.data).finish_non_exhaustive()
    }
}
