//! How does a text of Athena's, Trino's, Hive's or MySQL's dialect become one that DataFusion plans?
//!
//! By changing the tree between parser and planner; each file is one kind of change. Parts keep the place in the text
//! that they came from, so that an error of the planner points at what the user wrote.

pub(crate) mod calls;
pub(crate) mod columns;
pub(crate) mod names;
pub(crate) mod query;
pub(crate) mod table;
pub(crate) mod template;
