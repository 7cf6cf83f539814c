//! What can a file define?
//!
//! Plain values, checked as far as their own text goes: names, lengths and forms are those of AWS's calls. Whether a
//! group exists, a pattern compiles or a metric has data is for whoever applies them.

use walletscope_model::{MetricFilterDefinition, Timestamp};

use super::error::Place;

/// One thing that a file defines.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// Where it stands.
    pub place: Place,
    /// Its name. A metric filter's is unique in its group, any other's among its kind.
    pub name: Box<str>,
    /// What it is.
    pub kind: Kind,
}

/// What a definition defines.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A metric filter.
    MetricFilter(MetricFilter),
    /// A log group.
    LogGroup(LogGroup),
    /// A dashboard.
    Dashboard(Dashboard),
    /// A query with a name.
    SavedQuery(SavedQuery),
    /// A band of what is usual for one metric.
    AnomalyDetector(AnomalyDetector),
    /// An alarm: read and kept, not applied.
    Alarm(Alarm),
    /// Something of which nothing is made.
    Skipped(Skipped),
}

/// A metric filter and its group.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricFilter {
    /// The group.
    pub log_group: Box<str>,
    /// The filter; its name is the definition's.
    pub filter: MetricFilterDefinition,
}

/// A log group; its name is the definition's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogGroup {
    /// For how many days it keeps events, one of those that AWS allows; absent means for ever.
    pub retention_days: Option<i32>,
}

/// A dashboard; its name is the definition's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dashboard {
    /// A JSON object as
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html>
    /// describes it.
    pub body: Box<str>,
    /// The metrics that its widgets name one by one.
    pub metrics: Vec<MetricUse>,
}

/// Names of dimensions and their values, or where in an event these stand.
pub type Dimensions = Vec<(Box<str>, Box<str>)>;

/// A metric that a definition reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MetricUse {
    /// Its namespace.
    pub namespace: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// Names and values, as they were written.
    pub dimensions: Dimensions,
}

/// A query with a name, which is the definition's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedQuery {
    /// Its text.
    pub query: Box<str>,
    /// In which language it is written, where the file says so.
    pub language: Option<QueryLanguage>,
    /// The log groups that it reads, where the file names any.
    pub log_groups: Vec<Box<str>>,
}

/// A language of queries, by AWS's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryLanguage {
    /// `CWLI`.
    LogsInsights,
    /// `PPL`.
    Ppl,
    /// `SQL`.
    Sql,
}

/// A band of what is usual for one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct AnomalyDetector {
    /// The metric.
    pub metric: MetricUse,
    /// The statistic, such as `Average` or `p99`.
    pub statistic: Box<str>,
    /// Stretches of time that are no example, from and to.
    pub excluded: Vec<(Timestamp, Timestamp)>,
    /// The zone whose days and weeks count, a name of the tz database.
    pub time_zone: Option<Box<str>>,
    /// Whether the metric has spikes that are usual.
    pub has_periodic_spikes: Option<bool>,
}

/// Why [`Kind::Alarm`] is not applied.
pub const ALARMS_NOT_APPLIED: &str = "alarms are not applied by this version yet";

/// An alarm: read and kept, not applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    /// All of it as JSON; functions of templates stand in their long form.
    pub raw: Box<str>,
    /// Its metric's namespace, where it names one metric and no function stands there.
    pub namespace: Option<Box<str>>,
    /// Its metric's name, likewise.
    pub metric: Option<Box<str>>,
    /// The statistic, where it names one.
    pub statistic: Option<Box<str>>,
    /// The threshold.
    pub threshold: Option<f64>,
    /// Why it is not applied.
    pub note: &'static str,
}

/// Something of which nothing is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The type of a template's resource, or the kind of text.
    pub what: Box<str>,
    /// Why.
    pub reason: String,
}

impl Kind {
    /// A word for reports.
    pub fn word(&self) -> &'static str {
        match self {
            Self::MetricFilter(_) => "metric filter",
            Self::LogGroup(_) => "log group",
            Self::Dashboard(_) => "dashboard",
            Self::SavedQuery(_) => "saved query",
            Self::AnomalyDetector(_) => "anomaly detector",
            Self::Alarm(_) => "alarm",
            Self::Skipped(_) => "not applied",
        }
    }
}

impl QueryLanguage {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::LogsInsights, Self::Ppl, Self::Sql];

    /// AWS's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::LogsInsights => "CWLI",
            Self::Ppl => "PPL",
            Self::Sql => "SQL",
        }
    }
}
