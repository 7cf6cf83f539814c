//! Which metric data do a log group's filters make of its events?
//!
//! The events of one entry are held against every filter of their group; what matches becomes one datum for each
//! filter, minute and set of dimensions. A filter with a default value makes one more datum for each minute in which
//! events of its group arrived and none matched
//! (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricTransformation.html>): minutes
//! of arrival by the journal's time, told when the minute is over.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use walletscope_language::filter_pattern::{
    self, Event, MetricTransformation, Mode, NoPoint, Pattern, PatternError, TransformationError,
};
use walletscope_model::{
    DerivedDatum, Duration, LogBatch, MetricDatum, MetricFilterDefinition, MetricValue, Origin, Provenance,
    Rules, Timestamp,
};

use crate::catalog::{Answer, GroupKey};

/// Metric filters of a log group
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>).
pub const FILTERS_PER_GROUP_MAX: usize = 100;
/// Filters of a log group whose pattern has a regular expression
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>).
pub const REGULAR_EXPRESSION_FILTERS_PER_GROUP_MAX: usize = 5;
const MINUTE: Duration = Duration::from_seconds(60);
const STORAGE_RESOLUTION_SECONDS: u8 = 60;

/// A metric filter of a log group.
#[derive(Clone, Debug)]
pub struct MetricFilter {
    /// What its author wrote.
    pub definition: Arc<MetricFilterDefinition>,
    /// When it was put first.
    pub created_at: Timestamp,
    /// Who put it last.
    pub origin: Origin,
    /// What it waits with, if it has a default value.
    minute: Option<Minute>,
    /// `None` where its text means nothing in its account's mode.
    compiled: Option<Arc<filter_pattern::MetricFilter>>,
}

/// A minute in which events of a group arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Minute {
    /// Its start.
    pub start: Timestamp,
    /// Whether an event matched.
    pub has_match: bool,
}

/// A filter as it is written down.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct StoredFilter {
    pub definition: Arc<MetricFilterDefinition>,
    pub created_at: Timestamp,
    pub origin: Origin,
    pub minute: Option<Minute>,
}

/// Why a definition makes no filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilterError {
    /// Its pattern is none.
    Pattern(PatternError),
    /// Its transformation does not fit its pattern.
    Transformation(TransformationError),
}

/// The metric filters of every log group.
#[derive(Clone, Debug, Default)]
pub struct MetricFilters {
    /// Shared with published copies, as the catalog's streams are.
    groups: BTreeMap<GroupKey, Arc<BTreeMap<Box<str>, MetricFilter>>>,
    /// When each minute that is waited with is over.
    due: BTreeSet<(Timestamp, GroupKey, Box<str>)>,
    changed: BTreeSet<(GroupKey, Box<str>)>,
    rules: Rules,
}

/// How an account reads filter patterns.
pub fn mode_of(rules: &Rules, account: &str) -> Mode {
    if rules.is_strict(account) { Mode::Strict } else { Mode::Lenient }
}

/// The filter that a definition means.
///
/// # Errors
/// Its pattern is none, or its transformation does not fit it.
pub fn compile(
    definition: &MetricFilterDefinition,
    mode: Mode,
) -> Result<filter_pattern::MetricFilter, FilterError> {
    let pattern = Pattern::parse(&definition.pattern).map_err(FilterError::Pattern)?;
    let transformation = MetricTransformation {
        metric_value: definition.value.to_string(),
        default_value: definition.default_value,
        unit: definition.unit.as_deref().map(str::to_owned),
        dimensions: definition
            .dimensions
            .iter()
            .map(|(name, place)| (name.to_string(), place.to_string()))
            .collect(),
    };
    filter_pattern::MetricFilter::new(pattern, &transformation, mode).map_err(FilterError::Transformation)
}

impl MetricFilters {
    /// The filters of a group by name.
    pub fn of_group(&self, key: &GroupKey) -> impl Iterator<Item = &MetricFilter> {
        self.groups.get(key).into_iter().flat_map(|filters| filters.values())
    }

    /// Every filter with its group, in order of group and name.
    pub fn iter(&self) -> impl Iterator<Item = (&GroupKey, &MetricFilter)> {
        self.groups.iter().flat_map(|(key, filters)| filters.values().map(move |filter| (key, filter)))
    }

    /// When the first minute that is waited with is over.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(due, ..)| *due)
    }

    /// Patterns are read by these rules from now on.
    pub(crate) fn set_rules(&mut self, rules: &Rules) {
        if self.rules.strict_accounts == rules.strict_accounts {
            return;
        }
        self.rules = rules.clone();
        for (key, filters) in &mut self.groups {
            let mode = mode_of(rules, &key.account);
            for filter in Arc::make_mut(filters).values_mut() {
                filter.compiled = compile(&filter.definition, mode).ok().map(Arc::new);
            }
        }
    }

    pub(crate) fn put(
        &mut self,
        origin: &Origin,
        key: &GroupKey,
        definition: &MetricFilterDefinition,
        now: Timestamp,
    ) -> Answer {
        let Ok(compiled) = compile(definition, mode_of(&self.rules, &key.account)) else {
            return Answer::Refused;
        };
        let filters = Arc::make_mut(self.groups.entry(key.clone()).or_default());
        let others = || filters.values().filter(|filter| filter.definition.name != definition.name);
        let has_expression =
            |filter: &filter_pattern::MetricFilter| filter.pattern().regular_expression_count() > 0;
        let expressions =
            others().filter(|filter| filter.compiled.as_deref().is_some_and(has_expression)).count();
        if others().count() >= FILTERS_PER_GROUP_MAX
            || (has_expression(&compiled) && expressions >= REGULAR_EXPRESSION_FILTERS_PER_GROUP_MAX)
        {
            return Answer::LimitReached;
        }
        let known = filters.get(&definition.name);
        let filter = MetricFilter {
            definition: Arc::new(definition.clone()),
            created_at: known.map_or(now, |known| known.created_at),
            origin: origin.clone(),
            minute: None,
            compiled: Some(Arc::new(compiled)),
        };
        if let Some(minute) = known.and_then(|known| known.minute) {
            self.due.remove(&(minute.end(), key.clone(), definition.name.clone()));
        }
        filters.insert(definition.name.clone(), filter);
        self.changed.insert((key.clone(), definition.name.clone()));
        Answer::Done
    }

    pub(crate) fn delete(&mut self, key: &GroupKey, name: &str) -> Answer {
        let filters = self.groups.get_mut(key).map(Arc::make_mut);
        let Some(gone) = filters.and_then(|filters| filters.remove(name)) else {
            return Answer::NoSuchFilter;
        };
        if let Some(minute) = gone.minute {
            self.due.remove(&(minute.end(), key.clone(), name.into()));
        }
        self.changed.insert((key.clone(), name.into()));
        Answer::Done
    }

    pub(crate) fn delete_group(&mut self, key: &GroupKey) {
        let names: Vec<_> = self.of_group(key).map(|filter| filter.definition.name.clone()).collect();
        for name in names {
            self.delete(key, &name);
        }
        self.groups.remove(key);
    }

    /// The data of an entry with log events.
    pub(crate) fn data(&mut self, origin: &Origin, logs: &LogBatch, now: Timestamp) -> Vec<DerivedDatum> {
        let key = GroupKey::new(origin, &logs.group);
        let Some(filters) = self.groups.get(&key) else { return Vec::new() };
        let mut found = Found::default();
        for event in &logs.events {
            let event =
                Event { message: &event.message, timestamp: Some(event.timestamp), ingested_at: Some(now) };
            for filter in filters.values() {
                found.hold(filter, &event);
            }
        }
        let matched = found.matched;
        let data = found.values.into_iter().map(|((name, minute, dimensions), values)| {
            let definition = &filters[name].definition;
            datum(definition, minute, dimensions, MetricValue::Values(counted(values)))
        });
        let data = data.collect();
        let changes: Vec<_> = filters
            .values()
            .filter(|filter| filter.definition.default_value.is_some())
            .filter_map(|filter| {
                let name = &filter.definition.name;
                let minute = Minute::with(filter.minute, now, matched.contains(&**name));
                (Some(minute) != filter.minute).then(|| (name.clone(), minute))
            })
            .collect();
        self.wait_with(&key, changes);
        data
    }

    /// The default values of minutes that are over.
    pub(crate) fn fire(&mut self, now: Timestamp) -> Vec<DerivedDatum> {
        let mut data = Vec::new();
        while self.due.first().is_some_and(|(due, ..)| *due <= now)
            && let Some((_, key, name)) = self.due.pop_first()
        {
            let filters = self.groups.get_mut(&key).map(Arc::make_mut);
            let Some(filter) = filters.and_then(|filters| filters.get_mut(&name)) else { continue };
            if let Some(Minute { start, has_match: false }) = filter.minute.take()
                && let Some(value) = filter.definition.default_value
            {
                let value = MetricValue::Values(vec![(value, 1.0)]);
                let of_minute = datum(&filter.definition, start, Vec::new(), value);
                // The entry that tells that the minute is over may be anybody's, even nobody's.
                data.push(DerivedDatum { origin: Some(filter.origin.clone()), ..of_minute });
            }
            self.changed.insert((key, name));
        }
        data
    }

    /// Restores at start, after the rules.
    pub(crate) fn restore(&mut self, key: GroupKey, stored: StoredFilter) {
        let StoredFilter { definition, created_at, origin, minute } = stored;
        let compiled = compile(&definition, mode_of(&self.rules, &key.account)).ok().map(Arc::new);
        let name = definition.name.clone();
        if let Some(minute) = minute {
            self.due.insert((minute.end(), key.clone(), name.clone()));
        }
        let filters = Arc::make_mut(self.groups.entry(key).or_default());
        filters.insert(name, MetricFilter { definition, created_at, origin, minute, compiled });
    }

    /// What changed since the last call, to be written down; `None` for what is gone.
    pub(crate) fn take_changes(&mut self) -> Vec<(GroupKey, Box<str>, Option<StoredFilter>)> {
        let changed = std::mem::take(&mut self.changed).into_iter();
        let each = changed.map(|(key, name)| {
            let filter = self.groups.get(&key).and_then(|filters| filters.get(&name));
            let stored = filter.map(|filter| StoredFilter {
                definition: filter.definition.clone(),
                created_at: filter.created_at,
                origin: filter.origin.clone(),
                minute: filter.minute,
            });
            (key, name, stored)
        });
        each.collect()
    }

    fn wait_with(&mut self, key: &GroupKey, changes: Vec<(Box<str>, Minute)>) {
        if changes.is_empty() {
            return;
        }
        let Some(filters) = self.groups.get_mut(key).map(Arc::make_mut) else { return };
        for (name, minute) in changes {
            if let Some(filter) = filters.get_mut(&name) {
                filter.minute = Some(minute);
                self.due.insert((minute.end(), key.clone(), name.clone()));
                self.changed.insert((key.clone(), name));
            }
        }
    }
}

impl Minute {
    /// The minute of `now` after an entry; what it waited with before is of this minute or none.
    fn with(waiting: Option<Self>, now: Timestamp, has_match: bool) -> Self {
        let has_match = has_match || waiting.is_some_and(|minute| minute.has_match);
        Self { start: now.floor_seconds(MINUTE.0 / 1_000_000), has_match }
    }

    fn end(self) -> Timestamp {
        self.start.plus(MINUTE)
    }
}

type Dimensions = Vec<(Box<str>, Box<str>)>;

/// What the events of an entry said.
#[derive(Default)]
struct Found<'f> {
    values: BTreeMap<(&'f str, Timestamp, Dimensions), Vec<f64>>,
    matched: BTreeSet<&'f str>,
}

impl<'f> Found<'f> {
    fn hold(&mut self, filter: &'f MetricFilter, event: &Event<'_>) {
        let Some(compiled) = &filter.compiled else { return };
        let name = &*filter.definition.name;
        let point = match compiled.decide(event) {
            Ok(point) => point,
            Err(NoPoint::NoMatch) => return,
            Err(_) => {
                self.matched.insert(name);
                return;
            }
        };
        self.matched.insert(name);
        let mut dimensions: Dimensions =
            point.dimensions.iter().map(|each| (each.name.into(), (&*each.value).into())).collect();
        dimensions.sort_unstable();
        let minute = point.minute.unwrap_or_default();
        self.values.entry((name, minute, dimensions)).or_default().push(point.value);
    }
}

fn datum(
    definition: &MetricFilterDefinition,
    timestamp: Timestamp,
    dimensions: Dimensions,
    value: MetricValue,
) -> DerivedDatum {
    let datum = MetricDatum {
        namespace: definition.namespace.clone(),
        name: definition.metric.clone(),
        dimensions,
        timestamp,
        unit: definition.unit.clone(),
        storage_resolution_seconds: STORAGE_RESOLUTION_SECONDS,
        value,
    };
    DerivedDatum { datum, provenance: Provenance::Filter, origin: None }
}

/// Every value once, with how often it is there.
fn counted(mut values: Vec<f64>) -> Vec<(f64, f64)> {
    values.sort_unstable_by(f64::total_cmp);
    let mut counted: Vec<(f64, f64)> = Vec::new();
    for value in values {
        match counted.last_mut() {
            Some((last, times)) if last.to_bits() == value.to_bits() => *times += 1.0,
            _ => counted.push((value, 1.0)),
        }
    }
    counted
}

impl fmt::Display for FilterError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pattern(error) => error.fmt(formatter),
            Self::Transformation(error) => error.fmt(formatter),
        }
    }
}

impl std::error::Error for FilterError {}
