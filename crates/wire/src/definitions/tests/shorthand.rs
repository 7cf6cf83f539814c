//! The shorthand beside the brief's own words.

use super::*;

const FILTER: &str = "MetricFilters:\n  F:\n    FilterPattern: '{ $.a = 1 }'\n    MetricNamespace: N\n    MetricName: M\n    MetricValue: ";

#[test]
fn a_filter_may_say_more() {
    check(
        &format!(
            "{FILTER}$.b\n    LogGroupName: /g\n    Unit: Seconds\n    Dimensions:\n      Issuer: $.issuer\n"
        ),
        &["2 metric filter F: /g { $.a = 1 } -> N M $.b Seconds Issuer=$.issuer"],
    );
    check(
        &format!("{FILTER}1\n    LogGroupName: /g\n    DefaultValue: 0\n    Dimensions:\n"),
        &["2 metric filter F: /g { $.a = 1 } -> N M 1 None else 0"],
    );
    // A pattern may be empty, which matches everything.
    check(
        "MetricFilters: {F: {FilterPattern: '', MetricNamespace: N, MetricName: M, MetricValue: 1, LogGroupName: g}}",
        &["1 metric filter F: g  -> N M 1 None"],
    );
}

#[test]
fn what_is_not_a_member_is_told() {
    let text =
        format!("{FILTER}1\n    LogGroupNam: /g\n    Dimension: {{}}\n    Owner: me\nMetricFilter: {{}}\n");
    check(
        &text,
        &[
            "2 metric filter F: /aws/lambda/token-provisioning-service { $.a = 1 } -> N M 1 None",
            "2 lint default-log-group",
            "7 lint unknown-member",
            "8 lint unknown-member",
            "9 lint unknown-member",
            "10 lint unknown-member",
        ],
    );
    assert_eq!(
        sentences(&text, LintCode::UnknownMember),
        [
            "LogGroupNam is not a member of a metric filter; did you mean LogGroupName?",
            "Dimension is not a member of a metric filter; did you mean Dimensions?",
            "Owner is not a member of a metric filter",
            "MetricFilter is not a member of the document; did you mean MetricFilters?",
        ]
    );
}

#[test]
fn what_is_missing_or_of_another_type_is_refused() {
    for (text, expected) in [
        ("MetricFilters:\n", None),
        ("MetricFilters: []\n", Some("1:16: MetricFilters should be a mapping, and is a list")),
        ("MetricFilters:\n  F: x\n", Some("2:6: a metric filter should be a mapping, and is a text")),
        (
            "MetricFilters:\n  F: {filterPattern: x}\n",
            Some("2:6: FilterPattern of a metric filter is missing; filterPattern stands there instead"),
        ),
        (
            "MetricFilters:\n  F: {FilterPattern: [x]}\n",
            Some("2:22: FilterPattern should be a text, and is a list"),
        ),
        (
            "MetricFilters: {F: {FilterPattern: x, MetricNamespace: N, MetricName: M, MetricValue: }}",
            Some("1:20: MetricValue of a metric filter is missing"),
        ),
        (
            "MetricFilters: {F: {FilterPattern: x, MetricNamespace: N, MetricName: M, MetricValue: 1, DefaultValue: x}}",
            Some("1:104: DefaultValue should be a number, and is a text"),
        ),
        (
            "MetricFilters: {F: {FilterPattern: x, MetricNamespace: 'N:', MetricName: M, MetricValue: 1}}",
            Some(
                "1:17: the metric filter cannot be this: 1 validation error detected: Value at 'metricTransformations.1.member.metricNamespace' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:*$]*",
            ),
        ),
        ("Alarms: {A: 1}", Some("1:13: A should be a mapping, and is a number")),
        (
            "QuickSightQuery: {Q: {querry: x}}",
            Some("1:22: query of a query is missing; querry stands there instead"),
        ),
        (
            "QuickSightQuery: {Q: ''}",
            Some("1:19: the query's text cannot be this: it has 0 characters and must have 1 to 10000"),
        ),
        ("metrics: {}", Some("1:10: metrics should be a list, and is a mapping")),
        ("metrics: [{metrics: []}]", Some("1:11: namespace of metrics of a namespace is missing")),
        ("metrics: [{namespace: N}]", Some("1:11: metrics of metrics of a namespace is missing")),
        (
            "metrics: [{namespace: N, metrics: [{name: M, period: 45}]}]",
            Some("1:36: period cannot be this: it must be 1, 5, 10, 20, 30 or a multiple of 60 seconds"),
        ),
        (
            "metrics: [{namespace: N, metrics: [{name: M, period: 1m}]}]",
            Some("1:54: period should be a whole number, and is a text"),
        ),
        (
            "metrics: [{namespace: N, dimensions: [A], metrics: []}]",
            Some("1:39: dimensions should be a mapping, and is a text"),
        ),
        (
            "metrics: [{namespace: N, dimensions: [{A: 1}, {A: 2}], metrics: []}]",
            Some("1:38: the dimensions cannot be this: A stands there twice"),
        ),
    ] {
        let expected: Vec<_> = expected.iter().map(|rest| format!("f.yaml:{rest}")).collect();
        assert_eq!(read_lines("f.yaml", text), expected, "{text}");
    }
}

#[test]
fn one_dashboard_for_each_namespace() {
    let text = "metrics:\n  - {namespace: A/B, dimensions: {D: v}, metrics: [{name: M}]}\n  - {namespace: C, metrics: [{name: M, statistic: p99, period: 60}]}\n  - {namespace: A/B, metrics: [{name: N}]}\n";
    let reading = read("f", text, &context()).expect("a reading");
    let shown: Vec<_> = reading
        .definitions
        .iter()
        .map(|definition| {
            let Kind::Dashboard(dashboard) = &definition.kind else { panic!("{definition:?}") };
            let metrics =
                dashboard.metrics.iter().map(|metric| format!("{} {}", metric.name, metric.dimensions.len()));
            format!("{} {}", definition.name, metrics.collect::<Vec<_>>().join(", "))
        })
        .collect();
    assert_eq!(shown, ["A-B M 1, N 0", "C M 0"]);
}

#[test]
fn too_many_metrics_for_one_dashboard() {
    let text = format!("metrics: [{{namespace: N, metrics: [{}]}}]", "{name: M},".repeat(501));
    check(
        &text,
        &["f.yaml:1:11: the metrics of one dashboard cannot be this: there are 501, over the limit of 500"],
    );
}

#[test]
fn alarms_that_say_what_they_mean_are_only_kept() {
    check(
        "Alarms:\n  FailureRate: {Metrics: [{Id: e, Expression: 100*f/n}], Threshold: 5}\n  Failed: {Namespace: N, MetricName: Failed, Statistic: Sum}\n  RateLow: {Namespace: N, MetricName: SuccessRate, ExtendedStatistic: p10}\n",
        &[
            r#"2 alarm FailureRate: {"Metrics":[{"Id":"e","Expression":"100*f/n"}],"Threshold":5}"#,
            r#"3 alarm Failed: {"Namespace":"N","MetricName":"Failed","Statistic":"Sum"}"#,
            r#"4 alarm RateLow: {"Namespace":"N","MetricName":"SuccessRate","ExtendedStatistic":"p10"}"#,
            "2 lint alarm-not-applied",
            "3 lint alarm-not-applied",
            "4 lint alarm-not-applied",
        ],
    );
}
