//! Literal requests of CloudWatch Logs in, literal answers out: every member of the model has its name.

use walletscope_wire::aws::{self, AwsError, Double, HttpRequest, NoOutput, Operation, Response};
use walletscope_wire::logs;

fn on<T>(name: &str, body: &[u8], then: impl FnOnce(Result<Operation<'_>, AwsError>) -> T) -> T {
    let target = format!("Logs_20140328.{name}");
    let headers = [("X-Amz-Target", target.as_str()), ("Content-Type", "application/x-amz-json-1.1")];
    let request = HttpRequest { method: "POST", path: "/", query: "", headers: &headers, body };
    let route = aws::route(&request, None).expect("routed");
    then(Operation::decode(&route, &request))
}

fn validate(operation: &Operation<'_>) -> Result<(), AwsError> {
    match operation {
        Operation::DeleteLogGroup(request) => request.validate(),
        Operation::DeleteLogStream(request) => request.validate(),
        Operation::DeleteMetricFilter(request) => request.validate(),
        Operation::DeleteRetentionPolicy(request) => request.validate(),
        Operation::DeleteSubscriptionFilter(request) => request.validate(),
        Operation::DescribeMetricFilters(request) => request.validate(),
        Operation::DescribeSubscriptionFilters(request) => request.validate(),
        Operation::FilterLogEvents(request) => request.validate(),
        Operation::GetLogEvents(request) => request.validate().map(drop),
        Operation::GetLogGroupFields(request) => request.validate(),
        Operation::GetLogRecord(request) => request.validate(),
        Operation::ListTagsForResource(request) => request.validate(),
        Operation::ListTagsLogGroup(request) => request.validate(),
        Operation::PutMetricFilter(request) => request.validate().map(drop),
        Operation::PutRetentionPolicy(request) => request.validate(),
        Operation::PutSubscriptionFilter(request) => request.validate(),
        Operation::StartLiveTail(request) => request.validate(),
        Operation::TagLogGroup(request) => request.validate(),
        Operation::TagResource(request) => request.validate(),
        Operation::TestMetricFilter(request) => request.validate(),
        Operation::UntagLogGroup(request) => request.validate(),
        Operation::UntagResource(request) => request.validate(),
        other => panic!("checked elsewhere: {other:?}"),
    }
}

/// Requests with every member that is honoured, then the names of the members without which each is refused.
const REQUESTS: &[(&str, &str, &[&str])] = &[
    ("DeleteLogGroup", r#"{"logGroupName":"g"}"#, &["logGroupName"]),
    ("DeleteLogStream", r#"{"logGroupName":"g","logStreamName":"s"}"#, &["logGroupName", "logStreamName"]),
    ("DeleteMetricFilter", r#"{"logGroupName":"g","filterName":"f"}"#, &["logGroupName", "filterName"]),
    ("DeleteRetentionPolicy", r#"{"logGroupName":"g"}"#, &["logGroupName"]),
    ("DeleteSubscriptionFilter", r#"{"logGroupName":"g","filterName":"f"}"#, &["logGroupName", "filterName"]),
    (
        "DescribeMetricFilters",
        r#"{"logGroupName":"g","filterNamePrefix":"f","nextToken":"t","limit":5,"metricName":"m","metricNamespace":"n"}"#,
        &[],
    ),
    (
        "DescribeSubscriptionFilters",
        r#"{"logGroupName":"g","filterNamePrefix":"f","nextToken":"t","limit":5}"#,
        &["logGroupName"],
    ),
    (
        "FilterLogEvents",
        r#"{"logGroupName":"g","logStreamNames":["s"],"startTime":0,"endTime":1,"filterPattern":"ERROR","nextToken":"t","limit":10000,"startFromHead":true,"interleaved":true,"unmask":false}"#,
        &[],
    ),
    (
        "GetLogEvents",
        r#"{"logGroupIdentifier":"g","logStreamName":"s","startTime":0,"endTime":1,"nextToken":"f/1/s","limit":1,"startFromHead":true,"unmask":false}"#,
        &["logStreamName"],
    ),
    ("GetLogGroupFields", r#"{"logGroupName":"g","time":1}"#, &[]),
    ("GetLogRecord", r#"{"logRecordPointer":"p","unmask":true}"#, &["logRecordPointer"]),
    ("ListTagsForResource", r#"{"resourceArn":"arn:aws:logs:r:1:log-group:g"}"#, &["resourceArn"]),
    ("ListTagsLogGroup", r#"{"logGroupName":"g"}"#, &["logGroupName"]),
    (
        "PutMetricFilter",
        r#"{"logGroupName":"g","filterName":"f","filterPattern":"","metricTransformations":[{"metricName":"m","metricNamespace":"n","metricValue":"1","defaultValue":0,"unit":"Count"}],"applyOnTransformedLogs":false,"fieldSelectionCriteria":"","emitSystemFieldDimensions":[]}"#,
        &[
            "logGroupName",
            "filterName",
            "filterPattern",
            "metricTransformations",
            "metricName",
            "metricValue",
        ],
    ),
    (
        "PutRetentionPolicy",
        r#"{"logGroupName":"g","retentionInDays":14}"#,
        &["logGroupName", "retentionInDays"],
    ),
    (
        "PutSubscriptionFilter",
        r#"{"logGroupName":"g","filterName":"f","filterPattern":"","destinationArn":"https://example.test/in","roleArn":"r","distribution":"Random","applyOnTransformedLogs":false,"fieldSelectionCriteria":"","emitSystemFields":[]}"#,
        &["logGroupName", "filterName", "filterPattern", "destinationArn"],
    ),
    (
        "StartLiveTail",
        r#"{"logGroupIdentifiers":["g"],"logStreamNamePrefixes":["s"],"logEventFilterPattern":"ERROR"}"#,
        &["logGroupIdentifiers"],
    ),
    ("TagLogGroup", r#"{"logGroupName":"g","tags":{"k":"v"}}"#, &["logGroupName", "tags"]),
    ("TagResource", r#"{"resourceArn":"a","tags":{"k":"v"}}"#, &["resourceArn", "tags"]),
    (
        "TestMetricFilter",
        r#"{"filterPattern":"ERROR","logEventMessages":["m"]}"#,
        &["filterPattern", "logEventMessages"],
    ),
    ("UntagLogGroup", r#"{"logGroupName":"g","tags":["k"]}"#, &["logGroupName", "tags"]),
    ("UntagResource", r#"{"resourceArn":"a","tagKeys":["k"]}"#, &["resourceArn", "tagKeys"]),
];

#[test]
fn every_member_is_read_and_none_of_the_required_may_be_absent() {
    for (name, body, required) in REQUESTS {
        on(name, body.as_bytes(), |operation| {
            let operation = operation.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(validate(&operation), Ok(()), "{name}");
        });
        for member in *required {
            let without = body.replace(&format!("\"{member}\":"), "\"other\":");
            on(name, without.as_bytes(), |operation| {
                let error = operation.expect_err(name);
                let expected = format!(
                    "InvalidParameterException: 1 validation error detected: Value at '{member}' failed to satisfy \
                     constraint: Member must not be null"
                );
                assert_eq!(error.to_string(), expected, "{name}");
            });
        }
    }
}

/// A member whose name was misspelt in a shape would be passed over in silence; a wrong type in it would not show.
#[test]
fn a_member_of_the_wrong_type_is_refused_in_every_place() {
    for (name, body, _) in REQUESTS {
        let shape: serde_json::Value = serde_json::from_str(body).expect("JSON");
        for member in shape.as_object().expect("an object").keys() {
            let mut wrong = shape.clone();
            wrong[member] = serde_json::json!([[{}]]);
            on(name, wrong.to_string().as_bytes(), |operation| {
                let error = operation.expect_err(&format!("{name}.{member}"));
                assert_eq!(error.shape.name, "SerializationException", "{name}.{member}: {error}");
            });
        }
    }
}

#[track_caller]
fn check(name: &str, response: &Response, expected: &str) {
    let target = format!("Logs_20140328.{name}");
    let headers = [("X-Amz-Target", target.as_str())];
    let request = HttpRequest { method: "POST", path: "/", query: "", headers: &headers, body: b"{}" };
    let answer = aws::encode_response(&aws::route(&request, None).expect("routed"), "id", response);
    assert_eq!((answer.status, String::from_utf8_lossy(&answer.body).as_ref()), (200, expected));
}

fn pairs(pairs: &[(&str, &str)]) -> std::collections::BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn filters_are_listed_with_the_members_of_the_model() {
    let transformation = logs::MetricTransformation {
        metric_name: "m".into(),
        metric_namespace: "n".into(),
        metric_value: "1".into(),
        default_value: Some(Double(0.0)),
        ..Default::default()
    };
    let filter = logs::MetricFilter {
        filter_name: "f".into(),
        filter_pattern: " ".into(),
        metric_transformations: vec![transformation],
        creation_time: 5,
        log_group_name: "g".into(),
        apply_on_transformed_logs: false,
    };
    check(
        "DescribeMetricFilters",
        &Response::DescribeMetricFilters(logs::DescribeMetricFiltersResponse {
            metric_filters: vec![filter],
            next_token: None,
        }),
        r#"{"metricFilters":[{"filterName":"f","filterPattern":" ","metricTransformations":[{"metricName":"m","metricNamespace":"n","metricValue":"1","defaultValue":0.0}],"creationTime":5,"logGroupName":"g","applyOnTransformedLogs":false}]}"#,
    );
    let subscription = logs::SubscriptionFilter {
        filter_name: "f".into(),
        log_group_name: "g".into(),
        destination_arn: "https://example.test/in".into(),
        distribution: "ByLogStream".into(),
        creation_time: 5,
        ..Default::default()
    };
    check(
        "DescribeSubscriptionFilters",
        &Response::DescribeSubscriptionFilters(logs::DescribeSubscriptionFiltersResponse {
            subscription_filters: vec![subscription],
            next_token: Some("t".into()),
        }),
        r#"{"subscriptionFilters":[{"filterName":"f","logGroupName":"g","filterPattern":"","destinationArn":"https://example.test/in","distribution":"ByLogStream","applyOnTransformedLogs":false,"creationTime":5}],"nextToken":"t"}"#,
    );
    check("PutMetricFilter", &Response::PutMetricFilter(NoOutput), "");
}

#[test]
fn a_tried_pattern_is_answered_as_the_service_does_and_explained_besides() {
    let lenient = logs::Reading {
        matches: true,
        extracted_values: pairs(&[("$.code", "5")]),
        why: vec!["$.code is 5".into()],
    };
    let strict = logs::Reading { why: vec!["the message is not JSON".into()], ..Default::default() };
    let response = logs::TestMetricFilterResponse {
        matches: vec![logs::MetricFilterMatch {
            event_number: 1,
            event_message: "m".into(),
            extracted_values: pairs(&[("$.code", "5")]),
        }],
        verdicts: vec![logs::Verdict { event_number: 1, lenient, strict }],
    };
    check(
        "TestMetricFilter",
        &Response::TestMetricFilter(response),
        r#"{"matches":[{"eventNumber":1,"eventMessage":"m","extractedValues":{"$.code":"5"}}],"verdicts":[{"eventNumber":1,"lenient":{"matches":true,"extractedValues":{"$.code":"5"},"why":["$.code is 5"]},"strict":{"matches":false,"extractedValues":{},"why":["the message is not JSON"]}}]}"#,
    );
}

#[test]
fn events_are_answered_with_the_members_of_the_model() {
    let event = logs::OutputLogEvent { timestamp: 1, message: "m".into(), ingestion_time: 2 };
    let page = logs::GetLogEventsResponse {
        events: vec![event],
        next_forward_token: "f/2/s".into(),
        next_backward_token: "b/1/s".into(),
    };
    check(
        "GetLogEvents",
        &Response::GetLogEvents(page),
        r#"{"events":[{"timestamp":1,"message":"m","ingestionTime":2}],"nextForwardToken":"f/2/s","nextBackwardToken":"b/1/s"}"#,
    );
    let event = logs::FilteredLogEvent {
        log_stream_name: "s".into(),
        timestamp: 1,
        message: "m".into(),
        ingestion_time: 2,
        event_id: "e".into(),
    };
    let page = logs::FilterLogEventsResponse { events: vec![event], ..Default::default() };
    check(
        "FilterLogEvents",
        &Response::FilterLogEvents(page),
        r#"{"events":[{"logStreamName":"s","timestamp":1,"message":"m","ingestionTime":2,"eventId":"e"}],"searchedLogStreams":[]}"#,
    );
    let fields = vec![logs::LogGroupField { name: "@message".into(), percent: 100 }];
    check(
        "GetLogGroupFields",
        &Response::GetLogGroupFields(logs::GetLogGroupFieldsResponse { log_group_fields: fields }),
        r#"{"logGroupFields":[{"name":"@message","percent":100}]}"#,
    );
    let record = logs::GetLogRecordResponse { log_record: pairs(&[("@message", "m")]) };
    check("GetLogRecord", &Response::GetLogRecord(record), r#"{"logRecord":{"@message":"m"}}"#);
}

#[test]
fn tags_are_answered_also_when_there_are_none() {
    let none = logs::TagsResponse::default();
    check("ListTagsLogGroup", &Response::ListTagsLogGroup(none), r#"{"tags":{}}"#);
    let some = logs::TagsResponse { tags: pairs(&[("k", "v")]) };
    check("ListTagsForResource", &Response::ListTagsForResource(some), r#"{"tags":{"k":"v"}}"#);
}
