//! What is different? A line for each member, as a person would say it.

use walletscope_model::MetricFilterDefinition;
use walletscope_stream::LogGroup;

/// How a log group differs.
pub(super) fn group_changes(known: &LogGroup, retention_days: Option<u32>) -> Vec<String> {
    let words = |days: Option<u32>| days.map_or("for ever".to_owned(), |days| format!("{days} days"));
    // A file that names no retention does not take away what somebody set.
    if retention_days.is_none() || known.retention_days == retention_days {
        return Vec::new();
    }
    vec![format!("keeps events {} instead of {}", words(retention_days), words(known.retention_days))]
}

/// How a metric filter differs.
pub(super) fn filter_changes(known: &MetricFilterDefinition, wanted: &MetricFilterDefinition) -> Vec<String> {
    // Taken apart by name, so that a new member cannot be forgotten.
    let MetricFilterDefinition {
        name: _,
        pattern,
        namespace,
        metric,
        value,
        default_value,
        unit,
        dimensions,
    } = wanted;
    let mut changes = Vec::new();
    let mut note = |member: &str, before: String, after: String| {
        if before != after {
            changes.push(format!("{member}: {before} becomes {after}"));
        }
    };
    note("pattern", known.pattern.to_string(), pattern.to_string());
    note("namespace", known.namespace.to_string(), namespace.to_string());
    note("metric", known.metric.to_string(), metric.to_string());
    note("value", known.value.to_string(), value.to_string());
    note("default value", number(known.default_value), number(*default_value));
    note("unit", text(known.unit.as_deref()), text(unit.as_deref()));
    note("dimensions", pairs(&known.dimensions), pairs(dimensions));
    changes
}

fn number(number: Option<f64>) -> String {
    number.map_or("none".to_owned(), |number| number.to_string())
}

fn text(text: Option<&str>) -> String {
    text.unwrap_or("none").to_owned()
}

fn pairs(pairs: &[(Box<str>, Box<str>)]) -> String {
    if pairs.is_empty() {
        return "none".to_owned();
    }
    let mut sorted: Vec<String> = pairs.iter().map(|(name, from)| format!("{name}={from}")).collect();
    sorted.sort_unstable();
    sorted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter() -> MetricFilterDefinition {
        MetricFilterDefinition {
            name: "f".into(),
            pattern: "ERROR".into(),
            namespace: "N".into(),
            metric: "M".into(),
            value: "1".into(),
            default_value: None,
            unit: None,
            dimensions: vec![("a".into(), "$.a".into()), ("b".into(), "$.b".into())],
        }
    }

    #[test]
    fn every_member_that_differs_is_told_and_the_order_of_dimensions_is_no_difference() {
        let mut turned = filter();
        turned.dimensions.reverse();
        assert_eq!(filter_changes(&filter(), &turned), [""; 0]);
        let other = MetricFilterDefinition {
            pattern: "WARN".into(),
            default_value: Some(0.0),
            unit: Some("Count".into()),
            dimensions: Vec::new(),
            ..filter()
        };
        assert_eq!(
            filter_changes(&filter(), &other),
            [
                "pattern: ERROR becomes WARN",
                "default value: none becomes 0",
                "unit: none becomes Count",
                "dimensions: a=$.a, b=$.b becomes none"
            ]
        );
    }
}
