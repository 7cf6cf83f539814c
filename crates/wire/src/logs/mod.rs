//! What do clients ask CloudWatch Logs? Request and answer shapes, and the errors only Logs has.
//!
//! Member names and ranges follow the service's published model (2014-03-28); times are its own plain
//! integers, milliseconds since the epoch. Groups, streams and batches are here; every other kind of operation has a
//! file with its shapes. The pure checks are `validate` methods: names and pages in `names.rs`, the limits of a batch
//! in `put_log_events.rs`, the words of a refusal in `violations.rs`.

pub mod live_tail;
pub mod look_up;
pub mod metric_filters;
pub(crate) mod names;
pub mod put_log_events;
pub mod read_events;
pub mod retention;
pub mod subscription_filters;
pub mod tags;
pub mod test_metric_filter;
pub(crate) mod violations;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::aws::{AwsError, ErrorShape};

pub use live_tail::{
    LiveTailEvent, LiveTailSessionLogEvent, LiveTailSessionMetadata, LiveTailSessionStart,
    LiveTailSessionUpdate, StartLiveTailRequest,
};
pub use look_up::{
    GetLogGroupFieldsRequest, GetLogGroupFieldsResponse, GetLogRecordRequest, GetLogRecordResponse,
    LogGroupField, invalid_record_pointer,
};
pub use metric_filters::{
    DeleteMetricFilterRequest, DescribeMetricFiltersRequest, DescribeMetricFiltersResponse, MetricFilter,
    MetricTransformation, PutMetricFilterRequest, dimensions_need_fields, metric_filter_not_found,
};
pub use names::DESCRIBE_LIMIT_MAX;
pub use put_log_events::{AcceptedRange, Batch};
pub use read_events::{
    Direction, EventsToken, FilterLogEventsRequest, FilterLogEventsResponse, FilteredLogEvent,
    GetLogEventsRequest, GetLogEventsResponse, OutputLogEvent, SearchedLogStream,
};
pub use retention::{DeleteRetentionPolicyRequest, PutRetentionPolicyRequest};
pub use subscription_filters::{
    DeleteSubscriptionFilterRequest, DescribeSubscriptionFiltersRequest, DescribeSubscriptionFiltersResponse,
    PutSubscriptionFilterRequest, SubscriptionFilter, subscription_filter_not_found,
};
pub use tags::{
    ListTagsForResourceRequest, ListTagsLogGroupRequest, TagLogGroupRequest, TagResourceRequest,
    TagsResponse, UntagLogGroupRequest, UntagResourceRequest, too_many_tags,
};
pub use test_metric_filter::{
    MetricFilterMatch, Reading, TestMetricFilterRequest, TestMetricFilterResponse, Verdict,
};
pub use violations::{FILTER_PATTERN_LEN_MAX, TAGS_MAX};

/// A member violates a constraint.
pub const INVALID_PARAMETER: ErrorShape = ErrorShape::sender("InvalidParameterException", "InvalidParameter");
/// The named group or stream does not exist.
pub const RESOURCE_NOT_FOUND: ErrorShape =
    ErrorShape::sender("ResourceNotFoundException", "ResourceNotFound");
/// The named group or stream exists already.
pub const RESOURCE_ALREADY_EXISTS: ErrorShape =
    ErrorShape::sender("ResourceAlreadyExistsException", "ResourceAlreadyExists");
/// The request holds more tags than fit beside those the resource has.
pub const TOO_MANY_TAGS: ErrorShape = ErrorShape::sender("TooManyTagsException", "TooManyTags");
/// One account may not have more of these.
pub const LIMIT_EXCEEDED: ErrorShape = ErrorShape::sender("LimitExceededException", "LimitExceeded");

/// `ResourceNotFoundException` of a group, in the service's words.
pub fn group_not_found() -> AwsError {
    AwsError::new(&RESOURCE_NOT_FOUND, "The specified log group does not exist.")
}

/// `ResourceNotFoundException` of a stream, in the service's words.
pub fn stream_not_found() -> AwsError {
    AwsError::new(&RESOURCE_NOT_FOUND, "The specified log stream does not exist.")
}

/// `ResourceAlreadyExistsException` of a group, in the service's words.
pub fn group_exists() -> AwsError {
    AwsError::new(&RESOURCE_ALREADY_EXISTS, "The specified log group already exists")
}

/// `ResourceAlreadyExistsException` of a stream, in the service's words.
pub fn stream_exists() -> AwsError {
    AwsError::new(&RESOURCE_ALREADY_EXISTS, "The specified log stream already exists")
}

/// `InvalidParameterException` of a page token that this server did not give out, in the service's words.
pub fn invalid_next_token() -> AwsError {
    AwsError::new(&INVALID_PARAMETER, "The specified nextToken is invalid.")
}

/// `LimitExceededException`, in the service's words.
pub fn limit_exceeded() -> AwsError {
    AwsError::new(&LIMIT_EXCEEDED, "Resource limit exceeded.")
}

/// The answer to an absent required member.
pub(crate) fn missing_member(member: &str) -> AwsError {
    let mut violations = violations::Violations::default();
    violations.add(member, "Member must not be null");
    violations.into_error()
}

/// Creates a log group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateLogGroupRequest {
    /// 1 to 512 of `[.\-_/#A-Za-z0-9]`.
    pub log_group_name: String,
    /// Accepted, not kept: nothing is encrypted with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// At most 50, keys of 1 to 128 characters, values of at most 256.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// `STANDARD`, `INFREQUENT_ACCESS`, `DELIVERY` or `ESSENTIALS`; accepted, not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_group_class: Option<String>,
    /// Accepted, not kept: `DeleteLogGroup` is never refused for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_protection_enabled: Option<bool>,
}

/// Deletes a log group with its streams.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteLogGroupRequest {
    /// The group.
    pub log_group_name: String,
}

/// Creates a log stream in a group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateLogStreamRequest {
    /// The group.
    pub log_group_name: String,
    /// 1 to 512 characters without `:` and `*`.
    pub log_stream_name: String,
}

/// Deletes a log stream with its events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteLogStreamRequest {
    /// The group.
    pub log_group_name: String,
    /// The stream.
    pub log_stream_name: String,
}

/// Lists log groups, in the order of their names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DescribeLogGroupsRequest {
    /// Accounts to look into, with `includeLinkedAccounts`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub account_identifiers: Vec<String>,
    /// Groups whose name starts so, by case; excludes the pattern.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_group_name_prefix: Option<String>,
    /// Groups whose name contains this, by case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_group_name_pattern: Option<String>,
    /// Where the last page ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// Page size, 1 to 50; absent means 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i32>,
    /// Whether linked accounts count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_linked_accounts: Option<bool>,
    /// Only groups of that class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_group_class: Option<String>,
    /// Only these groups, by name or ARN.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log_group_identifiers: Vec<String>,
}

/// One page of log groups.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeLogGroupsResponse {
    /// The groups.
    pub log_groups: Vec<LogGroup>,
    /// Absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// One log group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogGroup {
    /// Its name.
    pub log_group_name: String,
    /// Milliseconds since the epoch.
    pub creation_time: i64,
    /// Days events are kept; absent means for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_in_days: Option<i32>,
    /// Metric filters on the group.
    pub metric_filter_count: i32,
    /// ARN ending in `:*`.
    pub arn: String,
    /// ARN without `:*`.
    pub log_group_arn: String,
    /// Bytes stored.
    pub stored_bytes: i64,
    /// Always absent: none is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    /// Always `STANDARD`.
    pub log_group_class: String,
    /// Always absent: nothing is protected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_protection_enabled: Option<bool>,
}

/// Lists the streams of a group, by name or by last event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DescribeLogStreamsRequest {
    /// The group; exactly one of name and identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_group_name: Option<String>,
    /// The group by name or ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_group_identifier: Option<String>,
    /// Streams whose name starts so; not with `LastEventTime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_stream_name_prefix: Option<String>,
    /// `LogStreamName` (the default) or `LastEventTime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_by: Option<String>,
    /// Largest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub descending: Option<bool>,
    /// Where the last page ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// Page size, 1 to 50; absent means 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i32>,
}

/// One page of log streams.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeLogStreamsResponse {
    /// The streams.
    pub log_streams: Vec<LogStream>,
    /// Absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// One log stream. Times are milliseconds since the epoch, absent while the stream is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogStream {
    /// Its name.
    pub log_stream_name: String,
    /// When it was created.
    pub creation_time: i64,
    /// Oldest event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_event_timestamp: Option<i64>,
    /// Newest event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_event_timestamp: Option<i64>,
    /// When the newest batch arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_ingestion_time: Option<i64>,
    /// Ignored by the service nowadays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload_sequence_token: Option<String>,
    /// ARN of the stream.
    pub arn: String,
    /// Always 0 in the real service since 2019.
    pub stored_bytes: i64,
}

/// Uploads a batch of events to one stream. Borrows from the body wherever JSON had no escapes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutLogEventsRequest<'a> {
    /// The group.
    #[serde(borrow)]
    pub log_group_name: Cow<'a, str>,
    /// The stream.
    #[serde(borrow)]
    pub log_stream_name: Cow<'a, str>,
    /// 1 to 10,000 events in the order of their times.
    #[serde(borrow)]
    pub log_events: Vec<InputLogEvent<'a>>,
    /// Ignored, as the service does.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub sequence_token: Option<Cow<'a, str>>,
    /// What the events are about; accepted, not used yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<Entity>,
}

/// One event of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputLogEvent<'a> {
    /// Milliseconds since the epoch, not negative.
    pub timestamp: i64,
    /// UTF-8 text, not empty.
    #[serde(borrow)]
    pub message: Cow<'a, str>,
}

/// The thing a signal is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Entity {
    /// What identifies it.
    pub key_attributes: BTreeMap<String, String>,
    /// What else is known of it.
    pub attributes: BTreeMap<String, String>,
}

/// The answer to an accepted batch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutLogEventsResponse {
    /// Any text: the service ignores it in the next request.
    pub next_sequence_token: String,
    /// Present if an event was left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected_log_events_info: Option<RejectedLogEventsInfo>,
}

/// Which events of an accepted batch were left out for their times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RejectedLogEventsInfo {
    /// Index of the first event too far in the future, inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub too_new_log_event_start_index: Option<i32>,
    /// Index after the last event that is too old, exclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub too_old_log_event_end_index: Option<i32>,
    /// Index after the last event beyond the group's retention, exclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired_log_event_end_index: Option<i32>,
}
