//! `walletscope lake`: how is the lake?

use clap::{Args, Subcommand};

use super::sql::PlaceArguments;

/// The lake.
#[derive(Debug, PartialEq, Eq, Args)]
pub struct LakeArguments {
    #[allow(missing_docs)]
    #[command(subcommand)]
    pub action: LakeAction,
}

/// What to do with the lake.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub enum LakeAction {
    /// Print how full the disk is and how each table does
    #[command(after_help = STATUS_EXAMPLES)]
    Status(PlaceArguments),
}

/// Examples of `lake`.
pub const LAKE_EXAMPLES: &str = STATUS_EXAMPLES;

const STATUS_EXAMPLES: &str = "\
Examples:
  walletscope lake status
  walletscope lake status --data /srv/wallet
  walletscope lake status --server http://127.0.0.1:8000";
