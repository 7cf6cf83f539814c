//! Each limit from both sides, with the text of its refusal.

use std::borrow::Cow;

use super::*;
use crate::aws::Timestamp;
use crate::cloudwatch::DimensionShape;

const NOW: i64 = 1_800_000_000_000;

/// A request of one metric from JSON members, beside its name.
fn one(members: &str) -> Result<MetricDatum, AwsError> {
    let json = format!(r#"{{"Namespace":"N","MetricData":[{{"MetricName":"m",{members}}}]}}"#);
    let request: PutMetricDataRequest = serde_json::from_str(&json).expect("test JSON");
    request.validate(NOW).map(|mut metrics| metrics.remove(0))
}

fn values(pairs: &[(f64, f64)]) -> MetricValue {
    MetricValue::Values(pairs.to_vec())
}

#[test]
fn values_counts_and_statistics_are_read() {
    for (members, expected) in [
        (r#""Value":1.5"#, values(&[(1.5, 1.0)])),
        (r#""Values":[1,2]"#, values(&[(1.0, 1.0), (2.0, 1.0)])),
        (r#""Values":[1,2],"Counts":[3,0.5]"#, values(&[(1.0, 3.0), (2.0, 0.5)])),
        (
            r#""StatisticValues":{"SampleCount":2,"Sum":3,"Minimum":1,"Maximum":2}"#,
            MetricValue::Statistics(StatisticSet { sample_count: 2.0, sum: 3.0, minimum: 1.0, maximum: 2.0 }),
        ),
    ] {
        assert_eq!(one(members).expect(members).value, expected);
    }
    let metric = one(r#""Value":1,"Dimensions":[{"Name":"b","Value":"2"},{"Name":"a","Value":"1"}],"Unit":"Count","StorageResolution":1,"Timestamp":1799999999.5"#).unwrap();
    assert_eq!(metric.dimensions, [("a".into(), "1".into()), ("b".into(), "2".into())]);
    assert_eq!(
        (metric.unit, metric.resolution, metric.epoch_millis),
        ("Count", Resolution::Second, NOW - 500)
    );
}

/// Members beside the name; code and text of the refusal, `@` standing for the metric's place.
const REFUSED: &[(&str, &str, &str)] = &[
    (r#""Unit":"Count""#, "MissingParameter", "The parameter @.Value is required."),
    (r#""Value":"NaN""#, "InvalidParameterValue", "The value NaN for parameter @.Value is invalid."),
    (r#""Value":"-Infinity""#, "InvalidParameterValue", "The value -inf for parameter @.Value is invalid."),
    (r#""Value":2.4e108"#, "InvalidParameterValue", "The value 2.4e108 for parameter @.Value is invalid."),
    (r#""Value":-2.4e108"#, "InvalidParameterValue", "The value -2.4e108 for parameter @.Value is invalid."),
    (
        r#""Value":1,"Values":[1]"#,
        "InvalidParameterCombination",
        "The parameters @.Value and @.Values are mutually exclusive and you have specified both.",
    ),
    (
        r#""Values":[1],"Counts":[1,2]"#,
        "InvalidParameterValue",
        "The parameters @.Values and @.Counts must be of the same size.",
    ),
    (
        r#""Values":[1],"Counts":[-1]"#,
        "InvalidParameterValue",
        "The value -1 for parameter @.Counts.member.1 is invalid.",
    ),
    (r#""Counts":[1]"#, "MissingParameter", "The parameter @.Values is required."),
    (
        r#""StatisticValues":{"SampleCount":2,"Sum":3,"Minimum":1}"#,
        "MissingParameter",
        "The parameter @.StatisticValues.Maximum is required.",
    ),
    (
        r#""StatisticValues":{"SampleCount":2,"Sum":3,"Minimum":3,"Maximum":2}"#,
        "InvalidParameterValue",
        "The parameter @.StatisticValues.Maximum must be greater than or equal to @.StatisticValues.Minimum.",
    ),
    (
        r#""Value":1,"StorageResolution":5"#,
        "InvalidParameterValue",
        "The value 5 for parameter @.StorageResolution is invalid.",
    ),
    (
        r#""Value":1,"Dimensions":[{"Name":"a"}]"#,
        "MissingParameter",
        "The parameter @.Dimensions.member.1.Value is required.",
    ),
    (
        r#""Value":1,"Timestamp":1798790399"#,
        "InvalidParameterValue",
        "The parameter @.Timestamp must specify a time within the past two weeks.",
    ),
    (
        r#""Value":1,"Timestamp":1800007201"#,
        "InvalidParameterValue",
        "The parameter @.Timestamp must specify a time within the past two weeks.",
    ),
];

#[test]
fn what_is_out_of_bounds_is_named() {
    for (members, code, text) in REFUSED {
        let error = one(members).expect_err(members);
        let text = text.replace('@', "MetricData.member.1");
        assert_eq!((error.shape.query_code, error.message.as_ref()), (*code, text.as_str()));
    }
    let unit = one(r#""Value":1,"Unit":"Parsec""#).expect_err("no such unit").message;
    assert!(
        unit.starts_with("The parameter MetricData.member.1.Unit must be a value in the set [ Seconds, ")
    );
}

#[test]
fn the_bounds_themselves_are_allowed() {
    for members in [
        r#""Value":1,"Timestamp":1798790400"#,
        r#""Value":1,"Timestamp":1800007200"#,
        r#""Value":2.3485425827738332e108"#,
    ] {
        one(members).expect(members);
    }
}

fn datum(values: usize, dimensions: usize) -> MetricDatumShape {
    let dimension = |place| DimensionShape { name: Some(format!("d{place}")), value: Some("v".into()) };
    MetricDatumShape {
        metric_name: Some("m".into()),
        values: vec![Double(1.0); values],
        dimensions: (0..dimensions).map(dimension).collect(),
        timestamp: Some(Timestamp::from_epoch_millis(NOW)),
        ..Default::default()
    }
}

#[test]
fn counts_are_limited() {
    let request = |metric_data, entity: Vec<_>| {
        let entity_metric_data = vec![super::super::EntityMetricData { entity: None, metric_data: entity }];
        PutMetricDataRequest { namespace: "N".into(), metric_data, entity_metric_data, ..Default::default() }
    };
    for (request, expected) in [
        (request(vec![datum(150, 30)], vec![]), Ok(1)),
        (request(vec![datum(1, 0); 500], vec![datum(1, 0); 500]), Ok(1000)),
        (
            request(vec![datum(1, 0); 501], vec![datum(1, 0); 500]),
            Err("The collection MetricData must not have a size greater than 1000."),
        ),
        (
            request(vec![], vec![datum(151, 0)]),
            Err(
                "The collection EntityMetricData.member.1.MetricData.member.1.Values must not have a size greater than 150.",
            ),
        ),
        (
            request(vec![datum(1, 31)], vec![]),
            Err("The collection MetricData.member.1.Dimensions must not have a size greater than 30."),
        ),
        (request(vec![], vec![]), Err("The parameter MetricData is required.")),
    ] {
        let actual = request.validate(NOW).map(|metrics| metrics.len()).map_err(|error| error.message);
        assert_eq!(actual, expected.map_err(Cow::Borrowed));
    }
}

#[test]
fn names_are_limited() {
    let long = "n".repeat(256);
    for (namespace, name, dimension, code) in [
        ("", "m", "v", "MissingParameter"),
        (":N", "m", "v", "InvalidParameterValue"),
        (long.as_str(), "m", "v", "InvalidParameterValue"),
        ("N", "", "v", "MissingParameter"),
        ("N", long.as_str(), "v", "InvalidParameterValue"),
        ("N", "m", "", "MissingParameter"),
    ] {
        let mut metric = datum(1, 1);
        metric.metric_name = Some(name.into());
        metric.dimensions[0].value = Some(dimension.into());
        let request = PutMetricDataRequest {
            namespace: namespace.into(),
            metric_data: vec![metric],
            ..Default::default()
        };
        assert_eq!(request.validate(NOW).expect_err("refused").shape.query_code, code);
    }
    let mut twice = datum(1, 2);
    twice.dimensions[1] = twice.dimensions[0].clone();
    let request =
        PutMetricDataRequest { namespace: "N".into(), metric_data: vec![twice], ..Default::default() };
    assert!(request.validate(NOW).is_err());
}
