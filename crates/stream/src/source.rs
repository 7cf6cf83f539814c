//! How well does each source tell what it should?
//!
//! Counts by the name of the key or door that brought the records: how many, how recent, how many of them the join can
//! use, and what its developers would want to know (names that no contract has, ids that are missing, one word in two
//! spellings, clocks that are off). What can be mended is counted over the newest hours alone, by [`Tally`], so that it
//! is forgotten once it is mended. Everything has a bound; what is beyond it is counted and not named.

pub mod silence;
mod tally;
mod times;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use walletscope_model::contract::{EventKind, Field};
use walletscope_model::{Batch, Body, Duration, IdKind, LogEvent, Stage, Timestamp};

use self::tally::count_name;
pub use self::tally::{HOURS, Tally};
pub(crate) use self::times::begins_with_date;
pub use self::times::{TimeForm, TimePlace};
use self::times::{half_hours, is_seconds_as_millis};
use crate::clock::Clock;
use crate::emf::{Emf, Fault};
use crate::interpret::{Said, What};

/// Sources that are counted; more are not.
pub const SOURCES_MAX: usize = 1_000;
/// Unknown event names of a source that are named.
pub const UNKNOWN_EVENTS_MAX: usize = 20;
/// Spellings of a source's field that are named.
pub const SPELLINGS_MAX: usize = 100;
/// Longer names are not named.
const NAME_BYTES_MAX: usize = 64;
/// Messages of a source whose time is looked at in a minute.
pub const TIMES_PER_MINUTE_MAX: u32 = 100;
/// Minutes whose rate is kept.
pub const MINUTES: usize = 60;
/// An event that arrives so much after its time is late.
pub const LATE_AFTER: Duration = Duration::from_seconds(15 * 60);
/// An event that arrives so much before its time comes from a clock that is ahead.
pub const AHEAD_BY: Duration = Duration::from_seconds(60);
/// A source that brought nothing for so long is silent.
pub const SILENT_AFTER: Duration = Duration::from_seconds(10 * 60);
const MINUTE: Duration = Duration::from_seconds(60);
/// Dimensions in which two spellings of one word split numbers.
const SPELLED: [Field; 3] = [Field::Wallet, Field::Issuer, Field::Network];

/// What is counted of a source over the newest [`HOURS`] hours, each by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Log events.
    LogEvents,
    /// Log events that are events of the contract.
    ContractEvents,
    /// Of those, how many have no id at all: they join nothing.
    WithoutId,
    /// Of those, how many have no correlation id and do not follow on a token that they name.
    WithoutCorrelationId,
    /// Starts without wallet or issuer.
    WithoutDimensions,
    /// Log events in which the guard cut a card number.
    Guarded,
    /// Events that arrived late, by [`LATE_AFTER`].
    Late,
    /// Events that are ahead of their arrival, by [`AHEAD_BY`].
    Ahead,
    /// Events whose unknown name is not among those that are named.
    UnknownBeyond,
    /// Log events in embedded metric format.
    EmfDocuments,
    /// Of those, how many have a part that gives no metric.
    EmfFaulty,
    /// Events and metrics of January 1970: seconds that were sent where milliseconds are meant.
    SecondsForMillis,
}

/// One kind of problem in messages in embedded metric format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EmfProblem {
    /// How often lately.
    pub tally: Tally,
    /// The first of its newest hour: place, what is wrong and a name, nothing else of the message.
    pub example: Box<str>,
}

/// What one source has brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceStats {
    /// When the first entry arrived.
    pub first_seen: Timestamp,
    /// When the newest entry arrived.
    pub last_seen: Timestamp,
    /// Whose it is.
    pub tenant: Box<str>,
    /// Log events, since it was first seen.
    pub log_events: u64,
    /// Metric data, since it was first seen.
    pub metric_data: u64,
    /// Spans, since it was first seen.
    pub spans: u64,
    /// Audit events, since it was first seen.
    pub audit_events: u64,
    /// From the newest log event's time to its arrival.
    pub delay: Duration,
    /// Lately, by [`Count`]'s number.
    pub counts: [Tally; Count::COUNT],
    /// Event names that the contract does not know, and how often each came lately.
    pub unknown_events: BTreeMap<Box<str>, Tally>,
    /// By field and spelling, how often lately.
    pub spellings: BTreeMap<Field, BTreeMap<Box<str>, Tally>>,
    /// What messages in embedded metric format had lately that gives no metric.
    pub emf_problems: BTreeMap<Fault, EmfProblem>,
    /// Where and in which form messages told their time lately, of those that were looked at.
    pub times: BTreeMap<(TimePlace, TimeForm), Tally>,
    /// The newest minute in which such a time was looked at, and how many were.
    pub times_of_minute: (Timestamp, u32),
    /// From the time that the newest message with one tells to its event's time.
    pub message_delay: Option<Duration>,
    /// Messages whose time was lately half hours away from their event's: how many half hours, positive where the
    /// message's is behind.
    pub message_zones: BTreeMap<i8, Tally>,
    /// Events whose time was lately half hours away from their arrival: how many half hours, positive where the event's
    /// is behind.
    pub arrival_zones: BTreeMap<i8, Tally>,
    /// Records of the newest minutes: the minute's start, how many.
    pub minutes: BTreeMap<Timestamp, u64>,
}

/// A word of a dimension that came lately in several spellings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift<'a> {
    /// The dimension.
    pub field: Field,
    /// How often each came.
    pub spellings: Vec<(&'a str, u64)>,
    /// When it came last in another spelling than its newest.
    pub last_at: Timestamp,
}

/// Every source by name.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Shared with published copies: only what has changed is copied.
    by_name: BTreeMap<Box<str>, Arc<SourceStats>>,
    changed: BTreeSet<Box<str>>,
}

impl Sources {
    /// Every source, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &SourceStats)> {
        self.by_name.iter().map(|(name, stats)| (&**name, &**stats))
    }

    /// Restores at start.
    pub fn restore(&mut self, name: Box<str>, stats: SourceStats) {
        self.by_name.insert(name, Arc::new(stats));
    }

    /// What changed since the last call.
    pub fn take_changes(&mut self) -> Vec<(Box<str>, Arc<SourceStats>)> {
        let changed = std::mem::take(&mut self.changed).into_iter();
        changed.filter_map(|name| Some((name.clone(), self.by_name.get(&name)?.clone()))).collect()
    }

    /// Counts an entry; log events besides one by one, by [`Self::note_event`].
    pub(crate) fn note(&mut self, batch: &Batch, now: Timestamp) {
        let (count, field): (usize, fn(&mut SourceStats) -> &mut u64) = match &batch.body {
            Body::Logs(logs) => (logs.events.len(), |stats| &mut stats.log_events),
            Body::Metrics(metrics) => (metrics.data.len(), |stats| &mut stats.metric_data),
            Body::Spans(spans) => (spans.len(), |stats| &mut stats.spans),
            Body::Audit(events) => (events.len(), |stats| &mut stats.audit_events),
            Body::Command(_) | Body::Tick | Body::Gap(_) | Body::BackfillEnd => return,
        };
        let source = &batch.origin.source;
        if !self.by_name.contains_key(source) && self.by_name.len() >= SOURCES_MAX {
            return;
        }
        let tenant = || batch.origin.tenant.clone();
        let new = || Arc::new(SourceStats { first_seen: now, tenant: tenant(), ..SourceStats::default() });
        let stats = Arc::make_mut(self.by_name.entry(source.clone()).or_insert_with(new));
        stats.last_seen = now;
        *field(stats) += count as u64;
        if matches!(batch.body, Body::Logs(_)) {
            stats.counts[Count::LogEvents as usize].add(now, u32::try_from(count).unwrap_or(u32::MAX));
        }
        *stats.minutes.entry(now.floor_seconds(MINUTE.0 / 1_000_000)).or_default() += count as u64;
        while stats.minutes.len() > MINUTES {
            stats.minutes.pop_first();
        }
        self.changed.insert(source.clone());
    }

    /// Counts what a log event says.
    pub(crate) fn note_event(&mut self, source: &str, event: &LogEvent, said: &Said<'_>, now: Timestamp) {
        let Some(stats) = self.by_name.get_mut(source).map(Arc::make_mut) else { return };
        stats.delay = now.since(event.timestamp);
        stats.note_if(event.guarded, Count::Guarded, now);
        stats.note_if(stats.delay > LATE_AFTER, Count::Late, now);
        stats.note_if(stats.delay.0 < -AHEAD_BY.0, Count::Ahead, now);
        stats.note_if(is_seconds_as_millis(event.timestamp), Count::SecondsForMillis, now);
        if let Some(half_hours) = half_hours(stats.delay) {
            stats.arrival_zones.entry(half_hours).or_default().add(now, 1);
        }
        if let Some((place, written)) = &said.time
            && stats.takes_time(now)
        {
            stats.note_time(*place, written, event.timestamp, now);
        }
        if let Some(name) = &said.unknown_event {
            stats.note_unknown(name, now);
        }
        if let What::Event(kind) = said.what {
            stats.note_contract_event(kind, said, now);
        }
    }
}

impl Sources {
    /// Counts what is wrong with a message in embedded metric format.
    pub(crate) fn note_emf(&mut self, source: &str, emf: &Emf, now: Timestamp) {
        let Some(stats) = self.by_name.get_mut(source).map(Arc::make_mut) else { return };
        stats.note_if(true, Count::EmfDocuments, now);
        stats.note_if(!emf.problems.is_empty(), Count::EmfFaulty, now);
        let is_seconds = emf.data.first().is_some_and(|datum| is_seconds_as_millis(datum.timestamp));
        stats.note_if(is_seconds, Count::SecondsForMillis, now);
        for problem in &emf.problems {
            let known = stats.emf_problems.entry(problem.fault).or_default();
            if known.example.is_empty() || !known.tally.has_counted_in_hour(now) {
                known.example = problem.to_string().into();
            }
            known.tally.add(now, 1);
        }
    }
}

impl Count {
    /// How many are counted.
    pub const COUNT: usize = 12;
}

impl SourceStats {
    /// How often it happened in the hours that are counted at `now`.
    pub fn count(&self, what: Count, now: Timestamp) -> u64 {
        self.counts[what as usize].total(now)
    }

    /// When it happened last, if ever.
    pub fn last_at(&self, what: Count) -> Timestamp {
        self.counts[what as usize].last_at
    }

    /// Records a minute over the newest minutes that are kept, those without any included.
    pub fn per_minute(&self, now: Timestamp) -> f64 {
        let from = now.plus(Duration(-(MINUTES as i64) * MINUTE.0));
        let first = self.first_seen.max(from).floor_seconds(MINUTE.0 / 1_000_000);
        let minutes = (now.since(first).0 / MINUTE.0 + 1).clamp(1, MINUTES as i64);
        self.minutes.range(from..).map(|(_, count)| count).sum::<u64>() as f64 / minutes as f64
    }

    /// Whether it has brought nothing for long, while the product ran.
    pub fn is_silent(&self, now: Timestamp, clock: &Clock) -> bool {
        self.silent_for(now, clock) >= SILENT_AFTER
    }

    /// Words of a dimension that came lately in several spellings, which differ in case, blanks, `_` and `-` alone.
    pub fn drift(&self, now: Timestamp) -> Vec<Drift<'_>> {
        let mut words: BTreeMap<(Field, String), Vec<(&str, &Tally)>> = BTreeMap::new();
        for (field, spellings) in &self.spellings {
            for (spelling, tally) in spellings.iter().filter(|(_, tally)| !tally.is_over(now)) {
                words.entry((*field, folded(spelling))).or_default().push((spelling, tally));
            }
        }
        let drift = words.into_iter().filter_map(|((field, _), spellings)| {
            let mut times: Vec<Timestamp> = spellings.iter().map(|(_, tally)| tally.last_at).collect();
            times.sort_unstable();
            let last_at = *times.iter().rev().nth(1)?;
            let counted = spellings.into_iter().map(|(spelling, tally)| (spelling, tally.total(now)));
            Some(Drift { field, spellings: counted.collect(), last_at })
        });
        drift.collect()
    }

    /// Of each form in which messages told their time lately, how many and when last; text with a zone is one form,
    /// and what is not read is none.
    pub fn forms(&self, now: Timestamp) -> BTreeMap<TimeForm, (u64, Timestamp)> {
        let mut forms: BTreeMap<TimeForm, (u64, Timestamp)> = BTreeMap::new();
        let read = self.times.iter().filter(|((_, form), _)| *form != TimeForm::Other);
        for ((_, form), tally) in read.filter(|(_, tally)| !tally.is_over(now)) {
            let (count, last_at) = forms.entry(form.kind()).or_default();
            *count += tally.total(now);
            *last_at = tally.last_at.max(*last_at);
        }
        forms
    }

    /// How many messages told a time lately that can be read.
    pub fn timed(&self, now: Timestamp) -> u64 {
        self.forms(now).values().map(|(count, _)| count).sum()
    }

    /// Whether this minute has room for one more time to be looked at. Reading each one costs a twelfth of a step, and
    /// those of a minute are much the same.
    fn takes_time(&mut self, now: Timestamp) -> bool {
        let (minute, taken) = &mut self.times_of_minute;
        if now.since(*minute) >= MINUTE {
            (*minute, *taken) = (now.floor_seconds(MINUTE.0 / 1_000_000), 0);
        }
        let has_room = *taken < TIMES_PER_MINUTE_MAX;
        *taken += u32::from(has_room);
        has_room
    }

    fn note_time(&mut self, place: TimePlace, written: &str, event_at: Timestamp, now: Timestamp) {
        let Some((form, at)) = times::read(place, written) else { return };
        self.times.entry((place, form)).or_default().add(now, 1);
        let Some(at) = at else { return };
        let delay = event_at.since(at);
        self.message_delay = Some(delay);
        if let Some(half_hours) = half_hours(delay) {
            self.message_zones.entry(half_hours).or_default().add(now, 1);
        }
    }

    fn note_contract_event(&mut self, kind: EventKind, said: &Said<'_>, now: Timestamp) {
        self.note_if(true, Count::ContractEvents, now);
        self.note_if(said.ids.iter().all(Option::is_none), Count::WithoutId, now);
        // What follows on a token joins by its reference, as the contract has it.
        let follows_token = match kind {
            EventKind::Lifecycle(_) | EventKind::Stage(Stage::Activated | Stage::FirstTap) => {
                said.ids[IdKind::TokenReference as usize].is_some()
            }
            _ => false,
        };
        let lacks_correlation = said.ids[IdKind::Correlation as usize].is_none() && !follows_token;
        self.note_if(lacks_correlation, Count::WithoutCorrelationId, now);
        let has = |wanted| said.fields.iter().any(|(field, _)| *field == wanted);
        let is_start = kind == EventKind::Stage(Stage::Started);
        let is_bare = is_start && !(has(Field::Wallet) && has(Field::Issuer));
        self.note_if(is_bare, Count::WithoutDimensions, now);
        for (field, value) in said.fields.iter().filter(|(field, _)| SPELLED.contains(field)) {
            if value.len() <= NAME_BYTES_MAX {
                count_name(self.spellings.entry(*field).or_default(), value, SPELLINGS_MAX, now);
            }
        }
    }

    fn note_unknown(&mut self, name: &str, now: Timestamp) {
        let is_named = name.len() <= NAME_BYTES_MAX
            && count_name(&mut self.unknown_events, name, UNKNOWN_EVENTS_MAX, now);
        self.note_if(!is_named, Count::UnknownBeyond, now);
    }

    fn note_if(&mut self, happened: bool, what: Count, now: Timestamp) {
        if happened {
            self.counts[what as usize].add(now, 1);
        }
    }
}

fn folded(word: &str) -> String {
    let letters = word.chars().filter(|letter| !matches!(letter, '_' | '-' | ' '));
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests;
