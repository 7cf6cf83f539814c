//! How does JSON in the model's names become the SDK's types?
//!
//! What is missing stays unset, so that the SDK or the server says so.

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    Dimension, DimensionFilter, LabelOptions, Metric, MetricDataQuery, MetricDatum, MetricStat, StatisticSet,
};
use serde_json::Value;

pub fn text(input: &Value, name: &str) -> Option<String> {
    input.get(name)?.as_str().map(str::to_owned)
}

pub fn number(input: &Value, name: &str) -> Option<f64> {
    input.get(name)?.as_f64()
}

pub fn is_true(input: &Value, name: &str) -> Option<bool> {
    input.get(name)?.as_bool()
}

pub fn time(input: &Value, name: &str) -> Option<DateTime> {
    number(input, name).map(DateTime::from_secs_f64)
}

pub fn list<'a>(input: &'a Value, name: &str) -> &'a [Value] {
    input.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub fn dimension(input: &Value) -> Dimension {
    Dimension::builder().set_name(text(input, "Name")).set_value(text(input, "Value")).build()
}

pub fn dimension_filter(input: &Value) -> DimensionFilter {
    DimensionFilter::builder().set_name(text(input, "Name")).set_value(text(input, "Value")).build()
}

pub fn label_options(input: &Value) -> LabelOptions {
    LabelOptions::builder().set_timezone(text(input, "Timezone")).build()
}

pub fn datum(input: &Value) -> MetricDatum {
    let numbers =
        |name| input.get(name).map(|_| list(input, name).iter().filter_map(Value::as_f64).collect());
    MetricDatum::builder()
        .set_metric_name(text(input, "MetricName"))
        .set_dimensions(Some(list(input, "Dimensions").iter().map(dimension).collect()))
        .set_timestamp(time(input, "Timestamp"))
        .set_value(number(input, "Value"))
        .set_values(numbers("Values"))
        .set_counts(numbers("Counts"))
        .set_statistic_values(input.get("StatisticValues").map(statistic_set))
        .set_unit(text(input, "Unit").map(|unit| unit.as_str().into()))
        .set_storage_resolution(number(input, "StorageResolution").map(|seconds| seconds as i32))
        .build()
}

fn statistic_set(input: &Value) -> StatisticSet {
    StatisticSet::builder()
        .set_sample_count(number(input, "SampleCount"))
        .set_sum(number(input, "Sum"))
        .set_minimum(number(input, "Minimum"))
        .set_maximum(number(input, "Maximum"))
        .build()
}

pub fn query(input: &Value) -> MetricDataQuery {
    MetricDataQuery::builder()
        .set_id(text(input, "Id"))
        .set_metric_stat(input.get("MetricStat").map(metric_stat))
        .set_expression(text(input, "Expression"))
        .set_label(text(input, "Label"))
        .set_return_data(is_true(input, "ReturnData"))
        .set_period(number(input, "Period").map(|seconds| seconds as i32))
        .set_account_id(text(input, "AccountId"))
        .build()
}

fn metric_stat(input: &Value) -> MetricStat {
    let metric = &input["Metric"];
    let dimensions = list(metric, "Dimensions").iter().map(dimension).collect();
    let metric = Metric::builder()
        .set_namespace(text(metric, "Namespace"))
        .set_metric_name(text(metric, "MetricName"))
        .set_dimensions(Some(dimensions))
        .build();
    MetricStat::builder()
        .metric(metric)
        .set_period(number(input, "Period").map(|seconds| seconds as i32))
        .set_stat(text(input, "Stat"))
        .set_unit(text(input, "Unit").map(|unit| unit.as_str().into()))
        .build()
}
