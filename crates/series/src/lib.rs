//! What does this time series say?
//!
//! How long the buckets of a chart are ([`bucket`]), what is counted in one of them ([`window`], by the million
//! [`tally`]) and how durations are summed up without keeping each ([`sketch`]). Everything here is linear: taking back what was added leaves
//! nothing, in any order, so a late or corrected attempt moves exactly the numbers that it had moved before.
//! Knows no clock, no storage and no record; which attempt belongs to which wallet and issuer is the caller's.

pub mod bucket;
pub mod sketch;
pub mod tally;
pub mod window;

pub use bucket::{Buckets, Range};
pub use sketch::Sketch;
pub use tally::Tally;
pub use window::{
    Contribution, Count, Durations, Increment, Measured, Resolution, Timing, Window, contribution,
};
