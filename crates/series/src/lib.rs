//! What does this time series say?
//!
//! How long the buckets of a chart are ([`bucket`]), what is counted in one of them ([`window`], by the million
//! [`tally`]) and how durations are summed up without keeping each ([`sketch`]). All of that is linear: taking back
//! what was added leaves nothing, in any order, so a late or corrected attempt moves exactly the numbers that it had
//! moved before. What is known of any metric in a bucket is a [`point`], of which there is every [`statistic`];
//! [`math`] computes the expressions of CloudWatch metric math. Knows no clock, no storage and no record; which attempt belongs to which wallet and issuer is the caller's.

pub mod band;
pub mod bucket;
pub mod math;
pub mod point;
pub mod sketch;
pub mod statistic;
pub mod tally;
pub mod window;

pub use bucket::{Buckets, Range};
pub use point::{LogSketch, Point, Spread};
pub use sketch::Sketch;
pub use statistic::statistic_of;
pub use tally::Tally;
pub use window::{
    Contribution, Count, Durations, Increment, Measured, Resolution, Timing, Window, contribution,
};
