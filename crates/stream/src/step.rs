//! What follows from this entry?
//!
//! `step` is the product's one decision loop: it takes the state and the next journal entry and leaves the state
//! after it, with the effects for views and for the caller that waits. It reads no clock: an entry's append time is
//! the tick. The same entries give the same state and the same effects, wherever they run.

use std::collections::BTreeMap;

use walletscope_model::contract::{EventKind, Field};
use walletscope_model::{
    Attempt, Batch, Body, Command, DerivedDatum, Gap, IdKind, LogEvent, Offset, Origin, Provenance, Timestamp,
};

use crate::attempt::fold;
use crate::catalog::Answer;
use crate::fields::Fields;
use crate::identity::{Ids, Roots};
use crate::interpret::{Said, What, interpret};
use crate::node::{ContentHash, Evidence, Node, NodeKey, Observation, OriginCodes};
use crate::row::{Dimension, Row};
use crate::signals::{Witness, of_audit, of_span};
use crate::state::{Backing, BackingError, State};
use crate::token::asserted_state;
use crate::window::EVICTED_PER_STEP_MAX;
use crate::{emf, lambda_line};

/// Something outside the state that follows from an entry, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// An attempt came, changed or went.
    Attempt(Box<AttemptChange>),
    /// A command's result, for the caller that waits.
    Answer(Answer),
    /// Metric data that nobody sent.
    Derived(Vec<DerivedDatum>),
}

/// A change of one attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct AttemptChange {
    /// How it was counted; equal to `new` where only what is not counted changed.
    pub old: Option<Row>,
    /// How it is counted.
    pub new: Option<Row>,
    /// The attempt, where it still is one.
    pub attempt: Option<Attempt>,
    /// It left the state by age; its numbers stay counted.
    pub evicted: bool,
}

impl<B: Backing> State<B> {
    /// Steps the entry at `offset`, which must be the next one.
    ///
    /// # Errors
    /// The state could not be read; the state in memory is then undefined and must be dropped.
    pub fn step(&mut self, offset: Offset, batch: &Batch) -> Result<Vec<Effect>, BackingError> {
        assert_eq!(offset.0, self.applied.0 + 1, "entries are stepped in order, each once");
        let mut effects = Vec::new();
        let previous = self.clock.now;
        self.clock.now = previous.max(batch.appended_at);
        self.clock_changed = true;
        if let Body::Gap(gap) = &batch.body {
            self.stand_still(*gap);
        }
        // Before the entry counts: they are of the minutes before it.
        let silences = self.sources.silences(previous, &self.clock, &batch.body);
        if matches!(batch.body, Body::Logs(_) | Body::Metrics(_) | Body::Spans(_) | Body::Audit(_)) {
            self.clock.newest_arrival = Some(self.clock.now);
            self.sources.note(batch, self.clock.now);
        }
        self.count_active_tokens(previous)?;
        self.fire_timers()?;
        let mut derived = silences;
        derived.extend(self.catalog.metric_filters.fire(self.clock.now));
        match &batch.body {
            Body::Logs(logs) => {
                self.catalog.note_events(&batch.origin, logs, batch.appended_at);
                derived.extend(self.catalog.metric_filters.data(&batch.origin, logs, self.clock.now));
                for event in &logs.events {
                    self.derive_from_content(&batch.origin.source, &logs.group, event, &mut derived);
                }
                let codes = self.codes_of(&batch.origin);
                for (index, event) in logs.events.iter().enumerate() {
                    self.log_event(&batch.origin, event, Place::new(offset, index, codes))?;
                }
            }
            Body::Spans(spans) => {
                let codes = self.codes_of(&batch.origin);
                for (index, span) in spans.iter().enumerate() {
                    let said = of_span(span, &self.clock.rules.placeholders);
                    self.witness(&batch.origin, &said, Place::new(offset, index, codes))?;
                }
            }
            Body::Audit(events) => {
                let codes = self.codes_of(&batch.origin);
                for (index, event) in events.iter().enumerate() {
                    let said = of_audit(event, &self.clock.rules.placeholders);
                    self.witness(&batch.origin, &said, Place::new(offset, index, codes))?;
                }
            }
            Body::Command(command) => {
                if let Command::SetRules(rules) = command {
                    self.clock.set_rules(rules.clone(), offset);
                }
                let answer = self.catalog.step(&batch.origin, command, batch.appended_at, offset);
                effects.push(Effect::Answer(answer));
            }
            Body::BackfillEnd => self.end_backfill(&batch.origin),
            Body::Metrics(_) | Body::Tick | Body::Gap(_) => {}
        }
        self.count_data(&batch.origin, &batch.body, &derived)?;
        if !derived.is_empty() {
            effects.push(Effect::Derived(derived));
        }
        self.settle_dirty(&mut effects)?;
        self.evict(previous, &mut effects)?;
        self.applied = offset;
        Ok(effects)
    }

    /// When the next attempt changes, or the next metric datum follows, by time alone: within a minute while there are
    /// sources.
    pub fn next_due(&self) -> Option<Timestamp> {
        let attempt = self.timers.first().map(|(due, _)| *due);
        let others = [self.catalog.metric_filters.next_due(), self.sources.next_due(&self.clock)];
        attempt.into_iter().chain(others.into_iter().flatten()).min()
    }

    /// Metric data that a log event itself tells: in the embedded metric format, or as Lambda's platform.
    fn derive_from_content(
        &mut self,
        source: &str,
        group: &str,
        event: &LogEvent,
        derived: &mut Vec<DerivedDatum>,
    ) {
        let with = |provenance| move |datum| DerivedDatum { datum, provenance, origin: None };
        if let Some(emf) = emf::read(&event.message) {
            self.sources.note_emf(source, &emf, self.clock.now);
            derived.extend(emf.data.into_iter().map(with(Provenance::Embedded)));
        }
        if let Some(line) = lambda_line::read(&event.message) {
            let data = lambda_line::data(&line, group, event.timestamp);
            derived.extend(data.into_iter().map(with(Provenance::Lambda)));
        }
    }

    fn log_event(&mut self, origin: &Origin, event: &LogEvent, at: Place) -> Result<(), BackingError> {
        let mut said = interpret(&event.message, &self.clock.rules.placeholders);
        self.sources.note_event(&origin.source, event, &said, self.clock.now);
        forget_later_invocation(&mut said);
        if said.ids.iter().all(Option::is_none) {
            return Ok(());
        }
        let hash = ContentHash::of_log(event.timestamp, &event.message);
        let is_lifecycle = matches!(said.what, What::Event(EventKind::Lifecycle(_)));
        let ids = Ids::new(&origin.tenant, said.ids.each_ref().map(|id| id.as_deref()));
        let evidence = self.evidence(event, &said, hash, at);
        // Lifecycle events change the token, never the attempt: they are kept at the token's node alone.
        let is_new = if is_lifecycle { true } else { self.place(&ids, evidence)? };
        if let (true, Some(reference), Some(state)) =
            (is_new, ids.value(IdKind::TokenReference), asserted_state(&said))
        {
            let observation = Observation {
                time: event.timestamp,
                hash,
                state,
                event: crate::token::event_name(said.what).into(),
                reason: field(&said, Field::ReasonCode).map(Into::into),
                offset: at.offset,
                index: at.index,
            };
            self.observe(&origin.tenant, reference, observation)?;
        }
        Ok(())
    }

    /// Joins a record of another signal; without an id it is nobody's.
    fn witness(&mut self, origin: &Origin, said: &Witness<'_>, at: Place) -> Result<(), BackingError> {
        let evidence = Evidence {
            time: said.time,
            hash: said.hash,
            arrival: self.clock.now,
            origin: at.origin,
            offset: at.offset,
            index: at.index,
            what: said.what,
            fields: Fields::default(),
            content: None,
        };
        self.place(&Ids::new(&origin.tenant, said.ids), evidence).map(drop)
    }

    fn evidence(&self, event: &LogEvent, said: &Said<'_>, hash: ContentHash, at: Place) -> Evidence {
        let is_event = matches!(said.what, What::Event(_));
        let is_start = said.what == What::Event(EventKind::Stage(walletscope_model::Stage::Started));
        let request = said.ids[IdKind::Request as usize].as_deref().filter(|_| is_start);
        let request = request.map(|request| (Field::RequestId, request));
        let carried = said.fields.iter().map(|(field, value)| (*field, &**value));
        let fields =
            if is_event { Fields::of(request.into_iter().chain(carried)) } else { Fields::default() };
        let is_other_end =
            matches!(said.what, What::Crash | What::Event(EventKind::Failure | EventKind::Abandoned));
        Evidence {
            time: event.timestamp,
            hash,
            arrival: self.clock.now,
            origin: at.origin,
            offset: at.offset,
            index: at.index,
            what: said.what,
            fields,
            content: is_other_end.then(|| event.message.clone()),
        }
    }

    fn codes_of(&mut self, origin: &Origin) -> OriginCodes {
        let mut code =
            |dimension, text: &str| self.dictionary.code(dimension, (!text.is_empty()).then_some(text));
        OriginCodes {
            account: code(Dimension::Account, &origin.account),
            region: code(Dimension::Region, &origin.region),
            source: code(Dimension::Source, &origin.source),
        }
    }

    fn fire_timers(&mut self) -> Result<(), BackingError> {
        while let Some((due, key)) = self.timers.first().copied() {
            if due > self.clock.now {
                break;
            }
            self.set_timer(Some(due), None, key);
            if let Some(node) = self.node_mut(key)? {
                node.due = None;
            }
            self.due_attempts.push(key);
        }
        Ok(())
    }

    /// The product did not run: every wait is that much longer.
    fn stand_still(&mut self, gap: Gap) {
        self.clock.add_gap(gap);
        let open = self.timers.iter().map(|(_, key)| *key);
        self.due_attempts.extend(open);
    }

    /// The history of a source is complete: its open attempts are judged by their own times.
    fn end_backfill(&mut self, origin: &Origin) {
        let source = self.codes_of(origin).source;
        self.clock.backfill_ended.insert(source, self.clock.now);
        let open = self.timers.iter().map(|(_, key)| *key);
        self.due_attempts.extend(open);
    }

    /// Folds what changed, attempts before tokens, each in key order.
    fn settle_dirty(&mut self, effects: &mut Vec<Effect>) -> Result<(), BackingError> {
        let changed = take_sorted(&mut self.dirty_attempts);
        let mut keys = std::mem::take(&mut self.due_attempts);
        keys.extend(&changed);
        for key in take_sorted(&mut keys) {
            let has_new_records = changed.binary_search(&key).is_ok();
            if let Some(change) = self.refold(key, has_new_records)? {
                effects.push(Effect::Attempt(Box::new(change)));
            }
        }
        for key in take_sorted(&mut self.dirty_tokens) {
            self.recount_token(key)?;
        }
        Ok(())
    }

    fn refold(&mut self, key: NodeKey, has_new_records: bool) -> Result<Option<AttemptChange>, BackingError> {
        let is_attempt = self.roots(key)? == Roots::One(key);
        let members = if is_attempt { self.members(key)? } else { vec![key] };
        let clock = std::mem::take(&mut self.clock);
        let folded = self.gather(key, &members)?.and_then(|gathered| fold(&gathered, &clock));
        self.clock = clock;
        let Some(node) = self.node(key)? else { return Ok(None) };
        let (old, old_due) = (node.row, node.due);
        let (attempt, due) = folded.map_or((None, None), |folded| (Some(folded.attempt), folded.due));
        let new = attempt.as_ref().map(|attempt| Row::of(key, attempt, &mut self.dictionary));
        if old.is_none() && new.is_none() {
            self.note_loose_end(key)?;
        }
        // Columns that no row has may have changed with the records.
        let is_changed = old != new || (has_new_records && new.is_some());
        if !is_changed && old_due == due {
            return Ok(None);
        }
        self.set_timer(old_due, due, key);
        if let Some(node) = self.node_mut(key)? {
            node.row = new;
            node.due = due;
        }
        if !is_changed {
            return Ok(None);
        }
        if old == new {
            return Ok(Some(AttemptChange { old, new, attempt, evicted: false }));
        }
        self.count_row(old.as_ref(), new.as_ref())?;
        self.count_points(old.as_ref(), new.as_ref())?;
        self.note_row(old.as_ref(), new.as_ref());
        self.mark_moved_tokens(&members, old.as_ref(), new.as_ref())?;
        Ok(Some(AttemptChange { old, new, attempt, evicted: false }))
    }

    fn note_row(&mut self, old: Option<&Row>, new: Option<&Row>) {
        if let Some(old) = old {
            self.row_changes.insert((old.started_at, old.key), None);
        }
        if let Some(new) = new {
            self.row_changes.insert((new.started_at, new.key), Some(*new));
        }
    }

    /// Remembers an id whose records make no attempt (a function of somebody else's, usually), so that it leaves the
    /// state by age like everything else.
    fn note_loose_end(&mut self, key: NodeKey) -> Result<(), BackingError> {
        let Some(node) = self.node(key)? else { return Ok(()) };
        if let Some(first) = node.evidence.iter().map(|record| record.arrival).min() {
            self.loose_end_changes.insert((first, key), true);
        }
        Ok(())
    }

    /// Forgets old ids that still make no attempt and are nobody's alias.
    fn evict_loose_ends(&mut self, before: Timestamp) -> Result<(), BackingError> {
        let changed = self.loose_end_changes.range(..(before, NodeKey::default())).count();
        let stored = self.backing.oldest_loose_ends(before, EVICTED_PER_STEP_MAX + changed)?;
        let changes = self.loose_end_changes.iter().map(|(key, kept)| (*key, kept.then_some(*key))).collect();
        for (first, key) in oldest(stored.into_iter().map(|key| (key, key)), &changes, before) {
            self.loose_end_changes.insert((first, key), false);
            let is_own = self.roots(key)? == Roots::One(key);
            if is_own && self.node(key)?.is_some_and(|node| node.row.is_none() && node.due.is_none()) {
                self.forget_members(key)?;
            }
        }
        Ok(())
    }

    /// Tokens are counted under their attempt's wallet and issuer.
    fn mark_moved_tokens(
        &mut self,
        members: &[NodeKey],
        old: Option<&Row>,
        new: Option<&Row>,
    ) -> Result<(), BackingError> {
        let place_of = |row: Option<&Row>| row.map_or((0, 0), |row| (row.wallet, row.issuer));
        let place = place_of(new);
        if place_of(old) == place {
            return Ok(());
        }
        for member in members {
            let Some(node) = self.node(*member)? else { continue };
            let share = &node.token_share;
            if node.kind == IdKind::TokenReference && (share.wallet, share.issuer) != place {
                self.dirty_tokens.push(*member);
            }
        }
        Ok(())
    }

    /// Settled attempts beyond the state's retention leave it; windows and tokens keep what they counted.
    /// Which ones leave is decided from the state alone, committed or not, and when from the journal's time.
    fn evict(&mut self, previous: Timestamp, effects: &mut Vec<Effect>) -> Result<(), BackingError> {
        const EVICTION_PERIOD_SECONDS: i64 = 1;
        let now = self.clock.now;
        let second = |at: Timestamp| at.floor_seconds(EVICTION_PERIOD_SECONDS);
        if second(now) <= second(previous) {
            return Ok(());
        }
        self.evict_windows()?;
        self.evict_metric_seconds()?;
        self.keep_metrics()?;
        let before = now.plus(walletscope_model::Duration(-self.clock.rules.evict_after.0));
        self.evict_loose_ends(before)?;
        let arrived_before = now.plus(walletscope_model::Duration(-KEPT_AFTER_ARRIVAL.0));
        let changed = self.row_changes.range(..(before, NodeKey::default())).count();
        let stored = self.backing.oldest_rows(before, EVICTED_PER_STEP_MAX + changed)?;
        let stored = stored.into_iter().map(|row| ((row.started_at, row.key), row));
        for row in oldest(stored, &self.row_changes, before) {
            if !row.flags.settled || row.first_arrival > arrived_before {
                continue;
            }
            self.forget_members(row.key)?;
            self.row_changes.insert((row.started_at, row.key), None);
            let change = AttemptChange { old: Some(row), new: None, attempt: None, evicted: true };
            effects.push(Effect::Attempt(Box::new(change)));
        }
        Ok(())
    }

    /// Forgets an id and everything that resolves to it; tokens keep their own life, and an attempt's name stays closed.
    fn forget_members(&mut self, named: NodeKey) -> Result<(), BackingError> {
        for member in self.members(named)? {
            let backing = &self.backing;
            let slot = self.nodes.get_mut(member, |key| backing.node(key))?;
            match slot {
                Some(node) if node.kind == IdKind::TokenReference => {
                    node.parents.clear();
                    node.evidence.clear();
                }
                Some(node) if node.closed || node.row.is_some() => **node = Node::closed(node.kind),
                slot => *slot = None,
            }
        }
        Ok(())
    }
}

/// Attempts stay in the state this long after they arrived, however old they are: a history that is read in is in the
/// lake's files long before.
pub const KEPT_AFTER_ARRIVAL: walletscope_model::Duration = walletscope_model::Duration::from_seconds(86_400);

/// Where a record stands in the journal, and where it came from.
#[derive(Clone, Copy)]
struct Place {
    offset: Offset,
    index: u32,
    origin: OriginCodes,
}

impl Place {
    fn new(offset: Offset, index: usize, origin: OriginCodes) -> Self {
        Self { offset, index: u32::try_from(index).unwrap_or(u32::MAX), origin }
    }
}

/// A first tap or an activation without a correlation id joins by the token that provisioning made. Its request and
/// trace ids are those of an invocation of its own: as the stronger ids they would make an attempt of their own and
/// claim the token for it, so that the token led to two attempts and the record to neither. They cannot be asserted for
/// the token instead: a provisioning record may assert the token for the same request, and roots would run in a circle.
fn forget_later_invocation(said: &mut Said<'_>) {
    use walletscope_model::Stage;
    let is_later = matches!(said.what, What::Event(EventKind::Stage(Stage::Activated | Stage::FirstTap)));
    let has = |kind: IdKind| said.ids[kind as usize].is_some();
    if is_later && has(IdKind::TokenReference) && !has(IdKind::Correlation) {
        said.ids[IdKind::Request as usize] = None;
        said.ids[IdKind::Trace as usize] = None;
    }
}

fn field<'a>(said: &'a Said<'_>, wanted: Field) -> Option<&'a str> {
    said.fields.iter().find(|(field, _)| *field == wanted).map(|(_, value)| &**value)
}

/// The oldest of what is stored and what changed since, a bounded number.
fn oldest<T: Copy>(
    stored: impl Iterator<Item = ((Timestamp, NodeKey), T)>,
    changes: &BTreeMap<(Timestamp, NodeKey), Option<T>>,
    before: Timestamp,
) -> Vec<T> {
    let mut all: BTreeMap<_, _> = stored.map(|(key, value)| (key, Some(value))).collect();
    all.extend(changes.range(..(before, NodeKey::default())).map(|(key, value)| (*key, *value)));
    all.into_values().flatten().take(EVICTED_PER_STEP_MAX).collect()
}

fn take_sorted(keys: &mut Vec<NodeKey>) -> Vec<NodeKey> {
    let mut keys = std::mem::take(keys);
    keys.sort_unstable();
    keys.dedup();
    keys
}
