//! How is one AWS call answered?
//!
//! The door: verify the signature over the bytes as they came, inflate, route, decode, then the operation's handler.
//! Handlers are pure up to a [`Prepared`] call; what must be durable goes through the pipeline, the answer of a
//! stored call is kept for its retries, and what has to be read of the lake is waited for. Every error leaves in the
//! caller's own protocol, its text guarded.

mod anomaly_detectors;
mod dashboards;
mod door;
mod live_tail;
mod log_tags;
mod logs;
mod metric_filters;
mod metric_reads;
mod metrics;
mod neighbours;
mod read_events;
mod signing_keys;
mod sts;
mod subscription_filters;

use futures_util::future::BoxFuture;
use walletscope_model::{Body, Origin};
use walletscope_stream::Answer;
use walletscope_wire::aws::{AwsError, Operation, Response};

pub use door::{Door, handle};
pub(crate) use door::{header_rows, to_axum};
pub(crate) use metric_filters::note_words;

/// Who calls, after the signature was verified.
pub(crate) struct Caller {
    pub origin: Origin,
    pub access_key: Box<str>,
}

/// What a handler decided.
pub(crate) enum Prepared {
    /// Nothing to store.
    Answer(Response),
    /// Store this; the answer is known already.
    Store(Body, Response),
    /// Execute this; the step decides the answer.
    Execute(Body, fn(Answer) -> Result<Response, AwsError>),
    /// Execute this; the step decides the answer, which tells what the call named.
    ExecuteFor(Body, Box<dyn FnOnce(Answer) -> Result<Response, AwsError> + Send>),
    /// Execute this if a check says so, which takes a while.
    ExecuteIf {
        check: BoxFuture<'static, Result<(), AwsError>>,
        body: Body,
        meaning: fn(Answer) -> Result<Response, AwsError>,
    },
    /// Read what the answer says, which takes a while; a caller that goes ends it. Nothing is stored.
    Read(BoxFuture<'static, Result<Response, AwsError>>),
    /// Answer with a stream of frames.
    LiveTail(Box<live_tail::Session>),
}

/// Decides one operation.
pub(crate) fn prepare(door: &Door, caller: &Caller, operation: Operation<'_>) -> Result<Prepared, AwsError> {
    match operation {
        Operation::CreateLogGroup(request) => logs::create_group(door, caller, &request),
        Operation::DeleteLogGroup(request) => logs::delete_group(door, caller, &request),
        Operation::CreateLogStream(request) => logs::create_stream(door, caller, &request),
        Operation::DescribeLogGroups(request) => logs::describe_groups(door, caller, &request),
        Operation::DescribeLogStreams(request) => logs::describe_streams(door, caller, &request),
        Operation::PutLogEvents(request) => logs::put_events(door, caller, &request),
        Operation::DeleteLogStream(request) => logs::delete_stream(door, caller, &request),
        Operation::PutRetentionPolicy(request) => logs::put_retention(door, caller, &request),
        Operation::DeleteRetentionPolicy(request) => logs::delete_retention(door, caller, &request),
        Operation::TagLogGroup(request) => log_tags::tag_group(door, caller, &request),
        Operation::TagResource(request) => log_tags::tag_resource(door, caller, &request),
        Operation::UntagLogGroup(request) => log_tags::untag_group(door, caller, &request),
        Operation::UntagResource(request) => log_tags::untag_resource(door, caller, &request),
        Operation::ListTagsLogGroup(request) => log_tags::list_of_group(door, caller, &request),
        Operation::ListTagsForResource(request) => log_tags::list_of_resource(door, caller, &request),
        Operation::PutMetricFilter(request) => metric_filters::put(door, caller, &request),
        Operation::DescribeMetricFilters(request) => metric_filters::describe(door, caller, &request),
        Operation::DeleteMetricFilter(request) => metric_filters::delete(door, caller, &request),
        Operation::TestMetricFilter(request) => metric_filters::test(door, caller, &request),
        Operation::GetLogEvents(request) => read_events::get(door, caller, &request),
        Operation::FilterLogEvents(request) => read_events::filter(door, caller, &request),
        Operation::GetLogGroupFields(request) => read_events::group_fields(door, caller, &request),
        Operation::StartLiveTail(request) => live_tail::start(door, caller, &request),
        Operation::GetLogRecord(request) => read_events::record(door, caller, &request),
        Operation::PutSubscriptionFilter(request) => subscription_filters::put(door, caller, &request),
        Operation::DescribeSubscriptionFilters(request) => {
            subscription_filters::describe(door, caller, &request)
        }
        Operation::DeleteSubscriptionFilter(request) => subscription_filters::delete(door, caller, &request),
        Operation::PutMetricData(request) => metrics::put_data(door, caller, request),
        Operation::GetMetricData(request) => metric_reads::get_data(door, caller, request),
        Operation::GetMetricStatistics(request) => metric_reads::get_statistics(door, caller, request),
        Operation::ListMetrics(request) => metric_reads::list(door, caller, request),
        Operation::DescribeRegions(request) => neighbours::regions(door, caller, request),
        Operation::GetResources(request) => neighbours::resources(&request),
        Operation::ListSinks(request) => neighbours::sinks(&request),
        Operation::ListAttachedLinks(request) => neighbours::links(&request),
        Operation::PutDashboard(request) => dashboards::put(door, caller, request),
        Operation::GetDashboard(request) => dashboards::get(door, caller, request),
        Operation::ListDashboards(request) => dashboards::list(door, caller, request),
        Operation::DeleteDashboards(request) => dashboards::delete(door, caller, request),
        Operation::PutAnomalyDetector(request) => anomaly_detectors::put(door, caller, request),
        Operation::DescribeAnomalyDetectors(request) => anomaly_detectors::describe(door, caller, request),
        Operation::DeleteAnomalyDetector(request) => anomaly_detectors::delete(door, caller, request),
        Operation::GetCallerIdentity(_) => Ok(Prepared::Answer(sts::caller_identity(caller))),
    }
}
