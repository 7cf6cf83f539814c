//! What has to be done so that everything is as files say?
//!
//! [`plan`] compares definitions with what is there and decides, definition by definition, what is new, what changes and
//! what stays; it does nothing. The same files over the state that their plan leads to give a plan without changes. What is
//! there and not in the files stays as it is: files name what they want, not all there may be.

mod compare;

use std::collections::{BTreeMap, BTreeSet};

use walletscope_guard::guard;
use walletscope_language::statistic::Statistic;
use walletscope_model::{AnomalyDetectorDefinition, AnomalyDetectorTarget, Command};
use walletscope_stream::anomaly_detector::DetectorKey;
use walletscope_stream::metric_filter::{compile, mode_of};
use walletscope_stream::{Catalog, GroupKey};
use walletscope_wire::definitions::{AnomalyDetector, Definition, Kind, MetricUse, Place, QueryLanguage};

use crate::metrics::time_zone::offset_seconds;
use crate::metrics::{Metrics, SeenMetric, evaluate::LISTED_FOR};
use compare::{filter_changes, group_changes};

/// What a detector of a file says of how fast it adapts, as CloudWatch's do by default; answered back alone.
const ADAPTATION_SPEED: &str = "NORMAL";
/// The same of outliers.
const OUTLIER_FILTERING_STRENGTH: &str = "MODERATE";

/// What is there, as one account sees it.
pub struct Existing<'a> {
    /// Log groups, filters, dashboards, detectors.
    pub catalog: &'a Catalog,
    /// Metrics with data.
    pub metrics: &'a Metrics,
    /// Saved queries by name.
    pub queries: &'a BTreeMap<String, String>,
}

/// What is to be done about one definition.
#[derive(Debug)]
pub struct Step {
    /// Where it stands.
    pub place: Place,
    /// What it is, in words.
    pub kind: &'static str,
    /// Its name; a metric filter's behind its group's.
    pub name: String,
    /// What happens.
    pub action: Action,
    /// What changes, a line each; for what is skipped, why.
    pub changes: Vec<String>,
    /// How.
    pub work: Option<Work>,
}

/// What happens to a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is made.
    Create,
    /// It takes the place of what is there.
    Change,
    /// It is there already.
    Keep,
    /// Nothing is made of it.
    Skip,
}

/// How a step is done.
#[derive(Debug)]
pub enum Work {
    /// By a command in the journal.
    Command(Box<Command>),
    /// By saving a query.
    SaveQuery(String),
}

/// What is to be known before.
#[derive(Debug)]
pub struct Remark {
    /// About what.
    pub place: Place,
    /// A stable word.
    pub code: &'static str,
    /// A sentence.
    pub sentence: String,
    /// What to do.
    pub what_to_do: &'static str,
}

/// A definition that cannot be applied.
#[derive(Debug)]
pub struct Fault {
    /// Which.
    pub place: Place,
    /// Why.
    pub sentence: String,
}

/// A plan.
#[derive(Debug, Default)]
pub struct Plan {
    /// In the order in which it is done.
    pub steps: Vec<Step>,
    /// What the state knows and files do not.
    pub remarks: Vec<Remark>,
    /// Why nothing can be done.
    pub faults: Vec<Fault>,
}

impl Action {
    /// As it is shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Keep => "keep",
            Self::Skip => "skip",
        }
    }
}

/// Decides what has to be done.
pub fn plan(definitions: &[Definition], existing: &Existing<'_>) -> Plan {
    let mut planning =
        Planning { existing, plan: Plan::default(), made_groups: BTreeSet::new(), seen: Vec::new() };
    let since = existing.metrics.view.clock.now.plus(walletscope_model::Duration(-LISTED_FOR.0));
    planning.seen = existing.metrics.since(since);
    // Groups first: filters need them.
    let (groups, others): (Vec<_>, Vec<_>) =
        definitions.iter().partition(|definition| matches!(definition.kind, Kind::LogGroup(_)));
    groups.into_iter().chain(others).for_each(|definition| planning.add(definition));
    planning.plan
}

struct Planning<'a> {
    existing: &'a Existing<'a>,
    plan: Plan,
    made_groups: BTreeSet<Box<str>>,
    seen: Vec<SeenMetric<'a>>,
}

impl Planning<'_> {
    fn add(&mut self, definition: &Definition) {
        if let Some(sentence) = card_number_in(definition) {
            self.plan.faults.push(Fault { place: definition.place.clone(), sentence });
            return;
        }
        match &definition.kind {
            Kind::LogGroup(group) => {
                let days = group.retention_days.and_then(|days| u32::try_from(days).ok());
                self.add_group(&definition.place, &definition.name, days);
            }
            Kind::MetricFilter(filter) => self.add_filter(definition, filter),
            Kind::SavedQuery(query) => {
                let is_sql = matches!(query.language, None | Some(QueryLanguage::Sql));
                if is_sql {
                    self.add_query(definition, &query.query);
                } else {
                    self.skip(definition, "only queries in SQL can be saved yet".to_owned());
                }
            }
            Kind::Dashboard(dashboard) => {
                self.remark_on_metrics(&definition.place, &dashboard.metrics);
                self.add_dashboard(definition, &dashboard.body);
            }
            Kind::AnomalyDetector(detector) => {
                self.remark_on_metrics(&definition.place, std::slice::from_ref(&detector.metric));
                self.add_detector(definition, detector);
            }
            Kind::Alarm(alarm) => self.skip(definition, alarm.note.to_owned()),
            Kind::Skipped(skipped) => self.skip(definition, skipped.reason.clone()),
        }
    }

    fn key(&self, group: &str) -> GroupKey {
        let Metrics { account, region, .. } = self.existing.metrics;
        GroupKey { account: account.clone(), region: region.clone(), name: group.into() }
    }

    fn add_group(&mut self, place: &Place, name: &str, retention_days: Option<u32>) {
        let known = self.existing.catalog.group(&self.key(name));
        self.made_groups.insert(name.into());
        let (action, changes, command) = match known {
            None => {
                let command = Command::CreateLogGroup { name: name.into(), retention_days, tags: Vec::new() };
                (Action::Create, Vec::new(), Some(command))
            }
            Some(group) => {
                let changes = group_changes(group, retention_days);
                let command = Command::SetRetention { group: name.into(), days: retention_days };
                let is_same = changes.is_empty();
                (if is_same { Action::Keep } else { Action::Change }, changes, (!is_same).then_some(command))
            }
        };
        let work = command.map(|command| Work::Command(Box::new(command)));
        self.plan.steps.push(Step {
            place: place.clone(),
            kind: "log group",
            name: name.to_owned(),
            action,
            changes,
            work,
        });
    }

    fn add_filter(&mut self, definition: &Definition, filter: &walletscope_wire::definitions::MetricFilter) {
        let key = self.key(&filter.log_group);
        let rules = &self.existing.metrics.view.clock.rules;
        if let Err(error) = compile(&filter.filter, mode_of(rules, &key.account)) {
            let sentence = format!("the metric filter {}: {error}", definition.name);
            self.plan.faults.push(Fault { place: definition.place.clone(), sentence });
            return;
        }
        if self.existing.catalog.group(&key).is_none() && !self.made_groups.contains(&filter.log_group) {
            self.add_group(&definition.place, &filter.log_group, None);
        }
        let known = self.existing.catalog.metric_filters.of_group(&key);
        let known = known.map(|known| &known.definition).find(|known| known.name == filter.filter.name);
        let changes = known.map(|known| filter_changes(known, &filter.filter));
        let action = match &changes {
            None => Action::Create,
            Some(changes) if changes.is_empty() => Action::Keep,
            Some(_) => Action::Change,
        };
        let command = Command::PutMetricFilter {
            group: filter.log_group.clone(),
            filter: Box::new(filter.filter.clone()),
        };
        self.plan.steps.push(Step {
            place: definition.place.clone(),
            kind: definition.kind.word(),
            name: format!("{} in {}", definition.name, filter.log_group),
            action,
            changes: changes.unwrap_or_default(),
            work: (action != Action::Keep).then(|| Work::Command(Box::new(command))),
        });
    }

    fn add_query(&mut self, definition: &Definition, text: &str) {
        let known = self.existing.queries.get(&*definition.name);
        let action = match known {
            None => Action::Create,
            Some(known) if known == text => Action::Keep,
            Some(_) => Action::Change,
        };
        self.plan.steps.push(Step {
            place: definition.place.clone(),
            kind: definition.kind.word(),
            name: definition.name.to_string(),
            action,
            changes: if action == Action::Change { vec!["its text".to_owned()] } else { Vec::new() },
            work: (action != Action::Keep).then(|| Work::SaveQuery(text.to_owned())),
        });
    }

    fn add_dashboard(&mut self, definition: &Definition, body: &str) {
        let known = self.existing.catalog.dashboards.get(&self.existing.metrics.account, &definition.name);
        // Blanks and the order of members are the author's business.
        let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
        let is_same = known.is_some_and(|known| parsed(&known.body) == parsed(body));
        let command =
            Command::PutDashboard { name: definition.name.clone(), body: body.into(), tags: Vec::new() };
        let changes = if known.is_some() && !is_same { vec!["its body".to_owned()] } else { Vec::new() };
        self.add_command(definition, (known.is_some(), is_same), changes, command);
    }

    fn add_detector(&mut self, definition: &Definition, detector: &AnomalyDetector) {
        let fault = if Statistic::parse(&detector.statistic).is_err() {
            Some(format!("{} is not a valid statistic", detector.statistic))
        } else {
            let now = self.existing.metrics.view.clock.now.seconds();
            let zone = detector.time_zone.as_deref().filter(|zone| offset_seconds(zone, now).is_none());
            zone.map(|zone| format!("{zone} is not a time zone"))
        };
        if let Some(sentence) = fault {
            self.plan.faults.push(Fault { place: definition.place.clone(), sentence });
            return;
        }
        let mut dimensions = detector.metric.dimensions.clone();
        dimensions.sort_unstable();
        let target = AnomalyDetectorTarget {
            namespace: detector.metric.namespace.clone(),
            metric: detector.metric.name.clone(),
            dimensions,
            statistic: detector.statistic.clone(),
        };
        let Metrics { account, region, .. } = self.existing.metrics;
        let key = DetectorKey { account: account.clone(), region: region.clone(), target: target.clone() };
        let known = self.existing.catalog.anomaly_detectors.get(&key).map(|known| &known.definition);
        let word = |known: Option<&str>, default: &str| known.unwrap_or(default).into();
        let wanted = AnomalyDetectorDefinition {
            target,
            excluded: detector.excluded.clone(),
            timezone: detector.time_zone.clone(),
            has_periodic_spikes: detector.has_periodic_spikes.unwrap_or(false),
            // Files do not tell these, and they mean nothing here: what is there stays.
            adaptation_speed: word(known.map(|known| &*known.adaptation_speed), ADAPTATION_SPEED),
            outlier_filtering_strength: word(
                known.map(|known| &*known.outlier_filtering_strength),
                OUTLIER_FILTERING_STRENGTH,
            ),
        };
        let is_same = known.is_some_and(|known| **known == wanted);
        let changes = if known.is_some() && !is_same {
            vec!["what it learns from; it learns anew".to_owned()]
        } else {
            Vec::new()
        };
        let command = Command::PutAnomalyDetector(Box::new(wanted));
        self.add_command(definition, (known.is_some(), is_same), changes, command);
    }

    fn add_command(
        &mut self,
        definition: &Definition,
        (is_known, is_same): (bool, bool),
        changes: Vec<String>,
        command: Command,
    ) {
        let action = match (is_known, is_same) {
            (false, _) => Action::Create,
            (true, false) => Action::Change,
            (true, true) => Action::Keep,
        };
        self.plan.steps.push(Step {
            place: definition.place.clone(),
            kind: definition.kind.word(),
            name: definition.name.to_string(),
            action,
            changes,
            work: (action != Action::Keep).then(|| Work::Command(Box::new(command))),
        });
    }

    fn skip(&mut self, definition: &Definition, why: String) {
        self.plan.steps.push(Step {
            place: definition.place.clone(),
            kind: definition.kind.word(),
            name: definition.name.to_string(),
            action: Action::Skip,
            changes: vec![why],
            work: None,
        });
    }

    /// A metric that nobody sends is more often a slip of the pen than a plan.
    fn remark_on_metrics(&mut self, place: &Place, metrics: &[MetricUse]) {
        for metric in metrics {
            let is_it =
                |seen: &&SeenMetric<'_>| *seen.namespace == *metric.namespace && *seen.name == *metric.name;
            let mut dimensions = metric.dimensions.clone();
            dimensions.sort_unstable();
            let of_name: Vec<_> = self.seen.iter().filter(is_it).collect();
            if of_name.iter().any(|seen| *seen.dimensions == *dimensions) {
                continue;
            }
            let names = dimensions.iter().map(|(name, value)| format!("{name}={value}"));
            let with = names.collect::<Vec<_>>().join(", ");
            let sentence = match (of_name.is_empty(), dimensions.is_empty()) {
                (true, _) => {
                    format!("nothing sent the metric {} {} in 14 days", metric.namespace, metric.name)
                }
                (false, true) => {
                    format!("the metric {} {} has data with dimensions only", metric.namespace, metric.name)
                }
                (false, false) => {
                    format!("no datum of the metric {} {} has {with}", metric.namespace, metric.name)
                }
            };
            self.plan.remarks.push(Remark {
                place: place.clone(),
                code: "metric-without-data",
                sentence,
                what_to_do: "compare the names with those of `GET /api/v1/cloudwatch/metrics`; data may also be yet to come",
            });
        }
    }
}

/// What is cut would mean something else than was written.
fn card_number_in(definition: &Definition) -> Option<String> {
    let filter = |filter: &walletscope_wire::definitions::MetricFilter| {
        let definition = &filter.filter;
        let mut texts = vec![&*filter.log_group, &*definition.pattern, &*definition.namespace];
        texts.extend([&*definition.metric, &*definition.value]);
        texts.extend(definition.dimensions.iter().flat_map(|(name, value)| [&**name, &**value]));
        texts.iter().any(|text| guard(text).cuts > 0)
    };
    let is_cut = guard(&definition.name).cuts > 0
        || match &definition.kind {
            Kind::MetricFilter(each) => filter(each),
            Kind::SavedQuery(query) => guard(&query.query).cuts > 0,
            Kind::Dashboard(dashboard) => guard(&dashboard.body).cuts > 0,
            _ => false,
        };
    is_cut.then(|| format!("the {} holds a card number", definition.kind.word()))
}
