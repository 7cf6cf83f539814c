//! Which log events does an export hold? Records to batches by group and stream, each kept or rejected by itself.
//!
//! A body that cannot be decoded is refused whole; a record that cannot be stored is counted, as the protocol's partial
//! success wants it, because a client that gets an error gives up the whole export.

use prost::Message;
use walletscope_model::{LogBatch, LogEvent, Timestamp};

use super::message::{ExportLogsServiceRequest, KeyValue, Kind, LogRecord, ResourceLogs, text, value};
use super::shape::{self, MESSAGES_MAX, Unfit};
use super::text::{leaves_out, message};
use super::{Encoding, Refusal};
use crate::gathered::Gathered;
use crate::import::{NoMessage, log_message, log_place};

const GROUPS: &str = "aws.log.group.names";
const STREAMS: &str = "aws.log.stream.names";
const SERVICE: &str = "service.name";
const INSTANCE: &str = "service.instance.id";
/// The group of a service is named by this and the service.
const GROUP_PREFIX: &str = "/otlp/";
/// What OpenTelemetry calls a service without a name.
const UNKNOWN_SERVICE: &str = "unknown_service";
const UNKNOWN_STREAM: &str = "default";

/// The log records of one export.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogExport {
    /// What is to be stored, one batch a group and stream.
    pub batches: Vec<LogBatch>,
    /// What is not.
    pub rejected: Rejected,
    /// How many of the stored records had attributes or ids beside a body that is a JSON object, which were left out.
    pub bare_objects: u64,
}

/// Records that cannot be stored, whoever sends them and whenever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rejected {
    /// How many.
    pub records: u64,
    /// Why, of the first.
    pub reason: Option<Reason>,
}

/// Why a record is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Its resource names a group or a stream that CloudWatch Logs does not allow.
    Place,
    /// It has neither a body nor anything beside it.
    Empty,
    /// Its message is longer than one of PutLogEvents.
    TooLong,
}

impl Reason {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Place => "a log group or log stream has a name that CloudWatch Logs does not allow",
            Self::Empty => "a log record is empty",
            Self::TooLong => "a log record is over 1 MiB",
        }
    }
}

/// The records of a body, inflated. A record without a time gets `received_at`.
///
/// # Errors
/// The body is damaged or too large.
pub fn decode(encoding: Encoding, body: &[u8], received_at: Timestamp) -> Result<LogExport, Refusal> {
    let request = match encoding {
        Encoding::Protobuf => from_protobuf(body)?,
        Encoding::Json => from_json(body)?,
    };
    Ok(export(&request, received_at))
}

fn from_protobuf(body: &[u8]) -> Result<ExportLogsServiceRequest, Refusal> {
    shape::count(body, &shape::LOGS, &mut MESSAGES_MAX.clone()).map_err(|unfit| match unfit {
        Unfit::Cut => Refusal::Malformed("the protobuf ends inside a field"),
        Unfit::Damaged => Refusal::Malformed("the body is no protobuf"),
        Unfit::TooDeep => Refusal::Malformed("values are nested too deep"),
        Unfit::TooMany => Refusal::TooLarge,
    })?;
    ExportLogsServiceRequest::decode(body)
        .map_err(|_| Refusal::Malformed("the protobuf is no ExportLogsServiceRequest"))
}

/// Its objects are counted by their braces, those in texts included: the limit is far off.
fn from_json(body: &[u8]) -> Result<ExportLogsServiceRequest, Refusal> {
    if body.iter().filter(|byte| **byte == b'{').count() > MESSAGES_MAX {
        return Err(Refusal::TooLarge);
    }
    let text = std::str::from_utf8(body).map_err(|_| Refusal::Malformed("the body is no UTF-8"))?;
    if !text.trim_ascii_start().starts_with('{') {
        return Err(Refusal::Malformed("the body is no JSON object"));
    }
    serde_json::from_str(text).map_err(|error| match error.classify() {
        serde_json::error::Category::Eof => Refusal::Malformed("the JSON ends too early"),
        serde_json::error::Category::Data => Refusal::Malformed(
            "the JSON is no ExportLogsServiceRequest: a member has another type or stands twice",
        ),
        _ => Refusal::Malformed("the body is no JSON, or values are nested too deep"),
    })
}

fn export(request: &ExportLogsServiceRequest, received_at: Timestamp) -> LogExport {
    let mut gathered = Gathered::new();
    let mut export = LogExport::default();
    for resource_logs in &request.resource_logs {
        let place = place(resource_logs);
        let records = resource_logs.scope_logs.iter().flat_map(|scope| &scope.log_records);
        let Ok(place) = place else {
            records.for_each(|_| export.rejected.add(Reason::Place));
            continue;
        };
        let events: &mut Vec<LogEvent> = gathered.list(place);
        for record in records {
            match event(record, received_at) {
                Ok(event) => {
                    export.bare_objects += u64::from(leaves_out(record));
                    events.push(event);
                }
                Err(reason) => export.rejected.add(reason),
            }
        }
    }
    let batch = |((group, stream), events)| LogBatch { group, stream, events };
    export.batches = gathered.into_lists().map(batch).collect();
    export
}

impl Rejected {
    fn add(&mut self, reason: Reason) {
        self.records += 1;
        self.reason.get_or_insert(reason);
    }
}

/// The group and the stream of a resource.
fn place(resource_logs: &ResourceLogs) -> Result<(Box<str>, Box<str>), Reason> {
    let attributes = resource_logs.resource.as_ref().map_or(&[][..], |resource| &resource.attributes);
    let group = match first_text(attributes, GROUPS) {
        Some(group) => group.to_owned(),
        None => {
            let service =
                text(attributes, SERVICE).filter(|name| !name.is_empty()).unwrap_or(UNKNOWN_SERVICE);
            let is_allowed = |char: char| char.is_ascii_alphanumeric() || "._-/#".contains(char);
            format!("{GROUP_PREFIX}{}", service.replace(|char| !is_allowed(char), "_"))
        }
    };
    let stream = match first_text(attributes, STREAMS) {
        Some(stream) => stream.to_owned(),
        None => {
            let instance = text(attributes, INSTANCE).filter(|id| !id.is_empty()).unwrap_or(UNKNOWN_STREAM);
            instance.replace([':', '*'], "_")
        }
    };
    log_place(&group, &stream).map_err(|_| Reason::Place)?;
    Ok((group.into(), stream.into()))
}

/// The text behind a key, or the first of a list of them.
fn first_text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let kind = match &value(attributes, key)?.kind {
        Some(Kind::Array(list)) => &list.values.first()?.kind,
        other => other,
    };
    match kind {
        Some(Kind::Text(text)) if !text.is_empty() => Some(text),
        _ => None,
    }
}

fn event(record: &LogRecord, received_at: Timestamp) -> Result<LogEvent, Reason> {
    let message = message(record);
    log_message(&message).map_err(|reason| match reason {
        NoMessage::Empty => Reason::Empty,
        NoMessage::TooLong(_) => Reason::TooLong,
    })?;
    let nanos = [record.time_unix_nano, record.observed_time_unix_nano].into_iter().find(|nanos| *nanos > 0);
    let timestamp = nanos.map_or(received_at, from_nanos);
    Ok(LogEvent { timestamp, message: message.into(), guarded: false })
}

/// A thousandth of any `u64` is an `i64`.
pub(crate) fn from_nanos(nanos: u64) -> Timestamp {
    Timestamp((nanos / 1_000).cast_signed())
}
