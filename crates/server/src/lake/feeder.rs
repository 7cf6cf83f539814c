//! What is not in the lake's files yet?
//!
//! A thread that sleeps on the queue of applied entries. It owns the hot rows, the newest versions of attempts and
//! the marks; a published snapshot shares their memory. It starts jobs and takes what they have done into account, so
//! that what leaves memory is in files first.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration as StdDuration, Instant};

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Int64Type;
use walletscope_lake::maintenance::{self, Overlay};
use walletscope_lake::table::day_of;
use walletscope_lake::{Hot, LakeTable, Live, RowBuilder};
use walletscope_model::{Attempt, Batch, Offset};
use walletscope_query::lake_table::Hidden;
use walletscope_stream::{AttemptChange, NodeKey};

use super::entry_rows::EntryRows;
use super::jobs::{Flush, Job, JobKind, JobOutcome, Jobs};
use super::marks::{Done, Marks};
use super::replay::{JournalEntries, JournalEntry, Replay, Step, Stored};
use super::{LakeSettings, LakeShared, Snapshot, attempt_rows};
use crate::pipeline::{Followed, Now, Shared};
use crate::view::View;

/// Entries waiting for this thread at most; the applier waits beyond.
pub const ENTRIES_WAITING_MAX: usize = 256;
/// Snapshots are published at most this often.
const PUBLISH_EVERY: StdDuration = StdDuration::from_millis(100);
/// Late changes beyond this are merged before their time.
const LATE_MAX: usize = 50_000;
/// Attempts that are read from the state before they become rows.
const ATTEMPTS_READ_MAX: usize = 8_192;

/// What this thread is told.
pub enum Work {
    /// What the pipeline publishes, with the state that everything after follows on, first of all.
    Start(Arc<Shared>, Marks, Arc<dyn JournalEntries>),
    /// An entry was applied, and this followed from it.
    Applied(Offset, Arc<Batch>, Followed),
    /// A job has ended.
    Ended(JobOutcome),
    /// Start a flush now.
    FlushNow,
    /// End; what is in memory is in the journal as well.
    Stop,
}

/// Owns what is not in the files.
pub struct Feeder {
    shared: Arc<LakeShared>,
    settings: LakeSettings,
    placeholders: Vec<Box<str>>,
    rows: EntryRows,
    hot: Vec<Hot>,
    live: Live,
    overlay: Live,
    marks: Marks,
    /// Names of attempts whose rows in the files are out of date, for as long as they are.
    names: HashMap<NodeKey, (String, Option<i32>)>,
    changed: BTreeMap<NodeKey, (Offset, Attempt)>,
    head: Offset,
    /// What the files held at the start, by the table's number: entries are read again from the lowest.
    in_files: [Offset; LakeTable::COUNT],
    /// Until everything of before the start is there.
    replay: Option<Replay>,
    view: Option<Arc<View>>,
    jobs: Jobs,
    is_dirty: bool,
    oldest_unflushed: Option<Instant>,
    /// The same of the rows that a flush has taken.
    oldest_sealed: Option<Instant>,
    merged_at: Instant,
}

/// Starts the thread; what to tell it by, and what to wait for at the end.
///
/// # Errors
/// The machine has no thread to spare.
pub fn start(
    shared: Arc<LakeShared>,
    settings: LakeSettings,
    placeholders: Vec<Box<str>>,
    now: Now,
) -> std::io::Result<(SyncSender<Work>, JoinHandle<()>)> {
    let (sender, work) = sync_channel(ENTRIES_WAITING_MAX);
    let jobs = Jobs::new(shared.clone(), settings.keep, sender.clone(), now)?;
    let mut feeder = Feeder {
        settings,
        placeholders,
        rows: EntryRows::default(),
        hot: LakeTable::ALL.map(|_| Hot::default()).into(),
        live: Live::default(),
        overlay: Live::default(),
        marks: Marks::default(),
        names: HashMap::new(),
        changed: BTreeMap::new(),
        head: Offset(0),
        in_files: LakeTable::ALL.map(|table| shared.lake.current(table).watermark()),
        replay: None,
        view: None,
        jobs,
        is_dirty: false,
        oldest_unflushed: None,
        oldest_sealed: None,
        merged_at: Instant::now(),
        shared,
    };
    let thread = std::thread::Builder::new().name("lake".to_owned()).spawn(move || {
        feeder.run(&work);
        // First what a job may be waiting for to be told, then the job's threads.
        drop(work);
        drop(feeder);
    })?;
    Ok((sender, thread))
}

impl Feeder {
    fn run(&mut self, work: &Receiver<Work>) {
        let mut published_at = Instant::now();
        let mut patience = PUBLISH_EVERY;
        loop {
            // Neither waits a stop behind the reading of a long journal, nor the reading behind ever new entries.
            for _ in 0..=ENTRIES_WAITING_MAX {
                match work.recv_timeout(std::mem::take(&mut patience)) {
                    Ok(Work::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                    Ok(work) => self.take(work),
                    Err(RecvTimeoutError::Timeout) => break,
                }
                // Nor what was acknowledged, to be seen, behind everything that waits.
                if self.replay.is_none() && published_at.elapsed() >= PUBLISH_EVERY {
                    break;
                }
            }
            patience = PUBLISH_EVERY;
            if self.replay.is_some() {
                if self.catch_up() {
                    patience = StdDuration::ZERO;
                }
                continue;
            }
            if self.is_dirty && published_at.elapsed() >= PUBLISH_EVERY {
                self.publish();
                published_at = Instant::now();
            }
            self.start_jobs();
        }
    }

    fn take(&mut self, work: Work) {
        match work {
            Work::Start(pipeline, marks, journal) => {
                self.begin(&pipeline.view.load_full(), marks, journal);
                self.jobs.know_groups_of(pipeline);
            }
            Work::Applied(offset, batch, followed) => {
                match &mut self.replay {
                    Some(replay) => replay.applied(offset, followed.derived),
                    None => self.entry(&JournalEntry { offset, batch, derived: followed.derived }),
                }
                for change in followed.changes {
                    self.attempt(offset, change);
                }
            }
            Work::Ended(outcome) => self.ended(outcome),
            Work::FlushNow if self.replay.is_none() => self.flush(),
            // Who asks for a flush asks again.
            Work::FlushNow | Work::Stop => {}
        }
    }

    /// Every attempt that the files do not hold as it is: those that run, and those with a mark. A lake that was never
    /// written to holds none. Settled ones stay in the state until it is known whether they fit into memory.
    fn begin(&mut self, view: &Arc<View>, marks: Marks, journal: Arc<dyn JournalEntries>) {
        self.marks = marks;
        self.view = Some(view.clone());
        self.forget_what_is_done();
        let is_first = self.shared.lake.current(LakeTable::Attempts).watermark() == Offset(0);
        let late = self.marks.iter().filter(|(_, mark)| mark.is_late());
        let mut changing: Vec<_> = late.map(|(key, mark)| (*key, mark.changed_at)).collect();
        let mut settled = Vec::new();
        let all = walletscope_series::Range {
            from: walletscope_model::Timestamp(i64::MIN),
            to: walletscope_model::Timestamp(i64::MAX),
        };
        for row in view.rows.started_in(all) {
            let mark = self.marks.get(&row.key);
            let changed_at = mark.map_or(view.applied, |mark| mark.changed_at);
            match mark {
                Some(mark) if mark.is_late() => {}
                _ if !row.flags.settled => changing.push((row.key, changed_at)),
                None if !is_first => {}
                Some(_) | None => settled.push((row.started_at, row.key, changed_at)),
            }
        }
        changing.sort_unstable();
        self.note_stored(view, &changing);
        settled.sort_unstable();
        let settled = settled.into_iter().map(|(_, key, changed_at)| (key, changed_at)).collect();
        let stored = Stored::new(view.clone(), settled, &self.settings);
        self.replay = Some(Replay::new(journal, self.in_files, stored));
    }

    /// Attempts as the state holds them.
    fn note_stored(&mut self, view: &View, attempts: &[(NodeKey, Offset)]) {
        for some in attempts.chunks(ATTEMPTS_READ_MAX) {
            // A reader of their own: what it has read leaves memory with it.
            let mut state = view.state();
            for (key, changed_at) in some {
                match state.attempt(*key) {
                    Ok(Some(attempt)) => self.note_attempt(*key, *changed_at, attempt),
                    Ok(None) => {
                        if let Ok(Some(id)) = state.id(*key) {
                            self.names.insert(*key, (attempt_rows::name_of(&id), None));
                        }
                    }
                    Err(error) => {
                        tracing::error!(error = error.0, "an attempt could not be read for the lake")
                    }
                }
            }
            self.gather();
        }
    }

    /// One step of the replay; whether the next one need not wait for anything.
    fn catch_up(&mut self) -> bool {
        self.gather();
        let mut step = self.next_step();
        if let Some(Step::Read(room)) = step {
            self.read_on(room);
            // Entries that go on arriving must not keep the end away.
            step = self.next_step();
        }
        match step {
            Some(Step::Read(_)) => {}
            Some(Step::FlushRows) => self.flush_replayed(false),
            Some(Step::FlushAll) => self.flush_replayed(true),
            Some(Step::End) => self.end_replay(),
            Some(Step::Wait) | None => return false,
        }
        true
    }

    fn next_step(&self) -> Option<Step> {
        let (is_busy, is_failing) = (self.jobs.is_busy(), self.jobs.is_failing());
        let replay = self.replay.as_ref()?;
        Some(replay.step(self.rows_bytes(), is_busy, is_failing, &self.settings))
    }

    /// Rows of entries that the state holds and some tables' files do not.
    fn read_on(&mut self, room: usize) {
        let Some(mut replay) = self.replay.take() else { return };
        replay.read();
        while self.rows.bytes() < room
            && let Some(entry) = replay.take()
        {
            self.entry(&entry);
        }
        self.replay = Some(replay);
        self.gather();
    }

    fn flush_replayed(&mut self, with_attempts: bool) {
        let Some(mut replay) = self.replay.take() else { return };
        let mut batches = self.seal();
        let mut stored = None;
        if with_attempts {
            batches.insert(LakeTable::Attempts, self.settled());
            replay.stored.retain(|key| !self.is_late(key));
            stored = Some(replay.stored.clone());
        }
        let through = replay.reached();
        tracing::info!(
            through = through.0,
            hot_bytes = self.rows_bytes(),
            with_attempts,
            "flushing to the lake what the journal held before the start"
        );
        self.replay = Some(replay);
        self.jobs.start(Job::Flush(Flush { through, batches, stored }));
    }

    /// What is not in files is in memory from now on.
    fn end_replay(&mut self) {
        let Some(replay) = self.replay.take() else { return };
        self.head = replay.reached();
        let mut stored = replay.stored;
        stored.retain(|key| !self.is_late(key));
        self.note_stored(stored.view(), stored.attempts());
        self.publish();
    }

    /// A job may have ended without its end being written down.
    fn forget_what_is_done(&mut self) {
        let attempts = self.shared.lake.current(LakeTable::Attempts);
        let merged = attempts.property(maintenance::MERGED_PROPERTY).and_then(|text| text.parse().ok());
        for done in [Done::Flushed(attempts.watermark()), Done::Merged(Offset(merged.unwrap_or(0)))] {
            self.marks.forget(done);
            self.shared.tell_done(done);
        }
    }

    fn entry(&mut self, entry: &JournalEntry) {
        let in_files = &self.in_files;
        let offset = entry.offset;
        self.rows.push(entry, &self.placeholders, |table| offset > in_files[table as usize]);
        self.head = self.head.max(offset);
        self.is_dirty = true;
    }

    fn attempt(&mut self, offset: Offset, change: AttemptChange) {
        let Some(key) = change.old.or(change.new).map(|row| row.key) else { return };
        if change.evicted && self.marks.get(&key).is_some() {
            tracing::error!(
                "an attempt left the state before the lake held it; the lake was not written for a day"
            );
        }
        self.marks.note(offset, &change);
        match change.attempt {
            Some(attempt) => self.note_attempt(key, offset, attempt),
            None => {
                self.changed.remove(&key);
                self.live.remove(&key.0);
                self.overlay.remove(&key.0);
                if change.evicted {
                    self.names.remove(&key);
                } else if self.marks.get(&key).is_some() && !self.names.contains_key(&key) {
                    self.name_from_state(key);
                }
            }
        }
    }

    fn is_late(&self, key: &NodeKey) -> bool {
        self.marks.get(key).is_some_and(super::Mark::is_late)
    }

    fn note_attempt(&mut self, key: NodeKey, offset: Offset, attempt: Attempt) {
        if self.is_late(&key) {
            let day = day_of(attempt.started_at);
            self.names.insert(key, (attempt_rows::name(&attempt), Some(day)));
        }
        self.changed.insert(key, (offset, attempt));
        self.is_dirty = true;
    }

    /// The name of an attempt that is gone: the newest view still knows its id.
    fn name_from_state(&mut self, key: NodeKey) {
        let Some(view) = &self.view else { return };
        if let Ok(Some(id)) = view.state().id(key) {
            self.names.insert(key, (attempt_rows::name_of(&id), None));
        }
    }

    /// What came since the last time stands where snapshots share it.
    fn gather(&mut self) {
        for table in LakeTable::ALL {
            let rows = self.rows.take(table);
            self.hot[table as usize].push(rows);
        }
        let changed = std::mem::take(&mut self.changed);
        let (late, new): (BTreeMap<_, _>, BTreeMap<_, _>) =
            changed.into_iter().partition(|(key, _)| self.is_late(key));
        for key in late.keys() {
            self.live.remove(&key.0);
        }
        put(&mut self.live, new);
        put(&mut self.overlay, late);
        self.watch_memory();
    }

    /// Nothing is shown before everything is there.
    fn publish(&mut self) {
        if self.view.is_none() || self.replay.is_some() {
            return;
        }
        self.gather();
        let has_rows = self.hot.iter().any(|hot| hot.rows() > 0) || !self.live.is_empty();
        if !has_rows {
            self.oldest_unflushed = None;
        } else if self.oldest_unflushed.is_none() {
            self.oldest_unflushed = Some(Instant::now());
        }
        self.shared.snapshot.store(Arc::new(Snapshot {
            head: self.head,
            hot: self.hot.iter().map(Hot::batches).collect(),
            live: self.live.chunks(),
            overlay: self.overlay.chunks(),
            hidden: Arc::new(self.hidden(|_| true)),
            is_ready: true,
        }));
        self.is_dirty = false;
    }

    /// By day, whose rows in the files are out of date: the days that may hold an old version and the day of the new
    /// one, because a merge may put it there before this is read.
    fn hidden(&self, is_wanted: impl Fn(&NodeKey) -> bool) -> Hidden {
        let mut hidden = Hidden::new();
        for (key, mark) in self.marks.iter().filter(|(key, mark)| mark.is_late() && is_wanted(key)) {
            let Some((name, day)) = self.names.get(key) else { continue };
            for day in mark.days.iter().chain(day) {
                hidden.entry(*day).or_default().insert(name.clone());
            }
        }
        hidden
    }

    fn start_jobs(&mut self) {
        if self.jobs.is_busy() {
            return;
        }
        let bytes = self.shared.hot_memory().bytes;
        let waited = self.oldest_unflushed.map(|since| since.elapsed()).unwrap_or_default();
        let flush_after =
            StdDuration::from_micros(u64::try_from(self.settings.flush_after.0).unwrap_or(u64::MAX));
        if bytes >= self.settings.flush_bytes || waited >= flush_after {
            self.flush();
            return;
        }
        let merge_after =
            StdDuration::from_micros(u64::try_from(self.settings.merge_after.0).unwrap_or(u64::MAX));
        let late = self.names.len();
        if late > 0 && (late > LATE_MAX || self.merged_at.elapsed() >= merge_after) {
            self.merge();
        } else {
            self.jobs.maintain();
        }
    }

    fn flush(&mut self) {
        if self.jobs.is_busy() {
            return;
        }
        self.publish();
        let mut batches = self.seal();
        batches.insert(LakeTable::Attempts, self.settled());
        self.oldest_sealed = self.oldest_unflushed.take();
        tracing::info!(
            through = self.head.0,
            hot_rows = self.hot.iter().map(Hot::rows).sum::<usize>(),
            hot_bytes = self.shared.hot_memory().bytes,
            attempts = self.live.len(),
            attempt_bytes = self.live.bytes(),
            late = self.names.len(),
            "flushing to the lake"
        );
        self.jobs.start(Job::Flush(Flush { through: self.head, batches, stored: None }));
    }

    /// What a flush takes of the append-only tables.
    fn seal(&mut self) -> BTreeMap<LakeTable, Vec<RecordBatch>> {
        let hot = LakeTable::ALL.into_iter().zip(&mut self.hot);
        let append_only = hot.filter(|(table, _)| *table != LakeTable::Attempts);
        append_only.map(|(table, hot)| (table, hot.seal())).collect()
    }

    /// What a flush takes of the attempts.
    fn settled(&self) -> Vec<RecordBatch> {
        self.live.chunks().iter().map(|chunk| settled(&chunk.living_rows())).collect()
    }

    fn merge(&mut self) {
        self.publish();
        let through = self.head;
        let is_final = |key: &NodeKey| self.marks.get(key).is_some_and(|mark| mark.is_final);
        let rows = self.overlay.chunks().iter().map(|chunk| settled(&chunk.living_rows())).collect();
        let overlay = Overlay { hidden: self.hidden(is_final), rows };
        if overlay.hidden.is_empty() {
            self.merged_at = Instant::now();
        } else {
            self.jobs.start(Job::Merge(overlay, through));
        }
    }

    fn ended(&mut self, outcome: JobOutcome) {
        self.jobs.ended(&outcome);
        match outcome {
            JobOutcome::Flushed { through, flushed, is_complete } => {
                for table in LakeTable::ALL {
                    let hot = &mut self.hot[table as usize];
                    if flushed.contains(&table) { hot.drop_sealed() } else { hot.unseal() }
                }
                if flushed.len() == LakeTable::COUNT {
                    self.shared.flushed_through.store(through.0, Ordering::Release);
                }
                if !is_complete {
                    self.flush_again();
                }
                if flushed.contains(&LakeTable::Attempts) {
                    if let Some(replay) = &mut self.replay {
                        replay.stored.clear();
                    }
                    self.forget_flushed(through);
                    self.marks.forget(Done::Flushed(through));
                    self.shared.tell_done(Done::Flushed(through));
                }
            }
            JobOutcome::Merged(through) => {
                self.merged_at = Instant::now();
                for key in self.marks.forget(Done::Merged(through)) {
                    self.overlay.remove(&key.0);
                    self.names.remove(&key);
                }
                self.shared.tell_done(Done::Merged(through));
            }
            JobOutcome::Failed(JobKind::Flush) => {
                self.hot.iter_mut().for_each(Hot::unseal);
                self.flush_again();
            }
            JobOutcome::Failed(_) | JobOutcome::Maintained { .. } => {}
        }
        self.publish();
    }

    /// What a flush did not take has waited since before it, so the next one is due after the pause.
    fn flush_again(&mut self) {
        self.oldest_unflushed = self.oldest_sealed.take().or(self.oldest_unflushed);
    }

    /// Rows of entries that are in memory.
    fn rows_bytes(&self) -> usize {
        self.hot.iter().map(Hot::bytes).sum()
    }

    /// Counts what waits for files. Attempts that run, and late changes, are not in it: a flush does not end their
    /// waiting, and there are never more of them than rows that brought them. In a replay, those rows are not read yet.
    fn watch_memory(&self) {
        let before = self.shared.hot_memory();
        let attempts_bytes = if self.replay.is_some() { self.live.bytes() } else { 0 };
        let bytes = self.rows_bytes() + attempts_bytes;
        self.shared.hot_bytes.store(bytes, Ordering::Relaxed);
        let after = self.shared.hot_memory();
        match (before.is_full(), after.is_full()) {
            (false, true) => tracing::error!(
                bytes,
                bytes_max = after.bytes_max,
                reason = self.shared.report.load().failure_text(),
                "rows that wait for the lake's files take all the memory that they may (lake-memory): calls are throttled \
                 until a flush succeeds"
            ),
            (true, false) => tracing::info!(bytes, "the lake's files are written again: calls are taken"),
            (false, false) | (true, true) => {}
        }
    }

    /// Settled versions up to the watermark are in the files now.
    fn forget_flushed(&mut self, through: Offset) {
        let mut flushed: HashSet<[u8; 16]> = HashSet::new();
        for chunk in self.live.chunks() {
            let rows = chunk.rows();
            let settled = rows.column(LakeTable::Attempts.place("settled")).as_boolean();
            let offsets = rows.column(LakeTable::Attempts.place("_offset")).as_primitive::<Int64Type>();
            let is_in_files = |row: usize| {
                settled.value(row)
                    && u64::try_from(offsets.value(row)).is_ok_and(|offset| offset <= through.0)
            };
            flushed.extend(chunk.keys().filter(|(row, _)| is_in_files(*row)).map(|(_, key)| *key));
        }
        self.live.remove_all(|key| flushed.contains(key));
    }
}

fn put(live: &mut Live, changed: BTreeMap<NodeKey, (Offset, Attempt)>) {
    let mut rows = RowBuilder::new(LakeTable::Attempts);
    let mut keys = Vec::with_capacity(changed.len());
    for (key, (offset, attempt)) in changed {
        attempt_rows::push(&mut rows, &attempt, offset);
        keys.push(key.0);
    }
    live.put(rows.finish(), keys);
}

/// The rows of settled attempts.
fn settled(rows: &RecordBatch) -> RecordBatch {
    let settled = rows.column(LakeTable::Attempts.place("settled")).as_boolean();
    match settled.true_count() {
        count if count == settled.len() => rows.clone(),
        _ => filter_record_batch(rows, settled).unwrap_or_else(|_| rows.slice(0, 0)),
    }
}
