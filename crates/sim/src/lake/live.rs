//! A server that is written to: how soon is an event in SQL, and do queries slow calls down?

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use walletscope_model::{LogBatch, LogEvent};
use walletscope_server::start::system_now;

use crate::load::calls::{self, PUT_LOG_EVENTS};
use crate::load::figures::{Figure, grouped, median, millis, quantile};
use crate::load::http::Connection;
use crate::load::open_loop::{self, Schedule};
use crate::load::throughput::{
    EVENTS_LARGE, LATENCY_FLOOR, Maker, STREAM, create_stream, create_stream_in, sign, with_sync_probe,
};
use crate::load::{LoadError, Server};

/// The group of the events that are looked for.
const PROBED: &str = "/load/probe";
/// Events sent a second while queries run and while events are looked for.
const RATE: usize = 10_000;
/// How long each part goes on.
const PART_FOR: Duration = Duration::from_secs(30);
/// Acknowledged and not in SQL after this is a failure.
const VISIBLE_MAX: Duration = Duration::from_secs(1);
const GIVE_UP_AFTER: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(10);
const CONNECTIONS: usize = 16;

/// What people ask while calls come in.
const QUERIES: [&str; 3] = [
    "SELECT date_trunc('day', timestamp), wallet_provider, issuer, COUNT(*), AVG(processing_time) \
     FROM token_provisioning_logs GROUP BY 1, 2, 3",
    "SELECT COUNT(*) FROM log_events WHERE message LIKE '%FAILED%'",
    "SELECT status, approx_percentile(processing_time, 0.95) FROM attempts GROUP BY 1",
];

/// Starts a server over `folder`, sends it 10,000 events a second and asks it meanwhile.
///
/// # Errors
/// The server refused a call or a question, or went away.
pub fn measure(binary: &Path, folder: &Path) -> Result<Vec<Figure>, LoadError> {
    let server = Server::start(binary, folder)?;
    create_stream(&server)?;
    create_stream_in(&server, PROBED)?;
    let mut maker = Maker::new(&server);
    let mut figures = vec![visible(&server, &mut maker)?];
    figures.extend(with_queries(&server, &mut maker)?);
    server.stop()?;
    Ok(figures)
}

/// What a load and what ran beside it came to.
struct Loaded<T> {
    /// From the due time of a call to its answer, sorted.
    latencies: Vec<Duration>,
    /// What syncs of a small file on the same disk took, sorted.
    syncs: Vec<Duration>,
    beside: T,
}

/// Runs `beside`, which ends when it is told that the load is over.
fn under_load<T: Send>(
    server: &Server,
    maker: &mut Maker<'_>,
    beside: impl FnOnce(&AtomicBool) -> Result<T, LoadError> + Send,
) -> Result<Loaded<T>, LoadError> {
    let interval = Duration::from_secs_f64(EVENTS_LARGE as f64 / RATE as f64);
    let calls = (PART_FOR.as_secs_f64() / interval.as_secs_f64()).ceil() as usize;
    let requests = maker.requests(calls, EVENTS_LARGE);
    let over = AtomicBool::new(false);
    let (loaded, beside) = std::thread::scope(|scope| {
        let beside = scope.spawn(|| beside(&over));
        let schedule = Schedule { requests: &requests, interval, connections: CONNECTIONS };
        let loaded = with_sync_probe(server.folder(), || open_loop::run(server.address, schedule));
        over.store(true, Ordering::Relaxed);
        (loaded, beside.join().map_err(|_| LoadError::server("ask while calls come in", "it panicked")))
    });
    let (outcome, syncs) = loaded?;
    Ok(Loaded { latencies: outcome.latencies, syncs, beside: beside?? })
}

/// Sends one event, waits for its acknowledgement and then for the count to include it, while tables are compacted.
fn visible(server: &Server, maker: &mut Maker<'_>) -> Result<Figure, LoadError> {
    let compacted = std::sync::atomic::AtomicUsize::new(0);
    let look = |over: &AtomicBool| {
        let mut took = Vec::new();
        let mut connection =
            Connection::open(server.address).map_err(LoadError::io("connect to", server.address))?;
        std::thread::scope(|scope| {
            let compacting = scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    server.post("/api/v1/lake/compact", &json!({}))?;
                    compacted.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<_, LoadError>(())
            });
            for number in 1.. {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                took.push(send_and_look(server, &mut connection, number)?);
            }
            compacting.join().map_err(|_| LoadError::server("compact", "it panicked"))??;
            Ok::<_, LoadError>(())
        })?;
        Ok(took)
    };
    let mut took = under_load(server, maker, look)?.beside;
    took.sort_unstable();
    let longest = took.last().copied().unwrap_or(GIVE_UP_AFTER);
    Ok(Figure::new(
        "lake: from the answer of PutLogEvents to count(*)",
        format!(
            "{} in the middle, {} at most of {}",
            millis(median(&took).unwrap_or_default()),
            millis(longest),
            took.len()
        ),
        "asked every 10 ms over HTTP, beside 10,000 events a second and while all tables are flushed and compacted \
         again and again; the client shares the machine",
    )
    .promised(
        format!("below 1 s, also during compaction ({} rounds)", compacted.load(Ordering::Relaxed)),
        longest < VISIBLE_MAX,
    ))
}

fn send_and_look(server: &Server, connection: &mut Connection, number: u64) -> Result<Duration, LoadError> {
    let now = system_now()();
    let event = LogEvent { timestamp: now, message: format!("probe {number}").into(), guarded: false };
    let logs = LogBatch { group: PROBED.into(), stream: STREAM.into(), events: vec![event] };
    let request = sign(server, PUT_LOG_EVENTS, &format!("probe-{number}"), &calls::put_log_events(&logs));
    loop {
        let answer = connection.exchange(&request).map_err(LoadError::io("send", "an event"))?;
        if answer.status == 200 {
            break;
        }
        if !answer.is_throttled() {
            return Err(LoadError::server("have an event accepted", answer.status));
        }
        std::thread::sleep(LOOK_EVERY);
    }
    let acknowledged = Instant::now();
    let question =
        json!({"sql": format!("SELECT COUNT(*) AS n FROM log_events WHERE log_group = '{PROBED}'")});
    while acknowledged.elapsed() < GIVE_UP_AFTER {
        let (text, _) = server.post("/api/v1/sql?format=json", &question)?;
        let counted =
            serde_json::from_str::<serde_json::Value>(&text).ok().and_then(|rows| rows[0]["n"].as_u64());
        match counted {
            Some(counted) if counted > number => {
                return Err(LoadError::server("count events once", format!("{counted} of {number}")));
            }
            Some(counted) if counted == number => return Ok(acknowledged.elapsed()),
            Some(_) => std::thread::sleep(LOOK_EVERY),
            None => return Err(LoadError::server("read a count", text)),
        }
    }
    Ok(GIVE_UP_AFTER)
}

fn with_queries(server: &Server, maker: &mut Maker<'_>) -> Result<Vec<Figure>, LoadError> {
    let asking = |over: &AtomicBool| {
        let mut took = Vec::new();
        for sql in QUERIES.iter().cycle() {
            if over.load(Ordering::Relaxed) {
                break;
            }
            took.push(server.post("/api/v1/sql?format=json", &json!({ "sql": sql }))?.1);
        }
        Ok(took)
    };
    let Loaded { latencies, syncs, beside: asked } = under_load(server, maker, asking)?;
    let (p99, sync) = (quantile(&latencies, 0.99), quantile(&syncs, 0.99));
    let limit = LATENCY_FLOOR + 3 * sync;
    Ok(vec![
        Figure::new(
            "lake: 10,000 events a second with queries, latency p99",
            format!("{}; fdatasync p99 {}", millis(p99), millis(sync)),
            "1,000 events a call, from the due time to the answer, while one client asks one query after the other",
        )
        .promised("at most 20 ms + 3 × fdatasync p99", p99 <= limit),
        Figure::new(
            "lake: queries meanwhile",
            format!(
                "{} of them, {} in the middle",
                grouped(asked.len() as f64),
                millis(median(&asked).unwrap_or_default())
            ),
            "counts and groups over everything that has come, hot and in files",
        ),
    ])
}
