//! What of the journal is delivered next?
//!
//! Whole entries, in their order, until there is enough for one delivery. Each becomes a record of its own: an entry's
//! events are of one log stream, as an envelope's are.

use walletscope_journal::{Kind, RecordError, decode, decode_header};
use walletscope_language::filter_pattern::{Event, Mode, Pattern};
use walletscope_model::{Batch, Body, LogBatch, Offset, Origin, Timestamp};
use walletscope_stream::GroupKey;
use walletscope_wire::firehose::send::{Envelope, SentEvent};

use crate::logs::event_id;

/// Bytes of messages of one delivery, but for the last entry of it: Firehose's own default is 5 MiB.
const DELIVERY_BYTES: usize = 4 << 20;
/// Records of one delivery, but for the last entry of it: small calls make small records, and receivers count them.
const DELIVERY_RECORDS: usize = 500;
/// Entries, and bytes of them, that are read for one delivery: whoever waits for a reader must not wait for long.
const READ_ENTRIES: u64 = 10_000;
const READ_BYTES: usize = 16 << 20;
/// Bytes of messages of one envelope, but for its last event.
const ENVELOPE_BYTES: usize = 1 << 20;

/// What a filter looks for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The events of this group.
    pub group: &'a GroupKey,
    /// The filter's name.
    pub filter: &'a str,
    /// Which of them.
    pub pattern: &'a Pattern,
    /// How the pattern is read.
    pub mode: Mode,
}

impl Wanted<'_> {
    /// Whether an entry of this origin may have events of the group.
    fn is_of(&self, origin: &Origin) -> bool {
        origin.account == self.group.account && origin.region == self.group.region
    }
}

/// An envelope of log events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// As it is sent.
    pub bytes: Vec<u8>,
    /// How many log events.
    pub events: u64,
    /// The journal entry that holds them.
    pub offset: Offset,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Everything up to this entry was looked at.
    pub through: Offset,
    /// One envelope each.
    pub records: Vec<Record>,
    /// How many log events.
    pub events: u64,
    /// When the oldest of them arrived.
    pub oldest: Option<Timestamp>,
    /// Entries that the journal has no more.
    pub missed: u64,
    bytes: usize,
    read_entries: u64,
    read_bytes: usize,
}

impl Found {
    /// Nothing yet.
    pub fn behind(offset: Offset) -> Self {
        let (records, events, oldest, missed) = (Vec::new(), 0, None, 0);
        Self { through: offset, records, events, oldest, missed, bytes: 0, read_entries: 0, read_bytes: 0 }
    }

    /// Whether no further entry belongs into this delivery.
    pub fn is_full(&self) -> bool {
        self.bytes >= DELIVERY_BYTES || self.records.len() >= DELIVERY_RECORDS
    }

    /// Whether enough was read, whatever was found.
    pub fn is_enough(&self) -> bool {
        self.is_full() || self.read_entries >= READ_ENTRIES || self.read_bytes >= READ_BYTES
    }

    /// Looks at the next entry as it is written down, and reads no more of it than it must.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn look_at_bytes(
        &mut self,
        wanted: &Wanted<'_>,
        offset: Offset,
        bytes: &[u8],
    ) -> Result<(), RecordError> {
        let header = decode_header(bytes)?;
        let is_possible = header.kind == Kind::Logs && wanted.is_of(&header.origin);
        let entry = if is_possible { Some(decode(bytes)?) } else { None };
        self.missed += offset.0.saturating_sub(self.through.0 + 1);
        self.through = offset;
        self.read_entries += 1;
        self.read_bytes += bytes.len();
        if let Some(entry) = entry {
            self.look_at(wanted, offset, &entry);
        }
        Ok(())
    }

    fn look_at(&mut self, wanted: &Wanted<'_>, offset: Offset, entry: &Batch) {
        let Body::Logs(logs) = &entry.body else { return };
        if logs.group != wanted.group.name {
            return;
        }
        let mut envelope = Vec::new();
        let mut envelope_bytes = 0;
        for (index, event) in (0..).zip(&logs.events) {
            let read = Event {
                message: &event.message,
                timestamp: Some(event.timestamp),
                ingested_at: Some(entry.appended_at),
            };
            if wanted.pattern.find(&read, wanted.mode).is_none() {
                continue;
            }
            envelope_bytes += event.message.len();
            envelope.push(SentEvent {
                id: event_id(offset, index),
                timestamp: event.timestamp.millis(),
                message: &event.message,
            });
            if envelope_bytes >= ENVELOPE_BYTES {
                self.put(wanted, (offset, logs), std::mem::take(&mut envelope), envelope_bytes);
                envelope_bytes = 0;
            }
        }
        if !envelope.is_empty() {
            self.put(wanted, (offset, logs), envelope, envelope_bytes);
        }
        if self.events > 0 {
            self.oldest = self.oldest.or(Some(entry.appended_at));
        }
    }

    fn put(
        &mut self,
        wanted: &Wanted<'_>,
        (offset, logs): (Offset, &LogBatch),
        events: Vec<SentEvent<'_>>,
        bytes: usize,
    ) {
        let count = events.len() as u64;
        let owner = &wanted.group.account;
        let envelope = Envelope::data(owner, &logs.group, &logs.stream, wanted.filter, events);
        self.records.push(Record { bytes: envelope.record(), events: count, offset });
        self.events += count;
        self.bytes += bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use walletscope_journal::encode;
    use walletscope_model::LogEvent;

    fn group() -> GroupKey {
        GroupKey { account: "1".into(), region: "eu".into(), name: "/g".into() }
    }

    fn entry(region: &str, group: &str, messages: &[&str]) -> Batch {
        let event = |message: &&str| LogEvent {
            timestamp: Timestamp(7_000),
            message: (*message).into(),
            guarded: false,
        };
        let events = messages.iter().map(event).collect();
        Batch {
            appended_at: Timestamp(9_000),
            origin: Origin { account: "1".into(), region: region.into(), ..Origin::own() },
            invocation_id: "".into(),
            body: Body::Logs(LogBatch { group: group.into(), stream: "s".into(), events }),
        }
    }

    fn found(entries: &[Batch], pattern: &str) -> Found {
        let pattern = Pattern::parse(pattern).unwrap();
        let group = group();
        let wanted = Wanted { group: &group, filter: "f", pattern: &pattern, mode: Mode::Strict };
        let mut found = Found::behind(Offset(4));
        for (offset, entry) in (5..).zip(entries) {
            found.look_at_bytes(&wanted, Offset(offset), &encode(entry).unwrap()).unwrap();
        }
        found
    }

    #[test]
    fn what_matches_of_the_group_is_found_and_everything_is_passed() {
        let entries = [
            entry("eu", "/g", &["an ERROR", "fine", "ERROR again"]),
            entry("us", "/g", &["ERROR elsewhere"]),
            entry("eu", "/h", &["ERROR elsewhere"]),
            entry("eu", "/g", &["fine"]),
            Batch { body: Body::Tick, ..entry("eu", "/g", &[]) },
        ];
        let all = found(&entries, "ERROR");
        assert_eq!((all.through, all.events, all.records.len()), (Offset(9), 2, 1));
        assert_eq!(all.oldest, Some(Timestamp(9_000)));
        assert!(!all.is_full());
        assert_eq!(found(&entries, "").events, 4);
        let none = found(&entries, "NOTHING");
        assert_eq!((none.through, none.events, none.oldest, none.missed), (Offset(9), 0, None, 0));
    }

    #[test]
    fn small_entries_fill_a_delivery_and_what_is_gone_is_counted() {
        let all = found(&vec![entry("eu", "/g", &["x"]); DELIVERY_RECORDS], "");
        assert!(all.is_full());
        let offsets: Vec<u64> = all.records.iter().map(|record| record.offset.0).collect();
        assert_eq!((offsets[0], offsets[DELIVERY_RECORDS - 1]), (5, 504));
        let (pattern, group) = (Pattern::parse("").unwrap(), group());
        let wanted = Wanted { group: &group, filter: "f", pattern: &pattern, mode: Mode::Strict };
        let mut late = Found::behind(Offset(4));
        late.look_at_bytes(&wanted, Offset(10), &encode(&entry("us", "/g", &["x"])).unwrap()).unwrap();
        assert_eq!((late.missed, late.through), (5, Offset(10)));
        assert!(late.look_at_bytes(&wanted, Offset(11), b"no entry").is_err());
        assert_eq!(late.through, Offset(10));
    }

    #[test]
    fn long_entries_are_several_envelopes_and_fill_a_delivery() {
        let long = "x".repeat(300 << 10);
        let messages = vec![long.as_str(); 14];
        let all = found(&[entry("eu", "/g", &messages)], "");
        assert_eq!((all.events, all.records.len()), (14, 4));
        assert!(all.is_full());
    }
}
