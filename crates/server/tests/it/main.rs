//! Whole servers in this process, over real sockets and real folders.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../../../lake/tests/it/bucket.rs"]
mod bucket;
mod card_numbers;
mod catching_up;
mod grpc;
mod import;
mod lake_outage;
mod logs;
mod recovery;
mod retention;
mod server;
mod subscriptions;
