//! What users of OpenTelemetry send, and what nobody should.

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use std::io::Write;
use walletscope_model::Timestamp;

use super::logs::{LogExport, Reason, Rejected, decode};
use super::message::{
    AnyValue, ExportLogsServiceRequest, KeyValue, Kind, LogRecord, Resource, ResourceLogs, ScopeLogs,
};
use super::{Encoding, Refusal, accepted, inflate};
use prost::Message;

const NOW: Timestamp = Timestamp(9_000_000);

/// The example of the protocol's repository, shortened, written by hand.
const EXAMPLE: &str = r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"my.service"}}]},
 "scopeLogs":[{"scope":{"name":"my.library","version":"1.0.0"},"logRecords":[{
  "timeUnixNano":"1544712660300000000","observedTimeUnixNano":"1544712660300000001","severityNumber":10,
  "severityText":"Information","traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"eee19b7ec3c1b174","flags":1,
  "body":{"stringValue":"Example log record"},
  "attributes":[{"key":"string.attribute","value":{"stringValue":"some string"}},
   {"key":"int.attribute","value":{"intValue":"10"}},{"key":"double.attribute","value":{"doubleValue":637.704}},
   {"key":"array.attribute","value":{"arrayValue":{"values":[{"boolValue":true},{"stringValue":"b"}]}}},
   {"key":"map.attribute","value":{"kvlistValue":{"values":[{"key":"k","value":{"stringValue":"v"}}]}}}]}]}]}]}"#;

fn value(kind: Kind) -> Option<AnyValue> {
    Some(AnyValue { kind: Some(kind) })
}

fn pair(key: &str, text: &str) -> KeyValue {
    KeyValue { key: key.into(), value: value(Kind::Text(text.into())) }
}

fn request(attributes: Vec<KeyValue>, log_records: Vec<LogRecord>) -> ExportLogsServiceRequest {
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: Some(Resource { attributes }),
            scope_logs: vec![ScopeLogs { log_records }],
        }],
    }
}

fn said(text: &str) -> LogRecord {
    LogRecord { body: value(Kind::Text(text.into())), ..LogRecord::default() }
}

fn export(request: &ExportLogsServiceRequest) -> LogExport {
    decode(Encoding::Protobuf, &request.encode_to_vec(), NOW).expect("an export")
}

/// Every batch on a line, then every event with its time in microseconds.
fn shown(export: &LogExport) -> String {
    let mut text = String::new();
    for batch in &export.batches {
        text += &format!("{} {}\n", batch.group, batch.stream);
        for event in &batch.events {
            text += &format!("  {} {}\n", event.timestamp.0, event.message);
        }
    }
    text
}

#[test]
fn the_same_records_come_out_of_both_encodings() {
    let from_json = decode(Encoding::Json, EXAMPLE.as_bytes(), NOW).expect("an export");
    let expected = r#"/otlp/my.service default
  1544712660300000 {"message":"Example log record","string.attribute":"some string","int.attribute":10,"double.attribute":637.704,"array.attribute":[true,"b"],"map.attribute":{"k":"v"},"severity":"Information","trace_id":"5b8efff798038103d269b633813fc60c","span_id":"eee19b7ec3c1b174"}
"#;
    assert_eq!(shown(&from_json), expected);
    let request: ExportLogsServiceRequest = serde_json::from_str(EXAMPLE).expect("JSON");
    assert_eq!(export(&request), from_json);
    let snake = EXAMPLE.replace("resourceLogs", "resource_logs").replace("logRecords", "log_records");
    assert_eq!(decode(Encoding::Json, snake.as_bytes(), NOW), Ok(from_json));
}

/// A record with everything, as the crate that is generated from the protocol's own files writes it.
#[rustfmt::skip]
const RECORD_PROTOBUF: &[u8] = b"\n\xd0\x01\n5\n\x15\n\x0cservice.name\x12\x05\n\x03api\n\x1c\n\x13service.instance.id\x12\x05\n\
\x03i-1\x12\x93\x01\n\x08\n\x03lib\x12\x011\x12\x83\x01\t\x00\xeb:\xf5\xfa\xebo\x15\x10\t*\x04\n\
\x02hi2\x10\n\x01n\x12\x0b\x18\xf9\xff\xff\xff\xff\xff\xff\xff\xff\x012\x0e\n\x01d\x12\t!\x00\
\x00\x00\x00\x00\x00\xe0?2\x07\n\x01b\x12\x02\x10\x012\x08\n\x01y\x12\x03:\x01\xff2\x0c\n\x01a\
\x12\x07*\x05\n\x03\n\x01z8\x02E\x01\x00\x00\x00J\x10\xab\xab\xab\xab\xab\xab\xab\xab\xab\xab\
\xab\xab\xab\xab\xab\xabR\x08\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcdY\x01\xeb:\xf5\xfa\xebo\x15b\x01e\
\x1a\x01u\x1a\x01u";

#[test]
fn every_field_is_read_by_its_number() {
    let found = decode(Encoding::Protobuf, RECORD_PROTOBUF, NOW).expect("an export");
    let (trace_id, span_id) = ("ab".repeat(16), "cd".repeat(8));
    let ids = format!(r#""severity":"INFO","trace_id":"{trace_id}","span_id":"{span_id}""#);
    let message =
        format!(r#"{{"message":"hi","n":-7,"d":0.5,"b":true,"y":"/w==","a":["z"],"event_name":"e",{ids}}}"#);
    assert_eq!(shown(&found), format!("/otlp/api i-1\n  1544712660300000 {message}\n"));
}

/// A request as its bytes in hand: one record with time 1 s, body "hi".
#[test]
fn protobuf_is_read_by_its_numbers() {
    let record = b"\x09\x00\xca\x9a\x3b\x00\x00\x00\x00\x2a\x04\x0a\x02hi";
    let scope = [b"\x12".as_slice(), &[record.len() as u8], record].concat();
    let resource = [b"\x12".as_slice(), &[scope.len() as u8], &scope].concat();
    let body = [b"\x0a".as_slice(), &[resource.len() as u8], &resource].concat();
    let found = decode(Encoding::Protobuf, &body, NOW).expect("an export");
    assert_eq!(shown(&found), "/otlp/unknown_service default\n  1000000 hi\n");
}

#[test]
fn a_record_becomes_one_text_by_the_rule() {
    let pairs = |values: Vec<KeyValue>| value(Kind::Pairs(super::message::KeyValueList { values }));
    let with = |body: Option<AnyValue>, attributes: Vec<KeyValue>| LogRecord {
        body,
        attributes,
        ..LogRecord::default()
    };
    let text = |text: &str| value(Kind::Text(text.into()));
    for (record, expected) in [
        (said("plain"), "plain"),
        (LogRecord { severity_number: 17, ..said("plain") }, "plain"),
        (LogRecord { trace_id: vec![0; 16], ..said("plain") }, "plain"),
        (LogRecord { span_id: vec![1, 0xab], ..said("plain") }, r#"{"message":"plain","span_id":"01ab"}"#),
        (
            LogRecord { event_name: "e".into(), severity_number: 17, ..said("x") },
            r#"{"message":"x","event_name":"e","severity":"ERROR"}"#,
        ),
        (with(text("plain"), vec![pair("a", "1")]), r#"{"message":"plain","a":"1"}"#),
        (with(text(r#" {"a": 1.50} "#), vec![pair("b", "2")]), r#" {"a": 1.50} "#),
        (with(text(r#"{"a": 1"#), vec![pair("b", "2")]), r#"{"message":"{\"a\": 1","b":"2"}"#),
        (with(text("[1]"), vec![pair("b", "2")]), r#"{"message":"[1]","b":"2"}"#),
        (
            with(text("m"), vec![pair("message", "1"), pair("message", "2"), pair("message_2", "3")]),
            r#"{"message":"m","message_2":"1","message_3":"2","message_2_2":"3"}"#,
        ),
        (
            LogRecord { trace_id: vec![1], ..with(text("m"), vec![pair("trace_id", "x")]) },
            r#"{"message":"m","trace_id_2":"x","trace_id":"01"}"#,
        ),
        (with(pairs(vec![pair("a", "1"), pair("b", "\"")]), vec![]), r#"{"a":"1","b":"\""}"#),
        (with(pairs(vec![pair("a", "1")]), vec![pair("a", "2")]), r#"{"a":"1","a_2":"2"}"#),
        (with(None, vec![pair("a", "1")]), r#"{"a":"1"}"#),
        (with(value(Kind::Int(-7)), vec![]), "-7"),
        (with(value(Kind::Double(1e300)), vec![]), "1e300"),
        (with(value(Kind::Double(f64::NAN)), vec![]), "\"NaN\""),
        (with(value(Kind::Bytes(b"\xff".to_vec())), vec![]), "\"/w==\""),
        (
            with(value(Kind::Bool(true)), vec![KeyValue { key: "n".into(), value: None }]),
            r#"{"message":true,"n":null}"#,
        ),
    ] {
        let found = export(&request(vec![], vec![record]));
        assert_eq!(&*found.batches[0].events[0].message, expected);
    }
    let both = with(text("{}"), vec![pair("b", "2")]);
    assert_eq!(export(&request(vec![], vec![both, said("{}")])).bare_objects, 1);
}

#[test]
fn the_resource_names_group_and_stream() {
    let list = |key: &str, texts: &[&str]| {
        let values = texts.iter().map(|text| value(Kind::Text((*text).into())).expect("a value")).collect();
        KeyValue { key: key.into(), value: value(Kind::Array(super::message::ArrayValue { values })) }
    };
    for (attributes, expected) in [
        (vec![], Some("/otlp/unknown_service default")),
        (vec![pair("service.name", "unknown_service:java")], Some("/otlp/unknown_service_java default")),
        (
            vec![pair("service.name", "tokens api"), pair("service.instance.id", "h:1")],
            Some("/otlp/tokens_api h_1"),
        ),
        (
            vec![list("aws.log.group.names", &["/aws/lambda/a", "b"]), list("aws.log.stream.names", &["s"])],
            Some("/aws/lambda/a s"),
        ),
        (vec![pair("aws.log.group.names", "g"), pair("service.name", "x")], Some("g default")),
        (vec![list("aws.log.group.names", &[])], Some("/otlp/unknown_service default")),
        (vec![pair("aws.log.group.names", "a b")], None),
        (vec![pair("aws.log.stream.names", "a:b")], None),
        (vec![pair("service.name", &"x".repeat(507))], None),
    ] {
        let found = export(&request(attributes, vec![said("m")]));
        match expected {
            Some(place) => assert_eq!(shown(&found), format!("{place}\n  9000000 m\n")),
            None => assert_eq!(found.rejected, Rejected { records: 1, reason: Some(Reason::Place) }),
        }
    }
}

#[test]
fn records_are_gathered_and_rejected_one_by_one() {
    let mut whole = request(vec![pair("service.name", "a")], vec![said("1"), LogRecord::default()]);
    whole.resource_logs.extend(request(vec![pair("service.name", "b")], vec![said("2")]).resource_logs);
    let at = LogRecord { observed_time_unix_nano: 3_999, ..said("3") };
    let long = said(&"x".repeat(1_048_551));
    whole.resource_logs.extend(request(vec![pair("service.name", "a")], vec![at, long]).resource_logs);
    let found = export(&whole);
    assert_eq!(shown(&found), "/otlp/a default\n  9000000 1\n  3 3\n/otlp/b default\n  9000000 2\n");
    assert_eq!(found.rejected, Rejected { records: 2, reason: Some(Reason::Empty) });
}

#[test]
fn a_record_of_too_many_attributes_is_rejected() {
    let attributes = vec![KeyValue::default(); 300_000];
    let found = export(&request(vec![], vec![LogRecord { attributes, ..said("m") }, said("next")]));
    assert_eq!(found.rejected, Rejected { records: 1, reason: Some(Reason::TooLong) });
    assert_eq!(shown(&found), "/otlp/unknown_service default\n  9000000 next\n");
}

#[test]
fn replies_are_these_bytes() {
    let none = LogExport::default();
    assert_eq!(accepted(Encoding::Protobuf, &none).body, b"");
    assert_eq!(accepted(Encoding::Json, &none).body, b"{}");
    let rejected = Rejected { records: 2, reason: Some(Reason::Empty) };
    let some = LogExport { rejected, ..LogExport::default() };
    assert_eq!(accepted(Encoding::Protobuf, &some).body, b"\x0a\x19\x08\x02\x12\x15a log record is empty");
    let json = r#"{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"a log record is empty"}}"#;
    assert_eq!(accepted(Encoding::Json, &some).body, json.as_bytes());
    assert_eq!(accepted(Encoding::Json, &some).headers, [("content-type", "application/json".to_owned())]);
    for (refusal, status, code, retry_after) in [
        (Refusal::Malformed("no"), 400, 3, None),
        (Refusal::Unauthorized, 401, 16, None),
        (Refusal::TooLarge, 413, 8, None),
        (Refusal::ContentType, 415, 3, None),
        (Refusal::ContentEncoding, 415, 3, None),
        (Refusal::Busy { retry_after: 7 }, 429, 8, Some("7")),
        (Refusal::Unavailable { retry_after: 30 }, 503, 14, Some("30")),
    ] {
        let reply = refusal.reply(Encoding::Json);
        let body = format!("{{\"code\":{code},\"message\":\"{refusal}\"}}");
        assert_eq!((reply.status, reply.body), (status, body.into_bytes()));
        let wait =
            reply.headers.iter().find(|(name, _)| *name == "retry-after").map(|(_, value)| value.as_str());
        assert_eq!(wait, retry_after);
    }
    assert_eq!(Refusal::Malformed("no").reply(Encoding::Protobuf).body, b"\x08\x03\x12\x02no");
}

#[test]
fn content_types_are_told_apart() {
    assert_eq!(Encoding::of(Some("application/x-protobuf")), Ok(Encoding::Protobuf));
    assert_eq!(Encoding::of(Some("Application/JSON; charset=utf-8")), Ok(Encoding::Json));
    for other in [None, Some(""), Some("text/plain"), Some("application/grpc")] {
        assert_eq!(Encoding::of(other), Err(Refusal::ContentType), "{other:?}");
    }
}

#[test]
fn what_nobody_should_send_is_refused() {
    let refused = |encoding, body: &[u8]| decode(encoding, body, NOW).expect_err("refused");
    let deep_json = format!("{{\"resourceLogs\":{}", "[".repeat(10_000));
    let deep_value = format!(
        "{{\"resourceLogs\":[{{\"scopeLogs\":[{{\"logRecords\":[{{\"body\":{}",
        "{\"arrayValue\":{\"values\":[".repeat(10_000)
    );
    let record = |member: &str| {
        format!("{{\"resourceLogs\":[{{\"scopeLogs\":[{{\"logRecords\":[{{{member}}}]}}]}}]}}")
    };
    for body in [
        "",
        "[]",
        "null",
        "{",
        "{\"resourceLogs\":[",
        "{\"resourceLogs\":[{}],\"resourceLogs\":[{}]}",
        "{\"resourceLogs\":5}",
        &deep_json,
        &deep_value,
        &record("\"traceId\":\"xyz\""),
        &record("\"spanId\":\"abc\""),
        &record("\"timeUnixNano\":\"-1\""),
        &record("\"timeUnixNano\":1.5"),
        &record("\"timeUnixNano\":18446744073709551616"),
        &record("\"body\":\"text\""),
        &record("\"body\":{\"intValue\":\"9223372036854775808\"}"),
        &record("\"body\":{\"bytesValue\":\"*\"}"),
        &record("\"body\":{\"intValue\":1,\"boolValue\":true}"),
        &record("\"body\":{\"doubleValue\":\"x\"}"),
    ] {
        let refusal = refused(Encoding::Json, body.as_bytes());
        assert!(matches!(refusal, Refusal::Malformed(_)), "{body:.40}: {refusal}");
    }
    assert!(matches!(refused(Encoding::Json, b"{\"a\":\"\xff\"}"), Refusal::Malformed(_)));
    assert_eq!(refused(Encoding::Json, &b"{".repeat(1_000_001)), Refusal::TooLarge);
    for body in [
        b"\x0a".as_slice(),
        b"\x0a\x05\x00",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x00\x00",
        // A body that is no UTF-8.
        b"\x0a\x09\x12\x07\x12\x05\x2a\x03\x0a\x01\xff",
    ] {
        let refusal = refused(Encoding::Protobuf, body);
        assert!(matches!(refusal, Refusal::Malformed(_)), "{body:x?}: {refusal}");
    }
    assert_eq!(refused(Encoding::Protobuf, &b"\x0a\x00".repeat(1_000_001)), Refusal::TooLarge);
    assert_eq!(decode(Encoding::Protobuf, b"", NOW), Ok(LogExport::default()));
    assert_eq!(decode(Encoding::Json, b"{}", NOW), Ok(LogExport::default()));
    assert_eq!(
        decode(Encoding::Json, b"{\"resourceLogs\":null,\"other\":[{}]}", NOW),
        Ok(LogExport::default())
    );
}

#[test]
fn inflation_is_bounded() {
    let gzip = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).expect("written");
        encoder.finish().expect("finished")
    };
    assert_eq!(inflate(Some("gzip"), &gzip(b"x")).expect("inflated").as_ref(), b"x");
    assert_eq!(inflate(Some("gzip"), &gzip(&vec![0; crate::aws::INFLATED_MAX + 1])), Err(Refusal::TooLarge));
    assert!(matches!(inflate(Some("gzip"), &gzip(b"x")[..9]), Err(Refusal::Malformed(_))));
    assert_eq!(inflate(Some("zstd"), b"x"), Err(Refusal::ContentEncoding));
}

proptest! {
    #[test]
    fn arbitrary_bodies_never_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(Encoding::Protobuf, &body, NOW);
        let _ = decode(Encoding::Json, &body, NOW);
    }

    #[test]
    fn changed_bodies_never_panic(place: usize, byte: u8, cut: usize) {
        let request: ExportLogsServiceRequest = serde_json::from_str(EXAMPLE).expect("JSON");
        for (encoding, mut body) in [(Encoding::Protobuf, request.encode_to_vec()), (Encoding::Json, EXAMPLE.into())] {
            let place = place % body.len();
            body[place] = byte;
            let _ = decode(encoding, &body, NOW);
            let _ = decode(encoding, &body[..cut % body.len()], NOW);
        }
    }

    /// Whatever a record's texts are, its message is their body or an object with all of them.
    #[test]
    fn messages_of_an_object_are_json(texts in proptest::collection::vec((".*", ".*"), 1..6), body in ".*") {
        let attributes = texts.iter().map(|(key, text)| pair(key, text)).collect();
        let record = LogRecord { attributes, trace_id: vec![7; 16], ..said(&body) };
        let found = export(&request(vec![], vec![record]));
        let message = &found.batches[0].events[0].message;
        let parsed: serde_json::Value = serde_json::from_str(message).expect("JSON");
        if &**message != body.as_str() {
            prop_assert_eq!(parsed.as_object().map(|object| object.len()), Some(texts.len() + 2));
        }
    }
}
