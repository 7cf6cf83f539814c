//! What the lake promises: nothing lost, nothing twice, whatever step it is stopped at.

#![allow(clippy::unwrap_used)]

mod bucket;
mod faults;
mod keeping;
mod moving;
mod page;
mod purging;
mod s3;
mod scene;
mod storms;
