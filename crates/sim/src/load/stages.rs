//! Where does the time of one event go?
//!
//! The functions that the server calls, in its order, on the calls of the large benchmark, each timed by the CPU
//! clock of this thread. What the store does on threads of its own (writing its tables, compacting) is the process's
//! CPU time less this thread's. HTTP and the hand-over between threads are not in it: they are what the server takes
//! beyond the sum.

use std::path::Path;
use std::time::Duration;

use walletscope_journal::{EmbeddedStore, Options, encode};
use walletscope_model::{Batch, Body, LogBatch, LogEvent, Origin, Timestamp};
use walletscope_server::client::Credentials;
use walletscope_server::pipeline::{Appended, Applier, Submission, Writer};
use walletscope_server::start::system_now;
use walletscope_traffic::BriefLike;
use walletscope_wire::aws::sigv4::{Scope, SigningKey, verify_with_key};
use walletscope_wire::aws::{HttpRequest, INFLATED_MAX, Operation, inflate, route};
use walletscope_wire::logs::PutLogEventsRequest;

use super::LoadError;
use super::calls::{self, PUT_LOG_EVENTS};
use super::figures::Figure;
use super::throughput::{EVENTS_LARGE, batch};
use super::usage::{process_cpu, thread_cpu};

/// Calls between two commits, as at 100,000 events a second and four commits a second.
const CALLS_PER_COMMIT: usize = 25;
/// Calls prepared at a time; their making is not counted.
const CALLS_PER_ROUND: usize = 100;

/// The stages in their order, and what each is.
const STAGES: [(&str, &str); STAGES_LEN] = [
    ("stage: verify", "SHA-256 of the body and the signature, the key derived before"),
    ("stage: inflate, route, decode", "JSON into the request's shape, not compressed"),
    ("stage: check", "limits, order and times of the events"),
    ("stage: guard", "card numbers looked for in every message, and the copy that is kept"),
    ("stage: journal encode", "the entry's bytes, compressed"),
    ("stage: journal append", "writer, marks and the write with its fsync, CPU time only"),
    ("stage: step", "reading messages, join, windows, rows for the views"),
    ("stage: commit", "state encoded and written, every 25 calls"),
    ("stage: publish", "a view for readers, every 25 calls"),
    (
        "stage: store's own threads",
        "tables written and compacted in the background, until 3 s after the last call",
    ),
];
const STAGES_LEN: usize = 10;
const BACKGROUND: usize = STAGES_LEN - 1;

/// Measures `calls` calls of 1,000 events over an empty store in `folder`.
///
/// # Errors
/// The store failed, or a stage refused what it must take.
pub fn measure(folder: &Path, calls: usize) -> Result<Vec<Figure>, LoadError> {
    let (process_before, thread_before) = (process_cpu(), thread_cpu());
    let mut line = Line::open(folder)?;
    let mut generator = BriefLike::new(0);
    let mut done = 0;
    while done < calls {
        let now = system_now()();
        let count = CALLS_PER_ROUND.min(calls - done);
        let bodies: Vec<_> =
            (0..count).map(|_| calls::put_log_events(&batch(&mut generator, EVENTS_LARGE, now))).collect();
        for body in &bodies {
            line.call(body, now)?;
            done += 1;
            if done % CALLS_PER_COMMIT == 0 {
                line.commit()?;
            }
        }
    }
    std::thread::sleep(Duration::from_secs(3));
    let elsewhere = (process_cpu() - process_before).saturating_sub(thread_cpu() - thread_before);
    line.spent[BACKGROUND] = elsewhere;
    Ok(figures(&line.spent, calls * EVENTS_LARGE))
}

fn figures(spent: &[Duration; STAGES_LEN], events: usize) -> Vec<Figure> {
    let micros = |spent: Duration| format!("{:.2} µs", spent.as_secs_f64() * 1e6 / events as f64);
    let stages = STAGES.iter().zip(spent);
    let mut figures: Vec<Figure> =
        stages.map(|((name, counts), spent)| Figure::new(name, micros(*spent), counts)).collect();
    figures.push(Figure::new("stages: sum", micros(spent.iter().sum()), "per event, without HTTP"));
    figures
}

/// The server's line of work without its threads.
struct Line {
    credentials: Credentials,
    key: Option<SigningKey>,
    origin: Origin,
    writer: Writer<EmbeddedStore>,
    applier: Applier<EmbeddedStore>,
    spent: [Duration; STAGES_LEN],
}

impl Line {
    fn open(folder: &Path) -> Result<Self, LoadError> {
        let store = EmbeddedStore::open(folder, Options::default())?;
        let (applier, started) = Applier::open(store.clone())?;
        Ok(Self {
            credentials: Credentials { access_key: "AKIAEXAMPLE".into(), secret: "not-a-secret".into() },
            key: None,
            origin: Origin {
                account: "123456789012".into(),
                region: super::server::REGION.into(),
                source: "AKIAEXAMPLE".into(),
                tenant: "default".into(),
            },
            writer: Writer::open(store, started.newest)?,
            applier,
            spent: [Duration::ZERO; STAGES_LEN],
        })
    }

    fn call(&mut self, body: &[u8], now: Timestamp) -> Result<(), LoadError> {
        let mut lap = Lap::start();
        let headers = calls::signed_headers("localhost", &self.credentials, now, PUT_LOG_EVENTS, body);
        let rows: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let request = HttpRequest { method: "POST", path: "/", query: "", headers: &rows, body };
        lap.restart();
        self.verify(&request, now)?;
        lap.note(&mut self.spent[0]);
        let inflated = inflate(None, body, INFLATED_MAX).map_err(refused)?;
        let plain = request.with_body(&inflated);
        let operation =
            Operation::decode(&route(&plain, Some("logs")).map_err(refused)?, &plain).map_err(refused)?;
        lap.note(&mut self.spent[1]);
        let Operation::PutLogEvents(put) = operation else {
            return Err(LoadError::server("decode a call", "it became another operation"));
        };
        let checked = put.validate().and_then(|batch| batch.accept(now.millis(), None));
        checked.map_err(refused)?;
        lap.note(&mut self.spent[2]);
        let logs = guard(&put);
        lap.note(&mut self.spent[3]);
        drop(put);
        self.store(Body::Logs(logs), &mut lap)
    }

    fn verify(&mut self, request: &HttpRequest<'_>, now: Timestamp) -> Result<(), LoadError> {
        let (key, secret) = (&mut self.key, &self.credentials.secret);
        let key_of = |scope: &Scope| {
            Some(key.get_or_insert_with(|| SigningKey::derive(secret.as_bytes(), scope)).clone())
        };
        verify_with_key(request, key_of, now.seconds()).map(drop).map_err(refused)
    }

    /// Encodes once more than the server does, to tell encoding from appending.
    fn store(&mut self, body: Body, lap: &mut Lap) -> Result<(), LoadError> {
        let now = system_now()();
        let origin = self.origin.clone();
        let batch = Batch { appended_at: now, origin: origin.clone(), invocation_id: "call".into(), body };
        lap.restart();
        let encoded = encode(&batch);
        let mut encoding = Duration::ZERO;
        lap.note(&mut encoding);
        encoded.map_err(|error| LoadError::server("encode an entry", error))?;
        self.spent[4] += encoding;
        let submission =
            Submission { origin, invocation_id: "".into(), body: batch.body, answer: Vec::new() };
        lap.restart();
        let appended = self.writer.append(now, vec![submission], false)?;
        let mut appending = Duration::ZERO;
        lap.note(&mut appending);
        self.spent[5] += appending.saturating_sub(encoding);
        for (_, appended) in appended {
            if let Appended::Entry(offset, batch) = appended {
                self.applier.apply(offset, &batch)?;
            }
        }
        lap.note(&mut self.spent[6]);
        Ok(())
    }

    fn commit(&mut self) -> Result<(), LoadError> {
        let mut lap = Lap::start();
        self.applier.commit()?;
        lap.note(&mut self.spent[7]);
        drop(self.applier.publish());
        lap.note(&mut self.spent[8]);
        Ok(())
    }
}

fn guard(put: &PutLogEventsRequest<'_>) -> LogBatch {
    let events = put.log_events.iter().map(|event| {
        let guarded = walletscope_guard::guard(&event.message);
        LogEvent {
            timestamp: Timestamp::from_millis(event.timestamp),
            guarded: guarded.cuts > 0,
            message: guarded.text.into(),
        }
    });
    let events = events.collect();
    LogBatch {
        group: put.log_group_name.as_ref().into(),
        stream: put.log_stream_name.as_ref().into(),
        events,
    }
}

fn refused(error: walletscope_wire::aws::AwsError) -> LoadError {
    LoadError::server("run a call through the stages", error.message)
}

/// CPU time of this thread from one note to the next.
struct Lap(Duration);

impl Lap {
    fn start() -> Self {
        Self(thread_cpu())
    }

    fn restart(&mut self) {
        self.0 = thread_cpu();
    }

    fn note(&mut self, spent: &mut Duration) {
        let now = thread_cpu();
        *spent += now - self.0;
        self.0 = now;
    }
}
