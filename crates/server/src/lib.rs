//! The product: settings, listeners, authentication, the loop that executes effects, the JSON API and live views.
//!
//! [`start`] puts the parts together in order; [`pipeline`] makes calls durable and steps them, [`state`] keeps what
//! follows, [`view`] shows it, [`sql`] answers questions about all of it, [`logs`] those about log events, [`metrics`] those about metrics; [`aws`], [`api`] and [`iceberg`] are the
//! doors, [`listen`] the port, [`auth`] the keys; [`import`] brings histories from files, [`apply`] definitions.

pub mod api;
pub mod apply;
pub mod auth;
pub mod aws;
pub mod backup;
pub mod bodies;
pub mod cli;
pub mod client;
pub mod console;
pub mod delivery;
pub mod doors;
pub mod iceberg;
pub mod import;
pub mod intake;
pub mod keep_lake;
pub mod lake;
mod letters;
pub mod listen;
pub mod logs;
pub mod metrics;
pub mod observe;
pub mod pipeline;
pub mod run;
pub mod settings;
pub mod simulate;
pub mod sql;
pub mod start;
pub mod state;
pub mod ui;
pub mod view;
