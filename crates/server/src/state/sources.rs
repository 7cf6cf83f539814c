//! How is written what each source has brought?

use std::collections::BTreeMap;

use prost::Message;
use walletscope_model::contract::Field;
use walletscope_model::{Duration, Timestamp};
use walletscope_stream::source::{Count, HOURS, SourceStats, Tally};

use super::codec::CodecError;

/// What the keys of sources in the settings table begin with; the name follows.
pub const KEY_PREFIX: &[u8] = b"source/";

const SOURCE_VERSION: u32 = 2;

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
    let named = |(name, tally): (&Box<str>, &Tally)| NamedRecord {
        name: name.to_string(),
        tally: Some(tally_record(tally)),
    };
    let spellings = stats.spellings.iter().map(|(field, spellings)| SpellingsRecord {
        field: *field as u32,
        spellings: spellings.iter().map(named).collect(),
    });
    SourceRecord {
        version: SOURCE_VERSION,
        first_seen: stats.first_seen.0,
        last_seen: stats.last_seen.0,
        tenant: stats.tenant.to_string(),
        totals: vec![stats.log_events, stats.metric_data, stats.spans, stats.audit_events],
        delay: stats.delay.0,
        counts: stats.counts.iter().map(tally_record).collect(),
        unknown_events: stats.unknown_events.iter().map(named).collect(),
        spellings: spellings.collect(),
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
    let version = VersionRecord::decode(bytes).map_err(|_| damaged())?.version;
    if version != SOURCE_VERSION {
        let reason = format!(
            "source: this state was written as version {version}, not {SOURCE_VERSION}; start over an empty data folder"
        );
        return Err(CodecError(reason));
    }
    let record = SourceRecord::decode(bytes).map_err(|_| damaged())?;
    let [log_events, metric_data, spans, audit_events] =
        <[u64; 4]>::try_from(record.totals).map_err(|_| damaged())?;
    let counts: Vec<Tally> = record.counts.into_iter().map(tally).collect::<Result<_, _>>()?;
    let mut spellings: BTreeMap<Field, BTreeMap<Box<str>, Tally>> = BTreeMap::new();
    for SpellingsRecord { field, spellings: of_field } in record.spellings {
        let field = u8::try_from(field).ok().and_then(Field::from_number).ok_or_else(damaged)?;
        spellings.insert(field, names(of_field)?);
    }
    Ok(SourceStats {
        first_seen: Timestamp(record.first_seen),
        last_seen: Timestamp(record.last_seen),
        tenant: record.tenant.into(),
        log_events,
        metric_data,
        spans,
        audit_events,
        delay: Duration(record.delay),
        counts: <[Tally; Count::COUNT]>::try_from(counts).map_err(|_| damaged())?,
        unknown_events: names(record.unknown_events)?,
        spellings,
        minutes: record.minutes.into_iter().map(Timestamp).zip(record.minute_counts).collect(),
    })
}

fn damaged() -> CodecError {
    CodecError("source: damaged value".to_owned())
}

fn tally_record(tally: &Tally) -> TallyRecord {
    TallyRecord { slots: tally.slots.to_vec(), last_at: tally.last_at.0 }
}

fn tally(record: TallyRecord) -> Result<Tally, CodecError> {
    let slots = <[u32; HOURS]>::try_from(record.slots).map_err(|_| damaged())?;
    Ok(Tally { slots, last_at: Timestamp(record.last_at) })
}

fn names(records: Vec<NamedRecord>) -> Result<BTreeMap<Box<str>, Tally>, CodecError> {
    let each = records.into_iter().map(|record| {
        let tally = tally(record.tally.ok_or_else(damaged)?)?;
        Ok((record.name.into(), tally))
    });
    each.collect()
}

/// What every version begins with.
#[derive(Clone, PartialEq, Message)]
struct VersionRecord {
    #[prost(uint32, tag = "1")]
    version: u32,
}

#[derive(Clone, PartialEq, Message)]
struct SourceRecord {
    #[prost(uint32, tag = "1")]
    version: u32,
    #[prost(sint64, tag = "2")]
    first_seen: i64,
    #[prost(sint64, tag = "3")]
    last_seen: i64,
    /// In the order of [`encode_source`].
    #[prost(uint64, repeated, tag = "4")]
    totals: Vec<u64>,
    #[prost(sint64, tag = "5")]
    delay: i64,
    /// By the number of [`Count`].
    #[prost(message, repeated, tag = "6")]
    counts: Vec<TallyRecord>,
    #[prost(message, repeated, tag = "7")]
    unknown_events: Vec<NamedRecord>,
    #[prost(message, repeated, tag = "8")]
    spellings: Vec<SpellingsRecord>,
    #[prost(sint64, repeated, tag = "9")]
    minutes: Vec<i64>,
    #[prost(uint64, repeated, tag = "10")]
    minute_counts: Vec<u64>,
    #[prost(string, tag = "11")]
    tenant: String,
}

#[derive(Clone, PartialEq, Message)]
struct TallyRecord {
    #[prost(uint32, repeated, tag = "1")]
    slots: Vec<u32>,
    #[prost(sint64, tag = "2")]
    last_at: i64,
}

#[derive(Clone, PartialEq, Message)]
struct NamedRecord {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    tally: Option<TallyRecord>,
}

#[derive(Clone, PartialEq, Message)]
struct SpellingsRecord {
    #[prost(uint32, tag = "1")]
    field: u32,
    #[prost(message, repeated, tag = "2")]
    spellings: Vec<NamedRecord>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Slots that tell one tally from another.
    fn counted(number: u32) -> Tally {
        Tally {
            slots: std::array::from_fn(|slot| number * 100 + slot as u32),
            last_at: Timestamp(number.into()),
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let stats = SourceStats {
            first_seen: Timestamp(1),
            last_seen: Timestamp(2),
            tenant: "acme".into(),
            log_events: 3,
            metric_data: 4,
            spans: 5,
            audit_events: 6,
            delay: Duration(-14),
            counts: std::array::from_fn(|number| counted(number as u32)),
            unknown_events: [("E".into(), counted(15))].into(),
            spellings: [
                (Field::Wallet, [("ApplePay".into(), counted(17))].into()),
                (Field::Issuer, [("A".into(), counted(18)), ("a".into(), counted(1))].into()),
            ]
            .into(),
            minutes: [(Timestamp(60), 19)].into(),
        };
        assert_eq!(decode_source(&encode_source(&stats)).as_ref(), Ok(&stats));
        assert_eq!(parse_source_key(&source_key("gateway")).as_deref(), Ok("gateway"));
        assert!(decode_source(&[]).is_err());
    }

    #[test]
    fn another_version_is_told_as_such() {
        let other = VersionRecord { version: SOURCE_VERSION + 1 }.encode_to_vec();
        let CodecError(reason) = decode_source(&other).unwrap_err();
        assert!(reason.ends_with("start over an empty data folder"), "{reason}");
    }
}
