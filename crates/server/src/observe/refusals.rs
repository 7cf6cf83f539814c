//! What was a source's telemetry refused for? Counted where it is refused, because none of it comes to the journal: lately,
//! as what hints come from, and since this start.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use walletscope_model::Timestamp;
use walletscope_stream::source::Tally;

/// Sources with refusals; there are no more keys.
const SOURCES_MAX: usize = 1_000;

/// What was refused of each source.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<BySource>);

type BySource = BTreeMap<Box<str>, BTreeMap<Refused, Tally>>;

/// Where something was refused, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refused {
    /// The operation or the door.
    pub place: &'static str,
    /// The name of the error, or a word.
    pub reason: &'static str,
}

impl Refusals {
    /// Counts so many calls or records of a source that were refused.
    pub fn count(&self, source: &str, refused: Refused, count: usize, now: Timestamp) {
        let mut sources = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if count == 0 || source.is_empty() || (sources.len() >= SOURCES_MAX && !sources.contains_key(source))
        {
            return;
        }
        let tally = sources.entry(source.into()).or_default().entry(refused).or_default();
        // Calls are refused on many threads: one may be later than its time.
        tally.add(now.max(tally.last_at), u32::try_from(count).unwrap_or(u32::MAX));
    }

    /// What was refused lately of each source that had any refused.
    pub fn lately(&self, now: Timestamp) -> BTreeMap<Box<str>, Vec<(Refused, Tally)>> {
        let sources = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lately = sources.iter().map(|(source, refused)| {
            let refused = refused.iter().filter(|(_, tally)| !tally.is_over(now));
            (source.clone(), refused.map(|(refused, tally)| (*refused, *tally)).collect::<Vec<_>>())
        });
        lately.filter(|(_, refused)| !refused.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_of_a_source_and_a_day() {
        let at = |hours: i64| Timestamp::from_seconds(1_795_348_800 + hours * 3_600);
        let (refusals, old) = (Refusals::default(), Refused { place: "PutLogEvents", reason: "too old" });
        let wrong = Refused { place: "firehose", reason: "malformed" };
        refusals.count("gateway", old, 3, at(0));
        refusals.count("gateway", wrong, 1, at(20));
        refusals.count("gateway", wrong, 1, at(19));
        refusals.count("gateway", wrong, 0, at(21));
        refusals.count("", wrong, 1, at(20));
        let totals = |hours: i64| -> Vec<(&str, u64)> {
            let lately = refusals.lately(at(hours));
            let of = lately.into_values().flatten();
            of.map(|(refused, tally)| (refused.reason, tally.total(at(hours)))).collect()
        };
        assert_eq!(totals(20), [("too old", 3), ("malformed", 2)]);
        assert_eq!(totals(24), [("malformed", 2)]);
        assert_eq!(totals(44), []);
    }
}
