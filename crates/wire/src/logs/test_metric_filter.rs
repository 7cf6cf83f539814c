//! What does a filter pattern find in these messages? Shapes and limits of `TestMetricFilter`.
//!
//! The answer has the service's `matches`, and beside them `verdicts`, which the service does not have: per message
//! what the strict reading says (AWS's own) and what the lenient one says, each with its reasons. A client that does
//! not know the member passes over it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::violations::Violations;
use crate::aws::AwsError;

/// Most messages of a request
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TestMetricFilter.html>).
pub const TEST_MESSAGES_MAX: usize = 50;

/// Tries a pattern on messages, and stores nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestMetricFilterRequest {
    /// At most 1,024 characters.
    pub filter_pattern: String,
    /// 1 to 50, none empty.
    pub log_event_messages: Vec<String>,
}

/// Which messages match, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestMetricFilterResponse {
    /// The messages that match, in their order.
    pub matches: Vec<MetricFilterMatch>,
    /// Every message, in its order: what each reading says. Not a member of the service's answer.
    pub verdicts: Vec<Verdict>,
}

/// One message that matches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetricFilterMatch {
    /// Which message of the request.
    pub event_number: i64,
    /// The message.
    pub event_message: String,
    /// Fields that the pattern names, with their values.
    pub extracted_values: BTreeMap<String, String>,
}

/// What both readings say of one message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Which message of the request, counted as in [`MetricFilterMatch`].
    pub event_number: i64,
    /// The forgiving reading.
    pub lenient: Reading,
    /// The reading of the service.
    pub strict: Reading,
}

/// What one reading of a pattern says of one message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// Whether the message matches.
    pub matches: bool,
    /// Fields that the pattern names, with their values.
    pub extracted_values: BTreeMap<String, String>,
    /// Sentences that explain the verdict, in the order in which the conditions were tried.
    pub why: Vec<String>,
}

impl TestMetricFilterRequest {
    /// Checks counts and lengths.
    ///
    /// # Errors
    /// `InvalidParameterException` in the service's words.
    pub fn validate(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        violations.filter_pattern(&self.filter_pattern, "filterPattern");
        violations.count(self.log_event_messages.len(), "logEventMessages", 1..=TEST_MESSAGES_MAX);
        if let Some(place) = self.log_event_messages.iter().position(String::is_empty) {
            violations.length("", &format!("logEventMessages.{}.member", place + 1), usize::MAX);
        }
        violations.into_result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, messages: &[&str], expected: &str) {
        let messages = messages.iter().map(|message| (*message).to_owned()).collect();
        let request =
            TestMetricFilterRequest { filter_pattern: pattern.into(), log_event_messages: messages };
        let actual = request.validate().err().map_or(String::new(), |error| error.to_string());
        assert!(if expected.is_empty() { actual.is_empty() } else { actual.contains(expected) }, "{actual}");
    }

    #[test]
    fn one_to_fifty_messages_are_tried() {
        check("", &["m"], "");
        check(&"p".repeat(1024), &["m"; 50], "");
        check(&"p".repeat(1025), &["m"], "at 'filterPattern'");
        check(
            "",
            &[],
            "InvalidParameterException: 1 validation error detected: Value at 'logEventMessages' failed to satisfy constraint: Member must have length greater than or equal to 1",
        );
        check("", &["m"; 51], "Member must have length less than or equal to 50");
        check(
            "",
            &["m", ""],
            "Value at 'logEventMessages.2.member' failed to satisfy constraint: Member must have length greater than or equal to 1",
        );
    }
}
