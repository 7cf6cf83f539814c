//! Which series of metrics are there, and under which number is each kept?
//!
//! A series is a metric at CloudWatch (account, region, namespace, name, dimensions), told by unit and by who says it,
//! since no answer may mix them unknowingly. It gets a number when its first point comes; points are kept under the
//! number, so that one costs a hash. There are at most [`SERIES_MAX`]: a label that is an id in disguise must not take
//! the memory of everything else, so points of further series are counted as dropped and kept in the lake alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use foldhash::fast::FixedState;
use smallvec::SmallVec;
use walletscope_model::{Duration, MetricDatum, Origin, Provenance, Timestamp};

/// Series that are kept.
pub const SERIES_MAX: usize = 200_000;
/// Metrics whose dropped points are counted by name.
pub const DROPPED_METRICS_MAX: usize = 100;
/// How finely the time of a series' newest point is known.
pub const NEWEST_GRAIN: Duration = Duration::from_seconds(15 * 60);
/// Seconds of a UTC day.
pub const DAY_SECONDS: i64 = 86_400;
/// From the end of a day to the first series whose day is sealed, and to the last.
const SEALING_SECONDS: (i64, i64) = (3 * 3_600, 15 * 3_600);

/// The number of a series; never given again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesId(pub u32);

/// What a series is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeriesIdentity {
    /// The account number; empty for what the product itself says, in every account.
    pub account: Box<str>,
    /// The region; empty for what the product itself says, in every region.
    pub region: Box<str>,
    /// The namespace.
    pub namespace: Box<str>,
    /// The metric's name.
    pub name: Box<str>,
    /// Dimension names and values, sorted by name.
    pub dimensions: Vec<(Box<str>, Box<str>)>,
    /// The unit; `None` where none was given.
    pub unit: Option<Box<str>>,
    /// Who says it.
    pub provenance: Provenance,
}

/// What is known of a series over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeriesTimes {
    /// The newest point's time, to [`NEWEST_GRAIN`].
    pub newest: Timestamp,
    /// Days since 1970 before this one are sealed: their points are in the coarser tiers as well.
    pub sealed_before: i32,
}

/// Every series, for readers: a clone shares what has not changed since.
#[derive(Clone, Debug, Default)]
pub struct SeriesIndex {
    identities: Arc<Vec<Option<Arc<SeriesIdentity>>>>,
    times: Arc<Vec<SeriesTimes>>,
    kept: usize,
    /// By the hash of namespace, name and dimensions. Never walked.
    by_hash: Arc<HashMap<u64, SmallVec<[SeriesId; 1]>, FixedState>>,
    dropped: Arc<DroppedPoints>,
    dropped_points: u64,
}

/// Every series, and what waits to be done with it.
#[derive(Debug, Default)]
pub struct MetricSeries {
    index: SeriesIndex,
    /// When the next day of each is sealed.
    sealing: BTreeSet<(i64, SeriesId)>,
    changed: BTreeSet<SeriesId>,
}

/// What was dropped, by namespace and name.
pub type DroppedPoints = BTreeMap<(Box<str>, Box<str>), u64>;

/// What a series is to be written down as; `None` where it is gone.
pub type SeriesChange = (SeriesId, Option<(Arc<SeriesIdentity>, SeriesTimes)>);

/// A borrowed [`SeriesIdentity`].
#[derive(Clone, Copy)]
pub(crate) struct SeriesName<'a> {
    pub account: &'a str,
    pub region: &'a str,
    pub namespace: &'a str,
    pub name: &'a str,
    pub dimensions: &'a [(Box<str>, Box<str>)],
    pub unit: Option<&'a str>,
    pub provenance: Provenance,
}

impl SeriesIndex {
    /// How many series are kept.
    pub fn len(&self) -> usize {
        self.kept
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.kept == 0
    }

    /// True if no further series is kept.
    pub fn is_full(&self) -> bool {
        self.kept >= SERIES_MAX
    }

    /// Every series, by number.
    pub fn iter(&self) -> impl Iterator<Item = (SeriesId, &Arc<SeriesIdentity>, SeriesTimes)> {
        let each = self.identities.iter().zip(self.times.iter()).zip(0..);
        each.filter_map(|((identity, times), number)| Some((SeriesId(number), identity.as_ref()?, *times)))
    }

    /// What a series is of, and its times.
    pub fn get(&self, id: SeriesId) -> Option<(&Arc<SeriesIdentity>, SeriesTimes)> {
        let place = id.0 as usize;
        Some((self.identities.get(place)?.as_ref()?, *self.times.get(place)?))
    }

    /// Points that are not kept since there were too many series, by namespace and name, since the start.
    pub fn dropped(&self) -> (u64, &DroppedPoints) {
        (self.dropped_points, &self.dropped)
    }

    /// The names of series with a point at or after `since`, by namespace and name: how many.
    pub fn cardinality(&self, since: Timestamp) -> BTreeMap<(&str, &str), usize> {
        let mut counts = BTreeMap::new();
        for (_, identity, _) in self.iter().filter(|(.., times)| times.newest >= since) {
            *counts.entry((&*identity.namespace, &*identity.name)).or_default() += 1;
        }
        counts
    }

    /// Every series of a metric, whatever its account, region, unit and provenance, by number; `dimensions` are sorted by
    /// name.
    pub fn of_metric<'a>(
        &'a self,
        namespace: &'a str,
        name: &'a str,
        dimensions: &'a [(Box<str>, Box<str>)],
    ) -> impl Iterator<Item = (SeriesId, &'a Arc<SeriesIdentity>, SeriesTimes)> {
        let candidates = self.by_hash.get(&hash_of(namespace, name, dimensions));
        let found = candidates.into_iter().flatten().filter_map(|id| {
            let (identity, times) = self.get(*id)?;
            Some((*id, identity, times))
        });
        found.filter(move |(_, identity, _)| {
            *identity.name == *name
                && *identity.namespace == *namespace
                && *identity.dimensions == *dimensions
        })
    }

    /// The series of this name that exists.
    pub(crate) fn find(&self, name: &SeriesName<'_>) -> Option<SeriesId> {
        let candidates = self.by_hash.get(&name.hash())?;
        candidates.iter().copied().find(|id| self.get(*id).is_some_and(|(known, _)| name.is(known)))
    }
}

impl MetricSeries {
    /// The series, for readers.
    pub fn index(&self) -> &SeriesIndex {
        &self.index
    }

    /// The series of this name, made if it is new; `None` where there are too many.
    pub(crate) fn note(&mut self, name: &SeriesName<'_>, at: Timestamp, now: Timestamp) -> Option<SeriesId> {
        if let Some(id) = self.index.find(name) {
            self.touch(id, at);
            return Some(id);
        }
        let place = u32::try_from(self.index.identities.len()).ok().filter(|_| !self.index.is_full());
        let Some(id) = place.map(SeriesId) else {
            self.drop_point(name);
            return None;
        };
        // The past is sealed from the beginning: whatever comes of it later is put into all tiers at once.
        let times = SeriesTimes { newest: newest_of(at), sealed_before: day_of(now) };
        self.put(id, Some(name.to_identity()), times);
        self.changed.insert(id);
        Some(id)
    }

    /// A point of a series came; false where it is not kept any more.
    pub(crate) fn touch(&mut self, id: SeriesId, at: Timestamp) -> bool {
        let Some((_, times)) = self.index.get(id) else { return false };
        if newest_of(at) > times.newest {
            Arc::make_mut(&mut self.index.times)[id.0 as usize].newest = newest_of(at);
            self.changed.insert(id);
        }
        true
    }

    /// Restores a series at start, in the order of numbers.
    pub fn restore(&mut self, id: SeriesId, identity: SeriesIdentity, times: SeriesTimes) {
        self.put(id, Some(identity), times);
    }

    /// What changed since the last call, to be written down.
    pub(crate) fn take_changes(&mut self) -> Vec<SeriesChange> {
        let changed = std::mem::take(&mut self.changed).into_iter();
        changed
            .map(|id| (id, self.index.get(id).map(|(identity, times)| (identity.clone(), times))))
            .collect()
    }

    /// The next series with a day to be sealed, and that day.
    pub(crate) fn next_to_seal(&self, now: Timestamp) -> Option<(SeriesId, i32)> {
        let (due, id) = self.sealing.first()?;
        (*due <= now.seconds()).then(|| self.index.get(*id).map(|(_, times)| (*id, times.sealed_before)))?
    }

    /// A day of a series is sealed.
    pub(crate) fn note_sealed(&mut self, id: SeriesId, day: i32) {
        let Some((_, times)) = self.index.get(id) else { return };
        self.sealing.remove(&(due(id, times.sealed_before), id));
        self.sealing.insert((due(id, day + 1), id));
        Arc::make_mut(&mut self.index.times)[id.0 as usize].sealed_before = day + 1;
        self.changed.insert(id);
    }

    /// Forgets a series of which no point is left.
    pub(crate) fn forget(&mut self, id: SeriesId) {
        let Some((identity, times)) = self.index.get(id).map(|(identity, times)| (identity.clone(), times))
        else {
            return;
        };
        self.sealing.remove(&(due(id, times.sealed_before), id));
        let hash = identity.as_name().hash();
        if let Some(ids) = Arc::make_mut(&mut self.index.by_hash).get_mut(&hash) {
            ids.retain(|each| *each != id);
        }
        Arc::make_mut(&mut self.index.identities)[id.0 as usize] = None;
        self.index.kept -= 1;
        self.changed.insert(id);
    }

    fn put(&mut self, id: SeriesId, identity: Option<SeriesIdentity>, times: SeriesTimes) {
        let place = id.0 as usize;
        let identities = Arc::make_mut(&mut self.index.identities);
        let all_times = Arc::make_mut(&mut self.index.times);
        let length = identities.len().max(place + 1);
        identities.resize(length, None);
        all_times.resize(length, SeriesTimes { newest: Timestamp(0), sealed_before: 0 });
        if let Some(identity) = identity {
            let hash = identity.as_name().hash();
            Arc::make_mut(&mut self.index.by_hash).entry(hash).or_default().push(id);
            identities[place] = Some(Arc::new(identity));
            all_times[place] = times;
            self.sealing.insert((due(id, times.sealed_before), id));
            self.index.kept += 1;
        }
    }

    fn drop_point(&mut self, name: &SeriesName<'_>) {
        self.index.dropped_points += 1;
        let dropped = Arc::make_mut(&mut self.index.dropped);
        let key = (name.namespace.into(), name.name.into());
        if dropped.len() < DROPPED_METRICS_MAX || dropped.contains_key(&key) {
            *dropped.entry(key).or_default() += 1;
        }
    }
}

/// The UTC day of a time, counted from 1970.
pub fn day_of(at: Timestamp) -> i32 {
    // A time in microseconds has no day beyond 32 bits.
    i32::try_from(at.seconds().div_euclid(DAY_SECONDS)).unwrap_or(i32::MAX)
}

fn hash_of(namespace: &str, name: &str, dimensions: &[(Box<str>, Box<str>)]) -> u64 {
    let mut hasher = FixedState::with_seed(0).build_hasher();
    (namespace, name).hash(&mut hasher);
    dimensions.iter().for_each(|pair| pair.hash(&mut hasher));
    hasher.finish()
}

fn newest_of(at: Timestamp) -> Timestamp {
    at.floor_seconds(NEWEST_GRAIN.0 / 1_000_000)
}

/// When a day of a series is sealed: spread over half a day, so that no step has much to do.
fn due(id: SeriesId, day: i32) -> i64 {
    let (first, last) = SEALING_SECONDS;
    (i64::from(day) + 1) * DAY_SECONDS + first + i64::from(id.0) * 7 % (last - first)
}

impl SeriesIdentity {
    fn as_name(&self) -> SeriesName<'_> {
        SeriesName {
            account: &self.account,
            region: &self.region,
            namespace: &self.namespace,
            name: &self.name,
            dimensions: &self.dimensions,
            unit: self.unit.as_deref(),
            provenance: self.provenance,
        }
    }
}

impl<'a> SeriesName<'a> {
    pub(crate) fn of_datum(origin: &'a Origin, datum: &'a MetricDatum, provenance: Provenance) -> Self {
        Self {
            account: &origin.account,
            region: &origin.region,
            namespace: &datum.namespace,
            name: &datum.name,
            dimensions: &datum.dimensions,
            unit: datum.unit.as_deref().filter(|unit| *unit != "None"),
            provenance,
        }
    }

    fn hash(&self) -> u64 {
        hash_of(self.namespace, self.name, self.dimensions)
    }

    fn is(&self, known: &SeriesIdentity) -> bool {
        *self.name == *known.name
            && *self.namespace == *known.namespace
            && *self.dimensions == *known.dimensions
            && self.unit == known.unit.as_deref()
            && self.provenance == known.provenance
            && *self.account == *known.account
            && *self.region == *known.region
    }

    fn to_identity(self) -> SeriesIdentity {
        SeriesIdentity {
            account: self.account.into(),
            region: self.region.into(),
            namespace: self.namespace.into(),
            name: self.name.into(),
            dimensions: self.dimensions.to_vec(),
            unit: self.unit.map(Into::into),
            provenance: self.provenance,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn name<'a>(metric: &'a str, unit: Option<&'a str>, provenance: Provenance) -> SeriesName<'a> {
        SeriesName {
            account: "1",
            region: "r",
            namespace: "n",
            name: metric,
            dimensions: &[],
            unit,
            provenance,
        }
    }

    #[test]
    fn a_series_keeps_its_number_and_unit_and_provenance_make_others() {
        let mut series = MetricSeries::default();
        let mut note = |name: &SeriesName<'_>| series.note(name, NOW, NOW).map(|id| id.0);
        assert_eq!(note(&name("a", None, Provenance::Put)), Some(0));
        assert_eq!(note(&name("a", Some("Count"), Provenance::Put)), Some(1));
        assert_eq!(note(&name("a", None, Provenance::Filter)), Some(2));
        assert_eq!(note(&name("b", None, Provenance::Put)), Some(3));
        assert_eq!(note(&name("a", None, Provenance::Put)), Some(0));
        assert_eq!((series.index.len(), series.take_changes().len(), series.take_changes().len()), (4, 4, 0));
    }

    #[test]
    fn what_is_forgotten_is_not_found_and_its_number_not_given_again() {
        let mut series = MetricSeries::default();
        let a = name("a", None, Provenance::Put);
        let first = series.note(&a, NOW, NOW).expect("room");
        series.take_changes();
        series.forget(first);
        assert_eq!((series.index.find(&a), series.index.len()), (None, 0));
        assert_eq!(series.take_changes(), [(first, None)]);
        assert_eq!(series.note(&a, NOW, NOW), Some(SeriesId(1)));
    }

    #[test]
    fn days_are_sealed_one_after_the_other_hours_after_their_end() {
        let mut series = MetricSeries::default();
        let id = series.note(&name("a", None, Provenance::Put), NOW, NOW).expect("room");
        let today = day_of(NOW);
        let end = Timestamp::from_seconds((i64::from(today) + 1) * DAY_SECONDS);
        assert_eq!(series.next_to_seal(end), None);
        let due = end.plus(Duration::from_seconds(SEALING_SECONDS.0));
        assert_eq!(series.next_to_seal(due), Some((id, today)));
        series.note_sealed(id, today);
        assert_eq!(series.next_to_seal(due), None);
        assert_eq!(series.index.get(id).map(|(_, times)| times.sealed_before), Some(today + 1));
    }

    #[test]
    fn beyond_the_limit_points_are_dropped_and_counted() {
        let mut series = MetricSeries {
            index: SeriesIndex { kept: SERIES_MAX, ..SeriesIndex::default() },
            ..MetricSeries::default()
        };
        for metric in ["a", "a", "b"] {
            assert_eq!(series.note(&name(metric, None, Provenance::Put), NOW, NOW), None);
        }
        let (points, by_metric) = series.index.dropped();
        assert_eq!((points, by_metric.get(&("n".into(), "a".into()))), (3, Some(&2)));
    }
}
