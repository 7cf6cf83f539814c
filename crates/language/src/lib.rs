//! What does this text mean, and does this one record match?
//!
//! A text that somebody typed becomes a value that was checked once; a record is then held against it, as often as
//! records come. What is here has no state and takes no clock: the same text and the same record give the same answer
//! in the stream, in a search over stored events and in an explanation on a page.
//!
//! [`filter_pattern`] is the filter patterns of CloudWatch Logs. Their users' guide is
//! `docs/protocols/filter-patterns.md`. [`json`] reads JSON in place, for them and for whoever looks at a message.

pub mod filter_pattern;
pub mod json;
