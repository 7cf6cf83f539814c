//! What does a server cost that knows two million settled attempts and fifty thousand open ones?
//!
//! The journal is filled in this process through the product's own writer and applier, a day in synthetic time that
//! ends now, so that it takes a minute instead of a day. Then the real server opens the folder.

use std::path::Path;
use std::time::{Duration as StdDuration, Instant};

use walletscope_journal::{EmbeddedStore, Options, Store, decode};
use walletscope_model::{Body, Command, Duration, LogBatch, LogEvent, Offset, Origin, Timestamp};
use walletscope_server::pipeline::{Appended, Applier, Submission, Writer};
use walletscope_server::start::system_now;
use walletscope_traffic::BriefLike;

use super::figures::{Figure, grouped, median, megabytes};
use super::throughput::{EVENTS_LARGE, GROUP, STREAM, batch, create_stream};
use super::usage::Usage;
use super::{LoadError, Server};

/// Attempts that ended and settled.
pub const SETTLED: usize = 2_000_000;
/// Attempts that are open.
pub const OPEN: usize = 50_000;
/// Resident bytes of a server that knows them, at most.
pub const RESIDENT_MAX: u64 = 400_000_000;
/// A late event of a settled attempt, at most.
pub const LATE_EVENT_MAX: StdDuration = StdDuration::from_millis(1);
/// A measure over all of them, at most.
pub const QUERY_MAX: StdDuration = StdDuration::from_secs(1);

/// How far the settled attempts reach back before the open ones.
const SPAN: Duration = Duration::from_seconds(24 * 3_600);
/// Longer than settling takes; in steps so short that they are no gap.
const SETTLING: Duration = Duration::from_seconds(20 * 60);
const SETTLING_STEP: Duration = Duration::from_seconds(60);
/// Calls between two commits.
const CALLS_PER_COMMIT: usize = 25;
/// Late events timed.
const LATE_EVENTS: usize = 500;
/// The generator's seed.
const SEED: u64 = 1;

/// Fills `folder`, times late events, then starts the server over it and asks.
///
/// # Errors
/// The store failed, or the server did not start or answer.
pub fn measure(binary: &Path, folder: &Path, print: &mut dyn FnMut(&str)) -> Result<Vec<Figure>, LoadError> {
    let mut figures = vec![late_figure(&fill(binary, folder, print)?)];
    figures.extend(ask(binary, folder)?);
    Ok(figures)
}

/// Only fills `folder`, for a server that is measured from elsewhere; what the late events took, shortest first.
///
/// # Errors
/// The store failed, or the server did not start.
pub fn fill(
    binary: &Path,
    folder: &Path,
    print: &mut dyn FnMut(&str),
) -> Result<Vec<StdDuration>, LoadError> {
    let origin = learn_origin(binary, folder)?;
    let mut fill = Fill::open(folder, origin, SPAN)?;
    let filled_at = Instant::now();
    let late = fill.everything()?;
    let settled = fill.settled_rows();
    print(&format!("filled in {:.0} s: {settled}", filled_at.elapsed().as_secs_f64()));
    Ok(late)
}

/// Fills `folder` with settled attempts, spread evenly over `span` up to now, and nothing else.
///
/// # Errors
/// As [`fill`].
pub fn fill_evenly(
    binary: &Path,
    folder: &Path,
    attempts: usize,
    events_per_call: usize,
    span: Duration,
) -> Result<(), LoadError> {
    let origin = learn_origin(binary, folder)?;
    let mut fill = Fill::open(folder, origin, span)?;
    fill.settled(attempts * 2 / events_per_call, events_per_call, span)
}

/// The origin that the server gives to calls with its first key, read back from the journal.
fn learn_origin(binary: &Path, folder: &Path) -> Result<Origin, LoadError> {
    let server = Server::start(binary, folder)?;
    create_stream(&server)?;
    server.stop()?;
    let path = folder.join("store");
    let entries = EmbeddedStore::open(&path, Options::default())?.entries(Offset(1), 1 << 20)?;
    // Its time is after the synthetic day; the keys, which the origin comes from, stay.
    std::fs::remove_dir_all(&path).map_err(LoadError::path("remove", &path))?;
    for (_, bytes) in entries {
        let batch = decode(&bytes).map_err(|error| LoadError::server("read the journal", error))?;
        if matches!(batch.body, Body::Command(Command::CreateLogStream { .. })) {
            return Ok(batch.origin);
        }
    }
    Err(LoadError::server("find the stream's creation in the journal", "nothing"))
}

/// The server's writer and applier in synthetic time.
struct Fill {
    origin: Origin,
    writer: Writer<EmbeddedStore>,
    applier: Applier<EmbeddedStore>,
    events: BriefLike,
    now: Timestamp,
    calls: usize,
}

impl Fill {
    fn open(folder: &Path, origin: Origin, span: Duration) -> Result<Self, LoadError> {
        let store = EmbeddedStore::open(&folder.join("store"), Options::default())?;
        let (applier, started) = Applier::open(store.clone())?;
        let writer = Writer::open(store, started.newest)?;
        let now = system_now()().plus(Duration(-span.0 - SETTLING.0));
        Ok(Self { origin, writer, applier, events: BriefLike::new(SEED), now, calls: 0 })
    }

    /// Settled attempts, time for them to settle, late events of some, then open attempts; what the late events took.
    fn everything(&mut self) -> Result<Vec<StdDuration>, LoadError> {
        let calls = SETTLED * 2 / EVENTS_LARGE;
        self.settled(calls, EVENTS_LARGE, SPAN)?;
        let late = self.late_events(calls)?;
        let mut starts = Vec::new();
        while starts.len() < OPEN {
            let all = batch(&mut self.events, EVENTS_LARGE, self.now).events;
            starts.extend(all.into_iter().take(EVENTS_LARGE / 2));
        }
        for events in starts.chunks(EVENTS_LARGE) {
            self.put(LogBatch { group: GROUP.into(), stream: STREAM.into(), events: events.to_vec() })?;
        }
        self.applier.commit()?;
        Ok(late)
    }

    /// Calls spread over a span, and time for their attempts to settle.
    fn settled(&mut self, calls: usize, events_per_call: usize, span: Duration) -> Result<(), LoadError> {
        for _ in 0..calls {
            self.now = self.now.plus(Duration(span.0 / calls as i64));
            let logs = batch(&mut self.events, events_per_call, self.now);
            self.put(logs)?;
        }
        for _ in 0..SETTLING.0 / SETTLING_STEP.0 {
            self.now = self.now.plus(SETTLING_STEP);
            self.append(Vec::new())?;
        }
        Ok(self.applier.commit()?)
    }

    fn put(&mut self, logs: LogBatch) -> Result<StdDuration, LoadError> {
        let submission = Submission {
            origin: self.origin.clone(),
            invocation_id: "".into(),
            body: Body::Logs(logs),
            answer: Vec::new(),
        };
        let took = self.append(vec![submission])?;
        self.calls += 1;
        if self.calls.is_multiple_of(CALLS_PER_COMMIT) {
            self.applier.commit()?;
        }
        Ok(took)
    }

    /// How long the steps took.
    fn append(&mut self, group: Vec<Submission>) -> Result<StdDuration, LoadError> {
        let is_tick = group.is_empty();
        let appended = self.writer.append(self.now, group, is_tick)?;
        let start = Instant::now();
        for (_, appended) in appended {
            if let Appended::Entry(offset, batch) = appended {
                self.applier.apply(offset, &batch)?;
            }
        }
        Ok(start.elapsed())
    }

    /// One more event for each of some settled attempts, spread over the day, none of them in memory.
    fn late_events(&mut self, calls: usize) -> Result<Vec<StdDuration>, LoadError> {
        let mut again = BriefLike::new(SEED);
        let mut took = Vec::with_capacity(LATE_EVENTS);
        for call in 0..calls {
            let events = again.batch(EVENTS_LARGE, self.now);
            if call % (calls / LATE_EVENTS).max(1) != 0 {
                continue;
            }
            // Other words than before, so that it is no repetition.
            let message = events[EVENTS_LARGE / 2].1.replace(r#""level":"INFO""#, r#""level":"WARN""#);
            let event = LogEvent { timestamp: self.now, message: message.into(), guarded: false };
            took.push(self.put(LogBatch {
                group: GROUP.into(),
                stream: STREAM.into(),
                events: vec![event],
            })?);
        }
        took.sort_unstable();
        Ok(took)
    }

    fn settled_rows(&mut self) -> String {
        let rows = self.applier.publish().rows;
        let all = walletscope_series::Range { from: Timestamp(i64::MIN), to: Timestamp(i64::MAX) };
        let settled = rows.started_in(all).filter(|row| row.flags.settled).count();
        format!("{} attempts, {} of them settled", grouped(rows.len() as f64), grouped(settled as f64))
    }
}

fn late_figure(took: &[StdDuration]) -> Figure {
    let middle = median(took).unwrap_or_default();
    let longest = took.last().copied().unwrap_or_default();
    let micros = |duration: StdDuration| format!("{:.0} µs", duration.as_secs_f64() * 1e6);
    Figure::new(
        "2 M settled: late event",
        format!("{} in the middle, {} at most", micros(middle), micros(longest)),
        "one step in process for an attempt that is on disk only",
    )
    .promised("below 1 ms", middle < LATE_EVENT_MAX)
}

/// Starts the server over the folder and asks about everything in it.
fn ask(binary: &Path, folder: &Path) -> Result<Vec<Figure>, LoadError> {
    const ASKED: usize = 5;
    // The first start puts everything into files, as a server does that was there all the time.
    let server = Server::start(binary, folder)?;
    server.post("/api/v1/lake/flush", &serde_json::json!({}))?;
    server.stop()?;
    let server = Server::start(binary, folder)?;
    let resident_at_start = Usage::of(server.pid())?.resident_bytes;
    let query = |filter: &str| format!("/api/v1/metrics?from=now-26h{filter}");
    let timed = |path: &str| -> Result<(StdDuration, serde_json::Value), LoadError> {
        let mut took = Vec::new();
        let mut last = serde_json::Value::Null;
        for _ in 0..ASKED {
            let (status, json, duration) = server.get(path)?;
            if status != 200 {
                return Err(LoadError::server("query the metrics", json));
            }
            took.push(duration);
            last = json;
        }
        Ok((median(&took).unwrap_or_default(), last))
    };
    let (plain, answer) = timed(&query(""))?;
    let (filtered, _) = timed(&query("&outcome=SUCCESS"))?;
    let resident = Usage::of(server.pid())?.resident_bytes;
    let requests = answer["metrics"]["totalRequests"].as_u64().unwrap_or(0);
    let ready = server.ready_after;
    server.stop()?;
    let millis = |duration: StdDuration| format!("{:.0} ms", duration.as_secs_f64() * 1e3);
    Ok(vec![
        Figure::new(
            "2 M settled, 50,000 open: resident memory",
            format!("{}, {} before the first query", megabytes(resident), megabytes(resident_at_start)),
            "VmRSS of the server after ten queries over all attempts",
        )
        .promised("below 400 MB", resident < RESIDENT_MAX),
        Figure::new(
            "2 M settled: start",
            format!("{:.2} s", ready.as_secs_f64()),
            "process start to the ready line",
        ),
        Figure::new(
            "2 M settled: metrics of all",
            format!("{} for {} attempts", millis(plain), grouped(requests as f64)),
            "GET /api/v1/metrics without filters",
        )
        .promised("below 1 s", plain < QUERY_MAX),
        Figure::new(
            "2 M settled: metrics, filtered",
            millis(filtered),
            "the same with outcome=SUCCESS, folded over rows",
        )
        .promised("below 1 s", filtered < QUERY_MAX),
    ])
}
