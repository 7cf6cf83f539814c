//! How does CloudWatch take metric data here? Checked, guarded and journalled.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>

use walletscope_model::{Body, MetricBatch, MetricDatum, MetricValue, Timestamp};
use walletscope_wire::aws::{AwsError, NoOutput, Response};
use walletscope_wire::cloudwatch;

use super::{Caller, Door, Prepared};

pub(crate) fn put_data(
    door: &Door,
    caller: &Caller,
    request: cloudwatch::PutMetricDataRequest,
) -> Result<Prepared, AwsError> {
    let now = door.now();
    let data = request.validate(now.millis())?;
    let guard = |text: &str, field| door.guard(caller, field, text);
    let data = data.into_iter().map(|datum| MetricDatum {
        namespace: guard(&datum.namespace, "metric_namespace"),
        name: guard(&datum.name, "metric_name"),
        dimensions: datum
            .dimensions
            .iter()
            .map(|(name, value)| (guard(name, "metric_dimension"), guard(value, "metric_dimension")))
            .collect(),
        timestamp: Timestamp::from_millis(datum.epoch_millis),
        unit: (datum.unit != "None").then(|| datum.unit.into()),
        storage_resolution_seconds: match datum.resolution {
            cloudwatch::Resolution::Second => 1,
            cloudwatch::Resolution::Minute => 60,
        },
        value: match datum.value {
            cloudwatch::MetricValue::Values(values) => MetricValue::Values(values),
            cloudwatch::MetricValue::Statistics(set) => MetricValue::Statistics {
                sample_count: set.sample_count,
                sum: set.sum,
                minimum: set.minimum,
                maximum: set.maximum,
            },
        },
    });
    let body = Body::Metrics(MetricBatch { data: data.collect() });
    Ok(Prepared::Store(body, Response::PutMetricData(NoOutput)))
}
