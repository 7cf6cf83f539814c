//! What do clients and settings order, besides sending telemetry?
//!
//! Commands are journal entries like all else: what they define holds from their offset on, in every replay. Each is
//! about the account and region of its entry's origin.

use crate::rules::Rules;
use crate::telemetry::Offset;

/// A control-plane command.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Command {
    CreateLogGroup {
        name: Box<str>,
        retention_days: Option<u32>,
        tags: Vec<(Box<str>, Box<str>)>,
    },
    DeleteLogGroup {
        name: Box<str>,
    },
    CreateLogStream {
        group: Box<str>,
        name: Box<str>,
    },
    DeleteLogStream {
        group: Box<str>,
        name: Box<str>,
    },
    /// How long events are kept; `None`: for ever.
    SetRetention {
        group: Box<str>,
        days: Option<u32>,
    },
    /// Sets tags; others of the group stay.
    TagLogGroup {
        group: Box<str>,
        tags: Vec<(Box<str>, Box<str>)>,
    },
    UntagLogGroup {
        group: Box<str>,
        names: Vec<Box<str>>,
    },
    /// Creates the filter, or takes the place of the one with its name.
    PutMetricFilter {
        group: Box<str>,
        filter: Box<MetricFilterDefinition>,
    },
    DeleteMetricFilter {
        group: Box<str>,
        name: Box<str>,
    },
    /// Creates the filter, or takes the place of the one with its name; what waits for delivery is delivered by it.
    PutSubscriptionFilter {
        group: Box<str>,
        filter: Box<SubscriptionFilterDefinition>,
    },
    DeleteSubscriptionFilter {
        group: Box<str>,
        name: Box<str>,
    },
    /// What a subscription filter finds in entries up to `through` was delivered, or put aside as undeliverable.
    NoteDelivered {
        group: Box<str>,
        filter: Box<str>,
        /// The entry that created the filter: one made again under the same name is another one.
        incarnation: Offset,
        through: Offset,
    },
    /// The waits of the join, from the settings.
    SetRules(Rules),
}

/// A metric filter as its author wrote it
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html>).
#[derive(Clone, Debug, PartialEq)]
pub struct MetricFilterDefinition {
    /// Unique in its group.
    pub name: Box<str>,
    /// Which events make a point.
    pub pattern: Box<str>,
    /// The metric's namespace.
    pub namespace: Box<str>,
    /// The metric's name.
    pub metric: Box<str>,
    /// A number, or where in an event it stands.
    pub value: Box<str>,
    /// The value of a minute with events of which none matched.
    pub default_value: Option<f64>,
    /// A unit of CloudWatch.
    pub unit: Option<Box<str>>,
    /// Names of dimensions, and where in an event their values stand.
    pub dimensions: Vec<(Box<str>, Box<str>)>,
}

/// A subscription filter as its author wrote it
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html>).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionFilterDefinition {
    /// Unique in its group.
    pub name: Box<str>,
    /// Which events are delivered.
    pub pattern: Box<str>,
    /// Where to: the URL of an HTTP endpoint that takes what Data Firehose sends.
    pub destination: Box<str>,
    /// Answered back, without a meaning here.
    pub role_arn: Option<Box<str>>,
    /// `ByLogStream` or `Random`; answered back, without a meaning here.
    pub distribution: Box<str>,
}
