//! Each rule of the request and of its queries, with the text of its refusal.

use super::*;
use crate::cloudwatch::metric_query::invalid_statistic;
use crate::cloudwatch::{MetricStat, QuerySource};

const METRIC: &str = r#""Metric":{"Namespace":"N","MetricName":"m"}"#;

fn validate(json: &str) -> Result<GetMetricData, AwsError> {
    serde_json::from_str::<GetMetricDataRequest>(json).expect("test JSON").validate()
}

/// A request of these queries and further members over one hour.
fn over_an_hour(queries: &str, members: &str) -> String {
    format!(r#"{{"StartTime":1000,"EndTime":4600,"MetricDataQueries":[{queries}]{members}}}"#)
}

/// A request of one metric with these members of its `MetricStat`.
fn of_metric(members: &str) -> String {
    over_an_hour(&format!(r#"{{"Id":"m1","MetricStat":{{{members}}}}}"#), "")
}

/// Expects these lines of refusal, `@` standing for the first query, or a valid request for none.
#[track_caller]
fn check(json: &str, lines: &[&str]) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let text = text.replace('@', "MetricDataQueries.member.1");
    let expected = if lines.is_empty() { Ok(()) } else { Err(("ValidationError", text)) };
    let actual = validate(json).map(drop);
    assert_eq!(
        actual.map_err(|error| (error.shape.query_code, error.message.into_owned())),
        expected,
        "{json}"
    );
}

/// One line, or none if it is empty.
fn one<'a>(line: &'a &'a str) -> &'a [&'a str] {
    if line.is_empty() { &[] } else { std::slice::from_ref(line) }
}

#[test]
fn defaults_are_filled_in() {
    let metric = format!(r#"{{"Id":"m1","MetricStat":{{{METRIC},"Period":60,"Stat":"p99"}}}}"#);
    let expression = r#"{"Id":"e1","Expression":"m1*2","Label":"","ReturnData":false,"Period":10}"#;
    let request = validate(&over_an_hour(&format!("{metric},{expression}"), "")).expect("valid");
    assert_eq!((request.start_millis, request.end_millis), (1_000_000, 4_600_000));
    assert_eq!(request.scan_by, ScanBy::TimestampDescending);
    assert_eq!((request.datapoints_max, request.label_offset_seconds), (PAGE_DATAPOINTS_MAX, 0));
    let source = QuerySource::Metric(MetricStat {
        namespace: "N".to_owned(),
        name: "m".to_owned(),
        dimensions: Vec::new(),
        period_seconds: 60,
        statistic: "p99".to_owned(),
        unit: None,
    });
    let query =
        MetricDataQuery { id: "m1".to_owned(), source, label: None, return_data: true, account_id: None };
    assert_eq!(request.queries[0], query);
    let source = QuerySource::Expression { text: "m1*2".to_owned(), period_seconds: Some(10) };
    let label = Some(String::new());
    let query = MetricDataQuery { id: "e1".to_owned(), source, label, return_data: false, account_id: None };
    assert_eq!(request.queries[1], query);
}

#[test]
fn time_ranges_run_forward() {
    let query = r#""MetricDataQueries":[{"Id":"e","Expression":"1"}]"#;
    for (times, refusal) in [
        (r#""StartTime":1.5,"EndTime":1.501"#, ""),
        (r#""StartTime":1,"EndTime":1"#, "The parameter StartTime must not equal parameter EndTime."),
        (r#""StartTime":2,"EndTime":1"#, "The parameter EndTime must be greater than StartTime."),
        (r#""StartTime":2"#, "The parameter EndTime is required."),
        (r#""StartTime":null,"EndTime":1"#, "The parameter StartTime is required."),
    ] {
        check(&format!("{{{query},{times}}}"), one(&refusal));
    }
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    check(
        "{}",
        &[
            "The parameter MetricDataQueries is required.",
            "The parameter StartTime is required.",
            "The parameter EndTime is required.",
        ],
    );
    check(
        &over_an_hour(r#"{"Id":"A"},{"Id":"A","Expression":""}"#, r#","MaxDatapoints":0"#),
        &[
            "The values for parameter id in MetricDataQueries are not unique.",
            "The value A for parameter @.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.",
            "The parameter @.MetricStat is required.",
            "The value A for parameter MetricDataQueries.member.2.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.",
            "The parameter MetricDataQueries.member.2.Expression is required.",
            "The parameter MaxDatapoints must be greater than 0.",
        ],
    );
}

/// Members of `MetricStat`, and the refusals.
const METRICS: &[(&str, &[&str])] = &[
    (
        r#""Metric":{"Namespace":"N","MetricName":"m","Dimensions":null},"Period":1,"Stat":"Sum","Unit":"None""#,
        &[],
    ),
    (
        "",
        &[
            "The parameter @.MetricStat.Metric is required.",
            "The parameter @.MetricStat.Period is required.",
            "The parameter @.MetricStat.Stat is required.",
        ],
    ),
    (
        r#""Metric":{},"Period":60,"Stat":"Sum""#,
        &[
            "The parameter @.MetricStat.Metric.Namespace is required.",
            "The parameter @.MetricStat.Metric.MetricName is required.",
        ],
    ),
    (
        r#""Metric":{"Namespace":":N","MetricName":"m","Dimensions":[{"Name":"d"}]},"Period":60,"Stat":"Sum""#,
        &[
            "The value for parameter @.MetricStat.Metric.Namespace must not start with a colon.",
            "The parameter @.MetricStat.Metric.Dimensions.member.1.Value is required.",
        ],
    ),
    (
        r#""Metric":{"Namespace":"N","MetricName":"m"},"Period":61,"Stat":"""#,
        &[
            "The parameter @.MetricStat.Period must be 1, 5, 10, 20, 30 or a multiple of 60.",
            "The parameter @.MetricStat.Stat is required.",
        ],
    ),
];

#[test]
fn metrics_are_checked() {
    for (members, lines) in METRICS {
        check(&of_metric(members), lines);
    }
    let error = validate(&of_metric(&format!(r#"{METRIC},"Period":60,"Stat":"Sum","Unit":"Parsec""#)));
    let error = error.expect_err("no such unit").message;
    let text =
        "The parameter MetricDataQueries.member.1.MetricStat.Unit must be a value in the set [ Seconds, ";
    assert!(error.starts_with(text), "{error}");
}

#[test]
fn queries_are_checked() {
    let long_id = format!(r#"{{"Id":"{}","Expression":"1"}}"#, "a".repeat(256));
    let longest_id = format!(r#"{{"Id":"{}","Expression":"1"}}"#, "a".repeat(255));
    let long_text = format!(r#"{{"Id":"e","Expression":"{}"}}"#, "1".repeat(EXPRESSION + 1));
    let longest_text = format!(r#"{{"Id":"e","Expression":"{}"}}"#, "1".repeat(EXPRESSION));
    let long_label = format!(r#"{{"Id":"e","Expression":"1","Label":"{}"}}"#, "l".repeat(2049));
    let both = format!(r#"{{"Id":"e","Expression":"1","MetricStat":{{{METRIC},"Period":60,"Stat":"Sum"}}}}"#);
    let pattern =
        "The value _a for parameter @.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.";
    for (query, refusal) in [
        (r#"{"Id":"aZ_9","Expression":"1","Period":60,"AccountId":"1"}"#, ""),
        (longest_id.as_str(), ""),
        (longest_text.as_str(), ""),
        (long_id.as_str(), "The parameter @.Id must be shorter than 256 characters."),
        (long_text.as_str(), "The parameter @.Expression must be shorter than 2049 characters."),
        (long_label.as_str(), "The parameter @.Label must be shorter than 2049 characters."),
        (r#"{"Expression":"1"}"#, "The parameter @.Id is required."),
        (r#"{"Id":"_a","Expression":"1"}"#, pattern),
        (r#"{"Id":"é","Expression":"1"}"#, &pattern.replace("_a", "é")),
        (r#"{"Id":"e-1","Expression":"1"}"#, &pattern.replace("_a", "e-1")),
        (
            both.as_str(),
            "The parameters @.MetricStat and @.Expression are mutually exclusive and you have specified both.",
        ),
        (
            r#"{"Id":"e","Expression":"1","Period":7}"#,
            "The parameter @.Period must be 1, 5, 10, 20, 30 or a multiple of 60.",
        ),
        (
            r#"{"Id":"e","Expression":"1","AccountId":""}"#,
            "The parameter @.AccountId must be longer than 0 characters.",
        ),
    ] {
        check(&over_an_hour(query, ""), one(&refusal));
    }
}

const EXPRESSION: usize = metric_query::EXPRESSION_LEN_MAX;

#[test]
fn queries_are_counted() {
    let queries = |len: usize| {
        let query = |place: usize| format!(r#"{{"Id":"e{place}","Expression":"1"}}"#);
        over_an_hour(&(0..len).map(query).collect::<Vec<_>>().join(","), "")
    };
    check(&queries(QUERIES_MAX), &[]);
    let line = "The collection MetricDataQueries must not have a size greater than 500.";
    check(&queries(QUERIES_MAX + 1), &[line]);
    let broken = over_an_hour(&vec!["{}"; QUERIES_MAX].join(","), "");
    let error = validate(&broken).expect_err("every query is broken");
    assert_eq!(error.message.lines().count(), 500);
}

#[test]
fn options_are_checked() {
    let of = |members: &str| over_an_hour(r#"{"Id":"e","Expression":"1"}"#, members);
    let timezone = "The value for parameter LabelOptions.Timezone must be + or - followed by hhmm.";
    for (members, refusal) in [
        (r#","ScanBy":"TimestampAscending","LabelOptions":{}"#, ""),
        (
            r#","ScanBy":"timestampAscending""#,
            "The parameter ScanBy must be a value in the set [ TimestampDescending, TimestampAscending ].",
        ),
        (r#","MaxDatapoints":-1"#, "The parameter MaxDatapoints must be greater than 0."),
        (r#","LabelOptions":{"Timezone":"0100"}"#, timezone),
        (r#","LabelOptions":{"Timezone":"+01:00"}"#, timezone),
        (r#","LabelOptions":{"Timezone":"+0160"}"#, timezone),
        (r#","LabelOptions":{"Timezone":"+2400"}"#, timezone),
        (r#","LabelOptions":{"Timezone":"++100"}"#, timezone),
        (r#","LabelOptions":{"Timezone":"é0100"}"#, timezone),
        (r#","LabelOptions":{"Timezone":""}"#, timezone),
    ] {
        check(&of(members), one(&refusal));
    }
    for (timezone, seconds) in [("+0000", 0), ("+0130", 5400), ("-0930", -34_200)] {
        let request = validate(&of(&format!(r#","LabelOptions":{{"Timezone":"{timezone}"}}"#)));
        assert_eq!(request.expect(timezone).label_offset_seconds, seconds);
    }
    for (given, taken) in [(1, 1), (100_800, 100_800), (i32::MAX, PAGE_DATAPOINTS_MAX)] {
        let request = validate(&of(&format!(r#","MaxDatapoints":{given}"#)));
        assert_eq!(request.expect("valid").datapoints_max, taken);
    }
    let error = validate(&of(r#","NextToken":"""#)).expect_err("no token");
    assert_eq!((error.shape.name, error.shape.query_code), ("InvalidNextToken", "InvalidNextToken"));
}

#[test]
fn a_statistic_that_means_nothing_has_a_text_of_its_own() {
    assert_eq!(
        invalid_statistic(1, "p101").to_string(),
        "ValidationException: The value p101 for parameter MetricDataQueries.member.2.MetricStat.Stat is not a \
         valid statistic.\n"
    );
}
