//! What do clients ask the Observability Access Manager? Which accounts are linked: Grafana asks before it offers them.

use serde::{Deserialize, Serialize};

use crate::aws::{AwsError, ErrorShape};

/// Largest page of sinks
/// (<https://docs.aws.amazon.com/OAM/latest/APIReference/API_ListSinks.html>).
pub const SINKS_PAGE_MAX: i32 = 100;
/// Largest page of links
/// (<https://docs.aws.amazon.com/OAM/latest/APIReference/API_ListAttachedLinks.html>).
pub const LINKS_PAGE_MAX: i32 = 1000;
/// Longest identifier of a sink, in characters.
const IDENTIFIER_LEN_MAX: usize = 2048;

/// A member violates a constraint.
pub const INVALID_PARAMETER: ErrorShape =
    ErrorShape::sender("InvalidParameterException", "InvalidParameterException");
/// A required member is absent.
pub const MISSING_PARAMETER: ErrorShape =
    ErrorShape::sender("MissingRequiredParameterException", "MissingRequiredParameterException");
/// There is no such sink.
pub const RESOURCE_NOT_FOUND: ErrorShape =
    ErrorShape::not_found("ResourceNotFoundException", "ResourceNotFoundException");

/// The answer to an absent required member.
pub(crate) fn missing_parameter(member: &str) -> AwsError {
    AwsError::new(&MISSING_PARAMETER, format!("{member} is required"))
}

/// `ResourceNotFoundException` of a sink. The words are ours.
pub fn sink_not_found() -> AwsError {
    AwsError::new(&RESOURCE_NOT_FOUND, "The sink does not exist")
}

/// Lists the sinks of the account: a monitoring account has one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListSinksRequest {
    /// Page size, 1 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_results: Option<i32>,
    /// Where the last page ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// One page of sinks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListSinksResponse {
    /// The sinks.
    pub items: Vec<Sink>,
    /// Absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// One sink.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Sink {
    /// Its ARN.
    pub arn: String,
    /// The last part of the ARN.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// Lists the accounts that are linked to a sink.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAttachedLinksRequest {
    /// Page size, 1 to 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_results: Option<i32>,
    /// Where the last page ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// ARN of the sink.
    pub sink_identifier: String,
}

/// One page of links.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAttachedLinksResponse {
    /// The links.
    pub items: Vec<AttachedLink>,
    /// Absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// One link.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachedLink {
    /// What the linked account is called.
    pub label: String,
    /// Its ARN, which holds the account.
    pub link_arn: String,
    /// Such as `AWS::CloudWatch::Metric`.
    pub resource_types: Vec<String>,
}

impl ListSinksRequest {
    /// Checks the page.
    ///
    /// # Errors
    /// `InvalidParameterException`; the words are ours.
    pub fn validate(&self) -> Result<(), AwsError> {
        check_page(self.max_results, SINKS_PAGE_MAX)
    }
}

impl ListAttachedLinksRequest {
    /// Checks identifier and page.
    ///
    /// # Errors
    /// `InvalidParameterException`; the words are ours.
    pub fn validate(&self) -> Result<(), AwsError> {
        let identifier = &self.sink_identifier;
        let in_pattern = identifier.len() <= IDENTIFIER_LEN_MAX
            && identifier.starts_with(|first: char| first.is_ascii_alphanumeric())
            && identifier.chars().all(|char| char.is_ascii_alphanumeric() || "_:.-/".contains(char));
        if !in_pattern {
            return Err(AwsError::new(&INVALID_PARAMETER, "SinkIdentifier must be the ARN of a sink"));
        }
        check_page(self.max_results, LINKS_PAGE_MAX)
    }
}

fn check_page(max_results: Option<i32>, page_max: i32) -> Result<(), AwsError> {
    if max_results.is_some_and(|len| !(1..=page_max).contains(&len)) {
        let message = format!("MaxResults must be between 1 and {page_max}");
        return Err(AwsError::new(&INVALID_PARAMETER, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_identifiers_are_bounded() {
        for (max_results, allowed) in [(None, true), (Some(100), true), (Some(0), false), (Some(101), false)]
        {
            let request = ListSinksRequest { max_results, ..Default::default() };
            assert_eq!(request.validate().is_ok(), allowed, "{max_results:?}");
        }
        let arn = "arn:aws:oam:us-east-1:111122223333:sink/a-b.c_d";
        let long = "a".repeat(2049);
        for (identifier, max_results, allowed) in [
            (arn, None, true),
            (arn, Some(1000), true),
            (arn, Some(1001), false),
            ("", None, false),
            (":a", None, false),
            ("a b", None, false),
            (long.as_str(), None, false),
        ] {
            let request = ListAttachedLinksRequest {
                max_results,
                next_token: None,
                sink_identifier: identifier.to_owned(),
            };
            assert_eq!(request.validate().is_ok(), allowed, "{identifier} {max_results:?}");
        }
    }
}
