//! Targets in their three forms, and each limit with code and text of its refusal.

use super::*;
use crate::cloudwatch::QuerySource;

const SINGLE: &str = r#""SingleMetricAnomalyDetector":{"Namespace":"N","MetricName":"m","Dimensions":[{"Name":"d","Value":"v"}],"Stat":"Average"}"#;
const FLAT: &str =
    r#""Namespace":"N","MetricName":"m","Dimensions":[{"Name":"d","Value":"v"}],"Stat":"Average""#;
const MATH: &str = r#""MetricMathAnomalyDetector":{"MetricDataQueries":[{"Id":"m1","MetricStat":{"Metric":{"Namespace":"N","MetricName":"m"},"Period":60,"Stat":"Sum"},"ReturnData":false},{"Id":"e1","Expression":"m1*2"}]}"#;

fn put(members: &str) -> Result<AnomalyDetector, AwsError> {
    let json = format!("{{{members}}}");
    serde_json::from_str::<PutAnomalyDetectorRequest>(&json).expect("test JSON").validate()
}

fn describe(members: &str) -> Result<DescribeAnomalyDetectors, AwsError> {
    let json = format!("{{{members}}}");
    serde_json::from_str::<DescribeAnomalyDetectorsRequest>(&json).expect("test JSON").validate()
}

fn delete(members: &str) -> Result<AnomalyDetectorReference, AwsError> {
    let json = format!("{{{members}}}");
    serde_json::from_str::<DeleteAnomalyDetectorRequest>(&json).expect("test JSON").validate()
}

#[track_caller]
fn check<T: std::fmt::Debug>(result: Result<T, AwsError>, code: &str, text: &str) {
    let error = result.expect_err(text);
    assert_eq!((error.shape.query_code, error.message.as_ref()), (code, text));
}

#[test]
fn a_metric_is_one_target_however_it_is_named() {
    let target = put(SINGLE).expect("valid").target;
    assert_eq!(put(FLAT).expect("valid").target, target);
    assert_eq!(delete(FLAT), Ok(AnomalyDetectorReference::Target(target.clone())));
    assert_eq!(delete(SINGLE), Ok(AnomalyDetectorReference::Target(target.clone())));
    let expected = AnomalyDetectorTarget::SingleMetric {
        account_id: None,
        namespace: "N".to_owned(),
        name: "m".to_owned(),
        dimensions: vec![("d".to_owned(), "v".to_owned())],
        statistic: "Average".to_owned(),
    };
    assert_eq!(target, expected);
    let AnomalyDetectorTarget::MetricMath(queries) = put(MATH).expect("valid").target else { panic!("math") };
    assert!(matches!(&queries[1].source, QuerySource::Expression { text, .. } if text == "m1*2"));
}

#[test]
fn a_configuration_has_defaults() {
    let plain = put(SINGLE).expect("valid");
    assert_eq!(plain.adaptation_speed, AdaptationSpeed::Normal);
    assert_eq!(plain.outlier_filtering_strength, OutlierFilteringStrength::Moderate);
    assert_eq!((plain.excluded_ranges, plain.timezone, plain.periodic_spikes), (Vec::new(), None, false));
    let given = put(&format!(
        r#"{SINGLE},"Configuration":{{"ExcludedTimeRanges":[{{"StartTime":1,"EndTime":2.5}}],"MetricTimezone":"UTC","AdaptationSpeed":"SLOW","OutlierFilteringStrength":"MINIMAL"}},"MetricCharacteristics":{{"PeriodicSpikes":true}}"#
    ))
    .expect("valid");
    assert_eq!(given.adaptation_speed, AdaptationSpeed::Slow);
    assert_eq!(given.outlier_filtering_strength, OutlierFilteringStrength::Minimal);
    assert_eq!(given.excluded_ranges, [ExcludedRange { start_millis: 1000, end_millis: 2500 }]);
    assert!(given.periodic_spikes);
}

#[test]
fn an_answer_names_a_metric_twice() {
    let shape = |members: &str| {
        let shape = put(members).expect("valid").into_shape("i".to_owned(), AnomalyDetectorState::Trained);
        serde_json::to_string(&shape).expect("JSON")
    };
    let configuration = r#""Configuration":{"AdaptationSpeed":"NORMAL","OutlierFilteringStrength":"MODERATE"},"StateValue":"TRAINED""#;
    assert_eq!(shape(FLAT), format!(r#"{{"AnomalyDetectorId":"i",{FLAT},{configuration},{SINGLE}}}"#));
    assert_eq!(shape(SINGLE), shape(FLAT));
    let math = MATH
        .replace(r#""MetricName":"m"}"#, r#""MetricName":"m","Dimensions":[]}"#)
        .replace(r#""m1*2""#, r#""m1*2","ReturnData":true"#);
    assert_eq!(shape(MATH), format!(r#"{{"AnomalyDetectorId":"i",{configuration},{math}}}"#));
}

#[test]
fn targets_that_are_none_are_refused() {
    let both = |first: &str, second: &str| {
        format!("The parameters {first} and {second} are mutually exclusive and you have specified both.")
    };
    let single = "SingleMetricAnomalyDetector";
    let math = "MetricMathAnomalyDetector";
    let queries = |items: &str| format!(r#""{math}":{{"MetricDataQueries":[{items}]}}"#);
    let one = "Exactly one item of MetricMathAnomalyDetector.MetricDataQueries must have ReturnData, and it must be \
               an Expression.";
    let metric =
        r#"{"Id":"m1","MetricStat":{"Metric":{"Namespace":"N","MetricName":"m"},"Period":60,"Stat":"Sum"}}"#;
    let many: Vec<_> = (0..21).map(|place| format!(r#"{{"Id":"e{place}","Expression":"1"}}"#)).collect();
    for (members, code, text) in [
        (String::new(), "MissingParameter", format!("The parameter {single} is required.")),
        (format!("{SINGLE},{MATH}"), "InvalidParameterCombination", both(single, math)),
        (format!("{SINGLE},{FLAT}"), "InvalidParameterCombination", both(single, "Namespace")),
        (format!(r#"{MATH},"Stat":"Sum""#), "InvalidParameterCombination", both(math, "Stat")),
        (
            r#""Namespace":"N""#.to_owned(),
            "MissingParameter",
            "The parameter MetricName is required.".to_owned(),
        ),
        (
            FLAT.replace(r#","Stat":"Average""#, ""),
            "MissingParameter",
            "The parameter Stat is required.".to_owned(),
        ),
        (
            SINGLE.replace("Average", &"s".repeat(51)),
            "InvalidParameterValue",
            format!("The parameter {single}.Stat must be shorter than 51 characters."),
        ),
        (
            SINGLE.replace(r#""N""#, r#"":N""#),
            "InvalidParameterValue",
            format!("The value for parameter {single}.Namespace must not start with a colon."),
        ),
        (queries(""), "MissingParameter", format!("The parameter {math}.MetricDataQueries is required.")),
        (queries(metric), "InvalidParameterValue", one.to_owned()),
        (
            queries(r#"{"Id":"e","Expression":"1","ReturnData":false}"#),
            "InvalidParameterValue",
            one.to_owned(),
        ),
        (
            queries(r#"{"Id":"e","Expression":"1"},{"Id":"f","Expression":"1"}"#),
            "InvalidParameterValue",
            one.to_owned(),
        ),
        (
            queries(&many.join(",")),
            "InvalidParameterValue",
            format!("The collection {math}.MetricDataQueries must not have a size greater than 20."),
        ),
        (
            queries(r#"{"Id":"e"}"#),
            "MissingParameter",
            format!("The parameter {math}.MetricDataQueries.member.1.MetricStat is required."),
        ),
    ] {
        check(put(&members), code, &text);
        check(delete(&members), code, &text);
    }
}

#[test]
fn configurations_are_bounded() {
    let of = |configuration: &str| put(&format!(r#"{SINGLE},"Configuration":{{{configuration}}}"#));
    let ranges =
        |range: &str, len: usize| format!(r#""ExcludedTimeRanges":[{}]"#, vec![range; len].join(","));
    let range = r#"{"StartTime":1,"EndTime":2}"#;
    assert!(of(&ranges(range, 10)).is_ok());
    assert!(of(&format!(r#""MetricTimezone":"{}""#, "z".repeat(50))).is_ok());
    let member = "Configuration.ExcludedTimeRanges.member.1";
    for (configuration, code, text) in [
        (
            ranges(range, 11),
            "InvalidParameterValue",
            "The collection Configuration.ExcludedTimeRanges must not have a size greater than 10.".to_owned(),
        ),
        (
            ranges(r#"{"StartTime":1}"#, 1),
            "MissingParameter",
            format!("The parameter {member}.EndTime is required."),
        ),
        (
            ranges(r#"{"EndTime":1}"#, 1),
            "MissingParameter",
            format!("The parameter {member}.StartTime is required."),
        ),
        (
            ranges(r#"{"StartTime":1,"EndTime":1}"#, 1),
            "InvalidParameterValue",
            format!("The parameter {member}.StartTime must be less than the parameter {member}.EndTime."),
        ),
        (
            format!(r#""MetricTimezone":"{}""#, "z".repeat(51)),
            "InvalidParameterValue",
            "The parameter Configuration.MetricTimezone must be shorter than 51 characters.".to_owned(),
        ),
        (
            r#""AdaptationSpeed":"fast""#.to_owned(),
            "InvalidParameterValue",
            "The parameter Configuration.AdaptationSpeed must be a value in the set [ FAST, NORMAL, SLOW ].".to_owned(),
        ),
        (
            r#""OutlierFilteringStrength":"NONE""#.to_owned(),
            "InvalidParameterValue",
            "The parameter Configuration.OutlierFilteringStrength must be a value in the set [ MINIMAL, MODERATE, STRICT ]."
                .to_owned(),
        ),
    ] {
        check(of(&configuration), code, &text);
    }
}

#[test]
fn descriptions_filter_by_id_or_by_target() {
    let all = describe("").expect("valid");
    let filter = |single_metric, metric_math| AnomalyDetectorFilter::Target {
        namespace: None,
        name: None,
        dimensions: Vec::new(),
        single_metric,
        metric_math,
    };
    assert_eq!((all.filter, all.page_len_max), (filter(true, false), DETECTORS_PAGE_MAX));
    let math = describe(r#""AnomalyDetectorTypes":["METRIC_MATH"],"MaxResults":1"#).expect("valid");
    assert_eq!((math.filter, math.page_len_max), (filter(false, true), 1));
    let both = describe(r#""AnomalyDetectorTypes":["METRIC_MATH","SINGLE_METRIC"]"#).expect("valid");
    assert_eq!(both.filter, filter(true, true));
    let ids = describe(r#""AnomalyDetectorIds":["a/b:%()+-._9"]"#).expect("valid").filter;
    assert_eq!(ids, AnomalyDetectorFilter::Ids(vec!["a/b:%()+-._9".to_owned()]));
}

#[test]
fn descriptions_are_bounded() {
    let ids = |len: usize| format!(r#""AnomalyDetectorIds":[{}]"#, vec![r#""i""#; len].join(","));
    assert!(describe(&ids(50)).is_ok());
    let types = "The parameter AnomalyDetectorTypes.member.1 must be a value in the set [ SINGLE_METRIC, METRIC_MATH ].";
    for (members, code, text) in [
        (
            ids(51),
            "InvalidParameterValue",
            "The collection AnomalyDetectorIds must not have a size greater than 50.",
        ),
        (
            format!(r#"{},"Namespace":"N""#, ids(1)),
            "InvalidParameterCombination",
            "The parameters AnomalyDetectorIds and Namespace are mutually exclusive and you have specified both.",
        ),
        (
            r#""MaxResults":0"#.to_owned(),
            "InvalidParameterValue",
            "The parameter MaxResults must be between 1 and 100.",
        ),
        (
            r#""MaxResults":-1"#.to_owned(),
            "InvalidParameterValue",
            "The parameter MaxResults must be between 1 and 100.",
        ),
        (
            r#""MaxResults":101"#.to_owned(),
            "InvalidParameterValue",
            "The parameter MaxResults must be between 1 and 100.",
        ),
        (r#""AnomalyDetectorTypes":["x"]"#.to_owned(), "InvalidParameterValue", types),
        (
            r#""AnomalyDetectorTypes":["METRIC_MATH","METRIC_MATH","METRIC_MATH"]"#.to_owned(),
            "InvalidParameterValue",
            "The collection AnomalyDetectorTypes must not have a size greater than 2.",
        ),
        (r#""NextToken":"""#.to_owned(), "InvalidNextToken", "Request parameter NextToken is invalid"),
        (
            r#""Dimensions":[{"Name":"d"}]"#.to_owned(),
            "MissingParameter",
            "The parameter Dimensions.member.1.Value is required.",
        ),
    ] {
        check(describe(&members), code, text);
    }
}

#[test]
fn deletions_take_an_id_alone() {
    let id = "i".repeat(128);
    let json = format!(r#""AnomalyDetectorId":"{id}""#);
    assert_eq!(delete(&json), Ok(AnomalyDetectorReference::Id(id)));
    check(
        delete(&format!(r#""AnomalyDetectorId":"i",{MATH}"#)),
        "InvalidParameterCombination",
        "The parameters AnomalyDetectorId and MetricMathAnomalyDetector are mutually exclusive and you have specified both.",
    );
    check(
        delete(r#""AnomalyDetectorId":"a b""#),
        "InvalidParameterValue",
        "The value a b for parameter AnomalyDetectorId is invalid.",
    );
    check(
        delete(&format!(r#""AnomalyDetectorId":"{}""#, "i".repeat(129))),
        "InvalidParameterValue",
        "The parameter AnomalyDetectorId must be shorter than 129 characters.",
    );
    check(
        delete(r#""AnomalyDetectorId":"""#),
        "MissingParameter",
        "The parameter AnomalyDetectorId is required.",
    );
    let missing = anomaly_detector_not_found();
    assert_eq!((missing.shape.query_code, missing.shape.status), ("ResourceNotFoundException", 404));
}
