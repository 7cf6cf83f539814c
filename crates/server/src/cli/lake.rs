//! What can a person ask about the lake on the command line?

use clap::{ArgGroup, Args, Subcommand};

use super::sql::PlaceArguments;
use crate::lake::upkeep::Upkeep;
use crate::settings::Given;

/// The lake: tables of everything that settled.
#[derive(Debug, Args)]
pub struct LakeCommand {
    #[allow(missing_docs)]
    #[command(subcommand)]
    pub action: LakeAction,
}

/// What to do with the lake.
#[derive(Debug, Subcommand)]
pub enum LakeAction {
    /// Print how full the disk is and how each table does
    #[command(after_help = STATUS_EXAMPLES)]
    Status(PlaceArguments),
    /// Make large files of small ones, until none is left that should be
    #[command(after_help = EXAMPLES)]
    Compact(Given),
    /// Take old snapshots out, and delete the files that nothing refers to any more; by a running server, purge
    /// expired and deleted log events first
    #[command(after_help = EXAMPLES)]
    Expire(Given),
    /// Read every file and compare it with what the metadata says; exit code 1 where something is wrong
    #[command(after_help = EXAMPLES)]
    Verify(Given),
    /// Take an attempt, or everything that carries a token's reference, out of the files for good
    #[command(after_help = ERASE_EXAMPLES)]
    Erase(Erase),
}

/// Who is erased.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("whom").required(true))]
pub struct Erase {
    /// An attempt, by its id
    #[arg(long, value_name = "ID", group = "whom")]
    pub attempt: Option<String>,
    /// A token, by its reference
    #[arg(long, value_name = "REF", group = "whom")]
    pub token: Option<String>,
    #[allow(missing_docs)]
    #[command(flatten)]
    pub settings: Given,
}

pub(super) const EXAMPLES: &str = "\
Examples:
  walletscope lake compact
  walletscope lake expire --data /srv/wallet
  walletscope lake verify --data /srv/wallet --listen 127.0.0.1:8000

Give the settings that the server runs with: a server that has the folder open is asked to do it,
at the address that it listens on; else this command opens the folder itself. One line a table.";

const STATUS_EXAMPLES: &str = "\
Examples:
  walletscope lake status
  walletscope lake status --data /srv/wallet
  walletscope lake status --server http://127.0.0.1:8000";

const ERASE_EXAMPLES: &str = "\
Examples:
  walletscope lake erase --attempt corr_xyz789
  walletscope lake erase --token tok_abc123 --data /srv/wallet

Rewrites every file that holds such a row, keeps no earlier snapshot of the tables, and deletes the
old files at once; whoever reads an older snapshot gets an error. Not erased: the journal, until it
is trimmed (--journal-keep), the server's state, until the attempt leaves it (--evict-after) and a hash
of its name is left, backups and copies made earlier. Telemetry that arrives later brings back what it says.";

impl LakeAction {
    /// What is to be done, and the settings of the server; `None` for what only looks.
    pub fn split(self) -> Option<(Upkeep, Given)> {
        Some(match self {
            Self::Status(_) => return None,
            Self::Compact(settings) => (Upkeep::Compact, settings),
            Self::Expire(settings) => (Upkeep::Expire, settings),
            Self::Verify(settings) => (Upkeep::Verify, settings),
            Self::Erase(erase) => {
                // The parser lets one of them through, and only one.
                let upkeep = match (erase.attempt, erase.token) {
                    (Some(id), _) => Upkeep::EraseAttempt(id),
                    (None, reference) => Upkeep::EraseToken(reference.unwrap_or_default()),
                };
                (upkeep, erase.settings)
            }
        })
    }
}
