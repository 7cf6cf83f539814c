//! `crash`: kills a server of ours again and again under load and checks that nothing acknowledged is lost.
//!
//! Prints a line for each round and at the end `N passed, M failed`; the exit code is 0 where nothing failed, 1 where
//! something did and 2 where the rounds could not be run.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::Parser;
use walletscope_sim::load::crash::{KILL_AFTER_MIN, Settings, run};

/// Kill -9 under load, again and again; nothing acknowledged may be lost.
#[derive(Parser)]
struct Arguments {
    /// The server's binary.
    #[arg(long, env = "WALLETSCOPE_BIN", default_value = "bin/walletscope")]
    server: PathBuf,
    /// How often the server is killed.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Of the load and the moments; the clock's by default.
    #[arg(long)]
    seed: Option<u64>,
    /// Clients that write at the same time.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=64))]
    clients: u64,
    /// The latest moment of a kill, in seconds after the server is ready.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// A folder for the data, kept afterwards; a temporary one, removed if all is well, by default.
    #[arg(long)]
    data: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seed = arguments.seed.unwrap_or(u64::from(clock.subsec_nanos()));
    let name = format!("walletscope-crash-{}-{seed}", std::process::id());
    let is_temporary = arguments.data.is_none();
    let parent = arguments.data.unwrap_or_else(|| std::env::temp_dir().join(name));
    let settings = Settings {
        binary: arguments.server,
        rounds: arguments.rounds,
        seed,
        clients: arguments.clients,
        kill_after_max: Duration::try_from_secs_f64(arguments.seconds).unwrap_or(KILL_AFTER_MIN),
        folder: parent.join("data"),
    };
    println!("seed {seed}, data in {}", settings.folder.display());
    if let Err(error) = std::fs::create_dir_all(&parent) {
        eprintln!("cannot create {}: {error}", parent.display());
        return ExitCode::from(2);
    }
    match run(&settings, &mut |line| println!("{line}")) {
        Ok(tally) => {
            println!("{} passed, {} failed", tally.passed, tally.failed);
            if tally.failed > 0 {
                return ExitCode::FAILURE;
            }
            if is_temporary {
                remove(&parent);
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}; the data are kept in {}", parent.display());
            ExitCode::from(2)
        }
    }
}

fn remove(folder: &Path) {
    if let Err(error) = std::fs::remove_dir_all(folder) {
        eprintln!("cannot remove {}: {error}", folder.display());
    }
}
