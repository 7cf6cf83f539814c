//! Which operations exist? The one table: a new operation is a shape in its service's module, a line
//! here and a handler in the server.

use serde::{Serialize, Serializer};

use super::decode::{decode_shape, decode_shape_hot};
use super::error::AwsError;
use super::http::HttpRequest;
use super::route::Route;
use super::service::Service;
use crate::{cloudwatch, ec2, logs, oam, sts, tagging};

/// One supported operation.
#[derive(Debug, PartialEq, Eq)]
pub struct OperationRow {
    /// The service it belongs to.
    pub service: Service,
    /// Its name, the same on every protocol.
    pub name: &'static str,
}

impl OperationRow {
    /// Largest inflated request, in bytes: the service's, but for a dashboard, whose document is escaped on its way.
    pub(crate) fn request_bytes_max(&self) -> usize {
        match (self.service, self.name) {
            (Service::CloudWatch, "PutDashboard") => cloudwatch::dashboards::REQUEST_BYTES_MAX,
            _ => self.service.row().request_bytes_max,
        }
    }
}

/// The answer of an operation whose model has no output: an empty body, or in XML only the metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoOutput;

impl Serialize for NoOutput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit_struct("NoOutput")
    }
}

macro_rules! operations {
    ($($variant:ident = $service:ident $name:literal, $decode:ident: $request:ty => $response:ty;)*) => {
        /// Every supported operation, in the order of the table.
        pub const OPERATIONS: &[OperationRow] =
            &[$(OperationRow { service: Service::$service, name: $name },)*];

        /// A decoded request; text borrows from the body where the protocol allows.
        #[derive(Debug, Clone, PartialEq)]
        #[allow(missing_docs, reason = "each variant is named after its operation and holds its request")]
        pub enum Operation<'a> { $($variant($request),)* }

        /// An answer, one variant for each operation.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(untagged)]
        #[allow(missing_docs, reason = "each variant is named after its operation and holds its answer")]
        pub enum Response { $($variant($response),)* }

        impl<'a> Operation<'a> {
            /// Reads the request shape of a route. The body must be inflated already. Shapes are read,
            /// not judged: each shape's `validate` does that.
            ///
            /// # Errors
            /// `SerializationException` for a body that is not the protocol's or not the shape's;
            /// the service's own error when a required member is missing.
            pub fn decode(route: &Route, request: &HttpRequest<'a>) -> Result<Operation<'a>, AwsError> {
                match (route.operation.service, route.operation.name) {
                    $((Service::$service, $name) => $decode(route, request).map(Operation::$variant),)*
                    _ => Err(AwsError::new(&super::shapes::UNKNOWN_OPERATION, "the operation has no shape")),
                }
            }
        }
    };
}

operations! {
    // variant                  = service "name", decoder: request => answer. `decode_shape_hot` reads JSON faster.
    CreateLogGroup              = Logs "CreateLogGroup", decode_shape: logs::CreateLogGroupRequest => NoOutput;
    CreateLogStream             = Logs "CreateLogStream", decode_shape: logs::CreateLogStreamRequest => NoOutput;
    DeleteLogGroup              = Logs "DeleteLogGroup", decode_shape: logs::DeleteLogGroupRequest => NoOutput;
    DeleteLogStream             = Logs "DeleteLogStream", decode_shape: logs::DeleteLogStreamRequest => NoOutput;
    DeleteMetricFilter          = Logs "DeleteMetricFilter", decode_shape: logs::DeleteMetricFilterRequest => NoOutput;
    DeleteRetentionPolicy       = Logs "DeleteRetentionPolicy", decode_shape: logs::DeleteRetentionPolicyRequest => NoOutput;
    DeleteSubscriptionFilter    = Logs "DeleteSubscriptionFilter", decode_shape: logs::DeleteSubscriptionFilterRequest => NoOutput;
    DescribeLogGroups           = Logs "DescribeLogGroups", decode_shape: logs::DescribeLogGroupsRequest => logs::DescribeLogGroupsResponse;
    DescribeLogStreams          = Logs "DescribeLogStreams", decode_shape: logs::DescribeLogStreamsRequest => logs::DescribeLogStreamsResponse;
    DescribeMetricFilters       = Logs "DescribeMetricFilters", decode_shape: logs::DescribeMetricFiltersRequest => logs::DescribeMetricFiltersResponse;
    DescribeSubscriptionFilters = Logs "DescribeSubscriptionFilters", decode_shape: logs::DescribeSubscriptionFiltersRequest => logs::DescribeSubscriptionFiltersResponse;
    FilterLogEvents             = Logs "FilterLogEvents", decode_shape: logs::FilterLogEventsRequest => logs::FilterLogEventsResponse;
    GetLogEvents                = Logs "GetLogEvents", decode_shape: logs::GetLogEventsRequest => logs::GetLogEventsResponse;
    GetLogGroupFields           = Logs "GetLogGroupFields", decode_shape: logs::GetLogGroupFieldsRequest => logs::GetLogGroupFieldsResponse;
    GetLogRecord                = Logs "GetLogRecord", decode_shape: logs::GetLogRecordRequest => logs::GetLogRecordResponse;
    ListTagsForResource         = Logs "ListTagsForResource", decode_shape: logs::ListTagsForResourceRequest => logs::TagsResponse;
    ListTagsLogGroup            = Logs "ListTagsLogGroup", decode_shape: logs::ListTagsLogGroupRequest => logs::TagsResponse;
    PutLogEvents                = Logs "PutLogEvents", decode_shape_hot: logs::PutLogEventsRequest<'a> => logs::PutLogEventsResponse;
    PutMetricFilter             = Logs "PutMetricFilter", decode_shape: logs::PutMetricFilterRequest => NoOutput;
    PutRetentionPolicy          = Logs "PutRetentionPolicy", decode_shape: logs::PutRetentionPolicyRequest => NoOutput;
    PutSubscriptionFilter       = Logs "PutSubscriptionFilter", decode_shape: logs::PutSubscriptionFilterRequest => NoOutput;
    // Its answer is a stream of frames (`logs::live_tail`), which the server writes; this one is never encoded.
    StartLiveTail               = Logs "StartLiveTail", decode_shape: logs::StartLiveTailRequest => NoOutput;
    TagLogGroup                 = Logs "TagLogGroup", decode_shape: logs::TagLogGroupRequest => NoOutput;
    TagResource                 = Logs "TagResource", decode_shape: logs::TagResourceRequest => NoOutput;
    TestMetricFilter            = Logs "TestMetricFilter", decode_shape: logs::TestMetricFilterRequest => logs::TestMetricFilterResponse;
    UntagLogGroup               = Logs "UntagLogGroup", decode_shape: logs::UntagLogGroupRequest => NoOutput;
    UntagResource               = Logs "UntagResource", decode_shape: logs::UntagResourceRequest => NoOutput;
    DeleteAnomalyDetector       = CloudWatch "DeleteAnomalyDetector", decode_shape: cloudwatch::DeleteAnomalyDetectorRequest => cloudwatch::DeleteAnomalyDetectorResponse;
    DeleteDashboards            = CloudWatch "DeleteDashboards", decode_shape: cloudwatch::DeleteDashboardsRequest => cloudwatch::DeleteDashboardsResponse;
    DescribeAnomalyDetectors    = CloudWatch "DescribeAnomalyDetectors", decode_shape: cloudwatch::DescribeAnomalyDetectorsRequest => cloudwatch::DescribeAnomalyDetectorsResponse;
    GetDashboard                = CloudWatch "GetDashboard", decode_shape: cloudwatch::GetDashboardRequest => cloudwatch::GetDashboardResponse;
    GetMetricData               = CloudWatch "GetMetricData", decode_shape: cloudwatch::GetMetricDataRequest => cloudwatch::GetMetricDataResponse;
    GetMetricStatistics         = CloudWatch "GetMetricStatistics", decode_shape: cloudwatch::GetMetricStatisticsRequest => cloudwatch::GetMetricStatisticsResponse;
    ListDashboards              = CloudWatch "ListDashboards", decode_shape: cloudwatch::ListDashboardsRequest => cloudwatch::ListDashboardsResponse;
    ListMetrics                 = CloudWatch "ListMetrics", decode_shape: cloudwatch::ListMetricsRequest => cloudwatch::ListMetricsResponse;
    PutAnomalyDetector          = CloudWatch "PutAnomalyDetector", decode_shape: cloudwatch::PutAnomalyDetectorRequest => cloudwatch::PutAnomalyDetectorResponse;
    PutDashboard                = CloudWatch "PutDashboard", decode_shape: cloudwatch::PutDashboardRequest => cloudwatch::PutDashboardResponse;
    PutMetricData               = CloudWatch "PutMetricData", decode_shape_hot: cloudwatch::PutMetricDataRequest => NoOutput;
    GetCallerIdentity           = Sts "GetCallerIdentity", decode_shape: sts::GetCallerIdentityRequest => sts::GetCallerIdentityResponse;
    DescribeRegions             = Ec2 "DescribeRegions", decode_shape: ec2::DescribeRegionsRequest => ec2::DescribeRegionsResponse;
    GetResources                = Tagging "GetResources", decode_shape: tagging::GetResourcesRequest => tagging::GetResourcesResponse;
    ListAttachedLinks           = Oam "ListAttachedLinks", decode_shape: oam::ListAttachedLinksRequest => oam::ListAttachedLinksResponse;
    ListSinks                   = Oam "ListSinks", decode_shape: oam::ListSinksRequest => oam::ListSinksResponse;
}

pub(crate) fn row(service: Service, name: &str) -> Option<&'static OperationRow> {
    OPERATIONS.iter().find(|row| row.service == service && row.name == name)
}
