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
/// What waits for delivery may take a quarter of the journal.
const JOURNAL_SHARE: u64 = 4;

/// How long to wait behind the try of this number, from 1: twice as long each time, and up to half of it less, so that
/// endpoints of many filters are not asked at once. `chance` is any number.
pub fn wait_after(tries: u32, chance: u64) -> Duration {
    let doubled =
        FIRST_WAIT.0.saturating_mul(1_i64.checked_shl(tries.saturating_sub(1).min(40)).unwrap_or(i64::MAX));
    let wait = doubled.min(WAIT_MAX.0);
    let less = i64::try_from(chance % (wait.unsigned_abs() / 2)).unwrap_or(0);
    Duration(wait - less)
}

/// Whether a delivery that was first tried at `since` is given up.
pub fn is_given_up(since: Timestamp, now: Timestamp, retry_for: Duration) -> bool {
    now.since(since) >= retry_for
}

/// Whether what waits behind `delivered` takes more of the journal than it may.
pub fn waits_too_much(size: &JournalSize, bytes_max: u64, delivered: Offset) -> bool {
    let waiting = size.head.0.saturating_sub(delivered.0.max(size.first.0.saturating_sub(1)));
    // Entries are of many sizes; what waits is taken to be as large as the rest.
    let bytes = u128::from(size.bytes) * u128::from(waiting) / u128::from(size.entries.max(1));
    bytes > u128::from(bytes_max / JOURNAL_SHARE)
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
        let size = JournalSize { bytes: 1_000, entries: 100, first: Offset(11), head: Offset(110) };
        for (delivered, expected) in [(110, false), (60, false), (59, true), (0, true)] {
            assert_eq!(waits_too_much(&size, 2_000, Offset(delivered)), expected, "{delivered}");
        }
        assert!(!waits_too_much(&JournalSize::default(), 2_000, Offset(0)));
    }

    #[test]
    fn a_day_is_a_day() {
        let since = Timestamp::from_seconds(1_795_348_800);
        for (later, expected) in [(0, false), (86_399, false), (86_400, true)] {
            assert_eq!(is_given_up(since, since.plus(Duration::from_seconds(later)), RETRY_FOR), expected);
        }
    }
}
