//! How fast does the lake answer over years of attempts?
//!
//! [`fill`] writes a lake of any size straight into files, because what is measured is reading; [`questions`] are the
//! ones that people ask, each answered several times by the engine that the server uses.

pub mod fill;
pub mod questions;
