//! What is telemetry, an attempt, a token, a measure?
//!
//! The nouns of the product and the tables that give them meaning: which event moves an attempt to which stage
//! ([`contract`]), which class and owner a failure reason has ([`reason`]), how each number is defined
//! ([`measure`]). Nothing here reads a clock, a file or a socket, and nothing here knows a wire or storage format.

pub mod attempt;
pub mod command;
pub mod contract;
pub mod measure;
pub mod metric;
pub mod reason;
pub mod rules;
pub mod telemetry;
pub mod time;
pub mod token;

pub use attempt::{
    Abandoned, Aliases, Attempt, AttemptId, CameFrom, Decision, Decisions, IdKind, Outcome, Stage,
};
pub use command::{
    AnomalyDetectorDefinition, AnomalyDetectorTarget, Command, MetricFilterDefinition,
    SubscriptionFilterDefinition,
};
pub use contract::{EventKind, Field, Lifecycle};
pub use reason::{FailureClass, Owner, Reason};
pub use rules::Rules;
pub use telemetry::{
    AuditEvent, Batch, Body, DerivedDatum, Gap, LogBatch, LogEvent, MetricBatch, MetricDatum, MetricValue,
    Offset, Origin, Provenance, Span,
};
pub use time::{Duration, Timestamp};
pub use token::{TokenState, TokenTimeline};
