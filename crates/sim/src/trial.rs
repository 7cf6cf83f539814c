//! Does this seed hold, and if not, which few records show it?
//!
//! A trial runs one history plainly and then told otherwise with faults. The ends must be equal. One more run has
//! what order counts for, and is held to all but that. Where they are not,
//! records are left out one by one for as long as it still fails.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::history::{History, Telling};
use crate::invariants::{Broken, Invariant};
use crate::run::{Ended, Plan, Tally, run};

/// Runs with faults for each history.
const SHUFFLES: u64 = 2;
/// Marks the seed of the run with changing rules and an attempt over its limits.
const BEYOND_THE_LAW: u64 = 0x80;

/// Runs the trial of a seed: what happened in its runs with faults.
///
/// # Errors
/// The first invariant that does not hold.
pub fn trial(seed: u64) -> Result<Vec<Tally>, Broken> {
    try_history(&History::new(seed), seed)
}

/// The words for a seed that fails: what does not hold, and the fewest records found that show it.
pub fn report(seed: u64, broken: &Broken) -> String {
    let history = History::new(seed);
    let (smallest, broken) = shrink(history, seed, broken.clone());
    let records: Vec<String> = smallest
        .records
        .iter()
        .map(|record| {
            let source = &crate::history::SOURCES[record.source];
            format!("  {} {} {} {}", record.event.timestamp, source.tenant, source.name, record.event.message)
        })
        .collect();
    format!("seed {seed}: {broken}\nwith these records:\n{}", records.join("\n"))
}

fn try_history(history: &History, seed: u64) -> Result<Vec<Tally>, Broken> {
    let plain = Plan { telling: Telling::Plain, faults: false, seed };
    let expected = run_caught(history, plain)?;
    let mut tallies = Vec::new();
    for shuffle in 1..=SHUFFLES {
        let plan = Plan { telling: Telling::Shuffled, faults: true, seed: seed ^ (shuffle << 56) };
        let found = run_caught(history, plan)?;
        for (when, found, expected) in
            [("later", &found.later, &expected.later), ("at the end", &found.last, &expected.last)]
        {
            let difference = found.difference(expected);
            Invariant::OrderFree.holds(difference.is_empty(), || {
                format!("{when}, - shuffle {shuffle}, + told in order:\n{difference}")
            })?;
        }
        tallies.push(found.tally);
    }
    // Order counts here, so nothing is compared with another telling; every other invariant holds.
    let plan = Plan { telling: Telling::Shuffled, faults: true, seed: seed ^ (BEYOND_THE_LAW << 56) };
    tallies.push(run_caught(&history.beyond_the_law(), plan)?.tally);
    Ok(tallies)
}

/// A panic of the product is a failure like others.
fn run_caught(history: &History, plan: Plan) -> Result<Ended, Broken> {
    catch_unwind(AssertUnwindSafe(|| run(history, plan))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(Invariant::Works.broken(text.unwrap_or_else(|| "a panic".to_owned())))
    })
}

/// Leaves records out, the last first, while the same invariant still fails.
fn shrink(mut history: History, seed: u64, mut broken: Broken) -> (History, Broken) {
    const TRIES_MAX: usize = 600;
    let (mut place, mut tries) = (history.records.len(), 0);
    while place > 0 && tries < TRIES_MAX {
        place -= 1;
        tries += 1;
        let mut smaller = history.clone();
        smaller.records.remove(place);
        // Another record changes all chance that follows, so a few seeds are tried.
        let still = (0..4).find_map(|more| try_history(&smaller, seed.wrapping_add(more << 40)).err());
        if let Some(still) = still.filter(|still| still.invariant == broken.invariant) {
            (history, broken) = (smaller, still);
        }
    }
    (history, broken)
}
