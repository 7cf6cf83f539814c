//! What is the answer over many records?

pub mod engine;
pub mod lake_table;

pub use engine::{Answer, Note, SqlError, Tables, TablesAtHead};
