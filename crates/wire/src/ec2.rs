//! What do clients ask EC2? Which regions there are: Grafana fills a list with them.

use serde::{Deserialize, Serialize};

use crate::aws::{AwsError, ErrorShape, Fault};

/// Most region names of a request: ours, AWS has some forty regions.
pub const REGION_NAMES_MAX: usize = 200;
/// Longest region name, in bytes: ours.
pub const REGION_NAME_LEN_MAX: usize = 64;

/// A parameter has a value that is not allowed.
pub const INVALID_PARAMETER_VALUE: ErrorShape =
    ErrorShape::sender("InvalidParameterValue", "InvalidParameterValue");
/// The parameters are fine, and nothing was done.
pub const DRY_RUN_OPERATION: ErrorShape = ErrorShape {
    name: "DryRunOperation",
    query_code: "DryRunOperation",
    json_status: 412,
    status: 412,
    fault: Fault::Sender,
};

/// Lists regions. Members have their names in a form, which are not those of SDKs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DescribeRegionsRequest {
    /// Only these.
    #[serde(rename = "RegionName", skip_serializing_if = "Vec::is_empty")]
    pub region_names: Vec<String>,
    /// Whether regions count that the account has not enabled; there are none.
    #[serde(rename = "AllRegions", skip_serializing_if = "Option::is_none")]
    pub all_regions: Option<bool>,
    /// Whether to do nothing.
    #[serde(rename = "DryRun", alias = "dryRun", skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
    /// Refused if there is one.
    #[serde(rename = "Filter", skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
}

/// A condition that a region must fulfil.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Such as `region-name`.
    #[serde(rename = "Name")]
    pub name: String,
    /// Any of these.
    #[serde(rename = "Value")]
    pub values: Vec<String>,
}

/// The regions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DescribeRegionsResponse {
    /// In any order.
    #[serde(rename = "regionInfo")]
    pub regions: Vec<Region>,
}

/// One region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Region {
    /// Such as `eu-central-1`.
    pub region_name: String,
    /// Host name of EC2 there.
    pub region_endpoint: String,
    /// `opt-in-not-required`, `opted-in` or `not-opted-in`.
    pub opt_in_status: String,
}

impl DescribeRegionsRequest {
    /// The names that are asked for; empty: all regions.
    ///
    /// # Errors
    /// `InvalidParameterValue` of a filter or a name that cannot be one, `DryRunOperation` (412) of a dry run.
    pub fn validate(self) -> Result<Vec<String>, AwsError> {
        if let Some(filter) = self.filters.first() {
            let message = format!("The filter '{}' is not supported", filter.name);
            return Err(AwsError::new(&INVALID_PARAMETER_VALUE, message));
        }
        let possible = |name: &String| (1..=REGION_NAME_LEN_MAX).contains(&name.len());
        if self.region_names.len() > REGION_NAMES_MAX || !self.region_names.iter().all(possible) {
            return Err(AwsError::new(&INVALID_PARAMETER_VALUE, "Invalid region names provided."));
        }
        if self.dry_run == Some(true) {
            let message = "Request would have succeeded, but DryRun flag is set.";
            return Err(AwsError::new(&DRY_RUN_OPERATION, message));
        }
        Ok(self.region_names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: Vec<String>) -> DescribeRegionsRequest {
        DescribeRegionsRequest { region_names: names, ..Default::default() }
    }

    #[test]
    fn names_are_taken_and_the_rest_is_refused() {
        assert_eq!(named(vec!["eu-west-1".to_owned()]).validate(), Ok(vec!["eu-west-1".to_owned()]));
        assert_eq!(DescribeRegionsRequest::default().validate(), Ok(Vec::new()));
        let filter = Filter { name: "endpoint".to_owned(), values: vec!["*".to_owned()] };
        for (request, code, text) in [
            (
                DescribeRegionsRequest { filters: vec![filter], ..Default::default() },
                "InvalidParameterValue",
                "The filter 'endpoint' is not supported",
            ),
            (
                DescribeRegionsRequest { dry_run: Some(true), ..Default::default() },
                "DryRunOperation",
                "Request would have succeeded, but DryRun flag is set.",
            ),
            (named(vec![String::new()]), "InvalidParameterValue", "Invalid region names provided."),
            (named(vec!["r".repeat(65)]), "InvalidParameterValue", "Invalid region names provided."),
            (named(vec!["r".to_owned(); 201]), "InvalidParameterValue", "Invalid region names provided."),
        ] {
            let error = request.validate().expect_err(text);
            assert_eq!((error.shape.query_code, error.message.as_ref()), (code, text));
        }
    }
}
