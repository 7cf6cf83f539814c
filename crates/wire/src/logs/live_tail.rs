//! What does a Live Tail session send? The request of `StartLiveTail`, and the events of its answer as frames.
//!
//! The answer is a stream: [`event_stream::initial_response`], one `sessionStart`, then a `sessionUpdate` every second,
//! also when there is nothing to tell, and at last an exception or the end of the connection. Pacing and sampling are
//! the server's; this file says how much one update may hold.

use serde::{Deserialize, Serialize};

use super::INVALID_PARAMETER;
use super::violations::Violations;
use crate::aws::AwsError;
use crate::aws::event_stream::{self, PayloadTooLarge};

/// Most groups of a session
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html>).
pub const SESSION_GROUPS_MAX: usize = 10;
/// Most events of an update; of more, a sample is sent
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html>).
pub const UPDATE_EVENTS_MAX: usize = 500;
/// Most updates that wait for a slow client, before the oldest events are dropped
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html>).
pub const WAITING_UPDATES_MAX: usize = 10;
/// Most events that wait for a slow client
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html>).
pub const WAITING_EVENTS_MAX: usize = 5000;
/// How long a session lasts, in seconds: three hours
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html>).
pub const SESSION_SECONDS_MAX: u64 = 3 * 3600;

/// Starts a session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartLiveTailRequest {
    /// 1 to 10 groups; names are accepted besides ARNs.
    pub log_group_identifiers: Vec<String>,
    /// Only these streams, 1 to 100, of the one group; excludes the prefixes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_stream_names: Option<Vec<String>>,
    /// Only streams whose names start so, 1 to 100, of the one group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_stream_name_prefixes: Option<Vec<String>>,
    /// Absent or empty matches every event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_event_filter_pattern: Option<String>,
}

/// One event of the answer's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveTailEvent {
    /// The first.
    SessionStart(LiveTailSessionStart),
    /// Once a second.
    SessionUpdate(LiveTailSessionUpdate),
    /// The last, after three hours.
    SessionTimeout {
        /// For the client to show.
        message: String,
    },
    /// The last, if the session cannot go on.
    SessionStreaming {
        /// For the client to show.
        message: String,
    },
}

/// What the session is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveTailSessionStart {
    /// Id of the request.
    pub request_id: String,
    /// Id of the session.
    pub session_id: String,
    /// As in the request.
    pub log_group_identifiers: Vec<String>,
    /// As in the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_stream_names: Option<Vec<String>>,
    /// As in the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_stream_name_prefixes: Option<Vec<String>>,
    /// As in the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_event_filter_pattern: Option<String>,
}

/// What came in since the last update.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveTailSessionUpdate {
    /// How the events were chosen.
    pub session_metadata: LiveTailSessionMetadata,
    /// At most [`UPDATE_EVENTS_MAX`], possibly none.
    pub session_results: Vec<LiveTailSessionLogEvent>,
}

/// How the events of an update were chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveTailSessionMetadata {
    /// Whether more matched than were sent.
    pub sampled: bool,
}

/// One event of an update. Times are milliseconds since the epoch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveTailSessionLogEvent {
    /// Its stream.
    pub log_stream_name: String,
    /// Its group: `ACCOUNT:NAME` in the service's answers.
    pub log_group_identifier: String,
    /// What was sent, guarded.
    pub message: String,
    /// When it happened.
    pub timestamp: i64,
    /// When it was received.
    pub ingestion_time: i64,
}

impl StartLiveTailRequest {
    /// Checks names, counts and members that exclude each other.
    ///
    /// # Errors
    /// `InvalidParameterException` in the service's words for one member, in ours for two together.
    pub fn validate(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        violations.count(self.log_group_identifiers.len(), "logGroupIdentifiers", 1..=SESSION_GROUPS_MAX);
        for identifier in self.log_group_identifiers.iter().take(SESSION_GROUPS_MAX) {
            violations.identifier(identifier, "logGroupIdentifiers");
        }
        if let Some(names) = &self.log_stream_names {
            violations.some_streams(names, "logStreamNames");
        }
        if let Some(prefixes) = &self.log_stream_name_prefixes {
            violations.some_streams(prefixes, "logStreamNamePrefixes");
        }
        violations.filter_pattern(
            self.log_event_filter_pattern.as_deref().unwrap_or_default(),
            "logEventFilterPattern",
        );
        violations.into_result()?;
        let (names, prefixes) = (self.log_stream_names.is_some(), self.log_stream_name_prefixes.is_some());
        let message = match () {
            () if names && prefixes => {
                "logStreamNames and logStreamNamePrefixes are mutually exclusive parameters."
            }
            () if (names || prefixes) && self.log_group_identifiers.len() > 1 => {
                "logStreamNames and logStreamNamePrefixes can be specified only with one log group."
            }
            () => return Ok(()),
        };
        Err(AwsError::new(&INVALID_PARAMETER, message))
    }
}

impl LiveTailEvent {
    /// The event as bytes of the answer.
    ///
    /// # Errors
    /// [`PayloadTooLarge`] if the messages of an update are too long together: send fewer, and say so by `sampled`.
    pub fn frame(&self) -> Result<Vec<u8>, PayloadTooLarge> {
        match self {
            LiveTailEvent::SessionStart(start) => event_stream::event("sessionStart", &json(start)),
            LiveTailEvent::SessionUpdate(update) => event_stream::event("sessionUpdate", &json(update)),
            LiveTailEvent::SessionTimeout { message } => exception("SessionTimeoutException", message),
            LiveTailEvent::SessionStreaming { message } => exception("SessionStreamingException", message),
        }
    }
}

fn exception(name: &'static str, message: &str) -> Result<Vec<u8>, PayloadTooLarge> {
    event_stream::exception(name, &json(&ExceptionBody { message }))
}

#[derive(Serialize)]
struct ExceptionBody<'a> {
    message: &'a str,
}

/// Strings, numbers and lists of them: serde cannot fail on these shapes.
fn json(shape: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(shape).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(groups: usize, names: Option<usize>, prefixes: Option<usize>) -> StartLiveTailRequest {
        let texts = |count: usize| vec!["a".to_owned(); count];
        StartLiveTailRequest {
            log_group_identifiers: texts(groups),
            log_stream_names: names.map(texts),
            log_stream_name_prefixes: prefixes.map(texts),
            log_event_filter_pattern: None,
        }
    }

    #[track_caller]
    fn check(request: &StartLiveTailRequest, expected: &str) {
        let actual = request.validate().err().map_or(String::new(), |error| error.to_string());
        assert!(if expected.is_empty() { actual.is_empty() } else { actual.contains(expected) }, "{actual}");
    }

    #[test]
    fn a_session_is_about_few_groups_and_streams_of_one() {
        check(&request(1, None, None), "");
        check(&request(10, None, None), "");
        check(
            &request(0, None, None),
            "InvalidParameterException: 1 validation error detected: Value at 'logGroupIdentifiers' failed to satisfy constraint: Member must have length greater than or equal to 1",
        );
        check(&request(11, None, None), "Member must have length less than or equal to 10");
        check(&request(1, Some(100), None), "");
        check(&request(1, None, Some(1)), "");
        check(
            &request(1, Some(0), None),
            "Value at 'logStreamNames' failed to satisfy constraint: Member must have length greater than or equal to 1",
        );
        check(
            &request(1, None, Some(101)),
            "Value at 'logStreamNamePrefixes' failed to satisfy constraint: Member must have length less than or equal to 100",
        );
        check(
            &request(1, Some(1), Some(1)),
            "InvalidParameterException: logStreamNames and logStreamNamePrefixes are",
        );
        check(&request(2, Some(1), None), "only with one log group");
        check(&request(2, None, Some(1)), "only with one log group");
        let starred = "arn:aws:logs:eu-central-1:123456789012:log-group:g:*".to_owned();
        check(
            &StartLiveTailRequest { log_group_identifiers: vec![starred], ..Default::default() },
            r"pattern: [\w#+=/:,.@-]*",
        );
        check(
            &StartLiveTailRequest {
                log_event_filter_pattern: Some("p".repeat(1025)),
                ..request(1, None, None)
            },
            "at 'logEventFilterPattern'",
        );
    }

    #[track_caller]
    fn check_frame(event: &LiveTailEvent, expected: &[u8]) {
        let actual = event.frame().expect("small");
        assert_eq!(actual.escape_ascii().to_string(), expected.escape_ascii().to_string());
    }

    /// Written by hand in Python with its own CRC, and read back by botocore's parser.
    #[test]
    fn events_are_the_frames_that_clients_read() {
        check_frame(
            &LiveTailEvent::SessionStart(LiveTailSessionStart {
                request_id: "r-1".into(),
                session_id: "s-1".into(),
                log_group_identifiers: vec!["123456789012:g".into()],
                log_event_filter_pattern: Some("ERROR".into()),
                ..Default::default()
            }),
            b"\x00\x00\x00\xd0\x00\x00\x00Ri\xb2\x90\xe8\x0d:message-type\x07\x00\x05event\x0b:event-type\x07\x00\x0csessionStart\
              \x0d:content-type\x07\x00\x10application/json{\"requestId\":\"r-1\",\"sessionId\":\"s-1\",\
              \"logGroupIdentifiers\":[\"123456789012:g\"],\"logEventFilterPattern\":\"ERROR\"}\xdf\x96[\x8d",
        );
        check_frame(
            &LiveTailEvent::SessionUpdate(LiveTailSessionUpdate {
                session_metadata: LiveTailSessionMetadata { sampled: false },
                session_results: vec![LiveTailSessionLogEvent {
                    log_stream_name: "s".into(),
                    log_group_identifier: "123456789012:g".into(),
                    message: "5 €".into(),
                    timestamp: 1,
                    ingestion_time: 2,
                }],
            }),
            b"\x00\x00\x01\x09\x00\x00\x00SQ\x0cn\xf3\x0d:message-type\x07\x00\x05event\x0b:event-type\x07\x00\x0dsessionUpdate\
              \x0d:content-type\x07\x00\x10application/json{\"sessionMetadata\":{\"sampled\":false},\"sessionResults\":[\
              {\"logStreamName\":\"s\",\"logGroupIdentifier\":\"123456789012:g\",\"message\":\"5 \xe2\x82\xac\",\"timestamp\":1,\
              \"ingestionTime\":2}]}\x8b\xc4\x08\xe9",
        );
        check_frame(
            &LiveTailEvent::SessionTimeout { message: "over".into() },
            b"\x00\x00\x00\x87\x00\x00\x00e[<&<\x0d:message-type\x07\x00\x09exception\x0f:exception-type\x07\x00\x17\
              SessionTimeoutException\x0d:content-type\x07\x00\x10application/json{\"message\":\"over\"}O3\xe2&",
        );
        check_frame(
            &LiveTailEvent::SessionStreaming { message: "broken".into() },
            b"\x00\x00\x00\x8b\x00\x00\x00gp\xc2\xaa\x11\x0d:message-type\x07\x00\x09exception\x0f:exception-type\x07\x00\x19\
              SessionStreamingException\x0d:content-type\x07\x00\x10application/json{\"message\":\"broken\"}\x9f\xc2\x05\x1d",
        );
    }

    #[test]
    fn an_update_that_no_client_would_read_is_refused() {
        let event = LiveTailSessionLogEvent { message: "m".repeat(1_048_550), ..Default::default() };
        let update = |count: usize| {
            let session_results = vec![event.clone(); count];
            LiveTailEvent::SessionUpdate(LiveTailSessionUpdate { session_results, ..Default::default() })
                .frame()
        };
        assert!(update(15).is_ok());
        assert!(update(17).is_err());
    }
}
