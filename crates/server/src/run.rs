//! What does a started process do until it is told to stop?
//!
//! Prints the one line that scripts wait for, plays traffic if asked to, and stops in order on SIGTERM, Ctrl-C or a
//! failure of the pipeline.

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::client::{AwsClient, Credentials};
use crate::settings::Settings;
use crate::simulate::{self, Plan, Sender};
use crate::start::{Server, start, system_now};

/// Serves until told to stop; with a plan, plays traffic into itself as well.
pub async fn serve(settings: &Settings, plan: Option<Plan>) -> ExitCode {
    let server = match start(settings, system_now()).await {
        Ok(server) => server,
        Err(error) => {
            eprintln!("walletscope: {error}");
            return ExitCode::FAILURE;
        }
    };
    for warning in server.auth.warnings() {
        eprintln!("warning: {warning}");
    }
    match server.auth.sign_in_link().await {
        Ok(link) => eprintln!("sign in: {link}"),
        Err(error) => eprintln!("no sign-in link: {error}"),
    }
    println!("ready http://{}", server.address);
    let (stop, stopping) = watch::channel(false);
    let playing = plan.map(|plan| {
        let client =
            AwsClient::new(&endpoint(&server), sender(&server).credentials, &settings.region, system_now());
        tokio::spawn(play(client, sender(&server), plan, stopping))
    });
    let exit = tokio::select! {
        () = told_to_stop() => ExitCode::SUCCESS,
        reason = server.failed() => {
            eprintln!("walletscope: stopped: {reason}");
            ExitCode::FAILURE
        }
    };
    stop.send_replace(true);
    if let Some(playing) = playing {
        // A player that failed has said so.
        let _played = playing.await;
    }
    server.stop().await;
    exit
}

/// Plays traffic against any endpoint until the plan ends or Ctrl-C.
pub async fn simulate(endpoint: &str, region: &str, sender: &Sender, plan: &Plan) -> ExitCode {
    let client = AwsClient::new(endpoint, sender.credentials.clone(), region, system_now());
    let (_stop, stopping) = watch::channel(false);
    let now = system_now();
    let played = tokio::select! {
        played = simulate::run(&client, sender, plan, &now, &stopping) => played,
        () = told_to_stop() => Ok(()),
    };
    match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("walletscope simulate: {error}");
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
        eprintln!("traffic stopped: {error}");
    }
}

async fn told_to_stop() {
    let interrupted = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminated) => {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
        }
        Err(_) => {
            let _interrupted = interrupted.await;
        }
    }
}
