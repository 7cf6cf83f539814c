//! How long are the buckets of a chart, and where do they begin?
//!
//! A range and the number of points a chart can show give the bucket length: the shortest of [`LENGTHS_SECONDS`]
//! that fits and whose windows are still kept. Buckets are aligned from the epoch, so two charts of one length show
//! the same bars; weeks therefore begin on Thursdays (UTC), as the epoch did.

use crate::window::Resolution;
use walletscope_model::time::{Duration, Timestamp};

/// The bucket lengths in seconds: 1, 5, 10, 15, 30 s; 1, 2, 5, 10, 15, 30 min; 1, 2, 3, 6, 12 h; 1, 7 d.
pub const LENGTHS_SECONDS: [i64; 18] =
    [1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 604_800];

/// A stretch of time, the start included, the end not. An end before the start is an empty range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Range {
    pub from: Timestamp,
    pub to: Timestamp,
}

/// Equal, adjacent buckets that cover a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buckets {
    /// The start of the first bucket, a multiple of the length.
    pub start: Timestamp,
    /// The length of each in seconds, above zero.
    pub length_seconds: i64,
    /// How many there are.
    pub count: usize,
}

impl Buckets {
    /// At most `max_data_points` buckets (two where fewer are asked for) over `range`, read at `now`. Ranges that are too long even
    /// for weeks get several weeks a bucket.
    pub fn choose(range: Range, max_data_points: usize, now: Timestamp) -> Self {
        let count_max = max_data_points.max(2);
        let kept_seconds = kept_resolution(range.from, now).seconds();
        let fitting = LENGTHS_SECONDS
            .into_iter()
            .filter(|&length| length >= kept_seconds)
            .map(|length| Self::covering(range, length))
            .find(|buckets| buckets.count <= count_max);
        fitting.unwrap_or_else(|| Self::of_weeks(range, count_max))
    }

    /// The aligned buckets of `length_seconds` (above zero) that touch `range`.
    pub fn covering(range: Range, length_seconds: i64) -> Self {
        let start = range.from.floor_seconds(length_seconds);
        let micros = range.to.since(start).0.max(0);
        let count = micros.unsigned_abs().div_ceil(length_micros(length_seconds).unsigned_abs()) as usize;
        Self { start, length_seconds, count }
    }

    /// The same number of buckets just before these: the previous period, bar for bar.
    pub fn previous(self) -> Self {
        let span = length_micros(self.length_seconds).saturating_mul(self.count as i64);
        Self { start: Timestamp(self.start.0.saturating_sub(span)), ..self }
    }

    /// The start of each bucket, in order.
    pub fn starts(self) -> impl ExactSizeIterator<Item = Timestamp> {
        let length = length_micros(self.length_seconds);
        (0..self.count).map(move |index| self.start.plus(Duration(length.saturating_mul(index as i64))))
    }

    /// Which bucket holds `at`; `None` outside.
    pub fn index_of(self, at: Timestamp) -> Option<usize> {
        let index = at.since(self.start).0.div_euclid(length_micros(self.length_seconds));
        usize::try_from(index).ok().filter(|&index| index < self.count)
    }

    /// The stretch that all buckets cover together: the range, rounded outwards.
    pub fn range(self) -> Range {
        let span = length_micros(self.length_seconds).saturating_mul(self.count as i64);
        Range { from: self.start, to: self.start.plus(Duration(span)) }
    }

    /// The coarsest windows that these buckets are sums of.
    pub fn resolution(self) -> Resolution {
        let divides = |resolution: &Resolution| self.length_seconds % resolution.seconds() == 0;
        Resolution::ALL.into_iter().rev().find(divides).unwrap_or(Resolution::Second)
    }

    /// Whole weeks, as few as surely fit: a range of n lengths touches at most n + 1 aligned buckets.
    fn of_weeks(range: Range, count_max: usize) -> Self {
        const WEEK_SECONDS: i64 = 604_800;
        let seconds = range.to.since(range.from).0.max(0) / 1_000_000 + 1;
        let weeks =
            seconds.unsigned_abs().div_ceil((count_max as u64 - 1).saturating_mul(WEEK_SECONDS as u64));
        Self::covering(range, weeks.max(1) as i64 * WEEK_SECONDS)
    }
}

impl Range {
    /// The range of the same length that ends where this one begins.
    pub fn previous(self) -> Self {
        let length = self.to.since(self.from).0.max(0);
        Self { from: Timestamp(self.from.0.saturating_sub(length)), to: self.from }
    }

    /// Whether `at` is in it.
    pub fn holds(self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }
}

/// The finest windows still kept at `from`.
fn kept_resolution(from: Timestamp, now: Timestamp) -> Resolution {
    let is_kept = |resolution: &Resolution| now.since(from) <= resolution.retention();
    Resolution::ALL.into_iter().find(is_kept).unwrap_or(Resolution::Hour)
}

fn length_micros(length_seconds: i64) -> i64 {
    length_seconds.max(1).saturating_mul(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_SECONDS: i64 = 86_400;
    /// 2026-11-22T12:00:00Z.
    const NOW_SECONDS: i64 = 1_795_348_800;

    fn range(from_seconds: i64, to_seconds: i64) -> Range {
        Range { from: Timestamp::from_seconds(from_seconds), to: Timestamp::from_seconds(to_seconds) }
    }

    fn check(back_seconds: i64, length_seconds: i64, points: usize, expected: (i64, usize)) {
        let from = NOW_SECONDS - back_seconds;
        let range = range(from, from + length_seconds);
        let buckets = Buckets::choose(range, points, Timestamp::from_seconds(NOW_SECONDS));
        assert_eq!(
            (buckets.length_seconds, buckets.count),
            expected,
            "{back_seconds} {length_seconds} {points}"
        );
    }

    #[test]
    fn the_shortest_length_that_fits_and_is_kept_is_chosen() {
        // From now back, length of range, points; bucket length and count.
        check(300, 300, 300, (1, 300));
        check(300, 300, 299, (5, 60));
        check(900, 900, 60, (15, 60));
        check(901, 901, 10_000, (60, 16));
        check(3_600, 3_600, 60, (60, 60));
        check(DAY_SECONDS, DAY_SECONDS, 24, (3_600, 24));
        check(15 * DAY_SECONDS, DAY_SECONDS, 10_000, (60, 1_440));
        check(15 * DAY_SECONDS + 1, DAY_SECONDS, 10_000, (3_600, 25));
        check(455 * DAY_SECONDS, 455 * DAY_SECONDS, 500, (DAY_SECONDS, 456));
        check(455 * DAY_SECONDS, 455 * DAY_SECONDS, 100, (7 * DAY_SECONDS, 66));
    }

    #[test]
    fn absurd_wishes_still_get_an_answer() {
        check(300, 300, 0, (300, 1));
        check(300, -10, 100, (1, 0));
        check(300, 0, 100, (1, 0));
        let whole = Range { from: Timestamp::from_seconds(-1), to: Timestamp(i64::MAX / 8) };
        for points in [0, 1, 2, 7, 1_000] {
            let buckets = Buckets::choose(whole, points, Timestamp::from_seconds(NOW_SECONDS));
            assert!(buckets.count <= points.max(2), "{points}: {buckets:?}");
            assert!(buckets.range().to >= whole.to);
        }
    }

    #[test]
    fn buckets_are_aligned_cover_the_range_and_meet_the_previous_period() {
        let asked = range(1_003, 1_058);
        let buckets = Buckets::covering(asked, 10);
        assert_eq!(buckets.range(), range(1_000, 1_060));
        let starts: Vec<i64> = buckets.starts().map(Timestamp::seconds).collect();
        assert_eq!(starts, [1_000, 1_010, 1_020, 1_030, 1_040, 1_050]);
        for (seconds, index) in
            [(999, None), (1_000, Some(0)), (1_009, Some(0)), (1_059, Some(5)), (1_060, None)]
        {
            assert_eq!(buckets.index_of(Timestamp::from_seconds(seconds)), index, "{seconds}");
        }
        assert_eq!(buckets.previous().range(), range(940, 1_000));
        assert_eq!(asked.previous(), range(948, 1_003));
        assert!(asked.holds(asked.from) && !asked.holds(asked.to));
    }

    #[test]
    fn buckets_before_the_epoch_are_aligned_downwards() {
        assert_eq!(Buckets::covering(range(-5, 5), 60).range(), range(-60, 60));
    }

    #[test]
    fn each_length_is_a_sum_of_the_coarsest_windows_that_divide_it() {
        for length_seconds in LENGTHS_SECONDS {
            let expected = match length_seconds {
                ..60 => Resolution::Second,
                60..3_600 => Resolution::Minute,
                3_600..86_400 => Resolution::Hour,
                _ => Resolution::Day,
            };
            assert_eq!(Buckets::covering(range(0, 1), length_seconds).resolution(), expected);
        }
    }
}
