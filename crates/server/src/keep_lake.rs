//! How does the command line look after a lake, whether a server has it open or not?
//!
//! The lock of the data folder tells the two apart: who holds it is asked to do the work, and where nobody does, it is
//! held here for as long as the work takes, so that no server starts meanwhile.

use std::io::Write as _;
use std::process::ExitCode;

use walletscope_journal::{EmbeddedStore, FolderHold, StoreError};
use walletscope_lake::Gone;

use crate::auth::Credentials;
use crate::client::{ApiClient, CallError};
use crate::lake;
use crate::lake::upkeep::{IdTooShort, Line, Upkeep};
use crate::observe::log::tell;
use crate::settings::Settings;
use crate::start::{store_folder, system_now};

/// Does what is asked and prints a line a table; failure where something is wrong.
pub async fn run(settings: &Settings, upkeep: Upkeep) -> ExitCode {
    match try_run(settings, upkeep).await {
        Ok(0) => ExitCode::SUCCESS,
        Ok(problems) => {
            tell(format_args!("walletscope: {problems} problems"));
            ExitCode::FAILURE
        }
        Err(reason) => {
            tell(format_args!("walletscope: {reason}"));
            ExitCode::FAILURE
        }
    }
}

async fn try_run(settings: &Settings, upkeep: Upkeep) -> Result<usize, String> {
    let upkeep = upkeep.checked().map_err(|IdTooShort| {
        "the id is too short to be told apart from other words; give one of 6 letters or more".to_owned()
    })?;
    let erases = matches!(upkeep, Upkeep::EraseAttempt(_) | Upkeep::EraseToken(_));
    let mut printed = Printed::default();
    match hold(settings)? {
        Some(_held) => alone(settings, &upkeep, &mut printed).await?,
        None => ask_server(settings, &upkeep, &mut printed).await?,
    }
    if let Some(reason) = printed.error {
        return Err(reason);
    }
    let problems = printed.problems.ok_or("the server stopped in between; start the command again")?;
    if erases {
        print(
            "not erased: the journal until it is trimmed, the server's state until the attempt leaves it, and backups\n",
        );
    }
    Ok(problems)
}

/// The folder, where no server has it.
pub(crate) fn hold(settings: &Settings) -> Result<Option<FolderHold>, String> {
    match EmbeddedStore::hold(&store_folder(settings)) {
        Ok(held) => Ok(Some(held)),
        Err(StoreError::Locked { .. }) => Ok(None),
        Err(error) => Err(format!("{error}; give the server's folder with --data DIR")),
    }
}

/// A client of the server that has the folder.
pub(crate) fn server(settings: &Settings) -> Result<ApiClient, String> {
    let credentials = Credentials::read(&settings.data).map_err(|error| error.to_string())?;
    let mut address = settings.listen;
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let client = ApiClient::new(&format!("http://{address}"), credentials.api_token);
    client.map_err(|error| error.to_string())
}

/// Why the server did not do it.
pub(crate) fn unanswered(settings: &Settings, error: &CallError) -> String {
    match error {
        CallError::Connection(reason) => format!(
            "the data folder {} is in use, but no server answers on {}: {reason}; give its address with --listen",
            settings.data.display(),
            settings.listen
        ),
        refused @ CallError::Refused { .. } => refused.to_string(),
    }
}

async fn alone(settings: &Settings, upkeep: &Upkeep, printed: &mut Printed) -> Result<(), String> {
    let now = system_now();
    let shared = lake::open(&settings.lake, now()).await.map_err(|error| error.to_string())?;
    // Who knows log groups is the server's state, which is not open here.
    upkeep.run(&shared.lake, &Gone::default(), &now, |line| printed.take(line)).await;
    shared.lake.close().await;
    Ok(())
}

async fn ask_server(settings: &Settings, upkeep: &Upkeep, printed: &mut Printed) -> Result<(), String> {
    let (path, body) = match upkeep {
        Upkeep::Compact => ("compact", serde_json::json!({})),
        Upkeep::Expire => ("expire", serde_json::json!({})),
        Upkeep::Verify => ("verify", serde_json::json!({})),
        Upkeep::EraseAttempt(id) => ("erase", serde_json::json!({"attempt": id})),
        Upkeep::EraseToken(reference) => ("erase", serde_json::json!({"token": reference})),
    };
    let failed = |error| unanswered(settings, &error);
    let mut answer =
        server(settings)?.post(&format!("/api/v1/lake/{path}"), body.to_string()).await.map_err(failed)?;
    let mut text = Vec::new();
    while let Some(bytes) = answer.next().await.map_err(failed)? {
        text.extend_from_slice(&bytes);
        while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = text.drain(..=end).collect();
            let line =
                serde_json::from_slice(&line).map_err(|error| format!("the server's answer: {error}"))?;
            printed.take(line);
        }
    }
    Ok(())
}

/// What was told so far.
#[derive(Default)]
struct Printed {
    problems: Option<usize>,
    error: Option<String>,
}

impl Printed {
    fn take(&mut self, line: Line) -> bool {
        match line {
            Line::Table { name, figures, problems } => {
                let figures: Vec<String> =
                    figures.iter().map(|(name, figure)| format!("{} {figure}", in_words(name))).collect();
                print(&format!("{name}: {}\n", figures.join(", ")));
                problems.iter().for_each(|problem| print(&format!("  {problem}\n")));
            }
            Line::Done { problems } => self.problems = Some(problems),
            Line::Error(reason) => self.error = Some(reason),
        }
        true
    }
}

/// `filesBefore` as people write it.
fn in_words(name: &str) -> String {
    name.chars().fold(String::new(), |mut words, letter| {
        if letter.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
        words
    })
}

/// Prints to standard output; a reader that went away is no failure of ours.
fn print(text: &str) {
    let _written = std::io::stdout().write_all(text.as_bytes());
}
