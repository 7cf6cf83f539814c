//! From when does a record's time count, and which rules wait on it?
//!
//! The stream's only clock is the journal. Waiting counts from the later of a record's own time and its arrival,
//! because a record that comes late must not be abandoned before it was seen; records of a source whose backfill
//! ended count by their own time, so history settles at once. Gaps, when the product did not run, extend every wait.

use std::collections::BTreeMap;

use walletscope_model::{Duration, Gap, Offset, Rules, Timestamp};

use crate::node::Evidence;

/// Gaps remembered; older ones no longer matter to any open attempt.
pub const GAPS_MAX: usize = 64;

/// Earlier rules remembered; attempts under older ones are judged by the oldest of these.
pub const RULES_MAX: usize = 64;

/// Time as the journal tells it.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// The newest entry's append time.
    pub now: Timestamp,
    /// The newest append time of an entry that brought telemetry. `now` does not tell: a tick moves it as well, so it
    /// looks fresh while every source is silent.
    pub newest_arrival: Option<Timestamp>,
    /// The rules for records that arrive now.
    pub rules: Rules,
    /// Earlier rules and the journal entry that changed them, oldest first: a changed setting never moves what was
    /// decided before. Times would not do: what arrived in the instant of the change was decided already.
    pub earlier_rules: Vec<(Offset, Rules)>,
    /// When the backfill of a source ended, by the source's dictionary code.
    pub backfill_ended: BTreeMap<u16, Timestamp>,
    /// Gaps, oldest first.
    pub gaps: Vec<Gap>,
}

impl Clock {
    /// From when waiting on this record counts.
    pub fn counts_from(&self, record: &Evidence) -> Timestamp {
        let history =
            self.backfill_ended.get(&record.origin.source).is_some_and(|end| record.arrival <= *end);
        if history {
            return record.time;
        }
        let from = record.time.max(record.arrival);
        from.plus(self.stood_still_since(record.arrival))
    }

    /// How long the product did not run since then, as far as gaps are remembered.
    pub fn stood_still_since(&self, at: Timestamp) -> Duration {
        let gaps = self.gaps.iter().filter(|gap| gap.from >= at);
        Duration(gaps.map(|gap| gap.to.since(gap.from).0).sum())
    }

    /// The rules that hold for a record.
    pub fn rules_for(&self, record: &Evidence) -> &Rules {
        let earlier = self.earlier_rules.iter().find(|(until, _)| record.offset < *until);
        earlier.map_or(&self.rules, |(_, rules)| rules)
    }

    /// Changes the rules for records of entries after `offset`.
    pub fn set_rules(&mut self, rules: Rules, offset: Offset) {
        if self.rules == rules {
            return;
        }
        if self.earlier_rules.len() == RULES_MAX {
            self.earlier_rules.remove(0);
        }
        let earlier = std::mem::replace(&mut self.rules, rules);
        self.earlier_rules.push((offset, earlier));
    }

    /// Remembers a gap.
    pub fn add_gap(&mut self, gap: Gap) {
        if self.gaps.len() == GAPS_MAX {
            self.gaps.remove(0);
        }
        self.gaps.push(gap);
    }
}
