//! Which fields do the events of a group have, and what is in one event? Shapes of `GetLogGroupFields` and
//! `GetLogRecord`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::INVALID_PARAMETER;
use super::violations::{Violations, group_or_identifier, one_group};
use crate::aws::AwsError;

/// Longest pointer to a record, in characters: ours, the model has no limit and a pointer is the server's text.
const POINTER_LEN_MAX: usize = 1024;
/// How long around `time`, and before now if it is absent, events are looked at, in milliseconds: 8 and 15 minutes
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogGroupFields.html>).
pub const FIELDS_AROUND_MILLIS: i64 = 8 * 60_000;
/// See [`FIELDS_AROUND_MILLIS`].
pub const FIELDS_BEFORE_NOW_MILLIS: i64 = 15 * 60_000;

/// Asks which fields the events of a group have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GetLogGroupFieldsRequest {
    /// The group; exactly one of name and identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_group_name: Option<String>,
    /// The group by name or ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_group_identifier: Option<String>,
    /// The middle of the time looked at, in seconds since the epoch (all other times of Logs are milliseconds); absent
    /// means the last 15 minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<i64>,
}

/// The fields of a group, the most frequent first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetLogGroupFieldsResponse {
    /// The fields.
    pub log_group_fields: Vec<LogGroupField>,
}

/// How frequent one field is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogGroupField {
    /// Its name; those the service makes begin with `@`.
    pub name: String,
    /// In how many of a hundred events, 0 to 100.
    pub percent: i32,
}

/// Asks for all fields of one event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetLogRecordRequest {
    /// What a query answered as `@ptr`.
    pub log_record_pointer: String,
    /// Accepted without effect: nothing here is masked on the way out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unmask: Option<bool>,
}

/// All fields of one event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetLogRecordResponse {
    /// Values by name.
    pub log_record: BTreeMap<String, String>,
}

/// `InvalidParameterException` of a pointer that this server did not give out. The text is ours.
pub fn invalid_record_pointer() -> AwsError {
    AwsError::new(&INVALID_PARAMETER, "The specified logRecordPointer is invalid.")
}

impl GetLogGroupFieldsRequest {
    /// Checks names and time, and that exactly one of name and identifier is given.
    ///
    /// # Errors
    /// `InvalidParameterException`, or `ValidationException` for both a name and an identifier.
    pub fn validate(&self) -> Result<(), AwsError> {
        let (name, identifier) = (self.log_group_name.as_deref(), self.log_group_identifier.as_deref());
        let mut violations = Violations::default();
        group_or_identifier(&mut violations, name, identifier);
        violations.time(self.time, "time");
        violations.into_result()?;
        one_group(name, identifier)
    }
}

impl GetLogRecordRequest {
    /// Checks that there is a pointer.
    ///
    /// # Errors
    /// `InvalidParameterException` in the service's words.
    pub fn validate(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        violations.length(&self.log_record_pointer, "logRecordPointer", POINTER_LEN_MAX);
        violations.into_result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(actual: Result<(), AwsError>, expected: &str) {
        let actual = actual.err().map_or(String::new(), |error| error.to_string());
        assert!(if expected.is_empty() { actual.is_empty() } else { actual.contains(expected) }, "{actual}");
    }

    #[test]
    fn what_is_looked_up_is_named() {
        let of = |name: Option<&str>, identifier: Option<&str>, time| GetLogGroupFieldsRequest {
            log_group_name: name.map(Into::into),
            log_group_identifier: identifier.map(Into::into),
            time,
        };
        check(of(Some("g"), None, Some(0)).validate(), "");
        check(of(None, Some("g"), None).validate(), "");
        check(of(None, None, None).validate(), "InvalidParameterException: Either logGroupName");
        check(of(Some("g"), Some("g"), None).validate(), "ValidationException: LogGroup name and");
        check(
            of(Some("g"), None, Some(-1)).validate(),
            "Value at 'time' failed to satisfy constraint: Member must have value greater than or equal to 0",
        );
        let pointer =
            |text: String| GetLogRecordRequest { log_record_pointer: text, unmask: None }.validate();
        check(pointer("p".repeat(1024)), "");
        check(pointer("p".repeat(1025)), "at 'logRecordPointer'");
        check(
            pointer(String::new()),
            "Value at 'logRecordPointer' failed to satisfy constraint: Member must have length greater than or equal to 1",
        );
    }
}
