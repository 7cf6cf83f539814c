//! Is it durable, in which order, from where do I replay?
//!
//! [`record`] is the on-disk grammar of one journal entry, [`store`] the contract of the journal and of the state that
//! follows from it, [`embedded`] the store of a single machine. Nothing here knows SQL, HTTP or what a record means.

#[doc(hidden)]
pub mod contract_tests;
pub mod embedded;
pub mod record;
pub mod store;

mod body;
mod body_commands;
mod body_definitions;
mod body_traces;
mod derived;
mod keyspaces;
mod segments;
mod torn_log;

pub use derived::{decode_derived, encode_derived};
pub use embedded::{EmbeddedStore, FolderHold, Options, Retention};
pub use record::{Header, Kind, RecordError, decode, decode_header, encode};
pub use store::{
    Append, Change, Direction, Invocation, JournalSize, Read, Store, StoreError, Table, Trimmed, Visit,
};
