//! `walletscope apply`: which files, to which server, and how careful?

use std::path::PathBuf;

use clap::Args;

use super::sql::PlaceArguments;

/// Definitions as files.
#[derive(Debug, PartialEq, Eq, Args)]
pub struct ApplyArguments {
    /// A file, or a folder whose .yaml, .yml, .json and .template files are read; may be repeated. `-` reads standard input
    #[arg(short, long, value_name = "FILE|DIR", required = true)]
    pub file: Vec<PathBuf>,
    #[allow(missing_docs)]
    #[command(flatten)]
    pub place: PlaceArguments,
    /// Show the plan and change nothing; exit code 3 where there are changes
    #[arg(long, conflicts_with = "yes")]
    pub plan: bool,
    /// Do not ask before changing anything
    #[arg(short, long)]
    pub yes: bool,
}

/// Examples of `apply`.
pub const APPLY_EXAMPLES: &str = "\
Examples:
  walletscope apply -f monitoring.yaml               shows the plan, asks, applies
  walletscope apply -f deploy/ --plan                the plan alone, for a review or a pipeline
  walletscope apply -f template.json --yes --server http://127.0.0.1:8000

Files are YAML of Walletscope's own form, CloudFormation templates, or the shorthand of metric lists, MetricFilters and
queries. What is there and in no file stays. Exit codes: 0 where everything is as the files say, 1 where something could
not be read or done, 2 where the command line means nothing, 3 where --plan found changes.";
