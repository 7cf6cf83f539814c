//! What is this statistic of that point?
//!
//! CloudWatch says what its statistics mean
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html>), not how it
//! interpolates; here a percentile is the nearest rank, and bounds in percent cut between ranks: of ten values
//! `TM(10%:90%)` leaves the second to the ninth. Values beyond those that a point keeps are known within 1 %.

use walletscope_language::statistic::{BoundKind, Bounds, Statistic};

use crate::point::Point;

/// The value; `None` where the spread is needed and unknown, or nothing lies within the bounds of a mean. The point's
/// values are divided by `divisor` first, which is positive.
pub fn statistic_of(statistic: &Statistic, point: &Point, divisor: f64) -> Option<f64> {
    if point.count <= 0.0 {
        return None;
    }
    match statistic {
        Statistic::SampleCount => Some(point.count),
        Statistic::Sum => Some(point.sum / divisor),
        // In this order, as every other surface does: the same number to the last digit.
        Statistic::Average => Some(point.sum / point.count / divisor),
        Statistic::Minimum => Some(point.minimum / divisor),
        Statistic::Maximum => Some(point.maximum / divisor),
        Statistic::Percentile(percent) => Some(Sorted::of(point, divisor)?.percentile(percent.value())),
        Statistic::PercentileRank(bounds) => {
            let sorted = Sorted::of(point, divisor)?;
            Some(100.0 * sum_of(sorted.within(bounds).map(|(_, times)| times)) / sorted.count)
        }
        Statistic::TrimmedCount(bounds) => {
            Some(sum_of(Sorted::of(point, divisor)?.within(bounds).map(|(_, times)| times)))
        }
        Statistic::TrimmedSum(bounds) => {
            Some(sum_of(Sorted::of(point, divisor)?.within(bounds).map(|(value, times)| value * times)))
        }
        Statistic::TrimmedMean(bounds) => Sorted::of(point, divisor)?.trimmed_mean(bounds),
        Statistic::InterquartileMean => Sorted::of(point, divisor)?.trimmed_mean(&statistic.bounds()?),
        Statistic::WinsorizedMean(bounds) => Some(Sorted::of(point, divisor)?.winsorized_mean(bounds)),
    }
}

/// The sum, which is 0 of nothing; the standard library's is −0.
fn sum_of(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |sum, value| sum + value)
}

/// Values ascending, each with how often it came.
struct Sorted {
    values: Vec<(f64, f64)>,
    count: f64,
}

impl Sorted {
    fn of(point: &Point, divisor: f64) -> Option<Self> {
        let values = point.weighted_values()?;
        let values: Vec<_> = values.iter().map(|(value, times)| (value / divisor, *times)).collect();
        let count = values.iter().map(|(_, times)| times).sum();
        (count > 0.0).then_some(Self { values, count })
    }

    /// How many values lie below the place that a share in percent cuts at: whole where values came whole times.
    fn rank(&self, percent: f64) -> f64 {
        let rank = self.exact_rank(percent);
        // Shares such as 99.9 have no exact double; what is a rank but for that is that rank.
        const INEXACT: f64 = 1e-9;
        let whole = (rank - INEXACT * rank.max(1.0)).ceil();
        if self.count.fract() == 0.0 { whole.max(0.0) } else { rank }
    }

    fn exact_rank(&self, percent: f64) -> f64 {
        percent * self.count / 100.0
    }

    fn percentile(&self, percent: f64) -> f64 {
        let rank = self.rank(percent);
        let mut below_or_at = 0.0;
        let found = self.values.iter().find(|(_, times)| {
            below_or_at += times;
            below_or_at >= rank
        });
        found.or(self.values.last()).map_or(0.0, |(value, _)| *value)
    }

    /// The values above the lower bound and not above the upper one, each as often as it is there.
    fn within(&self, bounds: &Bounds) -> impl Iterator<Item = (f64, f64)> {
        self.between(bounds, |percent| self.rank(percent))
    }

    /// As [`Self::within`], where `rank` says where a share in percent cuts.
    fn between(&self, bounds: &Bounds, rank: impl Fn(f64) -> f64) -> impl Iterator<Item = (f64, f64)> {
        let (low, high) = match bounds.kind() {
            BoundKind::Value => (bounds.low(), bounds.high()),
            BoundKind::Percent => (bounds.low().map(&rank), bounds.high().map(&rank)),
        };
        let (low, high) = (low.unwrap_or(f64::NEG_INFINITY), high.unwrap_or(f64::INFINITY));
        let by_rank = bounds.kind() == BoundKind::Percent;
        let mut below = 0.0;
        self.values.iter().filter_map(move |(value, times)| {
            let (first, last) = (below, below + times);
            below = last;
            let left = if by_rank {
                last.min(high) - first.max(low)
            } else if *value > low && *value <= high {
                *times
            } else {
                0.0
            };
            (left > 0.0).then_some((*value, left))
        })
    }

    fn trimmed_mean(&self, bounds: &Bounds) -> Option<f64> {
        let add = |(count, sum), (value, times): (f64, f64)| (count + times, sum + value * times);
        let (mut count, mut sum) = self.within(bounds).fold((0.0, 0.0), add);
        if count == 0.0 {
            // Of too few values to cut between ranks, parts of them are within.
            let parts = self.between(bounds, |percent| self.exact_rank(percent));
            (count, sum) = parts.fold((0.0, 0.0), add);
        }
        (count > 0.0).then(|| sum / count)
    }

    fn winsorized_mean(&self, bounds: &Bounds) -> f64 {
        let bound = |bound: Option<f64>, open| match (bound, bounds.kind()) {
            (None, _) => open,
            (Some(value), BoundKind::Value) => value,
            (Some(percent), BoundKind::Percent) => self.percentile(percent),
        };
        let low = bound(bounds.low(), f64::NEG_INFINITY);
        let high = bound(bounds.high(), f64::INFINITY);
        let sum: f64 = self.values.iter().map(|(value, times)| value.max(low).min(high) * times).sum();
        sum / self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::point::Spread;

    fn of(text: &str, values: &[(f64, f64)]) -> Option<f64> {
        let mut point = Point::of(values[0].0, values[0].1);
        values[1..].iter().for_each(|(value, times)| point.add(*value, *times));
        statistic_of(&Statistic::parse(text).expect("a statistic"), &point, 1.0)
    }

    #[test]
    fn every_statistic_of_ten_values() {
        // 1 to 4 twice, 100 and 200 once.
        let ten = [(1.0, 2.0), (2.0, 2.0), (3.0, 2.0), (4.0, 2.0), (100.0, 1.0), (200.0, 1.0)];
        for (text, expected) in [
            ("SampleCount", 10.0),
            ("Sum", 320.0),
            ("Average", 32.0),
            ("Minimum", 1.0),
            ("Maximum", 200.0),
            ("p0", 1.0),
            ("p10", 1.0),
            ("p20", 1.0),
            ("p20.1", 2.0),
            ("p50", 3.0),
            ("p90", 100.0),
            ("p90.01", 200.0),
            ("p100", 200.0),
            // Without the lowest and the highest: 1+2+2+3+3+4+4+100.
            ("TS(10%:90%)", 119.0),
            ("TC(10%:90%)", 8.0),
            ("TM(10%:90%)", 119.0 / 8.0),
            ("tm90", 120.0 / 9.0),
            ("TM(90%:)", 200.0),
            ("TM(1:100)", 118.0 / 7.0),
            ("tc80", 8.0),
            ("ts80", 20.0),
            // Ranks 4 to 8: 2+3+3+4+4.
            ("IQM", 16.0 / 5.0),
            // 200 is moved to p90, 100.
            ("wm90", 220.0 / 10.0),
            ("WM(:4)", 28.0 / 10.0),
            ("WM(2:4)", 30.0 / 10.0),
            ("PR(:3)", 60.0),
            ("PR(3:)", 40.0),
            ("PR(1:4)", 60.0),
            ("PR(500:)", 0.0),
        ] {
            assert_eq!(of(text, &ten), Some(expected), "{text}");
        }
        assert_eq!(of("TM(500:)", &ten), None, "no value, no mean");
        for text in ["TC(500:)", "TS(500:)", "PR(500:)"] {
            assert_eq!(of(text, &ten).map(f64::to_bits), Some(0), "{text}");
        }
    }

    #[test]
    fn equal_values_are_cut_by_rank_and_parts_of_a_count_as_parts() {
        assert_eq!(of("TC(10%:90%)", &[(5.0, 10.0)]), Some(8.0));
        assert_eq!((of("TM(10%:90%)", &[(5.0, 1.0)]), of("IQM", &[(5.0, 1.0)])), (Some(5.0), Some(5.0)));
        assert_eq!(of("tc50", &[(5.0, 2.5)]), Some(1.25));
    }

    #[test]
    fn without_a_spread_there_is_no_percentile() {
        let point = Point { spread: Spread::Unknown, ..Point::of(3.0, 2.0) };
        for (text, expected) in [("Average", Some(3.0)), ("p50", None), ("IQM", None), ("PR(:9)", None)] {
            let statistic = Statistic::parse(text).expect("a statistic");
            assert_eq!(statistic_of(&statistic, &point, 1.0), expected, "{text}");
        }
    }

    #[test]
    fn what_has_a_unit_is_divided_and_counts_are_not() {
        let point = Point::of(1_500_000.0, 2.0);
        for (text, expected) in
            [("Sum", 3.0), ("Average", 1.5), ("Maximum", 1.5), ("p50", 1.5), ("tc99", 2.0), ("PR(:2)", 100.0)]
        {
            let statistic = Statistic::parse(text).expect("a statistic");
            assert_eq!(statistic_of(&statistic, &point, 1e6), Some(expected), "{text}");
        }
    }
}
