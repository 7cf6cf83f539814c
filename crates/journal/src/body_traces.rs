//! Which protobuf messages are the bodies of entries with spans and with audit events?
//!
//! One message a record, its fields numbered in the order of the model's struct. Both directions take the struct apart
//! by name, so a new field of the model cannot be left out here unnoticed; it needs a new number, and never an old one.

use prost::Message;
use walletscope_model::{AuditEvent, Duration, Span, Timestamp};

use crate::body::message;
use crate::record::{RECORDS_MAX, RecordError, check_limit};

/// The body of an entry with spans.
pub(crate) fn encode_spans(spans: &[Span]) -> Vec<u8> {
    SpansMessage { spans: spans.iter().map(span_message).collect() }.encode_to_vec()
}

/// The spans of a body.
pub(crate) fn decode_spans(bytes: &[u8]) -> Result<Vec<Span>, RecordError> {
    let spans = message::<SpansMessage>(bytes)?.spans;
    check_limit("records", spans.len(), RECORDS_MAX)?;
    spans.into_iter().map(span_from).collect()
}

/// The body of an entry with audit events.
pub(crate) fn encode_audit(events: &[AuditEvent]) -> Vec<u8> {
    AuditEventsMessage { events: events.iter().map(audit_message).collect() }.encode_to_vec()
}

/// The audit events of a body.
pub(crate) fn decode_audit(bytes: &[u8]) -> Result<Vec<AuditEvent>, RecordError> {
    let events = message::<AuditEventsMessage>(bytes)?.events;
    check_limit("records", events.len(), RECORDS_MAX)?;
    Ok(events.into_iter().map(audit_from).collect())
}

#[derive(Clone, PartialEq, Message)]
struct SpansMessage {
    #[prost(message, repeated, tag = "1")]
    spans: Vec<SpanMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct AuditEventsMessage {
    #[prost(message, repeated, tag = "1")]
    events: Vec<AuditMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct SpanMessage {
    /// Microseconds since 1970.
    #[prost(sint64, tag = "1")]
    timestamp: i64,
    #[prost(string, tag = "2")]
    trace_id: String,
    #[prost(string, tag = "3")]
    span_id: String,
    #[prost(string, optional, tag = "4")]
    parent_id: Option<String>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(string, optional, tag = "6")]
    namespace: Option<String>,
    /// Microseconds since 1970.
    #[prost(sint64, optional, tag = "7")]
    end_time: Option<i64>,
    #[prost(bool, tag = "8")]
    error: bool,
    #[prost(bool, tag = "9")]
    fault: bool,
    #[prost(bool, tag = "10")]
    throttle: bool,
    #[prost(string, optional, tag = "11")]
    http_method: Option<String>,
    #[prost(string, optional, tag = "12")]
    http_url: Option<String>,
    #[prost(uint32, optional, tag = "13")]
    http_status: Option<u32>,
    #[prost(string, optional, tag = "14")]
    user_agent: Option<String>,
    #[prost(string, optional, tag = "15")]
    client_ip: Option<String>,
    #[prost(string, optional, tag = "16")]
    operation: Option<String>,
    #[prost(string, optional, tag = "17")]
    resource: Option<String>,
    #[prost(string, optional, tag = "18")]
    wallet_provider: Option<String>,
    #[prost(string, optional, tag = "19")]
    issuer: Option<String>,
    #[prost(string, optional, tag = "20")]
    correlation_id: Option<String>,
    #[prost(string, optional, tag = "21")]
    request_id: Option<String>,
    #[prost(string, optional, tag = "22")]
    token_reference_id: Option<String>,
    #[prost(string, optional, tag = "23")]
    annotations: Option<String>,
    #[prost(string, optional, tag = "24")]
    metadata: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct AuditMessage {
    /// Microseconds since 1970.
    #[prost(sint64, tag = "1")]
    timestamp: i64,
    #[prost(string, tag = "2")]
    event_id: String,
    #[prost(string, tag = "3")]
    event_source: String,
    #[prost(string, tag = "4")]
    event_name: String,
    #[prost(string, optional, tag = "5")]
    event_type: Option<String>,
    #[prost(string, optional, tag = "6")]
    aws_region: Option<String>,
    #[prost(string, optional, tag = "7")]
    source_ip_address: Option<String>,
    #[prost(string, optional, tag = "8")]
    user_agent: Option<String>,
    #[prost(string, optional, tag = "9")]
    user_identity: Option<String>,
    #[prost(string, optional, tag = "10")]
    request_id: Option<String>,
    #[prost(string, optional, tag = "11")]
    token_reference_id: Option<String>,
    #[prost(string, optional, tag = "12")]
    correlation_id: Option<String>,
    #[prost(string, optional, tag = "13")]
    wallet_provider: Option<String>,
    #[prost(string, optional, tag = "14")]
    issuer: Option<String>,
    #[prost(string, optional, tag = "15")]
    status: Option<String>,
    /// Microseconds.
    #[prost(sint64, optional, tag = "16")]
    processing_time: Option<i64>,
    #[prost(string, optional, tag = "17")]
    error_code: Option<String>,
    #[prost(string, optional, tag = "18")]
    error_message: Option<String>,
    #[prost(string, optional, tag = "19")]
    request_parameters: Option<String>,
    #[prost(string, optional, tag = "20")]
    response_elements: Option<String>,
    #[prost(string, optional, tag = "21")]
    additional_data: Option<String>,
}

fn span_message(value: &Span) -> SpanMessage {
    let Span {
        timestamp,
        trace_id,
        span_id,
        parent_id,
        name,
        namespace,
        end_time,
        error,
        fault,
        throttle,
        http_method,
        http_url,
        http_status,
        user_agent,
        client_ip,
        operation,
        resource,
        wallet_provider,
        issuer,
        correlation_id,
        request_id,
        token_reference_id,
        annotations,
        metadata,
    } = value;
    SpanMessage {
        timestamp: timestamp.0,
        trace_id: trace_id.to_string(),
        span_id: span_id.to_string(),
        parent_id: owned(parent_id),
        name: name.to_string(),
        namespace: owned(namespace),
        end_time: end_time.map(|at| at.0),
        error: *error,
        fault: *fault,
        throttle: *throttle,
        http_method: owned(http_method),
        http_url: owned(http_url),
        http_status: http_status.map(u32::from),
        user_agent: owned(user_agent),
        client_ip: owned(client_ip),
        operation: owned(operation),
        resource: owned(resource),
        wallet_provider: owned(wallet_provider),
        issuer: owned(issuer),
        correlation_id: owned(correlation_id),
        request_id: owned(request_id),
        token_reference_id: owned(token_reference_id),
        annotations: owned(annotations),
        metadata: owned(metadata),
    }
}

fn span_from(message: SpanMessage) -> Result<Span, RecordError> {
    let http_status = message.http_status.map(u16::try_from).transpose();
    let http_status = http_status.map_err(|_| RecordError::Malformed("status"))?;
    Ok(Span {
        timestamp: Timestamp(message.timestamp),
        trace_id: message.trace_id.into(),
        span_id: message.span_id.into(),
        parent_id: boxed(message.parent_id),
        name: message.name.into(),
        namespace: boxed(message.namespace),
        end_time: message.end_time.map(Timestamp),
        error: message.error,
        fault: message.fault,
        throttle: message.throttle,
        http_method: boxed(message.http_method),
        http_url: boxed(message.http_url),
        http_status,
        user_agent: boxed(message.user_agent),
        client_ip: boxed(message.client_ip),
        operation: boxed(message.operation),
        resource: boxed(message.resource),
        wallet_provider: boxed(message.wallet_provider),
        issuer: boxed(message.issuer),
        correlation_id: boxed(message.correlation_id),
        request_id: boxed(message.request_id),
        token_reference_id: boxed(message.token_reference_id),
        annotations: boxed(message.annotations),
        metadata: boxed(message.metadata),
    })
}

fn audit_message(value: &AuditEvent) -> AuditMessage {
    let AuditEvent {
        timestamp,
        event_id,
        event_source,
        event_name,
        event_type,
        aws_region,
        source_ip_address,
        user_agent,
        user_identity,
        request_id,
        token_reference_id,
        correlation_id,
        wallet_provider,
        issuer,
        status,
        processing_time,
        error_code,
        error_message,
        request_parameters,
        response_elements,
        additional_data,
    } = value;
    AuditMessage {
        timestamp: timestamp.0,
        event_id: event_id.to_string(),
        event_source: event_source.to_string(),
        event_name: event_name.to_string(),
        event_type: owned(event_type),
        aws_region: owned(aws_region),
        source_ip_address: owned(source_ip_address),
        user_agent: owned(user_agent),
        user_identity: owned(user_identity),
        request_id: owned(request_id),
        token_reference_id: owned(token_reference_id),
        correlation_id: owned(correlation_id),
        wallet_provider: owned(wallet_provider),
        issuer: owned(issuer),
        status: owned(status),
        processing_time: processing_time.map(|took| took.0),
        error_code: owned(error_code),
        error_message: owned(error_message),
        request_parameters: owned(request_parameters),
        response_elements: owned(response_elements),
        additional_data: owned(additional_data),
    }
}

fn audit_from(message: AuditMessage) -> AuditEvent {
    AuditEvent {
        timestamp: Timestamp(message.timestamp),
        event_id: message.event_id.into(),
        event_source: message.event_source.into(),
        event_name: message.event_name.into(),
        event_type: boxed(message.event_type),
        aws_region: boxed(message.aws_region),
        source_ip_address: boxed(message.source_ip_address),
        user_agent: boxed(message.user_agent),
        user_identity: boxed(message.user_identity),
        request_id: boxed(message.request_id),
        token_reference_id: boxed(message.token_reference_id),
        correlation_id: boxed(message.correlation_id),
        wallet_provider: boxed(message.wallet_provider),
        issuer: boxed(message.issuer),
        status: boxed(message.status),
        processing_time: message.processing_time.map(Duration),
        error_code: boxed(message.error_code),
        error_message: boxed(message.error_message),
        request_parameters: boxed(message.request_parameters),
        response_elements: boxed(message.response_elements),
        additional_data: boxed(message.additional_data),
    }
}

fn owned(text: &Option<Box<str>>) -> Option<String> {
    text.as_deref().map(str::to_owned)
}

fn boxed(text: Option<String>) -> Option<Box<str>> {
    text.map(String::into_boxed_str)
}
