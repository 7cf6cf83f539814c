//! What does ListMetrics take and answer? Filters over names, and pages of metrics.

use serde::{Deserialize, Serialize};

use super::DimensionShape;
use super::metric_query::MetricShape;
use super::parameters::{
    self, ACCOUNT_ID_LEN_MAX, NAME_LEN_MAX, invalid_token_value, null_as_absent, too_many,
};
use crate::aws::AwsError;
use walletscope_model::metric::DIMENSION_VALUE_CHARACTERS_MAX;

/// Most metrics of a page
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html>).
pub const METRICS_PAGE_MAX: usize = 500;
/// Most dimension filters of a request.
pub const DIMENSION_FILTERS_MAX: usize = 10;

/// Lists metrics that had data within two weeks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListMetricsRequest {
    /// Only this namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Only this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_name: Option<String>,
    /// Only metrics with all of these dimensions, at most 10; a filter without a value takes any.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_as_absent")]
    pub dimensions: Vec<DimensionShape>,
    /// Where the last page ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// `PT3H`: only metrics that had data within three hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recently_active: Option<String>,
    /// Whether linked accounts count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_linked_accounts: Option<bool>,
    /// Only metrics of that linked account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owning_account: Option<String>,
}

/// One page of metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListMetricsResponse {
    /// The metrics, each with a namespace and a name.
    pub metrics: Vec<MetricShape>,
    /// Absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// The account of each metric, or nothing if linked accounts were not asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owning_accounts: Vec<String>,
}

/// A valid request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListMetrics {
    /// Only this namespace.
    pub namespace: Option<String>,
    /// Only this name.
    pub name: Option<String>,
    /// Only metrics that all of these match.
    pub dimensions: Vec<DimensionFilter>,
    /// Where the last page ended, not judged but for its length.
    pub next_token: Option<String>,
    /// Whether only metrics count that had data within three hours.
    pub recently_active: bool,
    /// Whether linked accounts count.
    pub include_linked_accounts: bool,
    /// Only metrics of that linked account.
    pub owning_account: Option<String>,
}

/// A dimension that a metric must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DimensionFilter {
    /// Its name.
    pub name: String,
    /// Its value, or any.
    pub value: Option<String>,
}

impl ListMetricsRequest {
    /// Checks lengths, counts and words.
    ///
    /// # Errors
    /// `InvalidParameterValue` or `MissingParameter`.
    pub fn validate(self) -> Result<ListMetrics, AwsError> {
        if self.dimensions.len() > DIMENSION_FILTERS_MAX {
            return Err(too_many("Dimensions", DIMENSION_FILTERS_MAX));
        }
        let recently_active = self.recently_active.as_deref();
        let recently_active = recently_active
            .map_or(Ok(false), |word| parameters::one_of(word, "RecentlyActive", &[("PT3H", true)]))?;
        Ok(ListMetrics {
            namespace: parameters::optional_namespace(self.namespace, "Namespace")?,
            name: parameters::optional_text(self.metric_name, "MetricName", NAME_LEN_MAX)?,
            dimensions: self.dimensions.into_iter().enumerate().map(filter).collect::<Result<_, _>>()?,
            next_token: parameters::next_token(self.next_token, invalid_token_value)?,
            recently_active,
            include_linked_accounts: self.include_linked_accounts.unwrap_or(false),
            owning_account: parameters::optional_text(
                self.owning_account,
                "OwningAccount",
                ACCOUNT_ID_LEN_MAX,
            )?,
        })
    }
}

fn filter((place, shape): (usize, DimensionShape)) -> Result<DimensionFilter, AwsError> {
    let member = format!("Dimensions.member.{}", place + 1);
    Ok(DimensionFilter {
        name: parameters::text(shape.name, &format!("{member}.Name"), NAME_LEN_MAX)?,
        value: parameters::optional_text(
            shape.value,
            &format!("{member}.Value"),
            DIMENSION_VALUE_CHARACTERS_MAX,
        )?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validate(json: &str) -> Result<ListMetrics, AwsError> {
        serde_json::from_str::<ListMetricsRequest>(json).expect("test JSON").validate()
    }

    #[test]
    fn an_empty_request_lists_everything() {
        let all = ListMetrics {
            namespace: None,
            name: None,
            dimensions: Vec::new(),
            next_token: None,
            recently_active: false,
            include_linked_accounts: false,
            owning_account: None,
        };
        assert_eq!(validate("{}"), Ok(all.clone()));
        assert_eq!(
            validate(r#"{"Dimensions":null,"Namespace":null,"IncludeLinkedAccounts":false}"#),
            Ok(all)
        );
    }

    #[test]
    fn what_is_out_of_bounds_is_named() {
        let eleven = format!(r#"{{"Dimensions":[{}]}}"#, [r#"{"Name":"n"}"#; 11].join(","));
        let long = format!(r#"{{"Dimensions":[{{"Name":"n","Value":"{}"}}]}}"#, "v".repeat(1025));
        for (json, code, text) in [
            (
                eleven.as_str(),
                "InvalidParameterValue",
                "The collection Dimensions must not have a size greater than 10.",
            ),
            (
                long.as_str(),
                "InvalidParameterValue",
                "The parameter Dimensions.member.1.Value must be shorter than 1025 characters.",
            ),
            (
                r#"{"Dimensions":[{"Name":"n"},{"Value":"v"}]}"#,
                "MissingParameter",
                "The parameter Dimensions.member.2.Name is required.",
            ),
            (
                r#"{"RecentlyActive":"PT6H"}"#,
                "InvalidParameterValue",
                "The parameter RecentlyActive must be a value in the set [ PT3H ].",
            ),
            (
                r#"{"Namespace":":N"}"#,
                "InvalidParameterValue",
                "The value for parameter Namespace must not start with a colon.",
            ),
            (
                r#"{"Namespace":""}"#,
                "InvalidParameterValue",
                "The parameter Namespace must be longer than 0 characters.",
            ),
            (
                r#"{"MetricName":""}"#,
                "InvalidParameterValue",
                "The parameter MetricName must be longer than 0 characters.",
            ),
            (
                r#"{"OwningAccount":""}"#,
                "InvalidParameterValue",
                "The parameter OwningAccount must be longer than 0 characters.",
            ),
            (r#"{"NextToken":""}"#, "InvalidParameterValue", "Request parameter NextToken is invalid"),
        ] {
            let error = validate(json).expect_err(json);
            assert_eq!((error.shape.query_code, error.message.as_ref()), (code, text));
        }
    }
}
