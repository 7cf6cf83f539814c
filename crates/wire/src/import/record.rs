//! How is a record written between the tool that reads files and the server that stores it?
//!
//! One JSON object a line, named by its signal; its members are the columns of the lake's table of that signal. Both
//! sides use these types, and the model's structs are taken apart by name, so a new column cannot be forgotten.

use serde::{Deserialize, Serialize};
use walletscope_model::{AuditEvent, Duration, MetricDatum, MetricValue, Span, Timestamp};

/// One record of any signal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// A log event.
    Log(LogLine),
    /// A metric datum.
    Metric(#[serde(with = "MetricLine")] MetricDatum),
    /// A span.
    Span(#[serde(with = "SpanLine")] Box<Span>),
    /// An audit event.
    Audit(#[serde(with = "AuditLine")] Box<AuditEvent>),
}

/// A log event and where it belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct LogLine {
    pub log_group: Box<str>,
    pub log_stream: Box<str>,
    #[serde(with = "time")]
    pub timestamp: Timestamp,
    pub message: Box<str>,
}

impl Record {
    /// Its signal's name.
    pub fn signal(&self) -> &'static str {
        match self {
            Self::Log(_) => "log",
            Self::Metric(_) => "metric",
            Self::Span(_) => "span",
            Self::Audit(_) => "audit",
        }
    }

    /// Its own time.
    pub fn timestamp(&self) -> Timestamp {
        match self {
            Self::Log(log) => log.timestamp,
            Self::Metric(datum) => datum.timestamp,
            Self::Span(span) => span.timestamp,
            Self::Audit(event) => event.timestamp,
        }
    }
}

/// One line without its end.
///
/// # Errors
/// A number that JSON does not have; the readers of files let none through.
pub fn encode(record: &Record) -> Result<String, serde_json::Error> {
    serde_json::to_string(record)
}

/// The record of one line.
///
/// # Errors
/// The line is no such record. The error may repeat what the line says: guard it before showing it.
pub fn decode(line: &str) -> Result<Record, serde_json::Error> {
    serde_json::from_str(line)
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MetricLine {
    namespace: Box<str>,
    metric_name: Box<str>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    dimensions: Vec<(Box<str>, Box<str>)>,
    #[serde(with = "time")]
    timestamp: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<Box<str>>,
    storage_resolution: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    values: Option<Vec<(f64, f64)>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    statistics: Option<StatisticsLine>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StatisticsLine {
    sample_count: f64,
    sum: f64,
    minimum: f64,
    maximum: f64,
}

impl MetricLine {
    fn serialize<S: serde::Serializer>(datum: &MetricDatum, serializer: S) -> Result<S::Ok, S::Error> {
        let MetricDatum { namespace, name, dimensions, timestamp, unit, storage_resolution_seconds, value } =
            datum;
        let (values, statistics) = match value {
            MetricValue::Values(values) => (Some(values.clone()), None),
            &MetricValue::Statistics { sample_count, sum, minimum, maximum } => {
                (None, Some(StatisticsLine { sample_count, sum, minimum, maximum }))
            }
        };
        let line = Self {
            namespace: namespace.clone(),
            metric_name: name.clone(),
            dimensions: dimensions.clone(),
            timestamp: *timestamp,
            unit: unit.clone(),
            storage_resolution: *storage_resolution_seconds,
            values,
            statistics,
        };
        Serialize::serialize(&line, serializer)
    }

    fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<MetricDatum, D::Error> {
        let line = <Self as Deserialize>::deserialize(deserializer)?;
        let value = match (line.values, line.statistics) {
            (Some(values), None) => MetricValue::Values(values),
            (None, Some(StatisticsLine { sample_count, sum, minimum, maximum })) => {
                MetricValue::Statistics { sample_count, sum, minimum, maximum }
            }
            _ => return Err(serde::de::Error::custom("a metric has either values or statistics")),
        };
        Ok(MetricDatum {
            namespace: line.namespace,
            name: line.metric_name,
            dimensions: line.dimensions,
            timestamp: line.timestamp,
            unit: line.unit,
            storage_resolution_seconds: line.storage_resolution,
            value,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Span", deny_unknown_fields)]
struct SpanLineFields {
    #[serde(with = "time")]
    timestamp: Timestamp,
    trace_id: Box<str>,
    span_id: Box<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent_id: Option<Box<str>>,
    name: Box<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    namespace: Option<Box<str>>,
    #[serde(default, with = "optional_time", skip_serializing_if = "Option::is_none")]
    end_time: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    error: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    fault: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    throttle: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    http_method: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    http_url: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_agent: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_ip: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operation: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resource: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wallet_provider: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issuer: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    correlation_id: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token_reference_id: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    annotations: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    metadata: Option<Box<str>>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AuditEvent", deny_unknown_fields)]
struct AuditLineFields {
    #[serde(with = "time")]
    timestamp: Timestamp,
    event_id: Box<str>,
    event_source: Box<str>,
    event_name: Box<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event_type: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    aws_region: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_ip_address: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_agent: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_identity: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token_reference_id: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    correlation_id: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wallet_provider: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issuer: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<Box<str>>,
    /// Seconds.
    #[serde(default, with = "seconds", skip_serializing_if = "Option::is_none")]
    processing_time: Option<Duration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error_code: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error_message: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_parameters: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    response_elements: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    additional_data: Option<Box<str>>,
}

/// Boxes around what serde derives for the model's structs.
struct SpanLine;
struct AuditLine;

impl SpanLine {
    fn serialize<S: serde::Serializer>(span: &Span, serializer: S) -> Result<S::Ok, S::Error> {
        SpanLineFields::serialize(span, serializer)
    }

    fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Box<Span>, D::Error> {
        SpanLineFields::deserialize(deserializer).map(Box::new)
    }
}

impl AuditLine {
    fn serialize<S: serde::Serializer>(event: &AuditEvent, serializer: S) -> Result<S::Ok, S::Error> {
        AuditLineFields::serialize(event, serializer)
    }

    fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Box<AuditEvent>, D::Error> {
        AuditLineFields::deserialize(deserializer).map(Box::new)
    }
}

/// RFC 3339 in UTC.
mod time {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use std::borrow::Cow;
    use walletscope_model::Timestamp;

    pub(super) fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&at.rfc3339())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Timestamp::parse_rfc3339(&text).ok_or_else(|| D::Error::custom("a time is not RFC 3339"))
    }
}

mod optional_time {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use walletscope_model::Timestamp;

    pub(super) fn serialize<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => super::time::serialize(at, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        let at = Timestamp::parse_rfc3339(&text);
        at.map(Some).ok_or_else(|| D::Error::custom("a time is not RFC 3339"))
    }
}

/// A number of seconds, written as text so that no digit is lost.
mod seconds {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use walletscope_model::Duration;

    pub(super) fn serialize<S: Serializer>(
        took: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match took {
            Some(took) => serializer.serialize_f64(took.as_seconds()),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let Some(seconds) = Option::<f64>::deserialize(deserializer)? else { return Ok(None) };
        let took = Duration::parse_seconds(&seconds.to_string());
        took.map(Some)
            .ok_or_else(|| D::Error::custom("processing_time is no number of seconds from 0 to ten years"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(record: Record, expected: &str) {
        let line = encode(&record).expect("JSON");
        assert_eq!(line, expected);
        assert_eq!(decode(&line).expect("a record"), record);
    }

    #[test]
    fn records_are_one_line_each() {
        let timestamp = Timestamp(1_705_312_513_245_000);
        check(
            Record::Log(LogLine {
                log_group: "/g".into(),
                log_stream: "s".into(),
                timestamp,
                message: "{\"a\":1}\n".into(),
            }),
            r#"{"log":{"log_group":"/g","log_stream":"s","timestamp":"2024-01-15T09:55:13.245Z","message":"{\"a\":1}\n"}}"#,
        );
        let datum = MetricDatum {
            namespace: "N".into(),
            name: "Latency".into(),
            dimensions: vec![("Issuer".into(), "A".into())],
            timestamp: Timestamp(1),
            unit: Some("Seconds".into()),
            storage_resolution_seconds: 60,
            value: MetricValue::Values(vec![(1.245, 1.0)]),
        };
        check(
            Record::Metric(datum.clone()),
            r#"{"metric":{"namespace":"N","metric_name":"Latency","dimensions":[["Issuer","A"]],"timestamp":"1970-01-01T00:00:00.000001Z","unit":"Seconds","storage_resolution":60,"values":[[1.245,1.0]]}}"#,
        );
        let value = MetricValue::Statistics { sample_count: 2.0, sum: 3.0, minimum: 1.0, maximum: 2.0 };
        check(
            Record::Metric(MetricDatum { dimensions: vec![], unit: None, value, ..datum }),
            r#"{"metric":{"namespace":"N","metric_name":"Latency","timestamp":"1970-01-01T00:00:00.000001Z","storage_resolution":60,"statistics":{"sample_count":2.0,"sum":3.0,"minimum":1.0,"maximum":2.0}}}"#,
        );
        let span = Span {
            timestamp,
            trace_id: "t".into(),
            end_time: Some(timestamp),
            fault: true,
            ..Span::default()
        };
        check(
            Record::Span(Box::new(span)),
            r#"{"span":{"timestamp":"2024-01-15T09:55:13.245Z","trace_id":"t","span_id":"","name":"","end_time":"2024-01-15T09:55:13.245Z","fault":true}}"#,
        );
        let event = AuditEvent { processing_time: Some(Duration(1_245_000)), ..AuditEvent::default() };
        check(
            Record::Audit(Box::new(event)),
            r#"{"audit":{"timestamp":"1970-01-01T00:00:00.000Z","event_id":"","event_source":"","event_name":"","processing_time":1.245}}"#,
        );
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for line in [
            "",
            "{}",
            "[]",
            r#"{"log":{}}"#,
            r#"{"log":{"log_group":"g","log_stream":"s","timestamp":1,"message":"m"}}"#,
            r#"{"log":{"log_group":"g","log_stream":"s","timestamp":"now","message":"m"}}"#,
            r#"{"log":{"log_group":"g","log_stream":"s","timestamp":"1970-01-01T00:00:00Z","message":"m","more":1}}"#,
            r#"{"metric":{"namespace":"N","metric_name":"L","timestamp":"1970-01-01T00:00:00Z","storage_resolution":60}}"#,
            r#"{"audit":{"timestamp":"1970-01-01T00:00:00Z","event_id":"","event_source":"","event_name":"","processing_time":-1}}"#,
        ] {
            assert!(decode(line).is_err(), "{line}");
        }
    }
}
