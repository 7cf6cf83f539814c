//! What would real wallets send?
//!
//! A seeded generator of token provisioning telemetry for demos, load and tests: log events by the event contract
//! ([`walletscope_model::contract`]), Lambda's own lines around them, metric data, and incidents on command.
//! Pure: time and seed come as parameters, and the same seed gives the same bytes on every machine. The world it
//! plays is invented ([`world`]): issuers that do not exist, published test BINs, documentation addresses, and never
//! a card number. [`BriefLike`] is the plain, fast variant for load.

mod brief;
mod course;
mod day_curve;
mod dice;
mod ids;
mod incident;
mod message;
mod script;
mod token_life;
mod traffic;
mod visitor;
pub mod world;

pub use brief::BriefLike;
pub use day_curve::Day;
pub use incident::{Incident, IncidentError};
pub use traffic::{ATTEMPTS_PER_SECOND_MAX, Config, Emission, LOG_GROUP, PENDING_MAX, Traffic};

#[cfg(test)]
mod tests;
