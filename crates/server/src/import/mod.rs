//! How do the files that people have become records? `walletscope import`, and the door that it sends them to.
//!
//! What a file says is decided in `walletscope_wire::import`; here it is done: [`file`] opens and unpacks, [`read`] cuts
//! what was found into chunks, [`send`] brings them to a server, [`progress`] remembers how far it came, [`report`] tells
//! it, [`run`] drives all of them. [`door`] is the other side: it stores chunks, each once.

mod columns;
pub(crate) mod door;
mod file;
mod progress;
mod read;
mod report;
pub mod run;
pub(crate) mod send;

pub use door::{CHUNK_BYTES_MAX, CHUNKS_MAX, FindCalls, ImportAnswer, ImportDoor, SOURCE_DEFAULT};
