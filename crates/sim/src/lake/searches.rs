//! How long does FilterLogEvents take over many log events in files?
//!
//! Ten million brief-like events are written straight into the lake's files, as rows of entries that no journal has, and
//! asked for through the signed wire, page by page to the end.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use walletscope_lake::{Lake, LakeTable, Warehouse};
use walletscope_model::{Batch, Body, LogBatch, LogEvent, Offset, Origin, Timestamp};
use walletscope_server::lake::{EntryRows, JournalEntry};
use walletscope_server::start::system_now;
use walletscope_traffic::BriefLike;

use crate::load::calls::FILTER_LOG_EVENTS;
use crate::load::figures::{Figure, median};
use crate::load::http::Connection;
use crate::load::throughput::{create_stream_in, sign};
use crate::load::{LoadError, Server};

/// Log events of the lake.
pub const EVENTS: u64 = 10_000_000;
const GROUP: &str = "/load/searched";
const STREAM: &str = "bench";
const EVENTS_PER_ENTRY: u64 = 1_000;
const ENTRIES_PER_COMMIT: u64 = 500;
/// The log group is made by the first entries of the journal; these come behind.
const FIRST_OFFSET: u64 = 1_000;
const DAYS: u64 = 7;
const TIMES: usize = 5;

/// Fills a lake and searches it.
///
/// # Errors
/// The lake could not be written, or the server did not answer.
pub fn measure(binary: &Path, folder: &Path, print: &mut dyn FnMut(&str)) -> Result<Vec<Figure>, LoadError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(LoadError::io("start", "a runtime"))?;
    let started = Instant::now();
    let filled = runtime.block_on(fill(folder))?;
    print(&format!("filled {} in {:.0} s", folder.display(), started.elapsed().as_secs_f64()));
    let server = Server::start(binary, folder)?;
    create_stream_in(&server, GROUP)?;
    let mut figures = Vec::new();
    let (by_id, found) = ask(&server, &json!({ "filterPattern": format!("\"{}\"", filled.request_id) }))?;
    figures.push(
        Figure::new(
            "FilterLogEvents over 10 M events: by request id",
            format!("{:.0} ms; {found} events", by_id * 1e3),
            "median of 5; every page of the whole range, by the signed wire",
        )
        .promised("below 300 ms", by_id < 0.3 && found > 0),
    );
    let rare = json!({ "filterPattern": format!("\"{}\"", filled.rare) });
    let (by_word, found) = ask(&server, &rare)?;
    figures.push(
        Figure::new(
            "FilterLogEvents over 10 M events: by a rare substring",
            format!(
                "{:.2} s, {:.2} GB of messages a second; {found} event",
                by_word,
                filled.message_bytes as f64 / by_word / 1e9
            ),
            "the same; the word is in one message",
        )
        .promised("below 3 s", by_word < 3.0 && found == 1),
    );
    let newest = json!({ "limit": 100, "startFromHead": false });
    let (newest, _) = ask_once_each(&server, &newest)?;
    figures.push(Figure::new(
        "FilterLogEvents over 10 M events: the newest 100",
        format!("{:.0} ms", newest * 1e3),
        "median of 5, one page",
    ));
    server.stop()?;
    Ok(figures)
}

/// What is looked for.
struct Filled {
    request_id: String,
    rare: String,
    message_bytes: u64,
}

async fn fill(folder: &Path) -> Result<Filled, LoadError> {
    let failed = |error: walletscope_lake::LakeError| LoadError::server("write the lake of the bench", error);
    let now = system_now()();
    let files = Warehouse::local(&folder.join("lake/warehouse")).map_err(failed)?;
    let lake = Lake::open(&folder.join("lake"), files, now).await.map_err(failed)?;
    let entries = EVENTS / EVENTS_PER_ENTRY;
    let mut filled =
        Filled { request_id: String::new(), rare: "needle-5d41402abc4b2a76".to_owned(), message_bytes: 0 };
    let (mut generator, mut rows) = (BriefLike::new(1), EntryRows::default());
    for number in 0..entries {
        let age = (DAYS * 86_400_000_000 / entries) * (entries - number);
        let at = Timestamp(now.0 - i64::try_from(age).unwrap_or(0));
        let mut entry = entry(&mut generator, number, at);
        if number == entries / 3 {
            filled.hide_in(&mut entry);
        }
        let Body::Logs(logs) = &entry.body else { continue };
        filled.message_bytes += logs.events.iter().map(|event| event.message.len() as u64).sum::<u64>();
        let entry = JournalEntry {
            offset: Offset(FIRST_OFFSET + number),
            batch: std::sync::Arc::new(entry),
            derived: Vec::new(),
        };
        rows.push(&entry, &[], |table| table == LakeTable::LogEvents);
        if (number + 1).is_multiple_of(ENTRIES_PER_COMMIT) || number + 1 == entries {
            let batch = rows.take(LakeTable::LogEvents);
            lake.append(LakeTable::LogEvents, vec![batch], Offset(0), now).await.map_err(failed)?;
        }
    }
    lake.close().await;
    Ok(filled)
}

impl Filled {
    /// One message gets the word, and another one tells its request id.
    fn hide_in(&mut self, entry: &mut Batch) {
        let Body::Logs(logs) = &mut entry.body else { return };
        if let Some(event) = logs.events.get_mut(10) {
            event.message = format!("a line with {} in it", self.rare).into();
        }
        let ids = logs.events.iter().skip(100).filter_map(|event| {
            let message: Value = serde_json::from_str(&event.message).ok()?;
            Some(message.get("requestId")?.as_str()?.to_owned())
        });
        self.request_id = ids.into_iter().next().unwrap_or_default();
    }
}

fn entry(generator: &mut BriefLike, number: u64, at: Timestamp) -> Batch {
    let count = usize::try_from(EVENTS_PER_ENTRY).unwrap_or(0);
    let event = |(timestamp, message): (Timestamp, String)| LogEvent {
        timestamp,
        message: message.into(),
        guarded: false,
    };
    let events = generator.batch(count, at).into_iter().map(event).collect();
    Batch {
        appended_at: at,
        origin: Origin {
            account: "123456789012".into(),
            region: crate::load::server::REGION.into(),
            source: "default".into(),
            tenant: "default".into(),
        },
        invocation_id: format!("fill-{number}").into(),
        body: Body::Logs(LogBatch { group: GROUP.into(), stream: STREAM.into(), events }),
    }
}

/// The median time of a search to its end, in seconds, and how many events it found.
fn ask(server: &Server, search: &Value) -> Result<(f64, usize), LoadError> {
    repeated(|| {
        let (mut found, mut token) = (0, None);
        loop {
            let page = page(server, search, token.as_deref())?;
            found += page["events"].as_array().map_or(0, Vec::len);
            token = page["nextToken"].as_str().map(str::to_owned);
            if token.is_none() {
                return Ok(found);
            }
        }
    })
}

/// The median time of a first page.
fn ask_once_each(server: &Server, search: &Value) -> Result<(f64, usize), LoadError> {
    repeated(|| Ok(page(server, search, None)?["events"].as_array().map_or(0, Vec::len)))
}

fn repeated(mut search: impl FnMut() -> Result<usize, LoadError>) -> Result<(f64, usize), LoadError> {
    let (mut times, mut found) = (Vec::new(), 0);
    for _ in 0..TIMES {
        let begun = Instant::now();
        found = search()?;
        times.push(begun.elapsed());
    }
    Ok((median(&times).unwrap_or(Duration::ZERO).as_secs_f64(), found))
}

fn page(server: &Server, search: &Value, token: Option<&str>) -> Result<Value, LoadError> {
    let mut body = search.clone();
    body["logGroupName"] = GROUP.into();
    if let Some(token) = token {
        body["nextToken"] = token.into();
    }
    let request = sign(server, FILTER_LOG_EVENTS, "", body.to_string().as_bytes());
    let mut connection =
        Connection::open(server.address).map_err(LoadError::io("connect to", server.address))?;
    let answer = connection.exchange(&request).map_err(LoadError::io("send", "a search"))?;
    let text = String::from_utf8_lossy(&answer.body);
    if answer.status != 200 {
        return Err(LoadError::server("have a search answered", text));
    }
    serde_json::from_str(&text).map_err(|error| LoadError::server("read an answer", error))
}
