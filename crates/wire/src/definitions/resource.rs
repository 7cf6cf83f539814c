//! What does one group, filter, dashboard, query or detector say?
//!
//! This product's own form and CloudFormation's have the same members but for how their names begin, so one reader
//! serves both. A name that is absent is an error, unless the caller made one: templates may leave names out.

use std::collections::BTreeMap;

use walletscope_model::Timestamp;
use walletscope_model::metric::DIMENSIONS_MAX;

use super::dashboard;
use super::definition::{AnomalyDetector, Dimensions, Kind, LogGroup, MetricUse, QueryLanguage, SavedQuery};
use super::error::{At, Problem, Wrong};
use super::filter;
use super::lint::{LintCode, Sink};
use super::members::{Members, Spelling, list, named, not_allowed, text, wrong_type};
use super::node::{Content, Node};
use crate::aws::Double;
use crate::import::instant;
use crate::logs::metric_filters::{MetricTransformation, PutMetricFilterRequest};
use crate::logs::retention::PutRetentionPolicyRequest;
use crate::logs::violations::Violations;

/// Most characters of a query's name
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutQueryDefinition.html>).
const QUERY_NAME_LEN_MAX: usize = 255;
/// Most characters of a query, likewise.
const QUERY_LEN_MAX: usize = 10_000;
/// Most characters of a time zone's name
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_AnomalyDetectorConfiguration.html>).
const TIME_ZONE_LEN_MAX: usize = 50;

/// The name that a resource gets which has none, if it may have none.
pub(super) type Made<'a> = Option<&'a str>;

/// A log group.
pub(super) fn log_group(mut members: Members<'_>, made: Made<'_>, sink: &mut Sink) -> Result<(), Wrong> {
    let name = name(&mut members, "logGroupName", made, sink)?;
    let retention_days = members.integer("retentionInDays")?;
    let checked = match retention_days {
        Some(retention_in_days) => {
            PutRetentionPolicyRequest { log_group_name: name.clone(), retention_in_days }.validate()
        }
        None => {
            let mut violations = Violations::default();
            violations.group(&name, "logGroupName");
            violations.into_result()
        }
    };
    checked.map_err(|error| not_allowed(members.at, "the log group", error.message))?;
    if members.spelling == Spelling::Pascal {
        let unused =
            ["bearerTokenAuthenticationEnabled", "dataProtectionPolicy", "deletionProtectionEnabled"];
        members.not_applied(&unused, sink);
        let unused = ["fieldIndexPolicies", "kmsKeyId", "logGroupClass", "resourcePolicyDocument", "tags"];
        members.not_applied(&unused, sink);
    }
    sink.define(members.at, name, Kind::LogGroup(LogGroup { retention_days }));
    members.finish(sink);
    Ok(())
}

/// A metric filter.
pub(super) fn metric_filter(mut members: Members<'_>, made: Made<'_>, sink: &mut Sink) -> Result<(), Wrong> {
    let transformations = members.required("metricTransformations")?;
    let metric_transformations = list(transformations, &members.spelling.of("metricTransformations"))?
        .iter()
        .map(|value| {
            let mut members = Members::of(value, "a metric transformation", members.spelling)?;
            let transformation = transformation(&mut members)?;
            members.finish(sink);
            Ok(transformation)
        })
        .collect::<Result<_, Wrong>>()?;
    let request = PutMetricFilterRequest {
        filter_name: name(&mut members, "filterName", made, sink)?,
        log_group_name: members.required_text("logGroupName")?.to_owned(),
        filter_pattern: members.required_text("filterPattern")?.to_owned(),
        metric_transformations,
        apply_on_transformed_logs: members.boolean("applyOnTransformedLogs")?,
        field_selection_criteria: members.text("fieldSelectionCriteria")?.map(str::to_owned),
        emit_system_field_dimensions: members.texts("emitSystemFieldDimensions")?,
    };
    filter::define(request, members.at, sink)?;
    members.finish(sink);
    Ok(())
}

/// What a matching event adds to which metric.
pub(super) fn transformation(members: &mut Members<'_>) -> Result<MetricTransformation, Wrong> {
    Ok(MetricTransformation {
        metric_name: members.required_text("metricName")?.to_owned(),
        metric_namespace: members.required_text("metricNamespace")?.to_owned(),
        metric_value: members.required_text("metricValue")?.to_owned(),
        default_value: members.number("defaultValue")?.map(Double),
        dimensions: dimensions(members, "key")?
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect::<BTreeMap<_, _>>(),
        unit: members.text("unit")?.map(str::to_owned),
    })
}

/// A dashboard.
pub(super) fn dashboard(mut members: Members<'_>, made: Made<'_>, sink: &mut Sink) -> Result<(), Wrong> {
    let name = name(&mut members, "dashboardName", made, sink)?;
    let body = members.required("dashboardBody")?;
    dashboard::define(&name, body, members.at, sink)?;
    members.finish(sink);
    Ok(())
}

/// A query with a name.
pub(super) fn saved_query(mut members: Members<'_>, sink: &mut Sink) -> Result<(), Wrong> {
    let name = members.required_text("name")?;
    let query = members.required_text("queryString")?;
    let language = match members.text("queryLanguage")? {
        None => None,
        Some(found) => {
            let language = QueryLanguage::ALL.into_iter().find(|language| language.name() == found);
            let reason = || format!("{found} is none of CWLI, PPL and SQL");
            Some(language.ok_or_else(|| not_allowed(members.at, "the query's language", reason()))?)
        }
    };
    let log_groups = members.texts("logGroupNames")?.into_iter().map(Box::from).collect();
    define_query(name, query, language, log_groups, members.at, sink)?;
    if members.spelling == Spelling::Pascal {
        members.not_applied(&["parameters"], sink);
    }
    members.finish(sink);
    Ok(())
}

/// Defines a query whose name and text have lengths that AWS allows.
pub(super) fn define_query(
    name: &str,
    query: &str,
    language: Option<QueryLanguage>,
    log_groups: Vec<Box<str>>,
    at: At,
    sink: &mut Sink,
) -> Result<(), Wrong> {
    for (what, text, limit) in
        [("the query's name", name, QUERY_NAME_LEN_MAX), ("the query's text", query, QUERY_LEN_MAX)]
    {
        let length = text.chars().count();
        if length == 0 || length > limit {
            let reason = format!("it has {length} characters and must have 1 to {limit}");
            return Err(not_allowed(at, what, reason));
        }
    }
    sink.define(at, name, Kind::SavedQuery(SavedQuery { query: query.into(), language, log_groups }));
    Ok(())
}

/// A band of what is usual for one metric. `false` where it is one of an expression, which is not read.
pub(super) fn anomaly_detector(mut members: Members<'_>, sink: &mut Sink) -> Result<bool, Wrong> {
    if members.get("metricMathAnomalyDetector").is_some() {
        return Ok(false);
    }
    let nested = members.get("singleMetricAnomalyDetector");
    let nested = nested.map(|node| Members::of(node, "a single metric anomaly detector", members.spelling));
    let (metric, statistic) = match nested.transpose()? {
        Some(mut nested) => {
            nested.not_applied(&["accountId"], sink);
            let found = metric_and_statistic(&mut nested)?;
            nested.finish(sink);
            found
        }
        None => metric_and_statistic(&mut members)?,
    };
    let mut detector = AnomalyDetector {
        metric,
        statistic,
        excluded: Vec::new(),
        time_zone: None,
        has_periodic_spikes: None,
    };
    if let Some(node) = members.get("configuration") {
        let configuration = Members::of(node, "the configuration of an anomaly detector", members.spelling)?;
        configure(&mut detector, configuration, sink)?;
    }
    if let Some(node) = members.get("metricCharacteristics") {
        let mut characteristics = Members::of(node, "the metric's characteristics", members.spelling)?;
        detector.has_periodic_spikes = characteristics.boolean("periodicSpikes")?;
        characteristics.finish(sink);
    }
    let name = detector_name(&detector);
    sink.define(members.at, name, Kind::AnomalyDetector(detector));
    members.finish(sink);
    Ok(true)
}

/// Detectors have no names; what they look at is unique.
fn detector_name(detector: &AnomalyDetector) -> String {
    let MetricUse { namespace, name, dimensions } = &detector.metric;
    let dimensions: String = dimensions.iter().map(|(name, value)| format!(" {name}={value}")).collect();
    format!("{namespace} {name} {}{dimensions}", detector.statistic)
}

fn metric_and_statistic(members: &mut Members<'_>) -> Result<(MetricUse, Box<str>), Wrong> {
    let mut dimensions = dimensions(members, "name")?;
    dimensions.sort();
    let metric = MetricUse {
        namespace: members.required_text("namespace")?.into(),
        name: members.required_text("metricName")?.into(),
        dimensions,
    };
    Ok((metric, members.required_text("stat")?.into()))
}

fn configure(
    detector: &mut AnomalyDetector,
    mut configuration: Members<'_>,
    sink: &mut Sink,
) -> Result<(), Wrong> {
    // The API writes Timezone, CloudFormation TimeZone.
    let zone = if configuration.spelling == Spelling::Pascal { "metricTimeZone" } else { "metricTimezone" };
    detector.time_zone = configuration.text(zone)?.map(Box::from);
    if detector.time_zone.as_ref().is_some_and(|zone| zone.chars().count() > TIME_ZONE_LEN_MAX) {
        let reason = format!("it is longer than {TIME_ZONE_LEN_MAX} characters");
        return Err(not_allowed(configuration.at, "the time zone", reason));
    }
    for range in configuration.list("excludedTimeRanges")? {
        let mut range = Members::of(range, "an excluded time range", configuration.spelling)?;
        let (start, end) = (instant_of(&mut range, "startTime")?, instant_of(&mut range, "endTime")?);
        if end <= start {
            return Err(not_allowed(range.at, "the excluded time range", "it ends before it begins"));
        }
        range.finish(sink);
        detector.excluded.push((start, end));
    }
    configuration.finish(sink);
    Ok(())
}

fn instant_of(members: &mut Members<'_>, member: &str) -> Result<Timestamp, Wrong> {
    let node = members.required(member)?;
    let instant = node.scalar().and_then(instant::from_text);
    instant.map(|(at, _)| at).ok_or_else(|| wrong_type(node, &members.spelling.of(member), "a time"))
}

/// Dimensions as a mapping, or as a list of mappings with a name, which is called `key` or `name`, and a value.
fn dimensions(members: &mut Members<'_>, key: &str) -> Result<Dimensions, Wrong> {
    let member = members.spelling.of("dimensions");
    let Some(node) = members.get("dimensions") else { return Ok(Vec::new()) };
    let mut pairs = Dimensions::new();
    match &node.content {
        Content::List(values) => {
            for value in values {
                let mut pair = Members::of(value, "a dimension", members.spelling)?;
                let name = pair.required_text(key)?.into();
                pairs.push((name, pair.required_text("value")?.into()));
            }
        }
        _ => {
            for pair in named(node, &member)? {
                pairs.push((pair.name.clone(), text(&pair.value, &pair.name)?.into()));
            }
        }
    }
    check_dimensions(&pairs, node)?;
    Ok(pairs)
}

/// Whether these can be the dimensions of one metric.
pub(super) fn check_dimensions(pairs: &[(Box<str>, Box<str>)], node: &Node) -> Result<(), Wrong> {
    if pairs.len() > DIMENSIONS_MAX {
        let reason = format!("there are {}, over the limit of {DIMENSIONS_MAX}", pairs.len());
        return Err(not_allowed(node.at, "the dimensions", reason));
    }
    for (place, (name, _)) in pairs.iter().enumerate() {
        if pairs[..place].iter().any(|(other, _)| other == name) {
            return Err(not_allowed(node.at, "the dimensions", format!("{name} stands there twice")));
        }
    }
    Ok(())
}

/// The name that a resource has, else the one that was made for it.
fn name(members: &mut Members<'_>, member: &str, made: Made<'_>, sink: &mut Sink) -> Result<String, Wrong> {
    match (members.text(member)?, made) {
        (Some(name), _) => Ok(name.to_owned()),
        (None, Some(made)) => {
            let member = members.spelling.of(member);
            let sentence = format!("{member} is absent, and AWS would make a name up; here it is {made}");
            sink.lint(members.at, LintCode::NameMade, sentence);
            Ok(made.to_owned())
        }
        (None, None) => members.required_text(member).map(str::to_owned),
    }
}

/// A detector that looks at an expression, where nothing else can be said of it.
pub(super) fn expression_not_read(node: &Node) -> Wrong {
    node.at.wrong(Problem::Value {
        member: "metricMathAnomalyDetector".to_owned(),
        reason: "detectors of expressions are not read; name one metric".to_owned(),
    })
}
