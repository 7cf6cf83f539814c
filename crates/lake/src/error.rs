//! What can go wrong in the lake, and what to do then?

use std::fmt;

/// Why the lake did not do what was asked.
#[derive(Debug)]
pub enum LakeError {
    /// A file could not be read or written; trying again may help.
    Storage {
        /// What was attempted.
        what: &'static str,
        /// On what.
        path: String,
        /// Why it failed.
        reason: String,
    },
    /// The catalog could not be read or written.
    Catalog(String),
    /// Somebody else changed the table since it was read; nothing was changed.
    Conflict {
        /// The table.
        table: &'static str,
    },
    /// A file holds what this version cannot read.
    Damaged {
        /// What.
        what: String,
        /// Why.
        reason: String,
    },
}

impl LakeError {
    pub(crate) fn storage(what: &'static str, path: &impl fmt::Display, reason: impl fmt::Display) -> Self {
        Self::Storage { what, path: path.to_string(), reason: reason.to_string() }
    }

    pub(crate) fn damaged(what: &impl fmt::Display, reason: impl fmt::Display) -> Self {
        Self::Damaged { what: what.to_string(), reason: reason.to_string() }
    }
}

impl fmt::Display for LakeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Storage { what, path, reason } => write!(formatter, "the lake could not {what} {path}: {reason}"),
            Self::Catalog(reason) => write!(formatter, "the lake's catalog: {reason}"),
            Self::Conflict { table } => write!(
                formatter,
                "the table {table} was changed by another process; one server at a time may write to a lake"
            ),
            Self::Damaged { what, reason } => write!(formatter, "the lake cannot read {what}: {reason}"),
        }
    }
}

impl std::error::Error for LakeError {}
