//! Does the engine answer what was asked, for whom it may, and say why where it does not?

#![allow(clippy::unwrap_used)]

mod brief;
mod describe;
mod errors;
mod limits;
mod measures;
mod pruning;
mod slt;
mod tenants;
mod world;
