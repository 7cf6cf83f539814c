//! When is a delivery tried again, and when is it given up?
//!
//! CloudWatch Logs tries for up to 24 hours
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html>). So does this, unless the
//! journal, which keeps what waits, would have no room for what comes.

use walletscope_journal::JournalSize;
use walletscope_model::{Duration, Offset, Timestamp};

/// How long a delivery is tried, unless the settings say otherwise.
pub const RETRY_FOR: Duration = Duration::from_seconds(24 * 60 * 60);
const FIRST_WAIT: Duration = Duration::from_seconds(1);
const WAIT_MAX: Duration = Duration::from_seconds(5 * 60);
/// However old its events are, a delivery is tried so often.
const TRIES_MIN: u32 = 3;
/// What waits for delivery may take a quarter of the journal.
const JOURNAL_SHARE: u64 = 4;
/// A place in the journal is noted so many entries further on at least, and for each such part of the journal.
const NOTE_ENTRIES: u64 = 10_000;
const NOTE_SHARE: u64 = 16;

/// How long to wait behind the try of this number, from 1: twice as long each time, and up to half of it less, so that
/// endpoints of many filters are not asked at once. `chance` is any number.
pub fn wait_after(tries: u32, chance: u64) -> Duration {
    let doubled =
        FIRST_WAIT.0.saturating_mul(1_i64.checked_shl(tries.saturating_sub(1).min(40)).unwrap_or(i64::MAX));
    let wait = doubled.min(WAIT_MAX.0);
    let less = i64::try_from(chance % (wait.unsigned_abs() / 2)).unwrap_or(0);
    Duration(wait - less)
}

/// Whether a delivery is given up whose oldest event was received at `received_at` and that was tried so often: a few times
/// in any case.
pub fn is_given_up(received_at: Timestamp, now: Timestamp, retry_for: Duration, tries: u32) -> bool {
    now.since(received_at) >= retry_for && tries >= TRIES_MIN
}

/// Whether what waits behind `delivered` takes more of the journal than it may.
pub fn waits_too_much(size: &JournalSize, delivered: Offset) -> bool {
    size.bytes_behind(delivered) > size.bytes_max / JOURNAL_SHARE
}

/// Whether so much lies between what is done and what is noted of it that it should be noted, though nothing was found.
pub fn is_worth_a_note(size: &JournalSize, noted: Offset, done: Offset) -> bool {
    let bytes = size.bytes_behind(noted).saturating_sub(size.bytes_behind(done));
    done.0.saturating_sub(noted.0) >= NOTE_ENTRIES || bytes > size.bytes_max / NOTE_SHARE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_minutes() {
        let wait = |tries| wait_after(tries, 0).as_seconds();
        assert_eq!([1, 2, 3, 9, 10, 1_000, u32::MAX].map(wait), [1.0, 2.0, 4.0, 256.0, 300.0, 300.0, 300.0]);
        for chance in [1, 499_999, 500_000, u64::MAX] {
            let wait = wait_after(1, chance).0;
            assert!((500_001..=1_000_000).contains(&wait), "{chance}: {wait}");
        }
    }

    #[test]
    fn what_waits_takes_a_quarter_of_the_journal_at_most() {
        let size = JournalSize {
            bytes: 1_000,
            entries: 100,
            first: Offset(11),
            head: Offset(110),
            bytes_max: 2_000,
        };
        for (delivered, expected) in [(110, false), (60, false), (59, true), (0, true)] {
            assert_eq!(waits_too_much(&size, Offset(delivered)), expected, "{delivered}");
        }
        assert!(!waits_too_much(&JournalSize::default(), Offset(0)));
    }

    #[test]
    fn a_place_is_noted_before_much_of_the_journal_lies_behind_it() {
        let size = JournalSize {
            bytes: 1_000,
            entries: 100,
            first: Offset(11),
            head: Offset(110),
            bytes_max: 3_200,
        };
        for (noted, done, expected) in [(20, 40, false), (20, 41, true), (90, 110, false), (89, 110, true)] {
            assert_eq!(is_worth_a_note(&size, Offset(noted), Offset(done)), expected, "{noted} {done}");
        }
        let small = JournalSize { bytes: 1, entries: 20_000, first: Offset(1), head: Offset(20_000), ..size };
        assert!(is_worth_a_note(&small, Offset(5), Offset(10_005)));
        assert!(!is_worth_a_note(&small, Offset(5), Offset(10_004)));
    }

    #[test]
    fn a_day_is_a_day_and_a_few_tries() {
        let received = Timestamp::from_seconds(1_795_348_800);
        let after = |seconds, tries| {
            is_given_up(received, received.plus(Duration::from_seconds(seconds)), RETRY_FOR, tries)
        };
        assert_eq!([after(0, 9), after(86_399, 9), after(86_400, 2)], [false; 3]);
        assert!(after(86_400, 3));
    }
}
