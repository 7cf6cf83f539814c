//! How is a delivery written? The other half of this protocol: what a subscription filter sends to an HTTP endpoint, as
//! CloudWatch Logs and Data Firehose together do.
//!
//! A record is one gzip member with an envelope of log events of one stream
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html>); the endpoint must answer 200
//! with the request's id (<https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html>).

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use walletscope_model::Timestamp;

/// What CloudWatch Logs says when it asks whether somebody listens.
const CONTROL_TEXT: &str = "CWL CONTROL MESSAGE: Checking health of destination Firehose.";
const CONTROL_OWNER: &str = "CloudwatchLogs";

/// Log events of one stream that a subscription filter found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope<'a> {
    message_type: &'static str,
    /// The account of the log group.
    owner: &'a str,
    log_group: &'a str,
    log_stream: &'a str,
    subscription_filters: Vec<&'a str>,
    log_events: Vec<SentEvent<'a>>,
}

/// One log event of an envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SentEvent<'a> {
    /// Names the event, whenever and however often it is sent.
    pub id: String,
    /// Milliseconds since the epoch.
    pub timestamp: i64,
    /// The guarded message.
    pub message: &'a str,
}

impl<'a> Envelope<'a> {
    /// Events of a stream that a filter found.
    pub fn data(
        owner: &'a str,
        log_group: &'a str,
        log_stream: &'a str,
        filter: &'a str,
        log_events: Vec<SentEvent<'a>>,
    ) -> Self {
        let subscription_filters = vec![filter];
        Self { message_type: "DATA_MESSAGE", owner, log_group, log_stream, subscription_filters, log_events }
    }

    /// The question whether somebody listens.
    pub fn control(now: Timestamp) -> Self {
        let event = SentEvent { id: String::new(), timestamp: now.millis(), message: CONTROL_TEXT };
        Self {
            message_type: "CONTROL_MESSAGE",
            owner: CONTROL_OWNER,
            log_group: "",
            log_stream: "",
            subscription_filters: Vec::new(),
            log_events: vec![event],
        }
    }

    /// As a record's bytes.
    pub fn record(&self) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        // Texts and numbers always serialize, and a Vec takes every write.
        let json = serde_json::to_vec(self).unwrap_or_default();
        let _written = gzip.write_all(&json);
        gzip.finish().unwrap_or_default()
    }
}

/// The body of a delivery.
pub fn body<'a>(request_id: &str, now: Timestamp, records: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        request_id: &'a str,
        timestamp: i64,
        records: Vec<Record>,
    }
    #[derive(Serialize)]
    struct Record {
        data: String,
    }
    let records = records.into_iter().map(|record| Record { data: STANDARD.encode(record) }).collect();
    serde_json::to_vec(&Body { request_id, timestamp: now.millis(), records }).unwrap_or_default()
}

/// The headers of a delivery, beside the content's type and length.
pub fn headers<'a>(
    request_id: &'a str,
    source_arn: &'a str,
    access_key: Option<&'a str>,
) -> Vec<(&'static str, &'a str)> {
    let mut headers = vec![
        ("x-amz-firehose-protocol-version", super::PROTOCOL_VERSION),
        ("x-amz-firehose-request-id", request_id),
        ("x-amz-firehose-source-arn", source_arn),
    ];
    headers.extend(access_key.map(|key| ("x-amz-firehose-access-key", key)));
    headers
}

/// Whether an endpoint took a delivery.
///
/// # Errors
/// It did not: why, in words of ours with at most a status of its own.
pub fn check_answer(status: u16, body: &[u8], request_id: &str) -> Result<(), String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        request_id: String,
    }
    if status != 200 {
        return Err(format!("the endpoint answered {status}"));
    }
    match serde_json::from_slice::<Answer>(body) {
        Ok(answer) if answer.request_id == request_id => Ok(()),
        Ok(_) => Err("the endpoint answered 200 with another requestId".to_owned()),
        Err(_) => Err("the endpoint answered 200 without the JSON that Firehose expects".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Content, Head, accepted, decode};
    use super::*;
    use crate::aws::HttpRequest;

    const NOW: Timestamp = Timestamp(1_705_312_513_245_000);

    /// What the receiving half reads of what this one writes.
    fn received(records: &[Vec<u8>]) -> Vec<Content> {
        let body = body("id-1", NOW, records.iter().map(|record| &**record));
        let headers =
            headers("id-1", "arn:aws:firehose:eu-west-1:123456789012:deliverystream/s", Some("key"));
        let request = HttpRequest { method: "POST", path: "/", query: "", headers: &headers, body: &body };
        let head = Head::read(&request).unwrap();
        assert_eq!((head.request_id, head.access_key), ("id-1", Some("key")));
        assert_eq!(head.source().unwrap().stream, "s");
        let delivery = decode(&request, &head, NOW).unwrap();
        assert_eq!(delivery.timestamp, NOW);
        delivery.contents
    }

    #[test]
    fn what_is_sent_is_what_the_other_half_receives() {
        let event = |id: &str, message| SentEvent { id: id.to_owned(), timestamp: NOW.millis(), message };
        let events = vec![event("1-0", "one"), event("1-1", "{\"two\": \"\u{1f600}\"}")];
        let data = Envelope::data("123456789012", "/g", "s", "siem", events);
        let json = serde_json::to_value(&data).unwrap();
        assert_eq!(json["subscriptionFilters"], serde_json::json!(["siem"]));
        assert_eq!(json["logEvents"][1]["id"], "1-1");
        let contents = received(&[data.record(), Envelope::control(NOW).record()]);
        let [Content::Logs { owner, group, stream, events }, Content::Control] = &contents[..] else {
            panic!("{contents:?}")
        };
        assert_eq!((&**owner, &**group, &**stream), ("123456789012", "/g", "s"));
        let messages: Vec<&str> = events.iter().map(|event| &*event.message).collect();
        assert_eq!(messages, ["one", "{\"two\": \"\u{1f600}\"}"]);
    }

    #[test]
    fn only_200_with_the_same_id_is_a_delivery() {
        let accepted = accepted("id-1", NOW).body;
        let cases: [(u16, &[u8], bool); 6] = [
            (200, &accepted, true),
            (200, b"{\"requestId\":\"id-2\",\"timestamp\":1}", false),
            (200, b"", false),
            (202, &accepted, false),
            (302, &accepted, false),
            (500, &accepted, false),
        ];
        for (status, body, expected) in cases {
            assert_eq!(check_answer(status, body, "id-1").is_ok(), expected, "{status} {body:?}");
        }
    }
}
