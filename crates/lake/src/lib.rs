//! Where does settled data live and how is it read?
//!
//! Data flows through the files in this order: [`rows`] (values become columns) → [`hot`] and [`live`] (what is not in
//! a file yet) → [`parquet`] (rows become files, which [`splice`] joins) → [`table`] (files become a snapshot) → [`catalog`] (which snapshot
//! is the current one). [`gone`] says which log events readers see no more. [`storage`] is where files lie, [`lake`] puts the parts together, [`maintenance`] keeps the
//! number of files and snapshots bounded.

pub mod catalog;
pub mod error;
pub mod gone;
pub mod hot;
pub mod lake;
pub mod live;
pub mod maintenance;
pub mod parquet;
pub mod pin;
pub mod restore;
pub mod rows;
pub mod splice;
pub mod storage;
pub mod table;
pub mod tables;

pub use error::LakeError;
pub use gone::Gone;
pub use hot::Hot;
pub use lake::{Appending, CATALOG_FILE, Lake};
pub use live::{Chunk, Live};
pub use pin::Pin;
pub use rows::RowBuilder;
pub use storage::{S3Place, Warehouse};
pub use table::{LakeFile, TableState};
pub use tables::LakeTable;
