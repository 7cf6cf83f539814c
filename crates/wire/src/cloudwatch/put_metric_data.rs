//! Which metrics does `PutMetricData` take? Turns the request shape into [`MetricDatum`]s, or refuses the
//! request whole, naming the first offending member.
//!
//! Limits follow the published model and API reference. Texts are the service's where recorded answers
//! are known (`docs/protocols/aws.md` lists those that are ours).

pub use walletscope_model::metric::{DIMENSIONS_MAX, MAGNITUDE_MAX, UNITS};

use super::parameters::{self, NAME_LEN_MAX, exclusive, invalid, too_many};
use super::{MetricDatumShape, PutMetricDataRequest, StatisticSetShape, missing_parameter};
use crate::aws::{AwsError, Double};

/// Largest request after inflation, in bytes.
pub const REQUEST_BYTES_MAX: usize = 1_048_576;
/// Most metrics of a request, entities included.
pub const METRICS_MAX: usize = 1000;
/// Most `Values` of a metric.
pub const VALUES_MAX: usize = 150;
/// How old a metric may be, in milliseconds: 14 days.
pub const AGE_MILLIS_MAX: i64 = 14 * 24 * 3_600_000;
/// How far in the future a metric may be, in milliseconds: 2 hours.
pub const FUTURE_MILLIS_MAX: i64 = 2 * 3_600_000;

/// Dimensions sorted by name, the order of identity: pairs of name and value.
pub type Dimensions = Vec<(String, String)>;

/// One valid metric.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricDatum {
    /// 1 to 255 characters.
    pub namespace: String,
    /// 1 to 255 characters.
    pub name: String,
    /// At most [`DIMENSIONS_MAX`], sorted, no name twice.
    pub dimensions: Dimensions,
    /// Milliseconds since the epoch, 14 days ago to 2 hours ahead.
    pub epoch_millis: i64,
    /// One of [`UNITS`].
    pub unit: &'static str,
    /// How finely it is stored.
    pub resolution: Resolution,
    /// What was measured.
    pub value: MetricValue,
}

/// How finely a metric is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// One second: high resolution.
    Second,
    /// One minute: the standard.
    Minute,
}

/// What was measured: all numbers finite and within ±[`MAGNITUDE_MAX`].
#[derive(Debug, Clone, PartialEq)]
pub enum MetricValue {
    /// 1 to [`VALUES_MAX`] values, each with how often it occurred (≥ 0, not always whole).
    Values(Vec<(f64, f64)>),
    /// A summary of values that are not known.
    Statistics(StatisticSet),
}

/// A summary of values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StatisticSet {
    /// How many, ≥ 0.
    pub sample_count: f64,
    /// Their sum.
    pub sum: f64,
    /// The smallest, ≤ `maximum`.
    pub minimum: f64,
    /// The largest.
    pub maximum: f64,
}

impl PutMetricDataRequest {
    /// Checks everything; metrics without a time get `now_millis`.
    ///
    /// # Errors
    /// `InvalidParameterValue`, `MissingParameter` or `InvalidParameterCombination`.
    pub fn validate(self, now_millis: i64) -> Result<Vec<MetricDatum>, AwsError> {
        let namespace = parameters::namespace(Some(self.namespace), "Namespace")?;
        let entity_metrics = self.entity_metric_data.iter().map(|entity| entity.metric_data.len());
        let count = self.metric_data.len() + entity_metrics.sum::<usize>();
        if count > METRICS_MAX {
            return Err(too_many("MetricData", METRICS_MAX));
        }
        if count == 0 {
            return Err(missing_parameter("MetricData"));
        }
        let mut metrics = Vec::with_capacity(count);
        let plain = ("MetricData.member".to_owned(), self.metric_data);
        let of_entities = self.entity_metric_data.into_iter().enumerate().map(|(place, entity)| {
            (format!("EntityMetricData.member.{}.MetricData.member", place + 1), entity.metric_data)
        });
        for (list, shapes) in std::iter::once(plain).chain(of_entities) {
            for (place, shape) in shapes.into_iter().enumerate() {
                let check = Check { member: &format!("{list}.{}", place + 1), now_millis };
                metrics.push(check.metric(&namespace, shape)?);
            }
        }
        Ok(metrics)
    }
}

/// The place of one metric in the request, for its errors.
struct Check<'a> {
    member: &'a str,
    now_millis: i64,
}

impl Check<'_> {
    fn metric(&self, namespace: &str, shape: MetricDatumShape) -> Result<MetricDatum, AwsError> {
        let value = self.value(&shape)?;
        let path = |name: &str| format!("{}.{name}", self.member);
        let name = parameters::text(shape.metric_name, &path("MetricName"), NAME_LEN_MAX)?;
        let dimensions = parameters::dimensions(shape.dimensions, &path("Dimensions"))?;
        let epoch_millis = self.time(shape.timestamp.map(|timestamp| timestamp.epoch_millis))?;
        let unit = parameters::unit(shape.unit.as_deref(), &path("Unit"))?.unwrap_or("None");
        let resolution = match shape.storage_resolution {
            None | Some(60) => Resolution::Minute,
            Some(1) => Resolution::Second,
            Some(other) => return Err(self.bad_value(&other.to_string(), "StorageResolution")),
        };
        Ok(MetricDatum {
            namespace: namespace.to_owned(),
            name,
            dimensions,
            epoch_millis,
            unit,
            resolution,
            value,
        })
    }

    fn time(&self, epoch_millis: Option<i64>) -> Result<i64, AwsError> {
        let epoch_millis = epoch_millis.unwrap_or(self.now_millis);
        let age = self.now_millis.saturating_sub(epoch_millis);
        if (-FUTURE_MILLIS_MAX..=AGE_MILLIS_MAX).contains(&age) {
            return Ok(epoch_millis);
        }
        // The service says the same of times in the future.
        let message =
            format!("The parameter {}.Timestamp must specify a time within the past two weeks.", self.member);
        Err(invalid(message))
    }

    /// Exactly one of `Value`, `Values` and `StatisticValues`.
    fn value(&self, shape: &MetricDatumShape) -> Result<MetricValue, AwsError> {
        let given = [
            ("Value", shape.value.is_some()),
            ("Values", !shape.values.is_empty()),
            ("StatisticValues", shape.statistic_values.is_some()),
        ];
        let mut given = given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name);
        if let (Some(first), Some(second)) = (given.next(), given.next()) {
            let path = |name: &str| format!("{}.{name}", self.member);
            return Err(exclusive(&path(first), &path(second)));
        }
        if !shape.counts.is_empty() && shape.values.is_empty() {
            return Err(missing_parameter(&format!("{}.Values", self.member)));
        }
        if let Some(value) = shape.value {
            return Ok(MetricValue::Values(vec![(self.number(value, "Value")?, 1.0)]));
        }
        if let Some(statistics) = shape.statistic_values {
            return self.statistics(statistics).map(MetricValue::Statistics);
        }
        if shape.values.is_empty() {
            return Err(missing_parameter(&format!("{}.Value", self.member)));
        }
        self.values(&shape.values, &shape.counts).map(MetricValue::Values)
    }

    fn values(&self, values: &[Double], counts: &[Double]) -> Result<Vec<(f64, f64)>, AwsError> {
        if values.len() > VALUES_MAX {
            return Err(too_many(&format!("{}.Values", self.member), VALUES_MAX));
        }
        if !counts.is_empty() && counts.len() != values.len() {
            let member = self.member;
            let message =
                format!("The parameters {member}.Values and {member}.Counts must be of the same size.");
            return Err(invalid(message));
        }
        let pair = |(place, value): (usize, &Double)| {
            let value = self.number(*value, &format!("Values.member.{}", place + 1))?;
            let Some(count) = counts.get(place) else { return Ok((value, 1.0)) };
            Ok((value, self.count(*count, &format!("Counts.member.{}", place + 1))?))
        };
        values.iter().enumerate().map(pair).collect()
    }

    fn statistics(&self, shape: StatisticSetShape) -> Result<StatisticSet, AwsError> {
        let required = |value: Option<Double>, name: &str| {
            value.ok_or_else(|| missing_parameter(&format!("{}.StatisticValues.{name}", self.member)))
        };
        let number =
            |value, name: &str| self.number(required(value, name)?, &format!("StatisticValues.{name}"));
        let statistics = StatisticSet {
            sample_count: self
                .count(required(shape.sample_count, "SampleCount")?, "StatisticValues.SampleCount")?,
            sum: number(shape.sum, "Sum")?,
            minimum: number(shape.minimum, "Minimum")?,
            maximum: number(shape.maximum, "Maximum")?,
        };
        if statistics.minimum > statistics.maximum {
            let member = format!("{}.StatisticValues", self.member);
            let message =
                format!("The parameter {member}.Maximum must be greater than or equal to {member}.Minimum.");
            return Err(invalid(message));
        }
        Ok(statistics)
    }

    fn count(&self, count: Double, member: &str) -> Result<f64, AwsError> {
        let count = self.number(count, member)?;
        if count < 0.0 { Err(self.bad_value(&count.to_string(), member)) } else { Ok(count) }
    }

    fn number(&self, Double(value): Double, member: &str) -> Result<f64, AwsError> {
        // NaN compares to nothing, so it fails this too.
        if value.abs() <= MAGNITUDE_MAX {
            Ok(value)
        } else {
            Err(self.bad_value(&format!("{value:?}"), member))
        }
    }

    fn bad_value(&self, value: &str, member: &str) -> AwsError {
        invalid(format!("The value {value} for parameter {}.{member} is invalid.", self.member))
    }
}

#[cfg(test)]
mod tests;
