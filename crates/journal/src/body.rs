//! Which protobuf message is the body of each kind of entry?
//!
//! Log events are stored as columns: time differences, lengths, and all messages as one string, which compresses
//! better and encodes faster than a message each. Field numbers are on disk and are never reused. An unknown field
//! is an error of the version, not of the message: a new field needs a new entry version.

use prost::Message;
use walletscope_model::{Body, Gap, LogBatch, LogEvent, MetricBatch, MetricDatum, MetricValue, Timestamp};

use crate::body_commands as commands;
use crate::body_traces as traces;
use crate::record::{Kind, RECORDS_MAX, RecordError, check_limit};

/// Log events of one stream. `time_deltas`, `message_bytes` have one number an event.
#[derive(Clone, PartialEq, Message)]
struct LogsMessage {
    #[prost(string, tag = "1")]
    group: String,
    #[prost(string, tag = "2")]
    stream: String,
    /// Microseconds since the previous event, the first since 1970; wraps around.
    #[prost(sint64, repeated, tag = "3")]
    time_deltas: Vec<i64>,
    /// Length of each message in `messages`.
    #[prost(uint32, repeated, tag = "4")]
    message_bytes: Vec<u32>,
    /// Every message, one after the other.
    #[prost(string, tag = "5")]
    messages: String,
    /// Indices of the events that the guard changed, ascending.
    #[prost(uint32, repeated, tag = "6")]
    guarded: Vec<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct MetricsMessage {
    #[prost(message, repeated, tag = "1")]
    data: Vec<DatumMessage>,
}

/// One metric datum; it has either `values` with as many `counts`, or `statistics`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct DatumMessage {
    #[prost(string, tag = "1")]
    namespace: String,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(message, repeated, tag = "3")]
    dimensions: Vec<PairMessage>,
    #[prost(sint64, tag = "4")]
    timestamp_micros: i64,
    #[prost(string, optional, tag = "5")]
    unit: Option<String>,
    #[prost(uint32, tag = "6")]
    storage_resolution_seconds: u32,
    #[prost(double, repeated, tag = "7")]
    values: Vec<f64>,
    #[prost(double, repeated, tag = "8")]
    counts: Vec<f64>,
    #[prost(message, optional, tag = "9")]
    statistics: Option<StatisticsMessage>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct PairMessage {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) value: String,
}

#[derive(Clone, PartialEq, Message)]
struct StatisticsMessage {
    #[prost(double, tag = "1")]
    sample_count: f64,
    #[prost(double, tag = "2")]
    sum: f64,
    #[prost(double, tag = "3")]
    minimum: f64,
    #[prost(double, tag = "4")]
    maximum: f64,
}

#[derive(Clone, PartialEq, Message)]
struct GapMessage {
    #[prost(sint64, tag = "1")]
    from_micros: i64,
    #[prost(sint64, tag = "2")]
    to_micros: i64,
}

/// The bytes of `body`, not compressed.
pub(crate) fn encode(body: &Body) -> Result<Vec<u8>, RecordError> {
    Ok(match body {
        Body::Logs(logs) => {
            check_limit("records", logs.events.len(), RECORDS_MAX)?;
            logs_message(logs)?.encode_to_vec()
        }
        Body::Metrics(metrics) => {
            check_limit("records", metrics.data.len(), RECORDS_MAX)?;
            MetricsMessage { data: metrics.data.iter().map(datum_message).collect() }.encode_to_vec()
        }
        Body::Spans(spans) => {
            check_limit("records", spans.len(), RECORDS_MAX)?;
            traces::encode_spans(spans)
        }
        Body::Audit(events) => {
            check_limit("records", events.len(), RECORDS_MAX)?;
            traces::encode_audit(events)
        }
        Body::Command(command) => commands::encode(command),
        Body::Gap(gap) => GapMessage { from_micros: gap.from.0, to_micros: gap.to.0 }.encode_to_vec(),
        Body::Tick | Body::BackfillEnd => Vec::new(),
    })
}

/// The body of this kind that `bytes` are.
pub(crate) fn decode(kind: Kind, bytes: &[u8]) -> Result<Body, RecordError> {
    let empty = |body| if bytes.is_empty() { Ok(body) } else { Err(RecordError::LeftOver("header")) };
    match kind {
        Kind::Logs => logs_from(&message::<LogsMessage>(bytes)?).map(Body::Logs),
        Kind::Metrics => metrics_from(message(bytes)?).map(Body::Metrics),
        Kind::Command => commands::decode(bytes).map(Body::Command),
        Kind::Gap => {
            let gap: GapMessage = message(bytes)?;
            Ok(Body::Gap(Gap { from: Timestamp(gap.from_micros), to: Timestamp(gap.to_micros) }))
        }
        Kind::Spans => traces::decode_spans(bytes).map(Body::Spans),
        Kind::Audit => traces::decode_audit(bytes).map(Body::Audit),
        Kind::Tick => empty(Body::Tick),
        Kind::BackfillEnd => empty(Body::BackfillEnd),
    }
}

pub(crate) fn message<M: Message + Default>(bytes: &[u8]) -> Result<M, RecordError> {
    M::decode(bytes).map_err(|_| RecordError::Malformed("body"))
}

fn logs_message(logs: &LogBatch) -> Result<LogsMessage, RecordError> {
    let count = logs.events.len();
    let bytes = logs.events.iter().map(|event| event.message.len()).sum();
    check_limit("messages", bytes, crate::record::BODY_BYTES_MAX)?;
    let mut message = LogsMessage {
        group: String::from(&*logs.group),
        stream: String::from(&*logs.stream),
        time_deltas: Vec::with_capacity(count),
        message_bytes: Vec::with_capacity(count),
        messages: String::with_capacity(bytes),
        guarded: Vec::new(),
    };
    let mut previous = 0_i64;
    for (index, event) in logs.events.iter().enumerate() {
        message.time_deltas.push(event.timestamp.0.wrapping_sub(previous));
        previous = event.timestamp.0;
        message.message_bytes.push(event.message.len() as u32);
        message.messages.push_str(&event.message);
        if event.guarded {
            message.guarded.push(index as u32);
        }
    }
    Ok(message)
}

fn logs_from(message: &LogsMessage) -> Result<LogBatch, RecordError> {
    let count = message.time_deltas.len();
    check_limit("records", count, RECORDS_MAX)?;
    if message.message_bytes.len() != count {
        return Err(RecordError::Malformed("number of messages"));
    }
    let mut events = Vec::with_capacity(count);
    let mut rest = message.messages.as_str();
    let mut guarded = message.guarded.iter().copied().peekable();
    let mut previous = 0_i64;
    for (index, (delta, bytes)) in message.time_deltas.iter().zip(&message.message_bytes).enumerate() {
        let (text, after) =
            rest.split_at_checked(*bytes as usize).ok_or(RecordError::Malformed("message length"))?;
        rest = after;
        previous = previous.wrapping_add(*delta);
        let guarded = guarded.next_if_eq(&(index as u32)).is_some();
        events.push(LogEvent { timestamp: Timestamp(previous), message: text.into(), guarded });
    }
    if !rest.is_empty() || guarded.next().is_some() {
        return Err(RecordError::LeftOver("last message"));
    }
    Ok(LogBatch { group: message.group.as_str().into(), stream: message.stream.as_str().into(), events })
}

pub(crate) fn datum_message(datum: &MetricDatum) -> DatumMessage {
    let (values, counts, statistics) = match &datum.value {
        MetricValue::Values(pairs) => {
            (pairs.iter().map(|pair| pair.0).collect(), pairs.iter().map(|pair| pair.1).collect(), None)
        }
        &MetricValue::Statistics { sample_count, sum, minimum, maximum } => {
            (Vec::new(), Vec::new(), Some(StatisticsMessage { sample_count, sum, minimum, maximum }))
        }
    };
    DatumMessage {
        namespace: String::from(&*datum.namespace),
        name: String::from(&*datum.name),
        dimensions: pair_messages(&datum.dimensions),
        timestamp_micros: datum.timestamp.0,
        unit: datum.unit.as_deref().map(String::from),
        storage_resolution_seconds: u32::from(datum.storage_resolution_seconds),
        values,
        counts,
        statistics,
    }
}

fn metrics_from(message: MetricsMessage) -> Result<MetricBatch, RecordError> {
    check_limit("records", message.data.len(), RECORDS_MAX)?;
    let data = message.data.into_iter().map(datum_from).collect::<Result<_, _>>()?;
    Ok(MetricBatch { data })
}

pub(crate) fn datum_from(message: DatumMessage) -> Result<MetricDatum, RecordError> {
    let value = match message.statistics {
        Some(_) if !message.values.is_empty() || !message.counts.is_empty() => {
            return Err(RecordError::Malformed("metric value"));
        }
        Some(StatisticsMessage { sample_count, sum, minimum, maximum }) => {
            MetricValue::Statistics { sample_count, sum, minimum, maximum }
        }
        None if message.values.len() != message.counts.len() => {
            return Err(RecordError::Malformed("metric counts"));
        }
        None => MetricValue::Values(message.values.into_iter().zip(message.counts).collect()),
    };
    Ok(MetricDatum {
        namespace: message.namespace.into(),
        name: message.name.into(),
        dimensions: pairs_from(message.dimensions),
        timestamp: Timestamp(message.timestamp_micros),
        unit: message.unit.map(Into::into),
        storage_resolution_seconds: u8::try_from(message.storage_resolution_seconds)
            .map_err(|_| RecordError::Malformed("storage resolution"))?,
        value,
    })
}

pub(crate) fn pair_messages(pairs: &[(Box<str>, Box<str>)]) -> Vec<PairMessage> {
    pairs
        .iter()
        .map(|(name, value)| PairMessage { name: String::from(&**name), value: String::from(&**value) })
        .collect()
}

pub(crate) fn pairs_from(pairs: Vec<PairMessage>) -> Vec<(Box<str>, Box<str>)> {
    pairs.into_iter().map(|pair| (pair.name.into(), pair.value.into())).collect()
}
