//! Which series answer a query in SQL over metrics?
//!
//! CloudWatch adds up every metric of a namespace and name that has the labels. What is measured of attempts is kept under
//! several sets of dimensions, each of which counts every attempt, so adding them up would count each several times:
//! where such a metric is asked for without `SCHEMA`, the smallest set answers that has all dimensions that the query
//! names. A namespace is a table then, and its metrics are columns, whoever else writes metrics of those names.

use std::collections::{BTreeMap, BTreeSet};

use walletscope_language::metrics_insights::{self, Function, FunctionCall, GroupValue, Query};
use walletscope_model::Duration;
use walletscope_series::Point;
use walletscope_series::math::Series;

use super::asked::Refusal;
use super::evaluate::{Evaluation, LISTED_FOR};
use super::names::meaning_of;
use super::read::{Points, merge};
use super::seen::SeenMetric;

/// Metrics that a query reads
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-limits.html>).
pub const METRICS_MAX: usize = 10_000;

/// The points of one metric in one group.
type ByCall = BTreeMap<Box<str>, Points>;

pub(super) fn evaluate(
    evaluation: &Evaluation<'_>,
    id: &str,
    query: &Query,
    period_seconds: u32,
) -> Result<Vec<Series>, Refusal> {
    let metrics = evaluation.metrics;
    let since = metrics.view.clock.now.plus(Duration(-LISTED_FOR.0));
    let seen = metrics.since_for_many(since);
    let names: BTreeSet<&str> = query.select.calls().iter().map(|call| &*call.metric).collect();
    let mut found: Vec<&SeenMetric<'_>> = Vec::new();
    for name in names {
        let of_name = seen.iter().filter(|metric| metric.name == name);
        found.extend(read_for(evaluation, (id, query), name, of_name.collect())?);
    }
    if found.len() > METRICS_MAX {
        evaluation.note_excess();
        found.truncate(METRICS_MAX);
    }
    let mut groups: BTreeMap<Vec<GroupValue<'_>>, ByCall> = BTreeMap::new();
    for metric in found {
        let identity = metric.identity(&metrics.account);
        let points = evaluation.points(&metric.source, period_seconds)?;
        if points.points.is_empty() {
            continue;
        }
        let group = groups.entry(query.group_of(&identity)).or_default();
        let sum = group.entry(metric.name.into()).or_default();
        sum.divisor = points.divisor;
        sum.points = merge(std::mem::take(&mut sum.points), points.points);
    }
    Ok(answered(query, groups, period_seconds))
}

/// Which of the metrics of a name a query reads.
fn read_for<'a, 'v>(
    evaluation: &Evaluation<'_>,
    (id, query): (&str, &Query),
    name: &str,
    metrics: Vec<&'a SeenMetric<'v>>,
) -> Result<Vec<&'a SeenMetric<'v>>, Refusal> {
    let account = &*evaluation.metrics.account;
    let is_of_source = |metric: &&SeenMetric<'_>| query.matches(&metric.identity(account));
    let is_measured = meaning_of(&query.source.namespace, name).is_some() && query.source.schema.is_none();
    let namespace = &*query.source.namespace;
    let measured = || metrics.iter().filter(|metric| metric.is_of_attempts && metric.namespace == namespace);
    if !is_measured || measured().next().is_none() {
        return Ok(metrics.into_iter().filter(is_of_source).collect());
    }
    let filters = query.filters.iter().map(|filter| &*filter.label);
    let named: BTreeSet<&str> = query.group_by.iter().map(|label| &**label).chain(filters).collect();
    let has_named = |metric: &SeenMetric<'_>| {
        named.iter().all(|name| metric.dimensions.iter().any(|(known, _)| &**known == *name))
    };
    // Each set of dimensions counts every attempt once, so the values of one that is larger add up as well.
    let smallest =
        measured().filter(|metric| has_named(metric)).map(|metric| names_of(metric)).min_by_key(Vec::len);
    let Some(smallest) = smallest else {
        let named: Vec<&str> = named.into_iter().collect();
        let problem = format!(
            "{name} is measured of attempts, which are not counted by {} together; SQL over \
             token_provisioning_logs can",
            named.join(", ")
        );
        return Err(Refusal::Query { id: id.to_owned(), problem });
    };
    let is_of_set = |metric: &&SeenMetric<'_>| metric.is_of_attempts && names_of(metric) == smallest;
    Ok(metrics.into_iter().filter(is_of_set).filter(is_of_source).collect())
}

fn names_of<'m>(metric: &SeenMetric<'m>) -> Vec<&'m str> {
    metric.dimensions.iter().map(|(name, _)| &**name).collect()
}

fn answered(
    query: &Query,
    groups: BTreeMap<Vec<GroupValue<'_>>, ByCall>,
    period_seconds: u32,
) -> Vec<Series> {
    let mut all = Vec::new();
    for (group, by_metric) in groups {
        let times: BTreeSet<i64> =
            by_metric.values().flat_map(|points| points.points.iter().map(|(at, _)| *at)).collect();
        let value = |at: i64| {
            let told = |call: &FunctionCall| {
                let points = by_metric.get(&call.metric)?;
                let place = points.points.binary_search_by_key(&at, |(at, _)| *at).ok()?;
                Some(value_of(call.function, &points.points[place].1, points.divisor))
            };
            metrics_insights::evaluate(&query.select, &told).map(|value| (at, value))
        };
        let points: Vec<(i64, f64)> = times.into_iter().filter_map(value).collect();
        let values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
        let scalar = query.order.as_ref().and_then(|order| order.function.scalar(&values));
        let label = query.label_of(&group);
        all.push(((group, scalar), Series { label: label.into(), origin: None, period_seconds, points }));
    }
    let (keys, mut series): (Vec<_>, Vec<_>) =
        all.into_iter().map(|(key, series)| (key, Some(series))).unzip();
    let order = query.answered(&keys);
    order.into_iter().filter_map(|place| series.get_mut(place)?.take()).collect()
}

fn value_of(function: Function, point: &Point, divisor: f64) -> f64 {
    match function {
        // As every other surface does: the same number to the last digit.
        Function::Average => point.sum / point.count / divisor,
        Function::Count => point.count,
        Function::Maximum => point.maximum / divisor,
        Function::Minimum => point.minimum / divisor,
        Function::Sum => point.sum / divisor,
    }
}
