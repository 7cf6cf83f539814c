//! Is an acknowledged call still there, once, after kill -9 at any moment?
//!
//! Each round starts the server over what the rounds before left, lets several clients write, kills it at a random
//! moment and measures how soon the next one answers. Clients do as SDKs do: a call is tried again under the same
//! invocation id until it is acknowledged; some give up when the connection breaks, so that calls without an answer
//! exist too. At the end the checker reads the journal itself, and the server is asked for what follows from it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use walletscope_model::{
    Body, Command, LogBatch, LogEvent, MetricBatch, MetricDatum, MetricValue, Timestamp, time,
};
use walletscope_server::client::{AwsClient, Call};
use walletscope_server::start::system_now;
use walletscope_traffic::BriefLike;

use super::calls::{self, CREATE_LOG_GROUP, CREATE_LOG_STREAM, PUT_LOG_EVENTS, PUT_METRIC_DATA};
use super::checker::{Verdict, check_folder};
use super::ledger::{Ledger, Outcome, Sent};
use super::server::REGION;
use super::{LoadError, Server};

/// A server must answer again within this after kill -9.
pub const READY_MAX: Duration = Duration::from_secs(3);
/// The server is never killed sooner after it was ready.
pub const KILL_AFTER_MIN: Duration = Duration::from_millis(200);
/// Log events of a call at most.
pub const EVENTS_MAX: usize = 200;
/// Attempts that the server is asked about at the end.
pub const SAMPLES_MAX: usize = 100;

const GROUP: &str = "/load/crash";
const CALL_MAX: Duration = Duration::from_secs(10);
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(20);
const PAUSE_MILLIS_MAX: u64 = 15;
/// Of a hundred broken calls, so many are given up.
const GIVEN_UP_PERCENT: u32 = 20;
/// Everything pending is delivered by then, or the server is stuck.
const LAST_CALLS_MAX: Duration = Duration::from_secs(60);

/// One run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server's binary.
    pub binary: PathBuf,
    /// How often it is killed.
    pub rounds: u32,
    /// Of everything random but the machine's own timing.
    pub seed: u64,
    /// How many clients write.
    pub clients: u64,
    /// The server is killed at the latest so long after it was ready.
    pub kill_after_max: Duration,
    /// An empty folder for the data.
    pub folder: PathBuf,
}

/// How many checks held: one a round, one of the journal, one of the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Checks that held.
    pub passed: u32,
    /// Checks that did not.
    pub failed: u32,
}

/// Runs all rounds and the checks; `print` gets a line for each.
///
/// # Errors
/// A server did not start or stop, or the folder could not be read: nothing can be said.
pub fn run(settings: &Settings, print: &mut dyn FnMut(&str)) -> Result<Tally, LoadError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(LoadError::io("start", "the clients' runtime"))?;
    let mut tally = Tally::default();
    let ledger = rounds(settings, &runtime, &mut tally, print)?;
    let verdict = check_folder(&ledger, &settings.folder)?;
    tally.count(verdict.violations.is_empty());
    print(&journal_line(&verdict));
    verdict.violations.iter().take(20).for_each(|violation| print(&format!("  {violation}")));
    let wrong = check_api(settings, &verdict)?;
    tally.count(wrong.is_empty());
    let asked = verdict.samples.len().min(SAMPLES_MAX);
    print(&format!(
        "api: {} attempts in all, {asked} asked for, {} answers wrong",
        verdict.attempts,
        wrong.len()
    ));
    wrong.iter().take(20).for_each(|wrong| print(&format!("  {wrong}")));
    Ok(tally)
}

impl Tally {
    fn count(&mut self, is_right: bool) {
        *(if is_right { &mut self.passed } else { &mut self.failed }) += 1;
    }
}

fn journal_line(verdict: &Verdict) -> String {
    format!(
        "journal: {} calls acknowledged, {} unanswered and stored, {} unanswered and not stored, {} violations",
        verdict.acknowledged,
        verdict.stored_unanswered,
        verdict.missing_unanswered,
        verdict.violations.len()
    )
}

/// Kills the server as often as asked; what the clients know in the end.
fn rounds(
    settings: &Settings,
    runtime: &Runtime,
    tally: &mut Tally,
    print: &mut dyn FnMut(&str),
) -> Result<Ledger, LoadError> {
    let mut dice = ChaCha8Rng::seed_from_u64(settings.seed);
    let mut server = Server::start(&settings.binary, &settings.folder)?;
    let (show, seen) = watch::channel(Some(client_of(&server)));
    let common =
        Common { seed: settings.seed, server: seen, stop: Arc::default(), acknowledged: Arc::default() };
    let mut ledger = runtime.block_on(LoadClient::new(0, common.clone()).create_group());
    let clients: Vec<JoinHandle<Ledger>> = (1..=settings.clients)
        .map(|number| runtime.spawn(LoadClient::new(number, common.clone()).write()))
        .collect();
    for round in 1..=settings.rounds {
        let kill_after = dice.random_range(KILL_AFTER_MIN..settings.kill_after_max.max(KILL_AFTER_MIN * 2));
        let before = common.acknowledged.load(Ordering::Relaxed);
        std::thread::sleep(kill_after);
        let was_running = server.is_running();
        server.kill();
        show.send_replace(None);
        let calls = common.acknowledged.load(Ordering::Relaxed) - before;
        server = Server::start(&settings.binary, &settings.folder)?;
        show.send_replace(Some(client_of(&server)));
        let is_right = was_running && server.ready_after < READY_MAX;
        tally.count(is_right);
        print(&format!(
            "round {round}: {calls} calls acknowledged, {} {:.2} s after ready, ready again after {:.2} s{}",
            if was_running { "killed" } else { "ENDED BY ITSELF before" },
            kill_after.as_secs_f64(),
            server.ready_after.as_secs_f64(),
            if is_right { "" } else { ": FAILED" },
        ));
    }
    std::thread::sleep(KILL_AFTER_MIN);
    common.stop.store(true, Ordering::Relaxed);
    for client in clients {
        ledger.append(&mut runtime.block_on(last_calls(client))?);
    }
    server.stop()?;
    Ok(ledger)
}

async fn last_calls(client: JoinHandle<Ledger>) -> Result<Ledger, LoadError> {
    let stuck =
        || LoadError::server("deliver the last calls", format!("not in {} s", LAST_CALLS_MAX.as_secs()));
    let ended = tokio::time::timeout(LAST_CALLS_MAX, client).await.map_err(|_| stuck())?;
    ended.map_err(|error| LoadError::server("run a load client", error))
}

fn client_of(server: &Server) -> AwsClient {
    AwsClient::new(&server.endpoint(), server.credentials.clone(), REGION, system_now())
}

/// What every client shares.
#[derive(Clone)]
struct Common {
    seed: u64,
    server: watch::Receiver<Option<AwsClient>>,
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicU64>,
}

/// A client that writes into a stream of its own.
struct LoadClient {
    common: Common,
    stream: String,
    dice: ChaCha8Rng,
    events: BriefLike,
    calls: u64,
    number: u64,
    ledger: Ledger,
}

impl LoadClient {
    fn new(number: u64, common: Common) -> Self {
        let seed = common.seed.wrapping_mul(1_000).wrapping_add(number);
        Self {
            stream: format!("client-{number}"),
            dice: ChaCha8Rng::seed_from_u64(seed),
            events: BriefLike::new(seed),
            calls: 0,
            number,
            ledger: Ledger::new(),
            common,
        }
    }

    async fn create_group(mut self) -> Ledger {
        let create = Command::CreateLogGroup { name: GROUP.into(), retention_days: None, tags: Vec::new() };
        self.deliver(Body::Command(create)).await;
        self.ledger
    }

    async fn write(mut self) -> Ledger {
        let stream = self.stream.clone();
        // A stream must exist before it is written to, so this one call is never given up.
        while !self.deliver(create_stream(&stream)).await {}
        while !self.common.stop.load(Ordering::Relaxed) {
            let body = self.next_body();
            self.deliver(body).await;
            let pause = self.dice.random_range(0..=PAUSE_MILLIS_MAX);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        self.ledger
    }

    fn next_body(&mut self) -> Body {
        let now = system_now()();
        match self.dice.random_range(0..100) {
            0..5 => create_stream(&format!("{}-{}", self.stream, self.calls)),
            5..10 => Body::Metrics(MetricBatch { data: vec![datum(self.number, now)] }),
            _ => {
                let count = self.dice.random_range(1..=EVENTS_MAX);
                let at = Timestamp::from_millis(now.plus(time::Duration::from_seconds(-5)).millis());
                let event = |(timestamp, message): (Timestamp, String)| LogEvent {
                    timestamp,
                    message: message.into(),
                    guarded: false,
                };
                let events = self.events.batch(count, at).into_iter().map(event).collect();
                Body::Logs(LogBatch { group: GROUP.into(), stream: self.stream.as_str().into(), events })
            }
        }
    }

    /// Tries one call until it is answered for good or given up; whether it was acknowledged.
    async fn deliver(&mut self, body: Body) -> bool {
        self.calls += 1;
        let id = format!("call-{}-{}", self.number, self.calls);
        self.ledger.insert(id.clone(), Sent::new(&body));
        let outcome = self.try_until_answered(&call_of(&body, &id)).await;
        if outcome == Outcome::Acknowledged {
            self.common.acknowledged.fetch_add(1, Ordering::Relaxed);
        }
        let is_acknowledged = outcome == Outcome::Acknowledged;
        if let Some(sent) = self.ledger.get_mut(&id) {
            sent.outcome = outcome;
        }
        is_acknowledged
    }

    async fn try_until_answered(&mut self, call: &Call) -> Outcome {
        loop {
            let Ok(client) = self.common.server.wait_for(Option::is_some).await.map(|client| client.clone())
            else {
                return Outcome::Unknown;
            };
            let Some(client) = client else { continue };
            match tokio::time::timeout(CALL_MAX, client.call_once(call)).await {
                Ok(Ok(answer)) if answer.status == 200 => return Outcome::Acknowledged,
                Ok(Ok(answer)) => {
                    let text = String::from_utf8_lossy(&answer.body);
                    let is_later = answer.status >= 500 || text.contains("Throttling");
                    if !is_later {
                        return Outcome::Refused(format!("{} {text}", answer.status));
                    }
                }
                Ok(Err(_)) | Err(_) if self.dice.random_range(0..100) < GIVEN_UP_PERCENT => {
                    return Outcome::Unknown;
                }
                Ok(Err(_)) | Err(_) => {}
            }
            tokio::time::sleep(TRY_AGAIN_AFTER).await;
        }
    }
}

fn create_stream(name: &str) -> Body {
    Body::Command(Command::CreateLogStream { group: GROUP.into(), name: name.into() })
}

fn datum(client: u64, now: Timestamp) -> MetricDatum {
    MetricDatum {
        namespace: "Load/Crash".into(),
        name: "CallsSent".into(),
        dimensions: vec![("Client".into(), client.to_string().into())],
        timestamp: now.floor_seconds(1),
        unit: Some("Count".into()),
        storage_resolution_seconds: 60,
        value: MetricValue::Values(vec![(1.0, 1.0)]),
    }
}

fn call_of(body: &Body, invocation_id: &str) -> Call {
    let (target, json) = match body {
        Body::Logs(logs) => (PUT_LOG_EVENTS, calls::put_log_events(logs)),
        Body::Metrics(metrics) => (PUT_METRIC_DATA, calls::put_metric_data(metrics)),
        Body::Command(Command::CreateLogGroup { name, .. }) => {
            (CREATE_LOG_GROUP, calls::create_log_group(name))
        }
        Body::Command(Command::CreateLogStream { group, name }) => {
            (CREATE_LOG_STREAM, calls::create_log_stream(group, name))
        }
        other => unreachable!("no client here sends {other:?}"),
    };
    Call {
        service: target.service,
        target: target.target,
        content_type: target.content_type,
        body: json.into(),
        invocation_id: invocation_id.to_owned(),
    }
}

/// Asks a last server for the total and for some attempts; what it answers wrongly.
fn check_api(settings: &Settings, verdict: &Verdict) -> Result<Vec<String>, LoadError> {
    const TOTAL_WITHIN: Duration = Duration::from_secs(5);
    let server = Server::start(&settings.binary, &settings.folder)?;
    let mut wrong = Vec::new();
    let asked_at = Instant::now();
    let total = loop {
        let (_, json, _) = server.get("/api/v1/metrics?from=now-24h")?;
        let total = json["metrics"]["totalRequests"].as_u64();
        if total == Some(verdict.attempts) || asked_at.elapsed() > TOTAL_WITHIN {
            break total;
        }
        std::thread::sleep(TRY_AGAIN_AFTER);
    };
    if total != Some(verdict.attempts) {
        wrong.push(format!("totalRequests is {total:?}, not {}", verdict.attempts));
    }
    let step = verdict.samples.len().div_ceil(SAMPLES_MAX).max(1);
    for sample in verdict.samples.iter().step_by(step) {
        let (status, json, _) = server.get(&format!("/api/v1/requests/{}", sample.correlation_id))?;
        let records = json["records"].as_array().map(Vec::len);
        if status != 200 || records != Some(sample.records) {
            let asked = &sample.correlation_id;
            wrong.push(format!("{asked}: status {status}, {records:?} records, not {}", sample.records));
        }
    }
    server.stop()?;
    Ok(wrong)
}
