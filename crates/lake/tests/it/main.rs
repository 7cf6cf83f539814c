//! What the lake promises: nothing lost, nothing twice, whatever step it is stopped at.

#![allow(clippy::unwrap_used)]

mod faults;
mod keeping;
mod moving;
mod page;
mod scene;
