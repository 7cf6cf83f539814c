//! What do the points of a metric say, in buckets of the caller's choice?
//!
//! Buckets start at the time that was asked for, one period after the other, as CloudWatch's do. Each is read from the
//! coarsest tier whose points fit into it: hours and five minutes of the days that are sealed, minutes of what is
//! younger. Minutes are merged into five minutes, those into hours, those into buckets, so that a sum is the same to the
//! last digit whichever tier it comes from.

use walletscope_model::Timestamp;
use walletscope_series::{Point, Spread};
use walletscope_stream::attempt_metrics::divisor_of;
use walletscope_stream::metric_series::DAY_SECONDS;
use walletscope_stream::{BackingError, SeriesId, Tier};

use super::seen::{Metrics, Source};
use crate::state::each_metric_chunk;

/// Which buckets: `from`, `from + period` and so on, while they start before `to`. Seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buckets {
    /// The start of the first bucket.
    pub from: i64,
    /// What is at or after it is left out.
    pub to: i64,
    /// The length of each: 1, 5, 10, 20, 30 or a multiple of 60.
    pub period: i64,
}

/// What the points of a metric say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points {
    /// Starts of buckets and what is known of each, ascending; none for a bucket without data.
    pub points: Vec<(i64, Point)>,
    /// What values are divided by to be in the metric's unit.
    pub divisor: f64,
}

impl Metrics {
    /// The points of a metric.
    ///
    /// # Errors
    /// The state could not be read.
    pub fn points_of(&self, source: &Source, buckets: Buckets) -> Result<Points, BackingError> {
        match source {
            Source::Series(series) => self.sum_of(series, buckets),
            Source::SuccessRate { successes, failures } => {
                let successes = self.sum_of(successes, buckets)?.points;
                let failures = self.sum_of(failures, buckets)?.points;
                let rates = |points: Vec<(i64, Point)>, value| {
                    points.into_iter().map(move |(at, point)| (at, Point::of(value, point.count)))
                };
                let points = merge(rates(successes, 100.0).collect(), rates(failures, 0.0).collect());
                Ok(Points { points, divisor: 1.0 })
            }
        }
    }

    fn sum_of(&self, series: &[SeriesId], buckets: Buckets) -> Result<Points, BackingError> {
        let mut sum = Points { points: Vec::new(), divisor: 1.0 };
        for id in series {
            let Some((identity, times)) = self.view.series.get(*id) else { continue };
            sum.divisor = divisor_of(identity);
            let read = Reading { metrics: self, series: *id, buckets };
            let points = read.points(i64::from(times.sealed_before) * DAY_SECONDS)?;
            sum.points = if sum.points.is_empty() { points } else { merge(sum.points, points) };
        }
        Ok(sum)
    }
}

/// One series being read.
struct Reading<'a> {
    metrics: &'a Metrics,
    series: SeriesId,
    buckets: Buckets,
}

impl Reading<'_> {
    fn points(&self, sealed_before: i64) -> Result<Vec<(i64, Point)>, BackingError> {
        let Buckets { from, to, period } = self.buckets;
        let fits = |tier: Tier| period % tier.seconds() == 0 && from % tier.seconds() == 0;
        if !fits(Tier::Minute) {
            return Ok(self.in_buckets(self.of_tier(Tier::Second, from, to)?));
        }
        let coarse = [Tier::Hour, Tier::FiveMinutes].into_iter().find(|tier| fits(*tier));
        let Some(coarse) = coarse else {
            return Ok(self.in_buckets(self.of_tier(Tier::Minute, from, to)?));
        };
        let mut points = self.of_tier(coarse, from, to.min(sealed_before))?;
        let minutes = self.of_tier(Tier::Minute, from.max(sealed_before), to)?;
        points.extend(coarser(coarser(minutes, Tier::FiveMinutes), coarse));
        Ok(self.in_buckets(points))
    }

    /// Points of a tier that start in `from..to` and are not older than the tier answers.
    fn of_tier(&self, tier: Tier, from: i64, to: i64) -> Result<Vec<(i64, Point)>, BackingError> {
        let kept_from = (self.metrics.view.clock.now.0 - tier.retention().0).div_euclid(1_000_000);
        let from = from.max(kept_from);
        let mut points = Vec::new();
        if from >= to {
            return Ok(points);
        }
        let range = (Timestamp::from_seconds(from), Timestamp::from_seconds(to));
        each_metric_chunk(&self.metrics.view.disk, (tier, self.series), range, |key, chunk| {
            let start = key.start().seconds();
            let each = chunk.points.into_iter();
            let each = each.map(|(slot, point)| (start + i64::from(slot) * tier.seconds(), point));
            points.extend(each.filter(|(at, _)| *at >= from && *at < to));
        })?;
        Ok(points)
    }

    fn in_buckets(&self, points: Vec<(i64, Point)>) -> Vec<(i64, Point)> {
        let Buckets { from, period, .. } = self.buckets;
        merged(points, |at| from + (at - from).div_euclid(period) * period)
    }
}

fn coarser(points: Vec<(i64, Point)>, tier: Tier) -> Vec<(i64, Point)> {
    merged(points, |at| at.div_euclid(tier.seconds()) * tier.seconds())
}

/// Ascending points, those of one bucket merged.
fn merged(points: Vec<(i64, Point)>, bucket_of: impl Fn(i64) -> i64) -> Vec<(i64, Point)> {
    let mut merged: Vec<(i64, Point)> = Vec::with_capacity(points.len());
    for (at, point) in points {
        let bucket = bucket_of(at);
        match merged.last_mut() {
            Some((last, sum)) if *last == bucket => sum.merge(&point),
            _ => merged.push((bucket, point)),
        }
    }
    merged
}

/// The buckets of both.
pub(crate) fn merge(left: Vec<(i64, Point)>, right: Vec<(i64, Point)>) -> Vec<(i64, Point)> {
    let mut all = left;
    all.extend(right);
    // Stable: of one bucket the left one comes first.
    all.sort_by_key(|(at, _)| *at);
    merged(all, |at| at)
}

impl Points {
    /// Whether a percentile can be told of every bucket.
    pub fn has_spread(&self) -> bool {
        self.points.iter().all(|(_, point)| point.spread != Spread::Unknown)
    }
}
