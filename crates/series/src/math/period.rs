//! How do series of different periods meet? On the coarsest.

use std::borrow::Cow;

use super::Series;

/// The start of the bucket that holds `time`, aligned from the epoch.
pub(super) fn bucket_of(time: i64, period_seconds: u32) -> i64 {
    time.saturating_sub(time.rem_euclid(i64::from(period_seconds.max(1))))
}

/// The series, those of shorter periods brought to the longest.
pub(super) fn same_period<const N: usize>(all: [&Series; N]) -> [Cow<'_, Series>; N] {
    let coarsest = all.iter().map(|series| series.period_seconds).max().unwrap_or(1);
    all.map(|series| resampled(series, coarsest))
}

/// A series in buckets of a longer period, each with the average of the points in it. AWS does not say how it brings
/// periods together; which statistic would be right is known only to who reads the metric, so whoever can should read
/// all metrics of an expression with one period.
pub(super) fn resampled(series: &Series, period_seconds: u32) -> Cow<'_, Series> {
    if series.period_seconds >= period_seconds {
        return Cow::Borrowed(series);
    }
    let averages = series
        .points
        .chunk_by(|left, right| bucket_of(left.0, period_seconds) == bucket_of(right.0, period_seconds))
        .map(|bucket| {
            let sum: f64 = bucket.iter().map(|point| point.1).sum();
            (bucket_of(bucket[0].0, period_seconds), sum / bucket.len() as f64)
        });
    let empty =
        Series { label: series.label.clone(), origin: series.origin, ..Series::empty(period_seconds) };
    Cow::Owned(empty.with_points(averages))
}
