//! What stands in requests and answers about anomaly detectors? Shapes with the model's names.

use serde::{Deserialize, Serialize};

use crate::aws::Timestamp;
use crate::cloudwatch::parameters::null_as_absent;
use crate::cloudwatch::{DimensionShape, MetricDataQueryShape};

/// Creates a detector, or replaces the one of that target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PutAnomalyDetectorRequest {
    /// Deprecated, as the next three: a metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Deprecated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_name: Option<String>,
    /// Deprecated.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_absent")]
    pub dimensions: Vec<DimensionShape>,
    /// Deprecated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stat: Option<String>,
    /// How it learns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration: Option<ConfigurationShape>,
    /// What is known of the metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_characteristics: Option<MetricCharacteristics>,
    /// A metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub single_metric_anomaly_detector: Option<SingleMetricShape>,
    /// Metric math.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_math_anomaly_detector: Option<MetricMathShape>,
}

/// The detector was created or replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutAnomalyDetectorResponse {
    /// 1 to 128 of `[A-Za-z0-9_./:%()+-]`.
    pub anomaly_detector_id: String,
}

/// One metric of a detector.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SingleMetricShape {
    /// Whose metric it is; absent: the caller's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// Required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_name: Option<String>,
    /// All dimensions of the metric, at most 30.
    #[serde(deserialize_with = "null_as_absent")]
    pub dimensions: Vec<DimensionShape>,
    /// Required; at most 50 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stat: Option<String>,
}

/// Metric math of a detector.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MetricMathShape {
    /// Exactly one expression returns data: that is watched.
    #[serde(deserialize_with = "null_as_absent")]
    pub metric_data_queries: Vec<MetricDataQueryShape>,
}

/// How a detector learns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ConfigurationShape {
    /// At most 10.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_absent")]
    pub excluded_time_ranges: Vec<RangeShape>,
    /// Name in the tz database, at most 50 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_timezone: Option<String>,
    /// `FAST`, `NORMAL` (the default) or `SLOW`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adaptation_speed: Option<String>,
    /// `MINIMAL`, `MODERATE` (the default) or `STRICT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outlier_filtering_strength: Option<String>,
}

/// A time range; both ends are required.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RangeShape {
    /// Inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// Exclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
}

/// What is known of a metric.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MetricCharacteristics {
    /// Whether spikes that come again and again are expected; absent: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub periodic_spikes: Option<bool>,
}

/// Lists detectors, by id or by what they are about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeAnomalyDetectorsRequest {
    /// Only these, at most 50; excludes the filters.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_absent")]
    pub anomaly_detector_ids: Vec<String>,
    /// Where the last page ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// Page size, 1 to 100; absent means 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_results: Option<i32>,
    /// Only detectors about this namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Only detectors about this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_name: Option<String>,
    /// Only detectors about these dimensions.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_absent")]
    pub dimensions: Vec<DimensionShape>,
    /// `SINGLE_METRIC` (the default) and `METRIC_MATH`.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_absent")]
    pub anomaly_detector_types: Vec<String>,
}

/// One page of detectors.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeAnomalyDetectorsResponse {
    /// The detectors.
    pub anomaly_detectors: Vec<AnomalyDetectorShape>,
    /// Absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// One detector of an answer; [`super::AnomalyDetector::into_shape`] makes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AnomalyDetectorShape {
    /// Its id.
    pub anomaly_detector_id: String,
    /// Deprecated, as the next three: of a single metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Deprecated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_name: Option<String>,
    /// Deprecated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<Vec<DimensionShape>>,
    /// Deprecated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stat: Option<String>,
    /// How it learns.
    pub configuration: ConfigurationShape,
    /// How far it has learned.
    pub state_value: AnomalyDetectorState,
    /// What is known of the metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_characteristics: Option<MetricCharacteristics>,
    /// Of a single metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub single_metric_anomaly_detector: Option<SingleMetricShape>,
    /// Of metric math.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric_math_anomaly_detector: Option<MetricMathShape>,
}

/// How far a detector has learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AnomalyDetectorState {
    /// It has not looked at the metric yet.
    PendingTraining,
    /// The metric has too few data points.
    TrainedInsufficientData,
    /// It has a band.
    Trained,
}

/// Deletes a detector, by id or by target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteAnomalyDetectorRequest {
    /// Its id; excludes the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anomaly_detector_id: Option<String>,
    /// Deprecated, as the next three: a metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Deprecated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_name: Option<String>,
    /// Deprecated.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_absent")]
    pub dimensions: Vec<DimensionShape>,
    /// Deprecated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stat: Option<String>,
    /// A metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub single_metric_anomaly_detector: Option<SingleMetricShape>,
    /// Metric math.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_math_anomaly_detector: Option<MetricMathShape>,
}

/// The detector was deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteAnomalyDetectorResponse {}
