//! For how long has each source been silent, as a metric that alarms can watch?
//!
//! Every source has one datum a minute, whether it brings anything or not, told by the first entry behind the minute's
//! end: traffic, or the tick that the end of a minute demands. Nothing is remembered for it but the journal's time, so
//! it is told once, after a kill as well. A minute whose end the product did not see has none, and while the product
//! stood still no silence grows.

use walletscope_model::{
    Body, DerivedDatum, Duration, MetricDatum, MetricValue, Origin, Provenance, Timestamp,
};

use super::{MINUTE, SourceStats, Sources};
use crate::clock::Clock;

/// The namespace of what is told of sources.
pub const NAMESPACE: &str = "Walletscope/Sources";
/// The metric: seconds from a source's newest record to the end of the minute.
pub const METRIC: &str = "SecondsSinceLastEvent";
/// The dimension that names the source.
pub const DIMENSION: &str = "Source";
/// A source that brought nothing for so long is told no more, until it comes again: CloudWatch lists a metric without
/// data for so long.
pub const TOLD_FOR: Duration = Duration::from_seconds(14 * 86_400);
/// More minutes than these that end with one entry were not watched.
pub const MINUTES_TOLD_MAX: i64 = 5;

impl Sources {
    /// The data of the minutes that are over at `clock.now` and were not at `previous`, before the entry that tells
    /// it counts.
    pub(crate) fn silences(&self, previous: Timestamp, clock: &Clock, body: &Body) -> Vec<DerivedDatum> {
        let (first, running) = (minute_of(previous), minute_of(clock.now));
        let passed = running.since(first).0 / MINUTE.0;
        if !(1..=MINUTES_TOLD_MAX).contains(&passed) || matches!(body, Body::Gap(_)) {
            return Vec::new();
        }
        let starts = (0..passed).map(|number| first.plus(Duration(number * MINUTE.0)));
        starts.flat_map(|start| self.silences_of(start, clock)).collect()
    }

    /// When the running minute is over, as long as there is a source to tell of.
    pub(crate) fn next_due(&self, clock: &Clock) -> Option<Timestamp> {
        let due = minute_of(clock.now).plus(MINUTE);
        clock.newest_arrival.filter(|at| !self.by_name.is_empty() && due.since(*at) <= TOLD_FOR).map(|_| due)
    }

    fn silences_of(&self, start: Timestamp, clock: &Clock) -> impl Iterator<Item = DerivedDatum> {
        let end = start.plus(MINUTE);
        let told = self.iter().filter(move |(_, stats)| end.since(stats.last_seen) <= TOLD_FOR);
        told.map(move |(name, stats)| datum(name, stats, start, stats.silent_for(end, clock)))
    }
}

impl SourceStats {
    /// How long it has brought nothing, without the time that the product stood still.
    pub fn silent_for(&self, now: Timestamp, clock: &Clock) -> Duration {
        let silence = now.since(self.last_seen).0 - clock.stood_still_since(self.last_seen).0;
        Duration(silence.max(0))
    }
}

fn datum(name: &str, stats: &SourceStats, start: Timestamp, silence: Duration) -> DerivedDatum {
    let seconds = silence.0 as f64 / 1e6;
    let datum = MetricDatum {
        namespace: NAMESPACE.into(),
        name: METRIC.into(),
        dimensions: vec![(DIMENSION.into(), name.into())],
        timestamp: start,
        unit: Some("Seconds".into()),
        storage_resolution_seconds: 60,
        value: MetricValue::Values(vec![(seconds, 1.0)]),
    };
    // The entry that tells that the minute is over may be anybody's, even nobody's.
    let origin = Origin { source: name.into(), tenant: stats.tenant.clone(), ..Origin::own() };
    DerivedDatum { datum, provenance: Provenance::Source, origin: Some(origin) }
}

fn minute_of(at: Timestamp) -> Timestamp {
    at.floor_seconds(MINUTE.0 / 1_000_000)
}
