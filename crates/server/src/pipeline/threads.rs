//! Who runs the writer and the applier, and how do callers reach them?
//!
//! The writer's thread sleeps on the queue of submissions and wakes four times a second to see whether a timer is
//! due; the applier's thread sleeps on the queue of entries. A third reads the known ids once after the start. Handles only ever try to send: a full queue is a
//! throttled call, never a waiting one. A failure on either thread is final and told through `fatal`.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration as StdDuration, Instant};

use arc_swap::ArcSwap;
use tokio::sync::{broadcast, oneshot, watch};
use walletscope_journal::{Read, Store, Table};
use walletscope_lake::LakeTable;
use walletscope_model::{Batch, Body, Duration, Offset, Timestamp};
use walletscope_stream::{Answer, Catalog};

use crate::lake::{JournalEntries, JournalEntry, LakeShared, Work};
use crate::logs::tail::{Applied, BATCHES_WAITING_MAX};

use super::writer::Appended;
use super::{
    Applier, ENTRIES_WAITING_MAX, GROUP_MAX, PipelineError, Refusal, Reply, SUBMISSIONS_MAX, Started,
    Submission, Writer,
};
use crate::view::View;

/// Views are published at most this often.
pub const PUBLISH_EVERY: StdDuration = StdDuration::from_millis(250);
const TRIM_EVERY: StdDuration = StdDuration::from_secs(60);
/// While attempts are open the journal tells the time at least this often.
const TICK_EVERY: Duration = Duration::from_seconds(60);
const NEVER: i64 = i64::MAX;
/// What subscription filters have not read keeps half of the journal at most.
const UNDELIVERED_SHARE: u64 = 2;

/// Reads the machine's clock.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What the loop shows to everybody else.
pub struct Shared {
    /// The newest published view.
    pub view: ArcSwap<View>,
    /// Log groups and streams as of the newest command.
    pub catalog: ArcSwap<Catalog>,
    /// Changes with every published view: its sequence.
    pub published: watch::Sender<u64>,
    /// Batches of log events as they are durable and stepped, for as long as somebody follows. Nobody is waited for.
    pub applied: broadcast::Sender<Applied>,
    /// Set once, when the pipeline failed.
    pub fatal: watch::Sender<Option<String>>,
    next_due: AtomicI64,
    journal_written_bytes: AtomicU64,
    /// The newest entry that is durable.
    appended: AtomicU64,
    /// The first entry that a subscription filter may still read.
    undelivered_from: AtomicU64,
    stopping: AtomicBool,
}

/// Takes calls; cheap to clone.
#[derive(Clone)]
pub struct Ingest {
    queue: SyncSender<Waiting>,
    shared: Arc<Shared>,
    lake: Option<Arc<LakeShared>>,
}

/// Where applied entries go besides.
pub struct LakeSide {
    /// The lake's thread.
    pub feeder: SyncSender<Work>,
    /// What it shows.
    pub shared: Arc<LakeShared>,
}

/// Reads entries back for the lake, a megabyte at a time: thirty times as much in memory.
struct StoreEntries<S>(S);

impl<S: Store> JournalEntries for StoreEntries<S> {
    fn entries(&self, from: Offset) -> Result<Vec<JournalEntry>, String> {
        const BYTES_AT_A_TIME: usize = 1 << 20;
        let state = self.0.snapshot();
        let entries = self.0.entries(from, BYTES_AT_A_TIME).map_err(|error| error.to_string())?;
        let decoded = entries.into_iter().map(|(offset, bytes)| {
            let batch = walletscope_journal::decode(&bytes).map_err(|error| error.to_string())?;
            let derived = state.get(Table::DerivedData, &offset.0.to_be_bytes());
            let derived = match derived.map_err(|error| error.to_string())? {
                Some(bytes) => {
                    walletscope_journal::decode_derived(&bytes).map_err(|error| error.to_string())?
                }
                None => Vec::new(),
            };
            Ok(JournalEntry { offset, batch: Arc::new(batch), derived })
        });
        decoded.collect()
    }
}

/// The running threads.
pub struct Pipeline {
    /// Takes calls.
    pub ingest: Ingest,
    /// What is published.
    pub shared: Arc<Shared>,
    /// What recovery found.
    pub started: Started,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

struct Waiting {
    submission: Submission,
    reply: oneshot::Sender<Result<Reply, Refusal>>,
}

type ReplySender = oneshot::Sender<Result<Reply, Refusal>>;

enum Task {
    Entry(Offset, Batch, Option<ReplySender>),
    Recall(Offset, ReplySender),
}

/// Recovers and starts the threads.
///
/// # Errors
/// The store failed, or holds what this version cannot read.
pub fn start<S: Store>(store: S, now: Now, lake: Option<LakeSide>) -> Result<Pipeline, PipelineError> {
    let (mut applier, started) = Applier::open_for(store.clone(), lake.is_some())?;
    let writer = Writer::open(store.clone(), started.newest)?;
    let shared = Arc::new(Shared {
        view: ArcSwap::from_pointee(applier.publish()),
        catalog: ArcSwap::from_pointee(applier.state().catalog.clone()),
        published: watch::Sender::new(0),
        applied: broadcast::Sender::new(BATCHES_WAITING_MAX),
        fatal: watch::Sender::new(None),
        next_due: AtomicI64::new(applier.state().next_due().map_or(NEVER, |due| due.0)),
        journal_written_bytes: AtomicU64::new(0),
        appended: AtomicU64::new(applier.state().applied.0),
        undelivered_from: AtomicU64::new(undelivered_from(&applier)),
        stopping: AtomicBool::new(false),
    });
    if let Some(lake) = &lake {
        let entries = Arc::new(StoreEntries(store.clone()));
        // A lake whose thread has ended takes no entries; the journal keeps them.
        let _sent = lake.feeder.send(Work::Start(shared.clone(), applier.marks(), entries));
    }
    let keep_from = lake.as_ref().map(|lake| lake.shared.clone());
    let keeping = keep_from.clone();
    let (submissions, submitted) = sync_channel(SUBMISSIONS_MAX);
    let (entries, work) = sync_channel(ENTRIES_WAITING_MAX);
    let writing = spawn("writer", {
        let shared = shared.clone();
        move || {
            shared.guard_thread(|| {
                write(writer, &store, &submitted, &entries, &shared, &now, keep_from.as_deref())
            })
        }
    })?;
    let reading = applier.reads_known_ids().map(|read| {
        let shared = shared.clone();
        spawn("known-ids", move || read(&shared.stopping))
    });
    let reading = reading.transpose()?;
    let applying = spawn("applier", {
        let shared = shared.clone();
        move || shared.guard_thread(|| apply(&mut applier, &work, &shared, lake.as_ref()))
    })?;
    let ingest = Ingest { queue: submissions, shared: shared.clone(), lake: keeping };
    let threads = [Some(writing), Some(applying), reading].into_iter().flatten().collect();
    Ok(Pipeline { ingest, shared, started, threads: Mutex::new(threads) })
}

impl Ingest {
    /// Makes a call durable, and a command done.
    ///
    /// # Errors
    /// It was refused; nothing of it is stored.
    pub async fn submit(&self, submission: Submission) -> Result<Reply, Refusal> {
        let (reply, answered) = oneshot::channel();
        if self.shared.stopping.load(Ordering::Acquire) {
            return Err(Refusal::Throttled);
        }
        // Commands bring no rows; a server whose lake is full still starts by them.
        let brings_rows = !matches!(submission.body, Body::Command(_));
        if brings_rows && self.lake.as_ref().is_some_and(|lake| lake.hot_memory().is_full()) {
            return Err(Refusal::Throttled);
        }
        self.queue.try_send(Waiting { submission, reply }).map_err(|error| match error {
            std::sync::mpsc::TrySendError::Full(_) => Refusal::Throttled,
            std::sync::mpsc::TrySendError::Disconnected(_) => Refusal::Poisoned,
        })?;
        answered.await.unwrap_or(Err(Refusal::Poisoned))
    }
}

impl Pipeline {
    /// Refuses new calls, finishes the ones taken, commits, and ends the threads.
    pub fn stop(&self) {
        self.shared.stopping.store(true, Ordering::Release);
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A thread that failed has told so through `fatal`.
            let _ended = thread.join();
        }
    }
}

impl Shared {
    /// The newest entry that is durable: of every call that was answered with success, and perhaps of others.
    pub fn appended(&self) -> Offset {
        Offset(self.appended.load(Ordering::Acquire))
    }

    /// Bytes of entries appended to the journal since the start.
    pub fn journal_written_bytes(&self) -> u64 {
        self.journal_written_bytes.load(Ordering::Relaxed)
    }

    fn tell_applied(&self, offset: Offset, batch: &Arc<Batch>) {
        if matches!(batch.body, Body::Logs(_)) && self.applied.receiver_count() > 0 {
            // The last follower may just have gone.
            let _told = self.applied.send(Applied { offset, batch: batch.clone() });
        }
    }

    fn guard_thread(&self, run: impl FnOnce() -> Result<(), PipelineError>) {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
        let failure = match outcome {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "a thread of the pipeline panicked".to_owned(),
        };
        self.fatal.send_replace(Some(failure));
    }

    /// Times and sizes of groups and streams move with the views; new ones are shown at once.
    fn show_catalog(&self, catalog: Catalog) {
        if self.catalog.load().events_version() != catalog.events_version() {
            self.catalog.store(Arc::new(catalog));
        }
    }

    fn show(&self, view: View) {
        let sequence = view.sequence;
        self.view.store(Arc::new(view));
        self.published.send_replace(sequence);
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, PipelineError> {
    std::thread::Builder::new().name(name.to_owned()).spawn(run).map_err(|error| PipelineError::Entry {
        offset: Offset(0),
        reason: format!("cannot start the {name} thread: {error}"),
    })
}

fn write<S: Store>(
    mut writer: Writer<S>,
    store: &S,
    submitted: &Receiver<Waiting>,
    entries: &SyncSender<Task>,
    shared: &Shared,
    now: &Now,
    lake: Option<&LakeShared>,
) -> Result<(), PipelineError> {
    let needed_from = || {
        let applied = store.applied();
        let needed = lake.map_or(applied, |lake| applied.min(lake.keep_from()));
        let undelivered = Offset(shared.undelivered_from.load(Ordering::Acquire));
        // Filters give up long before; should one stand still, calls go before deliveries.
        if store.size().bytes_behind(undelivered) > store.size().bytes_max / UNDELIVERED_SHARE {
            return needed;
        }
        needed.min(undelivered)
    };
    // Before the first append, which may have to make room: what the lake has not read must not go then.
    store.trim(needed_from(), now())?;
    let mut trimmed_at = Instant::now();
    loop {
        let group = next_group(submitted);
        let at = now();
        let is_due = tick_is_due(shared.next_due.load(Ordering::Acquire), at, writer.newest());
        let stopping = shared.stopping.load(Ordering::Acquire);
        let is_last = stopping && group.is_empty();
        let (submissions, mut replies): (Vec<_>, Vec<_>) =
            group.into_iter().map(|waiting| (waiting.submission, Some(waiting.reply))).unzip();
        // The last tick of a run tells the next start how long the product stood still.
        let appended = writer.append(at, submissions, is_due || is_last);
        shared.journal_written_bytes.store(writer.written_bytes(), Ordering::Relaxed);
        let appended = appended?;
        let offsets = appended.iter().filter_map(|(_, appended)| match appended {
            Appended::Entry(offset, _) => Some(offset.0),
            _ => None,
        });
        if let Some(newest) = offsets.max() {
            // Before anybody is answered: who is answered asks for it next.
            shared.appended.store(newest, Ordering::Release);
        }
        for (place, appended) in appended {
            let reply = place.and_then(|place| replies.get_mut(place)?.take());
            if let Some(work) = answer(appended, reply)
                && entries.send(work).is_err()
            {
                return Ok(());
            }
        }
        if is_last {
            return Ok(());
        }
        // Who copies the lake copies the journal as well.
        let is_copied = lake.is_some_and(|lake| lake.lake.is_pinned());
        if trimmed_at.elapsed() >= TRIM_EVERY && !is_copied {
            trimmed_at = Instant::now();
            store.trim(needed_from(), at)?;
        }
    }
}

fn undelivered_from<S: Store>(applier: &Applier<S>) -> u64 {
    applier.state().catalog.subscription_filters.needed_from().map_or(u64::MAX, |offset| offset.0)
}

/// A timer is due, or one waits and the journal was silent for a minute: what is silent for longer than five counts
/// as standing still after a crash, and waits would be that much longer.
fn tick_is_due(next_due: i64, at: Timestamp, newest: Timestamp) -> bool {
    next_due <= at.0 || (next_due != NEVER && at.since(newest) >= TICK_EVERY)
}

/// Waits for a submission, a quarter of a second at most, and takes what else is there.
fn next_group(submitted: &Receiver<Waiting>) -> Vec<Waiting> {
    let mut group = Vec::new();
    match submitted.recv_timeout(PUBLISH_EVERY) {
        Ok(first) => group.push(first),
        Err(RecvTimeoutError::Timeout) => return group,
        Err(RecvTimeoutError::Disconnected) => {
            std::thread::sleep(PUBLISH_EVERY);
            return group;
        }
    }
    while group.len() < GROUP_MAX
        && let Ok(next) = submitted.try_recv()
    {
        group.push(next);
    }
    group
}

/// Data-plane calls are answered now, commands when stepped.
fn answer(appended: Appended, reply: Option<ReplySender>) -> Option<Task> {
    let send = |reply: Option<ReplySender>, outcome| {
        if let Some(reply) = reply {
            // The caller may have gone; what it asked for is done all the same.
            let _gone = reply.send(outcome);
        }
    };
    match appended {
        Appended::Entry(offset, batch) if matches!(batch.body, Body::Command(_)) => {
            Some(Task::Entry(offset, batch, reply))
        }
        Appended::Entry(offset, batch) => {
            send(reply, Ok(Reply::Stored(offset)));
            Some(Task::Entry(offset, batch, None))
        }
        Appended::Repeated(answer) => {
            send(reply, Ok(Reply::Repeated(answer)));
            None
        }
        Appended::Recall(offset) => reply.map(|reply| Task::Recall(offset, reply)),
        Appended::Refused(refusal) => {
            send(reply, Err(refusal));
            None
        }
    }
}

fn apply<S: Store>(
    applier: &mut Applier<S>,
    work: &Receiver<Task>,
    shared: &Shared,
    lake: Option<&LakeSide>,
) -> Result<(), PipelineError> {
    let mut published_at = Instant::now();
    let mut is_behind = false;
    let mut catalog_version = applier.state().catalog.version();
    loop {
        let next = if is_behind {
            work.recv_timeout(PUBLISH_EVERY.saturating_sub(published_at.elapsed()))
        } else {
            work.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        let ended = matches!(next, Err(RecvTimeoutError::Disconnected));
        if let Ok(work) = next {
            step(applier, work, shared, lake, &mut catalog_version)?;
            is_behind = true;
        }
        if is_behind && (ended || published_at.elapsed() >= PUBLISH_EVERY) {
            applier.note_done(lake.map(|lake| lake.shared.take_done()).unwrap_or_default());
            if let Some(lake) = lake {
                applier.forget_derived(lake.shared.lake.current(LakeTable::MetricPoints).watermark());
            }
            applier.commit()?;
            shared.show_catalog(applier.state().catalog.clone());
            shared.show(applier.publish());
            published_at = Instant::now();
            is_behind = false;
        }
        if ended {
            return Ok(());
        }
    }
}

fn step<S: Store>(
    applier: &mut Applier<S>,
    task: Task,
    shared: &Shared,
    lake: Option<&LakeSide>,
    catalog_version: &mut u64,
) -> Result<(), PipelineError> {
    let (answer, reply) = match task {
        Task::Entry(offset, batch, reply) => {
            let answer = applier.apply(offset, &batch)?;
            let batch = Arc::new(batch);
            shared.tell_applied(offset, &batch);
            if let Some(lake) = lake {
                // A lake whose thread has ended takes no entries; the journal keeps them.
                let _sent = lake.feeder.send(Work::Applied(offset, batch, applier.take_followed()));
            }
            (answer, reply)
        }
        Task::Recall(offset, reply) => (Some(applier.answer(offset).unwrap_or(Answer::Done)), Some(reply)),
    };
    shared.next_due.store(applier.state().next_due().map_or(NEVER, |due| due.0), Ordering::Release);
    shared.undelivered_from.store(undelivered_from(applier), Ordering::Release);
    if *catalog_version != applier.state().catalog.version() {
        *catalog_version = applier.state().catalog.version();
        shared.catalog.store(Arc::new(applier.state().catalog.clone()));
    }
    if let (Some(answer), Some(reply)) = (answer, reply) {
        let _gone = reply.send(Ok(Reply::Stepped(answer)));
    }
    Ok(())
}
