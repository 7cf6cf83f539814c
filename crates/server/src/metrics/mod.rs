//! What do metrics say? Which there are, what answers for each name, and their points in buckets.
//!
//! Everything here reads one published view and is called on a thread that may block. The AWS operations and the JSON API
//! are faces of it.

pub mod asked;
pub mod band;
pub mod data;
pub mod evaluate;
pub mod insights;
pub mod names;
pub mod read;
pub mod reads;
pub mod seen;
pub mod statistics;
pub mod time_zone;
pub mod training;

#[cfg(test)]
mod tests;

pub use read::{Buckets, Points};
pub use reads::MetricReads;
pub use seen::{Metrics, SeenMetric, Source};
pub use training::Trainer;
