//! How well does each source tell what it should?
//!
//! Counts by the name of the key or door that brought the records: how many, how recent, how many of them the join can
//! use, and what its developers would want to know (names that no contract has, ids that are missing, one word in two
//! spellings, clocks that are off). Everything has a bound; what is beyond it is counted and not named.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use walletscope_model::contract::{EventKind, Field};
use walletscope_model::{Batch, Body, Duration, IdKind, LogEvent, Stage, Timestamp};

use crate::interpret::{Said, What};

/// Sources that are counted; more are not.
pub const SOURCES_MAX: usize = 1_000;
/// Unknown event names of a source that are named.
pub const UNKNOWN_EVENTS_MAX: usize = 20;
/// Spellings of a source's field that are named.
pub const SPELLINGS_MAX: usize = 100;
/// Longer names are not named.
const NAME_BYTES_MAX: usize = 64;
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

/// What one source has brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceStats {
    /// When the first and the newest entry arrived.
    pub first_seen: Timestamp,
    /// The newest.
    pub last_seen: Timestamp,
    /// Log events.
    pub log_events: u64,
    /// Metric data.
    pub metric_data: u64,
    /// Spans.
    pub spans: u64,
    /// Audit events.
    pub audit_events: u64,
    /// Log events that are events of the contract.
    pub contract_events: u64,
    /// Of those, how many have no id at all: they join nothing.
    pub without_id: u64,
    /// Of those, how many have no correlation id and do not follow on a token that they name.
    pub without_correlation_id: u64,
    /// Starts without wallet or issuer.
    pub without_dimensions: u64,
    /// Log events in which the guard cut a card number.
    pub guarded: u64,
    /// Events that arrived late, by [`LATE_AFTER`].
    pub late: u64,
    /// Events that are ahead of their arrival, by [`AHEAD_BY`].
    pub ahead: u64,
    /// From the newest log event's time to its arrival.
    pub delay: Duration,
    /// Event names that the contract does not know, and how often each came.
    pub unknown_events: BTreeMap<Box<str>, u64>,
    /// How many more events had a name that is not in `unknown_events`.
    pub unknown_events_beyond: u64,
    /// By field and spelling, how often.
    pub spellings: BTreeMap<Field, BTreeMap<Box<str>, u64>>,
    /// Records of the newest minutes: the minute's start, how many.
    pub minutes: BTreeMap<Timestamp, u64>,
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
        let new = || Arc::new(SourceStats { first_seen: now, ..SourceStats::default() });
        let stats = Arc::make_mut(self.by_name.entry(source.clone()).or_insert_with(new));
        stats.last_seen = now;
        *field(stats) += count as u64;
        *stats.minutes.entry(now.floor_seconds(MINUTE.0 / 1_000_000)).or_default() += count as u64;
        while stats.minutes.len() > MINUTES {
            stats.minutes.pop_first();
        }
        self.changed.insert(source.clone());
    }

    /// Counts what a log event says.
    pub(crate) fn note_event(&mut self, source: &str, event: &LogEvent, said: &Said<'_>, now: Timestamp) {
        let Some(stats) = self.by_name.get_mut(source).map(Arc::make_mut) else { return };
        stats.guarded += u64::from(event.guarded);
        stats.delay = now.since(event.timestamp);
        stats.late += u64::from(stats.delay > LATE_AFTER);
        stats.ahead += u64::from(stats.delay.0 < -AHEAD_BY.0);
        if let Some(name) = &said.unknown_event {
            stats.note_unknown(name);
        }
        let What::Event(kind) = said.what else { return };
        stats.contract_events += 1;
        stats.without_id += u64::from(said.ids.iter().all(Option::is_none));
        // What follows on a token joins by its reference, as the contract has it.
        let follows_token = match kind {
            EventKind::Lifecycle(_) | EventKind::Stage(Stage::Activated | Stage::FirstTap) => {
                said.ids[IdKind::TokenReference as usize].is_some()
            }
            _ => false,
        };
        let lacks_correlation = said.ids[IdKind::Correlation as usize].is_none() && !follows_token;
        stats.without_correlation_id += u64::from(lacks_correlation);
        let has = |wanted| said.fields.iter().any(|(field, _)| *field == wanted);
        let is_start = kind == EventKind::Stage(Stage::Started);
        let is_bare = is_start && !(has(Field::Wallet) && has(Field::Issuer));
        stats.without_dimensions += u64::from(is_bare);
        for (field, value) in said.fields.iter().filter(|(field, _)| SPELLED.contains(field)) {
            stats.note_spelling(*field, value);
        }
    }
}

impl SourceStats {
    /// Records a minute over the newest minutes that are kept, those without any included.
    pub fn per_minute(&self, now: Timestamp) -> f64 {
        let from = now.plus(Duration(-(MINUTES as i64) * MINUTE.0));
        let first = self.first_seen.max(from).floor_seconds(MINUTE.0 / 1_000_000);
        let minutes = (now.since(first).0 / MINUTE.0 + 1).clamp(1, MINUTES as i64);
        self.minutes.range(from..).map(|(_, count)| count).sum::<u64>() as f64 / minutes as f64
    }

    /// Whether it has brought nothing for long.
    pub fn is_silent(&self, now: Timestamp) -> bool {
        now.since(self.last_seen) >= SILENT_AFTER
    }

    /// Words of a dimension that came in several spellings, which differ in case, blanks, `_` and `-` alone.
    pub fn drift(&self) -> Vec<(Field, Vec<(&str, u64)>)> {
        let mut words: BTreeMap<(Field, String), Vec<(&str, u64)>> = BTreeMap::new();
        for (field, spellings) in &self.spellings {
            for (spelling, count) in spellings {
                words.entry((*field, folded(spelling))).or_default().push((spelling, *count));
            }
        }
        let several = words.into_iter().filter(|(_, spellings)| spellings.len() > 1);
        several.map(|((field, _), spellings)| (field, spellings)).collect()
    }

    fn note_unknown(&mut self, name: &str) {
        let is_known = self.unknown_events.contains_key(name);
        if name.len() > NAME_BYTES_MAX || (!is_known && self.unknown_events.len() >= UNKNOWN_EVENTS_MAX) {
            self.unknown_events_beyond += 1;
        } else {
            *self.unknown_events.entry(name.into()).or_default() += 1;
        }
    }

    fn note_spelling(&mut self, field: Field, value: &str) {
        if value.len() > NAME_BYTES_MAX {
            return;
        }
        let spellings = self.spellings.entry(field).or_default();
        let is_full = spellings.len() >= SPELLINGS_MAX;
        // Words are few and come again and again: a known one allocates nothing.
        match spellings.get_mut(value) {
            Some(count) => *count += 1,
            None if !is_full => drop(spellings.insert(value.into(), 1)),
            None => {}
        }
    }
}

fn folded(word: &str) -> String {
    let letters = word.chars().filter(|letter| !matches!(letter, '_' | '-' | ' '));
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interpret::interpret;
    use walletscope_model::{LogBatch, Origin};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_795_305_600 + seconds)
    }

    fn brought(sources: &mut Sources, source: &str, now: Timestamp, events: &[(i64, &str)]) {
        let events: Vec<LogEvent> = events
            .iter()
            .map(|(seconds, message)| LogEvent {
                timestamp: at(*seconds),
                message: (*message).into(),
                guarded: message.contains("***"),
            })
            .collect();
        let origin = Origin { source: source.into(), ..Origin::own() };
        let body = Body::Logs(LogBatch { group: "/g".into(), stream: "s".into(), events: events.clone() });
        sources.note(&Batch { appended_at: now, origin, invocation_id: "".into(), body }, now);
        for event in &events {
            sources.note_event(source, event, &interpret(&event.message, &[]), now);
        }
    }

    #[test]
    fn what_a_source_brings_is_counted() {
        let mut sources = Sources::default();
        brought(
            &mut sources,
            "gateway",
            at(100),
            &[
                (
                    100,
                    r#"{"event":"TOKEN_PROVISION_START","correlationId":"c1","walletProvider":"ApplePay","issuer":"A"}"#,
                ),
                (
                    100,
                    r#"{"event":"TOKEN_PROVISION_START","correlationId":"c2","walletProvider":"apple_pay"}"#,
                ),
                (100, r#"{"event":"TOKEN_PROVISION_SUCCESS"}"#),
                (100, r#"{"event":"TOKEN_MADE","requestId":"r1"}"#),
                (100, "a line of text ***"),
                (100, r#"{"event":"TOKEN_ACTIVATED","tokenReferenceId":"t1"}"#),
                (100, r#"{"event":"TOKEN_SUSPENDED","tokenReferenceId":"t1"}"#),
            ],
        );
        brought(&mut sources, "gateway", at(1_500), &[(100, "late"), (1_600, "ahead")]);
        let (name, stats) = sources.iter().next().unwrap();
        assert_eq!((name, stats.log_events, stats.contract_events), ("gateway", 9, 5));
        assert_eq!((stats.without_id, stats.without_correlation_id, stats.without_dimensions), (1, 1, 1));
        assert_eq!((stats.guarded, stats.late, stats.ahead), (1, 1, 1));
        assert_eq!(stats.unknown_events, [("TOKEN_MADE".into(), 1)].into());
        assert_eq!(stats.drift(), [(Field::Wallet, vec![("ApplePay", 1), ("apple_pay", 1)])]);
        assert_eq!(stats.per_minute(at(1_500)), 9.0 / 25.0);
        assert!(!stats.is_silent(at(2_000)) && stats.is_silent(at(2_100)));
        assert_eq!(sources.take_changes().len(), 1);
        assert_eq!(sources.take_changes().len(), 0);
    }

    #[test]
    fn names_and_spellings_have_a_bound() {
        let mut sources = Sources::default();
        for number in 0..200 {
            let unknown = format!(r#"{{"event":"E{number}"}}"#);
            let spelled = format!(r#"{{"event":"TOKEN_PROVISION_START","issuer":"B{number}"}}"#);
            brought(&mut sources, "s", at(number * 60), &[(0, &unknown), (0, &spelled)]);
        }
        let (_, stats) = sources.iter().next().unwrap();
        assert_eq!(stats.unknown_events.len(), UNKNOWN_EVENTS_MAX);
        assert_eq!(stats.unknown_events_beyond, 200 - UNKNOWN_EVENTS_MAX as u64);
        assert_eq!((stats.spellings[&Field::Issuer].len(), stats.minutes.len()), (SPELLINGS_MAX, MINUTES));
        assert_eq!(stats.per_minute(at(199 * 60)), 2.0);
    }
}
