//! What Firehose delivers, and what nobody should deliver.

use std::fmt::Write as _;
use std::io::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use prost::Message;
use walletscope_model::{MetricValue, Timestamp};

use super::{Content, Delivery, Head, Refusal, Source, accepted, decode};
use crate::aws::{HttpRequest, INFLATED_MAX};
use crate::otlp::message::{
    AnyValue, ExportMetricsServiceRequest, KeyValue, KeyValueList, Kind, Metric, Resource, ResourceMetrics,
    ScopeMetrics, Summary, SummaryDataPoint, ValueAtQuantile,
};

const ID: &str = "ed4acda5-034f-9f42-bba1-f29aea6d7d8f";
const NOW: Timestamp = Timestamp(1_578_090_903_599_000);
const HEADERS: [(&str, &str); 4] = [
    ("X-Amz-Firehose-Protocol-Version", "1.0"),
    ("X-Amz-Firehose-Request-Id", ID),
    ("X-Amz-Firehose-Source-Arn", "arn:aws:firehose:us-east-1:123456789012:deliverystream/tokens"),
    ("X-Amz-Firehose-Access-Key", "secret"),
];
const ENVELOPE: &str = r#"{"messageType":"DATA_MESSAGE","owner":"123456789012","logGroup":"/aws/lambda/provision","logStream":"2024/01/15/[$LATEST]ab","subscriptionFilters":["all"],"logEvents":[{"id":"0123","timestamp":1510109208016,"message":"log message 1"},{"id":"0124","timestamp":1510109208017,"message":"{\"a\": 1}","extractedFields":{"a":"1"}}]}"#;
const CONTROL: &str = r#"{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"","subscriptionFilters":[],"logEvents":[{"id":"","timestamp":1510109208016,"message":"CWL CONTROL MESSAGE: Checking health of destination Firehose."}]}"#;
const METRIC: &str = r#"{"metric_stream_name":"s","account_id":"123456789012","region":"us-east-1","namespace":"AWS/Lambda","metric_name":"Duration","dimensions":{"Resource":"r","FunctionName":"f"},"timestamp":1611929698000,"value":{"max":4.5,"min":0.5,"sum":6.0,"count":3.0,"p99":4.4},"unit":"Milliseconds"}"#;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("written");
    encoder.finish().expect("finished")
}

fn body(records: &[&[u8]]) -> Vec<u8> {
    let records: Vec<String> =
        records.iter().map(|record| format!("{{\"data\":\"{}\"}}", STANDARD.encode(record))).collect();
    format!("{{\"requestId\":\"{ID}\",\"timestamp\":1578090901599,\"records\":[{}]}}", records.join(","))
        .into_bytes()
}

fn deliver(headers: &[(&str, &str)], body: &[u8]) -> Result<Delivery, Refusal> {
    let request = HttpRequest { method: "POST", path: "/ingest/firehose", query: "", headers, body };
    decode(&request, &Head::read(&request)?, NOW)
}

/// The contents of a delivery of these records, one on a line.
fn shown(records: &[&[u8]]) -> String {
    let delivery = match deliver(&HEADERS, &body(records)) {
        Ok(delivery) => delivery,
        Err(refusal) => return format!("refused: {refusal}"),
    };
    let mut text = String::new();
    for content in &delivery.contents {
        let _written = match content {
            Content::Control => writeln!(text, "control"),
            Content::Logs { owner, group, stream, events } => {
                let events: Vec<_> =
                    events.iter().map(|event| (event.timestamp.millis(), &*event.message)).collect();
                writeln!(text, "logs {owner} {group} {stream} {events:?}")
            }
            Content::Text { events } => {
                let events: Vec<_> =
                    events.iter().map(|event| (event.timestamp.millis(), &*event.message)).collect();
                writeln!(text, "text {events:?}")
            }
            Content::Metrics { account, region, data } => {
                for datum in data {
                    let MetricValue::Statistics { sample_count, sum, minimum, maximum } = datum.value else {
                        panic!("values");
                    };
                    let (at, unit) = (datum.timestamp.millis(), datum.unit.as_deref().unwrap_or("-"));
                    let name = format!("{} {} {:?}", datum.namespace, datum.name, datum.dimensions);
                    let value = format!("{sample_count} {sum} {minimum} {maximum}");
                    let _written = writeln!(text, "metric {account} {region} {name} {at} {unit} {value}");
                }
                Ok(())
            }
        };
    }
    text
}

#[track_caller]
fn check(record: &[u8], expected: &str) {
    assert_eq!(shown(&[record]).trim_end(), expected);
}

const LOGS_SHOWN: &str = r#"logs 123456789012 /aws/lambda/provision 2024/01/15/[$LATEST]ab [(1510109208016, "log message 1"), (1510109208017, "{\"a\": 1}")]"#;
const METRIC_SHOWN: &str = r#"metric 123456789012 us-east-1 AWS/Lambda Duration [("FunctionName", "f"), ("Resource", "r")] 1611929698000 Milliseconds 3 6 0.5 4.5"#;

#[test]
fn subscriptions_deliver_envelopes() {
    check(&gzip(ENVELOPE.as_bytes()), LOGS_SHOWN);
    check(ENVELOPE.as_bytes(), LOGS_SHOWN);
    check(&gzip(CONTROL.as_bytes()), "control");
    for several in [
        [ENVELOPE, CONTROL].concat().into_bytes(),
        gzip(format!("{ENVELOPE}\n{CONTROL}\n").as_bytes()),
        [gzip(ENVELOPE.as_bytes()), gzip(CONTROL.as_bytes())].concat(),
    ] {
        check(&several, &format!("{LOGS_SHOWN}\ncontrol"));
    }
}

#[test]
fn metric_streams_deliver_lines() {
    let other = METRIC.replace("123456789012", "210987654321").replace(",\"unit\":\"Milliseconds\"", "");
    let other_shown = METRIC_SHOWN.replace("123456789012", "210987654321").replace("Milliseconds", "-");
    check(METRIC.as_bytes(), METRIC_SHOWN);
    check(
        format!("{METRIC}\n{other}\n{METRIC}\n").as_bytes(),
        &format!("{METRIC_SHOWN}\n{METRIC_SHOWN}\n{other_shown}"),
    );
    let plain =
        METRIC.replace("{\"Resource\":\"r\",\"FunctionName\":\"f\"}", "{}").replace("Milliseconds", "None");
    check(
        plain.as_bytes(),
        "metric 123456789012 us-east-1 AWS/Lambda Duration [] 1611929698000 - 3 6 0.5 4.5",
    );
}

fn text(key: &str, text: &str) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { kind: Some(Kind::Text(text.into())) }) }
}

/// What `METRIC` is in OpenTelemetry.
fn point() -> SummaryDataPoint {
    let dimensions = KeyValueList { values: vec![text("Resource", "r"), text("FunctionName", "f")] };
    let dimensions =
        KeyValue { key: "Dimensions".into(), value: Some(AnyValue { kind: Some(Kind::Pairs(dimensions)) }) };
    let quantile = |quantile, value| ValueAtQuantile { quantile, value };
    SummaryDataPoint {
        labels: vec![],
        start_time_unix_nano: 1_611_929_698_000_000_000,
        time_unix_nano: 1_611_929_758_000_000_000,
        count: 3,
        sum: 6.0,
        quantile_values: vec![quantile(0.0, 0.5), quantile(0.99, 4.4), quantile(1.0, 4.5)],
        attributes: vec![text("Namespace", "AWS/Lambda"), text("MetricName", "Duration"), dimensions],
    }
}

fn stream(unit: &str, point: SummaryDataPoint) -> Vec<u8> {
    let attributes = vec![
        text("cloud.provider", "aws"),
        text("cloud.account.id", "123456789012"),
        text("cloud.region", "us-east-1"),
        text("aws.exporter.arn", "arn:aws:cloudwatch:us-east-1:123456789012:metric-stream/s"),
    ];
    let summary = Some(Summary { data_points: vec![point] });
    let metric = Metric { name: "amazonaws.com/AWS/Lambda/Duration".into(), unit: unit.into(), summary };
    let resource_metrics = vec![ResourceMetrics {
        resource: Some(Resource { attributes }),
        scope_metrics: vec![ScopeMetrics { metrics: vec![metric] }],
    }];
    ExportMetricsServiceRequest { resource_metrics }.encode_length_delimited_to_vec()
}

/// `METRIC` as the crate that is generated from the protocol's own files writes it.
#[rustfmt::skip]
const METRIC_PROTOBUF: &[u8] = b"\xdb\x02\n\xd8\x02\nZ\n\x17\n\x0ecloud.provider\x12\x05\n\x03aws\n\"\n\x10cloud.account.id\x12\
\x0e\n\x0c123456789012\n\x1b\n\x0ccloud.region\x12\x0b\n\tus-east-1\x12\xf9\x01\n\x03\n\x01x\x12\
\xf1\x01\n!amazonaws.com/AWS/Lambda/Duration\x1a\x02msZ\xc7\x01\n\xc4\x01\x11\x00T1\x1c\x85\xb9^\
\x16\x19\x00\xacx\x14\x93\xb9^\x16!\x03\x00\x00\x00\x00\x00\x00\x00)\x00\x00\x00\x00\x00\x00\x18\
@2\t\x11\x00\x00\x00\x00\x00\x00\xe0?2\x12\t\xaeG\xe1z\x14\xae\xef?\x11\x9a\x99\x99\x99\x99\x99\
\x11@2\x12\t\x00\x00\x00\x00\x00\x00\xf0?\x11\x00\x00\x00\x00\x00\x00\x12@:\x19\n\tNamespace\x12\
\x0c\n\nAWS/Lambda:\x18\n\nMetricName\x12\n\n\x08Duration:6\n\nDimensions\x12(2&\n\x0f\n\x08Reso\
urce\x12\x03\n\x01r\n\x13\n\x0cFunctionName\x12\x03\n\x01f";

#[test]
fn metric_streams_deliver_opentelemetry() {
    check(METRIC_PROTOBUF, METRIC_SHOWN);
    let one = stream("ms", point());
    check(&one, METRIC_SHOWN);
    check(&[one.clone(), one.clone()].concat(), &format!("{METRIC_SHOWN}\n{METRIC_SHOWN}"));
    check(&gzip(&one), METRIC_SHOWN);
    let bare = SummaryDataPoint { attributes: vec![], start_time_unix_nano: 0, ..point() };
    check(
        &stream("1", bare),
        "metric 123456789012 us-east-1 AWS/Lambda Duration [] 1611929758000 - 3 6 0.5 4.5",
    );
    for (unit, expected) in [
        ("%", "Percent"),
        ("{Count}", "Count"),
        ("MBit", "Megabits"),
        ("By/s", "Bytes/Second"),
        ("{Count}/s", "Count/Second"),
    ] {
        check(&stream(unit, point()), &METRIC_SHOWN.replace("Milliseconds", expected));
    }
    check(b"\0", "");
}

#[test]
fn a_damaged_metric_stream_is_refused() {
    let one = stream("ms", point());
    for end in 1..one.len() {
        check(&one[..end], "refused: record 1: its metric stream ends inside a message");
    }
    let labels =
        SummaryDataPoint { labels: vec![b"\x0a\x01a\x12\x01b".to_vec()], attributes: vec![], ..point() };
    let reason =
        "its metric stream is in OpenTelemetry 0.7: choose OpenTelemetry 1.0 or JSON as its output format";
    check(&stream("ms", labels), &format!("refused: record 1: {reason}"));
    for (unit, point, reason) in [
        ("furlong", point(), "a metric of its metric stream has a unit that CloudWatch does not have"),
        ("ms", SummaryDataPoint { quantile_values: vec![], ..point() }, "a summary has no quantiles 0 and 1"),
        (
            "ms",
            SummaryDataPoint { sum: f64::NAN, ..point() },
            "a metric is none that PutMetricData would take",
        ),
        (
            "ms",
            SummaryDataPoint { start_time_unix_nano: 0, time_unix_nano: 0, ..point() },
            "a summary has no time",
        ),
    ] {
        check(&stream(unit, point), &format!("refused: record 1: {reason}"));
    }
}

#[test]
fn anything_else_is_lines_of_text() {
    let at = 1_578_090_901_599_i64;
    check(b"hello\r\n\n  world\n", &format!("text [({at}, \"hello\"), ({at}, \"  world\")]"));
    check(b"", "");
    check(b" \n \n", "");
    check(
        b"2024-01-15T09:55:12.000Z started\n{\"time\":1705312513245,\"a\":1}\n{\"timestamp\":1705312513245,\"message\":\"m\"}",
        r#"text [(1705312512000, "2024-01-15T09:55:12.000Z started"), (1705312513245, "{\"time\":1705312513245,\"a\":1}"), (1705312513245, "m")]"#,
    );
    check(b"{not json", &format!("text [({at}, \"{{not json\")]"));
    check(b"{\"messageType\":1}", &format!("text [({at}, \"{{\\\"messageType\\\":1}}\")]"));
    let deep = "[".repeat(10_000);
    check(deep.as_bytes(), &format!("text [({at}, \"{deep}\")]"));
    let deep = format!("{{\"a\":{}", "[".repeat(10_000));
    check(deep.as_bytes(), &format!("text [({at}, {deep:?})]"));
}

#[test]
fn damage_in_one_record_refuses_all_and_names_it() {
    let zipped = gzip(ENVELOPE.as_bytes());
    let not_subscribed = ENVELOPE.replace("DATA_MESSAGE", "OTHER");
    let no_account = ENVELOPE.replace("123456789012", "1234");
    let no_group = ENVELOPE.replace("/aws/lambda/provision", "a b");
    let early = ENVELOPE.replace("1510109208016", "-1");
    let silent = ENVELOPE.replace("log message 1", "");
    let twice = METRIC.replace("\"Resource\"", "\"FunctionName\"");
    let large = METRIC.replace("6.0", "1e400");
    let no_region = METRIC.replace("us-east-1", "us east");
    let deep = format!("{{\"messageType\":{}", "[".repeat(10_000));
    let long = "x".repeat(1_048_551);
    let cut = "its gzip stream is cut, damaged or followed by other bytes";
    let neither = "it is neither text nor a metric stream in OpenTelemetry 1.0";
    let half = "it begins like a document of CloudWatch and is cut or damaged";
    let place = "an envelope names a log group or stream that CloudWatch Logs does not allow";
    for (record, reason) in [
        (&zipped[..zipped.len() - 1], cut),
        (&zipped[..2], cut),
        (&[&zipped[..], b"x"].concat(), cut),
        (b"\xe9t\xe9", neither),
        (b"caf\xe9", neither),
        (b"a\0b", neither),
        (&[0xff; 11], neither),
        (&[0x80; 5], "its metric stream ends inside a message"),
        (&ENVELOPE.as_bytes()[..200], half),
        (&METRIC.as_bytes()[..200], half),
        (deep.as_bytes(), half),
        (&[ENVELOPE.as_bytes(), b"x"].concat(), "a document is no envelope of CloudWatch Logs"),
        (&[ENVELOPE, METRIC].concat().into_bytes(), "a document is no envelope of CloudWatch Logs"),
        (&[METRIC, ENVELOPE].concat().into_bytes(), "a line is no metric of a metric stream"),
        (not_subscribed.as_bytes(), "an envelope's messageType is neither DATA_MESSAGE nor CONTROL_MESSAGE"),
        (no_account.as_bytes(), "an account number has not twelve digits"),
        (no_group.as_bytes(), place),
        (early.as_bytes(), "a log event is of before 1970"),
        (silent.as_bytes(), "the message of a log event is empty or over 1 MiB"),
        (twice.as_bytes(), "a metric is none that PutMetricData would take"),
        (large.as_bytes(), "a line is no metric of a metric stream"),
        (no_region.as_bytes(), "the region of a metric is none"),
        (long.as_bytes(), "one of its lines is over 1 MiB"),
    ] {
        assert_eq!(shown(&[b"fine", record]), format!("refused: record 2: {reason}"));
    }
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let bomb = gzip(&vec![b' '; INFLATED_MAX + 1]);
    assert_eq!(shown(&[&bomb]), "refused: the records inflate to more than 24 MiB");
    let half = gzip(&vec![b' '; INFLATED_MAX / 2 + 1]);
    assert_eq!(shown(&[&half]), "");
    assert_eq!(shown(&[&half, &half]), "refused: the records inflate to more than 24 MiB");
    let many = gzip("x\n".repeat(250_001).as_bytes());
    assert_eq!(shown(&[&many]), "refused: the delivery has more than 250,000 log events and metrics");
    let mut messages = vec![];
    prost::encoding::encode_varint(2_000_002, &mut messages);
    messages.extend(b"\x0a\x00".repeat(1_000_001));
    let reason = "refused: the metric streams of the delivery have more than 1,000,000 messages";
    assert_eq!(shown(&[&gzip(&messages)]), reason);
    let encoded = [&HEADERS[..], &[("content-encoding", "gzip")]].concat();
    let reason = Refusal::TooLarge("the body inflates to more than 24 MiB");
    assert_eq!(deliver(&encoded, &bomb), Err(reason));
}

#[test]
fn the_body_is_that_of_the_protocol() {
    let valid = body(&[b"hello"]);
    assert!(deliver(&HEADERS, &valid).is_ok());
    let encoded = [&HEADERS[..], &[("Content-Encoding", "gzip")]].concat();
    assert_eq!(deliver(&encoded, &gzip(&valid)), deliver(&HEADERS, &valid));
    let without_time = format!("{{\"records\":[],\"requestId\":\"{ID}\"}}");
    assert_eq!(deliver(&HEADERS, without_time.as_bytes()).map(|delivery| delivery.timestamp), Ok(NOW));
    let with_records =
        |records: &str| format!("{{\"requestId\":\"{ID}\",\"timestamp\":1,\"records\":{records}}}");
    let deep = with_records(&"[".repeat(10_000));
    let twice = with_records("[],\"requestId\":\"x\"");
    let no_text = with_records("[{\"data\":5}]");
    for malformed in ["", "{", "[]", "null", "{}", &deep, &twice, &no_text, &with_records("[{}]")] {
        let refusal = deliver(&HEADERS, malformed.as_bytes());
        let reason = "the body is no JSON object with requestId, timestamp and records";
        assert_eq!(refusal, Err(Refusal::Body(reason)), "{malformed:.60}");
    }
    assert!(matches!(deliver(&HEADERS, b"{\"requestId\":\"\xff\",\"records\":[]}"), Err(Refusal::Body(_))));
    let other = String::from_utf8(valid.clone()).expect("text").replace(ID, "other");
    let differ = Refusal::Body("the request ids of header and body differ");
    assert_eq!(deliver(&HEADERS, other.as_bytes()), Err(differ));
    for junk in ["*", "aGVsbG8", "aGVsbG8=\\n", "aGVsbG9="] {
        let refusal = deliver(&HEADERS, with_records(&format!("[{{\"data\":\"{junk}\"}}]")).as_bytes());
        assert_eq!(refusal, Err(Refusal::Record { number: 1, reason: "its data is no base64" }), "{junk}");
    }
    let many = with_records(&format!("[{}]", vec!["{\"data\":\"\"}"; 10_001].join(",")));
    let refusal = Refusal::TooLarge("the delivery has more than 10,000 records");
    assert_eq!(deliver(&HEADERS, many.as_bytes()), Err(refusal));
    let cut = Refusal::Body("the gzip stream of the body is cut, damaged or followed by other bytes");
    assert_eq!(deliver(&encoded, &valid), Err(cut));
    let brotli = [&HEADERS[..], &[("Content-Encoding", "br")]].concat();
    let refusal = Refusal::Body("the content encoding is neither gzip nor identity");
    assert_eq!(deliver(&brotli, &valid), Err(refusal));
}

fn read<'a>(headers: &'a [(&'a str, &'a str)]) -> Result<Head<'a>, Refusal> {
    Head::read(&HttpRequest { method: "POST", path: "/", query: "", headers, body: b"" })
}

#[test]
fn headers_stand_once_and_are_of_the_protocol() {
    let attributes = r#"{"commonAttributes":{"deployment -context":"pre-prod-gamma","device-types":""}}"#;
    let headers = [&HEADERS[..], &[("x-amz-firehose-common-attributes", attributes)]].concat();
    let head = read(&headers).expect("a head");
    let pairs = [("deployment -context", "pre-prod-gamma"), ("device-types", "")];
    assert_eq!(head.common_attributes, pairs.map(|(name, value)| (name.into(), value.into())));
    assert_eq!(head.access_key, Some("secret"));
    assert!(!format!("{head:?}").contains("secret"));
    let source = Source { region: "us-east-1", account: "123456789012", stream: "tokens" };
    assert_eq!(head.source(), Some(source));
    assert_eq!(Head { source_arn: Some("arn:aws:s3:::bucket"), ..head }.source(), None);
    let twice = "a header of the delivery is given twice";
    for (name, value) in HEADERS {
        let headers = [&HEADERS[..], &[(name, value)]].concat();
        assert_eq!(read(&headers), Err(Refusal::Head(twice)), "{name}");
    }
    let missing = "X-Amz-Firehose-Request-Id must have 1 to 128 visible characters";
    assert_eq!(read(&HEADERS[..1]), Err(Refusal::Head(missing)));
    for (version, id) in [("0.9", ID), ("", ID), ("1.0", ""), ("1.0", "a b")] {
        let headers = [("X-Amz-Firehose-Protocol-Version", version), ("X-Amz-Firehose-Request-Id", id)];
        assert!(matches!(read(&headers), Err(Refusal::Head(_))), "{version} {id}");
    }
    for junk in ["", "x", "{}", r#"{"commonAttributes":{"a":1}}"#, r#"{"commonAttributes":{"":"1"}}"#, "[[[["]
    {
        let headers = [&HEADERS[..], &[("X-Amz-Firehose-Common-Attributes", junk)]].concat();
        assert!(matches!(read(&headers), Err(Refusal::Head(_))), "{junk}");
    }
}

#[test]
fn replies_are_these_bytes() {
    let reply = accepted(ID, NOW);
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers, [("content-type", "application/json".to_owned())]);
    let body = format!("{{\"requestId\":\"{ID}\",\"timestamp\":1578090903599}}");
    assert_eq!(reply.body, body.as_bytes());
    for (refusal, status, message) in [
        (Refusal::Head("h"), 400, "h"),
        (Refusal::Body("b"), 400, "b"),
        (
            Refusal::Record { number: 3, reason: "its data is no base64" },
            400,
            "record 3: its data is no base64",
        ),
        (Refusal::TooLarge("t"), 400, "t"),
        (Refusal::Unauthorized, 401, "the access key is missing or not valid here"),
        (Refusal::Unavailable, 503, "nothing can be stored at the moment"),
    ] {
        let reply = refusal.reply(ID, NOW);
        let body =
            format!("{{\"requestId\":\"{ID}\",\"timestamp\":1578090903599,\"errorMessage\":\"{message}\"}}");
        assert_eq!((reply.status, String::from_utf8(reply.body).expect("text")), (status, body));
    }
}

proptest! {
    #[test]
    fn arbitrary_records_never_panic(record in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = shown(&[&record]);
        let _ = deliver(&HEADERS, &record);
    }

    #[test]
    fn changed_records_never_panic(place: usize, byte: u8, cut: usize) {
        let zipped = gzip(ENVELOPE.as_bytes());
        let stream = stream("ms", point());
        for record in [ENVELOPE.as_bytes(), METRIC.as_bytes(), &zipped, &stream] {
            let mut record = record.to_vec();
            let place = place % record.len();
            record[place] = byte;
            let _ = shown(&[&record]);
            let _ = shown(&[&record[..cut % record.len()]]);
        }
    }

    /// A message of OpenTelemetry is never taken for text, whatever is in it.
    #[test]
    fn no_metric_stream_is_text(name in "[ -~]{1,40}", sum in -1e9_f64..1e9, count in 1_u64..1_000_000) {
        let attributes = vec![text("Namespace", &name), text("MetricName", &name)];
        let found = shown(&[&stream("ms", SummaryDataPoint { attributes, sum, count, ..point() })]);
        prop_assert!(!found.contains("text"), "{}", found);
    }
}
