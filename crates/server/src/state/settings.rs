//! How are the small parts of the state written: clock, active tokens, log groups and streams?
//!
//! Each is one prost message under one key; hand-written conversions, as everywhere at this edge.

use prost::Message;
use walletscope_model::{Duration, Gap, Offset, Rules, Timestamp};
use walletscope_stream::deletions::{DeletedKey, Deletion};
use walletscope_stream::{Clock, LogGroup, LogStream};

use super::codec::CodecError;
use super::layout;

/// The key of the clock in the settings table.
pub const CLOCK_KEY: &[u8] = b"clock";
/// The key of the active tokens in the settings table.
pub const ACTIVE_TOKENS_KEY: &[u8] = b"active_tokens";
/// What the keys of deletions in the settings table begin with; the key of the group or stream follows.
pub const DELETION_PREFIX: &[u8] = b"deleted/";

/// Writes the clock with its rules.
pub fn encode_clock(clock: &Clock) -> Vec<u8> {
    ClockRecord {
        now: clock.now.0,
        gap_from: clock.gaps.iter().map(|gap| gap.from.0).collect(),
        gap_to: clock.gaps.iter().map(|gap| gap.to.0).collect(),
        backfill_source: clock.backfill_ended.keys().map(|source| u32::from(*source)).collect(),
        backfill_ended: clock.backfill_ended.values().map(|at| at.0).collect(),
        rules: Some(rules_record(&clock.rules)),
        earlier_until: clock.earlier_rules.iter().map(|(until, _)| until.0).collect(),
        earlier_rules: clock.earlier_rules.iter().map(|(_, rules)| rules_record(rules)).collect(),
        newest_arrival: clock.newest_arrival.map(|at| at.0),
    }
    .encode_to_vec()
}

/// Reads the clock into `clock`.
///
/// # Errors
/// The bytes are damaged.
pub fn decode_clock(bytes: &[u8], clock: &mut Clock) -> Result<(), CodecError> {
    let record = ClockRecord::decode(bytes).map_err(|error| CodecError(format!("clock: {error}")))?;
    clock.now = Timestamp(record.now);
    clock.newest_arrival = record.newest_arrival.map(Timestamp);
    let gaps = record.gap_from.iter().zip(&record.gap_to);
    clock.gaps = gaps.map(|(from, to)| Gap { from: Timestamp(*from), to: Timestamp(*to) }).collect();
    for (source, at) in record.backfill_source.iter().zip(&record.backfill_ended) {
        let source = u16::try_from(*source).map_err(|_| CodecError("clock: damaged source".to_owned()))?;
        clock.backfill_ended.insert(source, Timestamp(*at));
    }
    clock.rules = record.rules.map(rules).ok_or_else(|| CodecError("clock: no rules".to_owned()))?;
    let earlier = record.earlier_until.iter().map(|until| Offset(*until));
    clock.earlier_rules = earlier.zip(record.earlier_rules.into_iter().map(rules)).collect();
    Ok(())
}

/// How many tokens are ACTIVE by wallet and issuer code.
pub type ActiveTokens = ((u16, u16), i64);

/// Writes how many tokens are ACTIVE by wallet and issuer code.
pub fn encode_active_tokens<'a>(active: impl Iterator<Item = (&'a (u16, u16), &'a i64)>) -> Vec<u8> {
    let mut record = ActiveTokensRecord::default();
    for ((wallet, issuer), count) in active {
        record.wallet.push(u32::from(*wallet));
        record.issuer.push(u32::from(*issuer));
        record.count.push(*count);
    }
    record.encode_to_vec()
}

/// Reads how many tokens are ACTIVE.
///
/// # Errors
/// The bytes are damaged.
pub fn decode_active_tokens(bytes: &[u8]) -> Result<Vec<ActiveTokens>, CodecError> {
    let damaged = || CodecError("active tokens: damaged".to_owned());
    let record = ActiveTokensRecord::decode(bytes).map_err(|_| damaged())?;
    let code = |number: u32| u16::try_from(number).map_err(|_| damaged());
    let pairs = record.wallet.iter().zip(&record.issuer).zip(&record.count);
    pairs.map(|((wallet, issuer), count)| Ok(((code(*wallet)?, code(*issuer)?), *count))).collect()
}

/// Writes a log group.
pub fn encode_group(group: &LogGroup) -> Vec<u8> {
    GroupRecord {
        created_at: group.created_at.0,
        retention_days: group.retention_days,
        tag_names: group.tags.iter().map(|(name, _)| name.to_string()).collect(),
        tag_values: group.tags.iter().map(|(_, value)| value.to_string()).collect(),
        incarnation: group.incarnation.0,
        stored_bytes: group.stored_bytes,
    }
    .encode_to_vec()
}

/// Reads a log group.
///
/// # Errors
/// The bytes are damaged.
pub fn decode_group(bytes: &[u8]) -> Result<LogGroup, CodecError> {
    let record = GroupRecord::decode(bytes).map_err(|error| CodecError(format!("log group: {error}")))?;
    let tags = record.tag_names.into_iter().zip(record.tag_values);
    Ok(LogGroup {
        created_at: Timestamp(record.created_at),
        retention_days: record.retention_days,
        tags: tags.map(|(name, value)| (name.into(), value.into())).collect(),
        incarnation: Offset(record.incarnation),
        stored_bytes: record.stored_bytes,
    })
}

/// Writes a log stream.
pub fn encode_stream(stream: &LogStream) -> Vec<u8> {
    StreamRecord {
        created_at: stream.created_at.0,
        first_event_at: stream.first_event_at.map(|at| at.0),
        last_event_at: stream.last_event_at.map(|at| at.0),
        last_ingestion_at: stream.last_ingestion_at.map(|at| at.0),
        incarnation: stream.incarnation.0,
    }
    .encode_to_vec()
}

/// Reads a log stream.
///
/// # Errors
/// The bytes are damaged.
pub fn decode_stream(bytes: &[u8]) -> Result<LogStream, CodecError> {
    let record = StreamRecord::decode(bytes).map_err(|error| CodecError(format!("log stream: {error}")))?;
    Ok(LogStream {
        created_at: Timestamp(record.created_at),
        first_event_at: record.first_event_at.map(Timestamp),
        last_event_at: record.last_event_at.map(Timestamp),
        last_ingestion_at: record.last_ingestion_at.map(Timestamp),
        incarnation: Offset(record.incarnation),
    })
}

/// The key of a deletion.
pub fn deletion_key((group, stream): &DeletedKey) -> Vec<u8> {
    [DELETION_PREFIX, &layout::catalog_key(group, stream.as_deref())].concat()
}

/// The group or stream that was deleted.
///
/// # Errors
/// The bytes are damaged.
pub fn parse_deletion_key(key: &[u8]) -> Result<DeletedKey, CodecError> {
    let key = key.strip_prefix(DELETION_PREFIX);
    layout::parse_catalog_key(key.ok_or_else(|| CodecError("deletion: damaged key".to_owned()))?)
}

/// Writes a deletion.
pub fn encode_deletion(deletion: &Deletion) -> Vec<u8> {
    let Deletion { through, first, last } = deletion;
    DeletionRecord { through: through.0, first: first.0, last: last.0 }.encode_to_vec()
}

/// Reads a deletion.
///
/// # Errors
/// The bytes are damaged.
pub fn decode_deletion(bytes: &[u8]) -> Result<Deletion, CodecError> {
    let record = DeletionRecord::decode(bytes).map_err(|error| CodecError(format!("deletion: {error}")))?;
    let DeletionRecord { through, first, last } = record;
    Ok(Deletion { through: Offset(through), first: Timestamp(first), last: Timestamp(last) })
}

#[derive(Clone, PartialEq, Message)]
struct ClockRecord {
    #[prost(sint64, tag = "1")]
    now: i64,
    #[prost(sint64, repeated, tag = "2")]
    gap_from: Vec<i64>,
    #[prost(sint64, repeated, tag = "3")]
    gap_to: Vec<i64>,
    #[prost(uint32, repeated, tag = "4")]
    backfill_source: Vec<u32>,
    #[prost(sint64, repeated, tag = "5")]
    backfill_ended: Vec<i64>,
    #[prost(message, optional, tag = "6")]
    rules: Option<RulesRecord>,
    #[prost(uint64, repeated, tag = "7")]
    earlier_until: Vec<u64>,
    #[prost(message, repeated, tag = "8")]
    earlier_rules: Vec<RulesRecord>,
    /// Missing before the first telemetry, and in what an older version wrote.
    #[prost(sint64, optional, tag = "9")]
    newest_arrival: Option<i64>,
}

/// As [`Rules`], waits in microseconds.
#[derive(Clone, PartialEq, Message)]
struct RulesRecord {
    #[prost(sint64, tag = "1")]
    abandon_after: i64,
    #[prost(sint64, tag = "2")]
    step_up_mark_after: i64,
    #[prost(sint64, tag = "3")]
    step_up_abandon_after: i64,
    #[prost(sint64, tag = "4")]
    settle_after: i64,
    #[prost(sint64, tag = "5")]
    evict_after: i64,
    #[prost(string, repeated, tag = "6")]
    placeholders: Vec<String>,
    #[prost(string, repeated, tag = "7")]
    strict_accounts: Vec<String>,
}

fn rules_record(rules: &Rules) -> RulesRecord {
    RulesRecord {
        abandon_after: rules.abandon_after.0,
        step_up_mark_after: rules.step_up_mark_after.0,
        step_up_abandon_after: rules.step_up_abandon_after.0,
        settle_after: rules.settle_after.0,
        evict_after: rules.evict_after.0,
        placeholders: rules.placeholders.iter().map(|word| word.to_string()).collect(),
        strict_accounts: rules.strict_accounts.iter().map(|account| account.to_string()).collect(),
    }
}

fn rules(record: RulesRecord) -> Rules {
    Rules {
        abandon_after: Duration(record.abandon_after),
        step_up_mark_after: Duration(record.step_up_mark_after),
        step_up_abandon_after: Duration(record.step_up_abandon_after),
        settle_after: Duration(record.settle_after),
        evict_after: Duration(record.evict_after),
        placeholders: record.placeholders.into_iter().map(String::into_boxed_str).collect(),
        strict_accounts: record.strict_accounts.into_iter().map(String::into_boxed_str).collect(),
    }
}

#[derive(Clone, PartialEq, Message)]
struct ActiveTokensRecord {
    #[prost(uint32, repeated, tag = "1")]
    wallet: Vec<u32>,
    #[prost(uint32, repeated, tag = "2")]
    issuer: Vec<u32>,
    #[prost(sint64, repeated, tag = "3")]
    count: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct GroupRecord {
    #[prost(sint64, tag = "1")]
    created_at: i64,
    #[prost(uint32, optional, tag = "2")]
    retention_days: Option<u32>,
    #[prost(string, repeated, tag = "3")]
    tag_names: Vec<String>,
    #[prost(string, repeated, tag = "4")]
    tag_values: Vec<String>,
    #[prost(uint64, tag = "5")]
    incarnation: u64,
    #[prost(uint64, tag = "6")]
    stored_bytes: u64,
}

#[derive(Clone, PartialEq, Message)]
struct StreamRecord {
    #[prost(sint64, tag = "1")]
    created_at: i64,
    #[prost(sint64, optional, tag = "2")]
    first_event_at: Option<i64>,
    #[prost(sint64, optional, tag = "3")]
    last_event_at: Option<i64>,
    #[prost(sint64, optional, tag = "4")]
    last_ingestion_at: Option<i64>,
    #[prost(uint64, tag = "5")]
    incarnation: u64,
}

#[derive(Clone, PartialEq, Message)]
struct DeletionRecord {
    #[prost(uint64, tag = "1")]
    through: u64,
    #[prost(sint64, tag = "2")]
    first: i64,
    #[prost(sint64, tag = "3")]
    last: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use walletscope_stream::GroupKey;

    #[test]
    fn a_deletion_comes_back() {
        let deletion = Deletion { through: Offset(7), first: Timestamp(-3), last: Timestamp(5) };
        assert_eq!(decode_deletion(&encode_deletion(&deletion)).unwrap(), deletion);
        assert!(decode_deletion(&[255]).is_err());
        let group = GroupKey { account: "1".into(), region: "eu".into(), name: "/a".into() };
        for key in [(group.clone(), None), (group, Some("s".into()))] {
            assert_eq!(parse_deletion_key(&deletion_key(&key)).unwrap(), key);
        }
        assert!(parse_deletion_key(b"deleted/x").is_err() && parse_deletion_key(b"clock").is_err());
    }

    #[test]
    fn a_clock_comes_back_and_an_older_one_is_read_without_what_it_did_not_write() {
        let clock = Clock {
            now: Timestamp(9),
            newest_arrival: Some(Timestamp(7)),
            gaps: vec![Gap { from: Timestamp(1), to: Timestamp(2) }],
            ..Clock::default()
        };
        let read = |bytes: &[u8]| {
            let mut clock = Clock::default();
            decode_clock(bytes, &mut clock).map(|()| clock)
        };
        let found = read(&encode_clock(&clock)).unwrap();
        assert_eq!((found.now, found.newest_arrival), (clock.now, clock.newest_arrival));
        assert_eq!((found.gaps, found.rules), (clock.gaps.clone(), clock.rules.clone()));
        let older = encode_clock(&Clock { newest_arrival: None, ..clock });
        assert_eq!(read(&older).unwrap().newest_arrival, None);
    }
}
