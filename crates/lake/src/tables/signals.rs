//! Which columns do the signals have: what clients sent, a row each?

use super::columns::Kind::{Bytes, Date, Double, Doubles, Flag, Int, Long, Text, Time};
use super::columns::{Column, column, id, required};

const TIMESTAMP: Column = required(column("timestamp", Time, "The record's own time."));
const DATE: Column = required(column("date", Date, "The UTC day of timestamp."));
const ACCOUNT: Column = column("account", Text, "The AWS account number of the call.");
const REGION: Column = column("region", Text, "The region of the call.");
const SOURCE: Column = column("source", Text, "The access key or door that it came through.");
const TENANT: Column = required(column("tenant", Text, "Whose data it is."));
const INGESTED: Column = required(column("ingestion_time", Time, "When it arrived."));
const OFFSET: Column = required(column("_offset", Long, "The journal entry that holds it."));
const INDEX: Column = required(column("_index", Int, "Its place in that entry."));

const CORRELATION: Column = id("correlation_id", "Names the attempt.");
const REQUEST: Column = id("request_id", "The invocation.");
const TRACE: Column = id("trace_id", "The trace.");
const TOKEN: Column = id("token_reference_id", "The token's reference, never its number.");
const WALLET: Column = column("wallet_provider", Text, "ApplePay, GooglePay…");
const ISSUER: Column = column("issuer", Text, "The card's issuer.");
const PROCESSING: Column =
    column("processing_time", Double, "Service time in seconds, as the record tells it.");

pub(super) const EVENTS: &[Column] = &[
    TIMESTAMP,
    DATE,
    required(column("event", Text, "The contract's event name.")),
    CORRELATION,
    REQUEST,
    TRACE,
    TOKEN,
    WALLET,
    ISSUER,
    PROCESSING,
    column("network", Text, "VISA, MASTERCARD, AMEX…"),
    column("bin", Text, "First 6 or 8 digits of the card number."),
    column("last_four", Text, "Last four digits of the card number."),
    column("par", Text, "Payment account reference."),
    column("token_requestor_id", Text, "EMVCo token requestor id."),
    column("token_type", Text, "SECURE_ELEMENT, HCE, CARD_ON_FILE, STATIC…"),
    column("device_type", Text, "PHONE, WATCH, TABLET…"),
    column("device_name", Text, "Model for people."),
    column("device_id", Text, "Opaque id of the device."),
    column("device_country", Text, "ISO 3166 alpha-2 country of the device."),
    column("client_ip", Text, "Address of the device."),
    column("user_agent", Text, "Client software."),
    column("channel", Text, "MANUAL_PROVISION, PUSH_PROVISION…"),
    column("step_up_method", Text, "OTP_SMS, OTP_EMAIL, APP_TO_APP, CALL_CENTER."),
    column("step_up_vendor", Text, "Who delivers the step-up."),
    column("wallet_recommendation", Text, "The wallet's colour."),
    column("network_decision", Text, "The network's colour."),
    column("issuer_decision", Text, "The issuer's colour."),
    column("final_decision", Text, "The colour that counted."),
    column("override_by", Text, "Who overrode the issuer."),
    column("reason_code", Text, "Why it failed, or why the token changed."),
    column("token_state", Text, "State of the token after this event, where the record tells it."),
    column("log_group", Text, "The log group that it came in."),
    ACCOUNT,
    REGION,
    SOURCE,
    TENANT,
    INGESTED,
    OFFSET,
    INDEX,
];

pub(super) const TOKEN_STATES: &[Column] = &[
    TIMESTAMP,
    DATE,
    required(id("token_reference_id", "The token's reference, never its number.")),
    required(column("state", Text, "ACTIVE, SUSPENDED, DELETED…")),
    required(column("valid_from", Time, "When the state began, by the event's own time.")),
    column(
        "valid_to",
        Time,
        "When the next state began; null in the files, filled by the SQL view of this name.",
    ),
    required(column("event", Text, "The event that said so.")),
    column("reason", Text, "The reason code that came with it."),
    CORRELATION,
    WALLET,
    ISSUER,
    ACCOUNT,
    REGION,
    SOURCE,
    TENANT,
    INGESTED,
    OFFSET,
    INDEX,
];

pub(super) const LOG_EVENTS: &[Column] = &[
    TIMESTAMP,
    DATE,
    required(column("log_group", Text, "The log group's name.")),
    required(column("log_stream", Text, "The log stream's name.")),
    required(column("message", Text, "The message, card numbers cut.")),
    column("event", Text, "The contract's event name, where it is one."),
    CORRELATION,
    REQUEST,
    TRACE,
    TOKEN,
    required(column("guarded", Flag, "Something was cut out of the message.")),
    ACCOUNT,
    REGION,
    SOURCE,
    TENANT,
    INGESTED,
    OFFSET,
    INDEX,
    column(
        "has_other_ids",
        Flag,
        "The message tells a UUID that is none of its ids here, or may do so; null: nobody looked.",
    ),
];

pub(super) const METRIC_POINTS: &[Column] = &[
    TIMESTAMP,
    DATE,
    required(column("namespace", Text, "The CloudWatch namespace.")),
    required(column("metric_name", Text, "The metric's name.")),
    required(column("dimensions", Text, "Names and values as one JSON object, sorted by name; {} for none.")),
    WALLET,
    ISSUER,
    column("unit", Text, "The CloudWatch unit."),
    required(column("storage_resolution", Int, "1 or 60 seconds.")),
    required(column("sample_count", Double, "How many samples.")),
    required(column("sum", Double, "Their sum.")),
    required(column("minimum", Double, "The smallest.")),
    required(column("maximum", Double, "The largest.")),
    column("values", Doubles, "The distinct values where there are at most eight."),
    column("counts", Doubles, "How often each of the values occurred."),
    column("sketch", Bytes, "A DDSketch of the values where there are more."),
    required(column("provenance", Text, "put, filter, emf, lambda, source or attempt.")),
    ACCOUNT,
    REGION,
    SOURCE,
    TENANT,
    INGESTED,
    OFFSET,
    INDEX,
];

pub(super) const SPANS: &[Column] = &[
    TIMESTAMP,
    DATE,
    required(id("trace_id", "The trace, as its source wrote it.")),
    required(id("span_id", "The span or segment, as its source wrote it or made from its place.")),
    column("parent_id", Text, "The span that it is part of."),
    required(column("name", Text, "The service or operation.")),
    column("namespace", Text, "aws or remote, where it is a call to another service."),
    column("end_time", Time, "When it ended."),
    column("duration", Double, "Seconds from start to end."),
    required(column("error", Flag, "The caller's mistake (4xx).")),
    required(column("fault", Flag, "The service's mistake (5xx).")),
    required(column("throttle", Flag, "Refused for now (429).")),
    column("http_method", Text, "GET, POST…"),
    column("http_url", Text, "The request's URL, card numbers cut."),
    column("http_status", Int, "The response's status."),
    column("user_agent", Text, "Client software."),
    column("client_ip", Text, "Address of the client."),
    column("operation", Text, "The called operation, such as GetItem."),
    column("resource", Text, "What it was called on, such as a table's name."),
    WALLET,
    ISSUER,
    CORRELATION,
    REQUEST,
    column("annotations", Text, "Indexed key-value pairs as JSON."),
    column("metadata", Text, "Further data as JSON."),
    ACCOUNT,
    REGION,
    SOURCE,
    TENANT,
    INGESTED,
    OFFSET,
    INDEX,
    TOKEN,
];

pub(super) const AUDIT_EVENTS: &[Column] = &[
    TIMESTAMP,
    DATE,
    required(id("event_id", "The trail's id, or one made from the content.")),
    required(column("event_source", Text, "The audited service.")),
    required(column("event_name", Text, "The audited operation.")),
    column("event_type", Text, "AwsApiCall…"),
    column("aws_region", Text, "The region that the document names."),
    column("source_ip_address", Text, "Who called from where."),
    column("user_agent", Text, "Client software."),
    column("user_identity", Text, "Who called, as JSON."),
    REQUEST,
    TOKEN,
    CORRELATION,
    WALLET,
    ISSUER,
    column("status", Text, "The provisioning status that the response tells."),
    PROCESSING,
    column("error_code", Text, "Why the call failed."),
    column("error_message", Text, "Why the call failed, in words."),
    column("request_parameters", Text, "JSON, card numbers cut."),
    column("response_elements", Text, "JSON, card numbers cut."),
    ACCOUNT,
    REGION,
    SOURCE,
    TENANT,
    INGESTED,
    OFFSET,
    INDEX,
    column("additional_data", Text, "What else the document says, as one JSON object."),
];
