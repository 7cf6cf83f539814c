//! How is written what each source has brought?

use std::collections::BTreeMap;

use prost::Message;
use walletscope_model::contract::Field;
use walletscope_model::{Duration, Timestamp};
use walletscope_stream::emf::Fault;
use walletscope_stream::source::{Count, EmfProblem, HOURS, SourceStats, Tally, TimeForm, TimePlace};

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
    let spellings = stats.spellings.iter().map(|(field, spellings)| SpellingsRecord {
        field: *field as u32,
        spellings: name_records(spellings),
    });
    SourceRecord {
        version: SOURCE_VERSION,
        first_seen: stats.first_seen.0,
        last_seen: stats.last_seen.0,
        tenant: stats.tenant.to_string(),
        totals: vec![stats.log_events, stats.metric_data, stats.spans, stats.audit_events],
        delay: stats.delay.0,
        counts: stats.counts.iter().map(tally_record).collect(),
        unknown_events: name_records(&stats.unknown_events),
        spellings: spellings.collect(),
        emf_problems: stats.emf_problems.iter().map(emf_record).collect(),
        times: stats.times.iter().map(time_record).collect(),
        times_minute: stats.times_of_minute.0.0,
        times_in_minute: stats.times_of_minute.1,
        message_delay: stats.message_delay.map(|delay| delay.0),
        message_zones: stats.message_zones.iter().map(zone_record).collect(),
        arrival_zones: stats.arrival_zones.iter().map(zone_record).collect(),
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
        emf_problems: record.emf_problems.into_iter().map(emf_problem).collect::<Result<_, _>>()?,
        times: record.times.into_iter().map(time).collect::<Result<_, _>>()?,
        times_of_minute: (Timestamp(record.times_minute), record.times_in_minute),
        message_delay: record.message_delay.map(Duration),
        message_zones: record.message_zones.into_iter().map(zone).collect::<Result<_, _>>()?,
        arrival_zones: record.arrival_zones.into_iter().map(zone).collect::<Result<_, _>>()?,
        minutes: record.minutes.into_iter().map(Timestamp).zip(record.minute_counts).collect(),
    })
}

fn damaged() -> CodecError {
    CodecError("source: damaged value".to_owned())
}

fn name_records(names: &BTreeMap<Box<str>, Tally>) -> Vec<NamedRecord> {
    let each = names.iter();
    each.map(|(name, tally)| NamedRecord { name: name.to_string(), tally: Some(tally_record(tally)) })
        .collect()
}

fn tally_record(tally: &Tally) -> TallyRecord {
    TallyRecord { slots: tally.slots.to_vec(), last_at: tally.last_at.0 }
}

fn emf_record((fault, problem): (&Fault, &EmfProblem)) -> EmfRecord {
    EmfRecord {
        fault: *fault as u32,
        example: problem.example.to_string(),
        tally: Some(tally_record(&problem.tally)),
    }
}

fn emf_problem(record: EmfRecord) -> Result<(Fault, EmfProblem), CodecError> {
    let fault = numbered(&Fault::ALL, record.fault)?;
    let tally = tally(record.tally.ok_or_else(damaged)?)?;
    Ok((fault, EmfProblem { tally, example: record.example.into() }))
}

fn time_record(((place, form), tally): (&(TimePlace, TimeForm), &Tally)) -> TimeRecord {
    TimeRecord { place: *place as u32, form: *form as u32, tally: Some(tally_record(tally)) }
}

fn time(record: TimeRecord) -> Result<((TimePlace, TimeForm), Tally), CodecError> {
    let place = numbered(&TimePlace::ALL, record.place)?;
    let form = numbered(&TimeForm::ALL, record.form)?;
    Ok(((place, form), tally(record.tally.ok_or_else(damaged)?)?))
}

fn zone_record((half_hours, tally): (&i8, &Tally)) -> ZoneRecord {
    ZoneRecord { half_hours: i32::from(*half_hours), tally: Some(tally_record(tally)) }
}

fn zone(record: ZoneRecord) -> Result<(i8, Tally), CodecError> {
    let half_hours = i8::try_from(record.half_hours).map_err(|_| damaged())?;
    Ok((half_hours, tally(record.tally.ok_or_else(damaged)?)?))
}

fn numbered<T: Copy>(all: &[T], number: u32) -> Result<T, CodecError> {
    all.get(number as usize).copied().ok_or_else(damaged)
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
    #[prost(message, repeated, tag = "12")]
    emf_problems: Vec<EmfRecord>,
    #[prost(message, repeated, tag = "13")]
    times: Vec<TimeRecord>,
    #[prost(sint64, optional, tag = "14")]
    message_delay: Option<i64>,
    #[prost(message, repeated, tag = "15")]
    message_zones: Vec<ZoneRecord>,
    #[prost(message, repeated, tag = "16")]
    arrival_zones: Vec<ZoneRecord>,
    #[prost(sint64, tag = "17")]
    times_minute: i64,
    #[prost(uint32, tag = "18")]
    times_in_minute: u32,
}

#[derive(Clone, PartialEq, Message)]
struct EmfRecord {
    #[prost(uint32, tag = "1")]
    fault: u32,
    #[prost(string, tag = "2")]
    example: String,
    #[prost(message, optional, tag = "3")]
    tally: Option<TallyRecord>,
}

#[derive(Clone, PartialEq, Message)]
struct TimeRecord {
    #[prost(uint32, tag = "1")]
    place: u32,
    #[prost(uint32, tag = "2")]
    form: u32,
    #[prost(message, optional, tag = "3")]
    tally: Option<TallyRecord>,
}

#[derive(Clone, PartialEq, Message)]
struct ZoneRecord {
    #[prost(sint32, tag = "1")]
    half_hours: i32,
    #[prost(message, optional, tag = "2")]
    tally: Option<TallyRecord>,
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
            emf_problems: Fault::ALL
                .map(|fault| {
                    (fault, EmfProblem { tally: counted(fault as u32), example: fault.to_string().into() })
                })
                .into(),
            times: TimePlace::ALL
                .into_iter()
                .zip(TimeForm::ALL.into_iter().rev())
                .map(|(place, form)| ((place, form), counted(20 + form as u32)))
                .collect(),
            times_of_minute: (Timestamp(60), 25),
            message_delay: Some(Duration(-21)),
            message_zones: [(-28, counted(22))].into(),
            arrival_zones: [(28, counted(23)), (1, counted(24))].into(),
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
