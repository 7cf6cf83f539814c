//! Do five hundred histories end as they must? Each commit tries others.
//!
//! `WALLETSCOPE_SIM_SEED=…` runs one seed again.

use std::path::Path;

use walletscope_sim::run::Tally;
use walletscope_sim::trial::{report, trial};

const SEEDS: u64 = 500;
const SEED_VARIABLE: &str = "WALLETSCOPE_SIM_SEED";

#[test]
fn every_history_ends_the_same_however_it_is_told() {
    let one = std::env::var(SEED_VARIABLE).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match one {
        Some(seed) => seed..seed + 1,
        None => {
            let first = commit_seed();
            first..first + SEEDS
        }
    };
    let mut sum = Tally::default();
    for seed in seeds.clone() {
        match trial(seed) {
            Ok(tallies) => tallies.iter().for_each(|tally| add(&mut sum, tally)),
            Err(broken) => panic!("{}\nagain: {SEED_VARIABLE}={seed}", report(seed, &broken)),
        }
    }
    println!("seeds {seeds:?}: {sum:?}");
    if one.is_none() {
        let Tally { crashes, commits_lost, repeats, gaps, ticks, trimmed, refused } = sum;
        let counts = [crashes, commits_lost, repeats, gaps, ticks, refused].map(u64::from);
        assert!(
            counts.into_iter().chain([trimmed]).all(|count| count > 0),
            "nothing is tried in vain: {sum:?}"
        );
    }
}

/// A number from the commit: `GIT_COMMIT`, else what `.git` says, else one.
fn commit_seed() -> u64 {
    let hash = std::env::var("GIT_COMMIT").ok().or_else(head_commit).unwrap_or_default();
    // Seven digits of sixteen are short enough to type.
    hash.get(..7).and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or(1)
}

fn head_commit() -> Option<String> {
    let git = Path::new("../../.git");
    let head = std::fs::read_to_string(git.join("HEAD")).ok()?;
    let Some(reference) = head.trim().strip_prefix("ref: ") else { return Some(head.trim().to_owned()) };
    if let Ok(hash) = std::fs::read_to_string(git.join(reference)) {
        return Some(hash.trim().to_owned());
    }
    let packed = std::fs::read_to_string(git.join("packed-refs")).ok()?;
    let line = packed.lines().find(|line| line.ends_with(reference))?;
    line.split_whitespace().next().map(str::to_owned)
}

fn add(sum: &mut Tally, tally: &Tally) {
    sum.crashes += tally.crashes;
    sum.commits_lost += tally.commits_lost;
    sum.repeats += tally.repeats;
    sum.gaps += tally.gaps;
    sum.ticks += tally.ticks;
    sum.trimmed += tally.trimmed;
    sum.refused += tally.refused;
}

#[test]
fn a_seed_runs_the_same_every_time() {
    let first = commit_seed();
    assert_eq!(trial(first).ok(), trial(first).ok());
}
