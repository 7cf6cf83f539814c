//! How does the real server behave under load and under kill -9?
//!
//! The simulator owns time and disk; the tools here own neither. They start the real binary ([`server`]), send it
//! signed calls over loopback ([`calls`], [`http`], [`open_loop`]) and judge what is left: the crash rounds compare
//! the journal with what was acknowledged ([`crash`], [`ledger`], [`checker`]), the bench divides events by the
//! server's CPU time ([`throughput`] with a [`sink`] for subscriptions, [`resident`], [`idle`]), times a live [`tail`] and [`patterns`], and the work by its stages ([`stages`]). Everything stays on
//! loopback, is bounded in time and count, and ends the processes it started.

pub mod calls;
pub mod checker;
pub mod crash;
pub mod error;
pub mod figures;
pub mod http;
pub mod idle;
pub mod ledger;
pub mod open_loop;
pub mod patterns;
pub mod resident;
pub mod server;
pub mod sink;
pub mod stages;
pub mod tail;
pub mod throughput;
pub mod usage;

pub use error::LoadError;
pub use server::Server;
