//! In which words does Logs refuse a member that breaks its model?
//!
//! The service collects all violated constraints of a request into one message; so does [`Violations`]. It names the
//! member and never repeats the value: so moto's tests have it since its commit 9601ef9de, verified against AWS in July
//! 2026. Older recordings repeat the value; those of the present form are of patterns, numbers and absent members, and
//! the other constraints follow them. Ranges and patterns are those of the published model.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;

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

const GROUP_PATTERN: &str = r"[\.\-_/#A-Za-z0-9]+";
const STREAM_PATTERN: &str = "[^:*]*";
const IDENTIFIER_PATTERN: &str = r"[\w#+=/:,.@-]*";

/// The constraints a request violates.
#[derive(Debug, Default)]
pub(crate) struct Violations(Vec<String>);

impl Violations {
    /// Notes one.
    pub(crate) fn add(&mut self, member: &str, constraint: impl Display) {
        self.0.push(format!("Value at '{member}' failed to satisfy constraint: {constraint}"));
    }

    /// Of a text's characters, a list's items or a map's pairs.
    pub(crate) fn count(&mut self, count: usize, member: &str, allowed: RangeInclusive<usize>) {
        if count < *allowed.start() {
            let constraint =
                format_args!("Member must have length greater than or equal to {}", allowed.start());
            self.add(member, constraint);
        }
        if count > *allowed.end() {
            self.add(member, format_args!("Member must have length less than or equal to {}", allowed.end()));
        }
    }

    pub(crate) fn length(&mut self, value: &str, member: &str, len_max: usize) {
        self.count(value.chars().count(), member, 1..=len_max);
    }

    /// The pattern first, then the length: recorded of a group's prefix
    /// (<https://github.com/fluent-plugins-nursery/fluent-plugin-cloudwatch-logs/issues/223>).
    pub(crate) fn text(
        &mut self,
        value: &str,
        member: &str,
        len_max: usize,
        (pattern, allowed): (&str, fn(char) -> bool),
    ) {
        if !value.chars().all(allowed) || (value.is_empty() && pattern.ends_with('+')) {
            self.add(member, format_args!("Member must satisfy regular expression pattern: {pattern}"));
        }
        self.length(value, member, len_max);
    }

    pub(crate) fn group(&mut self, value: &str, member: &str) {
        self.text(value, member, NAME_LEN_MAX, (GROUP_PATTERN, is_group_char));
    }

    /// Streams and filters are named by the same rule.
    pub(crate) fn stream(&mut self, value: &str, member: &str) {
        self.text(value, member, NAME_LEN_MAX, (STREAM_PATTERN, |char| char != ':' && char != '*'));
    }

    /// 1 to 100 names, each reported under the list's name.
    pub(crate) fn some_streams(&mut self, values: &[String], member: &str) {
        self.count(values.len(), member, 1..=STREAMS_MAX);
        for value in values.iter().take(STREAMS_MAX) {
            self.stream(value, member);
        }
    }

    pub(crate) fn identifier(&mut self, value: &str, member: &str) {
        self.text(value, member, IDENTIFIER_LEN_MAX, (IDENTIFIER_PATTERN, is_identifier_char));
    }

    /// A filter pattern is judged by its length alone: what it means is for the crate that compiles it.
    pub(crate) fn filter_pattern(&mut self, value: &str, member: &str) {
        self.count(value.chars().count(), member, 0..=FILTER_PATTERN_LEN_MAX);
    }

    pub(crate) fn one_of(&mut self, value: Option<&str>, member: &str, allowed: &[&str]) {
        if value.is_some_and(|value| !allowed.contains(&value)) {
            self.add(member, format_args!("Member must satisfy enum value set: [{}]", allowed.join(", ")));
        }
    }

    /// Says once what is wrong with keys and once what is wrong with values.
    pub(crate) fn tags(&mut self, tags: &BTreeMap<String, String>, count_min: usize) {
        self.count(tags.len(), "tags", count_min..=TAGS_MAX);
        if !tags.keys().all(|key| is_tag_key(key)) {
            self.add("tags", format_args!("Map keys must satisfy constraint: [{}]", tag_key_lengths()));
        }
        if tags.values().any(|value| value.chars().count() > TAG_VALUE_LEN_MAX) {
            let constraint = format_args!(
                "Map value must satisfy constraint: [Member must have length less than or equal to \
                 {TAG_VALUE_LEN_MAX}, Member must have length greater than or equal to 0]"
            );
            self.add("tags", constraint);
        }
    }

    pub(crate) fn tag_keys(&mut self, keys: &[String], member: &str) {
        if !keys.iter().all(|key| is_tag_key(key)) {
            self.add(member, format_args!("Member must satisfy constraint: [{}]", tag_key_lengths()));
        }
    }

    pub(crate) fn limit(&mut self, limit: Option<i32>, limit_max: i32) {
        let Some(limit) = limit else { return };
        if limit < 1 {
            self.add("limit", "Member must have value greater than or equal to 1");
        }
        if limit > limit_max {
            self.add("limit", format_args!("Member must have value less than or equal to {limit_max}"));
        }
    }

    /// Milliseconds since the epoch, as Logs counts them.
    pub(crate) fn time(&mut self, millis: Option<i64>, member: &str) {
        if millis.is_some_and(|millis| millis < 0) {
            self.add(member, "Member must have value greater than or equal to 0");
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
    (1..=TAG_KEY_LEN_MAX).contains(&key.chars().count())
}

fn is_group_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | '_' | '/' | '#')
}

fn is_identifier_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '_' | '#' | '+' | '=' | '/' | ':' | ',' | '.' | '@' | '-')
}
