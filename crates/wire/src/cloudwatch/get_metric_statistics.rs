//! What does GetMetricStatistics take and answer? Statistics of one metric over one time range.
//!
//! Percentiles and their kin are text here: what they mean is for whoever computes them. How many data points a
//! request asks for depends on the time of day, so the server counts them and refuses with [`too_many_datapoints`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::metric_query::STATISTIC_LEN_MAX;
use super::parameters::{self, NAME_LEN_MAX, invalid, null_as_absent, too_many};
use super::{DimensionShape, Dimensions, INVALID_PARAMETER_COMBINATION, missing_parameter};
use crate::aws::{AwsError, Double, Timestamp};

/// Most data points of an answer
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html>).
pub const DATAPOINTS_MAX: u64 = 1440;
/// Most `Statistics` of a request.
pub const STATISTICS_MAX: usize = 5;
/// Most `ExtendedStatistics` of a request.
pub const EXTENDED_STATISTICS_MAX: usize = 10;

/// Reads statistics of one metric.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GetMetricStatisticsRequest {
    /// Required; 1 to 255 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Required; 1 to 255 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_name: Option<String>,
    /// All dimensions of the metric, at most 30.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_absent")]
    pub dimensions: Vec<DimensionShape>,
    /// Required, inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// Required, exclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// Required; 1, 5, 10, 20, 30 or a multiple of 60 seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<i32>,
    /// `SampleCount`, `Average`, `Sum`, `Minimum` and `Maximum`. At least one of these and the extended.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_absent")]
    pub statistics: Vec<String>,
    /// Such as `p99`, at most 10.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_absent")]
    pub extended_statistics: Vec<String>,
    /// One of [`super::UNITS`]; absent: every unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// The data points, in any order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetMetricStatisticsResponse {
    /// The metric's name.
    pub label: String,
    /// At most [`DATAPOINTS_MAX`] of each unit.
    pub datapoints: Vec<Datapoint>,
}

/// The statistics of one period that were asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Datapoint {
    /// When the period begins.
    pub timestamp: Timestamp,
    /// How many values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample_count: Option<Double>,
    /// Their mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average: Option<Double>,
    /// Their sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sum: Option<Double>,
    /// The smallest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<Double>,
    /// The largest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<Double>,
    /// The unit of the values.
    pub unit: String,
    /// By the name under which each was asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extended_statistics: BTreeMap<String, Double>,
}

/// A valid request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetMetricStatistics {
    /// 1 to 255 characters.
    pub namespace: String,
    /// 1 to 255 characters.
    pub name: String,
    /// All of them, sorted, no name twice.
    pub dimensions: Dimensions,
    /// Milliseconds since the epoch, inclusive, as given.
    pub start_millis: i64,
    /// Milliseconds since the epoch, exclusive, after the start.
    pub end_millis: i64,
    /// 1, 5, 10, 20, 30 or a multiple of 60.
    pub period_seconds: u32,
    /// At most [`STATISTICS_MAX`], as given.
    pub statistics: Vec<Statistic>,
    /// At most [`EXTENDED_STATISTICS_MAX`], not parsed.
    pub extended_statistics: Vec<String>,
    /// One of [`super::UNITS`]; absent: every unit.
    pub unit: Option<&'static str>,
}

/// One of the five plain statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistic {
    /// How many values.
    SampleCount,
    /// Their mean.
    Average,
    /// Their sum.
    Sum,
    /// The smallest.
    Minimum,
    /// The largest.
    Maximum,
}

/// In the order in which the service's answer names them.
const STATISTICS: [(&str, Statistic); STATISTICS_MAX] = [
    ("Minimum", Statistic::Minimum),
    ("Maximum", Statistic::Maximum),
    ("Average", Statistic::Average),
    ("SampleCount", Statistic::SampleCount),
    ("Sum", Statistic::Sum),
];

/// `InvalidParameterCombination` of a request for more than [`DATAPOINTS_MAX`], in the service's words.
pub fn too_many_datapoints(requested: u64) -> AwsError {
    let message = format!(
        "You have requested up to {requested} datapoints, which exceeds the limit of {DATAPOINTS_MAX}. You may \
         reduce the datapoints requested by increasing Period, or decreasing the time range."
    );
    AwsError::new(&INVALID_PARAMETER_COMBINATION, message)
}

/// `InvalidParameterValue` of an extended statistic that means nothing. `place` counts from 0.
pub fn invalid_extended_statistic(place: usize, statistic: &str) -> AwsError {
    invalid(format!(
        "The value {statistic} for parameter ExtendedStatistics.member.{} is not supported.",
        place + 1
    ))
}

impl GetMetricStatisticsRequest {
    /// Checks everything but the meaning of extended statistics and the number of data points.
    ///
    /// # Errors
    /// `MissingParameter`, `InvalidParameterValue` or `InvalidParameterCombination`.
    pub fn validate(self) -> Result<GetMetricStatistics, AwsError> {
        let namespace = parameters::namespace(self.namespace, "Namespace")?;
        let name = parameters::text(self.metric_name, "MetricName", NAME_LEN_MAX)?;
        let dimensions = parameters::dimensions(self.dimensions, "Dimensions")?;
        let start = self.start_time.ok_or_else(|| missing_parameter("StartTime"))?;
        let end = self.end_time.ok_or_else(|| missing_parameter("EndTime"))?;
        if start >= end {
            return Err(invalid("The parameter StartTime must be less than the parameter EndTime."));
        }
        let period_seconds = parameters::period_seconds(self.period, "Period")?;
        if self.statistics.is_empty() && self.extended_statistics.is_empty() {
            let message =
                "At least one of the parameters Statistics and ExtendedStatistics must be specified.";
            return Err(AwsError::new(&INVALID_PARAMETER_COMBINATION, message));
        }
        Ok(GetMetricStatistics {
            namespace,
            name,
            dimensions,
            start_millis: start.epoch_millis,
            end_millis: end.epoch_millis,
            period_seconds,
            statistics: statistics(&self.statistics)?,
            extended_statistics: extended_statistics(self.extended_statistics)?,
            unit: parameters::unit(self.unit.as_deref(), "Unit")?,
        })
    }
}

fn statistics(words: &[String]) -> Result<Vec<Statistic>, AwsError> {
    if words.len() > STATISTICS_MAX {
        return Err(too_many("Statistics", STATISTICS_MAX));
    }
    let statistic = |(place, word): (usize, &String)| {
        parameters::one_of(word, &format!("Statistics.member.{}", place + 1), &STATISTICS)
    };
    words.iter().enumerate().map(statistic).collect()
}

fn extended_statistics(words: Vec<String>) -> Result<Vec<String>, AwsError> {
    if words.len() > EXTENDED_STATISTICS_MAX {
        return Err(too_many("ExtendedStatistics", EXTENDED_STATISTICS_MAX));
    }
    let statistic = |(place, word): (usize, String)| {
        parameters::text(Some(word), &format!("ExtendedStatistics.member.{}", place + 1), STATISTIC_LEN_MAX)
    };
    words.into_iter().enumerate().map(statistic).collect()
}

#[cfg(test)]
mod tests;
