//! The join, told as text: records in, attempts out.
//!
//! [`world`] drives the stream over a disk in memory with commits and restarts, [`script`] reads records from lines of
//! text and writes attempts back. The other modules are tables of cases, each written by hand from the rules in
//! `docs/formats/attempts.md`. [`definitions`] is about dashboards and anomaly detectors, [`filters`] about metric
//! filters, [`metrics`] about the points of metrics, [`silence`] about what is told of silent sources, and [`order`]
//! checks that no order of arrival matters.

mod definitions;
mod ends;
mod filters;
mod ids;
mod metrics;
mod order;
mod script;
mod silence;
mod tokens;
mod waits;
mod windows;
mod witnesses;
mod world;
