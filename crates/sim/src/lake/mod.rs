//! How fast does the lake answer over years of attempts, and is the answer right?
//!
//! [`fill`] writes a lake of any size straight into files, because what is measured is reading; [`questions`] are the
//! ones that people ask, each answered several times by the engine that the server uses ([`raw`]) and by DuckDB over the
//! same files ([`duckdb`]). [`windows`] asks a server that has counted a year, [`live`] one that is being written to. [`day`] writes what a day brings,
//! [`searches`] looks for log events.

pub mod day;
pub mod duckdb;
pub mod fill;
pub mod live;
pub mod questions;
pub mod raw;
pub mod searches;
pub mod windows;
