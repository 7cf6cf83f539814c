//! How is everything of a server copied while it runs, and brought back elsewhere?
//!
//! A backup is one tar file of one instant ([`export`]): the state, the journal, the lake's files, then the keys and
//! users, and at the end a digest of all of it ([`archive`]). [`restore`] makes a data folder of it. The hard part is
//! that state, journal and lake move while they are read. Their order makes the copy one that a crash could have left:
//! the state first; then the lake, which is never behind what that state believes is in files; then the journal up to
//! its newest entry, which is never behind the lake.

pub mod archive;
pub mod command;
pub mod export;
pub mod restore;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use walletscope_journal::StoreError;
use walletscope_lake::LakeError;

/// The first file of a backup.
pub const ABOUT_FILE: &str = "backup.json";
/// Versions of the format that this version reads.
pub const VERSION: u32 = 1;

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    /// Of the format.
    pub version: u32,
    /// When it was begun, in microseconds since 1970.
    pub created_at: i64,
    /// The entry up to which the state holds the journal.
    pub applied: u64,
    /// The oldest entry of the journal.
    pub first: u64,
    /// The newest entry of the journal.
    pub head: u64,
    /// Where the lake's files were.
    pub warehouse: String,
    /// The lake's tables by name.
    pub tables: BTreeMap<String, AboutTable>,
}

/// A table of the lake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AboutTable {
    /// The URL of its metadata.
    pub location: String,
    /// How many rows its files hold.
    pub rows: u64,
    /// The entry up to which its files hold the journal.
    pub watermark: u64,
}

/// Why there is no backup, or nothing was restored.
#[derive(Debug)]
pub enum BackupError {
    /// The journal or the state.
    Store(StoreError),
    /// The lake.
    Lake(LakeError),
    /// A file or a connection: what was attempted, and why it failed.
    File(&'static str, std::io::Error),
    /// The archive is no backup, not whole, or of another version.
    Archive(String),
    /// It cannot be done now, and what to do.
    Refused(String),
}

impl fmt::Display for BackupError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(formatter),
            Self::Lake(error) => error.fmt(formatter),
            Self::File(what, error) => write!(formatter, "cannot {what}: {error}"),
            Self::Archive(why) => write!(formatter, "cannot use the backup: {why}"),
            Self::Refused(why) => formatter.write_str(why),
        }
    }
}

impl std::error::Error for BackupError {}

impl From<StoreError> for BackupError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<LakeError> for BackupError {
    fn from(error: LakeError) -> Self {
        Self::Lake(error)
    }
}
