//! What do clients ask CloudWatch? Shapes of its requests, and the errors only CloudWatch has.
//!
//! One shape serves awsJson, CBOR and Query alike: member names are those of the published model
//! (2010-08-01). Every kind of operation has a file with its limits and its `validate`, and but for PutMetricData with
//! its shapes; the words of refusals are in `parameters.rs`.

pub mod anomaly_detectors;
pub mod dashboards;
pub mod get_metric_data;
pub mod get_metric_statistics;
pub mod list_metrics;
pub mod metric_query;
pub(crate) mod parameters;
pub mod put_metric_data;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::aws::{AwsError, Double, ErrorShape, Timestamp};

pub use anomaly_detectors::{
    ADAPTATION_SPEEDS, AdaptationSpeed, AnomalyDetector, AnomalyDetectorFilter, AnomalyDetectorReference,
    AnomalyDetectorShape, AnomalyDetectorState, AnomalyDetectorTarget, DeleteAnomalyDetectorRequest,
    DeleteAnomalyDetectorResponse, DescribeAnomalyDetectors, DescribeAnomalyDetectorsRequest,
    DescribeAnomalyDetectorsResponse, ExcludedRange, OUTLIER_FILTERING_STRENGTHS, OutlierFilteringStrength,
    PutAnomalyDetectorRequest, PutAnomalyDetectorResponse, anomaly_detector_not_found,
};
pub use dashboards::{
    DashboardEntry, DeleteDashboardsRequest, DeleteDashboardsResponse, GetDashboardRequest,
    GetDashboardResponse, ListDashboards, ListDashboardsRequest, ListDashboardsResponse, PutDashboard,
    PutDashboardRequest, PutDashboardResponse, TagShape, dashboard_holds_card_number, dashboard_not_found,
};
pub use get_metric_data::{
    GetMetricData, GetMetricDataRequest, GetMetricDataResponse, LabelOptions, MessageData, MetricDataResult,
    ScanBy, StatusCode,
};
pub use get_metric_statistics::{
    Datapoint, GetMetricStatistics, GetMetricStatisticsRequest, GetMetricStatisticsResponse, Statistic,
    invalid_extended_statistic, too_many_datapoints,
};
pub use list_metrics::{DimensionFilter, ListMetrics, ListMetricsRequest, ListMetricsResponse};
pub use metric_query::{
    MetricDataQuery, MetricDataQueryShape, MetricShape, MetricStat, MetricStatShape, QuerySource,
    dimension_shapes, invalid_statistic,
};
pub use parameters::{NEXT_TOKEN_LEN_MAX, invalid_next_token, invalid_token_value};
pub use put_metric_data::{Dimensions, MetricDatum, MetricValue, Resolution, StatisticSet, UNITS};

/// A member has a value that is not allowed.
pub const INVALID_PARAMETER_VALUE: ErrorShape =
    ErrorShape::sender("InvalidParameterValueException", "InvalidParameterValue");
/// A required member is absent.
pub const MISSING_PARAMETER: ErrorShape =
    ErrorShape::sender("MissingRequiredParameterException", "MissingParameter");
/// Members that exclude each other are both there.
pub const INVALID_PARAMETER_COMBINATION: ErrorShape =
    ErrorShape::sender("InvalidParameterCombinationException", "InvalidParameterCombination");

/// A page token that nobody here gave out.
pub const INVALID_NEXT_TOKEN: ErrorShape = ErrorShape::sender("InvalidNextToken", "InvalidNextToken");
/// There is no such dashboard.
pub const DASHBOARD_NOT_FOUND: ErrorShape =
    ErrorShape::not_found("DashboardNotFoundError", "ResourceNotFound");
/// The body of a dashboard is not what it must be; the only error with details.
pub const DASHBOARD_INVALID_INPUT: ErrorShape =
    ErrorShape::sender("DashboardInvalidInputError", "InvalidParameterInput");
/// There is no such anomaly detector.
pub const RESOURCE_NOT_FOUND: ErrorShape =
    ErrorShape::not_found("ResourceNotFoundException", "ResourceNotFoundException");
/// One account may not have more of these.
pub const LIMIT_EXCEEDED: ErrorShape = ErrorShape::sender("LimitExceededException", "LimitExceededException");

/// The answer to an absent required member.
pub(crate) fn missing_parameter(member: &str) -> AwsError {
    AwsError::new(&MISSING_PARAMETER, format!("The parameter {member} is required."))
}

/// Publishes metrics of one namespace.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutMetricDataRequest {
    /// 1 to 255 characters, not starting with `:`.
    pub namespace: String,
    /// Metrics about no entity.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metric_data: Vec<MetricDatumShape>,
    /// Metrics about entities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entity_metric_data: Vec<EntityMetricData>,
    /// Whether a bad entity fails the request; accepted, entities are not judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict_entity_validation: Option<bool>,
}

/// Metrics about one entity.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct EntityMetricData {
    /// The entity; accepted, not used yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity: Option<Entity>,
    /// The metrics.
    pub metric_data: Vec<MetricDatumShape>,
}

/// The thing a metric is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Entity {
    /// What identifies it.
    pub key_attributes: BTreeMap<String, String>,
    /// What else is known of it.
    pub attributes: BTreeMap<String, String>,
}

/// One metric as it stands in the request. Required members are optional here, so that an absent one is
/// reported with its place.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MetricDatumShape {
    /// Required; 1 to 255 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_name: Option<String>,
    /// At most 30.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dimensions: Vec<DimensionShape>,
    /// Absent: when it was received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// A single value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Double>,
    /// A summary of many values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statistic_values: Option<StatisticSetShape>,
    /// Many values, at most 150.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Double>,
    /// How often each of `values` occurred; absent: once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub counts: Vec<Double>,
    /// One of [`UNITS`]; absent: `None`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// 1 or 60 seconds; absent: 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_resolution: Option<i32>,
}

/// One dimension as it stands in the request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DimensionShape {
    /// Required; 1 to 255 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Required; 1 to 1,024 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// A summary as it stands in the request; all four are required.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct StatisticSetShape {
    /// How many values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_count: Option<Double>,
    /// Their sum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sum: Option<Double>,
    /// The smallest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<Double>,
    /// The largest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum: Option<Double>,
}
