//! What is the answer over many records?
//!
//! A text of SQL in the dialect of Athena, Trino, Hive, MySQL or PostgreSQL becomes a stream of Arrow batches over the
//! lake's tables, or an error that says where and what comes nearest. Nothing here knows HTTP, users or a wire protocol.

mod bounds;
pub mod describe;
mod dialect;
pub mod engine;
pub mod error;
mod functions;
mod gone_filter;
pub mod lake_table;
pub mod limits;
mod measures;
mod metrics;
mod near;
mod notes;
pub mod parse;
mod plan;
mod rewrite;
pub mod rollup_table;
mod scan;
mod session;
mod tenant;
mod walk;

pub use describe::{ColumnDescription, Description, FunctionDescription, TableDescription, type_word};
pub use engine::{Answer, Engine, Note, Progress, Question, Tables, TablesAtHead, progress};
pub use error::{SqlError, of_running};
pub use limits::Limits;
pub use parse::{Intent, SavedView, intent};
pub use scan::{Scan, Scanned};
