//! In which bucket of which series is a metric datum counted, and for how long?
//!
//! Points are kept in four tiers, as long as CloudWatch answers from each: seconds for three hours, minutes for 15 days,
//! five minutes for 63, hours for 455
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>). A datum goes into its
//! minute; the coarser tiers of a day are made once, hours after its end, when the day is *sealed*, and what comes
//! later for a sealed day goes into all of them at once. So every tier tells the same, and a point costs one write.
//! Points lie in chunks, an hour of minutes, four hours of five minutes, a day of hours, since a chunk is what the disk reads
//! and writes.

use std::hash::{Hash, Hasher};

use walletscope_model::{Body, DerivedDatum, Duration, MetricDatum, Origin, Provenance, Timestamp};
use walletscope_series::Point;

use crate::metric_series::{DAY_SECONDS, SeriesId, SeriesName, day_of};
use crate::state::{Backing, BackingError, State};

/// Days sealed in a step, whatever waits: a step must stay short.
const SEALED_PER_STEP_MAX: usize = 8;
/// Chunks of seconds removed in a step.
const SECONDS_REMOVED_PER_STEP_MAX: usize = 1_000;

/// How long the buckets of a stored point are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Tier {
    Second,
    Minute,
    FiveMinutes,
    Hour,
}

/// Which chunk of which series. The order is the disk's: seconds by time, since they go by age; others by series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChunkKey {
    /// The tier.
    pub tier: Tier,
    /// The series.
    pub series: SeriesId,
    /// The chunk's start in units of [`Tier::chunk_seconds`] since 1970.
    pub number: i32,
}

/// The points of a stretch of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chunk {
    /// Bucket of the chunk, from 0, and its point, ascending.
    pub points: Vec<(u16, Point)>,
}

impl Tier {
    /// Every tier, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Second, Self::Minute, Self::FiveMinutes, Self::Hour];

    /// The length of a bucket.
    pub fn seconds(self) -> i64 {
        [1, 60, 300, 3_600][self as usize]
    }

    /// The length of a chunk.
    pub fn chunk_seconds(self) -> i64 {
        [60, 3_600, 4 * 3_600, DAY_SECONDS][self as usize]
    }

    /// For how long points are kept and answered.
    pub fn retention(self) -> Duration {
        Duration::from_seconds(
            [3 * 3_600, 15 * DAY_SECONDS, 63 * DAY_SECONDS, 455 * DAY_SECONDS][self as usize],
        )
    }

    /// The day whose chunks go when `day` is sealed: whole days beyond the retention.
    fn expired_with(self, day: i32) -> i32 {
        let days = self.retention().0 / 1_000_000 / DAY_SECONDS;
        day - i32::try_from(days).unwrap_or(i32::MAX) - 1
    }
}

impl ChunkKey {
    /// The chunk of a tier that holds a time.
    pub fn of(tier: Tier, series: SeriesId, at: Timestamp) -> Self {
        let number = at.seconds().div_euclid(tier.chunk_seconds());
        // Every time in microseconds has a minute within 32 bits but those before and after tens of thousands of years.
        let number = i32::try_from(number).unwrap_or(if number < 0 { i32::MIN } else { i32::MAX });
        Self { tier, series, number }
    }

    /// When its first bucket starts.
    pub fn start(self) -> Timestamp {
        Timestamp::from_seconds(i64::from(self.number) * self.tier.chunk_seconds())
    }
}

impl Hash for ChunkKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Numbers of chunks have no use for the two highest bits.
        let place = u64::from(self.number.cast_unsigned()) | u64::from(self.series.0) << 32;
        state.write_u64(place ^ (self.tier as u64) << 30);
    }
}

impl Chunk {
    fn add(&mut self, slot: u16, change: PointChange<'_>) {
        // Nearly every point is of the newest bucket.
        let place = match self.points.last() {
            Some((newest, _)) if *newest == slot => Ok(self.points.len() - 1),
            Some((newest, _)) if *newest < slot => Err(self.points.len()),
            _ => self.points.binary_search_by_key(&slot, |(slot, _)| *slot),
        };
        match (place, change) {
            (Ok(place), PointChange::Merge(point)) => self.points[place].1.merge(point),
            (Ok(place), PointChange::Value(value, times)) => {
                self.points[place].1.add(value, times);
                if self.points[place].1.is_empty() {
                    self.points.remove(place);
                }
            }
            (Err(place), PointChange::Merge(point)) => self.points.insert(place, (slot, point.clone())),
            (Err(place), PointChange::Value(value, times)) if times > 0.0 => {
                self.points.insert(place, (slot, Point::of(value, times)));
            }
            // What went by age cannot be taken back.
            (Err(_), PointChange::Value(..)) => {}
        }
    }
}

/// What is added to a bucket.
#[derive(Clone, Copy)]
pub(crate) enum PointChange<'a> {
    /// All of a point.
    Merge(&'a Point),
    /// A value so many times; a negative number takes it back.
    Value(f64, f64),
}

impl<B: Backing> State<B> {
    /// Counts the data of an entry, sent and derived.
    pub(crate) fn count_data(
        &mut self,
        origin: &Origin,
        body: &Body,
        derived: &[DerivedDatum],
    ) -> Result<(), BackingError> {
        if let Body::Metrics(metrics) = body {
            for datum in &metrics.data {
                self.count_datum(origin, datum, Provenance::Put)?;
            }
        }
        for DerivedDatum { datum, provenance, origin: own } in derived {
            self.count_datum(own.as_ref().unwrap_or(origin), datum, *provenance)?;
        }
        Ok(())
    }

    fn count_datum(
        &mut self,
        origin: &Origin,
        datum: &MetricDatum,
        provenance: Provenance,
    ) -> Result<(), BackingError> {
        let Some(point) = Point::of_datum(&datum.value) else { return Ok(()) };
        let name = SeriesName::of_datum(origin, datum, provenance);
        let Some(series) = self.metric_series.note(&name, datum.timestamp, self.clock.now) else {
            return Ok(());
        };
        let change = PointChange::Merge(&point);
        if datum.storage_resolution_seconds == 1 {
            self.add_to_tier(Tier::Second, series, datum.timestamp, change)?;
        }
        self.add_point(series, datum.timestamp, change)
    }

    /// Adds to the minute of a time, and to the coarser buckets where its day is sealed.
    pub(crate) fn add_point(
        &mut self,
        series: SeriesId,
        at: Timestamp,
        change: PointChange<'_>,
    ) -> Result<(), BackingError> {
        self.add_to_tier(Tier::Minute, series, at, change)?;
        let sealed_before =
            self.metric_series.index().get(series).map_or(i32::MIN, |(_, times)| times.sealed_before);
        if day_of(at) < sealed_before {
            self.add_to_tier(Tier::FiveMinutes, series, at, change)?;
            self.add_to_tier(Tier::Hour, series, at, change)?;
        }
        Ok(())
    }

    fn add_to_tier(
        &mut self,
        tier: Tier,
        series: SeriesId,
        at: Timestamp,
        change: PointChange<'_>,
    ) -> Result<(), BackingError> {
        if self.clock.now.since(at).0 > tier.retention().0 {
            return Ok(());
        }
        let key = ChunkKey::of(tier, series, at);
        let slot = (at.seconds() - key.start().seconds()) / tier.seconds();
        let backing = &self.backing;
        let chunk = self.metric_chunks.get_mut(key, |key| backing.metric_chunk(key))?;
        // A chunk has 60 buckets at most.
        chunk.get_or_insert_default().add(slot as u16, change);
        if chunk.as_ref().is_some_and(|chunk| chunk.points.is_empty()) {
            *chunk = None;
        }
        Ok(())
    }

    /// Seals days that are over and removes what is too old, a bounded number per call.
    pub(crate) fn keep_metrics(&mut self) -> Result<(), BackingError> {
        for _ in 0..SEALED_PER_STEP_MAX {
            let Some((series, day)) = self.metric_series.next_to_seal(self.clock.now) else { break };
            self.seal(series, day)?;
        }
        Ok(())
    }

    /// Removes seconds that are too old.
    pub(crate) fn evict_metric_seconds(&mut self) -> Result<(), BackingError> {
        let before = self.clock.now.plus(Duration(-Tier::Second.retention().0));
        for key in self.backing.oldest_metric_seconds(before, SECONDS_REMOVED_PER_STEP_MAX)? {
            self.remove_chunk(key)?;
        }
        Ok(())
    }

    /// Makes the coarser points of a day, and removes those of days beyond the retention of their tier.
    fn seal(&mut self, series: SeriesId, day: i32) -> Result<(), BackingError> {
        let start = day_start(day);
        let mut five_minutes = Vec::new();
        for key in chunks_of_day(Tier::Minute, series, day) {
            let backing = &self.backing;
            let Some(chunk) = self.metric_chunks.get(key, |key| backing.metric_chunk(key))? else { continue };
            for (slot, point) in &chunk.points {
                let at = key.start().plus(Duration::from_seconds(i64::from(*slot) * Tier::Minute.seconds()));
                merge_last(&mut five_minutes, at.floor_seconds(Tier::FiveMinutes.seconds()), point);
            }
        }
        let mut hours = Vec::new();
        for (at, point) in &five_minutes {
            merge_last(&mut hours, at.floor_seconds(Tier::Hour.seconds()), point);
        }
        for (at, point) in &five_minutes {
            self.add_to_tier(Tier::FiveMinutes, series, *at, PointChange::Merge(point))?;
        }
        for (at, point) in &hours {
            self.add_to_tier(Tier::Hour, series, *at, PointChange::Merge(point))?;
        }
        self.metric_series.note_sealed(series, day);
        for tier in [Tier::Minute, Tier::FiveMinutes, Tier::Hour] {
            for key in chunks_of_day(tier, series, tier.expired_with(day)) {
                self.remove_chunk(key)?;
            }
        }
        let newest = self.metric_series.index().get(series).map(|(_, times)| times.newest);
        if newest.is_some_and(|newest| start.since(newest).0 > Tier::Hour.retention().0) {
            self.metric_series.forget(series);
        }
        Ok(())
    }

    fn remove_chunk(&mut self, key: ChunkKey) -> Result<(), BackingError> {
        let backing = &self.backing;
        // What is not there needs no removal.
        if self.metric_chunks.get(key, |key| backing.metric_chunk(key))?.is_some() {
            *self.metric_chunks.get_mut(key, |key| backing.metric_chunk(key))? = None;
        }
        Ok(())
    }
}

fn chunks_of_day(tier: Tier, series: SeriesId, day: i32) -> impl Iterator<Item = ChunkKey> {
    let first = ChunkKey::of(tier, series, day_start(day));
    let chunks = i32::try_from(DAY_SECONDS / tier.chunk_seconds()).unwrap_or(1);
    (0..chunks).map(move |place| ChunkKey { number: first.number + place, ..first })
}

fn day_start(day: i32) -> Timestamp {
    Timestamp::from_seconds(i64::from(day) * DAY_SECONDS)
}

fn merge_last(points: &mut Vec<(Timestamp, Point)>, at: Timestamp, point: &Point) {
    match points.last_mut() {
        Some((last, sum)) if *last == at => sum.merge(point),
        _ => points.push((at, point.clone())),
    }
}
