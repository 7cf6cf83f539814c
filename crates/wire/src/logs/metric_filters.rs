//! Which metric filters may a group have? Shapes and limits of putting, listing and deleting them.
//!
//! A filter's pattern, its metric value and its dimensions are texts here: what they mean is for the crate that
//! compiles them. Members of the model that need what this product does not have are refused when they are set, so
//! that no filter counts what AWS would not. Trying a pattern out is in `test_metric_filter.rs`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::violations::Violations;
use super::{DESCRIBE_LIMIT_MAX, INVALID_PARAMETER, RESOURCE_NOT_FOUND};
use crate::aws::{AwsError, Double};
use crate::cloudwatch::UNITS;
use crate::cloudwatch::put_metric_data::MAGNITUDE_MAX;

/// Most dimensions of a transformation
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricTransformation.html>).
pub const FILTER_DIMENSIONS_MAX: usize = 3;
/// A filter makes exactly one metric.
const TRANSFORMATIONS_MAX: usize = 1;
/// Longest metric name, namespace, dimension name and dimension value, in characters.
const NAME_LEN_MAX: usize = 255;
/// Longest metric value (a number or where to find one), in characters.
const VALUE_LEN_MAX: usize = 100;
const METRIC_NAME_PATTERN: &str = "[^:*$]*";

/// Creates a metric filter, or replaces the one of that name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutMetricFilterRequest {
    /// The group.
    pub log_group_name: String,
    /// 1 to 512 characters without `:` and `*`.
    pub filter_name: String,
    /// At most 1,024 characters; empty matches every event.
    pub filter_pattern: String,
    /// Exactly one.
    pub metric_transformations: Vec<MetricTransformation>,
    /// Refused if true: there are no transformers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apply_on_transformed_logs: Option<bool>,
    /// Refused unless empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_selection_criteria: Option<String>,
    /// Refused unless empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emit_system_field_dimensions: Vec<String>,
}

/// What a matching event adds to which metric.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricTransformation {
    /// 1 to 255 characters without `:`, `*` and `$`.
    pub metric_name: String,
    /// 1 to 255 characters without `:`, `*` and `$`.
    pub metric_namespace: String,
    /// A number, or the field of the event that holds it: `$.member` or `$name`.
    pub metric_value: String,
    /// Published for a minute with events of which none matched; not together with dimensions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_value: Option<Double>,
    /// At most three: the dimension's name, and the field of the event that holds its value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dimensions: BTreeMap<String, String>,
    /// A unit of CloudWatch; absent means `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// Lists metric filters, in the order of their names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DescribeMetricFiltersRequest {
    /// Only those of that group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_group_name: Option<String>,
    /// Only those whose name starts so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_name_prefix: Option<String>,
    /// Where the last page ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// Page size, 1 to 50; absent means 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i32>,
    /// Only those that make this metric; needs the namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_name: Option<String>,
    /// The namespace of the metric; needs its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_namespace: Option<String>,
}

/// One page of metric filters.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeMetricFiltersResponse {
    /// The filters.
    pub metric_filters: Vec<MetricFilter>,
    /// Absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// One metric filter.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricFilter {
    /// Its name, unique within the group.
    pub filter_name: String,
    /// As it was given.
    pub filter_pattern: String,
    /// Exactly one.
    pub metric_transformations: Vec<MetricTransformation>,
    /// Milliseconds since the epoch.
    pub creation_time: i64,
    /// The group.
    pub log_group_name: String,
    /// Always false.
    pub apply_on_transformed_logs: bool,
}

/// Deletes a metric filter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteMetricFilterRequest {
    /// The group.
    pub log_group_name: String,
    /// The filter.
    pub filter_name: String,
}

/// `ResourceNotFoundException` of a metric filter, in the service's words.
pub fn metric_filter_not_found() -> AwsError {
    AwsError::new(&RESOURCE_NOT_FOUND, "The specified metric filter does not exist.")
}

/// `InvalidParameterException` of a filter with dimensions whose pattern names no fields, in the service's words.
pub fn dimensions_need_fields() -> AwsError {
    AwsError::new(&INVALID_PARAMETER, "The specified filter pattern does not support dimensions")
}

impl PutMetricFilterRequest {
    /// Checks names, lengths and members that exclude each other; yields the one transformation.
    ///
    /// # Errors
    /// `InvalidParameterException`, in the service's words except for what only we refuse.
    pub fn validate(&self) -> Result<&MetricTransformation, AwsError> {
        let mut violations = Violations::default();
        violations.group(&self.log_group_name, "logGroupName");
        violations.stream(&self.filter_name, "filterName");
        violations.filter_pattern(&self.filter_pattern, "filterPattern");
        violations.count(self.metric_transformations.len(), "metricTransformations", 1..=TRANSFORMATIONS_MAX);
        if let [transformation] = &self.metric_transformations[..] {
            transformation.note_violations(&mut violations);
        }
        let [transformation] = &self.metric_transformations[..] else { return Err(violations.into_error()) };
        violations.into_result()?;
        transformation.check_combination()?;
        refuse_unhonoured(
            self.apply_on_transformed_logs,
            self.field_selection_criteria.as_deref(),
            ("emitSystemFieldDimensions", &self.emit_system_field_dimensions),
        )?;
        Ok(transformation)
    }
}

impl MetricTransformation {
    fn note_violations(&self, violations: &mut Violations) {
        let place = |member: &str| format!("metricTransformations.1.member.{member}");
        metric_name(violations, &self.metric_name, &place("metricName"));
        metric_name(violations, &self.metric_namespace, &place("metricNamespace"));
        violations.length(&self.metric_value, &place("metricValue"), VALUE_LEN_MAX);
        violations.one_of(self.unit.as_deref(), &place("unit"), &UNITS);
        let dimensions = &place("dimensions");
        violations.count(self.dimensions.len(), dimensions, 0..=FILTER_DIMENSIONS_MAX);
        for text in
            self.dimensions.iter().flat_map(|(name, value)| [name, value]).take(2 * FILTER_DIMENSIONS_MAX)
        {
            violations.length(text, dimensions, NAME_LEN_MAX);
        }
    }

    fn check_combination(&self) -> Result<(), AwsError> {
        let Some(Double(default_value)) = self.default_value else { return Ok(()) };
        if !self.dimensions.is_empty() {
            return Err(invalid(
                "Invalid metric transformation: dimensions and default value are mutually exclusive properties",
            ));
        }
        if !(-MAGNITUDE_MAX..=MAGNITUDE_MAX).contains(&default_value) {
            return Err(invalid(
                "Invalid metric transformation: the default value is not a value a metric can have",
            ));
        }
        Ok(())
    }
}

impl DescribeMetricFiltersRequest {
    /// Checks names and page, and that a metric has both its names.
    ///
    /// # Errors
    /// `InvalidParameterException` in the service's words.
    pub fn validate(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        if let Some(name) = &self.log_group_name {
            violations.group(name, "logGroupName");
        }
        if let Some(prefix) = &self.filter_name_prefix {
            violations.stream(prefix, "filterNamePrefix");
        }
        if let Some(name) = &self.metric_name {
            metric_name(&mut violations, name, "metricName");
        }
        if let Some(namespace) = &self.metric_namespace {
            metric_name(&mut violations, namespace, "metricNamespace");
        }
        violations.next_token(self.next_token.as_deref());
        violations.limit(self.limit, DESCRIBE_LIMIT_MAX);
        violations.into_result()?;
        if self.metric_name.is_some() != self.metric_namespace.is_some() {
            return Err(invalid("metricName and metricNamespace must be specified together."));
        }
        Ok(())
    }
}

impl DeleteMetricFilterRequest {
    /// Checks both names.
    ///
    /// # Errors
    /// `InvalidParameterException` in the service's words.
    pub fn validate(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        violations.group(&self.log_group_name, "logGroupName");
        violations.stream(&self.filter_name, "filterName");
        violations.into_result()
    }
}

fn metric_name(violations: &mut Violations, value: &str, member: &str) {
    let allowed = |char| !matches!(char, ':' | '*' | '$');
    violations.text(value, member, NAME_LEN_MAX, (METRIC_NAME_PATTERN, allowed));
}

/// Refuses the members of metric and subscription filters that need transformers or system fields.
pub(super) fn refuse_unhonoured(
    on_transformed: Option<bool>,
    criteria: Option<&str>,
    (fields_member, fields): (&str, &[String]),
) -> Result<(), AwsError> {
    if on_transformed == Some(true) {
        return Err(invalid(
            "applyOnTransformedLogs is not supported: log groups have no transformers here.",
        ));
    }
    if criteria.is_some_and(|criteria| !criteria.is_empty()) {
        return Err(invalid(
            "fieldSelectionCriteria is not supported: a filter processes every event of its group.",
        ));
    }
    if !fields.is_empty() {
        return Err(invalid(format!(
            "{fields_member} is not supported: events carry no system fields here."
        )));
    }
    Ok(())
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> AwsError {
    AwsError::new(&INVALID_PARAMETER, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transformation() -> MetricTransformation {
        MetricTransformation {
            metric_name: "Declined".into(),
            metric_namespace: "Wallet".into(),
            metric_value: "$.amount".into(),
            ..Default::default()
        }
    }

    fn request(transformations: Vec<MetricTransformation>) -> PutMetricFilterRequest {
        PutMetricFilterRequest {
            log_group_name: "/wallet".into(),
            filter_name: "declined [by] issuer".into(),
            filter_pattern: "{ $.amount > 0 }".into(),
            metric_transformations: transformations,
            ..Default::default()
        }
    }

    #[track_caller]
    fn check(request: &PutMetricFilterRequest, expected: &str) {
        let actual = request.validate().err().map_or(String::new(), |error| error.to_string());
        assert!(if expected.is_empty() { actual.is_empty() } else { actual.contains(expected) }, "{actual}");
    }

    /// A request whose one transformation was changed.
    #[track_caller]
    fn check_with(change: impl FnOnce(&mut MetricTransformation), expected: &str) {
        let mut changed = transformation();
        change(&mut changed);
        check(&request(vec![changed]), expected);
    }

    #[test]
    fn a_filter_makes_exactly_one_metric() {
        check(&request(vec![transformation()]), "");
        assert_eq!(request(vec![transformation()]).validate(), Ok(&transformation()));
        check(
            &request(Vec::new()),
            "InvalidParameterException: 1 validation error detected: Value at 'metricTransformations' failed to satisfy constraint: Member must have length greater than or equal to 1",
        );
        check(
            &request(vec![transformation(); 2]),
            "at 'metricTransformations' failed to satisfy constraint: Member must have length less than or equal to 1",
        );
    }

    #[test]
    fn names_and_patterns_have_the_lengths_of_the_service() {
        let of = |name: &str, pattern: &str| PutMetricFilterRequest {
            filter_name: name.into(),
            filter_pattern: pattern.into(),
            ..request(vec![transformation()])
        };
        check(&of(&"é".repeat(512), &"é".repeat(1024)), "");
        check(&of("f", ""), "");
        check(
            &of(&"f".repeat(513), ""),
            "at 'filterName' failed to satisfy constraint: Member must have length less than or equal to 512",
        );
        check(
            &of("", ""),
            "Value at 'filterName' failed to satisfy constraint: Member must have length greater than or equal to 1",
        );
        check(
            &of("a:b", ""),
            "Value at 'filterName' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:*]*",
        );
        check(
            &of("f", &"p".repeat(1025)),
            "at 'filterPattern' failed to satisfy constraint: Member must have length less than or equal to 1024",
        );
        let place = "at 'metricTransformations.1.member.";
        check_with(|changed| changed.metric_name = "n".repeat(255), "");
        check_with(|changed| changed.metric_name = "n".repeat(256), &format!("{place}metricName'"));
        check_with(|changed| changed.metric_name = "a$".into(), "pattern: [^:*$]*");
        check_with(|changed| changed.metric_namespace = String::new(), &format!("{place}metricNamespace'"));
        check_with(|changed| changed.metric_namespace = "a*".into(), &format!("{place}metricNamespace'"));
        check_with(|changed| changed.metric_value = "1".repeat(101), &format!("{place}metricValue'"));
        check_with(|changed| changed.unit = Some("Count".into()), "");
        check_with(
            |changed| changed.unit = Some("count".into()),
            "Member must satisfy enum value set: [Seconds, ",
        );
    }

    #[test]
    fn dimensions_are_few_and_exclude_a_default() {
        let dimensions =
            |count: usize| (0..count).map(|index| (format!("d{index}"), "$.d".to_owned())).collect();
        check_with(|changed| changed.dimensions = dimensions(3), "");
        check_with(
            |changed| changed.dimensions = dimensions(4),
            "at 'metricTransformations.1.member.dimensions' failed to satisfy constraint: Member must have length less than or equal to 3",
        );
        check_with(
            |changed| changed.dimensions = [("d".to_owned(), String::new())].into(),
            "Value at 'metricTransformations.1.member.dimensions' failed to satisfy constraint: Member must have length greater than or equal to 1",
        );
        check_with(|changed| changed.default_value = Some(Double(0.0)), "");
        check_with(
            |changed| {
                changed.default_value = Some(Double(0.0));
                changed.dimensions = dimensions(1);
            },
            "Invalid metric transformation: dimensions and default value are mutually exclusive properties",
        );
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 2.4e108] {
            check_with(
                |changed| changed.default_value = Some(Double(value)),
                "the default value is not a value",
            );
        }
    }

    #[test]
    fn what_cannot_be_honoured_is_refused_and_its_absence_is_not() {
        let plain = request(vec![transformation()]);
        let off = PutMetricFilterRequest {
            apply_on_transformed_logs: Some(false),
            field_selection_criteria: Some(String::new()),
            ..plain.clone()
        };
        check(&off, "");
        check(
            &PutMetricFilterRequest { apply_on_transformed_logs: Some(true), ..plain.clone() },
            "applyOnTransformedLogs is not supported",
        );
        let criteria = Some("@aws.region = \"eu-central-1\"".to_owned());
        check(
            &PutMetricFilterRequest { field_selection_criteria: criteria, ..plain.clone() },
            "fieldSelectionCriteria is not supported",
        );
        let emitted = vec!["@aws.account".to_owned()];
        check(
            &PutMetricFilterRequest { emit_system_field_dimensions: emitted, ..plain },
            "InvalidParameterException: emitSystemFieldDimensions is not supported",
        );
    }

    #[test]
    fn a_metric_is_looked_for_by_both_its_names() {
        let of = |name: Option<&str>, namespace: Option<&str>, limit| DescribeMetricFiltersRequest {
            metric_name: name.map(Into::into),
            metric_namespace: namespace.map(Into::into),
            limit,
            ..Default::default()
        };
        assert_eq!(of(None, None, None).validate(), Ok(()));
        assert_eq!(of(Some("n"), Some("s"), Some(50)).validate(), Ok(()));
        for (request, expected) in [
            (of(Some("n"), None, None), "must be specified together"),
            (of(None, Some("s"), None), "must be specified together"),
            (
                of(None, None, Some(0)),
                "Value at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
            ),
            (of(None, None, Some(51)), "less than or equal to 50"),
            (
                of(Some("n:"), Some("s"), None),
                "Value at 'metricName' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:*$]*",
            ),
        ] {
            let actual = request.validate().expect_err(expected).to_string();
            assert!(actual.contains(expected), "{actual}");
        }
        let nameless = DeleteMetricFilterRequest::default().validate().expect_err("no names").to_string();
        assert!(nameless.contains("3 validation errors detected"), "{nameless}");
    }
}
