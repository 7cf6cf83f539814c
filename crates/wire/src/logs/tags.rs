//! How is a resource tagged? Shapes and limits of the six tag operations, by ARN and, as it was once, by group name.
//!
//! How many tags a resource ends up with is known only where its tags are kept; this file judges one request.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::TOO_MANY_TAGS;
use super::violations::{TAGS_MAX, Violations};
use crate::aws::AwsError;

/// Longest ARN of a tagged resource, in characters
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TagResource.html>).
const ARN_LEN_MAX: usize = 1011;
/// The model leaves out `#`, which a group's name may have; see [`is_arn_char`].
const ARN_PATTERN: &str = r"[\w+=/:,.@-]*";

/// Adds tags to a group, or changes their values. Deprecated by the service, and still in use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagLogGroupRequest {
    /// The group.
    pub log_group_name: String,
    /// 1 to 50.
    pub tags: BTreeMap<String, String>,
}

/// Takes tags from a group; `tags` are their keys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UntagLogGroupRequest {
    /// The group.
    pub log_group_name: String,
    /// At least one key; keys the group does not have change nothing.
    pub tags: Vec<String>,
}

/// Lists the tags of a group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListTagsLogGroupRequest {
    /// The group.
    pub log_group_name: String,
}

/// Adds tags to what an ARN names, or changes their values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagResourceRequest {
    /// `arn:aws:logs:REGION:ACCOUNT:log-group:NAME`.
    pub resource_arn: String,
    /// 1 to 50.
    pub tags: BTreeMap<String, String>,
}

/// Takes tags from what an ARN names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UntagResourceRequest {
    /// The resource.
    pub resource_arn: String,
    /// At most 50; none is no error.
    pub tag_keys: Vec<String>,
}

/// Lists the tags of what an ARN names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListTagsForResourceRequest {
    /// The resource.
    pub resource_arn: String,
}

/// The tags of one resource; both List operations answer so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagsResponse {
    /// By key.
    pub tags: BTreeMap<String, String>,
}

/// `TooManyTagsException`: the tags of the request do not fit beside those that are there. The text is ours.
pub fn too_many_tags() -> AwsError {
    AwsError::new(&TOO_MANY_TAGS, format!("A resource can have at most {TAGS_MAX} tags."))
}

impl TagLogGroupRequest {
    /// Checks name and tags.
    ///
    /// # Errors
    /// `InvalidParameterException` in the service's words.
    pub fn validate(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        violations.group(&self.log_group_name, "logGroupName");
        violations.tags(&self.tags, 1);
        violations.into_result()
    }
}

impl UntagLogGroupRequest {
    /// Checks name and keys.
    ///
    /// # Errors
    /// `InvalidParameterException` in the service's words.
    pub fn validate(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        violations.group(&self.log_group_name, "logGroupName");
        violations.count(self.tags.len(), "tags", 1..=usize::MAX);
        violations.tag_keys(&self.tags, "tags");
        violations.into_result()
    }
}

impl ListTagsLogGroupRequest {
    /// Checks the name.
    ///
    /// # Errors
    /// `InvalidParameterException` in the service's words.
    pub fn validate(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        violations.group(&self.log_group_name, "logGroupName");
        violations.into_result()
    }
}

impl TagResourceRequest {
    /// Checks ARN and tags.
    ///
    /// # Errors
    /// `InvalidParameterException` in the service's words.
    pub fn validate(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        arn(&mut violations, &self.resource_arn);
        violations.tags(&self.tags, 1);
        violations.into_result()
    }
}

impl UntagResourceRequest {
    /// Checks ARN and keys.
    ///
    /// # Errors
    /// `InvalidParameterException` in the service's words.
    pub fn validate(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        arn(&mut violations, &self.resource_arn);
        violations.count(self.tag_keys.len(), "tagKeys", 0..=TAGS_MAX);
        violations.tag_keys(&self.tag_keys, "tagKeys");
        violations.into_result()
    }
}

impl ListTagsForResourceRequest {
    /// Checks the ARN.
    ///
    /// # Errors
    /// `InvalidParameterException` in the service's words.
    pub fn validate(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        arn(&mut violations, &self.resource_arn);
        violations.into_result()
    }
}

fn arn(violations: &mut Violations, value: &str) {
    violations.text(value, "resourceArn", ARN_LEN_MAX, (ARN_PATTERN, is_arn_char));
}

/// A group whose name has a `#` could not be tagged by the letter of the model, so `#` passes.
fn is_arn_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || "_+=/:,.@-#".contains(char)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:logs:eu-central-1:123456789012:log-group:/wallet/a#1";

    #[track_caller]
    fn check(actual: Result<(), AwsError>, expected: &str) {
        let actual = actual.err().map_or(String::new(), |error| error.to_string());
        assert!(if expected.is_empty() { actual.is_empty() } else { actual.contains(expected) }, "{actual}");
    }

    fn tags(count: usize) -> BTreeMap<String, String> {
        (0..count).map(|index| (index.to_string(), String::new())).collect()
    }

    #[test]
    fn resources_take_one_to_fifty_tags() {
        let of =
            |arn: &str, count| TagResourceRequest { resource_arn: arn.into(), tags: tags(count) }.validate();
        check(of(ARN, 1), "");
        check(of(ARN, 50), "");
        check(of(ARN, 0), "Value at 'tags' failed to satisfy constraint: Member must have length greater");
        check(
            of(ARN, 51),
            "Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50",
        );
        check(
            of("", 1),
            "Value at 'resourceArn' failed to satisfy constraint: Member must have length greater than or equal to 1",
        );
        check(
            of("arn:a b", 1),
            r"at 'resourceArn' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=/:,.@-]*",
        );
        check(of(&"a".repeat(1011), 1), "");
        check(of(&"a".repeat(1012), 1), "Member must have length less than or equal to 1011");
        check(
            ListTagsForResourceRequest::default().validate(),
            "Value at 'resourceArn' failed to satisfy constraint: Member must have length greater than or equal to 1",
        );
        let untag = |count: usize, key: &str| {
            UntagResourceRequest { resource_arn: ARN.into(), tag_keys: vec![key.into(); count] }.validate()
        };
        check(untag(0, "k"), "");
        check(untag(50, "k"), "");
        check(
            untag(51, "k"),
            "Value at 'tagKeys' failed to satisfy constraint: Member must have length less than or equal to 50",
        );
        check(
            untag(1, ""),
            "Value at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 128",
        );
    }

    #[test]
    fn groups_are_tagged_by_name_as_well() {
        let of = |name: &str, count| {
            TagLogGroupRequest { log_group_name: name.into(), tags: tags(count) }.validate()
        };
        check(of("g", 50), "");
        check(
            of("g", 0),
            "Value at 'tags' failed to satisfy constraint: Member must have length greater than or equal to 1",
        );
        check(
            of("a b", 1),
            "Value at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern",
        );
        let untag = |keys: &[&str]| {
            let tags = keys.iter().map(|key| (*key).to_owned()).collect();
            UntagLogGroupRequest { log_group_name: "g".into(), tags }.validate()
        };
        check(untag(&["k"; 51]), "");
        check(
            untag(&[]),
            "Value at 'tags' failed to satisfy constraint: Member must have length greater than or equal to 1",
        );
        check(
            untag(&[&"k".repeat(129)]),
            "Value at 'tags' failed to satisfy constraint: Member must satisfy constraint: [Member must have length",
        );
        check(
            ListTagsLogGroupRequest::default().validate(),
            "Value at 'logGroupName' failed to satisfy constraint: Member must have length greater than or equal to 1",
        );
        assert_eq!(too_many_tags().to_string(), "TooManyTagsException: A resource can have at most 50 tags.");
    }
}
