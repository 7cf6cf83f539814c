//! Runs many seeds: `histories --seeds 10000 [--from N]`. Ends with `N passed, M failed`, and fails where M is not 0.

use std::process::ExitCode;

use walletscope_sim::trial::{report, trial};

/// Failures that are reported in full; more are only counted.
const REPORTS_MAX: u64 = 5;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((seeds, from)) = parse(&arguments) else {
        eprintln!("usage: histories --seeds COUNT [--from FIRST_SEED]");
        return ExitCode::from(2);
    };
    std::panic::set_hook(Box::new(|_| {}));
    let mut failed = 0;
    for (number, seed) in (from..from.saturating_add(seeds)).enumerate() {
        if let Err(broken) = trial(seed) {
            failed += 1;
            if failed <= REPORTS_MAX {
                println!("{}", report(seed, &broken));
            }
        }
        if (number + 1) % 500 == 0 {
            println!("{} of {seeds} seeds, {failed} failed", number + 1);
        }
    }
    println!("{} passed, {failed} failed", seeds - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn parse(arguments: &[String]) -> Option<(u64, u64)> {
    let (mut seeds, mut from) = (None, 1);
    for pair in arguments.chunks(2) {
        match pair {
            [name, value] if name == "--seeds" => seeds = Some(value.parse().ok()?),
            [name, value] if name == "--from" => from = value.parse().ok()?,
            _ => return None,
        }
    }
    Some((seeds?, from))
}
