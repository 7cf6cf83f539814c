//! What can a person ask on the command line? Text to a typed [`Command`]; `main` does what it says.
//!
//! Flags that are settings live in `settings::Given`, so that flags, environment and file cannot drift apart.

mod apply;
mod import;
mod lake;
mod sql;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use walletscope_model::Duration;
use walletscope_traffic::{ATTEMPTS_PER_SECOND_MAX, Incident};

use crate::auth::Kind;
use crate::settings::{DATA_DEFAULT, Given, parse_duration};

pub use apply::ApplyArguments;
pub use import::Import;
pub use lake::{LakeAction, LakeCommand};
pub use sql::{ExportArguments, FileForm, Form, PlaceArguments, SqlArguments};

/// PutLogEvents takes what is up to 14 days old when it arrives.
const HISTORY_DAYS_MAX: i64 = 13;
/// No further back than hours are counted.
const PAST_DAYS_MAX: i64 = 400;

/// Reads the command line; prints help, version or what is wrong, and leaves, where there is nothing to do.
pub fn parse() -> Command {
    CommandLine::parse().command
}

/// What was asked for.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server until SIGTERM or Ctrl-C
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(Given),
    /// Run the server with 60 days of history and live traffic of an invented world
    #[command(after_help = DEMO_EXAMPLES)]
    Demo(Demo),
    /// Send traffic of an invented world to a server, signed as any AWS client does it
    #[command(after_help = SIMULATE_EXAMPLES)]
    Simulate(Simulate),
    /// Read files of telemetry into a server: JSON, CSV, Parquet, log lines
    #[command(after_help = import::IMPORT_EXAMPLES)]
    Import(Box<Import>),
    /// Ask in SQL, once or in a shell
    #[command(after_help = sql::SQL_EXAMPLES)]
    Sql(SqlArguments),
    /// Make everything as files say: metric filters, dashboards, queries; CloudFormation as well
    #[command(after_help = apply::APPLY_EXAMPLES)]
    Apply(ApplyArguments),
    /// Write a table or the rows of a query to a file
    #[command(after_help = sql::EXPORT_EXAMPLES)]
    Export(ExportArguments),
    /// Add, list and revoke the keys of further sources; a running server follows within seconds
    #[command(after_help = KEYS_EXAMPLES)]
    Keys(Keys),
    /// Look after the lake: compact, expire, verify, erase
    #[command(after_help = lake::EXAMPLES)]
    Lake(LakeCommand),
    /// Copy everything into one file, while the server runs or not
    #[command(after_help = BACKUP_EXAMPLES)]
    Backup(Backup),
    /// Make a data folder of a backup; give the settings that its server will run with
    #[command(after_help = BACKUP_EXAMPLES)]
    Restore(Restore),
    /// Print a new sign-in link: one browser, once, within 15 minutes. Give the settings that the server runs with
    #[command(after_help = SIGN_IN_LINK_EXAMPLES)]
    SignInLink(Given),
    /// Print the OpenAPI document of the JSON API
    #[command(after_help = OPENAPI_EXAMPLES)]
    Openapi,
    /// Print completions for a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// A server with traffic.
#[derive(Debug, Args)]
pub struct Demo {
    #[allow(missing_docs)]
    #[command(flatten)]
    pub settings: Given,
    #[allow(missing_docs)]
    #[command(flatten)]
    pub play: Play,
    /// How far back the past reaches that is imported before the history, at --rate but at most 800 attempts a day;
    /// 0s for none
    #[arg(long, value_name = "DURATION", default_value = "60d", value_parser = past)]
    pub past: Duration,
}

/// Traffic for a server that runs.
#[derive(Debug, Args)]
pub struct Simulate {
    /// The server
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7300")]
    pub endpoint: String,
    #[command(flatten)]
    keys: SimulateKeys,
    /// The region to sign for
    #[arg(long, value_name = "NAME", default_value = "us-east-1")]
    pub region: String,
    #[allow(missing_docs)]
    #[command(flatten)]
    pub play: Play,
    /// How far back the past reaches that is imported before the history, at --rate but at most 800 attempts a day;
    /// 0s for none
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = past)]
    pub past: Duration,
    /// Stop after this long; without it, go on until Ctrl-C
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub live: Option<Duration>,
}

/// Whose keys the traffic is signed with.
#[derive(Args)]
struct SimulateKeys {
    /// The server's data folder, for the credentials in it
    #[arg(long, env = "WALLETSCOPE_DATA", value_name = "DIR", default_value = DATA_DEFAULT)]
    data: PathBuf,
    /// Access key, instead of the data folder's
    #[arg(
        long,
        env = "WALLETSCOPE_ACCESS_KEY_ID",
        value_name = "ID",
        requires = "secret_access_key",
        requires = "api_token"
    )]
    access_key_id: Option<String>,
    /// Its secret; better in the environment, where other users do not see it
    #[arg(
        long,
        env = "WALLETSCOPE_SECRET_ACCESS_KEY",
        value_name = "SECRET",
        hide_env_values = true,
        requires = "access_key_id"
    )]
    secret_access_key: Option<String>,
    /// Token of the API, which is told when the history is complete; better in the environment
    #[arg(
        long,
        env = "WALLETSCOPE_API_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        requires = "access_key_id"
    )]
    api_token: Option<String>,
}

/// Where the keys come from.
#[derive(PartialEq, Eq)]
#[allow(missing_docs)]
pub enum KeySource {
    /// `DIR/credentials`.
    Folder(PathBuf),
    /// Given as such.
    Given { access_key_id: String, secret_access_key: String, api_token: String },
}

/// What is played.
#[derive(Clone, Debug, PartialEq, Args)]
pub struct Play {
    /// Same seed and start, same traffic
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// Attempts per second, as the average over a day
    #[arg(long = "rate", value_name = "NUMBER", default_value_t = 1.0, value_parser = rate)]
    pub attempts_per_second: f64,
    /// The same traffic at every hour; without it, it follows the local day of each issuer
    #[arg(long = "even")]
    pub is_even: bool,
    /// How much history to send first, as AWS clients do: 13d at most; 0s for none
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = history)]
    pub history: Duration,
    /// Something that goes wrong, as KIND=NAME@FROM..TO: issuer-outage=ISSUER, otp-vendor-down=VENDOR, bin-attack=BIN
    /// or tsp-slow=NETWORK, from and to counted from now on, before now with a minus. Give it again for more
    #[arg(long = "incident", value_name = "INCIDENT")]
    pub incidents: Vec<PlannedIncident>,
}

/// An incident, from when to when, counted from the start of the live traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedIncident {
    /// What goes wrong. That the issuer, vendor or BIN exists is known to the generator only.
    pub incident: Incident,
    /// When it begins; negative within the history.
    pub from: Duration,
    /// When it is over.
    pub to: Duration,
}

/// A text that is no incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnIncident;

/// Where a backup goes.
#[derive(Debug, Args)]
pub struct Backup {
    /// A file that is not there yet, or a folder in which one is made
    #[arg(value_name = "FILE|DIR")]
    pub target: PathBuf,
    #[allow(missing_docs)]
    #[command(flatten)]
    pub settings: Given,
}

/// Where a backup comes from.
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[allow(missing_docs)]
    #[command(flatten)]
    pub settings: Given,
}

/// Keys of further sources.
#[derive(Debug, Args)]
pub struct Keys {
    /// The server's data folder
    #[arg(long, env = "WALLETSCOPE_DATA", value_name = "DIR", default_value = DATA_DEFAULT, global = true)]
    pub data: PathBuf,
    #[allow(missing_docs)]
    #[command(subcommand)]
    pub action: KeyAction,
}

/// What to do with keys.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub enum KeyAction {
    /// Make a key for a source and print it, once
    #[command(after_help = KEYS_EXAMPLES)]
    Add {
        /// Name of the source: letters, digits, '.', '_' and '-'. A source may have several keys
        source: String,
        /// What the key is for
        #[arg(long, value_enum, default_value_t = KeyKind::Access)]
        kind: KeyKind,
    },
    /// List all keys, revoked ones too, without secrets
    #[command(after_help = KEYS_EXAMPLES)]
    List,
    /// Revoke a key for good
    #[command(after_help = KEYS_EXAMPLES)]
    Revoke {
        /// The id that `keys list` shows
        id: String,
    },
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyKind {
    /// Signs AWS calls
    Access,
    /// A bearer token for telemetry without signatures
    Ingest,
}

/// Live monitoring of payment-token provisioning that speaks AWS telemetry APIs.
#[derive(Parser)]
#[command(name = "walletscope", version, about, after_help = EXAMPLES, propagate_version = true, max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  walletscope demo                       look around in an invented world
  walletscope serve --data /srv/wallet   run for real
  walletscope import events.ndjson.gz    bring a history from files
  walletscope serve --help               all settings, with their environment variables

Point AWS clients at it with AWS_ENDPOINT_URL=http://127.0.0.1:7300 and
AWS_SHARED_CREDENTIALS_FILE=DIR/credentials.";

const SERVE_EXAMPLES: &str = "\
Examples:
  walletscope serve
  walletscope serve --data /srv/wallet --listen 127.0.0.1:8000
  walletscope serve --config /etc/walletscope.toml
  walletscope serve --listen 0.0.0.0:7300 --trusted-proxy 10.0.0.5 --public-host walletscope.example

Prints `ready http://ADDRESS:PORT` on standard output when it answers, and a sign-in link on
standard error. The first start makes DIR/credentials; one that exists is used as it is.";

const DEMO_EXAMPLES: &str = "\
Examples:
  walletscope demo
  walletscope demo --seed 7 --rate 5 --history 6h --past 0s
  walletscope demo --incident issuer-outage=DEMO_Bank@+5m..+15m
  walletscope demo --incident otp-vendor-down=PINGPOST@-3h..-2h --incident bin-attack=555555@0s..+10m";

const SIMULATE_EXAMPLES: &str = "\
Examples:
  walletscope simulate
  walletscope simulate --endpoint http://127.0.0.1:8000 --data /srv/wallet --rate 20 --for 10m
  walletscope simulate --past 60d --incident tsp-slow=VISA@-8d..-7d
  walletscope simulate --history 0s --incident issuer-outage=DEMO_Bank@+5m..+15m
  WALLETSCOPE_ACCESS_KEY_ID=… WALLETSCOPE_SECRET_ACCESS_KEY=… WALLETSCOPE_API_TOKEN=… \\
      walletscope simulate --endpoint http://127.0.0.1:7300";

const KEYS_EXAMPLES: &str = "\
Examples:
  walletscope keys add wallet-gateway                 an access key for AWS clients
  walletscope keys add token-service --kind ingest    a bearer token
  walletscope keys list --data /srv/wallet
  walletscope keys revoke AKIA…

To replace a key without a pause: add a second one for the same source, move its clients, revoke the
first. The pair in DIR/credentials is not listed; change the file and restart to replace it.";

const BACKUP_EXAMPLES: &str = "\
Examples:
  walletscope backup /backups
  walletscope backup today.tar --data /srv/wallet --listen 127.0.0.1:8000
  walletscope restore today.tar --data /srv/restored

A backup is of one instant: journal, state, the lake's files, keys and users. It holds secrets and
personal data. Run it on the server's machine, with the settings that the server runs with: a server
that has the folder open is asked for its part and goes on working. Restore into a folder that is
empty or not there; of the lake, the current snapshot comes back.";

const SIGN_IN_LINK_EXAMPLES: &str = "\
Examples:
  walletscope sign-in-link
  walletscope sign-in-link --data /srv/wallet --listen 127.0.0.1:8000
  walletscope sign-in-link --config /etc/walletscope.toml";

const OPENAPI_EXAMPLES: &str = "\
Examples:
  walletscope openapi > walletscope.json";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  walletscope completions bash > ~/.local/share/bash-completion/completions/walletscope
  walletscope completions zsh > ~/.zfunc/_walletscope";

/// Completions for a shell, as a script.
pub fn completions(shell: clap_complete::Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut CommandLine::command(), "walletscope", &mut script);
    script
}

impl Simulate {
    /// Whose keys to sign with.
    pub fn key_source(&self) -> KeySource {
        let keys = &self.keys;
        match (&keys.access_key_id, &keys.secret_access_key, &keys.api_token) {
            (Some(id), Some(secret), Some(token)) => KeySource::Given {
                access_key_id: id.clone(),
                secret_access_key: secret.clone(),
                api_token: token.clone(),
            },
            // The parser lets only all three through, or none.
            _ => KeySource::Folder(keys.data.clone()),
        }
    }
}

impl From<KeyKind> for Kind {
    fn from(kind: KeyKind) -> Self {
        match kind {
            KeyKind::Access => Self::Access,
            KeyKind::Ingest => Self::Ingest,
        }
    }
}

impl FromStr for PlannedIncident {
    type Err = NotAnIncident;

    fn from_str(text: &str) -> Result<Self, NotAnIncident> {
        let (what, when) = text.rsplit_once('@').ok_or(NotAnIncident)?;
        let (kind, name) = what.split_once('=').filter(|(_, name)| !name.is_empty()).ok_or(NotAnIncident)?;
        let (from, to) = when.split_once("..").ok_or(NotAnIncident)?;
        let (from, to) = (signed(from).ok_or(NotAnIncident)?, signed(to).ok_or(NotAnIncident)?);
        let incident = match kind {
            "issuer-outage" => Incident::IssuerOutage { issuer: name.into() },
            "otp-vendor-down" => Incident::OtpVendorDown { vendor: name.into() },
            "bin-attack" => Incident::BinAttack { bin: name.into() },
            "tsp-slow" => Incident::TspSlow { network: name.into() },
            _ => return Err(NotAnIncident),
        };
        if from < to { Ok(Self { incident, from, to }) } else { Err(NotAnIncident) }
    }
}

fn signed(text: &str) -> Option<Duration> {
    match text.strip_prefix('-') {
        Some(text) => parse_duration(text).map(|duration| Duration(-duration.0)),
        None => parse_duration(text.strip_prefix('+').unwrap_or(text)),
    }
}

fn duration(text: &str) -> Result<Duration, &'static str> {
    parse_duration(text).ok_or("write a whole number and s, m, h or d, for example 24h")
}

fn history(text: &str) -> Result<Duration, String> {
    up_to(HISTORY_DAYS_MAX, text)
}

fn past(text: &str) -> Result<Duration, String> {
    up_to(PAST_DAYS_MAX, text)
}

fn up_to(days_max: i64, text: &str) -> Result<Duration, String> {
    let length = duration(text)?;
    let is_near = length <= Duration::from_seconds(days_max * 86_400);
    if is_near { Ok(length) } else { Err(format!("it reaches back {days_max}d at most")) }
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate| *rate > 0.0 && *rate <= ATTEMPTS_PER_SECOND_MAX);
    rate.ok_or_else(|| format!("write a number above 0, up to {ATTEMPTS_PER_SECOND_MAX}"))
}

impl fmt::Debug for SimulateKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SimulateKeys").field("data", &self.data).finish_non_exhaustive()
    }
}

impl fmt::Display for NotAnIncident {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(
            "write issuer-outage=ISSUER@FROM..TO, otp-vendor-down=VENDOR@FROM..TO, bin-attack=BIN@FROM..TO or \
             tsp-slow=NETWORK@FROM..TO with FROM before TO, for example issuer-outage=DEMO_Bank@+5m..+15m",
        )
    }
}

impl std::error::Error for NotAnIncident {}

#[cfg(test)]
mod tests;
