//! What does a started process do until it is told to stop?
//!
//! Prints the one line that scripts wait for, plays traffic if asked to, and stops in order on SIGTERM, Ctrl-C or a
//! failure of the pipeline.

use std::process::ExitCode;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::client::{AwsClient, Credentials};
use crate::console::Announced;
use crate::observe::log::tell;
use crate::settings::Settings;
use crate::simulate::{self, Plan, Sender};
use crate::start::{Server, start, system_now};

/// Serves until told to stop; with a plan, plays traffic into itself as well.
pub async fn serve(settings: &Settings, plan: Option<Plan>) -> ExitCode {
    let server = match start(settings, system_now()).await {
        Ok(server) => server,
        Err(error) => {
            tell(format_args!("walletscope: {error}"));
            return ExitCode::FAILURE;
        }
    };
    for warning in server.auth.warnings() {
        tell(format_args!("warning: {warning}"));
    }
    match server.auth.sign_in_link().await {
        // Ours and random: a guard that took its digits for a card number would break it.
        Ok(link) => eprintln!("sign in: {link}"),
        Err(error) => tell(format_args!("no sign-in link: {error}")),
    }
    let _announced = Announced::write(&settings.data, &endpoint(&server));
    // Whoever reads the line may stop us at once: signals are caught before.
    let mut stop_signals = StopSignals::catch();
    println!("ready http://{}", server.address);
    tracing::info!(address = %server.address, replayed = server.started().replayed, "serving");
    let (stop, stopping) = watch::channel(false);
    let playing = plan.map(|plan| {
        let client =
            AwsClient::new(&endpoint(&server), sender(&server).credentials, &settings.region, system_now());
        tokio::spawn(play(client, sender(&server), plan, stopping))
    });
    let exit = tokio::select! {
        () = stop_signals.received() => ExitCode::SUCCESS,
        reason = server.failed() => {
            tell(format_args!("walletscope: stopped: {reason}"));
            ExitCode::FAILURE
        }
    };
    stop.send_replace(true);
    if let Some(playing) = playing {
        // A player that failed has said so.
        let _played = playing.await;
    }
    server.stop().await;
    tracing::info!("stopped");
    exit
}

/// Plays traffic against any endpoint until the plan ends or Ctrl-C.
pub async fn simulate(endpoint: &str, region: &str, sender: &Sender, plan: &Plan) -> ExitCode {
    let client = AwsClient::new(endpoint, sender.credentials.clone(), region, system_now());
    let (_stop, stopping) = watch::channel(false);
    let now = system_now();
    let mut stop_signals = StopSignals::catch();
    let played = tokio::select! {
        played = simulate::run(&client, sender, plan, &now, &stopping) => played,
        () = stop_signals.received() => Ok(()),
    };
    match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(format_args!("walletscope simulate: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn sender(server: &Server) -> Sender {
    let credentials = server.auth.credentials();
    Sender {
        credentials: Credentials {
            access_key: credentials.access_key_id.to_string(),
            secret: credentials.secret_access_key.expose().to_owned(),
        },
        api_token: credentials.api_token.expose().to_owned(),
    }
}

fn endpoint(server: &Server) -> String {
    format!("http://{}", server.address)
}

async fn play(client: AwsClient, sender: Sender, plan: Plan, stopping: watch::Receiver<bool>) {
    if let Err(error) = simulate::run(&client, &sender, &plan, &system_now(), &stopping).await {
        tell(format_args!("traffic stopped: {error}"));
    }
}

/// SIGTERM and Ctrl-C, caught from the moment this is made.
pub(crate) struct StopSignals {
    terminated: Option<Signal>,
    interrupted: Option<Signal>,
}

impl StopSignals {
    /// A signal that cannot be caught ends the process at once, as it would without us.
    pub(crate) fn catch() -> Self {
        Self {
            terminated: signal(SignalKind::terminate()).ok(),
            interrupted: signal(SignalKind::interrupt()).ok(),
        }
    }

    pub(crate) async fn received(&mut self) {
        async fn one(signal: &mut Option<Signal>) {
            match signal {
                Some(signal) => drop(signal.recv().await),
                None => std::future::pending().await,
            }
        }
        tokio::select! {
            () = one(&mut self.terminated) => {}
            () = one(&mut self.interrupted) => {}
        }
    }
}
