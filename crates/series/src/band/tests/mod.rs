//! Small worlds whose truth is known, then months of realistic ones ([`alarms`]).

mod alarms;
mod bytes;
mod learning;
mod world;
