//! What do clients ask the Resource Groups Tagging API? Which resources have which tags: Grafana fills lists with them.

use serde::{Deserialize, Serialize};

use crate::aws::{AwsError, ErrorShape};

/// Longest page token, in characters
/// (<https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html>).
pub const TOKEN_LEN_MAX: usize = 2048;
/// Most tag filters of a request.
pub const TAG_FILTERS_MAX: usize = 50;
/// Most values of a tag filter.
pub const TAG_VALUES_MAX: usize = 20;
/// Most ARNs of a request.
pub const RESOURCES_MAX: usize = 100;
/// Most resource types of a request: as many as ARNs, the model has no limit.
pub const RESOURCE_TYPES_MAX: usize = 100;
/// Largest page, in resources.
pub const PAGE_RESOURCES_MAX: i32 = 100;
/// Pages by tags have a multiple of this many.
const PAGE_TAGS_STEP: i32 = 100;
/// Largest page, in tags.
const PAGE_TAGS_MAX: i32 = 500;
/// Longest key of a tag, in characters.
const TAG_KEY_LEN_MAX: usize = 128;
/// Longest value of a tag and longest resource type, in characters.
const TEXT_LEN_MAX: usize = 256;
/// Longest ARN, in characters.
const ARN_LEN_MAX: usize = 1011;

/// A member violates a constraint.
pub const INVALID_PARAMETER: ErrorShape =
    ErrorShape::sender("InvalidParameterException", "InvalidParameterException");

/// Lists resources that have tags.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GetResourcesRequest {
    /// Where the last page ended; empty: at the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pagination_token: Option<String>,
    /// Only resources that match all of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag_filters: Option<Vec<TagFilter>>,
    /// Page size, 1 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources_per_page: Option<i32>,
    /// Page size in tags, 100 to 500 in steps of 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags_per_page: Option<i32>,
    /// Only resources of these types, such as `ec2:instance`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_type_filters: Option<Vec<String>>,
    /// Whether to tell which tags break a policy; there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_compliance_details: Option<bool>,
    /// Only resources whose tags break a policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude_compliant_resources: Option<bool>,
    /// Only these; excludes types.
    #[serde(rename = "ResourceARNList", skip_serializing_if = "Option::is_none")]
    pub resource_arns: Option<Vec<String>>,
}

/// A tag that a resource must have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TagFilter {
    /// Its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Any of these values; none: any value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<String>>,
}

/// One page of resources.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetResourcesResponse {
    /// Empty at the end, never absent.
    pub pagination_token: String,
    /// The resources.
    pub resource_tag_mapping_list: Vec<ResourceTagMapping>,
}

/// One resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResourceTagMapping {
    /// Its ARN.
    #[serde(rename = "ResourceARN")]
    pub resource_arn: String,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// One tag.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}

impl GetResourcesRequest {
    /// Checks counts, lengths and page.
    ///
    /// # Errors
    /// `InvalidParameterException`; the words are ours.
    pub fn validate(&self) -> Result<(), AwsError> {
        let refuse = |member: &str, rule: &str| {
            Err(AwsError::new(&INVALID_PARAMETER, format!("{member} must {rule}")))
        };
        if self.pagination_token.as_ref().is_some_and(|token| token.chars().count() > TOKEN_LEN_MAX) {
            return refuse("PaginationToken", "have at most 2048 characters");
        }
        let filters = self.tag_filters.as_deref().unwrap_or_default();
        if filters.len() > TAG_FILTERS_MAX || !filters.iter().all(is_tag_filter) {
            let rule =
                "be at most 50, keys of 1 to 128 characters, each with at most 20 values of at most 256";
            return refuse("TagFilters", rule);
        }
        if self.resources_per_page.is_some_and(|len| !(1..=PAGE_RESOURCES_MAX).contains(&len)) {
            return refuse("ResourcesPerPage", "be between 1 and 100");
        }
        let is_page = |len: i32| (PAGE_TAGS_STEP..=PAGE_TAGS_MAX).contains(&len) && len % PAGE_TAGS_STEP == 0;
        if self.tags_per_page.is_some_and(|len| !is_page(len)) {
            return refuse("TagsPerPage", "be between 100 and 500 in steps of 100");
        }
        let types = self.resource_type_filters.as_deref().unwrap_or_default();
        if types.len() > RESOURCE_TYPES_MAX || !types.iter().all(|text| is_text(text, 0, TEXT_LEN_MAX)) {
            return refuse("ResourceTypeFilters", "be at most 100 of at most 256 characters");
        }
        if let Some(arns) = &self.resource_arns {
            let counted = (1..=RESOURCES_MAX).contains(&arns.len());
            if !counted || !arns.iter().all(|arn| is_text(arn, 1, ARN_LEN_MAX)) {
                return refuse("ResourceARNList", "be 1 to 100 of 1 to 1011 characters");
            }
            if !types.is_empty() {
                return refuse("ResourceARNList", "not be given together with ResourceTypeFilters");
            }
        }
        Ok(())
    }
}

fn is_tag_filter(filter: &TagFilter) -> bool {
    let values = filter.values.as_deref().unwrap_or_default();
    filter.key.as_ref().is_none_or(|key| is_text(key, 1, TAG_KEY_LEN_MAX))
        && values.len() <= TAG_VALUES_MAX
        && values.iter().all(|value| is_text(value, 0, TEXT_LEN_MAX))
}

fn is_text(text: &str, len_min: usize, len_max: usize) -> bool {
    (len_min..=len_max).contains(&text.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validate(json: &str) -> Result<(), AwsError> {
        serde_json::from_str::<GetResourcesRequest>(json).expect("test JSON").validate()
    }

    #[test]
    fn bounds_hold_from_both_sides() {
        let list = |item: &str, len: usize| vec![item; len].join(",");
        let filters = |len| format!(r#"{{"TagFilters":[{}]}}"#, list(r#"{"Key":"k","Values":[""]}"#, len));
        let values = |len| format!(r#"{{"TagFilters":[{{"Values":[{}]}}]}}"#, list(r#""v""#, len));
        let arns = |len| format!(r#"{{"ResourceARNList":[{}]}}"#, list(r#""a""#, len));
        let types = |len| format!(r#"{{"ResourceTypeFilters":[{}]}}"#, list(r#""ec2""#, len));
        let token = |len| format!(r#"{{"PaginationToken":"{}"}}"#, "t".repeat(len));
        for (json, refused) in [
            ("{}".to_owned(), ""),
            (r#"{"TagFilters":null,"PaginationToken":""}"#.to_owned(), ""),
            (filters(50), ""),
            (filters(51), "TagFilters"),
            (values(20), ""),
            (values(21), "TagFilters"),
            (r#"{"TagFilters":[{"Key":""}]}"#.to_owned(), "TagFilters"),
            (arns(100), ""),
            (arns(0), "ResourceARNList"),
            (arns(101), "ResourceARNList"),
            (r#"{"ResourceARNList":["a"],"ResourceTypeFilters":["ec2"]}"#.to_owned(), "ResourceARNList"),
            (types(100), ""),
            (types(101), "ResourceTypeFilters"),
            (token(2048), ""),
            (token(2049), "PaginationToken"),
            (r#"{"ResourcesPerPage":100}"#.to_owned(), ""),
            (r#"{"ResourcesPerPage":0}"#.to_owned(), "ResourcesPerPage"),
            (r#"{"ResourcesPerPage":101}"#.to_owned(), "ResourcesPerPage"),
            (r#"{"TagsPerPage":500}"#.to_owned(), ""),
            (r#"{"TagsPerPage":150}"#.to_owned(), "TagsPerPage"),
            (r#"{"TagsPerPage":600}"#.to_owned(), "TagsPerPage"),
        ] {
            let member =
                validate(&json).err().map(|error| error.message.split(' ').next().unwrap().to_owned());
            assert_eq!(member.unwrap_or_default(), refused, "{json}");
        }
    }
}
