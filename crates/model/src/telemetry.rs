//! What do clients send, and what is one journal entry?
//!
//! One entry is one client call: its origin and its records, already guarded. Nothing enters the product but as a
//! [`Batch`], time and commands included, so a replay of the journal gives the same state.

use crate::rules::Rules;
use crate::time::Timestamp;

/// The position of an entry in the journal: dense, from 1, never reused. Zero means "before the first".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(pub u64);

/// Where a call came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The AWS account number, twelve digits.
    pub account: Box<str>,
    /// The region of the credential scope.
    pub region: Box<str>,
    /// The access key or door the call came through.
    pub source: Box<str>,
    /// Whose data it is; tenants never share an attempt.
    pub tenant: Box<str>,
}

/// One entry of the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// When it was appended; never before the previous entry's. Every entry is a tick.
    pub appended_at: Timestamp,
    /// Where it came from.
    pub origin: Origin,
    /// The client's invocation id, equal over the retries of one call; empty where the client sends none.
    pub invocation_id: Box<str>,
    /// What it holds.
    pub body: Body,
}

/// What one entry holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Log events of one stream.
    Logs(LogBatch),
    /// Metric data.
    Metrics(MetricBatch),
    /// A control-plane command; its answer is the result of stepping it.
    Command(Command),
    /// Time passed and a timer is due.
    Tick,
    /// The product did not run, or the clock jumped, for more than five minutes.
    Gap(Gap),
    /// The history of this entry's source is complete: its records so far count by event time.
    BackfillEnd,
}

/// Log events of one stream, one PutLogEvents call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogBatch {
    /// The log group's name.
    pub group: Box<str>,
    /// The log stream's name.
    pub stream: Box<str>,
    /// The events in the client's order.
    pub events: Vec<LogEvent>,
}

/// One log event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// The event's own time.
    pub timestamp: Timestamp,
    /// The guarded message.
    pub message: Box<str>,
    /// Whether the guard changed the message.
    pub guarded: bool,
}

/// Metric data of one PutMetricData call.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricBatch {
    /// The data in the client's order.
    pub data: Vec<MetricDatum>,
}

/// One CloudWatch metric datum.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricDatum {
    /// The namespace.
    pub namespace: Box<str>,
    /// The metric's name.
    pub name: Box<str>,
    /// Dimension names and values, sorted by name; at most 30.
    pub dimensions: Vec<(Box<str>, Box<str>)>,
    /// The datum's own time.
    pub timestamp: Timestamp,
    /// The unit's CloudWatch name; `None` where the client gave none.
    pub unit: Option<Box<str>>,
    /// 1 or 60 seconds.
    pub storage_resolution_seconds: u8,
    /// The value or values.
    pub value: MetricValue,
}

/// What a datum says. All numbers are finite and within ±2^360.
#[derive(Clone, Debug, PartialEq)]
pub enum MetricValue {
    /// Values and how often each occurred, counts from zero, not always whole.
    Values(Vec<(f64, f64)>),
    /// A statistic set.
    Statistics {
        /// How many samples.
        sample_count: f64,
        /// Their sum.
        sum: f64,
        /// The smallest.
        minimum: f64,
        /// The largest.
        maximum: f64,
    },
}

/// A control-plane command.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// The waits of the join, from the settings.
    SetRules(Rules),
}

/// A stretch without entries while timers stood still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The last entry before it.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

impl Origin {
    /// The product itself: ticks and gaps come from nobody else.
    pub fn own() -> Self {
        Self { account: "".into(), region: "".into(), source: "walletscope".into(), tenant: "".into() }
    }
}
