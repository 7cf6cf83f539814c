//! What can be said about an import on the command line?

use std::path::PathBuf;

use clap::Args;

use crate::import::SOURCE_DEFAULT;
use crate::settings::Given;

pub(super) const IMPORT_EXAMPLES: &str = "\
Examples:
  walletscope import --dry-run events.ndjson.gz      read it, and tell what is in it
  walletscope import events.ndjson.gz traces.json    into the server over ./walletscope-data
  walletscope import --data /srv/wallet --source archive 2025-*.csv
  WALLETSCOPE_API_TOKEN=ws_… walletscope import --server http://10.0.0.7:7300 trail.json

Reads JSON lines and documents (log events, metrics, X-Ray traces, CloudTrail events; with comments),
CSV with a header, Parquet, text lines that begin with a time, and the JSON in Markdown, each plain or
packed with gzip or zstd. Nothing is sent if anything cannot be read, unless --skip-bad is given.
A killed import goes on where it was when the same command is run again, and stores nothing twice.
Without --server, the server over the data folder takes the records; where none runs, one is started
until the import is done: give the settings that the server runs with.";

/// Files, and where to.
#[derive(Debug, Args)]
pub struct Import {
    /// The files
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// The server, instead of the one over the data folder
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Token of the API, instead of the one in the data folder; better in the environment
    #[arg(long, env = "WALLETSCOPE_API_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    api_token: Option<Token>,
    /// Name of the source that the records come from
    #[arg(long, value_name = "NAME", default_value = SOURCE_DEFAULT)]
    pub source: String,
    /// Log group of events that name none
    #[arg(long, value_name = "NAME", default_value = "/aws/lambda/token-provisioning-service")]
    pub group: String,
    /// Leave records out that cannot be read, instead of sending nothing
    #[arg(long)]
    pub skip_bad: bool,
    /// Read the files and tell what is in them; send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Import files that were imported before once more
    #[arg(long)]
    pub again: bool,
    /// Folder that remembers how far an import came [default: imports in the data folder]
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
    #[allow(missing_docs)]
    #[command(flatten)]
    pub settings: Given,
}

/// A secret that does not show.
#[derive(Clone)]
struct Token(String);

impl Import {
    /// The token, where one is given.
    pub fn api_token(&self) -> Option<&str> {
        self.api_token.as_ref().map(|token| token.0.as_str())
    }
}

impl From<String> for Token {
    fn from(token: String) -> Self {
        Self(token)
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Token")
    }
}
