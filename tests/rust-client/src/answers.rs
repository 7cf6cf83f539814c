//! How are the SDK's answers written in the names of the service's model? Times become seconds since 1970.

use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::operation::get_metric_statistics::GetMetricStatisticsOutput;
use aws_sdk_cloudwatch::operation::list_metrics::ListMetricsOutput;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Datapoint, Dimension, MessageData, Metric, MetricDataResult};
use serde_json::{Value, json};

pub fn metric_data(answer: &GetMetricDataOutput) -> Value {
    let results: Vec<Value> = answer.metric_data_results().iter().map(result).collect();
    json!({
        "MetricDataResults": results,
        "NextToken": answer.next_token(),
        "Messages": messages(answer.messages()),
    })
}

fn result(result: &MetricDataResult) -> Value {
    json!({
        "Id": result.id(),
        "Label": result.label(),
        "Timestamps": result.timestamps().iter().map(seconds).collect::<Vec<_>>(),
        "Values": result.values(),
        "StatusCode": result.status_code().map(|code| code.as_str()),
        "Messages": messages(result.messages()),
    })
}

fn messages(messages: &[MessageData]) -> Vec<Value> {
    messages.iter().map(|message| json!({ "Code": message.code(), "Value": message.value() })).collect()
}

pub fn metric_statistics(answer: &GetMetricStatisticsOutput) -> Value {
    let datapoints: Vec<Value> = answer.datapoints().iter().map(datapoint).collect();
    json!({ "Label": answer.label(), "Datapoints": datapoints })
}

fn datapoint(point: &Datapoint) -> Value {
    json!({
        "Timestamp": point.timestamp().map(seconds),
        "SampleCount": point.sample_count(),
        "Average": point.average(),
        "Sum": point.sum(),
        "Minimum": point.minimum(),
        "Maximum": point.maximum(),
        "Unit": point.unit().map(|unit| unit.as_str()),
        "ExtendedStatistics": point.extended_statistics(),
    })
}

pub fn metrics(answer: &ListMetricsOutput) -> Value {
    let metrics: Vec<Value> = answer.metrics().iter().map(metric).collect();
    json!({ "Metrics": metrics, "OwningAccounts": answer.owning_accounts(), "NextToken": answer.next_token() })
}

fn metric(metric: &Metric) -> Value {
    let dimensions: Vec<Value> = metric.dimensions().iter().map(dimension).collect();
    json!({ "Namespace": metric.namespace(), "MetricName": metric.metric_name(), "Dimensions": dimensions })
}

fn dimension(dimension: &Dimension) -> Value {
    json!({ "Name": dimension.name(), "Value": dimension.value() })
}

fn seconds(time: &DateTime) -> f64 {
    time.as_secs_f64()
}
