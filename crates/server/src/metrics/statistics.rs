//! What does GetMetricStatistics answer? Statistics of one metric in at most 1,440 buckets.
//!
//! Buckets begin at the start that was asked for, rounded down as its age demands, so that daily figures of a range that
//! begins at 10:30 run from 10:30 to 10:30.

use walletscope_language::statistic::Statistic;
use walletscope_series::statistic_of;
use walletscope_stream::BackingError;
use walletscope_wire::aws::{Double, Timestamp as WireTime};
use walletscope_wire::cloudwatch::{self, Datapoint, GetMetricStatistics};

use super::asked::start_grain;
use super::read::Buckets;
use super::seen::Metrics;

/// The buckets of a request at `now`, in seconds since 1970.
pub fn buckets_of(request: &GetMetricStatistics, now: i64) -> Buckets {
    let period = i64::from(request.period_seconds);
    let start = request.start_millis.div_euclid(1_000);
    let grain = start_grain(now - start, period);
    let to = request.end_millis.div_euclid(1_000) + i64::from(request.end_millis.rem_euclid(1_000) > 0);
    Buckets { from: start.div_euclid(grain) * grain, to, period }
}

impl Buckets {
    /// How many there are.
    pub fn count(self) -> u64 {
        u64::try_from((self.to - self.from).max(0).div_euclid(self.period)).unwrap_or(0)
            + u64::from((self.to - self.from).max(0).rem_euclid(self.period) > 0)
    }
}

/// The data points; those of each unit for themselves, as CloudWatch never adds up two units.
///
/// # Errors
/// The state could not be read.
pub fn datapoints(
    metrics: &Metrics,
    request: &GetMetricStatistics,
    extended: &[(String, Statistic)],
) -> Result<Vec<Datapoint>, BackingError> {
    let buckets = buckets_of(request, metrics.view.clock.now.seconds());
    let dimensions: Vec<(Box<str>, Box<str>)> = request
        .dimensions
        .iter()
        .map(|(name, value)| (name.as_str().into(), value.as_str().into()))
        .collect();
    let source = metrics.source_of(&request.namespace, &request.name, &dimensions, request.unit);
    let mut datapoints = Vec::new();
    for (unit, source) in metrics.by_unit(source) {
        let points = metrics.points_of(&source, buckets)?;
        for (at, point) in points.points {
            let plain = |wanted: cloudwatch::Statistic, statistic: Statistic| {
                let is_wanted = request.statistics.contains(&wanted);
                is_wanted.then(|| statistic_of(&statistic, &point, points.divisor)).flatten().map(Double)
            };
            let told = extended.iter().filter_map(|(name, statistic)| {
                Some((name.clone(), Double(statistic_of(statistic, &point, points.divisor)?)))
            });
            datapoints.push(Datapoint {
                timestamp: WireTime::from_epoch_millis(at * 1_000),
                sample_count: plain(cloudwatch::Statistic::SampleCount, Statistic::SampleCount),
                average: plain(cloudwatch::Statistic::Average, Statistic::Average),
                sum: plain(cloudwatch::Statistic::Sum, Statistic::Sum),
                minimum: plain(cloudwatch::Statistic::Minimum, Statistic::Minimum),
                maximum: plain(cloudwatch::Statistic::Maximum, Statistic::Maximum),
                unit: unit.clone(),
                extended_statistics: told.collect(),
            });
        }
    }
    Ok(datapoints)
}
