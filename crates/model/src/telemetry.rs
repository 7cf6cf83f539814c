//! What do clients send, and what is one journal entry?
//!
//! One entry is one client call: its origin and its records, already guarded. Nothing enters the product but as a
//! [`Batch`], time and commands included, so a replay of the journal gives the same state.

use crate::command::Command;
use crate::time::{Duration, Timestamp};

/// The position of an entry in the journal: dense, from 1, never reused. Zero means "before the first".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(pub u64);

/// Where a call came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The AWS account number, twelve digits.
    pub account: Box<str>,
    /// The region of the credential scope.
    pub region: Box<str>,
    /// The access key or door the call came through.
    pub source: Box<str>,
    /// Whose data it is; tenants never share an attempt.
    pub tenant: Box<str>,
}

/// One entry of the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// When it was appended; never before the previous entry's. Every entry is a tick.
    pub appended_at: Timestamp,
    /// Where it came from.
    pub origin: Origin,
    /// The client's invocation id, equal over the retries of one call; empty where the client sends none.
    pub invocation_id: Box<str>,
    /// What it holds.
    pub body: Body,
}

/// What one entry holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Log events of one stream.
    Logs(LogBatch),
    /// Metric data.
    Metrics(MetricBatch),
    /// Spans of traces, in the client's order.
    Spans(Vec<Span>),
    /// Audit events, in the client's order.
    Audit(Vec<AuditEvent>),
    /// A control-plane command; its answer is the result of stepping it.
    Command(Command),
    /// Time passed and a timer is due.
    Tick,
    /// The product did not run, or the clock jumped, for more than five minutes.
    Gap(Gap),
    /// The history of this entry's source is complete: its records so far count by event time.
    BackfillEnd,
}

/// Log events of one stream, one PutLogEvents call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogBatch {
    /// The log group's name.
    pub group: Box<str>,
    /// The log stream's name.
    pub stream: Box<str>,
    /// The events in the client's order.
    pub events: Vec<LogEvent>,
}

/// One log event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// The event's own time.
    pub timestamp: Timestamp,
    /// The guarded message.
    pub message: Box<str>,
    /// Whether the guard changed the message.
    pub guarded: bool,
}

/// Metric data of one PutMetricData call.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricBatch {
    /// The data in the client's order.
    pub data: Vec<MetricDatum>,
}

/// One CloudWatch metric datum.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricDatum {
    /// The namespace.
    pub namespace: Box<str>,
    /// The metric's name.
    pub name: Box<str>,
    /// Dimension names and values, sorted by name; at most 30.
    pub dimensions: Vec<(Box<str>, Box<str>)>,
    /// The datum's own time.
    pub timestamp: Timestamp,
    /// The unit's CloudWatch name; `None` where the client gave none.
    pub unit: Option<Box<str>>,
    /// 1 or 60 seconds.
    pub storage_resolution_seconds: u8,
    /// The value or values.
    pub value: MetricValue,
}

/// What a datum says. All numbers are finite and within ±2^360.
#[derive(Clone, Debug, PartialEq)]
pub enum MetricValue {
    /// Values and how often each occurred, counts from zero, not always whole.
    Values(Vec<(f64, f64)>),
    /// A statistic set.
    Statistics {
        /// How many samples.
        sample_count: f64,
        /// Their sum.
        sum: f64,
        /// The smallest.
        minimum: f64,
        /// The largest.
        maximum: f64,
    },
}

/// A datum that nobody sent: it follows from a record, as the definitions stood when the record was applied.
#[derive(Clone, Debug, PartialEq)]
pub struct DerivedDatum {
    /// The datum.
    pub datum: MetricDatum,
    /// From what it follows.
    pub provenance: Provenance,
    /// Whose it is; `None`: its entry's.
    pub origin: Option<Origin>,
}

/// Who says a metric datum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Provenance {
    /// A client, by PutMetricData or in a file.
    Put,
    /// A metric filter over log events.
    Filter,
    /// A log event in the embedded metric format.
    Embedded,
    /// A platform line of AWS Lambda.
    Lambda,
    /// What is known of the source itself, whether it sends anything or not.
    Source,
    /// Attempts: what was measured of the provisioning itself.
    Attempt,
}

impl Provenance {
    /// Every one, in the order of their numbers.
    pub const ALL: [Self; 6] =
        [Self::Put, Self::Filter, Self::Embedded, Self::Lambda, Self::Source, Self::Attempt];

    /// As the column `provenance` says it.
    pub fn name(self) -> &'static str {
        ["put", "filter", "emf", "lambda", "source", "attempt"][self as usize]
    }
}

/// One span of a trace: a segment or a subsegment. Its fields are the columns of the table `spans`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// When it began.
    pub timestamp: Timestamp,
    /// The trace, as its source wrote it.
    pub trace_id: Box<str>,
    /// The span, as its source wrote it or made from its place.
    pub span_id: Box<str>,
    /// The span that it is part of.
    pub parent_id: Option<Box<str>>,
    /// The service or operation.
    pub name: Box<str>,
    /// `aws` or `remote`, where it is a call to another service.
    pub namespace: Option<Box<str>>,
    /// When it ended; `None` while it runs.
    pub end_time: Option<Timestamp>,
    /// The caller's mistake (4xx).
    pub error: bool,
    /// The service's mistake (5xx).
    pub fault: bool,
    /// Refused for now (429).
    pub throttle: bool,
    /// GET, POST…
    pub http_method: Option<Box<str>>,
    /// The request's URL.
    pub http_url: Option<Box<str>>,
    /// The response's status.
    pub http_status: Option<u16>,
    /// Client software.
    pub user_agent: Option<Box<str>>,
    /// Address of the client.
    pub client_ip: Option<Box<str>>,
    /// The called operation, such as GetItem.
    pub operation: Option<Box<str>>,
    /// What it was called on, such as a table's name.
    pub resource: Option<Box<str>>,
    /// ApplePay, GooglePay…
    pub wallet_provider: Option<Box<str>>,
    /// The card's issuer.
    pub issuer: Option<Box<str>>,
    /// Names the attempt.
    pub correlation_id: Option<Box<str>>,
    /// The invocation.
    pub request_id: Option<Box<str>>,
    /// The token's reference.
    pub token_reference_id: Option<Box<str>>,
    /// Indexed key-value pairs as one JSON object.
    pub annotations: Option<Box<str>>,
    /// Further data as one JSON object.
    pub metadata: Option<Box<str>>,
}

/// One audited call. Its fields are the columns of the table `audit_events`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditEvent {
    /// When it was called.
    pub timestamp: Timestamp,
    /// The trail's id, or one made from the content.
    pub event_id: Box<str>,
    /// The audited service.
    pub event_source: Box<str>,
    /// The audited operation.
    pub event_name: Box<str>,
    /// AwsApiCall…
    pub event_type: Option<Box<str>>,
    /// The region that the document names.
    pub aws_region: Option<Box<str>>,
    /// Who called from where.
    pub source_ip_address: Option<Box<str>>,
    /// Client software.
    pub user_agent: Option<Box<str>>,
    /// Who called, as JSON.
    pub user_identity: Option<Box<str>>,
    /// The invocation.
    pub request_id: Option<Box<str>>,
    /// The token's reference.
    pub token_reference_id: Option<Box<str>>,
    /// Names the attempt.
    pub correlation_id: Option<Box<str>>,
    /// ApplePay, GooglePay…
    pub wallet_provider: Option<Box<str>>,
    /// The card's issuer.
    pub issuer: Option<Box<str>>,
    /// The provisioning status that the response tells.
    pub status: Option<Box<str>>,
    /// Service time, as the response tells it.
    pub processing_time: Option<Duration>,
    /// Why the call failed.
    pub error_code: Option<Box<str>>,
    /// Why the call failed, in words.
    pub error_message: Option<Box<str>>,
    /// What was asked, as JSON.
    pub request_parameters: Option<Box<str>>,
    /// What was answered, as JSON.
    pub response_elements: Option<Box<str>>,
    /// What else the document says, as one JSON object.
    pub additional_data: Option<Box<str>>,
}

/// A stretch without entries while timers stood still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The last entry before it.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

impl Span {
    /// From start to end; `None` while it runs.
    pub fn duration(&self) -> Option<Duration> {
        Some(self.end_time?.since(self.timestamp))
    }

    /// Every text that is there, with the name of its column, for the guard: taken apart by name, so that a new
    /// column cannot be forgotten.
    pub fn texts_mut(&mut self) -> impl Iterator<Item = (&'static str, &mut Box<str>)> {
        let Self {
            timestamp: _,
            trace_id,
            span_id,
            parent_id,
            name,
            namespace,
            end_time: _,
            error: _,
            fault: _,
            throttle: _,
            http_method,
            http_url,
            http_status: _,
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
        } = self;
        let always = [("trace_id", trace_id), ("span_id", span_id), ("name", name)];
        let optional = [
            ("parent_id", parent_id),
            ("namespace", namespace),
            ("http_method", http_method),
            ("http_url", http_url),
            ("user_agent", user_agent),
            ("client_ip", client_ip),
            ("operation", operation),
            ("resource", resource),
            ("wallet_provider", wallet_provider),
            ("issuer", issuer),
            ("correlation_id", correlation_id),
            ("request_id", request_id),
            ("token_reference_id", token_reference_id),
            ("annotations", annotations),
            ("metadata", metadata),
        ];
        always.into_iter().chain(optional.into_iter().filter_map(present))
    }
}

impl AuditEvent {
    /// As [`Span::texts_mut`].
    pub fn texts_mut(&mut self) -> impl Iterator<Item = (&'static str, &mut Box<str>)> {
        let Self {
            timestamp: _,
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
            processing_time: _,
            error_code,
            error_message,
            request_parameters,
            response_elements,
            additional_data,
        } = self;
        let always = [("event_id", event_id), ("event_source", event_source), ("event_name", event_name)];
        let optional = [
            ("event_type", event_type),
            ("aws_region", aws_region),
            ("source_ip_address", source_ip_address),
            ("user_agent", user_agent),
            ("user_identity", user_identity),
            ("request_id", request_id),
            ("token_reference_id", token_reference_id),
            ("correlation_id", correlation_id),
            ("wallet_provider", wallet_provider),
            ("issuer", issuer),
            ("status", status),
            ("error_code", error_code),
            ("error_message", error_message),
            ("request_parameters", request_parameters),
            ("response_elements", response_elements),
            ("additional_data", additional_data),
        ];
        always.into_iter().chain(optional.into_iter().filter_map(present))
    }

    /// Whether the call failed: it has an error code, or its status is FAILED, FAILURE or ERROR.
    pub fn is_error(&self) -> bool {
        const ERRORS: [&str; 3] = ["FAILED", "FAILURE", "ERROR"];
        let status = self.status.as_deref().unwrap_or_default();
        self.error_code.is_some() || ERRORS.iter().any(|word| word.eq_ignore_ascii_case(status))
    }
}

fn present<'a>(
    (name, text): (&'static str, &'a mut Option<Box<str>>),
) -> Option<(&'static str, &'a mut Box<str>)> {
    text.as_mut().map(|text| (name, text))
}

impl Origin {
    /// The product itself: ticks and gaps come from nobody else.
    pub fn own() -> Self {
        Self { account: "".into(), region: "".into(), source: "walletscope".into(), tenant: "".into() }
    }
}
