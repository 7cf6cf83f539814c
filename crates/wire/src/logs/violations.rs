//! In which words does Logs refuse a member that breaks its model?
//!
//! The service collects all violated constraints of a request into one message; so does [`Violations`]. A value is
//! repeated only up to a length, a list or map not at all. Ranges and patterns are those of the published model.

use std::collections::BTreeMap;

use super::INVALID_PARAMETER;
use crate::aws::{AwsError, shapes};

/// Longest group, stream or filter name, in characters
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html>).
const NAME_LEN_MAX: usize = 512;
/// Longest group identifier (name or ARN), in characters
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html>).
const IDENTIFIER_LEN_MAX: usize = 2048;
/// Longest filter pattern, in characters
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html>).
pub const FILTER_PATTERN_LEN_MAX: usize = 1024;
/// Most tags of a resource
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TagResource.html>).
pub const TAGS_MAX: usize = 50;
/// Longest key of a tag, in characters.
const TAG_KEY_LEN_MAX: usize = 128;
/// Longest value of a tag, in characters.
const TAG_VALUE_LEN_MAX: usize = 256;
/// Most stream names in one request
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html>).
const STREAMS_MAX: usize = 100;
/// How much of a refused value an error repeats, in characters.
const ECHO_LEN_MAX: usize = 64;

const GROUP_PATTERN: &str = r"[\.\-_/#A-Za-z0-9]+";
const STREAM_PATTERN: &str = "[^:*]*";
const IDENTIFIER_PATTERN: &str = r"[\w#+=/:,.@-]*";

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
        }
        self.length_at_most(value, member, len_max);
    }

    pub(crate) fn length_at_most(&mut self, value: &str, member: &str, len_max: usize) {
        if is_longer(value, len_max) {
            let constraint = format!("Member must have length less than or equal to {len_max}");
            self.add_text(value, member, &constraint);
        }
    }

    pub(crate) fn pattern(&mut self, value: &str, member: &str, pattern: &str, allowed: fn(char) -> bool) {
        if !value.chars().all(allowed) {
            let constraint = format!("Member must satisfy regular expression pattern: {pattern}");
            self.add_text(value, member, &constraint);
        }
    }

    pub(crate) fn group(&mut self, value: &str, member: &str) {
        self.length(value, member, NAME_LEN_MAX);
        self.pattern(value, member, GROUP_PATTERN, is_group_char);
    }

    /// Streams and filters are named by the same rule.
    pub(crate) fn stream(&mut self, value: &str, member: &str) {
        self.length(value, member, NAME_LEN_MAX);
        self.pattern(value, member, STREAM_PATTERN, |char| char != ':' && char != '*');
    }

    /// 1 to 100 names, each reported under the list's name.
    pub(crate) fn some_streams(&mut self, values: &[String], member: &str) {
        self.list(values, member, STREAMS_MAX);
        for value in values.iter().take(STREAMS_MAX) {
            self.stream(value, member);
        }
    }

    pub(crate) fn identifier(&mut self, value: &str, member: &str) {
        self.length(value, member, IDENTIFIER_LEN_MAX);
        self.pattern(value, member, IDENTIFIER_PATTERN, is_identifier_char);
    }

    /// A filter pattern is judged by its length alone: what it means is for the crate that compiles it.
    pub(crate) fn filter_pattern(&mut self, value: &str, member: &str) {
        self.length_at_most(value, member, FILTER_PATTERN_LEN_MAX);
    }

    pub(crate) fn one_of(&mut self, value: Option<&str>, member: &str, allowed: &[&str]) {
        if let Some(value) = value.filter(|value| !allowed.contains(value)) {
            let constraint = format!("Member must satisfy enum value set: [{}]", allowed.join(", "));
            self.add_text(value, member, &constraint);
        }
    }

    pub(crate) fn list<T>(&mut self, values: &[T], member: &str, len_max: usize) {
        if values.is_empty() {
            self.add("'[]'", member, "Member must have length greater than or equal to 1");
        }
        self.list_at_most(values, member, len_max);
    }

    pub(crate) fn list_at_most<T>(&mut self, values: &[T], member: &str, len_max: usize) {
        if values.len() > len_max {
            let constraint = format!("Member must have length less than or equal to {len_max}");
            self.add("'[…]'", member, &constraint);
        }
    }

    /// Says once what is wrong with keys and once what is wrong with values; neither is repeated.
    pub(crate) fn tags(&mut self, tags: &BTreeMap<String, String>) {
        if tags.len() > TAGS_MAX {
            let constraint = format!("Member must have length less than or equal to {TAGS_MAX}");
            self.add("'{…}'", "tags", &constraint);
        }
        if tags.keys().any(|key| !is_tag_key(key)) {
            self.add("'{…}'", "tags", &format!("Map keys must satisfy constraint: [{}]", tag_key_lengths()));
        }
        if tags.values().any(|value| is_longer(value, TAG_VALUE_LEN_MAX)) {
            let constraint = format!(
                "Map value must satisfy constraint: [Member must have length less than or equal to \
                 {TAG_VALUE_LEN_MAX}, Member must have length greater than or equal to 0]"
            );
            self.add("'{…}'", "tags", &constraint);
        }
    }

    pub(crate) fn tag_keys(&mut self, keys: &[String], member: &str) {
        if keys.iter().any(|key| !is_tag_key(key)) {
            self.add("'[…]'", member, &format!("Member must satisfy constraint: [{}]", tag_key_lengths()));
        }
    }

    pub(crate) fn limit(&mut self, limit: Option<i32>, limit_max: i32) {
        let Some(limit) = limit else { return };
        self.not_below(i64::from(limit), "limit", 1);
        if limit > limit_max {
            let constraint = format!("Member must have value less than or equal to {limit_max}");
            self.add(&format!("'{limit}'"), "limit", &constraint);
        }
    }

    /// Milliseconds since the epoch, as Logs counts them.
    pub(crate) fn time(&mut self, millis: Option<i64>, member: &str) {
        if let Some(millis) = millis {
            self.not_below(millis, member, 0);
        }
    }

    fn not_below(&mut self, value: i64, member: &str, value_min: i64) {
        if value < value_min {
            let constraint = format!("Member must have value greater than or equal to {value_min}");
            self.add(&format!("'{value}'"), member, &constraint);
        }
    }

    pub(crate) fn next_token(&mut self, token: Option<&str>) {
        if let Some(token) = token {
            self.length(token, "nextToken", usize::MAX);
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

/// Notes what is wrong with the group that an operation takes by name or by identifier.
pub(crate) fn group_or_identifier(violations: &mut Violations, name: Option<&str>, identifier: Option<&str>) {
    if let Some(name) = name {
        violations.group(name, "logGroupName");
    }
    if let Some(identifier) = identifier {
        violations.identifier(identifier, "logGroupIdentifier");
    }
}

/// Exactly one of name and identifier must be there. The service has another exception for two than for none.
pub(crate) fn one_group(name: Option<&str>, identifier: Option<&str>) -> Result<(), AwsError> {
    match (name, identifier) {
        (None, None) => {
            let message = "Either logGroupName or logGroupIdentifier must be specified";
            Err(AwsError::new(&INVALID_PARAMETER, message))
        }
        (Some(_), Some(_)) => {
            let message = "LogGroup name and LogGroup ARN are mutually exclusive parameters.";
            Err(AwsError::new(&shapes::VALIDATION, message))
        }
        _ => Ok(()),
    }
}

fn tag_key_lengths() -> String {
    format!(
        "Member must have length less than or equal to {TAG_KEY_LEN_MAX}, \
         Member must have length greater than or equal to 1"
    )
}

fn is_tag_key(key: &str) -> bool {
    !key.is_empty() && !is_longer(key, TAG_KEY_LEN_MAX)
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
