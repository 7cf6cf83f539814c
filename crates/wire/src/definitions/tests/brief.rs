//! The YAML of `fixtures/brief.md`, every block as it stands there.

use super::*;

/// The fenced blocks of YAML, in their order.
fn blocks() -> Vec<String> {
    let text = std::fs::read_to_string("../../fixtures/brief.md").expect("the brief");
    let mut blocks = Vec::new();
    let mut rest = &*text;
    while let Some(start) = rest.find("```yaml\n") {
        let inside = &rest[start + "```yaml\n".len()..];
        let end = inside.find("```").expect("an end");
        blocks.push(inside[..end].to_owned());
        rest = &inside[end..];
    }
    assert_eq!(blocks.len(), 3);
    blocks
}

#[test]
fn metrics_become_a_dashboard() {
    let reading = read("brief", &blocks()[0], &context()).expect("a reading");
    let [Definition { place, name, kind: Kind::Dashboard(dashboard) }] = &reading.definitions[..] else {
        panic!("{reading:?}");
    };
    assert_eq!((&**name, place.line), ("TokenProvisioning", 3));
    let widget = |title: &str, stat: &str, x: u32, y: u32| {
        serde_json::json!({
            "type": "metric", "x": x, "y": y, "width": 12, "height": 6,
            "properties": {
                "title": title, "view": "timeSeries", "region": "eu-central-1",
                "metrics": [["TokenProvisioning", title, "WalletProvider", "ApplePay", "Issuer", "DEMO_Bank"]],
                "stat": stat, "period": 60,
            },
        })
    };
    let expected = serde_json::json!({"widgets": [
        widget("TokenProvisioningRequests", "Sum", 0, 0),
        widget("SuccessRate", "Average", 12, 0),
        widget("ProvisioningLatency", "Average", 0, 6),
    ]});
    assert_eq!(serde_json::from_str::<serde_json::Value>(&dashboard.body).expect("JSON"), expected);
    let dimensions: Dimensions =
        vec![("WalletProvider".into(), "ApplePay".into()), ("Issuer".into(), "DEMO_Bank".into())];
    assert!(dashboard.metrics.iter().all(|metric| metric.dimensions == dimensions));
    let lints: Vec<_> = reading.lints.iter().map(|lint| (lint.place.line, lint.code.code())).collect();
    assert_eq!(lints, [(11, "average-of-rate")]);
}

#[test]
fn notes_on_who_watches_what_define_nothing() {
    let lines = read_lines("brief", &blocks()[1]);
    assert_eq!(
        lines,
        [
            "1 not applied Grafana: prose: it tells who watches what, and defines nothing",
            "12 not applied QuickSight: prose: it tells who watches what, and defines nothing",
            "1 lint prose",
            "12 lint prose",
        ]
    );
    // Whatever else is no YAML stays an error.
    let broken = format!("{}MetricFilters:\n  x: 1\n", blocks()[1]);
    assert!(read_lines("brief", &broken)[0].contains("this is not YAML"));
}

#[test]
fn filters_alarms_and_queries_are_read_as_their_author_meant_them() {
    let lines = read_lines("brief", &blocks()[2]);
    let group = "/aws/lambda/token-provisioning-service";
    let filters = [
        format!(
            "3 metric filter ProvisioningSuccess: {group} [timestamp, requestId, event=\"TOKEN_PROVISION_SUCCESS\", ...] -> TokenServices SuccessfulTokenProvisioning 1 None"
        ),
        format!(
            "9 metric filter ProvisioningFailure: {group} [timestamp, requestId, event=\"TOKEN_PROVISION_FAILURE\", ...] -> TokenServices FailedTokenProvisioning 1 None"
        ),
        format!(
            "15 metric filter ProvisioningLatency: {group} [timestamp, requestId, event=\"TOKEN_PROVISION_SUCCESS\", processingTime] -> TokenServices TokenProvisioningLatency $processingTime None"
        ),
    ];
    assert_eq!(lines[..3], filters);
    let alarm = |name: &str, metric: &str, periods: u32, threshold: u32| {
        format!(
            r#"{name}: {{"MetricName":"{metric}","Namespace":"TokenServices","Period":300,"EvaluationPeriods":{periods},"Threshold":{threshold},"ComparisonOperator":"GreaterThanThreshold","AlarmActions":["arn:aws:sns:eu-central-1:123456789012:token-alerts"]}}"#
        )
    };
    let alarms = [
        format!("23 alarm {}", alarm("HighFailureRate", "FailedTokenProvisioning", 2, 5)),
        format!("33 alarm {}", alarm("HighLatency", "TokenProvisioningLatency", 3, 3)),
    ];
    assert_eq!(lines[3..5], alarms);
    assert_eq!(
        lines[5],
        r#"45 saved query SuccessRate: ? "SELECT \n  SUM(SuccessfulTokenProvisioning) / \n  (SUM(SuccessfulTokenProvisioning) + SUM(FailedTokenProvisioning)) * 100 \nFROM TokenServices \nGROUP BY WalletProvider, Issuer, TIME\n""#
    );
    assert!(lines[6].starts_with("53 saved query Latency: "), "{}", lines[6]);
    assert!(lines[7].starts_with("62 saved query DailyMetrics: "), "{}", lines[7]);
    assert_eq!(
        lines[8..],
        [
            "3 lint default-log-group",
            "3 lint delimited-pattern-over-json",
            "9 lint default-log-group",
            "9 lint delimited-pattern-over-json",
            "15 lint default-log-group",
            "15 lint delimited-pattern-over-json",
            "15 lint metric-value-form",
            "23 lint alarm-not-applied",
            "31 lint placeholder-arn",
            "33 lint alarm-not-applied",
            "41 lint placeholder-arn",
            "3 lint dimensionless-filter",
            "9 lint dimensionless-filter",
            "15 lint dimensionless-filter",
            "23 lint alarm-count-for-rate",
            "23 lint alarm-statistic",
            "33 lint alarm-statistic",
        ]
    );
}

#[test]
fn the_sentences_are_about_the_text() {
    let text = &blocks()[2];
    for (code, expected) in [
        (
            LintCode::AlarmStatistic,
            vec![
                "HighFailureRate names no statistic, which AWS refuses; Sum is meant, as its filter adds 1 for each event",
                "HighLatency names no statistic, which AWS refuses; Average is meant, as its metric is no count that a filter makes",
            ],
        ),
        (
            LintCode::AlarmCountForRate,
            vec![
                "HighFailureRate compares FailedTokenProvisioning against 5, a number of events: few of many raise it, and most of few do not",
            ],
        ),
        (
            LintCode::DimensionlessFilter,
            vec![
                "the query SuccessRate groups SuccessfulTokenProvisioning by WalletProvider, Issuer, and the filter ProvisioningSuccess makes a series without",
                "the query SuccessRate groups FailedTokenProvisioning by WalletProvider, Issuer, and the filter ProvisioningFailure makes a series without",
                "the query Latency groups TokenProvisioningLatency by WalletProvider, Issuer, and the filter ProvisioningLatency makes a series without",
            ],
        ),
        (
            LintCode::MetricValueForm,
            vec![
                "the value $processingTime of ProvisioningLatency is right for a pattern in brackets; with a JSON pattern it is $.processingTime",
            ],
        ),
        (
            LintCode::DefaultLogGroup,
            vec![
                "ProvisioningSuccess names no log group and is read as one of /aws/lambda/token-provisioning-service",
                "ProvisioningFailure names no log group and is read as one of /aws/lambda/token-provisioning-service",
                "ProvisioningLatency names no log group and is read as one of /aws/lambda/token-provisioning-service",
            ],
        ),
    ] {
        assert_eq!(sentences(text, code), expected, "{}", code.code());
    }
}
