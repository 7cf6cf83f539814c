//! What is the state after this entry, and what do readers see of it?
//!
//! Owns the stream's state, the table of rows and the feed. Steps entries in order, keeps the answers of commands
//! for retries, commits state and applied offset in one atomic batch and publishes a view of the same instant.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;

use walletscope_journal::{Change, Read, Store, Table as StoreTable, decode, encode_derived};
use walletscope_model::{Batch, DerivedDatum, Offset, Timestamp};
use walletscope_stream::{Answer, AttemptChange, Effect, NodeKey, State};

use super::PipelineError;
use crate::lake::{Done, Mark, Marks};
use crate::state::{Disk, Known, Screened, each_row, restore, take_changes};
use crate::view::{FEED_MAX, FeedItem, Table, View};

/// Answers of commands kept for retries.
pub const ANSWERS_MAX: usize = 10_000;
/// Bytes of journal read at a time during recovery.
const RECOVERY_BYTES: usize = 8 * 1024 * 1024;

/// Owns everything that follows from the journal.
pub struct Applier<S: Store> {
    store: S,
    state: State<Screened<S::Snapshot>>,
    table: Table,
    feed: VecDeque<Arc<FeedItem>>,
    feed_sequence: u64,
    answers: BTreeMap<Offset, Answer>,
    new_answers: Vec<(Offset, Answer)>,
    /// For the lake, where there is one: what its files do not hold, and what changed with the newest entry.
    lake: Option<LakeSide>,
    view_sequence: u64,
    dictionary: Arc<walletscope_stream::Dictionary>,
    dictionary_len: usize,
}

/// What the applier does for the lake.
#[derive(Default)]
struct LakeSide {
    marks: Marks,
    changed_marks: BTreeSet<NodeKey>,
    followed: Followed,
    /// Entries with derived data that the files may lack, and what of them is to be written down.
    derived: BTreeSet<Offset>,
    new_derived: Vec<(Offset, Option<Vec<u8>>)>,
}

/// What follows from an entry, for the lake.
#[derive(Debug, Default)]
pub struct Followed {
    /// How attempts changed.
    pub changes: Vec<AttemptChange>,
    /// Metric data that nobody sent.
    pub derived: Vec<DerivedDatum>,
}

/// What recovery found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    /// The append time of the newest entry; zero for an empty journal.
    pub newest: Timestamp,
    /// Entries that were stepped again.
    pub replayed: u64,
}

impl<S: Store> Applier<S> {
    /// Restores the state and steps what the journal holds beyond it.
    ///
    /// # Errors
    /// The store failed, or holds what this version cannot read.
    pub fn open(store: S) -> Result<(Self, Started), PipelineError> {
        Self::open_for(store, false)
    }

    /// As [`open`](Self::open), and `with_lake` keeps the marks that a lake needs.
    ///
    /// # Errors
    /// The store failed, or holds what this version cannot read.
    pub fn open_for(store: S, with_lake: bool) -> Result<(Self, Started), PipelineError> {
        let snapshot = store.snapshot();
        let is_empty = snapshot.applied()? == Offset(0);
        let state = restore(&snapshot, Screened::new(Disk(snapshot.clone()), is_empty))?;
        let mut table = Table::default();
        each_row(&snapshot, |row| table.change(None, Some(&row)))?;
        let mut applier = Self {
            store,
            table,
            feed: VecDeque::new(),
            feed_sequence: 0,
            answers: read_answers(&snapshot)?,
            new_answers: Vec::new(),
            lake: if with_lake { Some(read_marks(&snapshot)?) } else { None },
            view_sequence: 0,
            dictionary: Arc::new(state.dictionary.clone()),
            dictionary_len: usize::MAX,
            state,
        };
        let replayed = applier.replay()?;
        let newest = applier.state.clock.now;
        Ok((applier, Started { newest, replayed }))
    }

    /// Steps the entry at `offset`; the answer, if it is a command.
    ///
    /// # Errors
    /// The state could not be read: the process must stop.
    pub fn apply(&mut self, offset: Offset, batch: &Batch) -> Result<Option<Answer>, PipelineError> {
        let mut answer = None;
        for effect in self.state.step(offset, batch)? {
            match effect {
                Effect::Derived(derived) => {
                    if let Some(lake) = &mut self.lake {
                        lake.new_derived.push((offset, Some(encode_derived(&derived))));
                        lake.derived.insert(offset);
                        lake.followed.derived = derived;
                    }
                }
                Effect::Answer(step) => {
                    answer = Some(step);
                    self.answers.insert(offset, step);
                    self.new_answers.push((offset, step));
                }
                Effect::Attempt(change) => {
                    let change = *change;
                    self.show(&change);
                    if let Some(lake) = &mut self.lake {
                        lake.changed_marks.extend(lake.marks.note(offset, &change));
                        lake.followed.changes.push(change);
                    }
                }
            }
        }
        Ok(answer)
    }

    /// The answer that the command at `offset` got; `None` once it is forgotten.
    pub fn answer(&self, offset: Offset) -> Option<Answer> {
        self.answers.get(&offset).copied()
    }

    /// Writes down what changed, in one atomic batch with the applied offset.
    ///
    /// # Errors
    /// The store failed and is poisoned.
    pub fn commit(&mut self) -> Result<(), PipelineError> {
        if self.store.applied() == self.state.applied {
            return Ok(());
        }
        let mut batch = take_changes(&mut self.state);
        for (offset, answer) in self.new_answers.drain(..) {
            let key = offset.0.to_be_bytes().to_vec();
            batch.push(Change::Put { table: StoreTable::Outbox, key, value: vec![answer as u8] });
        }
        while self.answers.len() > ANSWERS_MAX
            && let Some((offset, _)) = self.answers.pop_first()
        {
            batch.push(Change::Delete { table: StoreTable::Outbox, key: offset.0.to_be_bytes().to_vec() });
        }
        if let Some(lake) = &mut self.lake {
            batch.extend(
                std::mem::take(&mut lake.changed_marks).into_iter().map(|key| mark_change(&lake.marks, key)),
            );
            batch.extend(lake.new_derived.drain(..).map(|(offset, data)| derived_change(offset, data)));
        }
        self.store.commit(batch, self.state.applied)?;
        self.state.backing_mut().turn_to(self.store.snapshot());
        self.state.forget_unused();
        Ok(())
    }

    /// What the lake has done needs no mark any more, and deletions that it has followed need not be known; written down
    /// with the next commit.
    pub fn note_done(&mut self, done: impl IntoIterator<Item = Done>) {
        let Some(lake) = &mut self.lake else { return };
        for done in done {
            if let Done::Purged(through) = done {
                self.state.catalog.forget_deletions(through);
            }
            lake.changed_marks.extend(lake.marks.forget(done));
        }
    }

    /// Derived data of entries up to this one are in the lake's files; they go with the next commit.
    pub fn forget_derived(&mut self, through: Offset) {
        let Some(lake) = &mut self.lake else { return };
        while let Some(offset) = lake.derived.first().copied().filter(|offset| *offset <= through) {
            lake.derived.pop_first();
            lake.new_derived.push((offset, None));
        }
    }

    /// What followed since the last call; nothing without a lake.
    pub fn take_followed(&mut self) -> Followed {
        self.lake.as_mut().map(|lake| std::mem::take(&mut lake.followed)).unwrap_or_default()
    }

    /// What the lake's files do not hold.
    pub fn marks(&self) -> Marks {
        self.lake.as_ref().map(|lake| lake.marks.clone()).unwrap_or_default()
    }

    /// What readers see from now on; commit first.
    pub fn publish(&mut self) -> View {
        self.view_sequence += 1;
        let dictionary_len: usize = walletscope_stream::Dimension::ALL
            .iter()
            .map(|each| self.state.dictionary.values(*each).len())
            .sum();
        if dictionary_len != self.dictionary_len {
            self.dictionary = Arc::new(self.state.dictionary.clone());
            self.dictionary_len = dictionary_len;
        }
        View {
            sequence: self.view_sequence,
            applied: self.state.applied,
            clock: self.state.clock.clone(),
            rows: self.table.publish(),
            dictionary: self.dictionary.clone(),
            active_tokens: Arc::new(self.state.active_tokens.clone()),
            sources: Arc::new(self.state.sources.clone()),
            series: self.state.metric_series.index().clone(),
            feed: self.feed.iter().cloned().collect(),
            disk: crate::view::SharedRead(Arc::new(self.state.backing().disk().clone())),
        }
    }

    /// What reads the ids of before this start, on another thread and until it is told to stop; nothing where there
    /// are none. New ids cost less as soon as it is done.
    pub fn reads_known_ids(&self) -> Option<impl FnOnce(&AtomicBool) + Send + 'static> {
        let backing = self.state.backing();
        if backing.is_complete() {
            return None;
        }
        let (send, ids) = channel();
        backing.await_ids(ids);
        let snapshot = backing.disk().clone();
        Some(move |stops: &AtomicBool| match Known::read(&snapshot, || stops.load(Ordering::Relaxed)) {
            // Nobody waits any more where the applier has ended.
            Ok(Some(known)) => drop(send.send(known)),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "known ids could not be read; every new id asks the store"),
        })
    }

    /// The stream's state, for the catalog, the next timer and tests.
    pub fn state(&self) -> &State<Screened<S::Snapshot>> {
        &self.state
    }

    /// The stream's state; tests read through its caches.
    pub fn state_mut(&mut self) -> &mut State<Screened<S::Snapshot>> {
        &mut self.state
    }

    fn show(&mut self, change: &AttemptChange) {
        if change.old != change.new {
            self.table.change(change.old.as_ref(), change.new.as_ref());
        }
        let outcome = |row: &Option<walletscope_stream::Row>| row.map(|row| row.outcome);
        let (Some(attempt), true) = (&change.attempt, outcome(&change.old) != outcome(&change.new)) else {
            return;
        };
        self.feed_sequence += 1;
        if self.feed.len() == FEED_MAX {
            self.feed.pop_front();
        }
        self.feed.push_back(Arc::new(FeedItem {
            sequence: self.feed_sequence,
            at: self.state.clock.now,
            attempt: attempt.clone(),
        }));
    }

    fn replay(&mut self) -> Result<u64, PipelineError> {
        let mut replayed = 0;
        loop {
            let entries = self.store.entries(Offset(self.state.applied.0 + 1), RECOVERY_BYTES)?;
            if entries.is_empty() {
                break;
            }
            for (offset, bytes) in entries {
                let batch = decode(&bytes)
                    .map_err(|error| PipelineError::Entry { offset, reason: error.to_string() })?;
                self.apply(offset, &batch)?;
                // What follows for the lake is read from the state when it starts.
                drop(self.take_followed());
                replayed += 1;
            }
            self.commit()?;
        }
        Ok(replayed)
    }
}

fn read_answers(read: &impl Read) -> Result<BTreeMap<Offset, Answer>, PipelineError> {
    use std::ops::{Bound, ControlFlow};
    let mut answers = BTreeMap::new();
    let all = (Bound::Unbounded, Bound::Unbounded);
    read.scan(StoreTable::Outbox, all, walletscope_journal::Direction::Forward, &mut |key, value| {
        let answer =
            value.first().and_then(|number| Answer::ALL.into_iter().find(|each| *each as u8 == *number));
        if let (Ok(offset), Some(answer)) = (<[u8; 8]>::try_from(key), answer) {
            answers.insert(Offset(u64::from_be_bytes(offset)), answer);
        }
        ControlFlow::Continue(())
    })?;
    Ok(answers)
}

fn mark_change(marks: &Marks, key: NodeKey) -> Change {
    let (table, key_bytes) = (StoreTable::LakeMarks, key.0.to_vec());
    match marks.get(&key) {
        Some(mark) => Change::Put { table, key: key_bytes, value: mark.encode() },
        None => Change::Delete { table, key: key_bytes },
    }
}

fn derived_change(offset: Offset, data: Option<Vec<u8>>) -> Change {
    let (table, key) = (StoreTable::DerivedData, offset.0.to_be_bytes().to_vec());
    match data {
        Some(value) => Change::Put { table, key, value },
        None => Change::Delete { table, key },
    }
}

fn read_marks(read: &impl Read) -> Result<LakeSide, PipelineError> {
    use std::ops::{Bound, ControlFlow};
    let mut side = LakeSide::default();
    let mut is_damaged = false;
    let all = (Bound::Unbounded, Bound::Unbounded);
    read.scan(StoreTable::LakeMarks, all, walletscope_journal::Direction::Forward, &mut |key, value| {
        match (<[u8; 16]>::try_from(key), Mark::decode(value)) {
            (Ok(key), Some(mark)) => side.marks.restore(NodeKey(key), mark),
            _ => is_damaged = true,
        }
        ControlFlow::Continue(())
    })?;
    read.scan(StoreTable::DerivedData, all, walletscope_journal::Direction::Forward, &mut |key, _| {
        match <[u8; 8]>::try_from(key) {
            Ok(offset) => drop(side.derived.insert(Offset(u64::from_be_bytes(offset)))),
            Err(_) => is_damaged = true,
        }
        ControlFlow::Continue(())
    })?;
    if is_damaged {
        let reason = "the marks of the lake hold what this version cannot read".to_owned();
        return Err(PipelineError::State(walletscope_stream::BackingError(reason)));
    }
    Ok(side)
}
