//! The `walletscope` command: reads the command line and hands over.

use std::io::Write as _;
use std::process::ExitCode;

use walletscope_model::Duration;
use walletscope_server::auth::{self, Credentials, ListedKey, NewKey, Users};
use walletscope_server::cli::{
    self, Backup, Command, KeyAction, KeySource, LakeAction, Play, Restore, Simulate,
};
use walletscope_server::observe::log;
use walletscope_server::settings::{Given, Settings};
use walletscope_server::simulate::{Plan, Sender};
use walletscope_server::start::system_now;
use walletscope_server::{api, backup, client, console, import, keep_lake, run};
use walletscope_traffic::Day;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let command = cli::parse();
    if let Err(error) = log::install() {
        return failed(&error.to_string());
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&format!("cannot start: {error}")),
    };
    runtime.block_on(execute(command))
}

async fn execute(command: Command) -> ExitCode {
    match command {
        Command::Serve(given) => match Settings::load(given) {
            Ok(settings) => run::serve(&settings, None).await,
            Err(error) => failed(&error.to_string()),
        },
        Command::Demo(demo) => match Settings::load(demo.settings) {
            Ok(settings) => run::serve(&settings, Some(plan(&demo.play, demo.past, None))).await,
            Err(error) => failed(&error.to_string()),
        },
        Command::Simulate(simulate) => play(&simulate).await,
        Command::Sql(arguments) => console::sql(arguments).await,
        Command::Apply(arguments) => console::apply(arguments).await,
        Command::Export(arguments) => console::export(arguments).await,
        Command::Lake(lake) => match lake.action {
            LakeAction::Status(place) => console::lake_status(place).await,
            action => keep_the_lake(action).await,
        },
        Command::Backup(asked) => match back_up(asked).await {
            Ok(text) => print(text.as_bytes()),
            Err(error) => failed(&error),
        },
        Command::Restore(asked) => match restore(asked).await {
            Ok(text) => print(text.as_bytes()),
            Err(error) => failed(&error),
        },
        Command::Import(import) => import::run::run(*import).await,
        Command::Keys(keys) => match change_keys(&keys.data, keys.action).await {
            Ok(text) => print(text.as_bytes()),
            Err(error) => failed(&error),
        },
        Command::SignInLink(given) => match sign_in_link(given).await {
            Ok(link) => print(format!("{link}\n").as_bytes()),
            Err(error) => failed(&error),
        },
        Command::Openapi => print(api::openapi_document().as_bytes()),
        Command::Completions { shell } => print(&cli::completions(shell)),
    }
}

async fn keep_the_lake(action: LakeAction) -> ExitCode {
    let Some((upkeep, given)) = action.split() else { return ExitCode::FAILURE };
    match Settings::load(given) {
        Ok(settings) => keep_lake::run(&settings, upkeep).await,
        Err(error) => failed(&error.to_string()),
    }
}

fn plan(play: &Play, past: Duration, live: Option<Duration>) -> Plan {
    let incidents = play.incidents.iter().map(|planned| (planned.incident.clone(), planned.from, planned.to));
    Plan {
        seed: play.seed,
        attempts_per_second: play.attempts_per_second,
        day: if play.is_even { Day::Even } else { Day::Curve },
        history: play.history,
        past,
        incidents: incidents.collect(),
        live,
    }
}

async fn play(simulate: &Simulate) -> ExitCode {
    let sender = match simulate.key_source() {
        KeySource::Given { access_key_id, secret_access_key, api_token } => Sender {
            credentials: client::Credentials { access_key: access_key_id, secret: secret_access_key },
            api_token,
        },
        KeySource::Folder(folder) => match Credentials::read(&folder) {
            Ok(credentials) => Sender {
                credentials: client::Credentials {
                    access_key: credentials.access_key_id.to_string(),
                    secret: credentials.secret_access_key.expose().to_owned(),
                },
                api_token: credentials.api_token.expose().to_owned(),
            },
            Err(error) => return failed(&error.to_string()),
        },
    };
    let plan = plan(&simulate.play, simulate.past, simulate.live);
    run::simulate(&simulate.endpoint, &simulate.region, &sender, &plan).await
}

async fn change_keys(folder: &std::path::Path, action: KeyAction) -> Result<String, String> {
    let users = Users::open(folder).await.map_err(|error| error.to_string())?;
    let now = system_now()();
    let text = match action {
        KeyAction::Add { source, kind } => {
            let key = users.add_key(kind.into(), &source, now).await.map_err(|error| error.to_string())?;
            describe(&source, &key)
        }
        KeyAction::List => {
            let keys = users.list_keys().await.map_err(|error| error.to_string())?;
            keys.iter().map(line).collect()
        }
        KeyAction::Revoke { id } => {
            let known = users.revoke_key(&id, now).await.map_err(|error| error.to_string())?;
            if !known {
                return Err(format!("no key {id} that could be revoked; `walletscope keys list` shows them"));
            }
            format!("revoked {id}; a running server refuses it within a second or two\n")
        }
    };
    users.close().await;
    Ok(text)
}

fn describe(source: &str, key: &NewKey) -> String {
    format!("source: {source}\nid: {}\nsecret (shown once): {}\n", key.id, key.secret.expose())
}

fn line(key: &ListedKey) -> String {
    let revoked = key.revoked_at.map_or_else(|| "good".to_owned(), |at| format!("revoked {at}"));
    format!("{}\t{}\t{}\tmade {}\t{revoked}\n", key.id, key.kind.name(), key.source, key.created_at)
}

async fn back_up(asked: Backup) -> Result<String, String> {
    let settings = Settings::load(asked.settings).map_err(|error| error.to_string())?;
    let taken = backup::command::backup(&settings, &asked.target).await;
    let (path, bytes) = taken.map_err(|error| error.to_string())?;
    Ok(format!("{} ({bytes} bytes)\n", path.display()))
}

async fn restore(asked: Restore) -> Result<String, String> {
    let settings = Settings::load(asked.settings).map_err(|error| error.to_string())?;
    let restored = backup::command::restore(&settings, &asked.file).await;
    let about = restored.map_err(|error| error.to_string())?;
    let mut text = format!(
        "restored {}: journal entries {} to {}, state at {}\n",
        settings.data.display(),
        about.first,
        about.head,
        about.applied
    );
    for (name, table) in about.tables {
        text += &format!("{name}: rows {}\n", table.rows);
    }
    Ok(text)
}

async fn sign_in_link(given: Given) -> Result<String, String> {
    let settings = Settings::load(given).map_err(|error| error.to_string())?;
    auth::sign_in_link(&settings, &system_now()).await.map_err(|error| error.to_string())
}

/// Prints to standard output; a reader that went away is no failure of ours.
fn print(bytes: &[u8]) -> ExitCode {
    match std::io::stdout().write_all(bytes) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn failed(reason: &str) -> ExitCode {
    log::tell(format_args!("walletscope: {reason}"));
    ExitCode::FAILURE
}
