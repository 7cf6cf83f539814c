//! Where do a group's events go besides? Shapes and limits of subscription filters.
//!
//! A destination is kept as text: which destinations exist, and that one may be a URL instead of an ARN, is for the
//! server to say. Roles and distribution are accepted and answered back.

use serde::{Deserialize, Serialize};

use super::metric_filters::refuse_unhonoured;
use super::violations::Violations;
use super::{DESCRIBE_LIMIT_MAX, RESOURCE_NOT_FOUND};
use crate::aws::AwsError;

/// Longest destination and role, in characters: ours, the model has no limit.
pub const DESTINATION_LEN_MAX: usize = 2048;
/// How events are spread over a stream's shards; the first is the default.
pub const DISTRIBUTIONS: [&str; 2] = ["ByLogStream", "Random"];

/// Creates a subscription filter, or replaces the one of that name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutSubscriptionFilterRequest {
    /// The group.
    pub log_group_name: String,
    /// 1 to 512 characters without `:` and `*`.
    pub filter_name: String,
    /// At most 1,024 characters; empty matches every event.
    pub filter_pattern: String,
    /// An ARN, or a URL.
    pub destination_arn: String,
    /// Accepted and answered back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// One of [`DISTRIBUTIONS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distribution: Option<String>,
    /// Refused if true: there are no transformers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apply_on_transformed_logs: Option<bool>,
    /// Refused unless empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_selection_criteria: Option<String>,
    /// Refused unless empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emit_system_fields: Vec<String>,
}

/// Lists the subscription filters of a group, in the order of their names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeSubscriptionFiltersRequest {
    /// The group.
    pub log_group_name: String,
    /// Only those whose name starts so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter_name_prefix: Option<String>,
    /// Where the last page ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// Page size, 1 to 50; absent means 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i32>,
}

/// One page of subscription filters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeSubscriptionFiltersResponse {
    /// The filters.
    pub subscription_filters: Vec<SubscriptionFilter>,
    /// Absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// One subscription filter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionFilter {
    /// Its name, unique within the group.
    pub filter_name: String,
    /// The group.
    pub log_group_name: String,
    /// As it was given.
    pub filter_pattern: String,
    /// As it was given.
    pub destination_arn: String,
    /// As it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// `ByLogStream` unless it was given.
    pub distribution: String,
    /// Always false.
    pub apply_on_transformed_logs: bool,
    /// Milliseconds since the epoch.
    pub creation_time: i64,
}

/// Deletes a subscription filter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteSubscriptionFilterRequest {
    /// The group.
    pub log_group_name: String,
    /// The filter.
    pub filter_name: String,
}

/// `ResourceNotFoundException` of a subscription filter, in the service's words.
pub fn subscription_filter_not_found() -> AwsError {
    AwsError::new(&RESOURCE_NOT_FOUND, "The specified subscription filter does not exist.")
}

impl PutSubscriptionFilterRequest {
    /// Checks names and lengths.
    ///
    /// # Errors
    /// `InvalidParameterException`, in the service's words except for what only we refuse.
    pub fn validate(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        violations.group(&self.log_group_name, "logGroupName");
        violations.stream(&self.filter_name, "filterName");
        violations.filter_pattern(&self.filter_pattern, "filterPattern");
        violations.length(&self.destination_arn, "destinationArn", DESTINATION_LEN_MAX);
        if let Some(role) = &self.role_arn {
            violations.length(role, "roleArn", DESTINATION_LEN_MAX);
        }
        violations.one_of(self.distribution.as_deref(), "distribution", &DISTRIBUTIONS);
        violations.into_result()?;
        refuse_unhonoured(
            self.apply_on_transformed_logs,
            self.field_selection_criteria.as_deref(),
            ("emitSystemFields", &self.emit_system_fields),
        )
    }
}

impl DescribeSubscriptionFiltersRequest {
    /// Checks names and page.
    ///
    /// # Errors
    /// `InvalidParameterException` in the service's words.
    pub fn validate(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        violations.group(&self.log_group_name, "logGroupName");
        if let Some(prefix) = &self.filter_name_prefix {
            violations.stream(prefix, "filterNamePrefix");
        }
        violations.next_token(self.next_token.as_deref());
        violations.limit(self.limit, DESCRIBE_LIMIT_MAX);
        violations.into_result()
    }
}

impl DeleteSubscriptionFilterRequest {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn request(destination: &str) -> PutSubscriptionFilterRequest {
        PutSubscriptionFilterRequest {
            log_group_name: "/wallet".into(),
            filter_name: "all".into(),
            destination_arn: destination.into(),
            ..Default::default()
        }
    }

    #[track_caller]
    fn check(actual: Result<(), AwsError>, expected: &str) {
        let actual = actual.err().map_or(String::new(), |error| error.to_string());
        assert!(if expected.is_empty() { actual.is_empty() } else { actual.contains(expected) }, "{actual}");
    }

    #[test]
    fn a_destination_is_any_text_that_is_there() {
        check(request("arn:aws:kinesis:eu-central-1:123456789012:stream/all").validate(), "");
        check(request("https://example.test/ingest?key=1").validate(), "");
        check(
            request("").validate(),
            "Value at 'destinationArn' failed to satisfy constraint: Member must have length greater",
        );
        check(request(&"d".repeat(2049)).validate(), "Member must have length less than or equal to 2048");
        let of = |role: &str, distribution: &str| PutSubscriptionFilterRequest {
            role_arn: Some(role.into()),
            distribution: Some(distribution.into()),
            ..request("d")
        };
        check(of("arn:aws:iam::123456789012:role/r", "Random").validate(), "");
        check(
            of("", "ByLogStream").validate(),
            "Value at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 1",
        );
        check(
            of("r", "random").validate(),
            "Value at 'distribution' failed to satisfy constraint: Member must satisfy enum value set: [ByLogStream, Random]",
        );
    }

    #[test]
    fn what_cannot_be_honoured_is_refused() {
        let fields = vec!["@source.log".to_owned()];
        check(
            PutSubscriptionFilterRequest { emit_system_fields: fields, ..request("d") }.validate(),
            "InvalidParameterException: emitSystemFields is not supported",
        );
        check(
            PutSubscriptionFilterRequest { apply_on_transformed_logs: Some(true), ..request("d") }.validate(),
            "applyOnTransformedLogs is not supported",
        );
        check(
            PutSubscriptionFilterRequest { apply_on_transformed_logs: Some(false), ..request("d") }
                .validate(),
            "",
        );
    }

    #[test]
    fn names_and_pages_are_checked() {
        let page = |limit| DescribeSubscriptionFiltersRequest {
            log_group_name: "g".into(),
            limit,
            ..Default::default()
        };
        check(page(Some(50)).validate(), "");
        check(
            page(Some(51)).validate(),
            "Value at 'limit' failed to satisfy constraint: Member must have value less than or equal to 50",
        );
        let token = DescribeSubscriptionFiltersRequest { next_token: Some(String::new()), ..page(None) };
        check(
            token.validate(),
            "Value at 'nextToken' failed to satisfy constraint: Member must have length greater than or equal to 1",
        );
        check(DeleteSubscriptionFilterRequest::default().validate(), "3 validation errors detected");
    }
}
