//! How is written what each source has brought?

use std::collections::BTreeMap;

use prost::Message;
use walletscope_model::contract::Field;
use walletscope_model::{Duration, Timestamp};
use walletscope_stream::source::SourceStats;

use super::codec::CodecError;

/// What the keys of sources in the settings table begin with; the name follows.
pub const KEY_PREFIX: &[u8] = b"source/";

/// The key of a source.
pub fn source_key(name: &str) -> Vec<u8> {
    [KEY_PREFIX, name.as_bytes()].concat()
}

/// The name of the source with this key.
///
/// # Errors
/// The bytes are damaged.
pub fn parse_source_key(key: &[u8]) -> Result<Box<str>, CodecError> {
    let name = key.strip_prefix(KEY_PREFIX).and_then(|name| std::str::from_utf8(name).ok());
    name.map(Into::into).ok_or_else(|| CodecError("source: damaged key".to_owned()))
}

/// Writes what a source has brought.
pub fn encode_source(stats: &SourceStats) -> Vec<u8> {
    let (unknown_names, unknown_counts) =
        stats.unknown_events.iter().map(|(name, count)| (name.to_string(), *count)).unzip();
    let spelled = || {
        let fields = stats.spellings.iter();
        fields.flat_map(|(field, spellings)| spellings.iter().map(|(word, count)| (*field, &**word, *count)))
    };
    SourceRecord {
        first_seen: stats.first_seen.0,
        last_seen: stats.last_seen.0,
        counts: vec![
            stats.log_events,
            stats.metric_data,
            stats.spans,
            stats.audit_events,
            stats.contract_events,
            stats.without_id,
            stats.without_correlation_id,
            stats.without_dimensions,
            stats.guarded,
            stats.late,
            stats.ahead,
            stats.unknown_events_beyond,
        ],
        delay: stats.delay.0,
        unknown_names,
        unknown_counts,
        spelling_fields: spelled().map(|(field, _, _)| field as u32).collect(),
        spellings: spelled().map(|(_, spelling, _)| spelling.to_owned()).collect(),
        spelling_counts: spelled().map(|(_, _, count)| count).collect(),
        minutes: stats.minutes.keys().map(|minute| minute.0).collect(),
        minute_counts: stats.minutes.values().copied().collect(),
    }
    .encode_to_vec()
}

/// Reads what a source has brought.
///
/// # Errors
/// The bytes are damaged or come from another version.
pub fn decode_source(bytes: &[u8]) -> Result<SourceStats, CodecError> {
    let damaged = || CodecError("source: damaged value".to_owned());
    let record = SourceRecord::decode(bytes).map_err(|_| damaged())?;
    let [
        log_events,
        metric_data,
        spans,
        audit_events,
        contract_events,
        without_id,
        without_correlation_id,
        without_dimensions,
        guarded,
        late,
        ahead,
        unknown_events_beyond,
    ] = <[u64; 12]>::try_from(record.counts).map_err(|_| damaged())?;
    let mut spellings: BTreeMap<Field, BTreeMap<Box<str>, u64>> = BTreeMap::new();
    let spelled = record.spelling_fields.iter().zip(record.spellings).zip(record.spelling_counts);
    for ((field, spelling), count) in spelled {
        let field = u8::try_from(*field).ok().and_then(Field::from_number).ok_or_else(damaged)?;
        spellings.entry(field).or_default().insert(spelling.into(), count);
    }
    Ok(SourceStats {
        first_seen: Timestamp(record.first_seen),
        last_seen: Timestamp(record.last_seen),
        log_events,
        metric_data,
        spans,
        audit_events,
        contract_events,
        without_id,
        without_correlation_id,
        without_dimensions,
        guarded,
        late,
        ahead,
        delay: Duration(record.delay),
        unknown_events: record.unknown_names.into_iter().map(Into::into).zip(record.unknown_counts).collect(),
        unknown_events_beyond,
        spellings,
        minutes: record.minutes.into_iter().map(Timestamp).zip(record.minute_counts).collect(),
    })
}

#[derive(Clone, PartialEq, Message)]
struct SourceRecord {
    #[prost(sint64, tag = "1")]
    first_seen: i64,
    #[prost(sint64, tag = "2")]
    last_seen: i64,
    /// In the order of [`encode_source`].
    #[prost(uint64, repeated, tag = "3")]
    counts: Vec<u64>,
    #[prost(sint64, tag = "4")]
    delay: i64,
    #[prost(string, repeated, tag = "5")]
    unknown_names: Vec<String>,
    #[prost(uint64, repeated, tag = "6")]
    unknown_counts: Vec<u64>,
    #[prost(uint32, repeated, tag = "7")]
    spelling_fields: Vec<u32>,
    #[prost(string, repeated, tag = "8")]
    spellings: Vec<String>,
    #[prost(uint64, repeated, tag = "9")]
    spelling_counts: Vec<u64>,
    #[prost(sint64, repeated, tag = "10")]
    minutes: Vec<i64>,
    #[prost(uint64, repeated, tag = "11")]
    minute_counts: Vec<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let stats = SourceStats {
            first_seen: Timestamp(1),
            last_seen: Timestamp(2),
            log_events: 3,
            metric_data: 4,
            spans: 5,
            audit_events: 6,
            contract_events: 7,
            without_id: 8,
            without_correlation_id: 9,
            without_dimensions: 10,
            guarded: 11,
            late: 12,
            ahead: 13,
            delay: Duration(-14),
            unknown_events: [("E".into(), 15)].into(),
            unknown_events_beyond: 16,
            spellings: [
                (Field::Wallet, [("ApplePay".into(), 17)].into()),
                (Field::Issuer, [("A".into(), 18), ("a".into(), 1)].into()),
            ]
            .into(),
            minutes: [(Timestamp(60), 19)].into(),
        };
        assert_eq!(decode_source(&encode_source(&stats)).as_ref(), Ok(&stats));
        assert_eq!(parse_source_key(&source_key("gateway")).as_deref(), Ok("gateway"));
        assert!(decode_source(&[]).is_err());
    }
}
