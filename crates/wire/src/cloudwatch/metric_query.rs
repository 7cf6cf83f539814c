//! Which series does a request ask for? The queries that GetMetricData and metric math anomaly detectors have in common.
//!
//! What a statistic or an expression means is for whoever evaluates it: here it is text. An expression may be metric
//! math or a query in SQL, and nothing in the shape tells which.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::parameters::{
    self, ACCOUNT_ID_LEN_MAX, NAME_LEN_MAX, Refusals, exclusive, invalid, null_as_absent, too_many,
};
use super::{DimensionShape, Dimensions, missing_parameter};
use crate::aws::{AwsError, shapes};

/// Longest expression, in characters
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html>).
pub const EXPRESSION_LEN_MAX: usize = 2048;
/// Longest label, in characters: ours, the model has no limit.
pub const LABEL_LEN_MAX: usize = 2048;
/// Longest statistic, in characters: ours; the longest that means anything has some 40.
pub const STATISTIC_LEN_MAX: usize = 128;

/// One query as it stands in the request: exactly one of `metric_stat` and `expression`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MetricDataQueryShape {
    /// Required; a lower-case letter, then letters, digits and `_`; at most 255.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// A metric with a statistic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_stat: Option<MetricStatShape>,
    /// Metric math or SQL; 1 to 2,048 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// Text with `${…}` in it; absent: made up by the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Absent: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_data: Option<bool>,
    /// Seconds, of an expression. Beside a metric it has no effect: that has its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<i32>,
    /// Whose metric it is; absent: the caller's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
}

/// A metric with a statistic, as it stands in the request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MetricStatShape {
    /// Required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<MetricShape>,
    /// Required; 1, 5, 10, 20, 30 or a multiple of 60 seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<i32>,
    /// Required; such as `Sum` or `p99`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stat: Option<String>,
    /// One of [`super::UNITS`]; absent: every unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// A metric, in requests and in the answer of ListMetrics.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MetricShape {
    /// 1 to 255 characters, not starting with `:`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// 1 to 255 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_name: Option<String>,
    /// At most 30.
    #[serde(deserialize_with = "null_as_absent")]
    pub dimensions: Vec<DimensionShape>,
}

/// One valid query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricDataQuery {
    /// `^[a-z][a-zA-Z0-9_]*$`, unique within the request.
    pub id: String,
    /// Where the series comes from.
    pub source: QuerySource,
    /// As it was given, at most [`LABEL_LEN_MAX`] characters.
    pub label: Option<String>,
    /// Whether the answer holds it.
    pub return_data: bool,
    /// Whose metric it is, if not the caller's.
    pub account_id: Option<String>,
}

/// Where a series comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuerySource {
    /// From one metric.
    Metric(MetricStat),
    /// From metric math or SQL: the evaluator tells them apart.
    Expression {
        /// 1 to [`EXPRESSION_LEN_MAX`] characters.
        text: String,
        /// If it was given.
        period_seconds: Option<u32>,
    },
}

/// A metric with a statistic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricStat {
    /// 1 to 255 characters.
    pub namespace: String,
    /// 1 to 255 characters.
    pub name: String,
    /// All of them, sorted, no name twice.
    pub dimensions: Dimensions,
    /// 1, 5, 10, 20, 30 or a multiple of 60.
    pub period_seconds: u32,
    /// 1 to [`STATISTIC_LEN_MAX`] characters, not parsed.
    pub statistic: String,
    /// One of [`super::UNITS`]; absent: every unit.
    pub unit: Option<&'static str>,
}

/// `ValidationError` of a statistic that means nothing, in the service's words. `place` counts queries from 0.
pub fn invalid_statistic(place: usize, statistic: &str) -> AwsError {
    let member = format!("MetricDataQueries.member.{}.MetricStat.Stat", place + 1);
    let message = format!("The value {statistic} for parameter {member} is not a valid statistic.\n");
    AwsError::new(&shapes::VALIDATION, message)
}

/// The valid ones of at most `len_max` queries; what is wrong with the others is noted.
pub(crate) fn queries(
    shapes: Vec<MetricDataQueryShape>,
    list: &str,
    len_max: usize,
    refusals: &mut Refusals,
) -> Vec<MetricDataQuery> {
    let counted = match shapes.len() {
        0 => Err(missing_parameter(list)),
        len if len > len_max => Err(too_many(list, len_max)),
        _ => Ok(()),
    };
    if refusals.keep(counted).is_none() {
        return Vec::new();
    }
    let ids = || shapes.iter().filter_map(|shape| shape.id.as_ref());
    if ids().collect::<BTreeSet<_>>().len() < ids().count() {
        refusals.keep::<()>(Err(invalid(format!("The values for parameter id in {list} are not unique."))));
    }
    let numbered = shapes.into_iter().enumerate();
    numbered
        .filter_map(|(place, shape)| query(shape, &format!("{list}.member.{}", place + 1), refusals))
        .collect()
}

fn query(shape: MetricDataQueryShape, member: &str, refusals: &mut Refusals) -> Option<MetricDataQuery> {
    let path = |name: &str| format!("{member}.{name}");
    let id = refusals.keep(id(shape.id, &path("Id")));
    let source = match (shape.metric_stat, shape.expression) {
        (Some(_), Some(_)) => refusals.keep(Err(exclusive(&path("MetricStat"), &path("Expression")))),
        (None, None) => refusals.keep(Err(missing_parameter(&path("MetricStat")))),
        (Some(metric), None) => metric_stat(metric, &path("MetricStat"), refusals).map(QuerySource::Metric),
        (None, Some(text)) => refusals.keep(expression(text, shape.period, member)),
    };
    let label = shape.label.map_or(Ok(None), |label| {
        parameters::check_len(&label, &path("Label"), LABEL_LEN_MAX).map(|()| Some(label))
    });
    let label = refusals.keep(label);
    let account_id =
        refusals.keep(parameters::optional_text(shape.account_id, &path("AccountId"), ACCOUNT_ID_LEN_MAX));
    Some(MetricDataQuery {
        id: id?,
        source: source?,
        label: label?,
        return_data: shape.return_data.unwrap_or(true),
        account_id: account_id?,
    })
}

fn id(id: Option<String>, member: &str) -> Result<String, AwsError> {
    let id = parameters::text(id, member, NAME_LEN_MAX)?;
    let in_pattern = id.starts_with(|first: char| first.is_ascii_lowercase())
        && id.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
    if in_pattern {
        return Ok(id);
    }
    let pattern = "^[a-z][a-zA-Z0-9_]*$";
    Err(invalid(format!(
        "The value {id} for parameter {member} is not matching the expected pattern {pattern}."
    )))
}

fn expression(text: String, period: Option<i32>, member: &str) -> Result<QuerySource, AwsError> {
    let text = parameters::text(Some(text), &format!("{member}.Expression"), EXPRESSION_LEN_MAX)?;
    let period_seconds = match period {
        Some(period) => Some(parameters::period_seconds(Some(period), &format!("{member}.Period"))?),
        None => None,
    };
    Ok(QuerySource::Expression { text, period_seconds })
}

fn metric_stat(shape: MetricStatShape, member: &str, refusals: &mut Refusals) -> Option<MetricStat> {
    let path = |name: &str| format!("{member}.{name}");
    let metric = refusals.keep(shape.metric.ok_or_else(|| missing_parameter(&path("Metric"))));
    let metric = metric.and_then(|metric| {
        let namespace = parameters::namespace(metric.namespace, &path("Metric.Namespace"));
        let namespace = refusals.keep(namespace);
        let name = parameters::text(metric.metric_name, &path("Metric.MetricName"), NAME_LEN_MAX);
        let name = refusals.keep(name);
        let dimensions = parameters::dimensions(metric.dimensions, &path("Metric.Dimensions"));
        Some((namespace, name, refusals.keep(dimensions)?))
    });
    let period_seconds = refusals.keep(parameters::period_seconds(shape.period, &path("Period")));
    let statistic = refusals.keep(parameters::text(shape.stat, &path("Stat"), STATISTIC_LEN_MAX));
    let unit = refusals.keep(parameters::unit(shape.unit.as_deref(), &path("Unit")));
    let (namespace, name, dimensions) = metric?;
    Some(MetricStat {
        namespace: namespace?,
        name: name?,
        dimensions,
        period_seconds: period_seconds?,
        statistic: statistic?,
        unit: unit?,
    })
}

impl From<MetricDataQuery> for MetricDataQueryShape {
    fn from(query: MetricDataQuery) -> MetricDataQueryShape {
        let (metric_stat, expression, period) = match query.source {
            QuerySource::Metric(metric) => (Some(MetricStatShape::from(metric)), None, None),
            QuerySource::Expression { text, period_seconds } => {
                (None, Some(text), period_seconds.map(as_i32))
            }
        };
        MetricDataQueryShape {
            id: Some(query.id),
            metric_stat,
            expression,
            label: query.label,
            return_data: Some(query.return_data),
            period,
            account_id: query.account_id,
        }
    }
}

impl From<MetricStat> for MetricStatShape {
    fn from(metric: MetricStat) -> MetricStatShape {
        let shape = MetricShape {
            namespace: Some(metric.namespace),
            metric_name: Some(metric.name),
            dimensions: dimension_shapes(metric.dimensions),
        };
        MetricStatShape {
            metric: Some(shape),
            period: Some(as_i32(metric.period_seconds)),
            stat: Some(metric.statistic),
            unit: metric.unit.map(str::to_owned),
        }
    }
}

/// Dimensions as answers have them.
pub fn dimension_shapes(dimensions: Dimensions) -> Vec<DimensionShape> {
    let shape = |(name, value)| DimensionShape { name: Some(name), value: Some(value) };
    dimensions.into_iter().map(shape).collect()
}

/// A checked period was an `i32` before.
fn as_i32(period_seconds: u32) -> i32 {
    i32::try_from(period_seconds).unwrap_or(i32::MAX)
}
