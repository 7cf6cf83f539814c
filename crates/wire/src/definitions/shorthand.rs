//! What does a note of metrics, filters, alarms and queries define?
//!
//! People write down what they want watched in forms that no AWS API takes: metrics with their dimensions for a
//! dashboard, filters without a group, queries by name. Each is read as its author meant it, and what AWS would miss is
//! told. A member that is not known is told as well, never guessed.

use super::alarm;
use super::dashboard::{self, Drawn};
use super::definition::{Dimensions, Kind, MetricUse, Skipped};
use super::error::{At, Wrong};
use super::filter;
use super::lint::{LintCode, Sink};
use super::members::{Members, Spelling, list, named, not_allowed, text};
use super::node::{Content, Node};
use super::resource::{self, check_dimensions};
use super::{Context, DEFAULT_LOG_GROUP};
use crate::logs::metric_filters::PutMetricFilterRequest;

const MEMBERS: [&str; 5] =
    ["metrics", "MetricFilters", "Alarms", "GrafanaDashboardQueries", "QuickSightQuery"];
/// What notes about who watches what begin with. They are no YAML as people write them: a list with members beside it.
const PROSE: [&str; 2] = ["Grafana", "QuickSight"];

/// Whether a document is of this form.
pub(super) fn is_shorthand(document: &Node) -> bool {
    MEMBERS.iter().chain(&PROSE).any(|member| document.member(member).is_some())
}

/// Reads a document of this form.
pub(super) fn read(document: &Node, context: &Context, sink: &mut Sink) -> Result<(), Wrong> {
    // The names stand as people write them, one of them in lower case.
    let mut members = Members::of(document, "the document", Spelling::Camel)?;
    if let Some(metrics) = members.get("metrics") {
        read_metrics(metrics, context, sink)?;
    }
    if let Some(filters) = members.get("MetricFilters") {
        for filter in named(filters, "MetricFilters")? {
            read_filter(&filter.name, filter.at, &filter.value, sink)?;
        }
    }
    if let Some(alarms) = members.get("Alarms") {
        for alarm in named(alarms, "Alarms")? {
            named(&alarm.value, &alarm.name)?;
            alarm::define(&alarm.name, alarm.at, alarm.value.clone(), context, sink);
        }
    }
    for queries in ["GrafanaDashboardQueries", "QuickSightQuery"] {
        let Some(node) = members.get(queries) else { continue };
        for query in named(node, queries)? {
            read_query(&query.name, query.at, &query.value, sink)?;
        }
    }
    for name in PROSE {
        if let Some(node) = members.get(name) {
            skip_prose(name, node.at, sink);
        }
    }
    members.finish(sink);
    Ok(())
}

/// Whether a text that is no YAML is a note about who watches what: each of its outermost members is one of [`PROSE`].
pub(super) fn prose(text: &str, sink: &mut Sink) -> bool {
    let outermost = |line: &&str| !line.starts_with([' ', '\t', '#', '-']) && !line.trim().is_empty();
    let member = |line: &str| PROSE.into_iter().find(|name| line.trim_end().strip_suffix(':') == Some(*name));
    let is_prose = text.lines().any(|line| outermost(&line)) && {
        text.lines().filter(outermost).all(|line| member(line).is_some())
    };
    for (line, name) in (1..).zip(text.lines()).filter_map(|(at, line)| Some((at, member(line)?))) {
        if is_prose {
            skip_prose(name, At { line, column: 1 }, sink);
        }
    }
    is_prose
}

fn skip_prose(name: &str, at: At, sink: &mut Sink) {
    let reason = "it tells who watches what, and defines nothing".to_owned();
    sink.lint(at, LintCode::Prose, format!("{name}: {reason}"));
    sink.define(at, name, Kind::Skipped(Skipped { what: "prose".into(), reason }));
}

/// A list of namespaces with dimensions and metrics: one dashboard for each namespace.
fn read_metrics(metrics: &Node, context: &Context, sink: &mut Sink) -> Result<(), Wrong> {
    let mut dashboards: Vec<(At, &str, Vec<Drawn>)> = Vec::new();
    for group in list(metrics, "metrics")? {
        let mut members = Members::of(group, "metrics of a namespace", Spelling::Camel)?;
        let namespace = members.required_text("namespace")?;
        let dimensions = members.get("dimensions").map_or(Ok(Vec::new()), listed_dimensions)?;
        let metrics = members.required("metrics")?;
        let place = match dashboards.iter().position(|dashboard| dashboard.1 == namespace) {
            Some(place) => place,
            None => {
                dashboards.push((group.at, namespace, Vec::new()));
                dashboards.len() - 1
            }
        };
        for metric in list(metrics, "metrics")? {
            dashboards[place].2.push(drawn(metric, namespace, &dimensions, sink)?);
        }
        members.finish(sink);
    }
    for (at, namespace, drawn) in dashboards {
        let is_allowed = |character: char| character.is_ascii_alphanumeric() || character == '_';
        let name: String =
            namespace.chars().map(|character| if is_allowed(character) { character } else { '-' }).collect();
        dashboard::draw(&name, drawn, at, context, sink)?;
    }
    Ok(())
}

fn drawn(
    node: &Node,
    namespace: &str,
    dimensions: &[(Box<str>, Box<str>)],
    sink: &mut Sink,
) -> Result<Drawn, Wrong> {
    let mut members = Members::of(node, "a metric", Spelling::Camel)?;
    let name = members.required_text("name")?;
    let statistic = members.text("statistic")?.map(Box::<str>::from);
    let period = members.integer("period")?;
    if period.is_some_and(|period| !is_period(period)) {
        return Err(not_allowed(
            node.at,
            "period",
            "it must be 1, 5, 10, 20, 30 or a multiple of 60 seconds",
        ));
    }
    if statistic.as_deref() == Some("Average") && name.ends_with("Rate") {
        let sentence = format!("the Average of {name} over time counts a quiet minute as much as a busy one");
        sink.lint(node.at, LintCode::AverageOfRate, sentence);
    }
    members.finish(sink);
    let metric =
        MetricUse { namespace: namespace.into(), name: name.into(), dimensions: dimensions.to_vec() };
    Ok(Drawn { metric, statistic, period })
}

/// The lengths of time over which CloudWatch aggregates
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricStat.html>).
fn is_period(seconds: i32) -> bool {
    matches!(seconds, 1 | 5 | 10 | 20 | 30) || (seconds > 0 && seconds % 60 == 0)
}

/// Dimensions as a mapping, or as a list of mappings.
fn listed_dimensions(node: &Node) -> Result<Dimensions, Wrong> {
    let one = std::slice::from_ref(node);
    let mappings = if let Content::List(values) = &node.content { values } else { one };
    let mut pairs = Vec::new();
    for mapping in mappings {
        for pair in named(mapping, "dimensions")? {
            pairs.push((pair.name.clone(), text(&pair.value, &pair.name)?.into()));
        }
    }
    check_dimensions(&pairs, node)?;
    Ok(pairs)
}

fn read_filter(name: &str, at: At, node: &Node, sink: &mut Sink) -> Result<(), Wrong> {
    let mut members = Members::of(node, "a metric filter", Spelling::Pascal)?;
    let log_group_name = match members.text("logGroupName")? {
        Some(group) => group,
        None => {
            let sentence = format!("{name} names no log group and is read as one of {DEFAULT_LOG_GROUP}");
            sink.lint(at, LintCode::DefaultLogGroup, sentence);
            DEFAULT_LOG_GROUP
        }
    };
    let request = PutMetricFilterRequest {
        log_group_name: log_group_name.to_owned(),
        filter_name: name.to_owned(),
        filter_pattern: members.required_text("filterPattern")?.to_owned(),
        metric_transformations: vec![resource::transformation(&mut members)?],
        ..PutMetricFilterRequest::default()
    };
    filter::define(request, at, sink)?;
    members.finish(sink);
    Ok(())
}

/// A query as a text, or as a mapping with one.
fn read_query(name: &str, at: At, node: &Node, sink: &mut Sink) -> Result<(), Wrong> {
    if let Some(query) = node.scalar() {
        return resource::define_query(name, query, None, Vec::new(), at, sink);
    }
    let mut members = Members::of(node, "a query", Spelling::Camel)?;
    resource::define_query(name, members.required_text("query")?, None, Vec::new(), at, sink)?;
    members.finish(sink);
    Ok(())
}
