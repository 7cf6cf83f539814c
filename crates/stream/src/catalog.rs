//! Which log groups and streams exist, with which filters? Which dashboards and anomaly detectors?
//!
//! Control-plane commands are decided here, when their entry is stepped, and answered with the result. Limits are
//! named; AWS's own are far away (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use walletscope_model::{Command, Duration, LogBatch, Offset, Origin, Rules, Timestamp};

use crate::anomaly_detector::{AnomalyDetector, AnomalyDetectors, DetectorKey};
use crate::dashboard::{Dashboard, DashboardKey, Dashboards};
use crate::deletions::{DeletedKey, Deletion, Deletions};
use crate::metric_filter::{MetricFilters, StoredFilter};
use crate::subscription_filter::{StoredSubscription, SubscriptionFilters};

/// Log groups over all regions.
pub const GROUPS_MAX: usize = 10_000;
/// Log streams over all groups.
pub const STREAMS_MAX: usize = 500_000;
/// Tags of a log group.
pub const TAGS_MAX: usize = 50;

/// The name of a log group: account, region, name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub struct GroupKey {
    pub account: Box<str>,
    pub region: Box<str>,
    pub name: Box<str>,
}

impl GroupKey {
    /// The group of this name in the account and region of a call.
    pub fn new(origin: &Origin, name: &str) -> Self {
        Self { account: origin.account.clone(), region: origin.region.clone(), name: name.into() }
    }
}

/// A log group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct LogGroup {
    pub created_at: Timestamp,
    /// `None`: kept for ever.
    pub retention_days: Option<u32>,
    pub tags: Vec<(Box<str>, Box<str>)>,
    /// The offset that created it: a group made again under the same name is another one.
    pub incarnation: Offset,
    /// Bytes of guarded messages ever put, plus 26 per event, as AWS counts.
    pub stored_bytes: u64,
}

/// A log stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct LogStream {
    pub created_at: Timestamp,
    pub first_event_at: Option<Timestamp>,
    pub last_event_at: Option<Timestamp>,
    pub last_ingestion_at: Option<Timestamp>,
    pub incarnation: Offset,
}

impl LogGroup {
    /// Events from before this are not kept any more; `None` where all are.
    pub fn kept_from(&self, now: Timestamp) -> Option<Timestamp> {
        const DAY_SECONDS: i64 = 86_400;
        let days = self.retention_days?;
        Some(now.plus(Duration::from_seconds(-i64::from(days) * DAY_SECONDS)))
    }
}

impl LogStream {
    /// The times of the first and the last of its events.
    fn event_times(&self) -> Option<(Timestamp, Timestamp)> {
        self.first_event_at.zip(self.last_event_at)
    }
}

/// How a command went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Answer {
    Done,
    AlreadyExists,
    NoSuchGroup,
    LimitReached,
    NoSuchStream,
    NoSuchFilter,
    TooManyTags,
    /// What it defines means nothing. The door refuses it before, by the rules of its moment.
    Refused,
    NoSuchSubscription,
    NoSuchDashboard,
    NoSuchDetector,
}

impl Answer {
    /// Every one, in the order of their numbers, which are written down.
    pub const ALL: [Self; 11] = [
        Self::Done,
        Self::AlreadyExists,
        Self::NoSuchGroup,
        Self::LimitReached,
        Self::NoSuchStream,
        Self::NoSuchFilter,
        Self::TooManyTags,
        Self::Refused,
        Self::NoSuchSubscription,
        Self::NoSuchDashboard,
        Self::NoSuchDetector,
    ];
}

/// Something to write down.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum CatalogChange {
    Group(GroupKey, Option<LogGroup>),
    Stream(GroupKey, Box<str>, Option<LogStream>),
    MetricFilter(GroupKey, Box<str>, Option<StoredFilter>),
    SubscriptionFilter(GroupKey, Box<str>, Option<StoredSubscription>),
    Deletion(DeletedKey, Option<Deletion>),
    Dashboard(DashboardKey, Option<Arc<Dashboard>>),
    AnomalyDetector(DetectorKey, Option<AnomalyDetector>),
}

/// Every group, stream and filter, every dashboard and anomaly detector.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    groups: BTreeMap<GroupKey, LogGroup>,
    /// Shared with published copies: a group's streams are copied when they change while a reader holds them.
    streams: BTreeMap<GroupKey, Arc<BTreeMap<Box<str>, LogStream>>>,
    streams_count: usize,
    /// The groups' metric filters.
    pub metric_filters: MetricFilters,
    /// The groups' subscription filters.
    pub subscription_filters: SubscriptionFilters,
    /// The accounts' dashboards.
    pub dashboards: Dashboards,
    /// The accounts' anomaly detectors.
    pub anomaly_detectors: AnomalyDetectors,
    /// Shared with published copies.
    deletions: Arc<Deletions>,
    changed_groups: BTreeMap<GroupKey, ()>,
    changed_streams: BTreeMap<(GroupKey, Box<str>), ()>,
    changed_deletions: BTreeSet<DeletedKey>,
    version: u64,
    events_version: u64,
}

impl Catalog {
    /// A group.
    pub fn group(&self, key: &GroupKey) -> Option<&LogGroup> {
        self.groups.get(key)
    }

    /// A stream.
    pub fn stream(&self, key: &GroupKey, name: &str) -> Option<&LogStream> {
        self.streams.get(key)?.get(name)
    }

    /// Groups in order of account, region, name.
    pub fn groups(&self) -> impl Iterator<Item = (&GroupKey, &LogGroup)> {
        self.groups.iter()
    }

    /// Streams of a group in order of name.
    pub fn streams(&self, key: &GroupKey) -> impl Iterator<Item = (&Box<str>, &LogStream)> {
        self.streams.get(key).into_iter().flat_map(|streams| streams.iter())
    }

    /// What deleted groups and streams left behind.
    pub fn deletions(&self) -> &Deletions {
        &self.deletions
    }

    /// The rows of everything that was deleted by this entry or an earlier one are gone.
    pub fn forget_deletions(&mut self, through: Offset) {
        let gone = Arc::make_mut(&mut self.deletions).forget(through);
        self.version += u64::from(!gone.is_empty());
        self.changed_deletions.extend(gone);
    }

    /// When the newest events of any stream arrived.
    pub fn newest_ingestion(&self) -> Option<Timestamp> {
        let streams = self.streams.values().flat_map(|streams| streams.values());
        streams.filter_map(|stream| stream.last_ingestion_at).max()
    }

    /// Grows with every definition that comes, changes or goes, so that readers know when to copy.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Grows with every batch of events, whose times and sizes groups and streams show.
    pub fn events_version(&self) -> u64 {
        self.events_version
    }

    /// Restores at start.
    pub fn restore(&mut self, change: CatalogChange) {
        match change {
            CatalogChange::Group(key, Some(group)) => {
                self.groups.insert(key, group);
            }
            CatalogChange::Stream(key, name, Some(stream)) => {
                Arc::make_mut(self.streams.entry(key).or_default()).insert(name, stream);
                self.streams_count += 1;
            }
            CatalogChange::MetricFilter(key, _, Some(filter)) => self.metric_filters.restore(key, filter),
            CatalogChange::SubscriptionFilter(key, _, Some(filter)) => {
                self.subscription_filters.restore(key, filter);
            }
            CatalogChange::Deletion(key, Some(deletion)) => {
                Arc::make_mut(&mut self.deletions).restore(key, deletion);
            }
            CatalogChange::Dashboard(key, Some(dashboard)) => self.dashboards.restore(key, dashboard),
            CatalogChange::AnomalyDetector(key, Some(detector)) => {
                self.anomaly_detectors.restore(key, detector);
            }
            CatalogChange::Group(_, None)
            | CatalogChange::Stream(_, _, None)
            | CatalogChange::MetricFilter(_, _, None)
            | CatalogChange::SubscriptionFilter(_, _, None)
            | CatalogChange::Deletion(_, None)
            | CatalogChange::Dashboard(_, None)
            | CatalogChange::AnomalyDetector(_, None) => {}
        }
        self.version += 1;
    }

    /// Patterns are read by these rules; at start before anything is restored.
    pub fn set_rules(&mut self, rules: &Rules) {
        self.metric_filters.set_rules(rules);
    }

    /// Executes a command.
    pub fn step(&mut self, origin: &Origin, command: &Command, now: Timestamp, offset: Offset) -> Answer {
        let key = |name: &str| GroupKey::new(origin, name);
        let answer = match command {
            Command::CreateLogGroup { name, retention_days, tags } => {
                self.create_group(key(name), *retention_days, tags.clone(), now, offset)
            }
            Command::DeleteLogGroup { name } => self.delete_group(&key(name), offset),
            Command::CreateLogStream { group, name } => self.create_stream(key(group), name, now, offset),
            Command::DeleteLogStream { group, name } => self.delete_stream(&key(group), name, offset),
            Command::SetRetention { group, days } => {
                self.change_group(&key(group), |group| group.retention_days = *days)
            }
            Command::TagLogGroup { group, tags } => self.tag_group(&key(group), tags),
            Command::UntagLogGroup { group, names } => {
                self.change_group(&key(group), |group| group.tags.retain(|(name, _)| !names.contains(name)))
            }
            Command::PutMetricFilter { group, filter } => match key(group) {
                key if !self.groups.contains_key(&key) => Answer::NoSuchGroup,
                key => self.metric_filters.put(origin, &key, filter, now),
            },
            Command::DeleteMetricFilter { group, name } => match key(group) {
                key if !self.groups.contains_key(&key) => Answer::NoSuchGroup,
                key => self.metric_filters.delete(&key, name),
            },
            Command::PutSubscriptionFilter { group, filter } => match key(group) {
                key if !self.groups.contains_key(&key) => Answer::NoSuchGroup,
                key => self.subscription_filters.put(&key, filter, now, offset),
            },
            Command::DeleteSubscriptionFilter { group, name } => match key(group) {
                key if !self.groups.contains_key(&key) => Answer::NoSuchGroup,
                key => self.subscription_filters.delete(&key, name),
            },
            Command::NoteDelivered { group, filter, incarnation, through } => {
                // How far a delivery came is nothing that readers of the catalog wait for.
                return self.subscription_filters.note(&key(group), filter, *incarnation, *through);
            }
            Command::PutDashboard { name, body, tags } => {
                self.dashboards.put((origin.account.clone(), name.clone()), body, tags, now)
            }
            Command::DeleteDashboards { names } => self.dashboards.delete(&origin.account, names),
            Command::PutAnomalyDetector(definition) => self.anomaly_detectors.put(origin, definition, offset),
            Command::DeleteAnomalyDetector(target) => {
                self.anomaly_detectors.delete(DetectorKey::new(origin, (**target).clone()))
            }
            Command::NoteTrained { target, incarnation, trained_at, model } => {
                let key = DetectorKey::new(origin, (**target).clone());
                self.anomaly_detectors.note(key, *incarnation, *trained_at, model.as_deref())
            }
            Command::SetRules(rules) => {
                self.set_rules(rules);
                Answer::Done
            }
        };
        self.version += u64::from(answer == Answer::Done);
        answer
    }

    /// Notes that events arrived.
    pub fn note_events(&mut self, origin: &Origin, batch: &LogBatch, now: Timestamp) {
        let key = GroupKey::new(origin, &batch.group);
        let Some(group) = self.groups.get_mut(&key) else { return };
        const EVENT_OVERHEAD_BYTES: usize = 26;
        let bytes: usize = batch.events.iter().map(|event| event.message.len() + EVENT_OVERHEAD_BYTES).sum();
        group.stored_bytes += bytes as u64;
        if let Some(stream) =
            self.streams.get_mut(&key).and_then(|streams| Arc::make_mut(streams).get_mut(&batch.stream))
        {
            let first = batch.events.iter().map(|event| event.timestamp).min();
            let last = batch.events.iter().map(|event| event.timestamp).max();
            stream.first_event_at = stream.first_event_at.into_iter().chain(first).min();
            stream.last_event_at = stream.last_event_at.max(last);
            stream.last_ingestion_at = Some(now);
            self.changed_streams.insert((key.clone(), batch.stream.clone()), ());
        }
        self.changed_groups.insert(key, ());
        self.events_version += 1;
    }

    /// What changed since the last call.
    pub fn take_changes(&mut self) -> Vec<CatalogChange> {
        let groups = std::mem::take(&mut self.changed_groups).into_keys();
        let mut changes: Vec<_> = groups
            .map(|key| {
                let group = self.groups.get(&key).cloned();
                CatalogChange::Group(key, group)
            })
            .collect();
        for (key, name) in std::mem::take(&mut self.changed_streams).into_keys() {
            let stream = self.stream(&key, &name).cloned();
            changes.push(CatalogChange::Stream(key, name, stream));
        }
        for key in std::mem::take(&mut self.changed_deletions) {
            let deletion = self.deletions.get(&key);
            changes.push(CatalogChange::Deletion(key, deletion));
        }
        let filters = self.metric_filters.take_changes().into_iter();
        changes.extend(filters.map(|(key, name, filter)| CatalogChange::MetricFilter(key, name, filter)));
        let filters = self.subscription_filters.take_changes().into_iter();
        changes
            .extend(filters.map(|(key, name, filter)| CatalogChange::SubscriptionFilter(key, name, filter)));
        let dashboards = self.dashboards.take_changes().into_iter();
        changes.extend(dashboards.map(|(key, dashboard)| CatalogChange::Dashboard(key, dashboard)));
        let detectors = self.anomaly_detectors.take_changes().into_iter();
        changes.extend(detectors.map(|(key, detector)| CatalogChange::AnomalyDetector(key, detector)));
        changes
    }

    fn create_group(
        &mut self,
        key: GroupKey,
        retention_days: Option<u32>,
        tags: Vec<(Box<str>, Box<str>)>,
        now: Timestamp,
        offset: Offset,
    ) -> Answer {
        if self.groups.contains_key(&key) {
            return Answer::AlreadyExists;
        }
        if self.groups.len() >= GROUPS_MAX {
            return Answer::LimitReached;
        }
        let group = LogGroup { created_at: now, retention_days, tags, incarnation: offset, stored_bytes: 0 };
        self.groups.insert(key.clone(), group);
        self.changed_groups.insert(key, ());
        Answer::Done
    }

    fn delete_group(&mut self, key: &GroupKey, offset: Offset) -> Answer {
        if self.groups.remove(key).is_none() {
            return Answer::NoSuchGroup;
        }
        let streams = self.streams.remove(key).unwrap_or_default();
        for name in streams.keys().cloned() {
            self.streams_count -= 1;
            self.changed_streams.insert((key.clone(), name), ());
        }
        let times = streams.values().filter_map(LogStream::event_times);
        let times = times.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
        self.note_deletion((key.clone(), None), times, offset);
        self.metric_filters.delete_group(key);
        self.subscription_filters.delete_group(key);
        self.changed_groups.insert(key.clone(), ());
        Answer::Done
    }

    fn change_group(&mut self, key: &GroupKey, change: impl FnOnce(&mut LogGroup)) -> Answer {
        let Some(group) = self.groups.get_mut(key) else { return Answer::NoSuchGroup };
        change(group);
        self.changed_groups.insert(key.clone(), ());
        Answer::Done
    }

    fn tag_group(&mut self, key: &GroupKey, tags: &[(Box<str>, Box<str>)]) -> Answer {
        let Some(group) = self.groups.get(key) else { return Answer::NoSuchGroup };
        let mut all = group.tags.clone();
        all.retain(|(name, _)| tags.iter().all(|(given, _)| given != name));
        all.extend(tags.iter().cloned());
        if all.len() > TAGS_MAX {
            return Answer::TooManyTags;
        }
        self.change_group(key, |group| group.tags = all)
    }

    fn delete_stream(&mut self, key: &GroupKey, name: &str, offset: Offset) -> Answer {
        if !self.groups.contains_key(key) {
            return Answer::NoSuchGroup;
        }
        let streams = self.streams.get_mut(key).map(Arc::make_mut);
        let Some(stream) = streams.and_then(|streams| streams.remove(name)) else {
            return Answer::NoSuchStream;
        };
        self.streams_count -= 1;
        self.note_deletion((key.clone(), Some(name.into())), stream.event_times(), offset);
        self.changed_streams.insert((key.clone(), name.into()), ());
        Answer::Done
    }

    /// What never had an event leaves nothing behind.
    fn note_deletion(&mut self, key: DeletedKey, times: Option<(Timestamp, Timestamp)>, through: Offset) {
        let Some((first, last)) = times else { return };
        let deletion = Deletion { through, first, last };
        self.changed_deletions.extend(Arc::make_mut(&mut self.deletions).note(key, deletion));
    }

    fn create_stream(&mut self, key: GroupKey, name: &str, now: Timestamp, offset: Offset) -> Answer {
        if !self.groups.contains_key(&key) {
            return Answer::NoSuchGroup;
        }
        if self.streams_count >= STREAMS_MAX {
            return Answer::LimitReached;
        }
        let streams = self.streams.entry(key.clone()).or_default();
        if streams.contains_key(name) {
            return Answer::AlreadyExists;
        }
        let stream = LogStream {
            created_at: now,
            first_event_at: None,
            last_event_at: None,
            last_ingestion_at: None,
            incarnation: offset,
        };
        Arc::make_mut(streams).insert(name.into(), stream);
        self.streams_count += 1;
        self.changed_streams.insert((key, name.into()), ());
        Answer::Done
    }
}
