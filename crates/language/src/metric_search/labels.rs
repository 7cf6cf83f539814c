//! What are the series of one result called? By what tells them apart.

use std::collections::BTreeMap;

use crate::metric_identity::MetricIdentity;

/// The default label of each series of a result with several: account, namespace, metric name and the values of the
/// dimensions in the order of their names, each only where it is not the same in all series, with blanks between them.
/// A series that has none of these, as the only one of a result, is called as its metric.
///
/// AWS publishes no rule. What is seen of it is that labels are made of parts with blanks between them, that a search
/// over functions is labelled with the functions' names
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/graph-dynamic-labels.html>), and that a single series
/// has the metric's name without any dimension (<https://github.com/grafana/grafana/issues/32572>).
pub fn labels_of(metrics: &[MetricIdentity<'_>]) -> Vec<String> {
    let Some(first) = metrics.first() else { return Vec::new() };
    let has_accounts = metrics.iter().any(|metric| metric.account != first.account);
    let has_namespaces = metrics.iter().any(|metric| metric.namespace != first.namespace);
    let has_names = metrics.iter().any(|metric| metric.name != first.name);
    let dimensions = distinguishing_dimensions(metrics);
    let label = |metric: &MetricIdentity<'_>| {
        let parts = [
            has_accounts.then_some(metric.account),
            has_namespaces.then_some(metric.namespace),
            has_names.then_some(metric.name),
        ];
        let values = dimensions.iter().map(|name| metric.dimension(name));
        let parts: Vec<&str> = parts.into_iter().chain(values).flatten().collect();
        if parts.is_empty() { metric.name.to_owned() } else { parts.join(" ") }
    };
    metrics.iter().map(label).collect()
}

/// Names of dimensions that not all metrics have with the same value, in order.
fn distinguishing_dimensions<'a>(metrics: &[MetricIdentity<'a>]) -> Vec<&'a str> {
    // How many metrics have the dimension with the value that was seen first.
    let mut counts: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
    for (name, value) in metrics.iter().flat_map(|metric| metric.dimensions) {
        let (first_value, count) = counts.entry(name).or_insert((value, 0));
        *count += usize::from(**first_value == **value);
    }
    counts.into_iter().filter(|(_, (_, count))| *count < metrics.len()).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Metrics as `account/namespace/name` with dimensions behind it.
    #[track_caller]
    fn check(metrics: &[(&str, &[(&str, &str)])], expected: &[&str]) {
        let owned: Vec<Vec<(Box<str>, Box<str>)>> = metrics
            .iter()
            .map(|(_, dimensions)| {
                dimensions.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
            })
            .collect();
        let metrics: Vec<MetricIdentity<'_>> = metrics
            .iter()
            .zip(&owned)
            .map(|((path, _), dimensions)| {
                let parts: Vec<&str> = path.split('/').collect();
                MetricIdentity { account: parts[0], namespace: parts[1], name: parts[2], dimensions }
            })
            .collect();
        assert_eq!(labels_of(&metrics), expected);
    }

    #[test]
    fn labels_are_what_tells_series_apart() {
        check(&[], &[]);
        check(&[("1/N/Latency", &[("Issuer", "A")])], &["Latency"]);
        check(&[("1/N/Errors", &[("F", "a")]), ("1/N/Errors", &[("F", "b")])], &["a", "b"]);
        check(
            &[("1/N/Errors", &[("F", "a"), ("R", "x")]), ("1/N/Errors", &[("F", "b"), ("R", "x")])],
            &["a", "b"],
        );
        check(
            &[("1/N/Errors", &[("R", "x"), ("F", "a")]), ("1/N/Calls", &[("F", "b"), ("R", "y")])],
            &["Errors a x", "Calls b y"],
        );
        check(&[("1/N/m", &[]), ("1/O/m", &[]), ("2/O/m", &[])], &["1 N", "1 O", "2 O"]);
        check(&[("1/N/m", &[("F", "a")]), ("1/N/m", &[])], &["a", "m"]);
    }
}
