//! What is one log event that was found, and where does it stand among all others?
//!
//! Events are ordered by their own time, then by when they came, then by their place in the journal, which no two share:
//! so that a page goes on exactly behind the event that the page before ended with.

use walletscope_model::{Offset, Timestamp};

use crate::letters;

/// Where an event stands among all events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKey {
    /// The event's own time.
    pub timestamp: Timestamp,
    /// When it arrived.
    pub ingested_at: Timestamp,
    /// The journal entry that holds it.
    pub offset: Offset,
    /// Its place in that entry.
    pub index: u32,
}

/// In which direction events are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The oldest first.
    Ascending,
    /// The newest first.
    Descending,
}

/// A log event that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundEvent {
    /// Where it stands.
    pub key: EventKey,
    /// The region that it was sent to.
    pub region: Box<str>,
    /// Its log group.
    pub group: Box<str>,
    /// Its log stream.
    pub stream: Box<str>,
    /// The guarded message.
    pub message: Box<str>,
    /// Something was cut out of the message.
    pub guarded: bool,
    /// The contract's event name, where it is one.
    pub event: Option<Box<str>>,
    /// Names the attempt.
    pub correlation_id: Option<Box<str>>,
    /// The invocation.
    pub request_id: Option<Box<str>>,
    /// The trace.
    pub trace_id: Option<Box<str>>,
    /// The token's reference.
    pub token_reference_id: Option<Box<str>>,
}

/// The id of the event at this place of an entry, the same wherever it is shown or sent.
pub fn event_id(offset: Offset, index: u32) -> String {
    format!("{}-{index}", offset.0)
}

/// Which entry and which place in it an id names.
pub fn parse_event_id(id: &str) -> Option<(Offset, u32)> {
    let (offset, index) = id.split_once('-')?;
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_id = is_number(offset) && is_number(index);
    is_id.then(|| Some((Offset(offset.parse().ok()?), index.parse().ok()?)))?
}

impl EventKey {
    /// Before every event of this time: no entry has the offset 0.
    pub fn before(timestamp: Timestamp) -> Self {
        Self { timestamp, ingested_at: Timestamp(i64::MIN), offset: Offset(0), index: 0 }
    }

    /// The event's id: its place in the journal.
    pub fn id(self) -> String {
        event_id(self.offset, self.index)
    }

    /// As a text that a client sends back to go on behind it.
    pub fn write(self, order: Order) -> String {
        let Self { timestamp, ingested_at, offset, index } = self;
        let (times, offset) =
            ([timestamp.0.to_be_bytes(), ingested_at.0.to_be_bytes()], offset.0.to_be_bytes());
        let bytes = times.as_flattened().iter().chain(&offset);
        format!("{}.{}{}", order.letter(), letters::write(bytes), letters::write(index.to_be_bytes()))
    }

    /// What [`write`](Self::write) wrote for the same order.
    pub fn read(order: Order, text: &str) -> Option<Self> {
        let bytes: [u8; 28] = letters::read(text.strip_prefix(order.letter())?.strip_prefix('.')?)?;
        let eight = |from: usize| bytes[from..from + 8].try_into().ok().map(u64::from_be_bytes);
        Some(Self {
            timestamp: Timestamp(eight(0)?.cast_signed()),
            ingested_at: Timestamp(eight(8)?.cast_signed()),
            offset: Offset(eight(16)?),
            index: u32::from_be_bytes(bytes[24..].try_into().ok()?),
        })
    }
}

impl Order {
    fn letter(self) -> char {
        match self {
            Self::Ascending => 'a',
            Self::Descending => 'd',
        }
    }

    /// Whether `one` comes before `other` in this order.
    pub fn is_before(self, one: &EventKey, other: &EventKey) -> bool {
        match self {
            Self::Ascending => one < other,
            Self::Descending => one > other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_read_back_in_their_own_order_only() {
        let key = EventKey {
            timestamp: Timestamp(1_795_348_800_123_456),
            ingested_at: Timestamp(i64::MIN),
            offset: Offset(u64::MAX - 7),
            index: 4_111_111_111,
        };
        let text = key.write(Order::Descending);
        assert_eq!(EventKey::read(Order::Descending, &text), Some(key));
        assert!(walletscope_guard::is_clean(&text), "{text}");
        for bad in [
            "".to_owned(),
            "d".to_owned(),
            text.replacen('d', "a", 1),
            format!("{text}a"),
            text[..text.len() - 1].to_owned(),
            format!("{}zz", &text[..text.len() - 2]),
            format!("{}é", &text[..text.len() - 2]),
        ] {
            assert_eq!(EventKey::read(Order::Descending, &bad), None, "{bad}");
        }
    }

    #[test]
    fn what_stands_before_a_time_stands_before_all_of_its_events() {
        let at = Timestamp(5);
        let first = EventKey { timestamp: at, ingested_at: Timestamp(i64::MIN), offset: Offset(1), index: 0 };
        assert!(EventKey::before(at) < first);
        assert!(
            EventKey::before(at)
                > EventKey { timestamp: Timestamp(4), ingested_at: Timestamp(i64::MAX), ..first }
        );
        assert!(Order::Descending.is_before(&first, &EventKey::before(at)));
    }
}
