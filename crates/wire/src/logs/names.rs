//! Which names, pages and classes does Logs allow, and in which words does it refuse the others?
//!
//! The service collects all violated constraints of a request into one message; so does [`Violations`].

use std::collections::BTreeMap;

use super::{
    CreateLogGroupRequest, CreateLogStreamRequest, DeleteLogGroupRequest, DescribeLogGroupsRequest,
    DescribeLogStreamsRequest, INVALID_PARAMETER,
};
use crate::aws::AwsError;

/// Longest group or stream name, in characters.
const NAME_LEN_MAX: usize = 512;
/// Longest group identifier (name or ARN), in characters.
const IDENTIFIER_LEN_MAX: usize = 2048;
/// Largest page of the Describe operations, and the default.
pub const DESCRIBE_LIMIT_MAX: i32 = 50;
/// Most tags of a group.
const TAGS_MAX: usize = 50;
/// Longest key of a tag, in characters.
const TAG_KEY_LEN_MAX: usize = 128;
/// Longest value of a tag, in characters.
const TAG_VALUE_LEN_MAX: usize = 256;
/// Most groups named in one `DescribeLogGroups`.
const IDENTIFIERS_MAX: usize = 50;
/// How much of a refused value an error repeats, in characters.
const ECHO_LEN_MAX: usize = 64;

const GROUP_PATTERN: &str = r"[\.\-_/#A-Za-z0-9]+";
const STREAM_PATTERN: &str = "[^:*]*";
const IDENTIFIER_PATTERN: &str = r"[\w#+=/:,.@-]*";
const CLASSES: &[&str] = &["STANDARD", "INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS"];
const ORDERS: &[&str] = &["LogStreamName", "LastEventTime"];

/// The constraints a request violates.
#[derive(Debug, Default)]
pub(crate) struct Violations(Vec<String>);

impl Violations {
    /// Notes one; `value` is written as it is, so callers quote text.
    pub(crate) fn add(&mut self, value: &str, member: &str, constraint: &str) {
        self.0.push(format!("Value {value} at '{member}' failed to satisfy constraint: {constraint}"));
    }

    fn add_text(&mut self, value: &str, member: &str, constraint: &str) {
        let echo: String = value.chars().take(ECHO_LEN_MAX).collect();
        self.add(&format!("'{echo}'"), member, constraint);
    }

    pub(crate) fn length(&mut self, value: &str, member: &str, len_max: usize) {
        if value.is_empty() {
            self.add_text(value, member, "Member must have length greater than or equal to 1");
        } else if is_longer(value, len_max) {
            let constraint = format!("Member must have length less than or equal to {len_max}");
            self.add_text(value, member, &constraint);
        }
    }

    fn pattern(&mut self, value: &str, member: &str, pattern: &str, allowed: fn(char) -> bool) {
        if !value.chars().all(allowed) {
            let constraint = format!("Member must satisfy regular expression pattern: {pattern}");
            self.add_text(value, member, &constraint);
        }
    }

    pub(crate) fn group(&mut self, value: &str, member: &str) {
        self.length(value, member, NAME_LEN_MAX);
        self.pattern(value, member, GROUP_PATTERN, is_group_char);
    }

    pub(crate) fn stream(&mut self, value: &str, member: &str) {
        self.length(value, member, NAME_LEN_MAX);
        self.pattern(value, member, STREAM_PATTERN, |char| char != ':' && char != '*');
    }

    fn identifier(&mut self, value: &str, member: &str) {
        self.length(value, member, IDENTIFIER_LEN_MAX);
        self.pattern(value, member, IDENTIFIER_PATTERN, is_identifier_char);
    }

    fn one_of(&mut self, value: Option<&str>, member: &str, allowed: &[&str]) {
        if let Some(value) = value.filter(|value| !allowed.contains(value)) {
            let constraint = format!("Member must satisfy enum value set: [{}]", allowed.join(", "));
            self.add_text(value, member, &constraint);
        }
    }

    /// Says once what is wrong with keys and once what is wrong with values; neither is repeated.
    fn tags(&mut self, tags: &BTreeMap<String, String>) {
        if tags.keys().any(|key| key.is_empty() || is_longer(key, TAG_KEY_LEN_MAX)) {
            let constraint = format!(
                "Map keys must satisfy constraint: [Member must have length less than or equal to {TAG_KEY_LEN_MAX}, \
                 Member must have length greater than or equal to 1]"
            );
            self.add("'{…}'", "tags", &constraint);
        }
        if tags.values().any(|value| is_longer(value, TAG_VALUE_LEN_MAX)) {
            let constraint = format!(
                "Map value must satisfy constraint: [Member must have length less than or equal to \
                 {TAG_VALUE_LEN_MAX}, Member must have length greater than or equal to 0]"
            );
            self.add("'{…}'", "tags", &constraint);
        }
    }

    fn limit(&mut self, limit: Option<i32>) {
        let Some(limit) = limit else { return };
        if limit < 1 {
            let constraint = "Member must have value greater than or equal to 1";
            self.add(&format!("'{limit}'"), "limit", constraint);
        } else if limit > DESCRIBE_LIMIT_MAX {
            let constraint = format!("Member must have value less than or equal to {DESCRIBE_LIMIT_MAX}");
            self.add(&format!("'{limit}'"), "limit", &constraint);
        }
    }

    /// One `InvalidParameterException` about all of them.
    pub(crate) fn into_error(self) -> AwsError {
        let plural = if self.0.len() == 1 { "" } else { "s" };
        let message = format!("{} validation error{plural} detected: {}", self.0.len(), self.0.join("; "));
        AwsError::new(&INVALID_PARAMETER, message)
    }

    pub(crate) fn into_result(self) -> Result<(), AwsError> {
        if self.0.is_empty() { Ok(()) } else { Err(self.into_error()) }
    }
}

fn is_longer(text: &str, len_max: usize) -> bool {
    text.len() > len_max && text.chars().count() > len_max
}

fn is_group_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | '_' | '/' | '#')
}

fn is_identifier_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '_' | '#' | '+' | '=' | '/' | ':' | ',' | '.' | '@' | '-')
}

impl CreateLogGroupRequest {
    /// Checks every constraint of the model, and that the name does not start with `aws/`.
    ///
    /// # Errors
    /// `InvalidParameterException` in the service's words.
    pub fn validate(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        violations.group(&self.log_group_name, "logGroupName");
        violations.one_of(self.log_group_class.as_deref(), "logGroupClass", CLASSES);
        if self.tags.len() > TAGS_MAX {
            violations.add("'{…}'", "tags", "Member must have length less than or equal to 50");
        }
        violations.tags(&self.tags);
        violations.into_result()?;
        if self.log_group_name.starts_with("aws/") {
            let message = "Log groups starting with AWS/ are reserved for AWS.";
            return Err(AwsError::new(&INVALID_PARAMETER, message));
        }
        Ok(())
    }
}

impl DeleteLogGroupRequest {
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

impl CreateLogStreamRequest {
    /// Checks both names.
    ///
    /// # Errors
    /// `InvalidParameterException` in the service's words.
    pub fn validate(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        violations.group(&self.log_group_name, "logGroupName");
        violations.stream(&self.log_stream_name, "logStreamName");
        violations.into_result()
    }
}

impl DescribeLogGroupsRequest {
    /// Checks names, class and page; prefix and pattern exclude each other.
    ///
    /// # Errors
    /// `InvalidParameterException` in the service's words.
    pub fn validate(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        if let Some(prefix) = &self.log_group_name_prefix {
            violations.group(prefix, "logGroupNamePrefix");
        }
        if let Some(pattern) = self.log_group_name_pattern.as_deref().filter(|pattern| !pattern.is_empty()) {
            violations.group(pattern, "logGroupNamePattern");
        }
        violations.one_of(self.log_group_class.as_deref(), "logGroupClass", CLASSES);
        violations.limit(self.limit);
        if self.log_group_identifiers.len() > IDENTIFIERS_MAX {
            let constraint = "Member must have length less than or equal to 50";
            violations.add("'[…]'", "logGroupIdentifiers", constraint);
        }
        for identifier in self.log_group_identifiers.iter().take(IDENTIFIERS_MAX) {
            violations.identifier(identifier, "logGroupIdentifiers");
        }
        violations.into_result()?;
        if self.log_group_name_prefix.is_some() && self.log_group_name_pattern.is_some() {
            let message = "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.";
            return Err(AwsError::new(&INVALID_PARAMETER, message));
        }
        Ok(())
    }
}

impl DescribeLogStreamsRequest {
    /// Checks names, order and page, and that exactly one of name and identifier is given.
    ///
    /// # Errors
    /// `InvalidParameterException` in the service's words.
    pub fn validate(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        if let Some(name) = &self.log_group_name {
            violations.group(name, "logGroupName");
        }
        if let Some(identifier) = &self.log_group_identifier {
            violations.identifier(identifier, "logGroupIdentifier");
        }
        if let Some(prefix) = &self.log_stream_name_prefix {
            violations.stream(prefix, "logStreamNamePrefix");
        }
        violations.one_of(self.order_by.as_deref(), "orderBy", ORDERS);
        violations.limit(self.limit);
        violations.into_result()?;
        let message = match (&self.log_group_name, &self.log_group_identifier) {
            (None, None) => "Either logGroupName or logGroupIdentifier must be specified",
            (Some(_), Some(_)) => "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
            _ if self.by_last_event() && self.log_stream_name_prefix.is_some() => {
                "Cannot order by LastEventTime with a logStreamNamePrefix."
            }
            _ => return Ok(()),
        };
        Err(AwsError::new(&INVALID_PARAMETER, message))
    }

    /// Whether streams come by their last event instead of by name.
    pub fn by_last_event(&self) -> bool {
        self.order_by.as_deref() == Some("LastEventTime")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(actual: Result<(), AwsError>, expected: &str) {
        let actual = actual.err().map_or(String::new(), |error| error.to_string());
        assert_eq!(actual, expected);
    }

    #[test]
    fn names_are_refused_in_the_words_of_the_service() {
        let long = "g".repeat(513);
        let echo = "g".repeat(64);
        for (group, stream, expected) in [
            ("/aws/lambda/a_b.c-d#1", "2026/11/22/[$LATEST]é", String::new()),
            ("a*", "s", "InvalidParameterException: 1 validation error detected: Value 'a*' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+".into()),
            ("g", "", "InvalidParameterException: 1 validation error detected: Value '' at 'logStreamName' failed to satisfy constraint: Member must have length greater than or equal to 1".into()),
            ("g", "a:b", "InvalidParameterException: 1 validation error detected: Value 'a:b' at 'logStreamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:*]*".into()),
            (&long, "s", format!("InvalidParameterException: 1 validation error detected: Value '{echo}' at 'logGroupName' failed to satisfy constraint: Member must have length less than or equal to 512")),
            ("", "*", "InvalidParameterException: 2 validation errors detected: Value '' at 'logGroupName' failed to satisfy constraint: Member must have length greater than or equal to 1; Value '*' at 'logStreamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:*]*".into()),
        ] {
            let request = CreateLogStreamRequest { log_group_name: group.into(), log_stream_name: stream.into() };
            check(request.validate(), &expected);
        }
        let reserved = CreateLogGroupRequest { log_group_name: "aws/x".into(), ..Default::default() };
        check(
            reserved.validate(),
            "InvalidParameterException: Log groups starting with AWS/ are reserved for AWS.",
        );
    }

    #[test]
    fn tags_are_as_long_as_the_service_allows() {
        let tagged = |key: &str, value: &str| {
            let tags =
                BTreeMap::from([("fine".to_owned(), String::new()), (key.to_owned(), value.to_owned())]);
            CreateLogGroupRequest { log_group_name: "g".into(), tags, ..Default::default() }.validate()
        };
        check(tagged(&"é".repeat(128), &"é".repeat(256)), "");
        let keys = "InvalidParameterException: 1 validation error detected: Value '{…}' at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1]";
        check(tagged(&"k".repeat(129), ""), keys);
        check(tagged("", "v"), keys);
        let values = "InvalidParameterException: 1 validation error detected: Value '{…}' at 'tags' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 256, Member must have length greater than or equal to 0]";
        check(tagged("k", &"v".repeat(257)), values);
    }

    #[test]
    fn pages_orders_and_classes_are_checked() {
        let groups = DescribeLogGroupsRequest {
            limit: Some(51),
            log_group_class: Some("X".into()),
            ..Default::default()
        };
        let text = groups.validate().expect_err("two violations").to_string();
        assert!(text.contains("2 validation errors detected: Value 'X' at 'logGroupClass'"), "{text}");
        assert!(text.contains("Value '51' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 50"), "{text}");
        check(DescribeLogGroupsRequest { limit: Some(50), ..Default::default() }.validate(), "");
        let name = Some("g".to_owned());
        let by_name = DescribeLogStreamsRequest { log_group_name: name.clone(), ..Default::default() };
        check(by_name.validate(), "");
        check(
            DescribeLogStreamsRequest::default().validate(),
            "InvalidParameterException: Either logGroupName or logGroupIdentifier must be specified",
        );
        let order = DescribeLogStreamsRequest {
            order_by: Some("LastEventTime".into()),
            log_stream_name_prefix: Some("p".into()),
            ..by_name
        };
        check(
            order.validate(),
            "InvalidParameterException: Cannot order by LastEventTime with a logStreamNamePrefix.",
        );
    }
}
