//! What is an anomaly detector about? One metric with a statistic, or one expression of metric math.

use super::{MetricMathShape, SingleMetricShape};
use crate::aws::AwsError;
use crate::cloudwatch::metric_query::{self, MetricDataQuery, QuerySource, dimension_shapes};
use crate::cloudwatch::parameters::{self, ACCOUNT_ID_LEN_MAX, NAME_LEN_MAX, Refusals, exclusive, invalid};
use crate::cloudwatch::{Dimensions, MetricDataQueryShape, missing_parameter};

/// Longest statistic of a detector, in characters
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SingleMetricAnomalyDetector.html>).
const STAT_LEN_MAX: usize = 50;
/// Most queries of a detector: as many as an alarm may have, the model has no limit.
const QUERIES_MAX: usize = 20;

/// What a detector is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnomalyDetectorTarget {
    /// One metric.
    SingleMetric {
        /// Whose metric it is, if not the caller's.
        account_id: Option<String>,
        /// 1 to 255 characters.
        namespace: String,
        /// 1 to 255 characters.
        name: String,
        /// All of them, sorted, no name twice.
        dimensions: Dimensions,
        /// 1 to 50 characters, not parsed.
        statistic: String,
    },
    /// 1 to 20 queries, of which exactly one returns data; it is an expression.
    MetricMath(Vec<MetricDataQuery>),
}

/// The three ways in which a request names a target.
pub(super) struct Named {
    /// Members of the request itself; no account.
    pub flat: SingleMetricShape,
    /// In `SingleMetricAnomalyDetector`.
    pub single_metric: Option<SingleMetricShape>,
    /// In `MetricMathAnomalyDetector`.
    pub metric_math: Option<MetricMathShape>,
}

const SINGLE_METRIC: &str = "SingleMetricAnomalyDetector";
const METRIC_MATH: &str = "MetricMathAnomalyDetector";

impl Named {
    /// The first member that is there, by its name.
    pub(super) fn first_given(&self) -> Option<&'static str> {
        self.given().next()
    }

    fn given(&self) -> impl Iterator<Item = &'static str> {
        let members = [
            (SINGLE_METRIC, self.single_metric.is_some()),
            (METRIC_MATH, self.metric_math.is_some()),
            ("Namespace", self.flat.namespace.is_some()),
            ("MetricName", self.flat.metric_name.is_some()),
            ("Dimensions", !self.flat.dimensions.is_empty()),
            ("Stat", self.flat.stat.is_some()),
        ];
        members.into_iter().filter(|(_, given)| *given).map(|(member, _)| member)
    }

    /// The one target that is named.
    pub(super) fn target(self) -> Result<AnomalyDetectorTarget, AwsError> {
        let given: Vec<_> = self.given().take(2).collect();
        if let [first @ (SINGLE_METRIC | METRIC_MATH), second] = given[..] {
            return Err(exclusive(first, second));
        }
        match (self.single_metric, self.metric_math) {
            (Some(shape), _) => single_metric(shape, &format!("{SINGLE_METRIC}.")),
            (None, Some(shape)) => metric_math(shape.metric_data_queries),
            (None, None) if given.is_empty() => Err(missing_parameter(SINGLE_METRIC)),
            (None, None) => single_metric(self.flat, ""),
        }
    }
}

fn single_metric(shape: SingleMetricShape, prefix: &str) -> Result<AnomalyDetectorTarget, AwsError> {
    let path = |name: &str| format!("{prefix}{name}");
    Ok(AnomalyDetectorTarget::SingleMetric {
        account_id: parameters::optional_text(shape.account_id, &path("AccountId"), ACCOUNT_ID_LEN_MAX)?,
        namespace: parameters::namespace(shape.namespace, &path("Namespace"))?,
        name: parameters::text(shape.metric_name, &path("MetricName"), NAME_LEN_MAX)?,
        dimensions: parameters::dimensions(shape.dimensions, &path("Dimensions"))?,
        statistic: parameters::text(shape.stat, &path("Stat"), STAT_LEN_MAX)?,
    })
}

fn metric_math(shapes: Vec<MetricDataQueryShape>) -> Result<AnomalyDetectorTarget, AwsError> {
    let list = format!("{METRIC_MATH}.MetricDataQueries");
    let mut refusals = Refusals::default();
    let queries = metric_query::queries(shapes, &list, QUERIES_MAX, &mut refusals);
    let queries = refusals.into_first(queries)?;
    let mut watched = queries.iter().filter(|query| query.return_data);
    let one = matches!(
        (watched.next().map(|query| &query.source), watched.next()),
        (Some(QuerySource::Expression { .. }), None)
    );
    if one {
        return Ok(AnomalyDetectorTarget::MetricMath(queries));
    }
    Err(invalid(format!("Exactly one item of {list} must have ReturnData, and it must be an Expression.")))
}

impl From<AnomalyDetectorTarget> for Named {
    /// A single metric is named twice, as the service's answers do.
    fn from(target: AnomalyDetectorTarget) -> Named {
        match target {
            AnomalyDetectorTarget::SingleMetric { account_id, namespace, name, dimensions, statistic } => {
                let flat = SingleMetricShape {
                    account_id: None,
                    namespace: Some(namespace),
                    metric_name: Some(name),
                    dimensions: dimension_shapes(dimensions),
                    stat: Some(statistic),
                };
                let single_metric = Some(SingleMetricShape { account_id, ..flat.clone() });
                Named { flat, single_metric, metric_math: None }
            }
            AnomalyDetectorTarget::MetricMath(queries) => {
                let metric_data_queries = queries.into_iter().map(MetricDataQueryShape::from).collect();
                Named {
                    flat: SingleMetricShape::default(),
                    single_metric: None,
                    metric_math: Some(MetricMathShape { metric_data_queries }),
                }
            }
        }
    }
}
