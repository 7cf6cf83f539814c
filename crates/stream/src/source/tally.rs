//! How often did something happen lately, and when last?
//!
//! A source that was mended must lose its hints, so what hints come from is counted over the newest [`HOURS`] hours,
//! the running one included: each hour has a slot, and a slot is emptied when its hour comes round again. Time is
//! the journal's, so a replay counts the same.

use std::collections::BTreeMap;

use walletscope_model::{Duration, Timestamp};

/// Hours that are counted, the running one and those before it.
pub const HOURS: usize = 24;
const HOUR: Duration = Duration::from_seconds(3_600);

/// A count over the newest hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// By the hour's number modulo [`HOURS`]; those up to `last_at` are in use.
    pub slots: [u32; HOURS],
    /// When it was counted last.
    pub last_at: Timestamp,
}

impl Tally {
    /// Counts so many more; `now` never goes back.
    pub fn add(&mut self, now: Timestamp, count: u32) {
        let (newest, hour) = (hour_of(self.last_at), hour_of(now));
        if hour - newest >= HOURS as i64 {
            self.slots = [0; HOURS];
        } else {
            (newest + 1..=hour).for_each(|passed| self.slots[slot_of(passed)] = 0);
        }
        let slot = &mut self.slots[slot_of(hour)];
        *slot = slot.saturating_add(count);
        self.last_at = now;
    }

    /// How many there were in the hours that are counted at `now`.
    pub fn total(&self, now: Timestamp) -> u64 {
        let newest = hour_of(self.last_at);
        let oldest = hour_of(now).max(newest) - (HOURS as i64 - 1);
        (oldest..=newest).map(|hour| u64::from(self.slots[slot_of(hour)])).sum()
    }

    /// Whether it was counted in the hour of `now` already.
    pub(crate) fn has_counted_in_hour(&self, now: Timestamp) -> bool {
        hour_of(now) == hour_of(self.last_at)
    }

    /// Whether nothing of it is left in the hours that are counted at `now`.
    pub fn is_over(&self, now: Timestamp) -> bool {
        hour_of(now) - hour_of(self.last_at) >= HOURS as i64
    }
}

/// Counts one more of a name. `false`, and nothing counted, where there is no room for another one: names that are
/// over make room.
pub(crate) fn count_name(
    names: &mut BTreeMap<Box<str>, Tally>,
    name: &str,
    names_max: usize,
    now: Timestamp,
) -> bool {
    // Names are few and come again and again: a known one allocates nothing.
    if let Some(tally) = names.get_mut(name) {
        tally.add(now, 1);
        return true;
    }
    if names.len() >= names_max {
        names.retain(|_, tally| !tally.is_over(now));
    }
    let has_room = names.len() < names_max;
    if has_room {
        names.entry(name.into()).or_default().add(now, 1);
    }
    has_room
}

fn hour_of(at: Timestamp) -> i64 {
    at.0.div_euclid(HOUR.0)
}

fn slot_of(hour: i64) -> usize {
    hour.rem_euclid(HOURS as i64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64, seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_795_305_600 + hours * 3_600 + seconds)
    }

    #[test]
    fn what_is_older_than_the_hours_is_not_counted() {
        let mut tally = Tally::default();
        assert_eq!((tally.total(at(0, 0)), tally.is_over(at(0, 0))), (0, true));
        tally.add(at(0, 3_599), 2);
        tally.add(at(1, 0), 3);
        assert_eq!((tally.total(at(1, 0)), tally.total(at(23, 3_599))), (5, 5));
        assert_eq!((tally.total(at(24, 0)), tally.total(at(24, 3_599))), (3, 3));
        assert_eq!((tally.total(at(25, 0)), tally.total(at(1_000, 0))), (0, 0));
        assert_eq!((tally.is_over(at(24, 3_599)), tally.is_over(at(25, 0))), (false, true));
    }

    #[test]
    fn a_slot_whose_hour_comes_round_again_begins_anew() {
        let mut tally = Tally::default();
        (0..24).for_each(|hour| tally.add(at(hour, 0), 1));
        assert_eq!(tally.total(at(23, 0)), 24);
        tally.add(at(24, 0), 1);
        assert_eq!(tally.total(at(24, 0)), 24);
        // The hours between are emptied as well.
        tally.add(at(40, 0), 1);
        assert_eq!(tally.total(at(40, 0)), 9);
        tally.add(at(64, 0), u32::MAX);
        tally.add(at(64, 0), 7);
        assert_eq!(tally.total(at(64, 0)), u64::from(u32::MAX));
    }

    #[test]
    fn a_reader_whose_clock_is_behind_sees_what_was_counted() {
        let mut tally = Tally::default();
        tally.add(at(5, 0), 1);
        assert_eq!(tally.total(at(4, 3_590)), 1);
    }

    #[test]
    fn names_that_are_over_make_room() {
        let mut names = BTreeMap::new();
        assert!(count_name(&mut names, "a", 2, at(0, 0)) && count_name(&mut names, "b", 2, at(1, 0)));
        assert!(!count_name(&mut names, "c", 2, at(23, 0)) && count_name(&mut names, "a", 2, at(2, 0)));
        assert!(count_name(&mut names, "c", 2, at(25, 0)), "b is over");
        assert_eq!(names.keys().map(|name| &**name).collect::<Vec<_>>(), ["a", "c"]);
    }
}
