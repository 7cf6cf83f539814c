//! What does a metric stream deliver as JSON? One object a datum, with a statistic set of the minute.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-metric-streams-formats-json.html>. Statistics
//! besides count, sum, minimum and maximum are not kept: percentiles of one source cannot be added to those of another.

use serde::Deserialize;
use walletscope_model::{MetricDatum, MetricValue, Timestamp};

use super::logs::check_account;
use super::record::{Budget, Damage};
use super::{Content, Pairs};
use crate::gathered::Gathered;
use crate::import::{Record, check};

/// Longest name of a region, as in credentials.
const REGION_BYTES_MAX: usize = 32;

#[derive(Deserialize)]
struct Line {
    account_id: Box<str>,
    region: Box<str>,
    namespace: Box<str>,
    metric_name: Box<str>,
    #[serde(default)]
    dimensions: Pairs,
    timestamp: i64,
    value: Value,
    unit: Option<Box<str>>,
}

#[derive(Deserialize)]
struct Value {
    count: f64,
    sum: f64,
    min: f64,
    max: f64,
}

/// Data by account and region: streams of a monitoring account hold several.
pub(super) type ByAccount = Gathered<(Box<str>, Box<str>), MetricDatum>;

/// Adds the data of every object.
pub(super) fn read(text: &str, budget: &mut Budget, contents: &mut Vec<Content>) -> Result<(), Damage> {
    let mut data = ByAccount::new();
    for line in serde_json::Deserializer::from_str(text).into_iter::<Line>() {
        let line = line.map_err(|_| Damage::Bad("a line is no metric of a metric stream"))?;
        let Line { account_id, region, namespace, metric_name: name, dimensions, timestamp, value, unit } =
            line;
        let datum = MetricDatum {
            namespace,
            name,
            dimensions: dimensions.0,
            timestamp: Timestamp::from_millis(timestamp),
            unit,
            storage_resolution_seconds: 60,
            value: MetricValue::Statistics {
                sample_count: value.count,
                sum: value.sum,
                minimum: value.min,
                maximum: value.max,
            },
        };
        keep(account_id, region, datum, budget, &mut data)?;
    }
    finish(data, contents);
    Ok(())
}

/// Keeps a datum that PutMetricData would take, whatever its age, in the form in which it is stored.
pub(super) fn keep(
    account: Box<str>,
    region: Box<str>,
    datum: MetricDatum,
    budget: &mut Budget,
    data: &mut ByAccount,
) -> Result<(), Damage> {
    check_account(&account)?;
    let is_region = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !(1..=REGION_BYTES_MAX).contains(&region.len()) || !region.bytes().all(is_region) {
        return Err(Damage::Bad("the region of a metric is none"));
    }
    budget.take(1)?;
    // Its reason may repeat the metric.
    let Ok(Record::Metric(datum)) = check(Record::Metric(datum)) else {
        return Err(Damage::Bad("a metric is none that PutMetricData would take"));
    };
    data.list((account, region)).push(datum);
    Ok(())
}

pub(super) fn finish(data: ByAccount, contents: &mut Vec<Content>) {
    let content = |((account, region), data)| Content::Metrics { account, region, data };
    contents.extend(data.into_lists().map(content));
}
