//! Which events that match have just arrived?
//!
//! The loop hands every batch of log events that is durable and stepped to whoever follows, over a queue of
//! [`BATCHES_WAITING_MAX`]: it never waits, so that a slow reader loses batches and is told that it saw a sample. A
//! [`Tail`] tells once a second what matched. The live tail of AWS and that of the JSON API are both one.

use std::sync::Arc;
use std::time::Duration as StdDuration;

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, watch};
use tokio::time::Instant;
use walletscope_language::filter_pattern::Event;
use walletscope_model::contract::event_name;
use walletscope_model::{Batch, Body, IdKind, LogBatch, LogEvent, Offset};
use walletscope_stream::interpret::{What, interpret};

use super::{EventKey, FoundEvent, Selection};

/// Tails open at a time.
pub const TAILS_MAX: usize = 15;
/// Events that one tail shows in a second at most.
pub const EVENTS_MAX: usize = 500;
/// Bytes of messages that one tail shows in a second at most; a first event may be longer.
pub const BYTES_MAX: usize = 4 << 20;
/// How long a tail may stay open.
pub const TIME_MAX: StdDuration = StdDuration::from_secs(3 * 3_600);
/// Batches that wait for the slowest tail.
pub const BATCHES_WAITING_MAX: usize = 64;
/// An update comes this often: AWS's come once a second, these so that an event is shown within one.
const UPDATE_EVERY: StdDuration = StdDuration::from_millis(900);

/// An entry that is durable and stepped.
#[derive(Clone, Debug)]
pub struct Applied {
    /// Its offset.
    pub offset: Offset,
    /// What it holds.
    pub batch: Arc<Batch>,
}

/// Hands arriving log events to whoever follows.
pub struct Tails {
    applied: broadcast::Sender<Applied>,
    stopping: watch::Receiver<bool>,
    placeholders: Arc<[Box<str>]>,
    turns: Arc<Semaphore>,
    times: Times,
}

/// How often a tail tells, and for how long.
#[derive(Clone, Copy, Debug)]
struct Times {
    update_every: StdDuration,
    time_max: StdDuration,
}

/// One follower.
pub struct Tail {
    selection: Selection,
    applied: broadcast::Receiver<Applied>,
    stopping: watch::Receiver<bool>,
    placeholders: Arc<[Box<str>]>,
    update_every: StdDuration,
    next_update: Instant,
    ends_at: Instant,
    has_ended: bool,
    /// Given back when the follower goes.
    _turn: OwnedSemaphorePermit,
}

/// As many tails are open as may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyTails;

/// What a tail tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// What matched in the last second.
    Update(Update),
    /// It ends here.
    Ended(End),
}

/// What matched in one second.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// The first of them, in the order in which they came.
    pub events: Vec<FoundEvent>,
    /// How many matched, as far as they were looked at.
    pub matched: u64,
    /// More matched than are shown, or some were not looked at.
    pub is_sampled: bool,
}

/// Why a tail ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was open for as long as it may be.
    TimedOut,
    /// The server is stopping.
    Stopping,
}

impl Tails {
    /// Over the entries that the loop hands out; `placeholders` are words that are no ids.
    pub fn new(
        applied: broadcast::Sender<Applied>,
        stopping: watch::Receiver<bool>,
        placeholders: Vec<Box<str>>,
    ) -> Self {
        let times = Times { update_every: UPDATE_EVERY, time_max: TIME_MAX };
        let turns = Arc::new(Semaphore::new(TAILS_MAX));
        Self { applied, stopping, placeholders: placeholders.into(), turns, times }
    }

    /// Follows from now on.
    ///
    /// # Errors
    /// Too many are open.
    pub fn open(&self, selection: Selection) -> Result<Tail, TooManyTails> {
        let turn = self.turns.clone().try_acquire_owned().map_err(|_| TooManyTails)?;
        let now = Instant::now();
        Ok(Tail {
            selection,
            applied: self.applied.subscribe(),
            stopping: self.stopping.clone(),
            placeholders: self.placeholders.clone(),
            update_every: self.times.update_every,
            next_update: now + self.times.update_every,
            ends_at: now + self.times.time_max,
            has_ended: false,
            _turn: turn,
        })
    }
}

impl Tail {
    /// What matched in the second before, or why there is no more; `None` behind that. To be called again at once: what
    /// comes between two calls waits, and some of it is lost when it is long.
    pub async fn next(&mut self) -> Option<News> {
        if self.has_ended {
            return None;
        }
        let mut update = Update::default();
        let mut bytes = 0;
        loop {
            let until = self.next_update.min(self.ends_at);
            let received = tokio::select! {
                biased;
                // An error means that whoever could tell is gone, which ends tails as well.
                _ = self.stopping.wait_for(|stopping| *stopping) => Err(RecvError::Closed),
                () = tokio::time::sleep_until(until) => break,
                received = self.applied.recv() => received,
            };
            match received {
                Ok(applied) => take(&self.selection, &self.placeholders, &applied, &mut update, &mut bytes),
                Err(RecvError::Lagged(_)) => update.is_sampled = true,
                Err(RecvError::Closed) => return self.ended(End::Stopping),
            }
        }
        if Instant::now() >= self.ends_at {
            return self.ended(End::TimedOut);
        }
        self.next_update = (self.next_update + self.update_every).max(Instant::now());
        Some(News::Update(update))
    }

    fn ended(&mut self, end: End) -> Option<News> {
        self.has_ended = true;
        Some(News::Ended(end))
    }
}

/// Adds what matches of an entry.
fn take(
    selection: &Selection,
    placeholders: &[Box<str>],
    applied: &Applied,
    update: &mut Update,
    bytes: &mut usize,
) {
    let batch = &*applied.batch;
    let Body::Logs(logs) = &batch.body else { return };
    if !follows(selection, batch, logs) {
        return;
    }
    for (event, index) in logs.events.iter().zip(0..) {
        let read = Event {
            message: &event.message,
            timestamp: Some(event.timestamp),
            ingested_at: Some(batch.appended_at),
        };
        if !selection.pattern.matches(&read, selection.mode) {
            continue;
        }
        update.matched += 1;
        let is_first = update.events.is_empty();
        let fits = update.events.len() < EVENTS_MAX && *bytes + event.message.len() <= BYTES_MAX;
        if (is_first || fits) && !update.is_full() {
            *bytes += event.message.len();
            update.events.push(found(batch, logs, event, (applied.offset, index), placeholders));
        } else {
            update.is_sampled = true;
        }
    }
}

impl Update {
    fn is_full(&self) -> bool {
        self.events.len() >= EVENTS_MAX
    }
}

fn follows(selection: &Selection, batch: &Batch, logs: &LogBatch) -> bool {
    let origin = &batch.origin;
    origin.tenant == selection.tenant
        && origin.account == selection.account
        && selection.region.as_ref().is_none_or(|region| origin.region == *region)
        && selection.names_group(&logs.group)
        && selection.names_stream(&logs.stream)
}

/// The event with what the table of log events would say of it.
fn found(
    batch: &Batch,
    logs: &LogBatch,
    event: &LogEvent,
    (offset, index): (Offset, u32),
    placeholders: &[Box<str>],
) -> FoundEvent {
    let said = interpret(&event.message, placeholders);
    let id = |kind: IdKind| said.ids[kind as usize].as_deref().map(Into::into);
    FoundEvent {
        key: EventKey { timestamp: event.timestamp, ingested_at: batch.appended_at, offset, index },
        region: batch.origin.region.clone(),
        group: logs.group.clone(),
        stream: logs.stream.clone(),
        message: event.message.clone(),
        guarded: event.guarded,
        event: match said.what {
            What::Event(kind) => Some(event_name(kind).into()),
            What::Crash | What::FailedCall | What::Other => None,
        },
        correlation_id: id(IdKind::Correlation),
        request_id: id(IdKind::Request),
        trace_id: id(IdKind::Trace),
        token_reference_id: id(IdKind::TokenReference),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use walletscope_language::filter_pattern::{Mode, Pattern};
    use walletscope_model::{Origin, Timestamp};

    fn selection(pattern: &str) -> Selection {
        Selection {
            tenant: "t".into(),
            account: "1".into(),
            region: None,
            groups: vec!["/g".into()],
            streams: Vec::new(),
            stream_prefixes: vec!["a".into()],
            entry: None,
            pattern: Arc::new(Pattern::parse(pattern).unwrap()),
            mode: Mode::Lenient,
        }
    }

    fn applied(offset: u64, tenant: &str, group: &str, stream: &str, messages: &[&str]) -> Applied {
        let event = |message: &&str| LogEvent {
            timestamp: Timestamp(5),
            message: (**message).into(),
            guarded: false,
        };
        let events = messages.iter().map(event).collect();
        let logs = LogBatch { group: group.into(), stream: stream.into(), events };
        let (account, region) = ("1".into(), "eu".into());
        let batch = Batch {
            appended_at: Timestamp(9),
            origin: Origin { account, region, source: "k".into(), tenant: tenant.into() },
            invocation_id: "".into(),
            body: Body::Logs(logs),
        };
        Applied { offset: Offset(offset), batch: Arc::new(batch) }
    }

    fn tails() -> (Tails, broadcast::Sender<Applied>, watch::Sender<bool>) {
        let (applied, stop) = (broadcast::Sender::new(BATCHES_WAITING_MAX), watch::Sender::new(false));
        let mut tails = Tails::new(applied.clone(), stop.subscribe(), Vec::new());
        tails.times =
            Times { update_every: StdDuration::from_millis(100), time_max: StdDuration::from_millis(950) };
        (tails, applied, stop)
    }

    async fn update(tail: &mut Tail) -> Update {
        match tail.next().await {
            Some(News::Update(update)) => update,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn an_update_a_second_tells_what_matched() {
        let (tails, entries, _stop) = tails();
        let mut tail = tails.open(selection("ERROR")).unwrap();
        for entry in [
            applied(
                1,
                "t",
                "/g",
                "a1",
                &["ERROR 1", "fine", r#"{"event":"TOKEN_DELETED","requestId":"r","level":"ERROR"}"#],
            ),
            applied(2, "other", "/g", "a1", &["ERROR of another tenant"]),
            applied(3, "t", "/other", "a1", &["ERROR of another group"]),
            applied(4, "t", "/g", "b", &["ERROR of another stream"]),
        ] {
            entries.send(entry).unwrap();
        }
        let first = update(&mut tail).await;
        let shown: Vec<_> = first.events.iter().map(|event| (event.key.offset.0, event.key.index)).collect();
        assert_eq!((shown, first.matched, first.is_sampled), (vec![(1, 0), (1, 2)], 2, false));
        assert_eq!(first.events[1].event.as_deref(), Some("TOKEN_DELETED"));
        assert_eq!(first.events[1].request_id.as_deref(), Some("r"));
        assert_eq!(update(&mut tail).await, Update::default());
    }

    #[tokio::test]
    async fn what_is_too_much_is_a_sample_and_nobody_waits_for_a_slow_reader() {
        let (tails, entries, _stop) = tails();
        let mut tail = tails.open(selection("")).unwrap();
        let many = ["x"; EVENTS_MAX];
        entries.send(applied(1, "t", "/g", "a", &many)).unwrap();
        entries.send(applied(2, "t", "/g", "a", &["one more"])).unwrap();
        let first = update(&mut tail).await;
        assert_eq!((first.events.len(), first.matched, first.is_sampled), (EVENTS_MAX, 501, true));
        for offset in 0..2 * BATCHES_WAITING_MAX as u64 {
            entries.send(applied(offset, "t", "/g", "a", &["x"])).unwrap();
        }
        let second = update(&mut tail).await;
        assert_eq!((second.matched, second.is_sampled), (BATCHES_WAITING_MAX as u64, true));
        let long = "x".repeat(BYTES_MAX);
        entries.send(applied(1, "t", "/g", "a", &[&long, "y"])).unwrap();
        let third = update(&mut tail).await;
        assert_eq!((third.events.len(), third.matched, third.is_sampled), (1, 2, true));
    }

    #[tokio::test]
    async fn tails_are_counted_and_end() {
        let (tails, _entries, stop) = tails();
        let mut open: Vec<_> = (0..TAILS_MAX).map(|_| tails.open(selection("")).unwrap()).collect();
        assert_eq!(tails.open(selection("")).err(), Some(TooManyTails));
        let mut last = open.pop().unwrap();
        let mut updates = 0;
        let end = loop {
            match last.next().await {
                Some(News::Update(_)) => updates += 1,
                other => break other,
            }
        };
        assert_eq!((updates, end), (9, Some(News::Ended(End::TimedOut))));
        assert_eq!(last.next().await, None);
        drop(last);
        let mut another = tails.open(selection("")).unwrap();
        stop.send_replace(true);
        assert_eq!(another.next().await, Some(News::Ended(End::Stopping)));
    }
}
