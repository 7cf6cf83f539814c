//! Each rule, with code and text of its refusal.

use super::*;

/// A valid request; cases replace one member of it.
const VALID: [(&str, &str); 6] = [
    ("Namespace", r#""N""#),
    ("MetricName", r#""m""#),
    ("StartTime", "0"),
    ("EndTime", "3600"),
    ("Period", "60"),
    ("Statistics", r#"["Sum"]"#),
];

/// Validates the request with one member replaced or added; an empty value leaves it out.
fn with(member: &str, value: &str) -> Result<GetMetricStatistics, AwsError> {
    let others = VALID.iter().filter(|(name, _)| *name != member);
    let given = [(member, value)];
    let members = others.chain(given.iter().filter(|(_, value)| !value.is_empty()));
    let members: Vec<_> = members.map(|(name, value)| format!("\"{name}\":{value}")).collect();
    let json = format!("{{{}}}", members.join(","));
    serde_json::from_str::<GetMetricStatisticsRequest>(&json).expect("test JSON").validate()
}

#[test]
fn both_kinds_of_statistics_may_be_asked_for() {
    let request = with("ExtendedStatistics", r#"["p99","tm90"]"#).expect("valid");
    assert_eq!(request.statistics, [Statistic::Sum]);
    assert_eq!(request.extended_statistics, ["p99", "tm90"]);
    assert_eq!((request.start_millis, request.end_millis, request.period_seconds), (0, 3_600_000, 60));
    assert_eq!((request.dimensions, request.unit), (Vec::new(), None));
    let five = with("Statistics", r#"["SampleCount","Average","Sum","Minimum","Maximum"]"#).expect("valid");
    assert_eq!(five.statistics.len(), STATISTICS_MAX);
    assert_eq!(with("Unit", r#""Count""#).expect("valid").unit, Some("Count"));
}

/// A member, its value, code and text of the refusal.
const REFUSED: &[(&str, &str, &str, &str)] = &[
    ("Namespace", "", "MissingParameter", "The parameter Namespace is required."),
    ("Namespace", r#""""#, "MissingParameter", "The parameter Namespace is required."),
    (
        "Namespace",
        r#"":N""#,
        "InvalidParameterValue",
        "The value for parameter Namespace must not start with a colon.",
    ),
    ("MetricName", "", "MissingParameter", "The parameter MetricName is required."),
    ("StartTime", "", "MissingParameter", "The parameter StartTime is required."),
    ("EndTime", "null", "MissingParameter", "The parameter EndTime is required."),
    (
        "EndTime",
        "0",
        "InvalidParameterValue",
        "The parameter StartTime must be less than the parameter EndTime.",
    ),
    (
        "StartTime",
        "3601",
        "InvalidParameterValue",
        "The parameter StartTime must be less than the parameter EndTime.",
    ),
    ("Period", "", "MissingParameter", "The parameter Period is required."),
    (
        "Period",
        "90",
        "InvalidParameterValue",
        "The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.",
    ),
    (
        "Statistics",
        "",
        "InvalidParameterCombination",
        "At least one of the parameters Statistics and ExtendedStatistics must be specified.",
    ),
    (
        "Statistics",
        "[]",
        "InvalidParameterCombination",
        "At least one of the parameters Statistics and ExtendedStatistics must be specified.",
    ),
    (
        "Statistics",
        r#"["Sum","p99"]"#,
        "InvalidParameterValue",
        "The parameter Statistics.member.2 must be a value in the set [ Minimum, Maximum, Average, SampleCount, Sum ].",
    ),
    (
        "Statistics",
        r#"["Sum","Sum","Sum","Sum","Sum","Sum"]"#,
        "InvalidParameterValue",
        "The collection Statistics must not have a size greater than 5.",
    ),
    (
        "ExtendedStatistics",
        r#"["p1","p1","p1","p1","p1","p1","p1","p1","p1","p1","p1"]"#,
        "InvalidParameterValue",
        "The collection ExtendedStatistics must not have a size greater than 10.",
    ),
    (
        "ExtendedStatistics",
        r#"["p99",""]"#,
        "MissingParameter",
        "The parameter ExtendedStatistics.member.2 is required.",
    ),
    (
        "Dimensions",
        r#"[{"Name":"d","Value":"v"},{"Name":"d","Value":"w"}]"#,
        "InvalidParameterValue",
        "No dimension name in Dimensions may be given twice.",
    ),
];

#[test]
fn what_is_out_of_bounds_is_named() {
    for (member, value, code, text) in REFUSED {
        let error = with(member, value).expect_err(text);
        assert_eq!((error.shape.query_code, error.message.as_ref()), (*code, *text), "{member}: {value}");
    }
    let unit = with("Unit", r#""Parsec""#).expect_err("no such unit").message;
    assert!(unit.starts_with("The parameter Unit must be a value in the set [ Seconds, "), "{unit}");
}

#[test]
fn the_server_s_refusals_have_the_service_s_words() {
    let error = too_many_datapoints(86_400);
    assert_eq!(error.shape.query_code, "InvalidParameterCombination");
    assert_eq!(
        error.message,
        "You have requested up to 86400 datapoints, which exceeds the limit of 1440. You may reduce the datapoints \
         requested by increasing Period, or decreasing the time range."
    );
    assert_eq!(
        invalid_extended_statistic(0, "p101").message,
        "The value p101 for parameter ExtendedStatistics.member.1 is not supported."
    );
}
