//! Every shape, one row each: text in, records and notes out.

use super::*;

/// 2026-11-22T12:00:00Z.
const NOW: Timestamp = Timestamp::from_seconds(1_795_348_800);

/// What a text holds, one line each: records as they travel, notes as `note LINE CODE`, complaints as `bad LINE REASON`.
fn found(text: &str, is_markdown: bool) -> Vec<String> {
    let read = |size: usize| {
        let defaults = Defaults { group: "/default".into(), stream: "file".into(), now: NOW };
        let head = &text.as_bytes()[..text.len().min(HEAD_BYTES)];
        let mut importer = match Importer::new(head, is_markdown, defaults) {
            Ok(importer) => importer,
            Err(reason) => return vec![reason.to_owned()],
        };
        text.as_bytes().chunks(size).for_each(|piece| importer.push(piece));
        importer.finish();
        importer.take().iter().map(shown).collect()
    };
    let whole = read(usize::MAX);
    assert_eq!(read(7), whole, "in small pieces: {text}");
    whole
}

fn shown(found: &Found) -> String {
    match found {
        Found::Record { record, .. } => {
            let line = encode(record).expect("JSON");
            assert_eq!(decode(&line).expect("a record"), *record);
            line
        }
        Found::Note { line, what } => format!("note {line} {}", what.code()),
        Found::Bad { line, reason } => format!("bad {line} {reason}"),
    }
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(found(text, false), expected, "{text}");
}

fn log(group: &str, stream: &str, time: &str, message: &str) -> String {
    let message = Value::Text(message.into()).compact();
    format!(
        r#"{{"log":{{"log_group":"{group}","log_stream":"{stream}","timestamp":"{time}","message":{message}}}}}"#
    )
}

const AT: &str = "2026-11-22T12:00:00.000Z";

#[test]
fn json_lines_in_several_shapes() {
    let start = r#"{"event":"TOKEN_PROVISION_START","correlationId":"c1"}"#;
    let event = log("/default", "file", AT, start);
    for line in [
        r#"{"timestamp":1795348800000,"message":"{\"event\":\"TOKEN_PROVISION_START\",\"correlationId\":\"c1\"}"}"#,
        r#"{"@timestamp":"1795348800000","@message":"{\"event\":\"TOKEN_PROVISION_START\",\"correlationId\":\"c1\"}","@ptr":"x"}"#,
        r#"{"id":"3","timestamp":1795348800000,"message":"{\"event\":\"TOKEN_PROVISION_START\",\"correlationId\":\"c1\"}","ingestionTime":1}"#,
    ] {
        check(line, &["note 1 group-assumed", &event]);
    }
    check(
        r#"{"timestamp":1795348800000,"message":{"event":"TOKEN_PROVISION_START",  "correlationId":"c1"}}"#,
        &["note 1 message-object", "note 1 group-assumed", &event],
    );
    check(
        r#"{"time":"2026-11-22T12:00:00Z","event":"TOKEN_PROVISION_START","processingTime":1.50}"#,
        &[
            "note 1 event-as-message",
            "note 1 group-assumed",
            &log(
                "/default",
                "file",
                AT,
                r#"{"time":"2026-11-22T12:00:00Z","event":"TOKEN_PROVISION_START","processingTime":1.50}"#,
            ),
        ],
    );
    // A message beside other members is one of them, and the object is the event.
    check(
        r#"{"timestamp":1795348800,"level":"INFO","message":"hello","logGroup":"/g","logStream":"s"}"#,
        &[
            "note 1 event-as-message",
            &log(
                "/g",
                "s",
                AT,
                r#"{"timestamp":1795348800,"level":"INFO","message":"hello","logGroup":"/g","logStream":"s"}"#,
            ),
        ],
    );
    check(
        "{\"timestamp\":\"2026-11-22 12:00:00\",\"message\":\"a\",\"logGroup\":\"/g\",\"logStream\":\"s\"}\n\n// b\n{\"timestamp\":1795348800.000,\"message\":\"b\",\"logGroup\":\"/g\",\"logStream\":\"s\"}\n",
        &[
            "note 1 time-without-zone",
            &log("/g", "s", AT, "a"),
            "note 3 comments",
            "note 4 time-form",
            &log("/g", "s", AT, "b"),
        ],
    );
}

#[test]
fn a_damaged_line_does_not_take_the_others_with_it() {
    let line = |message: &str| {
        format!(r#"{{"timestamp":1795348800000,"message":"{message}","logGroup":"/g","logStream":"s"}}"#)
    };
    let text =
        format!("{}\n{{\"timestamp\":1795348800000,\"mess\n{}\n[1]\nx\n{}", line("a"), line("b"), line("c"));
    check(
        &text,
        &[
            &log("/g", "s", AT, "a"),
            "bad 2 the text has no closing quote",
            &log("/g", "s", AT, "b"),
            "bad 4 this is no JSON object",
            "bad 5 a value should stand here",
            &log("/g", "s", AT, "c"),
        ],
    );
}

#[test]
fn blocks_and_answers_of_cloudwatch_logs() {
    let a = log("/g", "s", AT, "a");
    for text in [
        r#"{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"/g","logStream":"s","subscriptionFilters":[],"logEvents":[{"id":"1","timestamp":1795348800000,"message":"a"}]}"#,
        r#"{"logGroupName":"/g","events":[{"logStreamName":"s","timestamp":1795348800000,"message":"a","ingestionTime":1795348800001,"eventId":"1"}],"searchedLogStreams":[]}"#,
        r#"[{"log_group":"/g","log_stream":"s","timestamp":1795348800000,"message":"a"}]"#,
    ] {
        check(text, &[&a]);
    }
    check(r#"{"messageType":"CONTROL_MESSAGE","logEvents":[]}"#, &[]);
    check(
        "{\"logGroup\":\"/g\",\"logStream\":\"s\",\n\"events\":[\n{\"timestamp\":1795348800000},\n{\"message\":\"a\"}, 5]}",
        &[
            "note 3 event-as-message",
            &log("/g", "s", AT, r#"{"timestamp":1795348800000}"#),
            "bad 4 a log event has no time",
            "bad 1 a log event is no object: 5",
        ],
    );
}

#[test]
fn limits_of_log_events_are_those_of_cloudwatch() {
    let event = |group: &str, time: &str, message: &str| {
        format!(r#"{{"timestamp":{time},"message":"{message}","logGroup":"{group}","logStream":"s"}}"#)
    };
    check(&event("/g", "1795348800000", ""), &["bad 1 a log event has an empty message"]);
    check(&event("/g", "-1", "a"), &["note 1 time-form", "bad 1 a log is of before 1970"]);
    check(
        &event("/g", "\\\"never\\\"", "a").replace('\\', ""),
        &["bad 1 the time of a log event is none that can be read: \"never\""],
    );
    check(
        &event("/g", "1795348800000", &"x".repeat(1_048_551)),
        &["bad 1 a log event of 1048577 bytes is over the limit of 1048576"],
    );
    let found = found(&event("/g*", "1795348800000", "a"), false);
    assert!(found.len() == 1 && found[0].starts_with("bad 1") && found[0].contains("logGroup"), "{found:?}");
    check(
        &event("/g", "1794139199999", "a"),
        &["note 1 old-time", &log("/g", "s", "2026-11-08T11:59:59.999Z", "a")],
    );
}

#[test]
fn documents_with_comments_one_after_the_other() {
    check(
        "// one\n{\n \"timestamp\": 1795348800000, /* ms */\n \"message\": \"a\",\n}\n// two\n{ \"timestamp\": 1795348800000, \"message\": \"b\"\n}",
        &[
            "note 1 comments",
            "note 3 comments",
            "note 4 trailing-comma",
            "note 2 group-assumed",
            &log("/default", "file", AT, "a"),
            "note 6 comments",
            "note 7 several-documents",
            "note 7 group-assumed",
            &log("/default", "file", AT, "b"),
        ],
    );
    check(
        "{\n\"a\": 1\n}\nsome words\n{\n",
        &[
            "bad 1 the object is no log event, metric, trace, segment or audit event that is known",
            "bad 4 this is no JSON object",
            "bad 5 the document has no end",
        ],
    );
}

#[test]
fn metrics_pass_the_checks_of_put_metric_data() {
    let datum = |unit: &str, value: &str| {
        format!(
            r#"{{"metric":{{"namespace":"N","metric_name":"M","dimensions":[["A","1"],["B","2"]],"timestamp":"{AT}"{unit},"storage_resolution":60,{value}}}}}"#
        )
    };
    let values = datum(r#","unit":"Seconds""#, r#""values":[[1.245,1.0]]"#);
    check(
        r#"{"Namespace":"N","MetricData":[{"MetricName":"M","Timestamp":1795348800,"Unit":"Seconds","Value":1.245,"Dimensions":[{"Name":"B","Value":"2"},{"Name":"A","Value":"1"}]}]}"#,
        &[&values],
    );
    check(
        r#"{"MetricName":"M","Namespace":"N","Timestamp":"2026-11-22T12:00:00Z","Unit":"Seconds","Value":"1.245","Dimensions":{"A":1,"B":"2"}}"#,
        &["note 1 dimensions-as-object", "note 1 number-as-text", &values],
    );
    let statistics = r#""statistics":{"sample_count":2.0,"sum":3.0,"minimum":1.0,"maximum":2.0}"#;
    check(
        r#"{"metric_stream_name":"x","account_id":"1","region":"r","namespace":"N","metric_name":"M","dimensions":{"A":"1","B":"2"},"timestamp":1795348800000,"value":{"max":2,"min":1.0,"sum":3.0,"count":2},"unit":"Seconds"}"#,
        &["note 1 dimensions-as-object", &datum(r#","unit":"Seconds""#, statistics)],
    );
    check(
        r#"{"Metrics":[{"MetricName":"M","Namespace":"N","Value":1,"Dimensions":[{"Name":"A","Value":"1"},{"Name":"B","Value":"2"}]}]}"#,
        &["note 1 metric-time-of-import", &datum("", r#""values":[[1.0,1.0]]"#)],
    );
    for (wrong, reason) in [
        (r#""Value":"x""#, "this is no number: \"x\""),
        (r#""Value":1,"Unit":"Second""#, "MetricData.member.1.Unit must be a value in the set"),
        (r#""Value":1,"StorageResolution":5"#, "StorageResolution"),
        (r#""Value":1,"Dimensions":3"#, "neither a list nor an object"),
        (r#""Value":1,"Timestamp":"never""#, "the time of a metric"),
        (r#""Values":[1,2],"Counts":[1]"#, "Counts"),
    ] {
        let text = format!(r#"{{"MetricName":"M","Namespace":"N",{wrong}}}"#);
        let found = found(&text, false);
        let last = found.last().expect("a complaint");
        assert!(last.starts_with("bad 1 ") && last.contains(reason), "{found:?}");
    }
}

#[test]
fn traces_as_x_ray_answers_them() {
    let document = r#"{"id":"53995c3f42cd8ad8","name":"api","start_time":1795348800.0,"end_time":1795348801.5,"trace_id":"1-6b02d940-3bdacbbc5a35361df6958a11","http":{"request":{"method":"GET","url":"https://x/y","client_ip":"1.2.3.4","x_forwarded_for":true},"response":{"status":503}},"aws":{"request_id":"r1"},"annotations":{"correlationId":"c1","wallet_provider":"ApplePay","n":1},"metadata":{"ns":{"k":[1]}},"subsegments":[{"id":"0f910026178b71eb","name":"DynamoDB","start_time":1795348800.1,"end_time":1795348800.2,"namespace":"aws","aws":{"operation":"GetItem","table_name":"T","request_id":"theirs"},"throttle":true}]}"#;
    let first = r#"{"span":{"timestamp":"2026-11-22T12:00:00.000Z","trace_id":"1-6b02d940-3bdacbbc5a35361df6958a11","span_id":"53995c3f42cd8ad8","name":"api","end_time":"2026-11-22T12:00:01.500Z","fault":true,"http_method":"GET","http_url":"https://x/y","http_status":503,"client_ip":"1.2.3.4","wallet_provider":"ApplePay","correlation_id":"c1","request_id":"r1","annotations":"{\"correlationId\":\"c1\",\"wallet_provider\":\"ApplePay\",\"n\":1}","metadata":"{\"ns\":{\"k\":[1]},\"walletscope\":{\"http\":{\"request\":{\"x_forwarded_for\":true}},\"aws\":{\"request_id\":\"r1\"}}}"}}"#;
    let second = r#"{"span":{"timestamp":"2026-11-22T12:00:00.100Z","trace_id":"1-6b02d940-3bdacbbc5a35361df6958a11","span_id":"0f910026178b71eb","parent_id":"53995c3f42cd8ad8","name":"DynamoDB","namespace":"aws","end_time":"2026-11-22T12:00:00.200Z","throttle":true,"operation":"GetItem","resource":"T","metadata":"{\"walletscope\":{\"aws\":{\"request_id\":\"theirs\"}}}"}}"#;
    check(document, &["note 1 flags-from-status", first, second]);
    let text = Value::Text(document.into()).compact();
    check(
        &format!(
            r#"{{"Traces":[{{"Id":"1-6b02d940-3bdacbbc5a35361df6958a11","Duration":1.5,"Segments":[{{"Id":"x","Document":{text}}}]}}]}}"#
        ),
        &["note 1 flags-from-status", first, second],
    );
    check(r#"{"id":"53995c3f42cd8ad8","name":"api","start_time":1}"#, &["bad 1 a segment names no trace"]);
    check(
        r#"{"Id":"1-6b02d940-3bdacbbc5a35361df6958a11","Segments":[{"name":"x"},3,{"Document":"{"}]}"#,
        &[
            "note 1 segment-in-trace",
            "bad 1 a segment has no start_time",
            "bad 1 a segment of a trace is no object",
            "bad 1 the Document of a segment is no JSON object",
        ],
    );
}

#[test]
fn audit_events_of_a_trail() {
    let event = r#"{"eventVersion":"1.08","userIdentity":{"type":"Root"},"eventTime":"2026-11-22T12:00:00Z","eventSource":"s","eventName":"ProvisionToken","eventID":"e1","requestID":"r1","errorCode":"AccessDenied","errorMessage":"no","requestParameters":{"card":{"issuerName":"B"},"correlationId":"c1"},"responseElements":null,"eventCategory":"Data"}"#;
    let expected = r#"{"audit":{"timestamp":"2026-11-22T12:00:00.000Z","event_id":"e1","event_source":"s","event_name":"ProvisionToken","user_identity":"{\"type\":\"Root\"}","request_id":"r1","correlation_id":"c1","issuer":"B","error_code":"AccessDenied","error_message":"no","request_parameters":"{\"card\":{\"issuerName\":\"B\"},\"correlationId\":\"c1\"}","additional_data":"{\"eventVersion\":\"1.08\",\"eventCategory\":\"Data\"}"}}"#;
    check(event, &[expected]);
    check(&format!(r#"{{"Records":[{event}]}}"#), &[expected]);
    check(r#"{"eventSource":"s","eventName":"n"}"#, &["bad 1 an audit event has no eventTime"]);
    check(
        r#"{"eventSource":"s","eventName":"n","eventTime":"soon","eventID":"1","userIdentity":{}}"#,
        &["bad 1 the eventTime of an audit event is none that can be read: \"soon\""],
    );
}

#[test]
fn tables_have_columns_by_the_contract_names() {
    check(
        "Time;Event;correlation_id;Processing Time;processing_time;colour;log_group\r\n1795348800000;TOKEN_PROVISION_START;c1;;1.50;\"re;d\";/g\r\n\r\n2026-11-22T12:00:00Z;;;;;;\n1795348800000;x\n;a;b;;;;\n\"",
        &[
            "note 2 row-as-event",
            &log(
                "/g",
                "file",
                AT,
                r#"{"event":"TOKEN_PROVISION_START","correlationId":"c1","processingTime":1.50,"colour":"re;d"}"#,
            ),
            "bad 4 the row says nothing but its time",
            "bad 5 the row has 2 cells, the header 7",
            "bad 6 the row has no time",
            "bad 7 the row ends inside quotes",
        ],
    );
    check(
        "timestamp,message\n2026-11-22T12:00:00Z,\"{\"\"event\"\":\"\"TOKEN_CREATED\"\"}\"\n",
        &["note 2 row-as-event", &log("/default", "file", AT, r#"{"event":"TOKEN_CREATED"}"#)],
    );
}

#[test]
fn lines_of_text_with_what_continues_them() {
    check(
        "2026-11-22T12:00:00.000Z {\"event\":\"TOKEN_CREATED\"}\n2026-11-22T12:00:00.000Z Error:\n  at line 2\n\n",
        &[
            "note 1 group-assumed",
            &log("/default", "file", AT, r#"{"event":"TOKEN_CREATED"}"#),
            "note 2 group-assumed",
            &log("/default", "file", AT, "Error:\n  at line 2"),
        ],
    );
}

#[test]
fn what_is_of_no_known_format_is_refused() {
    for text in ["hello world\n", "a,b\n1,2\n", "\0\0", "<xml/>"] {
        let found = found(text, false);
        assert!(found.len() == 1 && !found[0].starts_with("bad"), "{text}: {found:?}");
    }
    check("", &[]);
    check("\u{feff}[]", &[]);
}

#[test]
fn markdown_is_prose_around_fences() {
    let event = r#"{"timestamp":1795348800000,"message":"a","logGroup":"/g","logStream":"s"}"#;
    let text = format!(
        "# Title\n{event}\n```sql\n{event}\n```json\n```\n   ```json\n   {event}\n   ```\n```jsonl\n{event}\n{event}\n```\n```json\n{{\n"
    );
    let a = log("/g", "s", AT, "a");
    // Inside the fence of SQL nothing opens another one.
    assert_eq!(
        found(&text, true),
        [&*a, &*a, "note 12 several-documents", &*a, "bad 15 the document has no end"]
            .map(str::to_owned)
            .into_iter()
            .collect::<Vec<_>>()
    );
}

/// The text of the product's brief, as it stands: three documents in one fence, with comments, capitals and ids that
/// are too short.
#[test]
fn the_brief_is_read_as_its_author_meant_it() {
    let text = std::fs::read_to_string("../../fixtures/brief.md").expect("the brief");
    let found = found(&text, true);
    let records: Vec<_> = found.iter().filter(|line| line.starts_with('{')).map(String::as_str).collect();
    let first = r#"{"span":{"timestamp":"2023-10-04T11:43:32.925Z","trace_id":"1-5f2aef12-6b4f7a9c8d2e1f3a2b1c0d9","span_id":"8b395769abc","name":"TokenProvisioningService","end_time":"2023-10-04T11:43:34.579Z","http_method":"POST","http_url":"/api/v1/tokens/provision","http_status":200,"user_agent":"ApplePay/iOS/16.0","client_ip":"192.168.1.1","wallet_provider":"ApplePay","issuer":"DEMO_Bank","annotations":"{\"WalletProvider\":\"ApplePay\",\"Issuer\":\"DEMO_Bank\",\"CardBin\":\"424242\"}","metadata":"{\"walletscope\":{\"http\":{\"response\":{\"ContentLength\":845}}}}"}}"#;
    assert_eq!(records[0], first);
    for (place, parts) in [
        (
            1,
            vec![
                r#""parent_id":"8b395769abc","name":"DynamoDB","namespace":"aws""#,
                r#""operation":"GetItem","resource":"TokenStore""#,
                r#""metadata":"{\"walletscope\":{\"SQL\":{\"Query\":\"GetItem on TokenStore table\"},\"namespace\":\"aws.dynamodb\"}}""#,
            ],
        ),
        (
            2,
            vec![
                r#""name":"TokenizationService""#,
                r#""metadata":"{\"default\":{\"TokenType\":\"DPAN\",\"TokenRequestor\":\"ApplePay\"}}""#,
            ],
        ),
        (
            3,
            vec![
                r#"{"audit":{"timestamp":"2024-01-15T10:25:12.000Z""#,
                r#""request_id":"a1b2c3d4-5678-90ab-cdef-EXAMPLE12345","token_reference_id":"trm_abc123xyz","wallet_provider":"ApplePay","issuer":"DEMO_Bank","status":"SUCCESS","processing_time":1.245"#,
                r#""user_identity":"{\"type\":\"Unknown\"}""#,
            ],
        ),
        (
            4,
            vec![&*log(
                "/aws/lambda/token-provisioning-service",
                "2024/01/15/[$LATEST]abc123",
                "2024-01-15T09:55:12.000Z",
                r#"{"level":"INFO","requestId":"a1b2c3d4-5678-90ab-cdef-EXAMPLE12345","event":"TOKEN_PROVISION_START","walletProvider":"ApplePay","issuer":"DEMO_Bank","correlationId":"corr_xyz789"}"#,
            )],
        ),
        (
            5,
            vec![&*log(
                "/aws/lambda/token-provisioning-service",
                "2024/01/15/[$LATEST]abc123",
                "2024-01-15T09:55:13.245Z",
                r#"{"level":"INFO","requestId":"a1b2c3d4-5678-90ab-cdef-EXAMPLE12345","event":"TOKEN_PROVISION_SUCCESS","tokenReferenceId":"trm_abc123xyz","processingTime":1.245,"correlationId":"corr_xyz789"}"#,
            )],
        ),
        (
            6,
            vec![
                r#"{"metric":{"namespace":"TokenServices","metric_name":"TokenProvisioningRequests","dimensions":[["Issuer","DEMO_Bank"],["WalletProvider","ApplePay"]],"timestamp":"2024-01-15T09:55:13.245Z","unit":"Count","storage_resolution":60,"values":[[1.0,1.0]]}}"#,
            ],
        ),
        (
            7,
            vec![
                r#""metric_name":"TokenProvisioningLatency""#,
                r#""unit":"Seconds","storage_resolution":60,"values":[[1.245,1.0]]"#,
            ],
        ),
    ] {
        for part in parts {
            assert!(records[place].contains(part), "{part} in {}", records[place]);
        }
    }
    assert_eq!(records.len(), 8);
    assert!(!found.iter().any(|line| line.starts_with("bad")), "{found:#?}");
    // Made ids follow from the content.
    assert_eq!(found, self::found(&text, true));
}

#[test]
fn all_that_was_put_right_in_the_brief_is_told() {
    let text = std::fs::read_to_string("../../fixtures/brief.md").expect("the brief");
    let found = found(&text, true);
    let mut notes: Vec<_> = found
        .iter()
        .filter_map(|line| line.strip_prefix("note ")?.split_once(' '))
        .map(|(_, code)| code)
        .collect();
    notes.sort_unstable();
    notes.dedup();
    assert_eq!(
        notes,
        [
            "comments",
            "event-id-made",
            "event-source-unknown",
            "identity-unknown",
            "logs-in-document",
            "message-object",
            "metadata-wrapped",
            "metric-time-of-log",
            "namespace-mapped",
            "old-time",
            "query-as-call",
            "relative-url",
            "requestor-id-length",
            "segment-id-length",
            "segment-id-made",
            "segment-in-trace",
            "segment-names",
            "several-documents",
            "trace-id-length",
            "trace-time-skew",
        ]
    );
}
