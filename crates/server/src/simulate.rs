//! How does the generated traffic get in? The past by the import door, then history and live traffic by the real wire.
//!
//! Drives one `walletscope_traffic` against any endpoint: what is older than the history as [`past`] says, all else with
//! signed calls. Log groups and streams are created as they appear, events go out in batches within PutLogEvents'
//! limits, metric data beside them. When the history is in, the source's backfill is declared over, so its attempts
//! count by their own times.

mod past;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration as StdDuration;

use axum::body::Bytes;
use serde_json::json;
use walletscope_model::{Duration, MetricDatum, MetricValue, Timestamp};
use walletscope_traffic::{Config, Day, Emission, Incident, LOG_GROUP, Traffic};

use crate::client::{AwsClient, Call, CallError, Credentials};
use crate::import::send::{BackfillOf, Sender as ImportSender};
use crate::pipeline::Now;

/// Events per PutLogEvents call; far below the service's limits.
const EVENTS_PER_CALL: usize = 1_000;
/// How much history is generated at a time.
const HISTORY_STEP: Duration = Duration::from_seconds(15 * 60);
const LIVE_STEP: StdDuration = StdDuration::from_millis(200);
/// Calls under way at a time.
const CALLS_MAX: usize = 4;

/// What to play.
#[derive(Clone)]
pub struct Plan {
    /// Seed of everything.
    pub seed: u64,
    /// Attempts per second on average over a day.
    pub attempts_per_second: f64,
    /// How a day goes.
    pub day: Day,
    /// How far back the history reaches that goes by the wire; zero for none.
    pub history: Duration,
    /// How far back the past reaches that is imported before it; nothing is where it is no longer than the history.
    pub past: Duration,
    /// Incidents, and when they begin and end, counted from the start of the live part.
    pub incidents: Vec<(Incident, Duration, Duration)>,
    /// How long to go on; `None` until told to stop.
    pub live: Option<Duration>,
}

/// Who sends: the access key by which its history is declared complete, and the token to declare it with.
#[derive(Clone)]
#[allow(missing_docs)]
pub struct Sender {
    pub credentials: Credentials,
    pub api_token: String,
}

/// Plays until `stop` says so or the plan ends; prints progress on standard error.
///
/// # Errors
/// The server could not be reached, or refused a call.
pub async fn run(
    client: &AwsClient,
    sender: &Sender,
    plan: &Plan,
    now: &Now,
    stop: &tokio::sync::watch::Receiver<bool>,
) -> Result<(), CallError> {
    let start = now();
    let from = start.plus(Duration(-plan.history.0));
    let import = ImportSender::new(client.endpoint(), &sender.api_token)?;
    let past = past::find(&import, start.plus(Duration(-plan.past.0)), from).await?;
    let config = Config { seed: plan.seed, attempts_per_second: plan.attempts_per_second, day: plan.day };
    let mut traffic = Traffic::new(config, past.map_or(from, |past| past.from));
    set_incidents(&mut traffic, &plan.incidents, start);
    if let Some(past) = past {
        set_incidents(&mut traffic, &past::incidents(), start);
        traffic.set_rate(plan.attempts_per_second.min(past::ATTEMPTS_PER_SECOND_MAX));
        past.import(&import, &mut traffic, &format!("{} {}", plan.seed, start.0), stop).await?;
        traffic.set_rate(plan.attempts_per_second);
    }
    let mut player =
        Player { client: client.clone(), streams: BTreeSet::new(), calls: 0, seed: plan.seed, run: start };
    player.create_group().await?;
    if plan.history.0 > 0 {
        player.play_history(&mut traffic, from, now, stop).await?;
        import.end_backfill(BackfillOf::AccessKey(&sender.credentials.access_key)).await?;
    }
    let until = plan.live.map(|live| now().plus(live));
    while !*stop.borrow() && until.is_none_or(|until| now() < until) {
        let emissions = traffic.next_until(now());
        player.send(emissions).await?;
        player.send_metrics(traffic.take_metric_data()).await?;
        tokio::time::sleep(LIVE_STEP).await;
    }
    Ok(())
}

fn set_incidents(traffic: &mut Traffic, incidents: &[(Incident, Duration, Duration)], start: Timestamp) {
    for (incident, begin, end) in incidents {
        if let Err(error) = traffic.set_incident(incident, start.plus(*begin), start.plus(*end)) {
            crate::observe::log::tell(format_args!("incident ignored: {error}"));
        }
    }
}

struct Player {
    client: AwsClient,
    streams: BTreeSet<Box<str>>,
    calls: u64,
    seed: u64,
    run: Timestamp,
}

impl Player {
    async fn play_history(
        &mut self,
        traffic: &mut Traffic,
        from: Timestamp,
        now: &Now,
        stop: &tokio::sync::watch::Receiver<bool>,
    ) -> Result<(), CallError> {
        let (mut at, mut events, started) = (from, 0, std::time::Instant::now());
        while at < now() && !*stop.borrow() {
            at = at.plus(HISTORY_STEP).min(now());
            let emissions = traffic.next_until(at);
            events += emissions.len();
            self.send(emissions).await?;
            // Metric data of the past would only repeat what the attempts say.
            traffic.take_metric_data();
            if at.since(from).0 % Duration::from_seconds(3 * 3_600).0 == 0 {
                let hours = at.since(from).as_seconds() / 3_600.0;
                eprintln!("history: {hours:.0} h, {events} events, {:.1} s", started.elapsed().as_secs_f64());
            }
        }
        eprintln!("history complete: {events} events in {:.1} s", started.elapsed().as_secs_f64());
        Ok(())
    }

    async fn create_group(&mut self) -> Result<(), CallError> {
        let body = json!({"logGroupName": LOG_GROUP}).to_string();
        let call = self.logs_call("Logs_20140328.CreateLogGroup", body.into());
        self.call_unless_exists(call).await
    }

    /// Events in time order, several streams at once.
    async fn send(&mut self, emissions: Vec<Emission>) -> Result<(), CallError> {
        let mut batches: BTreeMap<(Box<str>, Box<str>), Vec<Emission>> = BTreeMap::new();
        for emission in emissions {
            batches.entry((emission.group.clone(), emission.stream.clone())).or_default().push(emission);
        }
        let mut calls = Vec::new();
        for ((group, stream), mut events) in batches {
            self.create_stream(&group, &stream).await?;
            events.sort_by_key(|event| event.at);
            for chunk in events.chunks(EVENTS_PER_CALL) {
                calls.push(self.logs_call("Logs_20140328.PutLogEvents", put_events(&group, &stream, chunk)));
            }
        }
        self.call_all(calls).await
    }

    async fn call_all(&self, calls: Vec<Call>) -> Result<(), CallError> {
        let mut waiting = calls.into_iter();
        let mut running = tokio::task::JoinSet::new();
        loop {
            while running.len() < CALLS_MAX
                && let Some(call) = waiting.next()
            {
                let client = self.client.clone();
                running.spawn(async move { client.call(&call).await });
            }
            match running.join_next().await {
                None => return Ok(()),
                Some(Ok(answer)) => drop(answer?),
                Some(Err(panic)) => return Err(CallError::Connection(panic.to_string())),
            }
        }
    }

    async fn send_metrics(&mut self, data: Vec<MetricDatum>) -> Result<(), CallError> {
        const DATA_PER_CALL: usize = 500;
        for chunk in data.chunks(DATA_PER_CALL) {
            let Some(first) = chunk.first() else { continue };
            let body = json!({
                "Namespace": &*first.namespace,
                "MetricData": chunk.iter().map(metric_json).collect::<Vec<_>>(),
            });
            let call = Call {
                service: "monitoring",
                target: "GraniteServiceVersion20100801.PutMetricData",
                content_type: "application/x-amz-json-1.0",
                body: body.to_string().into(),
                invocation_id: self.next_id(),
            };
            self.client.call(&call).await?;
        }
        Ok(())
    }

    async fn create_stream(&mut self, group: &str, stream: &str) -> Result<(), CallError> {
        if self.streams.contains(stream) {
            return Ok(());
        }
        let body = json!({"logGroupName": group, "logStreamName": stream}).to_string();
        let call = self.logs_call("Logs_20140328.CreateLogStream", body.into());
        self.call_unless_exists(call).await?;
        self.streams.insert(stream.into());
        Ok(())
    }

    async fn call_unless_exists(&self, call: Call) -> Result<(), CallError> {
        match self.client.call(&call).await {
            Err(CallError::Refused { body, .. }) if body.contains("ResourceAlreadyExistsException") => Ok(()),
            other => other.map(drop),
        }
    }

    fn logs_call(&mut self, target: &'static str, body: Bytes) -> Call {
        let content_type = "application/x-amz-json-1.1";
        Call { service: "logs", target, content_type, body, invocation_id: self.next_id() }
    }

    fn next_id(&mut self) -> String {
        self.calls += 1;
        format!("sim-{}-{}-{}", self.seed, self.run.0, self.calls)
    }
}

fn put_events(group: &str, stream: &str, events: &[Emission]) -> Bytes {
    let events: Vec<_> = events
        .iter()
        .map(|event| json!({"timestamp": event.at.millis(), "message": &event.message}))
        .collect();
    json!({"logGroupName": group, "logStreamName": stream, "logEvents": events}).to_string().into()
}

fn metric_json(datum: &MetricDatum) -> serde_json::Value {
    let dimensions: Vec<_> =
        datum.dimensions.iter().map(|(name, value)| json!({"Name": &**name, "Value": &**value})).collect();
    let mut json = json!({
        "MetricName": &*datum.name,
        "Dimensions": dimensions,
        "Timestamp": datum.timestamp.0 as f64 / 1e6,
        "Unit": datum.unit.as_deref().unwrap_or("None"),
        "StorageResolution": datum.storage_resolution_seconds,
    });
    match &datum.value {
        MetricValue::Values(values) => {
            json["Values"] = values.iter().map(|(value, _)| *value).collect();
            json["Counts"] = values.iter().map(|(_, count)| *count).collect();
        }
        MetricValue::Statistics { sample_count, sum, minimum, maximum } => {
            json["StatisticValues"] =
                json!({"SampleCount": sample_count, "Sum": sum, "Minimum": minimum, "Maximum": maximum});
        }
    }
    json
}
