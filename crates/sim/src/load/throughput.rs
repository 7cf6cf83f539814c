//! How many events does the server take for a second of its CPU time, and how long do calls take meanwhile?
//!
//! Bodies and signatures are made before the clock runs, events are brief-like, and each repetition names attempts of
//! its own. The CPU time counted is that of all the server's threads from the first request until it is quiet again,
//! so stepping, committing and compacting that were put off count too.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::Deserialize;
use walletscope_model::{LogBatch, LogEvent, Timestamp, time};
use walletscope_server::client::Credentials;
use walletscope_server::start::system_now;
use walletscope_traffic::BriefLike;

use super::calls::{
    self, CREATE_LOG_GROUP, CREATE_LOG_STREAM, DELETE_SUBSCRIPTION_FILTER, PUT_LOG_EVENTS, PUT_METRIC_FILTER,
    PUT_SUBSCRIPTION_FILTER, Target,
};
use super::figures::{Figure, grouped, median, millis, quantile};
use super::http::Connection;
use super::open_loop::{self, Outcome, Schedule};
use super::sink::Sink;
use super::{LoadError, Server, tail, usage};

/// The log group of every measurement.
pub const GROUP: &str = "/load/bench";
/// Its one stream.
pub const STREAM: &str = "bench";
/// Events of a large call.
pub const EVENTS_LARGE: usize = 1_000;
/// Events of a small call, as real sources send them.
pub const EVENTS_SMALL: usize = 10;
/// Events per second of server core that are wanted.
pub const GOAL: f64 = 120_000.0;
/// Events per second of server core that must be.
pub const FLOOR: f64 = 60_000.0;

/// The log group of the last measurement.
const FILTERED_GROUP: &str = "/load/filtered";
/// Its metric filters.
const FILTERS: usize = 20;
/// Subscription filters with them: group, name, pattern. A group has two at most, and one that finds nothing reads the
/// journal as the others do.
const SUBSCRIPTIONS: [(&str, &str, &str); 3] = [
    (FILTERED_GROUP, "all", ""),
    (FILTERED_GROUP, "failures", r#"{ $.event = "TOKEN_PROVISION_FAILURE" }"#),
    (GROUP, "errors", "ERROR"),
];
/// What they may cost of the events per core second.
const FILTERS_LOSS_MAX: f64 = 0.3;
/// What the lake must leave of the events per core second.
const EFFICIENCY_MIN: f64 = 0.6;
const CONNECTIONS_LARGE: usize = 8;
const CONNECTIONS_SMALL: usize = 64;
const SETTLE_MAX: Duration = Duration::from_secs(60);
/// What a call may take besides three syncs of the disk.
pub const LATENCY_FLOOR: Duration = Duration::from_millis(20);

/// How much is sent.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Repetitions of each measurement; the median counts.
    pub repetitions: u64,
    /// Large calls of a repetition.
    pub large_calls: usize,
    /// Small calls of a repetition.
    pub small_calls: usize,
    /// How long a repetition at half rate goes on.
    pub half_rate_for: Duration,
}

/// Minutes.
pub const FULL: Size =
    Size { repetitions: 3, large_calls: 600, small_calls: 20_000, half_rate_for: Duration::from_secs(10) };
/// Seconds.
pub const QUICK: Size =
    Size { repetitions: 3, large_calls: 100, small_calls: 2_000, half_rate_for: Duration::from_secs(2) };

/// Measures large calls, small calls, latency at half rate, bare parsing, large calls with filters and the
/// delay of a live tail, on a server that is running.
///
/// # Errors
/// The server refused a call or went away.
pub fn measure(server: &Server, size: Size) -> Result<Vec<Figure>, LoadError> {
    create_stream(server)?;
    let mut maker = Maker::new(server);
    let large = maker.bursts(size.repetitions, size.large_calls, EVENTS_LARGE, CONNECTIONS_LARGE)?;
    let mut figures = large_figures(&large);
    let small = maker.bursts(size.repetitions, size.small_calls, EVENTS_SMALL, CONNECTIONS_SMALL)?;
    figures.extend(small_figures(&small));
    let rate = middle(&large, Burst::events_per_second);
    figures.extend(half_rate(&mut maker, size, rate)?);
    figures.extend(bare_parsing(middle(&large, Burst::cpu_micros_per_event)));
    figures.push(with_filters(&mut maker, size)?);
    figures.push(tail::measure(server)?);
    Ok(figures)
}

/// Large calls to a group with metric filters and to one without, turn by turn: what a server knows grows meanwhile.
fn with_filters(maker: &mut Maker<'_>, size: Size) -> Result<Figure, LoadError> {
    create_stream_in(maker.server, FILTERED_GROUP)?;
    put_filters(maker.server)?;
    let sink = Sink::start()?;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..size.repetitions {
        without.push(maker.burst(size.large_calls, EVENTS_LARGE, CONNECTIONS_LARGE)?);
        maker.group = FILTERED_GROUP;
        subscribe(maker.server, Some(&sink))?;
        with.push(maker.burst(size.large_calls, EVENTS_LARGE, CONNECTIONS_LARGE)?);
        subscribe(maker.server, None)?;
        maker.group = GROUP;
    }
    Ok(filters_figure(&without, &with, sink.deliveries()))
}

/// Puts the subscription filters, or deletes them.
fn subscribe(server: &Server, sink: Option<&Sink>) -> Result<(), LoadError> {
    for (group, name, pattern) in SUBSCRIPTIONS {
        match sink {
            Some(sink) => {
                let body = calls::put_subscription_filter(group, name, pattern, &sink.url());
                order(server, PUT_SUBSCRIPTION_FILTER, &body)?;
            }
            None => {
                order(server, DELETE_SUBSCRIPTION_FILTER, &calls::delete_subscription_filter(group, name))?
            }
        }
    }
    Ok(())
}

/// A call that must succeed.
fn order(server: &Server, target: Target, body: &[u8]) -> Result<(), LoadError> {
    let mut connection =
        Connection::open(server.address).map_err(LoadError::io("connect to", server.address))?;
    let answer = connection.exchange(&sign(server, target, "", body));
    let answer = answer.map_err(LoadError::io("send", "a command"))?;
    if answer.status != 200 {
        return Err(LoadError::server("have a command done", String::from_utf8_lossy(&answer.body)));
    }
    Ok(())
}

/// Twenty metric filters of every kind; the brief's three are the first.
fn put_filters(server: &Server) -> Result<(), LoadError> {
    const BRIEFS: [(&str, &str); 3] = [
        (r#"[timestamp, requestId, event="TOKEN_PROVISION_SUCCESS", ...]"#, "1"),
        (r#"[timestamp, requestId, event="TOKEN_PROVISION_FAILURE", ...]"#, "1"),
        (r#"[timestamp, requestId, event="TOKEN_PROVISION_SUCCESS", processingTime]"#, "$processingTime"),
    ];
    const OTHERS: [(&str, &str); 5] = [
        ("ERROR -expected", "1"),
        ("?timeout ?refused", "1"),
        (r#"{ $.event = "TOKEN_PROVISION_*" && $.walletProvider = "ApplePay" }"#, "1"),
        (r#"{ $.processingTime > 3 || $.processingTime < 0.1 }"#, "$.processingTime"),
        (r#"{ $.issuer = "NO_Bank" && $.device.type NOT EXISTS }"#, "1"),
    ];
    for (number, (pattern, value)) in BRIEFS.iter().chain(OTHERS.iter().cycle()).take(FILTERS).enumerate() {
        let body = calls::put_metric_filter(FILTERED_GROUP, &format!("filter-{number}"), pattern, value);
        order(server, PUT_METRIC_FILTER, &body)?;
    }
    Ok(())
}

fn filters_figure(without: &[Burst], with: &[Burst], deliveries: u64) -> Figure {
    let (without, with) =
        (middle(without, Burst::events_per_core_second), middle(with, Burst::events_per_core_second));
    let lost = 1.0 - with / without;
    Figure::new(
        "1,000 events a call with 20 metric filters and 3 subscriptions: events per core second",
        format!("{}, {:.0} % less than without; {deliveries} deliveries", grouped(with), lost * 100.0),
        "as without; the points are stored and written to files as well, and every event is delivered",
    )
    .promised("at most 30 % less", lost <= FILTERS_LOSS_MAX)
}

/// Makes the group of every measurement and its stream; that they exist already is fine.
///
/// # Errors
/// The server went away.
pub fn create_stream(server: &Server) -> Result<(), LoadError> {
    create_stream_in(server, GROUP)
}

/// Makes a group and its one stream; that they exist already is fine.
///
/// # Errors
/// The server went away.
pub fn create_stream_in(server: &Server, group: &str) -> Result<(), LoadError> {
    let stream = (CREATE_LOG_STREAM, calls::create_log_stream(group, STREAM));
    let group = (CREATE_LOG_GROUP, calls::create_log_group(group));
    let mut connection =
        Connection::open(server.address).map_err(LoadError::io("connect to", server.address))?;
    for (target, json) in [group, stream] {
        let request = sign(server, target, "", &json);
        let answer = connection.exchange(&request).map_err(LoadError::io("send", "a command"))?;
        let text = String::from_utf8_lossy(&answer.body);
        if answer.status != 200 && !text.contains("ResourceAlreadyExists") {
            return Err(LoadError::server("make a log stream", text));
        }
    }
    Ok(())
}

/// A batch of brief-like events of the last seconds.
pub fn batch(events: &mut BriefLike, count: usize, now: Timestamp) -> LogBatch {
    let at = Timestamp::from_millis(now.plus(time::Duration::from_seconds(-4)).millis());
    let event = |(timestamp, message): (Timestamp, String)| LogEvent {
        timestamp,
        message: message.into(),
        guarded: false,
    };
    let events = events.batch(count, at).into_iter().map(event).collect();
    LogBatch { group: GROUP.into(), stream: STREAM.into(), events }
}

/// A whole signed request.
pub fn sign(server: &Server, target: Target, invocation_id: &str, body: &[u8]) -> Vec<u8> {
    let credentials: &Credentials = &server.credentials;
    calls::signed_request(server.address, credentials, system_now()(), target, invocation_id, body)
}

/// Makes requests whose attempts no other repetition names.
pub struct Maker<'a> {
    server: &'a Server,
    repetition: u64,
    group: &'static str,
}

/// What a burst cost.
#[derive(Clone, Copy, Debug)]
struct Burst {
    calls: f64,
    events: f64,
    body_bytes: f64,
    wall: Duration,
    cpu: Duration,
    lake_cpu: Duration,
    written_bytes: f64,
    throttled: u64,
}

impl Burst {
    fn events_per_second(&self) -> f64 {
        self.events / self.wall.as_secs_f64()
    }

    fn events_per_core_second(&self) -> f64 {
        self.events / self.cpu.as_secs_f64().max(f64::EPSILON)
    }

    fn cpu_micros_per_event(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.events
    }

    fn calls_per_second(&self) -> f64 {
        self.calls / self.wall.as_secs_f64()
    }

    fn cpu_micros_per_call(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.calls
    }

    fn share_without_lake(&self) -> f64 {
        1.0 - self.lake_cpu.as_secs_f64() / self.cpu.as_secs_f64().max(f64::EPSILON)
    }

    fn write_amplification(&self) -> f64 {
        self.written_bytes / self.body_bytes
    }
}

impl<'a> Maker<'a> {
    /// A maker for one server; use one a server.
    pub fn new(server: &'a Server) -> Self {
        Self { server, repetition: 0, group: GROUP }
    }

    /// Signed requests of `events` events each.
    pub fn requests(&mut self, calls: usize, events: usize) -> Vec<Vec<u8>> {
        self.repetition += 1;
        let mut generator = BriefLike::new(self.repetition);
        let request = |call: usize| {
            let batch = batch(&mut generator, events, system_now()());
            let body = calls::put_log_events(&LogBatch { group: self.group.into(), ..batch });
            let invocation_id = format!("bench-{}-{call}", self.repetition);
            sign(self.server, PUT_LOG_EVENTS, &invocation_id, &body)
        };
        (0..calls).map(request).collect()
    }

    fn bursts(
        &mut self,
        repetitions: u64,
        calls: usize,
        events: usize,
        connections: usize,
    ) -> Result<Vec<Burst>, LoadError> {
        (0..repetitions).map(|_| self.burst(calls, events, connections)).collect()
    }

    fn burst(&mut self, calls: usize, events: usize, connections: usize) -> Result<Burst, LoadError> {
        let requests = self.requests(calls, events);
        let pid = self.server.pid();
        let before = usage::settle(pid, SETTLE_MAX)?;
        let schedule = Schedule { requests: &requests, interval: Duration::ZERO, connections };
        let outcome = open_loop::run(self.server.address, schedule)?;
        // What would be in files minutes later belongs to these events as well.
        self.server.post("/api/v1/lake/flush", &serde_json::json!({}))?;
        let used = usage::settle(pid, SETTLE_MAX)?.since(&before);
        Ok(Burst {
            calls: calls as f64,
            events: (calls * events) as f64,
            body_bytes: requests.iter().map(Vec::len).sum::<usize>() as f64,
            wall: outcome.wall,
            cpu: used.cpu,
            lake_cpu: used.lake_cpu,
            written_bytes: used.written_bytes as f64,
            throttled: outcome.throttled,
        })
    }
}

fn middle(bursts: &[Burst], value: impl Fn(&Burst) -> f64) -> f64 {
    median(&bursts.iter().map(value).collect::<Vec<_>>()).unwrap_or(f64::NAN)
}

fn large_figures(large: &[Burst]) -> Vec<Figure> {
    let per_core = middle(large, Burst::events_per_core_second);
    let bytes_per_event = middle(large, |burst| burst.body_bytes / burst.events);
    let efficiency = middle(large, Burst::share_without_lake);
    let throttled: u64 = large.iter().map(|burst| burst.throttled).sum();
    vec![
        Figure::new(
            "1,000 events a call: events per core second",
            grouped(per_core),
            "events ÷ user and system seconds of all server threads until it is quiet",
        )
        .promised(format!("at least {}, goal {}", grouped(FLOOR), grouped(GOAL)), per_core >= FLOOR),
        Figure::new(
            "1,000 events a call: CPU per event",
            format!("{:.2} µs", middle(large, Burst::cpu_micros_per_event)),
            "the same, turned round",
        ),
        Figure::new(
            "1,000 events a call: CPU efficiency with the lake on",
            format!("{:.0} %", efficiency * 100.0),
            "1 − CPU time of the lake's threads ÷ that of all; rows, files and the first compactions",
        )
        .promised("at least 60 %", efficiency >= EFFICIENCY_MIN),
        Figure::new(
            "1,000 events a call: events per second",
            grouped(middle(large, Burst::events_per_second)),
            "events ÷ wall seconds until the last answer; the client shares the machine",
        ),
        Figure::new(
            "1,000 events a call: bytes per event",
            format!("{bytes_per_event:.0} B"),
            "HTTP head and body ÷ events",
        ),
        Figure::new(
            "1,000 events a call: write amplification",
            format!("{:.2}", middle(large, Burst::write_amplification)),
            "bytes that the server sent to the disk ÷ bytes that it received",
        ),
        Figure::new(
            "1,000 events a call: throttled",
            throttled.to_string(),
            "answers that asked to come later",
        ),
    ]
}

fn small_figures(small: &[Burst]) -> Vec<Figure> {
    vec![
        Figure::new(
            "10 events a call: calls per second",
            grouped(middle(small, Burst::calls_per_second)),
            "calls ÷ wall seconds, 64 connections with one call each at a time",
        ),
        Figure::new(
            "10 events a call: CPU per call",
            format!("{:.0} µs", middle(small, Burst::cpu_micros_per_call)),
            "user and system time of all server threads ÷ calls",
        ),
        Figure::new(
            "10 events a call: events per core second",
            grouped(middle(small, Burst::events_per_core_second)),
            "as with 1,000 events a call",
        ),
        Figure::new(
            "10 events a call: write amplification",
            format!("{:.2}", middle(small, Burst::write_amplification)),
            "as with 1,000 events a call",
        ),
    ]
}

/// One repetition at half rate.
struct Half {
    p50: Duration,
    p99: Duration,
    sync_p99: Duration,
}

fn half_rate(maker: &mut Maker<'_>, size: Size, events_per_second: f64) -> Result<Vec<Figure>, LoadError> {
    let interval = Duration::from_secs_f64(EVENTS_LARGE as f64 / (events_per_second / 2.0));
    let calls = (size.half_rate_for.as_secs_f64() / interval.as_secs_f64()).ceil() as usize;
    let mut halves = Vec::new();
    for _ in 0..size.repetitions {
        let requests = maker.requests(calls.max(1), EVENTS_LARGE);
        usage::settle(maker.server.pid(), SETTLE_MAX)?;
        let schedule = Schedule { requests: &requests, interval, connections: CONNECTIONS_LARGE * 2 };
        let (outcome, syncs) =
            with_sync_probe(maker.server.folder(), || open_loop::run(maker.server.address, schedule))?;
        let Outcome { latencies, .. } = outcome;
        let [p50, p99] = [0.5, 0.99].map(|share| quantile(&latencies, share));
        halves.push(Half { p50, p99, sync_p99: quantile(&syncs, 0.99) });
    }
    let of = |value: fn(&Half) -> Duration| {
        median(&halves.iter().map(value).collect::<Vec<_>>()).unwrap_or_default()
    };
    let excess = |half: &Half| half.p99.as_secs_f64() - 3.0 * half.sync_p99.as_secs_f64();
    let over_syncs = median(&halves.iter().map(excess).collect::<Vec<_>>()).unwrap_or(f64::NAN);
    Ok(vec![
        Figure::new(
            "half rate: latency p50",
            millis(of(|half| half.p50)),
            "1,000 events a call at half of the events per second above; from the due time to the answer",
        ),
        Figure::new("half rate: latency p99", millis(of(|half| half.p99)), "the same")
            .promised("at most 20 ms + 3 × fdatasync p99", over_syncs <= LATENCY_FLOOR.as_secs_f64()),
        Figure::new(
            "half rate: fdatasync p99",
            millis(of(|half| half.sync_p99)),
            "4 KiB appended and synced every 20 ms to a file on the same disk in the same run",
        ),
    ])
}

/// Runs `load` while a small file beside the data is written and synced; what the syncs took, sorted.
///
/// # Errors
/// The load failed, or the file could not be written.
pub fn with_sync_probe(
    folder: &Path,
    load: impl FnOnce() -> Result<Outcome, LoadError>,
) -> Result<(Outcome, Vec<Duration>), LoadError> {
    let path = folder.with_extension("sync");
    let over = AtomicBool::new(false);
    let (outcome, syncs) = std::thread::scope(|scope| {
        let probe = scope.spawn(|| probe_syncs(&path, &over));
        let outcome = load();
        over.store(true, Ordering::Relaxed);
        (outcome, probe.join())
    });
    let syncs = syncs.map_err(|_| LoadError::server("time fdatasync", "the probe panicked"))?;
    let mut syncs = syncs.map_err(LoadError::path("write", &path))?;
    std::fs::remove_file(&path).map_err(LoadError::path("remove", &path))?;
    syncs.sort_unstable();
    Ok((outcome?, syncs))
}

fn probe_syncs(path: &Path, over: &AtomicBool) -> std::io::Result<Vec<Duration>> {
    const EVERY: Duration = Duration::from_millis(20);
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    let mut took = Vec::new();
    while !over.load(Ordering::Relaxed) {
        file.write_all(&[b'.'; 4_096])?;
        let start = Instant::now();
        file.sync_data()?;
        took.push(start.elapsed());
        std::thread::sleep(EVERY);
    }
    Ok(took)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BareCall<'a> {
    #[serde(borrow)]
    log_events: Vec<BareEvent<'a>>,
}

#[derive(Deserialize)]
struct BareEvent<'a> {
    timestamp: i64,
    #[serde(borrow)]
    message: std::borrow::Cow<'a, str>,
}

/// What parsing alone costs: the calls' bodies, and their messages, which are JSON again.
fn bare_parsing(server_micros: f64) -> Vec<Figure> {
    const BODIES: usize = 50;
    const ROUNDS: usize = 5;
    let mut generator = BriefLike::new(0);
    let batches: Vec<LogBatch> =
        (0..BODIES).map(|_| batch(&mut generator, EVENTS_LARGE, system_now()())).collect();
    let bodies: Vec<Vec<u8>> = batches.iter().map(calls::put_log_events).collect();
    let micros = |work: &dyn Fn(usize)| {
        let round = |_| {
            let start = usage::thread_cpu();
            (0..BODIES).for_each(work);
            (usage::thread_cpu() - start).as_secs_f64() * 1e6 / (BODIES * EVENTS_LARGE) as f64
        };
        median(&(0..ROUNDS).map(round).collect::<Vec<_>>()).unwrap_or(f64::NAN)
    };
    let value = micros(&|place| {
        std::hint::black_box(serde_json::from_slice::<serde_json::Value>(&bodies[place]).ok());
    });
    let shape = micros(&|place| {
        if let Ok(call) = serde_json::from_slice::<BareCall<'_>>(&bodies[place]) {
            let bytes = |sum: i64, event: &BareEvent<'_>| sum + event.timestamp + event.message.len() as i64;
            std::hint::black_box(call.log_events.iter().fold(0, bytes));
        }
    });
    let messages = micros(&|place| {
        for event in &batches[place].events {
            std::hint::black_box(serde_json::from_str::<serde_json::Value>(&event.message).ok());
        }
    });
    let times =
        |micros: f64| format!("{micros:.2} µs; the server takes {:.1} times that", server_micros / micros);
    vec![
        Figure::new("bare parsing: bodies into values", times(value), "serde_json, CPU time per event"),
        Figure::new("bare parsing: bodies into a struct", times(shape), "serde_json, CPU time per event"),
        Figure::new(
            "bare parsing: bodies and messages",
            times(value + messages),
            "serde_json into values, the messages too, CPU time per event",
        ),
    ]
}
