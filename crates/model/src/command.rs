//! What do clients and settings order, besides sending telemetry?
//!
//! Commands are journal entries like all else: what they define holds from their offset on, in every replay. Each is
//! about the account and region of its entry's origin.

use crate::rules::Rules;
use crate::telemetry::Offset;
use crate::time::Timestamp;

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
    /// Creates the dashboard, or takes the place of the one with its name. Dashboards belong to no region.
    PutDashboard {
        name: Box<str>,
        /// JSON, as its author wrote it.
        body: Box<str>,
        /// Those of one that exists stay.
        tags: Vec<(Box<str>, Box<str>)>,
    },
    /// Deletes all of them, or none where one is not there.
    DeleteDashboards {
        names: Vec<Box<str>>,
    },
    /// Creates the detector, or takes the place of the one with its target, which then has to learn anew.
    PutAnomalyDetector(Box<AnomalyDetectorDefinition>),
    DeleteAnomalyDetector(Box<AnomalyDetectorTarget>),
    /// What a detector learnt from the points of its metric.
    NoteTrained {
        target: Box<AnomalyDetectorTarget>,
        /// The entry that put the definition it learnt by: what an earlier one learnt is nothing to a later one.
        incarnation: Offset,
        trained_at: Timestamp,
        /// The model's bytes; `None` where there were too few points.
        model: Option<Box<[u8]>>,
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

/// What an anomaly detector is about; an account has one detector for each in a region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AnomalyDetectorTarget {
    /// The metric's namespace.
    pub namespace: Box<str>,
    /// The metric's name.
    pub metric: Box<str>,
    /// All of its dimensions, sorted by name.
    pub dimensions: Vec<(Box<str>, Box<str>)>,
    /// The statistic as its author wrote it.
    pub statistic: Box<str>,
}

/// An anomaly detector as its author wrote it
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutAnomalyDetector.html>).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnomalyDetectorDefinition {
    /// What it is about.
    pub target: AnomalyDetectorTarget,
    /// From (included) and to (excluded): points of these times are not learnt from.
    pub excluded: Vec<(Timestamp, Timestamp)>,
    /// The name in the tz database of the zone whose days and weeks the metric follows; `None`: UTC.
    pub timezone: Option<Box<str>>,
    /// Whether spikes that come at the same times each day are normal.
    pub has_periodic_spikes: bool,
    /// `FAST`, `NORMAL` or `SLOW`; answered back, without a meaning here.
    pub adaptation_speed: Box<str>,
    /// `MINIMAL`, `MODERATE` or `STRICT`; answered back, without a meaning here.
    pub outlier_filtering_strength: Box<str>,
}
