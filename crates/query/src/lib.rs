//! What is the answer over many records?

pub mod engine;

pub use engine::{Answer, Note, SqlError, Tables, TablesAtHead};
