//! Tests of the journal through its public API.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod embedded;
mod record;
