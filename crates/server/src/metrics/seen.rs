//! Which metrics does a caller see, and which series answer for each?
//!
//! A metric that somebody writes answers with what was written, by whomever and in whatever unit, as at CloudWatch. A
//! name of the provisioning that nobody writes answers with what is measured of attempts, unless the account is strict
//! about names. The two are never mixed. What the product itself says has no account and no region, and is seen in all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use walletscope_model::{Provenance, Timestamp};
use walletscope_stream::attempt_metrics::{Measure, NAMESPACE};
use walletscope_stream::metric_series::NEWEST_GRAIN;
use walletscope_stream::{Catalog, SeriesId, SeriesIdentity};

use super::names::{Meaning, NAMES, NAMESPACES, meaning_of};
use crate::view::View;

/// The metrics as one caller sees them.
pub struct Metrics {
    /// Points and series.
    pub view: Arc<View>,
    /// Metric filters.
    pub catalog: Arc<Catalog>,
    /// Whose metrics.
    pub account: Box<str>,
    /// Where.
    pub region: Box<str>,
}

/// What answers for a metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// These series, added up.
    Series(Vec<SeriesId>),
    /// 100 for each of the successes and 0 for each of the failures.
    SuccessRate {
        /// What counts successes.
        successes: Vec<SeriesId>,
        /// What counts failures.
        failures: Vec<SeriesId>,
    },
}

/// A metric that is there.
#[derive(Clone, Debug)]
pub struct SeenMetric<'a> {
    /// The namespace.
    pub namespace: &'a str,
    /// The name.
    pub name: &'a str,
    /// Dimensions, sorted by name.
    pub dimensions: &'a [(Box<str>, Box<str>)],
    /// What answers.
    pub source: Source,
    /// Whether it is measured of attempts.
    pub is_of_attempts: bool,
    /// What is measured of attempts under this name, though somebody writes it.
    pub measured: Option<Source>,
}

type Name<'a> = (&'a str, &'a str, &'a [(Box<str>, Box<str>)]);

/// Series of attempts by what they measure and their dimensions.
type Measured<'a> = BTreeMap<(Measure, &'a [(Box<str>, Box<str>)]), Vec<SeriesId>>;

impl Metrics {
    /// What answers for a metric; no series where there is none. `dimensions` are sorted by name; without a `unit`, data of
    /// every unit are added up, as CloudWatch does.
    pub fn source_of(
        &self,
        namespace: &str,
        name: &str,
        dimensions: &[(Box<str>, Box<str>)],
        unit: Option<&str>,
    ) -> Source {
        let written: Vec<_> = self
            .series_of(namespace, name, dimensions)
            .filter(|(_, identity)| identity.provenance != Provenance::Attempt)
            .collect();
        let has_unit = |known: Option<&str>| unit.is_none_or(|unit| known.unwrap_or("None") == unit);
        if !written.is_empty() || self.is_defined(namespace, name, dimensions) {
            let of_unit = written.into_iter().filter(|(_, identity)| has_unit(identity.unit.as_deref()));
            return Source::Series(of_unit.map(|(id, _)| id).collect());
        }
        match self.meaning_of(namespace, name) {
            None => Source::Series(Vec::new()),
            Some(Meaning::Measure(measure)) => {
                let unit_fits = has_unit(Some(measure.unit()));
                let series = if unit_fits { self.of_attempts(measure, dimensions) } else { Vec::new() };
                Source::Series(series)
            }
            Some(Meaning::SuccessRate) if has_unit(Some("Percent")) => Source::SuccessRate {
                successes: self.of_attempts(Measure::Success, dimensions),
                failures: self.of_attempts(Measure::Failure, dimensions),
            },
            Some(Meaning::SuccessRate) => Source::Series(Vec::new()),
        }
    }

    /// What answers, apart by unit, in the order of their names.
    pub fn by_unit(&self, source: Source) -> Vec<(String, Source)> {
        let Source::Series(series) = source else { return vec![("Percent".to_owned(), source)] };
        let mut units: BTreeMap<String, Vec<SeriesId>> = BTreeMap::new();
        for id in series {
            let unit = self.view.series.get(id).and_then(|(identity, _)| identity.unit.as_deref());
            units.entry(unit.unwrap_or("None").to_owned()).or_default().push(id);
        }
        units.into_iter().map(|(unit, series)| (unit, Source::Series(series))).collect()
    }

    /// Whether it is measured of attempts, not written by anybody.
    pub fn is_of_attempts(&self, source: &Source) -> bool {
        let of_attempts = |id: &SeriesId| {
            let identity = self.view.series.get(*id).map(|(identity, _)| identity);
            identity.is_some_and(|identity| identity.provenance == Provenance::Attempt)
        };
        match source {
            Source::Series(series) => series.first().is_some_and(of_attempts),
            Source::SuccessRate { .. } => true,
        }
    }

    /// Every metric with a point at or after `since`, by namespace, name and dimensions.
    pub fn since(&self, since: Timestamp) -> Vec<SeenMetric<'_>> {
        let mut written: BTreeMap<Name<'_>, Vec<SeriesId>> = BTreeMap::new();
        let mut measured: Measured<'_> = BTreeMap::new();
        for (id, identity, times) in self.view.series.iter() {
            // The newest point may be as much younger as its time is coarse: rather too many than too few.
            if times.newest.plus(NEWEST_GRAIN) <= since || !self.sees(identity) {
                continue;
            }
            if identity.provenance == Provenance::Attempt {
                let measure = Measure::ALL.into_iter().find(|each| *each.name() == *identity.name);
                if let Some(measure) = measure {
                    measured.entry((measure, &identity.dimensions)).or_default().push(id);
                }
            } else {
                let name = (&*identity.namespace, &*identity.name, &*identity.dimensions);
                written.entry(name).or_default().push(id);
            }
        }
        let metric = |(namespace, name, dimensions), source, is_of_attempts| SeenMetric {
            namespace,
            name,
            dimensions,
            source,
            is_of_attempts,
            measured: None,
        };
        let mut seen: BTreeMap<Name<'_>, SeenMetric<'_>> = written
            .into_iter()
            .map(|(name, series)| (name, metric(name, Source::Series(series), false)))
            .collect();
        for (name, source) in self.named(&measured) {
            if let Some(known) = seen.get_mut(&name) {
                known.measured = Some(source);
            } else if self.is_defined(name.0, name.1, name.2) {
                let defined = metric(name, Source::Series(Vec::new()), false);
                seen.insert(name, SeenMetric { measured: Some(source), ..defined });
            } else {
                seen.insert(name, metric(name, source, true));
            }
        }
        seen.into_values().collect()
    }

    /// The same for a question about many metrics at a time: of a name that is measured of attempts, what is measured
    /// answers, whoever else writes some of them, since an answer must not mix the two.
    pub fn since_for_many(&self, since: Timestamp) -> Vec<SeenMetric<'_>> {
        let seen = self.since(since);
        let is_measured = |metric: &SeenMetric<'_>| metric.is_of_attempts || metric.measured.is_some();
        let measured: BTreeSet<(&str, &str)> = seen
            .iter()
            .filter(|metric| is_measured(metric))
            .map(|metric| (metric.namespace, metric.name))
            .collect();
        seen.into_iter()
            .filter(|metric| is_measured(metric) || !measured.contains(&(metric.namespace, metric.name)))
            .map(|mut metric| {
                if let Some(source) = metric.measured.take() {
                    metric.source = source;
                    metric.is_of_attempts = true;
                }
                metric
            })
            .collect()
    }

    /// What is measured of attempts, under every name that means it.
    fn named<'a>(&self, measured: &Measured<'a>) -> Vec<(Name<'a>, Source)> {
        let mut named = Vec::new();
        for namespace in NAMESPACES {
            for (name, meaning) in NAMES {
                if self.meaning_of(namespace, name).is_none() {
                    continue;
                }
                for ((measure, dimensions), series) in measured {
                    let of = |wanted| measured.get(&(wanted, *dimensions)).cloned().unwrap_or_default();
                    let source = match meaning {
                        Meaning::Measure(wanted) if wanted == *measure => Source::Series(series.clone()),
                        Meaning::SuccessRate
                            if matches!(measure, Measure::Success | Measure::Failure)
                                && !is_of_failures_alone(dimensions) =>
                        {
                            let (successes, failures) = (of(Measure::Success), of(Measure::Failure));
                            Source::SuccessRate { successes, failures }
                        }
                        _ => continue,
                    };
                    named.push(((namespace, name, *dimensions), source));
                }
            }
        }
        named
    }

    fn meaning_of(&self, namespace: &str, name: &str) -> Option<Meaning> {
        let meaning = meaning_of(namespace, name)?;
        if !self.is_strict() {
            return Some(meaning);
        }
        let is_own = |measure: &Measure| namespace == NAMESPACE && name == measure.name();
        matches!(&meaning, Meaning::Measure(measure) if is_own(measure)).then_some(meaning)
    }

    fn is_strict(&self) -> bool {
        self.view.clock.rules.is_strict(&self.account)
    }

    fn sees(&self, identity: &SeriesIdentity) -> bool {
        let is_own = *identity.account == *self.account && *identity.region == *self.region;
        is_own || identity.account.is_empty()
    }

    fn series_of<'a>(
        &'a self,
        namespace: &'a str,
        name: &'a str,
        dimensions: &'a [(Box<str>, Box<str>)],
    ) -> impl Iterator<Item = (SeriesId, &'a Arc<SeriesIdentity>)> {
        let series = self.view.series.of_metric(namespace, name, dimensions);
        series.filter(|(_, identity, _)| self.sees(identity)).map(|(id, identity, _)| (id, identity))
    }

    fn of_attempts(&self, measure: Measure, dimensions: &[(Box<str>, Box<str>)]) -> Vec<SeriesId> {
        let series = self.series_of(NAMESPACE, measure.name(), dimensions);
        series.filter(|(_, identity)| identity.provenance == Provenance::Attempt).map(|(id, _)| id).collect()
    }

    /// Whether a metric filter writes it, even if nothing matched yet.
    fn is_defined(&self, namespace: &str, name: &str, dimensions: &[(Box<str>, Box<str>)]) -> bool {
        let writes = |filter: &walletscope_model::MetricFilterDefinition| {
            *filter.metric == *name && *filter.namespace == *namespace && filter.dimensions.is_empty()
        };
        dimensions.is_empty()
            && self.catalog.metric_filters.iter().any(|(group, filter)| {
                *group.account == *self.account && *group.region == *self.region && writes(&filter.definition)
            })
    }
}

/// Causes are dimensions of failures; there is no rate of them.
fn is_of_failures_alone(dimensions: &[(Box<str>, Box<str>)]) -> bool {
    dimensions.iter().any(|(name, _)| &**name == "FailureClass")
}
