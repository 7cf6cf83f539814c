//! Which events may be read back, and page by page how? Shapes, limits and page tokens of `GetLogEvents` and
//! `FilterLogEvents`.
//!
//! The two page differently. `GetLogEvents` always answers two tokens, one for each direction, and its end is an answer
//! that repeats the token of the request. `FilterLogEvents` goes in one direction and ends without a token.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::violations::{Violations, group_or_identifier, one_group};
use super::{INVALID_PARAMETER, invalid_next_token};
use crate::aws::AwsError;

/// Most events of a page, and the default
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html>).
pub const EVENTS_LIMIT_MAX: i32 = 10_000;
/// Most bytes of the events of a page
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html>).
pub const PAGE_BYTES_MAX: usize = 1_048_576;
/// Where the time range of `FilterLogEvents` may begin at the earliest if the newest event comes first, in milliseconds
/// since the epoch: 2024-01-01
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html>).
pub const NEWEST_FIRST_START_MIN: i64 = 1_704_067_200_000;
/// Longest place in a token, in bytes: ours, the place is the server's to choose.
const PLACE_LEN_MAX: usize = 128;

/// Reads the events of one stream, in the order of their times.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetLogEventsRequest {
    /// The group; exactly one of name and identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_group_name: Option<String>,
    /// The group by name or ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_group_identifier: Option<String>,
    /// The stream.
    pub log_stream_name: String,
    /// From that time on, inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<i64>,
    /// Up to that time, exclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<i64>,
    /// A token of the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// Page size, 1 to 10,000; absent means as many as fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i32>,
    /// Whether the first page holds the oldest events; absent means the newest. A token has its own direction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_from_head: Option<bool>,
    /// Accepted without effect: nothing here is masked on the way out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unmask: Option<bool>,
}

/// One page of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetLogEventsResponse {
    /// The oldest first, whatever the direction.
    pub events: Vec<OutputLogEvent>,
    /// An [`EventsToken`], never absent.
    pub next_forward_token: String,
    /// An [`EventsToken`], never absent.
    pub next_backward_token: String,
}

/// One event of a stream. Times are milliseconds since the epoch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutputLogEvent {
    /// When it happened.
    pub timestamp: i64,
    /// What was sent, guarded.
    pub message: String,
    /// When it was received.
    pub ingestion_time: i64,
}

/// Reads the events of a group's streams, in the order of their times.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FilterLogEventsRequest {
    /// The group; exactly one of name and identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_group_name: Option<String>,
    /// The group by name or ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_group_identifier: Option<String>,
    /// Only these streams, 1 to 100; excludes the prefix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_stream_names: Option<Vec<String>>,
    /// Only streams whose name starts so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_stream_name_prefix: Option<String>,
    /// From that time on, inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<i64>,
    /// Up to that time, inclusive: unlike in [`GetLogEventsRequest`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<i64>,
    /// Absent or empty matches every event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_pattern: Option<String>,
    /// Where the last page ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// Page size, 1 to 10,000; absent means 10,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i32>,
    /// Whether the oldest event comes first, which is the default. A token has its own direction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_from_head: Option<bool>,
    /// Ignored, as the service does: pages always hold all streams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interleaved: Option<bool>,
    /// Accepted without effect: nothing here is masked on the way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unmask: Option<bool>,
}

/// One page of a group. It may be empty and have a token all the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FilterLogEventsResponse {
    /// The events.
    pub events: Vec<FilteredLogEvent>,
    /// Always empty in the real service since 2020.
    pub searched_log_streams: Vec<SearchedLogStream>,
    /// Absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// One event of a group. Times are milliseconds since the epoch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FilteredLogEvent {
    /// Its stream.
    pub log_stream_name: String,
    /// When it happened.
    pub timestamp: i64,
    /// What was sent, guarded.
    pub message: String,
    /// When it was received.
    pub ingestion_time: i64,
    /// Unique.
    pub event_id: String,
}

/// How far one stream was searched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchedLogStream {
    /// The stream.
    pub log_stream_name: String,
    /// Whether all of it was searched.
    pub searched_completely: bool,
}

/// Which way a page goes from a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To later events.
    Forward,
    /// To earlier events.
    Backward,
}

/// A page token as the service writes it: `f/PLACE/s` or `b/PLACE/s`. The place is the server's own text of ASCII
/// letters, digits, `-`, `_` and `.`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventsToken<'a> {
    /// Which way.
    pub direction: Direction,
    /// From where.
    pub place: &'a str,
}

impl<'a> EventsToken<'a> {
    /// Reads a token.
    ///
    /// # Errors
    /// `InvalidParameterException` in the service's words for a text that is no token.
    pub fn parse(text: &'a str) -> Result<EventsToken<'a>, AwsError> {
        let (direction, rest) = match text.split_at_checked(2) {
            Some(("f/", rest)) => (Direction::Forward, rest),
            Some(("b/", rest)) => (Direction::Backward, rest),
            _ => return Err(invalid_next_token()),
        };
        let place = rest.strip_suffix("/s").filter(|place| is_place(place)).ok_or_else(invalid_next_token)?;
        Ok(EventsToken { direction, place })
    }
}

impl fmt::Display for EventsToken<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = match self.direction {
            Direction::Forward => 'f',
            Direction::Backward => 'b',
        };
        write!(formatter, "{letter}/{}/s", self.place)
    }
}

fn is_place(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=PLACE_LEN_MAX).contains(&text.len()) && text.bytes().all(is_allowed)
}

impl GetLogEventsRequest {
    /// Checks names, times, page and token, and that exactly one of name and identifier is given; yields the token.
    ///
    /// # Errors
    /// `InvalidParameterException`, or `ValidationException` for both a name and an identifier.
    pub fn validate(&self) -> Result<Option<EventsToken<'_>>, AwsError> {
        let (name, identifier) = (self.log_group_name.as_deref(), self.log_group_identifier.as_deref());
        let mut violations = Violations::default();
        group_or_identifier(&mut violations, name, identifier);
        violations.stream(&self.log_stream_name, "logStreamName");
        violations.time(self.start_time, "startTime");
        violations.time(self.end_time, "endTime");
        violations.next_token(self.next_token.as_deref());
        violations.limit(self.limit, EVENTS_LIMIT_MAX);
        violations.into_result()?;
        one_group(name, identifier)?;
        self.next_token.as_deref().map(EventsToken::parse).transpose()
    }
}

impl FilterLogEventsRequest {
    /// Checks names, times and page, and that members which exclude each other are not both there.
    ///
    /// # Errors
    /// `InvalidParameterException`, or `ValidationException` for both a name and an identifier.
    pub fn validate(&self) -> Result<(), AwsError> {
        let (name, identifier) = (self.log_group_name.as_deref(), self.log_group_identifier.as_deref());
        let mut violations = Violations::default();
        group_or_identifier(&mut violations, name, identifier);
        if let Some(streams) = &self.log_stream_names {
            violations.some_streams(streams, "logStreamNames");
        }
        if let Some(prefix) = &self.log_stream_name_prefix {
            violations.stream(prefix, "logStreamNamePrefix");
        }
        violations.time(self.start_time, "startTime");
        violations.time(self.end_time, "endTime");
        violations.filter_pattern(self.filter_pattern.as_deref().unwrap_or_default(), "filterPattern");
        violations.next_token(self.next_token.as_deref());
        violations.limit(self.limit, EVENTS_LIMIT_MAX);
        violations.into_result()?;
        one_group(name, identifier)?;
        if self.log_stream_names.is_some() && self.log_stream_name_prefix.is_some() {
            return Err(invalid("logStreamNames and logStreamNamePrefix are mutually exclusive parameters."));
        }
        if self.start_from_head == Some(false)
            && self.start_time.is_some_and(|start| start < NEWEST_FIRST_START_MIN)
        {
            return Err(invalid(
                "startFromHead can be false only if startTime is on or after January 1, 2024 00:00:00 UTC.",
            ));
        }
        Ok(())
    }
}

fn invalid(message: &'static str) -> AwsError {
    AwsError::new(&INVALID_PARAMETER, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get() -> GetLogEventsRequest {
        GetLogEventsRequest {
            log_group_name: Some("g".into()),
            log_stream_name: "s".into(),
            ..Default::default()
        }
    }

    fn filter() -> FilterLogEventsRequest {
        FilterLogEventsRequest { log_group_name: Some("g".into()), ..Default::default() }
    }

    #[track_caller]
    fn check<T>(actual: Result<T, AwsError>, expected: &str) {
        let actual = actual.err().map_or(String::new(), |error| error.to_string());
        assert!(if expected.is_empty() { actual.is_empty() } else { actual.contains(expected) }, "{actual}");
    }

    #[test]
    fn a_group_is_named_exactly_once() {
        let neither =
            "InvalidParameterException: Either logGroupName or logGroupIdentifier must be specified";
        let both = "ValidationException: LogGroup name and LogGroup ARN are mutually exclusive parameters.";
        check(get().validate(), "");
        check(GetLogEventsRequest { log_group_name: None, ..get() }.validate(), neither);
        check(GetLogEventsRequest { log_group_identifier: Some("g".into()), ..get() }.validate(), both);
        check(filter().validate(), "");
        check(FilterLogEventsRequest::default().validate(), neither);
        check(FilterLogEventsRequest { log_group_identifier: Some("g".into()), ..filter() }.validate(), both);
        let arn = Some("arn:aws:logs:eu-central-1:123456789012:log-group:g".to_owned());
        check(
            FilterLogEventsRequest { log_group_identifier: arn, log_group_name: None, ..filter() }.validate(),
            "",
        );
        check(
            FilterLogEventsRequest { log_group_identifier: Some("g*".into()), ..Default::default() }
                .validate(),
            "at 'logGroupIdentifier'",
        );
    }

    #[test]
    fn pages_and_times_are_within_their_ranges() {
        for (limit, expected) in [
            (1, ""),
            (10_000, ""),
            (
                0,
                "Value at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
            ),
            (
                10_001,
                "Value at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10000",
            ),
        ] {
            check(GetLogEventsRequest { limit: Some(limit), ..get() }.validate(), expected);
            check(FilterLogEventsRequest { limit: Some(limit), ..filter() }.validate(), expected);
        }
        check(
            GetLogEventsRequest { start_time: Some(-1), ..get() }.validate(),
            "Value at 'startTime' failed to satisfy constraint: Member must have value greater than or equal to 0",
        );
        check(FilterLogEventsRequest { end_time: Some(i64::MIN), ..filter() }.validate(), "at 'endTime'");
        check(
            GetLogEventsRequest { log_stream_name: "a:b".into(), ..get() }.validate(),
            "Value at 'logStreamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:*]*",
        );
    }

    #[test]
    fn streams_are_named_or_prefixed() {
        let streams = |count: usize| Some(vec!["s".to_owned(); count]);
        let of = |names, prefix: Option<&str>| FilterLogEventsRequest {
            log_stream_names: names,
            log_stream_name_prefix: prefix.map(Into::into),
            ..filter()
        };
        check(of(streams(100), None).validate(), "");
        check(
            of(streams(0), None).validate(),
            "Value at 'logStreamNames' failed to satisfy constraint: Member must have length greater than or equal to 1",
        );
        check(
            of(streams(101), None).validate(),
            "Value at 'logStreamNames' failed to satisfy constraint: Member must have length less than or equal to 100",
        );
        check(
            of(Some(vec!["a*".into()]), None).validate(),
            "Value at 'logStreamNames' failed to satisfy constraint: Member must satisfy regular expression pattern",
        );
        check(of(None, Some("p")).validate(), "");
        check(
            of(streams(1), Some("p")).validate(),
            "InvalidParameterException: logStreamNames and logStreamNamePrefix",
        );
        check(
            FilterLogEventsRequest { filter_pattern: Some("p".repeat(1025)), ..filter() }.validate(),
            "at 'filterPattern'",
        );
    }

    #[test]
    fn the_newest_event_comes_first_only_for_recent_times() {
        let of = |head, start| {
            FilterLogEventsRequest { start_from_head: head, start_time: start, ..filter() }.validate()
        };
        check(of(Some(false), Some(1_704_067_200_000)), "");
        check(
            of(Some(false), Some(1_704_067_199_999)),
            "InvalidParameterException: startFromHead can be false only",
        );
        check(of(Some(false), None), "");
        check(of(Some(true), Some(0)), "");
    }

    #[test]
    fn tokens_name_a_direction_and_a_place() {
        for (text, direction) in
            [("f/3113.a-B_9/s", Direction::Forward), ("b/3113.a-B_9/s", Direction::Backward)]
        {
            let token = EventsToken { direction, place: "3113.a-B_9" };
            assert_eq!(EventsToken::parse(text), Ok(token));
            assert_eq!(token.to_string(), text);
            let request = GetLogEventsRequest { next_token: Some(text.into()), ..get() };
            assert_eq!(request.validate(), Ok(Some(token)));
        }
        let long = format!("f/{}/s", "1".repeat(129));
        for text in ["f", "f/", "f//s", "f/1", "f/1/", "x/1/s", "f/1/s ", "f/é/s", "f/a b/s", "é", &long] {
            let request = GetLogEventsRequest { next_token: Some(text.into()), ..get() };
            check(request.validate(), "InvalidParameterException: The specified nextToken is invalid.");
        }
        check(
            GetLogEventsRequest { next_token: Some(String::new()), ..get() }.validate(),
            "Value at 'nextToken' failed to satisfy constraint: Member must have length greater than or equal to 1",
        );
    }
}
