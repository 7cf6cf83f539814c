//! Whole servers in this process, over real sockets and real folders.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod card_numbers;
mod import;
mod recovery;
mod server;
