//! This product's own form.

use super::*;

/// The first block of YAML of the page about it.
fn example() -> String {
    let page = std::fs::read_to_string("../../docs/formats/definitions.md").expect("the page");
    let (_, rest) = page.split_once("```yaml\nwalletscope: 1\n").expect("the example");
    let (text, _) = rest.split_once("```").expect("an end");
    format!("walletscope: 1\n{text}")
}

#[test]
fn the_example_of_the_page_is_read() {
    check(
        &example(),
        &[
            "3 log group /aws/lambda/token-provisioning-service: 30 days",
            "5 log group /wallet/audit: for ever",
            "7 metric filter Declined: /aws/lambda/token-provisioning-service { $.event = \"TOKEN_PROVISION_FAILURE\" } -> TokenServices Declined 1 Count Issuer=$.issuer WalletProvider=$.walletProvider",
            "18 metric filter Latency: /aws/lambda/token-provisioning-service { $.event = \"TOKEN_PROVISION_SUCCESS\" } -> TokenServices Latency $.processingTime Seconds",
            r#"27 dashboard Wallets: {"widgets":[{"type":"metric","x":0,"y":0,"width":12,"height":6,"properties":{"title":"Latency","region":"eu-central-1","stat":"p99","period":60,"metrics":[["TokenServices","Latency"]]}}]}"#,
            r#"41 dashboard Empty: {"widgets": []}"#,
            r#"44 saved query Declined/by reason: SQL "SELECT reason, count(*)\nFROM token_provisioning_logs\nWHERE status = 'FAILED'\nGROUP BY reason\n""#,
            r#"51 saved query Slow: CWLI "filter processingTime > 3 | limit 20" /aws/lambda/token-provisioning-service"#,
            "57 anomaly detector TokenServices Declined Sum Issuer=DEMO_Bank: Europe/Berlin spikes Some(true) without 1795478400000000..1795564800000000",
        ],
    );
}

#[test]
fn what_is_wrong_with_the_document_a_group_or_a_filter() {
    for (text, expected) in [
        ("walletscope: 2\n", "1:14: walletscope: 2 is not a version that is read; write walletscope: 1"),
        ("walletscope: one\n", "1:14: walletscope: one is not a version that is read; write walletscope: 1"),
        ("walletscope: [1]\n", "1:14: walletscope should be a text, and is a list"),
        ("walletscope:\n", "1:1: walletscope of the document is missing"),
        ("walletscope: 1\nlogGroups:\n  a: b\n", "3:3: logGroups should be a list, and is a mapping"),
        ("walletscope: 1\nlogGroups:\n  - a\n", "3:5: a log group should be a mapping, and is a text"),
        ("walletscope: 1\nlogGroups:\n  - name: a\n", "3:5: logGroupName of a log group is missing"),
        (
            "walletscope: 1\nlogGroups:\n  - LogGroupName: a\n",
            "3:5: logGroupName of a log group is missing; LogGroupName stands there instead",
        ),
        (
            "walletscope: 1\nlogGroups:\n  - logGroupName: a b\n",
            "3:5: the log group cannot be this: 1 validation error detected: Value at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+",
        ),
        (
            "walletscope: 1\nlogGroups:\n  - logGroupName: a\n    retentionInDays: forever\n",
            "4:22: retentionInDays should be a whole number, and is a text",
        ),
        (
            "walletscope: 1\nmetricFilters:\n  - {filterName: f, logGroupName: g, filterPattern: '', metricTransformations: []}\n",
            "3:5: the metric filter cannot be this: 1 validation error detected: Value at 'metricTransformations' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ),
        (
            "walletscope: 1\nmetricFilters:\n  - {filterName: f, logGroupName: g, filterPattern: '', applyOnTransformedLogs: true, metricTransformations: [{metricName: m, metricNamespace: n, metricValue: 1}]}\n",
            "3:5: the metric filter cannot be this: applyOnTransformedLogs is not supported: log groups have no transformers here.",
        ),
        (
            "walletscope: 1\nmetricFilters:\n  - {filterName: f, logGroupName: g, filterPattern: '', metricTransformations: [{metricName: m, metricNamespace: n, metricValue: 1, defaultValue: 0, dimensions: {a: $.a}}]}\n",
            "3:5: the metric filter cannot be this: Invalid metric transformation: dimensions and default value are mutually exclusive properties",
        ),
    ] {
        let expected = format!("f.yaml:{expected}");
        check(text, &[&expected]);
    }
}

#[test]
fn what_is_wrong_with_a_dashboard_query_or_detector() {
    for (text, expected) in [
        (
            "walletscope: 1\ndashboards:\n  - dashboardName: a b\n    dashboardBody: {widgets: []}\n",
            "3:5: the dashboard's name cannot be this: a b must be 1 to 255 letters, digits, - and _",
        ),
        (
            "walletscope: 1\ndashboards:\n  - dashboardName: a\n    dashboardBody: '{\"widgets\": [}'\n",
            "4:20: the dashboard's body cannot be this: it is not JSON: expected value at line 1 column 14",
        ),
        (
            "walletscope: 1\ndashboards:\n  - dashboardName: a\n    dashboardBody: {widget: []}\n",
            "4:20: the dashboard's body cannot be this: it has no list of widgets",
        ),
        (
            "walletscope: 1\ndashboards:\n  - dashboardName: a\n    dashboardBody: [1]\n",
            "4:20: the dashboard's body should be JSON, and is a list",
        ),
        (
            "walletscope: 1\nsavedQueries:\n  - {name: a, queryString: b, queryLanguage: sql}\n",
            "3:5: the query's language cannot be this: sql is none of CWLI, PPL and SQL",
        ),
        (
            "walletscope: 1\nanomalyDetectors:\n  - {namespace: a, metricName: b}\n",
            "3:5: stat of an anomaly detector is missing",
        ),
        (
            "walletscope: 1\nanomalyDetectors:\n  - metricMathAnomalyDetector: {}\n",
            "3:5: metricMathAnomalyDetector cannot be this: detectors of expressions are not read; name one metric",
        ),
        (
            "walletscope: 1\nanomalyDetectors:\n  - {namespace: a, metricName: b, stat: Sum, configuration: {excludedTimeRanges: [{startTime: 2026-01-02T00:00:00Z, endTime: 2026-01-01T00:00:00Z}]}}\n",
            "3:83: the excluded time range cannot be this: it ends before it begins",
        ),
        (
            "walletscope: 1\nanomalyDetectors:\n  - {namespace: a, metricName: b, stat: Sum, configuration: {excludedTimeRanges: [{startTime: soon}]}}\n",
            "3:95: startTime should be a time, and is a text",
        ),
    ] {
        let expected = format!("f.yaml:{expected}");
        check(text, &[&expected]);
    }
}

#[test]
fn members_that_nobody_knows_are_told() {
    let text = "walletscope: 1\nlogGroup: []\nlogGroups:\n  - logGroupName: a\n    retentionDays: 1\nmetricFilters:\n  - filterName: f\n    logGroupName: g\n    filterPattern: x\n    metricTransformations:\n      - {metricName: m, metricNamespace: n, metricValue: 1, unitt: Count}\n";
    assert_eq!(
        sentences(text, LintCode::UnknownMember),
        [
            "retentionDays is not a member of a log group; did you mean retentionInDays?",
            "unitt is not a member of a metric transformation; did you mean unit?",
            "logGroup is not a member of the document; did you mean logGroups?",
        ]
    );
}

#[test]
fn a_name_twice_is_told() {
    let text = "walletscope: 1\nsavedQueries:\n  - {name: a, queryString: x}\n  - {name: b, queryString: x}\n  - {name: a, queryString: y}\ndashboards:\n  - {dashboardName: a, dashboardBody: {widgets: []}}\n";
    assert_eq!(
        sentences(text, LintCode::DuplicateName),
        ["the saved query a is defined a second time, first at f.yaml:3:5; the last one holds"]
    );
}

#[test]
fn dimensions_that_a_filter_has_are_not_missed() {
    let text = |dimensions: &str| {
        format!(
            "walletscope: 1\nmetricFilters:\n  - filterName: f\n    logGroupName: g\n    filterPattern: x\n    metricTransformations: [{{metricName: m, metricNamespace: n, metricValue: 1, dimensions: {dimensions}}}]\nsavedQueries:\n  - {{name: q, queryString: SELECT sum(m) FROM n GROUP BY a}}\n  - {{name: r, queryString: SELECT sum(other) FROM n GROUP BY z}}\n"
        )
    };
    assert_eq!(sentences(&text("{a: $.a}"), LintCode::DimensionlessFilter), [""; 0]);
    assert_eq!(
        sentences(&text("{b: $.b}"), LintCode::DimensionlessFilter),
        ["the query q groups m by a, and the filter f makes a series without"]
    );
}
