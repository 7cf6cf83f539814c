//! Is it right under any order, fault and clock?
//!
//! Drives the product's own writer and applier over a disk that loses what was not synced and tears the last block
//! ([`disk`], [`store`]), with histories made to hurt ([`history`]), in any order and any cut into calls ([`run`]), and
//! holds the end against a run without faults made of the same records ([`portrait`], [`invariants`]). Everything
//! follows from one seed; [`trial`] runs one. Besides, [`load`] drives the real binary over the wire.

mod client;
mod contents;
pub mod disk;
mod frame;
pub mod history;
pub mod invariants;
pub mod lake;
pub mod load;
pub mod portrait;
pub mod run;
mod scene;
pub mod store;
pub mod trial;
