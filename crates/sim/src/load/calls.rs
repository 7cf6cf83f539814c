//! What do the load clients send?
//!
//! The JSON of the calls, from the same values that the checker later expects in the journal, and whole signed
//! requests as bytes for the bench, made before the clock runs. A signature is good for five minutes.

use std::net::SocketAddr;

use serde::Serialize;
use walletscope_model::{LogBatch, MetricBatch, MetricValue, Timestamp};
use walletscope_server::client::{Credentials, Signing};

use super::server::REGION;

/// A kind of call: everything but its body.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The service's signing name.
    pub service: &'static str,
    /// `X-Amz-Target`.
    pub target: &'static str,
    /// The content type.
    pub content_type: &'static str,
}

/// PutLogEvents.
pub const PUT_LOG_EVENTS: Target = logs("Logs_20140328.PutLogEvents");
/// CreateLogGroup.
pub const CREATE_LOG_GROUP: Target = logs("Logs_20140328.CreateLogGroup");
/// CreateLogStream.
pub const CREATE_LOG_STREAM: Target = logs("Logs_20140328.CreateLogStream");
/// FilterLogEvents.
pub const FILTER_LOG_EVENTS: Target = logs("Logs_20140328.FilterLogEvents");
/// PutSubscriptionFilter.
pub const PUT_SUBSCRIPTION_FILTER: Target = logs("Logs_20140328.PutSubscriptionFilter");
/// DeleteSubscriptionFilter.
pub const DELETE_SUBSCRIPTION_FILTER: Target = logs("Logs_20140328.DeleteSubscriptionFilter");
/// PutMetricFilter.
pub const PUT_METRIC_FILTER: Target = logs("Logs_20140328.PutMetricFilter");
/// PutMetricData.
pub const PUT_METRIC_DATA: Target = Target {
    service: "monitoring",
    target: "GraniteServiceVersion20100801.PutMetricData",
    content_type: "application/x-amz-json-1.0",
};

const fn logs(target: &'static str) -> Target {
    Target { service: "logs", target, content_type: "application/x-amz-json-1.1" }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PutLogEvents<'a> {
    log_group_name: &'a str,
    log_stream_name: &'a str,
    log_events: Vec<InputLogEvent<'a>>,
}

#[derive(Serialize)]
struct InputLogEvent<'a> {
    timestamp: i64,
    message: &'a str,
}

/// The JSON of a PutLogEvents call.
pub fn put_log_events(logs: &LogBatch) -> Vec<u8> {
    let events = logs.events.iter();
    let events =
        events.map(|event| InputLogEvent { timestamp: event.timestamp.millis(), message: &event.message });
    to_json(&PutLogEvents {
        log_group_name: &logs.group,
        log_stream_name: &logs.stream,
        log_events: events.collect(),
    })
}

/// The JSON of a CreateLogGroup call.
pub fn create_log_group(name: &str) -> Vec<u8> {
    to_json(&serde_json::json!({ "logGroupName": name }))
}

/// The JSON of a CreateLogStream call.
pub fn create_log_stream(group: &str, name: &str) -> Vec<u8> {
    to_json(&serde_json::json!({ "logGroupName": group, "logStreamName": name }))
}

/// The JSON of a PutMetricFilter call.
pub fn put_metric_filter(group: &str, name: &str, pattern: &str, value: &str) -> Vec<u8> {
    let transformation =
        serde_json::json!({ "metricNamespace": "Bench", "metricName": name, "metricValue": value });
    to_json(&serde_json::json!({
        "logGroupName": group,
        "filterName": name,
        "filterPattern": pattern,
        "metricTransformations": [transformation],
    }))
}

/// The JSON of a PutSubscriptionFilter call.
pub fn put_subscription_filter(group: &str, name: &str, pattern: &str, url: &str) -> Vec<u8> {
    to_json(&serde_json::json!({
        "logGroupName": group,
        "filterName": name,
        "filterPattern": pattern,
        "destinationArn": url,
    }))
}

/// The JSON of a DeleteSubscriptionFilter call.
pub fn delete_subscription_filter(group: &str, name: &str) -> Vec<u8> {
    to_json(&serde_json::json!({ "logGroupName": group, "filterName": name }))
}

/// The JSON of a PutMetricData call whose data are single values of one namespace.
pub fn put_metric_data(metrics: &MetricBatch) -> Vec<u8> {
    let data = metrics.data.iter().map(|datum| {
        let pair = |(name, value): &(Box<str>, Box<str>)| serde_json::json!({ "Name": name, "Value": value });
        let value = match &datum.value {
            MetricValue::Values(values) => values.first().map_or(0.0, |(value, _)| *value),
            MetricValue::Statistics { .. } => 0.0,
        };
        serde_json::json!({
            "MetricName": datum.name,
            "Dimensions": datum.dimensions.iter().map(pair).collect::<Vec<_>>(),
            "Timestamp": datum.timestamp.seconds(),
            "Unit": datum.unit,
            "Value": value,
        })
    });
    let namespace = metrics.data.first().map_or("", |datum| &datum.namespace);
    to_json(&serde_json::json!({ "Namespace": namespace, "MetricData": data.collect::<Vec<_>>() }))
}

/// A whole HTTP/1.1 request, signed at `now`.
pub fn signed_request(
    address: SocketAddr,
    credentials: &Credentials,
    now: Timestamp,
    target: Target,
    invocation_id: &str,
    body: &[u8],
) -> Vec<u8> {
    let headers = signed_headers(&address.to_string(), credentials, now, target, body);
    let mut request = b"POST / HTTP/1.1\r\n".to_vec();
    for (name, value) in &headers {
        request.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    let rest = format!("amz-sdk-invocation-id: {invocation_id}\r\ncontent-length: {}\r\n\r\n", body.len());
    request.extend_from_slice(rest.as_bytes());
    request.extend_from_slice(body);
    request
}

/// The signed headers of a call.
pub fn signed_headers(
    host: &str,
    credentials: &Credentials,
    now: Timestamp,
    target: Target,
    body: &[u8],
) -> Vec<(&'static str, String)> {
    let signing = Signing { credentials, region: REGION, service: target.service, now };
    signing.headers(host, target.content_type, target.target, body)
}

fn to_json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("maps with text keys and finite numbers are JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use walletscope_model::LogEvent;

    #[test]
    fn the_json_of_a_put_is_the_services() {
        let event =
            LogEvent { timestamp: Timestamp::from_millis(5), message: r#"{"a":1}"#.into(), guarded: false };
        let logs = LogBatch { group: "g".into(), stream: "s".into(), events: vec![event] };
        let expected =
            r#"{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":5,"message":"{\"a\":1}"}]}"#;
        assert_eq!(String::from_utf8(put_log_events(&logs)).unwrap(), expected);
    }
}
