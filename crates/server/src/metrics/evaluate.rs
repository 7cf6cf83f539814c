//! Which series answer the queries of a request?
//!
//! Each query is computed once, when it is asked for or when an expression refers to it. What stands for a single metric
//! keeps a note of it, so that labels can tell its dimensions.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;

use walletscope_language::metric_identity::MetricIdentity;
use walletscope_language::metric_math::Node;
use walletscope_language::metric_search::{SearchQuery, labels_of};
use walletscope_language::statistic::Statistic;
use walletscope_model::Duration;
use walletscope_series::math::{self, Grid, Inputs, Series, Value};
use walletscope_series::statistic_of;
use walletscope_wire::cloudwatch::MetricStat;

use super::asked::{Asked, Meaning, Refusal};
use super::band::{HISTORY_SECONDS, Trained};
use super::insights;
use super::read::{Buckets, Points};
use super::seen::{Metrics, SeenMetric, Source};

/// A metric without data for so long is not found by searches
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html>).
pub const LISTED_FOR: Duration = Duration::from_seconds(14 * 86_400);

/// What a series is of, where it is of one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// The namespace.
    pub namespace: Box<str>,
    /// The metric's name.
    pub name: Box<str>,
    /// Sorted by name.
    pub dimensions: Vec<(Box<str>, Box<str>)>,
    /// As it was asked for.
    pub statistic: Box<str>,
    /// Whether it is measured of attempts.
    pub is_of_attempts: bool,
}

/// One evaluation of a request.
pub struct Evaluation<'a> {
    pub(super) metrics: &'a Metrics,
    pub(super) asked: &'a Asked<'a>,
    /// Where what is computed begins and ends, in seconds since 1970: what was asked for, or the time before it.
    range: (i64, i64),
    origins: RefCell<Vec<Origin>>,
    computed: RefCell<Vec<Option<Value>>>,
    units: RefCell<BTreeMap<usize, Vec<String>>>,
    exceeds: Cell<bool>,
    /// What bands are learnt from; an evaluation of the time before has none of its own.
    history: Option<OnceCell<Box<Evaluation<'a>>>>,
    pub(super) trained: Trained,
}

impl<'a> Evaluation<'a> {
    /// Nothing is computed yet.
    pub fn new(metrics: &'a Metrics, asked: &'a Asked<'a>) -> Self {
        Self { history: Some(OnceCell::new()), ..Self::over(metrics, asked, (asked.start, asked.end)) }
    }

    fn over(metrics: &'a Metrics, asked: &'a Asked<'a>, range: (i64, i64)) -> Self {
        Self {
            metrics,
            asked,
            range,
            origins: RefCell::default(),
            computed: RefCell::new(vec![None; asked.queries.len()]),
            units: RefCell::default(),
            exceeds: Cell::new(false),
            history: None,
            trained: Trained::default(),
        }
    }

    /// The same queries over the time that bands are learnt from: up to the end that is asked for, or up to now. `None`
    /// where this is that evaluation.
    pub(super) fn history(&self) -> Option<&Evaluation<'a>> {
        let history = self.history.as_ref()?;
        let made = history.get_or_init(|| {
            let end = self.asked.end.min(self.metrics.view.clock.now.seconds());
            Box::new(Self::over(self.metrics, self.asked, (end - HISTORY_SECONDS, end)))
        });
        Some(made)
    }

    /// The value of a query.
    ///
    /// # Errors
    /// An expression cannot be computed, or the state could not be read.
    pub fn value(&self, place: usize) -> Result<Value, Refusal> {
        if let Some(value) = &self.computed.borrow()[place] {
            return Ok(value.clone());
        }
        let query = &self.asked.queries[place];
        let value = match &query.meaning {
            Meaning::Metric(stat, statistic) => {
                let dimensions: Vec<(Box<str>, Box<str>)> = stat
                    .dimensions
                    .iter()
                    .map(|(name, value)| (name.as_str().into(), value.as_str().into()))
                    .collect();
                let source = self.metrics.source_of(&stat.namespace, &stat.name, &dimensions, stat.unit);
                let source = self.of_one_unit(place, source);
                let is_of_attempts = self.metrics.is_of_attempts(&source);
                let origin = Origin {
                    namespace: stat.namespace.as_str().into(),
                    name: stat.name.as_str().into(),
                    dimensions,
                    statistic: stat.statistic.as_str().into(),
                    is_of_attempts,
                };
                let label = self.default_label(stat).into();
                Value::Series(self.series(origin, label, &source, statistic, query.period_seconds)?)
            }
            Meaning::Insights(sql) => {
                Value::Array(insights::evaluate(self, &query.query.id, sql, query.period_seconds)?)
            }
            Meaning::Math(expression) => {
                let grid = self.grid(query.period_seconds);
                let inputs = Sources { evaluation: self, place };
                math::evaluate(expression, grid, &inputs).map_err(|error| inputs.not_computed(error))?
            }
        };
        self.computed.borrow_mut()[place] = Some(value.clone());
        Ok(value)
    }

    /// CloudWatch answers a metric that has data in several units, where none is asked for, with those of one; here the
    /// first by name.
    fn of_one_unit(&self, place: usize, source: Source) -> Source {
        let mut by_unit = self.metrics.by_unit(source);
        if by_unit.len() > 1 {
            let units: Vec<String> = by_unit.iter().map(|(unit, _)| unit.clone()).collect();
            self.units.borrow_mut().insert(place, units);
        }
        by_unit.drain(..).next().map_or(Source::Series(Vec::new()), |(_, source)| source)
    }

    /// The units that a query's metric has data in, where they are several.
    pub fn units(&self, place: usize) -> Option<Vec<String>> {
        self.units.borrow().get(&place).cloned()
    }

    /// The metric's name, and the statistic where others of the same metric are asked for.
    fn default_label(&self, stat: &MetricStat) -> String {
        let is_other = |other: &MetricStat| {
            other.namespace == stat.namespace
                && other.name == stat.name
                && other.dimensions == stat.dimensions
                && other.statistic != stat.statistic
        };
        let others = self.asked.queries.iter().any(|query| match query.meaning {
            Meaning::Metric(other, _) => query.query.return_data && is_other(other),
            _ => false,
        });
        if others { format!("{} {}", stat.name, stat.statistic) } else { stat.name.clone() }
    }

    /// What a series is of.
    pub fn origin(&self, number: u32) -> Option<Origin> {
        self.origins.borrow().get(number as usize).cloned()
    }

    /// Whether a search or query found more metrics than are answered.
    pub fn exceeds(&self) -> bool {
        self.exceeds.get()
    }

    pub(super) fn note_excess(&self) {
        self.exceeds.set(true);
    }

    /// Buckets are aligned from the epoch, the one that holds the start included.
    pub(super) fn buckets(&self, period_seconds: u32) -> Buckets {
        let period = i64::from(period_seconds);
        let (start, end) = self.range;
        Buckets { from: start.div_euclid(period) * period, to: end, period }
    }

    pub(super) fn grid(&self, period_seconds: u32) -> Grid {
        let (start, end) = self.range;
        Grid { start, end, period_seconds }
    }

    pub(super) fn points(&self, source: &Source, period_seconds: u32) -> Result<Points, Refusal> {
        let points = self.metrics.points_of(source, self.buckets(period_seconds));
        points.map_err(|error| Refusal::Failed(error.0))
    }

    fn series(
        &self,
        origin: Origin,
        label: Box<str>,
        source: &Source,
        statistic: &Statistic,
        period_seconds: u32,
    ) -> Result<Series, Refusal> {
        let Points { points, divisor } = self.points(source, period_seconds)?;
        let value = |(at, point)| Some((at, statistic_of(statistic, &point, divisor)?));
        let points = points.into_iter().filter_map(value).collect();
        let mut origins = self.origins.borrow_mut();
        origins.push(origin);
        Ok(Series { label, origin: Some(origins.len() as u32 - 1), period_seconds, points })
    }

    fn found_by(
        &self,
        query: &SearchQuery,
        statistic: (&str, &Statistic),
        period_seconds: u32,
    ) -> Result<Vec<Series>, Refusal> {
        let since = self.metrics.view.clock.now.plus(Duration(-LISTED_FOR.0));
        let seen = self.metrics.since_for_many(since);
        let account = &*self.metrics.account;
        let mut found: Vec<&SeenMetric<'_>> =
            seen.iter().filter(|metric| query.matches(&metric.identity(account))).collect();
        if found.len() > math::SERIES_MAX {
            self.note_excess();
            found.truncate(math::SERIES_MAX);
        }
        let identities: Vec<MetricIdentity<'_>> =
            found.iter().map(|metric| metric.identity(account)).collect();
        let labels = labels_of(&identities);
        let each = found.into_iter().zip(labels).map(|(metric, label)| {
            let origin = Origin {
                namespace: metric.namespace.into(),
                name: metric.name.into(),
                dimensions: metric.dimensions.to_vec(),
                statistic: statistic.0.into(),
                is_of_attempts: metric.is_of_attempts,
            };
            self.series(origin, label.into(), &metric.source, statistic.1, period_seconds)
        });
        each.collect()
    }
}

/// Where the expression of a query gets its series from.
pub(super) struct Sources<'e, 'a> {
    pub(super) evaluation: &'e Evaluation<'a>,
    pub(super) place: usize,
}

impl Sources<'_, '_> {
    pub(super) fn not_computed(&self, error: math::EvaluationError<Refusal>) -> Refusal {
        match error {
            math::EvaluationError::Input { error, .. } => error,
            other => self.refused(other),
        }
    }

    pub(super) fn refused(&self, problem: impl std::fmt::Display) -> Refusal {
        let query = &self.evaluation.asked.queries[self.place];
        Refusal::Query { id: query.query.id.clone(), problem: problem.to_string() }
    }
}

impl Inputs for Sources<'_, '_> {
    type Error = Refusal;

    fn named(&self, id: &str) -> Result<Value, Refusal> {
        // Ids were looked up, and circles refused, when the request was understood.
        let place = self.evaluation.asked.places.get(id).copied();
        self.evaluation.value(place.ok_or_else(|| self.refused(format_args!("the id {id} is not defined")))?)
    }

    fn metrics(&self, containing: Option<&str>) -> Result<Vec<Series>, Refusal> {
        let queries = self.evaluation.asked.queries.iter().enumerate().filter(|(_, query)| {
            matches!(query.meaning, Meaning::Metric(..))
                && containing.is_none_or(|part| query.query.id.contains(part))
        });
        let mut all = Vec::new();
        for (place, _) in queries {
            all.extend(self.evaluation.value(place)?.into_series());
        }
        Ok(all)
    }

    fn search(
        &self,
        query: &str,
        statistic: &str,
        period_seconds: Option<u32>,
    ) -> Result<Vec<Series>, Refusal> {
        let search = SearchQuery::parse(query)
            .map_err(|error| self.refused(format_args!("SEARCH at character {}: {error}", error.position)))?;
        let meaning = Statistic::parse(statistic)
            .map_err(|_| self.refused(format_args!("SEARCH: {statistic} is not a valid statistic")))?;
        let period = period_seconds.unwrap_or(self.evaluation.asked.queries[self.place].period_seconds);
        self.evaluation.found_by(&search, (statistic, &meaning), period)
    }

    fn band(&self, of: &Node, series: &Series, deviations: f64) -> Result<(Series, Series), Refusal> {
        self.limits(of, series, deviations)
    }
}

impl<'a> SeenMetric<'a> {
    /// Whether there is a point; a metric filter may have found nothing yet.
    pub fn has_data(&self) -> bool {
        !matches!(&self.source, Source::Series(series) if series.is_empty())
    }

    /// As the languages over metrics see it.
    pub fn identity(&self, account: &'a str) -> MetricIdentity<'a> {
        MetricIdentity { namespace: self.namespace, name: self.name, dimensions: self.dimensions, account }
    }
}
