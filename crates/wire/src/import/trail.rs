//! Which audit event is this? A CloudTrail record, as AWS writes it or as somebody noted it down.
//!
//! What the join and the table need is looked up by the event contract's names, wherever it stands in the parameters
//! and the answer; everything else is kept as JSON. What AWS would insist on and is missing is made from the content,
//! so that reading a file twice makes the same event.

use sha2::{Digest, Sha256};
use walletscope_model::contract::Field;
use walletscope_model::{AuditEvent, Duration};

use super::check::check;
use super::instant::{Form, instant};
use super::json::{Object, Value, is_same_name};
use super::note::{Normalisation, Sink};
use super::record::Record;

/// Members that have a column of their own.
const COLUMNS: [&str; 14] = [
    "eventTime",
    "eventID",
    "eventSource",
    "eventName",
    "eventType",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "userIdentity",
    "requestID",
    "errorCode",
    "errorMessage",
    "requestParameters",
    "responseElements",
];
/// Names of the status of a provisioning in an answer. A status of anything else is not told by them.
const STATUSES: [&str; 2] = ["tokenProvisioningStatus", "provisioningStatus"];
/// The digits of an EMVCo token requestor id.
const REQUESTOR_ID_DIGITS: usize = 11;

/// Whether an object is an audit event.
pub(super) fn is_audit_event(object: &Object) -> bool {
    object.get("eventSource").is_some() && object.get("eventName").is_some()
}

/// The audit event that an object is.
pub(super) fn audit_event(object: &Object, sink: &mut Sink) {
    match read(object, sink).and_then(|event| check(Record::Audit(Box::new(event)))) {
        Ok(record) => sink.record(object.line, record),
        Err(reason) => sink.bad(object.line, reason),
    }
}

fn read(object: &Object, sink: &mut Sink) -> Result<AuditEvent, String> {
    let line = object.line;
    let time = object.get("eventTime").ok_or("an audit event has no eventTime")?;
    let (timestamp, form) = instant(time).ok_or_else(|| {
        format!("the eventTime of an audit event is none that can be read: {}", time.compact())
    })?;
    match form {
        Form::Text => {}
        Form::WithoutZone => sink.note(line, Normalisation::TimeWithoutZone),
        Form::Millis | Form::Seconds | Form::Fine => sink.note(line, Normalisation::TimeForm),
    }
    let text = |name: &str| object.scalar(name).map(Box::<str>::from);
    let asked = object.get("requestParameters");
    let answered = object.get("responseElements");
    let further = object.get("additionalEventData");
    let anywhere =
        |field: Field| [answered, asked, further].into_iter().flatten().find_map(|part| find(part, field));
    let owned = |field: Field| anywhere(field).map(Box::<str>::from);
    note_oddities(object, anywhere(Field::TokenRequestorId), sink);
    let seconds = anywhere(Field::ProcessingTime).and_then(Duration::parse_seconds);
    let processing_time =
        seconds.or_else(|| anywhere(Field::ProcessingTimeMs).and_then(Duration::parse_millis));
    let status = STATUSES.iter().find_map(|name| answered?.object()?.scalar(name));
    let identity = object.get("userIdentity").map(Value::compact);
    Ok(AuditEvent {
        timestamp,
        event_id: text("eventID").unwrap_or_else(|| made_id(object)),
        event_source: text("eventSource").unwrap_or_default(),
        event_name: text("eventName").unwrap_or_default(),
        event_type: text("eventType"),
        aws_region: text("awsRegion"),
        source_ip_address: text("sourceIPAddress"),
        user_agent: text("userAgent"),
        user_identity: Some(identity.unwrap_or_else(|| r#"{"type":"Unknown"}"#.to_owned()).into()),
        request_id: text("requestID"),
        token_reference_id: owned(Field::TokenReferenceId),
        correlation_id: text("correlationId").or_else(|| owned(Field::CorrelationId)),
        wallet_provider: owned(Field::Wallet),
        issuer: owned(Field::Issuer),
        status: status.map(Into::into),
        processing_time,
        error_code: text("errorCode"),
        error_message: text("errorMessage"),
        request_parameters: asked.map(|value| value.compact().into()),
        response_elements: answered.map(|value| value.compact().into()),
        additional_data: additional_data(object),
    })
}

fn note_oddities(object: &Object, requestor_id: Option<&str>, sink: &mut Sink) {
    let line = object.line;
    for (name, what) in
        [("eventID", Normalisation::EventIdMade), ("userIdentity", Normalisation::IdentityUnknown)]
    {
        if object.get(name).is_none() {
            sink.note(line, what);
        }
    }
    // Real services name their category; who notes an event of a service of their own down leaves it out.
    if object.get("eventCategory").is_none() && object.get("eventID").is_none() {
        sink.note(line, Normalisation::EventSourceUnknown);
    }
    let is_odd = |id: &str| id.len() != REQUESTOR_ID_DIGITS || !id.bytes().all(|byte| byte.is_ascii_digit());
    if requestor_id.is_some_and(is_odd) {
        sink.note(line, Normalisation::RequestorIdLength);
    }
}

/// The first value of a field of the contract inside a value, from outside in.
fn find(value: &Value, wanted: Field) -> Option<&str> {
    let object = value.object()?;
    let here = object.members.iter().find_map(|(name, value)| {
        let is_field = Field::from_name(name) == Some(wanted);
        value.scalar().filter(|text| is_field && !text.is_empty())
    });
    here.or_else(|| object.members.iter().find_map(|(_, value)| find(value, wanted)))
}

/// Everything that has no column.
fn additional_data(object: &Object) -> Option<Box<str>> {
    let has_column = |name: &str| COLUMNS.iter().any(|column| is_same_name(column, name));
    let others = object.members.iter().filter(|(name, _)| !has_column(name)).cloned();
    let others = Object::of(object.line, others);
    (!others.members.is_empty()).then(|| others.compact().into())
}

/// An id in the form of CloudTrail's, made from the whole content.
fn made_id(object: &Object) -> Box<str> {
    let hash = Sha256::digest(object.compact().as_bytes());
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]).into()
}
